//! slurpstats over files of version 2, and of both versions in one directory, as a user runs it.

#![allow(clippy::unwrap_used)]

mod images;

use std::path::{Path, PathBuf};
use std::time::Duration;

use harness::{counter, double, outcome, tool, write};
use images::{Fields, histogram, nanoseconds, rule, unit};
use mmstats::format::item::Items;
use mmstats::{DataType, Gauge, Histogram, MergeRule, MetricType, Options, Timestamp, Version, stats};
use serde_json::{Value as Json, json};

fn run(args: &[&str], operands: &[&Path]) -> (String, String, Option<i32>) {
    outcome(&tool(env!("CARGO_BIN_EXE_slurpstats")).args(args).args(operands).output().unwrap())
}

/// What it prints where nothing is wrong, line by line, without the path.
fn lines(args: &[&str], path: &Path) -> Vec<String> {
    let (out, err, code) = run(args, &[path]);
    assert_eq!((&*err, code), ("", Some(0)), "{args:?}");
    let start = format!("{}\t", path.display());
    out.lines().map(|line| line.strip_prefix(&start).unwrap_or(line).to_owned()).collect()
}

fn objects(args: &[&str], path: &Path) -> Vec<Json> {
    lines(args, path).iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// One field of each kind that does not age.
fn web(dir: &Path, name: &str) -> PathBuf {
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

#[test]
fn lines_have_one_number_each_in_base_units_in_full() {
    let dir = tempfile::tempdir().unwrap();
    let path = web(dir.path(), "web.mmstats");
    assert_eq!(
        lines(&[], &path),
        [
            "sys.pid\t4194305",
            "web.requests{route=\"/a\",method=\"GET\"}\t42",
            "web.load\t0.123456",
            "web.memory\t3355648.0",
            "web.seen\t1795228800.5",
            "web.version\t1.2 ✓",
            "web.weight:count\t3",
            "web.weight:sum\t7.5",
            "web.weight:mean\t2.5",
            "web.last:last\t1.5",
            "web.last:mean\t2.25",
            "web.last:max\t3.0",
            "web.answer:count\t1000",
            "web.answer:sum\t500.5",
            "web.answer:mean\t0.5005",
            "web.answer:max\t1.0",
            "web.answer:p50\t0.499122176",
            "web.answer:p90\t0.897581056",
            "web.answer:p99\t0.998244352",
            "web.answer:p99.9\t0.998244352",
            "web.none:count\t0",
        ]
    );
}

#[test]
fn a_prefix_picks_parts() {
    let dir = tempfile::tempdir().unwrap();
    let path = web(dir.path(), "web.mmstats");
    assert_eq!(lines(&["-p", "web.answer:p99"], &path), ["web.answer:p99\t0.998244352"], "and not p99.9");
    assert_eq!(
        lines(&["-p", "web.answer:p25"], &path),
        ["web.answer:p25\t0.249561088"],
        "one that is not shown"
    );
    assert_eq!(lines(&["-p", "web.answer:m"], &path), ["web.answer:mean\t0.5005", "web.answer:max\t1.0"]);
    assert_eq!(lines(&["-p", "web.weight"], &path).len(), 3);
    assert_eq!(lines(&["-p", "web.load:p99", "-p", "web.none:p99"], &path), [""; 0]);
    assert_eq!(
        lines(&["-o", "text", "-p", "web.answer:p99", "-p", "web.weight:count"], &path)[1..],
        ["  web.weight:count 3", "  web.answer:p99   998ms", ""]
    );
    let part = &objects(&["-o", "json", "-p", "web.answer:p99"], &path)[0];
    assert_eq!((&part["label"], &part["value"]), (&json!("web.answer:p99"), &json!(0.998_244_352)));
    // A label that looks so is itself.
    let own = Fields::new().counter("web.answer:p99", 7).write(dir.path(), "own.mmstats");
    assert_eq!(lines(&["-p", "web.answer:p99"], &own), ["web.answer:p99\t7"]);
    assert_eq!(lines(&["-p", "web.answer:p99", "-a", "auto"], &own), ["web.answer:p99\t7"]);
}

#[test]
fn text_is_in_units_that_people_read() {
    let dir = tempfile::tempdir().unwrap();
    let path = web(dir.path(), "web.mmstats");
    assert_eq!(
        lines(&["-o", "text"], &path)[1..],
        [
            "  sys.pid                               4194305",
            "  web.requests{route=\"/a\",method=\"GET\"} 42 requests",
            "  web.load                              12.3 %",
            "  web.memory                            3.2MiB",
            "  web.seen                              2026-11-21 02:40:00",
            "  web.version                           1.2 ✓",
            "  web.weight                            n=3 mean=2.5",
            "  web.last                              3 1.5",
            "  web.answer                            n=1000 mean=500ms p50=499ms p90=898ms p99=998ms \
             p99.9=998ms max=1s",
            "  web.none                              n=0",
            "",
        ]
    );
    // What may be more than its bucket says is marked.
    let far = histogram((5, 10), [1, 2000, 3000]);
    let far = Fields::new().histogram("far", unit("bytes"), &far).write(dir.path(), "far.mmstats");
    assert_eq!(
        lines(&["-o", "text"], &far)[1],
        "  far n=3 mean=1.63KiB p50>=1008B p90>=1008B p99>=1008B p99.9>=1008B max=2.93KiB"
    );
}

#[test]
fn json_says_what_a_field_is_and_all_of_a_histogram() {
    let dir = tempfile::tempdir().unwrap();
    let path = web(dir.path(), "web.mmstats");
    let objects = objects(&["-o", "json"], &path);
    let of = |label: &str| {
        let mut object = objects.iter().find(|object| object["label"] == label).unwrap().clone();
        let members = object.as_object_mut().unwrap();
        assert_eq!(members.remove("file"), Some(json!(path.to_str().unwrap())));
        assert_eq!(members.remove("pid"), Some(json!(4_194_305)));
        members.remove("label").unwrap();
        members.remove("alive").unwrap();
        object
    };
    assert_eq!(objects.len(), 10);
    assert_eq!(of("sys.pid"), json!({"type": "u32", "value": 4_194_305, "kind": "info"}));
    assert_eq!(
        of("web.requests{route=\"/a\",method=\"GET\"}"),
        json!({
            "type": "u64", "value": 42, "kind": "counter", "unit": "requests", "help": "Answered",
            "name": "web.requests", "attributes": {"route": "/a", "method": "GET"}
        })
    );
    assert_eq!(
        of("web.load"),
        json!({"type": "f64", "value": 0.123_456, "kind": "gauge", "unit": "ratio", "merge": "avg"})
    );
    assert_eq!(
        of("web.memory"),
        json!({"type": "u32", "value": 3_355_648.0, "kind": "gauge", "unit": "bytes"})
    );
    assert_eq!(
        of("web.weight"),
        json!({"type": "mean", "value": {"count": 3, "sum": 7.5, "mean": 2.5}, "kind": "mean"})
    );
    assert_eq!(
        of("web.last")["value"],
        json!({"count": 2, "mean": 2.25, "max": 3.0, "last": 1.5, "numbers": [3.0, 1.5]})
    );
    assert_eq!(
        of("web.none")["value"],
        json!({"count": 0, "sum": null, "mean": null, "max": null, "quantiles": {}, "buckets": []})
    );
    let answer = of("web.answer");
    assert_eq!((&answer["unit"], &answer["help"]), (&json!("seconds"), &json!("Time to answer")));
    let value = &answer["value"];
    assert_eq!(
        value["quantiles"],
        json!({"p50": 0.499_122_176, "p90": 0.897_581_056, "p99": 0.998_244_352, "p99.9": 0.998_244_352})
    );
    assert_eq!((&value["count"], &value["sum"], &value["max"]), (&json!(1000), &json!(500.5), &json!(1.0)));
    let buckets = value["buckets"].as_array().unwrap();
    assert_eq!(buckets.iter().map(|bucket| bucket["count"].as_u64().unwrap()).sum::<u64>(), 1000);
    assert_eq!(buckets[0], json!({"lower": 0.000_999_424, "upper": 0.001_015_808, "count": 1}));
}

#[test]
fn json_of_version_1_is_what_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let path = write(dir.path(), "a.mmstats", &[counter("hits", 3), double("mean", 0.5)]);
    let start = format!("{{\"file\":\"{}\",\"label\":", path.display());
    let want = format!(
        "{start}\"hits\",\"type\":\"Q\",\"value\":3,\"pid\":null,\"alive\":null}}\n\
         {start}\"mean\",\"type\":\"d\",\"value\":0.5,\"pid\":null,\"alive\":null}}\n"
    );
    assert_eq!(run(&["-o", "json"], &[&path]), (want, String::new(), Some(0)));
    let want = "{\"label\":\"hits\",\"type\":\"Q\",\"value\":3}\n{\"label\":\"mean\",\"type\":\"d\",\"value\":0.5}\n";
    assert_eq!(run(&["-o", "json", "-a", "sum"], &[&path]), (want.to_owned(), String::new(), Some(0)));
}

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
         {\"label\":\"web.answer:p50\",\"type\":\"f64\",\"value\":0.499122176,\"help\":\"Time to answer\"}\n\
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

#[test]
fn a_histogram_is_drawn() {
    let dir = tempfile::tempdir().unwrap();
    let values = (0..8).flat_map(|octave| vec![1_u64 << (10 + octave); 1 << octave]);
    let file = |name| {
        Fields::new()
            .counter("hits", 1)
            .histogram("took", nanoseconds(), &histogram((0, 42), values.clone()))
            .write(dir.path(), name)
    };
    let a = file("a.mmstats");
    let picture = |count: &[&str]| {
        let bars = [0, 0, 1, 3, 6, 13, 26, 52].map(|bar: usize| format!("{:<52}", "@".repeat(bar.max(1))));
        let bounds = [
            "[1.02us, 2.05us)",
            "[2.05us, 4.1us)",
            "[4.1us, 8.19us)",
            "[8.19us, 16.4us)",
            "[16.4us, 32.8us)",
            "[32.8us, 65.5us)",
            "[65.5us, 131us)",
            "[131us, 262us)",
        ];
        let rows = (0..8).map(|row| format!("  {:<16} {:>3} |{}|\n", bounds[row], count[row], bars[row]));
        rows.collect::<String>()
    };
    let counts = ["1", "2", "4", "8", "16", "32", "64", "128"];
    let head = "took  n=255 mean=87.7us p50=131us p90=131us p99=131us p99.9=131us max=131us\n";
    let want = format!("==> {}\n{head}{}\n", a.display(), picture(&counts));
    assert_eq!(run(&["-o", "hist"], &[&a]), (want, String::new(), Some(0)));
    file("b.mmstats");
    let counts = ["2", "4", "8", "16", "32", "64", "128", "256"];
    let want = format!("{}{}", head.replace("255", "510"), picture(&counts));
    assert_eq!(
        run(&["-o", "hist", "-a", "auto", "-p", "took"], &[dir.path()]),
        (want, String::new(), Some(0))
    );
    let (_, err, code) = run(&["-o", "hist", "-a", "avg"], &[&a]);
    let why =
        "slurpstats: --output hist takes --aggregate auto, sum or one: others make no histogram of several\n";
    assert!(err.starts_with(why) && code == Some(2), "{err}");
    let why = "slurpstats: --output hist: no file has a histogram under such a label\n";
    assert_eq!(run(&["-o", "hist", "-p", "hits"], &[&a]), (String::new(), why.to_owned(), Some(1)));
}

#[test]
fn nothing_of_a_file_reaches_the_output_raw() {
    let dir = tempfile::tempdir().unwrap();
    let path = Fields::new()
        .histogram("a\u{1b}[1m\n", Items::default(), &histogram((5, 20), [7]))
        .gauge("b{c=\"\u{1b}\"}", rule(MergeRule::None), 1.0)
        .write(dir.path(), "a.mmstats");
    for args in [
        &["-o", "text"][..],
        &["-o", "json"],
        &["-o", "hist"],
        &["-o", "lines"],
        &["-a", "auto"],
        &["-a", "auto", "-o", "hist"],
        &["-a", "auto", "-o", "json"],
        &["-a", "avg"],
    ] {
        let (out, err, _) = run(args, &[&path]);
        assert!(!out.contains('\u{1b}') && !err.contains('\u{1b}'), "{args:?}: {out} {err}");
    }
    assert_eq!(lines(&["-o", "json"], &path).len(), 2);
}
