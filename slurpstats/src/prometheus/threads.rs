//! Processes whose ended threads are folded into one file of the process (mmstats(5), "Threads that end").
//!
//! A thread may be folded after its file was read and before that of its process is, or the other way round. So all
//! files of such a process are opened first, then the file of the process is read, and after it those of the threads,
//! which are open, whatever has become of their names. What the process's file holds by its own number is passed over.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use mmstats::live::{Judge, Life};
use mmstats::{FOLD_LABEL, FOLDED_LABEL, Origin, Snapshot};

/// How long a fold that is under way is waited for. It takes a microsecond unless its thread has lost the processor.
const WAIT: Duration = Duration::from_millis(250);

/// Files by process: directory, process id and the number that they have in common.
#[derive(Default)]
pub(super) struct Threads(BTreeMap<(PathBuf, i128, i128), Vec<PathBuf>>);

impl Threads {
    /// Whether a file is of such a process. Then it is kept for later.
    pub(super) fn has(&mut self, snapshot: &Snapshot) -> bool {
        let number = |label: &str| snapshot.find(label)?.value().as_integer();
        let Some(group) = number(FOLD_LABEL) else { return false };
        let path = snapshot.path();
        let directory = path.parent().unwrap_or(Path::new("")).to_owned();
        let process = (directory, number("sys.pid").unwrap_or_default(), group);
        self.0.entry(process).or_default().push(path.to_owned());
        true
    }

    /// Gives all files that count to `take`. False if counts have moved out of sight.
    pub(super) fn each(self, take: &mut dyn FnMut(&Snapshot)) -> bool {
        self.0.into_values().all(|paths| each_of(&paths, take))
    }
}

fn each_of(paths: &[PathBuf], take: &mut dyn FnMut(&Snapshot)) -> bool {
    let open: Vec<_> = paths.iter().filter_map(|path| opened(path)).collect();
    let has_lost = open.len() < paths.len();
    let (mut processes, threads): (Vec<_>, Vec<_>) = open.into_iter().partition(is_process);
    let mut held = 0;
    match processes.as_mut_slice() {
        // A thread that is gone may be in a file of the process that was not there before.
        [] if has_lost => return false,
        [] => {}
        [process, ..] => {
            held = settled(process);
            take(process);
        }
    }
    for thread in &threads {
        let mut now = Snapshot::new();
        let again = thread.file().and_then(|file| file.try_clone().ok());
        // It could be read a moment ago.
        if again.is_none_or(|file| now.read_file(file, thread.path()).is_err()) {
            return false;
        }
        let number = folded(&now);
        if number == 0 || number > held {
            take(&now);
        }
    }
    true
}

fn opened(path: &Path) -> Option<Snapshot> {
    let mut snapshot = Snapshot::new();
    snapshot.read(path, Origin::Found).ok()?;
    Some(snapshot)
}

fn is_process(snapshot: &Snapshot) -> bool {
    snapshot.find("sys.tid").and_then(|field| field.value().as_integer()) == Some(0)
}

fn folded(snapshot: &Snapshot) -> i128 {
    snapshot.find(FOLDED_LABEL).and_then(|field| field.value().as_integer()).unwrap_or_default()
}

/// Reads the file of a process as it was at one moment with no fold under way, and gives its number. All of the
/// second of three looks that agree lies between the first and the third.
fn settled(process: &mut Snapshot) -> i128 {
    let began = Instant::now();
    let is_dead = Judge::new().judge(process).life == Life::Dead;
    let mut before: Option<i128> = None;
    loop {
        let number = folded(process);
        let mut looks = [Snapshot::new(), Snapshot::new()];
        for look in &mut looks {
            let again = process.file().and_then(|file| file.try_clone().ok());
            if again.is_none_or(|file| look.read_file(file, process.path()).is_err()) {
                return number;
            }
        }
        let [middle, last] = looks;
        let agree = folded(&middle) == number && folded(&last) == number;
        *process = middle;
        // A dead process does not go on with its fold, and one that was stopped does not, either.
        let is_stuck = is_dead || before == Some(number) && began.elapsed() > WAIT;
        if agree && (number % 2 == 0 || is_stuck) || began.elapsed() > 2 * WAIT {
            return number;
        }
        before = Some(number);
        std::thread::yield_now();
    }
}
