//! A process that publishes: this program itself in another part.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

use mmstats::{Counter, Instance, Options, stats};

/// The directory to publish in; a test that is run with it is the other process.
const DIR: &str = "MMSTATS_PROCESS_DIR";
const NAME: &str = "MMSTATS_PROCESS_NAME";

stats! {
    pub(crate) struct Stats {
        pub(crate) hits: Counter = "web.hits",
    }
}

/// A name of at most seven characters as that of a process which only this run of the tests has.
pub(crate) fn named(name: &str) -> &'static str {
    format!("{}-{name}", std::process::id()).leak()
}

/// Another process, killed when this is dropped.
pub(crate) struct Actor {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<std::process::ChildStdout>,
}

impl Actor {
    /// A process of this name that publishes `web-PID.mmstats` in `dir`.
    pub(crate) fn start(name: &str, dir: &Path) -> Self {
        Self::through(&[], name, dir)
    }

    /// The same by way of a program that starts it, in another namespace perhaps.
    pub(crate) fn through(words: &[&OsStr], name: &str, dir: &Path) -> Self {
        let own = std::env::current_exe().unwrap();
        let words: Vec<_> = words.iter().copied().chain([own.as_os_str()]).collect();
        let mut child = Command::new(words[0])
            .args(&words[1..])
            .args(["--exact", "actor::play", "--nocapture"])
            .env(DIR, dir)
            .env(NAME, name)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let mut this = Self { child, stdin, stdout };
        this.hear();
        this
    }

    /// The id of the process that was started, which is that of the actor unless another program is before it.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// The ids of the children of the process that was started.
    pub(crate) fn children(&self) -> Vec<u32> {
        let pid = self.id();
        let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap();
        text.split_whitespace().map(|child| child.parse().unwrap()).collect()
    }

    /// Has it do something, and waits until that is done.
    pub(crate) fn order(&mut self, order: &str) {
        writeln!(self.stdin, "{order}").unwrap();
        self.hear();
    }

    fn hear(&mut self) {
        let mut line = String::new();
        while !line.contains("> ready") {
            line.clear();
            assert!(self.stdout.read_line(&mut line).unwrap() > 0, "it has ended: {:?}", self.child.wait());
        }
    }

    /// Kills it, and leaves it a zombie.
    pub(crate) fn end(&mut self) {
        self.child.kill().unwrap();
    }

    /// Kills it, and waits for that.
    pub(crate) fn kill(&mut self) {
        self.end();
        self.child.wait().unwrap();
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        // It may have ended by itself. What was started by another program ends with its standard input.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// What the other process does: nothing if this is no other process.
#[test]
fn play() {
    let Some(dir) = std::env::var_os(DIR).map(PathBuf::from) else { return };
    fs::write("/proc/self/comm", std::env::var(NAME).unwrap()).unwrap();
    let publish = |name: &str| -> Instance<Stats> {
        let stats = Options::new().dir(&dir).filename(name).create::<Stats>().unwrap();
        stats.hits.add(7);
        stats
    };
    let mut stats = Some(publish("web-{PID}.mmstats"));
    let mut others = Vec::new();
    let ready = || {
        let mut stdout = std::io::stdout();
        writeln!(stdout, "\n> ready").unwrap();
        stdout.flush().unwrap();
    };
    ready();
    for line in std::io::stdin().lines() {
        match line.unwrap().as_str() {
            "count" => stats.as_ref().unwrap().hits.add(3),
            "delete" => fs::remove_file(stats.as_ref().unwrap().path()).unwrap(),
            "unmap" => drop(stats.take()),
            "another" => others.push(publish("another-{PID}.mmstats")),
            order => others.push(publish(order)),
        }
        ready();
    }
    // The file stays, as that of a process that is killed.
    std::process::abort();
}
