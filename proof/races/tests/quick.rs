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
    // In both versions; then those of version 2 alone, each of which is raced against a writer that pauses, too, but for
    // the one that several threads write.
    let both =
        ["count", "u16", "u64-hot", "f64", "text8", "text255", "texts255", "full64", "added", "shared-hot"];
    let two = ["repeat255-hot", "mean-hot", "window-hot", "recent-hot", "histogram-hot"];
    let shared = ["shared-histogram-hot"];
    let lines = races(seconds, &[&both[..], &two, &shared].concat());
    assert_eq!(lines[0][4..8], ["reads", "changed", "torn", "backwards"]);
    let ours = |line: &&Vec<String>| {
        ["version1", "version2", "paused2"].contains(&line[0].as_str())
            && ["mmstats", "follow"].contains(&line[1].as_str())
    };
    let ours: Vec<_> = lines.iter().filter(ours).collect();
    // Two readers of each; where one field is hot or fields are added, on the same core and stopped, too.
    assert_eq!(ours.len(), 2 * (2 * both.len() + 2 * 6 + two.len() * 4 + shared.len() * 3), "{lines:?}");
    for line in &ours {
        assert_eq!(line[6..9], ["0"; 3], "torn, backwards, half seen: {line:?}");
    }
    let total = lines.last().unwrap();
    assert_eq!(total[..4], ["ours", "both", "total", "any"]);
    let reads = ours.iter().map(|line| number(line, 4));
    assert_eq!(number(total, 4), reads.clone().sum::<u64>());
    (number(total, 4), reads.min().unwrap())
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

/// What the naive reader sees torn in files of one layout.
fn torn(lines: &[Vec<String>], layout: &str) -> u64 {
    lines.iter().filter(|line| line[0] == layout && line[1] == "naive").map(|line| number(line, 6)).sum()
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
        torn(&lines, "packed") > 0
    });
    assert!(found, "torn values must be found where there are some");
    for kind in ["repeat255-hot", "mean-hot", "recent-hot"] {
        let found = (0..20).any(|_| torn(&races("0.2", &[kind]), "paused2") > 0);
        assert!(found, "{kind}, in version 2");
    }
}

/// Sums over files whose counts move: by threads that are folded, and by processes whose counts are kept.
#[test]
fn what_moves_is_counted_once() {
    if !has("cc") {
        return;
    }
    let read_for = |seconds| {
        let lines = races(seconds, &["folded", "departed"]);
        let (naive, ours): (Vec<_>, Vec<_>) =
            lines[1..lines.len() - 1].iter().partition(|line| line[1] == "naive");
        // Of two versions, by two readers, in three ways; the departed by one, in four.
        assert_eq!((ours.len(), naive.len()), (2 * 2 * 3 + 4, 3), "{lines:?}");
        for line in &ours {
            assert_eq!(line[6..9], ["0"; 3], "torn, backwards, half seen: {line:?}");
        }
        let is_wrong = |line: &&Vec<String>| number(line, 7) + number(line, 8) > 0;
        // Each was read while counts moved, and who takes no care was wrong in both.
        let is_enough = ours.iter().all(|line| number(line, 5) > 0)
            && ["folded", "departed"]
                .iter()
                .all(|kind| naive.iter().any(|line| line[2] == *kind && is_wrong(line)));
        (is_enough, lines)
    };
    // A slow or busy machine takes longer for it.
    let mut found = Vec::new();
    let is_enough = ["2", "8", "32", "128"].into_iter().any(|seconds| {
        let (is_enough, lines) = read_for(seconds);
        found.push(lines);
        is_enough
    });
    assert!(is_enough, "{found:?}");
}
