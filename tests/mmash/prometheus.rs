//! A real Prometheus, where there is one: it scrapes what is published and answers questions about it.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::server::{Answer, Server};
use harness::has;

/// How many requests are counted per second, and how long each takes.
const PER_SECOND: u64 = 200;
const SECONDS: f64 = 0.012;

struct Prometheus {
    child: Child,
    address: SocketAddr,
}

impl Prometheus {
    fn start(dir: &Path, target: SocketAddr) -> Self {
        let settings = format!(
            "global: {{scrape_interval: 500ms}}\nscrape_configs:\n  - job_name: mmstats\n    static_configs:\n      - targets: ['{target}']\n"
        );
        let file = dir.join("prometheus.yml");
        std::fs::write(&file, settings).unwrap();
        let mut child = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", dir.join("data").display()))
            .args(["--web.listen-address=127.0.0.1:0", "--log.level=info"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It says where it listens.
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let address = lines.find_map(|line| {
            let (_, rest) =
                line.split_once("address=127.0.0.1:").filter(|_| line.contains("Listening on"))?;
            let port = rest.split(|c: char| !c.is_ascii_digit()).next()?;
            format!("127.0.0.1:{port}").parse().ok()
        });
        // Its pipe is not to fill up.
        thread::spawn(move || lines.for_each(drop));
        Self { child, address: address.expect("an address") }
    }

    /// What it answers, if it knows anything.
    fn ask(&self, question: &str) -> Option<f64> {
        use std::io::{Read, Write};
        let question: String = question.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let mut stream = std::net::TcpStream::connect(self.address).ok()?;
        let host = self.address;
        write!(stream, "GET /api/v1/query?query={question} HTTP/1.0\r\nHost: {host}\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        let answer: Value = serde_json::from_slice(&Answer::parse(&answer).body).ok()?;
        answer["data"]["result"][0]["value"][1].as_str()?.parse().ok()
    }

    /// Asks until the answer is near enough.
    fn until(&self, question: &str, want: f64, within: f64) {
        let mut last = None;
        for _ in 0..200 {
            last = self.ask(question);
            if last.is_some_and(|answer| (answer / want - 1.0).abs() <= within) {
                return;
            }
            thread::sleep(Duration::from_millis(100));
        }
        panic!("{question}: {last:?} and not {want}");
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_real_prometheus_answers_rates_and_quantiles() {
    if !has("prometheus") {
        return;
    }
    let (dir, own) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let options = mmstats::Options::new().dir(dir.path()).version(mmstats::Version::V2).label_prefix("web.");
    let web = options.create::<()>().unwrap();
    let requests = web.add_field("requests", mmstats::Counter::spec()).unwrap();
    let answer = web.add_field("answer", mmstats::Histogram::spec().unit("seconds").scale(1e-9)).unwrap();
    let Some(server) = Server::start(dir.path()) else { return };
    let prometheus = Prometheus::start(own.path(), server.address);
    let is_over = Arc::new(AtomicBool::new(false));
    thread::scope(|scope| {
        let is_over = &is_over;
        let work = scope.spawn(move || {
            let began = std::time::Instant::now();
            let mut counted = 0;
            while !is_over.load(Ordering::Relaxed) {
                // As many as there should be by now.
                let due = u64::try_from(began.elapsed().as_millis()).unwrap() * PER_SECOND / 1000;
                for _ in counted..due {
                    requests.incr();
                    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
                    answer.record((SECONDS * 1e9) as u64);
                }
                counted = due;
                thread::sleep(Duration::from_millis(5));
            }
        });
        #[allow(clippy::cast_precision_loss)]
        let rate = PER_SECOND as f64;
        let asked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            prometheus.until("rate(web_requests_total[5s])", rate, 0.05);
            // Bounds are half an octave apart.
            let quantile = "histogram_quantile(0.5, rate(web_answer_seconds_bucket[5s]))";
            prometheus.until(quantile, SECONDS, 0.2);
            prometheus.until("up", 1.0, 0.0);
        }));
        is_over.store(true, Ordering::Relaxed);
        work.join().unwrap();
        asked.unwrap();
    });
}
