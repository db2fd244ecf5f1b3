//! Handles that outlive their instance: what they store to is alive as long as they are there.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};

use mmstats::live::{Evidence, Judge, Life};
use mmstats::{Counter, ErrorKind, Instance, Options, Snapshot};

/// A directory on a tmpfs. On an overlayfs, as containers have it, a file without its lock is not known to be
/// dead while its process runs.
fn memory() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn judged(path: &Path) -> (Life, Evidence) {
    let verdict = Judge::new().judge(&Snapshot::of(path).unwrap());
    (verdict.life, verdict.evidence)
}

fn value(path: &Path, label: &str) -> String {
    Snapshot::of(path).unwrap().find(label).unwrap().value().to_string()
}

fn options(dir: &Path) -> Options {
    Options::new().dir(dir).filename("x.mmstats")
}

/// An instance with handles all over a file that grew many times.
fn grown(dir: &Path) -> (Instance<()>, Vec<Counter>) {
    let stats = options(dir).create::<()>().unwrap();
    let add = |n| stats.add_field(&format!("late.{n}"), Counter::spec()).unwrap();
    let late = (0..9000).map(add).collect();
    assert!(stats.size() > 4 * 64 * 1024, "several mappings");
    (stats, late)
}

/// What must hold while a kept file has a handle: nobody takes it for dead, and nobody gets its name.
#[track_caller]
fn assert_lives(path: &Path, handle: &Counter, label: &str) {
    handle.incr();
    assert_eq!(value(path, label), handle.value().to_string());
    assert_eq!(judged(path), (Life::Alive, Evidence::Locked));
    let error = options(path.parent().unwrap()).create::<()>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Held);
}

fn kept_with_one_handle(number: usize) {
    let dir = memory();
    let (stats, mut late) = grown(dir.path());
    let (path, label) = (stats.path().to_owned(), format!("late.{number}"));
    let last = late.swap_remove(number);
    drop(late);
    stats.keep();
    assert_lives(&path, &last, &label);
    drop(stats);
    assert_lives(&path, &last, &label);
    drop(last);
    assert_eq!(judged(&path), (Life::Dead, Evidence::Unlocked));
    assert_eq!(value(&path, &label), "2");
    options(dir.path()).create::<()>().unwrap();
}

#[test]
fn a_kept_file_lives_as_long_as_a_handle_on_its_first_page() {
    kept_with_one_handle(0);
}

#[test]
fn a_kept_file_lives_as_long_as_a_handle_on_its_last_page() {
    kept_with_one_handle(8999);
}

#[test]
fn a_kept_file_lives_as_long_as_a_handle_in_between() {
    kept_with_one_handle(4000);
}

#[test]
fn without_keep_the_file_goes_with_the_instance_and_the_handle_counts_on_unseen() {
    let dir = memory();
    let (stats, late) = grown(dir.path());
    let path = stats.path().to_owned();
    drop(stats);
    assert!(!path.exists());
    late.iter().for_each(Counter::incr);
    assert_eq!(late[8999].value(), 1);
    // Its name is free, and what has it now is not touched.
    let next = options(dir.path()).create::<()>().unwrap();
    let hits = next.add_field("late.0", Counter::spec()).unwrap();
    late.iter().for_each(Counter::incr);
    drop(late);
    assert_eq!(value(&path, "late.0"), "0");
    hits.incr();
    assert_eq!(value(&path, "late.0"), "1");
    assert_eq!(judged(&path), (Life::Alive, Evidence::Locked));
}

#[test]
fn a_handle_keeps_its_file_alive_on_another_thread_than_it_was_made_on() {
    let dir = memory();
    let place = dir.path().to_owned();
    let (path, last): (PathBuf, Counter) = std::thread::spawn(move || {
        let (stats, mut late) = grown(&place);
        stats.keep();
        (stats.path().to_owned(), late.pop().unwrap())
    })
    .join()
    .unwrap();
    assert_lives(&path, &last, "late.8999");
    drop(last);
    assert_eq!(judged(&path), (Life::Dead, Evidence::Unlocked));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
}
