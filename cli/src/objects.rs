//! A file's fields as JSON objects, one per line.

use mmstats::{Snapshot, SnapshotField, Value};

use crate::json::Json;
use crate::output::push_number;

/// What the objects of one file have in common, and how one is written.
pub struct Objects {
    start: Vec<u8>,
    end: Vec<u8>,
}

impl Objects {
    /// What each of them begins with.
    pub const START: &[u8] = b"{\"file\":\"";

    /// Of the file in `snapshot`. `is_alive` says whether its writer lives, if that is known; `time` is when it was
    /// taken, in seconds since 1970, if that is to be in the objects.
    #[must_use]
    pub fn new(snapshot: &Snapshot, is_alive: Option<bool>, time: Option<u64>) -> Self {
        let path = Json::Text(snapshot.path().as_os_str().as_encoded_bytes());
        let pid = snapshot.find("sys.pid").and_then(|field| field.value().as_integer());
        let pid = pid.map_or(Json::Null, Json::Integer);
        let alive = is_alive.map_or(Json::Null, Json::Bool);
        let time = time.map_or(String::new(), |time| format!(",\"time\":{time}"));
        let start = format!("{{\"file\":{path},\"label\":").into_bytes();
        let end = format!(",\"pid\":{pid},\"alive\":{alive}{time}}}\n").into_bytes();
        Self { start, end }
    }

    /// Appends a field's object and a newline.
    pub fn push(&self, field: &SnapshotField<'_>, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.start);
        Json::Text(field.label()).push(out);
        out.extend_from_slice(b",\"type\":");
        Json::Text(field.type_code().as_bytes()).push(out);
        out.extend_from_slice(b",\"value\":");
        match field.value() {
            // JSON writes them no other way.
            value @ (Value::Bool(_) | Value::Signed(_) | Value::Unsigned(_)) => push_number(out, value),
            value if value.is_compound() && value.as_f64().is_none() => {
                Json::Text(value.to_string().as_bytes()).push(out);
            }
            value => Json::from(value).push(out),
        }
        out.extend_from_slice(&self.end);
    }
}
