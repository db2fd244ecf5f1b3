//! Changes from row to row, whatever files come, go and begin again.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::time::Instant;

use harness::{InPlace, PATIENCE, Watch, but_half_written, sees_all_processes};
use mmstats::{Counter, Options};

use super::{Rows, pollstats, publish, run, start};

#[test]
fn rows_hold_changes_and_come_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    web.ok.add(1_000_000);
    let watch = start(dir.path(), &["-d", "0.1", "-o", "tsv", "-p", "web.stats.status.", "2XX,5XX"]);
    assert_eq!(watch.line(), "2XX\t5XX");
    assert_eq!(watch.row(), [Some(1_000_000), Some(0)], "totals since the start");
    web.ok.add(5);
    assert_eq!(watch.sum(5, 5), 5);
    let (stderr, status) = watch.interrupt();
    assert_eq!((stderr.as_str(), status.signal()), ("", Some(2)), "ends as interrupted tools do");
    let args = ["-y", "-c", "2", "-d", "0.02", "-o", "tsv", "-p", "web.stats.status.", "2XX"];
    assert_eq!(run(pollstats(&args).arg(dir.path())), ("2XX\n0\n0\n".to_owned(), String::new(), 0));
}

#[test]
fn processes_that_start_and_end_make_no_spike() {
    let dir = tempfile::tempdir().unwrap();
    let old = publish(dir.path(), "old");
    old.ok.add(1_000_000);
    let watch = start(dir.path(), &["-d", "0.05", "-o", "tsv", "-p", "web.stats.status.", "2XX"]);
    assert_eq!((watch.line().as_str(), watch.row()), ("2XX", vec![Some(1_000_000)]));
    // One that begins now has counted since the last row what it has counted at all.
    let new = publish(dir.path(), "new");
    new.ok.add(30);
    assert_eq!(watch.sum(30, 30), 30);
    // The last counts of one that ends are not lost, and it takes nothing along.
    old.ok.add(7);
    drop(old);
    new.ok.add(1);
    assert_eq!(watch.sum(8, 8), 8);
    // One that comes under the same name is another one.
    drop(new);
    let again = publish(dir.path(), "new");
    again.ok.add(20);
    assert_eq!(watch.sum(20, 20), 20);
    // A file with a history of its own that is put here now says nothing about what was counted since.
    let elsewhere = tempfile::tempdir_in(dir.path()).unwrap();
    let history = publish(elsewhere.path(), "history");
    history.ok.add(5);
    assert_eq!(watch.sum(5, 5), 5, "found below the directory");
    drop(history);
    drop(again);
    let began = Instant::now();
    while watch.line() != "" {
        assert!(began.elapsed() < PATIENCE, "nobody is left to have the field");
    }
    assert_eq!(watch.interrupt().0, "");
}

#[test]
fn a_file_with_a_history_begins_at_its_history() {
    let dir = tempfile::tempdir().unwrap();
    let aside = tempfile::tempdir().unwrap();
    let (web, history) = (publish(dir.path(), "a"), publish(aside.path(), "b"));
    history.ok.add(1_000_000);
    let watch = start(dir.path(), &["-d", "0.2", "-o", "tsv", "-p", "web.stats.status.", "2XX"]);
    watch.line();
    // By then it is older than a file that is only now on its way to its name.
    for _ in 0..6 {
        assert_eq!(watch.row(), [Some(0)]);
    }
    fs::hard_link(history.path(), dir.path().join("b.mmstats")).unwrap();
    // Two rows later at the latest it is followed.
    let rows = [watch.row(), watch.row(), watch.row()];
    history.ok.add(3);
    web.ok.add(1);
    assert!(rows.iter().all(|row| row[0] == Some(0)), "{rows:?}");
    assert_eq!(watch.sum(4, 4), 4);
}

#[test]
fn files_come_back_however_they_were_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let args = ["-d", "0.02", "-o", "tsv", "-p", "web.stats.status.", "2XX"];
    let web = publish(dir.path(), "a");
    let path = web.path().to_owned();
    let link = dir.path().join("link");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let watches = [
        start(&path, &args),
        start(&link, &args),
        Watch::start(pollstats(&args).env("MMSTATS_GLOB", dir.path().join("*.mmstats"))),
        Watch::start(pollstats(&args).env("MMSTATS_PATH", dir.path())),
    ];
    for watch in &watches {
        assert_eq!((watch.line().as_str(), watch.row()), ("2XX", vec![Some(0)]));
    }
    let mut web = Some(web);
    for round in 1..4 {
        drop(web.take());
        for watch in &watches {
            let began = Instant::now();
            while watch.line() != "" {
                assert!(began.elapsed() < PATIENCE, "round {round}: it is gone");
            }
        }
        let again = publish(dir.path(), "a");
        again.ok.add(9);
        for watch in &watches {
            assert_eq!(watch.sum(9, 9), 9, "round {round}");
        }
        web = Some(again);
    }
    for watch in watches {
        assert_eq!(watch.interrupt().0, "", "coming and going is no error");
    }
}

#[test]
fn a_writer_that_begins_again_in_the_same_file_is_followed_again() {
    let dir = tempfile::tempdir().unwrap();
    let (path, link) = (dir.path().join("a.mmstats"), dir.path().join("link"));
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let mut writer = InPlace::begin();
    writer.write(&path, 1_000_000_000);
    let args = ["-d", "0.02", "-o", "tsv", "app.hits"];
    let watches = [dir.path(), &path, &link].map(|operand| start(operand, &args));
    for watch in &watches {
        assert_eq!((watch.line().as_str(), watch.row()), ("app.hits", vec![Some(1_000_000_000)]));
    }
    let inode = fs::metadata(&path).unwrap().ino();
    // More than it had, a little less, and much less: what it shows, it has counted since it began.
    for hits in [1_000_000_007, 1_000_000_005, 9] {
        writer.write(&path, hits);
        let hits = hits.try_into().unwrap();
        for watch in &watches {
            assert_eq!(watch.sum(hits, hits), hits);
        }
    }
    // That it is gone can only be known where every process that may map the file can be looked into.
    let rounds = if sees_all_processes() { 1..4 } else { 0..0 };
    for round in rounds {
        drop(writer);
        for watch in &watches {
            let began = Instant::now();
            while watch.line() != "" {
                assert!(began.elapsed() < PATIENCE, "round {round}: it is gone");
            }
        }
        writer = InPlace::begin();
        writer.write(&path, 9);
        for watch in &watches {
            assert_eq!(watch.sum(9, 9), 9, "round {round}");
        }
    }
    assert_eq!(fs::metadata(&path).unwrap().ino(), inode);
    for watch in watches {
        assert_eq!(but_half_written(&watch.interrupt().0), "", "to begin again is no error");
    }
}

#[test]
fn counters_that_wrap_or_begin_again_make_no_spike() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    web.narrow.set(65_530);
    web.depth.set(1_000_000);
    let watch = start(dir.path(), &["-d", "0.05", "-o", "tsv", "-p", "web.stats.", "narrow,depth"]);
    watch.line();
    assert_eq!(watch.row(), [Some(65_530), Some(1_000_000)]);
    web.narrow.set(4);
    assert_eq!(watch.sum(10, 10), 10, "u16 has wrapped");
    web.depth.set(12);
    let began = Instant::now();
    let mut sum = 0;
    while sum < 12 {
        sum += watch.row()[1].unwrap();
        assert!(began.elapsed() < PATIENCE && (0..=12).contains(&sum), "{sum}");
    }
}

#[test]
fn a_field_that_is_added_joins_and_one_that_a_file_lacks_counts_as_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    let other = Options::new().dir(dir.path()).filename("b.mmstats").create::<()>().unwrap();
    let watch = start(dir.path(), &["-d", "0.05", "-o", "tsv", "-p", "web.stats.status.", "2XX"]);
    watch.line();
    assert_eq!(watch.row(), [Some(0)]);
    web.ok.add(2);
    let added = other.add_field("web.stats.status.2XX", Counter::spec()).unwrap();
    added.add(3);
    assert_eq!(watch.sum(5, 5), 5);
}
