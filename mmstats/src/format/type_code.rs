//! Type codes: what Python's `struct` module calls a format string.
//!
//! A field says what its value is by such a code: `Q` is a `u64`, `255s` is 255 bytes of text, `<2h`
//! two little-endian `i16`. The rules are those of Python's `struct` documentation ("Format
//! Characters", "Byte Order, Size, and Alignment"): white space between codes means nothing, so a
//! writer may pad a code to move the value after it; a count is directly before its code; with
//! no prefix, or `@`, sizes and alignment are the C compiler's; with `=`, `<`, `>` or `!` sizes are
//! fixed and nothing is aligned.

use std::borrow::Cow;
use std::ffi::{c_int, c_long, c_longlong, c_short, c_void};
use std::mem::{align_of, size_of};

use super::word::word;

/// Which end of a number comes first, and whether C's sizes and alignment hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Order {
    /// `@` or no prefix: the machine's byte order, C sizes, C alignment.
    Native,
    /// `=`: the machine's byte order, fixed sizes.
    Standard,
    /// `<`.
    Little,
    /// `>` and `!`.
    Big,
}

impl Order {
    /// Kind, size and alignment of a letter in this byte order.
    #[inline]
    fn lookup(self, letter: u8) -> Option<(Kind, usize, usize)> {
        fn c<T>(kind: Kind) -> Option<(Kind, usize, usize)> {
            Some((kind, size_of::<T>(), align_of::<T>()))
        }
        match letter {
            b'x' | b'c' | b's' => return c::<u8>(Kind::Text),
            b'p' => return c::<u8>(Kind::Pascal),
            b'b' => return c::<i8>(Kind::Signed),
            b'B' => return c::<u8>(Kind::Unsigned),
            b'?' => return c::<u8>(Kind::Bool),
            _ => {}
        }
        if self == Self::Native {
            match letter {
                b'h' => c::<c_short>(Kind::Signed),
                b'H' => c::<c_short>(Kind::Unsigned),
                b'i' => c::<c_int>(Kind::Signed),
                b'I' => c::<c_int>(Kind::Unsigned),
                b'l' => c::<c_long>(Kind::Signed),
                b'L' => c::<c_long>(Kind::Unsigned),
                b'q' => c::<c_longlong>(Kind::Signed),
                b'Q' => c::<c_longlong>(Kind::Unsigned),
                b'n' => c::<isize>(Kind::Signed),
                b'N' => c::<usize>(Kind::Unsigned),
                b'P' => c::<*const c_void>(Kind::Unsigned),
                b'f' => c::<f32>(Kind::Float),
                b'd' => c::<f64>(Kind::Float),
                _ => None,
            }
        } else {
            match letter {
                b'h' => c::<i16>(Kind::Signed),
                b'H' => c::<i16>(Kind::Unsigned),
                b'i' | b'l' => c::<i32>(Kind::Signed),
                b'I' | b'L' => c::<i32>(Kind::Unsigned),
                b'q' => c::<i64>(Kind::Signed),
                b'Q' => c::<i64>(Kind::Unsigned),
                b'f' => c::<f32>(Kind::Float),
                b'd' => c::<f64>(Kind::Float),
                _ => None,
            }
        }
    }
}

/// What one item of a type code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A signed integer of 1, 2, 4 or 8 bytes (`b h i l q n`).
    Signed,
    /// An unsigned integer of 1, 2, 4 or 8 bytes (`B H I L Q N P`).
    Unsigned,
    /// A byte that is zero or not (`?`).
    Bool,
    /// An IEEE 754 number of 4 or 8 bytes (`f d`).
    Float,
    /// Bytes up to the first NUL (`c s`).
    Text,
    /// A length byte, then text of at most that many bytes (`p`).
    Pascal,
}

/// One item of a type code: where it lies in the value and how to read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub kind: Kind,
    /// Bytes from the value's beginning.
    pub offset: usize,
    /// Bytes it takes.
    pub size: usize,
    /// Whether a number's bytes are in the order that is not the machine's.
    pub swapped: bool,
}

/// Why a type code could not be understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadCode {
    /// A byte that is no code, or no code in this byte order.
    Unknown(u8),
    /// A count with no code directly after it.
    DanglingCount,
    /// More bytes than an address can count.
    TooLarge,
    /// Nothing but padding: there is no value to show.
    NoItem,
}

impl std::fmt::Display for BadCode {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Unknown(byte) => write!(f, "unknown type code '{}'", byte.escape_ascii()),
            Self::DanglingCount => f.write_str("a count without a type code behind it"),
            Self::TooLarge => f.write_str("the type is too large"),
            Self::NoItem => f.write_str("the type holds no value"),
        }
    }
}

/// A type code that was understood: its size and its first item. The rest is a walk away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ValueShape {
    /// Bytes of one value, padding included.
    pub size: usize,
    /// The item that a reader shows.
    pub first: Item,
}

impl ValueShape {
    /// Reads a whole type code.
    ///
    /// # Errors
    /// [`BadCode`] where Python's `struct` would refuse it, or where it holds no item at all.
    pub fn parse(code: &[u8]) -> Result<Self, BadCode> {
        // Nearly every code is one letter after blanks, and there are a lot of them.
        if let [space @ .., letter] = code {
            if letter.is_ascii_alphabetic() && space.iter().all(|&byte| byte == b' ') {
                let (kind, size, _) = Order::Native.lookup(*letter).ok_or(BadCode::Unknown(*letter))?;
                let first = Item { kind, offset: 0, size, swapped: false };
                return if *letter == b'x' { Err(BadCode::NoItem) } else { Ok(Self { size, first }) };
            }
        }
        let mut walk = Walk::new(code);
        let mut first = None;
        while let Some(run) = walk.next_run()? {
            if first.is_none() && run.count > 0 {
                first = Some(run.item);
            }
        }
        let first = first.ok_or(BadCode::NoItem)?;
        Ok(Self { size: walk.offset, first })
    }

    /// Whether a value of this shape is one number that the processor can load at once when it lies
    /// at `offset` from a page's beginning. Eight bytes are two loads under a kernel of 32 bits.
    #[must_use]
    pub fn loads_at_once(&self, offset: usize) -> bool {
        self.loads_at_once_by(word(), offset)
    }

    /// The same under a kernel that copies words of this many bytes.
    pub(crate) fn loads_at_once_by(&self, word: usize, offset: usize) -> bool {
        // Text is written byte by byte, however short it is.
        let is_number = !matches!(self.first.kind, Kind::Text | Kind::Pascal) || self.size <= 1;
        is_number && self.size == self.first.size && self.size <= word && offset % self.size.max(1) == 0
    }
}

/// All items of `code`, in order. Ends early where the code cannot be understood.
pub fn items(code: &[u8]) -> impl Iterator<Item = Item> {
    let mut walk = Walk::new(code);
    let mut run = Run { item: Item { kind: Kind::Text, offset: 0, size: 0, swapped: false }, count: 0 };
    std::iter::from_fn(move || {
        while run.count == 0 {
            run = walk.next_run().ok().flatten()?;
        }
        let item = run.item;
        run.count -= 1;
        run.item.offset += item.size;
        Some(item)
    })
}

/// `code` without the white space that only moves the value.
#[must_use]
pub fn trimmed(code: &[u8]) -> Cow<'_, str> {
    let start = code.iter().position(|byte| !is_space(*byte)).unwrap_or(code.len());
    match std::str::from_utf8(&code[start..]) {
        // As nearly everybody writes it: all of it in front, or none.
        Ok(rest) if !rest.bytes().any(is_space) => Cow::Borrowed(rest),
        _ => code.iter().filter(|byte| !is_space(**byte)).map(|&byte| char::from(byte)).collect(),
    }
}

/// Whether a byte is white space as C's `isspace` has it, which Python uses (it counts the vertical tab, Rust's `is_ascii_whitespace` does not).
#[must_use]
pub fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

/// `count` equal items one after the other, the first of them `item`.
struct Run {
    item: Item,
    count: usize,
}

struct Walk<'a> {
    code: &'a [u8],
    order: Order,
    offset: usize,
}

impl<'a> Walk<'a> {
    fn new(code: &'a [u8]) -> Self {
        let order = match code.first() {
            Some(b'=') => Order::Standard,
            Some(b'<') => Order::Little,
            Some(b'>' | b'!') => Order::Big,
            _ => Order::Native,
        };
        let prefix = usize::from(order != Order::Native || code.first() == Some(&b'@'));
        Self { code: &code[prefix..], order, offset: 0 }
    }

    /// Takes the next count and code. `offset` moves after it, so that at the end it is the size.
    fn next_run(&mut self) -> Result<Option<Run>, BadCode> {
        while let [byte, rest @ ..] = self.code {
            if !is_space(*byte) {
                break;
            }
            self.code = rest;
        }
        if self.code.is_empty() {
            return Ok(None);
        }
        let mut count = None;
        while let [digit @ b'0'..=b'9', rest @ ..] = self.code {
            let more = count.unwrap_or(0_usize).checked_mul(10);
            let more = more.and_then(|n| n.checked_add(usize::from(digit - b'0')));
            count = Some(more.ok_or(BadCode::TooLarge)?);
            self.code = rest;
        }
        let [letter, rest @ ..] = self.code else {
            // Python 2 lets a last count pass, and the original with it.
            return Ok(None);
        };
        if count.is_some() && is_space(*letter) {
            return Err(BadCode::DanglingCount);
        }
        self.code = rest;
        let count = count.unwrap_or(1);
        let (kind, size, align) = self.order.lookup(*letter).ok_or(BadCode::Unknown(*letter))?;
        if self.order == Order::Native {
            self.offset = self.offset.checked_next_multiple_of(align).ok_or(BadCode::TooLarge)?;
        }
        let offset = self.offset;
        let bytes = size.checked_mul(count).ok_or(BadCode::TooLarge)?;
        self.offset = offset.checked_add(bytes).ok_or(BadCode::TooLarge)?;
        // A shape must fit an address twice: most values have two buffers.
        if self.offset > isize::MAX as usize / 4 {
            return Err(BadCode::TooLarge);
        }
        let swapped = match self.order {
            Order::Native | Order::Standard => false,
            Order::Little => cfg!(target_endian = "big"),
            Order::Big => cfg!(target_endian = "little"),
        };
        let (size, count) = match letter {
            b's' | b'p' => (bytes, 1),
            b'x' => (0, 0),
            _ => (size, count),
        };
        Ok(Some(Run { item: Item { kind, offset, size, swapped }, count }))
    }
}

#[cfg(test)]
mod tests;
