//! One application, instrumented with the crate `metrics`, by the Prometheus exporter and by ours: their expositions
//! agree, metric by metric. What is measured beside the other is the same work, then.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use metrics::{
    Unit, counter, describe_counter, describe_gauge, describe_histogram, gauge, histogram,
    with_local_recorder,
};
use metrics_exporter_mmstats::MmstatsBuilder;
use metrics_exporter_prometheus::PrometheusBuilder;
use mmstats::Options;

/// What it does is the same each time.
fn application() {
    describe_counter!("requests", "Requests answered.");
    describe_counter!("sent_total", Unit::Bytes, "What was sent.");
    describe_gauge!("queue", Unit::Count, "Jobs that wait.");
    describe_gauge!("warmth", Unit::Seconds, "Since the start.");
    describe_histogram!("answer", Unit::Seconds, "How long an answer takes.");
    describe_histogram!("body", Unit::Bytes, "What a request has.");
    for round in 0..1000_u32 {
        let route = ["/", "/cart", "/a\"b\\c"][round as usize % 3];
        counter!("requests", "route" => route, "http.method" => "GET").increment(1);
        counter!("sent_total").increment(u64::from(round) * 17);
        gauge!("queue", "name" => "mail").increment(1.5);
        // Whole microseconds and bytes: what both count exactly.
        histogram!("answer", "route" => route).record(f64::from(round * round) * 1e-6);
        histogram!("body").record(f64::from(round) * 3.0);
    }
    gauge!("queue", "name" => "mail").decrement(0.25);
    gauge!("warmth").set(-12.75);
    counter!("errors.unknown", "kind" => "none").increment(0);
    counter!("absolute").absolute(42);
    counter!("undescribed").increment(3);
}

/// The samples of an exposition by name and labels (those sorted), and its comments.
#[derive(Debug, Default)]
struct Exposition {
    samples: BTreeMap<String, f64>,
    comments: BTreeMap<String, String>,
}

impl Exposition {
    fn parse(text: &str) -> Self {
        let mut parsed = Self::default();
        for line in text.lines().filter(|line| !line.is_empty()) {
            if let Some(comment) = line.strip_prefix("# ") {
                let mut words = comment.splitn(3, ' ');
                let key = format!("{} {}", words.next().unwrap(), words.next().unwrap());
                parsed.comments.insert(key, words.next().unwrap_or_default().to_owned());
            } else {
                let (key, value) = line.rsplit_once(' ').unwrap();
                assert!(
                    parsed.samples.insert(normal(key), value.parse().unwrap()).is_none(),
                    "twice: {line}"
                );
            }
        }
        parsed
    }

    /// What every file has goes, and the help that slurpstats gives where there is none.
    fn keep_metrics(&mut self) {
        let is_own = |name: &str| name.starts_with("sys_") || name.starts_with("org_");
        self.samples.retain(|key, _| !is_own(key));
        self.comments.retain(|key, text| {
            let is_general = text == "Published by a running program through a mmstats file.";
            !is_own(key.split(' ').nth(1).unwrap()) && !is_general
        });
    }

    /// Bounds of the buckets of a metric, without the last.
    fn bounds(&self, name: &str) -> Vec<f64> {
        let le =
            |key: &str| key.split_once("le=\"").and_then(|(_, rest)| rest.split('"').next()?.parse().ok());
        let of = self.samples.keys().filter(|key| key.starts_with(&format!("{name}_bucket{{")));
        let mut bounds: Vec<f64> =
            of.filter_map(|key| le(key)).filter(|bound: &f64| bound.is_finite()).collect();
        bounds.sort_by(f64::total_cmp);
        bounds.dedup();
        bounds
    }
}

/// Labels sorted, bounds as one number has it, and without `cmd`, which only ours has.
fn normal(key: &str) -> String {
    let Some((name, labels)) = key.split_once('{') else { return key.to_owned() };
    let mut sorted: Vec<String> = Vec::new();
    for label in labels.trim_end_matches('}').split("\",") {
        let (name, value) = label.split_once("=\"").unwrap();
        let value = value.trim_end_matches('"');
        match name {
            "cmd" => {}
            "le" => sorted.push(format!("le=\"{}\"", value.parse::<f64>().unwrap())),
            name => sorted.push(format!("{name}=\"{value}\"")),
        }
    }
    sorted.sort();
    if sorted.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", sorted.join(",")) }
}

/// What slurpstats shows of a directory. Cargo builds it, if it is not built yet.
fn slurpstats(dir: &Path) -> String {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml");
    let mut command = Command::new(env!("CARGO"));
    command.args(["run", "--quiet", "--locked", "-p", "slurpstats", "--manifest-path", manifest]);
    let output = command.args(["--", "-o", "prometheus"]).arg(dir).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_expositions_agree_metric_by_metric() {
    let dir = tempfile::tempdir().unwrap();
    let recorder = MmstatsBuilder::new().options(Options::new().dir(dir.path())).build().unwrap();
    with_local_recorder(&recorder, application);
    let mut ours = Exposition::parse(&slurpstats(dir.path()));
    ours.keep_metrics();
    let (answer, body) = (ours.bounds("answer_seconds"), ours.bounds("body_bytes"));
    assert!(answer.len() > 40 && body.len() > 40, "{ours:?}");

    let matcher = |name: &str| metrics_exporter_prometheus::Matcher::Full(name.to_owned());
    let peer = PrometheusBuilder::new()
        .with_recommended_naming(true)
        .set_buckets_for_metric(matcher("answer"), &answer)
        .unwrap()
        .set_buckets_for_metric(matcher("body"), &body)
        .unwrap()
        .build_recorder();
    with_local_recorder(&peer, application);
    let theirs = Exposition::parse(&peer.handle().render());

    // Types, and help where there is one.
    assert_eq!(ours.comments, theirs.comments);
    let keys = |exposition: &Exposition| exposition.samples.keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&ours), keys(&theirs));
    for (key, own) in &ours.samples {
        let peer = theirs.samples[key];
        // A sum of whole nanoseconds is exact; theirs is rounded a thousand times.
        let is_same =
            if key.contains("_sum") { (own - peer).abs() <= peer.abs() * 1e-9 } else { *own == peer };
        assert!(is_same, "{key}: {own} and {peer}");
    }
}
