//! The same program under what looks for faults of memory and of threads.

use std::path::PathBuf;
use std::process::Command;

use harness::{has, skip};

use super::built::{Language, Library, Place};
use super::parts::{Waiting, quiet, runs};

/// Runs every part but the one with a disk of its own. `begin` is the program, or what runs it.
fn every_part(place: &Place, threads: &str, begin: impl Fn() -> Command) {
    runs(begin().arg("all").arg(place.files().path()).arg("0"), true);
    for (part, number) in [("golden", "0"), ("fork", "1"), ("threads", threads)] {
        Waiting::start(begin().arg(part).arg(place.files().path()).arg(number)).end();
    }
}

#[test]
fn valgrind_finds_no_fault_and_no_leak_of_any_kind() {
    if !has("valgrind") {
        return;
    }
    let Some(place) = Place::new() else { return };
    let Some(program) = place.program((Language::C11, Library::Shared), &[]) else { return };
    every_part(&place, "50", || {
        let mut valgrind = quiet("valgrind");
        valgrind.args(["-q", "--leak-check=full", "--show-leak-kinds=all", "--errors-for-leak-kinds=all"]);
        // The system's directory for temporary files may be one that valgrind cannot use.
        valgrind.args(["--error-exitcode=99", "--vgdb=no"]).arg(&program);
        valgrind
    });
}

/// The variable by which `make sanitize-c` names the static library that a sanitizer was compiled into.
fn instrumented(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from)
}

fn under_sanitizer(flag: &str, options: &str, place: &Place) {
    let Some(program) = place.program((Language::Cxx17, Library::Static), &[flag]) else { return };
    every_part(place, "200", || {
        let mut program = quiet(&program);
        program.env(options, "exitcode=99");
        program
    });
}

#[test]
fn address_sanitizer_finds_no_fault() {
    let Some(mut place) = Place::new() else { return };
    if let Some(library) = instrumented("MMSTATS_ADDRESS_LIBRARY") {
        place.use_static_library(&library);
    }
    under_sanitizer("-fsanitize=address,undefined", "ASAN_OPTIONS", &place);
}

#[test]
fn thread_sanitizer_finds_no_race() {
    let Some(mut place) = Place::new() else { return };
    // What it does not see in, such as a lock of the standard library's, looks like a race.
    let Some(library) = instrumented("MMSTATS_THREAD_LIBRARY") else {
        return skip("no library with ThreadSanitizer: `make sanitize-c` makes one");
    };
    place.use_static_library(&library);
    under_sanitizer("-fsanitize=thread", "TSAN_OPTIONS", &place);
}
