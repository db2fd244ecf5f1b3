//! Ends: of a process that is watched, and of the reader of the rows.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::{Duration, Instant};

use harness::{PATIENCE, hang_up, without_stdout};

use super::worker;
use super::{Rows, pollstats, publish, run, start};

/// What the child below does: publishes until it is killed.
#[test]
fn child() {
    let Some(dir) = std::env::var_os("POLLSTATS_TEST_CHILD") else { return };
    let web = publish(Path::new(&dir), "child");
    web.ok.add(500);
    web.depth.set(40);
    println!("ready");
    std::thread::sleep(Duration::from_secs(3600));
}

#[test]
fn a_process_that_is_killed_leaves_with_its_gauges() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    web.depth.set(2);
    let mut child = worker::process("ends::child", dir.path());
    let args = ["-vv", "-d", "0.05", "-o", "tsv", "-p", "web.stats.", "status.2XX,=depth"];
    let watch = start(dir.path(), &args);
    watch.line();
    assert_eq!(watch.row(), [Some(500), Some(42)]);
    child.kill().unwrap();
    child.wait().unwrap();
    let began = Instant::now();
    loop {
        assert!(began.elapsed() < PATIENCE);
        let row = watch.row();
        assert_eq!(row[0], Some(0), "the dead count nothing");
        if row[1] == Some(2) {
            break;
        }
        assert_eq!(row[1], Some(42));
    }
    let path = dir.path().join("child.mmstats");
    let (stderr, _) = watch.interrupt();
    assert!(stderr.contains(&format!("{}: leaves: its process has ended\n", path.display())), "{stderr}");
    // A later run does not see it, unless it is named.
    let args = ["-v", "-c", "1", "-o", "tsv", "-p", "web.stats.", "=depth"];
    let left_out = format!("pollstats: {}: left out: its process has ended\n", path.display());
    let found = run(pollstats(&args).arg(dir.path()));
    assert_eq!(found, ("=depth\n2\n".to_owned(), left_out, 0));
    assert_eq!(run(pollstats(&args).arg(&path)), ("=depth\n40\n".to_owned(), String::new(), 0));
}

#[test]
fn a_closed_standard_output_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let _web = publish(dir.path(), "a");
    let mut command = without_stdout(env!("CARGO_BIN_EXE_pollstats"));
    let want = "pollstats: standard output: Bad file descriptor\n".to_owned();
    let args = ["-c", "1", "-p", "web.stats.", "=depth"];
    assert_eq!(run(command.args(args).arg(dir.path())), (String::new(), want, 1));
}

#[test]
fn a_reader_that_goes_ends_it_at_once_and_a_full_disk_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let _web = publish(dir.path(), "a");
    let args = ["-d", "3600", "-p", "web.stats.", "=depth"];
    let mut child =
        pollstats(&args).arg(dir.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdout = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    stdout.read_line(&mut line).unwrap();
    drop(stdout);
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    assert_eq!((status.signal(), stderr.as_slice()), (Some(13), &b""[..]), "not an hour later");
    let full = File::options().write(true).open("/dev/full").unwrap();
    let output = pollstats(&args).arg(dir.path()).stdout(full).output().unwrap();
    let want = "pollstats: standard output: No space left on device\n";
    assert_eq!((String::from_utf8_lossy(&output.stderr).as_ref(), output.status.code()), (want, Some(1)));
}

#[test]
fn a_socket_whose_reader_hangs_up_ends_it_quietly() {
    let dir = tempfile::tempdir().unwrap();
    let _web = publish(dir.path(), "a");
    let mut command = pollstats(&["-d", "3600", "=web.stats.depth"]);
    command.arg(dir.path());
    let end = hang_up(command, |line| line.ends_with(" 0\n"));
    assert_eq!(end, (Some(13), String::new()), "as a closed pipe ends it");
}
