//! Whatever a file holds, the reader ends with what can be read and says what cannot.

#![allow(clippy::unwrap_used)]

mod alike;
mod bytes;
mod changing;
mod files;

use std::fs;
use std::path::{Path, PathBuf};

use mmstats::{Error, Snapshot};

/// One field, as the format has it.
fn field(label: &[u8], code: &str, index: u8, values: &[u8]) -> Vec<u8> {
    let mut bytes = u16::try_from(label.len()).unwrap().to_ne_bytes().to_vec();
    bytes.extend(label);
    bytes.extend(u16::try_from(code.len()).unwrap().to_ne_bytes());
    bytes.extend(code.as_bytes());
    bytes.push(index);
    bytes.extend(values);
    bytes
}

fn write(dir: &Path, bytes: &[u8]) -> PathBuf {
    let path = dir.join("x.mmstats");
    fs::write(&path, bytes).unwrap();
    path
}

/// Labels and values that could be read, and how it ended.
fn read(path: &Path) -> (Vec<(String, String)>, Option<Error>) {
    match Snapshot::of(path) {
        Ok(snapshot) => {
            let mut found = Vec::new();
            let mut end = None;
            for field in snapshot.fields() {
                match field {
                    Ok(field) => {
                        let label = String::from_utf8_lossy(field.label()).into_owned();
                        found.push((label, field.value().to_string()));
                    }
                    Err(error) => end = Some(error),
                }
            }
            (found, end)
        }
        Err(error) => (Vec::new(), Some(error)),
    }
}

/// A golden file in the byte order of this machine.
fn golden(name: &str) -> PathBuf {
    golden_in(if cfg!(target_endian = "little") { "little" } else { "big" }, name)
}

fn golden_in(order: &str, name: &str) -> PathBuf {
    let name = format!("tests/golden/{name}-{order}.mmstats");
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}
