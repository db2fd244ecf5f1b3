//! Stats files of version 2, made field by field.

use std::fs;
use std::path::{Path, PathBuf};

use mmstats::format::histogram::{Histogram, Shape};
use mmstats::format::image::{Description, Image};
use mmstats::format::item::Items;
use mmstats::format::kind::{DataType, MergeRule, MetricType};
use mmstats::format::mean::Mean;
use mmstats::format::recent;
use mmstats::format::window::{self, Slot};
use mmstats::{FOLD_LABEL, FOLDED_LABEL};

/// A file of version 2 in the making.
#[derive(Default)]
pub struct Fields {
    image: Image,
    is_dead: bool,
}

/// What a field says besides its types: its unit.
pub fn unit(unit: &str) -> Items {
    Items { unit: Some(unit.to_owned()), ..Items::default() }
}

/// The rule by which gauges of several files become one.
pub fn rule(rule: MergeRule) -> Items {
    Items { merge: Some(rule), ..Items::default() }
}

/// A count of nanoseconds, shown in seconds.
pub fn nanoseconds() -> Items {
    Items { scale: Some(1e-9), ..unit("seconds") }
}

/// The value of a histogram of this precision and range, in which these values were recorded.
///
/// # Panics
/// If there is no such shape.
pub fn histogram(shape: (u32, u32), values: impl IntoIterator<Item = u64>) -> Vec<u8> {
    let mut histogram = Histogram::new(Shape::new(shape.0, shape.1).unwrap());
    values.into_iter().for_each(|value| histogram.record(value));
    histogram.encode()
}

impl Fields {
    /// A file without fields.
    pub fn new() -> Self {
        Self::default()
    }

    /// The beginning of a file whose counts move: that of thread `tid`, or with 0 that of its process. `folded` is the
    /// number of the fold.
    pub fn of_thread(tid: u32, folded: u64) -> Self {
        let this = Self::new().name("sys.pid", 7).name("sys.tid", tid).name(FOLD_LABEL, 5);
        this.field(FOLDED_LABEL, DataType::U64, MetricType::Gauge, Items::default(), &folded.to_ne_bytes())
    }

    /// One more field.
    ///
    /// # Panics
    /// If the label is there already, or the value does not fit the types.
    pub fn field(
        mut self,
        label: &str,
        data: DataType,
        metric: MetricType,
        items: Items,
        value: &[u8],
    ) -> Self {
        self.image.add(&Description { label, data, metric, items }, value).unwrap();
        self
    }

    /// A counter of whole numbers.
    pub fn counter(self, label: &str, value: u64) -> Self {
        self.field(label, DataType::U64, MetricType::Counter, Items::default(), &value.to_ne_bytes())
    }

    /// A gauge of floating-point numbers.
    pub fn gauge(self, label: &str, items: Items, value: f64) -> Self {
        self.field(label, DataType::F64, MetricType::Gauge, items, &value.to_ne_bytes())
    }

    /// A moment, in seconds since 1970.
    pub fn timestamp(self, label: &str, seconds: f64) -> Self {
        self.field(label, DataType::F64, MetricType::Timestamp, unit("seconds"), &seconds.to_ne_bytes())
    }

    /// A number that names something.
    pub fn name(self, label: &str, number: u32) -> Self {
        self.field(label, DataType::U32, MetricType::Info, Items::default(), &number.to_ne_bytes())
    }

    /// Text that does not change.
    pub fn text(self, label: &str, text: &str) -> Self {
        self.field(label, DataType::FixedText, MetricType::Info, Items::default(), text.as_bytes())
    }

    /// The mean of `count` numbers with this sum.
    pub fn mean(self, label: &str, sum: f64, count: u64) -> Self {
        let value = Mean { sum, count }.encode();
        self.field(label, DataType::Mean, MetricType::Mean, Items::default(), &value)
    }

    /// The last numbers, the oldest first.
    pub fn recent(self, label: &str, numbers: &[f64]) -> Self {
        let value = recent::encode(numbers, numbers.len().max(1));
        self.field(label, DataType::Recent, MetricType::Recent, Items::default(), &value)
    }

    /// A histogram, as [`histogram`] makes its value.
    pub fn histogram(self, label: &str, items: Items, value: &[u8]) -> Self {
        self.field(label, DataType::Histogram, MetricType::Histogram, items, value)
    }

    /// A window of these seconds. All numbers were added in the second in which it is made.
    ///
    /// # Panics
    /// If there is no clock.
    pub fn window(self, label: &str, seconds: u32, numbers: &[f64]) -> Self {
        let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC).unwrap();
        let stamp = window::stamp(now.into());
        let mut slot = Slot { stamp, ..Slot::default() };
        numbers.iter().for_each(|&number| slot.add(number));
        self.field(
            label,
            DataType::Window,
            MetricType::Window,
            unit("seconds"),
            &window::encode(&[slot], seconds),
        )
    }

    /// Says that this library wrote it: as nobody holds its lock, its writer is dead.
    pub fn dead(mut self) -> Self {
        self.is_dead = true;
        self.text(mmstats::VERSION_LABEL, "0.1.0")
    }

    /// Writes the file. Unless it is to be a dead one, it is a living writer's for every user, whatever process id
    /// it names: its lock is held until the test program ends.
    ///
    /// # Panics
    /// If it cannot be written, or somebody else holds its lock.
    pub fn write(self, dir: &Path, name: impl AsRef<Path>) -> PathBuf {
        let path = dir.join(name);
        fs::write(&path, self.image.finish()).unwrap();
        if !self.is_dead {
            let file = fs::OpenOptions::new().write(true).open(&path).unwrap();
            let lock = mmstats::whole_file(nix::libc::F_WRLCK);
            let locked = nix::fcntl::fcntl(&file, nix::fcntl::FcntlArg::F_OFD_SETLK(&lock));
            // A file that is written again is locked already.
            assert!(matches!(locked, Ok(_) | Err(nix::errno::Errno::EAGAIN)), "{locked:?}");
            std::mem::forget(file);
        }
        path
    }
}
