//! Writers and readers of stats files against each other, in processes of their own.
//!
//! `races [SECONDS [KIND]...]` sets this library's writer, in both versions of the file, one that packs and stores
//! as the original does, and one of version 2 that stops in the middle of its stores, against this library's readers and a naive one, and counts what is wrong in what they read. A
//! line for each of them and each kind of value (or those that are named), by TAB:
//!
//! - `layout`: `version1` and `version2` are this library's, `packed` is the original's; `paused2` is version 2, by
//!   a program in C that stores as mmstats(5) says and stops between any two of its stores, for as long as a look
//!   takes.
//! - `reader`: `mmstats` is a `Snapshot`, `follow` an `Observer` that looks until it is certain,
//!   `follow-once` one that is content with one look and so may run ahead by an update, and back; `naive`
//!   takes what one `pread` shows.
//! - `kind`: counters, numbers by type; text by the field's size, `text` two that alternate, `texts` that
//!   do not come back soon, `full` as `text` but with no room for the count of updates behind it, `single`
//!   and `singles` with one buffer, as the original has it; `paused` as `text`, by a packed writer that stores
//!   it as ours does and stops in the middle, for as long as a look takes; fields that are `added`. All
//!   fields of a file
//!   are updated in turn; `-hot` is a file of one such field, in the packed layout across two cache lines
//!   (`-page`: two pages).
//!   Of version 2 alone, `mean`, `window`, `recent` and `histogram`, and texts of 5,000 bytes. `shared` is a counter
//!   that three threads update at the same time, and `shared-histogram` a histogram.
//!   `folded` and `departed` are sums over files whose counts move: of threads that live from microseconds to
//!   milliseconds and are folded into the file of their process, and of processes that are killed, whose counts
//!   `Options::fold_dead` keeps while it removes their files. Here `mmstats` adds up as slurpstats does, `follow` as
//!   programs do that go on, and `naive` adds up all files one after the other.
//! - `writer`: `apart`, on another core than the reader; `together`, on the same; `stopped`, on another and stopped
//!   and continued by signals all the time; of `departed`, the one who keeps the counts is stopped. `killed`: he is
//!   killed again and again, wherever he is, and another goes on.
//! - `reads`: values that were given, each of which was checked.
//! - `changed`: of these, other than the look before gave, so that the writer was at work on that field in
//!   between. Two texts that alternate often hide a change. Of fields that are added: those that were not
//!   there at the look before. How much of a race that was, the naive reader's line shows: where many
//!   fields are updated in turn, few are being written while they are copied, and it sees far fewer torn
//!   than where one is. Many fields make many reads, a hot one makes the race.
//! - `torn`: mixed from two updates. `backwards`: older than one before, of counters and `u64`. `half`: a
//!   label or value that was never written so, or a list of fields that a follower never saw to its end.
//!   A sum is `backwards` if it is below an earlier one, or below what had been counted when the look began, and
//!   `half` if it is above what may have been counted when it was over.
//! - `refused`: values, whole lists of fields, or sums, that the reader said it could not give.
//! - `wrong`: how rare it is that a value is torn, backwards or half seen.
//!
//! The last line adds up what must be all right: files of ours and `paused` ones, `mmstats` and `follow`.
//!
//! The other writer is C, compiled when it is needed by the compiler that also links Rust programs: what
//! it does to mapped memory is what CPython does, and nothing that safe Rust can.

#![forbid(unsafe_code)]

mod cores;
mod folds;
mod judge;
mod kinds;
mod naive;
mod ours;
mod readers;
mod stopper;

use std::error::Error;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use cores::Cores;
use judge::Counts;
use kinds::{BUCKETS, KEPT, Kind, Layout, Pattern, WINDOW_SECONDS, What, kinds};
use mmstats::Version;
use readers::{Reader, WAYS, Way};
use stopper::Stopper;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["write", "version1", kind, path] => ours::write(Version::V1, kind, Path::new(path)),
        ["write", "version2", kind, path] => ours::write(Version::V2, kind, Path::new(path)),
        [way @ ("work" | "life" | "keep"), ref rest @ ..] => folds::work(&[&[way], rest].concat()),
        [] => races(10.0, &[]),
        [seconds, ref names @ ..] => {
            seconds.parse().map_err(Into::into).and_then(|seconds| races(seconds, names))
        }
    };
    if let Err(error) = done {
        let _ = writeln!(std::io::stderr(), "races: {error}");
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}

/// Where the writer is while the reader reads.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Course {
    /// On another core.
    Apart,
    /// On the same one: they take turns, and the system takes the core from the writer wherever it is.
    Together,
    /// On another core, and stopped and continued all the time. Where counts are kept of what ends, it is he who keeps
    /// them that is stopped.
    Stopped,
    /// He who keeps counts is killed again and again, and another takes over.
    Killed,
}

impl Course {
    fn name(self) -> &'static str {
        match self {
            Self::Apart => "apart",
            Self::Together => "together",
            Self::Stopped => "stopped",
            Self::Killed => "killed",
        }
    }
}

/// One writer and one reader.
struct Race<'a> {
    kind: &'a Kind,
    layout: Layout,
    course: Course,
    reader: &'static str,
    way: Way,
}

impl Race<'_> {
    /// Its share of the time. Files of ours get most, and there the readers that must be right; many
    /// fields more than a hot one, since there a look checks many values.
    fn share(&self) -> u32 {
        match self.way {
            _ if self.course != Course::Apart => 1,
            Way::Snapshot | Way::Follow if self.layout.is_ours() && self.kind.fields > 1 => 10,
            Way::Snapshot | Way::Follow if self.layout.is_ours() || self.is_paused() => 5,
            _ => 1,
        }
    }

    fn must_be_right(&self) -> bool {
        (self.layout.is_ours() || self.is_paused()) && matches!(self.way, Way::Snapshot | Way::Follow)
    }

    fn is_paused(&self) -> bool {
        self.kind.is_paused || self.layout == Layout::Paused
    }
}

/// All races over these kinds.
fn all(kinds: &[Kind]) -> Vec<Race<'_>> {
    let mut races = Vec::new();
    for kind in kinds {
        for &layout in kind.layouts {
            for (reader, way) in WAYS {
                let mut add = |course| races.push(Race { kind, layout, course, reader, way });
                add(Course::Apart);
                // One that loses its core in the middle of an update: so it is no matter where there is one field.
                let is_hot = kind.fields == 1 || kind.what == What::Added;
                if layout.is_ours() && is_hot && matches!(way, Way::Snapshot | Way::Follow) {
                    add(Course::Together);
                    add(Course::Stopped);
                }
            }
        }
    }
    races
}

fn races(seconds: f64, names: &[&str]) -> Result<(), Box<dyn Error>> {
    let mut kinds = kinds();
    let is_wanted = |name: &str| names.is_empty() || names.contains(&name);
    let folds = folds::all(is_wanted);
    let is_kind = |name: &str| {
        kinds.iter().any(|kind| kind.name == name) || folds.iter().any(|race| race.ends.name() == name)
    };
    if let Some(name) = names.iter().find(|name| !is_kind(name)) {
        return Err(format!("{name}: no such kind").into());
    }
    kinds.retain(|kind| is_wanted(&kind.name));
    let races = all(&kinds);
    // Not a disk, which would make the writer wait now and then.
    let memory = PathBuf::from("/dev/shm");
    let dir = tempfile::tempdir_in(if memory.is_dir() { memory } else { std::env::temp_dir() })?;
    let packed = compiled(dir.path(), "packed", include_str!("packed.c"))?;
    let paused = compiled(dir.path(), "paused", include_str!("paused.c"))?;
    say("layout\treader\tkind\twriter\treads\tchanged\ttorn\tbackwards\thalf\trefused\twrong")?;
    let cores = Cores::find();
    let shares: u32 = races.iter().map(Race::share).chain(folds.iter().map(|_| folds::SHARE)).sum();
    let time = |share: u32| Duration::from_secs_f64(seconds * f64::from(share) / f64::from(shares));
    let mut total = Counts::default();
    for race in &races {
        let Race { kind, layout, course, reader, .. } = race;
        let (name, course) = (layout.name(), course.name());
        let path = dir.path().join(format!("{}-{name}-{reader}-{course}.mmstats", kind.name));
        let writer = match layout {
            Layout::One | Layout::Two => ours(name, kind, &path)?,
            Layout::Packed => theirs(&packed, kind, &path),
            Layout::Paused => stopping(&paused, kind, &path),
        };
        let tally = run(race, &cores, writer, &path, time(race.share()))?;
        if race.must_be_right() {
            total += tally;
        }
        say(&format!("{name}\t{reader}\t{}\t{course}\t{}", kind.name, tally.columns()))?;
        // What a killed writer leaves.
        let _ = std::fs::remove_file(&path);
    }
    for race in &folds {
        let (name, tally) = race.run(&cores, dir.path(), time(folds::SHARE))?;
        if race.must_be_right() {
            total += tally;
        }
        say(&format!("{name}\t{}", tally.columns()))?;
    }
    say(&format!("ours\tboth\ttotal\tany\t{}", total.columns()))?;
    Ok(())
}

/// A program in C.
fn compiled(dir: &Path, name: &str, source: &str) -> Result<PathBuf, Box<dyn Error>> {
    let (path, program) = (dir.join(name).with_extension("c"), dir.join(name));
    std::fs::write(&path, source)?;
    if !Command::new("cc").args(["-O2", "-Wall", "-o"]).arg(&program).arg(&path).status()?.success() {
        return Err("cc failed".into());
    }
    Ok(program)
}

fn say(line: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}

fn ours(layout: &str, kind: &Kind, path: &Path) -> std::io::Result<Command> {
    let mut writer = Command::new(std::env::current_exe()?);
    writer.args(["write", layout, &kind.name]).arg(path);
    Ok(writer)
}

fn theirs(program: &Path, kind: &Kind, path: &Path) -> Command {
    let (code, size) = kind.what.code();
    let (mode, [buffers, length, unit, lengths]) = match kind.what {
        What::Added => ("added", [2, 0, 0, 0]),
        What::Text(texts) => {
            let mode = match texts.pattern {
                _ if kind.is_paused => "paused",
                Pattern::Two => "two",
                Pattern::Many => "many",
            };
            (mode, [texts.buffers as usize, texts.length, texts.unit(), texts.lengths()])
        }
        // A number of this many halves of bits.
        _ => ("number", [2, kind.what.half_bits() as usize, 0, 0]),
    };
    let numbers = [size, buffers, length, unit, lengths, kind.fields, kind.boundary];
    let mut writer = Command::new(program);
    writer.arg(path).args([mode, &code]).args(numbers.map(|number| number.to_string()));
    writer
}

/// The writer in C of version 2 that stops in the middle of its stores.
fn stopping(program: &Path, kind: &Kind, path: &Path) -> Command {
    let (mode, numbers) = match kind.what {
        What::Text(texts) => ("text", [texts.size, texts.length]),
        What::Mean => ("mean", [0, 0]),
        What::Window => ("window", [WINDOW_SECONDS as usize, 0]),
        What::Recent => ("recent", [KEPT, 0]),
        _ => ("histogram", [BUCKETS as usize, 0]),
    };
    let mut writer = Command::new(program);
    writer.arg(path).arg(mode).args(numbers.map(|number| number.to_string()));
    writer
}

/// Waits until a writer says that it is ready.
fn ready(writer: &mut Child) -> std::io::Result<()> {
    if let Some(said) = writer.stdout.take() {
        BufReader::new(said).read_line(&mut String::new())?;
    }
    Ok(())
}

/// Says so.
fn say_ready() -> std::io::Result<()> {
    say("ready")
}

/// One writer against one reader for `time`.
fn run(
    race: &Race<'_>,
    cores: &Cores,
    mut writer: Command,
    path: &Path,
    time: Duration,
) -> Result<Counts, Box<dyn Error>> {
    if race.course == Course::Together {
        cores.take_readers();
    } else {
        cores.take_writers();
    }
    let mut writer = writer.stdout(Stdio::piped()).spawn()?;
    let stopper = (race.course == Course::Stopped).then(|| Stopper::start(writer.id()));
    cores.take_readers();
    ready(&mut writer)?;
    let mut reader = Reader::new(race.way, race.kind, race.layout, path)?;
    let end = Instant::now() + time;
    while Instant::now() < end {
        reader.look();
    }
    // Before the writer is waited for: its id is nobody else's until then.
    drop(stopper);
    writer.kill()?;
    writer.wait()?;
    Ok(reader.tally())
}
