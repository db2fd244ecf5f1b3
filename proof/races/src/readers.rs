//! The readers: this library's snapshot, its follower, and one that looks once and checks nothing.

use std::error::Error;
use std::fs::File;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

use mmstats::format::v1::{self, Record};
use mmstats::{Certainty, ErrorKind, Followed, Observer, Origin, Snapshot, Value};

use crate::judge::{Counts, Judge};
use crate::kinds::{Kind, Layout, PREFIX, What};
use crate::naive;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// `mmstats::Snapshot`.
    Snapshot,
    /// `mmstats::Observer`, until it is certain that a value was published.
    Follow,
    /// The same with one look at what cannot be torn. May be one update ahead, so run backwards by one.
    FollowOnce,
    /// One `pread`, and what the index says in it.
    Naive,
}

pub(crate) const WAYS: [(&str, Way); 4] = [
    ("mmstats", Way::Snapshot),
    ("follow", Way::Follow),
    ("follow-once", Way::FollowOnce),
    ("naive", Way::Naive),
];

/// A reader of one file.
pub(crate) struct Reader {
    how: How,
    path: PathBuf,
    /// Kept open where no other file takes its place.
    file: Option<File>,
    judge: Judge,
}

enum How {
    Snapshot(Box<Snapshot>),
    Follow(Box<Observer>, Option<Followed>),
    Naive { bytes: Vec<u8>, records: Vec<Record> },
    NaiveTwo(naive::Two),
}

/// Fields whose values are updated.
pub(crate) fn is_updated(label: &[u8]) -> bool {
    label.starts_with(PREFIX.as_bytes())
}

/// Where fields are added, all of them: a strange label may be one half seen.
fn is_any(_label: &[u8]) -> bool {
    true
}

impl Reader {
    pub(crate) fn new(way: Way, kind: &Kind, layout: Layout, path: &Path) -> Result<Self, Box<dyn Error>> {
        let is_added = kind.what == What::Added;
        let file = if is_added { None } else { Some(File::open(path)?) };
        let how = match way {
            Way::Snapshot => How::Snapshot(Box::new(Snapshot::new())),
            Way::Follow => How::Follow(Box::new(Observer::new(Certainty::Published)), None),
            Way::FollowOnce => How::Follow(Box::new(Observer::new(Certainty::Newest)), None),
            Way::Naive if layout.is_version_2() => How::NaiveTwo(naive::Two::new(file.as_ref())?),
            Way::Naive => naive(file.as_ref())?,
        };
        Ok(Self { how, path: path.to_owned(), file, judge: Judge::new(kind) })
    }

    pub(crate) fn tally(&self) -> Counts {
        self.judge.tally
    }

    /// Reads the whole file once.
    pub(crate) fn look(&mut self) {
        self.judge.begin();
        let Self { how, path, file, judge } = self;
        let done = match how {
            How::Snapshot(snapshot) => by_snapshot(snapshot, file.as_ref(), path, judge),
            How::Follow(observer, followed) => by_following(observer, followed, file.is_none(), path, judge),
            How::Naive { bytes, records } => {
                // No such file for a moment, or an empty one: nothing to be read.
                let _ = naively(bytes, records, file.as_ref(), path, judge);
                Ok(())
            }
            How::NaiveTwo(naive) => {
                let _ = naive.look(file.as_ref(), path, judge);
                Ok(())
            }
        };
        if let Err(error) = done {
            // No such file, or no first byte yet: there was nothing to be read.
            let nothing = error.is_not_found() || error.kind() == ErrorKind::Version;
            judge.tally.refused += u64::from(!nothing);
        }
    }
}

fn by_snapshot(
    snapshot: &mut Snapshot,
    file: Option<&File>,
    path: &Path,
    judge: &mut Judge,
) -> Result<(), mmstats::Error> {
    let Some(Ok(file)) = file.map(File::try_clone) else {
        snapshot.read(path, Origin::Found)?;
        for field in snapshot.fields() {
            match field {
                Ok(field) => added(judge, field.label(), &field.value()),
                Err(_) => judge.tally.refused += 1,
            }
        }
        return Ok(());
    };
    snapshot.read_file(file, path)?;
    let mut number = 0;
    for field in snapshot.fields() {
        match field {
            Ok(field) if !is_updated(field.label()) => {}
            Ok(field) => {
                judge.value(number, &field.value());
                number += 1;
            }
            Err(_) => {
                judge.tally.refused += 1;
                number += 1;
            }
        }
    }
    Ok(())
}

fn by_following(
    observer: &mut Observer,
    followed: &mut Option<Followed>,
    is_added: bool,
    path: &Path,
    judge: &mut Judge,
) -> Result<(), mmstats::Error> {
    let wanted = if is_added { is_any } else { is_updated };
    // It has all of its fields before it goes.
    let is_over = is_added && followed.as_ref().is_some_and(|file| has_gone(path, file));
    let file = match followed {
        Some(file) => {
            observer.look(file, wanted)?;
            file
        }
        None => followed.insert(observer.follow(path, Origin::Found, wanted)?),
    };
    for (number, field) in file.fields().enumerate() {
        match field.value() {
            Some(value) if is_added => added(judge, field.label(), &value),
            Some(value) => judge.value(number, &value),
            None => judge.tally.refused += 1,
        }
    }
    if is_over && !judge.is_complete() {
        // Some will never be seen.
        judge.tally.half += 1;
    }
    if is_over || judge.is_complete() {
        // Nothing more will come; perhaps there is another file of the name by now.
        *followed = None;
    }
    Ok(())
}

/// Whether the file has its name no longer.
fn has_gone(path: &Path, file: &Followed) -> bool {
    path.metadata().map_or(true, |now| (now.dev(), now.ino()) != file.identity())
}

pub(crate) fn added(judge: &mut Judge, label: &[u8], value: &Value<'_>) {
    judge.field(label, if let Value::Text(text) = value { text } else { b"" });
}

/// A naive reader. Where the fields of `file` are does not change, so it finds them once.
fn naive(file: Option<&File>) -> std::io::Result<How> {
    let mut bytes = vec![0; 64 * 1024];
    let mut records = Vec::new();
    if let Some(file) = file {
        bytes.resize(usize::try_from(file.metadata()?.len()).unwrap_or(0), 0);
        file.read_exact_at(&mut bytes, 0)?;
        each_field(&bytes, |record| records.push(*record));
        bytes.truncate(records.last().map_or(0, |last| last.end));
        records.retain(|record| is_updated(record.label(&bytes)));
    }
    Ok(How::Naive { bytes, records })
}

fn each_field(bytes: &[u8], mut see: impl FnMut(&Record)) {
    let mut at = v1::FIRST_FIELD;
    while let Ok(Some(record)) = v1::field(bytes, at) {
        see(&record);
        at = record.end;
    }
}

fn naively(
    bytes: &mut [u8],
    records: &[Record],
    file: Option<&File>,
    path: &Path,
    judge: &mut Judge,
) -> std::io::Result<()> {
    let value = |record: &Record, bytes| -> Value<'_> {
        let bytes: &[u8] = bytes;
        Value::decode(&record.shape.first, &bytes[record.value_at(record.current(bytes))..])
    };
    let Some(file) = file else {
        let len = File::open(path)?.read_at(bytes, 0)?;
        let bytes = &bytes[..len];
        each_field(bytes, |record| added(judge, record.label(bytes), &value(record, bytes)));
        return Ok(());
    };
    file.read_exact_at(bytes, 0)?;
    for (number, record) in records.iter().enumerate() {
        judge.value(number, &value(record, bytes));
    }
    Ok(())
}
