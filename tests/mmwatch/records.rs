//! A record per change.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;
use std::sync::mpsc::channel;

use harness::{InPlace, but_half_written, outcome, sees_all_processes};
use mmstats::Gauge;

use super::{Records, mmwatch, publish, start};

#[test]
fn every_change_is_a_record() {
    let dir = tempfile::tempdir().unwrap();
    let a = publish(dir.path(), "a");
    a.state.set("idle");
    let watch = start(dir.path(), &["-p", "queue.", "-x", "queue.sys", "-x", "queue.org"]);
    let first = [
        ["a.mmstats", "queue.done", "", "0"],
        ["a.mmstats", "queue.depth", "", "0"],
        ["a.mmstats", "queue.load", "", "0.0"],
        ["a.mmstats", "queue.ready", "", "false"],
        ["a.mmstats", "queue.state", "", "idle"],
    ];
    for want in first {
        assert_eq!(watch.record(), want);
    }
    a.done.add(7);
    assert_eq!(watch.record(), ["a.mmstats", "queue.done", "0", "7"]);
    a.depth.set(-3);
    assert_eq!(watch.record(), ["a.mmstats", "queue.depth", "0", "-3"]);
    a.load.set(0.1);
    assert_eq!(watch.record(), ["a.mmstats", "queue.load", "0.0", "0.1"]);
    a.load.set(f64::NAN);
    assert_eq!(watch.record(), ["a.mmstats", "queue.load", "0.1", "NaN"]);
    a.ready.set(true);
    assert_eq!(watch.record(), ["a.mmstats", "queue.ready", "false", "true"], "NaN has not changed");
    a.state.set("busy\t\x1b[2J\n");
    assert_eq!(watch.record(), ["a.mmstats", "queue.state", "idle", "busy\\t\\x1b[2J\\n"]);
    a.add_field("late", Gauge::<u64>::spec().initial(5)).unwrap();
    assert_eq!(watch.record(), ["a.mmstats", "queue.late", "", "5"], "added");
    let b = publish(dir.path(), "b");
    assert_eq!(watch.record(), ["b.mmstats", "", "", "appeared"]);
    for want in &first[..4] {
        assert_eq!(watch.record()[1..], want[1..]);
    }
    watch.skip(1);
    b.done.add(1);
    assert_eq!(watch.record(), ["b.mmstats", "queue.done", "0", "1"]);
    b.done.add(1);
    drop(b);
    // What it counted at the end may be seen by a look of its own.
    assert_eq!(watch.record(), ["b.mmstats", "queue.done", "1", "2"]);
    assert_eq!(watch.record(), ["b.mmstats", "", "", "vanished"]);
    let (stderr, status) = watch.interrupt();
    assert_eq!((stderr.as_str(), status.signal()), ("", Some(2)));
}

#[test]
fn a_writer_that_begins_again_in_the_same_file_is_watched_again() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("a.mmstats");
    let writer = InPlace::begin();
    writer.write(&path, 5);
    let watch = start(dir.path(), &["-p", "app.hits"]);
    assert_eq!(watch.record(), ["a.mmstats", "app.hits", "", "5"]);
    let expect_one_that_begins = |hits: &str| {
        assert_eq!(watch.record(), ["a.mmstats", "", "", "appeared"]);
        assert_eq!(watch.record(), ["a.mmstats", "app.hits", "", hits]);
    };
    // While it is being written it is no stats file for a moment.
    InPlace::cut(&path);
    assert_eq!(watch.record(), ["a.mmstats", "", "", "vanished"]);
    assert!(watch.error_line().ends_with("a.mmstats: an empty file, not a stats file"));
    writer.fill(&path, 5);
    expect_one_that_begins("5");
    // That it has died can only be known where every process that may map the file can be looked into.
    let rounds = if sees_all_processes() { 0..2 } else { 0..0 };
    for _ in rounds {
        let writer = InPlace::begin();
        writer.write(&path, 6);
        assert_eq!(watch.record(), ["a.mmstats", "", "", "vanished"]);
        expect_one_that_begins("6");
        drop(writer);
        assert_eq!(watch.record(), ["a.mmstats", "", "", "died"]);
        let writer = InPlace::begin();
        writer.write(&path, 7);
        expect_one_that_begins("7");
    }
    let (stderr, _) = watch.interrupt();
    assert_eq!(but_half_written(&stderr), "", "to begin again is no error");
}

#[test]
fn the_first_look_is_silent_and_records_are_counted() {
    let dir = tempfile::tempdir().unwrap();
    let a = publish(dir.path(), "a");
    let mut command = mmwatch(&["-d", "0.01", "-c", "2", "-o", "json", "-p", "queue.st", "-p", "queue.d"]);
    let child = command.arg(dir.path()).stdout(Stdio::piped()).spawn().unwrap();
    let (stop, stopped) = channel::<()>();
    // It is not known when the first look was: changes go on until two were seen.
    let output = std::thread::scope(|scope| {
        let writer = scope.spawn(move || {
            let a = a;
            while stopped.try_recv() == Err(std::sync::mpsc::TryRecvError::Empty) {
                a.depth.add(1);
                std::thread::yield_now();
            }
        });
        let output = child.wait_with_output().unwrap();
        drop(stop);
        writer.join().unwrap();
        output
    });
    let (out, _, code) = outcome(&output);
    assert_eq!(code, Some(0));
    let records: Vec<serde_json::Value> =
        out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(records.len(), 2);
    for record in &records {
        assert_eq!((&record["event"], &record["label"]), (&"changed".into(), &"queue.depth".into()));
    }
    assert_eq!(records[0]["new"], records[1]["old"], "nothing is left out between records");
}

#[test]
fn json_tells_events_apart() {
    let dir = tempfile::tempdir().unwrap();
    let a = publish(dir.path(), "a");
    let watch = start(dir.path(), &["-o", "json", "-p", "queue.state", "-p", "queue.late"]);
    let next = || {
        let mut record: serde_json::Value = serde_json::from_str(&watch.line()).unwrap();
        let object = record.as_object_mut().unwrap();
        assert!(object.remove("time").unwrap().is_string());
        object.remove("file").unwrap();
        record
    };
    let state = "queue.state";
    assert_eq!(next(), serde_json::json!({"event": "initial", "label": state, "old": null, "new": ""}));
    a.state.set("\u{1b}\"");
    let want = serde_json::json!({"event": "changed", "label": state, "old": "", "new": "\u{1b}\""});
    assert_eq!(next(), want);
    a.add_field("late", Gauge::<u64>::spec().initial(u64::MAX)).unwrap();
    let want = serde_json::json!({"event": "added", "label": "queue.late", "old": null, "new": u64::MAX});
    assert_eq!(next(), want);
    a.keep();
    drop(a);
    assert_eq!(next(), serde_json::json!({"event": "died"}));
    fs::remove_file(dir.path().join("a.mmstats")).unwrap();
    watch.interrupt();
}

#[test]
fn colour_marks_the_part_that_has_changed() {
    let dir = tempfile::tempdir().unwrap();
    let a = publish(dir.path(), "a");
    a.done.add(1234);
    let watch = start(dir.path(), &["--color", "always", "-p", "queue.done"]);
    assert!(watch.line().ends_with("\t\t\x1b[7m1234\x1b[0m"));
    a.done.add(10);
    let line = watch.line();
    assert!(line.ends_with("\x1b[36mqueue.done\x1b[0m\t1234\t12\x1b[7m4\x1b[0m4"), "{line:?}");
    watch.interrupt();
}
