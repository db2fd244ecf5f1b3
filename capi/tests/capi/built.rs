//! The library as cargo has built it for the tests, and programs that are compiled against it.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use harness::{has, run, skip};
use tempfile::TempDir;

/// A program's language.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Language {
    C11,
    Cxx17,
}

/// Which library a program is linked with.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Library {
    Shared,
    Static,
}

/// What the library needs of the system where it is linked into a program, and what the program needs.
const SYSTEM: [&str; 4] = ["-pthread", "-ldl", "-lm", "-lgcc_s"];

/// The header's directory.
pub(crate) fn include() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("include")
}

/// What cargo has built: the shared library, or the static one. `None` where the target has none, as a C library that is
/// linked statically.
pub(crate) fn library(end: &str) -> Option<PathBuf> {
    // Cargo puts it beside the tests.
    let path = std::env::current_exe().unwrap().with_file_name(format!("libmmstats_c.{end}"));
    if !path.exists() {
        skip(&format!("libmmstats_c.{end} is not built for this target"));
        return None;
    }
    Some(path)
}

/// The C compiler, where it compiles for the target that the library is for; says that the test is skipped where not.
fn compiles_for_target() -> bool {
    if !has("cc") || !has("c++") {
        return false;
    }
    let (machine, _, _) = run(Command::new("cc").arg("-dumpmachine"));
    let is_same = machine.starts_with(std::env::consts::ARCH) && cfg!(target_env = "gnu");
    if !is_same {
        skip(&format!("cc compiles for {}", machine.trim_end()));
    }
    is_same
}

/// A directory as `make install` leaves it, below a temporary one.
pub(crate) struct Place {
    dir: TempDir,
}

impl Place {
    /// `None` where nothing can be compiled here.
    pub(crate) fn new() -> Option<Self> {
        if !compiles_for_target() {
            return None;
        }
        let dir = tempfile::tempdir().unwrap();
        symlink(library("so")?, dir.path().join("libmmstats.so.0")).unwrap();
        symlink("libmmstats.so.0", dir.path().join("libmmstats.so")).unwrap();
        symlink(library("a")?, dir.path().join("libmmstats.a")).unwrap();
        Some(Self { dir })
    }

    /// Takes another static library in place of the one that cargo has built for the tests.
    pub(crate) fn use_static_library(&mut self, library: &Path) {
        let link = self.path().join("libmmstats.a");
        fs::remove_file(&link).unwrap();
        symlink(library, link).unwrap();
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Compiles a source with all warnings as errors. `None`, with a line, if `flags` need what is not here.
    pub(crate) fn compile(
        &self,
        source: &Path,
        (language, library): (Language, Library),
        flags: &[&str],
    ) -> Option<PathBuf> {
        let program = self.path().join(format!("program-{language:?}-{library:?}{}", flags.concat()));
        let mut compiler = match language {
            Language::C11 => Command::new("cc"),
            Language::Cxx17 => Command::new("c++"),
        };
        match language {
            Language::C11 => compiler.arg("-std=c11"),
            Language::Cxx17 => compiler.args(["-std=c++17", "-x", "c++"]),
        };
        compiler.args(["-g", "-O1", "-Wall", "-Wextra", "-Wpedantic", "-Werror"]).args(flags);
        compiler.arg("-I").arg(include()).arg(source).args(["-x", "none", "-o"]).arg(&program);
        match library {
            Library::Shared => {
                let mut rpath = OsString::from("-Wl,-rpath,");
                rpath.push(self.path());
                compiler.arg("-L").arg(self.path()).arg("-lmmstats").arg(rpath).arg("-pthread").arg("-lm");
            }
            Library::Static => {
                compiler.arg(self.path().join("libmmstats.a")).args(SYSTEM);
            }
        }
        let (stdout, stderr, code) = run(compiler.env("LC_ALL", "C"));
        // Sanitizers are packages of their own.
        if !flags.is_empty() && stderr.contains("cannot find") {
            skip(&format!("cc lacks what {} needs", flags.concat()));
            return None;
        }
        assert_eq!((stdout.as_str(), stderr.as_str(), code), ("", "", Some(0)), "{compiler:?}");
        Some(program)
    }

    /// The program that tries all of the library.
    pub(crate) fn program(&self, way: (Language, Library), flags: &[&str]) -> Option<PathBuf> {
        self.compile(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c/program.c"), way, flags)
    }

    /// A directory for a program's files, in which one name is taken by something else.
    pub(crate) fn files(&self) -> TempDir {
        let dir = tempfile::tempdir_in(self.path()).unwrap();
        fs::write(dir.path().join("foreign.mmstats"), "not a stats file").unwrap();
        dir
    }
}
