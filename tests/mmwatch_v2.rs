//! mmwatch with files of version 2: parts of values, kinds, and threads that are folded.

#![allow(clippy::unwrap_used)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::channel;
use std::time::Duration;

use harness::{double, outcome, tool, write};
use mmstats::{
    Average, Counter, Gauge, Histogram, Instance, MergeRule, Options, Recent, ThreadEnd, Timer, Version,
    Window, per_thread, stats,
};

stats! {
    struct Web {
        hits: Counter,
        depth: Gauge<i64> { merge: MergeRule::Max },
        wait: Gauge<u64> { unit: "seconds" },
        ratio: Average,
        answer: Timer,
        size: Histogram { quantiles: [0.9] },
        lately: Window { seconds: 3 },
        last: Recent,
    }
}

fn publish(dir: &Path, name: &str) -> Instance<Web> {
    let options = Options::new().dir(dir).filename(format!("{name}.mmstats")).version(Version::V2);
    options.label_prefix("web.").create::<Web>().unwrap()
}

fn mmwatch(dir: &Path, args: &[&str]) -> Command {
    let mut command = tool(env!("CARGO_BIN_EXE_mmwatch"));
    // In case of a fault it ends some time.
    command.args(["-d", "0.02", "--timeout", "20"]).args(args).arg(dir).stdin(Stdio::null());
    command
}

/// One look, or two: standard error and the exit code.
fn now(dir: &Path, expression: &str, args: &[&str]) -> (String, Option<i32>) {
    let args = [&["-p", "none", "--until", expression, "--timeout", "0"], args].concat();
    let (out, err, code) = outcome(&mmwatch(dir, &args).output().unwrap());
    assert_eq!(out, "");
    (err, code)
}

fn silent(code: i32) -> (String, Option<i32>) {
    (String::new(), Some(code))
}

/// One that runs, and its records as they come: label, old and new value.
struct Watch {
    child: Child,
    stdout: BufReader<ChildStdout>,
}

impl Watch {
    fn over(dir: &Path, args: &[&str]) -> Self {
        let mut child = mmwatch(dir, args).stdout(Stdio::piped()).spawn().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdout }
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).unwrap();
        line.trim_end_matches('\n').to_owned()
    }

    fn record(&mut self) -> String {
        let line = self.line();
        line.splitn(3, '\t').nth(2).unwrap_or_else(|| panic!("{line:?}")).to_owned()
    }

    fn records(&mut self, count: usize) -> Vec<String> {
        (0..count).map(|_| self.record()).collect()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[test]
fn a_value_of_several_numbers_has_a_few_records() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    web.size.record(10);
    let args = [
        "-i",
        "-p",
        "web.ratio",
        "-p",
        "web.size",
        "-p",
        "web.last",
        "-p",
        "web.answer:",
        "-x",
        "web.answer:max",
    ];
    let mut watch = Watch::over(dir.path(), &args);
    let want = [
        "web.ratio:count\t\t0",
        "web.answer:count\t\t0",
        "web.size:count\t\t1",
        "web.size:p90\t\t10",
        "web.size:max\t\t10",
    ];
    assert_eq!(watch.records(5), want);
    web.size.record(20);
    // The count is stored last, so there may be two looks, and the first may see some of it.
    let mut seen = Vec::new();
    while !seen.iter().any(|record: &String| record == "web.size:max\t10\t20") {
        seen.push(watch.record());
    }
    assert!(
        seen.contains(&"web.size:count\t1\t2".to_owned())
            && seen.contains(&"web.size:p90\t10\t20".to_owned())
    );
    web.ratio.add(0.5);
    assert_eq!(watch.records(2), ["web.ratio:count\t0\t1", "web.ratio:mean\t\t0.5"]);
    web.last.add(2.5);
    assert_eq!(watch.record(), "web.last:last\t\t2.5");
    web.answer.record(Duration::from_millis(4));
    let mut seen = watch.records(3);
    seen.sort_unstable();
    assert_eq!(seen[0], "web.answer:count\t0\t1");
    assert!(
        seen[1].starts_with("web.answer:p50\t\t0.00") && seen[2].starts_with("web.answer:p99\t\t0.00"),
        "{seen:?}"
    );
}

#[test]
fn any_part_may_be_asked_for_and_what_ages_goes() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    (1..=10).for_each(|value| web.size.record(value));
    let args = ["-i", "-p", "web.size:p50", "-p", "web.size:sum", "-p", "web.lately:max3", "-p", "web.wait"];
    let mut watch = Watch::over(dir.path(), &args);
    assert_eq!(watch.records(3), ["web.wait\t\t0", "web.size:p50\t\t5", "web.size:sum\t\t55"]);
    web.wait.set(3);
    assert_eq!(watch.record(), "web.wait\t0\t3");
    web.lately.add(4.0);
    assert_eq!(watch.record(), "web.lately:max3\t\t4.0");
    assert_eq!(watch.record(), "web.lately:max3\t4.0\t", "it has aged");
    let mut json =
        Watch::over(dir.path(), &["-i", "-o", "json", "-p", "web.size:p50", "-p", "web.lately:max3"]);
    assert!(json.line().contains("\"label\":\"web.size:p50\",\"old\":null,\"new\":5}"));
    web.lately.add(4.0);
    assert!(json.line().ends_with("\"label\":\"web.lately:max3\",\"old\":null,\"new\":4.0}"));
    let gone = json.line();
    assert!(gone.contains("\"event\":\"changed\""), "{gone}");
    assert!(gone.ends_with("\"label\":\"web.lately:max3\",\"old\":4.0,\"new\":null}"), "{gone}");
}

#[test]
fn until_a_percentile_is_too_high() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    let mut command = mmwatch(dir.path(), &["-i", "-p", "web.hits", "--until", "web.answer:p99 > 0.5"]);
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().ends_with("\tweb.hits\t\t0"));
    web.answer.record(Duration::from_millis(400));
    web.hits.incr();
    assert!(lines.next().unwrap().unwrap().ends_with("\tweb.hits\t0\t1"), "it goes on");
    web.answer.record(Duration::from_millis(700));
    assert!(child.wait().unwrap().success());
    assert_eq!(now(dir.path(), "web.answer:p99 > 0.5", &[]), silent(0));
    assert_eq!(now(dir.path(), "web.answer:p99 > 1", &[]), silent(3));
    assert_eq!(now(dir.path(), "web.answer:count = 2", &[]), silent(0));
    let none = "mmwatch: --until: web.hits has no p99\n";
    assert_eq!(now(dir.path(), "web.hits:p99 > 0", &[]), (none.to_owned(), Some(1)), "a counter has none");
    let several = "mmwatch: --until: web.answer is several numbers: say which, such as web.answer:count\n";
    assert_eq!(now(dir.path(), "web.answer > 0", &[]), (several.to_owned(), Some(1)));
    web.ratio.add(2.0);
    assert_eq!(now(dir.path(), "web.ratio = 2", &[]), silent(0), "a mean is one number");
}

#[test]
fn over_all_files_a_field_says_how() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (publish(dir.path(), "a"), publish(dir.path(), "b"));
    (0..99).for_each(|_| a.size.record(10));
    b.size.record(1000);
    for (web, n) in [(&a, 3), (&b, 4)] {
        web.depth.set(n);
        web.hits.add(5);
    }
    let auto = |expression: &str| now(dir.path(), expression, &["-a", "auto"]);
    assert_eq!(auto("web.hits = 10"), silent(0));
    assert_eq!(auto("web.depth = 4"), silent(0), "its rule is max");
    assert_eq!(auto(&format!("web.sys.pid = {}", std::process::id())), silent(0), "never added up");
    assert_eq!(auto("web.size:p90 = 10"), silent(0), "of both files together");
    assert_eq!(auto("web.size:count = 100"), silent(0));
    let with = |function, expression: &str| now(dir.path(), expression, &["-a", function]);
    assert_eq!(with("sum", "web.depth = 7"), silent(0), "whatever the rule");
    assert_eq!(with("sum", "web.size:max = 1000"), silent(0));
    assert_eq!(with("max", "web.size:p90 >= 1000"), silent(0), "the greater one");
    assert_eq!(with("avg", "web.size:count = 50"), silent(0));
    let why = "the mean of several percentiles is no percentile; -a auto merges what was recorded";
    let refused = format!("mmwatch: web.size:p90: {why}\n");
    assert_eq!(with("avg", "web.size:p90 > 0"), (refused, Some(1)));
    // A file of version 1 that has a number there.
    write(dir.path(), "old.mmstats", &[double("web.size", 7.5)]);
    let old = dir.path().join("old.mmstats");
    let found = now(&old, "web.size:count >= 0", &["-a", "auto"]);
    let why = "web.size:count is not there: the field has no such part";
    assert_eq!(found, (format!("mmwatch: {}: {why}\n", old.display()), Some(3)));
    let args = ["-p", "none", "--until", "web.size:count = 100", "-a", "auto", "--timeout", "0"];
    let (_, err, code) = outcome(&mmwatch(dir.path(), &args).arg(&old).output().unwrap());
    assert_eq!((&*err, code), (&*format!("mmwatch: {}: {why}\n", old.display()), Some(3)), "nobody knows");
}

fn workers_dir() -> &'static Path {
    static DIR: OnceLock<tempfile::TempDir> = OnceLock::new();
    DIR.get_or_init(|| tempfile::tempdir().unwrap()).path()
}

per_thread! {
    static WORKERS: Web =
        Options::new().dir(workers_dir()).label_prefix("w.").thread_end(ThreadEnd::Fold).version(Version::V2);
}

#[test]
fn a_sum_stays_what_it_is_while_threads_are_folded() {
    let (ready, is_ready) = channel();
    let workers: Vec<_> = (0..200)
        .map(|_| {
            let (end, is_over) = channel::<()>();
            let ready = ready.clone();
            let thread = std::thread::spawn(move || {
                WORKERS.with(|web| {
                    web.hits.add(1_000_000);
                    web.size.record(5);
                });
                ready.send(()).unwrap();
                let _ = is_over.recv();
            });
            (end, thread)
        })
        .collect();
    workers.iter().for_each(|_| is_ready.recv().unwrap());
    let tick = publish(workers_dir(), "tick");
    let until = |expression: &str| {
        let args = ["-i", "-d", "0.01", "-p", "web.hits", "--until", expression, "-a", "sum"];
        let mut watch = Watch::over(workers_dir(), &args);
        assert_eq!(watch.record(), "web.hits\t\t0");
        watch
    };
    let mut watches = [until("w.hits != 200000000"), until("w.size:count != 200")];
    // Nobody counts while these end.
    for (end, thread) in workers {
        drop(end);
        thread.join().unwrap();
    }
    for n in 0..3 {
        tick.hits.incr();
        for watch in &mut watches {
            // Files of threads go, and that of their process comes. A watch that ends prints nothing.
            let record = loop {
                let record = watch.record();
                if !record.starts_with('\t') {
                    break record;
                }
            };
            assert_eq!(record, format!("web.hits\t{n}\t{}", n + 1));
        }
    }
    assert_eq!(now(workers_dir(), "w.hits = 200000000", &["-a", "sum"]), silent(0));
    assert_eq!(now(workers_dir(), "w.size:p50 = 5", &["-a", "auto"]), silent(0));
}
