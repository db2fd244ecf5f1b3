//! Whole processes, and what they use.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeValLike;

/// Seconds of a process from its start to its end, its output thrown away.
pub(crate) fn time(command: &mut Command) -> f64 {
    let began = Instant::now();
    run(command);
    began.elapsed().as_secs_f64()
}

/// The same of one that may say that something could not be looked at, and then exits 1.
pub(crate) fn time_with_errors(command: &mut Command) -> f64 {
    let began = Instant::now();
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap();
    assert!(matches!(status.code(), Some(0 | 1)), "{command:?}: {status}");
    began.elapsed().as_secs_f64()
}

/// Seconds of processor time of a process.
pub(crate) fn cpu_time(command: &mut Command) -> f64 {
    let before = used(UsageWho::RUSAGE_CHILDREN);
    run(command);
    used(UsageWho::RUSAGE_CHILDREN) - before
}

/// Seconds of processor time that this process takes for some work.
pub(crate) fn own_cpu_time(work: impl FnOnce()) -> f64 {
    let before = used(UsageWho::RUSAGE_SELF);
    work();
    used(UsageWho::RUSAGE_SELF) - before
}

fn run(command: &mut Command) {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}

fn used(who: UsageWho) -> f64 {
    let usage = getrusage(who).unwrap();
    (usage.user_time() + usage.system_time()).num_microseconds() as f64 / 1e6
}

pub(crate) fn is_there(program: &str) -> bool {
    let found = Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    found.is_ok_and(|status| status.success())
}

/// A process that does a piece of work for each line that it gets, and answers with a line of numbers.
pub(crate) struct Servant {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Servant {
    /// Starts it, and waits for its first line. `None` where there is none, which says that it cannot.
    pub(crate) fn start(command: &mut Command) -> Option<Self> {
        let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let mut process = started.ok()?;
        let input = process.stdin.take().unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let mut servant = Self { process, input, output };
        servant.hear().map(|_| servant)
    }

    pub(crate) fn tell(&mut self, order: &str) {
        writeln!(self.input, "{order}").unwrap();
    }

    pub(crate) fn hear(&mut self) -> Option<Vec<f64>> {
        let mut line = String::new();
        self.output.read_line(&mut line).ok().filter(|&bytes| bytes > 0)?;
        Some(line.split_whitespace().map(|number| number.parse().unwrap()).collect())
    }

    pub(crate) fn ask(&mut self, order: &str) -> Vec<f64> {
        self.tell(order);
        self.hear().expect("the other process has ended")
    }
}

impl Drop for Servant {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
