//! What processes have mapped, found by the process: in other namespaces, without a name, as root and as others.

#![allow(clippy::unwrap_used)]

mod actor;
mod between;
mod live;
mod namespaces;
mod strangers;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use actor::{Actor, named};
use harness::{Outcome, run, skip, words_of};

fn slurpstats() -> Command {
    harness::tool(env!("CARGO_BIN_EXE_slurpstats"))
}

/// What a tool finds under the label that all of them have.
fn hits(arguments: &[&str]) -> Outcome {
    run(slurpstats().args(["-p", "web.hits"]).args(arguments))
}

/// The one record of a file.
fn record(path: &Path, hits: u64) -> String {
    format!("{}\tweb.hits\t{hits}\n", path.display())
}

/// A directory whose path is the one that the kernel tells.
fn directory() -> (tempfile::TempDir, std::path::PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().canonicalize().unwrap();
    (dir, path)
}

fn ok(stdout: String) -> Outcome {
    (stdout, String::new(), Some(0))
}

/// Whether this process may open what others have mapped without going by a name, as root may.
fn may_follow_mappings() -> bool {
    let maps = fs::read_to_string("/proc/self/maps").unwrap();
    let range = maps.lines().find(|line| line.contains(" /")).unwrap().split(' ').next().unwrap();
    fs::File::open(format!("/proc/self/map_files/{range}")).is_ok()
}

#[test]
fn a_process_is_asked_for_by_its_id_and_by_its_name() {
    let (_kept, dir) = directory();
    let (one, other) = (Actor::start(named("named"), &dir), Actor::start(named("named"), &dir));
    let path = |actor: &Actor| dir.join(format!("web-{}.mmstats", actor.id()));
    assert_eq!(hits(&["-P", &one.id().to_string()]), ok(record(&path(&one), 7)));
    let mut both = [record(&path(&one), 7), record(&path(&other), 7)];
    both.sort();
    assert_eq!(hits(&["--pid", named("named")]), ok(both.concat()));
    let (a, b) = (one.id().to_string(), other.id().to_string());
    assert_eq!(hits(&["-P", &a, "-P", &b, "-P", &a]), ok(both.concat()), "each once");
    // By its path and by its process it is one file; what has a path alone comes as well.
    let beside = harness::write(&dir, "beside.mmstats", &[harness::counter("web.hits", 1)]);
    let mut all = [both[0].clone(), both[1].clone(), record(&beside, 1)];
    all.sort();
    assert_eq!(hits(&["-P", &a, dir.to_str().unwrap()]), ok(all.concat()));
    let sum = run(slurpstats().args(["-a", "sum", "-p", "web.hits", "-P", &a, "-P", &b]));
    assert_eq!(sum, ok("web.hits\t14\n".to_owned()));
}

#[test]
fn json_has_the_id_here_and_that_of_its_own_namespace() {
    let (_kept, dir) = directory();
    let actor = Actor::start(named("json"), &dir);
    let (stdout, stderr, code) = hits(&["-o", "json", "-P", &actor.id().to_string()]);
    assert_eq!((stderr.as_str(), code), ("", Some(0)));
    let object: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!((&object["pid"], &object["alive"]), (&actor.id().into(), &true.into()));
    let status = fs::read_to_string(format!("/proc/{}/status", actor.id())).unwrap();
    let own =
        status.lines().find(|line| line.starts_with("NSpid:")).unwrap().split_whitespace().last().unwrap();
    assert_eq!(object["own_pid"].to_string(), own);
    assert!(object.as_object().unwrap().contains_key("process_unit"));
    assert!(!object.as_object().unwrap().contains_key("unit"), "that is a field's");
    let (stdout, ..) = hits(&["-o", "json", dir.to_str().unwrap()]);
    let object: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    let object = object.as_object().unwrap();
    assert!(
        !object.contains_key("own_pid") && !object.contains_key("process_unit"),
        "only where processes are asked for"
    );
}

#[test]
fn every_process_that_can_be_seen() {
    let (_kept, dir) = directory();
    let actor = Actor::start(named("all"), &dir);
    let (stdout, ..) = hits(&["-A"]);
    let own = record(&dir.join(format!("web-{}.mmstats", actor.id())), 7);
    assert_eq!(stdout.matches(&own).count(), 1, "{stdout}");
}

#[test]
fn a_process_that_is_not_there_is_an_error() {
    let gone = harness::gone_pid();
    let (stdout, stderr, code) = hits(&["-P", &gone.to_string()]);
    let why = format!(
        "slurpstats: process {gone}: no such process\n\
         slurpstats: no stats files found: looked for mappings of process {gone}\n"
    );
    assert_eq!((stdout, stderr, code), (String::new(), why, Some(1)));
    let (_, stderr, code) = hits(&["-P", "mmweb-nobody"]);
    let why = "slurpstats: no stats files found: looked for mappings of processes called mmweb-nobody\n";
    // Who may not look at all processes is told about those of the name alone.
    assert_eq!((stderr.as_str(), code), (why, Some(1)));
    let (_, stderr, code) = hits(&["-P", ""]);
    let why = "slurpstats: --pid takes a process id or the name of processes, not \"\"\n\
               Try 'slurpstats --help'.\n";
    assert_eq!((stderr.as_str(), code), (why, Some(2)));
}

#[test]
fn a_process_that_has_unmapped_its_file_has_none() {
    let (_kept, dir) = directory();
    let mut actor = Actor::start(named("unmap"), &dir);
    actor.order("unmap");
    let (stdout, stderr, code) = hits(&["-P", &actor.id().to_string()]);
    assert_eq!((stdout.as_str(), code), ("", Some(1)), "{stderr}");
}

#[test]
fn a_deleted_file_is_shown_as_long_as_it_is_mapped() {
    let (_kept, dir) = directory();
    let mut actor = Actor::start(named("deleted"), &dir);
    let (pid, path) = (actor.id().to_string(), dir.join(format!("web-{}.mmstats", actor.id())));
    actor.order("delete");
    // Another file that has the name now is not the one that is mapped.
    let decoy = harness::write(&dir, path.file_name().unwrap(), &[harness::counter("web.hits", 666)]);
    actor.order("count");
    // Where a file is published by a link, the kernel knows the name that it had before.
    let known = if cfg!(target_env = "musl") { dir.join(format!(".mmstats-{pid}-0.new")) } else { path };
    let shown = format!("{} (deleted)", known.display());
    let outcome = hits(&["-P", &pid]);
    if may_follow_mappings() {
        assert_eq!(outcome, ok(record(Path::new(&shown), 10)));
        let prometheus = run(slurpstats().args(["-o", "prometheus", "-p", "web.hits", "-P", &pid])).0;
        assert!(prometheus.contains("} 10\n"), "{prometheus:?}");
        assert!(
            cfg!(target_env = "musl") || prometheus.contains("web_hits_total{cmd=\"web\""),
            "{prometheus:?}"
        );
    } else {
        let why = format!("slurpstats: {shown}: {}\n", words_of(nix::libc::EPERM));
        let why = format!("{why}slurpstats: no stats files found: looked for mappings of process {pid}\n");
        assert_eq!(outcome, (String::new(), why, Some(1)));
        skip("not root: a mapping whose file has no name cannot be followed");
    }
    fs::remove_file(decoy).unwrap();
}

#[test]
fn a_file_that_two_processes_have_mapped_counts_once() {
    let (_kept, dir) = directory();
    let actor = Actor::start(named("shared"), &dir);
    let path = dir.join(format!("web-{}.mmstats", actor.id()));
    // Some readers map files, too.
    if !harness::has("python3") {
        return;
    }
    let script = "import mmap, sys\nf = open(sys.argv[1])\nm = mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ)\n\
                  print('ready', flush=True)\nsys.stdin.read()";
    let mut reader = Command::new("python3")
        .args(["-c", script])
        .arg(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(reader.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let (own, other) = (reader.id().to_string(), actor.id().to_string());
    assert_eq!(hits(&["-P", &own, "-P", &other]), ok(record(&path, 7)));
    let (stdout, ..) = hits(&["-o", "json", "-P", &own, "-P", &other]);
    let object: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(object["pid"], actor.id(), "the one that writes");
    // What only a reader has mapped is not that process's own.
    let (stdout, ..) = hits(&["-o", "json", "-P", &own]);
    let object: serde_json::Value = serde_json::from_str(&stdout).unwrap();
    assert_eq!(object["pid"], actor.id(), "as the file says");
    drop(reader.stdin.take());
    reader.wait().unwrap();
}

#[test]
fn a_file_that_was_put_in_place_by_a_link_is_found_under_its_name() {
    if !harness::has("python3") {
        return;
    }
    let (_kept, dir) = directory();
    let sample = harness::write(&dir, "sample", &[harness::counter("web.hits", 5)]);
    // What a writer does whose system cannot rename without replacing: /proc goes on telling the first name.
    let script = "import mmap, os, sys\nos.chdir(sys.argv[1])\nn = '.mmstats-12-0.new'\n\
                  open(n, 'wb').write(open('sample', 'rb').read())\nf = open(n, 'r+b')\n\
                  m = mmap.mmap(f.fileno(), 0)\nos.link(n, 'linked.mmstats')\nos.unlink(n)\n\
                  print('ready', flush=True)\nsys.stdin.read()";
    let mut writer = Command::new("python3")
        .args(["-c", script])
        .arg(&dir)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(writer.stdout.take().unwrap()).read_line(&mut line).unwrap();
    assert_eq!(hits(&["-P", &writer.id().to_string()]), ok(record(&dir.join("linked.mmstats"), 5)));
    drop(writer.stdin.take());
    writer.wait().unwrap();
    fs::remove_file(sample).unwrap();
}

#[test]
fn a_link_in_place_of_a_directory_leads_nowhere() {
    let (_kept, dir) = directory();
    let (inner, outer) = (dir.join("inner"), dir.join("outer"));
    fs::create_dir(&inner).unwrap();
    fs::create_dir(&outer).unwrap();
    let actor = Actor::start(named("link"), &inner);
    let name = format!("web-{}.mmstats", actor.id());
    // The kernel tells the new name of a directory.
    fs::rename(&inner, dir.join("moved")).unwrap();
    std::os::unix::fs::symlink(&outer, &inner).unwrap();
    harness::write(&outer, &name, &[harness::counter("web.hits", 666)]);
    assert_eq!(hits(&["-P", &actor.id().to_string()]), ok(record(&dir.join("moved").join(name), 7)));
}
