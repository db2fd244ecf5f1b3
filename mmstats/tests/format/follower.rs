//! Followers of version 2 files, and values that a writer or the clock changes.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use mmstats::format::histogram::{Histogram, Shape};
use mmstats::format::image::{Description, Image};
use mmstats::format::item::Items;
use mmstats::format::kind::{DataType, MetricType};
use mmstats::format::mean::Mean;
use mmstats::format::{recent, text, window};
use mmstats::{Certainty, Observation, Observer, Origin, Snapshot, Value};

use crate::golden::golden;
use crate::made::{clock, image, lines, plain, shown, slot, write};

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
