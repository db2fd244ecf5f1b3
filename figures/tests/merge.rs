//! What becomes of the same label in several files, read from files of both versions.

#![allow(clippy::unwrap_used)]

use std::path::Path;

use figures::{Aggregate, Compound, Function, Outcome, Sample, Source, Tallied};
use harness::image::{Fields, histogram, nanoseconds, rule, unit};
use harness::{counter, double, text, write};
use mmstats::format::item::Items;
use mmstats::{MergeRule, MetricType, Snapshot, Value};

/// All files of a directory, in the order of their names; those whose name begins with `dead` are of the dead.
fn merged(function: Function, dir: &Path) -> Vec<Tallied> {
    let mut paths: Vec<_> = dir.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mut aggregate = Aggregate::new(function);
    for (file, path) in paths.iter().enumerate() {
        let snapshot = Snapshot::of(path).unwrap();
        let is_alive = !path.file_name().unwrap().as_encoded_bytes().starts_with(b"dead");
        let source = Source::of(file, &snapshot, is_alive);
        snapshot.fields().for_each(|field| aggregate.add(&source, &field.unwrap()));
    }
    aggregate.results()
}

fn shown(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Bool(value) => value.to_string(),
        Outcome::Integer(value) => value.to_string(),
        Outcome::Float(value) => format!("{value:?}"),
        Outcome::Double(value) => format!("{value:?}"),
        Outcome::Text(text) => String::from_utf8(text.clone()).unwrap(),
        Outcome::Texts(texts) => {
            let texts: Vec<_> = texts.iter().map(|text| String::from_utf8_lossy(text)).collect();
            format!("{texts:?}")
        }
        Outcome::Several(values) => format!("{:?}", values.iter().map(shown).collect::<Vec<_>>()),
        Outcome::Compound(compound) => {
            let parts = compound.parts().into_iter().map(|(name, value)| format!("{name}={value}"));
            parts.collect::<Vec<_>>().join(" ")
        }
    }
}

/// Label and outcome, and the files that were left out with the reason.
fn lines(function: Function, dir: &Path) -> Vec<String> {
    let line = |tallied: &Tallied| {
        let mut line = format!("{} {}", String::from_utf8_lossy(&tallied.label), shown(&tallied.outcome));
        tallied.left_out.iter().for_each(|out| line += &format!("; file {}: {out}", out.file));
        line
    };
    merged(function, dir).iter().map(line).collect()
}

fn dir() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

#[test]
fn every_kind_has_its_way() {
    let dir = dir();
    let file = |n: u32| {
        let x = f64::from(n);
        Fields::new()
            .name("sys.pid", 100 + n)
            .timestamp("sys.created", 1000.0 - x)
            .text("build", if n == 2 { "new" } else { "old" })
            .counter("hits", u64::from(n))
            .gauge("sum", unit("bytes"), x)
            .gauge("avg", rule(MergeRule::Avg), x)
            .gauge("min", rule(MergeRule::Min), x)
            .gauge("max", rule(MergeRule::Max), x)
            .gauge("latest", rule(MergeRule::Latest), x)
            .gauge("none", rule(MergeRule::None), x)
            .mean("mean", 10.0 * x, u64::from(n))
            .recent("recent", &[x, x + 0.5])
            .histogram("histogram", unit("bytes"), &histogram((5, 20), [u64::from(n)]))
            .window("window", 60, &[x])
    };
    file(1).write(dir.path(), "a.mmstats");
    file(2).write(dir.path(), "b.mmstats");
    file(4).write(dir.path(), "dead.mmstats");
    let mut lines = lines(Function::Auto, dir.path());
    let window = lines.pop().unwrap();
    assert!(
        window.starts_with("window rate60=0.05") && window.ends_with(" mean60=2.3333333333333335 max60=4.0"),
        "{window}"
    );
    assert_eq!(
        lines,
        [
            "avg 1.5",
            "build [\"new\", \"old\"]",
            "histogram count=3 sum=7 mean=2.3333333333333335 max=4 p50=2 p90=4 p99=4 p99.9=4",
            "hits 7",
            "latest 1.0",
            "max 2.0",
            "mean count=7 sum=70.0 mean=10.0",
            "min 1.0",
            "none [\"1.0\", \"2.0\"]",
            "recent mean=2.5833333333333335 max=4.5",
            "sum 3.0",
            "sys.created 999.0",
            "sys.pid [\"101\", \"102\", \"104\"]",
        ]
    );
    let about = merged(Function::Auto, dir.path()).into_iter().find(|one| one.label == b"sum").unwrap().about;
    assert_eq!((about.kind, about.unit.as_deref()), (MetricType::Gauge, Some("bytes")));
}

#[test]
fn version_1_is_shown_as_it_differs_unless_another_file_knows() {
    let dir = dir();
    let v1 = |hits, pid, load| [counter("hits", hits), counter("sys.pid", pid), double("load", load)];
    write(dir.path(), "a.mmstats", &v1(3, 7, 0.5));
    write(dir.path(), "b.mmstats", &v1(3, 8, 0.25));
    write(dir.path(), "dead.mmstats", &v1(5, 9, 64.0));
    assert_eq!(
        lines(Function::Auto, dir.path()),
        ["hits [\"3\", \"5\"]", "load [\"0.25\", \"0.5\", \"64.0\"]", "sys.pid [\"7\", \"8\", \"9\"]"]
    );
    Fields::new()
        .counter("hits", 100)
        .name("sys.pid", 10)
        .gauge("load", rule(MergeRule::Max), 0.125)
        .write(dir.path(), "z.mmstats");
    let want = ["hits 111", "load 0.5", "sys.pid [\"7\", \"8\", \"9\", \"10\"]"];
    assert_eq!(lines(Function::Auto, dir.path()), want, "a rolling change to version 2");
    assert_eq!(
        lines(Function::Sum, dir.path())[2],
        "sys.pid [\"7\", \"8\", \"9\", \"10\"]",
        "one file says that it is a name"
    );
}

#[test]
fn very_many_names_of_version_1_are_named_where_they_are_no_sum() {
    let field = |n: u64| Value::Unsigned(n);
    let merged = |function, many: u64| {
        let mut aggregate = Aggregate::new(function);
        for n in 0..many {
            let file = usize::try_from(n).unwrap();
            aggregate.add_value(file, b"pid", || "I".into(), field(n));
        }
        let sample = Sample { kind: MetricType::Info, ..Sample::unknown(field(7_000_000)) };
        aggregate.add_sample(&Source::from(1_000_000), b"pid", || "u32".into(), &sample);
        let result = aggregate.results().remove(0);
        let Outcome::Several(values) = &result.outcome else { panic!("{result:?}") };
        (values.len(), result.left_out.len())
    };
    assert_eq!(merged(Function::Sum, 1000), (1001, 0));
    assert_eq!(merged(Function::Sum, 1001), (1, 1001), "named, and not added up");
    assert_eq!(merged(Function::Auto, 1001), (1002, 0));
}

#[test]
fn what_cannot_be_one_is_named_and_the_rest_is_right() {
    let dir = dir();
    let file = || Fields::new().counter("same", 1);
    let bytes = histogram((5, 20), [7]);
    file()
        .counter("kind", 1)
        .gauge("unit", unit("bytes"), 1.0)
        .histogram("scale", nanoseconds(), &bytes)
        .gauge("rule", rule(MergeRule::Max), 5.0)
        .window("window", 60, &[1.0])
        .counter("text", 1)
        .write(dir.path(), "a");
    file()
        .counter("kind", 2)
        .gauge("unit", unit("bytes"), 2.0)
        .histogram("scale", nanoseconds(), &bytes)
        .gauge("rule", rule(MergeRule::Max), 6.0)
        .window("window", 60, &[1.0])
        .counter("text", 2)
        .write(dir.path(), "b");
    file()
        .gauge("kind", unit("bytes"), 3.0)
        .gauge("unit", unit("seconds"), 3.0)
        .histogram("scale", unit("seconds"), &bytes)
        .gauge("rule", rule(MergeRule::Sum), 1.0)
        .window("window", 10, &[1.0])
        .text("text", "no")
        .write(dir.path(), "c");
    write(dir.path(), "d", &[counter("same", 1), double("scale", 0.5), text("text", b"x")]);
    let lines = lines(Function::Auto, dir.path());
    assert_eq!(
        lines[..5],
        [
            "kind 3; file 2: a gauge here and a counter elsewhere",
            "rule 6.0; file 2: merged by sum here and merged by max elsewhere",
            "same 4",
            "scale count=2 sum=1.4e-8 mean=7e-9 max=7e-9 p50=7e-9 p90=7e-9 p99=7e-9 p99.9=7e-9; \
             file 2: a histogram of scale 1.0 here and a histogram of scale 1e-9 elsewhere; \
             file 3: a number here and a histogram elsewhere",
            "text 3; file 2: info here and a counter elsewhere; file 3: text here and a number elsewhere",
        ]
    );
    assert_eq!(lines[5], "unit 3.0; file 2: in seconds here and in bytes elsewhere");
    assert!(lines[6].ends_with("; file 2: a window of 10 seconds here and a window of 60 seconds elsewhere"));
    assert!(lines[6].starts_with("window rate60="), "{}", lines[6]);
}

#[test]
fn what_has_no_unit_is_in_that_of_the_others() {
    let dir = dir();
    Fields::new().gauge("x", Items::default(), 1.0).write(dir.path(), "a");
    Fields::new().gauge("x", unit("bytes"), 2.0).write(dir.path(), "b");
    Fields::new().gauge("x", Items::default(), 4.0).write(dir.path(), "c");
    assert_eq!(lines(Function::Sum, dir.path()), ["x 7.0"]);
    let tallied = merged(Function::Sum, dir.path()).remove(0);
    assert_eq!(tallied.about.unit.as_deref(), Some("bytes"));
    let scaled = Items { scale: Some(1e-3), ..Items::default() };
    Fields::new().gauge("x", scaled, 8.0).write(dir.path(), "d");
    assert_eq!(
        lines(Function::Sum, dir.path()),
        ["x 7.0; file 3: without a unit here and in bytes elsewhere"]
    );
}

#[test]
fn histograms_of_other_shapes_lose_precision_and_no_count() {
    let dir = dir();
    let values: Vec<u64> = (1..=1000).map(|n| n * n).collect();
    let whole = histogram((4, 24), values.iter().copied());
    Fields::new()
        .histogram("x", unit("bytes"), &histogram((6, 30), values[..500].iter().copied()))
        .write(dir.path(), "a");
    Fields::new()
        .histogram("x", unit("bytes"), &histogram((4, 24), values[500..].iter().copied()))
        .write(dir.path(), "b");
    let merged = merged(Function::Auto, dir.path()).remove(0);
    assert!(merged.left_out.is_empty());
    let Outcome::Compound(merged) = merged.outcome else { panic!("{merged:?}") };
    let Compound::Histogram(total) = *merged else { panic!("no histogram") };
    assert_eq!(total.histogram.encode(), whole, "as if all had been counted into the coarser one");
}

#[test]
fn functions_take_numbers_as_they_are_and_never_names() {
    let dir = dir();
    let file = |x: f64, pid| {
        Fields::new().name("pid", pid).timestamp("seen", x).gauge("load", rule(MergeRule::Max), x).histogram(
            "took",
            nanoseconds(),
            &histogram((5, 40), [pid.into(); 3]),
        )
    };
    file(1.0, 10).write(dir.path(), "a");
    file(3.0, 20).write(dir.path(), "dead");
    let took = "took count=6 sum=9e-8 mean=1.5e-8 max=2e-8 p50=1e-8 p90=2e-8 p99=2e-8 p99.9=2e-8";
    assert_eq!(
        lines(Function::Sum, dir.path()),
        ["load 4.0", "pid [\"10\", \"20\"]", "seen 3.0", took],
        "a sum of moments would be none"
    );
    assert_eq!(
        lines(Function::Max, dir.path()),
        [
            "load 3.0",
            "pid [\"10\", \"20\"]",
            "seen 3.0",
            "took:count 3",
            "took:max 2e-8",
            "took:mean 2e-8",
            "took:p50 2e-8",
            "took:p90 2e-8",
            "took:p99 2e-8",
            "took:p99.9 2e-8",
            "took:sum 6e-8",
        ],
        "the greatest of each file's own"
    );
    assert_eq!(
        lines(Function::Avg, dir.path())[3..],
        [
            "took:count 3.0",
            "took:max 1.5000000000000002e-8",
            "took:mean 1.5000000000000002e-8",
            "took:sum 4.499999999999999e-8"
        ]
    );
    assert_eq!(lines(Function::One, dir.path())[1], "pid 10");
}

#[test]
fn the_mean_of_percentiles_is_refused() {
    let dir = dir();
    Fields::new().histogram("took", nanoseconds(), &histogram((5, 40), [5])).write(dir.path(), "a");
    let snapshot = Snapshot::of(dir.path().join("a")).unwrap();
    let mut aggregate = Aggregate::new(Function::NonzeroAvg);
    snapshot.fields().for_each(|field| aggregate.add(&0.into(), &field.unwrap()));
    let refused: Vec<_> =
        aggregate.refused().map(|label| String::from_utf8_lossy(label).into_owned()).collect();
    assert_eq!(refused, ["took:p50", "took:p90", "took:p99", "took:p99.9"]);
}

#[test]
fn an_interval_is_a_difference() {
    let dir = dir();
    let of = |values: &[u64]| {
        Fields::new()
            .histogram("took", nanoseconds(), &histogram((5, 40), values.iter().copied()))
            .write(dir.path(), "a");
        let snapshot = Snapshot::of(dir.path().join("a")).unwrap();
        let field = snapshot.fields().next().unwrap().unwrap();
        Compound::of(field.value()).unwrap()
    };
    let (before, now) = (of(&[1, 2, 1000]), of(&[1, 2, 1000, 5, 6, 7]));
    let since = now.since(&before).unwrap();
    assert_eq!(since.to_string(), "n=3 mean=6e-9 p50=6e-9 p90=7e-9 p99=7e-9 p99.9=7e-9 max=7e-9");
}
