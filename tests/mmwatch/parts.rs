//! A value of several numbers has records for its parts.

use std::time::Duration;

use super::every::{Changes, over, publish};

#[test]
fn a_value_of_several_numbers_has_a_few_records() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    web.size.record(10);
    let args = [
        "-i",
        "-p",
        "web.ratio",
        "-p",
        "web.size",
        "-p",
        "web.last",
        "-p",
        "web.answer:",
        "-x",
        "web.answer:max",
    ];
    let watch = over(dir.path(), &args);
    let want = [
        "web.ratio:count\t\t0",
        "web.answer:count\t\t0",
        "web.size:count\t\t1",
        "web.size:p90\t\t10",
        "web.size:max\t\t10",
    ];
    assert_eq!(watch.changes(5), want);
    web.size.record(20);
    // The count is stored last, so there may be two looks, and the first may see some of it.
    let mut seen = Vec::new();
    while !seen.iter().any(|record: &String| record == "web.size:max\t10\t20") {
        seen.push(watch.change());
    }
    assert!(
        seen.contains(&"web.size:count\t1\t2".to_owned())
            && seen.contains(&"web.size:p90\t10\t20".to_owned())
    );
    web.ratio.add(0.5);
    assert_eq!(watch.changes(2), ["web.ratio:count\t0\t1", "web.ratio:mean\t\t0.5"]);
    web.last.add(2.5);
    assert_eq!(watch.change(), "web.last:last\t\t2.5");
    web.answer.record(Duration::from_millis(4));
    let mut seen = watch.changes(3);
    seen.sort_unstable();
    assert_eq!(seen[0], "web.answer:count\t0\t1");
    assert!(
        seen[1].starts_with("web.answer:p50\t\t0.00") && seen[2].starts_with("web.answer:p99\t\t0.00"),
        "{seen:?}"
    );
}

#[test]
fn any_part_may_be_asked_for_and_what_ages_goes() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    (1..=10).for_each(|value| web.size.record(value));
    let args = ["-i", "-p", "web.size:p50", "-p", "web.size:sum", "-p", "web.lately:max3", "-p", "web.wait"];
    let watch = over(dir.path(), &args);
    assert_eq!(watch.changes(3), ["web.wait\t\t0", "web.size:p50\t\t5", "web.size:sum\t\t55"]);
    web.wait.set(3);
    assert_eq!(watch.change(), "web.wait\t0\t3");
    web.lately.add(4.0);
    assert_eq!(watch.change(), "web.lately:max3\t\t4.0");
    assert_eq!(watch.change(), "web.lately:max3\t4.0\t", "it has aged");
    let json = over(dir.path(), &["-i", "-o", "json", "-p", "web.size:p50", "-p", "web.lately:max3"]);
    assert!(json.line().contains("\"label\":\"web.size:p50\",\"old\":null,\"new\":5}"));
    web.lately.add(4.0);
    assert!(json.line().ends_with("\"label\":\"web.lately:max3\",\"old\":null,\"new\":4.0}"));
    let gone = json.line();
    assert!(gone.contains("\"event\":\"changed\""), "{gone}");
    assert!(gone.ends_with("\"label\":\"web.lately:max3\",\"old\":4.0,\"new\":null}"), "{gone}");
}
