//! Values of several numbers, of one file or of many.

use std::borrow::Cow;
use std::fmt;

use mmstats::{HistogramTotal, Mean, Part, Value, WindowTotal};

use crate::part::is_quantile;

/// A mean, a histogram, a window or the last numbers, in the unit: what a file says, or many together.
///
/// `Display` is as that of [`Value`]: one line, or `-` of nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Compound {
    /// A sum and a count.
    Mean(Mean),
    /// How often which values were seen.
    Histogram(HistogramTotal),
    /// What was seen in the last seconds.
    Window(WindowTotal),
    /// The last numbers: of one file in their order, then those of the next.
    Recent {
        /// The numbers.
        numbers: Vec<f64>,
        /// Whether all are of one file. Only then one of them is the last.
        is_of_one: bool,
    },
}

/// Two values of several numbers that cannot be one: of different kinds, histograms of different scales, windows of
/// different lengths.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unlike;

impl Compound {
    /// What a value holds. `None` of a number or a text.
    #[must_use]
    pub fn of(value: Value<'_>) -> Option<Self> {
        Some(match value {
            Value::Mean(mean) => Self::Mean(mean),
            Value::Histogram(histogram) => Self::Histogram(histogram.total()),
            Value::Window(window) => Self::Window(window),
            Value::Recent(recent) => Self::Recent { numbers: recent.numbers().collect(), is_of_one: true },
            _ => return None,
        })
    }

    /// Adds what another file has. Histograms of different shapes have the coarser buckets of both from then on,
    /// and no count is lost.
    ///
    /// # Errors
    /// If they cannot be one. Nothing is added then.
    pub fn merge(&mut self, other: &Self) -> Result<(), Unlike> {
        match (self, other) {
            (Self::Mean(all), Self::Mean(more)) => all.merge(more),
            (Self::Histogram(all), Self::Histogram(more)) => all.merge(more).map_err(|_| Unlike)?,
            (Self::Window(all), Self::Window(more)) if all.length() == more.length() => all.merge(more),
            (
                Self::Recent { numbers, is_of_one },
                Self::Recent { numbers: more, is_of_one: is_more_of_one },
            ) => {
                *is_of_one = if numbers.is_empty() { *is_more_of_one } else { *is_of_one && more.is_empty() };
                numbers.extend_from_slice(more);
            }
            _ => return Err(Unlike),
        }
        Ok(())
    }

    /// What was added since `earlier`, an earlier state of the same. Windows and last numbers are what they are now.
    ///
    /// # Errors
    /// If they cannot be two states of one value.
    pub fn since(&self, earlier: &Self) -> Result<Self, Unlike> {
        Ok(match (self, earlier) {
            (Self::Mean(now), Self::Mean(before)) => Self::Mean(Mean {
                sum: if now.count > before.count { now.sum - before.sum } else { 0.0 },
                count: now.count.saturating_sub(before.count),
            }),
            (Self::Histogram(now), Self::Histogram(before))
                if now.scale.to_bits() == before.scale.to_bits() =>
            {
                Self::Histogram(now.since(before))
            }
            (Self::Window(_), Self::Window(_)) | (Self::Recent { .. }, Self::Recent { .. }) => self.clone(),
            _ => return Err(Unlike),
        })
    }

    /// The part of this name, in the unit: see [`Value::parts`]. `None` if there is no such part, or nothing in it.
    #[must_use]
    pub fn part(&self, name: &str) -> Option<Value<'static>> {
        match self {
            Self::Mean(mean) => Value::Mean(*mean).part(name),
            Self::Histogram(total) => total.part(name),
            Self::Window(window) => window.part(name),
            Self::Recent { numbers, is_of_one } => of_recent(numbers, *is_of_one, name),
        }
    }

    /// The numbers that a tool shows where nobody chooses, with their names: see [`Value::parts`].
    #[must_use]
    pub fn parts(&self) -> Vec<Part<'static>> {
        match self {
            Self::Mean(mean) => Value::Mean(*mean).parts().into_iter().map(owned).collect(),
            Self::Histogram(total) => total.parts(),
            Self::Window(window) => window.parts(),
            Self::Recent { .. } => {
                let named = |name| self.part(name).map(|value| (Cow::Borrowed(name), value));
                ["last", "mean", "max"].into_iter().filter_map(named).collect()
            }
        }
    }
}

/// The part without the lifetime of its value: a number borrows nothing.
fn owned((name, value): Part<'_>) -> Part<'static> {
    (
        name,
        match value {
            Value::Unsigned(value) => Value::Unsigned(value),
            other => Value::Double(other.as_f64().unwrap_or(f64::NAN)),
        },
    )
}

/// As the library has it of one file's numbers.
fn of_recent(numbers: &[f64], is_of_one: bool, name: &str) -> Option<Value<'static>> {
    if name == "count" {
        return Some(Value::Unsigned(numbers.len() as u64));
    }
    let last = *numbers.last()?;
    #[allow(clippy::cast_precision_loss)]
    let count = numbers.len() as f64;
    let number = match name {
        "sum" => numbers.iter().sum(),
        "mean" => numbers.iter().sum::<f64>() / count,
        "max" => numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max),
        "min" => numbers.iter().copied().fold(f64::INFINITY, f64::min),
        "last" if is_of_one => last,
        _ if is_quantile(name) => {
            // Divided by 100, 99.9 would be a little more than 0.999, and might be the next rank.
            let q: f64 = format!("{}e-2", &name[1..]).parse().ok()?;
            let mut sorted = numbers.to_vec();
            sorted.sort_by(f64::total_cmp);
            nearest_rank(&sorted, q)?
        }
        _ => return None,
    };
    Some(Value::Double(number))
}

/// The number with the least rank r from 1 on for which r / count is at least `q`.
fn nearest_rank(sorted: &[f64], q: f64) -> Option<f64> {
    #[allow(clippy::cast_precision_loss)]
    let count = sorted.len() as f64;
    #[allow(clippy::cast_precision_loss)]
    let place = (1..=sorted.len()).position(|rank| rank as f64 / count >= q)?;
    sorted.get(place).copied()
}

impl fmt::Display for Compound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Mean(mean) => fmt::Display::fmt(&Value::Mean(*mean), f),
            Self::Histogram(total) => fmt::Display::fmt(total, f),
            Self::Window(window) => fmt::Display::fmt(window, f),
            Self::Recent { numbers, .. } if numbers.is_empty() => f.write_str("-"),
            Self::Recent { numbers, .. } => numbers
                .iter()
                .enumerate()
                .try_for_each(|(place, number)| write!(f, "{}{number:?}", if place == 0 { "" } else { " " })),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(compound: &Compound) -> String {
        let parts: Vec<_> = compound.parts().iter().map(|(name, value)| format!("{name}={value}")).collect();
        parts.join(" ")
    }

    #[test]
    fn means_merge_by_their_counts() {
        let mut all = Compound::Mean(Mean { sum: 1.0, count: 1 });
        let before = all.clone();
        all.merge(&Compound::Mean(Mean { sum: 5.0, count: 2 })).unwrap();
        assert_eq!(shown(&all), "count=3 sum=6.0 mean=2.0");
        assert_eq!(shown(&all.since(&before).unwrap()), "count=2 sum=5.0 mean=2.5");
        assert_eq!(shown(&all.since(&all).unwrap()), "count=0");
    }

    #[test]
    fn the_last_numbers_of_two_files_have_no_last_one() {
        let recent = |numbers: &[f64]| Compound::Recent { numbers: numbers.to_vec(), is_of_one: true };
        let mut all = recent(&[]);
        all.merge(&recent(&[4.0, 2.0])).unwrap();
        assert_eq!(shown(&all), "last=2.0 mean=3.0 max=4.0");
        all.merge(&recent(&[])).unwrap();
        assert_eq!(all.part("last"), Some(Value::Double(2.0)));
        all.merge(&recent(&[9.0])).unwrap();
        assert_eq!((shown(&all), all.to_string()), ("mean=5.0 max=9.0".into(), "4.0 2.0 9.0".into()));
        assert_eq!(all.part("p50"), Some(Value::Double(4.0)));
        assert_eq!(all.part("p99"), Some(Value::Double(9.0)));
        assert_eq!(all.part("rate60"), None);
    }

    #[test]
    fn what_is_unlike_does_not_merge() {
        let mut mean = Compound::Mean(Mean { sum: 1.0, count: 1 });
        let recent = Compound::Recent { numbers: vec![1.0], is_of_one: true };
        assert_eq!(mean.merge(&recent), Err(Unlike));
        assert_eq!(mean.since(&recent), Err(Unlike));
        assert_eq!(shown(&mean), "count=1 sum=1.0 mean=1.0");
    }
}
