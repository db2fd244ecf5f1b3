//! Whether a file's writer lives: alive, dead, or unknown, and by what evidence.
//!
//! A file of this library is locked as long as its writer lives, so the lock alone decides. Other
//! writers take none. For theirs, somebody who maps the file is a sign of life; without one, the
//! process id in the file says who wrote it, and that process may be gone, or its id may have gone to
//! another since. Where this process cannot see enough to tell, the answer is [`Life::Unknown`]:
//! permission denied is not death, and neither is a process id from another PID namespace.

use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::VERSION_LABEL;
use crate::file::is_locked;
use crate::read::{Origin, Snapshot};
use crate::value::Value;

/// Whether a file's writer lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// It may still write.
    Alive,
    /// Nobody will ever write to this file again.
    Dead,
    /// This process cannot see enough to tell.
    Unknown,
}

/// What a [`Verdict`] rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Evidence {
    /// The lifetime lock is held.
    Locked,
    /// A file of this library whose lifetime lock nobody holds.
    Unlocked,
    /// A process maps the file.
    Mapped,
    /// The file does not say who wrote it.
    NoPid,
    /// There is no process with the file's process id.
    Gone,
    /// The process has ended and its parent has not noticed yet.
    Zombie,
    /// The process began after the file was made.
    Younger,
    /// The process runs under another user id than the writer's.
    OtherUser,
    /// The process with the file's process id is there.
    Running,
    /// The writer may be in a PID namespace, or hidden by permissions, where it cannot be seen.
    OutOfSight,
}

impl fmt::Display for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Locked => "its writer holds the lock",
            Self::Unlocked => "its writer's lock is gone",
            Self::Mapped => "a process maps it",
            Self::NoPid => "it does not say who wrote it",
            Self::Gone => "its process is gone",
            Self::Zombie => "its process is a zombie",
            Self::Younger => "its process id went to a younger process",
            Self::OtherUser => "its process id went to another user",
            Self::Running => "its process is running",
            Self::OutOfSight => "its writer may be out of sight",
        })
    }
}

/// An answer and the evidence for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The answer.
    pub life: Life,
    /// What it rests on.
    pub evidence: Evidence,
}

/// Judges files. Looks through `/proc` at most once, when the first file needs it, so one judge serves
/// many files; what starts later it does not see mapping anything.
#[derive(Default)]
pub struct Judge {
    processes: OnceCell<Processes>,
}

impl Judge {
    /// One that has seen nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Judges the file of a snapshot that was just taken.
    #[must_use]
    pub fn judge(&self, snapshot: &Snapshot) -> Verdict {
        let Some(file) = snapshot.file() else {
            return verdict(Life::Unknown, Evidence::NoPid);
        };
        match is_locked(file) {
            Ok(true) => return verdict(Life::Alive, Evidence::Locked),
            Ok(false) if snapshot.find(VERSION_LABEL).is_some() => {
                return verdict(Life::Dead, Evidence::Unlocked);
            }
            // No lock can be asked about on this file system: then none can be taken there, either.
            Ok(false) | Err(_) => {}
        }
        let Ok(metadata) = file.metadata() else {
            return verdict(Life::Unknown, Evidence::OutOfSight);
        };
        let processes = self.processes.get_or_init(Processes::look);
        if processes.map(snapshot.path(), &metadata) {
            return verdict(Life::Alive, Evidence::Mapped);
        }
        let writer = Writer::of(snapshot);
        let found = writer.trace();
        match found {
            Evidence::Running => verdict(Life::Alive, found),
            Evidence::NoPid => verdict(Life::Unknown, found),
            // The process that the file names is not its writer any more, or never was: if all who
            // might have it mapped can be seen, nobody has.
            _ if processes.sees_all_of(metadata.uid()) => verdict(Life::Dead, found),
            _ => verdict(Life::Unknown, Evidence::OutOfSight),
        }
    }

    /// Judges an open file.
    pub(crate) fn judge_file(&self, path: &Path, file: &File) -> Verdict {
        if is_locked(file).is_ok_and(|locked| locked) {
            return verdict(Life::Alive, Evidence::Locked);
        }
        let mut snapshot = Snapshot::new();
        match snapshot.read(path, Origin::Found) {
            Ok(()) => self.judge(&snapshot),
            Err(_) => verdict(Life::Unknown, Evidence::NoPid),
        }
    }
}

fn verdict(life: Life, evidence: Evidence) -> Verdict {
    Verdict { life, evidence }
}

/// Who wrote a file, by its own word.
struct Writer {
    pid: Option<u32>,
    uid: Option<u64>,
    created: Option<f64>,
}

impl Writer {
    fn of(snapshot: &Snapshot) -> Self {
        let unsigned = |label| match snapshot.find(label)?.value() {
            Value::Unsigned(value) => Some(value),
            Value::Signed(value) => u64::try_from(value).ok(),
            _ => None,
        };
        let created = || match snapshot.find("sys.created")?.value() {
            Value::Double(value) => Some(value),
            _ => None,
        };
        let pid = unsigned("sys.pid").and_then(|pid| u32::try_from(pid).ok()).filter(|&pid| pid > 0);
        Self { pid, uid: unsigned("sys.uid"), created: created() }
    }

    /// What became of the process that the file names.
    fn trace(&self) -> Evidence {
        let Some(pid) = self.pid else { return Evidence::NoPid };
        let proc = PathBuf::from(format!("/proc/{pid}"));
        let Ok(metadata) = fs::metadata(&proc) else {
            let signalled = i32::try_from(pid).map(nix::unistd::Pid::from_raw);
            let hidden = signalled.is_ok_and(|pid| nix::unistd::getpgid(Some(pid)).is_ok());
            return if hidden { Evidence::Running } else { Evidence::Gone };
        };
        let Some(status) = Status::of(&proc) else { return Evidence::Running };
        if status.is_zombie {
            return Evidence::Zombie;
        }
        // `sys.created` and the clock ticks since boot do not share a clock: two seconds of doubt.
        let young = |(began, created): (f64, f64)| began > created + 2.0;
        if status.began.zip(self.created).is_some_and(young) {
            return Evidence::Younger;
        }
        if self.uid.is_some_and(|uid| uid != u64::from(metadata.uid())) {
            return Evidence::OtherUser;
        }
        Evidence::Running
    }
}

/// What `/proc/PID/stat` says.
struct Status {
    is_zombie: bool,
    /// Seconds since 1970.
    began: Option<f64>,
}

impl Status {
    fn of(proc: &Path) -> Option<Self> {
        let stat = fs::read_to_string(proc.join("stat")).ok()?;
        // The command's name, in parentheses, may hold anything; the rest may not.
        let mut rest = stat.rsplit_once(')')?.1.split_whitespace();
        let state = rest.next()?;
        let ticks: f64 = rest.nth(18)?.parse().ok()?;
        let began = boot_time().map(|boot| boot + ticks / ticks_per_second());
        Some(Self { is_zombie: matches!(state, "Z" | "X"), began })
    }
}

fn boot_time() -> Option<f64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    stat.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok())
}

fn ticks_per_second() -> f64 {
    use nix::unistd::{SysconfVar, sysconf};
    let ticks = sysconf(SysconfVar::CLK_TCK).ok().flatten().unwrap_or(100);
    #[allow(clippy::cast_precision_loss)]
    let ticks = ticks as f64;
    ticks
}

/// What the processes that can be seen map, from one walk through `/proc`.
struct Processes {
    mapped_files: HashSet<(u64, u64)>,
    mapped_paths: HashSet<PathBuf>,
    /// Whose mappings could not be read: how many processes, by user id.
    unseen: HashMap<u32, usize>,
    /// Whether processes of other PID namespaces can be seen at all.
    in_first_namespace: bool,
}

impl Processes {
    fn look() -> Self {
        let mut this = Self {
            mapped_files: HashSet::new(),
            mapped_paths: HashSet::new(),
            unseen: HashMap::new(),
            in_first_namespace: is_first_namespace(),
        };
        let Ok(listing) = fs::read_dir("/proc") else {
            this.in_first_namespace = false;
            return this;
        };
        for entry in listing.flatten() {
            if !entry.file_name().as_encoded_bytes().iter().all(u8::is_ascii_digit) {
                continue;
            }
            let proc = entry.path();
            match fs::read(proc.join("maps")) {
                Ok(maps) => this.note(&maps),
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
                    // Gone meanwhile: then it maps nothing.
                    if let Ok(metadata) = entry.metadata() {
                        *this.unseen.entry(metadata.uid()).or_default() += 1;
                    }
                }
                Err(_) => {}
            }
        }
        this
    }

    fn note(&mut self, maps: &[u8]) {
        for line in String::from_utf8_lossy(maps).lines() {
            // address perms offset dev inode path
            let mut parts = line.splitn(6, ' ');
            let (Some(device), Some(inode)) = (parts.nth(3), parts.next()) else { continue };
            let number = || {
                let (major, minor) = device.split_once(':')?;
                let (major, minor) =
                    (u64::from_str_radix(major, 16).ok()?, u64::from_str_radix(minor, 16).ok()?);
                Some((
                    nix::libc::makedev(major.try_into().ok()?, minor.try_into().ok()?),
                    inode.parse().ok()?,
                ))
            };
            if let Some((device, inode)) = number().filter(|&(_, inode): &(u64, u64)| inode != 0) {
                self.mapped_files.insert((device, inode));
                if let Some(path) = parts.next() {
                    self.mapped_paths.insert(path.trim_start().into());
                }
            }
        }
    }

    /// Whether somebody maps the file. By its path, too: file systems that lie upon others have device
    /// numbers in `/proc` that `stat` does not know.
    fn map(&self, path: &Path, metadata: &fs::Metadata) -> bool {
        self.mapped_files.contains(&(metadata.dev(), metadata.ino()))
            || path.canonicalize().is_ok_and(|path| self.mapped_paths.contains(&path))
    }

    /// Whether every process that could have written a file of this owner could be looked at.
    fn sees_all_of(&self, uid: u32) -> bool {
        self.in_first_namespace && !self.unseen.contains_key(&uid)
    }
}

/// The first PID namespace sees the processes of all others. Its inode number is part of the kernel's
/// interface (`PROC_PID_INIT_INO` in include/linux/proc_ns.h).
fn is_first_namespace() -> bool {
    fs::read_link("/proc/self/ns/pid").is_ok_and(|link| link == Path::new("pid:[4026531836]"))
}
