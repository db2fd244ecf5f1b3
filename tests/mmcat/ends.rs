//! Colour, the command line, and outputs that take nothing more.

use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::process::Stdio;

use harness::{outcome, without_stdout};

use super::{directory, mmcat, run, two_fields};

#[test]
fn colour_is_for_terminals_unless_asked_for() {
    let dir = directory(&two_fields(), &[0; 30]);
    let (plain, _, _) = run(dir.path(), &["f"]);
    assert!(!plain.contains('\x1b'));
    for args in [&["--color=always", "f"][..], &["--color=always", "-o", "lines", "f"]] {
        let (colored, err, code) = run(dir.path(), args);
        assert_eq!((err.as_str(), code), ("", 0));
        assert!(colored.contains("\x1b[1;32m") || colored.contains("\x1b[32;1m"), "{colored:?}");
        assert!(colored.contains("\x1b[36mhits"), "{colored:?}");
    }
    let on_terminal = |args: &[&str], variable: (&str, &str)| {
        let pty = nix::pty::openpty(None, None).unwrap();
        let mut command = mmcat(dir.path(), args);
        command.env("TERM", "xterm").env(variable.0, variable.1).stdout(pty.slave);
        let child = command.stderr(Stdio::piped()).spawn().unwrap();
        // Then the other end is the child's alone, and reading ends, with an error, when the child does.
        drop(command);
        let mut out = Vec::new();
        let _ = File::from(pty.master).read_to_end(&mut out);
        let status = child.wait_with_output().unwrap();
        let err = String::from_utf8(status.stderr).unwrap();
        (String::from_utf8(out).unwrap().replace("\r\n", "\n"), err, status.status.code().unwrap())
    };
    let (out, err, code) = on_terminal(&["f"], ("LANG", "C"));
    assert!(out.contains("\x1b[36mhits"), "{out:?}");
    assert_eq!((err.as_str(), code), ("", 0));
    assert_eq!(on_terminal(&["f"], ("NO_COLOR", "1")).0, plain);
    let want = "mmcat: --raw does not write to a terminal, which may act on the bytes\nTry 'mmcat --help'.\n";
    assert_eq!(on_terminal(&["-r", "f"], ("LANG", "C")), (String::new(), want.to_owned(), 2));
}

#[test]
fn a_closed_pipe_is_quiet_and_a_full_disk_is_an_error() {
    let dir = directory(&[], &[0; 4]);
    let (reader, writer) = nix::unistd::pipe().unwrap();
    drop(reader);
    let output = mmcat(dir.path(), &["f"]).stdout(writer).stderr(Stdio::piped()).spawn().unwrap();
    let output = output.wait_with_output().unwrap();
    assert_eq!((output.status.signal(), output.stderr.as_slice()), (Some(13), &b""[..]));
    for args in [&["f"][..], &["-o", "lines", "f"], &["-r", "f"], &["--help"]] {
        let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
        let output = mmcat(dir.path(), args).stdout(full).stderr(Stdio::piped()).spawn().unwrap();
        let output = output.wait_with_output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(err, "mmcat: standard output: No space left on device\n", "{args:?}");
        assert_eq!(output.status.code(), Some(1));
    }
}

#[test]
fn a_closed_standard_output_is_an_error() {
    let dir = directory(&two_fields(), &[0; 4]);
    for args in [&["f"][..], &["-o", "lines", "f"], &["-r", "f"], &["--help"]] {
        let mut command = without_stdout(env!("CARGO_BIN_EXE_mmcat"));
        let output = command.current_dir(dir.path()).args(args).output().unwrap();
        let want = "mmcat: standard output: Bad file descriptor\n".to_owned();
        assert_eq!(outcome(&output), (String::new(), want, Some(1)), "{args:?}");
    }
}

#[test]
fn the_command_line_is_explained() {
    let dir = directory(&[], &[]);
    let (help, err, code) = run(dir.path(), &["--help"]);
    assert_eq!((err.as_str(), code), ("", 0));
    assert_eq!(run(dir.path(), &["-h"]).0, help);
    assert!(help.lines().all(|line| line.chars().count() <= 80));
    let version = format!("mmcat {}\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(run(dir.path(), &["-V"]), (version, String::new(), 0));
    for (args, reason) in [
        (&[][..], "FILE is missing"),
        (&["-o", "xml", "f"], "--output takes text or lines, not \"xml\""),
        (&["--color", "red", "f"], "--color takes auto, always or never, not \"red\""),
        (&["-r", "--check", "f"], "only one of --output, --raw and --check makes sense"),
        (&["-o", "lines", "--check", "f"], "only one of --output, --raw and --check makes sense"),
        (&["-x", "f"], "invalid option '-x'"),
    ] {
        let want = format!("mmcat: {reason}\nTry 'mmcat --help'.\n");
        assert_eq!(run(dir.path(), args), (String::new(), want, 2), "{args:?}");
    }
    // The legend knows every role that records name.
    let (lines, _, _) = run(directory(&two_fields(), &[0; 30]).path(), &["-o", "lines", "f"]);
    for role in lines.lines().map(|line| line.split('\t').nth(3).unwrap()).chain(["unknown"]) {
        assert!(help.contains(&format!("\n  {role:14}")), "{role}");
    }
}
