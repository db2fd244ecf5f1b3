//! Files of version 2 for one test, and what a reader shows of them.

use std::fs;
use std::path::{Path, PathBuf};

use mmstats::format::image::{Description, Image};
use mmstats::format::item::Items;
use mmstats::format::kind::{DataType, MetricType};
use mmstats::format::window::Slot;
use mmstats::{Followed, Snapshot, SnapshotField};

/// The clock of windows, in seconds.
pub(crate) fn clock() -> u64 {
    let now = nix::time::clock_gettime(nix::time::ClockId::CLOCK_MONOTONIC).unwrap();
    u64::try_from(now.tv_sec()).unwrap()
}

pub(crate) fn write(dir: &Path, bytes: &[u8]) -> PathBuf {
    let path = dir.join("x.mmstats");
    fs::write(&path, bytes).unwrap();
    path
}

pub(crate) fn label(field: &SnapshotField<'_>) -> String {
    String::from_utf8_lossy(field.label()).into_owned()
}

/// What a snapshot has of each field, and what is wrong.
pub(crate) fn lines(snapshot: &Snapshot) -> Vec<String> {
    let line = |field: Result<SnapshotField<'_>, mmstats::Error>| match field {
        Ok(field) => format!("{} {} {} {}", label(&field), field.kind(), field.type_code(), field.value()),
        Err(error) => format!("{:?}: {}", error.kind(), error.reason()),
    };
    snapshot.fields().map(line).collect()
}

pub(crate) fn plain(label: &str, data: DataType) -> Description<'_> {
    Description { label, data, metric: MetricType::Unknown, items: Items::default() }
}

/// A file with these fields.
pub(crate) fn image(fields: &[(Description<'_>, Vec<u8>)]) -> Vec<u8> {
    let mut image = Image::new();
    for (description, value) in fields {
        image.add(description, value).unwrap();
    }
    image.finish()
}

pub(crate) fn slot(stamp: u64, number: f64) -> Slot {
    let mut slot = Slot { stamp, ..Slot::default() };
    slot.add(number);
    slot
}

/// The values of a followed file.
pub(crate) fn shown(followed: &Followed) -> Vec<String> {
    followed.fields().map(|field| field.value().map_or("?".into(), |value| value.to_string())).collect()
}
