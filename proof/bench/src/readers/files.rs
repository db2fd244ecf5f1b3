//! The files that are read.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use mmstats::{Counter, Histogram, Instance, Options, Version};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::numbers::lognormal;

/// Fields of ours in each; a few about the process come with them.
pub(crate) const FIELDS: usize = 50;

/// As much as any file of these has, unless it has histograms.
pub(crate) const LARGEST: usize = 16 * 1024;

/// What is in a file.
#[derive(Clone, Copy)]
pub(crate) struct Contents {
    pub(crate) version: Version,
    pub(crate) has_histogram: bool,
}

impl Contents {
    /// Counters only, as programs write them that say nothing about the version.
    pub(crate) const USUAL: Self = Self { version: Version::V2, has_histogram: false };

    pub(crate) fn name(self) -> &'static str {
        match (self.version, self.has_histogram) {
            (Version::V1, false) => "version 1",
            (Version::V1, true) => "version 1, histogram",
            (_, false) => "version 2",
            (_, true) => "version 2, histogram",
        }
    }
}

/// An instance in `dir` with so many counters, each with something counted.
pub(crate) fn instance(dir: &Path, name: &str, fields: usize) -> Instance<Vec<Counter>> {
    instance_of(dir, name, fields, Contents::USUAL)
}

/// The same in another version, or with a histogram.
pub(crate) fn instance_of(
    dir: &Path,
    name: &str,
    fields: usize,
    contents: Contents,
) -> Instance<Vec<Counter>> {
    let labels: Vec<_> = (0..fields).map(|field| format!("web.stats.counter.{field}")).collect();
    let options = Options::new().version(contents.version).dir(dir).filename(name);
    let stats = options
        .create_with(|builder| {
            labels.iter().map(|label| builder.add(label, Counter::spec())).collect::<Result<Vec<_>, _>>()
        })
        .unwrap();
    for (number, counter) in (0_u64..).zip(stats.iter()) {
        counter.add(number * number * 1009);
    }
    if contents.has_histogram {
        let answer = stats.add_field("web.stats.answer", Histogram::spec().durations()).unwrap();
        lognormal(1).take(1000).for_each(|time| answer.record(time));
    }
    stats
}

/// A new folder with so many copies of one file. Nobody writes to them.
pub(crate) fn copies(dir: &Path, files: usize, contents: Contents) -> PathBuf {
    let sample = instance_of(dir, "sample.mmstats", FIELDS, contents);
    let bytes = fs::read(sample.path()).unwrap();
    let folder = dir.join(format!("copies-{files}-{}", contents.name()));
    fs::create_dir(&folder).unwrap();
    for file in 0..files {
        fs::write(folder.join(format!("web-{file}.mmstats")), &bytes).unwrap();
    }
    folder
}

/// A new folder with the files of so many writers that live as long as what this gives.
pub(crate) fn living(dir: &Path, files: usize, contents: Contents) -> (PathBuf, Vec<Instance<Vec<Counter>>>) {
    let folder = dir.join(format!("living-{files}-{}", contents.name()));
    fs::create_dir(&folder).unwrap();
    let instances = (0..files)
        .map(|file| instance_of(&folder, &format!("web-{file}.mmstats"), FIELDS, contents))
        .collect();
    (folder, instances)
}

/// All of them, open at once.
pub(crate) fn open(instances: &[Instance<Vec<Counter>>]) -> std::io::Result<Vec<File>> {
    instances.iter().map(|instance| File::open(instance.path())).collect()
}

/// As many files may be open as the system lets anybody have.
pub(crate) fn raise_limit() {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
}
