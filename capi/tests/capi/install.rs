//! `make install-library`, and programs that find the library by pkg-config: those of the README and of mmstats(3).

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use harness::{has, outcome, run};
use mmstats::Snapshot;
use tempfile::TempDir;

use super::built::{Place, library};
use super::header::declared;
use super::parts::quiet;
use super::root;

/// A tree into which the library was installed.
struct Installed {
    to: TempDir,
    built: TempDir,
    _place: Place,
}

impl Installed {
    /// `None` where it cannot be tried.
    fn new() -> Option<Self> {
        // Nothing is compiled where this gives nothing.
        let place = Place::new()?;
        if !has("make") || !has("pkg-config") {
            return None;
        }
        let (to, built) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(built.path().join("capi")).unwrap();
        for end in ["so", "a"] {
            symlink(library(end)?, built.path().join("capi").join(format!("libmmstats_c.{end}"))).unwrap();
        }
        let this = Self { to, built, _place: place };
        this.make("install-library");
        Some(this)
    }

    /// Runs a target of the Makefile. What is built is there already.
    fn make(&self, target: &str) {
        let mut make = Command::new("make");
        make.args(["--silent", target, "CARGO=:", "PREFIX=/usr", "LIBDIR=/usr/lib/of-this-machine"]);
        make.arg(format!("DESTDIR={}", self.to.path().display())).current_dir(root());
        make.env("CARGO_TARGET_DIR", self.built.path()).env_remove("MAKEFLAGS").env_remove("MAKELEVEL");
        assert_eq!(run(&mut make), (String::new(), String::new(), Some(0)), "make {target}");
    }

    fn libraries(&self) -> PathBuf {
        self.to.path().join("usr/lib/of-this-machine")
    }

    /// What pkg-config says of the library in this tree.
    fn asked(&self, arguments: &[&str]) -> String {
        let mut command = Command::new("pkg-config");
        self.point(&mut command);
        let (stdout, stderr, code) = run(command.args(arguments).arg("mmstats"));
        assert_eq!((stderr.as_str(), code), ("", Some(0)));
        stdout.trim_end().to_owned()
    }

    /// Has a command find the library in this tree.
    fn point(&self, command: &mut Command) {
        command.env("PKG_CONFIG_LIBDIR", self.libraries().join("pkgconfig"));
        command.env("PKG_CONFIG_SYSROOT_DIR", self.to.path());
        command.env("LD_LIBRARY_PATH", self.libraries());
    }

    /// Saves a program as the text says, compiles it by the command of the text, and types three lines into it.
    fn tries(&self, source: &str, compile: &str) {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("lines.c"), source).unwrap();
        let mut shell = quiet("sh");
        self.point(&mut shell);
        let compiled = run(shell.args(["-euc", compile]).current_dir(dir.path()));
        assert_eq!(compiled, (String::new(), String::new(), Some(0)), "{compile}");
        let program = if dir.path().join("lines").exists() { "./lines" } else { "./a.out" };
        let mut command = quiet(program);
        self.point(&mut command);
        command.current_dir(dir.path()).env("MMSTATS_PATH", dir.path());
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        input.write_all(b"one\ntwo\nthree\n").unwrap();
        // The page's program keeps its output until the end.
        if source.contains("fflush") {
            let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
            assert_eq!(lines.nth(1).unwrap().unwrap(), "two");
            let files = || fs::read_dir(dir.path()).unwrap().flatten().map(|entry| entry.path());
            let file = files().find(|path| path.extension().is_some_and(|end| end == "mmstats")).unwrap();
            let snapshot = Snapshot::of(&file).unwrap();
            let field = snapshot.find("lines").unwrap();
            assert_eq!((field.unit(), field.help()), (Some("lines"), Some("Lines answered")));
            // Of the second, only the answer is known.
            let count: u64 = field.value().to_string().parse().unwrap();
            assert!((1..=3).contains(&count), "{count}");
        }
        drop(input);
        let (_, stderr, code) = outcome(&child.wait_with_output().unwrap());
        assert_eq!((stderr.as_str(), code), ("", Some(0)));
        let left = fs::read_dir(dir.path()).unwrap().flatten();
        assert!(
            left.map(|entry| entry.path()).all(|path| path.extension().is_none_or(|end| end != "mmstats"))
        );
    }
}

/// The block of the README's section about C that begins so.
fn block<'a>(readme: &'a str, begin: &str) -> &'a str {
    let section = readme.split_once("## From C and C++\n").unwrap().1.split("\n## ").next().unwrap();
    section.split_once(begin).unwrap().1.split_once("```").unwrap().0
}

#[test]
fn the_program_of_the_readme_is_compiled_as_it_says_and_publishes() {
    let Some(installed) = Installed::new() else { return };
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    installed.tries(block(&readme, "```c\n"), block(&readme, "```sh\n"));
    let page = fs::read_to_string(root().join("man/mmstats.3")).unwrap();
    let (_, example) = page.split_once(".Bd -literal -offset indent\n").unwrap();
    let (source, after) = example.split_once(".Ed\n").unwrap();
    let compile = after.split_once(".Dl ").unwrap().1.lines().next().unwrap();
    installed.tries(&source.replace("\\e", "\\"), compile);
}

#[test]
fn what_is_installed_is_found_and_goes_again() {
    let Some(installed) = Installed::new() else { return };
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(installed.asked(&["--modversion"]), version);
    let tree = installed.to.path().display();
    let flags = installed.asked(&["--cflags", "--libs"]);
    for flag in [format!("-L{tree}/usr/lib/of-this-machine"), "-lmmstats".to_owned()] {
        assert!(flags.contains(&flag), "{flag} is not in {flags}");
    }
    assert!(installed.asked(&["--variable=includedir"]).ends_with("/usr/include"));
    assert!(installed.asked(&["--static", "--libs"]).contains("-pthread"));
    let libraries = installed.libraries();
    let link = |name: &str| fs::read_link(libraries.join(name)).unwrap();
    assert_eq!(link("libmmstats.so"), Path::new("libmmstats.so.0"));
    assert_eq!(link("libmmstats.so.0"), PathBuf::from(format!("libmmstats.so.{version}")));
    assert!(libraries.join("libmmstats.a").exists());
    assert!(installed.to.path().join("usr/share/man/man3/mmstats.3").exists());
    installed.make("uninstall-library");
    let (files, _, _) = run(Command::new("find").arg(installed.to.path()).args(["!", "-type", "d"]));
    assert_eq!(files, "");
}

#[test]
fn the_page_names_every_function_of_the_header() {
    let page = fs::read_to_string(root().join("man/mmstats.3")).unwrap();
    let words: Vec<_> = page.split(|c: char| !c.is_alphanumeric() && c != '_').collect();
    let missing: Vec<_> = declared().into_iter().filter(|name| !words.contains(&name.as_str())).collect();
    assert!(missing.is_empty(), "{missing:?}");
}
