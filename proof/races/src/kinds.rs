//! What is raced about: kinds of values, how the writers update them, and who judges by the same rules.

/// Room for the longest text.
pub(crate) const LONGEST: usize = 5 * 1024;
/// Fields that are added to a file before it is made anew.
pub(crate) const ADDED: usize = 500;
/// In front of the labels of fields whose values are updated.
pub(crate) const PREFIX: &str = "v.";

/// One kind: a file of `fields` fields, all of which are updated in turn, as fast as it goes.
pub(crate) struct Kind {
    pub(crate) name: String,
    pub(crate) what: What,
    pub(crate) fields: usize,
    /// In the packed layout, the middle of the first value lies on a multiple of this; 0: as it falls.
    pub(crate) boundary: usize,
    /// Which files have it.
    pub(crate) layouts: &'static [Layout],
    /// Whether its writer, a packed one that stores text as ours does, stops in the middle of it.
    pub(crate) is_paused: bool,
}

/// Who writes, and how the file is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// This library, in version 1.
    One,
    /// This library, in version 2.
    Two,
    /// Another program, as the original lays it out.
    Packed,
    /// Another program, in version 2, which stops in the middle of its stores.
    Paused,
}

impl Layout {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::One => "version1",
            Self::Two => "version2",
            Self::Packed => "packed",
            Self::Paused => "paused2",
        }
    }

    pub(crate) fn is_ours(self) -> bool {
        matches!(self, Self::One | Self::Two)
    }

    pub(crate) fn is_version_2(self) -> bool {
        matches!(self, Self::Two | Self::Paused)
    }
}

/// What both versions have, and the original.
const ALL: &[Layout] = &[Layout::One, Layout::Two, Layout::Packed];
/// What both versions of ours have.
const OURS: &[Layout] = &[Layout::One, Layout::Two];
/// What only the original can have.
const PACKED: &[Layout] = &[Layout::Packed];
/// What only version 2 has.
const TWO: &[Layout] = &[Layout::Two];
/// The same, and a writer of it may stop in the middle.
const TWO_PAUSED: &[Layout] = &[Layout::Two, Layout::Paused];

/// The field of this kind goes back on so many seconds: more than any race takes, so that nothing gets too old.
pub(crate) const WINDOW_SECONDS: u32 = 300;
/// Numbers that a field of the last numbers keeps.
pub(crate) const KEPT: usize = 100;
/// A histogram's numbers are from 0 up to this, each in a bucket of its own.
pub(crate) const BUCKETS: u64 = 64;
/// What is added to means and windows grows by 1 each time that so many were added.
const STEP: u64 = 1 << 16;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum What {
    Count,
    U16,
    U32,
    U64,
    F64,
    Text(Texts),
    /// A mean and a window of numbers that [`added`] gives.
    Mean,
    Window,
    /// The last of 1, 2, 3 and so on.
    Recent,
    /// Of numbers that follow each other, modulo [`BUCKETS`].
    Histogram,
    /// A counter to which [`WRITERS`] threads add at the same time, each the number whose halves are both 1.
    SharedCount,
    /// As `Histogram`, recorded by as many threads at the same time, each with numbers of its own.
    SharedHistogram,
    /// Fields are added, and never updated.
    Added,
}

/// Threads that update a value that they share.
pub(crate) const WRITERS: u64 = 3;

/// What is added to a mean or a window, as its number `n`, counted from 1.
pub(crate) fn added(n: u64) -> f64 {
    (1 + (n - 1) / STEP) as f64
}

/// The sum of the first `n` that are added: whole, and below 2^53 for longer than any race takes.
pub(crate) fn sum_of_added(n: u64) -> f64 {
    let (steps, rest) = (n / STEP, n % STEP);
    (STEP * (steps * (steps + 1) / 2) + rest * (steps + 1)) as f64
}

/// Update `n` of a text: a unit that repeats over `length` bytes, less for some `n`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Texts {
    /// Bytes of the field.
    pub(crate) size: usize,
    /// Bytes of the longest text.
    pub(crate) length: usize,
    pub(crate) buffers: u64,
    pub(crate) pattern: Pattern,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pattern {
    /// Two texts of one length, so that each buffer holds the one and the other in turn: what one look
    /// sees torn, the next may see torn alike.
    Two,
    /// One that does not come back soon, of 16 lengths; of two where there is room for three bytes only.
    Many,
}

impl What {
    /// Bits of the two halves of a number, which are the same unless it is torn.
    pub(crate) fn half_bits(self) -> u32 {
        match self {
            Self::U16 => 8,
            Self::U32 => 16,
            _ => 32,
        }
    }

    /// What a number holds after update `n`, as the bits of its type.
    pub(crate) fn number(self, n: u64) -> u64 {
        // Every pattern of these bits is a finite double.
        let n = if self == Self::F64 { n & 0x3fff_ffff } else { n };
        let bits = self.half_bits();
        let half = n & ((1 << bits) - 1);
        half << bits | half
    }

    /// The type code and the size of a value.
    pub(crate) fn code(self) -> (String, usize) {
        let (code, size) = match self {
            Self::Count | Self::U64 => ("Q", 8),
            Self::U32 => ("I", 4),
            Self::U16 => ("H", 2),
            Self::F64 => ("d", 8),
            Self::Text(Texts { size, .. }) => return (format!("{size}s"), size),
            Self::Added => ("16s", 16),
            // No packed file has them.
            Self::Mean
            | Self::Window
            | Self::Recent
            | Self::Histogram
            | Self::SharedCount
            | Self::SharedHistogram => ("", 0),
        };
        (code.to_owned(), size)
    }
}

impl Texts {
    /// Bytes of the unit that is repeated.
    pub(crate) fn unit(self) -> usize {
        if self.pattern == Pattern::Many && self.length >= 16 { 8 } else { 1 }
    }

    /// A text is shorter than the longest by its first byte modulo this.
    pub(crate) fn lengths(self) -> usize {
        match self.pattern {
            Pattern::Two => 1,
            Pattern::Many if self.length < 32 => 2,
            Pattern::Many => 16,
        }
    }

    /// Text `n`, in `memory`.
    pub(crate) fn text(self, n: u64, memory: &mut [u8; LONGEST]) -> &str {
        let unit = match self.pattern {
            Pattern::Two => [b'a' + (n / self.buffers % 2) as u8; 8],
            // Six bits a letter, from '0' on; the lowest come first, since they differ most.
            Pattern::Many if self.unit() == 8 => std::array::from_fn(|at| b'0' + (n >> (6 * at) & 63) as u8),
            Pattern::Many => [b'0' + (n & 63) as u8; 8],
        };
        for at in memory[..self.length.next_multiple_of(8)].chunks_exact_mut(8) {
            at.copy_from_slice(&unit);
        }
        let length = self.length - usize::from(memory[0] - b'0') % self.lengths();
        std::str::from_utf8(&memory[..length]).unwrap_or_default()
    }
}

/// All kinds. Those with many fields let a look check many values; in those that are `hot` one field is
/// updated back to back, so that hardly a look finds it at rest.
pub(crate) fn kinds() -> Vec<Kind> {
    let mut kinds = Vec::new();
    let mut add = |name: &str, what, fields, layouts| {
        let name = name.to_owned();
        let hot =
            Kind { name: format!("{name}-hot"), what, fields: 1, boundary: 64, layouts, is_paused: false };
        kinds.push(Kind { name, what, fields, boundary: 0, layouts, is_paused: false });
        kinds.push(hot);
    };
    for (name, what) in [
        ("count", What::Count),
        ("u16", What::U16),
        ("u32", What::U32),
        ("u64", What::U64),
        ("f64", What::F64),
    ] {
        add(name, what, 1000, ALL);
    }
    for (size, fields) in [(8, 1000), (64, 500), (255, 200)] {
        let texts = |length, buffers, pattern| What::Text(Texts { size, length, buffers, pattern });
        // As long as text can be with a NUL and a count of updates behind it.
        let length = size - 5;
        add(&format!("text{size}"), texts(length, 2, Pattern::Two), fields, ALL);
        add(&format!("texts{size}"), texts(length, 2, Pattern::Many), fields, ALL);
        add(&format!("full{size}"), texts(size, 2, Pattern::Two), fields, ALL);
        add(&format!("single{size}"), texts(length, 1, Pattern::Two), fields, PACKED);
        add(&format!("singles{size}"), texts(length, 1, Pattern::Many), fields, PACKED);
    }
    // Longer than a page. The other layouts have no room for it in a mapping of theirs.
    let long = Texts { size: 5000, length: 4995, buffers: 2, pattern: Pattern::Many };
    add("texts5000", What::Text(long), 20, TWO);
    let only = |name: &str, what, fields, boundary, layouts| {
        let name = name.to_owned();
        Kind { name, what, fields, boundary, layouts, is_paused: false }
    };
    for size in [64, 255] {
        let texts = Texts { size, length: size - 5, buffers: 2, pattern: Pattern::Two };
        let paused = only(&format!("paused{size}-hot"), What::Text(texts), 1, 64, PACKED);
        kinds.push(Kind { is_paused: true, ..paused });
    }
    for (name, what, fields) in [
        ("mean", What::Mean, 500),
        ("window", What::Window, 20),
        ("recent", What::Recent, 200),
        ("histogram", What::Histogram, 20),
    ] {
        kinds.push(only(name, what, fields, 0, TWO));
        kinds.push(only(&format!("{name}-hot"), what, 1, 0, TWO_PAUSED));
    }
    for (name, what, layouts) in
        [("shared", What::SharedCount, OURS), ("shared-histogram", What::SharedHistogram, TWO)]
    {
        kinds.push(only(name, what, 20, 0, layouts));
        kinds.push(only(&format!("{name}-hot"), what, 1, 0, layouts));
    }
    for size in [255, 5000] {
        let texts = Texts { size, length: size - 5, buffers: 2, pattern: Pattern::Two };
        kinds.push(only(&format!("repeat{size}-hot"), What::Text(texts), 1, 0, TWO_PAUSED));
    }
    kinds.push(only("u64-page-hot", What::U64, 1, 4096, PACKED));
    kinds.push(only("added", What::Added, ADDED, 0, ALL));
    kinds
}
