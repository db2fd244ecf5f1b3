//! What was added in the last seconds.

use std::cell::Cell;

use super::{ShownMean, Spec, mean};
use crate::error::Error;
use crate::format::kind::MetricType;
use crate::system::coarse_second;
use crate::write::about::About;
use crate::write::builder::Builder;
use crate::write::description::{Data, Description, Words};
use crate::write::model::labelled;
use crate::write::values::{self, second::Second};

/// Seconds that a [`Window`] looks back on where nothing else is said.
const DEFAULT_SECONDS: u32 = 60;

/// What was added in the last seconds, 60 or as many as were chosen: readers see its count, rate, mean and
/// maximum, as they are when they look, also where nothing is added any more. On disk a count, a sum and a
/// maximum for each second, 2.4 KiB for 60; in version 1 `d`, two buffers, the mean as it was when something
/// was added.
///
/// ```
/// use mmstats::{Options, Window};
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let depth = Options::new().dir(dir).create_with(|fields| fields.add("queue.depth", Window::spec()))?;
/// depth.add(3.0);
/// depth.add(5.0);
/// assert_eq!((depth.count(), depth.value(), depth.max()), (2, Some(4.0), Some(5.0)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Window {
    value: values::window::Window,
    shown: ShownMean,
    /// For version 1: what the window holds up to the current second.
    total: Cell<Second>,
}

/// What can be chosen for a [`Window`].
#[derive(Clone, Debug)]
pub struct WindowSpec {
    seconds: u32,
    about: About,
}

impl Default for WindowSpec {
    fn default() -> Self {
        Self { seconds: DEFAULT_SECONDS, about: About::default() }
    }
}

impl WindowSpec {
    crate::write::about::described!();

    /// How many seconds it looks back on, at least 1, for 40 bytes of memory each. Default: 60.
    #[must_use]
    pub fn seconds(mut self, seconds: u32) -> Self {
        self.seconds = seconds;
        self
    }

    /// A minute, of what says this about itself.
    pub(super) fn minute(about: &About) -> Self {
        let (unit, help) = (about.unit.clone(), about.help.clone());
        Self { seconds: 60, about: About { unit, help, ..About::default() } }
    }
}

impl Spec for WindowSpec {
    type Field = Window;

    fn document(mut self, doc: &str) -> Self {
        self.about.document(doc);
        self
    }

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<Window, Error> {
        let label = labelled(label, name);
        let seconds = self.seconds;
        if seconds == 0 {
            return Err(builder.refused(label, "a window of 0 seconds holds nothing".to_owned()));
        }
        let data = Data::Words(Words::Window { seconds });
        let added =
            builder.place(label, &Description { data, metric: MetricType::Window, about: &self.about })?;
        let make = |home, at, mark| values::window::Window::new(home, at, seconds, mark);
        let (value, shown) = added.words(make);
        Ok(Window { value, shown: ShownMean(shown), total: Cell::default() })
    }
}

super::spec_of!(Window, WindowSpec);

impl Window {
    /// Adds a value now.
    #[inline]
    pub fn add(&self, value: f64) {
        self.add_at(coarse_second(), value);
    }

    /// Adds a value in a second of `CLOCK_MONOTONIC`.
    #[inline]
    pub(super) fn add_at(&self, second: u64, value: f64) {
        self.value.add_at(second, value);
        self.shown.show(|| self.total(second, value));
    }

    /// The mean after a value was added.
    fn total(&self, second: u64, value: f64) -> f64 {
        let before = self.total.get();
        // One that is over counts as the latest.
        let second = second.max(before.stamp.saturating_sub(1));
        let total = if before.stamp == second.wrapping_add(1) {
            Second { sum: before.sum + value, count: before.count.wrapping_add(1), ..before }
        } else {
            self.value.total_at(second)
        };
        self.total.set(total);
        mean(total.sum, total.count)
    }

    fn now(&self) -> Option<Second> {
        Some(self.value.total_at(coarse_second())).filter(|total| total.count > 0)
    }

    /// How many values were added in the last seconds.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.now().map_or(0, |total| total.count)
    }

    /// Their mean, if there are any.
    #[must_use]
    pub fn value(&self) -> Option<f64> {
        self.now().map(|total| mean(total.sum, total.count))
    }

    /// The greatest of them, if there are any.
    #[must_use]
    pub fn max(&self) -> Option<f64> {
        self.now().map(|total| total.max)
    }
}

#[cfg(test)]
mod tests {
    use crate::{Options, Snapshot, Version, Window};

    #[test]
    #[cfg_attr(miri, ignore = "a file")]
    fn a_window_forgets_in_version_1_too() {
        let dir = tempfile::tempdir().unwrap();
        let options = Options::new().dir(dir.path()).version(Version::V1);
        let window = options.create_with(|fields| fields.add("w", Window::spec())).unwrap();
        let snapshot = Snapshot::of(window.path()).unwrap();
        let is_version_1 = snapshot.find("w").unwrap().data_type().is_none();
        let shown = || Snapshot::of(window.path()).unwrap().find("w").unwrap().value().to_string();
        if !is_version_1 {
            eprintln!("MMSTATS_VERSION chose another version: skipped");
            return;
        }
        for (second, value) in [(1001, 1.0), (1001, 0.0), (1003, 2.0)] {
            window.add_at(second, value);
        }
        assert_eq!(shown(), "1.0");
        window.add_at(1062, 59.0);
        assert_eq!(shown(), "30.5", "1001 is 61 seconds ago, 1003 is not");
        window.add_at(1122, 60.0);
        assert_eq!(shown(), "60.0");
    }
}
