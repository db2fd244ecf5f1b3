//! How a snapshot looks at a file of version 2.
//!
//! One look says which records there are, the next one what is in them, and a third one is taken of those
//! values that need it. A file that has numbers and histograms only takes two looks, whether it is at rest or not.

use std::fs::File;

use super::look::reaches;
use super::snapshot::{Cut, Extent, Snapshot};
use crate::format::v2::{self, FIELD};
use crate::format::{Defect, What};

impl Snapshot {
    /// Takes in a file of version 2, whose first look has begun. False: its looks do not fit together, so all of
    /// them are to be taken again.
    pub(super) fn look_v2(&mut self, file: &File, len: &mut usize, extent: Extent) -> std::io::Result<bool> {
        // Its bytes are gone when the second look is taken.
        self.pattern.clear();
        self.version_2.forget();
        if std::mem::take(&mut self.pattern_v2.is_pattern) && self.read_alike(file, extent)? {
            return Ok(true);
        }
        match v2::head(self.first.bytes()) {
            Ok(first) => self.version_2.first = first,
            Err(defect) => {
                self.cut = Some(Cut::Head(defect));
                return Ok(true);
            }
        }
        self.walk(file, len)?;
        let to = match extent {
            Extent::Whole => self.first.bytes().len(),
            // Up to what says that the list ends.
            Extent::Fields => (self.version_2.end + 4).min(self.first.bytes().len()),
        };
        self.second.read(file, to)?;
        if v2::head(self.second.bytes()) != Ok(self.version_2.first) || !self.take_records(file, len)? {
            return Ok(false);
        }
        self.version_2.settle(file, &self.first, &mut self.second)?;
        std::mem::swap(&mut self.first, &mut self.second);
        self.version_2.is_pattern = self.cut.is_none() && self.version_2.may_be_pattern(self.first.bytes());
        Ok(true)
    }

    /// Takes in a file that has the same list of fields as the one before, since another process of the same program
    /// wrote it: then the list needs no parsing. The first look has begun. False, and nothing is taken in, if it has
    /// another list, or something is wrong with its values.
    fn read_alike(&mut self, file: &File, extent: Extent) -> std::io::Result<bool> {
        if !self.pattern_v2.is_also_in(self.first.bytes(), self.second.bytes()) {
            return Ok(false);
        }
        let to = match extent {
            Extent::Whole => self.first.bytes().len(),
            Extent::Fields => self.pattern_v2.needed,
        };
        self.second.read(file, to.max(self.pattern_v2.needed))?;
        let is_alike = self.pattern_v2.is_also_in(self.second.bytes(), self.first.bytes());
        if !is_alike || !self.pattern_v2.take_alike(self.second.bytes()) {
            return Ok(false);
        }
        std::mem::swap(&mut self.version_2, &mut self.pattern_v2);
        self.version_2.settle(file, &self.first, &mut self.second)?;
        std::mem::swap(&mut self.first, &mut self.second);
        self.version_2.is_pattern = self.version_2.has_no_defect();
        self.is_alike = true;
        Ok(true)
    }

    /// Follows the list of records in the first look, reading on as it leads on.
    fn walk(&mut self, file: &File, len: &mut usize) -> std::io::Result<()> {
        let mut at = self.version_2.first;
        loop {
            let known = self.first.bytes().len();
            // Where a list ends with the bytes, it may go on after them.
            let (defect, end) = match v2::record(self.first.bytes(), at) {
                Ok(Some(record)) => {
                    at = record.end();
                    continue;
                }
                Ok(None) => (None, at + 4),
                Err(defect @ Defect { what: What::Short { end, .. }, .. }) => {
                    (Some(defect), usize::try_from(end).unwrap_or(usize::MAX))
                }
                Err(defect) => (Some(defect), 0),
            };
            let is_more = end > known && reaches(file, end, len)?;
            if is_more && end <= Snapshot::LIMIT && self.read_on(file, end, len)? {
                continue;
            }
            self.version_2.end = at;
            self.cut = match defect {
                Some(_) if is_more && end > Snapshot::LIMIT => Some(Cut::TooLarge(at)),
                Some(defect) => Some(Cut::Record(defect)),
                None => None,
            };
            return Ok(());
        }
    }

    /// Takes in the records that the first look has found, by the second. False if that has others.
    fn take_records(&mut self, file: &File, len: &mut usize) -> std::io::Result<bool> {
        let mut total = 0;
        let mut at = self.version_2.first;
        while at < self.version_2.end {
            let Ok(Some(record)) = v2::record(self.first.bytes(), at) else { return Ok(false) };
            at = record.end();
            if v2::record(self.second.bytes(), record.at) != Ok(Some(record)) {
                return Ok(false);
            }
            let is_field = record.kind(self.second.bytes()) == FIELD;
            self.version_2.add_fixed(record, is_field);
            if !is_field {
                continue;
            }
            let mut field = v2::field(self.second.bytes(), record);
            if let Err(Defect { what: What::Short { part: "value", end }, .. }) = field {
                let end = usize::try_from(end).unwrap_or(usize::MAX);
                let is_there = reaches(file, end, len)?;
                if is_there && end > Snapshot::LIMIT {
                    self.version_2.too_large(record);
                    continue;
                }
                if is_there {
                    // Far more than is needed, so that values all over a large file are not read one by one.
                    let known = self.second.bytes().len();
                    self.second.extend(file, end.max((2 * known).min(*len).min(Snapshot::LIMIT)))?;
                    if self.second.bytes().len() < known {
                        return Ok(false);
                    }
                    field = v2::field(self.second.bytes(), record);
                }
            }
            self.version_2.take(record, field, self.second.bytes(), &mut total);
        }
        // What ends the list too early must do so in this look, too.
        Ok(match self.cut {
            Some(Cut::Record(defect)) => v2::record(self.second.bytes(), defect.at) == Err(defect),
            _ => true,
        })
    }
}
