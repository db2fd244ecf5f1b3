//! Snapshots of version 2 files: the golden one, and such that are wrong in one place.

use std::fs::{self, File};
use std::path::Path;

use mmstats::format::image::Image;
use mmstats::format::kind::{DataType, MergeRule};
use mmstats::format::{text, v2};
use mmstats::{Certainty, ErrorKind, Observation, Observer, Origin, Snapshot, Value};

use crate::golden::golden;
use crate::made::{lines, plain, write};

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
