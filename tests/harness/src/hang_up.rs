//! A reader that hangs up.

use std::io::{BufRead, BufReader};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::ExitStatusExt;
use std::process::Command;

use crate::watch::Watch;

/// Runs a live tool whose standard output is a socket, and hangs up after the line that ends the first output, as
/// `is_last` knows: the signal that ended the tool, and what it had to say.
///
/// # Panics
/// If it cannot be started, its output ends before that line, or it goes on after the end of its reader.
#[track_caller]
pub fn hang_up(mut command: Command, is_last: impl Fn(&str) -> bool) -> (Option<i32>, String) {
    let (reader, writer) = UnixStream::pair().unwrap();
    let tool = Watch::onto(&mut command, OwnedFd::from(writer).into());
    // With it goes the writing end that this process has.
    drop(command);
    // All that was written is read: with something unread, the end of the reader is an error and no mere hang-up.
    let mut reader = BufReader::new(reader);
    let mut line = String::new();
    while !is_last(&line) {
        line.clear();
        assert!(reader.read_line(&mut line).unwrap() > 0, "no such line");
    }
    drop(reader);
    let (stderr, status) = tool.end();
    (status.signal(), stderr)
}
