//! Alive, dead or unknown, with real processes. See also `faults`.

#![allow(clippy::unwrap_used)]

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};

use harness::{Foreign, Guarded, gone_pid, now, sees_all_processes, some_time_ago};
use mmstats::live::Evidence::{Gone, Locked, Mapped, NoPid, OtherUser, Running, Unlocked, Younger, Zombie};
use mmstats::live::Life::{Alive, Dead, Unknown};
use mmstats::live::{Clues, Evidence, Judge, Life};
use mmstats::{Options, Snapshot};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;

fn judged(path: &Path) -> (Life, Evidence) {
    let verdict = Judge::new().judge(&Snapshot::of(path).unwrap());
    (verdict.life, verdict.evidence)
}

#[test]
fn a_foreign_file_lives_as_long_as_its_process() {
    if !sees_all_processes() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let idle = Guarded::idle();
    let path = Foreign::of(idle.0.id()).write(dir.path(), "x.mmstats");
    assert_eq!(judged(&path), (Alive, Running));
    drop(idle);
    assert_eq!(judged(&path), (Dead, Gone));
}

#[test]
fn a_zombie_is_dead() {
    if !sees_all_processes() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut child = Command::new("true").spawn().unwrap();
    let pid = i32::try_from(child.id()).unwrap();
    // Waits for its end and leaves it as it is.
    waitid(Id::Pid(Pid::from_raw(pid)), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT).unwrap();
    let path = Foreign::of(child.id()).write(dir.path(), "x.mmstats");
    assert_eq!(judged(&path), (Dead, Zombie));
    child.wait().unwrap();
}

#[test]
fn a_process_id_that_went_to_another_is_found_out() {
    if !sees_all_processes() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let idle = Guarded::idle();
    let file = Foreign::of(idle.0.id());
    let younger = file.created(some_time_ago()).write(dir.path(), "younger.mmstats");
    assert_eq!(judged(&younger), (Dead, Younger));
    let other = file.uid(u64::from(nix::unistd::getuid().as_raw()) + 4242).write(dir.path(), "other.mmstats");
    assert_eq!(judged(&other), (Dead, OtherUser));
    let doubtful = file.created(now() - 1.0).write(dir.path(), "doubtful.mmstats");
    assert_eq!(judged(&doubtful), (Alive, Running), "the clocks are not that exact");
}

#[test]
fn a_process_that_maps_a_file_keeps_it_alive() {
    if !sees_all_processes() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = Foreign::of(gone_pid()).write(dir.path(), "x.mmstats");
    let file = File::options().read(true).write(true).open(&path).unwrap();
    let map = memmap2::MmapOptions::new().map_raw(&file).unwrap();
    drop(file);
    assert_eq!(judged(&path), (Alive, Mapped));
    let renamed = dir.path().join("renamed.mmstats");
    fs::rename(&path, &renamed).unwrap();
    assert_eq!(judged(&renamed), (Alive, Mapped));
    let linked = dir.path().join("linked.mmstats");
    fs::hard_link(&renamed, &linked).unwrap();
    assert_eq!(judged(&linked), (Alive, Mapped));
    let copy = dir.path().join("copy.mmstats");
    fs::copy(&renamed, &copy).unwrap();
    assert_eq!(judged(&copy), (Dead, Gone));
    drop(map);
    assert_eq!(judged(&renamed), (Dead, Gone));
}

#[test]
fn one_look_serves_all_that_were_there_before_it_and_no_later_one() {
    if !sees_all_processes() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let judge = Judge::new();
    let dead = Foreign::of(gone_pid()).write(dir.path(), "dead.mmstats");
    let clues = Clues::of(&Snapshot::of(&dead).unwrap()).unwrap();
    assert_eq!(judge.decide(&clues).life, Dead);
    // Made and mapped after the judge looked at all processes.
    let path = Foreign::of(gone_pid()).write(dir.path(), "late.mmstats");
    let file = File::options().read(true).write(true).open(&path).unwrap();
    let map = memmap2::MmapOptions::new().map_raw(&file).unwrap();
    assert_eq!(judge.judge(&Snapshot::of(&path).unwrap()).evidence, Mapped);
    drop(map);
}

#[test]
fn who_does_not_say_is_not_known() {
    let dir = tempfile::tempdir().unwrap();
    let path = Foreign::default().write(dir.path(), "x.mmstats");
    assert_eq!(judged(&path), (Unknown, NoPid));
    for impossible in [0, u32::MAX, 1 << 31] {
        let path = Foreign::of(impossible).write(dir.path(), "x.mmstats");
        assert_eq!(judged(&path), (Unknown, NoPid), "{impossible}");
    }
    assert!(Clues::of(&Snapshot::new()).is_err());
}

#[test]
fn a_copy_of_a_living_file_is_dead() {
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new().dir(dir.path()).create::<()>().unwrap();
    let copy = dir.path().join("copy.mmstats");
    fs::copy(stats.path(), &copy).unwrap();
    assert_eq!(judged(stats.path()), (Alive, Locked));
    assert_eq!(judged(&copy), (Dead, Unlocked));
}

#[test]
fn a_process_whose_first_thread_ended_is_no_zombie() {
    if !sees_all_processes() {
        return;
    }
    // The second thread maps the file that it is given, says so, and stays.
    let script = "import ctypes, mmap, sys, threading, time
def stay():
    f = open(sys.argv[1], 'r+b'); m = mmap.mmap(f.fileno(), 0); f.close()
    while open('/proc/self/stat').read().split(')')[1].split()[0] != 'Z': time.sleep(0.001)
    print('ready', flush=True); time.sleep(1000); m.close()
threading.Thread(target=stay).start()
ctypes.CDLL(None).syscall(60, 0)";
    if !cfg!(target_arch = "x86_64") || Command::new("python3").arg("-V").output().is_err() {
        harness::skip("no python3, or not x86-64, whose number of exit is known here");
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.mmstats");
    fs::write(&path, "").unwrap();
    let mut command = Command::new("python3");
    command.arg("-c").arg(script).arg(&path).stdout(Stdio::piped());
    fs::write(&path, Foreign::of(gone_pid()).bytes()).unwrap();
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    std::io::BufRead::read_line(&mut std::io::BufReader::new(child.stdout.as_mut().unwrap()), &mut line)
        .unwrap();
    assert_eq!(line, "ready\n");
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).unwrap();
    assert!(stat.contains(") Z "), "{stat}");
    assert_eq!(judged(&path), (Alive, Mapped), "by a thread that lives");
    let own = Foreign::of(child.id()).write(dir.path(), "own.mmstats");
    assert_eq!(judged(&own), (Alive, Running));
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(judged(&path), (Dead, Gone));
}
