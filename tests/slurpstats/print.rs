//! What it prints: lines, text and JSON.

use std::fs::File;
use std::io::Read;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use harness::image::{Fields, histogram, rule};
use harness::{counter, double, field, outcome, text, write};
use mmstats::format::item::Items;
use mmstats::{Counter, Gauge, MergeRule, Options, Version};
use serde_json::Value as Json;

use super::{lines, ok, run, slurpstats};

#[test]
fn in_a_pipe_it_prints_one_record_per_line() {
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
        .dir(dir.path())
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
fn json_is_an_object_a_line_that_any_parser_reads() {
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new()
        .version(Version::V1)
        .dir(dir.path())
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
    let stats = Options::new().dir(dir.path()).create::<()>().unwrap();
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
fn nothing_of_a_file_reaches_the_output_raw() {
    let dir = tempfile::tempdir().unwrap();
    let path = Fields::new()
        .histogram("a\u{1b}[1m\n", Items::default(), &histogram((5, 20), [7]))
        .gauge("b{c=\"\u{1b}\"}", rule(MergeRule::None), 1.0)
        .write(dir.path(), "a.mmstats");
    for args in [
        &["-o", "text"][..],
        &["-o", "json"],
        &["-o", "hist"],
        &["-o", "lines"],
        &["-a", "auto"],
        &["-a", "auto", "-o", "hist"],
        &["-a", "auto", "-o", "json"],
        &["-a", "avg"],
    ] {
        let (out, err, _) = run(args, &[&path]);
        assert!(!out.contains('\u{1b}') && !err.contains('\u{1b}'), "{args:?}: {out} {err}");
    }
    assert_eq!(lines(&["-o", "json"], &path).len(), 2);
}
