//! What is published, as JSON for programs.

use std::collections::HashMap;
use std::ffi::OsString;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStringExt;
use std::sync::Mutex;

use cli::{Json, Labels, in_json};
use figures::{Function, Outcome, Tallied};
use mmstats::{Snapshot, VERSION_LABEL};

use crate::course::{Course, last};
use crate::event::{address, line, strip};
use crate::history::{Record, SAMPLES};
use crate::reading::{Reading, Unsteady};
use crate::shown::{View, number, parts};
use crate::watch::lock;

/// How a label's processes are counted while files are read.
#[derive(Default)]
struct Tally {
    files: u64,
    living: u64,
}

type Tallies = HashMap<Vec<u8>, Tally>;

/// `{"labels":[{...},...]}`: every label over all files, sorted.
pub(crate) fn labels(reading: &Reading, record: &Mutex<Record>) -> Result<String, Unsteady> {
    let (results, tallies) = gather(reading, None)?;
    let record = lock(record);
    let objects: Vec<_> =
        results.iter().map(|result| format!("{{{}}}", members(result, &tallies, &record))).collect();
    Ok(format!("{{\"labels\":[{}]}}\n", objects.join(",")))
}

/// One label, its files and its past. `None` if no file has it.
pub(crate) fn label(
    reading: &Reading,
    record: &Mutex<Record>,
    label: &[u8],
) -> Result<Option<String>, Unsteady> {
    let mut sources = Vec::new();
    let (results, tallies) = gather(reading, Some(label))?;
    let Some(result) = results.into_iter().find(|result| result.label == label) else { return Ok(None) };
    reading.each_judged(|snapshot, is_alive| {
        let values: Vec<_> = reading
            .fields(snapshot)
            .filter(|field| field.label() == label)
            .map(|field| value(&field.value_in_unit().into()))
            .collect();
        if let Some(value) = values.first() {
            sources.push(format!("{{{},\"value\":{value}}}", source(reading, snapshot, is_alive)));
        }
    });
    let record = lock(record);
    let (sources, history) = (sources.join(","), history(&record, label));
    Ok(Some(format!("{{{},\"files\":[{sources}],{history}}}\n", members(&result, &tallies, &record))))
}

/// `{"files":[{...},...]}`: every file and who wrote it.
pub(crate) fn files(reading: &Reading) -> String {
    let mut files = Vec::new();
    reading.each_judged(|snapshot, is_alive| {
        let count = reading.fields(snapshot).count();
        files.push(format!("{{{},\"fields\":{count}}}", source(reading, snapshot, is_alive)));
    });
    format!("{{\"files\":[{}]}}\n", files.join(","))
}

/// What all files have under their labels, each merged as its kind has it.
fn gather(reading: &Reading, label: Option<&[u8]>) -> Result<(Vec<Tallied>, Tallies), Unsteady> {
    let prefixes = label.map(|label| OsString::from_vec(label.to_vec())).into_iter().collect();
    let labels = Labels { prefixes, ..Labels::default() };
    reading.together(&labels, Function::Auto, &|tallies: &mut Tallies, snapshot, may_live| {
        for field in snapshot.fields().flatten() {
            if !tallies.contains_key(field.label()) {
                tallies.insert(field.label().to_vec(), Tally::default());
            }
            if let Some(tally) = tallies.get_mut(field.label()) {
                tally.files += 1;
                tally.living += u64::from(may_live);
            }
        }
    })
}

/// The members of a label's object.
fn members(result: &Tallied, tallies: &Tallies, record: &Record) -> String {
    let Tallied { label, code, about, outcome, .. } = result;
    let text = |text: &Option<String>| match text {
        Some(text) => Json::Text(text.as_bytes()).to_string(),
        None => "null".to_owned(),
    };
    let view = View { rule: None, is_living: true };
    let seen = record.find(label).and_then(|place| record.get(place));
    let rate = seen.and_then(|label| label.shown.rates?.by(crate::shown::Rule::Sum));
    let drawn = seen.and_then(|label| label.shown.drawn(label.about.class, view));
    let none = Tally::default();
    let tally = tallies.get(label).unwrap_or(&none);
    let (name, href, code) = (Json::Text(label), address(label), Json::Text(code.as_bytes()));
    let (kind, unit, help) = (about.kind.name(), text(&about.unit), text(&about.help));
    let mut members = format!(
        "\"label\":{name},\"href\":\"{href}\",\"type\":{code},\"kind\":\"{kind}\",\"unit\":{unit},\"help\":{help}"
    );
    let (value, rate, drawn) = (value(outcome), number(rate), number(drawn));
    let _ = write!(
        members,
        ",\"value\":{value},\"rate\":{rate},\"drawn\":{drawn},\"file_count\":{},\"living\":{}",
        tally.files, tally.living
    );
    members
}

/// A value: an object of its parts where it is several numbers.
fn value(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Compound(compound) => parts(Some(compound)),
        other => in_json(other),
    }
}

/// The members that say which file it is.
fn source(reading: &Reading, snapshot: &Snapshot, is_alive: Option<bool>) -> String {
    let integer = |label| snapshot.find(label).and_then(|field| field.value().as_integer());
    let (pid, tid) = (integer("sys.pid"), integer("sys.tid"));
    let process = reading.process_of(snapshot.path());
    let pid = process.map(|process| process.pid().into()).or(pid);
    let place = process.map_or(String::new(), cli::place);
    let json = |number: Option<i128>| number.map_or(Json::Null, Json::Integer).to_string();
    let created = snapshot.find("sys.created").and_then(|field| field.value_in_unit().as_f64());
    let version = snapshot.bytes().first().copied().unwrap_or_default();
    format!(
        "\"file\":{},\"cmd\":{},\"pid\":{}{place},\"tid\":{},\"alive\":{},\"created\":{},\"version\":{version},\"ours\":{}",
        Json::Text(snapshot.path().as_os_str().as_encoded_bytes()),
        Json::Text(&files::command_of(snapshot)),
        json(pid),
        json(tid),
        is_alive.map_or(Json::Null, Json::Bool),
        created.map_or(Json::Null, Json::Double),
        snapshot.find(VERSION_LABEL).is_some(),
    )
}

/// `"times":[...],"lines":[...]`, or `"strips"`: the times in milliseconds since 1970.
fn history(record: &Record, label: &[u8]) -> String {
    let view = View { rule: None, is_living: true };
    let label = record.find(label).and_then(|place| record.get(place));
    let (what, drawn): (_, Vec<_>) = match label.map(|label| &label.course) {
        Some(Course::Lines(lines)) => ("lines", last(lines, SAMPLES).map(|it| line(it, view)).collect()),
        Some(Course::Strips(strips)) => ("strips", last(strips, SAMPLES).map(strip).collect()),
        Some(Course::Nothing) | None => ("lines", Vec::new()),
    };
    let times: Vec<_> = last(&record.times, drawn.len()).map(u64::to_string).collect();
    format!("\"times\":[{}],\"{what}\":[{}]", times.join(","), drawn.join(","))
}
