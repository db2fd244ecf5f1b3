//! The same program under what looks for faults of memory and of threads.

use std::path::{Path, PathBuf};
use std::process::Command;

use harness::{has, run, skip};

use super::built::{Language, Library, Place, include};
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

/// What `make sanitize-c` names by a variable.
fn given(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable).map(PathBuf::from)
}

#[test]
fn address_sanitizer_finds_no_fault() {
    let Some(mut place) = Place::new() else { return };
    if let Some(library) = given("MMSTATS_ADDRESS_LIBRARY") {
        place.use_static_library(&library);
    }
    let way = (Language::Cxx17, Library::Static);
    let Some(program) = place.program(way, &["-fsanitize=address,undefined"]) else { return };
    every_part(&place, "200", || {
        let mut program = quiet(&program);
        program.env("ASAN_OPTIONS", "exitcode=99").env("UBSAN_OPTIONS", "halt_on_error=1:exitcode=99");
        program
    });
}

/// The program with ThreadSanitizer, and Rust's runtime of it: the C compiler's is of another version.
fn with_threads_watched(place: &Place, library: &Path, runtime: &Path) -> PathBuf {
    let (object, program) = (place.path().join("program.o"), place.path().join("program-thread"));
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c/program.c");
    let mut compile = Command::new("cc");
    compile.args(["-std=c11", "-g", "-O1", "-fsanitize=thread", "-I"]).arg(include());
    assert_eq!(run(compile.arg("-c").arg(source).arg("-o").arg(&object)).2, Some(0));
    let mut link = Command::new("c++");
    link.arg(object).arg(library).arg("-Wl,--whole-archive").arg(runtime).arg("-Wl,--no-whole-archive");
    link.args(["-Wl,--export-dynamic", "-pthread", "-ldl", "-lm", "-lrt", "-lresolv", "-lgcc_s", "-o"]);
    assert_eq!(run(link.arg(&program)), (String::new(), String::new(), Some(0)));
    program
}

#[test]
fn thread_sanitizer_finds_no_race() {
    let Some(place) = Place::new() else { return };
    // What it does not see in, such as a lock of the standard library's, looks like a race.
    let (Some(library), Some(runtime)) = (given("MMSTATS_THREAD_LIBRARY"), given("MMSTATS_THREAD_RUNTIME"))
    else {
        return skip("no library with ThreadSanitizer: `make sanitize-c` makes one");
    };
    let program = with_threads_watched(&place, &library, &runtime);
    let begin = || {
        let mut program = quiet(&program);
        program.env("TSAN_OPTIONS", "exitcode=99");
        program
    };
    every_part(&place, "200", begin);
    let (_, stderr, code) = run(begin().arg("race").arg(place.files().path()).arg("0"));
    assert_eq!(code, Some(99), "it sees into the library: {stderr}");
    assert!(stderr.contains("data race"), "{stderr}");
}
