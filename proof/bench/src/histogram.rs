//! How often something took how long, in fixed buckets that grow with the time.

use std::time::Duration;

/// Buckets an octave: each is a sixteenth of its octave wide.
const PARTS: u64 = 16;

/// Nanoseconds, counted by bucket; the least and the largest are exact.
#[derive(Clone)]
pub(crate) struct Histogram {
    counts: Vec<u64>,
    pub(crate) count: u64,
    pub(crate) least: u64,
    pub(crate) largest: u64,
}

impl Histogram {
    pub(crate) fn new() -> Self {
        Self { counts: vec![0; bucket(u64::MAX) + 1], count: 0, least: u64::MAX, largest: 0 }
    }

    #[inline]
    pub(crate) fn add(&mut self, time: Duration) {
        let nanoseconds = time.as_nanos() as u64;
        self.counts[bucket(nanoseconds)] += 1;
        self.count += 1;
        self.least = self.least.min(nanoseconds);
        self.largest = self.largest.max(nanoseconds);
    }

    /// The lower end of the bucket that this part of all times does not go beyond.
    pub(crate) fn at(&self, part: f64) -> u64 {
        let rank = (self.count as f64 * part).ceil() as u64;
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return start(bucket).clamp(self.least, self.largest);
            }
        }
        self.largest
    }
}

#[inline]
fn bucket(nanoseconds: u64) -> usize {
    if nanoseconds < 2 * PARTS {
        return nanoseconds as usize;
    }
    let shift = nanoseconds.ilog2() - PARTS.ilog2();
    (u64::from(shift) * PARTS + (nanoseconds >> shift)) as usize
}

fn start(bucket: usize) -> u64 {
    let bucket = bucket as u64;
    if bucket < 2 * PARTS {
        return bucket;
    }
    let shift = bucket / PARTS - 1;
    (bucket - shift * PARTS) << shift
}

#[test]
fn buckets_follow_each_other() {
    for bucket_number in 0..=bucket(u64::MAX) {
        let first = start(bucket_number);
        assert_eq!(bucket(first), bucket_number);
        assert!(first == 0 || bucket(first - 1) == bucket_number - 1);
    }
}
