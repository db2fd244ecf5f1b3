//! Lines of fields that have several numbers: one line per number, in base units.

use harness::image::Fields;
use serde_json::json;

use super::json::objects;
use super::lines;
use super::web::web;

#[test]
fn lines_have_one_number_each_in_base_units_in_full() {
    let dir = tempfile::tempdir().unwrap();
    let path = web(dir.path(), "web.mmstats");
    assert_eq!(
        lines(&[], &path),
        [
            "sys.pid\t4194305",
            "web.requests{route=\"/a\",method=\"GET\"}\t42",
            "web.load\t0.123456",
            "web.memory\t3355648.0",
            "web.seen\t1795228800.5",
            "web.version\t1.2 ✓",
            "web.weight:count\t3",
            "web.weight:sum\t7.5",
            "web.weight:mean\t2.5",
            "web.last:last\t1.5",
            "web.last:mean\t2.25",
            "web.last:max\t3.0",
            "web.answer:count\t1000",
            "web.answer:sum\t500.5",
            "web.answer:mean\t0.5005",
            "web.answer:max\t1.0",
            "web.answer:p50\t0.499122176",
            "web.answer:p90\t0.897581056",
            "web.answer:p99\t0.998244352",
            "web.answer:p99.9\t0.998244352",
            "web.none:count\t0",
        ]
    );
}

#[test]
fn a_prefix_picks_parts() {
    let dir = tempfile::tempdir().unwrap();
    let path = web(dir.path(), "web.mmstats");
    assert_eq!(lines(&["-p", "web.answer:p99"], &path), ["web.answer:p99\t0.998244352"], "and not p99.9");
    assert_eq!(
        lines(&["-p", "web.answer:p25"], &path),
        ["web.answer:p25\t0.249561088"],
        "one that is not shown"
    );
    assert_eq!(lines(&["-p", "web.answer:m"], &path), ["web.answer:mean\t0.5005", "web.answer:max\t1.0"]);
    assert_eq!(lines(&["-p", "web.weight"], &path).len(), 3);
    assert_eq!(lines(&["-p", "web.load:p99", "-p", "web.none:p99"], &path), [""; 0]);
    assert_eq!(
        lines(&["-o", "text", "-p", "web.answer:p99", "-p", "web.weight:count"], &path)[1..],
        ["  web.weight:count 3", "  web.answer:p99   998ms", ""]
    );
    let part = &objects(&["-o", "json", "-p", "web.answer:p99"], &path)[0];
    assert_eq!((&part["label"], &part["value"]), (&json!("web.answer:p99"), &json!(0.998_244_352)));
    assert_eq!(part["unit"], "seconds");
    for (field, unit) in [("web.answer:p99", json!("seconds")), ("web.answer:count", serde_json::Value::Null)]
    {
        for args in [&["-o", "json", "-p", field][..], &["-o", "json", "-p", field, "-a", "auto"]] {
            assert_eq!(objects(args, &path)[0]["unit"], unit, "{args:?}");
        }
    }
    // A label that looks so is itself.
    let own = Fields::new().counter("web.answer:p99", 7).write(dir.path(), "own.mmstats");
    assert_eq!(lines(&["-p", "web.answer:p99"], &own), ["web.answer:p99\t7"]);
    assert_eq!(lines(&["-p", "web.answer:p99", "-a", "auto"], &own), ["web.answer:p99\t7"]);
}
