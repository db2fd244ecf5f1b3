//! Stats files made byte by byte.

use std::fs;
use std::path::{Path, PathBuf};

/// One field, as version 1 of the format has it.
///
/// # Panics
/// If the label or the code is longer than a field can say.
pub fn field(label: &[u8], code: &str, index: u8, values: &[u8]) -> Vec<u8> {
    let mut bytes = u16::try_from(label.len()).unwrap().to_ne_bytes().to_vec();
    bytes.extend(label);
    bytes.extend(u16::try_from(code.len()).unwrap().to_ne_bytes());
    bytes.extend(code.as_bytes());
    bytes.push(index);
    bytes.extend(values);
    bytes
}

/// A `Q` in two buffers.
pub fn counter(label: &str, value: u64) -> Vec<u8> {
    field(label.as_bytes(), "Q", 1, &[value.to_ne_bytes(), [0; 8]].concat())
}

/// A `d` in one buffer.
pub fn double(label: &str, value: f64) -> Vec<u8> {
    field(label.as_bytes(), "d", 0xff, &value.to_ne_bytes())
}

/// Text in one buffer, with a NUL after it.
pub fn text(label: &str, value: &[u8]) -> Vec<u8> {
    field(label.as_bytes(), &format!("{}s", value.len() + 1), 0xff, &[value, b"\0"].concat())
}

/// Writes a stats file of these fields.
///
/// # Panics
/// If it cannot be written.
pub fn write(dir: &Path, name: impl AsRef<Path>, fields: &[Vec<u8>]) -> PathBuf {
    let path = dir.join(name);
    fs::write(&path, [&[1][..], &fields.concat(), &[0, 0]].concat()).unwrap();
    path
}
