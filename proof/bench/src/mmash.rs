//! The page's server against its budgets: size, memory, processor, answers, streams; and the page in a browser.

mod browser;
mod server;

use std::fs::{self, File};
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use mmstats::{Counter, Instance};
use nix::unistd::gettid;

use crate::readers::files;
use crate::settings::Settings;
use crate::table::{Amount, Table};
use crate::turns::{Sample, median};
use server::Server;

/// Fields of ours in each of many files; with those about the process there are 14.
const FIELDS: usize = 6;
/// Labels of the one file that is streamed.
const LABELS: usize = 1000;
/// How many of them change in a second.
const CHANGING: usize = LABELS / 10;
const MIB: u64 = 1024 * 1024;

pub(crate) fn run(settings: &Settings, table: &mut Table) {
    size(settings, table);
    let all = [(100, 8 * MIB, 0.002), (10_000, 40 * MIB, 0.03)];
    for (files, memory, cpu) in &all[..if settings.is_quick { 1 } else { 2 }] {
        of_many_files(settings, table, *files, *memory, *cpu);
    }
    of_many_labels(settings, table);
}

/// How long the processor's use is measured.
fn span(settings: &Settings) -> Duration {
    Duration::from_millis(if settings.is_quick { 100 } else { 20_000 })
}

fn size(settings: &Settings, table: &mut Table) {
    let stripped = settings.memory().join("mmash-stripped");
    let mut strip = Command::new("strip");
    strip.arg("-o").arg(&stripped).arg(settings.tool("mmash")).stderr(Stdio::null());
    if strip.status().is_ok_and(|status| status.success()) {
        let bytes = fs::metadata(&stripped).unwrap().len();
        table.limit("size of mmash, stripped", Amount::Bytes(1_500_000), Amount::Bytes(bytes));
    } else {
        table.missing("size of mmash, stripped", "strip is not installed");
    }
}

fn of_many_files(settings: &Settings, table: &mut Table, count: usize, memory: u64, cpu: f64) {
    files::raise_limit();
    let folder = settings.memory().join(format!("mmash-{count}"));
    fs::create_dir(&folder).unwrap();
    let make = || (0..count).map(|number| process(&folder, 1_000_000 + number as u32)).collect::<Vec<_>>();
    while_written(
        make,
        |instances, _| instances.iter().for_each(|stats| stats[1].incr()),
        || {
            let server = Server::start(settings, &folder);
            server.has_read(count);
            let name = |what: &str| format!("{what}, {count} files");
            let used = server.cpu_during(|| thread::sleep(span(settings)));
            table.limit(&name("CPU at 1 Hz"), Amount::Part(cpu), Amount::Part(used));
            let waits = first_bytes(&server, if settings.is_quick { 20 } else { 2000 });
            table.limit(&name("first byte, p50"), Amount::Seconds(1e-3), Amount::Seconds(waits.median()));
            table.base(&name("first byte, p99"), Amount::Seconds(waits.at(0.99)));
            table.base(&name("first byte, at most"), Amount::Seconds(waits.at(1.0)));
            // Not before here: what answers need, belongs to it.
            table.limit(&name("memory"), Amount::Bytes(memory), Amount::Bytes(server.memory()));
            metrics(settings, table, &server, &name);
            table.base(&name("memory after that"), Amount::Bytes(server.memory()));
            if count == 100 {
                page(table, &server);
            }
        },
    );
    fs::remove_dir_all(folder).unwrap();
}

/// An instance in `folder` that says that it is of another process, as one of many workers of one command is.
fn process(folder: &Path, pid: u32) -> Instance<Vec<Counter>> {
    let stats = files::instance(folder, &format!("web-{pid}-{pid}.mmstats"), FIELDS);
    let mut bytes = fs::read(stats.path()).unwrap();
    let file = File::options().write(true).open(stats.path()).unwrap();
    for own in [std::process::id(), gettid().as_raw().unsigned_abs()] {
        while let Some(at) = bytes.windows(4).position(|four| four == own.to_ne_bytes()) {
            bytes[at..at + 4].copy_from_slice(&pid.to_ne_bytes());
            file.write_all_at(&pid.to_ne_bytes(), at as u64).unwrap();
        }
    }
    stats
}

/// Does some work while a program publishes. Every quarter of a second it counts.
fn while_written(
    make: impl Fn() -> Vec<Instance<Vec<Counter>>> + Send + Sync,
    write: impl Fn(&[Instance<Vec<Counter>>], usize) + Send + Sync,
    work: impl FnOnce(),
) {
    let (is_over, (ready, is_ready)) = (AtomicBool::new(false), mpsc::channel());
    thread::scope(|scope| {
        scope.spawn(|| {
            let instances = make();
            ready.send(()).unwrap();
            for round in 0.. {
                if is_over.load(Ordering::Relaxed) {
                    break;
                }
                write(&instances, round);
                thread::sleep(Duration::from_millis(250));
            }
        });
        let over = Over(&is_over);
        is_ready.recv().unwrap();
        work();
        drop(over);
    });
}

/// Ends the writer, by a panic, too.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// Seconds from when a client begins to connect to the first byte of the page; over some seconds, since there is a
/// sample in each.
fn first_bytes(server: &Server, count: usize) -> Sample {
    Sample::of((0..count).map(|_| {
        thread::sleep(Duration::from_micros(2300));
        let began = Instant::now();
        let mut stream = server.request("/", "Connection: close\r\n");
        stream.read_exact(&mut [0]).unwrap();
        began.elapsed().as_secs_f64()
    }))
}

fn metrics(settings: &Settings, table: &mut Table, server: &Server, name: &dyn Fn(&str) -> String) {
    for (what, lines, limit) in
        [("/metrics", "", Some(0.4)), ("/metrics, gzipped", "Accept-Encoding: gzip\r\n", None)]
    {
        let (mut seconds, mut bytes) = (Vec::new(), 0);
        for _ in 0..settings.rounds(7) {
            let began = Instant::now();
            bytes = server.get("/metrics", lines).len();
            seconds.push(began.elapsed().as_secs_f64());
        }
        let took = Amount::Seconds(median(&seconds));
        match limit {
            Some(limit) => table.limit(&name(what), Amount::Seconds(limit), took),
            None => table.base(&name(what), took),
        }
        table.base(&name(&format!("size of {what}")), Amount::Bytes(bytes as u64));
    }
}

/// What a browser fetches before it shows something.
fn page(table: &mut Table, server: &Server) {
    let html = String::from_utf8(server.get("/", "")).unwrap();
    let addresses = html.split(['"', '\'']).filter(|text| {
        text.len() > 1 && text.starts_with('/') && !text.starts_with("//") && text.contains('.')
    });
    let mut targets = vec!["/"];
    targets.extend(addresses);
    let all = |lines| targets.iter().map(|target| server.get(target, lines).len() as u64).sum();
    table.limit("the page, all of it", Amount::Bytes(60_000), Amount::Bytes(all("")));
    let packed = all("Accept-Encoding: gzip\r\n");
    table.limit("the page, gzipped", Amount::Bytes(20_000), Amount::Bytes(packed));
    // The icon comes when all is shown.
    let requests = targets.iter().filter(|target| !target.contains("icon")).count();
    table.limit("requests until it is shown", Amount::Number(3), Amount::Number(requests as u64));
}

/// The streams of a file with many labels, of which some change.
fn of_many_labels(settings: &Settings, table: &mut Table) {
    let folder = settings.memory().join("mmash-labels");
    fs::create_dir(&folder).unwrap();
    let write = |instances: &[Instance<Vec<Counter>>], round: usize| {
        let first = round * CHANGING / 4;
        (first..first + CHANGING / 4).for_each(|number| instances[0][number % LABELS].add(1));
    };
    while_written(
        || vec![files::instance(&folder, "web.mmstats", LABELS)],
        write,
        || {
            streams(settings, table, &folder);
            stalled(settings, table, &folder);
            browser::tick(settings, table, &folder);
        },
    );
    fs::remove_dir_all(folder).unwrap();
}

const STREAMS: usize = 100;

fn streams(settings: &Settings, table: &mut Table, folder: &Path) {
    let count = if settings.is_quick { 5 } else { STREAMS };
    let server = Server::start(settings, folder);
    server.has_read(1);
    let alone = server.cpu_during(|| thread::sleep(span(settings)));
    let streams: Vec<_> = (0..count).map(|_| server.request("/api/1/events", "")).collect();
    for mut stream in streams.iter().map(|stream| stream.try_clone().unwrap()) {
        thread::spawn(move || {
            let mut bytes = [0; 16 * 1024];
            while stream.read(&mut bytes).is_ok_and(|read| read > 0) {}
        });
    }
    // They begin with the past.
    thread::sleep(span(settings) / 5);
    let used = server.cpu_during(|| thread::sleep(span(settings)));
    table.base(&format!("CPU with {LABELS} labels, no stream"), Amount::Part(alone));
    table.limit(
        &format!("CPU with {LABELS} labels, {count} streams"),
        Amount::Part(0.01),
        Amount::Part(used),
    );
    table.base(&format!("memory with {count} streams"), Amount::Bytes(server.memory()));
}

/// Clients that ask for all events and read nothing: what they take, and what the others notice of it.
fn stalled(settings: &Settings, table: &mut Table, folder: &Path) {
    let count = if settings.is_quick { 5 } else { STREAMS };
    let server = Server::start(settings, folder);
    server.has_read(1);
    let before = server.memory();
    let held: Vec<_> = (0..count).map(|_| server.request("/api/1/events", "")).collect();
    thread::sleep(span(settings) / 2);
    let waits = first_bytes(&server, if settings.is_quick { 20 } else { 1000 });
    let name = |what: &str| format!("{what}, {count} stalled readers");
    table.limit(&name("first byte, p50"), Amount::Seconds(1e-3), Amount::Seconds(waits.median()));
    table.base(&name("memory more"), Amount::Bytes(server.memory().saturating_sub(before)));
    drop(held);
}
