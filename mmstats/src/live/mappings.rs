//! Which processes map which files: one walk through `/proc` for all that are to be judged.

use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use nix::errno::Errno;

use super::DOUBT;
use super::clues::Clues;
use super::process::{Status, all, began, threads};
use crate::disk::name::temporary_pid;

/// How often the list of processes is looked at, in case some ended before their turn came.
const ROUNDS: usize = 5;
/// A file's times come from a clock that ticks at most 100 times per second: twice that.
const CLOCK_TICKS: Duration = Duration::from_millis(20);

/// What the processes that can be seen map.
pub(super) struct Mappings {
    began: Instant,
    began_by_the_clock: SystemTime,
    mapped: Files,
    /// Those that somebody may write to.
    writable: Files,
    unseen: Vec<Unseen>,
    /// Whether there may be processes that are not even listed, or say nothing: those of other PID
    /// namespaces, or hidden ones.
    may_be_more: bool,
}

/// Files, and how to know them again.
#[derive(Default)]
struct Files {
    /// Device and inode.
    identities: HashSet<(u64, u64)>,
    /// Inode and name: file systems that lie upon others (overlayfs), or that number their parts
    /// (btrfs), have device numbers in `/proc` that `stat` does not know.
    names: HashSet<(u64, Vec<u8>)>,
    /// Inodes of files that were mapped under a name that is only meant for the time before they are published.
    /// Where publishing is a link (NFS, or a program linked with musl), `/proc` goes on telling that name.
    unnamed: HashSet<u64>,
    paths: HashSet<Vec<u8>>,
}

impl Files {
    fn insert(&mut self, mapping: &Mapping<'_>) {
        if let Some(name) = mapping.path.rsplit(|&byte| byte == b'/').next() {
            if is_temporary(name) {
                self.unnamed.insert(mapping.inode);
            }
            self.names.insert((mapping.inode, name.to_vec()));
        }
        self.identities.insert((mapping.device, mapping.inode));
        self.paths.insert(mapping.path.to_vec());
    }

    fn hold(&self, clues: &Clues) -> bool {
        let name = || clues.path.file_name().unwrap_or_default().as_bytes().to_vec();
        let path = || clues.path.canonicalize();
        self.identities.contains(&(clues.identity.dev, clues.identity.ino))
            || self.names.contains(&(clues.identity.ino, name()))
            || self.unnamed.contains(&clues.identity.ino)
            || path().is_ok_and(|path| self.paths.contains(path.as_os_str().as_bytes()))
    }
}

/// A process whose mappings could not be looked at.
struct Unseen {
    status: Status,
    began: Option<f64>,
}

impl Mappings {
    /// Walks through `/proc`.
    pub(super) fn look() -> Self {
        let mut this = Self {
            began: Instant::now(),
            began_by_the_clock: SystemTime::now(),
            mapped: Files::default(),
            writable: Files::default(),
            unseen: Vec::new(),
            may_be_more: !is_first_namespace(),
        };
        let mut known = HashSet::new();
        for _ in 0..ROUNDS {
            let Ok(listed) = all() else {
                this.may_be_more = true;
                break;
            };
            // A process that ends before its turn may have handed its mappings to a child with a smaller
            // id, whose turn was over: then the list is looked at again, for the new ones.
            let new: Vec<_> = listed.into_iter().filter(|&pid| known.insert(pid)).collect();
            let missed = new.into_iter().filter(|&pid| !this.visit(pid)).count();
            if missed == 0 {
                break;
            }
        }
        // The first process is always there, unless processes of others are hidden (hidepid).
        this.may_be_more |= !known.contains(&1);
        this
    }

    /// Looks at one process. False if it was gone.
    fn visit(&mut self, pid: u32) -> bool {
        match fs::read(format!("/proc/{pid}/maps")) {
            Ok(maps) if maps.is_empty() => self.visit_threads(pid),
            Ok(maps) => self.note(&maps),
            Err(error) if is_gone(&error) => return false,
            Err(_) => self.miss(pid),
        }
        true
    }

    /// Kernel threads map nothing, nor does a process whose first thread has ended; its others may go on.
    fn visit_threads(&mut self, pid: u32) {
        for thread in threads(pid).into_iter().filter(|&thread| thread != pid) {
            match fs::read(format!("/proc/{pid}/task/{thread}/maps")) {
                Ok(maps) if maps.is_empty() => {}
                // They share all that they map.
                Ok(maps) => return self.note(&maps),
                Err(error) if is_gone(&error) => {}
                Err(_) => return self.miss(pid),
            }
        }
    }

    fn miss(&mut self, pid: u32) {
        match Status::of(pid) {
            Some(status) => self.unseen.push(Unseen { status, began: began(pid) }),
            // Gone meanwhile: then it maps nothing.
            None if !Path::new(&format!("/proc/{pid}")).exists() => {}
            None => self.may_be_more = true,
        }
    }

    fn note(&mut self, maps: &[u8]) {
        for mapping in maps.split(|&byte| byte == b'\n').filter_map(Mapping::parse) {
            self.mapped.insert(&mapping);
            if mapping.is_writable {
                self.writable.insert(&mapping);
            }
        }
    }

    /// Whether somebody maps the file; if it is of ours, so that it can be written, for no writer of ours
    /// maps it otherwise, and readers are no sign of life.
    pub(super) fn map(&self, clues: &Clues) -> bool {
        if clues.ours { self.writable.hold(clues) } else { self.mapped.hold(clues) }
    }

    /// Whether every process that may have the file mapped could be looked at.
    pub(super) fn show_all_for(&self, clues: &Clues) -> bool {
        !self.may_be_more && !self.unseen.iter().any(|unseen| unseen.may_map(clues))
    }

    /// Whether somebody may have mapped the file since.
    pub(super) fn are_older_than(&self, clues: &Clues) -> bool {
        let unchanged_since = |changed| changed + CLOCK_TICKS < self.began_by_the_clock;
        self.began < clues.noticed && !clues.changed.is_some_and(unchanged_since)
    }
}

impl Unseen {
    /// Whether it may be a file's writer, or a child that got the mapping from it.
    fn may_map(&self, clues: &Clues) -> bool {
        let Status { uids, pids } = &self.status;
        if clues.pid.is_some_and(|pid| pids.contains(&pid)) {
            return true;
        }
        // A child began when the file was there. Only root's children run under another user id.
        let is_older = |(began, created): (f64, f64)| began + DOUBT < created;
        let had = |uid: u64| uid == 0 || uids.iter().any(|&seen| u64::from(seen) == uid);
        !self.began.zip(clues.created).is_some_and(is_older)
            && (had(clues.owner.into()) || clues.uid.is_some_and(had))
    }
}

/// A line of `/proc/PID/maps` about a file that is mapped to be shared; no writer's is private.
struct Mapping<'a> {
    device: u64,
    inode: u64,
    is_writable: bool,
    path: &'a [u8],
}

impl<'a> Mapping<'a> {
    /// `ADDRESSES PERMISSIONS OFFSET MAJOR:MINOR INODE     PATH`
    fn parse(line: &'a [u8]) -> Option<Self> {
        let mut parts = line.splitn(6, |&byte| byte == b' ');
        let permissions = parts.nth(1)?;
        if permissions.get(3) != Some(&b's') {
            return None;
        }
        let is_writable = permissions[1] == b'w';
        let device = std::str::from_utf8(parts.nth(1)?).ok()?;
        let (major, minor) = device.split_once(':')?;
        let (major, minor) = (u64::from_str_radix(major, 16).ok()?, u64::from_str_radix(minor, 16).ok()?);
        let device = nix::sys::stat::makedev(major, minor);
        let inode = std::str::from_utf8(parts.next()?).ok()?.parse().ok()?;
        let path = parts.next()?.trim_ascii_start();
        Some(Self { device, inode, is_writable, path })
    }
}

/// Whether it is what `/proc` says of a temporary file whose name is gone.
fn is_temporary(name: &[u8]) -> bool {
    name.strip_suffix(b" (deleted)").is_some_and(|name| temporary_pid(OsStr::from_bytes(name)).is_some())
}

fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound || error.raw_os_error() == Some(Errno::ESRCH as i32)
}

/// The first PID namespace sees the processes of all others. Its inode number is part of the kernel's
/// interface (`PROC_PID_INIT_INO` in include/linux/proc_ns.h).
fn is_first_namespace() -> bool {
    fs::read_link("/proc/self/ns/pid").is_ok_and(|link| link == Path::new("pid:[4026531836]"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_cannot_be_seen_is_suspected_only_of_what_it_could_have_done() {
        let clues = |owner, uid, pid, created| {
            let mut clues = Clues::unknown(Path::new("x"));
            (clues.owner, clues.uid, clues.pid, clues.created) = (owner, Some(uid), Some(pid), Some(created));
            clues
        };
        let unseen = |uid, pids: &[u32], began| Unseen {
            status: Status { uids: vec![uid; 4], pids: pids.to_vec() },
            began: Some(began),
        };
        let file = clues(7, 7, 40, 1000.0);
        assert!(!unseen(7, &[90], 900.0).may_map(&file), "older than the file, so no child of its writer");
        assert!(unseen(7, &[90], 999.0).may_map(&file), "the clocks are not that exact");
        assert!(unseen(7, &[90], 1100.0).may_map(&file), "perhaps a child of its writer");
        assert!(!unseen(8, &[90], 1100.0).may_map(&file), "somebody else's");
        assert!(unseen(8, &[90, 40], 900.0).may_map(&file), "the writer itself, in its namespace");
        let file = clues(0, 0, 40, 1000.0);
        assert!(unseen(8, &[90], 1100.0).may_map(&file), "root's children may be anybody");
    }

    #[test]
    fn only_shared_mappings_of_files_count() {
        let parse = |line: &'static str| Mapping::parse(line.as_bytes());
        let shared =
            parse("7f1c-7f1d rw-s 00000000 fe:00 1234                       /tmp/a b (x).mmstats").unwrap();
        assert_eq!((shared.inode, shared.path), (1234, &b"/tmp/a b (x).mmstats"[..]));
        assert!(shared.is_writable);
        assert!(
            !parse("7f1c-7f1d r--s 00000000 fe:00 1234                       /tmp/a").unwrap().is_writable
        );
        assert_eq!(shared.device, nix::sys::stat::makedev(0xfe, 0));
        assert!(parse("7f1c-7f1d r-xp 00000000 fe:00 1234                       /lib/libc.so.6").is_none());
        assert!(parse("7ffc-7ffd rw-p 00000000 00:00 0                          [stack]").is_none());
        assert!(parse("").is_none());
    }
}
