//! A file of version 2 that has one field of each kind that does not age.

use std::path::{Path, PathBuf};

use harness::image::{Fields, histogram, nanoseconds, unit};
use mmstats::format::item::Items;
use mmstats::{DataType, MergeRule, MetricType};

/// Writes it.
pub(crate) fn web(dir: &Path, name: &str) -> PathBuf {
    let help = |help: &str, items: Items| Items { help: Some(help.to_owned()), ..items };
    let values = (1..=1000).map(|n| n * 1_000_000);
    Fields::new()
        .name("sys.pid", 4_194_305)
        .field(
            "web.requests{route=\"/a\",method=\"GET\"}",
            DataType::U64,
            MetricType::Counter,
            help("Answered", unit("requests")),
            &42_u64.to_ne_bytes(),
        )
        .gauge("web.load", Items { merge: Some(MergeRule::Avg), ..unit("ratio") }, 0.123_456)
        .field(
            "web.memory",
            DataType::U32,
            MetricType::Gauge,
            Items { scale: Some(1024.0), ..unit("bytes") },
            &3277_u32.to_ne_bytes(),
        )
        .timestamp("web.seen", 1_795_228_800.5)
        .text("web.version", "1.2 ✓")
        .mean("web.weight", 7.5, 3)
        .recent("web.last", &[3.0, 1.5])
        .histogram("web.answer", help("Time to answer", nanoseconds()), &histogram((5, 42), values))
        .histogram("web.none", nanoseconds(), &histogram((5, 42), []))
        .write(dir, name)
}
