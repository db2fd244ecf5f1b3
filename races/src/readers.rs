//! Two readers: the library's, and one that looks once and checks nothing. What either shows as good is
//! judged here.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use mmstats::{Origin, Snapshot, layout};

use crate::FIELDS;

/// What was read, and what of it was wrong.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    /// Values that the reader gave.
    pub(crate) reads: u64,
    /// Of these, mixed from two updates.
    pub(crate) torn: u64,
    /// Of these, older than one read before.
    pub(crate) backwards: u64,
    /// Of these, with a label or value that its writer has never published.
    pub(crate) half: u64,
    /// Times that the reader gave nothing, and said so.
    pub(crate) refused: u64,
}

/// Kinds of values, as the writers' labels begin.
pub(crate) const KINDS: [&str; 5] = ["count", "number", "text", "brief", "field"];

/// A reader of one file.
pub(crate) struct Reader {
    is_naive: bool,
    path: PathBuf,
    /// Kept open where no other file takes its place.
    file: Option<File>,
    snapshot: Snapshot,
    bytes: Vec<u8>,
    judge: Judge,
}

/// Judges what a reader gives.
struct Judge {
    kind: &'static str,
    tally: Tally,
    last: u64,
    next_field: usize,
}

impl Reader {
    pub(crate) fn new(is_naive: bool, kind: &'static str, path: &Path) -> std::io::Result<Self> {
        let file = if kind == "field" { None } else { Some(File::open(path)?) };
        let judge = Judge { kind, tally: Tally::default(), last: 0, next_field: 0 };
        let (path, snapshot, bytes) = (path.to_owned(), Snapshot::new(), vec![0; 64 * 1024]);
        Ok(Self { is_naive, path, file, snapshot, bytes, judge })
    }

    pub(crate) fn tally(&self) -> Tally {
        self.judge.tally
    }

    /// Reads the whole file once.
    pub(crate) fn read(&mut self) {
        self.judge.next_field = 0;
        if self.is_naive {
            // No such file for a moment: nothing to be read.
            let _ = self.read_naively();
        } else if !self.read_with_care() {
            self.judge.tally.refused += 1;
        }
    }

    /// False where something was refused.
    fn read_with_care(&mut self) -> bool {
        let read = match self.file.as_ref().map(File::try_clone) {
            Some(Ok(file)) => self.snapshot.read_file(file, &self.path),
            _ => self.snapshot.read(&self.path, Origin::Found),
        };
        let Err(error) = read else {
            let mut is_all = true;
            for field in self.snapshot.fields() {
                match field {
                    Ok(field) => self.judge.value(field.label(), field.value_bytes()),
                    Err(_) => is_all = false,
                }
            }
            return is_all;
        };
        error.is_not_found()
    }

    /// The file as one `pread` has it, each index as it stands there.
    fn read_naively(&mut self) -> std::io::Result<()> {
        let opened;
        let file = match &self.file {
            Some(file) => file,
            None => {
                opened = File::open(&self.path)?;
                &opened
            }
        };
        // Values are within two pages; fields that are added take more.
        let wanted = if self.file.is_some() { 8192 } else { self.bytes.len() };
        let len = file.read_at(&mut self.bytes[..wanted], 0)?;
        let bytes = &self.bytes[..len];
        let mut at = layout::FIRST_FIELD;
        while let Ok(Some(record)) = layout::field(bytes, at) {
            let value = &bytes[record.value_at(record.current(bytes))..][..record.shape.size];
            self.judge.value(record.label(bytes), value);
            at = record.end;
        }
        Ok(())
    }
}

impl Judge {
    fn value(&mut self, label: &[u8], value: &[u8]) {
        let is_of_kind = label.starts_with(self.kind.as_bytes());
        // Where fields are being added, a label that no writer has could be one half seen.
        let is_other = self.kind != "field" || label.starts_with(b"sys.") || label.starts_with(b"org.");
        if !is_of_kind && is_other {
            return;
        }
        self.tally.reads += 1;
        match (self.kind, value.try_into().map(u64::from_ne_bytes)) {
            ("count" | "number", Ok(number)) if number >> 32 == number & 0xffff_ffff => {
                self.tally.backwards += u64::from(number < self.last);
                self.last = number;
            }
            ("count" | "number", _) => self.tally.torn += 1,
            ("text" | "brief", _) => {
                let text = value.split(|byte| *byte == 0).next().unwrap_or(value);
                let is_whole = text.iter().all(|byte| *byte == text[0]);
                self.tally.torn += u64::from(!is_whole);
            }
            _ => {
                let expected = format!("field.{:04}", self.next_field);
                let is_whole = label == expected.as_bytes() && value.starts_with(b"whole\0");
                self.tally.half += u64::from(!is_whole || self.next_field >= FIELDS);
                self.next_field += 1;
            }
        }
    }
}
