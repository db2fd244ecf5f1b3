//! What Prometheus gets: byte for byte what slurpstats prints.

use std::io::Read;
use std::path::Path;
use std::process::Command;

use flate2::read::GzDecoder;

use crate::server::Server;
use harness::{counter, double, text, write};

/// What slurpstats prints. Cargo builds it only where its tests run, too.
fn slurpstats(arguments: &[&str], dir: &Path) -> Option<Vec<u8>> {
    let tool = Path::new(env!("CARGO_BIN_EXE_mmash")).with_file_name("slurpstats");
    if !tool.exists() {
        harness::skip("slurpstats is not built; `cargo test --workspace` builds it");
        return None;
    }
    Some(Command::new(tool).args(["-o", "prometheus"]).args(arguments).arg(dir).output().unwrap().stdout)
}

fn publish(dir: &Path) {
    for number in 0..40 {
        let fields = [counter("web.hits", number), double("web.load", 0.5), text("mail.name", b"a\"b")];
        write(dir, format!("web-{number}.mmstats"), &fields);
    }
}

#[test]
fn it_is_what_slurpstats_prints() {
    let dir = tempfile::tempdir().unwrap();
    publish(dir.path());
    let Some(server) = Server::start(dir.path()) else { return };
    for (query, arguments) in [
        ("", &[][..]),
        ("?prefix=web.", &["-p", "web."]),
        ("?prefix=web.l&prefix=mail.", &["-p", "web.l", "-p", "mail."]),
        ("?aggr=sum", &["-a", "sum"]),
        ("?aggr=max&prefix=web.h", &["-a", "max", "-p", "web.h"]),
        ("?prefix=none", &["-p", "none"]),
    ] {
        let Some(want) = slurpstats(arguments, dir.path()) else { return };
        let answer = server.get(&format!("/metrics{query}"));
        assert_eq!(String::from_utf8(answer.body).unwrap(), String::from_utf8(want).unwrap(), "{query}");
    }
}

#[test]
fn it_is_packed_for_those_who_ask_for_it() {
    let dir = tempfile::tempdir().unwrap();
    publish(dir.path());
    let Some(server) = Server::start(dir.path()) else { return };
    let whole = server.get("/metrics");
    assert!(!whole.headers.contains_key("content-encoding"));
    let packed = server.get_with("/metrics", "Accept-Encoding: deflate, gzip;q=0.8\r\n");
    assert_eq!((&*packed.headers["content-encoding"], &*packed.headers["vary"]), ("gzip", "accept-encoding"));
    assert!(packed.body.len() * 4 < whole.body.len());
    let mut unpacked = Vec::new();
    GzDecoder::new(&*packed.body).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, whole.body);
    let refused = server.get_with("/metrics", "Accept-Encoding: gzip;q=0\r\n");
    assert!(!refused.headers.contains_key("content-encoding"));
}
