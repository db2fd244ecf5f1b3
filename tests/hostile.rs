//! Every truncation and every single-byte change of the golden files, through every tool: exit 0 or 1, no
//! signal, and nothing in the output that acts on a terminal.
//!
//! `MMSTATS_HOSTILE=all` cuts at every byte and tries all 255 wrong values of each, which takes about an hour.
//! Without, each byte gets a few of them, and of the bytes amidst others that are the same (the zeros behind
//! the last field, long texts) one here and there. Figures are on stderr, in lines that begin with `hostile:`.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// The tools, and what each is asked for. The files come behind it.
const RUNS: [&[&str]; 14] = [
    &["slurpstats", "-o", "text"],
    &["slurpstats", "-o", "lines"],
    &["slurpstats", "-o", "json"],
    &["slurpstats", "-o", "prometheus"],
    &["slurpstats", "-o", "lines", "-a", "sum"],
    &["mmcat"],
    &["mmcat", "-o", "lines"],
    &["mmcat", "--check"],
    &["pollstats", "-c", "1", "-t", "g.counter,=g.int,g.double,g.string,a.counter,a.gauge,yes,text"],
    // A label that no file has: those that are like it are told.
    &["pollstats", "-c", "1", "g.countr"],
    &["pollstats", "-c", "1", "a.u64,a.u32,a.mean,a.window,a.histogram:p99,a.recent:max,a.text"],
    &["mmwatch", "-i", "--timeout", "0"],
    &["mmwatch", "-i", "-o", "json", "-c", "5000", "--timeout", "0"],
    &["cleanstats", "-n", "-v"],
];

/// How many files a tool gets at once: starting it costs more than reading one.
const BATCH: usize = 1024;
/// Of bytes that have this many equal ones on either side, only some are tried: see [`STRIDE`].
const AMIDST: usize = 8;
/// One of this many is tried.
const STRIDE: usize = 61;

/// A file that somebody has damaged.
struct Mutant {
    name: String,
    bytes: Vec<u8>,
}

fn wants_all() -> bool {
    std::env::var_os("MMSTATS_HOSTILE").is_some_and(|what| what == "all")
}

/// The offsets that are tried.
fn places(golden: &[u8]) -> impl Iterator<Item = usize> {
    (0..golden.len()).filter(|&at| {
        let around = &golden[at.saturating_sub(AMIDST)..golden.len().min(at + AMIDST + 1)];
        wants_all() || at % STRIDE == 0 || around.iter().any(|&byte| byte != golden[at])
    })
}

fn truncations(golden: &[u8]) -> impl Iterator<Item = Mutant> {
    places(golden).map(|len| Mutant { name: format!("cut-{len:04}.mmstats"), bytes: golden[..len].to_vec() })
}

fn changes(golden: &[u8]) -> impl Iterator<Item = Mutant> {
    places(golden).flat_map(move |at| {
        wrong(at, golden[at]).into_iter().map(move |value| {
            let mut bytes = golden.to_vec();
            bytes[at] = value;
            Mutant { name: format!("byte-{at:04}-{value:02x}.mmstats"), bytes }
        })
    })
}

/// What is put in the place of a byte: ESC, and in turn what ends a text or a record, what is no UTF-8, what
/// makes a length or an index another.
fn wrong(at: usize, right: u8) -> Vec<u8> {
    let mut values: Vec<u8> = if wants_all() {
        (0..=255).collect()
    } else {
        let turn = [0, 0xff, right ^ 1, 0x9b, b'\n', right.wrapping_add(1), right ^ 0x80, b'\t'];
        vec![0x1b, turn[at % turn.len()]]
    };
    values.retain(|&value| value != right);
    values
}

/// What is wrong with how a run ended.
fn fault(run: &[&str], output: &Output) -> Option<String> {
    if let Some(signal) = output.status.signal() {
        return Some(format!("signal {signal}"));
    }
    // 3: the time was up, which is how mmwatch is told to end.
    let code = output.status.code().unwrap();
    if code > 1 && !(code == 3 && run.contains(&"--timeout")) {
        return Some(format!("exit {code}"));
    }
    let start = format!("{}: ", run[0]);
    let stderr = match raw(&output.stderr) {
        Ok(stderr) => stderr,
        Err(fault) => return Some(format!("stderr: {fault}")),
    };
    if let Some(line) = stderr.lines().find(|line| !line.starts_with(&start)) {
        return Some(format!("stderr: {line:?}"));
    }
    raw(&output.stdout).err().map(|fault| format!("stdout: {fault}"))
}

/// The text, or what in it a terminal would act on.
fn raw(bytes: &[u8]) -> Result<&str, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let is_bad = |char: char| {
        (char.is_control() && !matches!(char, '\n' | '\t'))
            || matches!(char,
                '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    // Nearly everything is printable ASCII, and there is a lot of it: told by eight bytes at a time.
    let mut at = 0;
    while at < bytes.len() {
        let end = bytes.len().min(at + 8);
        if !<[u8; 8]>::try_from(&bytes[at..end]).is_ok_and(is_printable) {
            // Characters that begin here; their ends are in the text, which is UTF-8.
            let begin = (at..end).find(|&at| text.is_char_boundary(at)).unwrap_or(end);
            let end = (end..=bytes.len()).find(|&at| text.is_char_boundary(at)).unwrap();
            if text[begin..end].contains(is_bad) {
                let line = text[..end].rfind('\n').map_or(0, |newline| newline + 1);
                return Err(format!("{:?}", &text[line.min(begin)..end]));
            }
        }
        at = end;
    }
    Ok(text)
}

/// Whether all eight are in `b' '..=b'~'`.
fn is_printable(bytes: [u8; 8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = u64::from_ne_bytes([0x80; 8]);
    let word = u64::from_ne_bytes(bytes);
    // A byte below a blank borrows its highest bit, one from DEL on carries into it.
    let (below, above) = (word.wrapping_sub(ONES * 0x20), word.wrapping_add(ONES));
    (word | below | above) & HIGH == 0
}

fn output(run: &[&str], dir: &Path, names: &[String]) -> Output {
    let mut command = harness::tool(harness::beside(env!("CARGO_BIN_EXE_cleanstats"), run[0]));
    command.args(&run[1..]).args(names).current_dir(dir).stdin(Stdio::null()).output().unwrap()
}

/// All tools over all of these files.
#[allow(clippy::explicit_write)] // eprintln! would be kept from sight.
fn run_all(what: &str, mutants: impl Iterator<Item = Mutant>) {
    let mut mutants = mutants.peekable();
    let (mut files, mut printed) = (0, 0);
    while mutants.peek().is_some() {
        let dir = tempfile::tempdir().unwrap();
        let mut names = Vec::with_capacity(BATCH);
        for Mutant { name, bytes } in mutants.by_ref().take(BATCH) {
            fs::write(dir.path().join(&name), bytes).unwrap();
            names.push(name);
        }
        for run in RUNS {
            let ended = output(run, dir.path(), &names);
            printed += ended.stdout.len() + ended.stderr.len();
            if let Some(fault) = fault(run, &ended) {
                let alone = |name: &&String| {
                    let names = std::slice::from_ref(*name);
                    self::fault(run, &output(run, dir.path(), names)).is_some()
                };
                let guilty = names.iter().find(alone);
                panic!("{}: {fault}: {guilty:?} of {what}", run.join(" "));
            }
        }
        files += names.len();
    }
    let (runs, printed) = (RUNS.len(), printed / 1_000_000);
    let figure = format!("{files} {what} through {runs} runs of the tools: {printed} MB, all clean");
    writeln!(std::io::stderr(), "hostile: {figure}").unwrap();
}

/// In the byte order of this machine, and in the other.
const ORDERS: [&str; 2] = if cfg!(target_endian = "little") { ["little", "big"] } else { ["big", "little"] };

fn golden(name: &str) -> Vec<u8> {
    golden_in(ORDERS[0], name)
}

fn golden_in(order: &str, name: &str) -> Vec<u8> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("../mmstats/tests/golden");
    fs::read(dir.join(format!("{name}-{order}.mmstats"))).unwrap()
}

#[test]
fn every_truncation_of_a_file_of_the_other_byte_order() {
    run_all("truncations of a file of the other byte order", truncations(&golden_in(ORDERS[1], "ours")));
}

#[test]
fn every_truncation_of_a_file_of_ours() {
    run_all("truncations of a file of ours", truncations(&golden("ours")));
}

#[test]
fn every_truncation_of_a_file_of_the_original() {
    run_all("truncations of a file of the original", truncations(&golden("original-0.8.0")));
}

#[test]
fn every_truncation_of_a_file_of_version_2() {
    run_all("truncations of a file of version 2", truncations(&golden("v2")));
    // Its second byte says it all.
    let others = golden_in(ORDERS[1], "v2");
    run_all("truncations of a file of version 2 and the other byte order", truncations(&others).take(40));
}

#[test]
fn every_byte_of_a_file_of_version_2() {
    run_all("changed bytes of a file of version 2", changes(&golden("v2")));
}

#[test]
fn every_byte_of_a_file_of_ours() {
    run_all("changed bytes of a file of ours", changes(&golden("ours")));
}

#[test]
fn every_byte_of_a_file_of_the_original() {
    run_all("changed bytes of a file of the original", changes(&golden("original-0.8.0")));
}

#[test]
fn what_would_be_a_fault_is_one() {
    for bad in [&b"\x1b[31m"[..], b"\xff", b"a\rb", "\u{9b}".as_bytes(), "\u{202e}".as_bytes(), b"\x7f"] {
        assert!(raw(bad).is_err(), "{bad:?}");
    }
    for at in 0..20 {
        let mut text = "x".repeat(20);
        text.replace_range(at..=at, "\x1b");
        assert!(raw(text.as_bytes()).is_err(), "at {at}");
        text.replace_range(at..=at, "\u{202e}");
        assert!(raw(text.as_bytes()).is_err(), "at {at}");
        text.replace_range(at..at + 3, "ü✓\n");
        assert!(raw(text.as_bytes()).is_ok(), "at {at}");
    }
    assert_eq!(raw("a\tb \u{fc}\n".as_bytes()), Ok("a\tb \u{fc}\n"));
    let kill = Command::new("sh").args(["-c", "kill -SEGV $$"]).output().unwrap();
    assert_eq!(fault(&["sh"], &kill), Some("signal 11".to_owned()));
    let panic = Command::new("sh").args(["-c", "exit 101"]).output().unwrap();
    assert_eq!(fault(&["sh", "--timeout"], &panic), Some("exit 101".to_owned()));
    let told = Command::new("sh").args(["-c", "echo what >&2; exit 1"]).output().unwrap();
    assert_eq!(fault(&["sh"], &told), Some("stderr: \"what\"".to_owned()));
}
