//! Files that say different things of one label, as while a new release replaces an old one.

use std::path::Path;

use mmstats::format::image::{Description, Image};
use mmstats::format::item::Items;
use mmstats::format::kind::{DataType, MetricType};
use mmstats::{MergeRule, MetricType as Kind};

use super::{pollstats, run};
use harness::{counter, double, text, write};

/// A file of version 2 with one number, which nobody holds open: it is read since it is named.
fn file(dir: &Path, name: &str, metric: Kind, items: Items, value: f64) {
    let mut image = Image::new();
    let description = Description { label: "x", data: DataType::F64, metric, items };
    image.add(&description, &value.to_ne_bytes()).unwrap();
    std::fs::write(dir.join(name), image.finish()).unwrap();
}

fn unit(unit: &str) -> Items {
    Items { unit: Some(unit.into()), ..Items::default() }
}

/// A row of `x` over these files in their order, and what is said about it.
fn row(dir: &Path, files: &[&str]) -> (String, String, i32) {
    let mut command = pollstats(&["-c", "1", "-o", "tsv", "x"]);
    let (out, err, code) = run(command.args(files).current_dir(dir));
    (out.lines().nth(1).unwrap_or_default().to_owned(), err, code)
}

#[test]
fn what_says_nothing_goes_with_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    file(dir, "counter", MetricType::Counter, Items::default(), 3.0);
    file(dir, "gauge", MetricType::Gauge, Items::default(), 3.0);
    let max = Items { merge: Some(MergeRule::Max), ..Items::default() };
    file(dir, "max", MetricType::Gauge, max, 3.0);
    write(dir, "old", &[counter("x", 7)]);
    write(dir, "float", &[double("x", 7.5)]);
    let fine = |row: &str| (row.to_owned(), String::new(), 0);
    for files in [["old", "counter"], ["counter", "old"]] {
        assert_eq!(row(dir, &files), fine("10.0"));
    }
    assert_eq!(row(dir, &["gauge", "old"]), fine("10.0"));
    assert_eq!(row(dir, &["max", "old", "float"]), fine("7.5"));
    assert_eq!(row(dir, &["counter", "float"]), fine("10.5"));
}

#[test]
fn what_cannot_be_one_is_named_and_the_rest_is_right() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    file(dir, "c1", MetricType::Counter, Items::default(), 1.0);
    file(dir, "c2", MetricType::Counter, Items::default(), 2.0);
    file(dir, "gauge", MetricType::Gauge, Items::default(), 30.0);
    file(dir, "seconds", MetricType::Counter, unit("seconds"), 40.0);
    file(dir, "bytes", MetricType::Counter, unit("bytes"), 50.0);
    write(dir, "text", &[text("x", b"no")]);
    let named = |row: &str, file: &str, why: &str| {
        (row.to_owned(), format!("pollstats: {file}: x is {why}: left out\n"), 1)
    };
    for files in [["c1", "c2", "gauge"], ["gauge", "c1", "c2"]] {
        assert_eq!(row(dir, &files), named("3.0", "gauge", "a gauge here and a counter elsewhere"));
    }
    assert_eq!(row(dir, &["c1", "c2", "text"]), named("3.0", "text", "text here and a number elsewhere"));
    assert_eq!(
        row(dir, &["bytes", "c1"]),
        ("51.0".to_owned(), String::new(), 0),
        "a release that has a unit"
    );
    assert_eq!(
        row(dir, &["bytes", "seconds"]),
        named("50.0", "seconds", "in seconds here and in bytes elsewhere")
    );
    let scaled = Items { scale: Some(1e-3), ..Items::default() };
    file(dir, "scaled", MetricType::Counter, scaled, 4000.0);
    assert_eq!(row(dir, &["c1", "scaled"]), ("5.0".to_owned(), String::new(), 0), "both are in the unit");
    let why = "without a unit here and in bytes elsewhere";
    assert_eq!(row(dir, &["bytes", "scaled"]), named("50.0", "scaled", why));
    write(dir, "old", &[counter("x", 7)]);
    let why = "a number of unknown scale here and another elsewhere";
    assert_eq!(row(dir, &["scaled", "old"]), named("4.0", "old", why));
}

#[test]
fn a_beginning_that_cannot_be_is_no_age() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    for (number, created) in
        [-1e300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1e300].into_iter().enumerate()
    {
        let mut image = Image::new();
        let mut add = |label: &str, metric, value: f64| {
            let description = Description { label, data: DataType::F64, metric, items: Items::default() };
            image.add(&description, &value.to_ne_bytes()).unwrap();
        };
        add("sys.created", MetricType::Timestamp, created);
        add("x", MetricType::Counter, 7.0);
        let name = number.to_string();
        std::fs::write(dir.join(&name), image.finish()).unwrap();
        let mut command = pollstats(&["-r", "-c", "1", "-o", "tsv", "x"]);
        let (out, err, code) = run(command.arg(&name).current_dir(dir));
        assert_eq!((&*err, code), ("", 0), "{created}");
        let rate: f64 = out.lines().nth(1).unwrap().parse().unwrap();
        assert!((0.0..1e-200).contains(&rate), "{created}: {out}");
    }
}

#[test]
fn a_histogram_takes_no_number() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let histogram = |name: &str, scale: f64| {
        let mut histogram =
            mmstats::format::histogram::Histogram::new(mmstats::format::histogram::Shape::default());
        histogram.record(10);
        let items = Items { scale: Some(scale), ..Items::default() };
        let description =
            Description { label: "x", data: DataType::Histogram, metric: MetricType::Histogram, items };
        let mut image = Image::new();
        image.add(&description, &histogram.encode()).unwrap();
        std::fs::write(dir.join(name), image.finish()).unwrap();
    };
    histogram("one", 1.0);
    histogram("two", 1.0);
    histogram("milli", 0.001);
    write(dir, "old", &[double("x", 7.5)]);
    assert_eq!(row(dir, &["one", "two"]), ("10.0".to_owned(), String::new(), 0), "their mean");
    let (shown, err, code) = row(dir, &["one", "two", "old"]);
    assert_eq!((&*shown, code), ("10.0", 1));
    assert_eq!(err, "pollstats: old: x is a number here and a histogram elsewhere: left out\n");
    let (shown, err, code) = row(dir, &["one", "milli", "two"]);
    assert_eq!((&*shown, code), ("10.0", 1));
    assert_eq!(err, "pollstats: milli: x is of scale 0.001 here and of scale 1.0 elsewhere: left out\n");
}
