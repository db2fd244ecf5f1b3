//! The parts of the program that tries the library, compiled in each way.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use harness::{outcome, skip};
use mmstats::Snapshot;

use super::built::{Library, Place, WAYS};

/// A command without the environment that could change what the program does.
pub(crate) fn quiet(program: impl AsRef<Path>) -> Command {
    let mut command = Command::new(program.as_ref());
    for name in ["MMSTATS_PATH", "MMSTATS_FILES", "MMSTATS_VERSION"] {
        command.env_remove(name);
    }
    // What a panic says is no part of what is tried.
    command.env("RUST_BACKTRACE", "0");
    command
}

/// A part of the program that has said where its file is, and waits.
pub(crate) struct Waiting {
    child: Child,
    pub(crate) path: PathBuf,
}

impl Waiting {
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        if line.is_empty() {
            panic!("{:?}", outcome(&child.wait_with_output().unwrap()));
        }
        Self { child, path: line.trim_end().into() }
    }

    /// Lets it end in order; the file goes with it.
    pub(crate) fn end(mut self) {
        self.child.stdin.take().unwrap().write_all(b"\n").unwrap();
        let (_, stderr, code) = outcome(&self.child.wait_with_output().unwrap());
        assert_eq!((stderr.as_str(), code), ("", Some(0)));
        assert!(!self.path.exists());
    }
}

/// Runs a part that ends by itself. What it says on standard error is no matter if it may panic within.
pub(crate) fn runs(command: &mut Command, panics: bool) {
    let (stdout, stderr, code) = outcome(&command.stdin(Stdio::null()).output().unwrap());
    assert_eq!((stdout.as_str(), code), ("all is well\n", Some(0)), "{command:?}: {stderr}");
    assert!(panics || stderr.is_empty(), "{command:?}: {stderr}");
}

/// What readers see of a field.
fn shown(path: &Path, label: &str) -> String {
    Snapshot::of(path).unwrap().find(label).unwrap().value().to_string()
}

/// Calls `f` with the program, compiled in each way, for handles of one thread and of all.
fn each_way(f: impl Fn(&Place, &mut Command, &Path, &str)) {
    let Some(place) = Place::new() else { return };
    for way in WAYS {
        let Some(program) = place.program(way, &[]) else { return };
        // The static library is the same code.
        let kinds: &[&str] = if matches!(way.1, Library::Static) { &["1"] } else { &["0", "1"] };
        for shared in kinds {
            let dir = place.files();
            f(&place, &mut quiet(&program), dir.path(), shared);
        }
    }
}

#[test]
fn handles_say_what_they_hold_and_errors_say_what_is_wrong() {
    each_way(|_, program, dir, shared| {
        let program = program.get_program().to_owned();
        for part in ["values", "errors", "held"] {
            runs(quiet(&program).arg(part).arg(dir).arg(shared), part == "errors");
        }
        let kept = dir.join("kept.mmstats");
        assert!(kept.exists(), "mmstats_keep() leaves the file");
    });
}

#[test]
fn a_childs_updates_are_not_its_parents() {
    each_way(|_, program, dir, shared| {
        let waiting = Waiting::start(program.arg("fork").arg(dir).arg(shared));
        assert_eq!(shown(&waiting.path, "counter"), "2");
        assert_eq!(shown(&waiting.path, "text"), "parent");
        let snapshot = Snapshot::of(&waiting.path).unwrap();
        assert!(snapshot.find("late").is_none(), "a child adds no field to its parent's file");
        waiting.end();
    });
}

#[test]
fn eight_threads_lose_nothing() {
    let Some(place) = Place::new() else { return };
    for way in WAYS {
        let Some(program) = place.program(way, &[]) else { return };
        let dir = place.files();
        let waiting = Waiting::start(quiet(program).arg("threads").arg(dir.path()).arg("2000"));
        let shown = |label| shown(&waiting.path, label);
        assert_eq!(
            (shown("counter"), shown("updown"), shown("gauge")),
            ("16000".into(), "8000".into(), "16000.0".into())
        );
        let histogram = Snapshot::of(&waiting.path).unwrap();
        let histogram = histogram.find("histogram").unwrap();
        assert_eq!(histogram.histogram().unwrap().count(), 16_000);
        for thread in 0..8 {
            assert_eq!(shown(&format!("thread.{thread}")), "0");
        }
        waiting.end();
    }
}

#[test]
fn a_full_disk_is_an_error_of_adding_and_no_signal() {
    if !nix::unistd::geteuid().is_root() {
        return skip("only root makes a small disk");
    }
    let works = Command::new("unshare").args(["--mount", "true"]).stderr(Stdio::null()).status();
    if !works.is_ok_and(|status| status.success()) {
        return skip("unshare --mount does not work here");
    }
    each_way(|place, program, dir, shared| {
        let mount = "mount -t tmpfs -o size=32k none \"$1\" && exec \"$0\" full \"$1\" \"$2\"";
        let mut unshare = quiet("unshare");
        unshare.args(["--mount", "sh", "-c", mount]).arg(program.get_program()).arg(dir).arg(shared);
        // A working directory that a stranger to it cannot enter is none of this test's business.
        runs(unshare.current_dir(place.path()).process_group(0), false);
    });
}
