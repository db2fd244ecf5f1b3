//! What remains of threads that have ended.

use std::fs;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;

use mmstats::live::{Judge, Life};
use mmstats::{Average, Counter, Gauge, Snapshot, UpDown};

use super::{APP, GONE, LEFT, LIBRARY, files, here, in_process, in_process_with, in_thread, sum, value};

#[test]
fn only_what_folds_is_in_the_folded_file_and_all_of_it() {
    let dir = tempfile::tempdir().unwrap();
    let first = [("MMSTATS_VERSION", "1")];
    in_process_with("only_what_folds_is_in_the_folded_file_and_all_of_it", dir.path(), &first, || {
        let dir = here();
        for round in 1..=3_u32 {
            in_thread(move || {
                APP.with(|stats| {
                    stats.hits.add(10);
                    stats.load.set(7);
                    drop(stats.took.start());
                    // Nothing from the first thread: that is no mean of 0.
                    for _ in 0..round * (round - 1) {
                        stats.mean.add(f64::from(round));
                    }
                    let late = stats.add_field("late.hits", Counter::spec()).unwrap();
                    late.add(1000);
                    let mean = stats.add_field(&format!("late.mean{round}"), Average::spec()).unwrap();
                    mean.add(2.0);
                    mean.add(4.0);
                    stats.add_field("late.load", Gauge::<i32>::spec().initial(5)).unwrap();
                    stats.add_field("never", Average::spec()).unwrap();
                    drop(stats.add_field("late.tasks", UpDown::spec()).map(|tasks| tasks.sub(2)));
                });
            });
        }
        let folded: Vec<_> = files(&dir).into_iter().filter(|path| value(path, "hits").is_some()).collect();
        let [path] = &folded[..] else { panic!("{folded:?}") };
        let snapshot = Snapshot::of(path).unwrap();
        let text = |label: &[u8]| String::from_utf8_lossy(label).into_owned();
        let fields: Vec<_> = snapshot.fields().map(|field| text(field.unwrap().label())).collect();
        let sys = ["sys.pid", "sys.tid", "sys.uid", "sys.gid", "sys.created", "org.rust.version"];
        let ours = ["org.mmstats.version", "sys.fold", "sys.folded"];
        let own = [
            "hits",
            "tasks",
            "took",
            "late.hits",
            "late.mean1",
            "late.tasks",
            "mean",
            "late.mean2",
            "late.mean3",
        ];
        assert_eq!(fields, [&sys[..], &ours, &own].concat());
        let value = |label| snapshot.find(label).unwrap().value().to_string();
        assert_eq!(value("late.hits"), "3000");
        assert_eq!(value("hits"), "30");
        assert_eq!(value("late.tasks"), "-6");
        assert_eq!(value("late.mean1"), "3.0");
        assert_eq!(value("mean"), "2.75", "each thread's by its count");
        assert_eq!(value("sys.folded"), "6", "three folds, none under way");
    });
}

#[test]
fn a_count_that_goes_up_on_one_thread_and_down_on_another_is_right() {
    let dir = tempfile::tempdir().unwrap();
    in_process("a_count_that_goes_up_on_one_thread_and_down_on_another_is_right", dir.path(), || {
        let dir = here();
        in_thread(|| APP.with(|stats| stats.tasks.add(300)));
        assert_eq!(sum(&dir, "tasks"), 300);
        let (ready, is_ready) = mpsc::channel();
        let (end, may_end) = mpsc::channel::<()>();
        let worker = thread::spawn(move || {
            APP.with(|stats| stats.tasks.sub(299));
            APP.with(|stats| stats.tasks.decr());
            ready.send(()).unwrap();
            may_end.recv().unwrap();
            APP.with(|stats| stats.tasks.incr());
        });
        is_ready.recv().unwrap();
        assert_eq!(sum(&dir, "tasks"), 0);
        end.send(()).unwrap();
        worker.join().unwrap();
        assert_eq!(sum(&dir, "tasks"), 1);
    });
}

#[test]
fn names_that_come_round_lose_no_counts() {
    let dir = tempfile::tempdir().unwrap();
    // Without the thread's id in it, the name of each thread is that of the one before.
    let env = [("MMSTATS_FILES", "{PID}.mmstats")];
    let stderr = in_process_with("names_that_come_round_lose_no_counts", dir.path(), &env, || {
        let dir = here();
        for _ in 0..20 {
            in_thread(|| LEFT.with(|stats| stats.calls.add(10)));
        }
        assert_eq!((sum(&dir, "calls"), files(&dir).len()), (200, 20));
        let judge = Judge::new();
        for path in files(&dir) {
            assert_eq!(judge.judge(&Snapshot::of(&path).unwrap()).life, Life::Alive);
        }
        LEFT.remove().unwrap();
        assert_eq!(files(&dir), Vec::<PathBuf>::new());
    });
    assert_eq!(stderr, "");
}

#[test]
fn files_that_are_left_are_bounded_and_their_counts_are_not() {
    let dir = tempfile::tempdir().unwrap();
    in_process("files_that_are_left_are_bounded_and_their_counts_are_not", dir.path(), || {
        let dir = here();
        for _ in 0..600 {
            in_thread(|| LEFT.with(|stats| stats.calls.add(10)));
        }
        assert_eq!((sum(&dir, "calls"), files(&dir).len()), (6000, 257));
        let maps = fs::read_to_string("/proc/self/maps").unwrap();
        let count = maps.lines().filter(|line| line.ends_with(".mmstats")).count();
        assert!(count <= 257, "{count} mappings");
        LEFT.remove().unwrap();
        assert_eq!(files(&dir), Vec::<PathBuf>::new());
    });
}

#[test]
fn what_ends_after_remove_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    in_process("what_ends_after_remove_leaves_nothing", dir.path(), || {
        let dir = here();
        let (ready, is_ready) = mpsc::channel();
        let (end, may_end) = mpsc::channel::<()>();
        let worker = thread::spawn(move || {
            LIBRARY.with(|stats| stats.calls.incr());
            LEFT.with(|stats| stats.calls.incr());
            GONE.with(|stats| stats.calls.incr());
            ready.send(()).unwrap();
            may_end.recv().unwrap();
        });
        is_ready.recv().unwrap();
        in_thread(|| LIBRARY.with(|stats| stats.calls.incr()));
        assert_eq!(files(&dir).len(), 4);
        for remove in [|| LIBRARY.remove(), || LEFT.remove(), || GONE.remove()] {
            remove().unwrap();
        }
        assert_eq!(files(&dir).len(), 3, "a living thread's files are not touched, and none is made");
        end.send(()).unwrap();
        worker.join().unwrap();
        assert_eq!(files(&dir), Vec::<PathBuf>::new());
    });
}
