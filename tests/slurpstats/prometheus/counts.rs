//! Counts that have moved from file to file are counted once.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use harness::image::{Fields, rule};
use mmstats::MergeRule;
use mmstats::format::kind::{DataType, MetricType};

use super::{clean, process, samples};

/// A file of a thread, or of a process's ended threads where `tid` is 0.
fn thread(dir: &Path, tid: u32, folded: u64, hits: u64) {
    let file = Fields::new().name("sys.pid", 7).name("sys.tid", tid).name("sys.fold", 5);
    let number = rule(MergeRule::None);
    file.field("sys.folded", DataType::U64, MetricType::Gauge, number, &folded.to_ne_bytes())
        .counter("hits", hits)
        .write(dir, format!("web-7-{tid}.mmstats"));
}

#[test]
fn an_ended_thread_counts_once() {
    let dir = tempfile::tempdir().unwrap();
    thread(dir.path(), 0, 4, 1000);
    thread(dir.path(), 11, 4, 100);
    thread(dir.path(), 12, 6, 10);
    thread(dir.path(), 13, 0, 1);
    assert_eq!(samples(&clean(dir.path(), &["-p", "hits"])), ["hits_total{cmd=\"web\"} 1011"]);
    assert_eq!(
        samples(&clean(dir.path(), &["-p", "hits", "--by", "pid"])),
        ["hits_total{cmd=\"web\",pid=\"7\"} 1011"]
    );
    assert_eq!(samples(&clean(dir.path(), &["-p", "hits", "--by", "file"])).len(), 4);
}

#[test]
fn a_file_that_the_departed_hold_counts_once() {
    let dir = tempfile::tempdir().unwrap();
    let uid = nix::unistd::getuid();
    let there = process(7).counter("hits", 5).write(dir.path(), "web-7-7.mmstats");
    process(8).counter("hits", 1).write(dir.path(), "web-8-8.mmstats");
    let inode = fs::metadata(there).unwrap().ino();
    let name = format!("web-departed-{uid}.mmstats");
    let departed = Fields::new().text("sys.departed", &format!("1:2:3.0:x {inode}:7:7.0:web-7-7.mmstats"));
    departed.counter("hits", 105).write(dir.path(), &name);
    let hits = |arguments: &[&str]| samples(&clean(dir.path(), arguments)).join(" ");
    assert_eq!(hits(&["-p", "hits"]), "hits_total{cmd=\"web\"} 106");
    assert_eq!(
        hits(&["-p", "hits", "--by", "pid"]),
        "hits_total{cmd=\"web\",pid=\"7\"} 5 hits_total{cmd=\"web\",pid=\"8\"} 1",
        "they are of no process"
    );
    // Another file in its place was made at another time.
    let other = Fields::new().name("sys.pid", 7).name("sys.tid", 7).timestamp("sys.created", 9.0);
    other.counter("hits", 50).write(dir.path(), "web-7-7.mmstats");
    assert_eq!(hits(&["-p", "hits"]), "hits_total{cmd=\"web\"} 156");
}
