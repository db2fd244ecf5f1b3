//! Lists of fields that are those of another file: of the files of one program only the first one's list is parsed.
//!
//! Labels and all that is said of fields never change, so bytes that are the same say the same. That nothing is seen
//! half is made sure of as ever: the first look finds all records, the second one what is in them.

use std::ops::Range;

use super::list_v2::{List, Listed, State};
use super::settle_v2::is_compound;
use crate::format::labels::VERSION_LABEL;
use crate::format::reading::check;
use crate::format::v2::{self, Record};
use crate::write::fold::{FOLD_LABEL, FOLDED_LABEL};

/// Size of what says that the list ends.
const END: usize = 4;
/// The endings of labels that readers ask every file for.
const KNOWN: [&str; 7] =
    ["sys.pid", "sys.tid", "sys.uid", "sys.created", VERSION_LABEL, FOLD_LABEL, FOLDED_LABEL];

/// The number of the first field with each of these endings.
pub(super) type Known = [Option<usize>; KNOWN.len()];

impl List {
    /// Takes note of a record: what of it never changes.
    pub(super) fn add_fixed(&mut self, record: Record, is_field: bool) {
        let fixed = record.at..if is_field { record.end() } else { record.at + v2::RECORD_HEAD };
        match self.fixed.last_mut() {
            Some(last) if last.end == fixed.start => last.end = fixed.end,
            _ => self.fixed.push(fixed),
        }
    }

    /// Whether other files can be compared with this one, whose list could be followed to its end.
    pub(super) fn may_be_pattern(&mut self, bytes: &[u8]) -> bool {
        let ends = self.sound().map(|(_, listed)| listed.value_range().end);
        self.needed = ends.fold(self.list_end(), usize::max);
        self.has_no_defect() && self.needed <= bytes.len()
    }

    /// How many bytes say which fields there are.
    pub(super) fn list_end(&self) -> usize {
        self.end + END
    }

    /// Whether there is nothing that cannot be had.
    pub(super) fn has_no_defect(&self) -> bool {
        self.defects.is_empty() && !self.fields.iter().any(|field| matches!(field.state, State::TooLarge))
    }

    /// Whether two files have this list: then each of these fields is in both of them, in the same place.
    pub(super) fn is_also_in(&self, one: &[u8], other: &[u8]) -> bool {
        let is_same = |range: Range<usize>| match (one.get(range.clone()), other.get(range)) {
            (Some(one), Some(other)) => one == other,
            _ => false,
        };
        // A list that ended in the first look may go on in the second one.
        let ends = |bytes: &[u8]| bytes.get(self.end..self.list_end()) == Some(&[0; END]);
        is_same(0..v2::HEAD) && self.fixed.iter().cloned().all(is_same) && ends(one) && ends(other)
    }

    /// Takes in the values of a file that has this list. False if there is anything wrong with one of them.
    pub(super) fn take_alike(&mut self, bytes: &[u8]) -> bool {
        if bytes.len() < self.needed {
            return false;
        }
        self.compounds.clear();
        self.todo.clear();
        self.again.forget();
        for &number in &self.composed {
            let listed = &self.fields[number];
            if check(listed.data, &bytes[listed.value_range()]).is_err() {
                return false;
            }
            if is_compound(listed.data) {
                self.todo.push(number);
            }
        }
        true
    }

    /// The first field whose label ends so.
    pub(super) fn find(&self, ending: &str, bytes: &[u8]) -> Option<&Listed> {
        let Some(place) = KNOWN.iter().position(|known| *known == ending) else {
            return self.fields.iter().find(|listed| listed.label(bytes).ends_with(ending.as_bytes()));
        };
        let number = self.known.get_or_init(|| self.find_known(bytes))[place]?;
        self.fields.get(number)
    }

    fn find_known(&self, bytes: &[u8]) -> Known {
        let mut found = [None; KNOWN.len()];
        for (number, listed) in self.fields.iter().enumerate() {
            let label = listed.label(bytes);
            for (found, ending) in found.iter_mut().zip(KNOWN) {
                if found.is_none() && label.ends_with(ending.as_bytes()) {
                    *found = Some(number);
                }
            }
        }
        found
    }
}
