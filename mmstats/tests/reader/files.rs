//! Files of all kinds, and what is wrong with them.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::Path;

use mmstats::{Bool, Counter, ErrorKind, Gauge, Options, Origin, Snapshot, StaticText, Text, Value, Version};

use super::{field, golden, golden_in, read, write};

#[test]
fn a_file_of_the_original_reads_as_it_was_written() {
    let (found, end) = read(&golden("original-0.8.0"));
    assert!(end.is_none());
    let found: String = found.iter().map(|(label, value)| format!("{label}\t{value}\n")).collect();
    assert_eq!(
        found,
        fs::read_to_string(golden("original-0.8.0").with_file_name("original-0.8.0.lines")).unwrap()
    );
}

/// A little-endian file as a big-endian machine would have it.
fn turned(bytes: &[u8]) -> Vec<u8> {
    let mut turned = bytes.to_vec();
    let mut at = 1;
    let mut number = |at: usize, size: usize| turned[at..at + size].reverse();
    let size = |at: usize| usize::from(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
    while size(at) != 0 {
        number(at, 2);
        at += 2 + size(at);
        number(at, 2);
        let code = std::str::from_utf8(&bytes[at + 2..][..size(at)]).unwrap().trim_start();
        at += 2 + size(at);
        let values = if bytes[at] == 0xff { 1 } else { 2 };
        at += 1;
        for _ in 0..values {
            let length = match code {
                "b" | "?" => 1,
                "h" | "H" => 2,
                "i" | "I" | "f" => 4,
                "q" | "Q" | "d" => 8,
                text => text.strip_suffix('s').unwrap().parse().unwrap(),
            };
            if !code.ends_with('s') {
                number(at, length);
            }
            at += length;
        }
    }
    turned
}

/// Big-endian machines on which the original runs are rare: what it writes there is made from what it writes
/// elsewhere. What our writer makes there is its own, and the same.
#[test]
fn golden_files_say_the_same_in_both_byte_orders() {
    for name in ["original-0.8.0", "ours"] {
        let [little, big] = ["little", "big"].map(|order| fs::read(golden_in(order, name)).unwrap());
        assert!(turned(&little) == big, "{name}");
    }
}

/// Version 1 of the format has no mark of the byte order: such a file is garbage, which ends with a reason.
#[test]
fn a_file_of_the_other_byte_order_is_an_error() {
    let other = if cfg!(target_endian = "little") { "big" } else { "little" };
    for name in ["original-0.8.0", "ours"] {
        let (found, end) = read(&golden_in(other, name));
        assert_eq!(found, []);
        let end = end.unwrap();
        assert_eq!((end.kind(), end.offset()), (ErrorKind::Format, Some(1)), "{end}");
    }
}

/// The bytes of a file of ours, its own story (`sys.*`, `org.*`) blanked out.
fn without_story(path: &Path) -> Vec<u8> {
    let snapshot = Snapshot::of(path).unwrap();
    let mut bytes = fs::read(path).unwrap();
    for field in snapshot.fields().map(Result::unwrap) {
        if field.label().starts_with(b"sys.") || field.label().starts_with(b"org.") {
            bytes[field.record().unwrap().index_at + 1..field.record().unwrap().end].fill(0);
        }
    }
    bytes
}

#[test]
fn our_files_are_to_the_byte_what_they_were() {
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new()
        .version(Version::V1)
        .dir(dir.path())
        .create_with(|b| {
            b.add("a.counter", Counter::spec())?.add(0x0102_0304_0506_0708);
            b.add("a.gauge", Gauge::<f64>::spec().initial(0.5))?.set(-1.5);
            b.add("short", Gauge::<i16>::spec())?.set(-2);
            b.add("byte", Gauge::<i8>::spec().initial(-3))?;
            b.add("yes", Bool::spec().initial(true))?;
            b.add("text", Text::spec().size(11))?.set("grün ✓");
            b.add("once", StaticText::spec().value("once"))?;
            b.add("last", Gauge::<u32>::spec())?.set(7);
            Ok(())
        })
        .unwrap();
    stats.add_field("late", Counter::spec()).unwrap().incr();
    if std::env::var_os("MMSTATS_BLESS").is_some() {
        fs::write(golden("ours"), without_story(stats.path())).unwrap();
    }
    assert!(without_story(stats.path()) == without_story(&golden("ours")), "the bytes differ");
}

#[test]
fn what_is_no_stats_file_is_said_so() {
    let dir = tempfile::tempdir().unwrap();
    let reason = |path: &Path| {
        let error = Snapshot::of(path).map(drop).unwrap_err();
        assert_eq!(error.path(), path);
        (error.kind(), error.reason().to_string())
    };
    let x = dir.path().join("x.mmstats");
    assert_eq!(reason(&x), (ErrorKind::Io, "opening it: No such file or directory".to_owned()));
    write(dir.path(), b"");
    assert_eq!(reason(&x), (ErrorKind::Version, "an empty file, not a stats file".to_owned()));
    write(dir.path(), b"\x03\0\0");
    assert_eq!(reason(&x), (ErrorKind::Version, "not a stats file: version 3, 1 and 2 are known".to_owned()));
    assert_eq!(reason(dir.path()), (ErrorKind::NotAFile, "not a regular file but a directory".to_owned()));
    let fifo = dir.path().join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    assert_eq!(reason(&fifo), (ErrorKind::NotAFile, "not a regular file but a FIFO".to_owned()));
    let null = Path::new("/dev/zero");
    assert_eq!(reason(null), (ErrorKind::NotAFile, "not a regular file but a device".to_owned()));
    let link = dir.path().join("link");
    std::os::unix::fs::symlink(&x, &link).unwrap();
    write(dir.path(), b"\x01");
    assert!(
        matches!(read(&link), (found, None) if found.is_empty()),
        "a link that somebody names is followed"
    );
    let mut snapshot = Snapshot::new();
    let error = snapshot.read(&link, Origin::Found).unwrap_err();
    assert_eq!(error.reason().to_string(), "not a regular file but a symbolic link");
}

#[test]
fn what_came_before_a_bad_field_stands() {
    let dir = tempfile::tempdir().unwrap();
    let good = field(b"good", "B", 0xff, &[7]);
    for (bad, reason) in [
        (field(b"bad", "z", 0xff, &[0]), "unknown type code 'z'"),
        (field(b"bad", "", 0xff, &[0]), "the type holds no value"),
        (field(b"bad", "5 5s", 0xff, &[0]), "a count without a type code behind it"),
        (field(b"bad", "99999999999999999999s", 0, &[0]), "the type is too large"),
        (field(b"bad", "B", 7, &[0, 0]), "write buffer 7 is neither 0, 1 nor 255"),
        (field(b"bad", "1000s", 0, &[0; 100]), "truncated: the value would end at byte 2025"),
        (
            field(b"bad", "9999999999999999s", 0, &[0; 100]),
            if cfg!(target_pointer_width = "64") {
                "truncated: the value would end at byte 20000000000000035"
            } else {
                "the type is too large"
            },
        ),
        (vec![0xff, 0xff, b'x'], "truncated: the label would end at byte 65549"),
        (vec![0xff], "truncated: the label size would end at byte 14"),
    ] {
        let bytes = [&[1][..], &good, &bad].concat();
        let path = write(dir.path(), &bytes);
        let (found, end) = read(&path);
        assert_eq!(found, [("good".to_owned(), "7".to_owned())]);
        let end = end.unwrap();
        assert_eq!((end.kind(), end.offset()), (ErrorKind::Format, Some(12)));
        assert_eq!(end.to_string(), format!("{}: field at byte 12: {reason}", path.display()));
    }
}

#[test]
fn every_truncation_of_a_file_gives_its_first_fields_and_a_reason() {
    let dir = tempfile::tempdir().unwrap();
    let whole = fs::read(golden("original-0.8.0")).unwrap();
    let (all, _) = read(&golden("original-0.8.0"));
    let ends: Vec<_> = {
        let snapshot = Snapshot::of(golden("original-0.8.0")).unwrap();
        snapshot.fields().map(|field| field.unwrap().record().unwrap().end).collect()
    };
    let path = dir.path().join("x.mmstats");
    let file = File::create(&path).unwrap();
    file.write_all_at(&whole, 0).unwrap();
    for length in (1..whole.len()).rev() {
        file.set_len(length as u64).unwrap();
        let (found, end) = read(&path);
        let want = ends.iter().filter(|end| **end <= length).count();
        assert_eq!(found, all[..want], "cut at {length}");
        // A single zero byte ends the list, too: the first of a small size, on a big-endian machine.
        let is_end = |length: usize| length == 1 || ends.contains(&length);
        let clean = is_end(length)
            || (whole[length - 1] == 0 && is_end(length - 1))
            || length >= *ends.last().unwrap();
        assert_eq!(end.is_none(), clean, "cut at {length}: {end:?}");
    }
}

#[test]
fn a_sparse_file_of_any_size_takes_no_memory() {
    let dir = tempfile::tempdir().unwrap();
    // More than a snapshot holds, and no more than an address can count.
    let huge = if cfg!(target_pointer_width = "64") { "900000000000s" } else { "500000000s" };
    let bytes = [&[1][..], &field(b"a", "B", 0xff, &[7]), &field(b"huge", huge, 0xff, &[])].concat();
    let path = write(dir.path(), &bytes);
    File::options().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
    let (found, end) = read(&path);
    assert_eq!(found.len(), 1);
    assert_eq!(end.unwrap().kind(), ErrorKind::TooLarge);
    // With nothing but zeros behind the fields, the size does not matter.
    write(dir.path(), &[&[1][..], &field(b"a", "B", 0xff, &[7])].concat());
    File::options().write(true).open(&path).unwrap().set_len(1 << 40).unwrap();
    let (found, end) = read(&path);
    assert_eq!((found.len(), end.is_none()), (1, true));
}

#[test]
fn all_values_of_a_type_are_there_for_who_asks() {
    let dir = tempfile::tempdir().unwrap();
    let path = write(
        dir.path(),
        &[&[1][..], &field(b"three", " >2h 2s", 0, &[0, 1, 0, 2, b'x', 0].repeat(2))].concat(),
    );
    let (_, end) = read(&path);
    assert_eq!(end.unwrap().reason().to_string(), "field at byte 1: unknown type code '>'");
    let path = write(
        dir.path(),
        &[&[1][..], &field(b"three", ">2h 2s", 1, &[0, 1, 0, 2, b'x', 0].repeat(2))].concat(),
    );
    let snapshot = Snapshot::of(&path).unwrap();
    let field = snapshot.find("three").unwrap();
    assert_eq!(field.value(), Value::Signed(1));
    let all: Vec<_> = field.values().collect();
    assert_eq!(all, [Value::Signed(1), Value::Signed(2), Value::Text(b"x")]);
    assert_eq!((field.type_code().as_ref(), field.is_buffered(), field.offset()), (">2h2s", true, 1));
}
