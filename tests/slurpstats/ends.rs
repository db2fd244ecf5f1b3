//! How it ends: usage errors, and outputs that take nothing more.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;

use harness::{counter, field, outcome, skip, text, tool, without_stdout, write};

use super::{ok, run, slurpstats};

#[test]
fn usage_errors_are_one_line_and_a_hint() {
    for (args, message) in [
        (&["--nothing"][..], "invalid option '--nothing'"),
        (&["-x"], "invalid option '-x'"),
        (&["-p"], "missing argument for option '-p'"),
        (
            &["-a", "median"],
            "--aggregate takes sum, avg, min, max, one, nonzero-avg, nonzero-min or auto, not \"median\"",
        ),
        (&["-o", "xml"], "--output takes text, lines, json, hist or prometheus, not \"xml\""),
        (&["--color=maybe"], "--color takes auto, always or never, not \"maybe\""),
        (&["--\x1b[1m"], "invalid option '--\\x1b[1m'"),
    ] {
        let want = format!("slurpstats: {message}\nTry 'slurpstats --help'.\n");
        assert_eq!(run(args, &[]), (String::new(), want, Some(2)), "{args:?}");
    }
}

#[test]
fn help_and_version_go_to_standard_output() {
    let (stdout, stderr, code) = run(&["--help"], &[]);
    assert_eq!((stderr.as_str(), code), ("", Some(0)));
    assert!(stdout.contains("\nUsage: slurpstats [OPTION]... [PATH]...\n"));
    assert_eq!(run(&["-h"], &[]).0, stdout);
    assert_eq!(run(&["-V"], &[]), ok(concat!("slurpstats ", env!("CARGO_PKG_VERSION"), "\n")));
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let dir = tempfile::tempdir().unwrap();
    let many: Vec<_> = (0..20_000).map(|n| counter(&format!("a.rather.long.label.{n}"), n)).collect();
    let file = write(dir.path(), "a.mmstats", &many);
    let mut child = slurpstats().arg(&file).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.signal(), Some(13), "as cat ends");
}

#[test]
fn a_full_disk_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), "a.mmstats", &[counter("a", 1)]);
    for args in [&[][..], &["--help"], &["-ojson"], &["-oprometheus"], &["-asum"]] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = slurpstats().args(args).arg(&file).stdout(full).output().unwrap();
        let want = "slurpstats: standard output: No space left on device\n".to_owned();
        assert_eq!(outcome(&output), (String::new(), want, Some(1)), "{args:?}");
    }
}

#[test]
fn a_closed_standard_output_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), "a.mmstats", &[counter("a", 1)]);
    for args in [&[][..], &["--help"], &["-ojson"], &["-oprometheus"], &["-asum"]] {
        let output = without_stdout(env!("CARGO_BIN_EXE_slurpstats")).args(args).arg(&file).output().unwrap();
        let want = "slurpstats: standard output: Bad file descriptor\n".to_owned();
        assert_eq!(outcome(&output), (String::new(), want, Some(1)), "{args:?}");
    }
    // Nothing is written there, or it is open: for reading, too, as some parents have it.
    let out = dir.path().join("out");
    let args = [Path::new("--output-file"), &out, &file];
    let output = without_stdout(env!("CARGO_BIN_EXE_slurpstats")).args(args).output().unwrap();
    assert_eq!(outcome(&output), ok(""));
    let null = File::options().read(true).write(true).open("/dev/null").unwrap();
    assert_eq!(outcome(&slurpstats().arg(&file).stdout(null).output().unwrap()), ok(""));
}

#[test]
fn many_files_end_quietly_with_a_pipe_that_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    for n in 0..1000 {
        write(dir.path(), format!("{n:04}.mmstats"), &[text("page", &[b'x'; 2000])]);
    }
    let mut child =
        slurpstats().arg(dir.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdout.take().unwrap().read_exact(&mut [0; 100]).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.signal(), output.stderr.as_slice()), (Some(13), &b""[..]));
    let full = slurpstats().arg(dir.path()).stdout(File::create("/dev/full").unwrap()).output().unwrap();
    let (_, stderr, code) = outcome(&full);
    assert_eq!((stderr.as_str(), code), ("slurpstats: standard output: No space left on device\n", Some(1)));
}

#[test]
fn a_sparse_file_that_memory_cannot_hold_is_an_error_of_that_file() {
    let dir = tempfile::tempdir().unwrap();
    for (name, code) in [("a.mmstats", "134000000s"), ("b.mmstats", "16000000Q")] {
        let path = write(dir.path(), name, &[field(b"large", code, 0, b"")]);
        File::options().write(true).open(&path).unwrap().set_len(1 << 28).unwrap();
    }
    write(dir.path(), "c.mmstats", &[counter("small", 5)]);
    let mut shell = tool("sh");
    shell.args(["-c", "ulimit -v 200000 && exec \"$0\" \"$1\"", env!("CARGO_BIN_EXE_slurpstats")]);
    let output = shell.arg(dir.path()).output().unwrap();
    let at = |name| dir.path().join(name).display().to_string();
    let reason = |name| format!("slurpstats: {}: reading it: out of memory\n", at(name));
    let want =
        (format!("{}\tsmall\t5\n", at("c.mmstats")), reason("a.mmstats") + &reason("b.mmstats"), Some(1));
    assert_eq!(outcome(&output), want);
}

#[test]
fn a_network_connection_that_is_reset_ends_it_quietly() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "a.mmstats", &[counter("hits", 5)]);
    // A machine may be without a network, its own included.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let Ok(mut writer) = std::net::TcpStream::connect(listener.local_addr().unwrap()) else {
        return skip("there is no way to 127.0.0.1");
    };
    let (reader, _) = listener.accept().unwrap();
    writer.write_all(b"unread").unwrap();
    // What ends with something unread is reset.
    while reader.peek(&mut [0]).unwrap() == 0 {}
    drop(reader);
    let stdout = OwnedFd::from(writer);
    let output = slurpstats().arg(dir.path()).stdout(stdout).output().unwrap();
    assert_eq!((output.stderr.as_slice(), output.status.signal()), (&b""[..], Some(13)));
}
