//! `-o prometheus`: what Prometheus reads.

mod counts;
mod histograms;
mod many;
mod threads;
mod typed;
mod untyped;

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use harness::image::Fields;
use harness::{Outcome, has, outcome, tool};

use super::run;

/// What it prints of a directory with these arguments.
fn slurp(dir: &Path, arguments: &[&str]) -> Outcome {
    run(&[&["-o", "prometheus"], arguments].concat(), &[dir])
}

/// The same where all is well, and promtool has no complaint.
fn clean(dir: &Path, arguments: &[&str]) -> String {
    let (out, err, code) = slurp(dir, arguments);
    assert_eq!((err.as_str(), code), ("", Some(0)), "{out}");
    if has("promtool") {
        let mut promtool = tool("promtool");
        promtool
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut promtool = promtool.spawn().unwrap();
        promtool.stdin.take().unwrap().write_all(out.as_bytes()).unwrap();
        let said = outcome(&promtool.wait_with_output().unwrap());
        assert_eq!(said, (String::new(), String::new(), Some(0)), "{out}");
    }
    out
}

/// The samples of what was printed.
fn samples(out: &str) -> Vec<&str> {
    out.lines().filter(|line| !line.starts_with('#')).collect()
}

/// A file of process `pid`, made at second `pid`.
fn process(pid: u32) -> Fields {
    Fields::new().name("sys.pid", pid).name("sys.tid", pid).timestamp("sys.created", f64::from(pid))
}
