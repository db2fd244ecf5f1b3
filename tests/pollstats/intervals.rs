//! Histograms and means: a row has what was recorded since the row before, over all files.

use std::path::Path;
use std::time::Instant;

use harness::PATIENCE;

use super::every::{Numbers, end, publish, row, sum};
use super::start;
use super::worker;

#[test]
fn percentiles_are_of_the_interval_over_all_files() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (publish(dir.path(), "a"), publish(dir.path(), "b"));
    (0..1000).for_each(|_| a.size.record(10));
    let fields = "size:count,size:p50,size:p99,size:max,size,=size:count,ratio,ratio:count";
    let args = ["-d", "0.2", "-o", "tsv", "-p", "web.", fields];
    let watch = start(dir.path(), &args);
    watch.line();
    let first = watch.numbers();
    assert_eq!(first[..6], [1000.0, 10.0, 10.0, 10.0, 10.0, 1000.0].map(Some));
    // What comes between two rows is in one of them, or in two; so one row has it all, sooner or later.
    let began = Instant::now();
    for round in 1_u32.. {
        assert!(began.elapsed() < PATIENCE, "no row has had all of a round");
        (0..98).for_each(|_| a.size.record(20));
        b.size.record(40);
        b.size.record(60);
        b.ratio.add(0.5);
        a.ratio.add(1.5);
        let mut rows = vec![watch.numbers()];
        while rows.iter().map(|row| row[0].unwrap()).sum::<f64>() < 100.0 {
            rows.push(watch.numbers());
        }
        let total = 1000.0 + 100.0 * f64::from(round);
        if let Some(whole) = rows.iter().find(|row| row[0] == Some(100.0) && row[7] == Some(2.0)) {
            let want = [100.0, 20.0, 40.0, 60.0, 20.6, total, 1.0, 2.0];
            assert_eq!(whole[..], want.map(Some));
            break;
        }
    }
    // Nothing was recorded: there is no percentile, and the count is 0.
    let quiet = loop {
        let row = watch.numbers();
        if row[0] == Some(0.0) {
            break row;
        }
    };
    assert_eq!(quiet[1..5], [None; 4]);
    assert_eq!((quiet[6], quiet[7]), (None, Some(0.0)));
    assert_eq!(end(watch), "");
}

#[test]
fn files_that_come_and_go_make_no_spike() {
    let dir = tempfile::tempdir().unwrap();
    let aside = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    web.size.record(1);
    let old = publish(aside.path(), "old");
    (0..500).for_each(|_| old.size.record(1000));
    let args = ["-d", "0.02", "-o", "tsv", "-p", "web.", "size:count,size:max"];
    let watch = start(dir.path(), &args);
    watch.line();
    assert_eq!(watch.numbers(), [Some(1.0), Some(1.0)]);
    // An old file that joins brings its history, which is not of this row. These rows take a second.
    (0..50).for_each(|_| assert_eq!(watch.numbers()[0], Some(0.0)));
    let path = dir.path().join("old.mmstats");
    std::fs::rename(old.path(), &path).unwrap();
    (0..20).for_each(|_| assert_eq!(watch.numbers(), [Some(0.0), None], "its history"));
    old.size.record(2000);
    assert_eq!(sum(&watch, 1.0, 1.0), 1.0);
    // A young file has recorded all since it was made.
    let young = publish(dir.path(), "young");
    (0..7).for_each(|_| young.size.record(5));
    assert_eq!(sum(&watch, 7.0, 7.0), 7.0);
    // One that goes takes nothing back, and its last values count.
    young.size.record(5);
    drop(young);
    assert_eq!(sum(&watch, 1.0, 1.0), 1.0);
    std::fs::remove_file(&path).unwrap();
    web.size.record(3);
    assert_eq!(sum(&watch, 1.0, 1.0), 1.0);
    assert_eq!(end(watch), "");
}

/// What the child below does: publishes until it is killed.
#[test]
fn child() {
    let Some(dir) = std::env::var_os("POLLSTATS_TEST_CHILD") else { return };
    let web = publish(Path::new(&dir), "child");
    (0..1000).for_each(|_| web.size.record(1000));
    web.depth.set(40);
    println!("ready");
    std::thread::sleep(std::time::Duration::from_secs(3600));
}

#[test]
fn a_process_that_is_killed_leaves_with_its_gauges_and_takes_nothing_back() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    web.depth.set(2);
    let mut child = worker::process("intervals::child", dir.path());
    let args = ["-d", "0.05", "-o", "tsv", "-p", "web.", "size:count,depth"];
    let watch = start(dir.path(), &args);
    watch.line();
    assert_eq!(watch.numbers(), [Some(1000.0), Some(42.0)]);
    child.kill().unwrap();
    child.wait().unwrap();
    let began = Instant::now();
    loop {
        assert!(began.elapsed() < PATIENCE);
        let row = watch.numbers();
        assert_eq!(row[0], Some(0.0), "the dead count nothing");
        if row[1] == Some(2.0) {
            break;
        }
        assert_eq!(row[1], Some(42.0));
    }
    assert_eq!(end(watch), "");
    let rates = row(dir.path(), &["-r"], "size:count,depth");
    assert_eq!(rates, "0.0,2");
}

#[test]
fn counts_and_sums_are_rates_where_these_are_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    let fields = "size:count,size:sum,size:max,hits,depth";
    let args = ["-r", "-y", "-d", "0.25", "-o", "tsv", "-p", "web.", fields];
    let watch = start(dir.path(), &args);
    watch.line();
    web.depth.set(5);
    (0..100).for_each(|_| web.size.record(3));
    web.hits.add(100);
    let began = Instant::now();
    loop {
        assert!(began.elapsed() < PATIENCE);
        let line = watch.line();
        let row: Vec<Option<f64>> = line.split('\t').map(|cell| cell.parse().ok()).collect();
        let (Some(count), Some(sum), Some(max)) = (row[0], row[1], row[2]) else { continue };
        assert!(line.split('\t').take(2).all(|cell| cell.contains('.')), "a rate is a float: {line}");
        assert!(count > 0.0 && (sum - 3.0 * count).abs() < 0.02, "{line}");
        assert_eq!((max, row[4]), (3.0, Some(5.0)), "no rate of these: {line}");
        break;
    }
    assert_eq!(end(watch), "");
}
