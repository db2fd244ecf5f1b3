//! Histograms: bounds that follow from the shape alone, and numbers that fit together.

use harness::image::{histogram, nanoseconds, unit};
use mmstats::format::item::Items;

use super::{clean, process, slurp};

/// The bounds of a family's buckets, and their counts.
fn buckets(out: &str, name: &str) -> Vec<(String, u64)> {
    let start = format!("{name}_bucket{{cmd=\"web\",le=\"");
    let lines = out.lines().filter_map(|line| line.strip_prefix(&start)?.split_once("\"} "));
    lines.map(|(bound, count)| (bound.to_owned(), count.parse().unwrap())).collect()
}

fn value(out: &str, series: &str) -> f64 {
    let line = out.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
    line.unwrap_or_else(|| panic!("no {series} in {out}")).parse().unwrap()
}

#[test]
fn histograms_merge_and_their_numbers_fit() {
    let dir = tempfile::tempdir().unwrap();
    let values = [(1, vec![1_000, 2_000_000]), (2, vec![3_000_000_000, 5, 1 << 50])];
    for (pid, values) in &values {
        let value = histogram((5, 42), values.iter().copied());
        process(*pid)
            .histogram("answer", nanoseconds(), &value)
            .write(dir.path(), format!("web-{pid}-{pid}.mmstats"));
    }
    let out = clean(dir.path(), &["-p", "answer"]);
    assert!(out.contains("# TYPE answer_seconds histogram\n"));
    let found = buckets(&out, "answer_seconds");
    let all: Vec<u64> = values.iter().flat_map(|(_, values)| values.clone()).collect();
    for (bound, count) in &found[..found.len() - 1] {
        let bound: f64 = bound.parse().unwrap();
        let within = all.iter().filter(|&&value| value as f64 * 1e-9 <= bound * (1.0 + 1e-12)).count();
        // A value is never in a bucket below its own; above, by less than a bucket's width, since all bounds are edges.
        assert_eq!(*count, within as u64, "{bound}");
    }
    assert_eq!(found.last(), Some(&("+Inf".to_owned(), 5)), "what is too large is in the last");
    assert_eq!(value(&out, "answer_seconds_count{cmd=\"web\"}"), 5.0);
    let sum: u64 = all.iter().sum();
    assert_eq!(value(&out, "answer_seconds_sum{cmd=\"web\"}"), sum as f64 / 1e9);
}

#[test]
fn bounds_do_not_depend_on_what_was_recorded() {
    let bounds = |values: &[u64]| {
        let dir = tempfile::tempdir().unwrap();
        let value = histogram((5, 42), values.iter().copied());
        process(1).histogram("size", unit("bytes"), &value).write(dir.path(), "web-1-1.mmstats");
        let found = buckets(&clean(dir.path(), &["-p", "size"]), "size_bytes");
        found.into_iter().map(|(bound, _)| bound).collect::<Vec<_>>()
    };
    let empty = bounds(&[]);
    assert_eq!(empty[..9], ["0", "1", "2", "3", "5", "7", "11", "15", "23"]);
    assert_eq!(empty, bounds(&[1, 5, 1 << 60]));
    assert_eq!(empty.len(), 84);
}

#[test]
fn histograms_of_two_shapes_merge_and_of_two_scales_do_not() {
    let dir = tempfile::tempdir().unwrap();
    let web = |pid, items: Items, shape, values: &[u64]| {
        let value = histogram(shape, values.iter().copied());
        process(pid).histogram("answer", items, &value).write(dir.path(), format!("web-{pid}-{pid}.mmstats"));
    };
    web(1, nanoseconds(), (5, 42), &[1_000_000; 3]);
    web(2, nanoseconds(), (3, 40), &[1_000_000; 4]);
    let out = clean(dir.path(), &["-p", "answer"]);
    assert_eq!(value(&out, "answer_seconds_count{cmd=\"web\"}"), 7.0);
    assert_eq!(value(&out, "answer_seconds_bucket{cmd=\"web\",le=\"0.000786431\"}"), 0.0);
    assert_eq!(value(&out, "answer_seconds_bucket{cmd=\"web\",le=\"0.001048575\"}"), 7.0);
    web(3, Items { scale: Some(1e-6), ..unit("seconds") }, (5, 42), &[1]);
    let (out, err, code) = slurp(dir.path(), &["-p", "answer"]);
    assert_eq!(value(&out, "answer_seconds_count{cmd=\"web\"}"), 7.0);
    assert!(err.contains("web-3-3.mmstats: answer is a histogram of scale 1e-6 here"), "{err}");
    assert_eq!(code, Some(1));
}

#[test]
fn a_name_that_belongs_to_a_histogram_is_left_out_elsewhere() {
    let dir = tempfile::tempdir().unwrap();
    let value = histogram((5, 42), [3]);
    let file =
        process(1).histogram("size", Items::default(), &value).gauge("size.sum", Items::default(), 1.0);
    file.write(dir.path(), "web-1-1.mmstats");
    let (out, err, code) = slurp(dir.path(), &["-p", "size"]);
    assert_eq!(out.matches("size_sum").count(), 1, "{out}");
    assert_eq!(err, "slurpstats: size_sum: the name belongs to a histogram, too: left out\n");
    assert_eq!(code, Some(1));
}
