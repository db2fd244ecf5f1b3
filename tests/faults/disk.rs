//! A disk that is full.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::process::Command;

use mmstats::live::{Evidence, Life};
use mmstats::{Counter, ErrorKind, Options};

use crate::actors::{Actor, Load, say, wait};
use crate::{
    ALIVE_LOCKED, ALIVE_MAPPED, ALIVE_RUNNING, can_unshare, cleaned, cleanstats, is_root, report, verdict,
};
use harness::skip;

/// Runs this program in a part on a small disk of its own.
fn on_small_disk(part: &str, dir: &Path, pages: usize, and: &str) -> Actor {
    let mut command = Command::new("unshare");
    let shown = dir.display();
    let mount =
        format!("mount -t tmpfs -o size={}k none '{shown}' && cd '{shown}' && {and} exec \"$@\"", 4 * pages);
    command.args(["--mount", "sh", "-c", &mount, "sh"]);
    Actor::through(command, part, dir, "")
}

/// Publishes on an overlayfs, where a mapping does not keep the lock.
pub(crate) fn lie_upon_others(dir: &Path) {
    let options = Options::new().dir(dir.join("merged")).filename("x.mmstats");
    let load = options.create::<Load>().unwrap();
    let (path, below) = (load.path().to_owned(), dir.join("upper/x.mmstats"));
    let records = |path: &Path| cleaned(cleanstats().arg("-v").arg(path));
    assert_eq!(verdict(&records(&path), &path), ALIVE_LOCKED);
    assert_eq!(verdict(&records(&below), &below), ALIVE_MAPPED, "the lock cannot be seen there");
    let judged = mmstats::live::Judge::new().judge(&mmstats::Snapshot::of(&below).unwrap());
    assert_eq!(
        (judged.life, judged.evidence),
        (Life::Unknown, Evidence::HiddenLock),
        "without a look at all processes"
    );
    let aside = dir.join("copy.mmstats");
    fs::copy(&below, &aside).unwrap();
    let judged = mmstats::live::Judge::new().judge(&mmstats::Snapshot::of(&aside).unwrap());
    assert_eq!((judged.life, judged.evidence), (Life::Dead, Evidence::Unlocked), "beside the overlay");
    // A daemon closes all descriptors, and opens others in their place.
    // By identity: where publishing is a link, the descriptor keeps the temporary name.
    let identity = |path: &Path| fs::metadata(path).map(|metadata| (metadata.dev(), metadata.ino())).ok();
    let held = fs::read_dir("/proc/self/fd").unwrap().flatten();
    let held = held.map(|entry| entry.path()).find(|link| identity(link) == identity(&path));
    let number: i32 = held.unwrap().file_name().unwrap().to_str().unwrap().parse().unwrap();
    nix::unistd::close(number).unwrap();
    let other = fs::File::open("/dev/null").unwrap();
    assert_eq!(std::os::fd::AsRawFd::as_raw_fd(&other), number);
    assert_eq!(verdict(&records(&path), &path), ALIVE_RUNNING);
    load.keep();
    drop(load);
    other.metadata().unwrap();
    say("all is well");
    wait();
}

/// Makes an overlayfs in `merged`, on a disk in memory.
const OVERLAY: &str = "mkdir lower upper work merged && \
    mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay merged || exit 77;";

/// Waits for the end of a part that wants a file system which may not be here.
fn assert_all_is_well(mut program: Actor, file_system: &str) {
    match program.next_line() {
        Some(line) => assert_eq!(line, "all is well"),
        None => {
            assert_eq!(program.child.wait().unwrap().code(), Some(77));
            skip(&format!("no {file_system}"));
        }
    }
}

#[test]
fn where_a_mapping_does_not_keep_the_lock() {
    if !is_root() || !can_unshare(&["--mount"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    assert_all_is_well(on_small_disk("overlay", dir.path(), 256, OVERLAY), "overlayfs");
}

/// The descriptors of this process that lead to files below `dir`.
fn descriptors(dir: &Path) -> usize {
    let links = fs::read_dir("/proc/self/fd").unwrap().flatten();
    links.filter(|link| fs::read_link(link.path()).is_ok_and(|to| to.starts_with(dir))).count()
}

/// Publishes on an overlayfs as often as a limit of 40 descriptors allows: each file costs one there.
pub(crate) fn crowd(dir: &Path) {
    let dir = dir.join("merged");
    let options = |number: usize| Options::new().dir(&dir).filename(format!("{number}.mmstats"));
    let mut made = Vec::new();
    let error = loop {
        match options(made.len()).create::<Load>() {
            Ok(load) => made.push(load),
            Err(error) => break error,
        }
    };
    assert_eq!(error.as_io().unwrap().raw_os_error(), Some(nix::libc::EMFILE));
    // The rest is the C library's words.
    assert!(error.reason().to_string().starts_with("keeping it open for its lock: "), "{error}");
    assert_eq!(descriptors(&dir), made.len());
    assert_eq!(fs::read_dir(&dir).unwrap().count(), made.len(), "no temporary file is left");
    let private = options(1000).create_or_private::<Load>();
    private.hits.add(3);
    assert_eq!((private.hits.value(), private.error().is_some()), (3, true));
    // A quarter is left to the program.
    let own: Vec<_> = (0..10).map(|_| fs::File::open("/dev/null").unwrap()).collect();
    assert!(fs::File::open("/dev/null").is_err(), "the limit is 40");
    // With none left a file can grow all the same, by the descriptor that it has.
    let late: Vec<_> = (0..500)
        .map(|number| made[0].add_field(&format!("late.{number}"), Counter::spec()).unwrap())
        .collect();
    late.iter().for_each(Counter::incr);
    drop(own);
    assert_eq!(descriptors(&dir), made.len());
    let path = made[0].path().to_owned();
    let verdict_of = |path: &Path| {
        let records = cleaned(cleanstats().args(["-n", "-v"]).arg(path));
        records.split('\t').nth(2).unwrap().lines().next().unwrap().to_owned()
    };
    // A handle that stays keeps the lock, wherever in the file it is; the descriptor goes with the last.
    let first = made.swap_remove(0);
    first.keep();
    drop(first);
    assert_eq!(verdict_of(&path), ALIVE_LOCKED.1);
    assert_eq!(descriptors(&dir), made.len() + 1);
    drop(late);
    assert_eq!(descriptors(&dir), made.len());
    made.push(options(2000).create::<Load>().unwrap());
    say("all is well");
}

#[test]
fn descriptors_for_locks_leave_some_to_the_program() {
    if !is_root() || !can_unshare(&["--mount"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let few = format!("{OVERLAY} ulimit -n 40;");
    assert_all_is_well(on_small_disk("crowd", dir.path(), 1024, &few), "overlayfs");
}

/// Publishes where a full disk would make an update a signal.
pub(crate) fn publish_where_blocks_move(dir: &Path) {
    let options = Options::new().dir(dir.join("disk")).filename("x.mmstats");
    let error = options.create::<Load>().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::FileSystem);
    let want = "on btrfs a full disk would kill the program at an update; publish on a tmpfs";
    assert_eq!(error.reason().to_string(), want);
    let private = options.create_or_private::<Load>();
    private.hits.add(3);
    assert_eq!((private.hits.value(), private.error().is_some()), (3, true));
    assert_eq!(fs::read_dir(dir.join("disk")).unwrap().count(), 0, "no temporary file is left");
    say("all is well");
}

#[test]
fn a_file_system_that_looks_for_room_at_each_store_is_refused() {
    if !is_root() || !can_unshare(&["--mount"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let btrfs = "{ mkdir disk && truncate -s 128M image && mkfs.btrfs -q image && \
                 mount -t btrfs -o loop image disk; } >/dev/null 2>&1 || exit 77;";
    // The image is larger than the disk, and has holes.
    assert_all_is_well(on_small_disk("blocks", dir.path(), 8192, btrfs), "btrfs");
}

/// Publishes until the disk is full; what fits must work, and what does not must be an error.
pub(crate) fn fill(dir: &Path) {
    let options = |number: usize| Options::new().dir(dir).filename(format!("{number}.mmstats"));
    let mut made = Vec::new();
    let error = loop {
        match options(made.len()).create::<Load>() {
            Ok(load) => made.push(load),
            Err(error) => break error,
        }
    };
    say(&format!("{} {}", made.len(), error.reason()));
    // A program that asked to go on goes on.
    let private = options(1000).create_or_private::<Load>();
    private.hits.add(3);
    assert_eq!((private.hits.value(), private.error().is_some()), (3, true));
    // Fields that no longer fit are errors; those that are there work on.
    let mut late = Vec::new();
    let error = loop {
        match made[0].add_field(&format!("late.{}", late.len()), Counter::spec()) {
            Ok(counter) => late.push(counter),
            Err(error) => break error,
        }
    };
    say(&format!("{} {}", late.len(), error.reason()));
    for load in &made {
        (0..1000).for_each(|_| load.hits.incr());
        load.page.set("everything in its place");
    }
    late.iter().for_each(Counter::incr);
    let left: Vec<_> = fs::read_dir(dir).unwrap().flatten().collect();
    assert_eq!(left.len(), made.len(), "no temporary file is left");
    // What is removed makes room.
    drop(made.pop());
    made.push(options(made.len()).create().unwrap());
    made.iter().for_each(mmstats::Instance::keep);
    drop(made);
    // The archive has no room, either: nothing goes without it, and nothing half is in it.
    let archive = dir.join("archive");
    let mut command = cleanstats();
    let output = command.arg("--archive").args([&archive, dir]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.stdout.len(), output.status.code()), (0, Some(1)));
    assert_eq!(stderr, format!("cleanstats: {}: No space left on device\n", archive.display()));
    assert_eq!(fs::metadata(&archive).unwrap().len(), 0);
    assert_eq!(fs::read_dir(dir).unwrap().count(), left.len() + 1);
    assert!(cleanstats().arg(dir).status().unwrap().success());
    say("all is well");
    wait();
}

#[test]
fn nothing_is_killed_by_a_full_disk() {
    if !is_root() || !can_unshare(&["--mount"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut program = on_small_disk("fill", dir.path(), 8, "");
    let (made, late) = (program.line(), program.line());
    assert_eq!(made, "2 allocating its blocks: No space left on device");
    let (count, error) = late.split_once(' ').unwrap();
    assert!(count.parse::<usize>().unwrap() > 10, "{late}");
    assert_eq!(error, "allocating its blocks: No space left on device");
    assert_eq!(program.line(), "all is well");
    program.go_on();
    assert!(program.child.wait().unwrap().success());
    report("full tmpfs: creating and adding fields fail with an error, 8,000 updates went on, no signal");
}
