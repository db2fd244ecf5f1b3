//! Numbers are in base units for programs, and in units that people read on a terminal.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use super::every::{publish, row};
use super::{pollstats, run};

#[test]
fn numbers_are_in_base_units_and_scaled() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    web.answer.record(Duration::from_micros(1500));
    assert_eq!(row(dir.path(), &[], "answer:sum,answer:max,answer:count"), "0.0015,0.0015,1");
    let args = ["-c", "1", "-o", "json", "-p", "web.", "answer:max,=answer:count,size:p99"];
    let (out, err, code) = run(pollstats(&args).arg(dir.path()));
    let want = "{\"answer:max\":0.0015,\"=answer:count\":1,\"size:p99\":null}\n";
    assert_eq!((&*out, &*err, code), (want, "", 0));
    // In a pipe text is for programs, too.
    let args = ["-c", "1", "-p", "web.", "answer:max"];
    assert_eq!(run(pollstats(&args).arg(dir.path())).0, "answer:max\n    0.0015\n");
}

#[test]
fn on_a_terminal_numbers_are_in_units_that_people_read() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    web.answer.record(Duration::from_nanos(21_400));
    web.share.set(0.123);
    web.started.set(1_795_228_800.5);
    let pty = nix::pty::openpty(None, None).unwrap();
    let size = rustix::termios::Winsize { ws_col: 80, ws_row: 24, ws_xpixel: 0, ws_ypixel: 0 };
    rustix::termios::tcsetwinsize(&pty.master, size).unwrap();
    let args = ["-c", "1", "-p", "web.", "answer:max,share,started"];
    let slave = std::fs::File::from(pty.slave.try_clone().unwrap());
    assert!(pollstats(&args).arg(dir.path()).stdout(slave).status().unwrap().success());
    let mut lines = BufReader::new(std::fs::File::from(pty.master)).lines().skip(1);
    let line = lines.next().unwrap().unwrap();
    let cells: Vec<_> = line.split_whitespace().collect();
    assert_eq!(cells, ["21.4us", "12.3", "%", "2026-11-21", "02:40:00"]);
}
