//! Sets of fields, and the `stats!` macro that lists them.

use std::fmt;
use std::marker::PhantomData;

use crate::error::Error;
use crate::write::builder::Builder;
use crate::write::field::{Field, Spec, sealed};
use crate::write::listed::Listed;

/// A set of fields that one instance has. [`stats!`](crate::stats) writes the implementation; by hand
/// it is one call of [`Builder::add`] per field.
///
/// ```
/// use mmstats::{Builder, Counter, Error, Model, Options};
///
/// struct Shards(Vec<Counter>);
///
/// impl Model for Shards {
///     const NAME: &'static str = "Shards";
///
///     fn build(builder: &mut Builder<'_>) -> Result<Self, Error> {
///         let shard = |number| builder.add(&format!("shard.{number}"), Counter::spec());
///         (0..4).map(shard).collect::<Result<_, _>>().map(Self)
///     }
/// }
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let shards = Options::new().dir(dir).create::<Shards>()?;
/// shards.0[3].incr();
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a type of field or a model",
    label = "not a type of field, nor a struct that `stats!` defines",
    note = "fields are of the types of mmstats, such as `Counter`, `Gauge<u64>`, `UpDown`, `Timer`, `Text` or \
            `Family<Counter>`; models are structs that `stats!` defines"
)]
pub trait Model: Sized {
    /// What `{MODEL}` in a file name is replaced by: the struct's name, if [`stats!`](crate::stats) wrote the
    /// implementation. No `/`.
    const NAME: &'static str = "";

    /// The fields that [`stats!`](crate::stats) lists.
    #[doc(hidden)]
    const FIELDS: &'static [Listed] = &[];

    /// Adds the fields, in order.
    ///
    /// # Errors
    /// What [`Builder::add`] gives.
    fn build(builder: &mut Builder<'_>) -> Result<Self, Error>;
}

/// No fields but those of every instance, for a program that adds all of its own as it runs.
impl Model for () {
    fn build(_builder: &mut Builder<'_>) -> Result<Self, Error> {
        Ok(())
    }
}

/// How a model becomes part of another: `name: Model` or `name: Model = "prefix."`.
#[doc(hidden)]
pub struct Include<M>(PhantomData<M>);

impl<M> fmt::Debug for Include<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Include")
    }
}

impl<M> sealed::Spec for Include<M> {}
impl<M: Model> sealed::Field for M {}

impl<M: Model> Field for M {
    type Spec = Include<M>;

    const IS_MODEL: bool = true;

    fn spec() -> Include<M> {
        Include(PhantomData)
    }
}

impl<M: Model> Spec for Include<M> {
    type Field = M;

    fn add(self, builder: &mut Builder<'_>, label: Option<&str>, _name: &str) -> Result<M, Error> {
        builder.include(label.unwrap_or_default())
    }
}

/// Lists the fields of a model.
///
/// A field is `name: Type`, and its label is its name. `= "label"` gives it another label: a literal, the path of
/// a constant (`= labels::HITS`), or a constant expression in parentheses (`= (concat!("a.", "b"))`).
/// `{ option: value }` gives options that the type's `spec()` has; `{ option }` is one without a value.
/// Documentation comments go to the struct, and the first paragraph of a field's is its help, at most 255 bytes of
/// it. A model may be a field's type in another: its fields are included, their labels after the text that is
/// given in place of a label, if any.
///
/// Two fields of one struct with the same label do not compile, nor does an empty label:
///
/// ```compile_fail,E0080
/// mmstats::stats! {
///     struct Web {
///         hits: mmstats::Counter,
///         requests: mmstats::Counter = "hits",
///     }
/// }
/// ```
///
/// ```
/// use mmstats::{Bool, Counter, Histogram, Options, StaticText, Text, Timer, Timestamp, stats};
///
/// stats! {
///     /// Requests to the database.
///     pub struct Db {
///         /// Queries sent.
///         pub queries: Counter,
///     }
/// }
///
/// stats! {
///     /// What the web server publishes.
///     pub struct Web {
///         /// Answers with a status from 200 to 299.
///         pub ok: Counter = "status.2XX",
///         pub last_hit: Timestamp = "timers.last_hit",
///         /// How long an answer takes.
///         pub latency: Timer,
///         /// What is sent.
///         pub sent: Histogram { unit: "bytes" },
///         pub page: Text { size: 64 },
///         pub ready: Bool { initial: true },
///         pub version: StaticText = "app.version" { value: env!("CARGO_PKG_VERSION") },
///         pub db: Db = "db.",
///     }
/// }
///
/// # let dir = tempfile::tempdir()?;
/// # let dir = dir.path();
/// let web = Options::new().dir(dir).create::<Web>()?;
/// web.ok.incr();
/// web.db.queries.add(3);
/// web.page.set("/index.html");
///
/// let snapshot = mmstats::Snapshot::of(web.path())?;
/// let labels: Vec<_> = snapshot.fields().map(|field| field.unwrap().label().to_owned()).collect();
/// assert!(labels.contains(&b"db.queries".to_vec()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[macro_export]
macro_rules! stats {
    ($(
        $(#[$meta:meta])*
        $vis:vis struct $model:ident {
            $(
                $(#[$($field_meta:tt)*])*
                $field_vis:vis $field:ident : $type:ty $(= $($label:tt)::+)?
                $({ $($option:ident $(: $value:expr)?),* $(,)? })?
            ),* $(,)?
        }
    )*) => {$(
        $(#[$meta])*
        $vis struct $model {
            $( $(#[$($field_meta)*])* $field_vis $field: $type, )*
        }

        impl $crate::Model for $model {
            const NAME: &'static str = ::std::stringify!($model);

            const FIELDS: &'static [$crate::Listed] = &[ $( $crate::Listed::new::<$type>(
                ::std::stringify!($field),
                $crate::stats!(@label $($($label)::+)?),
            ) ),* ];

            fn build(builder: &mut $crate::Builder<'_>) -> ::std::result::Result<Self, $crate::Error> {
                let _ = &builder;
                ::std::result::Result::Ok(Self {
                    $( $field: $crate::Spec::add(
                        $crate::documented(
                            <$type as $crate::Field>::spec() $( $( .$option($($value)?) )* )?,
                            &[ $( $crate::stats!(@doc $($field_meta)*) ),* ],
                        ),
                        builder,
                        $crate::stats!(@label $($($label)::+)?),
                        ::std::stringify!($field),
                    )?, )*
                })
            }
        }

        // Each field's own: an error is about one field.
        $( const _: () = {
            const FIELD: $crate::Listed =
                $crate::Listed::new::<$type>(::std::stringify!($field), $crate::stats!(@label $($($label)::+)?));
            ::std::assert!(
                FIELD.is_labelled(),
                ::std::concat!(
                    "the label of field `", ::std::stringify!($field), "` of `", ::std::stringify!($model),
                    "` is empty: give it one with characters, or none, and it is the field's name"
                ),
            );
            ::std::assert!(
                !FIELD.is_repeated(<$model as $crate::Model>::FIELDS),
                ::std::concat!(
                    "the label of field `", ::std::stringify!($field), "` of `", ::std::stringify!($model),
                    "` is that of a field before it: give it another, as in `",
                    ::std::stringify!($field), ": Type = \"label\"`"
                ),
            );
        }; )*
    )*};
    (@doc doc = $line:expr) => { ::std::option::Option::Some($line) };
    (@doc $($other:tt)*) => { ::std::option::Option::None };
    (@label) => { ::std::option::Option::None };
    (@label $($label:tt)+) => { ::std::option::Option::Some($($label)+) };
}

/// A field's label: the one that is given, or its name.
pub(crate) fn labelled<'a>(label: Option<&'a str>, name: &'a str) -> &'a str {
    // A raw identifier (`r#type`) is a Rust spelling, not part of the name.
    label.unwrap_or(name.strip_prefix("r#").unwrap_or(name))
}
