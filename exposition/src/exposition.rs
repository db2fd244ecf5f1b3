//! All that was read, and what comes of it.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt::Display;
use std::path::PathBuf;

use cli::{Labels, Output, Stop, escape, escape_path};
use figures::{Outcome, Source, Tallied};
use files::{DEPARTED_LABEL, Process};
use mmstats::live::{Judge, Life};
use mmstats::{DataType, FOLD_LABEL, FOLDED_LABEL, MergeRule, MetricType, Snapshot, SnapshotField};

use crate::family::Families;
use crate::heads::Heads;
use crate::held::Held;
use crate::removed::Counted;
use crate::rows::Rows;
use crate::sheet::Sheet;
use crate::text::{distinct, label};
use crate::untyped::{self, Untyped};
use crate::{By, Choice, series};

/// Hears what is wrong, and with what.
pub type Complain<'a> = dyn Fn(&str, &dyn Display) + 'a;

/// What all files say.
pub struct Exposition<'a> {
    complain: &'a Complain<'a>,
    wanted: &'a Labels,
    is_alive_wanted: bool,
    by: By,
    prefix: &'a str,
    judge: Judge,
    /// What becomes one, by the labels that say whose it is.
    totals: BTreeMap<String, Held>,
    heads: Heads,
    rows: Rows,
    families: Families,
    /// What nobody knows anything of, of version 1 and of version 2.
    untyped: [Untyped; 2],
    /// The files, as they are numbered.
    paths: Vec<PathBuf>,
}

impl<'a> Exposition<'a> {
    /// Nothing read yet.
    #[must_use]
    pub fn new(complain: &'a Complain<'a>, choice: &'a Choice, wanted: &'a Labels) -> Self {
        Self {
            complain,
            wanted,
            is_alive_wanted: false,
            by: choice.by,
            prefix: choice.prefix(),
            judge: Judge::new(),
            totals: BTreeMap::new(),
            heads: Heads::default(),
            rows: Rows::default(),
            families: Families::default(),
            untyped: [Untyped::new(choice.untyped_prefix()), Untyped::new(choice.prefix())],
            paths: Vec::new(),
        }
    }

    /// Whose values become one.
    pub(crate) fn by(self, by: By) -> Self {
        Self { by, ..self }
    }

    /// Whether the files of the dead are left out.
    pub(crate) fn only_alive(self, is_alive_wanted: bool) -> Self {
        Self { is_alive_wanted, ..self }
    }

    /// Takes a file that was found, which may be one with the counts of removed ones.
    pub fn add(&mut self, snapshot: &Snapshot, counted: Counted<'_>) {
        let is_departed = matches!(counted, Counted::Departed);
        let process = if let Counted::In(process) = counted { process } else { None };
        let is_dead = || is_departed || self.judge.judge(snapshot).life == Life::Dead;
        if self.is_alive_wanted && is_dead() {
            return;
        }
        let number = self.paths.len();
        self.paths.push(snapshot.path().to_owned());
        // A file is of one version, and mostly has only one of these.
        let [old, new] = &mut self.untyped;
        let mut own = Some(if snapshot.bytes().first() == Some(&1) { old } else { new });
        let mut totals = Some(&mut self.totals);
        let mut untyped: Option<untyped::Source<'_>> = None;
        let mut typed: Option<(Source, &mut Held)> = None;
        for field in snapshot.fields() {
            let field = match field {
                Ok(field) => field,
                Err(error) => {
                    (self.complain)(&escape_path(error.path()), &error.reason());
                    continue;
                }
            };
            // Who wants a part of a histogram gets all of it.
            let is_wanted = self.wanted.want(field.label())
                || (self.wanted.want_of(field.label()) && field.value().is_compound());
            if !is_wanted {
                continue;
            }
            if field.kind() == MetricType::Unknown {
                untyped = untyped.or_else(|| own.take().map(|own| own.source(snapshot, process)));
                let Some(source) = &mut untyped else { continue };
                if !source.add(&field) {
                    let label = String::from_utf8_lossy(field.label());
                    let why = format!("label {label} is there twice: one is left out");
                    (self.complain)(&escape_path(snapshot.path()), &why);
                }
                continue;
            }
            if is_bookkeeping(field.label()) {
                continue;
            }
            typed = typed.or_else(|| {
                let is_alive = self.is_alive_wanted || !is_dead();
                let source = Source::of(number, snapshot, is_alive);
                let total = match totals.take()?.entry(labels(snapshot, process, self.by)) {
                    Entry::Vacant(vacant) => vacant.insert(Held::first(source)),
                    Entry::Occupied(occupied) => {
                        let total = occupied.into_mut();
                        total.another(&self.heads, &self.rows);
                        total
                    }
                };
                Some((source, total))
            });
            let Some((source, total)) = &mut typed else { continue };
            if says_something(&field, self.by, source.is_alive) {
                total.add(&mut self.heads, &mut self.rows, source, &field);
            }
        }
        if let Some((_, total)) = typed {
            total.end(&self.heads, &mut self.rows);
        }
    }

    /// Takes what a function has made of a label's values in all files: a number of no type, or what is of several
    /// numbers as it is merged.
    pub fn add_result(&mut self, result: &Tallied) {
        match result.outcome {
            Outcome::Compound(_) => series::add(&mut self.families, self.prefix, (0, &"".into()), result),
            _ => self.untyped[0].add_result(result),
        }
    }

    /// Writes all.
    pub fn write(mut self, out: &mut Output) -> Result<(), Stop> {
        let has_unit = self.totals.keys().any(|labels| labels.contains(",unit=\""));
        let mut sheet = Sheet::new(self.prefix, &self.heads, &self.rows, has_unit);
        for (key, (labels, total)) in (0..).zip(std::mem::take(&mut self.totals)) {
            let results = match total {
                Held::Many(all) => {
                    sheet.take(&labels, None);
                    all.results()
                }
                Held::One(one) => {
                    let is_planned = sheet.take(&labels, one.row);
                    if !one.has_rest()
                        && !is_planned.is_empty()
                        && is_planned.iter().all(|is_planned| *is_planned)
                    {
                        continue;
                    }
                    let is_planned = |place: usize| is_planned.get(place).copied().unwrap_or(false);
                    one.aggregate(&self.heads, &self.rows, |place| !is_planned(place)).results()
                }
            };
            let labels = labels.into();
            for tallied in results {
                for left_out in &tallied.left_out {
                    let why = format!("{} is {left_out}: left out", escape(&tallied.label));
                    (self.complain)(&escape_path(&self.paths[left_out.file]), &why);
                }
                series::add(&mut self.families, self.prefix, (key, &labels), &tallied);
            }
        }
        sheet.add_to(&mut self.families, &self.heads, &mut self.rows);
        self.families.write(self.complain, (&sheet, &self.heads), &self.untyped, out)
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
fn labels(snapshot: &Snapshot, process: Option<&Process>, by: By) -> String {
    let mut labels = String::new();
    if by == By::Nothing {
        return labels;
    }
    label(&mut labels, "cmd", &escape(&files::command_of(snapshot)));
    if let Some(unit) = process.and_then(Process::unit) {
        label(&mut labels, "unit", &escape(unit.as_bytes()));
    }
    if by == By::Command {
        return labels;
    }
    let number = |ending: &str| snapshot.find(ending)?.value().as_integer();
    if let Some(pid) = process.map(|process| process.pid().into()).or_else(|| number("sys.pid")) {
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
