//! Version 2 of the file as pure functions over bytes: no I/O, no state, nothing unsafe.
//!
//! ```text
//! 0            8          first
//! +-----------+--- - - ---+---------------+---------------+-- - - --+---------+
//! | file head | (nothing) | record        | record        |         | 0 (end) |
//! +-----------+--- - - ---+---------------+---------------+-- - - --+---------+
//!
//! file head    0  u8   2, the version
//!              1  u8   1 little-endian, 2 big-endian
//!              2  u16  0
//!              4  u32  offset of the first record, a multiple of 8
//! record       0  u32  size of the whole record, a multiple of 8; stored last: it publishes. 0: the end
//!              4  u16  0 a block: bytes that fields point to; 1 a field; anything else is skipped
//! field        6  u16  data type
//!              8  u16  metric type
//!             10  u16  size of the label
//!             12  u32  offset of the value in the file, a multiple of 8
//!             16  u32  size of the value
//!             20  u32  size of the items
//!             24  label (UTF-8), items, zeros up to a multiple of 8
//! item         0  u16  id
//!              2  u16  size
//!              4  bytes, zeros up to a multiple of 4
//! ```
//!
//! All numbers are in the machine's byte order. Offsets count from the file's beginning, in bytes. What the
//! values look like is said in [`text`], [`mean`], [`recent`], [`histogram`] and [`window`]; mmstats(5) says
//! all of it in one place.
//!
//! A *look* is one copy of bytes that somebody else may change meanwhile. The loads of one look may come in
//! any order, so that a look may hold an older word beside a newer one. A look begins after the look before
//! it has ended; that is the only order there is.

pub mod attributes;
mod bytes;
mod defect;
pub mod histogram;
pub mod image;
pub mod item;
pub mod kind;
pub mod mean;
pub mod place;
pub mod reading;
pub mod recent;
pub mod text;
pub mod v2;
pub mod window;

pub use defect::{Defect, What};
