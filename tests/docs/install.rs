//! `make install-tools`, and what bash finds there.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use harness::{has, outcome, skip};

use super::{TOOLS, binaries, root};

const BASH_COMPLETION: &str = "/usr/share/bash-completion/bash_completion";

/// Loads what completes `$1`, by its name alone, and says what that is.
const LOAD: &str = r#"
source "$0" || exit
read -r -a loader <<<"$(complete -p -D)"
"${loader[-2]}" "$1"
complete -p "$1"
"#;

/// Runs a target of the Makefile for a tree below `to`. What is built is there already.
fn make(target: &str, to: &Path, built: &Path) {
    let mut make = Command::new("make");
    make.args(["--silent", target, "CARGO=:", "PREFIX=/usr"]).arg(format!("DESTDIR={}", to.display()));
    make.current_dir(root()).env("CARGO_TARGET_DIR", built).env_remove("MAKEFLAGS").env_remove("MAKELEVEL");
    let (_, stderr, code) = outcome(&make.output().unwrap());
    assert_eq!((stderr.as_str(), code), ("", Some(0)), "make {target}");
}

/// The files below a directory, links included.
fn count(dir: &Path) -> usize {
    let entries = fs::read_dir(dir).unwrap().flatten();
    entries.map(|entry| if entry.file_type().unwrap().is_dir() { count(&entry.path()) } else { 1 }).sum()
}

#[test]
fn bash_loads_the_completion_of_each_installed_tool_by_its_name() {
    if !has("make") {
        return;
    }
    let (built, to) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::create_dir(built.path().join("release")).unwrap();
    for (tool, _) in TOOLS {
        symlink(binaries().join(tool), built.path().join("release").join(tool)).unwrap();
    }
    make("install-tools", to.path(), built.path());
    let share = to.path().join("usr/share");
    for (tool, section) in TOOLS {
        let page = share.join(format!("man/man{section}/{tool}.{section}"));
        for file in [to.path().join("usr/bin").join(tool), page] {
            assert!(file.exists(), "{}", file.display());
        }
        let installed = fs::read(share.join("bash-completion/completions").join(tool)).unwrap();
        let ours = fs::read(root().join("completions").join(format!("{tool}.bash"))).unwrap();
        assert!(installed == ours, "{tool}: its completion is another text");
    }
    if !Path::new(BASH_COMPLETION).exists() {
        skip("bash-completion is not installed");
    } else if has("bash") {
        for (tool, _) in TOOLS {
            let mut bash = Command::new("bash");
            bash.args(["--norc", "-c", LOAD, BASH_COMPLETION, tool]).current_dir(to.path());
            bash.env("XDG_DATA_DIRS", &share).env("BASH_COMPLETION_USER_DIR", "/no/such/place");
            let want = (format!("complete -F _{tool} {tool}\n"), String::new(), Some(0));
            assert_eq!(outcome(&bash.output().unwrap()), want);
        }
    }
    make("uninstall-tools", to.path(), built.path());
    assert_eq!(count(to.path()), 0, "uninstall leaves nothing");
}
