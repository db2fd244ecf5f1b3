//! Items: what is said of a field besides its types.

mod check;

use super::bytes::{double, u16_at};
use super::kind::MergeRule;
use super::{Defect, What};

pub use check::{BadItem, check_help, check_model, check_quantiles, check_scale, check_unit};

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
mod tests;
