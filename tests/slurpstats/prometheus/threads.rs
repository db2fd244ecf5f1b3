//! Threads that end while slurpstats reads: no count is lost, and none is seen twice.

use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;

use mmstats::{Counter, Options, Version, per_thread, stats};
use tempfile::TempDir;

use super::{samples, slurp};

stats! {
    struct Hits {
        hits: Counter,
    }
}

per_thread! {
    static HITS: Hits = Options::new()
        .version(Version::V2)
        .filename(format!("{}/web-{{PID}}-{{TID}}.mmstats", dir().display()));
}

/// How often a thread was about to count, and had counted.
static BEGUN: AtomicU64 = AtomicU64::new(0);
static COUNTED: AtomicU64 = AtomicU64::new(0);

fn dir() -> &'static Path {
    static DIR: OnceLock<TempDir> = OnceLock::new();
    DIR.get_or_init(|| tempfile::tempdir().unwrap()).path()
}

fn count() {
    for _ in 0..3000 {
        BEGUN.fetch_add(1, Ordering::SeqCst);
        HITS.with(|stats| stats.hits.incr());
        COUNTED.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn every_count_is_seen_once_while_threads_come_and_go() {
    let is_over = AtomicBool::new(false);
    count();
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                while !is_over.load(Ordering::Relaxed) {
                    thread::spawn(count).join().unwrap();
                }
            });
        }
        for by in ["cmd", "pid"].into_iter().cycle().take(150) {
            let before = COUNTED.load(Ordering::SeqCst);
            let (out, err, code) = slurp(dir(), &["-p", "hits", "--by", by]);
            let after = BEGUN.load(Ordering::SeqCst);
            // A panic within the scope would wait for the others for ever.
            let seen = samples(&out).first().and_then(|line| line.rsplit_once(' ')?.1.parse::<u64>().ok());
            if (err.as_str(), code) != ("", Some(0)) || seen.is_none_or(|seen| seen < before || seen > after)
            {
                is_over.store(true, Ordering::Relaxed);
                panic!("{seen:?} is not from {before} to {after}: {out} {err} {code:?}");
            }
        }
        is_over.store(true, Ordering::Relaxed);
    });
    HITS.remove().unwrap();
}
