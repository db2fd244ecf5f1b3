//! The same program under what looks for faults of memory and of threads.

use std::path::Path;
use std::process::Command;

use harness::has;

use super::built::{Language, Library, Place};
use super::parts::{Waiting, quiet, runs};

/// Runs every part, for handles of one thread and of all. `begin` is the program, or what runs it.
fn every_part(place: &Place, threads: &str, begin: impl Fn() -> Command) {
    for shared in ["0", "1"] {
        for part in ["values", "errors", "held"] {
            runs(begin().arg(part).arg(place.files().path()).arg(shared), part == "errors");
        }
        for part in ["golden", "fork"] {
            Waiting::start(begin().arg(part).arg(place.files().path()).arg(shared)).end();
        }
    }
    Waiting::start(begin().arg("threads").arg(place.files().path()).arg(threads)).end();
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

fn under_sanitizer(flag: &str, options: &str) {
    let Some(place) = Place::new() else { return };
    let way = (Language::Cxx17, Library::Static);
    let Some(program) = place.program(way, &[flag]) else { return };
    let program: &Path = &program;
    every_part(&place, "200", || {
        let mut program = quiet(program);
        program.env(options, "exitcode=99");
        program
    });
}

#[test]
fn address_sanitizer_finds_no_fault() {
    under_sanitizer("-fsanitize=address,undefined", "ASAN_OPTIONS");
}

#[test]
fn thread_sanitizer_finds_no_race() {
    under_sanitizer("-fsanitize=thread", "TSAN_OPTIONS");
}
