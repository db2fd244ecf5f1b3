//! Fields of all types, and their labels.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use mmstats::{Counter, ErrorKind, Options, Snapshot, Text, Timer, Value, Version, stats};

use super::{Every, Inner, Outer, labels, value};

#[test]
fn every_field_type_is_published_with_its_type_and_value() {
    let dir = tempfile::tempdir().unwrap();
    let every = Options::new().version(Version::V1).dir(dir.path()).create::<Every>().unwrap();
    every.counter.incr();
    every.counter.add(u64::MAX);
    every.counter.add(41);
    every.u64.set(u64::MAX);
    every.u32.set(u32::MAX);
    every.u16.set(u16::MAX);
    every.i64.set(i64::MIN);
    every.i16.set(i16::MIN);
    every.i16.sub(1);
    every.i8.set(-8);
    every.f32.set(0.1);
    every.f64.add(0.1);
    every.yes.set(false);
    every.average.add(1.0);
    every.average.add(2.0);
    for value in [1.0, 2.0, 4.0] {
        every.moving.add(value);
    }
    every.timer.record(Duration::from_millis(250));
    every.r#type.incr();
    let snapshot = Snapshot::of(every.path()).unwrap();
    let found: Vec<_> = snapshot
        .fields()
        .map(|field| field.unwrap())
        .map(|field| {
            let label = String::from_utf8(field.label().to_vec()).unwrap();
            (label, field.type_code(), field.is_buffered(), field.value().to_string())
        })
        .filter(|(label, ..)| !label.contains('.'))
        .collect();
    let found: Vec<_> = found
        .iter()
        .map(|(label, code, two, value)| (label.as_str(), code.as_ref(), *two, value.as_str()))
        .collect();
    assert_eq!(
        found,
        [
            ("counter", "Q", true, "41"),
            ("u64", "Q", true, "18446744073709551615"),
            ("u32", "I", true, "4294967295"),
            ("u16", "H", true, "65535"),
            ("i64", "q", true, "-9223372036854775808"),
            ("i32", "i", true, "-7"),
            ("i16", "h", true, "32767"),
            ("i8", "b", false, "-8"),
            ("f32", "f", true, "0.1"),
            ("f64", "d", true, "0.1"),
            ("yes", "?", false, "false"),
            ("text", "10s", true, "first"),
            ("average", "d", true, "1.5"),
            ("moving", "d", true, "3.0"),
            ("timer", "d", true, "0.25"),
            ("s_text", "256s", false, "täxt"),
            ("s_u32", "I", false, "1"),
            ("s_u64", "Q", false, "18446744073709551615"),
            ("s_i64", "q", false, "-9223372036854775808"),
            ("s_f32", "f", false, "0.5"),
            ("s_f64", "d", false, "0.1"),
            ("type", "Q", true, "1"),
        ]
    );
    for field in snapshot.fields() {
        let field = field.unwrap();
        let record = field.record().unwrap();
        if record.shape.size <= 8 {
            let is_on_boundary = record.value_at(0) % record.shape.size == 0;
            assert!(is_on_boundary, "{:?} is off its boundary", field.label());
        }
    }
    assert_eq!(fs::metadata(every.path()).unwrap().size() % 4096, 0);
}

#[test]
fn every_instance_says_whose_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let stats =
        Options::new().version(Version::V1).dir(dir.path()).label_prefix("app.").create::<()>().unwrap();
    let path = stats.path().to_owned();
    assert_eq!(
        labels(&path),
        [
            "sys.pid",
            "sys.tid",
            "sys.uid",
            "sys.gid",
            "sys.created",
            "org.rust.version",
            "org.mmstats.version"
        ]
        .map(|label| format!("app.{label}"))
    );
    assert_eq!(value(&path, "app.sys.pid"), std::process::id().to_string());
    assert_eq!(value(&path, "app.sys.tid"), nix::unistd::gettid().to_string());
    assert!(value(&path, "app.org.rust.version").starts_with("rustc 1."));
    assert_eq!(value(&path, "app.org.mmstats.version"), env!("CARGO_PKG_VERSION"));
    let created: f64 = value(&path, "app.sys.created").parse().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
    assert!((now - 60.0..=now).contains(&created));
}

#[test]
fn text_is_cut_between_characters_and_read_back() {
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new()
        .version(Version::V1)
        .dir(dir.path())
        .create_with(|b| b.add("t", Text::spec().size(5)))
        .unwrap();
    for (set, want) in [("abcdéf", "abcd"), ("", ""), ("ééé", "éé"), ("a\0b", "a"), ("12345", "12345")]
    {
        stats.set(set);
        assert_eq!(stats.value(), want);
        assert_eq!(value(stats.path(), "t"), want);
    }
}

#[test]
fn models_are_composed_and_labels_may_be_chosen() {
    let dir = tempfile::tempdir().unwrap();
    let outer =
        Options::new().version(Version::V1).dir(dir.path()).label_prefix("x.").create::<Outer>().unwrap();
    outer.plain.hits.incr();
    outer.named.hits.add(2);
    outer.own.add(3);
    assert_eq!(labels(outer.path())[7..], ["x.hits", "x.named.hits", "x.own label ✓"]);
    assert_eq!(value(outer.path(), "x.named.hits"), "2");
}

#[test]
fn two_fields_with_one_label_are_an_error_that_names_it() {
    stats! {
        struct Twice {
            _a: Counter = "same",
            _b: Inner = "other.",
            _c: Counter = "other.hits",
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let error = Options::new().dir(dir.path()).create::<Twice>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Label);
    assert_eq!(error.reason().to_string(), "label \"other.hits\" is there already");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "nothing is left behind");
}

#[test]
fn labels_that_a_file_cannot_hold_are_errors() {
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new().dir(dir.path()).create::<()>().unwrap();
    let reason = |label: &str| {
        let error = stats.add_field(label, Counter::spec()).map(drop).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Label);
        error.reason().to_string()
    };
    assert_eq!(reason(""), "label \"\" is empty");
    assert!(reason(&"é".repeat(40_000)).ends_with("is longer than 65535 bytes"));
    let longest = "x".repeat(65_535);
    stats.add_field(&longest, Counter::spec()).unwrap().add(9);
    assert_eq!(value(stats.path(), &longest), "9");
}

#[test]
fn fields_are_added_while_the_program_runs_and_the_file_grows() {
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new().version(Version::V1).dir(dir.path()).create::<Inner>().unwrap();
    let before = fs::metadata(stats.path()).unwrap().ino();
    let late: Vec<Counter> =
        (0..5000).map(|n| stats.add_field(&format!("late.{n}"), Counter::spec()).unwrap()).collect();
    for (n, counter) in late.iter().enumerate() {
        counter.add(n as u64);
        counter.incr();
    }
    stats.hits.incr();
    let metadata = fs::metadata(stats.path()).unwrap();
    assert_eq!(metadata.ino(), before, "it grew in place");
    assert_eq!(metadata.len(), stats.size() as u64);
    assert!(metadata.len() > 64 * 1024, "more than one mapping");
    let snapshot = Snapshot::of(stats.path()).unwrap();
    assert!(snapshot.defect().is_none());
    let found: Vec<_> = snapshot.fields().skip(7).map(|field| field.unwrap().value()).collect();
    let want: Vec<_> = std::iter::once(1).chain(1..=5000).map(Value::Unsigned).collect();
    assert_eq!(found, want);
}

#[test]
fn a_guard_records_once_unless_it_is_cancelled() {
    let dir = tempfile::tempdir().unwrap();
    let timer = Options::new().dir(dir.path()).create_with(|b| b.add("t", Timer::spec())).unwrap();
    drop(timer.start());
    assert_eq!(timer.all().count(), 1);
    let guard = timer.start();
    let before = guard.elapsed();
    let took = guard.stop();
    assert!(before > 0.0 && took >= before);
    assert_eq!((timer.all().count(), timer.last()), (2, took));
    timer.start().cancel();
    assert_eq!((timer.all().count(), timer.last()), (2, took));
}
