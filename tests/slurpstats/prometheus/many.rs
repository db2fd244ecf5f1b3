//! Many files of the same programs, which are gone through field by field, beside few, which are not.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use harness::image::{Fields, nanoseconds, rule, unit};
use mmstats::MergeRule;
use mmstats::format::item::Items;
use mmstats::format::kind::{DataType, MetricType};

use super::{clean, process, samples, slurp};

/// How many files of each program.
const FILES: u32 = 40;

/// Every kind of number, and labels that meet.
fn web(number: u32) -> Fields {
    let signed = |fields: Fields, label: &str, items: Items, value: i64| {
        fields.field(label, DataType::I64, MetricType::Gauge, items, &value.to_ne_bytes())
    };
    let odd = [f64::NAN, f64::INFINITY, -0.0, 1e300][number as usize % 4];
    let fields = process(7000 + number)
        .counter("hits", u64::MAX - u64::from(number))
        .counter("jobs{queue=\"a\",unit=\"x\"}", number.into())
        .counter("jobs{queue=\"b\\n\"}", 7)
        .counter("route.a", 1)
        .counter("route_a", 2)
        .gauge("load", unit("ratio"), odd)
        .gauge("low", rule(MergeRule::Min), odd)
        .gauge("mean", rule(MergeRule::Avg), odd)
        .gauge("each", rule(MergeRule::None), 1.0)
        .timestamp("seen", odd)
        .text("version", if number % 3 == 0 { "a \"b\"\\" } else { "c" })
        .mean("size", 3.0, 2);
    let fields = fields.field(
        "ready",
        DataType::Bool,
        MetricType::Gauge,
        Items::default(),
        &[u8::from(number % 2 == 0)],
    );
    let fields =
        fields.field("spent", DataType::U64, MetricType::Counter, nanoseconds(), &1500_u64.to_ne_bytes());
    [MergeRule::Latest, MergeRule::Max, MergeRule::Avg, MergeRule::Sum, MergeRule::None]
        .into_iter()
        .fold(fields, |fields, merge| {
            signed(fields, &format!("depth.{merge}.rule"), rule(merge), -i64::from(number))
        })
}

/// Another program, which has some of them, and says something else of one.
fn api(number: u32) -> Fields {
    process(8000 + number).counter("hits", number.into()).counter("route.a", 3).gauge(
        "seen",
        unit("bytes"),
        2.0,
    )
}

/// The lines of each file by itself, and those of all of them.
fn compare(dir: &Path, arguments: &[&str]) {
    let all = clean(dir, arguments);
    let mut alone = BTreeSet::new();
    let files: Vec<_> = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    for file in &files {
        let (out, err, code) = slurp(file, arguments);
        assert_eq!((err.as_str(), code), ("", Some(0)));
        alone.extend(samples(&out).into_iter().map(str::to_owned));
    }
    let together: Vec<_> = samples(&all).into_iter().map(str::to_owned).collect();
    assert_eq!(together.len(), alone.len(), "each is there once");
    assert_eq!(together.iter().cloned().collect::<BTreeSet<_>>(), alone);
    assert!(together.len() >= files.len() / 2, "{all}");
}

#[test]
fn many_files_say_what_each_of_them_says() {
    let dir = tempfile::tempdir().unwrap();
    for number in 1..=FILES {
        web(number).write(dir.path(), format!("web-{number}x.mmstats"));
        api(100 + number).write(dir.path(), format!("api-{number}x.mmstats"));
    }
    for by in ["file", "pid", "cmd"] {
        compare(
            dir.path(),
            &["--by", by, "-p", "hits", "-p", "jobs", "-p", "depth", "-p", "ready", "-p", "mean"],
        );
        compare(
            dir.path(),
            &["--by", by, "-p", "load", "-p", "low", "-p", "each", "-p", "spent", "-p", "version"],
        );
        compare(dir.path(), &["--by", by, "-p", "size", "-p", "sys.", "-p", "route_"]);
    }
}

#[test]
fn series_of_a_name_are_sorted_by_file_and_help_is_said_once() {
    let dir = tempfile::tempdir().unwrap();
    for number in 10..10 + FILES {
        let (one, other) = (web(number), api(number));
        one.write(dir.path(), format!("web{number}x.mmstats"));
        other.write(dir.path(), format!("api{number}x.mmstats"));
    }
    let out = clean(dir.path(), &["-p", "hits", "-p", "route"]);
    let hits: Vec<_> = out.lines().filter(|line| line.starts_with("hits_total{")).collect();
    assert_eq!(hits.len(), 2 * FILES as usize);
    assert!(hits.is_sorted(), "{hits:?}");
    // Two labels are one name in some of the files: then all of them say which.
    assert!(out.contains("route_a_total{cmd=\"web10x\",label=\"route.a\"} 1\n"), "{out}");
    assert!(out.contains("route_a_total{cmd=\"web10x\",label=\"route_a\"} 2\n"), "{out}");
    assert!(out.contains("route_a_total{cmd=\"api10x\",label=\"route.a\"} 3\n"), "{out}");
    assert_eq!(out.matches("# TYPE route_a_total counter\n").count(), 1);
    assert_eq!(out.matches("# TYPE hits_total counter\n").count(), 1);
}

#[test]
fn another_file_of_a_command_is_added_to_the_first_whenever_it_comes() {
    let dir = tempfile::tempdir().unwrap();
    let sub = dir.path().join("z");
    fs::create_dir(&sub).unwrap();
    for number in 1..=FILES {
        let file = || Fields::new().counter("hits", number.into()).counter("misses", 1);
        file().write(dir.path(), format!("web{number}x.mmstats"));
        if number % 4 == 0 {
            file().write(&sub, format!("web{number}x.mmstats"));
        }
    }
    let out = clean(dir.path(), &[]);
    for number in 1..=FILES {
        let files = if number % 4 == 0 { 2 } else { 1 };
        assert!(out.contains(&format!("hits_total{{cmd=\"web{number}x\"}} {}\n", files * number)), "{out}");
        assert!(out.contains(&format!("misses_total{{cmd=\"web{number}x\"}} {files}\n")), "{out}");
    }
    assert_eq!(samples(&out).len(), 2 * FILES as usize);
}
