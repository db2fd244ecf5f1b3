//! The files that are read.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use mmstats::{Counter, Instance, Options};
use nix::sys::resource::{Resource, getrlimit, setrlimit};

/// Fields of ours in each; a few about the process come with them.
pub(super) const FIELDS: usize = 50;

/// An instance in `dir` with this number of counters, each with something counted.
pub(super) fn instance(dir: &Path, name: &str, fields: usize) -> Instance<Vec<Counter>> {
    let labels: Vec<_> = (0..fields).map(|field| format!("web.stats.counter.{field}")).collect();
    let options = Options::new().dir(dir).filename(name);
    let stats = options
        .create_with(|builder| {
            labels.iter().map(|label| builder.add(label, Counter::spec())).collect::<Result<Vec<_>, _>>()
        })
        .unwrap();
    for (number, counter) in (0_u64..).zip(stats.iter()) {
        counter.add(number * number * 1009);
    }
    stats
}

/// A new directory with copies of one file. Nobody writes to them.
pub(super) fn copies(dir: &Path, files: usize) -> PathBuf {
    let sample = instance(dir, "sample.mmstats", FIELDS);
    let bytes = fs::read(sample.path()).unwrap();
    let copies = dir.join(format!("copies-{files}"));
    fs::create_dir(&copies).unwrap();
    for file in 0..files {
        fs::write(copies.join(format!("web-{file}.mmstats")), &bytes).unwrap();
    }
    copies
}

/// A new directory with the files of writers that live as long as what this gives.
pub(super) fn living(dir: &Path, files: usize) -> (PathBuf, Vec<Instance<Vec<Counter>>>) {
    let living = dir.join(format!("living-{files}"));
    fs::create_dir(&living).unwrap();
    let instances =
        (0..files).map(|file| instance(&living, &format!("web-{file}.mmstats"), FIELDS)).collect();
    (living, instances)
}

/// All of them, open at once.
pub(super) fn open(instances: &[Instance<Vec<Counter>>]) -> std::io::Result<Vec<File>> {
    instances.iter().map(|instance| File::open(instance.path())).collect()
}

/// As many files may be open as the system lets anybody have.
pub(super) fn raise_limit() {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, most, most).unwrap();
}
