//! Through node_exporter's textfile collector into Prometheus: the way that the README shows, with the
//! real collector.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use harness::{PATIENCE, Watch, counter, has, has_loopback, text, tool, write};

const EXPORTER: &str = "prometheus-node-exporter";

/// Ends with the test.
struct Exporter {
    _watch: Watch,
    address: String,
}

impl Exporter {
    /// Serves what is in `dir`, on the loopback interface.
    fn start(dir: &Path) -> Self {
        // A port that was free a moment ago; the exporter does not say which it got if it is given 0.
        let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
        let watch = Watch::start(
            Command::new(EXPORTER)
                .args(["--collector.disable-defaults", "--collector.textfile"])
                .arg(format!("--collector.textfile.directory={}", dir.display()))
                .arg(format!("--web.listen-address={address}")),
        );
        // It logs when it listens.
        while !watch.error_line().contains("isten") {}
        Self { _watch: watch, address }
    }

    /// What Prometheus would get.
    fn scrape(&self) -> String {
        let began = Instant::now();
        let mut connection = loop {
            match TcpStream::connect(&self.address) {
                Ok(connection) => break connection,
                // It logs just before it binds.
                Err(error) => assert!(began.elapsed() < PATIENCE, "{error}"),
            }
            std::thread::yield_now();
        };
        write!(connection, "GET /metrics HTTP/1.0\r\n\r\n").unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer
    }
}

#[test]
fn node_exporter_collects_what_slurpstats_puts_there() {
    if !has(EXPORTER) || !has_loopback() {
        return;
    }
    let (stats, prom) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let file =
        write(stats.path(), "web.mmstats", &[counter("hits", 41), text("page", b"say \"hi\"\n\x1b[1m")]);
    let target = prom.path().join("mmstats.prom");
    let slurp = || {
        let mut slurpstats = tool(env!("CARGO_BIN_EXE_slurpstats"));
        let slurpstats =
            slurpstats.args(["-o", "prometheus", "--output-file"]).arg(&target).arg(stats.path());
        assert_eq!(harness::run(slurpstats), (String::new(), String::new(), Some(0)));
    };
    slurp();
    let exporter = Exporter::start(prom.path());
    let collected = exporter.scrape();
    let path = file.display();
    let wanted = [
        format!("mmstats_hits{{cmd=\"web\",file=\"{path}\",label=\"hits\"}} 41"),
        "# TYPE mmstats_hits untyped".to_owned(),
        format!(
            "mmstats_page_info{{cmd=\"web\",file=\"{path}\",label=\"page\",value=\"say \\\"hi\\\"\\\\n\\\\x1b[1m\"}} 1"
        ),
        "node_textfile_scrape_error 0".to_owned(),
    ];
    for line in wanted {
        assert!(collected.lines().any(|found| found == line), "no {line} in {collected}");
    }
    write(stats.path(), "web.mmstats", &[counter("hits", 42)]);
    slurp();
    let collected = exporter.scrape();
    assert!(collected.contains("label=\"hits\"} 42\n"), "{collected}");
    assert!(!collected.contains("mmstats_page_info"), "what is gone is gone");
}
