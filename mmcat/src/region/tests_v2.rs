use super::*;
use crate::check;
use proptest::prelude::*;

/// A file with a field of every type.
const GOLDEN: &[u8] = if cfg!(target_endian = "little") {
    include_bytes!("../../../mmstats/tests/golden/v2-little.mmstats")
} else {
    include_bytes!("../../../mmstats/tests/golden/v2-big.mmstats")
};

/// Whether the regions are every byte once, in order, and finding what is wrong ends, too.
fn covers(bytes: &[u8]) -> Result<(), TestCaseError> {
    let mut at = 0;
    for region in regions(bytes) {
        prop_assert_eq!(region.at, at, "a gap or an overlap");
        prop_assert_eq!(region.bytes, &bytes[at..at + region.bytes.len()]);
        at += region.bytes.len();
        let may_be_empty = matches!(region.role, Role::Value | Role::Unknown);
        prop_assert!(may_be_empty || !region.bytes.is_empty(), "{:?} is empty", region.role);
        prop_assert!(!region.value().chars().any(char::is_control));
    }
    prop_assert_eq!(at, bytes.len(), "the end is not covered");
    for finding in check::findings(bytes) {
        prop_assert!(!finding.reason.chars().any(char::is_control), "{:?}", finding);
    }
    Ok(())
}

#[test]
fn every_truncation_is_covered() {
    for end in 0..=GOLDEN.len() {
        covers(&GOLDEN[..end]).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn regions_cover_a_damaged_file_once_in_order_without_gaps(
        damage in prop::collection::vec((0..0x810_usize, any::<u8>()), 1..4),
        sizes in prop::collection::vec((0..0x200_usize, prop::sample::select(vec![0_u32, 8, 16, 40, 64, 4095, 4096, u32::MAX])), 0..2),
        cut in 0..GOLDEN.len(),
    ) {
        let mut bytes = GOLDEN.to_vec();
        for (at, byte) in damage {
            bytes[at] = byte;
        }
        for (word, size) in sizes {
            bytes[4 * word..4 * word + 4].copy_from_slice(&size.to_ne_bytes());
        }
        covers(&bytes)?;
        covers(&bytes[..cut])?;
    }

    #[test]
    fn regions_cover_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        covers(&[&GOLDEN[..8], &bytes].concat())?;
    }
}
