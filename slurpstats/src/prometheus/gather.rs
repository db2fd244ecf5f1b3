//! Reading the files, each number once.
//!
//! Counts move while files are read: from an ended thread's file to that of its process (`threads.rs`), and from a
//! removed file to that of its command's departed ([`files::listed`]). A sum that lacks them for a moment would be
//! taken for a restart by Prometheus, which adds all of it once more.

use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

use cli::{Labels, Stop, Tool, escape};
use figures::{Aggregate, Function, Sample, Source};
use files::{DEPARTED_LABEL, Found, Ways};
use mmstats::live::{Judge, Life};
use mmstats::{DataType, FOLD_LABEL, FOLDED_LABEL, MergeRule, MetricType, Snapshot, SnapshotField};

use super::text::{distinct, label};
use super::threads::Threads;
use super::untyped::{self, Untyped};
use super::{By, Choice, Reading};
use crate::ahead::Files;

/// How often everything is read anew because counts have moved meanwhile. That is so rarely the case that even a
/// second time is.
const TRIES: usize = 10;

/// What all files say.
pub(super) struct Gathered {
    /// What becomes one, by the labels that say whose it is.
    pub(super) totals: BTreeMap<String, Aggregate>,
    /// What nobody knows anything of, of version 1 and of version 2.
    pub(super) untyped: [Untyped; 2],
    /// The files, as they are numbered.
    pub(super) paths: Vec<PathBuf>,
}

/// The files of the departed, and the numbers of their states.
type Departed = Vec<(PathBuf, i128)>;

pub(super) fn gather(reading: &Reading<'_>, choice: &Choice, by: By) -> Result<Gathered, Stop> {
    let mut found = reading.files.found().to_vec();
    for _ in 1..TRIES {
        let departed = departed(&found, by);
        let before = states(&departed);
        let gathered = read(reading, choice, by, &found, &departed)?;
        if gathered.is_none() || has_departed(by) {
            found = files::find(reading.operands, Ways::One).found;
        }
        let is_settled = || states(&self::departed(&found, by)) == before;
        if let Some(gathered) = gathered.filter(|_| is_settled()) {
            return Ok(gathered);
        }
    }
    reading.tool.error_at("files", &"counts move from file to file faster than they can be read");
    Err(Stop::Failed)
}

/// Whether the counts of removed files are of interest: they are of no process that is there.
fn has_departed(by: By) -> bool {
    matches!(by, By::Nothing | By::Command)
}

/// Reads the files of the departed that were found. What is wrong with one is said when it has its turn as a file.
fn departed(found: &[Found], by: By) -> Vec<Snapshot> {
    if !has_departed(by) {
        return Vec::new();
    }
    let has_name =
        |found: &&Found| found.path.file_name().is_some_and(|name| files::departed(name).is_some());
    let read = |found: &Found| {
        let mut snapshot = Snapshot::new();
        snapshot.read(&found.path, found.origin).ok()?;
        files::is_departed(&snapshot).then_some(snapshot)
    };
    found.iter().filter(has_name).filter_map(read).collect()
}

fn states(departed: &[Snapshot]) -> Departed {
    departed.iter().map(|snapshot| (snapshot.path().to_owned(), files::state_of(snapshot))).collect()
}

/// Reads all. `None` if counts have moved meanwhile.
fn read(
    reading: &Reading<'_>,
    choice: &Choice,
    by: By,
    found: &[Found],
    departed: &[Snapshot],
) -> Result<Option<Gathered>, Stop> {
    let tool = reading.tool;
    let mut gatherer = Gatherer {
        tool,
        wanted: reading.labels,
        by,
        judge: Judge::new(),
        listed: HashSet::new(),
        gathered: Gathered {
            totals: BTreeMap::new(),
            untyped: [Untyped::new(choice.untyped_prefix()), Untyped::new(choice.prefix())],
            paths: Vec::new(),
        },
    };
    for snapshot in departed {
        gatherer.listed.extend(files::listed(snapshot));
        // As it was read: a moment later it may hold more.
        gatherer.add(snapshot, true);
    }
    let mut threads = Threads::default();
    let now = Files::new(tool, found);
    now.each(&mut |snapshot| {
        if by == By::File || !threads.has(snapshot) {
            gatherer.take(snapshot);
        }
        Ok(())
    })?;
    if now.has_read() {
        reading.files.note_read();
    }
    let is_settled = threads.each(&mut |snapshot| gatherer.take(snapshot));
    Ok(is_settled.then_some(gatherer.gathered))
}

struct Gatherer<'a> {
    tool: &'a Tool,
    wanted: &'a Labels,
    by: By,
    judge: Judge,
    /// Files whose counts are those of the departed already.
    listed: HashSet<String>,
    gathered: Gathered,
}

impl Gatherer<'_> {
    /// Takes a file that was found.
    fn take(&mut self, snapshot: &Snapshot) {
        let is_held = || !self.listed.is_empty() && self.listed.contains(&files::identity(snapshot));
        if !files::is_departed(snapshot) && !is_held() {
            self.add(snapshot, false);
        }
    }

    fn add(&mut self, snapshot: &Snapshot, is_departed: bool) {
        let number = self.gathered.paths.len();
        self.gathered.paths.push(snapshot.path().to_owned());
        // A file is of one version, and mostly has only one of these.
        let Gathered { totals, untyped: [old, new], .. } = &mut self.gathered;
        let mut own = Some(if snapshot.bytes().first() == Some(&1) { old } else { new });
        let mut totals = Some(totals);
        let mut untyped: Option<untyped::Source<'_>> = None;
        let mut typed: Option<(Source, &mut Aggregate)> = None;
        for field in snapshot.fields() {
            let field = match field {
                Ok(field) => field,
                Err(error) => {
                    self.tool.report(&error);
                    continue;
                }
            };
            if !self.wanted.want(field.label()) {
                continue;
            }
            if field.kind() == MetricType::Unknown {
                untyped = untyped.or_else(|| own.take().map(|own| own.source(snapshot)));
                let Some(source) = &mut untyped else { continue };
                if !source.add(&field) {
                    let label = String::from_utf8_lossy(field.label());
                    let why = format!("label {label} stands there twice: one is left out");
                    self.tool.error(snapshot.path(), &why);
                }
                continue;
            }
            if is_bookkeeping(field.label()) {
                continue;
            }
            typed = typed.or_else(|| {
                let is_alive = !is_departed && self.judge.judge(snapshot).life != Life::Dead;
                let total = totals.take()?.entry(labels(snapshot, self.by));
                let total = total.or_insert_with(|| Aggregate::new(Function::Auto));
                Some((Source::of(number, snapshot, is_alive), total))
            });
            let Some((source, total)) = &mut typed else { continue };
            if says_something(&field, self.by, source.is_alive) {
                total.add_sample(
                    source,
                    field.label(),
                    || field.type_code().into_owned(),
                    &Sample::of(&field),
                );
            }
        }
    }
}

/// Whether a field is of interest to readers of files only.
fn is_bookkeeping(label: &[u8]) -> bool {
    [FOLD_LABEL, FOLDED_LABEL, DEPARTED_LABEL].iter().any(|ours| label.ends_with(ours.as_bytes()))
}

/// Whether a field's value says something of all files of its key. What names one process, or changes with each
/// request, would be new series all day.
fn says_something(field: &SnapshotField<'_>, by: By, is_alive: bool) -> bool {
    let is_of_many = matches!(by, By::Nothing | By::Command);
    match field.kind() {
        MetricType::Info => is_alive && (!is_of_many || field.data_type() == Some(DataType::FixedText)),
        MetricType::Gauge => is_alive && (by == By::File || field.merge() != Some(MergeRule::None)),
        _ => true,
    }
}

/// The labels that say whose values are in one series.
fn labels(snapshot: &Snapshot, by: By) -> String {
    let mut labels = String::new();
    if by == By::Nothing {
        return labels;
    }
    label(&mut labels, "cmd", &escape(&files::command_of(snapshot)));
    if by == By::Command {
        return labels;
    }
    let number = |ending: &str| snapshot.find(ending)?.value().as_integer();
    if let Some(pid) = number("sys.pid") {
        label(&mut labels, "pid", &pid.to_string());
    }
    if by == By::File {
        if let Some(tid) = number("sys.tid") {
            label(&mut labels, "tid", &tid.to_string());
        }
        label(&mut labels, "file", &distinct(snapshot.path().as_os_str().as_encoded_bytes()));
    }
    labels
}
