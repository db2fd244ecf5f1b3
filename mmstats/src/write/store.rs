//! The list of fields that one instance has: places found, memory found, fields published.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::errno::Errno;

use crate::error::{Error, Reason};
use crate::format::v1::{self, FIRST_FIELD, LONGEST, VERSION};
use crate::read::Snapshot;
use crate::write::file::StatsFile;
use crate::write::fold::Folding;
use crate::write::memory::segment::{ForkMark, Segment, fork_mark, page_size};
use crate::write::memory::slot::{TextSlot, Word, WordSlot};

/// An instance's fields, in its file or in private memory.
pub(crate) struct Store {
    path: PathBuf,
    file: Option<StatsFile>,
    segments: Vec<Arc<Segment>>,
    /// The next field begins here.
    next: usize,
    labels: HashSet<String>,
    foldings: Vec<Folding>,
    mark: ForkMark,
}

/// What a field's bytes are like.
#[derive(Clone, Copy)]
pub(crate) struct Encoding<'a> {
    pub(crate) code: &'a str,
    pub(crate) size: usize,
    /// The boundary that a value must stand on; 1 for text.
    pub(crate) align: usize,
    pub(crate) buffered: bool,
}

/// Where a field that was added has its value.
pub(crate) struct Added {
    segment: Arc<Segment>,
    index_at: usize,
    current: usize,
    size: usize,
    mark: ForkMark,
}

impl Added {
    pub(crate) fn number<W: Word>(self) -> WordSlot<W> {
        WordSlot::new(self.segment, self.current, self.mark)
    }

    pub(crate) fn text(self) -> TextSlot {
        TextSlot::new(self.segment, self.index_at, self.size, self.mark)
    }

    /// The value's eight bytes, for whoever reads them when the thread has ended.
    pub(crate) fn word(&self) -> SharedWord {
        SharedWord { segment: Arc::clone(&self.segment), at: self.current }
    }
}

/// A number of eight bytes, to be read beside the handle that writes it.
pub(crate) struct SharedWord {
    segment: Arc<Segment>,
    at: usize,
}

impl SharedWord {
    pub(crate) fn get(&self) -> u64 {
        self.segment.word(self.at)
    }
}

impl Store {
    /// In a file that will be seen as `path`. Nobody sees it before [`Store::publish`].
    pub(crate) fn in_file(path: PathBuf, mode: Option<u32>) -> Result<Self, Error> {
        let mark = fork_mark();
        let file = StatsFile::create(path.clone(), mode, mark)?;
        let mut store = Self::empty(path, mark);
        store.file = Some(file);
        store.start()?;
        Ok(store)
    }

    /// In memory that nobody else sees. `path` is the name that it would have had.
    pub(crate) fn private(path: PathBuf) -> Result<Self, Error> {
        let mut store = Self::empty(path, ForkMark::always_home());
        store.start()?;
        Ok(store)
    }

    fn empty(path: PathBuf, mark: ForkMark) -> Self {
        let (labels, foldings) = (HashSet::new(), Vec::new());
        Self { path, file: None, segments: Vec::new(), next: FIRST_FIELD, labels, foldings, mark }
    }

    fn start(&mut self) -> Result<(), Error> {
        self.segment(0, FIRST_FIELD)?.fill(0, &[VERSION]);
        Ok(())
    }

    /// Adds a field whose value is `initial`, shorter than a whole value for text. A reader sees the whole
    /// field or nothing of it.
    pub(crate) fn add(
        &mut self,
        label: &str,
        encoding: Encoding<'_>,
        initial: &[u8],
    ) -> Result<Added, Error> {
        self.check_home()?;
        let Encoding { code, size, align, buffered } = encoding;
        self.check(label, code)?;
        let place = v1::place(self.next, label, code, size, align, buffered);
        let Some(place) = place.filter(|place| place.end <= Snapshot::LIMIT) else {
            let what = format!("would end beyond {} bytes, where no reader looks", Snapshot::LIMIT);
            return Err(self.too_large(label, what));
        };
        let segment = self.segment(place.at, place.end)?;
        segment.fill(place.at, &v1::head(&place, label, code, buffered));
        // A fresh buffered field says that buffer 0 is spare, so the value goes into buffer 1.
        let current = place.index_at + 1 + if buffered { size } else { 0 };
        segment.fill(current, initial);
        #[allow(clippy::cast_possible_truncation)]
        segment.publish(place.at, label.len() as u16);
        self.next = place.end;
        self.labels.insert(label.to_owned());
        Ok(Added { segment, index_at: place.index_at, current, size, mark: self.mark })
    }

    fn check_home(&self) -> Result<(), Error> {
        if self.mark.is_home() { Ok(()) } else { Err(Error::new(&self.path, Reason::Forked)) }
    }

    pub(crate) fn folds(&mut self, folding: Folding) {
        self.foldings.push(folding);
    }

    /// The fields that fold.
    pub(crate) fn foldings(&self) -> &[Folding] {
        &self.foldings
    }

    fn check(&self, label: &str, code: &str) -> Result<(), Error> {
        let what = if label.is_empty() {
            "is empty"
        } else if label.len() > LONGEST {
            "is longer than 65535 bytes"
        } else if self.labels.contains(label) {
            "is there already"
        } else if code.len() > LONGEST / 2 {
            "has a type that is too long"
        } else {
            return Ok(());
        };
        Err(Error::new(&self.path, Reason::Label { label: beginning(label), what }))
    }

    /// For a field that asks for more than can be.
    pub(crate) fn too_large(&self, label: &str, what: String) -> Error {
        Error::new(&self.path, Reason::Size { label: beginning(label), what })
    }

    /// Memory for the bytes `from..to`, which lie at the end of what is used.
    fn segment(&mut self, from: usize, to: usize) -> Result<Arc<Segment>, Error> {
        let page = page_size();
        // Each new segment at least as large as all before it: a few, however many fields there are.
        let whole = to.next_multiple_of(page);
        if let Some(file) = &mut self.file {
            file.allocate(whole)?;
        }
        if let Some(last) = self.segments.last().filter(|last| last.holds(from, to)) {
            return Ok(Arc::clone(last));
        }
        // It begins with the page that the field begins on; the last one may map that page, too.
        let at = from / page * page;
        let first = self.segments.first().cloned();
        let segment = Arc::new(match &mut self.file {
            Some(file) => file.map(at, whole, first)?,
            None => {
                let no_memory = |_| Error::io(&self.path, "finding memory")(Errno::ENOMEM);
                Segment::private(at, whole).map_err(no_memory)?
            }
        });
        self.segments.push(Arc::clone(&segment));
        Ok(segment)
    }

    /// Gives the file its name, or the first free one after it if `goes_on`.
    pub(crate) fn publish(&mut self, goes_on: bool) -> Result<(), Error> {
        self.check_home()?;
        if let Some(file) = &mut self.file {
            file.publish(goes_on)?;
            self.path = file.target().to_owned();
        }
        self.close();
        Ok(())
    }

    /// Lets go of the descriptor that growing opened.
    pub(crate) fn close(&mut self) {
        if let Some(file) = &mut self.file {
            file.close();
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn file(&self) -> Option<&StatsFile> {
        self.file.as_ref()
    }

    pub(crate) fn mark(&self) -> ForkMark {
        self.mark
    }

    /// Bytes that the file has, or would have.
    pub(crate) fn size(&self) -> usize {
        self.next.next_multiple_of(page_size())
    }

    pub(crate) fn sync(&self, wait: bool) -> Result<(), Error> {
        let size = self.size();
        let synced = self.segments.iter().try_for_each(|segment| segment.sync(size, wait));
        synced.map_err(Error::io(&self.path, "flushing it"))
    }
}

/// As much of a label as an error shows.
fn beginning(label: &str) -> String {
    let mut end = label.len().min(80);
    while !label.is_char_boundary(end) {
        end -= 1;
    }
    label[..end].to_owned()
}
