//! What a file itself tells about its writer.

use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::disk::identity::Identity;
use crate::disk::lock::{file_system, is_kept_by_mappings, is_locked};
use crate::disk::name::temporary_pid;
use crate::format::labels::VERSION_LABEL;
use crate::format::value::Value;
use crate::read::Snapshot;

/// File systems that several machines may write to: there, what this machine's processes do is not
/// all. From the kernel's `include/uapi/linux/magic.h`, but for SMB 2, which is in fs/smb.
const SHARED_BY_MACHINES: [u32; 9] = [
    0x6969,      // NFS
    0x517b,      // SMB 1
    0xff53_4d42, // CIFS
    0xfe53_4d42, // SMB 2
    0x00c3_6400, // Ceph
    0x0102_1997, // 9P
    0x5346_414f, // AFS
    0x6b41_4653, // AFS in the kernel
    0x6573_5546, // FUSE
];

/// What a file itself tells about its writer, and what its lock tells: all that
/// [`Judge::decide`](super::Judge::decide) needs. Unlike a snapshot it keeps nothing open, so there
/// may be many.
#[derive(Clone, Debug)]
pub struct Clues {
    pub(super) path: PathBuf,
    pub(super) identity: Identity,
    /// Whose file it is.
    pub(super) owner: u32,
    /// Whether the lifetime lock is held; `None` where nobody can hold one.
    pub(super) locked: Option<bool>,
    /// Whether its writer takes the lifetime lock.
    pub(super) ours: bool,
    /// Whether its writer loses the lock when it closes all descriptors, as daemons do.
    pub(super) may_lose_lock: bool,
    pub(super) shared_by_machines: bool,
    /// The process that gave the file its name, where it is a temporary one.
    pub(super) maker: Option<u32>,
    /// `sys.pid`.
    pub(super) pid: Option<u32>,
    /// `sys.uid`.
    pub(super) uid: Option<u64>,
    /// `sys.created`, in seconds since 1970.
    pub(super) created: Option<f64>,
    /// When the file was last changed in any way.
    pub(super) changed: Option<SystemTime>,
    /// When all this was known.
    pub(super) noticed: Instant,
}

impl Clues {
    /// Those of the file that a snapshot was just taken of.
    ///
    /// # Errors
    /// If the file cannot be asked about itself any more, or the snapshot has none.
    pub fn of(snapshot: &Snapshot) -> io::Result<Self> {
        let Some(file) = snapshot.file() else { return Err(io::ErrorKind::NotFound.into()) };
        Self::beside(file, is_locked(file).ok(), snapshot)
    }

    /// The same where its lock was asked about.
    pub(super) fn beside(file: &File, locked: Option<bool>, snapshot: &Snapshot) -> io::Result<Self> {
        let unsigned = |label| match snapshot.find(label)?.value() {
            Value::Unsigned(value) => Some(value),
            Value::Signed(value) => u64::try_from(value).ok(),
            _ => None,
        };
        let created = || match snapshot.find("sys.created")?.value() {
            Value::Double(value) => Some(value).filter(|value| value.is_finite() && *value > 0.0),
            _ => None,
        };
        let mut clues = Self::outside(file, locked, snapshot.path())?;
        let pid = unsigned("sys.pid").and_then(|pid| u32::try_from(pid).ok()).filter(|&pid| possible(pid));
        // A writer that was killed while it filled its file has locked it before, and may not have come to the label.
        let is_begun = clues.maker.is_some() && (pid.is_none() || snapshot.is_version_2());
        clues.ours = is_begun || snapshot.find(VERSION_LABEL).is_some();
        clues.may_lose_lock = clues.ours && clues.locked == Some(false) && !is_kept_by_mappings(file);
        clues.pid = pid.or(clues.maker);
        clues.uid = unsigned("sys.uid");
        clues.created = created();
        clues.shared_by_machines = !clues.ours && is_shared_by_machines(file);
        Ok(clues)
    }

    /// Those of a file that this library's writer has under its temporary name, and that may be empty
    /// yet. `None` if the name is not one of those, or there is something in the file, and so
    /// [`Clues::of`] is for it.
    ///
    /// # Errors
    /// If the file cannot be asked about.
    pub fn of_temporary(file: &File, path: &Path) -> io::Result<Option<Self>> {
        use std::os::unix::fs::FileExt;
        let mut clues = Self::outside(file, is_locked(file).ok(), path)?;
        if clues.maker.is_none() {
            return Ok(None);
        }
        let mut start = [0; 512];
        let read = file.read_at(&mut start, 0)?;
        if start[..read].iter().any(|&byte| byte != 0) {
            return Ok(None);
        }
        // The lock is taken while the file is empty: where there are blocks and no lock, it is over.
        clues.ours = read > 0;
        clues.pid = clues.maker;
        clues.created = clues.changed_at();
        clues.shared_by_machines = !clues.ours && is_shared_by_machines(file);
        Ok(Some(clues))
    }

    /// What is known without the content. No lock can be asked about on some file systems: then none can be taken there,
    /// either.
    fn outside(file: &File, locked: Option<bool>, path: &Path) -> io::Result<Self> {
        let metadata = file.metadata()?;
        Ok(Self {
            identity: Identity::of(&metadata),
            owner: metadata.uid(),
            locked,
            maker: path.file_name().and_then(temporary_pid).filter(|&pid| possible(pid)),
            changed: changed(&metadata),
            ..Self::unknown(path)
        })
    }

    /// What is known of a path that leads nowhere.
    pub(super) fn unknown(path: &Path) -> Self {
        Self {
            path: path.to_owned(),
            identity: Identity { dev: 0, ino: 0 },
            owner: 0,
            locked: None,
            ours: false,
            may_lose_lock: false,
            shared_by_machines: false,
            maker: None,
            pid: None,
            uid: None,
            created: None,
            changed: None,
            noticed: Instant::now(),
        }
    }

    /// When the file was last changed, in seconds since 1970.
    pub(super) fn changed_at(&self) -> Option<f64> {
        Some(self.changed?.duration_since(UNIX_EPOCH).ok()?.as_secs_f64())
    }

    /// The process id that the file names.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.pid
    }
}

/// Process ids are positive and fit an `i32`; 0 and others would mean groups of processes.
fn possible(pid: u32) -> bool {
    pid > 0 && i32::try_from(pid).is_ok()
}

fn changed(metadata: &Metadata) -> Option<SystemTime> {
    let seconds = u64::try_from(metadata.ctime()).ok()?;
    let nanos = u32::try_from(metadata.ctime_nsec()).ok()?;
    UNIX_EPOCH.checked_add(Duration::new(seconds, nanos))
}

fn is_shared_by_machines(file: &File) -> bool {
    file_system(file).is_some_and(|magic| SHARED_BY_MACHINES.contains(&magic))
}
