//! The builder, which adds fields one by one.

use std::fmt;
use std::path::Path;

use crate::error::Error;
use crate::write::about::About;
use crate::write::description::Description;
use crate::write::field::Spec;
use crate::write::fold::{Folding, Kind};
use crate::write::model::Model;
use crate::write::schema::Added;
use crate::write::shared::Link;
use crate::write::store::Store;
use crate::write::version::Version;

/// Adds fields to an instance, before it is published or later.
pub struct Builder<'a> {
    store: &'a mut Store,
    prefix: String,
}

impl fmt::Debug for Builder<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

impl<'a> Builder<'a> {
    pub(crate) fn new(store: &'a mut Store, prefix: String) -> Self {
        Self { store, prefix }
    }

    /// Adds a field and gives its handle. The label is the builder's prefix and `label`.
    ///
    /// # Errors
    /// [`crate::ErrorKind::Label`] if the label is empty, longer than 65,535 bytes, or taken, or its attributes
    /// are not as [`crate::label`] makes them; [`crate::ErrorKind::Description`] for an option of the spec
    /// that makes no sense, such as a unit with a blank;
    /// [`crate::ErrorKind::TooLarge`] if the file would grow beyond [`crate::Snapshot::LIMIT`], or memory
    /// cannot hold what the field keeps; [`crate::ErrorKind::Io`] if the file has to grow and cannot.
    pub fn add<S: Spec>(&mut self, label: &str, spec: S) -> Result<S::Field, Error> {
        spec.add(self, Some(label), label)
    }

    /// Adds all fields of another model, their labels after `prefix`.
    ///
    /// # Errors
    /// As [`Builder::add`].
    pub fn include<M: Model>(&mut self, prefix: &str) -> Result<M, Error> {
        let prefix = format!("{}{prefix}", self.prefix);
        M::build(&mut Builder::new(self.store, prefix))
    }

    /// A label with the builder's prefix before it.
    pub(crate) fn full_label(&self, label: &str) -> String {
        format!("{}{label}", self.prefix)
    }

    /// The file, for errors.
    pub(crate) fn path(&self) -> &Path {
        self.store.path()
    }

    pub(crate) fn version(&self) -> Version {
        self.store.version()
    }

    /// For a field that adds others later.
    pub(crate) fn link(&self) -> Link {
        Link::clone(self.store.link())
    }

    /// For a field that asks for more than can be.
    pub(crate) fn too_large(&self, label: &str, what: &str) -> Error {
        self.store.too_large(&self.full_label(label), what.to_owned())
    }

    /// For a field that says of itself what makes no sense.
    pub(crate) fn refused(&self, label: &str, what: String) -> Error {
        self.store.refused(&self.full_label(label), what)
    }

    pub(crate) fn place(&mut self, label: &str, field: &Description<'_>) -> Result<Added, Error> {
        self.store.add(&self.full_label(label), field)
    }

    /// The values of the fields that follow share no cache line with those before.
    pub(crate) fn new_line(&mut self) {
        self.store.new_line();
    }

    /// Notes that the field that was just placed is one that [`crate::ThreadEnd::Fold`] keeps.
    pub(crate) fn folds(&mut self, label: &str, kind: Kind, about: About) {
        self.store.folds(Folding { label: self.full_label(label), kind, about });
    }
}
