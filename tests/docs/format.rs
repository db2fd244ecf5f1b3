//! mmstats(5) is enough to write a compatible writer from: one in Python, made so, is read here.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use harness::has;

use super::{binary, root, text};

struct Peer {
    process: Child,
    orders: ChildStdin,
    answers: BufReader<ChildStdout>,
}

impl Peer {
    fn start(dir: &Path) -> (Self, String) {
        let mut command = Command::new("python3");
        command.arg(root().join("tests/docs/peer.py")).arg(dir).arg("peer");
        let mut process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (orders, answers) = (process.stdin.take().unwrap(), process.stdout.take().unwrap());
        let mut peer = Self { process, orders, answers: BufReader::new(answers) };
        let answer = peer.answer();
        let path = answer.strip_prefix("published ").unwrap_or_else(|| panic!("{answer:?}")).to_owned();
        (peer, path)
    }

    fn answer(&mut self) -> String {
        let mut line = String::new();
        self.answers.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn order(&mut self, order: &str) -> String {
        writeln!(self.orders, "{order}").unwrap();
        self.answer()
    }
}

/// What slurpstats prints of the file, without a word of complaint.
fn slurp(arguments: &[&str], path: &str) -> String {
    let mut command = Command::new(binary("slurpstats"));
    let output = command.args(arguments).arg(path).output().unwrap();
    assert_eq!((text(&output.stderr), output.status.code()), ("", Some(0)));
    text(&output.stdout).to_owned()
}

fn value<'a>(lines: &'a str, label: &str) -> &'a str {
    let mut fields = lines.lines().map(|line| line.split('\t').skip(1).collect::<Vec<_>>());
    fields.find(|field| field[0] == label).unwrap_or_else(|| panic!("no {label} in {lines}"))[1]
}

/// `alive`, which every record of one file says alike.
fn alive(path: &str) -> serde_json::Value {
    let records = slurp(&["-o", "json"], path);
    let mut said: Vec<_> = records
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["alive"].clone())
        .collect();
    said.dedup();
    assert_eq!(said.len(), 1, "{records}");
    said.remove(0)
}

#[test]
fn a_writer_made_from_the_page_is_read_and_known_to_live() {
    if !has("python3") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let (mut peer, path) = Peer::start(dir.path());
    let names: Vec<_> = std::fs::read_dir(dir.path()).unwrap().flatten().collect();
    assert_eq!(names.len(), 1, "no temporary name is left: {names:?}");

    let before = slurp(&["-o", "lines"], &path);
    assert_eq!(value(&before, "sys.pid"), peer.process.id().to_string());
    for (label, first) in [("counter", "0"), ("text", "first"), ("cut", "abc"), ("bool", "false")] {
        assert_eq!(value(&before, label), first);
    }
    assert_eq!(peer.order("update"), "update");
    let after = slurp(&["-o", "lines"], &path);
    let values = [
        ("counter", "18446744073709551615"),
        ("q", "-9223372036854775808"),
        ("I", "4294967295"),
        ("i", "-2147483648"),
        ("H", "65535"),
        ("h", "-32768"),
        ("f", "0.5"),
        ("d", "0.1"),
        ("text", "täxt"),
        ("cut", "ab"),
        ("B", "255"),
        ("b", "-128"),
        ("bool", "true"),
        ("given once", "fixed"),
    ];
    for (label, now) in values {
        assert_eq!(value(&after, label), now, "{label}");
    }

    let snapshot = mmstats::Snapshot::of(&path).unwrap();
    for field in snapshot.fields() {
        let (record, code) = (*field.as_ref().unwrap().record().unwrap(), field.unwrap().type_code());
        if !code.ends_with('s') {
            assert_eq!(record.value_at(0) % record.shape.size, 0, "{code} is on its boundary");
        }
        assert_eq!(record.end % 2, 0);
    }

    let added: usize = peer.order("add").strip_prefix("add ").unwrap().parse().unwrap();
    let grown = slurp(&["-o", "lines", "-p", "later."], &path);
    assert_eq!(grown.lines().count(), added);
    let last = added - 1;
    assert_eq!(value(&grown, &format!("later.{last}")), last.to_string());

    assert_eq!(alive(&path), true);
    peer.process.kill().unwrap();
    peer.process.wait().unwrap();
    assert_eq!(alive(&path), false);

    let (mut peer, path) = Peer::start(dir.path());
    assert_eq!(peer.order("end"), "end");
    assert!(!Path::new(&path).exists());
    drop(peer.orders);
    assert!(peer.process.wait().unwrap().success());
}
