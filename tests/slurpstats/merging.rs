//! `-a` over files that say how their fields become one.

use std::path::Path;

use harness::image::{Fields, histogram, nanoseconds, unit};
use harness::{counter, double, write};
use mmstats::format::item::Items;

use super::web::web;
use super::{lines, run};

#[test]
fn auto_merges_each_field_by_its_own_rule() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (web(dir.path(), "a.mmstats"), web(dir.path(), "b.mmstats"));
    let (out, err, code) = run(&["-a", "auto"], &[&a, &b]);
    assert_eq!((&*err, code), ("", Some(0)));
    assert_eq!(
        out,
        "sys.pid\t4194305\nweb.answer:count\t2000\nweb.answer:sum\t1001.0\nweb.answer:mean\t0.5005\n\
         web.answer:max\t1.0\nweb.answer:p50\t0.499122176\nweb.answer:p90\t0.897581056\nweb.answer:p99\t0.998244352\n\
         web.answer:p99.9\t0.998244352\nweb.last:mean\t2.25\nweb.last:max\t3.0\nweb.load\t0.123456\n\
         web.memory\t6711296.0\nweb.none:count\t0\nweb.requests{route=\"/a\",method=\"GET\"}\t84\n\
         web.seen\t1795228800.5\nweb.version\t1.2 ✓\nweb.weight:count\t6\nweb.weight:sum\t15.0\nweb.weight:mean\t2.5\n"
    );
    let (out, ..) =
        run(&["-a", "auto", "-o", "text", "-p", "web.m", "-p", "web.s", "-p", "web.answer"], &[&a, &b]);
    assert_eq!(
        out,
        "  web.answer n=2000 mean=500ms p50=499ms p90=898ms p99=998ms p99.9=998ms max=1s\n  \
         web.memory 6.4MiB\n  web.seen   2026-11-21 02:40:00\n"
    );
    let (out, ..) = run(
        &["-a", "auto", "-o", "json", "-p", "web.weight", "-p", "sys.", "-p", "web.answer:p50"],
        &[&a, &b],
    );
    assert_eq!(
        out,
        "{\"label\":\"sys.pid\",\"type\":\"u32\",\"value\":[4194305],\"kind\":\"info\"}\n\
         {\"label\":\"web.answer:p50\",\"type\":\"f64\",\"value\":0.499122176,\"unit\":\"seconds\",\"help\":\"Time to answer\"}\n\
         {\"label\":\"web.weight\",\"type\":\"mean\",\"value\":{\"count\":6,\"sum\":15.0,\"mean\":2.5},\"kind\":\"mean\"}\n"
    );
}

#[test]
fn no_process_id_is_ever_added_to_another() {
    let dir = tempfile::tempdir().unwrap();
    Fields::new().name("sys.pid", 12).write(dir.path(), "a.mmstats");
    Fields::new().name("sys.pid", 7).write(dir.path(), "b.mmstats");
    for function in ["auto", "sum", "avg", "nonzero-avg", "min", "max"] {
        assert_eq!(lines(&["-a", function], dir.path()), ["sys.pid\t7, 12"], "{function}");
    }
    // Files that cannot say it are believed where one can, and shown as they are where none can.
    write(dir.path(), "old.mmstats", &[counter("sys.pid", 30), counter("hits", 5)]);
    write(dir.path(), "older.mmstats", &[counter("sys.pid", 40), counter("hits", 6)]);
    assert_eq!(lines(&["-a", "sum"], dir.path()), ["hits\t11", "sys.pid\t7, 12, 30, 40"]);
    assert_eq!(lines(&["-a", "auto"], dir.path()), ["hits\t5, 6", "sys.pid\t7, 12, 30, 40"]);
}

#[test]
fn a_mean_of_percentiles_is_an_error_that_says_why() {
    let dir = tempfile::tempdir().unwrap();
    web(dir.path(), "a.mmstats");
    let (out, err, code) = run(&["-a", "avg", "-p", "web.answer:p99", "-p", "web.requests"], &[dir.path()]);
    assert_eq!(
        (&*out, &*err, code),
        (
            "web.requests{route=\"/a\",method=\"GET\"}\t42.0\n",
            "slurpstats: web.answer:p99: a mean of percentiles is no percentile: left out; -a auto merges what they are of\n",
            Some(1)
        )
    );
    assert_eq!(
        lines(&["-a", "avg", "-p", "web.answer:count", "-p", "web.answer:max"], dir.path()),
        ["web.answer:count\t1000.0", "web.answer:max\t1.0"]
    );
    assert_eq!(
        lines(&["-a", "max", "-p", "web.answer:p99"], dir.path()),
        ["web.answer:p99\t0.998244352"],
        "the worst of all files"
    );
}

#[test]
fn what_does_not_merge_is_named_and_the_rest_is_right() {
    let dir = tempfile::tempdir().unwrap();
    let shape = |p, n, values: &[u64]| histogram((p, n), values.iter().copied());
    let a = Fields::new()
        .counter("hits", 5)
        .gauge("size", unit("bytes"), 1.0)
        .histogram("took", nanoseconds(), &shape(5, 42, &[100]))
        .write(dir.path(), "a.mmstats");
    let b = Fields::new()
        .gauge("hits", Items::default(), 0.5)
        .gauge("size", unit("seconds"), 2.0)
        .histogram("took", nanoseconds(), &shape(3, 30, &[300]))
        .write(dir.path(), "b.mmstats");
    let c = write(dir.path(), "c.mmstats", &[counter("hits", 6), double("took", 0.25)]);
    let (out, err, code) =
        run(&["-a", "auto", "-p", "hits", "-p", "size", "-p", "took:count", "-p", "took:max"], &[dir.path()]);
    assert_eq!((&*out, code), ("hits\t11\nsize\t1.0\ntook:count\t2\ntook:max\t3e-7\n", Some(1)));
    let said = |path: &Path, what: &str| format!("slurpstats: {}: {what}: left out\n", path.display());
    let want = [
        said(&b, "hits is a gauge here and a counter elsewhere"),
        said(&b, "size is in seconds here and in bytes elsewhere"),
        said(&c, "took is a number here and a histogram elsewhere"),
    ];
    assert_eq!(err, want.concat());
    drop(a);
}

#[test]
fn numbers_come_before_text_however_many_files_have_it() {
    let dir = tempfile::tempdir().unwrap();
    for pid in [1, 2] {
        Fields::new().text("hits", "no").write(dir.path(), format!("{pid}.mmstats"));
    }
    Fields::new().counter("hits", 5).write(dir.path(), "3.mmstats");
    for function in ["auto", "sum"] {
        let (out, err, code) = run(&["-a", function], &[dir.path()]);
        assert_eq!((&*out, code), ("hits\t5\n", Some(1)), "{function}");
        let named = ["1.mmstats: hits is info here", "2.mmstats: hits is info here"];
        assert!(named.iter().all(|named| err.contains(named)), "{err}");
    }
}
