//! The other processes in a test: this program itself in another part, or the original.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use mmstats::{Counter, Gauge, Options, Text, Timer, stats};

/// Names the part to play.
pub(crate) const PART: &str = "MMSTATS_FAULT_PART";
/// The directory to play it in.
const DIR: &str = "MMSTATS_FAULT_DIR";
/// The file name to use.
const NAME: &str = "MMSTATS_FAULT_NAME";

stats! {
    pub(crate) struct Load {
        pub(crate) hits: Counter,
        pub(crate) level: Gauge<f64>,
        pub(crate) page: Text { size: 100 },
        pub(crate) answer: Timer,
    }
}

/// Another process, killed when it is dropped.
pub(crate) struct Actor {
    pub(crate) child: Child,
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Actor {
    /// Runs this program in a part.
    pub(crate) fn new(part: &str, dir: &Path, name: &str) -> Self {
        Self::through(Command::new(std::env::current_exe().unwrap()), part, dir, name)
    }

    /// The same with some program before it, such as `unshare`, or from another place.
    pub(crate) fn through(mut command: Command, part: &str, dir: &Path, name: &str) -> Self {
        if command.get_args().next().is_some() {
            command.arg(std::env::current_exe().unwrap());
        }
        command.args(["--exact", "actor", "--nocapture"]);
        Self::start(command.env(PART, part).env(DIR, dir).env(NAME, name))
    }

    /// Runs a program that says what it does in lines with `> ` before them.
    pub(crate) fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let stdin = child.stdin.take();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        Self { child, stdin, stdout }
    }

    /// Waits for what it says next.
    pub(crate) fn line(&mut self) -> String {
        self.next_line().unwrap_or_else(|| panic!("it ended without a word: {:?}", self.child.wait()))
    }

    /// The same; `None` if it ends instead.
    pub(crate) fn next_line(&mut self) -> Option<String> {
        let mut line = String::new();
        while self.stdout.read_line(&mut line).unwrap() > 0 {
            // The test harness talks, too.
            if let Some((_, said)) = line.split_once("> ") {
                return Some(said.trim_end().to_owned());
            }
            line.clear();
        }
        None
    }

    /// Tells it to go on.
    pub(crate) fn go_on(&mut self) {
        self.stdin.as_mut().unwrap().write_all(b"\n").unwrap();
    }

    /// Kills it with SIGKILL and waits for the end.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn play(part: &str) {
    let dir = PathBuf::from(std::env::var_os(DIR).unwrap());
    let name = std::env::var(NAME).unwrap();
    match part {
        "writer" => write_for_ever(&dir, &name),
        "daemon" => outlive_the_parent(&dir, &name),
        "phoenix" => die_and_rise(&dir, &name),
        "fill" => super::disk::fill(&dir),
        "overlay" => super::disk::lie_upon_others(&dir),
        "crowd" => super::disk::crowd(&dir),
        "blocks" => super::disk::publish_where_blocks_move(&dir),
        "worker" => super::workers::work(&dir, &name),
        "attacker" => super::links::attack(&dir, Path::new(&name)),
        other => panic!("no part is called {other}"),
    }
}

pub(crate) fn say(line: &str) {
    let mut stdout = std::io::stdout();
    writeln!(stdout, "\n> {line}").unwrap();
    stdout.flush().unwrap();
}

/// Waits until it is told to go on, or nobody is there to tell. Says which.
pub(crate) fn wait() -> bool {
    std::io::stdin().read(&mut [0]).unwrap() > 0
}

/// Publishes, and updates as fast as it can once it is told to.
fn write_for_ever(dir: &Path, name: &str) {
    // Whatever the umask is, others are to see it.
    let load = Options::new().dir(dir).filename(name).mode(0o644).create::<Load>().unwrap();
    say(load.path().to_str().unwrap());
    wait();
    loop {
        load.hits.incr();
        load.level.add(0.5);
        load.page.set(["/", "/a/page/with/a/longer/name"][usize::from(load.hits.value() % 2 == 0)]);
        load.answer.record(Duration::from_micros(3));
    }
}

/// Publishes, forks, and lets the parent end. The child goes on with what it inherited, and with an
/// instance of its own.
fn outlive_the_parent(dir: &Path, name: &str) {
    let load = Options::new().dir(dir).filename(name).create::<Load>().unwrap();
    load.hits.add(5);
    nix::unistd::daemon(true, true).unwrap();
    load.hits.add(100);
    let own = Options::new().dir(dir).filename(format!("own-{name}")).create::<Load>().unwrap();
    say(&format!("{} {} {}", std::process::id(), load.hits.value(), own.path().display()));
    // Nobody kills it where the test fails.
    while wait() {
        load.hits.incr();
        own.hits.incr();
    }
}

/// How often it dies and rises at least.
pub(crate) const LIVES: u64 = 20;

/// Dies and publishes again under the same name, for a while; says how often, and how often its file was
/// not to be seen any more although it lived.
fn die_and_rise(dir: &Path, name: &str) {
    let options = Options::new().dir(dir).filename(name);
    let until = Instant::now() + super::race_time();
    let (mut lives, mut lost, mut refused) = (0, 0, 0);
    // On a busy machine, longer than that: what is said of so few would say nothing.
    while Instant::now() < until || (lives < LIVES && refused < LIVES) {
        let load = match options.create::<Load>() {
            Ok(load) => load,
            Err(error) => {
                super::report(&error.to_string());
                refused += 1;
                continue;
            }
        };
        lives += 1;
        if !is_seen(&load) {
            lost += 1;
        }
        load.keep();
        drop(load);
        // Stays dead for up to 5 ms, so that cleanstats meets every moment of its life.
        let dead_until = Instant::now() + Duration::from_micros(lives * 37 % 50 * 100);
        while Instant::now() < dead_until {
            std::thread::yield_now();
        }
    }
    say(&format!("{lives} {lost} {refused}"));
}

/// Whether an instance's file has its name, now or a moment later: cleanstats may hold it in its hand
/// for as long as it takes to see that it is not what it judged.
fn is_seen(load: &mmstats::Instance<Load>) -> bool {
    let until = Instant::now() + Duration::from_secs(5);
    let mut inode = None;
    while Instant::now() < until {
        inode = fs::metadata(load.path()).ok().map(|metadata| metadata.ino());
        if inode.is_some() {
            break;
        }
    }
    inode.is_some()
}

/// The original's interpreter, if it is here.
pub(crate) fn python2() -> Option<Command> {
    let python = std::env::var_os("MMSTATS_PYTHON2").unwrap_or_else(|| "python2.7".into());
    let works = Command::new(&python).args(["-c", "import mmstats"]).output();
    if works.is_ok_and(|output| output.status.success()) {
        return Some(Command::new(python));
    }
    harness::skip("no Python 2.7 with mmstats 0.8.0 (MMSTATS_PYTHON2 may name one)");
    None
}

/// A program that publishes through the original: `MODE DIRECTORY NAME`. With `UID` it publishes as another
/// user; with `fork` its parent ends.
const ORIGINAL: &str = "
import os, sys
import mmstats
class Load(mmstats.MmStats):
    hits = mmstats.CounterField()
mode, directory, name = sys.argv[1:]
if mode.isdigit():
    os.setgid(int(mode)); os.setuid(int(mode))
load = Load(path=directory, filename=name)
if mode == 'fork' and os.fork():
    os._exit(0)
sys.stdout.write('> %d\\n' % os.getpid()); sys.stdout.flush()
while True:
    load.hits.incr()
    if not sys.stdin.read(1): break
import time; time.sleep(1000)
";

/// Runs the original as a writer, behind `before` (`unshare` and its options, say).
pub(crate) fn original(before: &[&str], mode: &str, dir: &Path, name: &str) -> Option<Actor> {
    let python = python2()?;
    let mut command = match before {
        [] => python,
        [program, options @ ..] => {
            let mut command = Command::new(program);
            command.args(options).arg(python.get_program());
            command
        }
    };
    command.args([OsStr::new("-c"), OsStr::new(ORIGINAL), OsStr::new(mode)]).args([dir, Path::new(name)]);
    Some(Actor::start(&mut command))
}
