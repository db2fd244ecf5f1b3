//! Keeping the counts of a batch of files before they go.

use cli::plain;
use files::State;
use mmstats::ErrorKind;
use mmstats::departed::{Keeper, Processes};

use crate::clean::{Cleaner, Sentence};
use crate::gather::Candidate;
use crate::removal::open_again;

impl<'a> Cleaner<'a> {
    /// Puts the counts of all that are to go where they stay. What cannot be kept stays.
    pub(crate) fn fold_all<'k>(
        &mut self,
        sentences: &mut [(&Candidate, Sentence)],
        processes: &'k mut Processes,
    ) -> Option<Keeper<'k>>
    where
        'a: 'k,
    {
        if !self.folds || self.dry_run {
            return None;
        }
        let mut keeper = Keeper::new(processes);
        let mut added = Vec::new();
        for (number, (candidate, sentence)) in sentences.iter_mut().enumerate() {
            let Sentence::Remove(condemned) = &*sentence else { continue };
            // What has no name yet, or none any more, was not read by others.
            if !condemned.is_published {
                continue;
            }
            match self.fold(&mut keeper, candidate, &condemned.state) {
                None => added.push(number),
                Some(otherwise) => *sentence = otherwise,
            }
        }
        if let Err((path, error)) = keeper.publish() {
            self.tool.error(&path, &plain(&error));
            for number in added {
                sentences[number].1 = Sentence::CannotFold;
            }
        }
        Some(keeper)
    }

    /// Keeps what one file has counted, or says what is to become of it otherwise.
    fn fold(&mut self, keeper: &mut Keeper<'_>, candidate: &Candidate, state: &State) -> Option<Sentence> {
        let file = match open_again(candidate, state) {
            Ok(file) => file,
            Err(otherwise) => return Some(Sentence::Settled(otherwise)),
        };
        match self.snapshot.read_file(file, &candidate.path) {
            Ok(()) => {}
            // A file that its writer never got to fill.
            Err(error) if error.kind() == ErrorKind::Version => return None,
            Err(error) => {
                self.tool.report(&error);
                return Some(Sentence::CannotFold);
            }
        }
        match keeper.add(&candidate.directory, &self.snapshot) {
            Ok(()) => None,
            Err(error) => {
                self.tool.error(&candidate.path, &format!("its counts cannot be kept: {}", plain(&error)));
                Some(Sentence::CannotFold)
            }
        }
    }
}
