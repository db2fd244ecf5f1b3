//! Every address, its status, its headers and what it answers.

use std::path::Path;

use serde_json::{Value, json};

use crate::server::Server;
use harness::{counter, double, field, text, write};

/// Files as the original writes them.
fn publish(dir: &Path) {
    write(dir, "a-1.mmstats", &[counter("web.hits", 3), double("web.load", 0.5), text("web.name", b"one")]);
    write(dir, "b-2.mmstats", &[counter("web.hits", 0), double("web.load", 1.5), text("web.name", b"two")]);
    write(dir, "c-3.mmstats", &[counter("web.hits2", 7), counter("odd/label {x=\"<b>\"}", 1)]);
}

fn strings(value: &Value) -> Vec<&str> {
    value.as_array().unwrap().iter().map(|it| it.as_str().unwrap()).collect()
}

#[test]
fn every_address_answers_with_its_status_and_type() {
    let dir = tempfile::tempdir().unwrap();
    publish(dir.path());
    let Some(server) = Server::start(dir.path()) else { return };
    let html = "text/html; charset=utf-8";
    for (target, status, content_type) in [
        ("/", 200, html),
        ("/?q=a", 200, html),
        ("/graph/", 200, html),
        ("/m/web.hits", 200, html),
        ("/mmash.js", 200, "text/javascript; charset=utf-8"),
        ("/mmash.css", 200, "text/css; charset=utf-8"),
        ("/icon.svg", 200, "image/svg+xml"),
        ("/stats/", 200, "application/json"),
        ("/stats/web.", 200, "application/json"),
        ("/stats/none", 200, "application/json"),
        ("/stats/web.?aggr=median", 400, "application/json"),
        ("/stats/web.?glob=%5B", 400, "application/json"),
        ("/files/", 200, "application/json"),
        ("/files/a*", 200, "application/json"),
        ("/metrics", 200, "text/plain; version=0.0.4; charset=utf-8"),
        ("/metrics?aggr=median", 400, "application/json"),
        ("/healthz", 200, "text/plain; charset=utf-8"),
        ("/api/1/labels", 200, "application/json"),
        ("/api/1/files", 200, "application/json"),
        ("/api/1/label/web.hits", 200, "application/json"),
        ("/api/1/label/none", 404, "application/json"),
        ("/api/1/events?aggr=median", 400, "application/json"),
        ("/api/1/events?range=0", 400, "application/json"),
        ("/m/", 404, "application/json"),
        ("/api/", 404, "application/json"),
        ("/none", 404, "application/json"),
    ] {
        let answer = server.get(target);
        assert_eq!((answer.status, &*answer.headers["content-type"]), (status, content_type), "{target}");
        if status >= 400 {
            let error: Value = serde_json::from_slice(&answer.body).unwrap();
            assert!(error["error"].is_string(), "{target}: {error}");
        }
    }
    assert_eq!(server.end().0, "");
}

#[test]
fn every_answer_keeps_others_out() {
    let dir = tempfile::tempdir().unwrap();
    let Some(server) = Server::start(dir.path()) else { return };
    for target in ["/", "/mmash.js", "/stats/", "/none", "/stats", "/metrics"] {
        let headers = server.get(target).headers;
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("referrer-policy", "no-referrer"),
            ("cache-control", "no-store"),
            ("cross-origin-resource-policy", "same-origin"),
            ("cross-origin-opener-policy", "same-origin"),
        ] {
            assert_eq!(headers[name], value, "{target}");
        }
        let policy = &headers["content-security-policy"];
        for part in ["default-src 'none'", "script-src 'self';", "require-trusted-types-for 'script'"] {
            assert!(policy.contains(part) && !policy.contains("unsafe"), "{target}: {policy}");
        }
        assert!(!headers.keys().any(|name| name.starts_with("access-control")), "{target}");
    }
}

#[test]
fn addresses_without_their_last_slash_lead_there() {
    let dir = tempfile::tempdir().unwrap();
    let Some(server) = Server::start(dir.path()) else { return };
    for (target, place) in [
        ("/stats", "/stats/"),
        ("/files", "/files/"),
        ("/graph", "/graph/"),
        ("/stats?a=1&b", "/stats/?a=1&b"),
    ] {
        let answer = server.get(target);
        assert_eq!((answer.status, &*answer.headers["location"]), (308, place), "{target}");
    }
}

#[test]
fn a_head_is_an_answer_without_its_body() {
    let dir = tempfile::tempdir().unwrap();
    publish(dir.path());
    let Some(server) = Server::start(dir.path()) else { return };
    for target in ["/", "/stats/", "/metrics", "/none", "/api/1/events"] {
        let host = server.address;
        let head =
            server.ask(&format!("HEAD {target} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"));
        assert_eq!(head.body, b"", "{target}");
        if !target.contains("events") {
            let whole = server.get(target);
            assert_eq!(
                (head.status, &head.headers["content-type"]),
                (whole.status, &whole.headers["content-type"])
            );
            assert_eq!(head.headers["content-length"], whole.body.len().to_string(), "{target}");
        }
    }
}

#[test]
fn labels_and_values_have_the_shapes_of_the_original() {
    let dir = tempfile::tempdir().unwrap();
    publish(dir.path());
    let Some(server) = Server::start(dir.path()) else { return };
    let labels = server.json("/stats/");
    let wanted = ["odd/label {x=\"<b>\"}", "web.hits", "web.hits2", "web.load", "web.name"];
    assert_eq!(strings(&labels["stats"]), wanted);
    let values = json!({"web.hits": [3, 0], "web.hits2": [7]});
    assert_eq!(server.json("/stats/web.hits"), values);
    assert_eq!(server.json("/stats/web.hits?exact=1"), json!({"web.hits": [3, 0]}));
    assert_eq!(server.json("/stats/web.hits?exact="), values);
    assert_eq!(server.json("/stats/none"), json!({}));
    assert_eq!(server.json("/stats/odd%2Flabel"), json!({"odd/label {x=\"<b>\"}": [1]}));
    assert_eq!(server.json("/stats/odd/label"), json!({"odd/label {x=\"<b>\"}": [1]}));
    assert_eq!(server.json("/stats/web.name"), json!({"web.name": ["one", "two"]}));
    for (function, value) in [
        ("sum", json!(3)),
        ("avg", json!(1.5)),
        ("min", json!(0)),
        ("max", json!(3)),
        ("one", json!(3)),
        ("nonzero-avg", json!(3.0)),
        ("nonzero-min", json!(3)),
    ] {
        let target = format!("/stats/web.hits?exact=1&aggr={function}");
        assert_eq!(server.json(&target), json!({"web.hits": value}), "{function}");
    }
    assert_eq!(
        server.json("/stats/web.n?aggr=sum"),
        json!({"web.name": ["one", "two"]}),
        "a text is no error"
    );
}

#[test]
fn files_are_chosen_among_those_that_are_shown_and_no_others() {
    let (dir, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    publish(dir.path());
    let secret = write(other.path(), "secret.mmstats", &[counter("web.secret", 1)]);
    std::fs::write(dir.path().join("broken.mmstats"), b"\x09nonsense").unwrap();
    let Some(server) = Server::start(dir.path()) else { return };
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    assert_eq!(
        server.json("/files/"),
        json!({"files": [path("a-1.mmstats"), path("b-2.mmstats"), path("c-3.mmstats")]})
    );
    assert_eq!(server.json("/files/b*"), json!({"files": [path("b-2.mmstats")]}));
    assert_eq!(
        server.json("/files/*/a-1.mmstats"),
        json!({"files": [path("a-1.mmstats")]}),
        "the whole path"
    );
    assert_eq!(server.json("/stats/web.hits?glob=a-*"), json!({"web.hits": [3]}));
    for pattern in [secret.to_str().unwrap(), "../*", "..%2F*", "/etc/*", "%2Fetc%2Fpasswd"] {
        assert_eq!(server.json(&format!("/files/{pattern}")), json!({"files": []}), "{pattern}");
        assert_eq!(server.json(&format!("/stats/web.?glob={pattern}")), json!({}), "{pattern}");
    }
    let (said, _) = server.end();
    assert_eq!(said.matches("broken.mmstats").count(), 1, "what is wrong is said once: {said}");
}

#[test]
fn json_has_no_nan_and_what_is_no_utf_8_is_still_json() {
    let dir = tempfile::tempdir().unwrap();
    let odd = field(b"a.\xff", "Q", 0xff, &7_u64.to_ne_bytes());
    write(dir.path(), "a.mmstats", &[double("a.nan", f64::NAN), double("a.inf", f64::INFINITY), odd]);
    let Some(server) = Server::start(dir.path()) else { return };
    assert_eq!(server.json("/stats/a."), json!({"a.nan": [null], "a.inf": [null], "a.\u{fffd}": [7]}));
    assert_eq!(server.json("/stats/a.%FF?aggr=sum"), json!({"a.\u{fffd}": 7}));
    let labels = server.json("/api/1/labels");
    let odd = labels["labels"].as_array().unwrap().iter().find(|it| it["label"] == "a.\u{fffd}").unwrap();
    assert_eq!(odd["href"], "/m/a.%FF");
    assert_eq!(server.json("/api/1/label/a.%FF")["value"], json!([7]));
}

#[test]
fn the_api_says_what_a_field_means() {
    let dir = tempfile::tempdir().unwrap();
    let options = mmstats::Options::new().dir(dir.path()).version(mmstats::Version::V2).label_prefix("web.");
    let web = options.create::<()>().unwrap();
    let answer = mmstats::Histogram::spec().unit("seconds").help("How long it takes.");
    let answer = web.add_field("answer", answer).unwrap();
    answer.record(1_000_000);
    let Some(server) = Server::start(dir.path()) else { return };
    let labels = server.json("/api/1/labels");
    let found = labels["labels"].as_array().unwrap().iter().find(|it| it["label"] == "web.answer").unwrap();
    assert_eq!(
        (&found["kind"], &found["unit"], &found["help"]),
        (&json!("histogram"), &json!("seconds"), &json!("How long it takes."))
    );
    assert_eq!((&found["value"]["count"], &found["living"]), (&json!(1), &json!(1)));
    let one = server.json("/api/1/label/web.answer");
    assert_eq!(
        (&one["files"][0]["pid"], &one["files"][0]["alive"]),
        (&json!(std::process::id()), &json!(true))
    );
    let files = server.json("/api/1/files");
    assert_eq!((&files["files"][0]["version"], &files["files"][0]["ours"]), (&json!(2), &json!(true)));
    let parts = server.json("/stats/web.answer");
    assert_eq!(parts["web.answer:count"], json!([1]), "a field of several numbers has a label for each");
    assert_eq!(server.json("/stats/web.answer:c?aggr=sum")["web.answer:count"], json!(1));
}
