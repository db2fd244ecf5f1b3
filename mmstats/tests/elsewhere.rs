//! What happens where the platform is not Linux: everything counts, in private memory. Linux plays another platform
//! for it: `RUSTFLAGS="--cfg mmstats_elsewhere" cargo test -p mmstats --test elsewhere`.

#![cfg(not(publishes))]
#![allow(clippy::unwrap_used)]

use std::fs;

use mmstats::{
    Counter, ErrorKind, Family, Gauge, Histogram, Options, SharedCounter, SharedGauge, SharedHistogram,
    SharedUpDown, Snapshot, Text, Timer, Version, Window, per_thread, stats,
};

stats! {
    #[derive(Debug)]
    struct Web {
        hits: Counter,
        depth: Gauge<u32>,
        page: Text,
        took: Timer,
        sizes: Histogram,
        window: Window,
        requests: Family<Counter>,
    }
}

per_thread! {
    static WEB: Web = Options::new();
}

#[test]
fn all_counts_work_in_memory_and_nothing_is_published() {
    let dir = tempfile::tempdir().unwrap();
    for version in [Version::V1, Version::V2] {
        let web = Options::new().dir(dir.path()).version(version).create::<Web>().unwrap();
        assert_eq!(web.error().unwrap().kind(), ErrorKind::Platform);
        assert_eq!(Options::new().dir(dir.path()).fold_dead().unwrap(), 0, "there are no files");
        assert!(web.path().starts_with(dir.path()));
        web.hits.incr();
        web.depth.set(7);
        web.page.set("/");
        web.took.time(|| ());
        web.sizes.record(3);
        web.window.add(2.0);
        web.requests.get(&[("route", "/")]).incr();
        let added = web.add_field("added", Counter::spec()).unwrap();
        added.add(2);
        assert_eq!((web.hits.value(), web.depth.value(), added.value()), (1, 7, 2));
        assert_eq!((web.page.value().as_str(), web.took.all().count(), web.sizes.max()), ("/", 1, 3.0));
        assert_eq!((web.window.count(), web.requests.len()), (1, 1));
        web.flush(true).unwrap();
        assert_eq!(Snapshot::of(web.path()).unwrap_err().kind(), ErrorKind::Platform);
        web.remove().unwrap();
        let private = Options::new().dir(dir.path()).version(version).create_or_private::<Web>();
        assert_eq!(private.error().unwrap().kind(), ErrorKind::Platform);
    }
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

stats! {
    struct Common {
        hits: SharedCounter,
        open: SharedUpDown,
        warm: SharedGauge,
        sizes: SharedHistogram,
    }
}

#[test]
fn threads_count_together() {
    let dir = tempfile::tempdir().unwrap();
    for version in [Version::V1, Version::V2] {
        let common = Options::new().dir(dir.path()).version(version).create::<Common>().unwrap();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    common.hits.incr();
                    common.open.decr();
                    common.warm.add(0.5);
                    common.sizes.record(7);
                });
            }
        });
        assert_eq!((common.hits.value(), common.open.value(), common.warm.value()), (2, -2, 1.0));
        assert_eq!((common.sizes.count(), common.sizes.value()), (2, 7.0));
    }
}

#[test]
fn threads_count_each_for_itself() {
    mmstats::on_error(|error| panic!("nobody needs to hear of it: {error}"));
    let thread = std::thread::spawn(|| {
        WEB.with(|web| {
            web.hits.incr();
            web.hits.value()
        })
    });
    assert_eq!(thread.join().unwrap(), 1);
    WEB.with(|web| {
        web.hits.add(2);
        assert_eq!(web.hits.value(), 2);
    });
    WEB.remove().unwrap();
}
