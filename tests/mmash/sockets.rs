//! Where it listens: addresses, Unix sockets, and sockets that another process has opened.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Stdio;

use crate::server::{Answer, Server, mmash};
use harness::{has_loopback, outcome, words_of};

#[test]
fn a_unix_socket_is_for_its_group_and_goes_with_the_program() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("mmash.sock");
    // One that somebody has left behind.
    drop(UnixListener::bind(&path).unwrap());
    let address = format!("unix:{}", path.display());
    let Some(server) = Server::with(&["-l", "127.0.0.1:0", "-l", &address], dir.path()) else { return };
    let metadata = path.symlink_metadata().unwrap();
    assert!(metadata.file_type().is_socket());
    assert_eq!(metadata.permissions().mode() & 0o777, 0o660);
    let mut stream = UnixStream::connect(&path).unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(Answer::parse(&answer).text(), "ok\n");
    let second = mmash().args(["-l", &address]).arg(dir.path()).output().unwrap();
    let said = format!("mmash: {address}: {}\n", words_of(nix::errno::Errno::EADDRINUSE as i32));
    assert_eq!(outcome(&second), (String::new(), said, Some(1)));
    assert!(path.exists(), "a socket that is in use stays");
    server.end();
    assert!(!path.exists());
}

#[test]
fn a_file_that_is_no_socket_is_not_removed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("precious");
    std::fs::write(&path, "words").unwrap();
    let output = mmash().args(["-l", &format!("unix:{}", path.display())]).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "words");
}

#[test]
fn an_address_that_is_taken_is_an_error() {
    if !has_loopback() {
        return;
    }
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = mmash().args(["--listen", &address]).output().unwrap();
    assert_eq!(
        outcome(&output),
        (
            String::new(),
            format!("mmash: {address}: {}\n", words_of(nix::errno::Errno::EADDRINUSE as i32)),
            Some(1)
        )
    );
}

#[test]
fn an_address_that_others_can_reach_is_said() {
    let dir = tempfile::tempdir().unwrap();
    let Some(server) = Server::with(&["-l", "0.0.0.0:0"], dir.path()) else { return };
    let said = server.end().0;
    assert!(said.contains("everybody who can connect sees all values"), "{said}");
}

#[test]
fn wrong_command_lines_are_usage_errors() {
    for arguments in [
        &["--listen", "5002"][..],
        &["--listen", "localhost:5002"],
        &["--listen", "unix:"],
        &["--allow-host", "a b"],
        &["--allow-host", "*"],
        &["--exit-idle", "0"],
        &["--nonsense"],
    ] {
        let output = mmash().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
    }
}

/// As systemd does it: descriptor 3, and variables that say so.
#[test]
fn a_socket_that_is_handed_over_is_served_in_place_of_the_default() {
    let dir = tempfile::tempdir().unwrap();
    if !has_loopback() {
        return;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // The shell has it as its standard input, which it hands on as the first descriptor after the usual ones.
    let script = "exec 3<&0 0</dev/null; LISTEN_FDS=1 LISTEN_PID=$$ exec \"$0\" --exit-idle 1 \"$@\"";
    let mut child = harness::tool("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_mmash")])
        .arg(dir.path())
        .stdin(OwnedFd::from(listener))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(line, format!("http://{address}/\n"));
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert_eq!(Answer::parse(&answer).text(), "ok\n");
    // Nobody is connected any more, so it ends by itself.
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
