//! A value with all that its file says of it, and which file that is.

use mmstats::{FollowedField, Meaning, MergeRule, MetricType, Snapshot, SnapshotField, Value};

/// The file that a value is from.
#[derive(Clone, Copy, Debug)]
pub struct Source {
    /// The caller's number for it.
    pub file: usize,
    /// Whether its writer may still live. Gauges of the dead do not count where values are merged by their kinds.
    pub is_alive: bool,
    /// When it was made, in seconds since 1970; 0 if nobody knows. The latest gauge is that of the newest file.
    pub created: f64,
}

impl Source {
    /// Of the file in a snapshot.
    #[must_use]
    pub fn of(file: usize, snapshot: &Snapshot, is_alive: bool) -> Self {
        let created = snapshot.find("sys.created").and_then(|field| field.value_in_unit().as_f64());
        Self { file, is_alive, created: created.unwrap_or_default() }
    }
}

impl From<usize> for Source {
    /// A file of a writer that may live, of which nothing else is known.
    fn from(file: usize) -> Self {
        Self { file, is_alive: true, created: 0.0 }
    }
}

/// A value in its unit, and what the field says of it.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    /// The value, in the unit.
    pub value: Value<'a>,
    /// What it means.
    pub kind: MetricType,
    /// How gauges become one, if the field says so.
    pub merge: Option<MergeRule>,
    /// What it is in.
    pub unit: Option<&'a str>,
    /// What the field is.
    pub help: Option<&'a str>,
    /// What the raw number was multiplied with.
    pub scale: f64,
}

impl<'a> Sample<'a> {
    /// A value of which nothing is said, as in a file of version 1.
    #[must_use]
    pub fn unknown(value: Value<'a>) -> Self {
        Self { value, kind: MetricType::Unknown, merge: None, unit: None, help: None, scale: 1.0 }
    }

    /// What a field of a snapshot says.
    #[must_use]
    pub fn of(field: &SnapshotField<'a>) -> Self {
        if field.data_type().is_none() {
            return Self::unknown(field.value());
        }
        Self::meaning(field.value(), field)
    }

    /// What a field of a followed file says. `None` if the value has changed faster than it could be read.
    #[must_use]
    pub fn followed(field: &FollowedField<'a>) -> Option<Self> {
        Some(Self::meaning(field.value()?, field))
    }

    fn meaning(value: Value<'a>, meaning: &Meaning<'a>) -> Self {
        let scale = meaning.scale();
        Self {
            value: value.in_unit(scale),
            kind: meaning.kind(),
            merge: meaning.merge(),
            unit: meaning.unit(),
            help: meaning.help(),
            scale,
        }
    }

    /// A part of it, such as `p99`: a number of unknown kind. Counts and rates are not in the field's unit.
    #[must_use]
    pub fn of_part(self, name: &str, value: Value<'a>) -> Self {
        let is_of_unit = !name.starts_with("count") && !name.starts_with("rate");
        Self {
            value,
            kind: MetricType::Gauge,
            merge: None,
            unit: self.unit.filter(|_| is_of_unit),
            scale: 1.0,
            ..self
        }
    }
}
