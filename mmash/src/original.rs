//! What the program of the same name in mmstats for Python answers, in the same shapes.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

use cli::{Json, Labels, in_json};
use figures::{Function, Outcome, part};
use glob::Pattern;
use mmstats::SnapshotField;

use crate::reading::{Reading, Unsteady};
use crate::target::Query;

/// The values that a request asks for.
pub(crate) struct Wanted {
    label: Vec<u8>,
    is_exact: bool,
    function: Option<Function>,
    files: Option<Pattern>,
}

impl Wanted {
    /// Those of the labels that begin with `prefix`, or of that label alone.
    pub(crate) fn new(prefix: Vec<u8>, function: Option<Function>, query: &Query) -> Result<Self, String> {
        let files = query.get("glob").map(pattern).transpose()?;
        Ok(Self { label: prefix, is_exact: query.has("exact"), function, files })
    }

    /// How the labels begin that fields have.
    fn stem(&self) -> &[u8] {
        let colon = self.label.iter().rposition(|&byte| byte == b':');
        &self.label[..colon.unwrap_or(self.label.len())]
    }

    fn has(&self, label: &[u8]) -> bool {
        if self.is_exact { label == self.label } else { label.starts_with(&self.label) }
    }
}

/// `{"stats":[LABEL,...]}`: sorted, each once. A field of several numbers has a label for each.
pub(crate) fn labels(reading: &Reading) -> String {
    let mut labels = BTreeSet::new();
    reading.each(|snapshot| {
        for field in reading.fields(snapshot) {
            if !labels.contains(field.label()) {
                labels.extend(values_of(&field).into_iter().map(|(label, _)| label));
            }
        }
    });
    format!("{{\"stats\":[{}]}}\n", texts(labels.iter().map(Vec::as_slice)))
}

/// `{LABEL:[VALUE,...],...}`, a value for each file; or `{LABEL:VALUE,...}`, what a function makes of them.
pub(crate) fn values(reading: &mut Reading, wanted: &Wanted) -> Result<String, Unsteady> {
    if let Some(files) = &wanted.files {
        reading.choose(files.clone());
    }
    let records: Vec<String> = match wanted.function {
        None => listed(reading, wanted)
            .iter()
            .map(|(label, values)| pair(label, &format!("[{values}]")))
            .collect(),
        Some(function) => merged(reading, wanted, function)?
            .iter()
            .map(|(label, outcome)| pair(label, &in_json(outcome)))
            .collect(),
    };
    Ok(format!("{{{}}}\n", records.join(",")))
}

fn listed(reading: &Reading, wanted: &Wanted) -> BTreeMap<Vec<u8>, String> {
    let mut listed: BTreeMap<Vec<u8>, String> = BTreeMap::new();
    reading.each(|snapshot| {
        for field in reading.fields(snapshot) {
            for (label, outcome) in values_of(&field).into_iter().filter(|(label, _)| wanted.has(label)) {
                let values = listed.entry(label).or_default();
                if !values.is_empty() {
                    values.push(',');
                }
                values.push_str(&in_json(&outcome));
            }
        }
    });
    listed
}

fn merged(
    reading: &Reading,
    wanted: &Wanted,
    function: Function,
) -> Result<Vec<(Vec<u8>, Outcome)>, Unsteady> {
    // Fields of several numbers are wanted for their parts, too.
    let labels = Labels { prefixes: vec![OsString::from_vec(wanted.stem().to_vec())], ..Labels::default() };
    let (results, ()) = reading.together(&labels, function, &|_, _, _| {})?;
    let parts = results.into_iter().flat_map(|result| {
        let label = result.label;
        let derive = move |(name, outcome): (Cow<'_, str>, Outcome)| (part::derived(&label, &name), outcome);
        result.outcome.parts().into_iter().map(derive).collect::<Vec<_>>()
    });
    let mut merged: Vec<_> = parts.filter(|(label, _)| wanted.has(label)).collect();
    merged.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(merged)
}

/// `{"files":[PATH,...]}`: those whose names match, all without a pattern.
pub(crate) fn files(reading: &mut Reading, name: &[u8]) -> Result<String, String> {
    if !name.is_empty() {
        reading.choose(pattern(name)?);
    }
    // Files that are not there any more, or are no stats files, are not listed, as the original has it.
    let mut paths = Vec::new();
    reading.each(|snapshot| paths.push(snapshot.path().as_os_str().as_encoded_bytes().to_vec()));
    Ok(format!("{{\"files\":[{}]}}\n", texts(paths.iter().map(Vec::as_slice))))
}

/// What a field shows, by label: itself, or its parts.
fn values_of(field: &SnapshotField<'_>) -> Vec<(Vec<u8>, Outcome)> {
    let parts = field.parts().into_iter();
    parts.map(|(name, value)| (part::derived(field.label(), &name), value.into())).collect()
}

fn pattern(text: &[u8]) -> Result<Pattern, String> {
    let text = String::from_utf8_lossy(text);
    Pattern::new(&text).map_err(|error| format!("{text} is no pattern: {}", error.msg))
}

fn pair(label: &[u8], value: &str) -> String {
    format!("{}:{value}", Json::Text(label))
}

fn texts<'a>(texts: impl Iterator<Item = &'a [u8]>) -> String {
    texts.map(|text| Json::Text(text).to_string()).collect::<Vec<_>>().join(",")
}
