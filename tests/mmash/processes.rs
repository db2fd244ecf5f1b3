//! What processes have mapped, in place of what a directory has.

use serde_json::Value;

use crate::server::{Server, mmash};
use mmstats::{Counter, Options};

#[test]
fn the_files_of_a_process_are_shown_with_its_id_and_its_unit() {
    let dir = tempfile::tempdir().unwrap();
    let publish = |name: &str| {
        let stats =
            Options::new().dir(dir.path()).filename(name).label_prefix("by_process.").create::<()>().unwrap();
        stats.add_field("hits", Counter::spec()).unwrap().add(7);
        stats
    };
    let _one = publish("one-{PID}.mmstats");
    let pid = std::process::id().to_string();
    let listen = ["--listen", "127.0.0.1:0", "-P", &pid];
    let Some(server) = Server::of(mmash().args(listen)) else { return };
    let own = |files: &Value| {
        let is_own = |file: &&Value| file["file"].as_str().unwrap().contains(dir.path().to_str().unwrap());
        files["files"].as_array().unwrap().iter().filter(is_own).cloned().collect::<Vec<_>>()
    };
    let [file] = &own(&server.json("/api/1/files"))[..] else { panic!("one file") };
    assert_eq!((&file["pid"], &file["cmd"]), (&std::process::id().into(), &"one".into()));
    assert!(
        file["own_pid"].is_number() && (file["process_unit"].is_string() || file["process_unit"].is_null()),
        "{file}"
    );
    let unit = file["process_unit"].as_str().map_or(String::new(), |unit| format!(",unit=\"{unit}\""));
    let series = format!("by_process_hits_total{{cmd=\"one\"{unit}}} 7\n");
    let metrics = String::from_utf8(server.get("/metrics?prefix=by_process.").body).unwrap();
    assert!(metrics.contains(&series), "{metrics}");
    let _two = publish("two-{PID}.mmstats");
    assert_eq!(own(&server.json("/api/1/files")).len(), 2);
    // Other tests publish in this process, too, and end while it is read.
    server.end();
}
