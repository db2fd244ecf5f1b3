//! A number that only goes up, for several threads.

use crate::error::Error;
use crate::format::kind::{DataType, MetricType};
use crate::write::builder::Builder;
use crate::write::description::{self, Data, Description};
use crate::write::field::Spec;
use crate::write::fold::Kind;
use crate::write::model::labelled;
use crate::write::values::shared::Number;

/// A [`Counter`](crate::Counter) that several threads update at the same time, in one field of one file: an update is
/// one atomic addition. The file has the same bytes.
///
/// An update takes as long as one of an `AtomicU64`: about ten times that of a [`Counter`](crate::Counter), and longer
/// where threads update it all the time. See [`crate::guide::sharing`] for which to take. In a forked child it counts from 0, in private
/// memory.
///
/// ```
/// use std::thread;
///
/// use mmstats::{Options, SharedCounter, stats};
///
/// stats! {
///     struct Web {
///         /// Requests answered.
///         hits: SharedCounter,
///     }
/// }
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let web = Options::new().dir(dir).create::<Web>()?;
/// thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(|| web.hits.incr());
///     }
/// });
/// assert_eq!(web.hits.value(), 4);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SharedCounter {
    value: Number,
}

crate::write::field::plain_spec!(SharedCounter, SharedCounterSpec);

impl Spec for SharedCounterSpec {
    type Field = SharedCounter;

    fn document(mut self, doc: &str) -> Self {
        self.about.document(doc);
        self
    }

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<SharedCounter, Error> {
        let label = labelled(label, name);
        let data = Data::Number(description::Number::eight(DataType::U64, "Q", [0; 8]));
        let added =
            builder.place(label, &Description { data, metric: MetricType::Counter, about: &self.about })?;
        builder.folds(label, Kind::Counter(added.shared(1)), self.about);
        Ok(SharedCounter { value: added.shared_number() })
    }
}

impl SharedCounter {
    /// Adds 1.
    #[inline]
    pub fn incr(&self) {
        self.add(1);
    }

    /// Adds `n`. Wraps.
    #[inline]
    pub fn add(&self, n: u64) {
        self.value.add(n);
    }

    /// Makes it `value` if it is less, for a program that takes its count from somewhere else.
    #[inline]
    pub fn raise(&self, value: u64) {
        self.value.raise(value);
    }

    /// What all threads have counted.
    #[inline]
    #[must_use]
    pub fn value(&self) -> u64 {
        self.value.get()
    }
}
