//! What the values of a field of version 2 have in common, in all files of one class.

use figures::part;
use mmstats::format::kind::DataType;
use mmstats::{FollowedField, MergeRule, MetricType, Value};

/// Files of one class have values that can become one.
#[derive(Clone, Debug)]
pub(crate) struct Class {
    pub(crate) kind: MetricType,
    /// How gauges become one.
    rule: Option<MergeRule>,
    /// Whether the column shows what was added, and not the value.
    pub(crate) is_change: bool,
    /// Of a window: its length.
    length: Option<u32>,
    pub(crate) unit: Option<String>,
    /// Of a histogram: what its raw values are multiplied with.
    pub(crate) scale: f64,
    /// Whether a file's raw numbers are not in the unit.
    is_scaled: bool,
}

impl Class {
    /// The class of a field. `None` if the file does not say what it means, as in version 1. `is_gauge` is what the
    /// command line says of it.
    pub(crate) fn of(field: &FollowedField<'_>, is_gauge: bool) -> Option<Self> {
        let data = field.data_type()?;
        let kind = match (field.kind(), data) {
            // The type says it all.
            (_, DataType::Mean) => MetricType::Mean,
            (_, DataType::Histogram) => MetricType::Histogram,
            (_, DataType::Window) => MetricType::Window,
            (_, DataType::Recent) => MetricType::Recent,
            (MetricType::Unknown, _) => return None,
            (kind, _) => kind,
        };
        let is_change =
            !is_gauge && matches!(kind, MetricType::Counter | MetricType::Mean | MetricType::Histogram);
        let length = length_of(field);
        let rule = (kind == MetricType::Gauge).then(|| field.merge().unwrap_or(MergeRule::Sum));
        let is_scaled = field.scale() != 1.0;
        let scale = if kind == MetricType::Histogram { field.scale() } else { 1.0 };
        let unit = field.unit().map(str::to_owned);
        Some(Self { kind, rule, is_change, length, unit, scale, is_scaled })
    }

    /// The number of this class among those that a column has. A new one is added.
    pub(crate) fn intern(self, classes: &mut Vec<Self>) -> usize {
        match classes.iter().position(|known| known.is_like(&self)) {
            Some(number) => {
                let known = &mut classes[number];
                // Numbers are added up in the unit.
                known.is_scaled |= self.is_scaled;
                known.unit = known.unit.take().or(self.unit);
                number
            }
            None => {
                classes.push(self);
                classes.len() - 1
            }
        }
    }

    /// Whether their values can become one. Those without a unit are in that of the others, as while a release that
    /// has a unit replaces one that has none; unless only some are multiplied with something.
    fn is_like(&self, other: &Self) -> bool {
        let key =
            |class: &Self| (class.kind, class.rule, class.is_change, class.length, class.scale.to_bits());
        let is_in_one_unit = match (&self.unit, &other.unit) {
            (Some(one), Some(other)) => one == other,
            (None, None) => true,
            _ => self.is_scaled == other.is_scaled,
        };
        key(self) == key(other) && is_in_one_unit
    }

    /// Whether its values are numbers in the unit, as those of files that say nothing about them.
    pub(crate) fn takes_unknown(&self) -> bool {
        !self.is_compound() && !self.is_scaled
    }

    pub(crate) fn is_compound(&self) -> bool {
        use MetricType::{Histogram, Mean, Recent, Window};
        matches!(self.kind, Mean | Histogram | Window | Recent)
    }

    /// Why a value of this class cannot be one with those of another.
    pub(crate) fn unlike(&self, other: &Self) -> String {
        let unit = |class: &Self| {
            class.unit.as_ref().map_or("without a unit".to_owned(), |unit| format!("in {unit}"))
        };
        let rule = |class: &Self| class.rule.map_or(String::new(), |rule| format!("merged by {rule}"));
        let length =
            |class: &Self| class.length.map_or(String::new(), |length| format!("of {length} seconds"));
        let pairs = [
            (self.name(), other.name()),
            (unit(self), unit(other)),
            (rule(self), rule(other)),
            (length(self), length(other)),
            (format!("of scale {:?}", self.scale), format!("of scale {:?}", other.scale)),
        ];
        let (here, there) = pairs.into_iter().find(|(here, there)| here != there).unwrap_or_default();
        format!("{here} here and {there} elsewhere")
    }

    /// Why a value of which nothing is known cannot be one with those of this class.
    pub(crate) fn unlike_unknown(&self) -> String {
        if self.is_compound() {
            return format!("a number here and {} elsewhere", self.name());
        }
        "a number of unknown scale here and another elsewhere".to_owned()
    }

    fn name(&self) -> String {
        if self.kind == MetricType::Info { "info".to_owned() } else { format!("a {}", self.kind) }
    }
}

/// Whether values of a field have a part of this name.
pub(crate) fn has_part(field: &FollowedField<'_>, name: &str) -> bool {
    field.data_type().is_some_and(|data| part::belongs(name, data, length_of(field)))
}

/// Over how many seconds a window goes.
fn length_of(field: &FollowedField<'_>) -> Option<u32> {
    match field.value() {
        Some(Value::Window(window)) => Some(window.length()),
        _ => None,
    }
}
