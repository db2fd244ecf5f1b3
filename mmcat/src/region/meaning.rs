//! What the bytes of a region say, in words.

use std::borrow::Cow;
use std::fmt;

use cli::escape;
use mmstats::format::histogram::Shape;
use mmstats::format::item;
use mmstats::format::kind::DataType;
use mmstats::format::reading::number;
use mmstats::format::type_code::items;
use mmstats::format::{self, v1, v2};
use mmstats::{MergeRule, Value};

/// What the bytes of a region say.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Meaning<'a> {
    Nothing,
    Number(u64),
    Text(&'a [u8]),
    /// Values of this type code, in version 1.
    Values(&'a [u8]),
    /// Where the first byte is that is not 0.
    Zeros(Option<usize>),
    Fault(Fault),
    /// A number that means this, if it is known.
    Named(u16, Option<&'static str>),
    /// A number or bool of version 2.
    Data(DataType),
    /// The content of an item of this id.
    Item(u16),
    /// A part of a value: its name and what it says.
    Count(&'static str, u64),
    Measure(&'static str, f64),
    /// A check: whether the rest agrees with it.
    Check(bool),
    /// How often a text was set.
    Settings(u32),
    /// One of the last numbers: which.
    Recent(u64, f64),
    /// How many values are in this bucket.
    Bucket(Shape, usize, u64),
    /// Parts of this name in a row that are all zeros: the first and the last.
    Empty(&'static str, usize, usize),
}

/// Why something is not understood.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fault {
    Empty,
    Version(u8),
    /// A field of version 1.
    Field(usize, v1::Defect),
    /// Anything in version 2.
    At(format::Defect),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("an empty file, not a stats file"),
            Self::Version(version) => {
                let (one, two) = (v1::VERSION, v2::VERSION);
                write!(f, "not a stats file: version {version}, {one} and {two} are known")
            }
            Self::Field(at, defect) => write!(f, "field at byte {at}: {defect}"),
            Self::At(defect) => defect.fmt(f),
        }
    }
}

impl<'a> Meaning<'a> {
    /// What `bytes` say, in one line that is safe on a terminal.
    pub(super) fn shown(&self, bytes: &'a [u8]) -> Cow<'a, str> {
        match *self {
            Self::Nothing => Cow::Borrowed(""),
            Self::Number(number) => number.to_string().into(),
            Self::Text(text) => escape(text),
            Self::Values(code) => decoded(code, bytes),
            Self::Zeros(None) => Cow::Borrowed("all zero"),
            Self::Zeros(Some(at)) => format!("not zero at byte {at}").into(),
            Self::Fault(fault) => fault.to_string().into(),
            Self::Named(number, name) => format!("{number} {}", name.unwrap_or("(unknown)")).into(),
            Self::Data(data) => {
                number(data, bytes).map_or(Cow::Borrowed(""), |value| value.to_string().into())
            }
            Self::Item(id) => content(id, bytes),
            Self::Count(name, count) => format!("{name} {count}").into(),
            Self::Measure(name, number) => format!("{name} {number:?}").into(),
            Self::Check(true) => Cow::Borrowed("check agrees"),
            Self::Check(false) => Cow::Borrowed("check does not agree"),
            Self::Settings(count) => format!("settings {count}, copy {} is read", count & 1).into(),
            Self::Recent(index, number) => format!("number {index}: {number:?}").into(),
            Self::Bucket(shape, index, count) => bucket(shape, index, count).into(),
            Self::Empty(name, first, last) if first == last => format!("{name} {first}, empty").into(),
            Self::Empty(name, first, last) => format!("{name}s {first} to {last}, empty").into(),
        }
    }
}

/// All values that a type of version 1 has, by spaces.
fn decoded<'a>(code: &[u8], bytes: &'a [u8]) -> Cow<'a, str> {
    let shown = |item| match Value::decode(&item, bytes) {
        Value::Text(text) => escape(text),
        number => number.to_string().into(),
    };
    let mut items = items(code);
    let mut all = items.next().map_or(Cow::Borrowed(""), shown);
    for item in items {
        let all = all.to_mut();
        all.push(' ');
        all.push_str(&shown(item));
    }
    all
}

/// The name of an item, if its id is known.
pub(super) fn item_name(id: u16) -> Option<&'static str> {
    Some(match id {
        item::UNIT => "unit",
        item::HELP => "help",
        item::MERGE => "merge rule",
        item::SCALE => "scale",
        item::QUANTILES => "quantiles",
        item::MODEL => "model",
        _ => return None,
    })
}

/// What an item says. One that says what it must not is shown as it is.
fn content(id: u16, bytes: &[u8]) -> Cow<'_, str> {
    match id {
        item::UNIT | item::HELP | item::MODEL => escape(bytes),
        item::MERGE => match *bytes {
            [rule] => {
                let name = MergeRule::from_id(rule).map_or("(unknown)", MergeRule::name);
                format!("{rule} {name}").into()
            }
            _ => Cow::Borrowed("(unknown)"),
        },
        item::SCALE | item::QUANTILES if bytes.len() % 8 == 0 => {
            let numbers = bytes.chunks_exact(8).flat_map(<[u8; 8]>::try_from).map(f64::from_ne_bytes);
            numbers.map(|number| format!("{number:?}")).collect::<Vec<_>>().join(" ").into()
        }
        _ => Cow::Borrowed("(unknown)"),
    }
}

fn bucket(shape: Shape, index: usize, count: u64) -> String {
    let bucket = shape.bucket(index);
    match bucket.upper.map(|upper| upper - 1) {
        None => format!("from {}: {count}", bucket.lower),
        Some(last) if last == bucket.lower => format!("{last}: {count}"),
        Some(last) => format!("{} to {last}: {count}", bucket.lower),
    }
}
