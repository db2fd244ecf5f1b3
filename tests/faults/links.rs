//! Names that are swapped while root's cleanstats runs, with other users' files as the bait.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::path::Path;
use std::time::Instant;

use mmstats::{ErrorKind, Options};
use rustix::fs::{CWD, RenameFlags, renameat_with};

use crate::actors::{Actor, Load, say};
use crate::strangers::{ALICE, BOB, Shared};
use crate::{cleanstats, is_root, race_time, report};
use harness::{Foreign, gone_pid, sees_all_processes};

/// Swaps its own dead files, and directories of them, with links to the bait. Says how often.
pub(crate) fn attack(dir: &Path, bait: &Path) {
    let until = Instant::now() + race_time();
    let own = |name: &str| dir.join(name);
    // Inside a directory of its own, out of reach: what is swapped in.
    fs::create_dir(own("mine")).unwrap();
    symlink(bait, own("mine/link")).unwrap();
    symlink(bait.join("dead.mmstats"), own("mine/file-link")).unwrap();
    let swap = |a: &str, b: &str| {
        // What cleanstats took away meanwhile cannot be swapped.
        let _ = renameat_with(CWD, own(a), CWD, own(b), RenameFlags::EXCHANGE);
    };
    let mut swaps = 0_u64;
    say("ready");
    while Instant::now() < until {
        if !own("sub").is_dir() || own("sub").is_symlink() {
            swap("sub", "mine/link");
            let _ = fs::create_dir(own("sub"));
        }
        for file in ["sub/dead.mmstats", "dead.mmstats"] {
            if fs::symlink_metadata(own(file)).is_err() {
                let _ = fs::write(
                    own(file),
                    Foreign::of(u32::try_from(swaps % 1000 + 4_000_000).unwrap()).bytes(),
                );
            }
        }
        for _ in 0..50 {
            swap("sub", "mine/link");
            swap("dead.mmstats", "mine/file-link");
            swap("sub", "mine/link");
            swap("dead.mmstats", "mine/file-link");
            swaps += 4;
        }
    }
    say(&swaps.to_string());
}

#[test]
fn swapped_links_do_not_lead_to_the_bait() {
    if !is_root() || !sees_all_processes() {
        return;
    }
    let Some(shared) = Shared::new() else { return };
    // Bob's directory, with a dead stats file that cleanstats would remove if it were led there.
    let bait = shared.path().join("bait");
    fs::create_dir(&bait).unwrap();
    fs::set_permissions(&bait, fs::Permissions::from_mode(0o755)).unwrap();
    let dead = Foreign::of(gone_pid()).uid(BOB.into()).write(&bait, "dead.mmstats");
    chown(&dead, Some(BOB), Some(BOB)).unwrap();
    // And a living one beside the attacker's own, in a directory like /tmp.
    let mut bob = shared.actor(BOB, "writer", "bob.mmstats");
    let living = bob.line();
    let inodes = [&dead, Path::new(&living)].map(|path| fs::metadata(path).unwrap().ino());
    let mut attacker: Actor = shared.actor(ALICE, "attacker", bait.to_str().unwrap());
    assert_eq!(attacker.line(), "ready");
    let (mut runs, mut removed) = (0, 0);
    while attacker.child.try_wait().unwrap().is_none() {
        let output = cleanstats().arg(&shared.stats).output().unwrap();
        removed += output.stdout.iter().filter(|&&byte| byte == b'\n').count();
        runs += 1;
    }
    let swaps = attacker.line();
    let wrong = [&dead, Path::new(&living)]
        .iter()
        .zip(inodes)
        .filter(|(path, inode)| fs::metadata(path).map(|metadata| metadata.ino()).ok() != Some(*inode))
        .count();
    report(&format!(
        "links swapped {swaps} times under {runs} runs as root: {removed} of the attacker's own files removed, \
         {wrong} others"
    ));
    assert_eq!(wrong, 0);
    assert!(removed > 0, "the race was run on nothing");
}

#[test]
fn a_name_that_somebody_else_has_taken_is_left_alone() {
    if !is_root() {
        return;
    }
    let Some(shared) = Shared::new() else { return };
    let path = shared.stats.join("x.mmstats");
    let options = Options::new().dir(&shared.stats).filename("x.mmstats");
    let target = shared.path().join("target");
    fs::write(&target, "precious").unwrap();
    let refused = |what: &str| {
        let error = options.create::<Load>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Foreign, "{what}");
        assert_eq!(error.reason().to_string(), format!("the name is taken by {what}"));
        let private = options.create_or_private::<Load>();
        private.hits.incr();
    };
    symlink(&target, &path).unwrap();
    lchown(&path, Some(ALICE), Some(ALICE)).unwrap();
    refused("a symbolic link");
    fs::remove_file(&path).unwrap();
    fs::hard_link(&target, &path).unwrap();
    refused("a file that is no stats file");
    assert_eq!(fs::read_to_string(&target).unwrap(), "precious");
}
