//! Bytes that nobody wrote so: nothing panics, nothing is read from outside, and what is whole is shown.

use std::collections::BTreeSet;

use mmstats::format::histogram::Histogram;
use mmstats::format::image::{Description, Image};
use mmstats::format::item::Items;
use mmstats::format::kind::{DataType, MetricType};
use mmstats::format::{attributes, reading, v2};
use proptest::prelude::*;

use crate::golden::{NOW, golden};
use crate::show::{fields, lines, value};

/// Reads everything, where each look may hold other bytes.
fn read_all(looks: [&[u8]; 4]) {
    let Ok((fields, end)) = fields(looks) else { return };
    if let Some(end) = end {
        assert!(end.at <= looks[0].len(), "{end}");
    }
    for field in fields {
        let field = match field {
            Ok(field) => field,
            Err(defect) => {
                assert!(defect.at <= looks[1].len().max(looks[0].len()), "{defect}");
                continue;
            }
        };
        let bytes = looks[1];
        for range in [&field.label, &field.items, &field.value] {
            assert!(range.start <= range.end && range.end <= bytes.len(), "{field:?}");
        }
        assert!(field.items.end <= field.record.end() && field.label.start > field.record.at, "{field:?}");
        let _ = Items::parse(&bytes[field.items.clone()]);
        let _ = attributes::parse(&String::from_utf8_lossy(&bytes[field.label.clone()]));
        for data in
            field.data_type().into_iter().chain(DataType::ALL.iter().copied().filter(|_| bytes.len() < 999))
        {
            let _ = value(&field, data, [looks[1], looks[2], looks[3]]);
        }
    }
    let _ = lines(looks[0], NOW);
}

/// Where the last thing that means something ends.
pub(crate) fn end(bytes: &[u8]) -> usize {
    v2::records(bytes, v2::HEAD).map(|record| record.unwrap().end()).last().unwrap()
}

#[test]
fn every_truncation_shows_what_is_whole() {
    let whole = golden();
    let all: BTreeSet<_> = lines(&whole, NOW).unwrap().into_iter().collect();
    for cut in 0..=end(&whole) {
        let bytes = &whole[..cut];
        read_all([bytes; 4]);
        read_all([&whole, bytes, &whole, bytes]);
        read_all([bytes, &whole, bytes, &whole]);
        let Ok(found) = lines(bytes, NOW) else {
            assert!(cut < v2::HEAD);
            continue;
        };
        let strange: Vec<_> = found.iter().filter(|line| !all.contains(*line)).collect();
        assert!(strange.len() <= 1, "cut at {cut}: {strange:?}");
        assert!(strange.iter().all(|line| line.contains(": truncated: ")), "cut at {cut}: {strange:?}");
    }
}

#[test]
fn no_changed_byte_does_harm() {
    let whole = golden();
    // A reader that is told of all 255 wrong values of a byte learns little more than by these.
    let wrong = |right: u8| {
        let bits = (0..8).map(move |bit| right ^ (1 << bit));
        bits.chain([0, 0xff, right.wrapping_add(1), right.wrapping_sub(1), 0x1b, b'{'])
    };
    for at in 0..end(&whole) + 16 {
        for value in wrong(whole[at]) {
            let mut bytes = whole.clone();
            bytes[at] = value;
            read_all([&bytes; 4]);
        }
        let mut bytes = whole.clone();
        bytes[at] ^= 0xff;
        read_all([&whole, &bytes, &bytes, &whole]);
        read_all([&bytes, &whole, &whole, &bytes]);
    }
}

#[test]
fn many_fields_with_one_large_value_are_no_more_work_than_the_file_is_large() {
    let mut image = Image::new();
    let large = Description {
        label: "large",
        data: DataType::FixedText,
        metric: MetricType::Info,
        items: Items::default(),
    };
    let at = u32::try_from(image.add(&large, &[b'x'; 3000]).unwrap()).unwrap();
    for turn in 0..100 {
        let label = format!("copy.{turn}");
        let head =
            v2::FieldHead { data: 13, metric: 4, label: &label, items: &[], value_at: at, value_size: 3000 };
        image.record(head.encode()).unwrap();
    }
    image.add(&Description { label: "small", ..large }, b"here").unwrap();
    let bytes = image.finish();
    let (found, end) = fields([&bytes; 4]).unwrap();
    let all: usize = found.iter().flatten().map(|field| field.value.len()).sum();
    assert!(all <= bytes.len() && end.is_none());
    let defect = found.iter().find_map(|field| field.as_ref().err()).unwrap();
    assert!(defect.to_string().ends_with(": the values have more bytes than the file"), "{defect}");
    assert_eq!(&bytes[found.last().unwrap().as_ref().unwrap().label.clone()], b"small");
}

/// Bytes that begin as a file does, so that more than the head is tried.
fn any_file() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::collection::vec(prop_oneof![0..64_u32, Just(8), Just(u32::MAX), any::<u32>()], 0..80);
    words.prop_map(|words| {
        let mut bytes = v2::encode_head().to_vec();
        bytes.extend(words.iter().flat_map(|word| word.to_ne_bytes()));
        bytes
    })
}

proptest! {
    #[test]
    fn arbitrary_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        read_all([&bytes; 4]);
        let _ = Items::parse(&bytes);
        let _ = attributes::parse(&String::from_utf8_lossy(&bytes));
        for &data in DataType::ALL {
            let _ = reading::read(data, [&bytes; 3]);
        }
    }

    #[test]
    fn arbitrary_records_do_no_harm(looks in prop::array::uniform4(any_file())) {
        read_all([&looks[0]; 4]);
        read_all([&looks[0], &looks[1], &looks[2], &looks[3]]);
    }

    #[test]
    fn arbitrary_looks_of_a_value_do_no_harm(
        looks in prop::array::uniform3(prop::collection::vec(prop_oneof![0..9_u32, any::<u32>()], 0..60))
    ) {
        let looks = looks.map(|words| words.iter().flat_map(|word| word.to_ne_bytes()).collect::<Vec<_>>());
        for &data in DataType::ALL {
            let _ = reading::read(data, [&looks[0], &looks[1], &looks[2]]);
        }
        if let Ok(histogram) = Histogram::decode(&looks[0]) {
            let _ = (histogram.quantile(0.5), histogram.max(), histogram.mean(), histogram.cumulative());
        }
    }
}
