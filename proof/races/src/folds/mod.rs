//! Counts that move while they are read: from ended threads to the file of their process, and from the files of dead
//! processes to that of their command's departed. A reader that adds them up must count each once.
//!
//! The writers say before each update how far they will have counted after it, and after it that they have, in files
//! of their own ([`truth`]). So a sum is at least what had been counted before the look, and at most what may have been
//! counted when it was over.

mod look;
mod truth;
mod work;

use std::error::Error;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mmstats::Version;

use crate::cores::Cores;
use crate::judge::Counts;
use crate::kinds::Layout;
use crate::stopper::Stopper;
use crate::{Course, ready};

pub(crate) use look::{Look, Looker};
pub(crate) use work::work;

/// The share of each in the time.
pub(crate) const SHARE: u32 = 10;
/// Those who count at the same time.
const SLOTS: usize = 4;

/// What ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ends {
    /// Threads, which are folded.
    Threads,
    /// Processes, whose counts somebody keeps while he removes their files.
    Processes,
}

impl Ends {
    /// What the kind is called.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Threads => "folded",
            Self::Processes => "departed",
        }
    }
}

/// One program whose counts move, and one reader.
pub(crate) struct Race {
    pub(crate) ends: Ends,
    pub(crate) layout: Layout,
    pub(crate) course: Course,
    pub(crate) look: Look,
}

impl Race {
    pub(crate) fn must_be_right(&self) -> bool {
        self.look != Look::Naive
    }

    pub(crate) fn run(
        &self,
        cores: &Cores,
        place: &Path,
        time: Duration,
    ) -> Result<(String, Counts), Box<dyn Error>> {
        let Self { ends, layout, course, look } = self;
        let name = [layout.name(), look.name(), ends.name(), course.name()].map(str::to_owned).join("\t");
        let place = place.join(name.replace('\t', "-"));
        std::fs::create_dir_all(truth::dir(&place))?;
        std::fs::create_dir_all(work::dir(&place))?;
        if *course == Course::Together {
            cores.take_readers();
        } else {
            cores.take_writers();
        }
        let mut writer = own(&["work", layout.name(), ends.name()], &place).stdout(Stdio::piped()).spawn()?;
        let keeper = || own(&["keep"], &place).spawn();
        let mut killer = None;
        let mut keeping: Option<Child> = None;
        match (ends, course) {
            (Ends::Threads, _) => {}
            (Ends::Processes, Course::Killed) => {
                let mut command = own(&["keep"], &place);
                killer = Some(Stopper::killer(move || command.spawn()));
            }
            (Ends::Processes, _) => keeping = Some(keeper()?),
        }
        let stopped = keeping.as_ref().unwrap_or(&writer).id();
        let stopper = (*course == Course::Stopped).then(|| Stopper::start(stopped));
        cores.take_readers();
        ready(&mut writer)?;
        let mut looker = Looker::new(*look, &place);
        let end = Instant::now() + time;
        while Instant::now() < end {
            looker.look();
        }
        // Before what they stop and kill is waited for: an id is nobody else's until then.
        drop((stopper, killer));
        for mut child in keeping.into_iter().chain([writer]) {
            child.kill()?;
            child.wait()?;
        }
        Ok((name, looker.tally()))
    }
}

fn own(arguments: &[&str], place: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap_or_default());
    command.args(arguments).arg(place);
    command
}

/// All of them, but for kinds that are not wanted.
pub(crate) fn all(is_wanted: impl Fn(&str) -> bool) -> Vec<Race> {
    let mut races = Vec::new();
    let threads = [Course::Apart, Course::Together, Course::Stopped];
    // Only files of version 2 say what is a count, so only they are kept.
    let processes = [Course::Apart, Course::Together, Course::Stopped, Course::Killed];
    for (ends, layout, courses) in [
        (Ends::Threads, Layout::One, &threads[..]),
        (Ends::Threads, Layout::Two, &threads),
        (Ends::Processes, Layout::Two, &processes),
    ] {
        let mut add = |look, course| races.push(Race { ends, layout, course, look });
        for &course in courses {
            add(Look::Once, course);
            // A program that goes on does not follow the departed.
            if ends == Ends::Threads {
                add(Look::Follow, course);
            }
        }
        add(Look::Naive, Course::Apart);
    }
    races.retain(|race| is_wanted(race.ends.name()));
    races
}

/// The version that a layout of ours is.
fn version(layout: &str) -> Version {
    if layout == Layout::One.name() { Version::V1 } else { Version::V2 }
}
