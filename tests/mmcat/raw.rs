//! `--raw`: a copy of the file.

use std::fs::{self, File};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mmstats::{Counter, Options, Snapshot, Text, Value, Version};

use super::{mmcat, run};

#[test]
fn a_raw_copy_has_the_same_bytes_and_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new()
        .version(Version::V1)
        .dir(dir.path())
        .filename("f")
        .create_with(|b| b.add("n", Counter::spec()));
    let stats = stats.unwrap();
    stats.add(7);
    let output = mmcat(dir.path(), &["-r", "f"]).output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
    assert_eq!(output.stdout, fs::read(stats.path()).unwrap());
    fs::write(dir.path().join("empty"), "").unwrap();
    assert_eq!(run(dir.path(), &["--raw", "empty"]), (String::new(), String::new(), 0));
    let (out, err, code) = run(dir.path(), &["-r", "f", "empty"]);
    let want = "mmcat: --raw copies one file, not 2: nobody could tell them apart\nTry 'mmcat --help'.\n";
    assert_eq!((out.as_str(), err.as_str(), code), ("", want, 2));
}

#[test]
fn raw_copies_of_a_busy_file_never_run_backwards_and_are_never_torn() {
    let dir = tempfile::tempdir().unwrap();
    let spec =
        |b: &mut mmstats::Builder<'_>| Ok((b.add("hits", Counter::spec())?, b.add("page", Text::spec())?));
    let stats = Options::new().version(Version::V1).dir(dir.path()).filename("f").create_with(spec).unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&done);
    let writer = std::thread::spawn(move || {
        let texts = ["a".repeat(200), "b".repeat(250)];
        for text in texts.iter().cycle() {
            if stop.load(Ordering::Relaxed) {
                return stats;
            }
            stats.0.incr();
            stats.1.set(text);
            // A text that never rests cannot be read by anybody.
            for _ in 0..2000 {
                stats.0.incr();
            }
        }
        stats
    });
    let (mut last, copy) = (0, dir.path().join("copy"));
    for _ in 0..100 {
        let status = mmcat(dir.path(), &["-r", "f"]).stdout(File::create(&copy).unwrap()).status().unwrap();
        assert_eq!(status.code(), Some(0));
        let snapshot = Snapshot::of(&copy).unwrap();
        let Some(Value::Unsigned(now)) = snapshot.find("hits").map(|field| field.value()) else { panic!() };
        let Some(Value::Text(text)) = snapshot.find("page").map(|field| field.value()) else { panic!() };
        assert!(now >= last, "{now} after {last}");
        assert!(text.windows(2).all(|pair| pair[0] == pair[1]), "torn: {}", text.escape_ascii());
        last = now;
    }
    done.store(true, Ordering::Relaxed);
    drop(writer.join().unwrap());
    assert!(last > 0);
}
