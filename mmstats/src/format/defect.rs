//! What is wrong with a file, and where.

use std::fmt;

use super::kind::DataType;

/// Something that is not as mmstats(5) has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Defect {
    /// Where: bytes from the file's beginning, or from that of the bytes that were given.
    pub at: usize,
    /// What it is.
    pub what: What,
}

/// What is wrong. `Display` says it in words, without the place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// The bytes stop before `part` ends. More bytes may mend it, if the file has them.
    Short {
        /// `record`, `value` and so on.
        part: &'static str,
        /// How many bytes there would have to be.
        end: u64,
    },
    /// The first byte is not 2.
    Version(u8),
    /// A file of a machine with the other byte order.
    OtherOrder,
    /// The byte that says the byte order says neither.
    Order(u8),
    /// The first record cannot begin there.
    First(u32),
    /// The size of a record is no multiple of 8.
    RecordSize(u32),
    /// `part` would end after the record that it is in.
    Outside {
        /// `label`, `items` and so on.
        part: &'static str,
        /// Where it would end, in the record.
        end: u64,
    },
    /// A label without a byte.
    NoLabel,
    /// A value cannot begin there: inside the file's head, or at no multiple of 8.
    ValuePlace(u32),
    /// The values of the fields so far have more bytes than the file: see [`super::v2::Room`].
    Room,
    /// A value of this type does not have this size.
    ValueSize(DataType, usize),
    /// The text that is current is longer than its field.
    TextLength {
        /// What the value says.
        length: u32,
        /// What there is room for.
        capacity: u32,
    },
    /// A histogram of no known shape: see [`super::histogram::Shape::new`].
    Shape {
        /// Precision in bits.
        p: u32,
        /// Range in bits.
        n: u32,
    },
    /// What an item says makes no sense. The item is passed over.
    Item(&'static str),
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short { part, end } => write!(f, "truncated: the {part} would end at byte {end}"),
            Self::Version(version) => write!(f, "version {version}, not 2"),
            Self::OtherOrder => f.write_str(if cfg!(target_endian = "little") {
                "made on a big-endian machine, and this one is little-endian"
            } else {
                "made on a little-endian machine, and this one is big-endian"
            }),
            Self::Order(order) => {
                write!(f, "byte order {order} is neither 1 (little-endian) nor 2 (big-endian)")
            }
            Self::First(at) => write!(f, "the first record cannot begin at byte {at}"),
            Self::RecordSize(size) => write!(f, "record size {size} is no multiple of 8"),
            Self::Outside { part, end } => {
                write!(f, "the {part} would end at byte {end} of the record, which is shorter")
            }
            Self::NoLabel => f.write_str("the label is empty"),
            Self::ValuePlace(at) => write!(f, "a value cannot begin at byte {at}"),
            Self::Room => f.write_str("the values have more bytes than the file"),
            Self::ValueSize(data, size) => write!(f, "{size} bytes are no value of type {data}"),
            Self::TextLength { length, capacity } => {
                write!(f, "text of {length} bytes in a field for {capacity}")
            }
            Self::Shape { p, n } => write!(f, "no histogram has precision {p} and range {n}"),
            Self::Item(what) => f.write_str(what),
        }
    }
}

impl fmt::Display for Defect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}: {}", self.at, self.what)
    }
}

impl std::error::Error for Defect {}
