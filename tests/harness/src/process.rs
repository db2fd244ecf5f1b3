//! Other processes.

use std::fs;
use std::path::Path;
use std::process::{Child, Command};

use crate::foreign::now;
use crate::{counter, double, field};

/// A process that ends with the test, however that ends.
#[derive(Debug)]
pub struct Guarded(pub Child);

impl Guarded {
    /// A process that does nothing until this is dropped.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn idle() -> Self {
        Self(Command::new("sleep").arg("1000").spawn().unwrap())
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A process that seems to write to files as the original does, and ends with this.
#[derive(Debug)]
pub struct InPlace(Guarded);

impl InPlace {
    /// Starts the process.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn begin() -> Self {
        Self(Guarded::idle())
    }

    /// Writes anew in place: the file is cut to nothing, then made of zeros, then filled. A look in between finds
    /// no stats file: see [`but_half_written`].
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn write(&self, path: &Path, hits: u64) {
        Self::cut(path);
        self.fill(path, hits);
    }

    /// The first half of [`write`](Self::write): the file is empty.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn cut(path: &Path) {
        fs::File::create(path).unwrap();
    }

    /// The other half.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn fill(&self, path: &Path, hits: u64) {
        use std::os::unix::fs::FileExt;
        let pid = field(b"app.sys.pid", "I", 0xff, &self.0.0.id().to_ne_bytes());
        let fields = [pid, double("app.sys.created", now()), counter("app.hits", hits)];
        let file = fs::File::options().write(true).open(path).unwrap();
        file.set_len(4096).unwrap();
        file.write_all_at(&fields.concat(), 1).unwrap();
        file.write_all_at(&[1], 0).unwrap();
    }
}

/// What a tool had to say, without the lines about a file that it met while that was written in place.
pub fn but_half_written(stderr: &str) -> String {
    let half = [": an empty file, not a stats file\n", ": not a stats file: version 0, 1 and 2 are known\n"];
    let lines = stderr.split_inclusive('\n');
    lines.filter(|line| !half.iter().any(|reason| line.ends_with(reason))).collect()
}
