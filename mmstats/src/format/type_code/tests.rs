//! Type codes as `struct` reads them.

use super::*;

fn size(code: &str) -> Result<usize, BadCode> {
    ValueShape::parse(code.as_bytes()).map(|shape| shape.size)
}

#[test]
fn sizes_are_those_of_python() {
    // struct.calcsize under Linux: of a C long, and where one of eight bytes may begin.
    let (long, eight) = match (size_of::<usize>(), cfg!(target_arch = "x86")) {
        (8, _) => (8, 8),
        (_, true) => (4, 4),
        (_, false) => (4, 8),
    };
    for (code, want) in [
        ("Q", 8),
        ("   Q", 8),
        ("255s", 255),
        ("bQ", eight + 8),
        ("<bQ", 9),
        ("=bQ", 9),
        ("@bQ", eight + 8),
        ("Qb", 9),
        ("Qb0Q", 8 + eight),
        ("2h", 4),
        ("xI", 8),
        ("<xI", 5),
        ("\x0b\x0c\tI", 4),
        ("10p", 10),
        (">l", 4),
        ("0s", 0),
        ("?", 1),
        ("5x3s", 8),
        ("n", long),
        ("N", long),
        ("P", long),
        ("l", long),
        ("c", 1),
    ] {
        assert_eq!(size(code), Ok(want), "{code:?}");
    }
}

#[test]
fn what_python_refuses_is_refused() {
    assert_eq!(size("5 5s"), Err(BadCode::DanglingCount));
    assert_eq!(size("Q5"), Ok(8), "but Python 2 takes this");
    assert_eq!(size(" <Q"), Err(BadCode::Unknown(b'<')));
    assert_eq!(size("<P"), Err(BadCode::Unknown(b'P')));
    assert_eq!(size("<n"), Err(BadCode::Unknown(b'n')));
    assert_eq!(size("z"), Err(BadCode::Unknown(b'z')));
    assert_eq!(size("99999999999999999999s"), Err(BadCode::TooLarge));
    assert_eq!(size("9999999999999999999s"), Err(BadCode::TooLarge));
    assert_eq!(size("4611686018427387904Q"), Err(BadCode::TooLarge));
}

#[test]
fn a_type_without_a_value_is_refused() {
    for code in ["", "   ", "x", "4x", "0Q", "@", "<"] {
        assert_eq!(size(code), Err(BadCode::NoItem), "{code:?}");
    }
}

#[test]
fn every_item_is_found_in_its_place() {
    let found: Vec<_> = items(b"b2h x>").map(|item| (item.offset, item.size)).collect();
    assert_eq!(found, [(0, 1), (2, 2), (4, 2)], "stops at the prefix that is out of place");
    let found: Vec<_> = items(b">b2h3s2c").map(|item| (item.offset, item.size)).collect();
    assert_eq!(found, [(0, 1), (1, 2), (3, 2), (5, 3), (8, 1), (9, 1)]);
}

#[test]
fn only_a_lone_aligned_number_loads_at_once() {
    let shape = |code: &str| ValueShape::parse(code.as_bytes()).unwrap();
    assert_eq!(shape("Q").loads_at_once(16), word() == 8, "two loads under a kernel of 32 bits");
    assert!(!shape("Q").loads_at_once(12));
    assert!(shape("I").loads_at_once(12));
    assert!(!shape("2I").loads_at_once(16));
    assert!(!shape("255s").loads_at_once(0));
    assert!(!shape("8s").loads_at_once(0), "a writer copies it in pieces");
    assert!(!shape("4p").loads_at_once(0));
    assert!(shape("0s").loads_at_once(3));
}
