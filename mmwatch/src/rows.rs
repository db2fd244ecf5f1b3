//! What is shown of a file: a row for each number, and a few for a value of several numbers.

use cli::Labels;
use figures::{Compound, Outcome, part};
use mmstats::format::histogram::{Histogram, Shape};
use mmstats::{DataType, Followed, FollowedField, HistogramTotal, Value};

/// What is shown under one label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row {
    pub(crate) label: Vec<u8>,
    /// Which of the file's fields it is of.
    field: usize,
    /// Which part of its value; empty: the value itself.
    part: String,
}

/// What is known of a row.
#[derive(Clone, Debug, Default)]
pub(crate) enum Held {
    /// No look could tell yet.
    #[default]
    Unknown,
    /// There is no such number now: nothing was recorded.
    Nothing,
    Value(Outcome),
}

impl Held {
    /// The value, if there is one.
    pub(crate) fn value(&self) -> Option<&Outcome> {
        match self {
            Self::Value(outcome) => Some(outcome),
            Self::Unknown | Self::Nothing => None,
        }
    }

    /// Whether two look the same: NaN and NaN do.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Value(a), Self::Value(b)) => match (a, b) {
                (Outcome::Float(a), Outcome::Float(b)) => a.to_bits() == b.to_bits(),
                (Outcome::Double(a), Outcome::Double(b)) => a.to_bits() == b.to_bits(),
                _ => a == b,
            },
            (Self::Unknown, Self::Unknown) | (Self::Nothing, Self::Nothing) => true,
            _ => false,
        }
    }
}

/// Whether some row of a field of this label may be wanted.
pub(crate) fn may_be_wanted(labels: &Labels, label: &[u8]) -> bool {
    labels.want(label) || asked_for(labels, label).next().is_some()
}

/// The parts that a prefix names, or begins to name.
fn asked_for<'a>(labels: &'a Labels, label: &'a [u8]) -> impl Iterator<Item = &'a str> {
    let prefixes = labels.prefixes.iter().map(|prefix| prefix.as_encoded_bytes());
    prefixes
        .filter_map(move |prefix| std::str::from_utf8(prefix.strip_prefix(label)?.strip_prefix(b":")?).ok())
}

/// The rows of a file.
pub(crate) fn rows(file: &Followed, labels: &Labels) -> Vec<Row> {
    let mut rows = Vec::new();
    for (number, field) in file.fields().enumerate() {
        if !is_compound(&field) {
            if labels.want(field.label()) {
                rows.push(Row { label: field.label().to_vec(), field: number, part: String::new() });
            }
            continue;
        }
        for part in parts(&field, labels) {
            let label = part::derived(field.label(), &part);
            if labels.want(&label) {
                rows.push(Row { label, field: number, part });
            }
        }
    }
    rows
}

/// Whether these are the rows of a file that shows every value as it is.
pub(crate) fn are_plain(file: &Followed, labels: &Labels, rows: &[Row]) -> bool {
    let mut rows = rows.iter();
    let are_same =
        file.fields().enumerate().filter(|(_, field)| labels.want(field.label())).all(|(number, field)| {
            let row = rows.next();
            row.is_some_and(|row| row.field == number && row.part.is_empty() && row.label == field.label())
        });
    are_same && rows.next().is_none() && !file.fields().any(|field| is_compound(&field))
}

fn is_compound(field: &FollowedField<'_>) -> bool {
    use DataType::{Histogram, Mean, Recent, Window};
    matches!(field.data_type(), Some(Mean | Histogram | Window | Recent))
}

/// A few numbers that tell what happens, and those that were asked for.
fn parts(field: &FollowedField<'_>, labels: &Labels) -> Vec<String> {
    let (mut parts, mut seconds) = (Vec::new(), None);
    let data = field.data_type();
    match data {
        Some(DataType::Mean) => parts.extend(["count", "mean"].map(str::to_owned)),
        Some(DataType::Histogram) => {
            parts.push("count".to_owned());
            parts.extend(percentiles(field.quantiles()));
            parts.push("max".to_owned());
        }
        Some(DataType::Window) => {
            if let Some(Value::Window(window)) = field.value() {
                seconds = Some(window.length());
                parts.extend(["rate", "mean", "max"].map(|name| format!("{name}{}", window.length())));
            }
        }
        Some(DataType::Recent) => parts.push("last".to_owned()),
        _ => {}
    }
    for name in asked_for(labels, field.label()) {
        let has = data.is_some_and(|data| part::belongs(name, data, seconds));
        if has && !parts.iter().any(|part| part == name) {
            parts.push(name.to_owned());
        }
    }
    parts
}

/// The names of the percentiles that a field shows, or of two that say most.
fn percentiles(quantiles: Vec<f64>) -> Vec<String> {
    if quantiles.is_empty() {
        return ["p50", "p99"].map(str::to_owned).to_vec();
    }
    // Only of something there are percentiles.
    let mut histogram = Histogram::new(Shape::default());
    histogram.record(1);
    let parts = HistogramTotal::new(histogram, quantiles, 1.0).parts();
    parts.into_iter().map(|(name, _)| name.into_owned()).filter(|name| part::is_quantile(name)).collect()
}

/// What is in the rows of a file, in their order.
pub(crate) fn held<'a>(file: &'a Followed, rows: &'a [Row]) -> impl Iterator<Item = Held> + 'a {
    // The value of several numbers that the row before was of.
    let mut last: Option<(usize, Option<Compound>)> = None;
    rows.iter().map(move |row| {
        let field = file.field(row.field);
        if row.part.is_empty() {
            return field.value_in_unit().map_or(Held::Unknown, |value| Held::Value(value.into()));
        }
        if last.as_ref().is_none_or(|(number, _)| *number != row.field) {
            last = Some((row.field, field.value().and_then(Compound::of)));
        }
        match last.as_ref().and_then(|(_, compound)| compound.as_ref()) {
            None => Held::Unknown,
            Some(compound) => {
                compound.part(&row.part).map_or(Held::Nothing, |value| Held::Value(value.into()))
            }
        }
    })
}
