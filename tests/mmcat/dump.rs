//! The bytes, and what they are.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::symlink;

use harness::{field, text};

use super::{directory, run, two_fields};

#[test]
fn the_dump_says_what_every_byte_is() {
    let dir = directory(&two_fields(), &[0; 30]);
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
    let dir = directory(&[text("wide", "日".repeat(15).as_bytes())], &[]);
    let (dump, ..) = run(dir.path(), &["f"]);
    let note = format!("value        {}…\n", "日".repeat(9));
    assert!(dump.contains(&note), "{dump}");
    let marks = "e\u{301}".repeat(20);
    let dir = directory(&[text("marks", marks.as_bytes())], &[]);
    assert!(run(dir.path(), &["f"]).0.contains(&format!("value        {marks}\n")));
}

#[test]
fn lines_are_a_record_a_region() {
    let dir = directory(&two_fields()[..1], &[0; 3]);
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
    let dir = directory(&[field(b"a", "zz", 1, b"twenty bytes of data")], &[]);
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
    let dir = directory(&two_fields(), &[0; 5]);
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
    let dir = directory(&[], &[]);
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
    let dir = directory(&[], &[]);
    let (out, err, code) = run(dir.path(), &["."]);
    assert_eq!((out.as_str(), code), ("", 1));
    assert_eq!(err, "mmcat: no stats files found: looked for .\n");
    fs::rename(dir.path().join("f"), dir.path().join("f.mmstats")).unwrap();
    let (out, err, code) = run(dir.path(), &["-o", "lines", "."]);
    assert_eq!((out.as_str(), err.as_str(), code), ("./f.mmstats\t0\t1\tversion\t\t1\n", "", 0));
}

#[test]
fn a_tail_of_64_mib_is_folded() {
    let dir = directory(&two_fields(), &[]);
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
