//! The fields of a file of version 1, as a snapshot finds them.

use std::fs::File;
use std::ops::Range;

use super::look::reaches;
use super::settle_v1::{looks_at, settle};
use super::snapshot::{Cut, Snapshot};
use crate::format::v1::{self, Defect, FIRST_FIELD, Record};

const LIMIT: usize = Snapshot::LIMIT;

/// A field's place, and which of its buffers holds the value; `None` if no look could tell.
pub(crate) struct ListedField {
    pub(super) record: Record,
    pub(super) buffer: Option<usize>,
}

impl Snapshot {
    /// Takes in a file of version 1, whose first look has begun, as soon as two looks agree on the heads of all
    /// fields, then settles the values. False: they do not agree, so all looks are to be taken again.
    pub(super) fn look_v1(&mut self, file: &File, len: &mut usize) -> std::io::Result<bool> {
        self.take_alike();
        self.list(file, len)?;
        // The second look need not go beyond the last field, but for what makes no sense there.
        let end = self.records.last().map_or(0, |seen| seen.record.end);
        let to = if self.cut.is_some() { self.first.bytes().len() } else { end };
        self.second.read(file, to)?;
        // A field that is just being added may have made no sense.
        if self.cut.is_some_and(|cut| !is_seen_in(cut, self.second.bytes())) {
            return Ok(false);
        }
        if self.is_at_rest(0..end) && self.stays_at_rest(file)? {
            self.is_pattern = true;
            return Ok(true);
        }
        if self.heads_agree() {
            self.settle(file)?;
            self.is_pattern = true;
            return Ok(true);
        }
        Ok(false)
    }

    /// Takes over the fields of the file before that this look has, too, in the same places. Their buffers
    /// become those that this look's indices name.
    fn take_alike(&mut self) {
        let (bytes, before) = (self.first.bytes(), self.second.bytes());
        let is_alike = |seen: &mut ListedField| {
            let record = &seen.record;
            let head = record.at..record.index_at;
            let is_alike = record.end <= bytes.len().min(before.len())
                && bytes[head.clone()] == before[head]
                && record.fits(bytes[record.index_at]);
            if is_alike {
                seen.buffer = Some(record.current(bytes));
            }
            is_alike
        };
        let alike = self.pattern.iter_mut().map(is_alike).take_while(|alike| *alike).count();
        self.pattern.truncate(alike);
        std::mem::swap(&mut self.records, &mut self.pattern);
    }

    /// Follows the list of fields from the last one that is known, reading on as it leads on. `len` is the
    /// file's size as last seen. The buffers are those that this look's indices name.
    fn list(&mut self, file: &File, len: &mut usize) -> std::io::Result<()> {
        let mut at = self.records.last().map_or(FIRST_FIELD, |seen| seen.record.end);
        // A list that ends just where the bytes end may go on after them.
        let mut look_behind = true;
        loop {
            match v1::field(self.first.bytes(), at) {
                Ok(Some(record)) => {
                    at = record.end;
                    let buffer = Some(record.current(self.first.bytes()));
                    self.records.push(ListedField { record, buffer });
                }
                Ok(None) => {
                    let known = self.first.bytes().len();
                    if known > at + 1 || !look_behind || known >= LIMIT {
                        return Ok(());
                    }
                    look_behind = self.read_on(file, known + 1, len)?;
                }
                Err(defect @ Defect::Short { end, .. }) => {
                    if end > LIMIT && reaches(file, end, len)? {
                        self.cut = Some(Cut::TooLarge(at));
                        return Ok(());
                    }
                    if end > LIMIT || !self.read_on(file, end, len)? {
                        self.cut = Some(Cut::Defect(at, defect));
                        return Ok(());
                    }
                }
                Err(defect) => {
                    self.cut = Some(Cut::Defect(at, defect));
                    return Ok(());
                }
            }
        }
    }

    /// Whether both looks saw the same bytes there. Either may have ended early: the file can shrink.
    fn is_at_rest(&self, range: Range<usize>) -> bool {
        match (self.first.bytes().get(range.clone()), self.second.bytes().get(range)) {
            (Some(first), Some(second)) => first == second,
            _ => false,
        }
    }

    /// Whether all further looks see the same, as many as some text needs, where there is such.
    fn stays_at_rest(&mut self, file: &File) -> std::io::Result<bool> {
        let (mut looks, mut range) = (2, 0..0);
        for ListedField { record, .. } in &self.records {
            let needed = looks_at(record, self.first.bytes());
            if needed > 2 {
                looks = looks.max(needed);
                let start = if range.is_empty() { record.index_at } else { range.start };
                range = start..record.end;
            }
        }
        for _ in 2..looks {
            if !self.second.read_again(file, range.clone())? || !self.is_at_rest(range.clone()) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether both looks saw the same heads. Either may have ended early: the file can shrink.
    fn heads_agree(&self) -> bool {
        let (first, second) = (self.first.bytes(), self.second.bytes());
        self.records.iter().all(|ListedField { record, .. }| {
            let head = record.at..record.index_at;
            record.end <= first.len().min(second.len())
                && first[head.clone()] == second[head]
                && record.fits(second[record.index_at])
        })
    }

    /// Finds the value of each field that counts, and leaves its bytes in `first`.
    fn settle(&mut self, file: &File) -> std::io::Result<()> {
        self.later.forget();
        for ListedField { record, buffer } in &mut self.records {
            *buffer = settle(file, record, &mut self.first, &mut self.second, &mut self.later)?;
        }
        Ok(())
    }
}

/// Whether another look at the same part of the file ends its list for the same reason.
fn is_seen_in(cut: Cut, bytes: &[u8]) -> bool {
    match cut {
        Cut::Defect(at, defect) => v1::field(bytes, at) == Err(defect),
        Cut::TooLarge(at) => matches!(v1::field(bytes, at), Err(Defect::Short { end, .. }) if end > LIMIT),
        _ => true,
    }
}
