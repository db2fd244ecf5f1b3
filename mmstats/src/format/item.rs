//! Items: what is said of a field besides its types.

use std::fmt;

use super::bytes::{double, u16_at};
use super::kind::MergeRule;
use super::{Defect, What};

/// A word for the unit, such as `seconds`: 1 to 63 ASCII characters, no blank.
pub const UNIT: u16 = 1;
/// One line of help, UTF-8.
pub const HELP: u16 = 2;
/// How the gauges of several files become one: a `u8`, see [`MergeRule`].
pub const MERGE: u16 = 3;
/// An `f64`: the value times this is in the unit.
pub const SCALE: u16 = 4;
/// Which quantiles to show of a histogram: `f64`s from 0 to 1.
pub const QUANTILES: u16 = 5;
/// The name of the model that the field is of, UTF-8.
pub const MODEL: u16 = 6;

/// Id and size.
const HEAD: usize = 4;
/// Items begin at multiples of this, counted from where the first begins.
const ALIGN: usize = 4;
/// The longest unit in bytes.
pub const LONGEST_UNIT: usize = 63;

/// One item, whatever its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item<'a> {
    /// Where it begins, in bytes from where the items do.
    pub at: usize,
    /// What it is: [`UNIT`] and so on, or something that this library does not know.
    pub id: u16,
    /// What it says.
    pub bytes: &'a [u8],
}

/// The items one by one. A defect is the last that is given.
pub fn walk(bytes: &[u8]) -> impl Iterator<Item = Result<Item<'_>, Defect>> {
    let mut next = Some(0);
    std::iter::from_fn(move || {
        let at = next?;
        if at >= bytes.len() {
            return None;
        }
        next = None;
        let short = |part, end: usize| Some(Err(Defect { at, what: What::Short { part, end: end as u64 } }));
        let (Some(id), Some(size)) = (u16_at(bytes, at), u16_at(bytes, at + 2)) else {
            return short("item", at + HEAD);
        };
        let end = at + HEAD + usize::from(size);
        let Some(inside) = bytes.get(at + HEAD..end) else {
            return short("item", end);
        };
        next = Some(end.next_multiple_of(ALIGN));
        Some(Ok(Item { at, id, bytes: inside }))
    })
}

/// What the items of a field say. An id that comes twice counts once, the first time.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Items {
    /// The unit.
    pub unit: Option<String>,
    /// One line of help.
    pub help: Option<String>,
    /// How gauges of several files become one.
    pub merge: Option<MergeRule>,
    /// What a value is multiplied with, so that it is in the unit.
    pub scale: Option<f64>,
    /// Which quantiles to show. Empty: the reader's own choice.
    pub quantiles: Vec<f64>,
    /// The model's name.
    pub model: Option<String>,
}

/// Why an item cannot be written.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum BadItem {
    /// The unit, help or model's name is empty.
    Empty(&'static str),
    /// It has more bytes than there may be.
    Long {
        /// `unit` and so on.
        item: &'static str,
        /// How many it has.
        size: usize,
        /// How many it may have.
        most: usize,
    },
    /// The unit or model's name, or the help, has a character that must not be there.
    Character {
        /// `unit` and so on.
        item: &'static str,
        /// Which character.
        character: char,
    },
    /// The scale is not above 0, or infinite.
    Scale(f64),
    /// The quantile is not from 0 to 1.
    Quantile(f64),
}

impl fmt::Display for BadItem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty(item) => write!(f, "the {item} is empty"),
            Self::Long { item, size, most } => write!(f, "the {item} has {size} bytes, {most} is the most"),
            Self::Character { item, character: ' ' | '\t' } if *item == "unit" => {
                f.write_str("the unit has a blank")
            }
            Self::Character { item, character: '\n' | '\r' | '\u{2028}' | '\u{2029}' } => {
                write!(f, "the {item} has more than one line")
            }
            Self::Character { item, character } if character.is_ascii() || *item != "unit" => {
                write!(f, "the {item} has a control character, {}", character.escape_debug())
            }
            Self::Character { item, character } => {
                write!(f, "the {item} has a character that is not ASCII, {}", character.escape_debug())
            }
            Self::Scale(scale) => write!(f, "the scale {scale:?} is no number above 0"),
            Self::Quantile(quantile) => write!(f, "the quantile {quantile:?} is not from 0 to 1"),
        }
    }
}

impl std::error::Error for BadItem {}

/// Whether this may be a unit.
///
/// # Errors
/// What is wrong with it.
pub fn check_unit(unit: &str) -> Result<(), BadItem> {
    check(UNIT_NAME, unit, LONGEST_UNIT, |character| !character.is_ascii_graphic())
}

/// Whether this may be a field's help.
///
/// # Errors
/// What is wrong with it.
pub fn check_help(help: &str) -> Result<(), BadItem> {
    check("help", help, usize::from(u16::MAX), breaks)
}

/// Whether this may be a model's name.
///
/// # Errors
/// What is wrong with it.
pub fn check_model(model: &str) -> Result<(), BadItem> {
    check("model's name", model, usize::from(u16::MAX), breaks)
}

/// Whether this may be a scale.
///
/// # Errors
/// If it is not above 0, or infinite.
pub fn check_scale(scale: f64) -> Result<(), BadItem> {
    if scale.is_finite() && scale > 0.0 { Ok(()) } else { Err(BadItem::Scale(scale)) }
}

/// Whether these may be quantiles to show.
///
/// # Errors
/// If one is not from 0 to 1, or there are more than an item has room for.
pub fn check_quantiles(quantiles: &[f64]) -> Result<(), BadItem> {
    if let Some(&bad) = quantiles.iter().find(|quantile| !(0.0..=1.0).contains(*quantile)) {
        return Err(BadItem::Quantile(bad));
    }
    let (size, most) = (8 * quantiles.len(), usize::from(u16::MAX));
    if size > most { Err(BadItem::Long { item: "list of quantiles", size, most }) } else { Ok(()) }
}

const UNIT_NAME: &str = "unit";

/// What makes one line two, or acts on a terminal.
fn breaks(character: char) -> bool {
    character.is_control() || matches!(character, '\u{2028}' | '\u{2029}')
}

fn check(item: &'static str, text: &str, most: usize, is_bad: fn(char) -> bool) -> Result<(), BadItem> {
    if text.is_empty() {
        return Err(BadItem::Empty(item));
    }
    if let Some(character) = text.chars().find(|&character| is_bad(character)) {
        return Err(BadItem::Character { item, character });
    }
    if text.len() > most { Err(BadItem::Long { item, size: text.len(), most }) } else { Ok(()) }
}

impl Items {
    /// The bytes of the items, in the order of their ids.
    ///
    /// # Errors
    /// If one of them says what it must not.
    pub fn encode(&self) -> Result<Vec<u8>, BadItem> {
        let mut bytes = Vec::new();
        if let Some(unit) = &self.unit {
            check_unit(unit)?;
            push(&mut bytes, UNIT, unit.as_bytes());
        }
        if let Some(help) = &self.help {
            check_help(help)?;
            push(&mut bytes, HELP, help.as_bytes());
        }
        if let Some(merge) = self.merge {
            push(&mut bytes, MERGE, &[merge.id()]);
        }
        if let Some(scale) = self.scale {
            check_scale(scale)?;
            push(&mut bytes, SCALE, &scale.to_ne_bytes());
        }
        if !self.quantiles.is_empty() {
            check_quantiles(&self.quantiles)?;
            let quantiles: Vec<u8> =
                self.quantiles.iter().flat_map(|quantile| quantile.to_ne_bytes()).collect();
            push(&mut bytes, QUANTILES, &quantiles);
        }
        if let Some(model) = &self.model {
            check_model(model)?;
            push(&mut bytes, MODEL, model.as_bytes());
        }
        Ok(bytes)
    }

    /// What the items say, and what is wrong with them. An item that makes no sense is passed over; after one
    /// that is cut short nothing can follow.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> (Self, Vec<Defect>) {
        let (mut items, mut defects) = (Self::default(), Vec::new());
        for item in walk(bytes) {
            match item {
                Ok(item) => {
                    if let Err(what) = items.take(&item) {
                        defects.push(Defect { at: item.at, what: What::Item(what) });
                    }
                }
                Err(defect) => defects.push(defect),
            }
        }
        (items, defects)
    }

    fn take(&mut self, item: &Item<'_>) -> Result<(), &'static str> {
        match item.id {
            UNIT => once(
                &mut self.unit,
                text(item, check_unit).ok_or("the unit is not 1 to 63 graphic characters")?,
            ),
            HELP => once(&mut self.help, text(item, check_help).ok_or("the help is not one line of text")?),
            MERGE => {
                let rule = <[u8; 1]>::try_from(item.bytes).ok().and_then(|[id]| MergeRule::from_id(id));
                once(&mut self.merge, rule.ok_or("the merge rule is unknown")?);
            }
            SCALE => {
                let scale = <[u8; 8]>::try_from(item.bytes).ok().map(f64::from_ne_bytes);
                let scale = scale.filter(|&scale| check_scale(scale).is_ok());
                once(&mut self.scale, scale.ok_or("the scale is no number above 0")?);
            }
            QUANTILES => {
                let numbers: Vec<_> = item.bytes.chunks_exact(8).map(|number| double(number, 0)).collect();
                if item.bytes.len() % 8 != 0 || check_quantiles(&numbers).is_err() {
                    return Err("the quantiles are not numbers from 0 to 1");
                }
                if self.quantiles.is_empty() {
                    self.quantiles = numbers;
                }
            }
            MODEL => {
                once(
                    &mut self.model,
                    text(item, check_model).ok_or("the model's name is not one line of text")?,
                );
            }
            _ => {}
        }
        Ok(())
    }
}

fn once<T>(place: &mut Option<T>, value: T) {
    place.get_or_insert(value);
}

fn text(item: &Item<'_>, check: fn(&str) -> Result<(), BadItem>) -> Option<String> {
    let text = std::str::from_utf8(item.bytes).ok()?;
    check(text).ok()?;
    Some(text.to_owned())
}

fn push(bytes: &mut Vec<u8>, id: u16, inside: &[u8]) {
    // What is written was checked to fit.
    #[allow(clippy::cast_possible_truncation)]
    let size = inside.len() as u16;
    bytes.extend(id.to_ne_bytes());
    bytes.extend(size.to_ne_bytes());
    bytes.extend(inside);
    bytes.resize(bytes.len().next_multiple_of(ALIGN), 0);
}

#[cfg(test)]
mod tests {
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
        assert_eq!(
            check_quantiles(&[0.5, 1.5]).unwrap_err().to_string(),
            "the quantile 1.5 is not from 0 to 1"
        );
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
        assert_eq!(
            items,
            Items { unit: Some("bytes".into()), model: Some("web".into()), ..Items::default() }
        );
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
}
