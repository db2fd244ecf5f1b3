//! How much a counter has counted between two looks at one file.

use std::time::Duration;

/// What nobody counts in a second, not even bytes.
const TOO_MUCH: f64 = 1e10;

/// An integer of a file at one look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reading {
    pub(crate) value: i128,
    pub(crate) bits: usize,
    pub(crate) is_signed: bool,
}

impl Reading {
    /// What was counted since the look that read `before`, `passed` ago. Never negative.
    ///
    /// A value that has become less is one of three things. Near the type's end before, near its
    /// beginning now: it has wrapped. Less than half of what it was, and no more than can be counted in
    /// that time: it began again at 0, and has counted to what it is. Anything else says nothing about
    /// what was counted, and counts as nothing.
    pub(crate) fn since(self, before: i128, passed: Duration) -> i128 {
        let now = self.value;
        if now >= before {
            return now - before;
        }
        let range = 1_i128 << self.bits.min(64);
        let least = if self.is_signed { -range / 2 } else { 0 };
        if before >= least + range / 4 * 3 && now < least + range / 4 {
            return now - before + range;
        }
        #[allow(clippy::cast_precision_loss)]
        let is_plausible = now >= 0 && now <= before / 2 && now as f64 <= TOO_MUCH * passed.as_secs_f64();
        if is_plausible { now } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn since(bits: usize, is_signed: bool, before: i128, value: i128) -> i128 {
        Reading { value, bits, is_signed }.since(before, Duration::from_secs(1))
    }

    #[test]
    fn a_counter_counts() {
        assert_eq!(since(64, false, 7, 7), 0);
        assert_eq!(since(64, false, 7, 17), 10);
        assert_eq!(since(64, false, 0, u64::MAX.into()), u64::MAX.into(), "upwards everything is believed");
    }

    #[test]
    fn a_counter_that_begins_again_has_counted_what_it_shows() {
        assert_eq!(since(64, false, 1_000_000, 0), 0);
        assert_eq!(since(64, false, 1_000_000, 300), 300);
        assert_eq!(since(32, true, 1_000_000, 300), 300);
    }

    #[test]
    fn a_counter_wraps_where_its_type_ends() {
        assert_eq!(since(8, false, 250, 4), 10);
        assert_eq!(since(16, false, 65_535, 0), 1);
        assert_eq!(since(32, false, u32::MAX.into(), 9), 10);
        assert_eq!(since(64, false, u64::MAX.into(), 9), 10);
        assert_eq!(since(16, true, 32_767, -32_768), 1);
        assert_eq!(since(64, true, i64::MAX.into(), i128::from(i64::MIN) + 4), 5);
    }

    #[test]
    fn what_says_nothing_counts_as_nothing() {
        assert_eq!(since(64, false, 1_000_000, 999_998), 0, "one look ahead of its writer");
        assert_eq!(since(64, false, 1 << 60, 1 << 58), 0, "nobody counts so fast");
        assert_eq!(since(32, true, 5, -3), 0, "no counter");
    }
}
