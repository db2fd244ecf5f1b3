//! The stats files that processes have mapped, wherever they are: in a container, in a private `/tmp`, below another
//! root directory.

mod mapped;
mod maps;
mod process;
mod unit;

use std::collections::hash_map::Entry as Slot;
use std::collections::{BTreeSet, HashMap};
use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use mmstats::Origin;
use nix::errno::Errno;

use mapped::told;

pub use mapped::Mapped;
pub use process::Process;

use crate::operands::Operands;
use crate::search::{Found, Problem};
use maps::entries;
use process::{Directory, all, gone, other_threads, read_all};

/// How often processes are gone through again, at most.
const PAUSE: Duration = Duration::from_millis(200);
/// How long a process is looked at each time after it was seen first: it may be about to publish.
const YOUTH: Duration = Duration::from_secs(10);
/// Of the others that publish nothing, how many have their turn each time: this many, or one in [`ROUNDS`].
const TURNS: usize = 64;
const ROUNDS: usize = 16;

/// Goes through processes, again and again.
///
/// There is no event for a mapping. So each time all processes are listed; those are asked that publish, or that are
/// new, and of the others some in their turn: what an old process publishes is found within 16 times.
#[derive(Default)]
pub(crate) struct Walker {
    known: HashMap<u32, Known>,
    /// When the processes began whose ids were given.
    chosen: HashMap<u32, u64>,
    next_turn: usize,
    walked: Option<Instant>,
    maps: Vec<u8>,
}

/// What a process publishes.
#[derive(Default)]
struct Published {
    process: Option<Arc<Process>>,
    files: Vec<Arc<Mapped>>,
}

/// What is known of a process.
struct Known {
    since: Instant,
    published: Published,
    /// Whether its mappings may not be looked at.
    is_hidden: bool,
    /// Whether what it is called was asked for, where names are.
    is_meant: bool,
}

/// What was found.
#[derive(Default)]
pub(crate) struct Walked {
    pub(crate) found: Vec<Found>,
    pub(crate) problems: Vec<Problem>,
}

impl Walker {
    /// Whether it is too early for another time.
    pub(crate) fn rests(&self) -> bool {
        self.walked.is_some_and(|walked| walked.elapsed() < PAUSE)
    }

    /// Whether the process that a file was found by has ended, which its parent may not have noticed yet.
    pub(crate) fn has_ended(mapped: &Mapped) -> bool {
        mapped.process().directory().and_then(|directory| directory.link("root")).is_err()
    }

    /// Goes through the processes that are meant.
    pub(crate) fn walk(&mut self, operands: &Operands) -> Walked {
        let mut walked = Walked::default();
        let now = Instant::now();
        self.walked = Some(now);
        let mut pids = BTreeSet::new();
        if operands.is_about_many() {
            match all() {
                Ok(listed) => pids = listed,
                Err(error) => walked.problems.push(Problem::Unlisted("/proc".into(), error)),
            }
        }
        let mut named = BTreeSet::new();
        for pid in operands.pids() {
            match self.is_still(pid) {
                Ok(()) => drop(named.insert(pid)),
                Err(error) => walked.problems.push(Problem::Process(pid, error)),
            }
        }
        pids.extend(&named);
        self.known.retain(|pid, _| pids.contains(pid));
        let quiet: Vec<_> = pids.iter().filter(|pid| self.is_quiet(**pid, now)).copied().collect();
        let turns = TURNS.max(quiet.len() / ROUNDS).min(quiet.len());
        let begin = if quiet.is_empty() { 0 } else { self.next_turn % quiet.len() };
        let due: BTreeSet<_> = quiet.iter().cycle().skip(begin).take(turns).copied().collect();
        self.next_turn = begin + turns;
        let quiet: BTreeSet<_> = quiet.into_iter().collect();
        for &pid in pids.iter().filter(|pid| !quiet.contains(pid) || due.contains(pid)) {
            let is_wanted = operands.has_all || named.contains(&pid);
            self.visit(pid, is_wanted, operands, &mut walked.problems);
        }
        let is_hidden =
            |(pid, known): (&u32, &Known)| known.is_hidden && known.is_meant && !named.contains(pid);
        let hidden = self.known.iter().filter(|known| is_hidden(*known)).count();
        if hidden > 0 {
            walked.problems.push(Problem::Hidden(hidden));
        }
        for pid in named {
            if self.known.get(&pid).is_some_and(|known| known.is_hidden) {
                walked.problems.push(Problem::Process(pid, Errno::EACCES.into()));
            }
        }
        walked.found = self.found();
        walked
    }

    /// Whether the process that has an id is the one that had it when it was asked for first.
    fn is_still(&mut self, pid: u32) -> io::Result<()> {
        let began = Directory::open(pid, None)?.began()?;
        match *self.chosen.entry(pid).or_insert(began) {
            known if known == began => Ok(()),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }

    /// Whether a process has been there for some time and publishes nothing.
    fn is_quiet(&self, pid: u32, now: Instant) -> bool {
        self.known
            .get(&pid)
            .is_some_and(|known| known.published.files.is_empty() && now - known.since > YOUTH)
    }

    /// Looks at what a process has mapped.
    fn visit(&mut self, pid: u32, is_wanted: bool, operands: &Operands, problems: &mut Vec<Problem>) {
        let since = self.known.get(&pid).map_or_else(Instant::now, |known| known.since);
        let before = self.known.remove(&pid);
        let published = Published::default();
        let mut known = Known { since, published, is_hidden: false, is_meant: is_wanted };
        if !is_wanted {
            let name = std::fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
            known.is_meant = operands.mean(name.strip_suffix(b"\n").unwrap_or(&name));
        }
        if known.is_meant {
            let before = before.map_or_else(Published::default, |before| before.published);
            match self.look(pid, before, problems) {
                Ok(published) => known.published = published,
                Err(error) if error.kind() == io::ErrorKind::NotFound => return,
                Err(_) => known.is_hidden = true,
            }
        }
        self.known.insert(pid, known);
    }

    /// The stats files that a process has mapped. What was known before is not found out again.
    fn look(&mut self, pid: u32, before: Published, problems: &mut Vec<Problem>) -> io::Result<Published> {
        let Published { process: before, files } = before;
        let mut thread = None;
        self.read_maps(format!("/proc/{pid}/maps").into())?;
        if self.maps.is_empty() {
            // A process of the kernel, or one whose first thread has ended; all others share what they map.
            for other in other_threads(pid) {
                if self.read_maps(format!("/proc/{pid}/task/{other}/maps").into()).is_ok()
                    && !self.maps.is_empty()
                {
                    thread = Some(other);
                    break;
                }
            }
        }
        let entries = entries(&self.maps);
        if entries.is_empty() {
            return Ok(Published::default());
        }
        // By now the id may be another process's. From here on all is asked of one, and what that has not mapped is
        // not opened.
        let directory = Directory::open(pid, thread)?;
        let began = directory.began()?;
        let mut is_new = false;
        let process = match before {
            Some(process) if process.began == began && process.thread == thread => process,
            _ => {
                is_new = true;
                Arc::new(Process::of(pid, thread, began, &directory)?)
            }
        };
        let mut now = Vec::with_capacity(entries.len());
        for entry in entries {
            // That a name goes makes no other file.
            let is_known = |known: &&Arc<Mapped>| {
                known.is_of(began, &entry) || (entry.is_deleted && known.is_same_but_for_name(began, &entry))
            };
            if let Some(known) = files.iter().find(is_known) {
                now.push(Arc::clone(known));
                continue;
            }
            match Mapped::find(&process, &directory, entry.clone()) {
                Ok(mapped) => now.push(Arc::new(mapped)),
                // It has ended meanwhile, or has unmapped it.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => problems.push(Problem::Unlisted(told(&process, &entry), error)),
            }
        }
        if is_new {
            process.keep(directory);
        }
        Ok(Published { process: Some(process), files: now })
    }

    fn read_maps(&mut self, path: PathBuf) -> io::Result<()> {
        self.maps.clear();
        read_all(File::open(path).map_err(gone)?, &mut self.maps)
    }

    /// All files, each once.
    fn found(&self) -> Vec<Found> {
        let mut best: HashMap<(u64, u64), &Arc<Mapped>> = HashMap::new();
        for mapped in self.known.values().flat_map(|known| &known.published.files) {
            match best.entry(mapped.identity()) {
                Slot::Occupied(mut other) if mapped.rank() < other.get().rank() => {
                    other.insert(mapped).let_go();
                }
                Slot::Occupied(_) => mapped.let_go(),
                Slot::Vacant(slot) => drop(slot.insert(mapped)),
            }
        }
        let mut found: Vec<_> = best
            .into_values()
            .map(|mapped| Found {
                path: mapped.shown().to_owned(),
                origin: Origin::Found,
                mapped: Some(Arc::clone(mapped)),
            })
            .collect();
        found.sort_by(|a, b| a.path.as_os_str().cmp(b.path.as_os_str()));
        // Two files that had one name, which neither has any more, are told apart by their inodes.
        let doubles: Vec<_> = (1..found.len()).filter(|&at| found[at].path == found[at - 1].path).collect();
        for at in doubles {
            if let Some(mapped) = found[at].mapped.clone() {
                let mut path = std::mem::take(&mut found[at].path).into_os_string();
                path.push(format!(" (inode {})", mapped.identity().1));
                found[at].path = path.into();
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_was_asked_for_means_the_process_that_had_it_then() {
        let pid = std::process::id();
        let mut operands = Operands::default();
        assert!(operands.add_process(pid.to_string().as_ref()));
        let mut walker = Walker::default();
        assert!(walker.walk(&operands).problems.is_empty());
        walker.chosen.insert(pid, 0);
        let walked = walker.walk(&operands);
        assert!(walked.found.is_empty());
        let [Problem::Process(of, error)] = &walked.problems[..] else { panic!("{:?}", walked.problems) };
        assert_eq!((*of, error.kind()), (pid, io::ErrorKind::NotFound));
    }

    #[test]
    fn what_publishes_nothing_has_its_turn() {
        let mut operands = Operands::default();
        operands.add_all_processes();
        let mut walker = Walker::default();
        walker.walk(&operands);
        let pids: Vec<_> = walker.known.keys().copied().collect();
        assert!(pids.contains(&std::process::id()));
        let long_ago = Instant::now().checked_sub(2 * YOUTH).unwrap_or_else(Instant::now);
        let make_old = |walker: &mut Walker| {
            for known in walker.known.values_mut() {
                (known.since, known.is_hidden) = (long_ago, true);
            }
        };
        make_old(&mut walker);
        // Who was asked is hidden no longer, or is because it is so.
        for _ in 0..2 * ROUNDS {
            walker.walk(&operands);
        }
        let own = &walker.known[&std::process::id()];
        assert!(!own.is_hidden, "it has had its turn");
    }
}
