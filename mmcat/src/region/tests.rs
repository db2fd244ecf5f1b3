use super::*;
use mmstats::format::v1::{LONGEST, VERSION};
use proptest::prelude::*;

/// One field as the format has it; sizes that do not fit are cut.
fn field(label: &[u8], code: &[u8], index: u8, values: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for part in [label, code] {
        bytes.extend(u16::try_from(part.len().min(LONGEST)).unwrap().to_ne_bytes());
        bytes.extend(part);
    }
    bytes.push(index);
    bytes.extend(values);
    bytes
}

fn file(fields: &[Vec<u8>], tail: &[u8]) -> Vec<u8> {
    [&[VERSION][..], &fields.concat(), tail].concat()
}

fn roles(bytes: &[u8]) -> Vec<(Role, usize, String)> {
    regions(bytes).map(|region| (region.role, region.bytes.len(), region.value().into_owned())).collect()
}

/// Whether the regions are every byte once, in order, and end as they should.
fn covers(bytes: &[u8]) -> Result<(), TestCaseError> {
    let mut at = 0;
    let all: Vec<_> = regions(bytes).collect();
    for (number, region) in all.iter().enumerate() {
        prop_assert_eq!(region.at, at, "a gap or an overlap");
        prop_assert_eq!(region.bytes, &bytes[at..at + region.bytes.len()]);
        at += region.bytes.len();
        let is_last = number + 1 == all.len();
        let ends = matches!(region.role, Role::Tail | Role::Unknown);
        prop_assert!(is_last || !ends, "{:?} is not the last", region.role);
        let may_be_empty = matches!(region.role, Role::Value | Role::Spare | Role::Unknown);
        prop_assert!(may_be_empty || !region.bytes.is_empty(), "{:?} is empty", region.role);
        prop_assert!(!region.value().chars().any(char::is_control));
    }
    prop_assert_eq!(at, bytes.len(), "the end is not covered");
    Ok(())
}

prop_compose! {
    fn any_field()(
        label in prop::collection::vec(any::<u8>(), 1..20),
        code in prop::sample::select(vec!["Q", "   d", "255s", "2h b", "0s", "<I ", ">4p", "\x0bf\t"]),
        index in prop::sample::select(vec![0, 1, 0xff]),
        filling in any::<u8>(),
    ) -> Vec<u8> {
        let size = mmstats::format::type_code::ValueShape::parse(code.as_bytes()).unwrap().size;
        let count = if index == 0xff { 1 } else { 2 };
        field(&label, code.as_bytes(), index, &vec![filling; size * count])
    }
}

proptest! {
    #[test]
    fn regions_cover_any_bytes_once_in_order_without_gaps(
        mut bytes in prop::collection::vec(any::<u8>(), 0..300),
        is_ours in any::<bool>(),
    ) {
        if let Some(first) = bytes.first_mut().filter(|_| is_ours) {
            *first = VERSION;
        }
        covers(&bytes)?;
    }

    #[test]
    fn regions_cover_a_damaged_file_once_in_order_without_gaps(
        fields in prop::collection::vec(any_field(), 0..5),
        tail in prop::collection::vec(prop::sample::select(vec![0, 0, 0, 7]), 0..9),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..3),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut bytes = file(&fields, &tail);
        covers(&bytes)?;
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        covers(&bytes)?;
        bytes.truncate(cut.index(bytes.len() + 1));
        covers(&bytes)?;
    }
}

#[test]
fn every_part_of_a_field_has_its_role() {
    let values = [5_u16.to_ne_bytes(), 6_u16.to_ne_bytes()].concat();
    let bytes = file(&[field(b"ab", b" H\t", 1, &values)], &[0, 0, 0, 0]);
    let want = [
        (Role::Version, 1, "1"),
        (Role::LabelSize, 2, "2"),
        (Role::Label, 2, "ab"),
        (Role::TypeSize, 2, "3"),
        (Role::Padding, 1, ""),
        (Role::Type, 1, "H"),
        (Role::Padding, 1, ""),
        (Role::WriteBuffer, 1, "1"),
        (Role::Value, 2, "5"),
        (Role::Spare, 2, "6"),
        (Role::End, 2, ""),
        (Role::Tail, 2, "all zero"),
    ];
    assert_eq!(roles(&bytes), want.map(|(role, len, value)| (role, len, value.to_owned())));
}

#[test]
fn the_buffer_that_is_written_next_is_the_spare_one() {
    let order = |index| {
        let bytes = file(&[field(b"a", b"B", index, &[1, 2])], &[]);
        regions(&bytes).skip(6).map(|region| region.role).collect::<Vec<_>>()
    };
    assert_eq!(order(0), [Role::Spare, Role::Value]);
    assert_eq!(order(1), [Role::Value, Role::Spare]);
    assert_eq!(order(0xff)[0], Role::Value);
}

#[test]
fn understanding_ends_at_the_part_at_fault() {
    let good = field(b"ab", b"Q", 0, &[0; 16]);
    let unknown = |bytes: &[u8]| {
        let last = regions(bytes).last().unwrap();
        assert_eq!(last.role, Role::Unknown, "{bytes:?}");
        (last.at, last.value().into_owned())
    };
    let whole = file(std::slice::from_ref(&good), &[]);
    // The first byte of a small size is zero on a big-endian machine, and would end the list.
    let long = file(&[field(&[b'l'; 0x101], b"Q", 0, &[0; 16])], &[]);
    let want = "field at byte 1: truncated: the label size would end at byte 3".to_owned();
    assert_eq!(unknown(&long[..2]), (1, want));
    for (cut, at, part, end) in [
        (3, 3, "label", 5),
        (4, 3, "label", 5),
        (6, 5, "type size", 7),
        (7, 7, "type", 8),
        (8, 8, "write buffer", 9),
        (9, 9, "value", 25),
        (24, 9, "value", 25),
    ] {
        let want = format!("field at byte 1: truncated: the {part} would end at byte {end}");
        assert_eq!(unknown(&whole[..cut]), (at, want), "cut at {cut}");
    }
    let bad_code = file(&[good.clone(), field(b"c", b"zz", 0, &[])], &[0; 30]);
    assert_eq!(unknown(&bad_code), (30, "field at byte 25: unknown type code 'z'".to_owned()));
    let bad_index = file(&[field(b"c", b"b", 9, &[])], &[0; 30]);
    assert_eq!(
        unknown(&bad_index),
        (7, "field at byte 1: write buffer 9 is neither 0, 1 nor 255".to_owned())
    );
    assert_eq!(unknown(b"#!"), (0, "not a stats file: version 35, 1 and 2 are known".to_owned()));
    assert_eq!(unknown(b""), (0, "an empty file, not a stats file".to_owned()));
}

#[test]
fn all_values_of_a_type_are_shown() {
    let bytes = file(&[field(b"c", b"<2h?3s", 0xff, &[1, 0, 0xff, 0xff, 1, b'a', 0, b'b'])], &[]);
    let value = regions(&bytes).last().unwrap().value().into_owned();
    assert_eq!(value, "1 -1 true a");
}

#[test]
fn the_first_odd_byte_of_a_tail_is_found_wherever_it_is() {
    for at in [0, 1, 4095, 4096, 8191, 9999] {
        let mut tail = vec![0; 10_002];
        tail[2 + at] = 1;
        let bytes = file(&[], &tail);
        let last = regions(&bytes).last().unwrap().value().into_owned();
        assert_eq!(last, format!("not zero at byte {}", 3 + at));
    }
}
