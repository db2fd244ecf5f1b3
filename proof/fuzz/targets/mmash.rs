//! What mmash answers to any target and any Host: `TARGET\nHOST`, or all of a request where there is no `\n`.

#![no_main]
#![allow(dead_code)]

#[path = "../../../mmash/src/answer.rs"]
mod answer;
#[path = "../../../mmash/src/api.rs"]
mod api;
#[path = "../../../mmash/src/assets.rs"]
mod assets;
#[path = "../../../mmash/src/course.rs"]
mod course;
#[path = "../../../mmash/src/dead.rs"]
mod dead;
#[path = "../../../mmash/src/event.rs"]
mod event;
#[path = "../../../mmash/src/events.rs"]
mod events;
#[path = "../../../mmash/src/gate.rs"]
mod gate;
#[path = "../../../mmash/src/history.rs"]
mod history;
#[path = "../../../mmash/src/listen.rs"]
mod listen;
#[path = "../../../mmash/src/metrics.rs"]
mod metrics;
#[path = "../../../mmash/src/original.rs"]
mod original;
#[path = "../../../mmash/src/process.rs"]
mod process;
#[path = "../../../mmash/src/reading.rs"]
mod reading;
#[path = "../../../mmash/src/sample.rs"]
mod sample;
#[path = "../../../mmash/src/serve.rs"]
mod serve;
#[path = "../../../mmash/src/shown.rs"]
mod shown;
#[path = "../../../mmash/src/site.rs"]
mod site;
#[path = "../../../mmash/src/target.rs"]
mod target;
#[path = "../../../mmash/src/watch.rs"]
mod watch;

use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::mpsc::channel;
use std::sync::{Arc, LazyLock, Mutex};

use libfuzzer_sys::fuzz_target;
use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};
use tokio::runtime::{Builder, Runtime};

/// A site with one file, whose streams end at once.
struct World {
    runtime: Runtime,
    site: Arc<site::Site>,
}

static WORLD: LazyLock<Mutex<World>> = LazyLock::new(|| {
    let golden = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../mmstats/tests/golden"));
    let operands: files::Operands = vec![golden.into_os_string()].into();
    let record = Arc::default();
    sample::Sampler::new(operands.clone(), Arc::clone(&record)).sample(&mut |_| {});
    let gate = gate::Gate::new(vec!["stats.example".to_owned()]);
    let site = Arc::new(site::Site::new(gate, operands, record, channel().0));
    site.end();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    Mutex::new(World { runtime, site })
});

/// All that comes back for these bytes. A client that closes its side at once gets no answer that takes a while; one
/// that does not waits for the end.
fn answered(bytes: &[u8], closes: bool) -> Vec<u8> {
    let world = WORLD.lock().unwrap();
    let site = Arc::clone(&world.site);
    world.runtime.block_on(async {
        // Room for all of it: what is asked for after a refusal is never read.
        let (mut client, server) = duplex(1 << 24);
        let (_ending, ended) = tokio::sync::watch::channel(false);
        let serving = tokio::spawn(serve::converse(Box::pin(server), site, ended));
        client.write_all(bytes).await.unwrap();
        if closes {
            client.shutdown().await.unwrap();
        }
        let mut all = Vec::new();
        client.read_to_end(&mut all).await.unwrap();
        serving.await.unwrap();
        all
    })
}

/// Whether a Host is one that nobody else could make lead here, by other means than the program's own.
fn is_ours(host: &str) -> bool {
    let host = host.trim_matches([' ', '\t']);
    let name = match host.rsplit_once(':') {
        Some((name, port)) if !host.ends_with(']') && port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
    let is_address = match bare {
        Some(bare) => bare.parse::<std::net::Ipv6Addr>().is_ok(),
        None => name.parse::<IpAddr>().is_ok_and(|address| address.is_ipv4()),
    };
    let name = name.to_ascii_lowercase();
    is_address || ["localhost", "stats.example"].contains(&&*name) || name.ends_with(".localhost")
}

fn check(answer: &[u8], host: Option<&str>) {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("an answer has a head");
    let (head, body) = (std::str::from_utf8(&answer[..end]).unwrap(), &answer[end + 4..]);
    let mut lines = head.split("\r\n");
    let status: u16 = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
    assert!([200, 308, 400, 403, 404, 405, 413, 414, 421, 431, 503, 505].contains(&status), "{head}");
    let header = |name: &str| {
        let found = head.split("\r\n").skip(1).filter_map(|line| line.split_once(": "));
        let found: Vec<_> = found.filter(|(other, _)| *other == name).map(|(_, value)| value).collect();
        assert!(found.len() < 2, "{head}");
        found.first().copied()
    };
    for line in lines {
        let name = line.split_once(": ").map_or(line.strip_suffix(':').unwrap_or_default(), |(name, _)| name);
        let is_known = [
            "content-security-policy",
            "x-content-type-options",
            "referrer-policy",
            "cache-control",
            "cross-origin-resource-policy",
            "cross-origin-opener-policy",
            "content-type",
            "content-length",
            "content-encoding",
            "transfer-encoding",
            "vary",
            "allow",
            "location",
            "retry-after",
            "connection",
            "date",
        ]
        .contains(&name);
        assert!(is_known, "{line:?}");
    }
    if status < 400 {
        assert!(host.is_none_or(is_ours), "{host:?}: {head}");
    }
    if let Some(place) = header("location") {
        assert!(place.starts_with('/') && !place.starts_with("//"), "{place}");
    }
    // What hyper refuses by itself has no more than a status.
    let Some(policy) = header("content-security-policy") else {
        return assert!(status >= 400 && body.is_empty(), "{head}");
    };
    assert!(policy.starts_with("default-src 'none';"));
    let is_whole = header("content-length").is_some_and(|length| length == body.len().to_string());
    let is_json = header("content-type") == Some("application/json");
    if is_whole && is_json && !body.is_empty() && header("content-encoding").is_none() {
        let value: serde_json::Value = serde_json::from_slice(body).unwrap();
        assert_eq!(value.get("error").is_some() && value["error"].is_string(), status >= 400, "{head}");
    }
}

fuzz_target!(|data: &[u8]| {
    let Some(newline) = data.iter().position(|&byte| byte == b'\n') else {
        let answer = answered(data, true);
        if !answer.is_empty() {
            check(&answer, None);
        }
        return;
    };
    let (target, host) = (&data[..newline], &data[newline + 1..]);
    let request = [b"GET ", target, b" HTTP/1.1\r\nHost: ", host, b"\r\nConnection: close\r\n\r\n"].concat();
    // Its connection is closed after the answer, unless there is more in it than meets the eye.
    let is_one = !host.contains(&b'\n') && !host.contains(&b'\r') && !target.contains(&b'\r');
    let answer = answered(&request, !is_one);
    let host = std::str::from_utf8(host).ok().filter(|_| is_one);
    if is_one || !answer.is_empty() {
        check(&answer, host);
    }
});
