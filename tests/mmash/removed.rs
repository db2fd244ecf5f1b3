//! Counts of removed files are added up once, while `cleanstats --fold` moves them, too.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use harness::image::Fields;
use harness::skip;
use serde_json::{Value, json};

use crate::server::{Events, Server};

/// A file of a process that has ended, and its line on a list of the departed.
fn ended(dir: &Path, pid: u32, hits: u64) -> (PathBuf, String) {
    let file = Fields::new().dead().name("sys.pid", pid).name("sys.tid", pid);
    let name = format!("web-{pid}-{pid}.mmstats");
    let path = file.timestamp("sys.created", 7.0).counter("hits", hits).write(dir, name);
    let identity = files::identity(&mmstats::Snapshot::of(&path).unwrap());
    (path, identity)
}

fn departed(uid: u32) -> String {
    format!("web-departed-{uid}.mmstats")
}

/// The value of a label in the page's table.
fn in_table(server: &Server, label: &str) -> Value {
    Events::of(server, "").until(|name, data| {
        let labels = (name == "table").then(|| data["labels"].as_array())??;
        let id = &labels.iter().find(|it| it["label"] == label)?["id"];
        let values = data["values"].as_array()?;
        Some(values.iter().find(|it| it[0] == *id)?[1].clone())
    })
}

#[test]
fn a_file_that_the_departed_hold_is_added_once() {
    let dir = tempfile::tempdir().unwrap();
    let (_, identity) = ended(dir.path(), 7, 5);
    ended(dir.path(), 8, 1);
    let departed_file = departed(nix::unistd::geteuid().as_raw());
    let fields = Fields::new().dead().text("sys.departed", &format!("1:2:3.0:x {identity}"));
    fields.counter("hits", 105).write(dir.path(), departed_file);
    let Some(server) = Server::start(dir.path()) else { return };
    for function in ["sum", "auto"] {
        assert_eq!(server.json(&format!("/stats/hits?aggr={function}")), json!({"hits": 106}), "{function}");
    }
    let label = server.json("/api/1/label/hits");
    assert_eq!((&label["value"], &label["file_count"]), (&json!(106), &json!(2)));
    assert_eq!(server.json("/api/1/labels")["labels"][0]["value"], 106);
    assert_eq!(in_table(&server, "hits"), 106);
    // What was not chosen holds nothing, and each file has what it has.
    assert_eq!(server.json("/stats/hits?aggr=sum&glob=web-7-*"), json!({"hits": 5}));
    assert_eq!(server.json("/stats/hits?aggr=max"), json!({"hits": 105}));
    assert_eq!(server.json("/stats/hits")["hits"].as_array().unwrap().len(), 3);
}

#[test]
fn nobody_can_say_that_the_departed_hold_the_files_of_others() {
    if !nix::unistd::geteuid().is_root() {
        return skip("only root can give files to others");
    }
    let dir = tempfile::tempdir().unwrap();
    let (_, identity) = ended(dir.path(), 7, 5);
    let fields = Fields::new().dead().text("sys.departed", &identity).counter("hits", 100);
    let path = fields.write(dir.path(), departed(65534));
    if std::os::unix::fs::chown(path, Some(65534), None).is_err() {
        return skip("this root cannot give files to others");
    }
    let Some(server) = Server::start(dir.path()) else { return };
    assert_eq!(server.json("/stats/hits?aggr=sum"), json!({"hits": 105}));
    assert_eq!(in_table(&server, "hits"), 105);
}

#[test]
fn a_sum_is_the_same_while_files_are_folded() {
    const FILES: u32 = 40;
    let cleanstats = Path::new(env!("CARGO_BIN_EXE_mmash")).with_file_name("cleanstats");
    if !cleanstats.exists() {
        return skip("cleanstats is not built; `cargo test --workspace` builds it");
    }
    let dir = tempfile::tempdir().unwrap();
    let all: Vec<_> = (1..=FILES).map(|pid| ended(dir.path(), pid, 1000).0).collect();
    let Some(server) = Server::start(dir.path()) else { return };
    let is_over = AtomicBool::new(false);
    let sums: Vec<Value> = thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut sums = Vec::new();
            while !is_over.load(Ordering::SeqCst) {
                sums.push(server.json("/stats/hits?aggr=sum")["hits"].clone());
                sums.push(server.json("/api/1/label/hits")["value"].clone());
            }
            sums
        });
        for path in &all {
            let done = Command::new(&cleanstats).args(["-q", "--fold"]).arg(path).status();
            assert!(done.unwrap().success());
        }
        is_over.store(true, Ordering::SeqCst);
        reader.join().unwrap()
    });
    assert!(sums.iter().all(|sum| *sum == FILES * 1000), "{sums:?}");
}
