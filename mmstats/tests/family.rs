//! Families: fields that are added when they are first asked for.

#![allow(clippy::unwrap_used)]

#[path = "common/child.rs"]
mod child;
mod kernel;

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use child::{assert_ended_well, in_child};
use mmstats::{
    Counter, ErrorKind, Family, Gauge, Histogram, Instance, Options, Snapshot, ThreadEnd, Timer, Version,
    per_thread, stats,
};

stats! {
    struct Web {
        /// Requests by route.
        requests: Family<Counter> { spec: Counter::spec().unit("requests"), limit: 3 },
        queues: Family<Gauge<u32>> = "queue.",
        answer: Family<Timer>,
        hits: Counter,
    }
}

fn value(instance: &Instance<Web>, label: &str) -> Option<String> {
    Some(Snapshot::of(instance.path()).unwrap().find(label)?.value().to_string())
}

#[test]
fn a_field_is_added_when_it_is_first_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    for version in [Version::V1, Version::V2] {
        let web = Options::new().dir(dir.path()).version(version).create::<Web>().unwrap();
        let slash = web.requests.get(&[("route", "/")]);
        assert!(value(&web, r#"requests{route="/a"}"#).is_none());
        web.requests.get(&[("route", "/a")]).incr();
        slash.add(2);
        assert!(
            std::ptr::eq(slash, web.requests.get(&[("route", "/")])),
            "a reference holds while others are added"
        );
        assert_eq!(value(&web, r#"requests{route="/"}"#).unwrap(), "2");
        assert_eq!(value(&web, r#"requests{route="/a"}"#).unwrap(), "1");
        web.queues.get_suffixed("mail").incr();
        assert_eq!(value(&web, "queue.mail").unwrap(), "1");
        web.answer.get(&[("route", "/")]).time(|| ());
        assert!(value(&web, r#"answer.minute{route="/"}"#).is_some());
        assert_eq!(
            format!("{:?}", web.requests),
            r#"{"requests{route=\"/\"}": Counter(2), "requests{route=\"/a\"}": Counter(1)}"#
        );
        assert_eq!(web.requests.len(), 2);
        let snapshot = Snapshot::of(web.path()).unwrap();
        let field = snapshot.find(r#"requests{route="/"}"#).unwrap();
        if field.data_type().is_some() {
            assert_eq!((field.unit(), field.help()), (Some("requests"), Some("Requests by route.")));
        }
    }
}

static TOLD: Mutex<Vec<String>> = Mutex::new(Vec::new());

#[test]
fn what_cannot_be_added_counts_where_nobody_sees_it() {
    mmstats::on_error(|error| TOLD.lock().unwrap().push(error.to_string()));
    let dir = tempfile::tempdir().unwrap();
    let web = Options::new().dir(dir.path()).create::<Web>().unwrap();
    for route in ["/a", "/b", "/c"] {
        web.requests.get(&[("route", route)]).incr();
    }
    let error = web.requests.try_get(&[("route", "/d")]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    web.requests.get(&[("route", "/d")]).incr();
    web.requests.get(&[("route", "/e")]).incr();
    assert_eq!(web.requests.get(&[("route", "/f")]).value(), 2, "one field for all that is lost");
    assert!(value(&web, r#"requests{route="/d"}"#).is_none());
    let told = TOLD.lock().unwrap().clone();
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("is beyond the 3 fields that its family may have"), "{}", told[0]);

    let error = web.queues.try_get(&[("no name", "")]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Label);
    let busy = web.add_fields(|_| Ok(web.queues.try_get_suffixed("x").unwrap_err().kind())).unwrap();
    assert_eq!(busy, ErrorKind::Busy);
    assert!(web.queues.is_empty());
}

#[test]
fn a_spec_that_makes_no_sense_is_an_error_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let spec = Family::<Histogram>::spec().spec(Histogram::spec().unit("no unit"));
    let error = Options::new().dir(dir.path()).create_with(|fields| fields.add("h", spec)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Description);
    let spec = Family::<Counter>::spec();
    let error = Options::new().dir(dir.path()).create_with(|fields| fields.add("", spec)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Label);
}

#[test]
fn a_family_may_outlive_its_instance() {
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new().dir(dir.path()).create::<()>().unwrap();
    let family = stats.add_field("f.", Family::<Counter>::spec()).unwrap();
    let known = family.get_suffixed("a");
    // It is `Send`, as other handles are.
    drop(stats);
    known.incr();
    assert_eq!(family.try_get_suffixed("b").unwrap_err().kind(), ErrorKind::Dropped);
    let family = std::thread::spawn(move || {
        family.get_suffixed("a").incr();
        family
    });
    assert_eq!(family.join().unwrap().get_suffixed("a").value(), 2);
}

#[test]
fn a_family_and_its_instance_add_at_once_from_two_threads() {
    let dir = tempfile::tempdir().unwrap();
    let stats = Options::new().dir(dir.path()).create::<()>().unwrap();
    let family = stats.add_field("f.", Family::<Counter>::spec().limit(500)).unwrap();
    let adding = std::thread::spawn(move || {
        for number in 0..500 {
            family.try_get_suffixed(&number.to_string()).unwrap().incr();
        }
        family
    });
    let handles: Vec<_> =
        (0..500).map(|number| stats.add_field(&format!("i.{number}"), Counter::spec()).unwrap()).collect();
    let family = adding.join().unwrap();
    assert_eq!((family.len(), handles.len()), (500, 500));
    let snapshot = Snapshot::of(stats.path()).unwrap();
    let labels = snapshot.fields().map(|field| field.unwrap().label().to_owned());
    assert_eq!(labels.filter(|label| label.starts_with(b"f.") || label.starts_with(b"i.")).count(), 1000);
}

#[test]
fn a_forked_child_counts_where_nobody_sees_it() {
    if !kernel::wipes_on_fork() {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let web = Options::new().dir(dir.path()).create::<Web>().unwrap();
    web.requests.get(&[("route", "/")]).incr();
    let child = in_child(|| {
        web.requests.get(&[("route", "/")]).incr();
        assert_eq!(web.requests.get(&[("route", "/")]).value(), 2);
        web.requests.get(&[("route", "/child")]).incr();
        assert_eq!(web.requests.try_get(&[("route", "/other")]).unwrap_err().kind(), ErrorKind::Forked);
        assert_eq!(web.requests.len(), 1);
    });
    assert_ended_well(child);
    assert_eq!(value(&web, r#"requests{route="/"}"#).unwrap(), "1");
    assert!(value(&web, r#"requests{route="/child"}"#).is_none());
}

static DIR: Mutex<Option<std::path::PathBuf>> = Mutex::new(None);

per_thread! {
    static WEB: Web = Options::new()
        .dir(DIR.lock().unwrap().clone().unwrap())
        .thread_end(ThreadEnd::Fold);
}

#[test]
fn the_fields_of_ended_threads_are_folded_by_label() {
    static ROUNDS: AtomicUsize = AtomicUsize::new(0);
    let dir = tempfile::tempdir().unwrap();
    *DIR.lock().unwrap() = Some(dir.path().to_owned());
    for route in ["/a", "/b", "/a"] {
        let thread = std::thread::spawn(move || {
            WEB.with(|web| {
                assert!(web.error().is_none(), "{:?}", web.error());
                web.requests.get(&[("route", route)]).incr();
            });
            ROUNDS.fetch_add(1, Ordering::Relaxed);
        });
        thread.join().unwrap();
    }
    let mut files = std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().path());
    let (file, None) = (files.next().unwrap(), files.next()) else { panic!("more files than one") };
    let snapshot = Snapshot::of(&file).unwrap();
    let value = |label: &str| snapshot.find(label).map(|field| field.value().to_string());
    assert_eq!(value(r#"requests{route="/a"}"#).as_deref(), Some("2"));
    assert_eq!(value(r#"requests{route="/b"}"#).as_deref(), Some("1"));
    assert_eq!(ROUNDS.load(Ordering::Relaxed), 3);
    WEB.remove().unwrap();
}
