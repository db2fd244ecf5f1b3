//! What a reader sees while a program publishes.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use mmstats::{Counter, Gauge, Options, Snapshot, Text, Value, Version};

use super::Inner;

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
    for version in [Version::V1, Version::V2] {
        counts_under_a_reader(version);
    }
}

fn counts_under_a_reader(version: Version) {
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new()
        .version(version)
        .dir(dir.path())
        .create_with(|b| Ok((b.add("counted", Counter::spec())?, b.add("written", Text::spec())?)))
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
    for _ in 0..100_000 {
        snapshot.read(&path, mmstats::Origin::Named).unwrap();
        let value = |label| snapshot.find(label).map(|field| field.value());
        let Some(Value::Unsigned(now)) = value("counted") else { panic!("no counter") };
        assert!(now >= last, "{now} after {last}");
        last = now;
        let Some(Value::Text(text)) = value("written") else { panic!("no text") };
        assert!(text.windows(2).all(|pair| pair[0] == pair[1]), "torn: {}", text.escape_ascii());
    }
    done.store(true, Ordering::Relaxed);
    drop(writer.join().unwrap());
    assert!(last > 0);
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
