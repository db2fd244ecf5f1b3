//! A field, as a spec hands it to the store: the same whichever version is written.

use crate::format::histogram::Shape;
use crate::format::kind::{DataType, MetricType};
use crate::read::Snapshot;
use crate::write::about::About;
use crate::write::values;

/// A field about to be added.
pub(crate) struct Description<'a> {
    pub(crate) data: Data<'a>,
    pub(crate) metric: MetricType,
    pub(crate) about: &'a About,
}

/// What the value is made of, and what it begins with.
#[derive(Clone, Copy)]
pub(crate) enum Data<'a> {
    Number(Number),
    /// Text that changes.
    Text {
        capacity: usize,
        initial: &'a str,
    },
    FixedText(&'a str),
    /// A value of several words.
    Words(Words),
}

/// A number or a bool.
#[derive(Clone, Copy)]
pub(crate) struct Number {
    pub(crate) data: DataType,
    /// For version 1.
    pub(crate) code: &'static str,
    /// Whether version 1 gives it two buffers.
    pub(crate) buffered: bool,
    /// The first value: as many of these as the number has.
    pub(crate) bytes: [u8; 8],
}

impl Number {
    /// A number of eight bytes, in two buffers in version 1.
    pub(crate) fn eight(data: DataType, code: &'static str, bytes: [u8; 8]) -> Self {
        Self { data, code, buffered: true, bytes }
    }

    pub(crate) fn initial(&self) -> &[u8] {
        &self.bytes[..self.data.size().unwrap_or(8)]
    }
}

/// A value of several words. Version 1 shows its mean, and what it is made of is private memory.
#[derive(Clone, Copy)]
pub(crate) enum Words {
    Mean,
    Recent { keep: usize },
    Histogram(Shape),
    Window { seconds: u32 },
}

impl Words {
    pub(crate) fn data(self) -> DataType {
        match self {
            Self::Mean => DataType::Mean,
            Self::Recent { .. } => DataType::Recent,
            Self::Histogram(_) => DataType::Histogram,
            Self::Window { .. } => DataType::Window,
        }
    }

    /// How many bytes it has: more than any file, where that cannot be said.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::Mean => values::mean::Mean::SIZE,
            Self::Recent { keep } if keep < Snapshot::LIMIT => values::recent::Recent::size(keep),
            Self::Histogram(shape) => shape.size(),
            Self::Window { seconds } if (seconds as usize) < Snapshot::LIMIT / 40 => {
                values::window::Window::size(seconds)
            }
            Self::Recent { .. } | Self::Window { .. } => usize::MAX,
        }
    }

    /// What it begins with; zeros follow.
    pub(crate) fn initial(self) -> Vec<u8> {
        match self {
            Self::Mean | Self::Recent { .. } => Vec::new(),
            Self::Histogram(shape) => values::histogram::Histogram::initial(shape),
            Self::Window { seconds } => values::window::Window::initial(seconds).to_vec(),
        }
    }
}
