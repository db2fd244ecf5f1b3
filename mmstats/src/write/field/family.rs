//! Fields that are added when they are first used: one for each route, each queue, each customer.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::HashMap;
use std::fmt;

use super::{Field, Spec, sealed};
use crate::error::{Error, ErrorKind, Reason};
use crate::write::builder::Builder;
use crate::write::label::write_label;
use crate::write::model::labelled;
use crate::write::report::report;
use crate::write::shared::{Link, follow};
use crate::write::store::Store;

/// Fields that a family has at most where nothing else is said.
const DEFAULT_LIMIT: usize = 1000;

/// Fields of one kind that are told apart by attributes, or by the end of their label. A field is added when it is
/// first asked for.
///
/// It is a field of [`stats!`](crate::stats), so it works in [`per_thread!`](crate::per_thread), too: each thread
/// has its own fields, and those of ended threads are folded by label as others are.
///
/// To find a field takes one to two hundred nanoseconds, since its label is put together and looked up; no lock, no
/// system call and, after the first time, no memory. A loop keeps the reference. To add a field costs what
/// [`crate::Instance::add_field`] does.
///
/// ```
/// use mmstats::{Counter, Family, Histogram, Options, stats};
///
/// stats! {
///     struct Web {
///         /// Requests by route and status.
///         requests: Family<Counter>,
///         /// How long answers take.
///         answer: Family<Histogram> { spec: Histogram::spec().durations(), limit: 20 },
///     }
/// }
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let web = Options::new().dir(dir).create::<Web>()?;
/// for route in ["/", "/cart", "/"] {
///     web.requests.get(&[("route", route), ("status", "200")]).incr();
///     web.answer.get(&[("route", route)]).time(|| ());
/// }
/// assert_eq!(web.requests.get(&[("route", "/"), ("status", "200")]).value(), 2);
/// let labels: Vec<_> = web.requests.iter().map(|(label, _)| label).collect();
/// assert_eq!(labels[1], r#"requests{route="/cart",status="200"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Family<F: Field> {
    /// Of all its fields, without attributes.
    label: String,
    spec: F::Spec,
    limit: usize,
    link: Link,
    fields: Shelf<(Box<str>, F)>,
    index: RefCell<HashMap<Box<str>, usize>>,
    /// For labels as they are asked for.
    scratch: Cell<String>,
    /// Counts what cannot be published, in private memory.
    spare: F,
    has_told: Cell<bool>,
}

/// What can be chosen for a [`Family`].
pub struct FamilySpec<F: Field> {
    spec: F::Spec,
    limit: usize,
}

impl<F: Field> FamilySpec<F> {
    /// What each field is like. Default: the field's own.
    #[must_use]
    pub fn spec(mut self, spec: F::Spec) -> Self {
        self.spec = spec;
        self
    }

    /// How many fields there may be in one instance, so that what comes from outside (paths, names of users)
    /// cannot fill the file. Default: 1,000.
    #[must_use]
    pub fn limit(mut self, fields: usize) -> Self {
        self.limit = fields;
        self
    }
}

impl<F: Field<Spec: Clone>> Clone for FamilySpec<F> {
    fn clone(&self) -> Self {
        Self { spec: self.spec.clone(), limit: self.limit }
    }
}

impl<F: Field<Spec: fmt::Debug>> fmt::Debug for FamilySpec<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FamilySpec").field("spec", &self.spec).field("limit", &self.limit).finish()
    }
}

impl<F: Field> sealed::Spec for FamilySpec<F> {}
impl<F: Field> sealed::Field for Family<F> {}

impl<F: Field<Spec: Spec<Field = F> + Clone>> Field for Family<F> {
    type Spec = FamilySpec<F>;

    fn spec() -> FamilySpec<F> {
        Self::spec()
    }
}

impl<F: Field<Spec: Spec<Field = F> + Clone>> Spec for FamilySpec<F> {
    type Field = Family<F>;

    fn document(self, doc: &str) -> Self {
        Self { spec: self.spec.document(doc), ..self }
    }

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<Family<F>, Error> {
        let label = builder.full_label(labelled(label, name));
        let Self { spec, limit } = self;
        // What is wrong with the spec is an error now, and not when somebody first asks for a field.
        let mut private = Store::private(builder.path().to_owned(), builder.version())?;
        let spare = Builder::new(&mut private, String::new()).add(&label, spec.clone())?;
        Ok(Family {
            label,
            spec,
            limit,
            link: builder.link(),
            fields: Shelf::new(),
            index: RefCell::default(),
            scratch: Cell::default(),
            spare,
            has_told: Cell::new(false),
        })
    }
}

impl<F: Field<Spec: Spec<Field = F> + Clone>> Family<F> {
    /// The spec, for [`Builder::add`].
    #[must_use]
    pub fn spec() -> FamilySpec<F> {
        FamilySpec { spec: F::spec(), limit: DEFAULT_LIMIT }
    }

    /// The field with these attributes, which is added if it is not there yet: of the family `requests`,
    /// `requests{route="/a"}`. Their order is part of the label. Without attributes it is the family's label alone.
    ///
    /// If the field cannot be added, what is counted is lost: the field that is returned is one in private memory,
    /// and the same in all these cases. The family's first such error goes to the hook of [`crate::on_error`]. In a
    /// forked child nobody is told.
    pub fn get(&self, attributes: &[(&str, &str)]) -> &F {
        self.try_get(attributes).unwrap_or_else(|error| self.lose(&error))
    }

    /// The same with an end of the label in place of attributes: of the family `queue.`, `queue.mail`.
    pub fn get_suffixed(&self, suffix: &str) -> &F {
        self.try_get_suffixed(suffix).unwrap_or_else(|error| self.lose(&error))
    }

    /// As [`Family::get`], for a program that does something else where a field cannot be added.
    ///
    /// # Errors
    /// As [`crate::Instance::add_field`]; also [`crate::ErrorKind::TooLarge`] where the family has as many fields
    /// as it may have, [`crate::ErrorKind::Dropped`] where its instance is gone, and [`crate::ErrorKind::Busy`]
    /// where fields are being added to that by a builder.
    pub fn try_get(&self, attributes: &[(&str, &str)]) -> Result<&F, Error> {
        self.look_up(|label| write_label(label, &self.label, attributes))
    }

    /// As [`Family::get_suffixed`], with an error.
    ///
    /// # Errors
    /// As [`Family::try_get`].
    pub fn try_get_suffixed(&self, suffix: &str) -> Result<&F, Error> {
        self.look_up(|label| {
            label.push_str(&self.label);
            label.push_str(suffix);
        })
    }

    fn look_up(&self, write: impl FnOnce(&mut String)) -> Result<&F, Error> {
        let mut label = self.scratch.take();
        label.clear();
        write(&mut label);
        let known = self.index.borrow().get(&*label).copied();
        let field = match known.and_then(|number| self.fields.get(number)) {
            Some((_, field)) => Ok(field),
            None => self.add(&label),
        };
        self.scratch.set(label);
        field
    }

    #[cold]
    fn add(&self, label: &str) -> Result<&F, Error> {
        let fail = |reason| Error::new(&*self.label, reason);
        if self.fields.len() >= self.limit {
            let what = format!("is beyond the {} fields that its family may have", self.limit);
            return Err(fail(Reason::Size { label: crate::write::store::beginning(label), what }));
        }
        let store = follow(&self.link).map_err(fail)?;
        let added = store.add(|store| Builder::new(store, String::new()).add(label, self.spec.clone()));
        let field = added.unwrap_or_else(|| Err(fail(Reason::Busy)))?;
        let number = self.fields.len();
        self.index.borrow_mut().insert(label.into(), number);
        let (_, field) = self.fields.push((label.into(), field));
        Ok(field)
    }

    #[cold]
    fn lose(&self, error: &Error) -> &F {
        if error.kind() != ErrorKind::Forked && !self.has_told.replace(true) {
            report(error, "what it counts is lost");
        }
        &self.spare
    }

    /// The fields with their labels, in the order in which they were added.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &F)> {
        (0..self.len()).filter_map(|number| self.fields.get(number)).map(|(label, field)| (&**label, field))
    }

    /// How many fields there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.fields.len()
    }

    /// Whether there are none yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<F: Field<Spec: Spec<Field = F> + Clone> + fmt::Debug> fmt::Debug for Family<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// Things that stay where they are when more are added, so that references to them hold. Row `n` has 2^n places.
struct Shelf<T> {
    rows: [OnceCell<Box<[OnceCell<T>]>>; usize::BITS as usize],
    len: Cell<usize>,
}

impl<T> Shelf<T> {
    fn new() -> Self {
        Self { rows: [const { OnceCell::new() }; usize::BITS as usize], len: Cell::new(0) }
    }

    fn len(&self) -> usize {
        self.len.get()
    }

    /// The row of a number and the place in it.
    fn place(number: usize) -> (usize, usize) {
        let row = (number + 1).ilog2();
        (row as usize, number + 1 - (1 << row))
    }

    fn get(&self, number: usize) -> Option<&T> {
        let (row, at) = Self::place(number);
        self.rows[row].get()?.get(at)?.get()
    }

    fn push(&self, thing: T) -> &T {
        let number = self.len();
        self.len.set(number + 1);
        let (row, at) = Self::place(number);
        let row = self.rows[row].get_or_init(|| (0..1_usize << row).map(|_| OnceCell::new()).collect());
        row[at].get_or_init(|| thing)
    }
}

#[cfg(test)]
mod tests {
    use super::Shelf;

    #[test]
    fn things_stay_where_they_are() {
        let shelf = Shelf::new();
        let first: *const usize = shelf.push(0);
        for number in 1..100 {
            assert_eq!(*shelf.push(number), number);
        }
        assert!((0..100).all(|number| shelf.get(number) == Some(&number)));
        assert!(std::ptr::eq(first, shelf.get(0).unwrap()));
        assert_eq!((shelf.len(), shelf.get(100), shelf.get(1000)), (100, None, None));
    }
}
