//! Reading the files, each count once.
//!
//! Counts move while files are read: from an ended thread's file to that of its process ([`Files::each_once`]), and
//! from a removed file to that of its command's departed ([`files::listed`]).

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use cli::{Stop, Tool};
use files::{Found, Ways};
use mmstats::Snapshot;

use crate::ahead::Files;

/// How often everything is read anew because counts have moved meanwhile. That is so rarely the case that even a
/// second time is.
const TRIES: usize = 10;

/// The files of the departed, and the numbers of their states.
type States = Vec<(PathBuf, i128)>;

/// Gathers the values of all files. `begin` makes what gathers them, and `add` adds a file, which may be one of the
/// departed. If counts have moved meanwhile, all of it is done once more.
///
/// # Errors
/// What `add` reports is reported; [`Stop::Failed`] if counts move faster than they can be read.
pub(crate) fn gather<G>(
    tool: &Tool,
    operands: &[OsString],
    files: &Files<'_>,
    begin: &dyn Fn() -> G,
    add: &dyn Fn(&mut G, &Snapshot, bool),
) -> Result<G, Stop> {
    let mut found = files.found().to_vec();
    for _ in 1..TRIES {
        let departed = departed(&found);
        let (before, held) = (states(&departed), Held::by(&departed));
        let mut gathered = begin();
        // As they were read: a moment later they may hold more.
        departed.iter().for_each(|snapshot| add(&mut gathered, snapshot, true));
        let now = Files::new(tool, operands, &found);
        now.each_once(&mut |snapshot| {
            if !files::is_departed(snapshot) && !held.has(snapshot) {
                add(&mut gathered, snapshot, false);
            }
            Ok(())
        })?;
        if now.has_read() {
            files.note_read();
        }
        found = files::find(operands, Ways::One).found;
        if states(&self::departed(&found)) == before {
            return Ok(gathered);
        }
    }
    tool.error_at("files", &"counts move from file to file faster than they can be read");
    Err(Stop::Failed)
}

/// Reads the files of the departed that were found. What is wrong with one is said when it has its turn as a file.
fn departed(found: &[Found]) -> Vec<Snapshot> {
    let has_name =
        |found: &&Found| found.path.file_name().is_some_and(|name| files::departed(name).is_some());
    let read = |found: &Found| {
        let mut snapshot = Snapshot::new();
        snapshot.read(&found.path, found.origin).ok()?;
        files::is_departed(&snapshot).then_some(snapshot)
    };
    found.iter().filter(has_name).filter_map(read).collect()
}

fn states(departed: &[Snapshot]) -> States {
    departed.iter().map(|snapshot| (snapshot.path().to_owned(), files::state_of(snapshot))).collect()
}

/// Files whose counts are those of the departed already, by their owners: nobody can list the files of others.
struct Held(HashMap<u32, HashSet<String>>);

impl Held {
    fn by(departed: &[Snapshot]) -> Self {
        let mut held: HashMap<u32, HashSet<String>> = HashMap::new();
        for snapshot in departed {
            if let Some((_, uid)) = snapshot.path().file_name().and_then(files::departed) {
                held.entry(uid).or_default().extend(files::listed(snapshot));
            }
        }
        held.retain(|_, listed| !listed.is_empty());
        Self(held)
    }

    fn has(&self, snapshot: &Snapshot) -> bool {
        let owner = || snapshot.file()?.metadata().ok().map(|metadata| metadata.uid());
        !self.0.is_empty()
            && owner()
                .and_then(|uid| self.0.get(&uid))
                .is_some_and(|listed| listed.contains(&files::identity(snapshot)))
    }
}
