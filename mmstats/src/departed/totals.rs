//! What the files of a command have counted, by label.

use std::collections::BTreeMap;

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

/// All of them.
#[derive(Debug, Default)]
pub(super) struct Totals(BTreeMap<String, Field>);

impl Totals {
    /// Adds what a file has counted, and gives the labels whose counts cannot be added to those that are there.
    pub(super) fn add(&mut self, snapshot: &Snapshot) -> Vec<String> {
        let mut unlike = Vec::new();
        for field in snapshot.fields().filter_map(Result::ok) {
            let (Some(count), Ok(label)) = (count(&field), std::str::from_utf8(field.label())) else {
                continue;
            };
            let items = items(&field, &count);
            let Some(all) = self.0.get_mut(label) else {
                self.0.insert(label.to_owned(), Field { count, items });
                continue;
            };
            if all.is_like(&items) && all.count.add(&count) {
                // What the last one says of it.
                all.items = items;
            } else {
                unlike.push(label.to_owned());
            }
        }
        unlike
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
    fn is_like(&self, other: &Items) -> bool {
        self.items.unit == other.unit && self.items.scale == other.scale
    }
}

impl Count {
    /// False if one of them is something else.
    fn add(&mut self, other: &Self) -> bool {
        match (self, other) {
            (Self::Unsigned(all), Self::Unsigned(more)) => *all = all.saturating_add(*more),
            (Self::Signed(all), Self::Signed(more)) => *all = all.saturating_add(*more),
            (Self::Float(all), Self::Float(more)) => *all += more,
            (Self::Mean(all), Self::Mean(more)) => all.merge(more),
            (Self::Histogram(all), Self::Histogram(more)) => all.merge(more),
            _ => return false,
        }
        true
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
