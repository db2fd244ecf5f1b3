//! How many there are now, for several threads.

use crate::error::Error;
use crate::format::kind::{DataType, MetricType};
use crate::write::builder::Builder;
use crate::write::description::{self, Data, Description};
use crate::write::field::Spec;
use crate::write::fold::Kind;
use crate::write::model::labelled;
use crate::write::values::shared::Number;

/// An [`UpDown`](crate::UpDown) that several threads update at the same time: tasks, connections, bytes in use. An
/// update is one atomic addition. The file has the same bytes.
///
/// Since all threads count in one place, the value is how many there are. In a forked child it counts from 0, in
/// private memory.
///
/// ```
/// use mmstats::{Options, SharedUpDown};
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let open = Options::new().dir(dir).create_with(|fields| fields.add("open", SharedUpDown::spec()))?;
/// open.add(3);
/// std::thread::scope(|scope| {
///     scope.spawn(|| open.decr());
/// });
/// assert_eq!(open.value(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct SharedUpDown {
    value: Number,
}

crate::write::field::plain_spec!(SharedUpDown, SharedUpDownSpec);

impl Spec for SharedUpDownSpec {
    type Field = SharedUpDown;

    fn document(mut self, doc: &str) -> Self {
        self.about.document(doc);
        self
    }

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<SharedUpDown, Error> {
        let label = labelled(label, name);
        let data = Data::Number(description::Number::eight(DataType::I64, "q", [0; 8]));
        let added =
            builder.place(label, &Description { data, metric: MetricType::Gauge, about: &self.about })?;
        builder.folds(label, Kind::UpDown(added.shared(1)), self.about);
        Ok(SharedUpDown { value: added.shared_number() })
    }
}

impl SharedUpDown {
    /// Adds 1.
    #[inline]
    pub fn incr(&self) {
        self.add(1);
    }

    /// Takes 1 away.
    #[inline]
    pub fn decr(&self) {
        self.add(-1);
    }

    /// Adds `n`, which may be negative. Wraps.
    #[inline]
    pub fn add(&self, n: i64) {
        self.value.add(u64::from_ne_bytes(n.to_ne_bytes()));
    }

    /// Takes `n` away. Wraps.
    #[inline]
    pub fn sub(&self, n: i64) {
        self.add(n.wrapping_neg());
    }

    /// Makes it `value`, whatever the threads have added.
    #[inline]
    pub fn set(&self, value: i64) {
        self.value.set(u64::from_ne_bytes(value.to_ne_bytes()));
    }

    /// How many there are.
    #[inline]
    #[must_use]
    pub fn value(&self) -> i64 {
        i64::from_ne_bytes(self.value.get().to_ne_bytes())
    }
}
