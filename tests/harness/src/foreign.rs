//! Stats files as a writer other than ours makes them: no lock, no label of ours.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use crate::skip;

/// The labels that a file is to have.
#[derive(Clone, Copy, Debug, Default)]
pub struct Foreign {
    /// `app.sys.pid`.
    pub pid: Option<u32>,
    /// `app.sys.uid`.
    pub uid: Option<u64>,
    /// `app.sys.created`, in seconds since 1970.
    pub created: Option<f64>,
}

impl Foreign {
    /// A file that this user's process `pid` made just now.
    pub fn of(pid: u32) -> Self {
        let uid = Some(nix::unistd::getuid().as_raw().into());
        Self { pid: Some(pid), uid, created: Some(now()) }
    }

    /// The same, made at another time.
    pub fn created(self, created: f64) -> Self {
        Self { created: Some(created), ..self }
    }

    /// The same, of another user.
    pub fn uid(self, uid: u64) -> Self {
        Self { uid: Some(uid), ..self }
    }

    /// What is in the file.
    pub fn bytes(self) -> Vec<u8> {
        let mut bytes = vec![1];
        let mut add = |label: &str, code: &str, value: &[u8]| {
            for text in [label, code] {
                bytes.extend(u16::try_from(text.len()).unwrap().to_ne_bytes());
                bytes.extend(text.as_bytes());
            }
            bytes.push(0xff);
            bytes.extend(value);
        };
        if let Some(pid) = self.pid {
            add("app.sys.pid", "I", &pid.to_ne_bytes());
        }
        if let Some(uid) = self.uid {
            add("app.sys.uid", "Q", &uid.to_ne_bytes());
        }
        if let Some(created) = self.created {
            add("app.sys.created", "d", &created.to_ne_bytes());
        }
        add("app.hits", "Q", &7_u64.to_ne_bytes());
        bytes.resize(4096, 0);
        bytes
    }

    /// Writes the file.
    ///
    /// # Panics
    /// If it cannot be written.
    pub fn write(self, dir: &Path, name: &str) -> PathBuf {
        let path = dir.join(name);
        fs::write(&path, self.bytes()).unwrap();
        // Whatever the umask is.
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        path
    }
}

/// Seconds since 1970.
pub fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

/// An id that no process has: the kernel gives out smaller ones only (PID_MAX_LIMIT). That of a process that has ended
/// could be used again at any moment.
pub fn gone_pid() -> u32 {
    4 << 20
}

/// For a file whose process id went to a younger process since: long enough before now for the clocks to tell,
/// and no longer, since whatever began after it, and may not be looked into, may be a child of its writer.
pub fn some_time_ago() -> f64 {
    now() - 5.0
}

/// Whether this process sees all others that may have made a file [`some_time_ago`] or later, so that it can
/// tell which are gone. Says so if not.
///
/// # Panics
/// If the kernel says what it never says.
pub fn sees_all_processes() -> bool {
    let sees = fs::read_link("/proc/self/ns/pid").is_ok_and(|link| link == Path::new("pid:[4026531836]"))
        && Path::new("/proc/1/status").exists();
    if !sees {
        skip("not in the first PID namespace, where alone the absence of a process is seen");
        return false;
    }
    let processes = fs::read_dir("/proc").unwrap().flatten();
    let hidden = processes.map(|entry| entry.path()).find(|process| is_young_and_hidden(process));
    if let Some(process) = &hidden {
        skip(&format!("{} began just now, and may not be looked into", process.display()));
    }
    hidden.is_none()
}

/// Whether it is a process of this user, any if that is root, that began within the last ten seconds by the clock
/// that counts from the machine's start, and whose mappings are not shown.
fn is_young_and_hidden(process: &Path) -> bool {
    let read = |name: &str| fs::read_to_string(process.join(name)).ok();
    let denied = |error: std::io::Error| error.kind() == std::io::ErrorKind::PermissionDenied;
    let is_process = process.join("stat").exists();
    if !is_process || !fs::read(process.join("maps")).is_err_and(denied) {
        return false;
    }
    let us = nix::unistd::getuid();
    let is_ours = |status: String| {
        let uids = status.lines().find_map(|line| line.strip_prefix("Uid:"));
        uids.is_some_and(|uids| uids.split_whitespace().any(|uid| uid == us.to_string()))
    };
    let (Some(stat), Some(status)) = (read("stat"), read("status")) else { return false };
    let ticks = stat.rsplit_once(')').unwrap().1.split_whitespace().nth(19).unwrap().parse::<f64>().unwrap();
    let uptime = fs::read_to_string("/proc/uptime").unwrap();
    let uptime = uptime.split_whitespace().next().unwrap().parse::<f64>().unwrap();
    let per_second = nix::unistd::sysconf(nix::unistd::SysconfVar::CLK_TCK).unwrap().unwrap();
    #[allow(clippy::cast_precision_loss)]
    let began = ticks / per_second as f64;
    (us.is_root() || is_ours(status)) && began > uptime - 10.0
}
