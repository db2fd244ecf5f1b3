//! What a process's ended threads have counted, in one file.
//!
//! A thread's file and the process's file say by numbers when the one went into the other, so that a
//! reader which looks at them one after the other counts each thread once. The process's file has the
//! number of the last fold, odd while one is under way. A thread's file has 0 as long as the thread
//! lives, then the number that the process's file will have when it holds the thread's counts. Whoever
//! has read the process's file at number `n`, and after that a thread's file, knows: its counts were in
//! there if its number is not 0 and not above `n`.

use std::collections::HashMap;
use std::sync::Arc;

use crate::disk::name::{FOLDED_TID, Names};
use crate::error::{Error, Reason};
use crate::write::field::{Average, Counter, Gauge, Sums, UpDown};
use crate::write::instance::Instance;
use crate::write::options::Options;
use crate::write::report::report;
use crate::write::store::SharedWord;

/// The label by which the files of one process that are folded into one know each other.
pub const FOLD_LABEL: &str = "sys.fold";
/// The label of the number of the fold.
pub const FOLDED_LABEL: &str = "sys.folded";

/// A field that folds.
pub(crate) struct Folding {
    pub(crate) label: String,
    pub(crate) kind: Kind,
}

/// How it folds, and where its value is.
pub(crate) enum Kind {
    Counter(SharedWord),
    UpDown(SharedWord),
    Average(Arc<Sums>),
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
}

impl Folded {
    pub(crate) fn create(options: &Options, group: u32) -> Result<Self, Error> {
        let process = Names { tid: FOLDED_TID, ..Names::here() };
        let instance = options.create_for(&process, Some(group), |_| Ok(()))?;
        Ok(Self { instance, totals: HashMap::new() })
    }

    /// Takes over what an ended thread has counted. Its file is to be removed then.
    ///
    /// # Errors
    /// What [`Instance::add_field`] gives for a field that no thread before had. Then nothing is folded.
    pub(crate) fn take(&mut self, ended: &Instance<impl Sized>) -> Result<(), Error> {
        ended.with_foldings(|foldings| {
            foldings.iter().try_for_each(|folding| self.make_room(folding))?;
            let (Some(own), Some(theirs)) = (self.instance.folded(), ended.folded()) else { return Ok(()) };
            own.add(1);
            theirs.set(own.value() + 1);
            for folding in foldings {
                if let Some(total) = self.totals.get(&folding.label) {
                    total.take(&folding.kind);
                }
            }
            own.add(1);
            Ok(())
        })
    }

    /// Makes sure that there is a field for what is to be folded. One label with two meanings is a fault of
    /// the program: the later one's counts are lost, and somebody hears of it.
    fn make_room(&mut self, folding: &Folding) -> Result<(), Error> {
        let Folding { label, kind } = folding;
        if let Some(total) = self.totals.get(label) {
            if !total.fits(kind) {
                let what = "means another type in another thread";
                let error = Error::new(self.instance.path(), Reason::Label { label: label.clone(), what });
                report(&error, "the ended thread's value is lost");
            }
            return Ok(());
        }
        let instance = &self.instance;
        let total = match kind {
            Kind::Counter(_) => Total::Counter(instance.add_unprefixed(label, Counter::spec())?),
            Kind::UpDown(_) => Total::UpDown(instance.add_unprefixed(label, UpDown::spec())?),
            // A mean of nothing is no 0.
            Kind::Average(sums) if sums.count() == 0 => return Ok(()),
            Kind::Average(_) => Total::Average(instance.add_unprefixed(label, Average::spec())?),
        };
        self.totals.insert(label.clone(), total);
        Ok(())
    }

    /// Removes the file.
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
                | (Self::Average(_), Kind::Average(_))
        )
    }

    fn take(&self, kind: &Kind) {
        match (self, kind) {
            (Self::Counter(total), Kind::Counter(word)) => total.add(word.get()),
            (Self::UpDown(total), Kind::UpDown(word)) => {
                total.add(i64::from_ne_bytes(word.get().to_ne_bytes()));
            }
            (Self::Average(total), Kind::Average(sums)) => total.merge(sums),
            _ => {}
        }
    }
}

/// The number of the fold, as a field of a file.
pub(crate) type FoldNumber = Gauge<u64>;
