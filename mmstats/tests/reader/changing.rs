//! Files that change while they are read.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use mmstats::{ErrorKind, Snapshot, Value};

use super::{field, read, write};

/// Reads `path` until `enough`, while `change` is called again and again in another thread.
fn under_change(path: &Path, change: impl Fn(u64) + Send + 'static, mut enough: impl FnMut(usize) -> bool) {
    let done = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&done);
    let changer = thread::spawn(move || {
        let mut n = 0;
        while !stop.load(Ordering::Relaxed) {
            change(n);
            n += 1;
        }
    });
    let mut reads = 0;
    while !enough(reads) {
        // Any outcome is right but a panic, a hang, a signal, or fields that never were.
        let (found, _) = read(path);
        for (label, value) in found {
            assert!(label == "sys.pid" || label.len() > 3, "{label}");
            assert!(!value.is_empty() || label.starts_with("text"), "{label}");
        }
        reads += 1;
    }
    done.store(true, Ordering::Relaxed);
    changer.join().unwrap();
}

#[test]
fn a_file_that_shrinks_grows_or_goes_is_no_danger() {
    let dir = tempfile::tempdir().unwrap();
    let mut bytes = vec![1];
    for n in 0..400 {
        bytes.extend(field(format!("field.{n}").as_bytes(), "Q", 0, &[1; 16]));
    }
    let path = write(dir.path(), &bytes);
    let (file, whole) = (File::options().write(true).open(&path).unwrap(), bytes.clone());
    let change = move |n: u64| {
        let length = n.wrapping_mul(2_654_435_761) % whole.len() as u64;
        file.set_len(length).unwrap();
        file.write_all_at(&whole, 0).unwrap();
    };
    under_change(&path, change, |reads| reads > 3000);
    let (target, whole) = (path.clone(), bytes);
    let change = move |_| {
        fs::remove_file(&target).unwrap();
        fs::write(&target, &whole).unwrap();
    };
    under_change(&path, change, |reads| reads > 3000);
}

#[test]
fn a_value_that_never_rests_is_called_unstable_and_the_others_stand() {
    let dir = tempfile::tempdir().unwrap();
    // Text in one buffer, as the original writes it, and changed as fast as can be.
    let noisy = field(b"text.noisy", "3000s", 0xff, &[b'x'; 3000]);
    let path = write(dir.path(), &[&[1][..], &noisy, &field(b"quiet", "B", 0xff, &[7])].concat());
    let file = File::options().read(true).write(true).open(&path).unwrap();
    let at = 1 + (noisy.len() - 3000) as u64;
    let done = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&done);
    let writer = thread::spawn(move || {
        let mut n = 0_u8;
        while !stop.load(Ordering::Relaxed) {
            n = n.wrapping_add(1) | 0x80;
            file.write_all_at(&[n; 3000], at).unwrap();
        }
    });
    for _ in 0..2000 {
        let snapshot = Snapshot::of(&path).unwrap();
        let fields: Vec<_> = snapshot.fields().collect();
        assert_eq!(fields.len(), 2);
        assert_eq!(fields[1].as_ref().unwrap().value(), Value::Unsigned(7));
        match &fields[0] {
            Ok(field) => assert_eq!(field.value_bytes().len(), 3000),
            Err(error) => assert_eq!(error.kind(), ErrorKind::Unstable),
        }
    }
    done.store(true, Ordering::Relaxed);
    writer.join().unwrap();
}
