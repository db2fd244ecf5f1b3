//! Two readers: the library's, and one that looks once and checks nothing. What either shows as good is
//! judged here.

use std::fs::File;
use std::ops::AddAssign;
use std::os::unix::fs::FileExt;
use std::path::Path;

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

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.reads += other.reads;
        self.torn += other.torn;
        self.backwards += other.backwards;
        self.half += other.half;
        self.refused += other.refused;
    }
}

/// A reader's memory and its findings, by kind of value.
#[derive(Default)]
pub(crate) struct Reader {
    is_naive: bool,
    snapshot: Snapshot,
    bytes: Vec<u8>,
    pub(crate) judge: Judge,
}

/// Kinds of values, as the writers' labels begin.
pub(crate) const KINDS: [&str; 5] = ["count", "number", "text", "brief", "field"];

/// Judges what a reader gives.
#[derive(Default)]
pub(crate) struct Judge {
    pub(crate) tallies: [Tally; KINDS.len()],
    last: [u64; 2],
    next_field: usize,
}

impl Reader {
    pub(crate) fn new(is_naive: bool) -> Self {
        Self { is_naive, bytes: vec![0; 64 * 1024], ..Self::default() }
    }

    /// Reads the whole file once. `what` is the kind that is charged where nothing could be had.
    pub(crate) fn read(&mut self, path: &Path, what: usize) {
        self.judge.next_field = 0;
        if self.is_naive { self.read_naively(path) } else { self.read_with_care(path, what) }
    }

    fn read_with_care(&mut self, path: &Path, what: usize) {
        if self.snapshot.read(path, Origin::Found).is_err() {
            self.judge.tallies[what].refused += 1;
            return;
        }
        for field in self.snapshot.fields() {
            match field {
                Ok(field) => self.judge.value(field.label(), field.value_bytes()),
                Err(_) => self.judge.tallies[what].refused += 1,
            }
        }
    }

    /// The file as the first `pread` has it, the index as it stands there.
    fn read_naively(&mut self, path: &Path) {
        let Ok(file) = File::open(path) else { return };
        let Ok(len) = file.read_at(&mut self.bytes, 0) else { return };
        let bytes = &self.bytes[..len];
        let mut at = layout::FIRST_FIELD;
        while let Ok(Some(record)) = layout::field(bytes, at) {
            let value = &bytes[record.value_at(record.current(bytes))..][..record.shape.size];
            self.judge.value(record.label(bytes), value);
            at = record.end;
        }
    }
}

impl Judge {
    fn value(&mut self, label: &[u8], value: &[u8]) {
        if label.starts_with(b"sys.") {
            return;
        }
        let kind = KINDS.iter().position(|kind| label.starts_with(kind.as_bytes()));
        // What is not labelled as its writer does can only be a field half seen.
        let kind = kind.unwrap_or(KINDS.len() - 1);
        let tally = &mut self.tallies[kind];
        tally.reads += 1;
        match (kind, value.try_into().map(u64::from_ne_bytes)) {
            (0 | 1, Ok(number)) => {
                if number >> 32 == number & 0xffff_ffff {
                    tally.backwards += u64::from(number < self.last[kind]);
                    self.last[kind] = number;
                } else {
                    tally.torn += 1;
                }
            }
            (2 | 3, _) => tally.torn += u64::from(value.iter().any(|byte| *byte != value[0])),
            _ => {
                let expected = format!("field.{:04}", self.next_field);
                let is_whole = label == expected.as_bytes() && value.starts_with(b"whole\0");
                tally.half += u64::from(!is_whole || self.next_field >= FIELDS);
                self.next_field += 1;
            }
        }
    }
}
