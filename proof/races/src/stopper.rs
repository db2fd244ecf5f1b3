//! Stops a process, and lets it go on, again and again: wherever in an update it is. Or kills it, and starts another.

use std::io;
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// Until it is dropped, which leaves the process going on, or dead.
pub(crate) struct Stopper {
    is_over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Stopper {
    /// On the core of the thread that calls this.
    pub(crate) fn start(process: u32) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&is_over);
        let work = move || {
            let Ok(process) = i32::try_from(process).map(Pid::from_raw) else { return };
            // Of many lengths, so that no rhythm of the writer's escapes it.
            let mut pause = 20;
            while !seen.load(Ordering::Relaxed) {
                // It has not been waited for, so the id is its own.
                let _ = kill(process, Signal::SIGSTOP);
                thread::sleep(Duration::from_micros(pause));
                let _ = kill(process, Signal::SIGCONT);
                pause = pause * 7 % 211;
                thread::sleep(Duration::from_micros(pause));
            }
        };
        Self { is_over, thread: Some(thread::spawn(work)) }
    }
}

impl Stopper {
    /// Kills what `spawn` has started, and has it start another.
    pub(crate) fn killer(mut spawn: impl FnMut() -> io::Result<Child> + Send + 'static) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let seen = Arc::clone(&is_over);
        let work = move || {
            let mut life = 20;
            while !seen.load(Ordering::Relaxed) {
                let Ok(mut child) = spawn() else { return };
                // Of many lengths. It begins with its work after a millisecond, or two.
                life = life * 7 % 211;
                thread::sleep(Duration::from_micros(100 * life));
                let _ = child.kill();
                let _ = child.wait();
            }
        };
        Self { is_over, thread: Some(thread::spawn(work)) }
    }
}

impl Drop for Stopper {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            // It cannot panic.
            let _ = thread.join();
        }
    }
}
