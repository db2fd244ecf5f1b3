//! Files that do not say what a field is.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use harness::{counter, double, field, has, outcome, text, write};
use mmstats::{Options, Text};

use crate::{ok, run, slurpstats};

#[test]
fn prometheus_reads_what_it_prints() {
    let dir = tempfile::tempdir().unwrap();
    let pid = |value: u32| field(b"sys.pid", "I", 0xff, &value.to_ne_bytes());
    let a = write(
        dir.path(),
        "web-12-34.mmstats",
        &[pid(12), field(b"sys.tid", "q", 0xff, &34_i64.to_ne_bytes()), counter("a.b", 1), counter("a_b", 2)],
    );
    let b = write(
        dir.path(),
        "b.mmstats",
        &[
            pid(13),
            counter("a.b", 3),
            text("note", b"say \"hi\" \\ \x1b[1m\n"),
            double("inf", f64::INFINITY),
            field(b"ok", "?", 0xff, &[1]),
        ],
    );
    let (a, b) = (a.display(), b.display());
    let help = "Published by a running program through a mmstats file.";
    let want = format!(
        "# HELP mmstats_a_b {help}\n# TYPE mmstats_a_b untyped\n\
         mmstats_a_b{{label=\"a.b\",file=\"{b}\",pid=\"13\",cmd=\"b\"}} 3\n\
         mmstats_a_b{{label=\"a.b\",file=\"{a}\",pid=\"12\",tid=\"34\",cmd=\"web\"}} 1\n\
         mmstats_a_b{{label=\"a_b\",file=\"{a}\",pid=\"12\",tid=\"34\",cmd=\"web\"}} 2\n\
         # HELP mmstats_inf {help}\n# TYPE mmstats_inf untyped\n\
         mmstats_inf{{label=\"inf\",file=\"{b}\",pid=\"13\",cmd=\"b\"}} +Inf\n\
         # HELP mmstats_note_info {help}\n# TYPE mmstats_note_info untyped\n\
         mmstats_note_info{{label=\"note\",file=\"{b}\",pid=\"13\",cmd=\"b\",value=\"say \\\"hi\\\" \\\\ \\\\x1b[1m\\\\n\"}} 1\n\
         # HELP mmstats_ok {help}\n# TYPE mmstats_ok untyped\n\
         mmstats_ok{{label=\"ok\",file=\"{b}\",pid=\"13\",cmd=\"b\"}} 1\n"
    );
    let args = ["-o", "prometheus", "-p", "a", "-p", "note", "-p", "inf", "-p", "ok"];
    assert_eq!(run(&args, &[dir.path()]), ok(&want));
    let aggregated = "# HELP mmstats_a_b Published by a running program through a mmstats file.\n\
                      # TYPE mmstats_a_b untyped\nmmstats_a_b{label=\"a.b\"} 4\nmmstats_a_b{label=\"a_b\"} 2\n";
    assert_eq!(run(&["-o", "prometheus", "-a", "sum", "-p", "a"], &[dir.path()]), ok(aggregated));
}

#[test]
fn promtool_accepts_the_exposition() {
    if !has("promtool") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new().dir(dir.path()).create_with(|b| b.add("page", Text::spec())).unwrap();
    stats.set("\u{1b}[1m \"q\" \\ \n ü");
    write(
        dir.path(),
        "odd \"name\"\n.mmstats",
        &[counter("\u{202e}a{}\n", 1), counter("9", 2), double("n", f64::NAN)],
    );
    let order = if cfg!(target_endian = "big") { "big" } else { "little" };
    fs::copy(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join(format!("../mmstats/tests/golden/original-0.8.0-{order}.mmstats")),
        dir.path().join("original.mmstats"),
    )
    .unwrap();
    for args in [&["-oprometheus"][..], &["-oprometheus", "-asum"]] {
        let exposition = slurpstats().args(args).arg(dir.path()).output().unwrap();
        assert_eq!(exposition.status.code(), Some(0));
        assert!(!exposition.stdout.contains(&0x1b));
        let mut promtool = Command::new("promtool")
            .args(["check", "metrics"])
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        promtool.stdin.take().unwrap().write_all(&exposition.stdout).unwrap();
        let said = promtool.wait_with_output().unwrap();
        // A label that is called "counter" is a matter of taste (exit 3), not an error (exit 1).
        let taste = "mmstats_g_counter metric name should not include type 'counter'\n";
        assert_eq!(outcome(&said), (String::new(), taste.to_owned(), Some(3)));
    }
}

#[test]
fn no_series_stands_twice_and_no_family_is_interrupted() {
    let dir = tempfile::tempdir().unwrap();
    let twice =
        write(dir.path(), "a.mmstats", &[counter("x", 1), counter("x", 2), text("x", b"1"), text("x", b"2")]);
    write(dir.path(), "b.mmstats", &[counter("y", 1), counter("x", 2)]);
    let (stdout, stderr, code) = run(&["-o", "prometheus"], &[dir.path()]);
    let complaint = format!("slurpstats: {}: label x is there twice: one is left out\n", twice.display());
    assert_eq!((stderr, code), (complaint.repeat(2), Some(1)));
    let families: Vec<_> =
        stdout.lines().map(|line| line.trim_start_matches("# HELP ").trim_start_matches("# TYPE ")).collect();
    let mut names: Vec<_> = families.iter().map(|line| line.split([' ', '{']).next().unwrap()).collect();
    let series: Vec<_> = stdout
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| line.rsplit_once(' ').unwrap().0)
        .collect();
    let mut distinct = series.clone();
    distinct.sort_unstable();
    distinct.dedup();
    assert_eq!(distinct.len(), series.len());
    names.dedup();
    assert_eq!(names, ["mmstats_x", "mmstats_x_info", "mmstats_y"]);
}

/// The series of an exposition.
fn series(exposition: &str) -> Vec<&str> {
    let lines = exposition.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit_once(' ').unwrap().0).collect()
}

#[test]
fn no_series_stands_twice_where_escaped_names_meet() {
    let dir = tempfile::tempdir().unwrap();
    let names = ["a\n.mmstats", "a\\n.mmstats", "a\\\\n.mmstats", "a\\\n.mmstats"];
    for name in names {
        write(dir.path(), name, &[counter("x", 1)]);
    }
    let (stdout, stderr, code) = run(&["-o", "prometheus"], &[dir.path()]);
    let distinct: std::collections::BTreeSet<_> = series(&stdout).into_iter().collect();
    assert_eq!((distinct.len(), stderr.as_str(), code), (names.len(), "", Some(0)), "{stdout}");
    // Over all files there is nothing else to tell them by.
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "a.mmstats", &[text("t", b"a\n"), text("u", b"1")]);
    write(dir.path(), "b.mmstats", &[text("t", b"a\\n"), text("u", b"2")]);
    let (stdout, stderr, code) = run(&["-o", "prometheus", "-a", "sum"], &[dir.path()]);
    assert_eq!((stderr.as_str(), code), ("", Some(0)));
    let want = [
        r#"mmstats_t_info{label="t",value="a\\n"}"#,
        r#"mmstats_u_info{label="u",value="1"}"#,
        r#"mmstats_u_info{label="u",value="2"}"#,
    ];
    assert_eq!(series(&stdout), want);
}
