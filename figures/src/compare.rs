//! Comparing whole numbers with floating point ones, in full.

use std::cmp::Ordering;

/// What every `i128` is below, 2^127, and not below when negative.
const END: f64 = 170_141_183_460_469_231_731_687_303_715_884_105_728.0;

/// How an integer compares with a float: exactly, where turning one into the other's type would round.
/// `None` for NaN.
#[must_use]
pub fn compare(integer: i128, float: f64) -> Option<Ordering> {
    if float.is_nan() {
        return None;
    }
    if float >= END {
        return Some(Ordering::Less);
    }
    if float < -END {
        return Some(Ordering::Greater);
    }
    // Within the type, a float without its fraction is exactly an integer.
    #[allow(clippy::cast_possible_truncation)]
    let whole = float.trunc() as i128;
    let fraction = || 0.0_f64.partial_cmp(&float.fract()).unwrap_or(Ordering::Equal);
    Some(integer.cmp(&whole).then_with(fraction))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_that_one_float_cannot_tell_apart_are_told_apart() {
        let limit = 1_i128 << 53;
        #[allow(clippy::cast_precision_loss)]
        let float = limit as f64;
        assert_eq!(compare(limit + 1, float), Some(Ordering::Greater));
        assert_eq!(compare(limit, float), Some(Ordering::Equal));
        assert_eq!(compare(limit - 1, float), Some(Ordering::Less));
        assert_eq!(compare(i128::from(u64::MAX), 18_446_744_073_709_551_616.0), Some(Ordering::Less));
    }

    #[test]
    fn fractions_and_the_ends_have_their_places() {
        assert_eq!(compare(0, 0.5), Some(Ordering::Less));
        assert_eq!(compare(0, -0.5), Some(Ordering::Greater));
        assert_eq!(compare(-1, -0.5), Some(Ordering::Less));
        assert_eq!(compare(0, -0.0), Some(Ordering::Equal));
        assert_eq!(compare(i128::MAX, f64::INFINITY), Some(Ordering::Less));
        assert_eq!(compare(i128::MIN, f64::NEG_INFINITY), Some(Ordering::Greater));
        assert_eq!(compare(i128::MAX, 1e300), Some(Ordering::Less));
        assert_eq!(compare(i128::MIN, -END), Some(Ordering::Equal));
        assert_eq!(compare(0, f64::NAN), None);
    }
}
