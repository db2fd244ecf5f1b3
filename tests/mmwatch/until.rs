//! What `mmwatch --until` waits for, and how it ends.

use std::fs;
use std::path::Path;
use std::process::Command;

use harness::{Watch, counter, double, field, text, tool, write};
use mmstats::{Gauge, Instance, Options, stats};

stats! {
    struct Queue {
        depth: Gauge<i64>,
    }
}

fn publish(dir: &Path, name: &str, depth: i64) -> Instance<Queue> {
    let queue = Options::new().dir(dir).filename(format!("{name}.mmstats")).create::<Queue>().unwrap();
    queue.depth.set(depth);
    queue
}

pub(crate) fn mmwatch(dir: &Path, args: &[&str]) -> Command {
    let mut command = tool(env!("CARGO_BIN_EXE_mmwatch"));
    // In case of a fault it ends some time.
    command.args(["-d", "0.02", "--timeout", "20"]).args(args).arg(dir);
    command
}

/// One look, or two: standard error and the exit code.
pub(crate) fn now(dir: &Path, expression: &str, args: &[&str]) -> (String, Option<i32>) {
    let args = [&["-p", "none", "--until", expression, "--timeout", "0"], args].concat();
    let (out, err, code) = harness::run(&mut mmwatch(dir, &args));
    assert_eq!(out, "");
    (err, code)
}

pub(crate) fn silent(code: i32) -> (String, Option<i32>) {
    (String::new(), Some(code))
}

/// A live one that has looked once: it has printed the first values of `count` files.
fn wait_for(dir: &Path, expression: &str, args: &[&str], count: usize) -> Watch {
    let args = [&["-i", "-p", "depth", "--until", expression], args].concat();
    let waiting = Watch::start(&mut mmwatch(dir, &args));
    (0..count).for_each(|_| assert!(waiting.line().contains("\tdepth\t")));
    waiting
}

/// Standard error, or what is left of it, and the exit code.
fn end(waiting: Watch) -> (String, Option<i32>) {
    let (stderr, status) = waiting.end();
    (stderr, status.code())
}

#[test]
fn records_that_are_used_up_first_are_no_success() {
    let dir = tempfile::tempdir().unwrap();
    let queue = publish(dir.path(), "a", 1);
    let waiting = wait_for(dir.path(), "depth = 3", &["-c", "2"], 1);
    queue.depth.set(2);
    let want = "mmwatch: --until: did not hold within 2 records\n".to_owned();
    assert_eq!(end(waiting), (want, Some(1)));
    // What holds with the last record holds.
    for args in [&["-c", "2"][..], &["-c", "2", "-a", "sum"]] {
        queue.depth.set(1);
        let waiting = wait_for(dir.path(), "depth = 3", args, 1);
        queue.depth.set(3);
        assert_eq!(end(waiting), silent(0), "{args:?}");
    }
    let waiting = wait_for(dir.path(), "depth = 3", &["-c", "1"], 0);
    assert_eq!(end(waiting), silent(0), "at the first look");
}

#[test]
fn the_end_of_the_last_process_empties_a_sum() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (publish(dir.path(), "a", 5), publish(dir.path(), "b", 7));
    let waiting = wait_for(dir.path(), "depth = 0", &["-a", "sum"], 2);
    drop(a);
    assert!(waiting.line().ends_with("a.mmstats\t\t\tvanished"));
    // One ends in order, one leaves its file behind.
    b.keep();
    drop(b);
    assert_eq!(end(waiting), silent(0));
    let dead = dir.path().join("b.mmstats");
    assert!(dead.exists());
    for function in ["sum", "max", "one", "avg"] {
        assert_eq!(now(dir.path(), "depth = 0", &["-a", function]), silent(3), "never seen: {function}");
    }
    let c = publish(dir.path(), "c", 5);
    let waiting = wait_for(dir.path(), "depth < 5", &["-a", "max", "-c", "2"], 1);
    drop(c);
    assert!(waiting.line().ends_with("c.mmstats\t\t\tvanished"));
    let want = "mmwatch: --until: did not hold within 2 records\n".to_owned();
    assert_eq!(end(waiting), (want, Some(1)), "nothing has no greatest value");
}

#[test]
fn a_file_that_cannot_be_read_any_more_is_not_gone() {
    let dir = tempfile::tempdir().unwrap();
    let a = write(dir.path(), "a.mmstats", &[counter("depth", 5)]);
    let waiting = wait_for(dir.path(), "depth = 0", &["-a", "sum"], 1);
    fs::write(&a, "broken").unwrap();
    assert!(waiting.line().ends_with("a.mmstats\t\t\tvanished"));
    let said = waiting.error_line();
    assert!(said.contains("not a stats file"), "{said}");
    // Another record shows that it looked again, and waits.
    write(dir.path(), "b.mmstats", &[counter("depth", 0)]);
    assert!(waiting.line().ends_with("b.mmstats\t\t\tappeared"));
    fs::remove_file(&a).unwrap();
    assert_eq!(end(waiting), silent(0));
}

#[test]
fn the_last_word_of_a_process_counts() {
    let dir = tempfile::tempdir().unwrap();
    let queue = publish(dir.path(), "a", 1);
    let waiting = wait_for(dir.path(), "depth = 2", &[], 1);
    queue.depth.set(2);
    queue.keep();
    drop(queue);
    assert_eq!(end(waiting), silent(0));
}

#[test]
fn text_satisfies_no_comparison_with_a_number() {
    let dir = tempfile::tempdir().unwrap();
    let a = write(dir.path(), "a.mmstats", &[text("ready", b"no"), text("release", b"7")]);
    for operator in ["<", "<=", ">", ">="] {
        assert_eq!(now(dir.path(), &format!("ready {operator} 5"), &[]), silent(3), "{operator}");
        assert_eq!(now(dir.path(), &format!("ready {operator} 5"), &["-a", "sum"]), silent(3));
    }
    assert_eq!(now(dir.path(), "release = 7", &[]), silent(0), "text may be digits");
    assert_eq!(now(dir.path(), "ready > maybe", &[]), silent(0), "text with text");
    // Beside it a number, in another file.
    let b = write(dir.path(), "b.mmstats", &[counter("ready", 3)]);
    let said = |path: &Path, what: &str| format!("mmwatch: {}: ready {what}\n", path.display());
    let mixed = said(&a, "is text here and a number elsewhere");
    assert_eq!(now(dir.path(), "ready >= 5", &[]), silent(3));
    assert_eq!(now(dir.path(), "ready >= 3", &[]), silent(0));
    for expression in ["ready >= 5", "ready >= 3", "ready = 3", "ready != 0"] {
        let want = (mixed.clone(), Some(3));
        assert_eq!(now(dir.path(), expression, &["-a", "sum"]), want, "{expression}: nobody knows the sum");
    }
    assert_eq!(now(dir.path(), "ready = yes", &[]), (said(&b, "cannot be compared with VALUE"), Some(3)));
    // Once all have numbers, it is known.
    let waiting = wait_for(dir.path(), "ready >= 5", &["-a", "sum"], 0);
    assert_eq!(waiting.error_line() + "\n", mixed);
    write(dir.path(), "new", &[counter("ready", 2)]);
    fs::rename(dir.path().join("new"), &a).unwrap();
    assert_eq!(end(waiting), silent(0));
}

#[test]
fn numbers_of_all_types_add_up() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "a.mmstats", &[counter("hits", 507), counter("large", (1 << 53) + 1)]);
    write(
        dir.path(),
        "b.mmstats",
        &[double("hits", 0.5), field(b"large", "q", 0xff, &(-1_i64).to_ne_bytes())],
    );
    write(dir.path(), "c.mmstats", &[field(b"hits", "?", 0xff, &[1]), counter("large", u64::MAX)]);
    assert_eq!(now(dir.path(), "hits = 508.5", &["-a", "sum"]), silent(0));
    assert_eq!(now(dir.path(), "large = 18455751272964292607", &["-a", "sum"]), silent(0));
    assert_eq!(now(dir.path(), "large = 18455751272964292608", &["-a", "sum"]), silent(3));
    assert_eq!(now(dir.path(), "large = 9007199254740992.0", &[]), silent(3));
}

#[test]
fn a_label_with_an_operator_is_quoted() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "a.mmstats", &[counter("http{code=200}", 5), counter("a < \"b\"", 7)]);
    assert_eq!(now(dir.path(), r#""http{code=200}" >= 5"#, &[]), silent(0));
    assert_eq!(now(dir.path(), r#""http{code=200}" = 5"#, &["-a", "sum"]), silent(0));
    assert_eq!(now(dir.path(), r#""a < \"b\""=7"#, &[]), silent(0));
    assert_eq!(now(dir.path(), "http{code=200} >= 5", &[]), silent(3), "another label");
}
