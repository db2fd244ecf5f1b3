//! From raw numbers to the unit, and numbers in few digits.

use std::fmt;

/// A raw number in the unit: raw times scale.
///
/// Where the scale is one over a whole number, such as 1e-9, the number is divided by that: then 2 ns are 2e-9
/// seconds, and not 2.0000000000000003e-9.
#[must_use]
pub fn in_unit(raw: f64, scale: f64) -> f64 {
    if scale < 1.0 {
        let whole = (1.0 / scale).round();
        // A comparison by bits: only what is that fraction counts.
        if whole.is_finite() && (1.0 / whole).to_bits() == scale.to_bits() {
            return raw / whole;
        }
    }
    raw * scale
}

/// A number in four digits, for a line that people read.
#[derive(Clone, Copy, Debug)]
pub struct Short(pub f64);

impl fmt::Display for Short {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounded = format!("{:.3e}", self.0).parse().unwrap_or(self.0);
        whole_or_shortest(f, rounded)
    }
}

/// A whole number without its `.0`, anything else in the shortest form that reads back the same.
fn whole_or_shortest(f: &mut fmt::Formatter<'_>, number: f64) -> fmt::Result {
    if number.trunc() == number && number.abs() < 1e15 {
        return write!(f, "{number:.0}");
    }
    // Rust's Debug says 1e300, its Display 301 digits.
    write!(f, "{number:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nanoseconds_are_seconds_without_noise() {
        for raw in [0_u32, 1, 2, 3, 7, 1_900_544, 999_999_999, u32::MAX] {
            let want: f64 = format!("{raw}e-9").parse().unwrap();
            assert_eq!(in_unit(raw.into(), 1e-9), want, "{raw}");
        }
        assert_eq!(in_unit(3.0, 1024.0), 3072.0);
        assert_eq!(in_unit(3.0, 1.0), 3.0);
        assert_eq!(in_unit(2.0, 0.75), 1.5);
        assert_eq!(in_unit(1.0, f64::MIN_POSITIVE), f64::MIN_POSITIVE);
    }

    #[test]
    fn few_digits_are_shown() {
        let shown = |number| Short(number).to_string();
        assert_eq!(shown(0.002_138_47), "0.002138");
        assert_eq!(shown(120.0), "120");
        assert_eq!(shown(123_456.0), "123500");
        assert_eq!(shown(-0.5), "-0.5");
        assert_eq!(shown(1e300), "1e300");
        assert_eq!(shown(f64::NAN), "NaN");
        assert_eq!(shown(f64::INFINITY), "inf");
    }
}
