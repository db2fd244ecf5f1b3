//! What the files of a command have counted, by label.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;
use std::mem::discriminant;
use std::path::Path;

use super::name::DEPARTED_LABEL;
use crate::format::histogram::Histogram;
use crate::format::image::{Description, Image};
use crate::format::item::Items;
use crate::format::kind::{DataType, MergeRule, MetricType};
use crate::format::labels::VERSION_LABEL;
use crate::format::mean::Mean;
use crate::format::place::Full;
use crate::format::value::Value;
use crate::read::{Snapshot, SnapshotField};
use crate::write::fold::FOLDED_LABEL;

/// What a field has counted.
#[derive(Clone, Debug, PartialEq)]
enum Count {
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    /// In the unit.
    Mean(Mean),
    Histogram(Histogram),
}

#[derive(Debug)]
struct Field {
    count: Count,
    items: Items,
}

/// A label whose counts do not add up.
#[derive(Debug)]
pub(super) struct Unlike {
    label: String,
    /// What of it is another.
    another: &'static str,
}

impl Unlike {
    /// In which file it is something else.
    pub(super) fn within(&self, path: &Path) -> io::Error {
        let Self { label, another } = self;
        io::Error::other(format!("{label} is something else in {}: another {another}", path.display()))
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Totals(BTreeMap<String, Field>);

impl Totals {
    /// What a file has counted.
    ///
    /// # Errors
    /// One label is two things in it.
    pub(super) fn of(snapshot: &Snapshot) -> Result<Self, Unlike> {
        let mut totals = Self::default();
        for field in snapshot.fields().filter_map(Result::ok) {
            let (Some(count), Ok(label)) = (count(&field), std::str::from_utf8(field.label())) else {
                continue;
            };
            let items = items(&field, &count);
            totals.add(Self(BTreeMap::from([(label.to_owned(), Field { count, items })])))?;
        }
        Ok(totals)
    }

    /// Adds what another file has counted: all of it, or nothing.
    ///
    /// # Errors
    /// A count is something else here, so that they do not add up.
    pub(super) fn add(&mut self, more: Self) -> Result<(), Unlike> {
        for (label, field) in &more.0 {
            // Nothing is lost with what has counted nothing.
            let unlike =
                self.0.get(label).filter(|_| !field.count.is_zero()).and_then(|all| all.unlike(field));
            if let Some(another) = unlike {
                return Err(Unlike { label: label.clone(), another });
            }
        }
        for (label, field) in more.0 {
            match self.0.entry(label) {
                Entry::Vacant(vacant) => {
                    vacant.insert(field);
                }
                Entry::Occupied(all) => all.into_mut().add(field),
            }
        }
        Ok(())
    }

    /// Whether nothing was counted.
    pub(super) fn is_zero(&self) -> bool {
        self.0.values().all(|field| field.count.is_zero())
    }

    /// A file of version 2 that says all this, which files it holds, and the number of its state.
    pub(super) fn image(&self, list: &str, state: u64) -> Result<Vec<u8>, Full> {
        let mut image = Image::new();
        for (label, text) in [(VERSION_LABEL, env!("CARGO_PKG_VERSION")), (DEPARTED_LABEL, list)] {
            let (data, metric) = (DataType::FixedText, MetricType::Info);
            image.add(&Description { label, data, metric, items: Items::default() }, text.as_bytes())?;
        }
        // The same kind as in the files of threads, so that a merge of all files has nothing to complain of.
        let (label, data, metric) = (FOLDED_LABEL, DataType::U64, MetricType::Gauge);
        let items = Items { merge: Some(MergeRule::None), ..Items::default() };
        image.add(&Description { label, data, metric, items }, &state.to_ne_bytes())?;
        for (label, Field { count, items }) in &self.0 {
            let (data, metric, value) = count.encode();
            image.add(&Description { label, data, metric, items: items.clone() }, &value)?;
        }
        Ok(image.finish())
    }
}

impl Field {
    /// What of it is another in the other one, so that they do not add up. A unit that only one of them has is that
    /// of both: a release may begin to say it.
    fn unlike(&self, other: &Self) -> Option<&'static str> {
        let (one, two) = (self.count.kind(), other.count.kind());
        let has_two_units = self.items.unit.is_some() && other.items.unit.is_some();
        if one != two {
            Some("kind")
        } else if discriminant(&self.count) != discriminant(&other.count) {
            Some("type")
        } else if has_two_units && self.items.unit != other.items.unit {
            Some("unit")
        } else if self.items.scale != other.items.scale {
            Some("scale")
        } else {
            None
        }
    }

    /// Adds another one, unless it is something else.
    fn add(&mut self, other: Self) {
        if self.unlike(&other).is_some() {
            return;
        }
        self.count.add(&other.count);
        // What the last one says of it.
        let unit = other.items.unit.or_else(|| self.items.unit.take());
        self.items = Items { unit, ..other.items };
    }
}

impl Count {
    fn kind(&self) -> MetricType {
        match self {
            Self::Unsigned(_) | Self::Signed(_) | Self::Float(_) => MetricType::Counter,
            Self::Mean(_) => MetricType::Mean,
            Self::Histogram(_) => MetricType::Histogram,
        }
    }

    /// Adds another one of the same type.
    fn add(&mut self, other: &Self) {
        match (self, other) {
            (Self::Unsigned(all), Self::Unsigned(more)) => *all = all.saturating_add(*more),
            (Self::Signed(all), Self::Signed(more)) => *all = all.saturating_add(*more),
            (Self::Float(all), Self::Float(more)) => *all += more,
            (Self::Mean(all), Self::Mean(more)) => all.merge(more),
            (Self::Histogram(all), Self::Histogram(more)) => all.merge(more),
            _ => {}
        }
    }

    fn is_zero(&self) -> bool {
        match self {
            Self::Unsigned(count) => *count == 0,
            Self::Signed(count) => *count == 0,
            Self::Float(count) => *count == 0.0,
            Self::Mean(mean) => mean.count == 0,
            Self::Histogram(histogram) => histogram.count() == 0,
        }
    }

    fn encode(&self) -> (DataType, MetricType, Vec<u8>) {
        let counter = |data, bytes: [u8; 8]| (data, MetricType::Counter, bytes.to_vec());
        match self {
            Self::Unsigned(count) => counter(DataType::U64, count.to_ne_bytes()),
            Self::Signed(count) => counter(DataType::I64, count.to_ne_bytes()),
            Self::Float(count) => counter(DataType::F64, count.to_ne_bytes()),
            Self::Mean(mean) => (DataType::Mean, MetricType::Mean, mean.encode()),
            Self::Histogram(histogram) => (DataType::Histogram, MetricType::Histogram, histogram.encode()),
        }
    }
}

/// What a field has counted. `None` of what ends with its writer: a gauge, a text.
fn count(field: &SnapshotField<'_>) -> Option<Count> {
    Some(match (field.kind(), field.value()) {
        (MetricType::Counter, Value::Unsigned(count)) => Count::Unsigned(count),
        (MetricType::Counter, Value::Signed(count)) => Count::Signed(count),
        (MetricType::Counter, number) => Count::Float(number.as_f64()?),
        (_, Value::Mean(mean)) => Count::Mean(mean),
        (_, Value::Histogram(histogram)) => Count::Histogram(histogram.total().histogram),
        _ => return None,
    })
}

/// What is said of it. A mean is in its unit already.
fn items(field: &SnapshotField<'_>, count: &Count) -> Items {
    let is_in_unit = matches!(count, Count::Mean(_));
    Items {
        unit: field.unit().map(str::to_owned),
        help: field.help().map(str::to_owned),
        merge: None,
        scale: Some(field.scale()).filter(|scale| *scale != 1.0 && !is_in_unit),
        quantiles: field.quantiles(),
        model: field.model().map(str::to_owned),
    }
}
