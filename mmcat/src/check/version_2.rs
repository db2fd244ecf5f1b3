//! The rules of version 2 that a region alone does not show.

use std::ops::Range;

use cli::escape;
use mmstats::format::attributes;
use mmstats::format::histogram::Histogram;
use mmstats::format::item::{self, Items};
use mmstats::format::kind::{DataType, MetricType};
use mmstats::format::place::{CACHE_LINE, SMALL};
use mmstats::format::reading::check;
use mmstats::format::v2::{self, BLOCK, FIELD, Field, Room};
use mmstats::format::window::{RING, SLOT};
use mmstats::format::{What, mean, text};

use super::{Finding, Severity};
use crate::number::{u32_at, u64_at};
use crate::region::value::{current_slots, mean_copy, slot};
use crate::values::{Values, is_in};

/// Where windows find out of which boot their stamps are.
const BOOT: &[u8] = b"sys.boot_id";

/// Adds what is wrong with the records of `bytes`, of which the first is at `first`.
pub(super) fn find(bytes: &[u8], first: usize, findings: &mut Vec<Finding>) {
    let mut blocks = Vec::new();
    let mut room = Room::of(bytes);
    let (mut window, mut has_boot) = (None, false);
    for record in v2::records(bytes, first).map_while(Result::ok) {
        match record.kind(bytes) {
            BLOCK => blocks.push(record.at..record.end()),
            FIELD => {
                let Ok(field) = v2::field(bytes, record) else { continue };
                let mut finder = Finder { bytes, field: &field, findings };
                finder.field(&mut room);
                has_boot |= bytes[field.label.clone()].ends_with(BOOT);
                if field.data_type() == Some(DataType::Window) {
                    window.get_or_insert(field);
                }
            }
            other => {
                let reason = format!("record type {other} is unknown: readers skip it");
                let (at, severity) = (record.at + 4, Severity::Warning);
                findings.push(Finding { at, severity, label: Vec::new(), reason });
            }
        }
    }
    if let Some(field) = window.filter(|_| !has_boot) {
        let mut finder = Finder { bytes, field: &field, findings };
        finder.warn(field.record.at, "a window without sys.boot_id: its seconds may be of another boot");
    }
    places(bytes, &Values::of(bytes, first), &blocks, findings);
}

/// Adds what is wrong with the places of values.
fn places(bytes: &[u8], values: &Values, blocks: &[Range<usize>], findings: &mut Vec<Finding>) {
    // The value that goes furthest of those so far: where it ends, and whose it is.
    let mut last: Option<(usize, Range<usize>)> = None;
    for field in values.all(bytes) {
        let Range { start, end } = field.value;
        let mut finder = Finder { bytes, field: &field, findings };
        let at = field.record.at + 12;
        let over = last.as_ref().filter(|(end, _)| start < *end && !field.value.is_empty());
        if let Some((_, label)) = over {
            let reason = format!("the value overlaps that of {}", escape(&bytes[label.clone()]));
            finder.defect(at, reason);
        }
        let block = &blocks[..blocks.partition_point(|block| block.start <= start)];
        match block.last().filter(|block| is_in(&field.value, &(block.start + 6..block.end))) {
            None => finder.defect(at, "the value is not in a block"),
            Some(block) if block.start > field.record.at => {
                finder.warn(at, "the block of the value comes after the field");
            }
            Some(_) => {}
        }
        let is_spread = if end - start > SMALL {
            start % CACHE_LINE != 0
        } else {
            end > start && start / CACHE_LINE != (end - 1) / CACHE_LINE
        };
        if is_spread {
            finder.warn(at, "the value is in more cache lines than it needs");
        }
        if last.as_ref().is_none_or(|(furthest, _)| *furthest < end) {
            last = Some((end, field.label));
        }
    }
}

/// Finds what is wrong with a field.
struct Finder<'a> {
    bytes: &'a [u8],
    field: &'a Field,
    findings: &'a mut Vec<Finding>,
}

impl Finder<'_> {
    fn defect(&mut self, at: usize, reason: impl Into<String>) {
        self.find(at, Severity::Defect, reason.into());
    }

    fn warn(&mut self, at: usize, reason: impl Into<String>) {
        self.find(at, Severity::Warning, reason.into());
    }

    fn find(&mut self, at: usize, severity: Severity, reason: String) {
        let label = self.bytes[self.field.label.clone()].to_vec();
        self.findings.push(Finding { at, severity, label, reason });
    }

    fn field(&mut self, room: &mut Room) {
        let (field, at) = (self.field, self.field.record.at);
        if let Err(defect) = room.take(field) {
            self.defect(defect.at, defect.what.to_string());
        }
        let label = std::str::from_utf8(&self.bytes[field.label.clone()]).unwrap_or_default();
        if let Err(bad) = attributes::parse(label) {
            self.warn(field.label.start, escape(bad.to_string().as_bytes()));
        }
        match (field.data_type(), MetricType::from_id(field.metric)) {
            (None, _) => {
                self.warn(at + 6, format!("data type {} is unknown: readers skip the field", field.data));
            }
            (_, None) => {
                self.warn(at + 8, format!("metric type {} is unknown: it counts as 0", field.metric));
            }
            (Some(data), Some(metric)) if !metric.fits(data) => {
                self.defect(at + 8, format!("{data} cannot be of metric type {metric}"));
            }
            _ => {}
        }
        self.items();
        let value = &self.bytes[field.value.clone()];
        // What is not of its type at all has been found.
        if let Some(data) = field.data_type().filter(|&data| check(data, value).is_ok()) {
            self.value(data, value);
        }
    }

    fn items(&mut self) {
        let begin = self.field.items.start;
        let items = &self.bytes[self.field.items.clone()];
        let mut seen = Vec::new();
        for item in item::walk(items).map_while(Result::ok) {
            if !(item::UNIT..=item::MODEL).contains(&item.id) {
                self.warn(begin + item.at, format!("item {} is unknown: readers skip it", item.id));
            } else if seen.contains(&item.id) {
                self.warn(
                    begin + item.at,
                    format!("item {} is there already, and the first counts", item.id),
                );
            } else {
                seen.push(item.id);
            }
        }
        for defect in Items::parse(items).1 {
            // An item that is cut short has been found.
            if let What::Item(reason) = defect.what {
                self.defect(begin + defect.at, reason);
            }
        }
    }

    fn value(&mut self, data: DataType, value: &[u8]) {
        let at = self.field.value.start;
        match data {
            DataType::Bool if value[0] > 1 => {
                self.defect(at, format!("a bool is 0 or 1, not {}", value[0]));
            }
            DataType::FixedText => self.utf_8(at, value),
            DataType::Text => match text::range([value; 3]) {
                Ok(Some(range)) => self.utf_8(at + range.start, &value[range]),
                Ok(None) => {}
                Err(what) => self.defect(at, what.to_string()),
            },
            DataType::Mean if value.chunks_exact(mean::COPY).all(|copy| mean_copy(copy).is_none()) => {
                self.defect(at, "no copy agrees with its check");
            }
            DataType::Histogram => self.histogram(at, value),
            DataType::Window => self.window(at, value),
            _ => {}
        }
    }

    fn utf_8(&mut self, at: usize, text: &[u8]) {
        if let Err(error) = std::str::from_utf8(text) {
            self.defect(at + error.valid_up_to(), "text is not UTF-8");
        }
    }

    /// The words before the buckets are stored after them, so they never say more.
    fn histogram(&mut self, at: usize, value: &[u8]) {
        let Ok(histogram) = Histogram::decode(value) else { return };
        let (count, max) = (u64_at(value, 0), u64_at(value, 16));
        if count > histogram.count() {
            self.defect(at, format!("count is {count}, but the buckets have {}", histogram.count()));
        }
        let highest = histogram.counts().iter().rposition(|&count| count > 0);
        if max > 0 && highest.is_none_or(|highest| highest < histogram.shape().index(max)) {
            self.defect(at + 16, format!("max is {max}, but no bucket up there has a value"));
        }
    }

    fn window(&mut self, at: usize, value: &[u8]) {
        let copies = current_slots(value);
        let Some(now) = copies.into_iter().flatten().map(|slot| slot.stamp).max() else {
            return self.defect(at, "no copy agrees with its check");
        };
        let seconds = u64::from(u32_at(value, 0));
        let offsets = (at + RING..).step_by(SLOT);
        for ((place, slot_at), bytes) in (0..).zip(offsets).zip(value[RING..].chunks_exact(SLOT)) {
            match slot(bytes) {
                // The writer may have stopped while it put the current second there.
                None if place == now % seconds => {}
                None => self.defect(slot_at, format!("slot {place} does not agree with its check")),
                Some(slot) if slot.stamp > 0 && slot.stamp % seconds != place => {
                    self.defect(slot_at, format!("stamp {} does not belong in slot {place}", slot.stamp));
                }
                Some(slot) if slot.stamp > now => {
                    self.defect(slot_at, format!("stamp {} is after the current one, {now}", slot.stamp));
                }
                Some(_) => {}
            }
        }
    }
}
