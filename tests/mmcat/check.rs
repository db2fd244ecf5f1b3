//! `--check`: what is wrong with a file.

use std::fs;
use std::path::Path;

use harness::field;
use mmstats::{Counter, Gauge, Options, Text, Version};

use super::{directory, run, two_fields};

#[test]
fn a_sound_file_gives_no_line() {
    let dir = tempfile::tempdir().unwrap();
    let spec =
        |b: &mut mmstats::Builder<'_>| Ok((b.add("hits", Counter::spec())?, b.add("page", Text::spec())?));
    let stats = Options::new().version(Version::V1).dir(dir.path()).filename("f").create_with(spec).unwrap();
    stats.1.set("a long text");
    stats.1.set("b");
    stats.1.set("c");
    // What comes after the first NUL of a text does not matter.
    let bytes = fs::read(stats.path()).unwrap();
    assert!(bytes.windows(6).any(|bytes| bytes == b"c\0long"));
    assert_eq!(run(dir.path(), &["--check", "f"]), (String::new(), String::new(), 0));
    // One zero byte, or none, ends a list as well.
    for tail in [&[][..], &[0], &[0, 0]] {
        let dir = directory(&two_fields()[..1], tail);
        assert_eq!(run(dir.path(), &["--check", "f"]), (String::new(), String::new(), 0));
    }
}

#[test]
fn each_defect_is_a_line() {
    let one = || field(b"a", "b", 0xff, &[7]);
    let check = |fields: &[Vec<u8>], tail: &[u8]| {
        let dir = directory(fields, tail);
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
    let want = "f\t11\tdefect\ta\tlabel is at byte 3 already\n";
    let thrice = format!("{want}{}", want.replace("11", "19"));
    assert_eq!(check(&[one(), one(), one()], &[0; 4]), thrice);
    assert_eq!(check(&[one()], &[0, 0, 0, 9, 8]), "f\t12\tdefect\t\ttrailing bytes are not zero\n");
    let dir = directory(&[], &[]);
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
    let dir = directory(&fields, &[0; 4]);
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
    let stats = Options::new().version(Version::V1).dir(dir.path()).filename("f").create::<()>().unwrap();
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
