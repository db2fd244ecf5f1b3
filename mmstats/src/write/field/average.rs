//! The mean of all values.

use super::{ShownMean, Spec, mean};
use crate::error::Error;
use crate::format::kind::MetricType;
use crate::write::builder::Builder;
use crate::write::description::{Data, Description, Words};
use crate::write::fold::Kind;
use crate::write::model::labelled;
use crate::write::values::mean::Mean;

/// The mean of all values since the start; 0 before the first. On disk their sum and their count, so that the
/// means of several files become one as if all values had been added to one; in version 1 `d`, two buffers.
///
/// ```
/// use mmstats::{Average, Options};
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let size = Options::new().dir(dir).create_with(|fields| fields.add("size", Average::spec()))?;
/// size.add(1.0);
/// size.add(4.0);
/// assert_eq!((size.value(), size.count()), (2.5, 2));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Average {
    value: Mean,
    shown: ShownMean,
}

super::plain_spec!(Average, AverageSpec);

impl Spec for AverageSpec {
    type Field = Average;

    fn document(mut self, doc: &str) -> Self {
        self.about.document(doc);
        self
    }

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<Average, Error> {
        let label = labelled(label, name);
        let data = Data::Words(Words::Mean);
        let added =
            builder.place(label, &Description { data, metric: MetricType::Mean, about: &self.about })?;
        builder.folds(label, Kind::Mean(added.shared(Mean::SIZE / 8)), self.about);
        let (value, shown) = added.words(Mean::new);
        Ok(Average { value, shown: ShownMean(shown) })
    }
}

impl Average {
    /// Adds a value.
    #[inline]
    pub fn add(&self, value: f64) {
        self.value.add(value);
        self.shown.show(|| self.value());
    }

    /// Takes over `count` values whose sum is `sum`.
    pub(crate) fn merge(&self, sum: f64, count: u64) {
        self.value.merge(sum, count);
        self.shown.show(|| self.value());
    }

    /// The mean, 0 where nothing was added.
    #[inline]
    #[must_use]
    pub fn value(&self) -> f64 {
        mean(self.value.sum(), self.value.count())
    }

    /// How many values were added.
    #[inline]
    #[must_use]
    pub fn count(&self) -> u64 {
        self.value.count()
    }
}
