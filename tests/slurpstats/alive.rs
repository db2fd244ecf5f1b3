//! `--alive`, and what `-a` makes of the dead.

use std::time::Duration;

use harness::image::{Fields, histogram, nanoseconds, unit};
use mmstats::{Gauge, Histogram, Options, Timestamp, Version, stats};

use super::{lines, run};

stats! {
    struct Alive {
        size: Gauge<f64> { unit: "bytes" },
        /// When it was.
        then: Timestamp,
        took: Histogram { unit: "seconds", scale: 1e-9 },
    }
}

#[test]
fn alive_leaves_out_the_dead_and_auto_their_gauges() {
    let dir = tempfile::tempdir().unwrap();
    let alive = Options::new().dir(dir.path()).version(Version::V2).create::<Alive>().unwrap();
    alive.size.set(1000.0);
    alive.took.record_duration(Duration::from_micros(2));
    Fields::new()
        .gauge("size", unit("bytes"), 24.0)
        .counter("hits", 3)
        .histogram("took", nanoseconds(), &histogram((5, 42), [1000]))
        .dead()
        .write(dir.path(), "dead.mmstats");
    let args = ["-p", "size", "-p", "hits", "-p", "took:count"];
    let all = |more: &[&str]| lines(&[&args, more].concat(), dir.path());
    assert_eq!(
        all(&["-a", "auto"]),
        ["hits\t3", "size\t1000.0", "took:count\t2"],
        "gauges of the living only"
    );
    assert_eq!(all(&["-a", "sum"]), ["hits\t3", "size\t1024.0", "took:count\t2"]);
    assert_eq!(all(&["-a", "sum", "--alive"]), ["size\t1000.0", "took:count\t1"]);
    let alone: Vec<_> =
        all(&["--alive"]).iter().map(|line| line.split_once('\t').unwrap().1.to_owned()).collect();
    assert_eq!(alone, ["size\t1000.0", "took:count\t1"]);
    for output in ["json", "text", "prometheus"] {
        let (out, err, code) = run(&["--alive", "-o", output], &[dir.path()]);
        assert_eq!((&*err, code), ("", Some(0)));
        assert!(!out.contains("dead.mmstats") && out.contains("size"), "{output}: {out}");
    }
}
