//! slurpstats as a user runs it: standard output, standard error and exit code together.

#![allow(clippy::unwrap_used)]

mod common;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown, lchown, symlink};
use std::os::unix::net::{UnixListener, UnixStream};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use common::{counter, double, field, has, outcome, text, tool, without_stdout, write};
use mmstats::{Counter, Gauge, Options, Text};
use serde_json::Value as Json;

fn slurpstats() -> Command {
    tool(env!("CARGO_BIN_EXE_slurpstats"))
}

/// Runs it with these arguments.
fn run(args: &[&str], operands: &[&Path]) -> (String, String, Option<i32>) {
    outcome(&slurpstats().args(args).args(operands).output().unwrap())
}

fn ok(stdout: &str) -> (String, String, Option<i32>) {
    (stdout.to_owned(), String::new(), Some(0))
}

#[test]
fn in_a_pipe_it_prints_a_record_a_line() {
    let dir = tempfile::tempdir().unwrap();
    let file =
        write(dir.path(), "a.mmstats", &[counter("hits", 3), double("mean", 1.0), text("page", b"/x y")]);
    let path = file.display();
    let want = format!("{path}\thits\t3\n{path}\tmean\t1.0\n{path}\tpage\t/x y\n");
    assert_eq!(run(&[], &[&file]), ok(&want));
    assert_eq!(run(&["-o", "lines"], &[&file]), ok(&want));
}

#[test]
fn text_is_what_the_original_prints() {
    let dir = tempfile::tempdir().unwrap();
    let a = write(dir.path(), "a.mmstats", &[counter("hits", 3), counter("longer.label", 4)]);
    let b = write(dir.path(), "b.mmstats", &[counter("grün", 5)]);
    let want = format!(
        "==> {}\n  hits         3\n  longer.label 4\n\n==> {}\n  grün 5\n\n",
        a.display(),
        b.display()
    );
    assert_eq!(run(&["--output=text"], &[&b, &a]), ok(&want), "sorted by path");
}

#[test]
fn columns_meet_whatever_a_label_is_written_in() {
    let dir = tempfile::tempdir().unwrap();
    let labels = ["hits", "日本", "e\u{301}t", "a\u{200b}b", "ｗｉｄｅ"];
    let file = write(dir.path(), "a.mmstats", &labels.map(|label| counter(label, 1)));
    let lines = "  hits     1\n  日本     1\n  e\u{301}t       1\n  a\u{200b}b       1\n  ｗｉｄｅ 1\n";
    assert_eq!(run(&["-o", "text"], &[&file]), ok(&format!("==> {}\n{lines}\n", file.display())));
    let mut sorted: Vec<_> = lines.lines().collect();
    sorted.sort_unstable();
    let (aggregated, ..) = run(&["-o", "text", "-a", "min"], &[&file]);
    assert_eq!(aggregated.lines().collect::<Vec<_>>(), sorted);
}

#[test]
fn a_running_program_is_read_while_it_works() {
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new()
        .path(dir.path())
        .filename("live.mmstats")
        .label_prefix("web.")
        .create_with(|b| Ok((b.add("hits", Counter::spec())?, b.add("load", Gauge::<f64>::spec())?)))
        .unwrap();
    let path = stats.path().display().to_string();
    for n in 1..=3_u32 {
        stats.0.incr();
        stats.1.set(f64::from(n) / 4.0);
        let want = format!("{path}\tweb.hits\t{n}\n{path}\tweb.load\t{:?}\n", f64::from(n) / 4.0);
        assert_eq!(run(&["-p", "web.hits", "-p", "web.load"], &[dir.path()]), ok(&want));
    }
}

#[test]
fn prefixes_choose_labels_and_files_without_any_are_not_shown() {
    let dir = tempfile::tempdir().unwrap();
    let a = write(dir.path(), "a.mmstats", &[counter("x.1", 1), counter("y.2", 2), counter("xx", 3)]);
    let b = write(dir.path(), "b.mmstats", &[counter("z", 4)]);
    let want = format!("==> {}\n  x.1 1\n  y.2 2\n\n", a.display());
    assert_eq!(run(&["-o", "text", "-p", "x.", "--prefix=y"], &[&a, &b]), ok(&want));
    assert_eq!(run(&["-p", "nothing"], &[&a, &b]), ok(""));
}

#[test]
fn values_print_in_full_and_read_back_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(
        dir.path(),
        "a.mmstats",
        &[
            counter("a", u64::MAX),
            field(b"b", "q", 0xff, &i64::MIN.to_ne_bytes()),
            field(b"c", "f", 0xff, &0.1_f32.to_ne_bytes()),
            double("d", 0.1 + 0.2),
            double("e", 1e300),
            double("f", f64::NAN),
            double("g", f64::NEG_INFINITY),
            field(b"h", "?", 0xff, &[1]),
            field(b"i", "?", 0xff, &[0]),
            text("j", b""),
        ],
    );
    let (stdout, ..) = run(&[], &[&file]);
    let values: Vec<_> = stdout.lines().map(|line| line.rsplit_once('\t').unwrap().1).collect();
    let want = "18446744073709551615 -9223372036854775808 0.1 0.30000000000000004 1e300 NaN -inf true false ";
    assert_eq!(values.join(" "), want);
}

#[test]
fn aggregates_are_one_record_a_label() {
    let dir = tempfile::tempdir().unwrap();
    let bool = |value| field(b"ready", "?", 0xff, &[value]);
    for (name, hits, load, page, ready) in
        [("a", 0, 0.0, &b"/"[..], 1), ("b", 10, 0.5, b"/x", 0), ("c", u64::MAX, 1.0, b"/", 1)]
    {
        let name = format!("{name}.mmstats");
        write(
            dir.path(),
            name,
            &[counter("hits", hits), double("load", load), text("page", page), bool(ready)],
        );
    }
    let aggregate = |function: &str| {
        let (stdout, stderr, code) = run(&["-a", function], &[dir.path()]);
        assert_eq!((stderr.as_str(), code), ("", Some(0)));
        stdout
    };
    assert_eq!(aggregate("sum"), "hits\t18446744073709551625\nload\t1.5\npage\t/, /x\nready\t2\n");
    assert_eq!(
        aggregate("avg"),
        "hits\t6.148914691236517e18\nload\t0.5\npage\t/, /x\nready\t0.6666666666666666\n"
    );
    assert_eq!(aggregate("min"), "hits\t0\nload\t0.0\npage\t/, /x\nready\tfalse\n");
    assert_eq!(aggregate("max"), "hits\t18446744073709551615\nload\t1.0\npage\t/, /x\nready\ttrue\n");
    assert_eq!(aggregate("one"), "hits\t0\nload\t0.0\npage\t/\nready\ttrue\n");
    assert_eq!(aggregate("nonzero-min"), "hits\t10\nload\t0.5\npage\t/, /x\nready\ttrue\n");
    assert_eq!(aggregate("nonzero-avg"), "hits\t9.223372036854776e18\nload\t0.75\npage\t/, /x\nready\t1.0\n");
    let text = "  hits 10\n  load 0.5\n";
    assert_eq!(run(&["-anonzero-min", "-otext", "-ph", "-pl"], &[dir.path()]), ok(text));
    let json = "{\"label\":\"hits\",\"type\":\"Q\",\"value\":18446744073709551625}\n\
                {\"label\":\"load\",\"type\":\"d\",\"value\":1.5}\n\
                {\"label\":\"page\",\"type\":\"2s\",\"value\":[\"/\",\"/x\"]}\n\
                {\"label\":\"ready\",\"type\":\"?\",\"value\":2}\n";
    assert_eq!(run(&["-a", "sum", "-o", "json"], &[dir.path()]), ok(json));
}

#[test]
fn json_is_an_object_a_line_that_any_parser_reads() {
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new()
        .path(dir.path())
        .filename("live.mmstats")
        .create_with(|b| b.add("hits", Counter::spec()))
        .unwrap();
    stats.add(u64::MAX);
    let odd = "dead \"quoted\" \u{202e}\n.mmstats";
    write(
        dir.path(),
        odd,
        &[double("nan", f64::NAN), text("tab\t\x1b[1m", b"\xff\\"), field(b"sys.pid", "I", 0xff, &[0xff; 4])],
    );
    let (stdout, stderr, code) = run(&["-o", "json"], &[dir.path()]);
    assert_eq!((stderr.as_str(), code), ("", Some(0)));
    assert!(!stdout.contains(['\x1b', '\u{202e}', '\t']), "{stdout}");
    let objects: Vec<Json> = stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let keys: Vec<_> = objects[0].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys, ["alive", "file", "label", "pid", "type", "value"]);
    let find = |label: &str| objects.iter().find(|object| object["label"] == label).unwrap();
    let hits = find("hits");
    assert_eq!(hits["value"].as_u64(), Some(u64::MAX));
    assert_eq!((&hits["type"], &hits["alive"]), (&Json::from("Q"), &Json::from(true)));
    assert_eq!(hits["pid"], std::process::id());
    assert_eq!(hits["file"], stats.path().to_str().unwrap());
    let text = find("tab\t\x1b[1m");
    assert_eq!((&text["value"], &text["type"]), (&Json::from("\u{fffd}\\"), &Json::from("3s")));
    assert_eq!(text["file"], dir.path().join(odd).to_str().unwrap());
    assert_eq!(find("nan")["value"], Json::Null);
}

#[test]
fn json_tells_the_living_from_the_dead() {
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new().path(dir.path()).create::<()>().unwrap();
    let alive = |path: &Path| {
        let (stdout, ..) = run(&["-o", "json", "-p", "sys.pid"], &[path]);
        serde_json::from_str::<Json>(&stdout).unwrap()["alive"].clone()
    };
    let path = stats.path().to_owned();
    assert_eq!(alive(&path), true);
    stats.keep();
    drop(stats);
    assert_eq!(alive(&path), false);
}

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
    let stats = Options::new().path(dir.path()).create_with(|b| b.add("page", Text::spec())).unwrap();
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
    let complaint = format!("slurpstats: {}: label x stands there twice: one is left out\n", twice.display());
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

#[test]
fn an_output_file_is_replaced_as_a_whole() {
    let dir = tempfile::tempdir().unwrap();
    let stats = write(dir.path(), "a.mmstats", &[counter("hits", 3)]);
    let out = dir.path().join("out.prom");
    fs::write(&out, "old").unwrap();
    let mut old = File::open(&out).unwrap();
    assert_eq!(run(&["-a", "sum", "--output-file", out.to_str().unwrap()], &[&stats]), ok(""));
    assert_eq!(fs::read_to_string(&out).unwrap(), "hits\t3\n");
    let mut before = String::new();
    old.read_to_string(&mut before).unwrap();
    assert_eq!(before, "old", "who reads the old one reads on");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "no temporary name is left");
    let missing = dir.path().join("missing/out.prom");
    let want = format!("slurpstats: {}: No such file or directory\n", missing.display());
    assert_eq!(run(&["--output-file", missing.to_str().unwrap()], &[&stats]), (String::new(), want, Some(1)));
    let want = format!("slurpstats: {}: Is a directory\n", dir.path().display());
    let target = dir.path().to_str().unwrap();
    assert_eq!(run(&["--output-file", target], &[&stats]), (String::new(), want, Some(1)));
}

/// Runs it with `--output-file`.
fn run_to(file: &Path, operands: &[&Path]) -> (String, String, Option<i32>) {
    outcome(&slurpstats().args(["-a", "sum", "--output-file"]).arg(file).args(operands).output().unwrap())
}

#[test]
fn an_output_file_that_is_a_link_stays_one() {
    let dir = tempfile::tempdir().unwrap();
    let stats = write(dir.path(), "a.mmstats", &[counter("hits", 3)]);
    fs::create_dir(dir.path().join("sub")).unwrap();
    fs::write(dir.path().join("sub/target"), "old").unwrap();
    let (link, chain) = (dir.path().join("link"), dir.path().join("sub/chain"));
    symlink("sub/chain", &link).unwrap();
    symlink("target", &chain).unwrap();
    assert_eq!(run_to(&link, &[&stats]), ok(""));
    assert_eq!(fs::read_to_string(dir.path().join("sub/target")).unwrap(), "hits\t3\n");
    assert_eq!(fs::read_link(&link).unwrap(), Path::new("sub/chain"));
    // To where there is nothing yet, too.
    fs::remove_file(dir.path().join("sub/target")).unwrap();
    assert_eq!(run_to(&link, &[&stats]), ok(""));
    assert_eq!(fs::read_to_string(dir.path().join("sub/target")).unwrap(), "hits\t3\n");
    assert_eq!(fs::read_dir(dir.path().join("sub")).unwrap().count(), 2, "no temporary name is left");
    let ring = dir.path().join("ring");
    symlink("ring", &ring).unwrap();
    let want = format!("slurpstats: {}: Too many levels of symbolic links\n", ring.display());
    assert_eq!(run_to(&ring, &[&stats]), (String::new(), want, Some(1)));
}

/// A copy of the tool that may write to `/dev`'s devices but can replace none of them, whoever runs the tests
/// and whatever is wrong with it.
struct Harmless {
    folder: tempfile::TempDir,
    stats: PathBuf,
}

impl Harmless {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let stats = write(folder.path(), "a.mmstats", &[counter("hits", 3)]);
        fs::set_permissions(&stats, fs::Permissions::from_mode(0o644)).unwrap();
        let program = folder.path().join("slurpstats");
        // Copied by another process: a child that a test's thread forks here would hold it open for writing.
        let copied = Command::new("cp").arg(env!("CARGO_BIN_EXE_slurpstats")).arg(&program).status();
        assert!(copied.unwrap().success());
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        Self { folder, stats }
    }

    fn run_to(&self, file: impl AsRef<Path>) -> Command {
        let mut command = tool(self.folder.path().join("slurpstats").to_str().unwrap());
        command.args(["-a", "sum", "--output-file"]).arg(file.as_ref()).arg(&self.stats);
        if nix::unistd::geteuid().is_root() {
            command.uid(54321).gid(54321);
        }
        command
    }
}

#[test]
fn what_is_no_regular_file_is_written_to_and_stays_what_it_is() {
    let harmless = Harmless::new();
    let dir = harmless.folder.path();
    let run = |file: &Path| outcome(&harmless.run_to(file).output().unwrap());
    let link = dir.join("null");
    symlink("/dev/null", &link).unwrap();
    assert_eq!(run(Path::new("/dev/null")), ok(""));
    assert_eq!(run(&link), ok(""));
    assert_eq!(fs::read_link(&link).unwrap(), Path::new("/dev/null"));
    let want = "slurpstats: /dev/full: No space left on device\n".to_owned();
    assert_eq!(run(Path::new("/dev/full")), (String::new(), want, Some(1)));
    let stats = &harmless.stats;
    let fifo = dir.join("fifo");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    // Open at both ends, so that neither waits for the other.
    let mut reader = File::options().read(true).write(true).open(&fifo).unwrap();
    assert_eq!(run_to(&fifo, &[stats]), ok(""));
    assert!(fs::symlink_metadata(&fifo).unwrap().file_type().is_fifo());
    let mut read = [0; 7];
    reader.read_exact(&mut read).unwrap();
    assert_eq!(&read, b"hits\t3\n");
    let socket = dir.join("socket");
    let _listener = UnixListener::bind(&socket).unwrap();
    let reason = "neither a regular file nor a FIFO nor a character device";
    let want = format!("slurpstats: {}: {reason}\n", socket.display());
    assert_eq!(run_to(&socket, &[stats]), (String::new(), want, Some(1)));
}

#[test]
fn standard_output_has_a_name_whatever_it_is() {
    let harmless = Harmless::new();
    assert_eq!(outcome(&harmless.run_to("/dev/stdout").output().unwrap()), ok("hits\t3\n"), "a pipe");
    let stderr = (String::new(), "hits\t3\n".to_owned(), Some(0));
    assert_eq!(outcome(&harmless.run_to("/dev/stderr").output().unwrap()), stderr);
    // What was written to a file before, and what is written after it, stays.
    let file = harmless.folder.path().join("out");
    let mut out = File::create(&file).unwrap();
    out.write_all(b"before\n").unwrap();
    assert!(harmless.run_to("/dev/stdout").stdout(out.try_clone().unwrap()).status().unwrap().success());
    out.write_all(b"after\n").unwrap();
    assert_eq!(fs::read_to_string(&file).unwrap(), "before\nhits\t3\nafter\n");
    let (mut reader, writer) = UnixStream::pair().unwrap();
    let writer = OwnedFd::from(writer);
    assert!(harmless.run_to("/dev/stdout").stdout(writer).status().unwrap().success());
    let mut read = String::new();
    reader.read_to_string(&mut read).unwrap();
    assert_eq!(read, "hits\t3\n", "a socket, as services have it");
}

#[test]
fn an_output_file_keeps_its_owner_and_its_mode() {
    let dir = tempfile::tempdir().unwrap();
    let stats = write(dir.path(), "a.mmstats", &[counter("hits", 3)]);
    let out = dir.path().join("out");
    fs::write(&out, "old").unwrap();
    fs::set_permissions(&out, fs::Permissions::from_mode(0o640)).unwrap();
    // Only root may give files away.
    if nix::unistd::geteuid().is_root() {
        chown(&out, Some(54321), Some(54322)).unwrap();
    }
    let of = |path: &Path| {
        let metadata = fs::metadata(path).unwrap();
        (metadata.uid(), metadata.gid(), metadata.mode())
    };
    let before = of(&out);
    assert_eq!(run_to(&out, &[&stats]), ok(""));
    assert_eq!((fs::read_to_string(&out).unwrap().as_str(), of(&out)), ("hits\t3\n", before));
    // A new one is made as the shell makes it.
    let new = dir.path().join("new");
    let script = "umask 027; exec \"$0\" --output-file \"$1\" \"$2\"";
    let made =
        tool("sh").args(["-c", script, env!("CARGO_BIN_EXE_slurpstats")]).arg(&new).arg(&stats).output();
    assert_eq!((outcome(&made.unwrap()), of(&new).2 & 0o777), (ok(""), 0o640));
}

#[test]
fn where_nothing_is_found_the_old_output_stays() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("out");
    fs::write(&out, "old").unwrap();
    let none = format!("slurpstats: no stats files found: looked for {}\n", dir.path().display());
    assert_eq!(run_to(&out, &[dir.path()]), (String::new(), none, Some(1)));
    assert_eq!(fs::read_to_string(&out).unwrap(), "old");
    let bad = dir.path().join("a.mmstats");
    fs::write(&bad, "no stats").unwrap();
    let unreadable = format!(
        "slurpstats: {}: not a stats file: version 110, 1 and 2 are known\n\
         slurpstats: {}: it stays as it was: not one file could be read\n",
        bad.display(),
        out.display()
    );
    assert_eq!(run_to(&out, &[dir.path()]), (String::new(), unreadable, Some(1)));
    assert_eq!(fs::read_to_string(&out).unwrap(), "old");
    let new = dir.path().join("new");
    assert_eq!(run_to(&new, &[&bad]).2, Some(1));
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2, "no new file, no temporary name");
}

#[test]
fn what_killed_runs_left_beside_an_output_file_goes() {
    let dir = tempfile::tempdir().unwrap();
    let place = tempfile::tempdir().unwrap();
    let names = || {
        let names = fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.sort();
        names
    };
    let stats = write(dir.path(), "a.mmstats", &[counter("hits", 3)]);
    let out = place.path().join("out.prom");
    // A run that has more to complain about than a pipe takes is killed while it waits.
    for n in 0..2000 {
        fs::write(dir.path().join(format!("bad-{n:04}-{:-<100}.mmstats", "")), "no stats").unwrap();
    }
    let mut command = slurpstats();
    command.arg("--output-file").arg(&out).arg(dir.path()).stderr(Stdio::piped());
    let mut run = command.spawn().unwrap();
    let mut errors = run.stderr.take().unwrap();
    errors.read_exact(&mut [0; 10]).unwrap();
    run.kill().unwrap();
    assert_eq!((run.wait().unwrap().signal(), names().len()), (Some(9), 1), "{:?}", names());
    fs::write(place.path().join(".out.prom.4242.new"), "half").unwrap();
    // Not of such a name, or in use.
    for name in [".out.prom.new", ".out.prom.1x.new", ".other.prom.1.new", ".out.prom.7.new"] {
        fs::write(place.path().join(name), "other").unwrap();
    }
    let used = File::open(place.path().join(".out.prom.7.new")).unwrap();
    let _lock = nix::fcntl::Flock::lock(used, nix::fcntl::FlockArg::LockExclusiveNonblock).unwrap();
    assert_eq!(run_to(&out, &[&stats]), ok(""));
    assert_eq!(
        names(),
        [".other.prom.1.new", ".out.prom.1x.new", ".out.prom.7.new", ".out.prom.new", "out.prom"]
    );
}

#[test]
fn an_output_file_may_have_the_longest_name() {
    let dir = tempfile::tempdir().unwrap();
    let stats = write(dir.path(), "a.mmstats", &[counter("hits", 3)]);
    for name in ["x".repeat(255), format!("x{}", "ü".repeat(127))] {
        let out = dir.path().join(name);
        for _ in 0..2 {
            assert_eq!(run_to(&out, &[&stats]), ok(""));
        }
        assert_eq!(fs::read_to_string(&out).unwrap(), "hits\t3\n");
    }
}

#[test]
fn a_directory_means_every_stats_file_below_it() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("deep/er")).unwrap();
    let deep = write(dir.path(), "deep/er/b.mmstats", &[counter("b", 2)]);
    let top = write(dir.path(), "a.mmstats", &[counter("a", 1)]);
    write(dir.path(), "other.txt", &[counter("c", 3)]);
    write(dir.path(), ".mmstats-1-0.new", &[counter("d", 4)]);
    let elsewhere = tempfile::tempdir().unwrap();
    let outside = write(elsewhere.path(), "e.mmstats", &[counter("e", 5)]);
    symlink(&outside, dir.path().join("link.mmstats")).unwrap();
    symlink(elsewhere.path(), dir.path().join("linked")).unwrap();
    fs::create_dir(dir.path().join("dir.mmstats")).unwrap();
    let want = format!("{}\ta\t1\n{}\tb\t2\n", top.display(), deep.display());
    assert_eq!(run(&[], &[dir.path()]), ok(&want));
    assert_eq!(run(&[], &[dir.path(), &top, &top]), ok(&want), "each file once");
    let link = dir.path().join("link.mmstats");
    assert_eq!(
        run(&[], &[&link]),
        ok(&format!("{}\te\t5\n", link.display())),
        "a link that is named is followed"
    );
}

#[test]
fn a_file_counts_once_however_many_ways_lead_to_it() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), "a.mmstats", &[counter("hits", 3)]);
    fs::hard_link(&file, dir.path().join("b.mmstats")).unwrap();
    symlink("a.mmstats", dir.path().join("link")).unwrap();
    let absolute = dir.path().to_str().unwrap();
    let sum = |operands: &[&str]| {
        let mut command = slurpstats();
        command.current_dir(dir.path()).args(["-a", "sum"]).args(operands);
        outcome(&command.output().unwrap())
    };
    for operands in [
        &["a.mmstats", "./a.mmstats"][..],
        &["a.mmstats", "b.mmstats", "link"],
        &[".", "./", absolute, "link"],
        &[absolute, "a.mmstats"],
    ] {
        assert_eq!(sum(operands), ok("hits\t3\n"), "{operands:?}");
    }
    let first = |operands: &[&str]| {
        let output = slurpstats().current_dir(dir.path()).args(operands).output().unwrap();
        outcome(&output)
    };
    assert_eq!(first(&["link", "./a.mmstats"]), ok("link\thits\t3\n"), "the first way");
    let none = "slurpstats: ./none: opening it: No such file or directory\n\
                slurpstats: none: opening it: No such file or directory\n";
    assert_eq!(first(&["none", "./none"]), (String::new(), none.to_owned(), Some(1)));
}

#[test]
fn a_pattern_does_not_follow_strangers_links() {
    let dir = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::create_dir(elsewhere.path().join("deep")).unwrap();
    let file = write(elsewhere.path(), "e.mmstats", &[counter("e", 5)]);
    write(elsewhere.path(), "deep/d.mmstats", &[counter("d", 4)]);
    let a = write(dir.path(), "a.mmstats", &[counter("a", 1)]);
    let place = dir.path().display();
    symlink(&file, dir.path().join("file.mmstats")).unwrap();
    symlink(elsewhere.path(), dir.path().join("folder.mmstats")).unwrap();
    let with = |pattern: &str| outcome(&slurpstats().env("MMSTATS_GLOB", pattern).output().unwrap());
    let folder = format!("{place}/folder.mmstats");
    let own = format!("{}\ta\t1\n{place}/file.mmstats\te\t5\n{folder}/deep/d.mmstats\td\t4\n", a.display());
    assert_eq!(with(&format!("{place}/*.mmstats")), ok(&own), "links of one's own are followed");
    assert_eq!(with(&format!("{place}/*/e.*")), ok(&format!("{folder}/e.mmstats\te\t5\n")));
    if !nix::unistd::geteuid().is_root() {
        eprintln!("skipped in part: not root, so there are no strangers");
        return;
    }
    for link in ["file.mmstats", "folder.mmstats"] {
        lchown(dir.path().join(link), Some(54321), Some(54321)).unwrap();
    }
    assert_eq!(with(&format!("{place}/*.mmstats")), ok(&format!("{}\ta\t1\n", a.display())));
    let pattern = format!("{place}/*/e.*");
    let none = format!("slurpstats: no stats files found: looked for {pattern}\n");
    assert_eq!(with(&pattern), (String::new(), none, Some(1)));
    // The pattern's author has named this one.
    let named = format!("{folder}/e.*");
    assert_eq!(with(&named), ok(&format!("{folder}/e.mmstats\te\t5\n")));
}

#[test]
fn without_operands_the_default_place_is_read() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("sub")).unwrap();
    let a = write(dir.path(), "a.mmstats", &[counter("a", 1)]);
    let b = write(dir.path(), "sub/b.mmstats", &[counter("b", 2)]);
    let with = |name: &str, value: &str| outcome(&slurpstats().env(name, value).output().unwrap());
    let place = dir.path().to_str().unwrap();
    let want = ok(&format!("{}\ta\t1\n", a.display()));
    assert_eq!(with("MMSTATS_PATH", place), want);
    assert_eq!(with("TMPDIR", place), want);
    assert_eq!(
        with("MMSTATS_GLOB", &format!("{place}/*/?.mmstats")),
        ok(&format!("{}\tb\t2\n", b.display()))
    );
    let both = slurpstats().env("MMSTATS_PATH", place).env("MMSTATS_GLOB", "").output().unwrap();
    assert_eq!(outcome(&both), want, "an empty variable counts as none");
    let here = slurpstats().env("TMPDIR", "").current_dir(dir.path()).output().unwrap();
    // What is in /tmp is not this test's business; that it looks there is.
    let said = String::from_utf8(here.stderr).unwrap();
    let looked_elsewhere = said.contains("slurpstats: : ") || said.contains("looked for *.mmstats");
    assert!(!looked_elsewhere, "{said}");
}

#[test]
fn nothing_found_is_said_with_where_it_looked() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().to_str().unwrap();
    let none = |looked: &str| {
        (String::new(), format!("slurpstats: no stats files found: looked for {looked}\n"), Some(1))
    };
    assert_eq!(run(&[], &[dir.path()]), none(place));
    let with = |name: &str, value: &str| outcome(&slurpstats().env(name, value).output().unwrap());
    assert_eq!(with("MMSTATS_PATH", place), none(&format!("{place}/*.mmstats")));
    assert_eq!(with("MMSTATS_GLOB", &format!("{place}/x*")), none(&format!("{place}/x*")));
    let (_, stderr, code) = with("MMSTATS_GLOB", "[");
    assert_eq!(code, Some(1));
    assert!(stderr.starts_with("slurpstats: MMSTATS_GLOB: Pattern syntax error"), "{stderr}");
}

#[test]
fn one_bad_file_never_spoils_a_run() {
    let dir = tempfile::tempdir().unwrap();
    let good = write(dir.path(), "a.mmstats", &[counter("a", 1)]);
    let half = write(dir.path(), "b.mmstats", &[counter("b", 2), field(b"bad", "z", 0xff, &[0])]);
    let none = dir.path().join("c.mmstats");
    fs::write(&none, "no").unwrap();
    let missing = dir.path().join("missing");
    let fifo = dir.path().join("d.mmstats");
    nix::unistd::mkfifo(&fifo, nix::sys::stat::Mode::S_IRWXU).unwrap();
    let stdout = format!("{}\ta\t1\n{}\tb\t2\n", good.display(), half.display());
    let stderr = format!(
        "slurpstats: {}: field at byte 24: unknown type code 'z'\n\
         slurpstats: {}: not a stats file: version 110, 1 and 2 are known\n\
         slurpstats: {}: not a regular file but a FIFO\n\
         slurpstats: {}: opening it: No such file or directory\n",
        half.display(),
        none.display(),
        fifo.display(),
        missing.display()
    );
    assert_eq!(run(&[], &[&missing, &fifo, &none, &half, &good]), (stdout, stderr, Some(1)));
}

#[test]
fn usage_errors_are_one_line_and_a_hint() {
    for (args, message) in [
        (&["--nothing"][..], "invalid option '--nothing'"),
        (&["-x"], "invalid option '-x'"),
        (&["-p"], "missing argument for option '-p'"),
        (
            &["-a", "median"],
            "--aggregate takes sum, avg, min, max, one, nonzero-avg, nonzero-min or auto, not \"median\"",
        ),
        (&["-o", "xml"], "--output takes text, lines, json, hist or prometheus, not \"xml\""),
        (&["--color=maybe"], "--color takes auto, always or never, not \"maybe\""),
        (&["--\x1b[1m"], "invalid option '--\\x1b[1m'"),
    ] {
        let want = format!("slurpstats: {message}\nTry 'slurpstats --help'.\n");
        assert_eq!(run(args, &[]), (String::new(), want, Some(2)), "{args:?}");
    }
}

#[test]
fn help_and_version_go_to_standard_output() {
    let (stdout, stderr, code) = run(&["--help"], &[]);
    assert_eq!((stderr.as_str(), code), ("", Some(0)));
    assert!(stdout.contains("\nUsage: slurpstats [OPTION]... [PATH]...\n"));
    assert_eq!(run(&["-h"], &[]).0, stdout);
    assert_eq!(run(&["-V"], &[]), ok(concat!("slurpstats ", env!("CARGO_PKG_VERSION"), "\n")));
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let dir = tempfile::tempdir().unwrap();
    let many: Vec<_> = (0..20_000).map(|n| counter(&format!("a.rather.long.label.{n}"), n)).collect();
    let file = write(dir.path(), "a.mmstats", &many);
    let mut child = slurpstats().arg(&file).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 10];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stderr).unwrap(), "");
    assert_eq!(output.status.signal(), Some(13), "as cat ends");
}

#[test]
fn a_full_disk_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), "a.mmstats", &[counter("a", 1)]);
    for args in [&[][..], &["--help"], &["-ojson"], &["-oprometheus"], &["-asum"]] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = slurpstats().args(args).arg(&file).stdout(full).output().unwrap();
        let want = "slurpstats: standard output: No space left on device\n".to_owned();
        assert_eq!(outcome(&output), (String::new(), want, Some(1)), "{args:?}");
    }
}

#[test]
fn a_closed_standard_output_is_an_error() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), "a.mmstats", &[counter("a", 1)]);
    for args in [&[][..], &["--help"], &["-ojson"], &["-oprometheus"], &["-asum"]] {
        let output = without_stdout(env!("CARGO_BIN_EXE_slurpstats")).args(args).arg(&file).output().unwrap();
        let want = "slurpstats: standard output: Bad file descriptor\n".to_owned();
        assert_eq!(outcome(&output), (String::new(), want, Some(1)), "{args:?}");
    }
    // Nothing is written there, or it is open: for reading, too, as some parents have it.
    let out = dir.path().join("out");
    let args = [Path::new("--output-file"), &out, &file];
    let output = without_stdout(env!("CARGO_BIN_EXE_slurpstats")).args(args).output().unwrap();
    assert_eq!(outcome(&output), ok(""));
    let null = File::options().read(true).write(true).open("/dev/null").unwrap();
    assert_eq!(outcome(&slurpstats().arg(&file).stdout(null).output().unwrap()), ok(""));
}

#[test]
fn nothing_that_a_file_holds_reaches_a_terminal_raw() {
    let dir = tempfile::tempdir().unwrap();
    let attack = "\x1b]0;owned\x07\u{9b}31m\u{202e}\r\n\t\u{85}";
    let name = std::ffi::OsStr::from_bytes(b"\x1b[2J\xff\n.mmstats");
    let file = write(
        dir.path(),
        name,
        &[text(attack, attack.as_bytes()), text("bytes", b"\xff\x9b"), field(b"bad\x1b", "\x1b", 0xff, &[0])],
    );
    let broken = dir.path().join("x\x1b[31m\n");
    for format in ["text", "lines", "json", "prometheus"] {
        for extra in [&[][..], &["-asum"], &["-aone"]] {
            let output =
                slurpstats().args(["-o", format]).args(extra).args([&file, &broken]).output().unwrap();
            assert_eq!(output.status.code(), Some(1));
            for (stream, bytes) in [("stdout", &output.stdout), ("stderr", &output.stderr)] {
                let text = std::str::from_utf8(bytes).unwrap();
                let raw =
                    text.chars().find(|c| (c.is_control() && *c != '\n' && *c != '\t') || *c == '\u{202e}');
                assert_eq!(raw, None, "{format} {extra:?} {stream}: {text:?}");
                assert!(!text.is_empty() || stream == "stdout", "{format} {extra:?} {stream}");
            }
            assert_eq!(String::from_utf8(output.stderr).unwrap().lines().count(), 2, "a line an error");
        }
    }
    let output = slurpstats().args(["-olines", "-pbytes"]).arg(&file).output().unwrap();
    let shown = format!("{}/\\x1b[2J\\xff\\n.mmstats\tbytes\t\\xff\\x9b\n", dir.path().display());
    assert_eq!(String::from_utf8(output.stdout).unwrap(), shown);
}

#[test]
fn colour_is_for_terminals_and_for_those_who_ask() {
    let dir = tempfile::tempdir().unwrap();
    let file = write(dir.path(), "a.mmstats", &[counter("hits", 3)]);
    let path = file.display();
    let plain = format!("==> {path}\n  hits 3\n\n");
    let coloured = format!("\x1b[1m==> {path}\x1b[0m\n  \x1b[36mhits\x1b[0m 3\n\n");
    assert_eq!(run(&["-otext"], &[&file]), ok(&plain));
    assert_eq!(run(&["-otext", "--color=always"], &[&file]), ok(&coloured));
    let forced = slurpstats().env("CLICOLOR_FORCE", "1").arg("-otext").arg(&file).output().unwrap();
    assert_eq!(outcome(&forced), ok(&coloured));
    // On a terminal, text and colour are the default.
    let on_terminal = |name: &str, value: &str, args: &[&str]| {
        let pty = nix::pty::openpty(None, None).unwrap();
        let mut command = slurpstats();
        command.env("TERM", "xterm").env(name, value).args(args).arg(&file);
        let status = command.stdout(pty.slave).status().unwrap();
        drop(command);
        assert!(status.success());
        let mut shown = Vec::new();
        // A terminal without a writer ends in an error, not in silence.
        let _ = File::from(pty.master).read_to_end(&mut shown);
        String::from_utf8(shown).unwrap().replace("\r\n", "\n")
    };
    assert_eq!(on_terminal("UNUSED", "", &[]), coloured);
    assert_eq!(on_terminal("NO_COLOR", "1", &[]), plain);
    assert_eq!(on_terminal("TERM", "dumb", &[]), plain);
    assert_eq!(on_terminal("UNUSED", "", &["--color=never", "-olines"]), format!("{path}\thits\t3\n"));
}

#[test]
fn many_files_come_in_their_order_and_so_do_their_errors() {
    let dir = tempfile::tempdir().unwrap();
    let (mut records, mut errors) = (String::new(), String::new());
    for n in 0..1000_u32 {
        let name = format!("{n:04}.mmstats");
        let path = dir.path().join(&name);
        match n % 7 {
            3 => {
                fs::write(&path, [3]).unwrap();
                errors += &format!(
                    "slurpstats: {}: not a stats file: version 3, 1 and 2 are known\n",
                    path.display()
                );
            }
            5 => {
                symlink("0000.mmstats", &path).unwrap();
            }
            _ => {
                write(dir.path(), &name, &[counter("hits", n.into())]);
                records += &format!("{}\thits\t{n}\n", path.display());
            }
        }
    }
    let want = (records, errors, Some(1));
    assert!(run(&[], &[dir.path()]) == want);
    // Reading ahead takes neither many descriptors nor a thread that is not to be had.
    for limit in ["128", "20", "8"] {
        let script = format!("ulimit -n {limit}; exec \"$0\" \"$@\"");
        let program = env!("CARGO_BIN_EXE_slurpstats");
        let few = tool("sh").args(["-c", &script, program]).arg(dir.path()).output().unwrap();
        assert!(outcome(&few) == want, "{limit}");
    }
    let sum: u64 = (0..1000).filter(|n| ![3, 5].contains(&(n % 7))).sum();
    let (stdout, _, code) = run(&["-a", "sum"], &[dir.path()]);
    assert_eq!((stdout, code), (format!("hits\t{sum}\n"), Some(1)));
}

#[test]
fn many_files_end_quietly_with_a_pipe_that_is_closed() {
    let dir = tempfile::tempdir().unwrap();
    for n in 0..1000 {
        write(dir.path(), format!("{n:04}.mmstats"), &[text("page", &[b'x'; 2000])]);
    }
    let mut child =
        slurpstats().arg(dir.path()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdout.take().unwrap().read_exact(&mut [0; 100]).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.signal(), output.stderr.as_slice()), (Some(13), &b""[..]));
    let full = slurpstats().arg(dir.path()).stdout(File::create("/dev/full").unwrap()).output().unwrap();
    let (_, stderr, code) = outcome(&full);
    assert_eq!((stderr.as_str(), code), ("slurpstats: standard output: No space left on device\n", Some(1)));
}

#[test]
fn a_sparse_file_that_memory_cannot_hold_is_an_error_of_that_file() {
    let dir = tempfile::tempdir().unwrap();
    for (name, code) in [("a.mmstats", "134000000s"), ("b.mmstats", "16000000Q")] {
        let path = write(dir.path(), name, &[field(b"large", code, 0, b"")]);
        File::options().write(true).open(&path).unwrap().set_len(1 << 28).unwrap();
    }
    write(dir.path(), "c.mmstats", &[counter("small", 5)]);
    let mut shell = tool("sh");
    shell.args(["-c", "ulimit -v 200000 && exec \"$0\" \"$1\"", env!("CARGO_BIN_EXE_slurpstats")]);
    let output = shell.arg(dir.path()).output().unwrap();
    let at = |name| dir.path().join(name).display().to_string();
    let reason = |name| format!("slurpstats: {}: reading it: out of memory\n", at(name));
    let want =
        (format!("{}\tsmall\t5\n", at("c.mmstats")), reason("a.mmstats") + &reason("b.mmstats"), Some(1));
    assert_eq!(outcome(&output), want);
}

#[test]
#[allow(clippy::print_stderr)]
fn a_network_connection_that_is_reset_ends_it_quietly() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "a.mmstats", &[counter("hits", 5)]);
    // A machine may be without a network, its own included.
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let Ok(mut writer) = std::net::TcpStream::connect(listener.local_addr().unwrap()) else {
        eprintln!("skipped: there is no way to 127.0.0.1");
        return;
    };
    let (reader, _) = listener.accept().unwrap();
    writer.write_all(b"unread").unwrap();
    // What ends with something unread is reset.
    while reader.peek(&mut [0]).unwrap() == 0 {}
    drop(reader);
    let stdout = OwnedFd::from(writer);
    let output = slurpstats().arg(dir.path()).stdout(stdout).output().unwrap();
    assert_eq!((output.stderr.as_slice(), output.status.signal()), (&b""[..], Some(13)));
}

#[test]
fn where_text_and_numbers_meet_under_a_label_the_numbers_are_right_and_the_text_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let flag = field(b"flag", "?", 0xff, &[1]);
    let a = write(dir.path(), "a.mmstats", &[text("ready", b"no"), counter("hits", 500), flag]);
    write(dir.path(), "b.mmstats", &[counter("ready", 5), double("hits", 0.5), counter("flag", 2)]);
    let c =
        write(dir.path(), "c.mmstats", &[text("ready", b"yes"), counter("hits", 7), text("state", b"up")]);
    let said = |path: &Path| {
        format!("slurpstats: {}: ready is text here and a number elsewhere: left out\n", path.display())
    };
    let err = said(&a) + &said(&c);
    let sum = "flag\t3\nhits\t507.5\nready\t5\nstate\tup\n";
    assert_eq!(run(&["-a", "sum"], &[dir.path()]), (sum.to_owned(), err.clone(), Some(1)));
    let avg = "flag\t1.5\nhits\t169.16666666666666\nready\t5.0\nstate\tup\n";
    assert_eq!(run(&["-a", "avg"], &[dir.path()]), (avg.to_owned(), err.clone(), Some(1)));
    let json = run(&["-a", "max", "-o", "json", "-p", "ready"], &[dir.path()]);
    let object = "{\"label\":\"ready\",\"type\":\"Q\",\"value\":5}\n";
    assert_eq!(json, (object.to_owned(), err, Some(1)));
    let one = run(&["-a", "one", "-p", "ready"], &[dir.path()]);
    assert_eq!(one, ok("ready\tno\n"), "what one file says needs nothing of the others");
}
