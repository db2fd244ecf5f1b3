//! What a process's ended threads have counted, in one file.
//!
//! A thread's file and the process's file say by numbers when the one went into the other, so that a
//! reader which looks at them one after the other counts each thread once. The process's file has the
//! number of the last fold, odd while one is under way. A thread's file has 0 as long as the thread
//! lives, then the number that the process's file will have when it holds the thread's counts. A
//! reader that has read the process's file at number `n`, and after that a thread's file, knows: its counts
//! were in there if its number is not 0 and not above `n`.

use std::collections::HashMap;
use std::sync::PoisonError;

use crate::disk::name::{FOLDED_TID, Names};
use crate::error::{Error, Reason};
use crate::format::histogram::Shape;
use crate::format::{histogram, mean};
use crate::write::about::About;
use crate::write::field::{
    Average, AverageSpec, Counter, CounterSpec, Gauge, Histogram, HistogramSpec, UpDown, UpDownSpec,
};
use crate::write::instance::Instance;
use crate::write::options::Options;
use crate::write::report::report;
use crate::write::schema::SharedWords;

/// The label by which the files of one process that are folded into one know each other.
pub const FOLD_LABEL: &str = "sys.fold";
/// The label of the number of the fold.
pub const FOLDED_LABEL: &str = "sys.folded";

/// A field that folds.
pub(crate) struct Folding {
    pub(crate) label: String,
    pub(crate) kind: Kind,
    pub(crate) about: About,
}

/// How it folds, and where its value is.
pub(crate) enum Kind {
    Counter(SharedWords),
    UpDown(SharedWords),
    Mean(SharedWords),
    Histogram(SharedWords, Shape),
}

/// The file of the counts of ended threads.
pub(crate) struct Folded {
    instance: Instance<()>,
    totals: HashMap<String, Total>,
}

enum Total {
    Counter(Counter),
    UpDown(UpDown),
    Average(Average),
    Histogram(Box<Histogram>),
}

impl Folded {
    /// The file of a model's threads.
    pub(crate) fn create(options: &Options, group: u32, model: &'static str) -> Result<Self, Error> {
        let process = Names { tid: FOLDED_TID, ..Names::here(model) };
        let instance = options.create_for(&process, Some(group), |_| Ok(()))?;
        Ok(Self { instance, totals: HashMap::new() })
    }

    /// Takes over what an ended thread has counted. Its file is to be removed then.
    ///
    /// # Errors
    /// What [`Instance::add_field`] gives for a field that no thread before had. Then nothing is folded.
    pub(crate) fn take(&mut self, ended: &Instance<impl Sized>) -> Result<(), Error> {
        let taken = ended.with_foldings(|foldings| {
            foldings.iter().try_for_each(|folding| self.make_room(folding))?;
            let (Some(own), Some(theirs)) = (self.instance.folded(), ended.folded()) else { return Ok(()) };
            let own = own.lock().unwrap_or_else(PoisonError::into_inner);
            let theirs = theirs.lock().unwrap_or_else(PoisonError::into_inner);
            own.add(1);
            theirs.set(own.value() + 1);
            for folding in foldings {
                if let Some(total) = self.totals.get(&folding.label) {
                    total.take(&folding.kind);
                }
            }
            own.add(1);
            Ok(())
        });
        taken.unwrap_or(Ok(()))
    }

    /// Makes sure that there is a field for what is to be folded. One label with two meanings is a fault of
    /// the program: the later one's counts are lost, and somebody hears of it.
    fn make_room(&mut self, folding: &Folding) -> Result<(), Error> {
        let Folding { label, kind, about } = folding;
        let about = about.clone();
        if let Some(total) = self.totals.get(label) {
            if !total.fits(kind) {
                let what = "means another type in another thread";
                let reason = Reason::Label { label: label.clone(), what: what.into() };
                let error = Error::new(self.instance.path(), reason);
                report(&error, "the ended thread's value is lost");
            }
            return Ok(());
        }
        let instance = &self.instance;
        let total = match kind {
            Kind::Counter(_) => Total::Counter(instance.add_unprefixed(label, CounterSpec::about(about))?),
            Kind::UpDown(_) => Total::UpDown(instance.add_unprefixed(label, UpDownSpec::about(about))?),
            // A mean of nothing is no 0, which a reader of version 1 would take it for.
            Kind::Mean(words) if read_mean(words).count == 0 => return Ok(()),
            Kind::Histogram(words, _) if words.first() == 0 => return Ok(()),
            Kind::Mean(_) => Total::Average(instance.add_unprefixed(label, AverageSpec::about(about))?),
            Kind::Histogram(_, shape) => {
                let spec = HistogramSpec::like(*shape, about);
                Total::Histogram(Box::new(instance.add_unprefixed(label, spec)?))
            }
        };
        self.totals.insert(label.clone(), total);
        Ok(())
    }

    /// Removes the file.
    /// Lets the file stay when the process ends.
    pub(crate) fn keep(&self) {
        self.instance.keep();
    }

    pub(crate) fn remove(self) -> Result<(), Error> {
        self.instance.remove()
    }
}

impl Total {
    fn fits(&self, kind: &Kind) -> bool {
        matches!(
            (self, kind),
            (Self::Counter(_), Kind::Counter(_))
                | (Self::UpDown(_), Kind::UpDown(_))
                | (Self::Average(_), Kind::Mean(_))
                | (Self::Histogram(_), Kind::Histogram(..))
        )
    }

    fn take(&self, kind: &Kind) {
        match (self, kind) {
            (Self::Counter(total), Kind::Counter(word)) => total.add(word.first()),
            (Self::UpDown(total), Kind::UpDown(word)) => {
                total.add(i64::from_ne_bytes(word.first().to_ne_bytes()));
            }
            (Self::Average(total), Kind::Mean(words)) => {
                let mean = read_mean(words);
                total.merge(mean.sum, mean.count);
            }
            (Self::Histogram(total), Kind::Histogram(words, _)) => {
                if let Ok(counts) = histogram::Histogram::decode(&words.look()) {
                    total.merge(&counts);
                }
            }
            _ => {}
        }
    }
}

/// How often a mean is looked at that changes. With its thread the updates have ended, unless its handle was
/// given to another one, which may go on.
const LOOKS: usize = 1000;

/// A mean, as readers read it.
fn read_mean(words: &SharedWords) -> mean::Mean {
    let mut before = words.look();
    for _ in 0..LOOKS {
        let now = words.look();
        if let Ok(Some(mean)) = mean::read([&before, &now]) {
            return mean;
        }
        before = now;
    }
    mean::Mean::default()
}

/// The number of the fold, as a field of a file.
pub(crate) type FoldNumber = Gauge<u64>;
