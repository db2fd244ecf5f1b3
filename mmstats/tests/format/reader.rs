//! Snapshots and followers of version 2 files: the golden one, hostile ones, and such that change.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use mmstats::format::histogram::{Histogram, Shape};
use mmstats::format::image::{Description, Image};
use mmstats::format::item::Items;
use mmstats::format::kind::{DataType, MergeRule, MetricType};
use mmstats::format::mean::Mean;
use mmstats::format::window::{self, Slot};
use mmstats::format::{recent, text, v2};
use mmstats::{
    Certainty, ErrorKind, Followed, Observation, Observer, Origin, Snapshot, SnapshotField, Value,
};
use proptest::prelude::*;

use crate::golden::golden;
use crate::hostile::end;

/// The clock of windows, in seconds.
fn clock() -> u64 {
    let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC).unwrap();
    u64::try_from(now.tv_sec()).unwrap()
}

fn write(dir: &Path, bytes: &[u8]) -> PathBuf {
    let path = dir.join("x.mmstats");
    fs::write(&path, bytes).unwrap();
    path
}

fn label(field: &SnapshotField<'_>) -> String {
    String::from_utf8_lossy(field.label()).into_owned()
}

/// What a snapshot has of each field, and what is wrong.
fn lines(snapshot: &Snapshot) -> Vec<String> {
    let line = |field: Result<SnapshotField<'_>, mmstats::Error>| match field {
        Ok(field) => format!("{} {} {} {}", label(&field), field.kind(), field.type_code(), field.value()),
        Err(error) => format!("{:?}: {}", error.kind(), error.reason()),
    };
    snapshot.fields().map(line).collect()
}

fn plain(label: &str, data: DataType) -> Description<'_> {
    Description { label, data, metric: MetricType::Unknown, items: Items::default() }
}

/// A file with these fields.
fn image(fields: &[(Description<'_>, Vec<u8>)]) -> Vec<u8> {
    let mut image = Image::new();
    for (description, value) in fields {
        image.add(description, value).unwrap();
    }
    image.finish()
}

#[test]
fn the_golden_file_is_read_with_all_that_it_says() {
    let dir = tempfile::tempdir().unwrap();
    let snapshot = Snapshot::of(write(dir.path(), &golden())).unwrap();
    assert!(snapshot.defect().is_none());
    let want = [
        "a.u64 counter u64 72623859790382856",
        "a.u32 gauge u32 16909060",
        "a.u16 gauge u16 258",
        "a.u8 info u8 200",
        "a.i64 gauge i64 -2",
        "a.i32 gauge i32 -3",
        "a.i16 gauge i16 -4",
        "a.i8 unknown i8 -5",
        "a.f64 gauge f64 -1.5",
        "a.f32 gauge f32 0.25",
        "a.bool gauge bool true",
        "a.time timestamp f64 1795228800.5",
        "a.text info text grün ✓",
        "a.fixed info fixed text für immer",
        "a.mean mean mean -0.4166666666666667",
        "a.recent recent recent 3.0 4.0 5.5 -6.0",
        "a.histogram histogram histogram n=9 mean=0.07611 p50=0.009 p90=0.224 max=0.3",
    ];
    let found = lines(&snapshot);
    assert_eq!(found[..want.len()], want);
    // What a window has depends on the clock.
    assert!(found[17].starts_with("a.window window window "));
    let want = [
        "a.requests{route=\"/\\\"a\\\"\",method=\"GET\"} counter u64 42",
        "a.before gauge u8 7",
        "a.last gauge u8 7",
    ];
    assert_eq!(found[18..], want);

    let first = snapshot.fields().next().unwrap().unwrap();
    assert_eq!((first.unit(), first.help()), (Some("requests"), Some("Requests answered ✓")));
    assert_eq!((first.scale(), first.merge(), first.model()), (1.0, None, None));
    assert_eq!(first.data_type(), Some(DataType::U64));
    assert_eq!(snapshot.find("u32").unwrap().merge(), Some(MergeRule::Max));
    let scaled = snapshot.find("f64").unwrap();
    assert_eq!((scaled.scale(), scaled.model()), (1024.0, Some("golden")));
    assert_eq!((scaled.value(), scaled.value_in_unit()), (Value::Double(-1.5), Value::Double(-1536.0)));
    assert_eq!(scaled.parts(), [("".into(), Value::Double(-1536.0))]);
    let histogram = snapshot.find("histogram").unwrap();
    assert_eq!((histogram.quantiles(), histogram.unit()), (vec![0.5, 0.9], Some("seconds")));
    assert_eq!(histogram.part("p90"), Some(Value::Double(0.224)));
    assert_eq!(histogram.part("count"), Some(Value::Unsigned(9)));
    assert_eq!(snapshot.find("mean").unwrap().part("sum"), Some(Value::Double(-1.25)));
    assert_eq!(snapshot.find("last").unwrap().unit(), Some("ratio"), "an unknown item is passed over");

    let kinds: Vec<_> = snapshot.records().map(|(_, kind)| kind).collect();
    assert!(kinds.contains(&v2::BLOCK) && kinds.contains(&0x0707), "{kinds:x?}");
    assert_eq!(kinds.iter().filter(|kind| **kind == v2::FIELD).count(), found.len() + 1, "one is unknown");
}

/// Which golden files are of this machine.
const ORDER: &str = if cfg!(target_endian = "big") { "big" } else { "little" };

#[test]
fn a_whole_file_and_one_of_each_version_in_turn() {
    let dir = tempfile::tempdir().unwrap();
    let new = write(dir.path(), &golden());
    let old =
        Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/original-0.8.0-{ORDER}.mmstats"));
    let (want_new, want_old) = (lines(&Snapshot::of(&new).unwrap()), lines(&Snapshot::of(&old).unwrap()));
    assert!(want_old.len() > 3 && want_old.iter().all(|line| line.contains(" unknown ")));
    let mut snapshot = Snapshot::new();
    for _ in 0..3 {
        for (path, want) in [(&old, &want_old), (&old, &want_old), (&new, &want_new), (&new, &want_new)] {
            snapshot.read(path, Origin::Found).unwrap();
            assert_eq!(lines(&snapshot), *want);
            snapshot.read_whole(path, Origin::Found).unwrap();
            assert_eq!(lines(&snapshot), *want);
            assert_eq!(snapshot.bytes(), fs::read(path).unwrap());
        }
    }
}

#[test]
fn files_that_are_not_for_this_machine_are_refused_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let reason = |bytes: &[u8]| {
        let path = write(dir.path(), bytes);
        let error = Snapshot::of(&path).map(drop).unwrap_err();
        let mut whole = Snapshot::new();
        whole.read_whole(&path, Origin::Named).unwrap();
        assert_eq!(whole.defect().unwrap().to_string(), error.to_string());
        assert_eq!(lines(&whole).len(), 1);
        assert_eq!(error.kind(), ErrorKind::Version);
        error.reason().to_string()
    };
    let mut other = golden();
    other[1] = 3 - other[1];
    assert!(reason(&other).starts_with("byte 1: made on a "), "{}", reason(&other));
    assert_eq!(reason(&[2, 0]), "byte 1: byte order 0 is neither 1 (little-endian) nor 2 (big-endian)");
    assert_eq!(reason(&golden()[..7]), "byte 0: truncated: the head would end at byte 8");
    let mut odd = golden();
    odd[4..8].copy_from_slice(&12_u32.to_ne_bytes());
    assert_eq!(reason(&odd), "byte 4: the first record cannot begin at byte 12");
}

#[test]
fn a_defect_is_one_of_its_field_alone() {
    let dir = tempfile::tempdir().unwrap();
    let whole = golden();
    let before = lines(&Snapshot::of(write(dir.path(), &whole)).unwrap());
    let offsets: Vec<_> = {
        let snapshot = Snapshot::of(dir.path().join("x.mmstats")).unwrap();
        snapshot.fields().map(|field| field.unwrap().offset()).collect()
    };
    let value_at = |field: usize| {
        let at = offsets[field] + 12;
        u32::from_ne_bytes(whole[at..at + 4].try_into().unwrap()) as usize
    };
    for (field, at, wrong, words) in [
        (2, offsets[2] + 10, vec![0, 0], "the label is empty".to_owned()),
        (2, offsets[2] + 12, 4_u32.to_ne_bytes().to_vec(), "a value cannot begin at byte 4".to_owned()),
        (2, offsets[2] + 16, 4_u32.to_ne_bytes().to_vec(), "4 bytes are no value of type u16".to_owned()),
        (
            3,
            offsets[3] + 12,
            0xffff_f000_u32.to_ne_bytes().to_vec(),
            "truncated: the value would end at byte 4294963201".to_owned(),
        ),
        (12, value_at(12) + 4, vec![0xff; 4], "56 bytes are no value of type text".to_owned()),
        (
            12,
            value_at(12) + 8,
            12_u32.to_ne_bytes().to_vec(),
            "text of 12 bytes in a field for 11".to_owned(),
        ),
        (
            16,
            value_at(16) + 24,
            17_u32.to_ne_bytes().to_vec(),
            "no histogram has precision 17 and range 8".to_owned(),
        ),
        (17, value_at(17), 4_u32.to_ne_bytes().to_vec(), "208 bytes are no value of type window".to_owned()),
    ] {
        let mut bytes = whole.clone();
        bytes[at..at + wrong.len()].copy_from_slice(&wrong);
        let found = lines(&Snapshot::of(write(dir.path(), &bytes)).unwrap());
        assert_eq!(found.len(), before.len(), "{words}");
        for (number, (found, before)) in found.iter().zip(&before).enumerate() {
            if number == field {
                assert!(found.starts_with("Format: byte ") && found.ends_with(&words), "{found}");
            } else {
                assert_eq!(found.split(" n=").next(), before.split(" n=").next());
            }
        }
    }
    let mut bytes = whole;
    bytes[offsets[5]..][..4].copy_from_slice(&3_u32.to_ne_bytes());
    let found = lines(&Snapshot::of(write(dir.path(), &bytes)).unwrap());
    assert_eq!(found[..5], before[..5]);
    assert_eq!(found[5..], [format!("Format: byte {}: record size 3 is no multiple of 8", offsets[5])]);
}

#[test]
fn a_large_file_is_read_to_its_end_wherever_values_are() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = Image::new();
    let big = text::encode(&"long ".repeat(9000), 50_000);
    for number in 0..300_u32 {
        let label = format!("number.{number}");
        file.add(&plain(&label, DataType::U32), &number.to_ne_bytes()).unwrap();
        if number % 100 == 50 {
            file.add(&plain(&format!("text.{number}"), DataType::Text), &big).unwrap();
        }
    }
    // A value that lies after the list's end, pages away.
    let at = 400_000_u32;
    let after = v2::FieldHead { data: 1, metric: 2, label: "after", items: &[], value_at: at, value_size: 8 };
    file.record(after.encode()).unwrap();
    let mut bytes = file.finish();
    bytes.resize(at as usize + 8, 0);
    bytes[at as usize..].copy_from_slice(&7_u64.to_ne_bytes());
    let path = write(dir.path(), &bytes);
    let snapshot = Snapshot::of(&path).unwrap();
    let found = lines(&snapshot);
    assert_eq!((found.len(), found[299 + 3].as_str()), (304, "number.299 unknown u32 299"));
    assert_eq!(found[303], "after gauge u64 7");
    assert_eq!(found.iter().filter(|line| line.ends_with("long long ")).count(), 3);
    let mut observer = Observer::new(Certainty::Newest);
    let mut followed = observer.follow(&path, Origin::Found, |label| label != b"number.7").unwrap();
    assert_eq!(followed.fields().len(), 303);
    assert_eq!(observer.look(&mut followed, |_| true).unwrap(), Observation::Unchanged);
    File::options().write(true).open(&path).unwrap().set_len(u64::from(at)).unwrap();
    let found = lines(&Snapshot::of(&path).unwrap());
    assert!(found[303].contains("truncated: the value would end at byte 400008"), "{}", found[303]);
    assert_eq!(observer.look(&mut followed, |_| true).unwrap(), Observation::Anew);
    assert_eq!(followed.fields().len(), 303);
}

#[test]
fn values_that_lie_over_each_other_do_not_keep_a_reader_busy() {
    let dir = tempfile::tempdir().unwrap();
    let mut file = Image::new();
    let size = 60 * 1024 * 1024_u32;
    for number in 0..10_u32 {
        let label = format!("huge.{number}");
        let head =
            v2::FieldHead { data: 13, metric: 4, label: &label, items: &[], value_at: 8, value_size: size };
        file.record(head.encode()).unwrap();
    }
    let path = write(dir.path(), &file.finish());
    File::options().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
    let snapshot = Snapshot::of(&path).unwrap();
    let kinds: Vec<_> =
        snapshot.fields().map(|field| field.map_err(|error| error.kind()).map(drop)).collect();
    assert_eq!(kinds[..4], [Ok(()); 4]);
    assert_eq!(kinds[4..], [Err(ErrorKind::TooLarge); 6]);
    // A record that is larger than any reader holds ends the list.
    let mut bytes = v2::encode_head().to_vec();
    bytes.extend(0xffff_fff8_u32.to_ne_bytes());
    let path = write(dir.path(), &bytes);
    let short = Snapshot::of(&path).unwrap().defect().unwrap().kind();
    File::options().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
    let large = Snapshot::of(&path).unwrap().defect().unwrap().kind();
    assert_eq!((short, large), (ErrorKind::Format, ErrorKind::TooLarge));
}

fn slot(stamp: u64, number: f64) -> Slot {
    let mut slot = Slot { stamp, ..Slot::default() };
    slot.add(number);
    slot
}

#[test]
fn a_window_shows_its_last_seconds_of_this_boot() {
    let dir = tempfile::tempdir().unwrap();
    let boot = fs::read("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    let now = clock() + 1;
    let shown = |boot: Option<&[u8]>, stamp: u64| {
        let mut fields = Vec::new();
        if let Some(id) = boot {
            fields.push((plain("x.sys.boot_id", DataType::FixedText), id.to_vec()));
        }
        let items = Items { scale: Some(0.5), ..Items::default() };
        let window = Description { items, ..plain("w", DataType::Window) };
        fields.push((window, window::encode(&[slot(stamp, 3.0)], 3600)));
        let path = write(dir.path(), &image(&fields));
        let snapshot = Snapshot::of(&path).unwrap();
        let mut observer = Observer::new(Certainty::Newest);
        let mut followed = observer.follow(&path, Origin::Found, |label| label == b"w").unwrap();
        assert_eq!(observer.look(&mut followed, |_| true).unwrap(), Observation::Unchanged);
        let part = |name| snapshot.find("w").unwrap().part(name);
        assert_eq!(part("max3600"), followed.field(0).part("max3600"));
        (part("mean"), part("rate60"))
    };
    let three = (Some(Value::Double(1.5)), None);
    assert_eq!(shown(None, now), three);
    if !boot.is_empty() {
        assert_eq!(shown(Some(boot.trim_ascii()), now), three);
    }
    assert_eq!(shown(Some(b"01234567-89ab-cdef-0123-456789abcdef"), now), (None, None));
    assert_eq!(shown(None, now + 1000), (None, None), "what the clock has not reached");
}

#[test]
fn a_writer_that_pauses_in_mid_update_does_no_harm() {
    let dir = tempfile::tempdir().unwrap();
    let mut texts = text::encode("old", 8);
    texts[text::copy_at(1, 8)..][..12].copy_from_slice(&text::encode_copy("half", 8));
    let mut means =
        [Mean { sum: 1.0, count: 1 }.encode_copy(), Mean { sum: 3.0, count: 2 }.encode_copy()].concat();
    means[0] ^= 1;
    let mut last = recent::encode(&[1.0, 2.0], 3);
    last[recent::place_at(2, 3)] = 7;
    let path = write(
        dir.path(),
        &image(&[
            (plain("t", DataType::Text), texts),
            (plain("m", DataType::Mean), means.clone()),
            (plain("r", DataType::Recent), last),
        ]),
    );
    let want = ["t unknown text old", "m unknown mean 1.5", "r unknown recent 1.0 2.0"];
    assert_eq!(lines(&Snapshot::of(&path).unwrap()), want);
    // None of a mean's copies agrees: no writer of ours leaves it so, and no look can tell.
    means[24] ^= 1;
    let bytes = image(&[(plain("m", DataType::Mean), means), (plain("n", DataType::U8), vec![3])]);
    let path = write(dir.path(), &bytes);
    let want = [
        format!("Unstable: field at byte {}: m changes faster than it can be read", 8 + 56 + 512),
        "n unknown u8 3".to_owned(),
    ];
    assert_eq!(lines(&Snapshot::of(&path).unwrap()), want);
    let mut observer = Observer::new(Certainty::Published);
    let mut followed = observer.follow(&path, Origin::Found, |_| true).unwrap();
    assert_eq!(followed.field(0).value(), None);
    let file = File::options().write(true).open(&path).unwrap();
    file.write_all_at(&Mean { sum: 8.0, count: 2 }.encode(), 64).unwrap();
    assert_eq!(observer.look(&mut followed, |_| true).unwrap(), Observation::Changed);
    assert_eq!(followed.field(0).part("mean"), Some(Value::Double(4.0)));
}

fn shown(followed: &Followed) -> Vec<String> {
    followed.fields().map(|field| field.value().map_or("?".into(), |value| value.to_string())).collect()
}

#[test]
fn a_follower_sees_values_change_and_fields_come() {
    let dir = tempfile::tempdir().unwrap();
    let mut histogram = Histogram::new(Shape::new(5, 42).unwrap());
    let items = Items { unit: Some("seconds".into()), scale: Some(1e-3), ..Items::default() };
    let mut file = Image::new();
    let mut add = |field: &Description<'_>, value: &[u8]| file.add(field, value).unwrap();
    add(&plain("sys.pid", DataType::U32), &7_u32.to_ne_bytes());
    let hits = add(&Description { metric: MetricType::Counter, ..plain("hits", DataType::U64) }, &[0; 8]);
    let text_at = add(&plain("text", DataType::Text), &text::encode("a", 8));
    let mean_at = add(&plain("mean", DataType::Mean), &Mean::default().encode());
    let recent_at = add(&plain("recent", DataType::Recent), &recent::encode(&[], 3));
    let times = Description { items, ..plain("times", DataType::Histogram) };
    let times_at = add(&times, &histogram.encode());
    let window_at = add(&plain("window", DataType::Window), &window::encode(&[], 3600));
    let path = write(dir.path(), &file.clone().finish());
    let on_disk = File::options().write(true).open(&path).unwrap();
    let store = |at: usize, bytes: &[u8]| on_disk.write_all_at(bytes, at as u64).unwrap();

    let wanted = |label: &[u8]| label != b"sys.pid";
    for certainty in [Certainty::Newest, Certainty::Published] {
        write(dir.path(), &file.clone().finish());
        histogram = Histogram::new(Shape::new(5, 42).unwrap());
        let mut observer = Observer::new(certainty);
        let mut followed = observer.follow(&path, Origin::Found, wanted).unwrap();
        assert_eq!(shown(&followed), ["0", "a", "-", "-", "n=0", "-"]);
        let mut look = |want: [&str; 6]| {
            assert_eq!(observer.look(&mut followed, wanted).unwrap(), Observation::Changed, "{want:?}");
            let found = shown(&followed);
            assert_eq!(found, want);
            assert_eq!(observer.look(&mut followed, wanted).unwrap(), Observation::Unchanged, "{want:?}");
            assert_eq!(shown(&followed), want);
        };
        store(hits, &5_u64.to_ne_bytes());
        look(["5", "a", "-", "-", "n=0", "-"]);
        store(text_at + text::copy_at(1, 8), &text::encode_copy("b", 8));
        store(text_at, &1_u32.to_ne_bytes());
        look(["5", "b", "-", "-", "n=0", "-"]);
        store(mean_at + 24, &Mean { sum: 3.0, count: 2 }.encode_copy());
        look(["5", "b", "1.5", "-", "n=0", "-"]);
        store(mean_at, &Mean { sum: 6.0, count: 3 }.encode_copy());
        look(["5", "b", "2.0", "-", "n=0", "-"]);
        store(recent_at, &recent::encode(&[4.0, 5.0], 3));
        look(["5", "b", "2.0", "4.0 5.0", "n=0", "-"]);
        histogram.record(2000);
        store(times_at, &histogram.encode());
        let times = "n=1 mean=2 p50=2 p90=2 p99=2 p99.9=2 max=2";
        look(["5", "b", "2.0", "4.0 5.0", times, "-"]);
        store(
            window_at + window::COPIES,
            &window::encode(&[slot(clock() + 1, 2.5)], 3600)[window::COPIES..][..40],
        );
        assert_eq!(observer.look(&mut followed, wanted).unwrap(), Observation::Changed);
        assert_eq!(followed.field(5).part("max3600"), Some(Value::Double(2.5)));
        let times = followed.field(4);
        assert_eq!((times.unit(), times.scale(), times.kind()), (Some("seconds"), 1e-3, MetricType::Unknown));
        assert_eq!((times.type_code().as_ref(), times.part("p50")), ("histogram", Some(Value::Double(2.0))));
        assert_eq!((followed.field(0).kind(), followed.field(0).bits()), (MetricType::Counter, 64));

        // One more field.
        let mut more = file.clone();
        more.add(&plain("late", DataType::I8), &[0xff]).unwrap();
        store(0, &more.finish());
        assert_eq!(observer.look(&mut followed, wanted).unwrap(), Observation::Anew);
        assert_eq!(shown(&followed).last().unwrap(), "-1");
        // Another writer.
        let pid = observer.snapshot().find("sys.pid").unwrap();
        assert_eq!(pid.value(), Value::Unsigned(7));
        let at = fs::read(&path).unwrap()[pid.offset() + 12..][..4].try_into().unwrap();
        store(u32::from_ne_bytes(at) as usize, &8_u32.to_ne_bytes());
        assert_eq!(observer.look(&mut followed, wanted).unwrap(), Observation::Replaced);
    }
}

#[test]
fn a_window_ages_while_its_writer_is_idle() {
    let dir = tempfile::tempdir().unwrap();
    let path = write(
        dir.path(),
        &image(&[(plain("w", DataType::Window), window::encode(&[slot(clock() + 1, 1.0)], 1))]),
    );
    let mut observer = Observer::new(Certainty::Newest);
    let mut followed = observer.follow(&path, Origin::Found, |_| true).unwrap();
    if shown(&followed) == ["-"] {
        eprintln!("the machine was too slow to see this second");
        return;
    }
    // Nothing is stored any more: only the clock goes on.
    while observer.look(&mut followed, |_| true).unwrap() == Observation::Unchanged {
        std::thread::yield_now();
    }
    assert_eq!(shown(&followed), ["-"]);
}

#[test]
fn a_file_that_becomes_one_of_another_version_is_read_anew() {
    let dir = tempfile::tempdir().unwrap();
    let order = if cfg!(target_endian = "little") { "little" } else { "big" };
    let golden_v1 = format!("tests/golden/ours-{order}.mmstats");
    let old = fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join(golden_v1)).unwrap();
    let path = write(dir.path(), &golden());
    let mut observer = Observer::new(Certainty::Newest);
    let mut followed = observer.follow(&path, Origin::Found, |_| true).unwrap();
    for (bytes, first) in [(&old, "Q"), (&golden(), "u64")] {
        fs::write(&path, bytes).unwrap();
        assert_eq!(
            observer.look(&mut followed, |label| label.starts_with(b"a.")).unwrap(),
            Observation::Anew
        );
        assert_eq!(followed.field(0).type_code(), first);
    }
}

/// Reads all that can be had.
fn read_all(path: &Path, snapshot: &mut Snapshot) {
    if snapshot.read(path, Origin::Found).is_err() {
        return;
    }
    let bytes = snapshot.bytes().len();
    for field in snapshot.fields().filter_map(Result::ok) {
        let value = field.value();
        assert!(field.value_bytes().len() <= bytes && field.label().len() <= bytes);
        let _ =
            (value.to_string(), field.parts(), field.part("p99"), field.unit(), field.help(), field.model());
        let _ = (field.quantiles(), field.merge(), field.values().count(), value.as_integer());
    }
    assert!(snapshot.records().all(|(record, _)| record.end() <= bytes));
    let _ = (snapshot.find("sys.pid").is_some(), mmstats::live::Clues::of(snapshot).is_ok());
}

#[test]
fn every_truncation_and_changed_byte_is_got_along_with() {
    let dir = tempfile::tempdir().unwrap();
    let whole = golden();
    let path = write(dir.path(), &whole);
    let file = File::options().write(true).open(&path).unwrap();
    let mut snapshot = Snapshot::new();
    read_all(&path, &mut snapshot);
    let all = lines(&snapshot);
    let mut observer = Observer::new(Certainty::Newest);
    let mut followed = observer.follow(&path, Origin::Found, |_| true).unwrap();
    for length in (0..end(&whole)).rev() {
        file.set_len(length as u64).unwrap();
        read_all(&path, &mut snapshot);
        if let Ok(Observation::Replaced) = observer.look(&mut followed, |_| true) {
            panic!("it has no sys.pid");
        }
        if length >= v2::HEAD {
            // The cut of a record ends the list; that of a value is told of its field.
            let found = lines(&snapshot);
            let is_known = |line: &String| all.contains(line) || line.starts_with("a.window ");
            let strange: Vec<_> = found.iter().filter(|line| !is_known(line)).collect();
            assert!(
                strange.iter().all(|line| line.contains(": truncated: ")),
                "cut at {length}: {strange:?}"
            );
        }
    }
    file.write_all_at(&whole, 0).unwrap();
    for at in 0..end(&whole) + 16 {
        for wrong in [whole[at] ^ 0xff, whole[at] ^ 1, whole[at] ^ 0x80, whole[at].wrapping_add(1), 0] {
            file.write_all_at(&[wrong], at as u64).unwrap();
            read_all(&path, &mut snapshot);
            if let Ok(Observation::Replaced) = observer.look(&mut followed, |_| true) {
                panic!("it has no sys.pid");
            }
            for field in followed.fields() {
                let _ = (field.value().map(|value| value.to_string()), field.parts());
            }
        }
        file.write_all_at(&whole[at..=at], at as u64).unwrap();
    }
    let _ = observer.look(&mut followed, |_| true);
    observer.look(&mut followed, |_| true).unwrap();
    assert_eq!(followed.fields().len(), all.len());
}

fn any_file() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::collection::vec(prop_oneof![0..64_u32, Just(8), Just(u32::MAX), any::<u32>()], 0..80);
    let random = words.prop_map(|words| {
        let mut bytes = v2::encode_head().to_vec();
        bytes.extend(words.iter().flat_map(|word| word.to_ne_bytes()));
        bytes
    });
    // The golden file with bytes that are others.
    let changes = prop::collection::vec((0..3000_usize, any::<u8>()), 1..9);
    let changed = changes.prop_map(|changes| {
        let mut bytes = golden();
        changes.into_iter().for_each(|(at, byte)| bytes[at] = byte);
        bytes
    });
    prop_oneof![random, changed]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn arbitrary_files_do_no_harm(files in prop::collection::vec(any_file(), 1..4)) {
        let dir = tempfile::tempdir().unwrap();
        let path = write(dir.path(), &files[0]);
        let mut snapshot = Snapshot::new();
        let mut observer = Observer::new(Certainty::Newest);
        let mut followed = observer.follow(&path, Origin::Found, |_| true);
        for file in &files {
            fs::write(&path, file).unwrap();
            read_all(&path, &mut snapshot);
            if let Ok(followed) = &mut followed {
                let _ = observer.look(followed, |label| label.len() % 2 == 0);
                for field in followed.fields() {
                    let _ = (field.value().map(|value| value.to_string()), field.parts(), field.label());
                }
            }
        }
    }
}
