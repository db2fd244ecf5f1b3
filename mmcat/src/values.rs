//! Where the values of a file of version 2 are: a field may point anywhere.

use std::ops::Range;

use mmstats::format::v2::{self, FIELD, Field, Record};

/// The fields of a file, in the order of their values. A file may have millions, so that little is kept of each:
/// no offset is beyond what a snapshot holds.
#[derive(Default)]
pub(crate) struct Values {
    /// Where the value is, and where the record.
    places: Vec<(u32, u32)>,
    /// How many were passed.
    passed: usize,
}

impl Values {
    /// Those of the fields of `bytes` that make sense. The first record is at `first`.
    pub(crate) fn of(bytes: &[u8], first: usize) -> Self {
        let mut places: Vec<_> = fields(bytes, first)
            .filter_map(|field| Some((small(field.value.start)?, small(field.record.at)?)))
            .collect();
        places.sort_unstable();
        Self { places, passed: 0 }
    }

    /// All of them, in the order of their values.
    pub(crate) fn all<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = Field> + 'a {
        self.places.iter().filter_map(|&(_, at)| read(bytes, at))
    }

    /// The field of the next value that is in this range as a whole. Ranges come in the order of the file.
    pub(crate) fn next_in(&mut self, bytes: &[u8], range: Range<usize>) -> Option<Field> {
        while let Some(&(value_at, at)) = self.places.get(self.passed) {
            if value_at as usize >= range.end {
                return None;
            }
            self.passed += 1;
            let found = read(bytes, at);
            if let Some(field) = found.filter(|field| is_in(&field.value, &range)) {
                return Some(field);
            }
        }
        None
    }
}

/// The fields that make sense, in the order of the file.
fn fields(bytes: &[u8], first: usize) -> impl Iterator<Item = Field> + '_ {
    let records = v2::records(bytes, first).map_while(Result::ok);
    let fields = records.filter(|record| record.kind(bytes) == FIELD);
    fields.filter_map(|record| v2::field(bytes, record).ok())
}

fn read(bytes: &[u8], at: u32) -> Option<Field> {
    let record: Record = v2::record(bytes, at as usize).ok()??;
    v2::field(bytes, record).ok()
}

/// Whether a value is within a range.
pub(crate) fn is_in(value: &Range<usize>, range: &Range<usize>) -> bool {
    range.start <= value.start && value.end <= range.end
}

fn small(offset: usize) -> Option<u32> {
    u32::try_from(offset).ok()
}
