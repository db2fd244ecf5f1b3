//! A reader of version 2 that takes what one `pread` shows: the copy that is named current, or whose first words are
//! newer.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use mmstats::Value;
use mmstats::format::histogram::Histogram;
use mmstats::format::kind::DataType;
use mmstats::format::reading::number;
use mmstats::format::{text, v2};

use crate::judge::Judge;
use crate::readers::{added, is_updated};

/// It knows where the values are: that does not change where fields are updated.
pub(crate) struct Two {
    bytes: Vec<u8>,
    values: Vec<(DataType, Range<usize>)>,
}

impl Two {
    pub(crate) fn new(file: Option<&File>) -> io::Result<Self> {
        let mut bytes = vec![0; 128 * 1024];
        let mut values = Vec::new();
        if let Some(file) = file {
            bytes.resize(usize::try_from(file.metadata()?.len()).unwrap_or(0), 0);
            file.read_exact_at(&mut bytes, 0)?;
            each_field(&bytes, |label, data, value| {
                if is_updated(label) {
                    values.push((data, value));
                }
            });
            bytes.truncate(values.iter().map(|(_, value)| value.end).max().unwrap_or(0));
        }
        Ok(Self { bytes, values })
    }

    pub(crate) fn look(&mut self, file: Option<&File>, path: &Path, judge: &mut Judge) -> io::Result<()> {
        let Some(file) = file else {
            let len = File::open(path)?.read_at(&mut self.bytes, 0)?;
            let bytes = &self.bytes[..len];
            each_field(bytes, |label, _, value| added(judge, label, &Value::Text(text_in(&bytes[value]))));
            return Ok(());
        };
        file.read_exact_at(&mut self.bytes, 0)?;
        for (field, (data, range)) in self.values.iter().enumerate() {
            let value = &self.bytes[range.clone()];
            match data {
                DataType::Text => judge.value(field, &Value::Text(text_in(value))),
                DataType::Mean => {
                    // Sums only grow here.
                    let sum = |copy: usize| f64::from_bits(word(value, 24 * copy));
                    let copy = usize::from(sum(1) > sum(0));
                    judge.naive_sum(field, sum(copy), word(value, 24 * copy + 8));
                }
                DataType::Recent => {
                    let (added, places) = (word(value, 0), value.len() / 8 - 1);
                    let first = added.saturating_sub(places as u64 - 1);
                    let at = |n: u64| f64::from_bits(word(value, 8 + n as usize % places * 8));
                    judge.naive_recent(field, first, (first..added).map(at));
                }
                // All that are in the file.
                DataType::Window => {
                    let copies: [usize; 2] = [8, 48];
                    let key = |at: &usize| (word(value, *at), f64::from_bits(word(value, *at + 8)) as u64);
                    let current = copies.into_iter().max_by_key(key).unwrap_or(8);
                    let ring = (88..value.len()).step_by(40);
                    let (mut sum, mut count) = (0.0, 0);
                    for at in ring.filter(|&at| word(value, at) != word(value, current)).chain([current]) {
                        sum += f64::from_bits(word(value, at + 8));
                        count += word(value, at + 16);
                    }
                    judge.naive_sum(field, sum, count);
                }
                // Its words are right on their own: there is nothing to be naive about.
                DataType::Histogram => {
                    if let Ok(histogram) = Histogram::decode(value) {
                        judge.naive_histogram(field, histogram);
                    }
                }
                _ => judge.value(field, &number(*data, value).unwrap_or(Value::Text(b""))),
            }
        }
        Ok(())
    }
}

fn text_in(value: &[u8]) -> &[u8] {
    let half = |at: usize| value.get(at..at + 4).map_or(0, |b| u32::from_ne_bytes([b[0], b[1], b[2], b[3]]));
    let at = text::copy_at(half(0) as usize % 2, half(4) as usize);
    value.get(at + 8..at + 8 + half(at) as usize).unwrap_or_default()
}

fn word(value: &[u8], at: usize) -> u64 {
    value.get(at..at + 8).and_then(|word| word.try_into().ok()).map_or(0, u64::from_ne_bytes)
}

fn each_field(bytes: &[u8], mut see: impl FnMut(&[u8], DataType, Range<usize>)) {
    let Ok(first) = v2::head(bytes) else { return };
    for record in v2::records(bytes, first).flatten().filter(|record| record.kind(bytes) == v2::FIELD) {
        if let Ok(field) = v2::field(bytes, record) {
            if let Some(data) = field.data_type() {
                see(&bytes[field.label], data, field.value);
            }
        }
    }
}
