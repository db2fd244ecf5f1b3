//! Others that publish: a thread that counts what it is told to, and a process.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use harness::PATIENCE;

/// A thread that publishes.
pub(super) struct Worker {
    orders: Sender<u64>,
    done: Receiver<()>,
    thread: JoinHandle<()>,
}

impl Worker {
    /// One that calls `count` with each order.
    pub(super) fn start(count: fn(u64)) -> Self {
        let (orders, inbox) = channel();
        let (is_done, done) = channel();
        let thread = std::thread::spawn(move || {
            for order in inbox {
                count(order);
                is_done.send(()).unwrap();
            }
        });
        Self { orders, done, thread }
    }

    /// Has it count, and waits until that is done.
    pub(super) fn order(&self, order: u64) {
        self.orders.send(order).unwrap();
        self.done.recv_timeout(PATIENCE).unwrap();
    }

    /// Lets it end, and waits for that.
    pub(super) fn end(self) {
        drop(self.orders);
        self.thread.join().unwrap();
    }
}

/// A process that is the test `child` and publishes in `dir`. It is ready when this returns.
pub(super) fn process(child: &str, dir: &Path) -> Child {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", child, "--nocapture"])
        .env("POLLSTATS_TEST_CHILD", dir)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("ready")));
    process
}
