//! Writers that are killed, and what their process id means afterwards.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use mmstats::{Options, Snapshot, Value};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;

use crate::actors::{Actor, Load, original};
use crate::{ALIVE_LOCKED, ALIVE_MAPPED, DEAD_GONE, DEAD_UNLOCKED, cleaned, cleanstats, report, verdict};
use harness::{Foreign, gone_pid, sees_all_processes, skip, some_time_ago};

const WRITERS: usize = 200;
const SURVIVORS: usize = 5;

fn hits(path: &Path) -> u64 {
    match Snapshot::of(path).unwrap().find("hits").unwrap().value() {
        Value::Unsigned(hits) => hits,
        other => panic!("{other:?}"),
    }
}

#[test]
fn two_hundred_writers_killed_in_the_middle_of_updates() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let mut writers: Vec<_> =
        (0..WRITERS).map(|number| Actor::new("writer", dir, &format!("{number:03}.mmstats"))).collect();
    let mut survivors: Vec<_> = (0..SURVIVORS)
        .map(|number| Actor::new("writer", dir, &format!("survivor-{number}.mmstats")))
        .collect();
    let paths: Vec<_> = writers.iter_mut().map(|writer| PathBuf::from(writer.line())).collect();
    let spared: Vec<_> = survivors.iter_mut().map(|writer| PathBuf::from(writer.line())).collect();
    // All at once would only wait for each other: a few at a time are at work when they are killed.
    for (writers, paths) in writers.chunks_mut(4).zip(paths.chunks(4)) {
        writers.iter_mut().for_each(Actor::go_on);
        for path in paths {
            while hits(path) == 0 {
                std::thread::yield_now();
            }
        }
        writers.iter_mut().for_each(Actor::kill);
    }
    survivors.iter_mut().for_each(Actor::go_on);
    for path in &paths {
        let snapshot = Snapshot::of(path).unwrap();
        let fields: Vec<_> = snapshot.fields().map(|field| field.unwrap()).collect();
        assert_eq!(fields.len(), 9 + 5, "a timer is two fields");
        let Value::Text(page) = snapshot.find("page").unwrap().value() else { panic!() };
        assert!([&b""[..], b"/", b"/a/page/with/a/longer/name"].contains(&page), "{}", page.escape_ascii());
    }
    let inodes: BTreeMap<_, _> =
        spared.iter().map(|path| (path, fs::metadata(path).unwrap().ino())).collect();
    let records = cleaned(cleanstats().arg("-v").arg(dir));
    for path in &paths {
        assert_eq!(verdict(&records, path), DEAD_UNLOCKED);
    }
    for (path, inode) in inodes {
        assert_eq!(verdict(&records, path), ALIVE_LOCKED);
        assert_eq!(fs::metadata(path).unwrap().ino(), inode, "untouched");
        let before = hits(path);
        while hits(path) == before {
            std::thread::yield_now();
        }
    }
    assert_eq!(fs::read_dir(dir).unwrap().count(), SURVIVORS);
    report(&format!(
        "{WRITERS} writers killed, {WRITERS} files readable and removed, {SURVIVORS} live ones kept"
    ));
}

#[test]
fn a_zombies_file_is_removed() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let mut ours = Actor::new("writer", dir, "ours.mmstats");
    let ours_path = PathBuf::from(ours.line());
    let mut theirs = original(&[], "plain", dir, "theirs.mmstats");
    make_zombie(&mut ours);
    if let Some(theirs) = &mut theirs {
        theirs.line();
        make_zombie(theirs);
    }
    let records = cleaned(cleanstats().arg("-v").arg(dir));
    assert_eq!(verdict(&records, &ours_path), DEAD_UNLOCKED);
    if theirs.is_some() && sees_all_processes() {
        assert_eq!(verdict(&records, &dir.join("theirs.mmstats")), ("removed", "its process is a zombie"));
    }
}

/// Kills it and lets nobody notice.
fn make_zombie(actor: &mut Actor) {
    actor.child.kill().unwrap();
    let pid = Pid::from_raw(i32::try_from(actor.child.id()).unwrap());
    waitid(Id::Pid(pid), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT).unwrap();
}

/// Starts a process with exactly this id, as the kernel would some day. Then the kernel goes on where it was: the ids
/// of others that ended lately shall not be used again just now.
fn process_with_id(pid: u32) -> Option<std::process::Child> {
    const LAST: &str = "/proc/sys/kernel/ns_last_pid";
    let last = fs::read_to_string(LAST).ok()?;
    fs::write(LAST, (pid - 1).to_string()).ok()?;
    let mut child = Command::new("sleep").arg("1000").spawn().unwrap();
    fs::write(LAST, last).unwrap();
    if child.id() == pid {
        return Some(child);
    }
    child.kill().unwrap();
    child.wait().unwrap();
    None
}

#[test]
fn a_process_id_that_is_used_again() {
    if !sees_all_processes() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let mut ours = Actor::new("writer", dir, "ours.mmstats");
    let ours_path = PathBuf::from(ours.line());
    let pid = ours.child.id();
    // Made before the process that has its id by then began.
    let theirs = Foreign::of(pid).created(some_time_ago()).write(dir, "theirs.mmstats");
    ours.kill();
    // Other processes start meanwhile, and may be faster.
    let Some(mut reused) = (0..1000).find_map(|_| process_with_id(pid)) else {
        return skip("no process id can be chosen (/proc/sys/kernel/ns_last_pid)");
    };
    let records = cleaned(cleanstats().arg("-v").arg(dir));
    reused.kill().unwrap();
    reused.wait().unwrap();
    assert_eq!(verdict(&records, &ours_path), DEAD_UNLOCKED);
    assert_eq!(verdict(&records, &theirs), ("removed", "its process id went to a younger process"));
}

#[test]
fn a_child_that_outlives_its_parent() {
    if !crate::kernel::wipes_on_fork() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let mut parent = Actor::new("daemon", dir, "x.mmstats");
    let said = parent.line();
    parent.child.wait().unwrap();
    let said: Vec<_> = said.splitn(3, ' ').collect();
    assert_eq!(said[1], "105", "what was inherited still counts, where nobody sees it");
    let (inherited, own) = (dir.join("x.mmstats"), PathBuf::from(said[2]));
    assert_eq!(hits(&inherited), 5, "the parent's values are the parent's");
    let records = cleaned(cleanstats().arg("-v").arg(dir));
    assert_eq!(verdict(&records, &inherited), DEAD_UNLOCKED);
    assert_eq!(verdict(&records, &own), ALIVE_LOCKED);
    let before = hits(&own);
    parent.go_on();
    while hits(&own) == before {
        std::thread::yield_now();
    }
    let child = Pid::from_raw(said[0].parse().unwrap());
    nix::sys::signal::kill(child, nix::sys::signal::Signal::SIGKILL).unwrap();
}

#[test]
fn a_child_of_the_originals_keeps_its_parents_file() {
    if !sees_all_processes() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let Some(mut parent) = original(&[], "fork", dir.path(), "x.mmstats") else { return };
    let child = Pid::from_raw(parent.line().parse().unwrap());
    parent.child.wait().unwrap();
    let path = dir.path().join("x.mmstats");
    let records = cleaned(cleanstats().arg("-v").arg(dir.path()));
    assert_eq!(verdict(&records, &path), ALIVE_MAPPED, "its own process is gone");
    nix::sys::signal::kill(child, nix::sys::signal::Signal::SIGKILL).unwrap();
    while nix::sys::signal::kill(child, None).is_ok() && !is_zombie(child) {
        std::thread::yield_now();
    }
    let records = cleaned(cleanstats().arg("-v").arg(dir.path()));
    assert_eq!(verdict(&records, &path), DEAD_GONE);
}

/// Nobody waits for orphans where the first process does not.
fn is_zombie(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.contains(") Z ")
}

#[test]
fn two_instances_with_one_name_in_one_process() {
    let dir = tempfile::tempdir().unwrap();
    let options = Options::new().dir(dir.path()).filename("x.mmstats");
    let first = options.create::<Load>().unwrap();
    let error = options.create::<Load>().unwrap_err();
    assert_eq!(error.kind(), mmstats::ErrorKind::Held);
    let second = options.create_or_private::<Load>();
    second.hits.add(7);
    first.hits.add(1);
    let records = cleaned(cleanstats().arg("-v").arg(dir.path()));
    assert_eq!(verdict(&records, first.path()), ALIVE_LOCKED);
    drop(second);
    assert_eq!(hits(first.path()), 1);
    // The original writes into the first one's file.
    let stale = Foreign::of(gone_pid()).write(dir.path(), "y.mmstats");
    if sees_all_processes() {
        assert_eq!(verdict(&cleaned(cleanstats().arg("-v").arg(&stale)), &stale), DEAD_GONE);
    }
}
