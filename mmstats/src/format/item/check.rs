//! What an item may say.

use std::fmt;

use super::LONGEST_UNIT;

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
