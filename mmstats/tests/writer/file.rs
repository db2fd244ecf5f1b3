//! The file: its mode, its name, its lock, its end.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use mmstats::live::{Evidence, Judge, Life};
use mmstats::{ErrorKind, Gauge, Options, Snapshot};

use super::{Every, Inner, value};

#[test]
fn the_file_has_the_mode_that_was_asked_for_and_goes_with_its_instance() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new().dir(dir.path()).filename("x.mmstats");
    let stats = options.clone().mode(0o640).create::<()>().unwrap();
    assert_eq!(fs::metadata(stats.path()).unwrap().permissions().mode() & 0o7777, 0o640);
    let path = stats.path().to_owned();
    stats.remove().unwrap();
    assert!(!path.exists());
    stats.remove().unwrap();
    drop(stats);
    let stats = options.create::<Inner>().unwrap();
    stats.keep();
    stats.hits.add(5);
    stats.flush(true).unwrap();
    stats.flush(false).unwrap();
    drop(stats);
    assert_eq!(value(&path, "hits"), "5", "kept");
}

#[test]
fn removing_never_takes_a_file_that_has_the_name_by_now() {
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new().dir(dir.path()).filename("x.mmstats").create::<()>().unwrap();
    let path = stats.path().to_owned();
    fs::remove_file(&path).unwrap();
    fs::write(&path, "somebody else's").unwrap();
    stats.remove().unwrap();
    drop(stats);
    assert_eq!(fs::read_to_string(&path).unwrap(), "somebody else's");
}

#[test]
fn a_living_writers_name_is_held_and_a_dead_ones_is_replaced() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new().dir(dir.path()).filename("x.mmstats");
    let first = options.create::<Inner>().unwrap();
    first.hits.add(1);
    let error = options.create::<Inner>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Held);
    assert_eq!(value(first.path(), "hits"), "1");
    first.keep();
    drop(first);
    let second = options.create::<Inner>().unwrap();
    assert_eq!(value(second.path(), "hits"), "0");
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        1,
        "the dead one is gone, no temporary name is left"
    );
}

#[test]
fn what_is_no_stats_file_keeps_its_name() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.mmstats");
    let options = Options::new().dir(dir.path()).filename("x.mmstats");
    let refused = |what: &str| {
        let error = options.create::<()>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Foreign, "{what}: {error}");
        assert_eq!(error.reason().to_string(), format!("the name is taken by {what}"));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1, "{what}");
    };
    let elsewhere = tempfile::NamedTempFile::new().unwrap();
    symlink(elsewhere.path(), &path).unwrap();
    refused("a symbolic link");
    assert_eq!(elsewhere.as_file().metadata().unwrap().len(), 0);
    fs::remove_file(&path).unwrap();
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    refused("a FIFO");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    refused("a directory");
    fs::remove_dir(&path).unwrap();
    fs::write(&path, "notes").unwrap();
    refused("a file that is no stats file");
}

#[test]
fn where_no_file_can_be_made_a_program_may_go_on() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new().dir(dir.path().join("missing"));
    let error = options.create::<Every>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Io);
    assert!(error.is_not_found());
    let every = options.create_or_private::<Every>();
    assert!(every.error().unwrap().to_string().ends_with("creating it: No such file or directory"));
    every.counter.add(3);
    every.text.set("goes on");
    assert_eq!(every.counter.value(), 3);
    assert_eq!(every.text.value(), "goes on");
    let late: Vec<_> =
        (0..3000).map(|n| every.add_field(&n.to_string(), Gauge::<u16>::spec()).unwrap()).collect();
    late.iter().for_each(|gauge| gauge.set(7));
    every.flush(true).unwrap();
    every.remove().unwrap();
}

#[test]
fn braces_that_mean_nothing_are_an_error() {
    let error = Options::new().filename("{NAME}.mmstats").create::<()>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Template);
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new().dir(dir.path()).filename("{PID}-{PID}.mmstats").create::<()>().unwrap();
    let pid = std::process::id();
    assert!(stats.path().ends_with(format!("{pid}-{pid}.mmstats")));
}

#[test]
fn a_writer_is_alive_by_its_lock_and_dead_without() {
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new().dir(dir.path()).create::<()>().unwrap();
    let judge = Judge::new();
    let path = stats.path().to_owned();
    let verdict = judge.judge(&Snapshot::of(&path).unwrap());
    assert_eq!((verdict.life, verdict.evidence), (Life::Alive, Evidence::Locked));
    // Somebody who may only read can take a flock and a read lock. Neither makes the dead alive.
    stats.keep();
    drop(stats);
    let stranger = fs::File::open(&path).unwrap();
    let lock = nix::fcntl::Flock::lock(stranger, nix::fcntl::FlockArg::LockExclusiveNonblock).unwrap();
    let verdict = judge.judge(&Snapshot::of(&path).unwrap());
    assert_eq!((verdict.life, verdict.evidence), (Life::Dead, Evidence::Unlocked));
    drop(lock);
}

#[test]
fn the_lock_outlives_the_descriptor() {
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new().dir(dir.path()).create::<()>().unwrap();
    for entry in fs::read_dir("/proc/self/fd").unwrap().flatten() {
        let target = fs::read_link(entry.path()).unwrap_or_default();
        assert_ne!(target, stats.path(), "a descriptor is open");
    }
    assert_eq!(Judge::new().judge(&Snapshot::of(stats.path()).unwrap()).life, Life::Alive);
}
