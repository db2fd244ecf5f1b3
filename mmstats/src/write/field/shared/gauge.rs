//! A number that goes up and down, for several threads.

use crate::error::Error;
use crate::format::kind::{DataType, MetricType};
use crate::write::about::About;
use crate::write::builder::Builder;
use crate::write::description::{self, Data, Description};
use crate::write::field::Spec;
use crate::write::model::labelled;
use crate::write::values::shared::Number;

/// A [`Gauge<f64>`](crate::Gauge) that several threads update at the same time. The file has the same bytes.
///
/// To set it is one atomic store: of several threads that set it, the last wins. An addition is a compare-and-exchange,
/// tried again where another thread came first. What is only counted is better off in a
/// [`SharedUpDown`](crate::SharedUpDown). In a forked child it begins with 0, in private memory.
///
/// ```
/// use mmstats::{Options, SharedGauge};
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let spec = SharedGauge::spec().unit("celsius").initial(20.0);
/// let oven = Options::new().dir(dir).create_with(|fields| fields.add("oven", spec))?;
/// std::thread::scope(|scope| {
///     scope.spawn(|| oven.add(1.5));
///     scope.spawn(|| oven.add(-0.5));
/// });
/// assert_eq!(oven.value(), 21.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SharedGauge {
    value: Number,
}

/// What can be chosen for a [`SharedGauge`].
#[derive(Clone, Debug, Default)]
pub struct SharedGaugeSpec {
    initial: f64,
    about: About,
}

impl SharedGaugeSpec {
    crate::write::about::described!();
    crate::write::about::merged!();

    /// The first value. Default: 0.
    #[must_use]
    pub fn initial(mut self, initial: f64) -> Self {
        self.initial = initial;
        self
    }
}

impl Spec for SharedGaugeSpec {
    type Field = SharedGauge;

    fn document(mut self, doc: &str) -> Self {
        self.about.document(doc);
        self
    }

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<SharedGauge, Error> {
        let data = Data::Number(description::Number::eight(DataType::F64, "d", self.initial.to_ne_bytes()));
        let field = Description { data, metric: MetricType::Gauge, about: &self.about };
        let added = builder.place(labelled(label, name), &field)?;
        Ok(SharedGauge { value: added.shared_number() })
    }
}

crate::write::field::spec_of!(SharedGauge, SharedGaugeSpec);

impl SharedGauge {
    /// Makes it `value`.
    #[inline]
    pub fn set(&self, value: f64) {
        self.value.set(value.to_bits());
    }

    /// Adds `n`.
    #[inline]
    pub fn add(&self, n: f64) {
        self.value.add_f64(n);
    }

    /// Takes `n` away.
    #[inline]
    pub fn sub(&self, n: f64) {
        self.add(-n);
    }

    /// Adds 1.
    #[inline]
    pub fn incr(&self) {
        self.add(1.0);
    }

    /// Takes 1 away.
    #[inline]
    pub fn decr(&self) {
        self.add(-1.0);
    }

    /// What it is now.
    #[inline]
    #[must_use]
    pub fn value(&self) -> f64 {
        f64::from_bits(self.value.get())
    }
}
