//! A value as a reader sees it.

use std::fmt;

use crate::format::compound::{HistogramView, RecentView, WindowTotal};
use crate::format::mean::Mean;
use crate::format::scale::in_unit;
use crate::format::type_code::{Item, Kind};

/// One value of a field.
///
/// `Display` writes integers in full, floats in the shortest form that reads back the same (`1.0`,
/// `0.1`, `1e300`, `inf`, `NaN`), bools as `true` and `false`. Text is written with replacement
/// characters where it is not UTF-8, and otherwise **as it is**: a program that prints it on a terminal
/// escapes what it may contain. Of a mean it writes the mean, and each other value of several numbers as
/// one line ([`HistogramTotal`](crate::HistogramTotal), [`WindowTotal`], [`RecentView`]); `-` where there is nothing.
///
/// A number is as it is in the file: what it is multiplied with to be in its unit, the field says
/// ([`Meaning::scale`](crate::Meaning::scale)). Values of several numbers are in the unit already.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value<'a> {
    /// `?`, `bool`
    Bool(bool),
    /// `b h i l q n`, `i64` and so on
    Signed(i64),
    /// `B H I L Q N P`, `u64` and so on
    Unsigned(u64),
    /// `f`, `f32`
    Float(f32),
    /// `d`, `f64`
    Double(f64),
    /// `c s p`: the bytes before the first NUL; in version 2, `text`, `fixed text`: all bytes. UTF-8 if the writer
    /// kept to the format.
    Text(&'a [u8]),
    /// A sum and a count.
    Mean(Mean),
    /// How often which values were seen.
    Histogram(HistogramView<'a>),
    /// What was seen in the last seconds.
    Window(WindowTotal),
    /// The last numbers.
    Recent(RecentView<'a>),
}

impl<'a> Value<'a> {
    /// Reads `item` out of a value's bytes.
    ///
    /// # Panics
    /// If `bytes` ends before the item does. [`crate::format::v1`] never hands out less.
    #[must_use]
    #[inline]
    pub fn decode(item: &Item, bytes: &'a [u8]) -> Self {
        let raw = &bytes[item.offset..item.offset + item.size];
        match item.kind {
            Kind::Text => Self::Text(before_nul(raw)),
            Kind::Pascal => Self::Text(match raw {
                [length, text @ ..] => before_nul(&text[..usize::from(*length).min(text.len())]),
                [] => &[],
            }),
            Kind::Bool => Self::Bool(raw[0] != 0),
            Kind::Unsigned => Self::Unsigned(number(raw, item.swapped)),
            Kind::Signed => {
                let shift = 64 - 8 * raw.len();
                #[allow(clippy::cast_possible_wrap)]
                Self::Signed((number(raw, item.swapped) << shift) as i64 >> shift)
            }
            Kind::Float => {
                let bits = number(raw, item.swapped);
                match u32::try_from(bits) {
                    Ok(bits) if raw.len() == 4 => Self::Float(f32::from_bits(bits)),
                    _ => Self::Double(f64::from_bits(bits)),
                }
            }
        }
    }

    /// Whether it is made of several numbers: then [`Value::parts`] are what to calculate with.
    #[must_use]
    pub fn is_compound(&self) -> bool {
        matches!(self, Self::Mean(_) | Self::Histogram(_) | Self::Window(_) | Self::Recent(_))
    }

    /// A number in its unit: multiplied with `scale`, unless that is 1. All else stays as it is.
    #[must_use]
    pub fn in_unit(self, scale: f64) -> Self {
        match self {
            Self::Signed(_) | Self::Unsigned(_) | Self::Float(_) | Self::Double(_) if scale != 1.0 => {
                self.as_f64().map_or(self, |raw| Self::Double(in_unit(raw, scale)))
            }
            other => other,
        }
    }

    /// The value as a `f64`, if it is a number, or a mean of something. Bools are 1 and 0. Integers above
    /// 2^53 are rounded.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        #[allow(clippy::cast_precision_loss)]
        match *self {
            Self::Bool(value) => Some(f64::from(u8::from(value))),
            Self::Signed(value) => Some(value as f64),
            Self::Unsigned(value) => Some(value as f64),
            Self::Float(value) => Some(f64::from(value)),
            Self::Double(value) => Some(value),
            Self::Mean(mean) => mean.mean(),
            Self::Text(_) | Self::Histogram(_) | Self::Window(_) | Self::Recent(_) => None,
        }
    }

    /// The value as an integer, if it is one. Bools are 1 and 0.
    #[must_use]
    pub fn as_integer(&self) -> Option<i128> {
        match *self {
            Self::Bool(value) => Some(i128::from(value)),
            Self::Signed(value) => Some(i128::from(value)),
            Self::Unsigned(value) => Some(i128::from(value)),
            _ => None,
        }
    }
}

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bool(value) => fmt::Display::fmt(value, f),
            Self::Signed(value) => fmt::Display::fmt(value, f),
            Self::Unsigned(value) => fmt::Display::fmt(value, f),
            // Rust's Debug is the one that says 1.0 and 1e300; its Display says 1 and 301 digits.
            Self::Float(value) => fmt::Debug::fmt(value, f),
            Self::Double(value) => fmt::Debug::fmt(value, f),
            Self::Text(bytes) => f.write_str(&String::from_utf8_lossy(bytes)),
            Self::Mean(mean) => match mean.mean() {
                Some(mean) => fmt::Debug::fmt(&mean, f),
                None => f.write_str("-"),
            },
            Self::Histogram(histogram) => fmt::Display::fmt(histogram, f),
            Self::Window(window) => fmt::Display::fmt(window, f),
            Self::Recent(recent) => fmt::Display::fmt(recent, f),
        }
    }
}

fn before_nul(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().position(|&byte| byte == 0);
    &bytes[..end.unwrap_or(bytes.len())]
}

/// At most eight bytes as an unsigned number.
fn number(raw: &[u8], swapped: bool) -> u64 {
    if let Ok(eight) = raw.try_into() {
        let number = u64::from_ne_bytes(eight);
        return if swapped { number.swap_bytes() } else { number };
    }
    let big = swapped != cfg!(target_endian = "big");
    let step = |number: u64, byte: &u8| (number << 8) | u64::from(*byte);
    if big { raw.iter().fold(0, step) } else { raw.iter().rev().fold(0, step) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::type_code::items;

    fn first<'a>(code: &str, bytes: &'a [u8]) -> Value<'a> {
        Value::decode(&items(code.as_bytes()).next().unwrap(), bytes)
    }

    #[test]
    fn numbers_in_either_order() {
        assert_eq!(first("<H", &[1, 2]), Value::Unsigned(0x0201));
        assert_eq!(first(">H", &[1, 2]), Value::Unsigned(0x0102));
        assert_eq!(first("H", &0x1234_u16.to_ne_bytes()), Value::Unsigned(0x1234));
        assert_eq!(first("b", &[0xff]), Value::Signed(-1));
        assert_eq!(first(">i", &[0xff, 0xff, 0xff, 0xfe]), Value::Signed(-2));
        assert_eq!(first("q", &i64::MIN.to_ne_bytes()), Value::Signed(i64::MIN));
        assert_eq!(first("Q", &u64::MAX.to_ne_bytes()), Value::Unsigned(u64::MAX));
        assert_eq!(first(">f", &1.5_f32.to_be_bytes()), Value::Float(1.5));
        assert_eq!(first("d", &0.1_f64.to_ne_bytes()), Value::Double(0.1));
        assert_eq!(first("?", &[2]), Value::Bool(true));
    }

    #[test]
    fn text_ends_at_the_first_nul() {
        assert_eq!(first("5s", b"ab\0cd"), Value::Text(b"ab"));
        assert_eq!(first("3s", b"abc"), Value::Text(b"abc"));
        assert_eq!(first("c", b"\0"), Value::Text(b""));
        assert_eq!(first("4p", b"\x02abc"), Value::Text(b"ab"));
        assert_eq!(first("4p", b"\xffabc"), Value::Text(b"abc"), "the length byte is not believed");
        assert_eq!(first("0p", b""), Value::Text(b""));
    }

    #[test]
    fn floats_print_in_the_shortest_form_that_reads_back() {
        assert_eq!(Value::Double(1.0).to_string(), "1.0");
        assert_eq!(Value::Double(0.1).to_string(), "0.1");
        assert_eq!(Value::Float(0.1).to_string(), "0.1");
        assert_eq!(Value::Double(1e300).to_string(), "1e300");
        assert_eq!(Value::Double(f64::NEG_INFINITY).to_string(), "-inf");
        assert_eq!(Value::Unsigned(u64::MAX).to_string(), "18446744073709551615");
    }
}
