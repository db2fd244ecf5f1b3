//! Snapshots and followers of version 2 files of arbitrary bytes.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use mmstats::format::v2;
use mmstats::{Certainty, Observation, Observer, Origin, Snapshot};
use proptest::prelude::*;

use crate::golden::golden;
use crate::hostile::end;
use crate::made::{lines, write};

/// Reads all that can be read.
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
