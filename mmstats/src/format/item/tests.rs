//! Items, written and read.

use super::*;

fn all() -> Items {
    Items {
        unit: Some("seconds".into()),
        help: Some("Time to answer ✓".into()),
        merge: Some(MergeRule::Max),
        scale: Some(1e-9),
        quantiles: vec![0.5, 0.999],
        model: Some("web".into()),
    }
}

#[test]
fn items_are_read_back() {
    let bytes = all().encode().unwrap();
    assert_eq!(Items::parse(&bytes), (all(), Vec::new()));
    assert_eq!(bytes[..8], [&1_u16.to_ne_bytes()[..], &7_u16.to_ne_bytes(), b"seco"].concat());
    assert_eq!(bytes[8..12], *b"nds\0");
    assert_eq!(Items::default().encode(), Ok(Vec::new()));
}

#[test]
fn what_must_not_be_written_is_said() {
    let unit = |unit: &str| check_unit(unit).unwrap_err().to_string();
    assert_eq!(unit("kilo bytes"), "the unit has a blank");
    assert_eq!(unit(""), "the unit is empty");
    assert_eq!(unit("µs"), "the unit has a character that is not ASCII, µ");
    assert_eq!(unit("a\x1b"), "the unit has a control character, \\u{1b}");
    assert_eq!(unit(&"a".repeat(64)), "the unit has 64 bytes, 63 is the most");
    assert_eq!(check_unit("By/s"), Ok(()));
    let help = |help: &str| check_help(help).unwrap_err().to_string();
    assert_eq!(help("a\nb"), "the help has more than one line");
    assert_eq!(help("a\u{2028}b"), "the help has more than one line");
    assert_eq!(help("a\tb"), "the help has a control character, \\t");
    assert_eq!(help("a\u{9b}b"), "the help has a control character, \\u{9b}");
    assert_eq!(help(&"a".repeat(65536)), "the help has 65536 bytes, 65535 is the most");
    for scale in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(check_scale(scale).is_err());
    }
    assert_eq!(check_quantiles(&[0.5, 1.5]).unwrap_err().to_string(), "the quantile 1.5 is not from 0 to 1");
    assert!(check_quantiles(&[0.5; 8192]).is_err());
    assert!(Items { help: Some("\n".into()), ..all() }.encode().is_err());
}

#[test]
fn the_rest_counts_where_one_makes_no_sense() {
    let mut bytes = Vec::new();
    push(&mut bytes, UNIT, b"no unit");
    push(&mut bytes, 999, b"from the future");
    push(&mut bytes, MERGE, &[77]);
    push(&mut bytes, SCALE, &[0; 8]);
    push(&mut bytes, QUANTILES, &[0; 7]);
    push(&mut bytes, HELP, b"\xff");
    push(&mut bytes, UNIT, b"bytes");
    push(&mut bytes, UNIT, b"seconds");
    push(&mut bytes, MODEL, b"web");
    bytes.extend([1, 0, 255, 255, 7]);
    let (items, defects) = Items::parse(&bytes);
    assert_eq!(items, Items { unit: Some("bytes".into()), model: Some("web".into()), ..Items::default() });
    assert_eq!(defects.len(), 6, "{defects:?}");
    assert!(matches!(defects[5].what, What::Short { part: "item", .. }));
}

#[test]
fn every_truncation_keeps_what_came_before() {
    let whole = all().encode().unwrap();
    for end in 0..whole.len() {
        let (items, _) = Items::parse(&whole[..end]);
        assert!(items.unit.is_none() || items.unit == all().unit);
        assert!(end < 12 || items.unit.is_some());
    }
}
