//! What a field says of itself, as its reader sees it.

use std::fmt;

use super::about::Said;
use crate::format::kind::{DataType, MergeRule, MetricType};

/// What a field says of itself: a [`SnapshotField`](crate::SnapshotField) and a
/// [`FollowedField`](crate::FollowedField) dereference to it.
///
/// What a file of version 1 does not say is absent: its fields are of an unknown kind, have no unit and no help,
/// and a scale of 1.
#[derive(Clone, Copy)]
pub struct Meaning<'a> {
    data: Option<DataType>,
    kind: MetricType,
    said: Said<'a>,
}

impl<'a> Meaning<'a> {
    /// Of a field of version 1.
    pub(super) const NONE: Self = Self { data: None, kind: MetricType::Unknown, said: Said(&[]) };

    pub(super) fn new(data: DataType, kind: MetricType, said: Said<'a>) -> Self {
        Self { data: Some(data), kind, said }
    }

    /// What the value is made of; `None` in version 1.
    #[must_use]
    pub fn data_type(&self) -> Option<DataType> {
        self.data
    }

    /// What the value means.
    #[must_use]
    pub fn kind(&self) -> MetricType {
        self.kind
    }

    /// What the value is in: 1 to 63 graphic characters of ASCII, such as `seconds`.
    #[must_use]
    pub fn unit(&self) -> Option<&'a str> {
        self.said.unit()
    }

    /// What the field is, in one line without control characters.
    #[must_use]
    pub fn help(&self) -> Option<&'a str> {
        self.said.help()
    }

    /// How gauges of several files become one, if the field says so.
    #[must_use]
    pub fn merge(&self) -> Option<MergeRule> {
        self.said.merge()
    }

    /// What a number is multiplied with to be in the unit: above 0, and 1 if nothing is said. Values of several
    /// numbers are in the unit already.
    #[must_use]
    pub fn scale(&self) -> f64 {
        self.said.scale()
    }

    /// Which quantiles of a histogram to show, each from 0 to 1. Empty: the reader's own choice.
    #[must_use]
    pub fn quantiles(&self) -> Vec<f64> {
        self.said.quantiles()
    }

    /// The name of the model that the field is of.
    #[must_use]
    pub fn model(&self) -> Option<&'a str> {
        self.said.model()
    }
}

impl fmt::Debug for Meaning<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meaning")
            .field("data_type", &self.data_type())
            .field("kind", &self.kind())
            .field("unit", &self.unit())
            .field("help", &self.help())
            .field("merge", &self.merge())
            .field("scale", &self.scale())
            .field("quantiles", &self.quantiles())
            .field("model", &self.model())
            .finish()
    }
}
