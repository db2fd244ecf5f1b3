//! A program that publishes while the examples look: two threads that count, with the labels that the
//! pages speak of.

use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use mmstats::{Counter, Gauge, Options, StaticText, Text, Timer, Timestamp, stats};

stats! {
    struct Stats {
        ok: Counter = "stats.status.2XX",
        moved: Counter = "stats.status.3XX",
        missing: Counter = "stats.status.4XX",
        broken: Counter = "stats.status.5XX",
        last_hit: Timestamp = "stats.last_hit",
        last_path: Text = "stats.last_path" { size: 64 },
        in_flight: Gauge<i64> = "stats.in_flight",
        answer: Timer = "stats.answer",
        version: StaticText = "version" { value: "0.1.0" },
    }
}

pub(crate) struct Web {
    directory: tempfile::TempDir,
    done: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Web {
    /// Gives it back once both threads have published.
    pub(crate) fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let done = Arc::new(AtomicBool::new(false));
        let (ready, is_ready) = mpsc::channel();
        let threads = (0..2).map(|_| {
            let options = Options::new().dir(directory.path()).filename("web-{PID}-{TID}.mmstats");
            let (options, done, ready) = (options.label_prefix("web."), Arc::clone(&done), ready.clone());
            thread::spawn(move || {
                let stats = options.create::<Stats>().unwrap();
                ready.send(()).unwrap();
                serve(&stats, &done);
            })
        });
        let threads: Vec<_> = threads.collect();
        threads.iter().for_each(|_| is_ready.recv().unwrap());
        Self { directory, done, threads }
    }

    /// Where the files are.
    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// Runs a shell command as a user of this program would who is in `here`.
    pub(crate) fn run(&self, command: &str, here: &Path) -> Output {
        // A command that never ends is a failure, too: timeout exits with 124.
        self.command("timeout", here).args(["10", "sh", "-c", command]).output().unwrap()
    }

    /// A program that finds the tools and the files.
    pub(crate) fn command(&self, program: &str, here: &Path) -> Command {
        let path = std::env::var("PATH").unwrap_or_default();
        let mut command = Command::new(program);
        command
            .current_dir(here)
            .env("PATH", format!("{}:{path}", super::binaries().display()))
            .env("MMSTATS_PATH", self.directory())
            .env("HOME", here)
            .env("LC_ALL", "C.UTF-8")
            .env_remove("MMSTATS_GLOB");
        command
    }
}

impl Drop for Web {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // A thread that panicked has said so.
            let _ = thread.join();
        }
    }
}

fn serve(stats: &Stats, done: &AtomicBool) {
    while !done.load(Ordering::Relaxed) {
        let _timed = stats.answer.start();
        stats.ok.add(7);
        stats.moved.incr();
        stats.missing.incr();
        stats.last_hit.now();
        stats.last_path.set(if stats.missing.value() % 2 == 0 { "/" } else { "/missing" });
        // So that examples which wait for a change see one soon, and the machine has time for them.
        thread::sleep(Duration::from_millis(1));
    }
}
