//! Each type of field, in both versions.

use std::time::Duration;

use mmstats::{
    Average, Bool, Counter, Gauge, Histogram, MergeRule, MovingAverage, Recent, Snapshot, Static, StaticText,
    Text, Timer, Timestamp, UpDown, Version, Window, label, stats,
};

use crate::{line, lines, place};

stats! {
    /// All types.
    struct All {
        counter: Counter { unit: "requests" },
        updown: UpDown,
        u64: Gauge<u64> { initial: u64::MAX, merge: MergeRule::Max },
        u32: Gauge<u32>,
        u16: Gauge<u16>,
        u8: Gauge<u8>,
        i64: Gauge<i64>,
        i32: Gauge<i32>,
        i16: Gauge<i16>,
        i8: Gauge<i8>,
        f64: Gauge<f64> { unit: "ratio" },
        f32: Gauge<f32>,
        yes: Bool { initial: true },
        no: Bool,
        text: Text { initial: "idle", size: 10 },
        long: Text { size: 70 },
        number: Static<i64> { value: -5 },
        fixed: StaticText { value: "für immer" },
        mean: Average { unit: "bytes" },
        moving: MovingAverage { window: 2 },
        recent: Recent { keep: 3 },
        histogram: Histogram { quantiles: [0.5, 0.99] },
        narrow: Histogram { precision: 0, range: 4, unit: "bytes", scale: 1024.0 },
        time: Histogram { durations },
        window: Window,
        timer: Timer,
        stamp: Timestamp,
    }
}

fn update(all: &All) {
    all.counter.add(7);
    all.updown.sub(2);
    all.u32.set(32);
    all.u16.set(16);
    all.u8.set(200);
    all.i64.set(-64);
    all.i32.set(-32);
    all.i16.set(-16);
    all.i8.set(-8);
    all.f64.set(0.5);
    all.f32.set(0.25);
    all.no.set(true);
    all.no.set(false);
    all.text.set("grün und blau");
    all.long.set(&"x".repeat(70));
    [1.0, 2.5].iter().for_each(|&value| all.mean.add(value));
    [1.0, 2.0, 3.0].iter().for_each(|&value| all.moving.add(value));
    [1.0, 2.0, 3.0, 4.0].iter().for_each(|&value| all.recent.add(value));
    [10, 20, 30].iter().for_each(|&value| all.histogram.record(value));
    [1, 1000].iter().for_each(|&value| all.narrow.record(value));
    all.time.record_duration(Duration::from_micros(3));
    all.time.start().cancel();
    [1.0, 4.0].iter().for_each(|&value| all.window.add(value));
    [10, 30].iter().for_each(|&millis| all.timer.record(Duration::from_millis(millis)));
    all.stamp.set(1_795_228_800.5);
}

#[test]
fn every_type_of_field_in_version_2() {
    let (_dir, options) = place(Version::V2);
    let all = options.create::<All>().unwrap();
    assert_eq!(line(all.path(), "text").unwrap(), "info\ttext\t-\tidle");
    assert_eq!(line(all.path(), "window").unwrap(), "window\twindow\t-\t-");
    update(&all);
    let want = "\
counter\tcounter\tu64\trequests\t7
updown\tgauge\ti64\t-\t-2
u64\tgauge\tu64\t-\t18446744073709551615
u32\tgauge\tu32\t-\t32
u16\tgauge\tu16\t-\t16
u8\tgauge\tu8\t-\t200
i64\tgauge\ti64\t-\t-64
i32\tgauge\ti32\t-\t-32
i16\tgauge\ti16\t-\t-16
i8\tgauge\ti8\t-\t-8
f64\tgauge\tf64\tratio\t0.5
f32\tgauge\tf32\t-\t0.25
yes\tgauge\tbool\t-\ttrue
no\tgauge\tbool\t-\tfalse
text\tinfo\ttext\t-\tgrün und
number\tinfo\ti64\t-\t-5
fixed\tinfo\tfixed text\t-\tfür immer
mean\tmean\tmean\tbytes\tcount=2 sum=3.5
moving\tgauge\tf64\t-\t2.5
recent\trecent\trecent\t-\t2.0 3.0 4.0
histogram\thistogram\thistogram\t-\tcount=3 sum=60 max=30 0.5:20 0.99:30
narrow\thistogram\thistogram\tbytes\tcount=2 sum=1001 max=1000
time\thistogram\thistogram\tseconds\tcount=1 sum=3000 max=3000
window\twindow\twindow\t-\tcount=2 sum=5.0 max=4.0
timer\thistogram\thistogram\tseconds\tcount=2 sum=40000000 max=30000000
timer.minute\twindow\twindow\tseconds\tcount=2 sum=0.04 max=0.03
stamp\ttimestamp\tf64\t-\t1795228800.5";
    let mut lines = lines(all.path());
    let long = lines.iter().position(|line| line.starts_with("long")).unwrap();
    assert_eq!(lines.remove(long), format!("long\tinfo\ttext\t-\t{}", "x".repeat(70)));
    // A blank where ten bytes end is text.
    assert_eq!(lines.join("\n").replace("grün und \n", "grün und\n"), want);
    in_the_handles(&all);
}

fn in_the_handles(all: &All) {
    assert_eq!((all.text.value().trim_end(), all.long.value().len()), ("grün und", 70));
    assert_eq!((all.mean.value(), all.mean.count(), all.moving.value()), (1.75, 2, 2.5));
    assert_eq!((all.recent.values(), all.recent.count()), (vec![2.0, 3.0, 4.0], 4));
    assert_eq!((all.histogram.count(), all.histogram.value(), all.histogram.max()), (3, 20.0, 30.0));
    assert_eq!(all.histogram.quantile(0.5), Some(20.0));
    assert_eq!((all.histogram.quantile(1.5), all.time.count()), (None, 1));
    assert_eq!((all.narrow.max(), all.narrow.value()), (1000.0 * 1024.0, 1001.0 / 2.0 * 1024.0));
    assert_eq!((all.window.count(), all.window.value(), all.window.max()), (2, Some(2.5), Some(4.0)));
    assert_eq!((all.timer.last(), all.timer.value(), all.timer.all().count()), (0.03, 0.02, 2));
    assert_eq!((all.timer.minute().count(), all.stamp.value()), (2, 1_795_228_800.5));
}

#[test]
fn in_version_1_what_has_no_type_is_its_mean() {
    let (_dir, options) = place(Version::V1);
    let all = options.create::<All>().unwrap();
    update(&all);
    let snapshot = Snapshot::of(all.path()).unwrap();
    let find = |label: &str| {
        let field = snapshot.find(label).unwrap();
        format!("{} {}", field.type_code(), field.value())
    };
    for (label, want) in [
        ("counter", "Q 7"),
        ("updown", "q -2"),
        ("u8", "B 200"),
        ("yes", "? true"),
        ("fixed", "256s für immer"),
        ("mean", "d 1.75"),
        ("moving", "d 2.5"),
        ("recent", "d 3.0"),
        ("histogram", "d 20.0"),
        ("narrow", "d 512512.0"),
        ("window", "d 2.5"),
        ("timer", "d 0.02"),
        ("timer.minute", "d 0.02"),
        ("stamp", "d 1795228800.5"),
    ] {
        assert_eq!(find(label), want, "{label}");
    }
    assert!(find("time").starts_with("d 3") && snapshot.find("sys.boot_id").is_none());
    in_the_handles(&all);
}

#[test]
fn every_file_says_whose_it_is() {
    let (_dir, options) = place(Version::V2);
    let all = options.create::<All>().unwrap();
    let is = |label: &str| line(all.path(), label).unwrap();
    assert_eq!(is("sys.pid"), format!("info\tu32\t-\t{}", std::process::id()));
    assert_eq!(is("sys.tid"), format!("info\ti64\t-\t{}", nix::unistd::gettid()));
    assert_eq!(is("sys.uid"), format!("info\tu64\t-\t{}", nix::unistd::getuid()));
    assert!(is("sys.created").starts_with("timestamp\tf64\t-\t"));
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    assert_eq!(is("sys.boot_id"), format!("info\tfixed text\t-\t{}", boot.trim_end()));
    assert_eq!(is(mmstats::VERSION_LABEL), format!("info\tfixed text\t-\t{}", env!("CARGO_PKG_VERSION")));
    assert_eq!(is(mmstats::MODEL_LABEL), "info\tfixed text\t-\tAll");
}

#[test]
fn a_guard_of_a_histogram_measures_in_what_the_scale_says() {
    let (_dir, options) = place(Version::V2);
    let make = |scale: f64| {
        let spec = Histogram::spec().unit("seconds").scale(scale);
        options.create_with(|fields| fields.add("h", spec)).unwrap()
    };
    for (scale, sum) in [(1e-9, 1_500_000_000), (1e-6, 1_500_000), (1e-3, 1_500), (1.0, 1)] {
        let histogram = make(scale);
        histogram.record_duration(Duration::from_millis(1500));
        let want = format!("histogram\thistogram\tseconds\tcount=1 sum={sum} max={sum}");
        assert_eq!(line(histogram.path(), "h").unwrap(), want);
    }
    let histogram = make(1e-9);
    let seconds = histogram.start().stop();
    drop(histogram.start());
    assert!(seconds > 0.0 && histogram.count() == 2 && histogram.max() >= seconds * 0.999);
}

#[test]
fn a_timers_attributes_are_at_the_end_of_both_labels() {
    let (_dir, options) = place(Version::V2);
    let name = label("took", &[("route", "/a{b}")]);
    let timer = options.create_with(|fields| fields.add(&name, Timer::spec().help("Time"))).unwrap();
    timer.record(Duration::from_secs(1));
    let labels: Vec<_> =
        lines(timer.path()).iter().map(|line| line.split('\t').next().unwrap().to_owned()).collect();
    assert_eq!(labels, [r#"took{route="/a{b}"}"#, r#"took.minute{route="/a{b}"}"#]);
}
