//! JSON says what a field is, where the file says it.

use std::path::Path;

use harness::{counter, double, write};
use serde_json::{Value as Json, json};

use super::web::web;
use super::{lines, run};

pub(crate) fn objects(args: &[&str], path: &Path) -> Vec<Json> {
    lines(args, path).iter().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn json_says_what_a_field_is_and_all_of_a_histogram() {
    let dir = tempfile::tempdir().unwrap();
    let path = web(dir.path(), "web.mmstats");
    let objects = objects(&["-o", "json"], &path);
    let of = |label: &str| {
        let mut object = objects.iter().find(|object| object["label"] == label).unwrap().clone();
        let members = object.as_object_mut().unwrap();
        assert_eq!(members.remove("file"), Some(json!(path.to_str().unwrap())));
        assert_eq!(members.remove("pid"), Some(json!(4_194_305)));
        members.remove("label").unwrap();
        members.remove("alive").unwrap();
        object
    };
    assert_eq!(objects.len(), 10);
    assert_eq!(of("sys.pid"), json!({"type": "u32", "value": 4_194_305, "kind": "info"}));
    assert_eq!(
        of("web.requests{route=\"/a\",method=\"GET\"}"),
        json!({
            "type": "u64", "value": 42, "kind": "counter", "unit": "requests", "help": "Answered",
            "name": "web.requests", "attributes": {"route": "/a", "method": "GET"}
        })
    );
    assert_eq!(
        of("web.load"),
        json!({"type": "f64", "value": 0.123_456, "kind": "gauge", "unit": "ratio", "merge": "avg"})
    );
    assert_eq!(
        of("web.memory"),
        json!({"type": "u32", "value": 3_355_648.0, "kind": "gauge", "unit": "bytes"})
    );
    assert_eq!(
        of("web.weight"),
        json!({"type": "mean", "value": {"count": 3, "sum": 7.5, "mean": 2.5}, "kind": "mean"})
    );
    assert_eq!(
        of("web.last")["value"],
        json!({"count": 2, "mean": 2.25, "max": 3.0, "last": 1.5, "numbers": [3.0, 1.5]})
    );
    assert_eq!(
        of("web.none")["value"],
        json!({"count": 0, "sum": null, "mean": null, "max": null, "quantiles": {}, "buckets": []})
    );
    let answer = of("web.answer");
    assert_eq!((&answer["unit"], &answer["help"]), (&json!("seconds"), &json!("Time to answer")));
    let value = &answer["value"];
    assert_eq!(
        value["quantiles"],
        json!({"p50": 0.499_122_176, "p90": 0.897_581_056, "p99": 0.998_244_352, "p99.9": 0.998_244_352})
    );
    assert_eq!((&value["count"], &value["sum"], &value["max"]), (&json!(1000), &json!(500.5), &json!(1.0)));
    let buckets = value["buckets"].as_array().unwrap();
    assert_eq!(buckets.iter().map(|bucket| bucket["count"].as_u64().unwrap()).sum::<u64>(), 1000);
    assert_eq!(buckets[0], json!({"lower": 0.000_999_424, "upper": 0.001_015_808, "count": 1}));
}

#[test]
fn json_of_version_1_is_what_it_was() {
    let dir = tempfile::tempdir().unwrap();
    let path = write(dir.path(), "a.mmstats", &[counter("hits", 3), double("mean", 0.5)]);
    let start = format!("{{\"file\":\"{}\",\"label\":", path.display());
    let want = format!(
        "{start}\"hits\",\"type\":\"Q\",\"value\":3,\"pid\":null,\"alive\":null}}\n\
         {start}\"mean\",\"type\":\"d\",\"value\":0.5,\"pid\":null,\"alive\":null}}\n"
    );
    assert_eq!(run(&["-o", "json"], &[&path]), (want, String::new(), Some(0)));
    let want = "{\"label\":\"hits\",\"type\":\"Q\",\"value\":3}\n{\"label\":\"mean\",\"type\":\"d\",\"value\":0.5}\n";
    assert_eq!(run(&["-o", "json", "-a", "sum"], &[&path]), (want.to_owned(), String::new(), Some(0)));
}
