//! A file's fields as JSON objects, one per line.

use std::borrow::Cow;

use figures::Compound;
use files::Process;
use mmstats::format::attributes;
use mmstats::{MergeRule, MetricType, Snapshot, SnapshotField, Value};

use crate::compound::push_compound;
use crate::json::Json;
use crate::output::push_number;
use crate::quantity::is_in_unit;

/// What the objects of one file have in common, and how one is written.
pub struct Objects {
    start: Vec<u8>,
    end: Vec<u8>,
}

/// What a file says of a field, besides its value.
#[derive(Clone, Copy, Debug)]
pub struct Members<'a> {
    /// What the value means; if nobody has said, it is not in the object.
    pub kind: MetricType,
    /// What it is in.
    pub unit: Option<&'a str>,
    /// What the field is.
    pub help: Option<&'a str>,
    /// How gauges become one, if the field says so.
    pub merge: Option<MergeRule>,
}

impl<'a> Members<'a> {
    fn of(field: &SnapshotField<'a>) -> Self {
        Self { kind: field.kind(), unit: field.unit(), help: field.help(), merge: field.merge() }
    }

    /// Appends the members that there are, each after a comma: `name` and `attributes` of a label that has
    /// attributes, `kind`, `unit`, `help`, `merge`.
    pub fn push(&self, label: &[u8], out: &mut Vec<u8>) {
        push_attributes(label, out);
        let kind = (self.kind != MetricType::Unknown).then(|| self.kind.name());
        let merge = self.merge.map(MergeRule::name);
        for (name, value) in [("kind", kind), ("unit", self.unit), ("help", self.help), ("merge", merge)] {
            if let Some(value) = value {
                out.extend_from_slice(b",\"");
                out.extend_from_slice(name.as_bytes());
                out.extend_from_slice(b"\":");
                Json::Text(value.as_bytes()).push(out);
            }
        }
    }
}

fn push_attributes(label: &[u8], out: &mut Vec<u8>) {
    // All labels with attributes do, and few others.
    if label.last() != Some(&b'}') {
        return;
    }
    let Some(label) = std::str::from_utf8(label).ok().and_then(|label| attributes::parse(label).ok()) else {
        return;
    };
    out.extend_from_slice(b",\"name\":");
    Json::Text(label.name.as_bytes()).push(out);
    out.extend_from_slice(b",\"attributes\":{");
    for (place, (name, value)) in label.attributes.iter().enumerate() {
        if place > 0 {
            out.push(b',');
        }
        Json::Text(name.as_bytes()).push(out);
        out.push(b':');
        Json::Text(value.as_bytes()).push(out);
    }
    out.push(b'}');
}

impl Objects {
    /// What each of them begins with.
    pub const START: &[u8] = b"{\"file\":\"";

    /// Of the file in `snapshot`. `is_alive` says whether its writer lives, if that is known; `time` is when it was
    /// taken, in seconds since 1970, if that is to be in the objects.
    #[must_use]
    pub fn new(snapshot: &Snapshot, is_alive: Option<bool>, time: Option<u64>) -> Self {
        Self::of_process(snapshot, None, is_alive, time)
    }

    /// The same of a file that was found in a process, if so: the id of the process here, `own_pid`, which is its id in
    /// its own PID namespace, and `process_unit`, the container or unit that it is in.
    #[must_use]
    pub fn of_process(
        snapshot: &Snapshot,
        process: Option<&Process>,
        is_alive: Option<bool>,
        time: Option<u64>,
    ) -> Self {
        let path = Json::Text(snapshot.path().as_os_str().as_encoded_bytes());
        let pid = snapshot.find("sys.pid").and_then(|field| field.value().as_integer());
        let pid = process.map(|process| process.pid().into()).or(pid).map_or(Json::Null, Json::Integer);
        let place = process.map_or(String::new(), place);
        let alive = is_alive.map_or(Json::Null, Json::Bool);
        let time = time.map_or(String::new(), |time| format!(",\"time\":{time}"));
        let start = format!("{{\"file\":{path},\"label\":").into_bytes();
        let end = format!(",\"pid\":{pid}{place},\"alive\":{alive}{time}}}\n").into_bytes();
        Self { start, end }
    }

    /// Appends a field's object and a newline. Numbers are in the field's unit. What a file of version 1 cannot say
    /// has no members.
    pub fn push(&self, field: &SnapshotField<'_>, out: &mut Vec<u8>) {
        self.begin(field.label(), &field.type_code(), out);
        if field.data_type().is_none() {
            push_value(field.value(), out);
            push_attributes(field.label(), out);
        } else {
            push_value(field.value_in_unit(), out);
            Members::of(field).push(field.label(), out);
        }
        out.extend_from_slice(&self.end);
    }

    /// Appends the object of a part of a field, under its derived label, `LABEL:NAME`.
    pub fn push_part(&self, field: &SnapshotField<'_>, name: &str, part: Value<'_>, out: &mut Vec<u8>) {
        self.begin(
            &[field.label(), b":", name.as_bytes()].concat(),
            &Cow::Borrowed(if part.as_integer().is_some() { "u64" } else { "f64" }),
            out,
        );
        push_value(part, out);
        let unit = field.unit().filter(|_| is_in_unit(name));
        let members = Members { kind: MetricType::Unknown, unit, merge: None, help: field.help() };
        members.push(b"", out);
        out.extend_from_slice(&self.end);
    }

    fn begin(&self, label: &[u8], code: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.start);
        Json::Text(label).push(out);
        out.extend_from_slice(b",\"type\":");
        Json::Text(code.as_bytes()).push(out);
        out.extend_from_slice(b",\"value\":");
    }
}

/// The members that say where a process is: `,"own_pid":7,"process_unit":"web.service"`.
#[must_use]
pub fn place(process: &Process) -> String {
    let unit = process.unit().map_or(Json::Null, |unit| Json::Text(unit.as_bytes()));
    format!(",\"own_pid\":{},\"process_unit\":{unit}", process.own_pid())
}

fn push_value(value: Value<'_>, out: &mut Vec<u8>) {
    match value {
        // JSON writes them no other way.
        Value::Bool(_) | Value::Signed(_) | Value::Unsigned(_) => push_number(out, value),
        value => match Compound::of(value) {
            Some(compound) => push_compound(out, &compound),
            None => Json::from(value).push(out),
        },
    }
}
