//! Histograms and means: a row has what was recorded since the row before, over all files.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::channel;
use std::time::Instant;

use mmstats::{Options, ThreadEnd, Version, per_thread};

use super::{PATIENCE, Watch, Web, publish, row};

/// Sums the first column until it has reached `total`, and one row more. No row may be above `most`.
fn sum(watch: &Watch, total: f64, most: f64) -> f64 {
    let began = Instant::now();
    let mut sum = 0.0;
    let add = |sum: &mut f64| {
        let change = watch.row()[0].unwrap_or(0.0);
        assert!((0.0..=most).contains(&change), "{change} in one row");
        *sum += change;
    };
    while sum < total {
        assert!(began.elapsed() < PATIENCE, "{sum} of {total}");
        add(&mut sum);
    }
    add(&mut sum);
    sum
}

#[test]
fn percentiles_are_of_the_interval_over_all_files() {
    let dir = tempfile::tempdir().unwrap();
    let (a, b) = (publish(dir.path(), "a"), publish(dir.path(), "b"));
    (0..1000).for_each(|_| a.size.record(10));
    let fields = "size:count,size:p50,size:p99,size:max,size,=size:count,ratio,ratio:count";
    let args = ["-d", "0.2", "-o", "tsv", "-p", "web.", fields];
    let watch = Watch::over(dir.path(), &args);
    watch.line();
    let first = watch.row();
    assert_eq!(first[..6], [1000.0, 10.0, 10.0, 10.0, 10.0, 1000.0].map(Some));
    // What comes between two rows is in one of them, or in two; so one row has it all, sooner or later.
    let began = Instant::now();
    for round in 1_u32.. {
        assert!(began.elapsed() < PATIENCE, "no row has had all of a round");
        (0..98).for_each(|_| a.size.record(20));
        b.size.record(40);
        b.size.record(60);
        b.ratio.add(0.5);
        a.ratio.add(1.5);
        let mut rows = vec![watch.row()];
        while rows.iter().map(|row| row[0].unwrap()).sum::<f64>() < 100.0 {
            rows.push(watch.row());
        }
        let total = 1000.0 + 100.0 * f64::from(round);
        if let Some(whole) = rows.iter().find(|row| row[0] == Some(100.0) && row[7] == Some(2.0)) {
            let want = [100.0, 20.0, 40.0, 60.0, 20.6, total, 1.0, 2.0];
            assert_eq!(whole[..], want.map(Some));
            break;
        }
    }
    // Nothing was recorded: there is no percentile, and the count is 0.
    let quiet = loop {
        let row = watch.row();
        if row[0] == Some(0.0) {
            break row;
        }
    };
    assert_eq!(quiet[1..5], [None; 4]);
    assert_eq!((quiet[6], quiet[7]), (None, Some(0.0)));
    assert_eq!(watch.end(), "");
}

#[test]
fn files_that_come_and_go_make_no_spike() {
    let dir = tempfile::tempdir().unwrap();
    let aside = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    web.size.record(1);
    let old = publish(aside.path(), "old");
    (0..500).for_each(|_| old.size.record(1000));
    let args = ["-d", "0.02", "-o", "tsv", "-p", "web.", "size:count,size:max"];
    let watch = Watch::over(dir.path(), &args);
    watch.line();
    assert_eq!(watch.row(), [Some(1.0), Some(1.0)]);
    // An old file that joins brings its history, which is not of this row. So many rows take a second.
    (0..50).for_each(|_| assert_eq!(watch.row()[0], Some(0.0)));
    let path = dir.path().join("old.mmstats");
    std::fs::rename(old.path(), &path).unwrap();
    (0..20).for_each(|_| assert_eq!(watch.row(), [Some(0.0), None], "its history"));
    old.size.record(2000);
    assert_eq!(sum(&watch, 1.0, 1.0), 1.0);
    // A young file has recorded all since it was made.
    let young = publish(dir.path(), "young");
    (0..7).for_each(|_| young.size.record(5));
    assert_eq!(sum(&watch, 7.0, 7.0), 7.0);
    // One that goes takes nothing back, and its last values count.
    young.size.record(5);
    drop(young);
    assert_eq!(sum(&watch, 1.0, 1.0), 1.0);
    std::fs::remove_file(&path).unwrap();
    web.size.record(3);
    assert_eq!(sum(&watch, 1.0, 1.0), 1.0);
    assert_eq!(watch.end(), "");
}

fn workers_dir() -> &'static Path {
    static DIR: OnceLock<tempfile::TempDir> = OnceLock::new();
    DIR.get_or_init(|| tempfile::tempdir().unwrap()).path()
}

per_thread! {
    static WORKERS: Web =
        Options::new().dir(workers_dir()).label_prefix("long.").thread_end(ThreadEnd::Fold).version(Version::V2);
}

#[test]
fn a_thread_that_ends_and_is_folded_makes_no_spike() {
    // A worker records what it is told to, and ends when nobody tells it any more.
    let worker = || {
        let (orders, inbox) = channel::<u64>();
        let (done, outbox) = channel();
        let thread = std::thread::spawn(move || {
            for order in inbox {
                WORKERS.with(|web| (0..order).for_each(|_| web.size.record(order)));
                done.send(()).unwrap();
            }
        });
        (orders, outbox, thread)
    };
    let order = |worker: &(std::sync::mpsc::Sender<u64>, std::sync::mpsc::Receiver<()>, _), count| {
        worker.0.send(count).unwrap();
        worker.1.recv_timeout(PATIENCE).unwrap();
    };
    let (long, mut short) = (worker(), worker());
    order(&long, 1000);
    order(&short, 5000);
    let args = ["-d", "0.02", "-o", "tsv", "-p", "long.", "size:count,size:max"];
    let watch = Watch::over(workers_dir(), &args);
    watch.line();
    assert_eq!(watch.row(), [Some(6000.0), Some(5000.0)]);
    for round in 0..20 {
        order(&short, 7);
        order(&long, 1);
        let (orders, _, thread) = short;
        drop(orders);
        thread.join().unwrap();
        assert_eq!(sum(&watch, 8.0, 8.0), 8.0, "round {round}");
        short = worker();
        order(&short, 3000);
        assert_eq!(sum(&watch, 3000.0, 3000.0), 3000.0, "round {round}");
    }
    // Threads that nobody has seen count, too.
    for _ in 0..10 {
        let (orders, done, thread) = worker();
        orders.send(3).unwrap();
        done.recv_timeout(PATIENCE).unwrap();
        drop(orders);
        thread.join().unwrap();
    }
    assert_eq!(sum(&watch, 30.0, 30.0), 30.0);
    for (orders, _, thread) in [long, short] {
        drop(orders);
        thread.join().unwrap();
    }
    assert_eq!(watch.end(), "");
}

per_thread! {
    static SHORT: Web = Options::new().dir(workers_dir()).label_prefix("short.").version(Version::V2);
}

/// How often the threads below have begun to record, and how often they have recorded.
static BEGUN: AtomicU64 = AtomicU64::new(0);
static DONE: AtomicU64 = AtomicU64::new(0);

#[test]
fn threads_that_come_and_go_all_the_time_make_neither_spike_nor_gap() {
    struct Raise<'a>(&'a AtomicBool);
    impl Drop for Raise<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::SeqCst);
        }
    }
    let over = AtomicBool::new(false);
    let short = |count: u64| {
        for _ in 0..count {
            BEGUN.fetch_add(1, Ordering::SeqCst);
            SHORT.with(|web| {
                web.size.record(9);
                web.hits.incr();
            });
            DONE.fetch_add(1, Ordering::SeqCst);
        }
    };
    std::thread::spawn(move || short(50)).join().unwrap();
    let args = ["-d", "0.01", "-o", "tsv", "-p", "short.", "size:count,hits,size:p99"];
    let watch = Watch::over(workers_dir(), &args);
    watch.line();
    let mut sums = [0.0; 2];
    let mut check = || {
        let row = watch.row();
        for (sum, change) in sums.iter_mut().zip(&row) {
            let change = change.unwrap_or(0.0);
            assert!(change >= 0.0, "{change} in one row");
            *sum += change;
        }
        assert!(row[2].is_none_or(|p99| p99 == 9.0), "{row:?}");
        #[allow(clippy::cast_precision_loss)]
        let begun = BEGUN.load(Ordering::SeqCst) as f64;
        assert!(sums.iter().all(|&sum| sum <= begun), "{sums:?} of {begun}: counted twice");
        sums
    };
    std::thread::scope(|scope| {
        let _end = Raise(&over);
        for count in [10, 1000, 100_000] {
            let over = &over;
            scope.spawn(move || {
                while !over.load(Ordering::SeqCst) {
                    std::thread::spawn(move || short(count)).join().unwrap();
                }
            });
        }
        (0..150).for_each(|_| assert!(check()[0] >= 0.0));
    });
    #[allow(clippy::cast_precision_loss)]
    let total = DONE.load(Ordering::SeqCst) as f64;
    let began = Instant::now();
    while check() != [total; 2] {
        assert!(began.elapsed() < PATIENCE, "{total} were recorded");
    }
    assert_eq!(watch.end(), "");
}

/// What the child below does: publishes until it is killed.
#[test]
fn child() {
    let Some(dir) = std::env::var_os("POLLSTATS_TEST_CHILD") else { return };
    let web = publish(Path::new(&dir), "child");
    (0..1000).for_each(|_| web.size.record(1000));
    web.depth.set(40);
    println!("ready");
    std::thread::sleep(std::time::Duration::from_secs(3600));
}

#[test]
fn a_process_that_is_killed_leaves_with_its_gauges_and_takes_nothing_back() {
    use std::io::{BufRead, BufReader};
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    web.depth.set(2);
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "intervals::child", "--nocapture"])
        .env("POLLSTATS_TEST_CHILD", dir.path())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("ready")));
    let args = ["-d", "0.05", "-o", "tsv", "-p", "web.", "size:count,depth"];
    let watch = Watch::over(dir.path(), &args);
    watch.line();
    assert_eq!(watch.row(), [Some(1000.0), Some(42.0)]);
    child.kill().unwrap();
    child.wait().unwrap();
    let began = Instant::now();
    loop {
        assert!(began.elapsed() < PATIENCE);
        let row = watch.row();
        assert_eq!(row[0], Some(0.0), "the dead count nothing");
        if row[1] == Some(2.0) {
            break;
        }
        assert_eq!(row[1], Some(42.0));
    }
    assert_eq!(watch.end(), "");
    let rates = row(dir.path(), &["-r"], "size:count,depth");
    assert_eq!(rates, "0.0,2");
}

#[test]
fn counts_and_sums_are_rates_where_these_are_asked_for() {
    let dir = tempfile::tempdir().unwrap();
    let web = publish(dir.path(), "a");
    let fields = "size:count,size:sum,size:max,hits,depth";
    let args = ["-r", "-y", "-d", "0.25", "-o", "tsv", "-p", "web.", fields];
    let watch = Watch::over(dir.path(), &args);
    watch.line();
    web.depth.set(5);
    (0..100).for_each(|_| web.size.record(3));
    web.hits.add(100);
    let began = Instant::now();
    loop {
        assert!(began.elapsed() < PATIENCE);
        let line = watch.line();
        let row: Vec<Option<f64>> = line.split('\t').map(|cell| cell.parse().ok()).collect();
        let (Some(count), Some(sum), Some(max)) = (row[0], row[1], row[2]) else { continue };
        assert!(line.split('\t').take(2).all(|cell| cell.contains('.')), "a rate is a float: {line}");
        assert!(count > 0.0 && (sum - 3.0 * count).abs() < 0.02, "{line}");
        assert_eq!((max, row[4]), (3.0, Some(5.0)), "no rate of these: {line}");
        break;
    }
    assert_eq!(watch.end(), "");
}

fn ended_dir() -> &'static Path {
    static DIR: OnceLock<tempfile::TempDir> = OnceLock::new();
    DIR.get_or_init(|| tempfile::tempdir().unwrap()).path()
}

per_thread! {
    static ENDED: Web =
        Options::new().dir(ended_dir()).label_prefix("web.").thread_end(ThreadEnd::Fold).version(Version::V2);
}

#[test]
fn what_ended_threads_have_counted_is_in_the_first_row() {
    for _ in 0..3 {
        let count = || ENDED.with(|web| (0..10).for_each(|_| (web.hits.incr(), web.size.record(4)).0));
        std::thread::spawn(count).join().unwrap();
    }
    assert_eq!(row(ended_dir(), &[], "hits,size:count,size:max"), "30,30,4");
    let rates = row(ended_dir(), &["-r"], "hits,size:count,size:max");
    let rates: Vec<f64> = rates.split(',').map(|rate| rate.parse().unwrap()).collect();
    assert!(rates[0] > 0.0 && (rates[0] - rates[1]).abs() <= 0.001 && rates[2] == 4.0, "{rates:?}");
}
