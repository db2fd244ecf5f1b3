//! A process, held so that its id cannot come to mean another one.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat, readlinkat};
use nix::sys::stat::Mode;

use super::mapped::Kept;
use super::unit::unit;

/// What is read at a time, at least.
const PAGE: usize = 4096;

/// The directory of a process in `/proc`. Once the process has ended, nothing can be opened in it, whoever has the
/// process id by then.
#[derive(Debug)]
pub(crate) struct Directory(OwnedFd);

impl Directory {
    /// Of a process, or of one of its threads: the first may have ended while others go on.
    pub(crate) fn open(pid: u32, thread: Option<u32>) -> io::Result<Self> {
        let path = match thread {
            None => format!("/proc/{pid}"),
            Some(thread) => format!("/proc/{pid}/task/{thread}"),
        };
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        Ok(Self(open(path.as_str(), flags, Mode::empty()).map_err(named)?))
    }

    /// Opens what is in it, to be read.
    pub(crate) fn file(&self, name: &str) -> io::Result<File> {
        let flags = OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
        Ok(openat(&self.0, name, flags, Mode::empty()).map_err(named)?.into())
    }

    /// Finds what is in it, or where a link in it leads, and does not open it yet.
    pub(crate) fn place(&self, name: &str) -> io::Result<File> {
        let flags = OFlag::O_PATH | OFlag::O_CLOEXEC;
        Ok(openat(&self.0, name, flags, Mode::empty()).map_err(named)?.into())
    }

    pub(crate) fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        read_all(self.file(name)?, &mut bytes)?;
        Ok(bytes)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8_lossy(&self.read_small(name).unwrap_or_default()).into_owned()
    }

    pub(crate) fn link(&self, name: &str) -> io::Result<PathBuf> {
        Ok(readlinkat(&self.0, name).map_err(named)?.into())
    }

    /// The same of what is small: the kernel hands it out as a whole.
    fn read_small(&self, name: &str) -> io::Result<Vec<u8>> {
        let (mut file, mut bytes) = (self.file(name)?, vec![0; PAGE]);
        match file.read(&mut bytes) {
            Ok(count) if count < bytes.len() => {
                bytes.truncate(count);
                Ok(bytes)
            }
            _ => self.read(name),
        }
    }

    /// The directory that the process takes for the root, to look below it.
    pub(crate) fn root(&self) -> io::Result<OwnedFd> {
        let flags = OFlag::O_PATH | OFlag::O_DIRECTORY | OFlag::O_CLOEXEC;
        openat(&self.0, "root", flags, Mode::empty()).map_err(named)
    }

    /// Where it can be found by calls that take a path.
    pub(crate) fn path(&self) -> PathBuf {
        format!("/proc/self/fd/{}", self.0.as_raw_fd()).into()
    }

    /// When the process began, in ticks since the machine's start.
    pub(crate) fn began(&self) -> io::Result<u64> {
        let stat = self.read_small("stat")?;
        // The name, in parentheses, may hold anything; the rest may not.
        let after = stat.iter().rposition(|&byte| byte == b')').map_or(&[][..], |end| &stat[end + 1..]);
        let began =
            std::str::from_utf8(after).ok().and_then(|rest| rest.split_whitespace().nth(19)?.parse().ok());
        began.ok_or_else(|| io::ErrorKind::InvalidData.into())
    }
}

/// Reads all of a file in `/proc`, in place of what was there. None has a size, so the standard library would begin
/// with a few bytes at a time, and each question is work for the kernel.
pub(crate) fn read_all(mut file: File, bytes: &mut Vec<u8>) -> io::Result<()> {
    let mut at = 0;
    loop {
        if bytes.len() < at + PAGE {
            bytes.resize(at + 2 * PAGE, 0);
        }
        match file.read(&mut bytes[at..]) {
            Ok(0) => break,
            Ok(count) => at += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(gone(error)),
        }
    }
    bytes.truncate(at);
    Ok(())
}

/// An error of a process that has ended is one of something that is not there.
fn named(errno: Errno) -> io::Error {
    gone(errno.into())
}

pub(crate) fn gone(error: io::Error) -> io::Error {
    if error.raw_os_error() == Some(Errno::ESRCH as i32) { io::ErrorKind::NotFound.into() } else { error }
}

/// A process that has stats files mapped.
#[derive(Debug)]
pub struct Process {
    pub(crate) pid: u32,
    pub(crate) thread: Option<u32>,
    pub(crate) began: u64,
    own_pid: OnceLock<u32>,
    unit: OnceLock<Option<String>>,
    /// For the first that asks.
    first: Mutex<Option<Kept<Directory>>>,
    /// Its root directory, as `/proc` names it.
    pub(crate) root: PathBuf,
    /// Whether it has this program's root directory, in this program's mount namespace.
    pub(crate) is_at_home: bool,
}

impl PartialEq for Process {
    fn eq(&self, other: &Self) -> bool {
        (self.pid, self.thread, self.began, &self.root) == (other.pid, other.thread, other.began, &other.root)
    }
}

impl Eq for Process {}

impl Process {
    pub(crate) fn of(pid: u32, thread: Option<u32>, began: u64, directory: &Directory) -> io::Result<Self> {
        let root = directory.link("root")?;
        let mounts = directory.link("ns/mnt").ok();
        let (own_root, own_mounts) = home();
        let is_at_home = mounts.is_some() && mounts == *own_mounts && Some(&root) == own_root.as_ref();
        let (own_pid, unit) = (OnceLock::new(), OnceLock::new());
        Ok(Self { pid, thread, began, own_pid, unit, first: Mutex::new(None), root, is_at_home })
    }

    /// Keeps its directory open for the first that asks, if that leaves enough descriptors for everything else.
    pub(crate) fn keep(&self, directory: Directory) {
        *self.first.lock().unwrap_or_else(PoisonError::into_inner) = Kept::keep(directory);
    }

    /// Keeps it open no longer: nobody is going to ask.
    pub(crate) fn let_go(&self) {
        self.first.lock().unwrap_or_else(PoisonError::into_inner).take();
    }

    /// Its id, as this program's PID namespace has it.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Its id in its own PID namespace; its id here if it has ended before anybody asked.
    #[must_use]
    pub fn own_pid(&self) -> u32 {
        *self.own_pid.get_or_init(|| {
            // If it has ended, that is its id here as well.
            if self.is_in_own_namespace() {
                return self.pid;
            }
            let status = self.directory().map_or(String::new(), |directory| directory.text("status"));
            let ids = status.lines().find_map(|line| line.strip_prefix("NStgid:"));
            // Kernels before 4.1 do not say.
            ids.and_then(|ids| ids.split_whitespace().last()?.parse().ok()).unwrap_or(self.pid)
        })
    }

    /// Whether its ids are the same here and there.
    fn is_in_own_namespace(&self) -> bool {
        static OWN: OnceLock<Option<PathBuf>> = OnceLock::new();
        let own = OWN.get_or_init(|| {
            // Another PID namespace's `/proc` has other ids, and tells of each of ours in turn.
            let status = std::fs::read_to_string("/proc/self/status").ok()?;
            let ids = status.lines().find_map(|line| line.strip_prefix("NStgid:"))?;
            let is_ours = ids.split_whitespace().count() == 1;
            is_ours.then(|| std::fs::read_link("/proc/self/ns/pid").ok())?
        });
        let link = || std::fs::read_link(format!("/proc/{}/ns/pid", self.pid)).ok();
        own.is_some() && link() == *own
    }

    /// The container or the unit that it is in: `docker-3f2a...`, `web.service`. `None` also if it has ended before
    /// anybody asked.
    #[must_use]
    pub fn unit(&self) -> Option<&str> {
        let find = || unit(&self.directory().ok()?.text("cgroup"));
        self.unit.get_or_init(find).as_deref()
    }

    /// It, unless it has ended.
    pub(crate) fn directory(&self) -> io::Result<Directory> {
        if let Some(first) =
            self.first.lock().unwrap_or_else(PoisonError::into_inner).take().and_then(Kept::take)
        {
            return Ok(first);
        }
        let directory = Directory::open(self.pid, self.thread)?;
        if directory.began()? == self.began { Ok(directory) } else { Err(io::ErrorKind::NotFound.into()) }
    }
}

/// This program's root directory and its mount namespace.
fn home() -> &'static (Option<PathBuf>, Option<PathBuf>) {
    static HOME: OnceLock<(Option<PathBuf>, Option<PathBuf>)> = OnceLock::new();
    HOME.get_or_init(|| {
        let link = |name: &str| std::fs::read_link(format!("/proc/self/{name}")).ok();
        (link("root"), link("ns/mnt"))
    })
}

/// The processes that `/proc` lists, in order.
pub(crate) fn all() -> io::Result<BTreeSet<u32>> {
    let mut pids = BTreeSet::new();
    for entry in std::fs::read_dir("/proc")? {
        pids.extend(entry?.file_name().to_str().and_then(|name| name.parse::<u32>().ok()));
    }
    Ok(pids)
}

/// The threads of a process but the first.
pub(crate) fn other_threads(pid: u32) -> Vec<u32> {
    let listing = std::fs::read_dir(format!("/proc/{pid}/task"));
    let number = |entry: std::fs::DirEntry| entry.file_name().to_str()?.parse::<u32>().ok();
    listing.map_or(Vec::new(), |listing| {
        listing.flatten().filter_map(number).filter(|&thread| thread != pid).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_that_is_used_again_is_that_of_another_process() {
        let pid = std::process::id();
        let directory = Directory::open(pid, None).unwrap();
        let process = Process::of(pid, None, directory.began().unwrap(), &directory).unwrap();
        assert!(process.directory().is_ok());
        let before = Process { began: process.began - 1, ..process };
        assert_eq!(before.directory().err().map(|error| error.kind()), Some(io::ErrorKind::NotFound));
    }

    #[test]
    fn this_process_is_at_home_and_tells_its_ids() {
        let pid = std::process::id();
        let directory = Directory::open(pid, None).unwrap();
        let process = Process::of(pid, None, directory.began().unwrap(), &directory).unwrap();
        assert!(process.is_at_home && all().unwrap().contains(&pid));
        assert_eq!((process.pid(), other_threads(pid).contains(&pid)), (pid, false));
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let own = status.lines().find(|line| line.starts_with("NSpid:")).unwrap();
        assert!(own.ends_with(&format!("\t{}", process.own_pid())), "{own}");
    }
}
