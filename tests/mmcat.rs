//! mmcat as a user runs it.

#![allow(clippy::unwrap_used)]

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mmstats::{Counter, Gauge, Options, Snapshot, Text, Value, Version};
use tempfile::TempDir;

mod common;

use common::{field, outcome, text, tool, without_stdout};

/// A call in `dir`.
fn mmcat(dir: &Path, args: &[&str]) -> Command {
    let mut command = tool(env!("CARGO_BIN_EXE_mmcat"));
    command.current_dir(dir).args(args).stdin(Stdio::null());
    command
}

/// stdout, stderr and exit code.
fn run(dir: &Path, args: &[&str]) -> (String, String, i32) {
    let (out, err, code) = outcome(&mmcat(dir, args).output().unwrap());
    (out, err, code.unwrap())
}

/// A folder with the file `f`: a version, `fields`, `tail`.
fn folder(fields: &[Vec<u8>], tail: &[u8]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("f"), [&[1][..], &fields.concat(), tail].concat()).unwrap();
    dir
}

fn two_fields() -> Vec<Vec<u8>> {
    let mut text = [0; 40];
    text[..7].copy_from_slice("grün \x1b".as_bytes());
    let numbers = [41_u16.to_ne_bytes(), 42_u16.to_ne_bytes()].concat();
    vec![field(b"hits", "   H", 0, &numbers), field(b"name", "40s", 0xff, &text)]
}

#[test]
fn the_dump_says_what_every_byte_is() {
    let dir = folder(&two_fields(), &[0; 30]);
    let want = "\
==> f
00000000  01                       |.|         version      1
00000001  04 00                    |..|        label-size   4
00000003  68 69 74 73              |hits|      label        hits
00000007  04 00                    |..|        type-size    4
00000009  20 20 20                 |   |       padding
0000000c  48                       |H|         type         H
0000000d  00                       |.|         write-buffer 0, buffer 1 is read
0000000e  29 00                    |).|        spare        41
00000010  2a 00                    |*.|        value        42
00000012  04 00                    |..|        label-size   4
00000014  6e 61 6d 65              |name|      label        name
00000018  03 00                    |..|        type-size    3
0000001a  34 30 73                 |40s|       type         40s
0000001d  ff                       |.|         write-buffer 255, one value
0000001e  67 72 c3 bc 6e 20 1b 00  |gr..n ..|  value        grün \\x1b
00000026  00 00 00 00 00 00 00 00  |........|
*
00000046  00 00                    |..|        end
00000048  00 00 00 00 00 00 00 00  |........|  tail         28, all zero
*
00000064
";
    assert_eq!(run(dir.path(), &["f"]), (native(want), String::new(), 0));
}

/// What a dump of a little-endian machine shows, as this one does: numbers of two bytes are turned.
fn native(dump: &str) -> String {
    if cfg!(target_endian = "little") {
        return dump.to_owned();
    }
    let turned = dump.lines().map(|line| match line.split_at_checked(15) {
        // Two bytes and no more.
        Some((start, rest)) if rest.starts_with("   ") && !start.ends_with(' ') => {
            let (at, bytes) = start.split_at(10);
            let (first, second) = bytes.split_at(2);
            let chars: String = rest.split('|').nth(1).unwrap().chars().rev().collect();
            let (before, after) = (&rest[..rest.find('|').unwrap()], &rest[rest.rfind('|').unwrap()..]);
            format!("{at}{} {first}{before}|{chars}{after}\n", second.trim_start())
        }
        _ => format!("{line}\n"),
    });
    turned.collect()
}

#[test]
fn a_value_is_cut_where_its_columns_end() {
    let dir = folder(&[text("wide", "日".repeat(15).as_bytes())], &[]);
    let (dump, ..) = run(dir.path(), &["f"]);
    let note = format!("value        {}…\n", "日".repeat(9));
    assert!(dump.contains(&note), "{dump}");
    let marks = "e\u{301}".repeat(20);
    let dir = folder(&[text("marks", marks.as_bytes())], &[]);
    assert!(run(dir.path(), &["f"]).0.contains(&format!("value        {marks}\n")));
}

#[test]
fn lines_are_a_record_a_region() {
    let dir = folder(&two_fields()[..1], &[0; 3]);
    let want = "\
f\t0\t1\tversion\t\t1
f\t1\t2\tlabel-size\thits\t4
f\t3\t4\tlabel\thits\thits
f\t7\t2\ttype-size\thits\t4
f\t9\t3\tpadding\thits\t
f\t12\t1\ttype\thits\tH
f\t13\t1\twrite-buffer\thits\t0
f\t14\t2\tspare\thits\t41
f\t16\t2\tvalue\thits\t42
f\t18\t2\tend\t\t
f\t20\t1\ttail\t\tall zero
";
    assert_eq!(run(dir.path(), &["-o", "lines", "f"]), (want.to_owned(), String::new(), 0));
    assert_eq!(run(dir.path(), &["f", "--output=lines"]).0, want);
}

#[test]
fn what_cannot_be_understood_is_dumped_with_the_reason() {
    let dir = folder(&[field(b"a", "zz", 1, b"twenty bytes of data")], &[]);
    let want = "\
==> f
00000000  01                       |.|         version      1
00000001  01 00                    |..|        label-size   1
00000003  61                       |a|         label        a
00000004  02 00                    |..|        type-size    2
          unknown: field at byte 1: unknown type code 'z'
00000006  7a 7a 01 74 77 65 6e 74  79 20 62 79 74 65 73 20  |zz.twenty bytes |
00000016  6f 66 20 64 61 74 61                              |of data|
0000001d
";
    assert_eq!(run(dir.path(), &["f"]), (native(want), String::new(), 0));
}

#[test]
fn any_file_will_do() {
    let dir = folder(&two_fields(), &[0; 5]);
    let whole = fs::read(dir.path().join("f")).unwrap();
    let names: Vec<_> = (0..=whole.len()).map(|cut| format!("cut-{cut:03}")).collect();
    for (cut, name) in names.iter().enumerate() {
        fs::write(dir.path().join(name), &whole[..cut]).unwrap();
    }
    let mut program = fs::read(env!("CARGO_BIN_EXE_mmcat")).unwrap();
    program.truncate(100_000);
    fs::write(dir.path().join("elf"), program).unwrap();
    let mut args: Vec<_> = names.iter().map(String::as_str).collect();
    args.push("elf");
    for format in ["text", "lines"] {
        args.push("-o");
        args.push(format);
        let (out, err, code) = run(dir.path(), &args);
        assert_eq!((err.as_str(), code), ("", 0), "{format}");
        assert!(names.iter().all(|name| out.contains(name)));
        args.truncate(names.len() + 1);
    }
    let (out, _, _) = run(dir.path(), &["cut-000", "elf"]);
    assert!(out.starts_with("==> cut-000\n          unknown: an empty file, not a stats file\n00000000\n\n"));
    assert!(
        out.contains("unknown: not a stats file: version 127, 1 and 2 are known\n00000000  7f 45 4c 46 ")
    );
    // The bytes can be read back from the dump of a file without repeats.
    let reversed = "cut-060: 31 is not a version\n".repeat(3);
    fs::write(dir.path().join("text"), &reversed).unwrap();
    let (out, _, _) = run(dir.path(), &["text"]);
    let hex = out.lines().filter(|line| line.ends_with('|')).map(|line| &line[10..59]);
    let bytes: Vec<_> =
        hex.flat_map(str::split_whitespace).map(|byte| u8::from_str_radix(byte, 16)).collect();
    let bytes: Result<Vec<_>, _> = bytes.into_iter().collect();
    assert_eq!(bytes.unwrap(), reversed.as_bytes());
}

#[test]
fn what_cannot_be_read_is_said_and_the_rest_is_shown() {
    let dir = folder(&[], &[]);
    nix::unistd::mkfifo(&dir.path().join("fifo"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    symlink("fifo", dir.path().join("link-to-fifo")).unwrap();
    symlink("f", dir.path().join("link-to-f")).unwrap();
    let args = ["-o", "lines", "/dev/zero", "f", "fifo", "link-to-f", "link-to-fifo", "missing"];
    let (out, err, code) = run(dir.path(), &args);
    assert_eq!(out, "f\t0\t1\tversion\t\t1\nlink-to-f\t0\t1\tversion\t\t1\n");
    let want = "\
mmcat: /dev/zero: not a regular file but a device
mmcat: fifo: not a regular file but a FIFO
mmcat: link-to-fifo: not a regular file but a FIFO
mmcat: missing: opening it: No such file or directory
";
    assert_eq!((err.as_str(), code), (want, 1));
}

#[test]
fn a_directory_means_its_stats_files() {
    let dir = folder(&[], &[]);
    let (out, err, code) = run(dir.path(), &["."]);
    assert_eq!((out.as_str(), code), ("", 1));
    assert_eq!(err, "mmcat: no stats files found: looked for .\n");
    fs::rename(dir.path().join("f"), dir.path().join("f.mmstats")).unwrap();
    let (out, err, code) = run(dir.path(), &["-o", "lines", "."]);
    assert_eq!((out.as_str(), err.as_str(), code), ("./f.mmstats\t0\t1\tversion\t\t1\n", "", 0));
}

#[test]
fn a_tail_of_64_mib_is_folded() {
    let dir = folder(&two_fields(), &[]);
    let file = OpenOptions::new().write(true).open(dir.path().join("f")).unwrap();
    file.set_len(64 << 20).unwrap();
    let (out, err, code) = run(dir.path(), &["f"]);
    assert_eq!((err.as_str(), code), ("", 0));
    let end: Vec<_> = out.lines().rev().take(4).collect();
    let tail = "00000048  00 00 00 00 00 00 00 00  |........|  tail         67108792, all zero";
    assert_eq!(end[..3], ["04000000", "*", tail]);
    assert_eq!(out.lines().count(), 22);
    assert_eq!(run(dir.path(), &["--check", "f"]), (String::new(), String::new(), 0));
}

#[test]
fn a_raw_copy_has_the_same_bytes_and_can_be_read() {
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new()
        .version(Version::V1)
        .path(dir.path())
        .filename("f")
        .create_with(|b| b.add("n", Counter::spec()));
    let stats = stats.unwrap();
    stats.add(7);
    let output = mmcat(dir.path(), &["-r", "f"]).output().unwrap();
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
    assert_eq!(output.stdout, fs::read(stats.path()).unwrap());
    fs::write(dir.path().join("empty"), "").unwrap();
    assert_eq!(run(dir.path(), &["--raw", "empty"]), (String::new(), String::new(), 0));
    let (out, err, code) = run(dir.path(), &["-r", "f", "empty"]);
    let want = "mmcat: --raw copies one file, not 2: nobody could tell them apart\nTry 'mmcat --help'.\n";
    assert_eq!((out.as_str(), err.as_str(), code), ("", want, 2));
}

#[test]
fn raw_copies_of_a_busy_file_never_run_backwards_and_are_never_torn() {
    let dir = tempfile::tempdir().unwrap();
    let spec =
        |b: &mut mmstats::Builder<'_>| Ok((b.add("hits", Counter::spec())?, b.add("page", Text::spec())?));
    let stats = Options::new().version(Version::V1).path(dir.path()).filename("f").create_with(spec).unwrap();
    let done = Arc::new(AtomicBool::new(false));
    let stop = Arc::clone(&done);
    let writer = std::thread::spawn(move || {
        let texts = ["a".repeat(200), "b".repeat(250)];
        for text in texts.iter().cycle() {
            if stop.load(Ordering::Relaxed) {
                return stats;
            }
            stats.0.incr();
            stats.1.set(text);
            // A text that never rests cannot be read by anybody.
            for _ in 0..2000 {
                stats.0.incr();
            }
        }
        stats
    });
    let (mut last, copy) = (0, dir.path().join("copy"));
    for _ in 0..100 {
        let status = mmcat(dir.path(), &["-r", "f"]).stdout(File::create(&copy).unwrap()).status().unwrap();
        assert_eq!(status.code(), Some(0));
        let snapshot = Snapshot::of(&copy).unwrap();
        let Some(Value::Unsigned(now)) = snapshot.find("hits").map(|field| field.value()) else { panic!() };
        let Some(Value::Text(text)) = snapshot.find("page").map(|field| field.value()) else { panic!() };
        assert!(now >= last, "{now} after {last}");
        assert!(text.windows(2).all(|pair| pair[0] == pair[1]), "torn: {}", text.escape_ascii());
        last = now;
    }
    done.store(true, Ordering::Relaxed);
    drop(writer.join().unwrap());
    assert!(last > 0);
}

#[test]
fn a_sound_file_gives_no_line() {
    let dir = tempfile::tempdir().unwrap();
    let spec =
        |b: &mut mmstats::Builder<'_>| Ok((b.add("hits", Counter::spec())?, b.add("page", Text::spec())?));
    let stats = Options::new().version(Version::V1).path(dir.path()).filename("f").create_with(spec).unwrap();
    stats.1.set("a long text");
    stats.1.set("b");
    stats.1.set("c");
    // What stands behind the first NUL of a text is nobody's concern.
    let bytes = fs::read(stats.path()).unwrap();
    assert!(bytes.windows(6).any(|bytes| bytes == b"c\0long"));
    assert_eq!(run(dir.path(), &["--check", "f"]), (String::new(), String::new(), 0));
    // One zero byte, or none, ends a list as well.
    for tail in [&[][..], &[0], &[0, 0]] {
        let dir = folder(&two_fields()[..1], tail);
        assert_eq!(run(dir.path(), &["--check", "f"]), (String::new(), String::new(), 0));
    }
}

#[test]
fn each_defect_is_a_line() {
    let one = || field(b"a", "b", 0xff, &[7]);
    let check = |fields: &[Vec<u8>], tail: &[u8]| {
        let dir = folder(fields, tail);
        let (out, err, code) = run(dir.path(), &["--check", "f"]);
        assert_eq!((err.as_str(), code), ("", 1));
        out
    };
    let cut = [&5_u16.to_ne_bytes()[..], b"lo"].concat();
    assert_eq!(check(&[one()], &cut), "f\t11\tdefect\t\ttruncated: the label would end at byte 16\n");
    let huge = field(b"b", "499999999s", 0xff, b"short");
    let want = "f\t25\tdefect\tb\ttruncated: the value would end at byte 500000024\n";
    assert_eq!(check(&[one(), huge], &[]), want);
    let code = field(b"b", "Z", 0xff, &[0; 8]);
    assert_eq!(check(&[one(), code], &[]), "f\t14\tdefect\tb\tunknown type code 'Z'\n");
    let index = field(b"b", "b", 2, &[0; 2]);
    let want = "f\t15\tdefect\tb\twrite buffer 2 is neither 0, 1 nor 255\n";
    assert_eq!(check(&[one(), index], &[0; 4]), want);
    let label = field(b"b\xff", "b", 0xff, &[0]);
    assert_eq!(check(&[one(), label], &[0; 4]), "f\t12\tdefect\tb\\xff\tlabel is not UTF-8\n");
    let want = "f\t11\tdefect\ta\tlabel stands at byte 3 already\n";
    let thrice = format!("{want}{}", want.replace("11", "19"));
    assert_eq!(check(&[one(), one(), one()], &[0; 4]), thrice);
    assert_eq!(check(&[one()], &[0, 0, 0, 9, 8]), "f\t12\tdefect\t\ttrailing bytes are not zero\n");
    let dir = folder(&[], &[]);
    fs::write(dir.path().join("f"), "").unwrap();
    fs::write(dir.path().join("g"), "#!/bin/sh").unwrap();
    let want = "\
f\t0\tdefect\t\tan empty file, not a stats file
g\t0\tdefect\t\tnot a stats file: version 35, 1 and 2 are known
";
    assert_eq!(run(dir.path(), &["--check", "f", "g"]), (want.to_owned(), String::new(), 1));
    let (out, err, code) = run(dir.path(), &["--check", "missing"]);
    assert_eq!((out.as_str(), code), ("", 1));
    assert_eq!(err, "mmcat: missing: opening it: No such file or directory\n");
}

#[test]
fn a_value_off_its_boundary_is_a_warning_and_no_failure() {
    let fields = [field(b"aa", "Q", 0, &[0; 16]), field(b"t", "3s", 0xff, b"abc")];
    let dir = folder(&fields, &[0; 4]);
    let want = "f\t9\twarning\taa\tvalue is off its natural boundary of 8 bytes\n";
    assert_eq!(run(dir.path(), &["--check", "f"]), (want.to_owned(), String::new(), 0));
}

#[test]
fn the_originals_files_are_sound() {
    let golden = concat!(env!("CARGO_MANIFEST_DIR"), "/../mmstats/tests/golden");
    let (original, ours) = if cfg!(target_endian = "little") {
        ("original-0.8.0-little.mmstats", "ours-little.mmstats")
    } else {
        ("original-0.8.0-big.mmstats", "ours-big.mmstats")
    };
    let (out, err, code) = run(Path::new(golden), &["--check", original]);
    assert_eq!((err.as_str(), code), ("", 0));
    assert!(out.lines().count() > 5, "its numbers are off their boundaries");
    assert!(out.lines().all(|line| line.split('\t').nth(2) == Some("warning")), "{out}");
    // The values are those that the original itself read.
    let (out, _, _) = run(Path::new(golden), &["-o", "lines", original]);
    let columns = out.lines().map(|line| line.split('\t').collect::<Vec<_>>());
    let values = columns.filter(|columns| columns[3] == "value");
    let values: String = values.map(|columns| format!("{}\t{}\n", columns[4], columns[5])).collect();
    assert_eq!(values, fs::read_to_string(Path::new(golden).join("original-0.8.0.lines")).unwrap());
    assert_eq!(run(Path::new(golden), &["--check", ours]), (String::new(), String::new(), 0));
}

#[test]
fn a_field_that_is_being_added_is_never_reported() {
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new().version(Version::V1).path(dir.path()).filename("f").create::<()>().unwrap();
    let writer = std::thread::spawn(move || {
        for n in 0..40_000 {
            stats.add_field(&format!("a.field.with.a.rather.long.label.{n}"), Gauge::<i64>::spec()).unwrap();
        }
        stats
    });
    let mut looks = 0;
    while !writer.is_finished() || looks == 0 {
        assert_eq!(run(dir.path(), &["--check", "f"]), (String::new(), String::new(), 0));
        looks += 1;
    }
    drop(writer.join().unwrap());
}

/// What a hostile label and a hostile text lead to, in all forms.
fn hostile(label: &[u8], text: &[u8]) -> String {
    let code = format!("{}s", text.len());
    let dir = folder(&[field(label, &code, 0xff, text)], &[0, 0, 1]);
    let mut all = String::new();
    for args in [&["f"][..], &["-o", "lines", "f"], &["--check", "f"]] {
        let (out, err, _) = run(dir.path(), args);
        assert_eq!(err, "");
        assert!(!out.chars().any(|char| char.is_control() && char != '\n' && char != '\t'), "{out:?}");
        all.push_str(&out);
    }
    all
}

#[test]
fn a_label_that_clears_the_screen_does_not() {
    let all = hostile(b"\x1b[2J\x9b2J", b"\x1b]0;title\x07");
    assert!(all.contains("label        \\x1b[2J\\x9b2J\n"), "{all}");
    assert!(all.contains("\\x1b]0;title\\x07"), "{all}");
    assert!(all.contains("|.[2J.2J|"), "{all}");
}

#[test]
fn a_label_with_newline_and_tab_forges_no_record() {
    let all = hostile(b"x\nf\t0\tdefect\tforged", b"y\nz");
    assert!(!all.lines().any(|line| line.ends_with("defect\tforged") || line.starts_with('z')), "{all}");
    let records = all.lines().filter(|line| line.starts_with("f\t"));
    for record in records {
        assert!(matches!(record.split('\t').count(), 5 | 6), "{record}");
    }
}

#[test]
fn a_label_that_turns_the_writing_around_does_not() {
    let all = hostile("safe\u{202e}txt.exe".as_bytes(), "\u{2066}".as_bytes());
    assert!(all.contains("safe\\u{202e}txt.exe") && all.contains("\\u{2066}"), "{all}");
    assert!(!all.contains('\u{202e}') && !all.contains('\u{2066}'));
}

#[test]
fn a_file_name_with_an_escape_sequence_is_shown_escaped() {
    let dir = folder(&[], &[0, 0, 1]);
    fs::rename(dir.path().join("f"), dir.path().join("\x1b[31mf\n")).unwrap();
    let (out, err, code) = run(dir.path(), &["\x1b[31mf\n", "gone\n"]);
    assert!(out.starts_with("==> \\x1b[31mf\\n\n"), "{out:?}");
    assert_eq!(err, "mmcat: gone\\n: opening it: No such file or directory\n");
    assert_eq!(code, 1);
    let (out, _, _) = run(dir.path(), &["--check", "\x1b[31mf\n"]);
    assert_eq!(out, "\\x1b[31mf\\n\t3\tdefect\t\ttrailing bytes are not zero\n");
}

#[test]
fn a_type_that_claims_terabytes_takes_no_memory() {
    let dir = folder(&[field(b"a", "9999999999999s", 0, b"x")], &[]);
    let (out, err, code) = run(dir.path(), &["-o", "lines", "f"]);
    assert_eq!((err.as_str(), code), ("", 0));
    let last = out.lines().last().unwrap();
    let want = if cfg!(target_pointer_width = "64") {
        "f\t21\t1\tunknown\ta\tfield at byte 1: truncated: the value would end at byte 20000000000019"
    } else {
        "f\t6\t16\tunknown\ta\tfield at byte 1: the type is too large"
    };
    assert_eq!(last, want);
}

#[test]
fn colour_is_for_terminals_unless_asked_for() {
    let dir = folder(&two_fields(), &[0; 30]);
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
    let dir = folder(&[], &[0; 4]);
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
    let dir = folder(&two_fields(), &[0; 4]);
    for args in [&["f"][..], &["-o", "lines", "f"], &["-r", "f"], &["--help"]] {
        let mut command = without_stdout(env!("CARGO_BIN_EXE_mmcat"));
        let output = command.current_dir(dir.path()).args(args).output().unwrap();
        let want = "mmcat: standard output: Bad file descriptor\n".to_owned();
        assert_eq!(outcome(&output), (String::new(), want, Some(1)), "{args:?}");
    }
}

#[test]
fn the_command_line_is_explained() {
    let dir = folder(&[], &[]);
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
    let (lines, _, _) = run(folder(&two_fields(), &[0; 30]).path(), &["-o", "lines", "f"]);
    for role in lines.lines().map(|line| line.split('\t').nth(3).unwrap()).chain(["unknown"]) {
        assert!(help.contains(&format!("\n  {role:14}")), "{role}");
    }
}
