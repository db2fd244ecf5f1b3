//! One process, as `/proc` shows it.

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::PathBuf;

use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::{Pid, SysconfVar, sysconf};

/// What became of a process id.
pub(super) enum Process {
    /// Nobody has it.
    Gone,
    /// Somebody has it, and that is all that may be known.
    Hidden,
    /// Somebody has it.
    Seen {
        /// It has ended, all its threads, and its parent has not noticed yet.
        is_zombie: bool,
        /// Seconds since 1970.
        began: Option<f64>,
        /// Real, effective, saved and file system user id.
        uids: Option<Vec<u32>>,
    },
}

impl Process {
    /// Looks at the process that has `pid` now.
    pub(super) fn of(pid: u32) -> Self {
        let directory = PathBuf::from(format!("/proc/{pid}"));
        match fs::read_to_string(directory.join("stat")) {
            Ok(stat) => {
                let Some((state, began)) = state_and_start(&stat) else { return Self::Hidden };
                // The first thread may end while others go on: it is a zombie then, the process is not.
                let is_zombie = matches!(state, "Z" | "X") && threads(pid).len() <= 1;
                Self::Seen { is_zombie, began, uids: Status::of(pid).map(|status| status.uids) }
            }
            // `/proc` may hide it (hidepid), or may not be there at all: the kernel knows.
            Err(_) => match i32::try_from(pid).map(|pid| kill(Pid::from_raw(pid), None)) {
                Ok(Err(Errno::ESRCH)) => Self::Gone,
                _ => Self::Hidden,
            },
        }
    }
}

/// The process's state, and when it began.
fn state_and_start(stat: &str) -> Option<(&str, Option<f64>)> {
    // The command's name, in parentheses, may hold anything; the rest may not.
    let mut rest = stat.rsplit_once(')')?.1.split_whitespace();
    let state = rest.next()?;
    let ticks: f64 = rest.nth(18)?.parse().ok()?;
    Some((state, boot_time().map(|boot| boot + ticks / ticks_per_second())))
}

/// What a process's `status` says.
pub(super) struct Status {
    /// Real, effective, saved and file system user id. Not the owner of the process's directory in `/proc`,
    /// which is root where a process may not be looked into by its like, such as one that has given up
    /// root's rights.
    pub(super) uids: Vec<u32>,
    /// Its id here and in the PID namespaces below.
    pub(super) pids: Vec<u32>,
}

impl Status {
    pub(super) fn of(pid: u32) -> Option<Self> {
        // Bytes: the process's name comes first, and is whatever the process wants.
        let status = fs::read(format!("/proc/{pid}/status")).ok()?;
        let numbers = |key: &[u8]| -> Option<Vec<u32>> {
            let line = status.split(|&byte| byte == b'\n').find_map(|line| line.strip_prefix(key))?;
            std::str::from_utf8(line).ok()?.split_whitespace().map(|number| number.parse().ok()).collect()
        };
        // Kernels before 4.1 do not say.
        let pids = numbers(b"NSpid:").unwrap_or_else(|| vec![pid]);
        Some(Self { uids: numbers(b"Uid:")?, pids })
    }
}

/// When a process began, in seconds since 1970.
pub(super) fn began(pid: u32) -> Option<f64> {
    state_and_start(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?.1
}

/// The ids of a process's threads, as far as they can be read.
pub(super) fn threads(pid: u32) -> Vec<u32> {
    let listing = fs::read_dir(format!("/proc/{pid}/task"));
    listing.map_or(Vec::new(), |listing| listing.flatten().filter_map(|e| number(&e.file_name())).collect())
}

/// The processes that `/proc` lists.
pub(super) fn all() -> io::Result<Vec<u32>> {
    let mut pids = Vec::new();
    for entry in fs::read_dir("/proc")? {
        pids.extend(number(&entry?.file_name()));
    }
    Ok(pids)
}

fn number(name: &OsStr) -> Option<u32> {
    name.to_str()?.parse().ok()
}

fn boot_time() -> Option<f64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    stat.lines().find_map(|line| line.strip_prefix("btime ")?.trim().parse().ok())
}

fn ticks_per_second() -> f64 {
    let ticks = sysconf(SysconfVar::CLK_TCK).ok().flatten().unwrap_or(100);
    #[allow(clippy::cast_precision_loss)]
    let ticks = ticks as f64;
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_may_be_called_anything() {
        let numbers: Vec<_> = (4..=52).map(|n| n.to_string()).collect();
        let stat = format!("17 (a) Z (b) R {}", numbers.join(" "));
        let (state, began) = state_and_start(&stat).unwrap();
        assert_eq!(state, "R");
        let began = began.unwrap() - boot_time().unwrap();
        assert!((began - 22.0 / ticks_per_second()).abs() < 1e-3, "field 22 is the start, not {began}");
    }

    #[test]
    fn this_process_is_seen() {
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs_f64();
        let Process::Seen { is_zombie, began, uids } = Process::of(std::process::id()) else {
            panic!("not seen")
        };
        assert!(!is_zombie);
        assert!((now - 3600.0..now + 2.0).contains(&began.unwrap()), "began {began:?}, now {now}");
        assert_eq!(uids.unwrap()[0], nix::unistd::getuid().as_raw());
        assert!(all().unwrap().contains(&std::process::id()));
    }
}
