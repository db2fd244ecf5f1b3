//! The stream of events: the past first, then what changes.

use serde_json::Value;

use harness::{field, write};

use crate::server::{Events, Server};

/// The values of a label, by its name, in an event that has them.
fn value(labels: &[Value], data: &Value, label: &str) -> Option<Value> {
    let id = labels.iter().find(|it| it["label"] == label)?["id"].clone();
    let all = data["values"].as_array()?;
    all.iter().find(|values| values[0] == id).cloned()
}

#[test]
fn the_table_comes_first_then_the_past_then_what_changes() {
    let dir = tempfile::tempdir().unwrap();
    let web = mmstats::Options::new().dir(dir.path()).create::<()>().unwrap();
    let hits = web.add_field("hits", mmstats::Counter::spec()).unwrap();
    web.add_field("still", mmstats::Counter::spec()).unwrap();
    hits.add(41);
    let Some(server) = Server::start(dir.path()) else { return };
    let mut events = Events::of(&server, "?range=60");
    let (name, table) = events.next().unwrap();
    assert_eq!(name, "table");
    let labels = table["labels"].as_array().unwrap().clone();
    assert_eq!(value(&labels, &table, "hits").unwrap()[1], 41);
    hits.add(1);
    let changed = events.until(|name, data| {
        assert_ne!(name, "table");
        (name == "tick").then(|| value(&labels, data, "hits")).flatten().filter(|it| it[1] == 42)
    });
    assert!(changed[2].as_f64().unwrap() > 0.0, "and its rate: {changed}");
    // The next sample has the rate back at 0; then nothing more is said of it.
    events.until(|name, data| {
        assert!(value(&labels, data, "still").is_none(), "{name}: what does not change is not sent");
        value(&labels, data, "hits").filter(|it| it[2] == 0)
    });
    let (name, quiet) = events.next().unwrap();
    assert_eq!((&*name, value(&labels, &quiet, "hits")), ("tick", None));
    // Whoever comes later gets the past.
    let past = Events::of(&server, "?range=60").until(|name, data| (name == "courses").then(|| data.clone()));
    let id = labels.iter().find(|it| it["label"] == "hits").unwrap()["id"].clone();
    let courses = past["courses"].as_array().unwrap();
    let course = &courses.iter().find(|course| course[0] == id).unwrap()[1];
    assert!(course.as_array().unwrap().iter().any(|rate| rate.as_f64() > Some(0.0)), "{past}");
}

#[test]
fn labels_that_come_later_are_told() {
    let dir = tempfile::tempdir().unwrap();
    let web = mmstats::Options::new().dir(dir.path()).create::<()>().unwrap();
    let Some(server) = Server::start(dir.path()) else { return };
    let mut events = Events::of(&server, "");
    assert_eq!(events.next().unwrap().0, "table");
    let late = web.add_field("late <img src=x>", mmstats::Gauge::<i64>::spec()).unwrap();
    late.set(-5);
    let labels = events.until(|_, data| {
        let labels = data["labels"].as_array()?;
        labels.iter().any(|it| it["label"] == "late <img src=x>").then(|| labels.clone())
    });
    assert_eq!(labels[0]["href"], "/m/late%20%3Cimg%20src%3Dx%3E");
}

#[test]
fn one_metric_has_its_processes_and_waits_until_it_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let Some(server) = Server::start(dir.path()) else { return };
    let mut events = Events::of(&server, "?label=a/b&range=60");
    assert_eq!(events.next().unwrap().0, "missing");
    let web = mmstats::Options::new().dir(dir.path()).create::<()>().unwrap();
    let hits = web.add_field("a/b", mmstats::Counter::spec()).unwrap();
    hits.add(7);
    let metric = events.until(|name, data| (name == "metric").then(|| data.clone()));
    assert_eq!((&metric["about"]["label"], &metric["about"]["class"]), (&"a/b".into(), &"counter".into()));
    let row =
        events.until(|name, data| (name == "point").then(|| data["rows"][0].clone()).filter(|it| it[1] == 7));
    assert!(row[0].as_str().unwrap().ends_with(&format!(" {}", std::process::id())), "{row}");
    drop(hits);
    drop(web);
    let mark =
        events.until(|_, data| data["marks"].as_array()?.iter().find(|mark| mark[1] == false).cloned());
    assert_eq!(mark[2], row[0], "its end is a mark");
}

#[test]
fn the_dead_count_on_unless_the_living_alone_are_wanted() {
    let dir = tempfile::tempdir().unwrap();
    let web = mmstats::Options::new().dir(dir.path()).create::<()>().unwrap();
    let hits = web.add_field("hits", mmstats::Counter::spec()).unwrap();
    hits.add(100);
    // A copy has no writer, so it is dead.
    std::fs::copy(web.path(), dir.path().join("gone-1.mmstats")).unwrap();
    hits.add(5);
    let Some(server) = Server::start(dir.path()) else { return };
    for (query, want) in [("", 205), ("?living=1", 105)] {
        let (_, table) = Events::of(&server, query).next().unwrap();
        let labels = table["labels"].as_array().unwrap().clone();
        assert_eq!(value(&labels, &table, "hits").unwrap()[1], want, "{query}");
    }
}

#[test]
fn a_histogram_is_a_strip_of_what_was_recorded_between_two_samples() {
    let dir = tempfile::tempdir().unwrap();
    let options = mmstats::Options::new().dir(dir.path()).version(mmstats::Version::V2);
    let (one, two) = (options.clone().create::<()>().unwrap(), options.create::<()>().unwrap());
    let spec = || mmstats::Histogram::spec().unit("seconds").scale(1e-9);
    let (one, two) = (one.add_field("answer", spec()).unwrap(), two.add_field("answer", spec()).unwrap());
    // What was there before somebody looked is in no strip.
    (0..1000).for_each(|_| one.record(5_000_000_000));
    let Some(server) = Server::start(dir.path()) else { return };
    let mut events = Events::of(&server, "?label=answer");
    let first = events.until(|name, data| (name == "metric").then(|| data.clone()));
    assert_eq!(first["about"]["class"], "histogram");
    assert_eq!(first["values"][1]["count"], 1000);
    events.until(|name, _| (name == "point").then_some(()));
    for _ in 0..50 {
        one.record(1_000_000);
        two.record(1_000_000);
    }
    // It may be in two strips, if a sample was taken in the middle.
    let (mut count, mut highest) = (0, 0.0_f64);
    while count < 100 {
        let strip = events.until(|name, data| (name == "point").then(|| data["strip"].clone()));
        count += strip[0].as_u64().unwrap();
        highest = highest.max(strip[2].as_f64().unwrap_or_default());
        for cell in strip[3].as_array().unwrap() {
            // Half an octave with 1 ms in it: 2 to the power of -10 is the least edge above.
            assert!((-21..=-19).contains(&cell[0].as_i64().unwrap()), "{strip}");
        }
    }
    assert_eq!(count, 100);
    assert!((highest / 0.001 - 1.0).abs() < 0.05, "{highest}");
}

#[test]
fn values_become_one_as_is_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let options = mmstats::Options::new().dir(dir.path()).version(mmstats::Version::V2);
    let first = options.clone().create::<()>().unwrap();
    first.add_field("open", mmstats::Gauge::<i64>::spec()).unwrap().set(2);
    write(
        dir.path(),
        "other-1.mmstats",
        &[
            field(b"sys.pid", "I", 0xff, &std::os::unix::process::parent_id().to_ne_bytes()),
            field(b"open", "q", 0xff, &8_i64.to_ne_bytes()),
        ],
    );
    let Some(server) = Server::start(dir.path()) else { return };
    for (query, want) in [("", 10), ("?aggr=sum", 10), ("?aggr=avg", 5), ("?aggr=min", 2), ("?aggr=max", 8)] {
        let (_, table) = Events::of(&server, query).next().unwrap();
        let labels = table["labels"].as_array().unwrap().clone();
        assert_eq!(value(&labels, &table, "open").unwrap()[1], want, "{query}");
    }
}
