//! `--until` over parts of values, and over what several files become together.

use std::path::Path;
use std::sync::OnceLock;
use std::sync::mpsc::channel;
use std::time::Duration;

use harness::{double, write};
use mmstats::{Options, ThreadEnd, Version, per_thread};

use super::every::{Changes, Web, over, publish};
use super::until::{mmwatch, now, silent};

#[test]
fn until_a_percentile_is_too_high() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    let watch = over(dir.path(), &["-i", "-p", "web.hits", "--until", "web.answer:p99 > 0.5"]);
    assert_eq!(watch.change(), "web.hits\t\t0");
    web.answer.record(Duration::from_millis(400));
    web.hits.incr();
    assert_eq!(watch.change(), "web.hits\t0\t1", "it goes on");
    web.answer.record(Duration::from_millis(700));
    assert!(watch.end().1.success());
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
fn what_has_no_value_yet_is_waited_for() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "b");
    for args in [&[][..], &["-a", "auto"]] {
        assert_eq!(now(dir.path(), "web.ratio > 0.5", args), silent(3), "the mean of nothing");
        assert_eq!(now(dir.path(), "web.ratio = x", args).1, Some(1), "no mean is a word");
    }
    // An old release has a number there.
    write(dir.path(), "a.mmstats", &[double("web.answer", 0.5), double("web.ratio", 0.25)]);
    let path = dir.path().join("a.mmstats");
    let why = "web.answer:p99 is not there: the field has no such part";
    let said = format!("mmwatch: {}: {why}\n", path.display());
    assert_eq!(now(dir.path(), "web.answer:p99 > 0.5", &[]), (said, Some(3)));
    assert_eq!(now(dir.path(), "web.ratio > 0.5", &[]), silent(3));
    web.ratio.add(2.0);
    assert_eq!(now(dir.path(), "web.ratio > 0.5", &[]), silent(0));
    web.answer.record(Duration::from_millis(1));
    let why = "mmwatch: --until: the label's value and VALUE cannot be compared\n";
    assert_eq!(
        now(dir.path(), "web.answer:p99 = x", &[]),
        (why.to_owned(), Some(1)),
        "one file has the part"
    );
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
    let (_, err, code) = harness::run(mmwatch(dir.path(), &args).arg(&old));
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
        let watch = over(workers_dir(), &args);
        assert_eq!(watch.change(), "web.hits\t\t0");
        watch
    };
    let watches = [until("w.hits != 200000000"), until("w.size:count != 200")];
    // Nobody counts while these end.
    for (end, thread) in workers {
        drop(end);
        thread.join().unwrap();
    }
    for n in 0..3 {
        tick.hits.incr();
        for watch in &watches {
            // Files of threads go, and that of their process comes. A watch that ends prints nothing.
            let record = loop {
                let record = watch.change();
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
