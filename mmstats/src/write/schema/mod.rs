//! How fields become bytes: one codec for each version of the file. All else of the writer is the same.

mod v1;
mod v2;

use std::sync::Arc;

use crate::error::{Error, Reason};
use crate::read::Snapshot;
use crate::write::description::Description;
use crate::write::memory::segment::{ForkMark, Segment};
use crate::write::memory::slot::{TextSlot, Word, WordSlot};
use crate::write::pages::Pages;
use crate::write::store::beginning;
use crate::write::values;
use crate::write::version::Version;

/// A codec, and what it knows of the file so far.
pub(crate) enum Schema {
    V1(v1::Schema),
    V2(v2::Schema),
}

impl Schema {
    pub(crate) fn new(version: Version) -> Self {
        match version {
            Version::V1 => Self::V1(v1::Schema::new()),
            Version::V2 => Self::V2(v2::Schema::new()),
        }
    }

    pub(crate) fn version(&self) -> Version {
        match self {
            Self::V1(_) => Version::V1,
            Self::V2(_) => Version::V2,
        }
    }

    /// Writes what comes before the first field.
    pub(crate) fn start(&self, pages: &mut Pages) -> Result<(), Error> {
        match self {
            Self::V1(_) => v1::Schema::start(pages),
            Self::V2(_) => v2::Schema::start(pages),
        }
    }

    /// Adds a field. A reader sees the whole field or nothing of it.
    pub(crate) fn add(
        &mut self,
        pages: &mut Pages,
        label: &str,
        field: &Description<'_>,
    ) -> Result<Added, Error> {
        match self {
            Self::V1(schema) => schema.add(pages, label, field),
            Self::V2(schema) => schema.add(pages, label, field),
        }
    }

    /// The list of fields ends here.
    pub(crate) fn end(&self) -> usize {
        match self {
            Self::V1(schema) => schema.end(),
            Self::V2(schema) => schema.end(),
        }
    }

    /// The next small value begins with a cache line, where the version has its values apart.
    pub(crate) fn new_line(&mut self) {
        match self {
            Self::V1(_) => {}
            Self::V2(schema) => schema.new_line(),
        }
    }
}

/// The error of a field that would end where no reader looks.
fn too_far(pages: &Pages, label: &str) -> Error {
    let what = format!("would end beyond {} bytes, where no reader looks", Snapshot::LIMIT);
    Error::new(&pages.path, Reason::Size { label: beginning(label), what })
}

/// Where a value is.
#[derive(Clone)]
pub(crate) struct Place {
    home: Arc<Segment>,
    at: usize,
    mark: ForkMark,
}

/// Where a field that was added has its value.
pub(crate) struct Added {
    value: Place,
    /// Where version 1 shows the mean of a value of several words, which is itself in private memory.
    mean: Option<Place>,
    /// Of a text in version 1: bytes of one buffer. The value begins with the write buffer byte.
    buffer: Option<usize>,
}

impl Added {
    pub(crate) fn number<W: Word>(self) -> WordSlot<W> {
        self.value.number()
    }

    /// The two buffers of a text in version 1, else the text of version 2, of `capacity` bytes.
    pub(crate) fn text(self, capacity: u32) -> Result<TextSlot, values::text::Text> {
        let Place { home, at, mark } = self.value;
        match self.buffer {
            Some(size) => Ok(TextSlot::new(home, at, size, mark)),
            None => Err(values::text::Text::new(home, at, capacity, mark)),
        }
    }

    /// The value's place in memory, and where its mean is to be shown, if it is.
    pub(crate) fn words<T>(
        self,
        make: impl FnOnce(Arc<Segment>, usize, ForkMark) -> T,
    ) -> (T, Option<WordSlot<f64>>) {
        let Place { home, at, mark } = self.value;
        (make(home, at, mark), self.mean.map(Place::number))
    }

    /// A number of eight bytes that threads share.
    pub(crate) fn shared_number(self) -> values::shared::Number {
        self.value.shared_number()
    }

    /// As [`Added::words`], for a value that threads share.
    pub(crate) fn shared_words<T>(
        self,
        make: impl FnOnce(Arc<Segment>, usize, ForkMark) -> T,
    ) -> (T, Option<values::shared::Number>) {
        let Place { home, at, mark } = self.value;
        (make(home, at, mark), self.mean.map(Place::shared_number))
    }

    /// The value's first words, for the reader of them when the thread has ended.
    pub(crate) fn shared(&self, words: usize) -> SharedWords {
        SharedWords { segment: Arc::clone(&self.value.home), at: self.value.at, words }
    }
}

impl Place {
    fn number<W: Word>(self) -> WordSlot<W> {
        WordSlot::new(self.home, self.at, self.mark)
    }

    fn shared_number(self) -> values::shared::Number {
        values::shared::Number::new(self.home, self.at, self.mark)
    }
}

/// A value of whole words, to be read beside the handle that writes it.
pub(crate) struct SharedWords {
    segment: Arc<Segment>,
    at: usize,
    words: usize,
}

impl SharedWords {
    /// The first word.
    pub(crate) fn first(&self) -> u64 {
        self.segment.word(self.at)
    }

    /// One look at all of them, as bytes.
    pub(crate) fn look(&self) -> Vec<u8> {
        (0..self.words).flat_map(|word| self.segment.word(self.at + 8 * word).to_ne_bytes()).collect()
    }
}
