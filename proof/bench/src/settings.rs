//! The command line, and the directories that all files are made in.

use std::env;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use tempfile::TempDir;

pub(crate) const USAGE: &str = "Usage: bench [--quick] [--seconds S] [--tools DIR] [--library DIR] [--disk DIR] [writer] [stalls] [readers] [observed] [accuracy] [scale] [mmash]";

/// What was asked for, and where files may be put. The directories go with it.
pub(crate) struct Settings {
    /// One round of everything, on little.
    pub(crate) is_quick: bool,
    /// How long each line of `stalls` is watched.
    pub(crate) stalls: Duration,
    /// Where the tools are that are measured.
    pub(crate) tools: PathBuf,
    /// Where the library for C is.
    library: PathBuf,
    sections: Vec<String>,
    memory: TempDir,
    disk: TempDir,
}

impl Settings {
    pub(crate) fn of(arguments: &[String]) -> Result<Self, String> {
        let (mut is_quick, mut seconds, mut sections) = (false, None, Vec::new());
        let (mut tools, mut library, mut disk) = (None, None, None);
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or(format!("{argument} wants a value"));
            match argument.as_str() {
                "--quick" => is_quick = true,
                "--seconds" => {
                    let value: f64 = value()?.parse().map_err(|_| "--seconds wants a number")?;
                    seconds = Some(Duration::try_from_secs_f64(value).map_err(|error| error.to_string())?);
                }
                "--tools" => tools = Some(PathBuf::from(value()?)),
                "--library" => library = Some(PathBuf::from(value()?)),
                "--disk" => disk = Some(PathBuf::from(value()?)),
                "writer" | "stalls" | "readers" | "observed" | "accuracy" | "scale" | "mmash" => {
                    sections.push(argument.clone());
                }
                other => return Err(format!("what is {other:?}?")),
            }
        }
        // By themselves they are wanted in earnest; among the others the run has to end.
        let default = match (is_quick, sections.as_slice()) {
            (true, _) => Duration::from_millis(60),
            (false, [only]) if only == "stalls" => Duration::from_secs(60),
            _ => Duration::from_secs(5),
        };
        let shared = Path::new("/dev/shm");
        let memory = if shared.is_dir() { shared.to_owned() } else { env::temp_dir() };
        // Beside this program: temporary directories are often no disk.
        let here = env::current_exe().ok().and_then(|exe| exe.parent().map(Path::to_owned));
        let disk = disk.or(here).unwrap_or_else(env::temp_dir);
        let temporary = |place: PathBuf| {
            tempfile::Builder::new().prefix("bench-").tempdir_in(&place).map_err(|error| error.to_string())
        };
        let (memory, disk) = (temporary(memory)?, temporary(disk)?);
        remove_when_interrupted([memory.path().to_owned(), disk.path().to_owned()]);
        Ok(Self {
            is_quick,
            stalls: seconds.unwrap_or(default),
            tools: tools
                .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/release")),
            library: library
                .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/capi")),
            sections,
            memory,
            disk,
        })
    }

    pub(crate) fn wants(&self, section: &str) -> bool {
        self.sections.is_empty() || self.sections.iter().any(|wanted| wanted == section)
    }

    /// How often, but once if that will do.
    pub(crate) fn rounds(&self, rounds: usize) -> usize {
        if self.is_quick { 1 } else { rounds }
    }

    /// A directory on a file system in memory.
    pub(crate) fn memory(&self) -> &Path {
        self.memory.path()
    }

    /// A directory on a disk.
    pub(crate) fn disk(&self) -> &Path {
        self.disk.path()
    }

    /// The shared library for C, which may not be there.
    pub(crate) fn library(&self) -> PathBuf {
        self.library.join("libmmstats_c.so")
    }

    /// The directory of its header.
    pub(crate) fn header(&self) -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../capi/include")
    }

    /// One of the suite's tools.
    pub(crate) fn tool(&self, name: &str) -> PathBuf {
        let path = self.tools.join(name);
        assert!(path.exists(), "{} is not there: cargo build --release makes it", path.display());
        path
    }
}

/// A signal runs no destructor, and a hundred thousand files in memory are not to stay there.
fn remove_when_interrupted(dirs: [PathBuf; 2]) {
    let mut signals = Signals::new([SIGINT, SIGTERM]).unwrap();
    thread::spawn(move || {
        if let Some(signal) = signals.forever().next() {
            // What is being made meanwhile may come in between once; then nothing makes any more.
            for dir in dirs.iter().chain(&dirs) {
                let _ = std::fs::remove_dir_all(dir);
            }
            std::process::exit(128 + signal);
        }
    });
}
