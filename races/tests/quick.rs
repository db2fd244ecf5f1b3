//! A second of `races`: nothing that this library's reader shows of this library's files is wrong.

use std::process::Command;

#[test]
fn files_of_ours_are_read_as_they_were_written() {
    let output = Command::new(env!("CARGO_BIN_EXE_races")).arg("1").output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    let ours: Vec<_> = lines.lines().filter(|line| line.starts_with("ours\tmmstats\t")).collect();
    assert_eq!(ours.len(), 5, "{lines}");
    for line in ours {
        let columns: Vec<_> = line.split('\t').collect();
        assert!(columns[3].parse::<u64>().unwrap() > 0, "nothing was read: {line}");
        assert_eq!(columns[4..7], ["0"; 3], "torn, backwards, half seen: {line}");
    }
}
