//! A moment of `races`: nothing that this library's readers show of this library's files is wrong, and
//! what is judged here can be judged wrong.

#![allow(clippy::unwrap_used)]

use std::process::Command;

use harness::{has, skip};

/// The lines of `races` for some kinds, each split into its columns.
fn races(seconds: &str, kinds: &[&str]) -> Vec<Vec<String>> {
    let output = Command::new(env!("CARGO_BIN_EXE_races")).arg(seconds).args(kinds).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| line.split('\t').map(str::to_owned).collect()).collect()
}

fn number(columns: &[String], column: usize) -> u64 {
    columns[column].parse().unwrap()
}

/// Less than a hundredth of what an idle machine reads in the first time, without optimisation.
const ENOUGH: u64 = 10_000;

/// Races over files of ours, each of which must be right: how often they were read, and how often the one that was
/// read least.
fn read_for(seconds: &str) -> (u64, u64) {
    let kinds =
        ["count", "u16", "u64-hot", "f64", "text8", "text64", "text255", "texts255", "full64", "added"];
    let lines = races(seconds, &kinds);
    assert_eq!(lines[0][3..7], ["reads", "changed", "torn", "backwards"]);
    let ours = |line: &&Vec<String>| line[0] == "ours" && ["mmstats", "follow"].contains(&line[1].as_str());
    let ours: Vec<_> = lines.iter().filter(ours).collect();
    assert_eq!(ours.len(), 2 * kinds.len(), "{lines:?}");
    for line in &ours {
        assert_eq!(line[5..8], ["0"; 3], "torn, backwards, half seen: {line:?}");
    }
    let total = lines.last().unwrap();
    assert_eq!(total[..3], ["ours", "both", "total"]);
    let reads = ours.iter().map(|line| number(line, 3));
    assert_eq!(number(total, 3), reads.clone().sum::<u64>());
    (number(total, 3), reads.min().unwrap())
}

#[test]
fn files_of_ours_are_read_as_they_were_written() {
    if !has("cc") {
        return;
    }
    // A slow or busy machine takes longer for it.
    let mut found = Vec::new();
    let is_enough = ["1.5", "6", "24", "96"].into_iter().any(|seconds| {
        let (total, least) = read_for(seconds);
        found.push((total, least));
        total > ENOUGH && least > 0
    });
    assert!(is_enough, "reads, and of the kind that was read least: {found:?}");
}

#[test]
fn the_naive_reader_sees_torn_values() {
    if !has("cc") {
        return;
    }
    if std::thread::available_parallelism().is_ok_and(|cores| cores.get() < 2) {
        return skip("one processor: nothing is read while it is written");
    }
    // Where the two cores are not at it at the same time, there is nothing to be seen: once more then.
    let found = (0..20).any(|_| {
        let lines = races("0.2", &["u64-page-hot", "singles255-hot"]);
        let torn = lines.iter().filter(|line| line[1] == "naive").map(|line| number(line, 5));
        torn.sum::<u64>() > 0
    });
    assert!(found, "torn values must be found where there are some");
}
