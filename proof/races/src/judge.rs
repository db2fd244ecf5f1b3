//! Judges what a reader gives, and counts what is wrong in it.

use std::ops::AddAssign;

use mmstats::format::histogram::Histogram;
use mmstats::{HistogramTotal, Value};

use crate::kinds::{ADDED, BUCKETS, Kind, WRITERS, What, added, sum_of_added};

/// What was read, and what of it was wrong.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counts {
    /// Values that the reader gave.
    pub(crate) reads: u64,
    /// Of these, other than at the look before, so that their writer was at work in between. Where fields
    /// are added: those that were not there at the look before.
    pub(crate) changed: u64,
    /// Of these, mixed from two updates.
    pub(crate) torn: u64,
    /// Of these, older than one read before.
    pub(crate) backwards: u64,
    /// Of these, with a label or value that its writer has never published.
    pub(crate) half: u64,
    /// Times that the reader gave no value, or no field at all, and said so.
    pub(crate) refused: u64,
}

impl AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.reads += other.reads;
        self.changed += other.changed;
        self.torn += other.torn;
        self.backwards += other.backwards;
        self.half += other.half;
        self.refused += other.refused;
    }
}

impl Counts {
    /// The numbers by TAB, and how rare a wrong value is.
    pub(crate) fn columns(&self) -> String {
        let Self { reads, changed, torn, backwards, half, refused } = self;
        let rate = match torn + backwards + half {
            0 => "0".to_owned(),
            wrong => format!("1 in {}", reads / wrong),
        };
        format!("{reads}\t{changed}\t{torn}\t{backwards}\t{half}\t{refused}\t{rate}")
    }
}

/// The judge of one reader's values.
pub(crate) struct Judge {
    what: What,
    pub(crate) tally: Counts,
    /// The beginning of each field's value at the look before, or how many were added to it.
    last: Vec<u64>,
    /// The buckets of each histogram at the look before, and its sum.
    histograms: Vec<(Vec<u64>, u64)>,
    labels: Vec<String>,
    /// Fields at this look so far, and at the one before.
    fields: usize,
    fields_before: usize,
}

impl Judge {
    pub(crate) fn new(kind: &Kind) -> Self {
        let labels = (0..ADDED).map(|n| format!("field.{n:04}")).collect();
        let (tally, last) = (Counts::default(), vec![0; kind.fields]);
        let histograms = vec![(vec![0; BUCKETS as usize], 0); kind.fields];
        Self { what: kind.what, tally, last, histograms, labels, fields: 0, fields_before: 0 }
    }

    /// A look begins.
    pub(crate) fn begin(&mut self) {
        self.fields_before = self.fields;
        self.fields = 0;
    }

    /// Whether the reader has seen all the fields that are ever added to one file.
    pub(crate) fn is_complete(&self) -> bool {
        self.what == What::Added && self.fields >= ADDED
    }

    /// The value of field `number` of those that are updated.
    #[inline]
    pub(crate) fn value(&mut self, number: usize, value: &Value<'_>) {
        let now = match *value {
            Value::Unsigned(bits) => self.number(number, bits),
            Value::Double(double) => self.number(number, double.to_bits()),
            Value::Text(text) => self.text(text),
            Value::Mean(mean) => self.sum(number, mean.sum, mean.count),
            Value::Window(window) => match window.summary() {
                Some(all) => {
                    self.tally.torn += u64::from(all.max != added(all.count.max(1)));
                    self.sum(number, all.sum, all.count)
                }
                None => self.sum(number, 0.0, 0),
            },
            Value::Recent(recent) => self.recent(number, recent.first(), recent.numbers()),
            Value::Histogram(histogram) => self.histogram(number, &histogram.total()),
            _ => {
                self.tally.half += 1;
                0
            }
        };
        self.take(number, now);
    }

    /// A value was given, whose beginning or count is `now`.
    fn take(&mut self, number: usize, now: u64) {
        self.tally.reads += 1;
        match self.last.get_mut(number) {
            Some(last) => {
                self.tally.changed += u64::from(*last != now);
                *last = now;
            }
            None => self.tally.half += 1,
        }
    }

    /// What a naive reader takes for the sum and the count of a mean or a window.
    pub(crate) fn naive_sum(&mut self, number: usize, sum: f64, count: u64) {
        let now = self.sum(number, sum, count);
        self.take(number, now);
    }

    /// What a naive reader takes for the last numbers.
    pub(crate) fn naive_recent(&mut self, number: usize, first: u64, numbers: impl Iterator<Item = f64>) {
        let now = self.recent(number, first, numbers);
        self.take(number, now);
    }

    pub(crate) fn naive_histogram(&mut self, number: usize, histogram: Histogram) {
        let now = self.histogram(number, &HistogramTotal::new(histogram, Vec::new(), 1.0));
        self.take(number, now);
    }

    fn sum(&mut self, number: usize, sum: f64, count: u64) -> u64 {
        self.tally.torn += u64::from(sum != sum_of_added(count));
        self.counted(number, count)
    }

    /// A count only goes up.
    fn counted(&mut self, number: usize, count: u64) -> u64 {
        let before = self.last.get(number).copied().unwrap_or(0);
        self.tally.backwards += u64::from(count < before);
        count
    }

    fn recent(&mut self, number: usize, first: u64, numbers: impl Iterator<Item = f64>) -> u64 {
        let mut next = first;
        let mut is_right = true;
        for value in numbers {
            next += 1;
            is_right &= value == next as f64;
        }
        self.tally.torn += u64::from(!is_right);
        self.counted(number, next)
    }

    /// A number goes into its bucket first, then into the sum. So a later look's buckets have what an earlier look's
    /// sum has, and a later look's sum has what an earlier look's buckets have but for the last one of each writer.
    fn histogram(&mut self, number: usize, total: &HistogramTotal) -> u64 {
        let (counts, sum) = (total.histogram.counts(), total.histogram.sum());
        let Some((before, sum_before)) = self.histograms.get_mut(number) else { return 0 };
        let (first, rest) = counts.split_at(before.len().min(counts.len()));
        let weight = |counts: &[u64]| counts.iter().zip(0..).map(|(count, value)| count * value).sum::<u64>();
        self.tally.half += u64::from(rest.iter().any(|&count| count > 0));
        let falls = sum < *sum_before || first.iter().zip(&*before).any(|(now, before)| now < before);
        self.tally.backwards += u64::from(falls);
        let writers = if self.what == What::SharedHistogram { WRITERS } else { 1 };
        let under_way = writers * (BUCKETS - 1);
        self.tally.torn += u64::from(weight(first) < *sum_before || sum + under_way < weight(before));
        before.copy_from_slice(first);
        *sum_before = sum;
        total.count()
    }

    fn number(&mut self, number: usize, bits: u64) -> u64 {
        let half = self.what.half_bits();
        let low = bits & ((1 << half) - 1);
        if bits >> half != low {
            self.tally.torn += 1;
        } else if matches!(self.what, What::Count | What::U64 | What::SharedCount) {
            // Half of a number wraps within seconds, and a look is a matter of microseconds.
            let before = self.last.get(number).map_or(0, |last| *last as u32);
            self.tally.backwards += u64::from((low as u32).wrapping_sub(before) > u32::MAX / 2);
        }
        bits
    }

    fn text(&mut self, text: &[u8]) -> u64 {
        let What::Text(texts) = self.what else {
            self.tally.half += 1;
            return 0;
        };
        let unit = texts.unit();
        let is_whole = text.first().is_some_and(|&first| {
            let length = texts.length - usize::from(first.wrapping_sub(b'0')) % texts.lengths();
            text.len() == length && text[unit..] == text[..length - unit]
        });
        self.tally.torn += u64::from(!is_whole);
        let mut start = [0; 8];
        let length = text.len().min(8);
        start[..length].copy_from_slice(&text[..length]);
        u64::from_ne_bytes(start)
    }

    /// A field where fields are being added. A label that no writer has could be one half seen.
    pub(crate) fn field(&mut self, label: &[u8], value: &[u8]) {
        if label.starts_with(b"sys.") || label.starts_with(b"org.") {
            return;
        }
        let expected = self.labels.get(self.fields).map(String::as_bytes);
        self.tally.reads += 1;
        self.tally.changed += u64::from(self.fields >= self.fields_before);
        self.tally.half += u64::from(expected != Some(label) || value != b"whole");
        self.fields += 1;
    }
}
