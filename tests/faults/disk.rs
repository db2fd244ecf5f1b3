//! A disk that is full.

use std::fs;
use std::path::Path;
use std::process::Command;

use mmstats::live::{Evidence, Life};
use mmstats::{Counter, Options};

use crate::actors::{Actor, Load, say, wait};
use crate::foreign::skip;
use crate::{
    ALIVE_LOCKED, ALIVE_MAPPED, ALIVE_RUNNING, can_unshare, cleaned, cleanstats, is_root, report, verdict,
};

/// Runs this program in a part on a small disk of its own.
fn on_small_disk(part: &str, folder: &Path, pages: usize, and: &str) -> Actor {
    let mut command = Command::new("unshare");
    let folder_ = folder.display();
    let mount = format!(
        "mount -t tmpfs -o size={}k none '{folder_}' && cd '{folder_}' && {and} exec \"$@\"",
        4 * pages
    );
    command.args(["--mount", "sh", "-c", &mount, "sh"]);
    Actor::through(command, part, folder, "")
}

/// Publishes on an overlayfs, where a mapping does not keep the lock.
pub(crate) fn lie_upon_others(folder: &Path) {
    let options = Options::new().path(folder.join("merged")).filename("x.mmstats");
    let load = options.create::<Load>().unwrap();
    let (path, below) = (load.path().to_owned(), folder.join("upper/x.mmstats"));
    let records = |path: &Path| cleaned(cleanstats().arg("-v").arg(path));
    assert_eq!(verdict(&records(&path), &path), ALIVE_LOCKED);
    assert_eq!(verdict(&records(&below), &below), ALIVE_MAPPED, "the lock cannot be seen there");
    let judged = mmstats::live::Judge::new().judge(&mmstats::Snapshot::of(&below).unwrap());
    assert_eq!(
        (judged.life, judged.evidence),
        (Life::Unknown, Evidence::HiddenLock),
        "without a look at all processes"
    );
    let aside = folder.join("copy.mmstats");
    fs::copy(&below, &aside).unwrap();
    let judged = mmstats::live::Judge::new().judge(&mmstats::Snapshot::of(&aside).unwrap());
    assert_eq!((judged.life, judged.evidence), (Life::Dead, Evidence::Unlocked), "beside the overlay");
    // A daemon closes all descriptors, and opens others in their place.
    let held = fs::read_dir("/proc/self/fd").unwrap().flatten();
    let held = held.map(|entry| entry.path()).find(|link| fs::read_link(link).is_ok_and(|to| to == path));
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

#[test]
fn where_a_mapping_does_not_keep_the_lock() {
    if !is_root() || !can_unshare(&["--mount"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let overlay = "mkdir lower upper work merged && \
                   mount -t overlay -o lowerdir=lower,upperdir=upper,workdir=work overlay merged || exit 77;";
    let mut program = on_small_disk("overlay", dir.path(), 256, overlay);
    match program.next_line() {
        Some(line) => assert_eq!(line, "all is well"),
        None => {
            assert_eq!(program.child.wait().unwrap().code(), Some(77));
            skip("no overlayfs");
        }
    }
}

/// Publishes until the disk is full; what fits must work, and what does not must be an error.
pub(crate) fn fill(folder: &Path) {
    let options = |number: usize| Options::new().path(folder).filename(format!("{number}.mmstats"));
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
    let left: Vec<_> = fs::read_dir(folder).unwrap().flatten().collect();
    assert_eq!(left.len(), made.len(), "no temporary file is left");
    // What is removed makes room.
    drop(made.pop());
    made.push(options(made.len()).create().unwrap());
    made.iter().for_each(mmstats::Instance::keep);
    drop(made);
    // The archive has no room, either: nothing goes without it, and nothing half is in it.
    let archive = folder.join("archive");
    let mut command = cleanstats();
    let output = command.arg("--archive").args([&archive, folder]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.stdout.len(), output.status.code()), (0, Some(1)));
    assert_eq!(stderr, format!("cleanstats: {}: No space left on device\n", archive.display()));
    assert_eq!(fs::metadata(&archive).unwrap().len(), 0);
    assert_eq!(fs::read_dir(folder).unwrap().count(), left.len() + 1);
    assert!(cleanstats().arg(folder).status().unwrap().success());
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
    assert_eq!(made, "8 allocating its blocks: No space left on device");
    let (count, error) = late.split_once(' ').unwrap();
    assert!(count.parse::<usize>().unwrap() > 10, "{late}");
    assert_eq!(error, "allocating its blocks: No space left on device");
    assert_eq!(program.line(), "all is well");
    program.go_on();
    assert!(program.child.wait().unwrap().success());
    report("full tmpfs: creating and adding fields fail with an error, 8,000 updates went on, no signal");
}
