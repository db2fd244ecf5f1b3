//! The command line, and what is said of files and fields that are not as they should be.

use std::fs::{self, File};

use harness::{counter, double, field, text, write};

use super::{pollstats, publish, run};

#[test]
fn help_and_version_are_on_stdout_and_nonsense_is_a_usage_error() {
    let (out, err, code) = run(&mut pollstats(&["--help"]));
    assert!(out.contains("Usage: pollstats [OPTION]... FIELD[,FIELD]... [PATH]...") && err.is_empty());
    assert_eq!(code, 0);
    let version = format!("pollstats {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run(&mut pollstats(&["-V"])), (version, String::new(), 0));
    for (args, reason) in [
        (&[][..], "no FIELD is given"),
        (&["a,,b"], "FIELD[,FIELD]... takes labels, not \"a,,b\""),
        (&["-d", "0", "a"], "--delay takes seconds, 0.001 or more, not \"0\""),
        (&["-c", "none", "a"], "--count takes a number, 1 or more, not \"none\""),
        (&["-n", "-1", "a"], "--headers takes a number, 0 or more, not \"-1\""),
        (&["-o", "xml", "a"], "--output takes text, tsv, csv or json, not \"xml\""),
        (&["--color", "maybe", "a"], "--color takes auto, always or never, not \"maybe\""),
        (&["--frob", "a"], "invalid option '--frob'"),
    ] {
        let want = format!("pollstats: {reason}\nTry 'pollstats --help'.\n");
        assert_eq!(run(&mut pollstats(args)), (String::new(), want, 2), "{args:?}");
    }
}

#[test]
fn the_lines_that_users_of_the_original_know_work() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (publish(dir.path(), "a"), publish(dir.path(), "b"));
    a.ok.add(40);
    b.ok.add(2);
    b.bad.incr();
    let want = "       2XX        5XX\n        42          1\n";
    for prefix in ["web.stats.status.", "web.stats.status"] {
        let args = ["-c", "1", "-p", prefix, "2XX,5XX"];
        let result = run(pollstats(&args).arg(a.path()).arg(b.path()));
        assert_eq!(result, (want.to_owned(), String::new(), 0), "{prefix}");
        assert_eq!(run(pollstats(&args).arg(dir.path())).0, want, "a directory");
        assert_eq!(run(pollstats(&args).env("MMSTATS_PATH", dir.path())).0, want, "the default place");
        let glob = dir.path().join("*.mmstats");
        assert_eq!(run(pollstats(&args).env("MMSTATS_GLOB", glob)).0, want, "MMSTATS_GLOB");
    }
}

#[test]
fn a_field_that_nobody_has_is_an_error_that_names_the_nearest() {
    let dir = tempfile::tempdir().unwrap();
    let _web = publish(dir.path(), "a");
    let run = |args: &[&str]| run(pollstats(args).arg(dir.path()));
    let (out, err, code) = run(&["-p", "web.stats.status.", "2XX,3XX"]);
    assert_eq!((out.as_str(), code), ("", 1));
    let near = "web.stats.status.2XX, web.stats.status.5XX, web.stats.sys.gid";
    let want = format!("pollstats: web.stats.status.3XX: no such label in 1 file; nearest: {near}\n");
    assert_eq!(err, want);
    let (_, err, code) = run(&["5XX"]);
    assert!(err.contains("5XX: no such label in 1 file; nearest: web.stats.status.5XX, "), "{err}");
    assert_eq!(code, 1);
    let (out, err, code) = run(&["-f", "mail.", "5XX"]);
    assert_eq!((out.as_str(), err.as_str(), code), ("", "pollstats: --filter: no match in 1 file\n", 1));
}

#[test]
fn where_no_file_is_the_reason_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().display();
    let want = format!("pollstats: no stats files found: looked for {path}\n");
    assert_eq!(run(pollstats(&["a"]).arg(dir.path())), (String::new(), want, 1));
    let missing = dir.path().join("missing.mmstats");
    let want = format!("pollstats: {}: opening it: No such file or directory\n", missing.display());
    assert_eq!(run(pollstats(&["a"]).arg(&missing)), (String::new(), want, 1));
}

#[test]
fn a_field_that_is_too_large_to_be_followed_is_said_once() {
    let dir = tempfile::tempdir().unwrap();
    let _web = publish(dir.path(), "a");
    let path = write(dir.path(), "b.mmstats", &[field(b"web.stats.depth", "134000000s", 0, b"")]);
    File::options().write(true).open(&path).unwrap().set_len(1 << 28).unwrap();
    let args = ["-c", "2", "-d", "0.01", "-o", "tsv", "-p", "web.stats.", "=depth"];
    let (out, err, code) = run(pollstats(&args).arg(dir.path()));
    let want = format!("pollstats: {}: field at byte 1: ends beyond 16777216 bytes\n", path.display());
    assert_eq!((out.as_str(), err.as_str(), code), ("=depth\n0\n0\n", want.as_str(), 1));
}

#[test]
fn what_cannot_be_read_is_said_once() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    fs::write(dir.path().join("b.mmstats"), "no stats").unwrap();
    let args = ["-c", "5", "-d", "0.01", "-o", "tsv", "-p", "web.stats.", "=depth"];
    let (out, err, code) = run(pollstats(&args).arg(dir.path()));
    assert_eq!((out.as_str(), code), ("=depth\n0\n0\n0\n0\n0\n", 1));
    let path = dir.path().join("b.mmstats");
    let want = format!("pollstats: {}: not a stats file: version 110, 1 and 2 are known\n", path.display());
    assert_eq!(err, want);
    drop(web);
}

#[test]
fn files_that_differ_in_a_type_lose_no_number_and_text_is_named() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "a.mmstats", &[counter("hits", 507), counter("ready", 5)]);
    write(dir.path(), "b.mmstats", &[double("hits", 0.5), field(b"ready", "?", 0xff, &[1])]);
    let c = write(dir.path(), "c.mmstats", &[text("ready", b"no"), text("state", b"up")]);
    let args = ["-c", "2", "-d", "0.01", "-o", "tsv"];
    let shown = |fields: &str| run(pollstats(&args).arg(fields).arg(dir.path()));
    assert_eq!(shown("hits,=hits"), ("hits\t=hits\n507.5\t507.5\n0.5\t507.5\n".to_owned(), String::new(), 0));
    let said = "ready is text here and a number elsewhere: left out";
    let said = format!("pollstats: {}: {said}\n", c.display());
    assert_eq!(shown("=ready,state"), ("=ready\tstate\n6\tup\n6\tup\n".to_owned(), said, 1), "said once");
}
