//! What is told of failures.

use std::sync::Mutex;

use mmstats::{Counter, Error, ErrorKind, UpDown};

use super::{LIBRARY, here, in_process, in_thread, sum};

#[test]
fn what_cannot_be_published_is_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing");
    let stderr = in_process("what_cannot_be_published_is_told_once", &missing, || {
        for _ in 0..3 {
            in_thread(|| LIBRARY.with(|stats| stats.calls.incr()));
        }
    });
    let [line] = stderr.lines().collect::<Vec<_>>()[..] else { panic!("one line: {stderr:?}") };
    let (start, end) =
        (format!("mmstats: {}/", missing.display()), ": creating it: No such file or directory");
    assert!(line.starts_with(&start) && line.contains(end), "{line}");
    assert!(line.ends_with("; counting in private memory"), "{line}");
}

#[test]
fn a_hook_hears_of_each_failure_and_may_count() {
    static HEARD: Mutex<Vec<ErrorKind>> = Mutex::new(Vec::new());
    fn hook(error: &Error) {
        LIBRARY.with(|stats| stats.calls.incr());
        assert_eq!(LIBRARY.try_with(|stats| stats.calls.incr()), None, "it is being made");
        HEARD.lock().unwrap().push(error.kind());
    }
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("missing");
    let stderr = in_process("a_hook_hears_of_each_failure_and_may_count", &missing, || {
        mmstats::on_error(hook);
        for _ in 0..3 {
            in_thread(|| LIBRARY.with(|stats| stats.calls.incr()));
        }
        let heard = HEARD.lock().unwrap();
        assert!(heard.len() >= 3 && heard.iter().all(|kind| *kind == ErrorKind::Io), "{heard:?}");
    });
    assert_eq!(stderr, "");
}

#[test]
fn one_label_of_two_types_loses_the_later_one_and_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let stderr = in_process("one_label_of_two_types_loses_the_later_one_and_says_so", dir.path(), || {
        in_thread(|| LIBRARY.with(|stats| stats.add_field("odd", Counter::spec()).unwrap().add(3)));
        in_thread(|| LIBRARY.with(|stats| stats.add_field("odd", UpDown::spec()).unwrap().add(-1)));
        assert_eq!(sum(&here(), "odd"), 3);
    });
    assert!(stderr.contains("label \"odd\" means another type in another thread"), "{stderr}");
}
