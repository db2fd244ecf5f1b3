//! What the file of a command's departed is called, and what it says of the files that it holds.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;

use crate::disk::name::EXTENSION;
use crate::format::value::Value;
use crate::read::Snapshot;
use crate::write::fold::FOLDED_LABEL;

/// The label by which a file says that it holds the counts of removed files. Its value is the list of those that may
/// still be there: [`identity`], with blanks between them.
pub const DEPARTED_LABEL: &str = "sys.departed";

/// Between the command and the owner in the name.
const MIDDLE: &[u8] = b"-departed-";

/// What the file of a command's departed is called. `uid` is the owner of the removed files.
#[must_use]
pub fn departed_name(command: &[u8], uid: u32) -> OsString {
    let uid = uid.to_string();
    OsString::from_vec([command, MIDDLE, uid.as_bytes(), EXTENSION].concat())
}

/// The command and the owner in the name of such a file.
#[must_use]
pub fn departed(name: &OsStr) -> Option<(&[u8], u32)> {
    let stem = name.as_bytes().strip_suffix(EXTENSION)?;
    let digits = stem.iter().rposition(|byte| !byte.is_ascii_digit())? + 1;
    let uid = std::str::from_utf8(&stem[digits..]).ok()?.parse().ok()?;
    let command = stem[..digits].strip_suffix(MIDDLE).filter(|command| !command.is_empty())?;
    Some((command, uid))
}

/// Whether a file holds the counts of removed files: it has such a name, says so, and belongs to the user in its name
/// or to root.
#[must_use]
pub fn is_departed(snapshot: &Snapshot) -> bool {
    let Some((_, uid)) = snapshot.path().file_name().and_then(departed) else { return false };
    let owner = snapshot.file().and_then(|file| file.metadata().ok()).map(|metadata| metadata.uid());
    owner.is_some_and(|owner| owner == uid || owner == 0) && snapshot.find(DEPARTED_LABEL).is_some()
}

/// The files on the list of such a file.
#[must_use]
pub fn listed(snapshot: &Snapshot) -> HashSet<String> {
    match snapshot.find(DEPARTED_LABEL).map(|field| field.value()) {
        Some(Value::Text(list)) => {
            String::from_utf8_lossy(list).split_ascii_whitespace().map(str::to_owned).collect()
        }
        _ => HashSet::new(),
    }
}

/// The number of the state that such a file is in. No two states of a command's departed have the same.
#[must_use]
pub fn state_of(snapshot: &Snapshot) -> i128 {
    snapshot.find(FOLDED_LABEL).and_then(|field| field.value().as_integer()).unwrap_or_default()
}

/// Which file this is, as the list has it: inode, process, when it was made, name. Another file may get its name and
/// its inode, but it is made at another time.
#[must_use]
pub fn identity(snapshot: &Snapshot) -> String {
    let inode = snapshot.file().and_then(|file| file.metadata().ok()).map_or(0, |metadata| metadata.ino());
    let pid = snapshot.find("sys.pid").and_then(|field| field.value().as_integer()).unwrap_or_default();
    let created = snapshot.find("sys.created").and_then(|field| field.value().as_f64()).unwrap_or_default();
    let mut identity = format!("{inode}:{pid}:{created:?}:");
    for &byte in snapshot.path().file_name().unwrap_or_default().as_bytes() {
        match byte {
            b'%' | 0..=b' ' | 0x7f.. => identity.push_str(&format!("%{byte:02x}")),
            byte => identity.push(char::from(byte)),
        }
    }
    identity
}

/// The inode and the name in an identity.
#[must_use]
pub fn place_of(identity: &str) -> Option<(u64, OsString)> {
    let mut parts = identity.splitn(4, ':');
    let inode = parts.next()?.parse().ok()?;
    let mut rest = parts.nth(2)?.bytes();
    let mut name = Vec::new();
    while let Some(byte) = rest.next() {
        name.push(match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                u8::from_str_radix(std::str::from_utf8(&digits).ok()?, 16).ok()?
            }
            byte => byte,
        });
    }
    Some((inode, OsString::from_vec(name)))
}

/// The command that has made a file: what the name `CMD-PID-TID.mmstats` begins with. In a name of another form, the
/// process id and the thread id are `{PID}` and `{TID}`, so that it is the same for all processes of a command.
#[must_use]
pub fn command_of(snapshot: &Snapshot) -> Vec<u8> {
    let name = snapshot.path().file_name().unwrap_or_default();
    if let Some((command, _)) = departed(name).filter(|_| is_departed(snapshot)) {
        return command.to_vec();
    }
    let number = |ending: &str| snapshot.find(ending)?.value().as_integer();
    let ids = [number("sys.pid"), number("sys.tid")];
    let (command, elsewhere) = split(name.as_bytes(), ids);
    general(command, ids, elsewhere)
}

/// What the kernel puts after the path of a file that a process has mapped and that has no name any more.
const DELETED: &[u8] = b" (deleted)";

/// The command in a file name `CMD-PID-TID.mmstats`, or `CMD-PID-TID.2.mmstats`, or whatever is before the
/// ending.
#[must_use]
pub fn command(name: &[u8], pid: Option<i128>, tid: Option<i128>) -> &[u8] {
    split(name, [pid, tid]).0
}

/// The command in a file name, and whether the process id and the thread id were behind it.
fn split(name: &[u8], [pid, tid]: [Option<i128>; 2]) -> (&[u8], [bool; 2]) {
    let name = name.strip_suffix(DELETED).unwrap_or(name);
    let stem = name.strip_suffix(EXTENSION).unwrap_or(name);
    let numbered = stem.iter().rposition(|&byte| byte == b'.').map(|dot| stem.split_at(dot));
    let mut command = match (numbered, tid) {
        (Some((rest, [b'.', digits @ ..])), Some(tid))
            if !digits.is_empty()
                && digits.iter().all(u8::is_ascii_digit)
                && rest.ends_with(format!("-{tid}").as_bytes()) =>
        {
            rest
        }
        _ => stem,
    };
    let mut without = |number: Option<i128>| {
        let rest = number.and_then(|number| command.strip_suffix(format!("-{number}").as_bytes()));
        command = rest.unwrap_or(command);
        rest.is_some()
    };
    let has_tid = without(tid);
    let has_pid = without(pid);
    if command.is_empty() { (stem, [false; 2]) } else { (command, [has_pid, has_tid]) }
}

/// A command without the numbers of one process. A number next to a letter is an id only if the name has that id nowhere
/// else: process 1 of `web1` has `web1-1-1`.
fn general(command: &[u8], [pid, tid]: [Option<i128>; 2], [has_pid, has_tid]: [bool; 2]) -> Vec<u8> {
    let mut parts = Vec::new();
    let mut before = None;
    let mut rest = command;
    for part in command.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()) {
        rest = &rest[part.len()..];
        let is_letter = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphabetic);
        let digits = std::str::from_utf8(part).ok().filter(|_| part[0].is_ascii_digit());
        let number = digits.and_then(|digits| digits.parse::<i128>().ok());
        parts.push((part, number, is_letter(before) || is_letter(rest.first())));
        before = part.last();
    }
    let is_alone = |id: Option<i128>| parts.iter().any(|(_, number, is_next)| *number == id && !is_next);
    let ids = [(pid, has_pid || is_alone(pid), "{PID}"), (tid, has_tid || is_alone(tid), "{TID}")];
    let mut general = Vec::with_capacity(command.len());
    for (part, number, is_next) in &parts {
        // The first thread of a process has its id.
        let id = ids.iter().find(|(id, ..)| number.is_some() && id == number);
        match id {
            Some((_, is_elsewhere, key)) if !(*is_next && *is_elsewhere) => general.extend(key.as_bytes()),
            _ => general.extend_from_slice(part),
        }
    }
    general
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_back() {
        let name = departed_name(b"web", 1000);
        assert_eq!(name, "web-departed-1000.mmstats");
        assert_eq!(departed(&name), Some((&b"web"[..], 1000)));
        for other in
            ["web-1-2.mmstats", "-departed-1.mmstats", "web-departed-.mmstats", "web-departed-1", "1.mmstats"]
        {
            assert_eq!(departed(OsStr::new(other)), None, "{other}");
        }
    }

    #[test]
    fn the_command_is_found_in_the_file_name() {
        assert_eq!(command(b"web-12-34.mmstats", Some(12), Some(34)), b"web");
        assert_eq!(command(b"web-12-34.mmstats (deleted)", Some(12), Some(34)), b"web");
        assert_eq!(command(b"web-12-34.2.mmstats", Some(12), Some(34)), b"web");
        assert_eq!(command(b"web.2.mmstats", Some(12), Some(34)), b"web.2");
        assert_eq!(command(b"a-b-12.mmstats", Some(12), Some(34)), b"a-b");
        assert_eq!(command(b"other.mmstats", Some(12), None), b"other");
        assert_eq!(command(b"-12.mmstats", Some(12), None), b"-12");
    }

    #[test]
    fn a_command_is_the_same_for_all_of_its_processes() {
        let of = |name: &str, tid| {
            let ids = [Some(12), Some(tid)];
            let (command, elsewhere) = split(name.as_bytes(), ids);
            String::from_utf8(general(command, ids, elsewhere)).unwrap()
        };
        let general = |command: &str| {
            String::from_utf8(general(command.as_bytes(), [Some(12), Some(13)], [false; 2])).unwrap()
        };
        assert_eq!(general("web"), "web");
        assert_eq!(general("web12.12-13"), "web12.{PID}-{TID}");
        assert_eq!(general("12"), "{PID}");
        assert_eq!(general("012/é/1"), "{PID}/é/1");
        assert_eq!(general("shop12"), "shop{PID}");
        assert_eq!(general("a12b13"), "a{PID}b{TID}");
        assert_eq!(of("shop12-13", 13), "shop{PID}");
        assert_eq!(of("shop12-12", 12), "shop{PID}");
        // Its name has the number of the process.
        assert_eq!(of("web12-12-13", 13), "web12");
        assert_eq!(of("web12-12-12", 12), "web12");
        assert_eq!(general("web123"), "web123");
    }

    #[test]
    fn identities_lead_back() {
        assert_eq!(place_of("12:34:1.5:a%20b%25:c"), Some((12, OsString::from("a b%:c"))));
        for wrong in ["", "12", "12:34:1.5", "x:34:1.5:a", "1:2:3:%2", "1:2:3:%zz"] {
            assert_eq!(place_of(wrong), None, "{wrong}");
        }
    }
}
