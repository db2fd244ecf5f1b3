//! What is given once, when the instance is made.

use std::marker::PhantomData;

use super::number::{Number, data};
use super::{Field, Spec, sealed};
use crate::error::Error;
use crate::format::kind::MetricType;
use crate::write::about::About;
use crate::write::builder::Builder;
use crate::write::description::{Data, Description};
use crate::write::model::labelled;

/// A number that is given once, when the instance is made, and says something about the program, as its process
/// id does. Of all types of [`crate::Gauge`]; one buffer in version 1.
///
/// ```
/// use mmstats::{Options, Static, StaticText, stats};
///
/// stats! {
///     struct About {
///         workers: Static<u32> { value: 8 },
///         version: StaticText = "app.version" { value: env!("CARGO_PKG_VERSION") },
///     }
/// }
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let about = Options::new().dir(dir).create::<About>()?;
/// assert_eq!(about.workers.value(), 8);
/// assert_eq!(about.version.value(), env!("CARGO_PKG_VERSION"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Static<T: Number> {
    value: T,
}

/// Text that is given once, when the instance is made. On disk its bytes; in version 1 `256s`, one buffer, cut
/// between two characters. See [`Static`] for an example.
pub struct StaticText {
    value: String,
}

/// No value yet, in a [`StaticSpec`] or a [`StaticTextSpec`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Lacking(());

/// A value that is known, in a [`StaticSpec`] or a [`StaticTextSpec`].
#[derive(Clone, Debug)]
pub struct Given<T>(T);

/// A value that a function gives when the instance is made, in a [`StaticSpec`] or a [`StaticTextSpec`].
#[derive(Clone)]
pub struct Computed<F>(F);

impl<F> std::fmt::Debug for Computed<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Computed")
    }
}

/// What has the value of a static field: [`Given`] or [`Computed`].
#[diagnostic::on_unimplemented(
    message = "a static field lacks its value",
    label = "lacks its value",
    note = "in `stats!`, write `name: Static<u32> {{ value: 8 }}` or `name: StaticText {{ value: \"text\" }}`; \
            elsewhere, `Static::<u32>::spec().value(8)`"
)]
pub trait Provide<T>: provide::Sealed {
    /// The value.
    #[doc(hidden)]
    fn provide(self) -> T;
}

mod provide {
    pub trait Sealed {}
}

impl<T> provide::Sealed for Given<T> {}
impl<F> provide::Sealed for Computed<F> {}

impl<T> Provide<T> for Given<T> {
    fn provide(self) -> T {
        self.0
    }
}

impl<T: Number, F: FnOnce() -> T> Provide<T> for Computed<F> {
    fn provide(self) -> T {
        (self.0)()
    }
}

impl<S: Into<String>, F: FnOnce() -> S> Provide<String> for Computed<F> {
    fn provide(self) -> String {
        (self.0)().into()
    }
}

/// What can be chosen for a [`Static`]. It has to be given its value: `StaticSpec<u32, Given<u32>>` has one.
#[derive(Clone, Debug)]
pub struct StaticSpec<T, V = Lacking> {
    value: V,
    metric: MetricType,
    about: About,
    number: PhantomData<T>,
}

impl<T, V> StaticSpec<T, V> {
    crate::write::about::described!();

    /// Seconds since 1970, and not a name for something.
    pub(crate) fn timestamp(mut self) -> Self {
        self.metric = MetricType::Timestamp;
        self
    }
}

impl<T: Number> StaticSpec<T> {
    /// The value.
    #[must_use]
    pub fn value(self, value: T) -> StaticSpec<T, Given<T>> {
        StaticSpec { value: Given(value), metric: self.metric, about: self.about, number: PhantomData }
    }

    /// The value is what `get` gives when the instance is made.
    #[must_use]
    pub fn with<F: FnOnce() -> T>(self, get: F) -> StaticSpec<T, Computed<F>> {
        StaticSpec { value: Computed(get), metric: self.metric, about: self.about, number: PhantomData }
    }
}

impl<T, V> sealed::Spec for StaticSpec<T, V> {}
impl<T: Number> sealed::Field for Static<T> {}

impl<T: Number, V: Provide<T>> Spec for StaticSpec<T, V> {
    type Field = Static<T>;

    fn document(mut self, doc: &str) -> Self {
        self.about.document(doc);
        self
    }

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<Static<T>, Error> {
        let value = self.value.provide();
        let field = Description { data: data(value, false), metric: self.metric, about: &self.about };
        builder.place(labelled(label, name), &field)?;
        Ok(Static { value })
    }
}

impl<T: Number> Field for Static<T> {
    type Spec = StaticSpec<T>;

    fn spec() -> StaticSpec<T> {
        Self::spec()
    }
}

impl<T: Number> Static<T> {
    /// The spec, for [`Builder::add`]. It needs a value.
    #[must_use]
    pub fn spec() -> StaticSpec<T> {
        let about = About::default();
        StaticSpec { value: Lacking(()), metric: MetricType::Info, about, number: PhantomData }
    }

    /// What was given.
    #[must_use]
    pub fn value(&self) -> T {
        self.value
    }
}

/// What can be chosen for a [`StaticText`]. It has to be given its value: `StaticTextSpec<Given<String>>` has one.
#[derive(Clone, Debug, Default)]
pub struct StaticTextSpec<V = Lacking> {
    value: V,
    about: About,
}

impl<V> StaticTextSpec<V> {
    crate::write::about::described!();
}

impl StaticTextSpec {
    /// The value.
    #[must_use]
    pub fn value(self, value: impl Into<String>) -> StaticTextSpec<Given<String>> {
        StaticTextSpec { value: Given(value.into()), about: self.about }
    }

    /// The value is what `get` gives when the instance is made.
    #[must_use]
    pub fn with<T: Into<String>, F: FnOnce() -> T>(self, get: F) -> StaticTextSpec<Computed<F>> {
        StaticTextSpec { value: Computed(get), about: self.about }
    }
}

impl<V> sealed::Spec for StaticTextSpec<V> {}
impl sealed::Field for StaticText {}

impl<V: Provide<String>> Spec for StaticTextSpec<V> {
    type Field = StaticText;

    fn document(mut self, doc: &str) -> Self {
        self.about.document(doc);
        self
    }

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, name: &str) -> Result<StaticText, Error> {
        let value = self.value.provide();
        let data = Data::FixedText(&value);
        let field = Description { data, metric: MetricType::Info, about: &self.about };
        builder.place(labelled(label, name), &field)?;
        Ok(StaticText { value })
    }
}

impl Field for StaticText {
    type Spec = StaticTextSpec;

    fn spec() -> StaticTextSpec {
        Self::spec()
    }
}

impl StaticText {
    /// The spec, for [`Builder::add`]. It needs a value.
    #[must_use]
    pub fn spec() -> StaticTextSpec {
        StaticTextSpec::default()
    }

    /// What was given.
    #[must_use]
    pub fn value(&self) -> &str {
        &self.value
    }
}
