//! The bytes that C writes are those that Rust writes, and those of the golden file.

use std::fs;

use harness::skip;
use mmstats::{
    Average, Bool, Builder, Counter, Error, Gauge, Histogram, MergeRule, MovingAverage, Options, Recent,
    Static, StaticText, Text, Timer, Timestamp, UpDown, Version, Window, label,
};

use super::root;

/// What differs between two processes.
const OF_THE_PROCESS: [&str; 3] = ["sys.pid", "sys.tid", "sys.created"];

/// What the program's part `golden` does.
fn model(add: &mut Builder<'_>) -> Result<Vec<Box<dyn std::any::Any>>, Error> {
    let counted = add.add("a.u64", Counter::spec().unit("requests").help("Requests answered ✓"))?;
    counted.add(0x0102_0304_0506_0708);
    let level = add.add("a.u32", Gauge::<u32>::spec().merge(MergeRule::Max).initial(0x0102_0304))?;
    let small = add.add("a.u16", Gauge::<u16>::spec())?;
    small.set(0x0102);
    let byte = add.add("a.u8", Static::<u8>::spec().value(200))?;
    let long = add.add("a.i64", Gauge::<i64>::spec())?;
    long.set(-2);
    let int = add.add("a.i32", Gauge::<i32>::spec())?;
    int.set(-3);
    let short = add.add("a.i16", Gauge::<i16>::spec())?;
    short.add(-4);
    let float = add.add("a.f32", Gauge::<f32>::spec())?;
    float.add(0.25);
    let flag = add.add("a.bool", Bool::spec())?;
    flag.set(true);
    let time = add.add("a.time", Timestamp::spec().unit("seconds"))?;
    time.set(1_795_228_800.5);
    let text = add.add("a.text", Text::spec().size(11))?;
    text.set("first");
    text.set("grün ✓");
    let fixed = add.add("a.fixed", StaticText::spec().value("für immer"))?;
    let mean = add.add("a.mean", Average::spec().unit("seconds"))?;
    [0.5, 0.25, -2.0].into_iter().for_each(|value| mean.add(value));
    let recent = add.add("a.recent", Recent::spec().keep(4))?;
    [1.0, 2.0, 3.0, 4.0, 5.5, -6.0].into_iter().for_each(|value| recent.add(value));
    let spec = Histogram::spec().unit("seconds").scale(0.001).quantiles([0.5, 0.9]).precision(2).range(8);
    let histogram = add.add("a.histogram", spec)?;
    [0, 1, 7, 8, 9, 10, 100, 250, 300].into_iter().for_each(|value| histogram.record(value));
    let requests =
        add.add(&label("a.requests", &[("route", "/\"a\""), ("method", "GET")]), Counter::spec())?;
    requests.set(42);
    let tasks = add.add("a.tasks", UpDown::spec())?;
    tasks.add(-7);
    let moving = add.add("a.moving", MovingAverage::spec().window(2))?;
    [1.0, 2.0, 4.0].into_iter().for_each(|value| moving.add(value));
    let durations = add.add("a.durations", Histogram::spec().durations())?;
    durations.record(1500);
    let half = add.add("a.static.f64", Static::<f64>::spec().value(0.5))?;
    let negative = add.add("a.static.i64", Static::<i64>::spec().value(-9))?;
    let greatest = add.add("a.static.u64", Static::<u64>::spec().value(u64::MAX))?;
    let window = add.add("a.window", Window::spec().seconds(3))?;
    let timer = add.add("a.timer", Timer::spec().help("How long"))?;
    // All handles, as long as the instance.
    Ok(vec![
        Box::new((counted, level, small, byte, long, int, short, float)),
        Box::new((flag, time, text, fixed, mean, recent, histogram, requests)),
        Box::new((tasks, moving, durations, half, negative, greatest, window, timer)),
    ])
}

fn word(bytes: &[u8], at: usize, size: usize) -> usize {
    let bytes = &bytes[at..at + size];
    if size == 2 {
        u16::from_ne_bytes(bytes.try_into().unwrap()).into()
    } else {
        u32::from_ne_bytes(bytes.try_into().unwrap()) as usize
    }
}

/// A field as it is in a file of version 2.
struct Record {
    label: String,
    /// Its types, its items, and how large its value is.
    head: Vec<u8>,
    value: std::ops::Range<usize>,
}

/// All fields of a file of version 2, by mmstats(5).
fn records(file: &[u8]) -> Vec<Record> {
    let mut records = Vec::new();
    let mut at = word(file, 4, 4);
    while at + 8 <= file.len() && word(file, at, 4) != 0 {
        if word(file, at + 4, 2) == 1 {
            let (label, items) = (word(file, at + 10, 2), word(file, at + 20, 4));
            let (value, size) = (word(file, at + 12, 4), word(file, at + 16, 4));
            let begin = at + 24;
            let about = &file[begin + label..begin + label + items];
            records.push(Record {
                label: String::from_utf8_lossy(&file[begin..begin + label]).into_owned(),
                head: [&file[at + 6..at + 10], &file[at + 16..at + 20], about].concat(),
                value: value..value + size,
            });
        }
        at += word(file, at, 4);
    }
    records
}

/// A file without what differs between two processes.
fn without_process(mut file: Vec<u8>) -> Vec<u8> {
    let records = records(&file);
    for label in OF_THE_PROCESS {
        let field = records.iter().find(|field| field.label == label).unwrap();
        file[field.value.clone()].fill(0);
    }
    file
}

/// The bytes that C has written are those that Rust writes, but for what is the process's.
pub(crate) fn are_those_of_rust(c: &[u8]) {
    if std::env::var_os("MMSTATS_VERSION").is_some() {
        return skip("MMSTATS_VERSION chooses the version that is written");
    }
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new().dir(dir.path()).filename("rust.mmstats").version(Version::V2);
    let instance = options.create::<()>().unwrap();
    let _handles = instance.add_fields(model).unwrap();
    let rust = without_process(fs::read(instance.path()).unwrap());
    assert!(rust == without_process(c.to_vec()), "the bytes differ");
}

/// The fields of the golden file that a program can write are the same.
pub(crate) fn are_those_of_the_golden_file(c: &[u8]) {
    let name = if cfg!(target_endian = "little") { "v2-little.mmstats" } else { "v2-big.mmstats" };
    let golden = fs::read(root().join("mmstats/tests/golden").join(name)).unwrap();
    let theirs = records(&golden);
    let mut compared = 0;
    for field in records(c) {
        // A window's seconds are those of its own time.
        let same = theirs.iter().find(|one| one.label == field.label && one.label != "a.window");
        let Some(same) = same else { continue };
        assert_eq!(field.head, same.head, "{}", field.label);
        let mut values = [&c[field.value], &golden[same.value.clone()]].map(<[u8]>::to_vec);
        if field.label == "a.mean" {
            // Which of a mean's two copies is the first is the writer's choice.
            values[0].rotate_left(24);
        }
        assert_eq!(values[0], values[1], "{}", field.label);
        compared += 1;
    }
    assert_eq!(compared, 16, "all that a program in Rust can write, too, but the window");
}
