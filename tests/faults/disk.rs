//! A disk that is full.

use std::fs;
use std::path::Path;
use std::process::Command;

use mmstats::{Counter, Options};

use crate::actors::{Actor, Load, say, wait};
use crate::{can_unshare, is_root, report};

/// Runs this program in a part on a small disk of its own.
fn on_small_disk(part: &str, folder: &Path, pages: usize) -> Actor {
    let mut command = Command::new("unshare");
    let mount = format!("mount -t tmpfs -o size={}k none '{}' && exec \"$@\"", 4 * pages, folder.display());
    command.args(["--mount", "sh", "-c", &mount, "sh"]);
    Actor::through(command, part, folder, "")
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
    let mut command = crate::cleanstats();
    let output = command.arg("--archive").args([&archive, folder]).output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!((output.stdout.len(), output.status.code()), (0, Some(1)));
    assert_eq!(stderr, format!("cleanstats: {}: No space left on device\n", archive.display()));
    assert_eq!(fs::metadata(&archive).unwrap().len(), 0);
    assert_eq!(fs::read_dir(folder).unwrap().count(), left.len() + 1);
    assert!(crate::cleanstats().arg(folder).status().unwrap().success());
    say("all is well");
    wait();
}

#[test]
fn nothing_is_killed_by_a_full_disk() {
    if !is_root() || !can_unshare(&["--mount"]) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let mut program = on_small_disk("fill", dir.path(), 8);
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
