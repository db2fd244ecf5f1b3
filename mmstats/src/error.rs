//! The one error of this crate: a path, and what was wrong with it.

use std::borrow::Cow;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::format::{self, v1::Defect};

/// An error about a stats file. `Display` prints `PATH: REASON`.
#[derive(Debug)]
pub struct Error {
    /// Boxed, so that what can fail costs little where it does not.
    inner: Box<Inner>,
}

#[derive(Debug)]
struct Inner {
    path: PathBuf,
    reason: Reason,
}

/// The kind of an error, for a program that decides by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The system refused: see [`Error::as_io`].
    Io,
    /// Not a regular file: a directory, a FIFO, a device, a link where none is followed.
    NotAFile,
    /// An empty file, or one whose first byte is not a version that this crate knows; or one of a machine of the
    /// other byte order, or whose first bytes make no sense otherwise.
    Version,
    /// A field makes no sense. The fields before it are right, and so are those after it if it is not the last error.
    Format,
    /// A field is larger than a reader is ready to hold, or asks for more memory than there is.
    TooLarge,
    /// A value changed faster than it could be read. Other fields are right.
    Unstable,
    /// A label is empty, too long, or already taken.
    Label,
    /// What a field says of itself makes no sense: a unit with a blank, help of two lines, a precision out of
    /// range.
    Description,
    /// A file name or path template makes no sense.
    Template,
    /// A variable of the environment makes no sense.
    Environment,
    /// A living writer holds the name.
    Held,
    /// The name is taken by something that is not a stats file.
    Foreign,
    /// Fields are being added to the instance: use the builder that adds them, or try again afterwards.
    Busy,
    /// The instance belongs to the process that made it, and this is a child of that process.
    Forked,
    /// The directory is on a file system where an update could kill the program when the disk is full (btrfs,
    /// bcachefs, NILFS2): a file on it keeps no room for stores. A directory on a tmpfs is the remedy.
    FileSystem,
    /// The thread's instance is just being made, by the code that called this.
    Reentered,
    /// The thread is ending, and has destroyed its instance.
    Ended,
    /// The instance that a [`Family`](crate::Family) is in was dropped.
    Dropped,
    /// The platform is not Linux: nothing is published, and no file is read.
    Platform,
}

// What is about files does not occur where there are none.
#[cfg_attr(not(publishes), allow(dead_code))]
#[derive(Debug)]
pub(crate) enum Reason {
    Io {
        doing: &'static str,
        source: io::Error,
    },
    NotAFile(&'static str),
    Empty,
    Version(u8),
    /// The head of a file of version 2.
    Head(format::Defect),
    Format {
        at: usize,
        defect: Defect,
    },
    /// A record of version 2, or what is in it.
    Record(format::Defect),
    TooLarge {
        at: usize,
        limit: usize,
    },
    Unstable {
        at: usize,
        label: String,
    },
    Label {
        label: String,
        what: Cow<'static, str>,
    },
    Size {
        label: String,
        what: String,
    },
    Description {
        label: String,
        what: String,
    },
    Environment {
        variable: &'static str,
        wants: &'static str,
        value: String,
    },
    Template {
        template: String,
        what: &'static str,
    },
    Held,
    Foreign(&'static str),
    Busy,
    Forked,
    FileSystem(&'static str),
    Reentered,
    Ended,
    Dropped,
    Platform,
}

impl Error {
    pub(crate) fn new(path: impl Into<PathBuf>, reason: Reason) -> Self {
        Self { inner: Box::new(Inner { path: path.into(), reason }) }
    }

    /// For `map_err`: the system refused `doing` this to `path`.
    pub(crate) fn io<E: Into<io::Error>>(path: &Path, doing: &'static str) -> impl FnOnce(E) -> Self {
        move |source| Self::new(path, Reason::Io { doing, source: source.into() })
    }

    /// That a file could not be opened, for a program that opens it in a way of its own.
    #[must_use]
    pub fn opening(path: &Path, error: io::Error) -> Self {
        Self::io(path, "opening it")(error)
    }

    /// The file it is about.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.inner.path
    }

    /// The kind of the error.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        match self.inner.reason {
            Reason::Io { .. } => ErrorKind::Io,
            Reason::NotAFile(_) => ErrorKind::NotAFile,
            Reason::Empty | Reason::Version(_) | Reason::Head(_) => ErrorKind::Version,
            Reason::Format { .. } | Reason::Record(_) => ErrorKind::Format,
            Reason::TooLarge { .. } | Reason::Size { .. } => ErrorKind::TooLarge,
            Reason::Unstable { .. } => ErrorKind::Unstable,
            Reason::Label { .. } => ErrorKind::Label,
            Reason::Description { .. } => ErrorKind::Description,
            Reason::Template { .. } => ErrorKind::Template,
            Reason::Environment { .. } => ErrorKind::Environment,
            Reason::Held => ErrorKind::Held,
            Reason::Foreign(_) => ErrorKind::Foreign,
            Reason::Busy => ErrorKind::Busy,
            Reason::Forked => ErrorKind::Forked,
            Reason::FileSystem(_) => ErrorKind::FileSystem,
            Reason::Reentered => ErrorKind::Reentered,
            Reason::Ended => ErrorKind::Ended,
            Reason::Dropped => ErrorKind::Dropped,
            Reason::Platform => ErrorKind::Platform,
        }
    }

    /// The system's error, where there is one.
    #[must_use]
    pub fn as_io(&self) -> Option<&io::Error> {
        match &self.inner.reason {
            Reason::Io { source, .. } => Some(source),
            _ => None,
        }
    }

    /// Whether the file was not there at all.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.as_io().is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
    }

    /// Where in the file, in bytes, if the error has a place.
    #[must_use]
    pub fn offset(&self) -> Option<usize> {
        match self.inner.reason {
            Reason::Format { at, .. } | Reason::TooLarge { at, .. } | Reason::Unstable { at, .. } => Some(at),
            Reason::Head(format::Defect { at, .. }) | Reason::Record(format::Defect { at, .. }) => Some(at),
            _ => None,
        }
    }

    /// The reason without the path. It may contain bytes of a file: escape it before it is printed on a
    /// terminal.
    pub fn reason(&self) -> impl fmt::Display + '_ {
        &self.inner.reason
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.inner.path.display(), self.inner.reason)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.as_io().map(|source| source as _)
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        let kind = match &error.inner.reason {
            Reason::Io { source, .. } => source.kind(),
            Reason::Held => io::ErrorKind::AlreadyExists,
            Reason::Label { .. }
            | Reason::Size { .. }
            | Reason::Description { .. }
            | Reason::Template { .. }
            | Reason::Environment { .. } => io::ErrorKind::InvalidInput,
            Reason::FileSystem(_) | Reason::Platform => io::ErrorKind::Unsupported,
            _ => io::ErrorKind::InvalidData,
        };
        Self::new(kind, error)
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io { doing, source } => write!(f, "{doing}: {}", plain(source)),
            Self::NotAFile(what) => write!(f, "not a regular file but {what}"),
            Self::Empty => f.write_str("an empty file, not a stats file"),
            Self::Version(version) => write!(f, "not a stats file: version {version}, 1 and 2 are known"),
            Self::Head(defect) | Self::Record(defect) => defect.fmt(f),
            Self::Format { at, defect } => write!(f, "field at byte {at}: {defect}"),
            Self::TooLarge { at, limit } => write!(f, "field at byte {at}: ends beyond {limit} bytes"),
            Self::Unstable { at, label } => {
                write!(f, "field at byte {at}: {label} changes faster than it can be read")
            }
            Self::Size { label, what } => write!(f, "label {label:?} {what}"),
            Self::Label { label, what } => write!(f, "label {label:?} {what}"),
            Self::Description { label, what } => write!(f, "label {label:?}: {what}"),
            Self::Environment { variable, wants, value } => {
                write!(f, "{variable} takes {wants}, not {value:?}")
            }
            Self::Template { template, what } => write!(f, "template {template:?}: {what}"),
            Self::Held => f.write_str("a living process publishes under this name"),
            Self::Foreign(what) => write!(f, "the name is taken by {what}"),
            Self::Busy => f.write_str("fields are being added to the instance: use their builder"),
            Self::Forked => f.write_str("the instance belongs to the parent process"),
            Self::FileSystem(name) => {
                write!(f, "on {name} a full disk would kill the program at an update; publish on a tmpfs")
            }
            Self::Reentered => f.write_str("the thread's instance is being made"),
            Self::Ended => f.write_str("the thread is ending"),
            Self::Platform => f.write_str("stats are published and read on Linux only"),
            Self::Dropped => f.write_str("the instance of the family was dropped"),
        }
    }
}

/// The system's words, without Rust's `(os error 28)` after them.
#[must_use]
pub fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error ") {
        Some(end) => text[..end].to_owned(),
        None => text,
    }
}
