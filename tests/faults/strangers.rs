//! Writers of other users, and writers in other PID namespaces.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::actors::{Actor, original};
use crate::{
    ALIVE_LOCKED, ALIVE_MAPPED, ALIVE_RUNNING, DEAD_GONE, DEAD_UNLOCKED, UNKNOWN, can_unshare, cleaned,
    cleanstats, is_root, verdict,
};
use harness::{Foreign, copy_program, gone_pid, has, sees_all_processes, strangers_may_enter};

/// Two users that own nothing.
pub(crate) const ALICE: u32 = harness::STRANGER;
pub(crate) const BOB: u32 = 54322;

/// A directory like /tmp, with the programs in it where every user can run them.
pub(crate) struct Shared {
    dir: tempfile::TempDir,
    pub(crate) stats: PathBuf,
}

impl Shared {
    /// `None` where other users cannot come, and says so.
    pub(crate) fn new() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        let stats = dir.path().join("stats");
        fs::create_dir(&stats).unwrap();
        fs::set_permissions(dir.path(), Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(&stats, Permissions::from_mode(0o1777)).unwrap();
        if !strangers_may_enter(&stats) {
            return None;
        }
        for (program, name) in [
            (Path::new(env!("CARGO_BIN_EXE_cleanstats")), "cleanstats"),
            (&std::env::current_exe().unwrap(), "actor"),
        ] {
            copy_program(program, &dir.path().join(name));
        }
        Some(Self { dir, stats })
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn actor(&self, uid: u32, part: &str, name: &str) -> Actor {
        let mut command = Command::new(self.path().join("actor"));
        command.uid(uid).gid(uid);
        Actor::through(command, part, &self.stats, name)
    }

    fn cleanstats(&self, uid: u32) -> Command {
        let mut command = Command::new(self.path().join("cleanstats"));
        command.uid(uid).gid(uid);
        command
    }
}

#[test]
fn files_of_other_users() {
    if !is_root() {
        return;
    }
    let Some(shared) = Shared::new() else { return };
    let dir = &shared.stats;
    let mut living = shared.actor(ALICE, "writer", "living.mmstats");
    let mut killed = shared.actor(ALICE, "writer", "killed.mmstats");
    let (living_path, killed_path) = (PathBuf::from(living.line()), PathBuf::from(killed.line()));
    killed.kill();
    let theirs = original(&[], &ALICE.to_string(), dir, "theirs.mmstats").map(|mut actor| {
        actor.line();
        actor
    });
    let theirs_path = dir.join("theirs.mmstats");
    if theirs.is_some() {
        // The original leaves it to the umask who may read.
        fs::set_permissions(&theirs_path, Permissions::from_mode(0o644)).unwrap();
    }
    // Bob sees what lives, and may not remove what is dead.
    let (records, stderr, code) = harness::run(shared.cleanstats(BOB).arg("-v").arg(dir));
    assert_eq!(verdict(&records, &living_path), ALIVE_LOCKED);
    assert_eq!(verdict(&records, &killed_path), ("kept", "failed: Operation not permitted"));
    assert_eq!(
        (stderr, code),
        (format!("cleanstats: {}: Operation not permitted\n", killed_path.display()), Some(1))
    );
    if theirs.is_some() {
        assert_eq!(verdict(&records, &theirs_path), ALIVE_RUNNING, "not allowed to ask is not dead");
    }
    // Only his own, then: nothing to do.
    assert_eq!(cleaned(shared.cleanstats(BOB).args(["-u", &BOB.to_string()]).arg(dir)), "");
    let records = cleaned(cleanstats().arg("-v").arg(dir));
    assert_eq!(verdict(&records, &living_path), ALIVE_LOCKED);
    assert_eq!(verdict(&records, &killed_path), DEAD_UNLOCKED);
    if theirs.is_some() {
        assert_eq!(verdict(&records, &theirs_path), ALIVE_RUNNING);
    }
}

#[test]
fn a_private_file_is_not_known_to_others() {
    if !is_root() {
        return;
    }
    let Some(shared) = Shared::new() else { return };
    let path = Foreign::of(gone_pid()).write(&shared.stats, "x.mmstats");
    fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
    let records = cleaned(shared.cleanstats(BOB).args(["-v", "--unknown"]).arg(&shared.stats));
    assert_eq!(verdict(&records, &path), ("kept", "unknown: Permission denied"));
}

#[test]
fn a_process_that_may_not_be_looked_into_may_be_the_writer() {
    if !is_root() || !sees_all_processes() {
        return;
    }
    let Some(shared) = Shared::new() else { return };
    // Alice's process ended, and a child of it may live: root sees that none does. Bob cannot.
    let path = Foreign::of(gone_pid()).uid(ALICE.into()).write(&shared.stats, "x.mmstats");
    std::os::unix::fs::chown(&path, Some(ALICE), Some(ALICE)).unwrap();
    let mut command = Command::new("sleep");
    let mut secret = command.arg("1000").uid(ALICE).gid(ALICE).spawn().unwrap();
    let records = cleaned(shared.cleanstats(BOB).arg("-v").arg(&shared.stats));
    assert_eq!(verdict(&records, &path), UNKNOWN);
    let records = cleaned(cleanstats().arg("-v").arg(&shared.stats));
    assert_eq!(verdict(&records, &path), DEAD_GONE);
    secret.kill().unwrap();
    secret.wait().unwrap();
}

#[test]
fn a_user_cleans_up_without_seeing_everybody() {
    if !is_root() || !sees_all_processes() {
        return;
    }
    let Some(shared) = Shared::new() else { return };
    let path = Foreign::of(gone_pid()).uid(BOB.into()).write(&shared.stats, "x.mmstats");
    std::os::unix::fs::chown(&path, Some(BOB), Some(BOB)).unwrap();
    let records = cleaned(shared.cleanstats(BOB).arg("-v").arg(&shared.stats));
    assert_eq!(verdict(&records, &path), DEAD_GONE);
}

#[test]
fn where_processes_are_hidden_nothing_is_known_to_be_dead() {
    if !is_root() || !can_unshare(&["--mount"]) || !has("setpriv") {
        return;
    }
    let Some(shared) = Shared::new() else { return };
    let gone = Foreign::of(gone_pid()).write(&shared.stats, "gone.mmstats");
    let hidden = Foreign::of(std::process::id()).write(&shared.stats, "hidden.mmstats");
    let mut command = Command::new("unshare");
    let script =
        "mount -t proc -o hidepid=2 proc /proc && exec setpriv --reuid $0 --regid $0 --clear-groups \"$@\"";
    command.args(["--mount", "sh", "-c", script, &BOB.to_string()]).arg(shared.path().join("cleanstats"));
    let records = cleaned(command.arg("-v").arg(&shared.stats));
    assert_eq!(verdict(&records, &gone), UNKNOWN);
    assert_eq!(verdict(&records, &hidden), UNKNOWN, "it runs, and cannot be looked at");
}

const NAMESPACE: [&str; 4] = ["--pid", "--fork", "--mount-proc", "--kill-child"];

/// A command that runs in a PID namespace of its own.
fn apart(program: &Path) -> Command {
    let mut command = Command::new("unshare");
    command.args(NAMESPACE).arg(program);
    command
}

#[test]
fn writers_in_another_pid_namespace() {
    if !is_root() || !can_unshare(&NAMESPACE) {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let mut unshare = Command::new("unshare");
    unshare.args(NAMESPACE);
    let mut ours = Actor::through(unshare, "writer", dir, "ours.mmstats");
    let ours_path = PathBuf::from(ours.line());
    let before: Vec<_> = std::iter::once("unshare").chain(NAMESPACE).collect();
    let mut theirs = original(&before, "plain", dir, "theirs.mmstats");
    if let Some(theirs) = &mut theirs {
        assert_eq!(theirs.line(), "1", "that is what its file says");
    }
    let theirs_path = dir.join("theirs.mmstats");
    // From the first namespace, and from a third one.
    let outside = cleaned(cleanstats().arg("-v").arg(dir));
    let apart = cleaned(apart(Path::new(env!("CARGO_BIN_EXE_cleanstats"))).arg("-v").arg(dir));
    for records in [&outside, &apart] {
        assert_eq!(verdict(records, &ours_path), ALIVE_LOCKED);
        if theirs.is_some() {
            // Its id, 1, is somebody's everywhere: alive by mistake at worst.
            assert_eq!(verdict(records, &theirs_path).0, "kept");
        }
    }
    // An id that nobody has here.
    let stale = Foreign::of(gone_pid()).write(dir, "stale.mmstats");
    let records = cleaned(self::apart(Path::new(env!("CARGO_BIN_EXE_cleanstats"))).arg("-v").arg(dir));
    assert_eq!(verdict(&records, &stale), UNKNOWN, "not here is not dead");
    if sees_all_processes() && theirs.is_some() {
        // The same file with an id that nobody has outside: its mapping speaks for it.
        let bytes = fs::read(&theirs_path).unwrap();
        let at = bytes.windows(7).position(|part| part == b"sys.pid").unwrap() + 7 + 3 + 1;
        let file = fs::File::options().write(true).open(&theirs_path).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, &gone_pid().to_ne_bytes(), at as u64).unwrap();
        let records = cleaned(cleanstats().arg("-v").arg(dir));
        assert_eq!(verdict(&records, &theirs_path), ALIVE_MAPPED);
        assert_eq!(verdict(&records, &stale), DEAD_GONE);
    }
    ours.kill();
    // That was unshare; the writer in it is killed for it a moment later.
    let file = fs::File::open(&ours_path).unwrap();
    while mmstats::live::is_locked(&file).unwrap() {
        std::thread::yield_now();
    }
    let records = cleaned(cleanstats().arg("-v").arg(&ours_path));
    assert_eq!(verdict(&records, &ours_path), DEAD_UNLOCKED);
}
