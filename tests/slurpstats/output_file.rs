//! `--output-file`: replaced as a whole, or not at all.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use harness::{
    Outcome, STRANGER, copy_program, counter, outcome, strangers_may_enter, tool, words_of, write,
};

use super::{ok, run, slurpstats};

#[test]
fn an_output_file_is_replaced_as_a_whole() {
    let dir = tempfile::tempdir().unwrap();
    let stats = write(dir.path(), "a.mmstats", &[counter("hits", 3)]);
    let out = dir.path().join("out.prom");
    fs::write(&out, "old").unwrap();
    let mut old = File::open(&out).unwrap();
    assert_eq!(run(&["-a", "sum", "--output-file", out.to_str().unwrap()], &[&stats]), ok(""));
    assert_eq!(fs::read_to_string(&out).unwrap(), "hits\t3\n");
    let mut before = String::new();
    old.read_to_string(&mut before).unwrap();
    assert_eq!(before, "old", "who reads the old one reads on");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "no temporary name is left");
    let missing = dir.path().join("missing/out.prom");
    let want = format!("slurpstats: {}: No such file or directory\n", missing.display());
    assert_eq!(run(&["--output-file", missing.to_str().unwrap()], &[&stats]), (String::new(), want, Some(1)));
    let want = format!("slurpstats: {}: Is a directory\n", dir.path().display());
    let target = dir.path().to_str().unwrap();
    assert_eq!(run(&["--output-file", target], &[&stats]), (String::new(), want, Some(1)));
}

/// Runs it with `--output-file`.
fn run_to(file: &Path, operands: &[&Path]) -> Outcome {
    outcome(&slurpstats().args(["-a", "sum", "--output-file"]).arg(file).args(operands).output().unwrap())
}

#[test]
fn an_output_file_that_is_a_link_stays_one() {
    let dir = tempfile::tempdir().unwrap();
    let stats = write(dir.path(), "a.mmstats", &[counter("hits", 3)]);
    fs::create_dir(dir.path().join("sub")).unwrap();
    fs::write(dir.path().join("sub/target"), "old").unwrap();
    let (link, chain) = (dir.path().join("link"), dir.path().join("sub/chain"));
    symlink("sub/chain", &link).unwrap();
    symlink("target", &chain).unwrap();
    assert_eq!(run_to(&link, &[&stats]), ok(""));
    assert_eq!(fs::read_to_string(dir.path().join("sub/target")).unwrap(), "hits\t3\n");
    assert_eq!(fs::read_link(&link).unwrap(), Path::new("sub/chain"));
    // To where there is nothing yet, too.
    fs::remove_file(dir.path().join("sub/target")).unwrap();
    assert_eq!(run_to(&link, &[&stats]), ok(""));
    assert_eq!(fs::read_to_string(dir.path().join("sub/target")).unwrap(), "hits\t3\n");
    assert_eq!(fs::read_dir(dir.path().join("sub")).unwrap().count(), 2, "no temporary name is left");
    let ring = dir.path().join("ring");
    symlink("ring", &ring).unwrap();
    let words = words_of(nix::errno::Errno::ELOOP as i32);
    let want = format!("slurpstats: {}: {words}\n", ring.display());
    assert_eq!(run_to(&ring, &[&stats]), (String::new(), want, Some(1)));
}

/// A copy of the tool that may write to `/dev`'s devices but can replace none of them, even if root runs the
/// tests, and whatever is wrong with it.
struct Harmless {
    dir: tempfile::TempDir,
    stats: PathBuf,
}

impl Harmless {
    /// `None` where other users cannot come, and says so.
    fn new() -> Option<Self> {
        let dir = tempfile::tempdir().unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
        if !strangers_may_enter(dir.path()) {
            return None;
        }
        let stats = write(dir.path(), "a.mmstats", &[counter("hits", 3)]);
        fs::set_permissions(&stats, fs::Permissions::from_mode(0o644)).unwrap();
        let program = dir.path().join("slurpstats");
        copy_program(env!("CARGO_BIN_EXE_slurpstats"), &program);
        Some(Self { dir, stats })
    }

    fn run_to(&self, file: impl AsRef<Path>) -> Command {
        let mut command = tool(self.dir.path().join("slurpstats").to_str().unwrap());
        command.args(["-a", "sum", "--output-file"]).arg(file.as_ref()).arg(&self.stats);
        if nix::unistd::geteuid().is_root() {
            command.uid(STRANGER).gid(STRANGER);
        }
        command
    }
}

#[test]
fn what_is_no_regular_file_is_written_to_and_stays_what_it_is() {
    let Some(harmless) = Harmless::new() else { return };
    let dir = harmless.dir.path();
    let run = |file: &Path| outcome(&harmless.run_to(file).output().unwrap());
    let link = dir.join("null");
    symlink("/dev/null", &link).unwrap();
    assert_eq!(run(Path::new("/dev/null")), ok(""));
    assert_eq!(run(&link), ok(""));
    assert_eq!(fs::read_link(&link).unwrap(), Path::new("/dev/null"));
    let want = "slurpstats: /dev/full: No space left on device\n".to_owned();
    assert_eq!(run(Path::new("/dev/full")), (String::new(), want, Some(1)));
    let stats = &harmless.stats;
    let fifo = dir.join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    // Open at both ends, so that neither waits for the other.
    let mut reader = File::options().read(true).write(true).open(&fifo).unwrap();
    assert_eq!(run_to(&fifo, &[stats]), ok(""));
    assert!(fs::symlink_metadata(&fifo).unwrap().file_type().is_fifo());
    let mut read = [0; 7];
    reader.read_exact(&mut read).unwrap();
    assert_eq!(&read, b"hits\t3\n");
    let socket = dir.join("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    let reason = "neither a regular file nor a FIFO nor a character device";
    let want = format!("slurpstats: {}: {reason}\n", socket.display());
    assert_eq!(run_to(&socket, &[stats]), (String::new(), want, Some(1)));
}

#[test]
fn standard_output_has_a_name_whatever_it_is() {
    let Some(harmless) = Harmless::new() else { return };
    assert_eq!(outcome(&harmless.run_to("/dev/stdout").output().unwrap()), ok("hits\t3\n"), "a pipe");
    let stderr = (String::new(), "hits\t3\n".to_owned(), Some(0));
    assert_eq!(outcome(&harmless.run_to("/dev/stderr").output().unwrap()), stderr);
    // What was written to a file before, and what is written after it, stays.
    let file = harmless.dir.path().join("out");
    let mut out = File::create(&file).unwrap();
    out.write_all(b"before\n").unwrap();
    assert!(harmless.run_to("/dev/stdout").stdout(out.try_clone().unwrap()).status().unwrap().success());
    out.write_all(b"after\n").unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "before\nhits\t3\nafter\n");
    let (mut reader, writer) = UnixStream::pair().unwrap();
    let writer = OwnedFd::from(writer);
    assert!(harmless.run_to("/dev/stdout").stdout(writer).status().unwrap().success());
    let mut read = String::new();
    reader.read_to_string(&mut read).unwrap();
    assert_eq!(read, "hits\t3\n", "a socket, as services have it");
}

#[test]
fn an_output_file_keeps_its_owner_and_its_mode() {
    let dir = tempfile::tempdir().unwrap();
    let stats = write(dir.path(), "a.mmstats", &[counter("hits", 3)]);
    let out = dir.path().join("out");
    fs::write(&out, "old").unwrap();
    fs::set_permissions(&out, fs::Permissions::from_mode(0o640)).unwrap();
    // Only root may give files away.
    if nix::unistd::geteuid().is_root() {
        chown(&out, Some(54321), Some(54322)).unwrap();
    }
    let of = |path: &Path| {
        let metadata = fs::metadata(path).unwrap();
        (metadata.uid(), metadata.gid(), metadata.mode())
    };
    let before = of(&out);
    assert_eq!(run_to(&out, &[&stats]), ok(""));
    assert_eq!((fs::read_to_string(&out).unwrap().as_str(), of(&out)), ("hits\t3\n", before));
    // A new one is made as the shell makes it.
    let new = dir.path().join("new");
    let script = "umask 027; exec \"$0\" --output-file \"$1\" \"$2\"";
    let made =
        tool("sh").args(["-c", script, env!("CARGO_BIN_EXE_slurpstats")]).arg(&new).arg(&stats).output();
    assert_eq!((outcome(&made.unwrap()), of(&new).2 & 0o777), (ok(""), 0o640));
}

#[test]
fn where_nothing_is_found_the_old_output_stays() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    fs::write(&out, "old").unwrap();
    let none = format!("slurpstats: no stats files found: looked for {}\n", dir.path().display());
    assert_eq!(run_to(&out, &[dir.path()]), (String::new(), none, Some(1)));
    assert_eq!(fs::read_to_string(&out).unwrap(), "old");
    let bad = dir.path().join("a.mmstats");
    fs::write(&bad, "no stats").unwrap();
    let unreadable = format!(
        "slurpstats: {}: not a stats file: version 110, 1 and 2 are known\n\
         slurpstats: {}: it stays as it was: not one file could be read\n",
        bad.display(),
        out.display()
    );
    assert_eq!(run_to(&out, &[dir.path()]), (String::new(), unreadable, Some(1)));
    assert_eq!(fs::read_to_string(&out).unwrap(), "old");
    let new = dir.path().join("new");
    assert_eq!(run_to(&new, &[&bad]).2, Some(1));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "no new file, no temporary name");
}

#[test]
fn what_killed_runs_left_beside_an_output_file_goes() {
    let dir = tempfile::tempdir().unwrap();
    let place = tempfile::tempdir().unwrap();
    let names = || {
        let names = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    };
    let stats = write(dir.path(), "a.mmstats", &[counter("hits", 3)]);
    let out = place.path().join("out.prom");
    // A run that has more to complain about than a pipe takes is killed while it waits.
    for n in 0..2000 {
        fs::write(dir.path().join(format!("bad-{n:04}-{:-<100}.mmstats", "")), "no stats").unwrap();
    }
    let mut command = slurpstats();
    command.arg("--output-file").arg(&out).arg(dir.path()).stderr(Stdio::piped());
    let mut run = command.spawn().unwrap();
    let mut errors = run.stderr.take().unwrap();
    errors.read_exact(&mut [0; 10]).unwrap();
    run.kill().unwrap();
    assert_eq!((run.wait().unwrap().signal(), names().len()), (Some(9), 1), "{:?}", names());
    fs::write(place.path().join(".out.prom.4242.new"), "half").unwrap();
    // Not of such a name, or in use.
    for name in [".out.prom.new", ".out.prom.1x.new", ".other.prom.1.new", ".out.prom.7.new"] {
        fs::write(place.path().join(name), "other").unwrap();
    }
    let used = File::open(place.path().join(".out.prom.7.new")).unwrap();
    let _lock = nix::fcntl::Flock::lock(used, nix::fcntl::FlockArg::LockExclusiveNonblock).unwrap();
    assert_eq!(run_to(&out, &[&stats]), ok(""));
    assert_eq!(
        names(),
        [".other.prom.1.new", ".out.prom.1x.new", ".out.prom.7.new", ".out.prom.new", "out.prom"]
    );
}

#[test]
fn an_output_file_may_have_the_longest_name() {
    let dir = tempfile::tempdir().unwrap();
    let stats = write(dir.path(), "a.mmstats", &[counter("hits", 3)]);
    for name in ["x".repeat(255), format!("x{}", "ü".repeat(127))] {
        let out = dir.path().join(name);
        for _ in 0..2 {
            assert_eq!(run_to(&out, &[&stats]), ok(""));
        }
        assert_eq!(fs::read_to_string(&out).unwrap(), "hits\t3\n");
    }
}
