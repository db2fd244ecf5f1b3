//! What is there so that a program need not write it: labels of constants, `Debug`, closures, specs with a name.

#![allow(clippy::unwrap_used)]

use mmstats::{
    Average, Bool, Computed, Counter, Gauge, Given, Histogram, MovingAverage, Options, Recent, Snapshot,
    Static, StaticSpec, StaticText, StaticTextSpec, Text, TextSpec, Timer, Timestamp, UpDown, Version,
    Window, stats,
};

mod labels {
    pub(crate) const HITS: &str = "http.hits";
}

const DEPTH: &str = "queue.depth";

stats! {
    #[derive(Debug)]
    struct Part {
        n: Counter,
    }

    #[derive(Debug)]
    struct All {
        hits: Counter = labels::HITS,
        depth: Gauge<u32> = DEPTH { initial: 3 },
        joined: UpDown = (concat!("a.", "b")),
        mean: Average,
        moving: MovingAverage,
        ready: Bool,
        took: Timer,
        sizes: Histogram,
        last: Recent { keep: 2 },
        window: Window,
        at: Timestamp,
        page: Text,
        pid: Static<u32> { value: 7 },
        version: StaticText { with: || "1.0" },
        part: Part = "part.",
    }
}

#[test]
fn labels_may_be_constants_and_everything_shows_its_value() {
    let dir = tempfile::tempdir().unwrap();
    let all = Options::new().dir(dir.path()).create::<All>().unwrap();
    all.sizes.record(4);
    all.last.add(1.5);
    all.page.set("x");
    let snapshot = Snapshot::of(all.path()).unwrap();
    for label in ["http.hits", "queue.depth", "a.b", "part.n"] {
        assert!(snapshot.find(label).is_some(), "{label}");
    }
    assert_eq!(
        format!("{:?}", *all),
        "All { hits: Counter(0), depth: Gauge(3), joined: UpDown(0), mean: Average(0.0), \
         moving: MovingAverage(0.0), ready: Bool(false), took: Timer { all: Histogram { count: 0, value: 0.0, \
         max: 0.0 }, minute: Window { count: 0, value: None, max: None }, last: 0.0 }, sizes: Histogram { count: 1, \
         value: 4.0, max: 4.0 }, last: Recent { count: 1, values: [1.5] }, window: Window { count: 0, value: None, \
         max: None }, at: Timestamp(0.0), page: Text(\"x\"), pid: Static(7), version: StaticText(\"1.0\"), \
         part: Part { n: Counter(0) } }"
    );
    assert!(format!("{snapshot:?}").contains("http.hits"));
}

#[test]
fn gauges_go_up_and_down_by_one_and_more() {
    let dir = tempfile::tempdir().unwrap();
    let all = Options::new().dir(dir.path()).create::<All>().unwrap();
    all.depth.incr();
    all.depth.add(5);
    all.depth.decr();
    all.depth.sub(2);
    assert_eq!(all.depth.value(), 6);
    let real = all.add_field("real", Gauge::<f64>::spec()).unwrap();
    real.decr();
    assert_eq!(real.value(), -1.0);
    let small = all.add_field("small", Gauge::<u8>::spec()).unwrap();
    small.decr();
    assert_eq!(small.value(), 255);
}

#[test]
fn a_closure_is_timed_also_if_it_panics() {
    let dir = tempfile::tempdir().unwrap();
    let all = Options::new().dir(dir.path()).create::<All>().unwrap();
    assert_eq!(all.took.time(|| 6 * 7), 42);
    assert_eq!(all.sizes.time(|| "x"), "x");
    let panicked =
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| all.took.time(|| panic!("expected"))));
    assert!(panicked.is_err());
    assert_eq!((all.took.all().count(), all.sizes.count()), (2, 1));
}

#[test]
fn formatted_text_is_cut_as_other_text_is() {
    let dir = tempfile::tempdir().unwrap();
    for version in [Version::V1, Version::V2] {
        let options = Options::new().dir(dir.path()).version(version);
        for size in [5, 8, 512, 513, 1000] {
            let text = options.create_with(|fields| fields.add("t", Text::spec().size(size))).unwrap();
            text.set_fmt(format_args!("{}-{:>3}", "é", 7));
            let whole = "é-  7";
            let fits = if size == 5 { "é-  " } else { whole };
            assert_eq!(text.value(), fits, "{size}");
            let long = "äb".repeat(1000);
            text.set_fmt(format_args!("{long}{}", 1));
            let mut end = size;
            while !long.is_char_boundary(end) {
                end -= 1;
            }
            assert_eq!(text.value(), long[..end], "{size}");
            text.set_fmt(format_args!("plain"));
            assert_eq!(text.value(), "plain");
        }
    }
}

/// Specs that a program keeps in a struct of its own.
struct Specs {
    name: TextSpec,
    pid: StaticSpec<u32, Given<u32>>,
    random: StaticSpec<u64, Computed<fn() -> u64>>,
    version: StaticTextSpec<Given<String>>,
}

#[test]
fn every_spec_has_a_name() {
    let dir = tempfile::tempdir().unwrap();
    let specs = Specs {
        name: Text::spec().size(8),
        pid: Static::spec().value(7),
        random: Static::spec().with(|| 4),
        version: StaticText::spec().value("1.0"),
    };
    let Specs { name, pid, random, version } = specs;
    let made = Options::new().dir(dir.path()).create_with(|fields| {
        let name = fields.add("name", name)?;
        Ok((name, fields.add("pid", pid)?, fields.add("random", random)?, fields.add("version", version)?))
    });
    let made = made.unwrap();
    assert_eq!((made.0.size(), made.1.value(), made.2.value(), made.3.value()), (8, 7, 4, "1.0"));
}
