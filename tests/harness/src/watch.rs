//! A live tool, and its lines as they come.

use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

/// Long enough for any machine; nothing waits so long unless it has failed.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A live tool. It is killed when this is dropped.
#[derive(Debug)]
pub struct Watch {
    child: Child,
    stdout: Receiver<String>,
    stderr: Receiver<String>,
}

impl Watch {
    /// Starts one, without standard input.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn start(command: &mut Command) -> Self {
        Self::onto(command, Stdio::piped())
    }

    /// The same with another standard output: it has no lines then.
    ///
    /// # Panics
    /// If it cannot be started.
    pub fn onto(command: &mut Command, stdout: Stdio) -> Self {
        command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stdout = child.stdout.take().map_or_else(|| channel().1, lines);
        let stderr = lines(child.stderr.take().unwrap());
        Self { child, stdout, stderr }
    }

    /// Waits for the next line of standard output.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn line(&self) -> String {
        next(&self.stdout)
    }

    /// Waits for the next line of standard error.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn error_line(&self) -> String {
        next(&self.stderr)
    }

    /// Sends it a signal.
    ///
    /// # Panics
    /// If that cannot be sent.
    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// Does something while it is stopped: it sees all of that at once.
    ///
    /// # Panics
    /// If it cannot be stopped.
    pub fn while_stopped(&self, work: impl FnOnce()) {
        while_stopped(&self.child, work);
    }

    /// Interrupts it, and waits for its end: what is left of standard error, and its status.
    ///
    /// # Panics
    /// If it does not end.
    #[track_caller]
    pub fn interrupt(self) -> (String, ExitStatus) {
        self.signal(Signal::SIGINT);
        self.end()
    }

    /// Waits for its end: what is left of standard error, and its status.
    ///
    /// # Panics
    /// If it does not end.
    #[track_caller]
    pub fn end(mut self) -> (String, ExitStatus) {
        rest(&self.stdout);
        (rest(&self.stderr), self.child.wait().unwrap())
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Does something while a child is stopped: it sees all of that at once.
///
/// # Panics
/// If it cannot be stopped.
pub fn while_stopped(child: &Child, work: impl FnOnce()) {
    let child = Pid::from_raw(child.id().try_into().unwrap());
    kill(child, Signal::SIGSTOP).unwrap();
    let status = waitpid(child, Some(WaitPidFlag::WUNTRACED)).unwrap();
    assert_eq!(status, WaitStatus::Stopped(child, Signal::SIGSTOP));
    work();
    kill(child, Signal::SIGCONT).unwrap();
}

/// The lines of a stream with their newlines, read by a thread, so that the tool never waits for the test.
fn lines(stream: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, lines) = channel();
    thread::spawn(move || {
        let mut stream = BufReader::new(stream);
        loop {
            let mut line = String::new();
            if stream.read_line(&mut line).unwrap() == 0 {
                return;
            }
            // Where nobody listens any more, the rest is read all the same.
            let _ = sender.send(line);
        }
    });
    lines
}

#[track_caller]
fn next(lines: &Receiver<String>) -> String {
    match lines.recv_timeout(PATIENCE) {
        Ok(line) => line.strip_suffix('\n').expect("a whole line").to_owned(),
        Err(RecvTimeoutError::Timeout) => panic!("no line for {PATIENCE:?}"),
        Err(RecvTimeoutError::Disconnected) => panic!("it has ended"),
    }
}

#[track_caller]
fn rest(lines: &Receiver<String>) -> String {
    let mut rest = String::new();
    loop {
        match lines.recv_timeout(PATIENCE) {
            Ok(line) => rest += &line,
            Err(RecvTimeoutError::Timeout) => panic!("it goes on"),
            Err(RecvTimeoutError::Disconnected) => return rest,
        }
    }
}
