//! Giving a file its name, and taking the name from a dead writer's file.

use std::fs::{self, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};

use nix::errno::Errno;
use nix::libc;

use super::StatsFile;
use crate::disk::identity::{Identity, what_it_is};
use crate::disk::name::numbered;
use crate::disk::rename::{exchange, rename_to_free};
use crate::error::{Error, ErrorKind, Reason};
use crate::format::{v1, v2};
use crate::live::{Judge, Life};

/// How often a name is fought over before publishing gives up.
const TRIES: usize = 16;
/// How many names an instance tries at most.
const NAMES: u32 = 10_000;

impl StatsFile {
    /// Gives the file its name. If a living writer has that and `goes_on`, the first of the names after it
    /// ([`numbered`]) that no living writer has.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Held`] if a living writer has it, [`crate::ErrorKind::Foreign`] if something
    /// has it that is not a stats file, [`crate::ErrorKind::Io`].
    pub(crate) fn publish(&mut self, goes_on: bool) -> Result<(), Error> {
        let wanted = self.target.clone();
        let mut number = 1;
        loop {
            match self.publish_here() {
                Err(error) if goes_on && error.kind() == ErrorKind::Held && number < NAMES => {
                    number += 1;
                    self.target = numbered(&wanted, number);
                }
                other => return other,
            }
        }
    }

    fn publish_here(&mut self) -> Result<(), Error> {
        for _ in 0..TRIES {
            match rename_to_free(&self.path, &self.target) {
                Ok(()) => {
                    self.path.clone_from(&self.target);
                    return Ok(());
                }
                Err(Errno::EEXIST) => {}
                Err(errno) => return Err(self.failed("publishing it")(errno)),
            }
            if self.replace_dead()? {
                return Ok(());
            }
        }
        Err(Error::new(&self.target, Reason::Held))
    }

    /// Takes the name from a dead writer's file. False where the name changed hands meanwhile.
    fn replace_dead(&mut self) -> Result<bool, Error> {
        let Some(dead) = self.judge_holder()? else { return Ok(false) };
        match exchange(&self.path, &self.target) {
            Ok(()) => {}
            Err(Errno::ENOENT) => return Ok(false),
            Err(Errno::EINVAL | Errno::ENOSYS) => {
                fs::rename(&self.path, &self.target).map_err(self.failed("replacing a dead one"))?;
                self.path.clone_from(&self.target);
                return Ok(true);
            }
            Err(errno) => return Err(self.failed("replacing a dead one")(errno)),
        }
        self.settle(dead)
    }

    /// Clears away what had the name before an exchange and has the temporary one now, if it is what was
    /// judged; gives the name back otherwise.
    fn settle(&mut self, dead: Identity) -> Result<bool, Error> {
        let temporary = std::mem::replace(&mut self.path, self.target.clone());
        let removed = match fs::symlink_metadata(&temporary) {
            Ok(metadata) if Identity::of(&metadata) == dead => fs::remove_file(&temporary),
            Ok(_) => {
                let back = exchange(&temporary, &self.target);
                back.map_err(|errno| self.failed("giving the name back")(errno))?;
                self.path = temporary;
                return Ok(false);
            }
            Err(error) => Err(error),
        };
        match removed {
            // A cleanstats that cannot see this process found a dead file under its temporary name.
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
            other => other.map(|()| true).map_err(self.failed("removing a dead one")),
        }
    }

    /// Looks at what has the name. `None`: nothing any more.
    fn judge_holder(&self) -> Result<Option<Identity>, Error> {
        // Opening alone makes some devices act, and so does a process that waits at the other end of a FIFO.
        match fs::symlink_metadata(&self.target) {
            Ok(metadata) if !metadata.is_file() => {
                return Err(Error::new(&self.target, Reason::Foreign(what_it_is(&metadata))));
            }
            Ok(_) | Err(_) => {}
        }
        let mut options = OpenOptions::new();
        let quiet = libc::O_NOFOLLOW | libc::O_NONBLOCK | libc::O_NOCTTY;
        let file = match options.read(true).custom_flags(quiet).open(&self.target) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) if error.raw_os_error() == Some(libc::ELOOP) => {
                return Err(Error::new(&self.target, Reason::Foreign("a symbolic link")));
            }
            Err(error) => return Err(self.failed("looking at what has the name")(error)),
        };
        let metadata = file.metadata().map_err(self.failed("looking at what has the name"))?;
        let mut version = [0];
        let foreign = if metadata.is_file() {
            let read = file.read_at(&mut version, 0).map_err(self.failed("reading what has the name"))?;
            (read != 1 || ![v1::VERSION, v2::VERSION].contains(&version[0]))
                .then_some("a file that is no stats file")
        } else {
            Some(what_it_is(&metadata))
        };
        if let Some(what) = foreign {
            return Err(Error::new(&self.target, Reason::Foreign(what)));
        }
        // What is read and judged is what was just opened, not what has the name by then.
        match Judge::new().judge_file(&self.target, file).life {
            Life::Dead => Ok(Some(Identity::of(&metadata))),
            Life::Alive | Life::Unknown => Err(Error::new(&self.target, Reason::Held)),
        }
    }
}

// Without an exchange of names there is nothing to be settled.
#[cfg(test)]
#[cfg(target_env = "gnu")]
mod tests {
    use std::ffi::OsString;
    use std::path::Path;

    use super::*;

    /// A file of ours that has just changed places with another of that name, and the other.
    fn exchanged(dir: &Path) -> (StatsFile, Identity) {
        let target = dir.join("x.mmstats");
        fs::write(&target, [v1::VERSION]).unwrap();
        let other = Identity::of(&fs::metadata(&target).unwrap());
        let file = StatsFile::create(target, None, crate::write::memory::segment::fork_mark()).unwrap();
        exchange(&file.path, &file.target).unwrap();
        (file, other)
    }

    fn names(dir: &Path) -> Vec<OsString> {
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name()).collect()
    }

    #[test]
    fn the_dead_file_goes() {
        let dir = tempfile::tempdir().unwrap();
        let (mut file, dead) = exchanged(dir.path());
        assert!(file.settle(dead).unwrap());
        assert_eq!(names(dir.path()), ["x.mmstats"]);
        assert_eq!(Identity::of(&fs::metadata(&file.path).unwrap()), file.identity);
    }

    #[test]
    fn a_dead_file_that_somebody_else_removed_is_no_error() {
        let dir = tempfile::tempdir().unwrap();
        let (mut file, dead) = exchanged(dir.path());
        fs::remove_file(&file.path).unwrap();
        assert!(file.settle(dead).unwrap());
        assert_eq!(names(dir.path()), ["x.mmstats"]);
    }

    #[test]
    fn a_file_that_was_not_judged_gets_its_name_back() {
        let dir = tempfile::tempdir().unwrap();
        let (mut file, other) = exchanged(dir.path());
        let judged = Identity { ino: other.ino + 1, ..other };
        assert!(!file.settle(judged).unwrap());
        assert_eq!(Identity::of(&fs::metadata(&file.target).unwrap()), other);
        assert_eq!(Identity::of(&fs::metadata(&file.path).unwrap()), file.identity);
    }
}
