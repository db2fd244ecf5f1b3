//! Counts of removed files are added up once.

use std::path::{Path, PathBuf};

use harness::image::Fields;
use harness::skip;

use super::{lines, run};

/// A file of a process that has ended, and its line on a list of the departed.
fn ended(dir: &Path, pid: u32, hits: u64) -> (PathBuf, String) {
    let file = Fields::new().dead().name("sys.pid", pid).name("sys.tid", pid);
    let name = format!("web-{pid}-{pid}.mmstats");
    let path = file.timestamp("sys.created", 7.0).counter("hits", hits).write(dir, name);
    let identity = files::identity(&mmstats::Snapshot::of(&path).unwrap());
    (path, identity)
}

#[test]
fn a_file_that_the_departed_hold_is_added_once() {
    let dir = tempfile::tempdir().unwrap();
    let (held, identity) = ended(dir.path(), 7, 5);
    ended(dir.path(), 8, 1);
    let name = format!("web-departed-{}.mmstats", nix::unistd::geteuid());
    let departed = Fields::new().dead().text("sys.departed", &format!("1:2:3.0:x {identity}"));
    departed.counter("hits", 105).write(dir.path(), name);
    for function in ["sum", "auto"] {
        assert_eq!(lines(&["-a", function, "-p", "hits"], dir.path()), ["hits\t106"], "{function}");
        let alive = lines(&["-a", function, "-p", "hits", "--alive"], dir.path());
        assert_eq!(alive, [""; 0], "all of them have ended");
    }
    assert_eq!(lines(&["-a", "max", "-p", "hits"], dir.path()), ["hits\t105"]);
    assert_eq!(lines(&["-p", "hits"], dir.path()).len(), 3, "each file is shown");
    std::fs::remove_file(held).unwrap();
    assert_eq!(lines(&["-a", "sum", "-p", "hits"], dir.path()), ["hits\t106"]);
}

#[test]
fn nobody_can_say_that_the_departed_hold_the_files_of_others() {
    if !nix::unistd::geteuid().is_root() {
        return skip("only root can give files to others");
    }
    let dir = tempfile::tempdir().unwrap();
    let (_, identity) = ended(dir.path(), 7, 5);
    let departed = Fields::new().dead().text("sys.departed", &identity).counter("hits", 100);
    let path = departed.write(dir.path(), "web-departed-65534.mmstats");
    if std::os::unix::fs::chown(path, Some(65534), None).is_err() {
        return skip("this root cannot give files to others");
    }
    assert_eq!(lines(&["-a", "sum", "-p", "hits"], dir.path()), ["hits\t105"]);
    let (out, err, code) = run(&["-o", "prometheus", "-p", "hits"], &[dir.path()]);
    assert_eq!((&*err, code), ("", Some(0)));
    assert!(out.ends_with("\nhits_total{cmd=\"web\"} 105\n"), "{out}");
}
