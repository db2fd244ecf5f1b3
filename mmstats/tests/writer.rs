//! What a program publishes, a reader finds.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use mmstats::live::{Evidence, Judge, Life};
use mmstats::{
    Average, Bool, Counter, ErrorKind, Gauge, MovingAverage, Options, Snapshot, Static, StaticText, Text,
    Timer, Value, Version, stats,
};

stats! {
    /// One of each.
    struct Every {
        counter: Counter,
        u64: Gauge<u64>,
        u32: Gauge<u32>,
        u16: Gauge<u16>,
        i64: Gauge<i64>,
        i32: Gauge<i32> { initial: -7 },
        i16: Gauge<i16>,
        i8: Gauge<i8>,
        f32: Gauge<f32>,
        f64: Gauge<f64>,
        yes: Bool { initial: true },
        text: Text { size: 10, initial: "first" },
        average: Average,
        moving: MovingAverage { window: 2 },
        timer: Timer,
        s_text: StaticText { value: "täxt" },
        s_u32: Static<u32> { value: 1 },
        s_u64: Static<u64> { with: || u64::MAX },
        s_i64: Static<i64> { value: i64::MIN },
        s_f32: Static<f32> { value: 0.5 },
        s_f64: Static<f64> { value: 0.1 },
        r#type: Counter,
    }

    struct Inner {
        hits: Counter,
    }

    struct Outer {
        plain: Inner,
        named: Inner = "named.",
        own: Counter = "own label ✓",
    }
}

fn value(path: &Path, label: &str) -> String {
    let snapshot = Snapshot::of(path).unwrap();
    let found = snapshot.fields().map(|field| field.unwrap()).find(|field| field.label() == label.as_bytes());
    found.unwrap_or_else(|| panic!("no {label} in {}", path.display())).value().to_string()
}

fn labels(path: &Path) -> Vec<String> {
    let snapshot = Snapshot::of(path).unwrap();
    snapshot.fields().map(|field| String::from_utf8(field.unwrap().label().to_vec()).unwrap()).collect()
}

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
fn a_reader_sees_an_added_field_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new().version(Version::V1).dir(dir.path()).create::<()>().unwrap();
    let path = stats.path().to_owned();
    let looks = Arc::new(AtomicUsize::new(0));
    let looked = Arc::clone(&looks);
    let writer = std::thread::spawn(move || {
        for n in 0..20_000 {
            // However slow the reader is, it looks many times meanwhile.
            let before = looked.load(Ordering::Relaxed);
            while n % 1000 == 999 && looked.load(Ordering::Relaxed) == before {
                std::thread::yield_now();
            }
            stats.add_field(&format!("field.{n}"), Gauge::<i64>::spec().initial(n)).unwrap();
        }
        stats
    });
    let mut seen = 0;
    while seen < 20_000 {
        let snapshot = Snapshot::of(&path).unwrap();
        let fields: Vec<_> = snapshot.fields().map(|field| field.unwrap()).skip(7).collect();
        assert!(fields.len() >= seen, "fields vanished");
        for (n, field) in fields.iter().enumerate().skip(seen) {
            assert_eq!(field.label(), format!("field.{n}").as_bytes());
            assert_eq!(field.value(), Value::Signed(n as i64));
        }
        seen = fields.len();
        looks.fetch_add(1, Ordering::Relaxed);
    }
    drop(writer.join().unwrap());
}

#[test]
fn a_counter_never_runs_backwards_under_a_reader() {
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new()
        .dir(dir.path())
        .create_with(|b| Ok((b.add("n", Counter::spec())?, b.add("t", Text::spec())?)))
        .unwrap();
    let path = stats.path().to_owned();
    let done = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&done);
    let writer = std::thread::spawn(move || {
        let texts = ["a".repeat(200), "b".repeat(250)];
        let mut n = 0_usize;
        while !stop.load(Ordering::Relaxed) {
            stats.0.incr();
            n += 1;
            if n % 4096 == 0 {
                stats.1.set(&texts[n / 4096 % 2]);
            }
        }
        stats
    });
    let mut last = 0;
    let mut snapshot = Snapshot::new();
    for _ in 0..200_000 {
        snapshot.read(&path, mmstats::Origin::Named).unwrap();
        let mut fields = snapshot.fields().skip(7).map(|field| field.unwrap().value());
        let Some(Value::Unsigned(now)) = fields.next() else { panic!("no counter") };
        assert!(now >= last, "{now} after {last}");
        last = now;
        let Some(Value::Text(text)) = fields.next() else { panic!("no text") };
        assert!(text.windows(2).all(|pair| pair[0] == pair[1]), "torn: {}", text.escape_ascii());
    }
    done.store(true, Ordering::Relaxed);
    drop(writer.join().unwrap());
    assert!(last > 0);
}

#[test]
fn the_file_has_the_mode_that_was_asked_for_and_goes_with_its_instance() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new().dir(dir.path()).filename("x.mmstats");
    let stats = options.clone().mode(0o640).create::<()>().unwrap();
    assert_eq!(fs::metadata(stats.path()).unwrap().permissions().mode() & 0o7777, 0o640);
    let path = stats.path().to_owned();
    stats.remove().unwrap();
    assert!(!path.exists());
    stats.remove().unwrap();
    drop(stats);
    let stats = options.create::<Inner>().unwrap();
    stats.keep();
    stats.hits.add(5);
    stats.flush(true).unwrap();
    stats.flush(false).unwrap();
    drop(stats);
    assert_eq!(value(&path, "hits"), "5", "kept");
}

#[test]
fn removing_never_takes_a_file_that_has_the_name_by_now() {
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new().dir(dir.path()).filename("x.mmstats").create::<()>().unwrap();
    let path = stats.path().to_owned();
    fs::remove_file(&path).unwrap();
    fs::write(&path, "somebody else's").unwrap();
    stats.remove().unwrap();
    drop(stats);
    assert_eq!(fs::read_to_string(&path).unwrap(), "somebody else's");
}

#[test]
fn a_living_writers_name_is_held_and_a_dead_ones_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new().dir(dir.path()).filename("x.mmstats");
    let first = options.create::<Inner>().unwrap();
    first.hits.add(1);
    let error = options.create::<Inner>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Held);
    assert_eq!(value(first.path(), "hits"), "1");
    first.keep();
    drop(first);
    let second = options.create::<Inner>().unwrap();
    assert_eq!(value(second.path(), "hits"), "0");
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        1,
        "the dead one is gone, no temporary name is left"
    );
}

#[test]
fn what_is_no_stats_file_keeps_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.mmstats");
    let options = Options::new().dir(dir.path()).filename("x.mmstats");
    let refused = |what: &str| {
        let error = options.create::<()>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Foreign, "{what}: {error}");
        assert_eq!(error.reason().to_string(), format!("the name is taken by {what}"));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "{what}");
    };
    let elsewhere = tempfile::NamedTempFile::new().unwrap();
    symlink(elsewhere.path(), &path).unwrap();
    refused("a symbolic link");
    assert_eq!(elsewhere.as_file().metadata().unwrap().len(), 0);
    fs::remove_file(&path).unwrap();
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    refused("a FIFO");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    refused("a directory");
    fs::remove_dir(&path).unwrap();
    fs::write(&path, "notes").unwrap();
    refused("a file that is no stats file");
}

#[test]
fn where_no_file_can_be_made_a_program_may_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new().dir(dir.path().join("missing"));
    let error = options.create::<Every>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.is_not_found());
    let every = options.create_or_private::<Every>();
    assert!(every.error().unwrap().to_string().ends_with("creating it: No such file or directory"));
    every.counter.add(3);
    every.text.set("goes on");
    assert_eq!(every.counter.value(), 3);
    assert_eq!(every.text.value(), "goes on");
    let late: Vec<_> =
        (0..3000).map(|n| every.add_field(&n.to_string(), Gauge::<u16>::spec()).unwrap()).collect();
    late.iter().for_each(|gauge| gauge.set(7));
    every.flush(true).unwrap();
    every.remove().unwrap();
}

#[test]
fn braces_that_mean_nothing_are_an_error() {
    let error = Options::new().filename("{NAME}.mmstats").create::<()>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Template);
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new().dir(dir.path()).filename("{PID}-{PID}.mmstats").create::<()>().unwrap();
    let pid = std::process::id();
    assert!(stats.path().ends_with(format!("{pid}-{pid}.mmstats")));
}

#[test]
fn a_writer_is_alive_by_its_lock_and_dead_without() {
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new().dir(dir.path()).create::<()>().unwrap();
    let judge = Judge::new();
    let path = stats.path().to_owned();
    let verdict = judge.judge(&Snapshot::of(&path).unwrap());
    assert_eq!((verdict.life, verdict.evidence), (Life::Alive, Evidence::Locked));
    // Somebody who may only read can take a flock and a read lock. Neither makes the dead alive.
    stats.keep();
    drop(stats);
    let stranger = fs::File::open(&path).unwrap();
    let lock = nix::fcntl::Flock::lock(stranger, nix::fcntl::FlockArg::LockExclusiveNonblock).unwrap();
    let verdict = judge.judge(&Snapshot::of(&path).unwrap());
    assert_eq!((verdict.life, verdict.evidence), (Life::Dead, Evidence::Unlocked));
    drop(lock);
}

#[test]
fn the_lock_outlives_the_descriptor() {
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new().dir(dir.path()).create::<()>().unwrap();
    for entry in fs::read_dir("/proc/self/fd").unwrap().flatten() {
        let target = fs::read_link(entry.path()).unwrap_or_default();
        assert_ne!(target, stats.path(), "a descriptor is open");
    }
    assert_eq!(Judge::new().judge(&Snapshot::of(stats.path()).unwrap()).life, Life::Alive);
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

#[test]
fn a_whole_snapshot_holds_every_byte_of_any_file() {
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new().dir(dir.path()).create::<Inner>().unwrap();
    stats.hits.add(3);
    let mut snapshot = Snapshot::new();
    snapshot.read_whole(stats.path(), mmstats::Origin::Named).unwrap();
    assert_eq!(snapshot.bytes(), fs::read(stats.path()).unwrap());
    assert_eq!(snapshot.find("hits").unwrap().value(), Value::Unsigned(3));
    // A tail of several pages, and one that ends inside a page.
    for len in [3 * 4096, 5 * 4096 + 17, 1_000_003] {
        fs::OpenOptions::new().write(true).open(stats.path()).unwrap().set_len(len).unwrap();
        snapshot.read_whole(stats.path(), mmstats::Origin::Named).unwrap();
        assert_eq!(snapshot.bytes().len() as u64, len);
        assert!(snapshot.defect().is_none());
    }
    let path = dir.path().join("other");
    let whole = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let mut snapshot = Snapshot::new();
        snapshot.read_whole(&path, mmstats::Origin::Named).unwrap();
        assert_eq!(snapshot.bytes(), bytes);
        assert_eq!(snapshot.fields().filter(Result::is_ok).count(), 0);
        snapshot.defect().unwrap().reason().to_string()
    };
    assert_eq!(whole(b""), "an empty file, not a stats file");
    assert_eq!(whole(&[b'#'; 9000]), "not a stats file: version 35, 1 and 2 are known");
    assert_eq!(
        whole(&[&[1][..], &5_u16.to_ne_bytes(), b"abc"].concat()),
        "field at byte 1: truncated: the label would end at byte 8"
    );
}

#[test]
fn a_whole_snapshot_reads_what_says_it_has_no_size() {
    let mut snapshot = Snapshot::new();
    snapshot.read_whole(Path::new("/proc/self/status"), mmstats::Origin::Named).unwrap();
    assert!(snapshot.bytes().starts_with(b"Name:"));
}
