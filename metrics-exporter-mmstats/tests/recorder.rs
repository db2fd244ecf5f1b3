//! What a recorder publishes: when, under which label, and with what said about it.

#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
    with_local_recorder,
};
use metrics_exporter_mmstats::{MmstatsBuilder, MmstatsRecorder};
use mmstats::{Options, Snapshot, Value};

fn builder(dir: &Path) -> MmstatsBuilder {
    MmstatsBuilder::new().options(Options::new().dir(dir).filename("metrics.mmstats"))
}

/// A recorder in a directory of its own.
fn recorder() -> (tempfile::TempDir, MmstatsRecorder) {
    let dir = tempfile::tempdir().unwrap();
    let recorder = builder(dir.path()).build().unwrap();
    (dir, recorder)
}

fn value(recorder: &MmstatsRecorder, label: &str) -> Option<String> {
    Snapshot::of(recorder.path()).unwrap().find(label).map(|field| field.value().to_string())
}

/// Unit and help of a field.
fn about(recorder: &MmstatsRecorder, label: &str) -> (Option<String>, Option<String>) {
    let snapshot = Snapshot::of(recorder.path()).unwrap();
    let field = snapshot.find(label).unwrap();
    (field.unit().map(str::to_owned), field.help().map(str::to_owned))
}

fn said(unit: &str, help: &str) -> (Option<String>, Option<String>) {
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    (some(unit), some(help))
}

#[test]
fn what_is_described_before_its_first_value_says_what_it_is() {
    let (_dir, recorder) = recorder();
    with_local_recorder(&recorder, || {
        describe_counter!("before", Unit::Bytes, "Sent.\nIn all.");
        let before = counter!("before");
        let after = gauge!("after");
        describe_gauge!("after", Unit::Percent, "How full it is.");
        describe_counter!("none", Unit::Count, "");
        counter!("none").increment(0);
        before.absolute(7);
        before.absolute(3);
        after.increment(2.5);
        after.decrement(1);
        histogram!("late").record(1.0);
        describe_histogram!("late", Unit::Seconds, "Too late.");
    });
    assert_eq!(about(&recorder, "before"), said("bytes", "Sent. In all."));
    assert_eq!(about(&recorder, "after"), said("percent", "How full it is."));
    assert_eq!(about(&recorder, "none"), said("", ""));
    assert_eq!(about(&recorder, "late"), said("", ""));
    assert_eq!(value(&recorder, "before").unwrap(), "7");
    assert_eq!(value(&recorder, "after").unwrap(), "1.5");
}

#[test]
fn a_metric_is_published_with_its_first_value_or_its_description() {
    let (_dir, recorder) = recorder();
    with_local_recorder(&recorder, || {
        let handle = counter!("updated");
        let _waits = (counter!("described", "a" => "1"), gauge!("asked"));
        assert_eq!(value(&recorder, "updated"), None);
        handle.increment(0);
        describe_counter!("described", "");
        assert_eq!(value(&recorder, "asked"), None);
        recorder.publish();
    });
    for label in ["updated", r#"described{a="1"}"#, "asked"] {
        assert!(value(&recorder, label).is_some(), "{label}");
    }
}

#[test]
fn keys_that_differ_in_the_order_of_labels_are_one_metric() {
    let (_dir, recorder) = recorder();
    with_local_recorder(&recorder, || {
        counter!("hits", "route" => "/", "status" => "200").increment(1);
        counter!("hits", "status" => "200", "route" => "/").increment(2);
        counter!("hits", "http.route" => "\"/\"").increment(4);
    });
    assert_eq!(value(&recorder, r#"hits{route="/",status="200"}"#).unwrap(), "3");
    assert_eq!(value(&recorder, r#"hits{http_route="\"/\""}"#).unwrap(), "4");
}

/// What a histogram holds: count, sum and greatest.
fn totals(recorder: &MmstatsRecorder, label: &str) -> (u64, f64, Option<u64>) {
    let snapshot = Snapshot::of(recorder.path()).unwrap();
    match snapshot.find(label).unwrap().value() {
        Value::Histogram(histogram) => {
            let total = histogram.total();
            (total.count(), total.sum(), total.histogram.max())
        }
        other => panic!("{other:?} is no histogram"),
    }
}

#[test]
fn numbers_become_whole_ones_of_the_units_scale() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = builder(dir.path()).scale("batch", 1.0).build().unwrap();
    with_local_recorder(&recorder, || {
        describe_histogram!("answer", Unit::Seconds, "");
        for value in [0.25, 1.5, -3.0, f64::NAN, 0.000_000_000_4] {
            histogram!("answer").record(value);
        }
        histogram!("wait_seconds").record_many(0.001, 3);
        histogram!("plain").record(0.125);
        histogram!("batch").record(16.6);
        histogram!("endless").record(f64::INFINITY);
    });
    assert_eq!(totals(&recorder, "answer"), (4, 1.75, Some(1_500_000_000)));
    assert_eq!(totals(&recorder, "wait_seconds"), (3, 0.003, Some(1_000_000)));
    assert_eq!(about(&recorder, "wait_seconds"), said("seconds", ""));
    assert_eq!(totals(&recorder, "plain"), (1, 0.125, Some(125_000)));
    assert_eq!(totals(&recorder, "batch"), (1, 17.0, Some(17)));
    assert_eq!(totals(&recorder, "endless").2, Some(1 << 53));
}

#[test]
fn the_readme_shows_what_readers_see() {
    let (_dir, recorder) = recorder();
    with_local_recorder(&recorder, || {
        describe_histogram!("answer", Unit::Seconds, "How long an answer takes.");
        counter!("requests", "route" => "/cart").increment(1);
        gauge!("queue").set(3.0);
        histogram!("answer").record(0.25);
    });
    let readme = include_str!("../README.md");
    let (_, block) = readme.split_once("```text\n").unwrap();
    let (block, _) = block.split_once("```").unwrap();
    let shown = |line: &str| line.split_once('\t').map(|(_, shown)| shown.to_owned());
    let snapshot = Snapshot::of(recorder.path()).unwrap();
    let mut lines = Vec::new();
    for label in [r#"requests{route="/cart"}"#, "queue", "answer"] {
        for (part, value) in snapshot.find(label).unwrap().value().parts() {
            let colon = if part.is_empty() { "" } else { ":" };
            lines.push(format!("{label}{colon}{part}\t{value}"));
        }
    }
    assert_eq!(block.lines().filter_map(shown).collect::<Vec<_>>(), lines);
}

#[test]
fn a_metric_that_cannot_be_published_is_reported_and_does_no_harm() {
    static REPORTED: AtomicUsize = AtomicUsize::new(0);
    mmstats::on_error(|_| {
        REPORTED.fetch_add(1, Ordering::Relaxed);
    });
    let (_dir, recorder) = recorder();
    with_local_recorder(&recorder, || {
        counter!("twice").increment(5);
        // Another kind under the same label.
        gauge!("twice").set(1.0);
        gauge!("twice").set(2.0);
        // One that every file has.
        counter!("sys.pid").increment(1);
    });
    assert_eq!(value(&recorder, "twice").unwrap(), "5");
    assert_eq!(REPORTED.load(Ordering::Relaxed), 2);
}

#[test]
fn threads_lose_nothing_and_register_each_metric_once() {
    const THREADS: u64 = 4;
    const ROUNDS: u64 = 500;
    let (_dir, recorder) = recorder();
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                with_local_recorder(&recorder, || {
                    for round in 0..ROUNDS {
                        counter!("hits", "number" => (round % 50).to_string()).increment(1);
                        gauge!("sum").increment(1.0);
                        histogram!("answer_seconds").record(0.001);
                    }
                });
            });
        }
    });
    for number in 0..50 {
        let expected = (THREADS * ROUNDS / 50).to_string();
        assert_eq!(value(&recorder, &format!("hits{{number=\"{number}\"}}")).unwrap(), expected);
    }
    assert_eq!(value(&recorder, "sum").unwrap(), "2000.0");
    assert_eq!(totals(&recorder, "answer_seconds").0, THREADS * ROUNDS);
}

#[test]
fn the_file_goes_with_the_last_handle() {
    let (dir, recorder) = recorder();
    let handle = with_local_recorder(&recorder, || counter!("hits"));
    handle.increment(1);
    drop(recorder);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    handle.increment(1);
    drop(handle);
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
}
