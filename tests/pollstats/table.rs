//! How rows look: types, rates, times, columns.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::time::{Duration, Instant};

use harness::{PATIENCE, counter, text, write};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::{pollstats, publish, run, start};

#[test]
fn each_type_is_shown_in_its_way() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (publish(dir.path(), "a"), publish(dir.path(), "b"));
    for (web, depth, ratio) in [(&a, 7, 0.1), (&b, -10, 0.4)] {
        web.depth.set(depth);
        web.ratio.set(ratio);
        web.answer.record(Duration::from_millis(500));
    }
    a.ready.set(true);
    a.page.set("one,\"two\"\t\x1b[31m");
    b.page.set("three");
    let args = ["-c", "1", "-p", "web.stats.", "-o", "tsv", "=depth,depth,ratio,answer,ready,page"];
    let both = run(pollstats(&args).arg(dir.path()));
    let want = "=depth\tdepth\tratio\tanswer\tready\tpage\n-3\t-3\t0.25\t0.5\t1\t2\n";
    assert_eq!(both, (want.to_owned(), String::new(), 0));
    let one = |format: &str| {
        let args = ["-c", "1", "-p", "web.stats", "-o", format, "page,=depth"];
        run(pollstats(&args).arg(a.path())).0
    };
    assert_eq!(one("tsv"), "page\t=depth\none,\"two\"\\t\\x1b[31m\t7\n");
    assert_eq!(one("csv"), "page,=depth\n\"one,\"\"two\"\"\\t\\x1b[31m\",7\n");
    let object: serde_json::Value = serde_json::from_str(&one("json")).unwrap();
    assert_eq!(object, serde_json::json!({"page": "one,\"two\"\t\u{1b}[31m", "=depth": 7}));
}

#[test]
fn rates_are_a_second_and_times_are_iso() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    let args = ["-r", "-t", "-d", "0.2", "-o", "tsv", "-p", "web.stats.status.", "2XX"];
    let watch = start(dir.path(), &args);
    assert_eq!(watch.line(), "time\t2XX");
    // Seconds of the hour, and the rate.
    let row = || {
        let line = watch.line();
        let (time, rate) = line.split_once('\t').unwrap();
        assert_eq!((time.len(), &time[10..11], &time[23..]), (24, "T", "Z"), "{time}");
        let number = |text: &str| text.parse::<f64>().unwrap();
        (60.0 * number(&time[14..16]) + number(&time[17..23]), number(rate))
    };
    let mut before = row().0;
    web.ok.add(1000);
    let began = Instant::now();
    loop {
        let (now, rate) = row();
        let passed = (now - before).rem_euclid(3600.0);
        if rate > 0.0 {
            // The times are cut to milliseconds, and taken beside the clock that rates go by.
            let most = 1000.0 * 0.003 / passed + 1.0;
            assert!((rate * passed - 1000.0).abs() < most, "{rate} over {passed}");
            break;
        }
        assert!(began.elapsed() < PATIENCE);
        before = now;
    }
}

#[test]
fn the_header_comes_again_and_numbers_fit() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    web.ok.add(12_345_678_901_234);
    let rows = |args: &[&str]| {
        let args = [&["-d", "0.001", "-p", "web.stats.status."][..], args, &["2XX"]].concat();
        run(pollstats(&args).arg(dir.path())).0
    };
    assert_eq!(rows(&["-c", "1"]), "       2XX\n   12.346T\n");
    assert_eq!(rows(&["-c", "1", "-o", "csv"]), "2XX\n12345678901234\n");
    let headers = |args: &[&str]| rows(args).matches("2XX").count();
    assert_eq!(headers(&["-c", "41"]), 3, "every 20 rows");
    assert_eq!(headers(&["-c", "41", "-n", "10"]), 5);
    assert_eq!(headers(&["-c", "41", "-n", "0"]), 1);
    assert_eq!(headers(&["-c", "41", "-o", "tsv"]), 1);
    assert_eq!(rows(&["-c", "1", "--color", "always"]), "\x1b[1m       2XX\x1b[0m\n   12.346T\n");
}

#[test]
fn columns_meet_whatever_they_are_written_in() {
    let dir = tempfile::tempdir().unwrap();
    let fields = [text("状態", "日本".as_bytes()), text("e\u{301}t", "o\u{308}k".as_bytes())];
    let file = write(dir.path(), "a.mmstats", &fields);
    let (rows, ..) = run(pollstats(&["-c", "1", "状態,e\u{301}t"]).arg(file));
    assert_eq!(rows, "      状態         e\u{301}t\n      日本         o\u{308}k\n");
}

#[test]
fn no_member_of_an_object_comes_twice() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), "a.mmstats", &[counter("time", 1), counter("x.hits", 2)]);
    for (args, name) in
        [(&["-t", "-o", "json", "time"][..], "time"), (&["-o", "json", "x.hits,time,x.hits"], "x.hits")]
    {
        let message = format!("pollstats: --output json: two columns are called \"{name}\"\n");
        let want = (String::new(), message + "Try 'pollstats --help'.\n", 2);
        assert_eq!(run(pollstats(args).args(["-c", "1"]).arg(&file)), want);
    }
    let json = |args: &[&str]| run(pollstats(args).args(["-c", "1", "-o", "json"]).arg(&file));
    assert_eq!(json(&["time"]), ("{\"time\":1}\n".to_owned(), String::new(), 0));
    let (out, _, code) = json(&["-t", "=time"]);
    assert!(out.starts_with("{\"time\":\"") && out.ends_with(",\"=time\":1}\n") && code == 0, "{out}");
}

#[test]
fn on_a_terminal_columns_fit_the_window_and_follow_it() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    let size = |columns, rows| rustix::termios::Winsize {
        ws_col: columns,
        ws_row: rows,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    let pty = nix::pty::openpty(None, None).unwrap();
    rustix::termios::tcsetwinsize(&pty.master, size(27, 4)).unwrap();
    // qemu's user emulation knows only an older call.
    let Ok(before) = rustix::termios::tcgetattr(&pty.slave) else {
        return eprintln!("skipped: what a terminal is set to cannot be asked (TCGETS2)");
    };
    let args = ["-d", "0.02", "-p", "web.stats.", "status.2XX,status.5XX,=depth"];
    let slave = File::from(pty.slave.try_clone().unwrap());
    let mut child = pollstats(&args).arg(dir.path()).env("TERM", "xterm").stdout(slave).spawn().unwrap();
    let mut lines = BufReader::new(File::from(pty.master.try_clone().unwrap()))
        .split(b'\n')
        .map(|line| String::from_utf8(line.unwrap()).unwrap().trim_end_matches('\r').to_owned());
    web.ok.add(0);
    assert_eq!(lines.next().unwrap(), "\x1b[1m…tus.2XX …tus.5XX    =depth\x1b[0m");
    for _ in 0..3 {
        assert_eq!(lines.next().unwrap(), "       0        0         0");
    }
    assert!(lines.next().unwrap().starts_with("\x1b[1m"), "a window of four lines is full");
    rustix::termios::tcsetwinsize(&pty.master, size(80, 24)).unwrap();
    let header = "\x1b[1m          status.2XX           status.5XX               =depth\x1b[0m";
    assert!(lines.any(|line| line == header));
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGINT).unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(2));
    let after = rustix::termios::tcgetattr(&pty.slave).unwrap();
    assert_eq!(format!("{before:?}"), format!("{after:?}"), "the terminal is as it was");
}
