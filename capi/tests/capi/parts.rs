//! The parts of the program that tries the library, compiled in each way.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use harness::{outcome, skip};
use mmstats::Snapshot;

use super::built::{Language, Library, Place};
use super::golden;

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
    assert_eq!((stdout.as_str(), code), ("", Some(0)), "{command:?}: {stderr}");
    assert!(panics || stderr.is_empty(), "{command:?}: {stderr}");
}

/// What readers see of a field.
fn shown(path: &Path, label: &str) -> String {
    Snapshot::of(path).unwrap().find(label).unwrap().value().to_string()
}

/// A child's updates are not its parent's.
fn tries_forks(program: &Path, place: &Place) {
    for shared in ["0", "1"] {
        let dir = place.files();
        let waiting = Waiting::start(quiet(program).arg("fork").arg(dir.path()).arg(shared));
        assert_eq!(shown(&waiting.path, "counter"), "2");
        assert_eq!(shown(&waiting.path, "text"), "parent");
        let snapshot = Snapshot::of(&waiting.path).unwrap();
        assert!(snapshot.find("late").is_none(), "a child adds no field to its parent's file");
        waiting.end();
    }
}

/// Eight threads lose nothing.
fn tries_threads(program: &Path, place: &Place) {
    let dir = place.files();
    let waiting = Waiting::start(quiet(program).arg("threads").arg(dir.path()).arg("2000"));
    let shown = |label: &str| shown(&waiting.path, label);
    assert_eq!(
        (shown("counter"), shown("updown"), shown("small")),
        ("16000".into(), "8000".into(), "16000".into())
    );
    assert_eq!(shown("gauge"), "16000.0");
    let histogram = shown("histogram");
    assert!(histogram.starts_with("n=16000 ") && histogram.ends_with(" max=1999"), "{histogram}");
    for thread in 0..8 {
        assert_eq!(shown(&format!("thread.{thread}")), "0");
    }
    waiting.end();
}

/// A full disk is an error of adding, and no signal.
fn tries_full_disk(program: &Path, place: &Place) {
    if !nix::unistd::geteuid().is_root() {
        return skip("only root makes a small disk");
    }
    let works = Command::new("unshare").args(["--mount", "true"]).stderr(Stdio::null()).status();
    if !works.is_ok_and(|status| status.success()) {
        return skip("unshare --mount does not work here");
    }
    for shared in ["0", "1"] {
        let mount = "mount -t tmpfs -o size=32k none \"$1\" && exec \"$0\" full \"$1\" \"$2\"";
        let (dir, mut unshare) = (place.files(), quiet("unshare"));
        unshare.args(["--mount", "sh", "-c", mount]).arg(program).arg(dir.path()).arg(shared);
        runs(&mut unshare, false);
    }
}

/// Everything, compiled in one way.
fn tries(language: Language, library: Library) {
    let Some(place) = Place::new() else { return };
    let Some(program) = place.program((language, library), &[]) else { return };
    let dir = place.files();
    runs(quiet(&program).arg("all").arg(dir.path()).arg("0"), true);
    assert!(dir.path().join("kept.mmstats").exists(), "mmstats_keep() leaves the file");
    tries_forks(&program, &place);
    tries_threads(&program, &place);
    tries_full_disk(&program, &place);
    for shared in ["0", "1"] {
        let dir = place.files();
        let waiting = Waiting::start(quiet(&program).arg("golden").arg(dir.path()).arg(shared));
        let bytes = fs::read(&waiting.path).unwrap();
        waiting.end();
        golden::are_those_of_rust(&bytes);
        golden::are_those_of_the_golden_file(&bytes);
    }
}

#[test]
fn a_program_in_c11_with_the_shared_library_publishes_everything() {
    tries(Language::C11, Library::Shared);
}

#[test]
fn a_program_in_c11_with_the_static_library_publishes_everything() {
    tries(Language::C11, Library::Static);
}

#[test]
fn a_program_in_cxx17_with_the_shared_library_publishes_everything() {
    tries(Language::Cxx17, Library::Shared);
}

#[test]
fn a_program_in_cxx17_with_the_static_library_publishes_everything() {
    tries(Language::Cxx17, Library::Static);
}
