//! The last numbers.

use super::moving::Ring;
use super::{ShownMean, Spec};
use crate::error::Error;
use crate::format::kind::MetricType;
use crate::write::about::About;
use crate::write::builder::Builder;
use crate::write::description::{Data, Description, Words};
use crate::write::model::labelled;
use crate::write::values;

/// Numbers that a [`Recent`] keeps where nothing else is said.
const DEFAULT_KEEP: usize = 100;

/// The last numbers, 100 or as many as were chosen: readers see each of them. On disk 8 bytes for each; in
/// version 1 `d`, two buffers, their mean.
///
/// ```
/// use mmstats::{Options, Recent};
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let sizes = Options::new().dir(dir).create_with(|fields| fields.add("sizes", Recent::spec()))?;
/// sizes.add(3.0);
/// sizes.add(5.0);
/// assert_eq!(sizes.values(), [3.0, 5.0]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Recent {
    value: values::recent::Recent,
    shown: ShownMean,
    /// For version 1.
    mean: Option<Ring>,
}

/// What can be chosen for a [`Recent`].
#[derive(Clone, Debug)]
pub struct RecentSpec {
    keep: usize,
    about: About,
}

impl Default for RecentSpec {
    fn default() -> Self {
        Self { keep: DEFAULT_KEEP, about: About::default() }
    }
}

impl RecentSpec {
    crate::write::about::described!();

    /// How many numbers it keeps, at least 1, for 8 bytes of memory each. Default: 100.
    #[must_use]
    pub fn keep(mut self, numbers: usize) -> Self {
        self.keep = numbers;
        self
    }
}

impl Spec for RecentSpec {
    type Field = Recent;

    fn document(mut self, doc: &str) -> Self {
        self.about.document(doc);
        self
    }

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<Recent, Error> {
        let label = labelled(label, name);
        let keep = self.keep;
        if keep == 0 {
            return Err(builder.refused(label, "0 numbers are kept, which is none".to_owned()));
        }
        let data = Data::Words(Words::Recent { keep });
        let added =
            builder.place(label, &Description { data, metric: MetricType::Recent, about: &self.about })?;
        let (value, shown) = added.words(|home, at, mark| values::recent::Recent::new(home, at, keep, mark));
        // As much memory as was just found.
        let ring = shown.as_ref().map(|_| Ring::new(keep)).transpose();
        let mean = ring.map_err(|_| builder.too_large(label, "keeps more than memory can hold"))?;
        Ok(Recent { value, shown: ShownMean(shown), mean })
    }
}

super::spec_of!(Recent, RecentSpec);

impl Recent {
    /// Adds a number; the oldest goes if all places are taken.
    #[inline]
    pub fn add(&self, value: f64) {
        self.value.add(value);
        if let Some(ring) = &self.mean {
            let mean = ring.add(value);
            self.shown.show(|| mean);
        }
    }

    /// The last numbers, the oldest first.
    #[must_use]
    pub fn values(&self) -> Vec<f64> {
        self.value.numbers()
    }

    /// How many numbers were ever added.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.value.added()
    }
}
