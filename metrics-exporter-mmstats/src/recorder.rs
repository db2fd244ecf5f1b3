//! What the macros of `metrics` call.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Metadata, Recorder, SharedString, Unit};
use mmstats::{SharedCounter, SharedGauge};

use crate::keys::Keys;
use crate::kinds::Samples;
use crate::names::label;
use crate::published::Published;
use crate::stats::Stats;

/// Publishes metrics in one file.
pub struct MmstatsRecorder {
    stats: Arc<Stats>,
    counters: Keys<Published<SharedCounter>>,
    gauges: Keys<Published<SharedGauge>>,
    histograms: Keys<Published<Samples>>,
}

impl MmstatsRecorder {
    pub(crate) fn new(stats: Arc<Stats>) -> Self {
        Self { stats, counters: Keys::new(), gauges: Keys::new(), histograms: Keys::new() }
    }

    pub(crate) fn stats(&self) -> &Arc<Stats> {
        &self.stats
    }

    /// The path of the file.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.stats.instance().path()
    }

    /// Publishes the metrics that are registered and have no value yet, with what is known of them.
    pub fn publish(&self) {
        self.stats.publish_all();
    }
}

impl fmt::Debug for MmstatsRecorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MmstatsRecorder").field("path", &self.path()).finish_non_exhaustive()
    }
}

impl Recorder for MmstatsRecorder {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, description: SharedString) {
        self.stats.describe(name.as_str(), unit, &description);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, description: SharedString) {
        self.stats.describe(name.as_str(), unit, &description);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, description: SharedString) {
        self.stats.describe(name.as_str(), unit, &description);
    }

    fn register_counter(&self, key: &Key, _metadata: &Metadata<'_>) -> Counter {
        self.counters.get(&self.stats, key, label).map_or_else(Counter::noop, Counter::from_arc)
    }

    fn register_gauge(&self, key: &Key, _metadata: &Metadata<'_>) -> Gauge {
        self.gauges.get(&self.stats, key, label).map_or_else(Gauge::noop, Gauge::from_arc)
    }

    fn register_histogram(&self, key: &Key, _metadata: &Metadata<'_>) -> Histogram {
        self.histograms.get(&self.stats, key, label).map_or_else(Histogram::noop, Histogram::from_arc)
    }
}
