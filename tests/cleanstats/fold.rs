//! `--fold` keeps the counts of what is removed: no count is lost, and none is seen twice.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use harness::image::{Fields, histogram, nanoseconds, unit};
use harness::{STRANGER, beside, copy_program, run, skip, strangers_may_enter, tool};
use mmstats::format::item::Items;
use mmstats::format::kind::{DataType, MetricType};
use mmstats::{Mean, MergeRule, Snapshot, Value};

use super::{cleanstats, names};

fn folding() -> Command {
    let mut command = cleanstats();
    command.arg("--fold");
    command
}

/// A file that a process has left behind.
fn dead(dir: &Path, command: &str, pid: u32, add: impl FnOnce(Fields) -> Fields) -> PathBuf {
    let file = Fields::new().dead().name("sys.pid", pid).name("sys.tid", pid);
    add(file.timestamp("sys.created", f64::from(pid))).write(dir, format!("{command}-{pid}-{pid}.mmstats"))
}

/// The file that has the counts of this user's removed files.
fn departed(dir: &Path, command: &str) -> PathBuf {
    dir.join(format!("{command}-departed-{}.mmstats", nix::unistd::geteuid()))
}

fn integer(path: &Path, label: &str) -> i128 {
    Snapshot::of(path).unwrap().find(label).unwrap().value().as_integer().unwrap()
}

#[test]
fn what_adds_up_is_kept_and_the_rest_goes() {
    let dir = tempfile::tempdir().unwrap();
    for (pid, n) in [(7, 40_u64), (8, 2)] {
        dead(dir.path(), "web", pid, |file| {
            file.field("sent", DataType::U32, MetricType::Counter, unit("bytes"), &(n as u32).to_ne_bytes())
                .field("heat", DataType::F64, MetricType::Counter, Items::default(), &0.25_f64.to_ne_bytes())
                .gauge("busy", Items::default(), 1.0)
                .mean("size", 3.0, n)
                .histogram("answer", nanoseconds(), &histogram((5, 42), [n]))
                .text("version", "1")
        });
    }
    dead(dir.path(), "api", 9, |file| file.counter("hits", 3));
    dead(dir.path(), "idle", 9, |file| file.counter("hits", 0));
    let (_, err, code) = run(folding().arg(dir.path()));
    assert_eq!((err.as_str(), code), ("", Some(0)));
    let left = [departed(dir.path(), "api"), departed(dir.path(), "web")];
    let left = left.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned());
    assert_eq!(names(dir.path()), left, "nothing was counted by idle");

    let web = Snapshot::of(departed(dir.path(), "web")).unwrap();
    let labels: Vec<_> =
        web.fields().map(|field| String::from_utf8(field.unwrap().label().to_vec()).unwrap()).collect();
    assert_eq!(
        labels,
        ["org.mmstats.version", "sys.departed", "sys.folded", "answer", "heat", "sent", "size"]
    );
    let field = |label| web.find(label).unwrap();
    assert_eq!((field("sent").value(), field("sent").unit()), (Value::Unsigned(42), Some("bytes")));
    assert_eq!(field("heat").value(), Value::Double(0.5));
    assert_eq!(field("size").value(), Value::Mean(Mean { sum: 6.0, count: 42 }));
    let Value::Histogram(answer) = field("answer").value() else { panic!() };
    assert_eq!((answer.count(), answer.total().sum(), answer.scale()), (2, 42e-9, 1e-9));
    assert_eq!(field("sys.departed").value(), Value::Text(b""), "what is gone is not on the list");

    // The next one is added to that, and the file itself is never removed.
    dead(dir.path(), "api", 10, |file| file.counter("hits", 4));
    assert!(folding().arg(dir.path()).status().unwrap().success());
    assert_eq!((names(dir.path()), integer(&departed(dir.path(), "api"), "hits")), (left.to_vec(), 7));
    // Without --fold the counts of a file go with it, and those that are kept stay.
    dead(dir.path(), "api", 11, |file| file.counter("hits", 4));
    assert!(cleanstats().arg(dir.path()).status().unwrap().success());
    assert_eq!((names(dir.path()), integer(&departed(dir.path(), "api"), "hits")), (left.to_vec(), 7));
}

#[test]
fn what_a_killed_run_had_added_is_not_added_again() {
    let dir = tempfile::tempdir().unwrap();
    let file = dead(dir.path(), "web", 7, |file| file.counter("hits", 5));
    let identity = files_identity(&file);
    let before = Fields::new().dead().text("sys.departed", &identity).counter("hits", 105);
    before.write(dir.path(), departed(dir.path(), "web").file_name().unwrap());
    dead(dir.path(), "web", 8, |file| file.counter("hits", 1));
    assert!(folding().arg(dir.path()).status().unwrap().success());
    assert_eq!(names(dir.path()).len(), 1);
    assert_eq!(integer(&departed(dir.path(), "web"), "hits"), 106);
}

fn files_identity(path: &Path) -> String {
    files::identity(&Snapshot::of(path).unwrap())
}

#[test]
fn what_is_kept_is_merged_with_the_files_of_threads_that_live() {
    let slurpstats = beside(env!("CARGO_BIN_EXE_cleanstats"), "slurpstats");
    let dir = tempfile::tempdir().unwrap();
    dead(dir.path(), "web", 7, |file| file.counter("hits", 5));
    assert!(folding().arg(dir.path()).status().unwrap().success());
    for number in 0..3_u64 {
        let merge = Items { merge: Some(MergeRule::None), ..Items::default() };
        let file =
            Fields::new().field("sys.folded", DataType::U64, MetricType::Gauge, merge, &number.to_ne_bytes());
        file.counter("hits", 1).write(dir.path(), format!("web-{number}.mmstats"));
    }
    let (out, err, code) =
        run(tool(&slurpstats).args(["-a", "auto", "-p", "hits", "-p", "sys.folded"]).arg(dir.path()));
    assert_eq!((err.as_str(), code), ("", Some(0)));
    assert!(out.starts_with("hits\t8\n"), "{out}");
}

#[test]
fn what_cannot_be_kept_stays() {
    let dir = tempfile::tempdir().unwrap();
    dead(dir.path(), "web", 7, |file| file.counter("hits", 5));
    dead(dir.path(), "api", 8, |file| file.counter("hits", 5));
    let taken = departed(dir.path(), "web");
    fs::create_dir(&taken).unwrap();
    let (out, err, code) = run(folding().arg(dir.path()));
    let why =
        |reason: &str| format!("web-7-7.mmstats: its counts cannot be kept: {}: {reason}", taken.display());
    assert!(err.contains(&why("not a regular file")), "{err}");
    assert_eq!((code, out.lines().count()), (Some(1), 1), "{out}");
    fs::remove_dir(&taken).unwrap();
    fs::write(&taken, "a shopping list").unwrap();
    let (_, err, code) = run(folding().arg(dir.path()));
    assert!(err.contains(&why("")) && code == Some(1), "{err}");
    assert!(dir.path().join("web-7-7.mmstats").exists() && departed(dir.path(), "api").exists());
}

#[test]
fn a_file_with_a_count_of_another_kind_stays() {
    let scaled = |factor| Items { scale: Some(factor), ..unit("seconds") };
    let bytes = |pid: u32| pid.to_ne_bytes();
    let dir = tempfile::tempdir().unwrap();
    let count = |pid, data, metric, items| {
        dead(dir.path(), "web", pid, |file| {
            file.field("load", data, metric, items, &bytes(5)).counter("hits", 1)
        })
    };
    count(1, DataType::U32, MetricType::Counter, scaled(0.5));
    assert!(folding().arg(dir.path()).status().unwrap().success());
    let others = [
        (dead(dir.path(), "web", 2, |file| file.mean("load", 1.0, 1).counter("hits", 1)), "kind"),
        (count(3, DataType::I32, MetricType::Counter, scaled(0.5)), "type"),
        (count(4, DataType::U32, MetricType::Counter, Items { scale: Some(0.5), ..unit("bytes") }), "unit"),
        (count(5, DataType::U32, MetricType::Counter, scaled(0.25)), "scale"),
    ];
    // One that has counted nothing loses nothing.
    dead(dir.path(), "web", 6, |file| file.mean("load", 0.0, 0).counter("hits", 1));
    let kept = departed(dir.path(), "web");
    let (_, err, code) = run(folding().arg(dir.path()));
    for (path, what) in &others {
        let why = format!("its counts cannot be kept: load is something else in {}", kept.display());
        assert!(err.contains(&format!("{}: {why}: another {what}\n", path.display())), "{err}");
        assert!(path.exists());
    }
    assert_eq!((code, err.lines().count(), names(dir.path()).len()), (Some(1), 4, 5), "{err}");
    // None is there twice, and the other counts of these files are still seen where they are.
    assert_eq!((integer(&kept, "load"), integer(&kept, "hits")), (5, 2));
    let slurpstats = beside(env!("CARGO_BIN_EXE_cleanstats"), "slurpstats");
    let (out, err, _) = run(tool(&slurpstats).args(["-a", "auto", "-p", "hits"]).arg(dir.path()));
    assert!(out.starts_with("hits\t6\n"), "{out}{err}");
}

#[test]
fn a_unit_that_only_one_of_two_files_has_is_that_of_both() {
    let dir = tempfile::tempdir().unwrap();
    let about = |unit: Option<&str>, help: &str| Items {
        unit: unit.map(str::to_owned),
        help: Some(help.to_owned()),
        ..Items::default()
    };
    for (pid, items) in
        [(1, about(None, "old")), (2, about(Some("bytes"), "new")), (3, about(None, "newest"))]
    {
        let value = u64::from(pid).to_ne_bytes();
        dead(dir.path(), "web", pid, |file| {
            file.field("sent", DataType::U64, MetricType::Counter, items, &value)
        });
        let (_, err, code) = run(folding().arg(dir.path()));
        assert_eq!((err.as_str(), code), ("", Some(0)));
    }
    let all = Snapshot::of(departed(dir.path(), "web")).unwrap();
    let sent = all.find("sent").unwrap();
    assert_eq!((sent.value(), sent.unit(), sent.help()), (Value::Unsigned(6), Some("bytes"), Some("newest")));
}

#[test]
fn a_process_id_next_to_a_letter_is_none_of_the_command() {
    let dir = tempfile::tempdir().unwrap();
    for pid in [7, 8] {
        let file = Fields::new().dead().name("sys.pid", pid).name("sys.tid", pid).counter("hits", 1);
        file.write(dir.path(), format!("shop{pid}.mmstats"));
    }
    assert!(folding().arg(dir.path()).status().unwrap().success());
    assert_eq!(names(dir.path()).len(), 1);
    assert_eq!(integer(&departed(dir.path(), "shop{PID}"), "hits"), 2);
}

#[test]
fn a_dry_run_keeps_nothing() {
    let dir = tempfile::tempdir().unwrap();
    dead(dir.path(), "web", 7, |file| file.counter("hits", 5));
    assert!(folding().arg("-n").arg(dir.path()).status().unwrap().success());
    assert_eq!(names(dir.path()), ["web-7-7.mmstats"]);
}

#[test]
fn a_sum_is_the_same_before_and_after_and_in_between() {
    const FILES: u32 = 60;
    let slurpstats = beside(env!("CARGO_BIN_EXE_cleanstats"), "slurpstats");
    let dir = tempfile::tempdir().unwrap();
    let all: Vec<_> =
        (1..=FILES).map(|pid| dead(dir.path(), "web", pid, |file| file.counter("hits", 1000))).collect();
    let is_over = AtomicBool::new(false);
    let read = || {
        let arguments = ["-o", "prometheus", "-p", "hits"];
        let (out, err, code) = run(tool(&slurpstats).args(arguments).arg(dir.path()));
        assert_eq!((err.as_str(), code), ("", Some(0)));
        assert!(out.ends_with(&format!("\nhits_total{{cmd=\"web\"}} {}\n", FILES * 1000)), "{out}");
    };
    thread::scope(|scope| {
        let reader = scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                read();
            }
        });
        for (number, path) in all.iter().enumerate() {
            // By name, and in batches; a run beside it does no harm.
            if number % 3 == 0 && path.exists() {
                assert!(folding().arg("-q").arg(path).status().unwrap().success());
            }
            if number % 10 == 0 {
                let mut batch = folding();
                batch.arg("-q").args(all[number..].iter().take(8).filter(|path| path.exists()));
                let mut other = batch.spawn().unwrap();
                // What one has removed, the other does not find.
                batch.status().unwrap();
                other.wait().unwrap();
            }
        }
        is_over.store(true, Ordering::Relaxed);
        reader.join().unwrap();
    });
    assert!(folding().arg("-q").arg(dir.path()).status().unwrap().success());
    read();
    assert_eq!(names(dir.path()).len(), 1);
}

#[test]
fn a_sum_is_the_same_after_a_run_was_killed_at_any_moment() {
    const ROUNDS: u32 = 60;
    let slurpstats = beside(env!("CARGO_BIN_EXE_cleanstats"), "slurpstats");
    let dir = tempfile::tempdir().unwrap();
    let sum = || {
        let arguments = ["-o", "prometheus", "-p", "hits"];
        let (out, err, code) = run(tool(&slurpstats).args(arguments).arg(dir.path()));
        assert_eq!((err.as_str(), code), ("", Some(0)));
        out.lines().last().unwrap().to_owned()
    };
    for round in 1..=ROUNDS {
        for number in 0..4 {
            dead(dir.path(), "web", round * 4 + number, |file| file.counter("hits", 10));
        }
        let mut killed = folding().arg("-q").arg(dir.path()).spawn().unwrap();
        // From before it has begun to after it has ended.
        thread::sleep(std::time::Duration::from_micros(u64::from(round) * 120));
        killed.kill().unwrap();
        killed.wait().unwrap();
        assert_eq!(sum(), format!("hits_total{{cmd=\"web\"}} {}", round * 40));
    }
    // In a container nobody can tell whether what was begun is still being written.
    assert!(folding().args(["-q", "--unknown"]).arg(dir.path()).status().unwrap().success());
    assert_eq!(sum(), format!("hits_total{{cmd=\"web\"}} {}", ROUNDS * 40));
    assert_eq!(names(dir.path()).len(), 1, "what the killed had begun is gone");
}

#[test]
fn root_keeps_the_counts_of_each_user_apart() {
    if !nix::unistd::geteuid().is_root() {
        return skip("only root keeps the counts of others");
    }
    let dir = tempfile::tempdir().unwrap();
    dead(dir.path(), "web", 7, |file| file.counter("hits", 5));
    let others = dead(dir.path(), "web", 8, |file| file.counter("hits", 1));
    if chown(&others, Some(STRANGER), Some(STRANGER)).is_err() {
        return skip("this root cannot give files to others");
    }
    fs::set_permissions(&others, Permissions::from_mode(0o640)).unwrap();
    assert!(folding().arg(dir.path()).status().unwrap().success());
    let theirs = dir.path().join(format!("web-departed-{STRANGER}.mmstats"));
    assert_eq!((integer(&departed(dir.path(), "web"), "hits"), integer(&theirs, "hits")), (5, 1));
    let metadata = fs::metadata(&theirs).unwrap();
    assert_eq!((metadata.uid(), metadata.gid(), metadata.mode() & 0o777), (STRANGER, STRANGER, 0o640));
    // A file that somebody else has put there is neither believed nor replaced.
    chown(&theirs, Some(STRANGER - 1), None).unwrap();
    let another = dead(dir.path(), "web", 9, |file| file.counter("hits", 1));
    chown(&another, Some(STRANGER), None).unwrap();
    let (_, err, code) = run(folding().arg(&another));
    let why = format!("its counts cannot be kept: {}: something else has the name", theirs.display());
    assert!(err.contains(&why), "{err}");
    assert_eq!((code, another.exists(), theirs.exists()), (Some(1), true, true));
}

#[test]
fn a_file_of_another_user_stays_with_its_counts() {
    if !nix::unistd::geteuid().is_root() {
        return skip("only root can give files to others");
    }
    let place = tempfile::tempdir().unwrap();
    let dir = place.path().join("stats");
    fs::create_dir(&dir).unwrap();
    fs::set_permissions(place.path(), Permissions::from_mode(0o755)).unwrap();
    if !strangers_may_enter(&dir) {
        return;
    }
    let program = place.path().join("cleanstats");
    copy_program(env!("CARGO_BIN_EXE_cleanstats"), &program);
    // The directory is the stranger's, who may remove all files in it.
    if chown(&dir, Some(STRANGER), Some(STRANGER)).is_err() {
        return skip("this root cannot give files to others");
    }
    let counted = dead(&dir, "web", 7, |file| file.counter("hits", 5));
    let idle = dead(&dir, "web", 8, |file| file.counter("hits", 0));
    let mut command = Command::new(program);
    command.uid(STRANGER).gid(STRANGER).arg("--fold").arg(&dir);
    let (_, err, code) = run(&mut command);
    let why = "its counts cannot be kept: it belongs to somebody else, for whom only root keeps counts";
    assert_eq!((err, code), (format!("cleanstats: {}: {why}\n", counted.display()), Some(1)));
    assert!(counted.exists() && !idle.exists(), "nothing was counted by the other one");
}

#[test]
fn the_library_keeps_the_same_bytes() {
    let dirs = [(); 2].map(|()| tempfile::tempdir().unwrap());
    for dir in &dirs {
        for (pid, n) in [(7, 40_u64), (8, 2), (9, 0)] {
            dead(dir.path(), "web", pid, |file| {
                file.counter("hits", n).mean("size", 3.0, n).text("version", "1").histogram(
                    "answer",
                    nanoseconds(),
                    &histogram((5, 42), [n]),
                )
            });
        }
    }
    assert!(folding().arg("-q").arg(dirs[0].path()).status().unwrap().success());
    let options = mmstats::Options::new().dir(dirs[1].path()).filename("web-{PID}-{TID}.mmstats");
    assert_eq!(options.fold_dead().unwrap(), 3);
    let [one, other] = dirs.each_ref().map(|dir| {
        assert_eq!(names(dir.path()).len(), 1);
        fs::read(departed(dir.path(), "web")).unwrap()
    });
    let unlike: Vec<_> = (0..one.len().max(other.len())).filter(|&at| one.get(at) != other.get(at)).collect();
    // The number of the state is a time.
    assert!(unlike.last().zip(unlike.first()).is_none_or(|(last, first)| last - first < 8), "{unlike:?}");

    // What the one has kept, the other goes on with.
    dead(dirs[0].path(), "web", 10, |file| file.counter("hits", 1));
    let options = mmstats::Options::new().dir(dirs[0].path()).filename("web-{PID}-{TID}.mmstats");
    assert_eq!(options.fold_dead().unwrap(), 1);
    assert_eq!(integer(&departed(dirs[0].path(), "web"), "hits"), 43);
}
