//! The list of fields that one instance has: checked, placed by its version's schema, published.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use crate::error::{Error, Reason};
use crate::format::attributes;
use crate::format::v1::LONGEST;
use crate::system::page_size;
use crate::write::description::Description;
use crate::write::file::StatsFile;
use crate::write::fold::Folding;
use crate::write::memory::segment::{ForkMark, fork_mark};
use crate::write::pages::Pages;
use crate::write::schema::{Added, Schema};
use crate::write::shared::Link;
use crate::write::version::Version;

/// An instance's fields, in its file or in private memory.
pub(crate) struct Store {
    pages: Pages,
    schema: Schema,
    labels: HashSet<String>,
    foldings: Vec<Folding>,
    link: Link,
}

impl Store {
    /// In a file that will be seen as `path`. Nobody sees it before [`Store::publish`].
    pub(crate) fn in_file(path: PathBuf, mode: Option<u32>, version: Version) -> Result<Self, Error> {
        let mark = fork_mark();
        let file = StatsFile::create(path.clone(), mode, mark)?;
        Self::start(Pages::new(path, Some(file), mark), version)
    }

    /// In memory that nobody else sees. `path` is the name that it would have had.
    pub(crate) fn private(path: PathBuf, version: Version) -> Result<Self, Error> {
        Self::start(Pages::new(path, None, ForkMark::always_home()), version)
    }

    fn start(mut pages: Pages, version: Version) -> Result<Self, Error> {
        let schema = Schema::new(version);
        schema.start(&mut pages)?;
        Ok(Self { pages, schema, labels: HashSet::new(), foldings: Vec::new(), link: Link::default() })
    }

    /// Leads to the store once it is shared.
    pub(crate) fn link(&self) -> &Link {
        &self.link
    }

    pub(crate) fn version(&self) -> Version {
        self.schema.version()
    }

    /// Adds a field. A reader sees the whole field or nothing of it.
    pub(crate) fn add(&mut self, label: &str, field: &Description<'_>) -> Result<Added, Error> {
        self.check_home()?;
        self.check(label)?;
        field.about.check().map_err(|bad| self.refused(label, bad.to_string()))?;
        let added = self.schema.add(&mut self.pages, label, field)?;
        self.labels.insert(label.to_owned());
        Ok(added)
    }

    fn check_home(&self) -> Result<(), Error> {
        if self.pages.mark.is_home() { Ok(()) } else { Err(Error::new(&self.pages.path, Reason::Forked)) }
    }

    /// The values of the fields that follow share no cache line with those before, where there is a choice.
    pub(crate) fn new_line(&mut self) {
        self.schema.new_line();
    }

    pub(crate) fn folds(&mut self, folding: Folding) {
        self.foldings.push(folding);
    }

    /// The fields that fold.
    pub(crate) fn foldings(&self) -> &[Folding] {
        &self.foldings
    }

    fn check(&self, label: &str) -> Result<(), Error> {
        let what = if label.is_empty() {
            "is empty".to_owned()
        } else if label.len() > LONGEST {
            "is longer than 65535 bytes".to_owned()
        } else if self.labels.contains(label) {
            "is there already".to_owned()
        } else if let Err(bad) = attributes::parse(label) {
            format!("has no well-formed attributes: {bad}")
        } else {
            return Ok(());
        };
        Err(Error::new(&self.pages.path, Reason::Label { label: beginning(label), what: what.into() }))
    }

    /// For a field that asks for more than can be.
    pub(crate) fn too_large(&self, label: &str, what: String) -> Error {
        Error::new(&self.pages.path, Reason::Size { label: beginning(label), what })
    }

    /// For a field that says of itself what makes no sense.
    pub(crate) fn refused(&self, label: &str, what: String) -> Error {
        Error::new(&self.pages.path, Reason::Description { label: beginning(label), what })
    }

    /// Gives the file its name, or the first free one after it if `goes_on`.
    pub(crate) fn publish(&mut self, goes_on: bool) -> Result<(), Error> {
        self.check_home()?;
        if let Some(file) = &mut self.pages.file {
            file.publish(goes_on)?;
            self.pages.path = file.target().to_owned();
        }
        self.close();
        Ok(())
    }

    /// Lets go of the descriptor that growing opened.
    pub(crate) fn close(&mut self) {
        if let Some(file) = &mut self.pages.file {
            file.close();
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.pages.path
    }

    pub(crate) fn file(&self) -> Option<&StatsFile> {
        self.pages.file.as_ref()
    }

    pub(crate) fn mark(&self) -> ForkMark {
        self.pages.mark
    }

    /// Bytes that the file has, or would have.
    pub(crate) fn size(&self) -> usize {
        self.schema.end().next_multiple_of(page_size())
    }

    pub(crate) fn sync(&self, wait: bool) -> Result<(), Error> {
        self.pages.sync(self.size(), wait)
    }
}

/// As much of a label as an error shows.
pub(crate) fn beginning(label: &str) -> String {
    let mut end = label.len().min(80);
    while !label.is_char_boundary(end) {
        end -= 1;
    }
    label[..end].to_owned()
}
