//! One line in a program's `main`, and what it leaves behind. Each program is a child process whose main thread must be
//! that of the program: so there is no test harness in it.

#![allow(clippy::unwrap_used, missing_docs)]

use std::path::Path;
use std::process::{Command, Stdio};

use metrics::{counter, describe_counter, gauge, histogram};
use metrics_exporter_mmstats::{InstallError, MmstatsBuilder, install};
use mmstats::{ErrorKind, Options, Snapshot};

/// Set in a child: what it is to do.
const ROLE: &str = "MMSTATS_TEST_ROLE";

#[allow(clippy::print_stderr)]
fn main() {
    match std::env::var(ROLE).as_deref() {
        Ok("installs") => {
            install().unwrap();
            // The first one stays, and the file of the second goes.
            let second = MmstatsBuilder::new().options(Options::new().filename("second.mmstats"));
            assert!(matches!(second.install(), Err(InstallError::Recorder)));
            return work(1);
        }
        Ok("keeps") => {
            MmstatsBuilder::new().keep().install().unwrap();
            return work(1);
        }
        Ok("clashes") => {
            install().unwrap();
            for _ in 0..2 {
                counter!("same").increment(1);
                gauge!("same").set(1.0);
                histogram!("same").record(1.0);
                counter!("sys.pid").increment(1);
                counter!("other").increment(1);
            }
            return;
        }
        Ok("nowhere") => {
            let Err(InstallError::Stats(error)) = install() else { panic!("a file in /proc") };
            assert_eq!(error.kind(), ErrorKind::Io);
            // Goes on, and counts nothing.
            return work(0);
        }
        _ => {}
    }
    // What lists the tests of all programs finds none here.
    if std::env::args().any(|argument| argument == "--list") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    if cfg!(target_env = "musl") {
        // Standard error, since there is no harness that would keep it.
        eprintln!("skipped: with musl, what a main thread has is not destroyed at its end");
    } else {
        assert_eq!(left_by("installs", dir.path()), 0);
    }
    assert_eq!(left_by("nowhere", Path::new("/proc/no/such/place")), 0);
    assert_eq!(left_by("keeps", dir.path()), 1);
    let kept = Snapshot::of(dir.path().join("metrics.mmstats")).unwrap();
    assert_eq!(kept.find("requests").unwrap().value().to_string(), "3");
    each_metric_that_cannot_be_published_is_a_line();
}

/// The others go on.
fn each_metric_that_cannot_be_published_is_a_line() {
    let dir = tempfile::tempdir().unwrap();
    let output = child("clashes", dir.path()).output().unwrap();
    assert!(output.status.success());
    let path = dir.path().join("metrics.mmstats");
    let line = |label: &str, kind: &str| {
        let path = path.display();
        format!("mmstats: {path}: label \"{label}\" is there already; what this {kind} counts is lost\n")
    };
    let lines = [line("same", "gauge"), line("same", "histogram"), line("sys.pid", "counter")];
    assert_eq!(String::from_utf8_lossy(&output.stderr), lines.concat());
}

/// What a program does with metrics, and whether so many files are there while it runs.
fn work(files: usize) {
    describe_counter!("requests", "Requests answered.");
    std::thread::spawn(|| counter!("requests").increment(2)).join().unwrap();
    counter!("requests").increment(1);
    let dir = std::env::var_os("MMSTATS_PATH").unwrap();
    assert_eq!(files_in(Path::new(&dir)), files);
}

fn files_in(dir: &Path) -> usize {
    std::fs::read_dir(dir).map_or(0, Iterator::count)
}

/// This program, to do this.
fn child(role: &str, dir: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(ROLE, role).env("MMSTATS_PATH", dir).env("MMSTATS_FILES", "metrics.mmstats");
    command.stdin(Stdio::null());
    command
}

/// How many files a process has left behind that did this.
fn left_by(role: &str, dir: &Path) -> usize {
    assert!(child(role, dir).status().unwrap().success(), "{role}");
    files_in(dir)
}
