//! What a stats file is called: template, environment, default places.

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
#[cfg(publishes)]
use std::sync::atomic::{AtomicU64, Ordering};

#[cfg(publishes)]
use nix::errno::Errno;

use crate::error::{Error, Reason};
use crate::system::{os_string, temp_dir, thread_id};

/// The file name template where neither the program nor `MMSTATS_FILES` gives one.
pub const DEFAULT_TEMPLATE: &str = "{CMD}-{PID}-{TID}.mmstats";

/// What replaces `{TID}` in the file that holds the counts of a process's ended threads. No
/// thread has this id.
pub(crate) const FOLDED_TID: i64 = 0;

/// What the names that readers look for end with.
#[cfg(publishes)]
pub(crate) const EXTENSION: &[u8] = b".mmstats";

/// What a writer's temporary name begins with; its process id and a number follow, then [`TEMP_END`].
pub const TEMP_START: &str = ".mmstats-";
/// What a writer's temporary name ends with.
pub const TEMP_END: &str = ".new";

/// The directory where writers put their files and readers look for them: `MMSTATS_PATH`, else the
/// temp directory (`TMPDIR`, else `/tmp`). An empty variable counts as none.
#[must_use]
pub fn default_dir() -> PathBuf {
    match variable("MMSTATS_PATH") {
        Some(path) => path.into(),
        None => variable("TMPDIR").map_or_else(temp_dir, PathBuf::from),
    }
}

/// `MMSTATS_FILES`, else [`DEFAULT_TEMPLATE`].
#[must_use]
pub(crate) fn default_template() -> OsString {
    variable("MMSTATS_FILES").unwrap_or_else(|| DEFAULT_TEMPLATE.into())
}

fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

/// What replaces the parts of a template.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    pub(crate) cmd: OsString,
    pub(crate) pid: u32,
    pub(crate) tid: i64,
    /// The model's name.
    pub(crate) model: &'static str,
}

impl Names {
    /// This program, this process, this thread.
    pub(crate) fn here(model: &'static str) -> Self {
        let argv0 = env::args_os().next().unwrap_or_default();
        let cmd = Path::new(&argv0).file_name().unwrap_or(OsStr::new("unknown")).to_owned();
        Self { cmd, pid: std::process::id(), tid: thread_id(), model }
    }
}

/// Puts `names` in place of `{CMD}`, `{PID}`, `{TID}` and `{MODEL}`, each any number of times.
///
/// # Errors
/// [`crate::ErrorKind::Template`] for any other brace, and for a NUL.
pub(crate) fn expand(template: &OsStr, names: &Names) -> Result<OsString, Error> {
    expand_with(template, names, names.tid.to_string().as_bytes())
}

/// The name with a mark in place of each `{TID}`, the rest expanded: what the names of one process's
/// threads have in common. `None` where the template has no `{TID}`.
pub(crate) fn family(template: &OsStr, names: &Names) -> Result<Option<OsString>, Error> {
    // A NUL cannot come from the template: `expand_with` refuses it.
    let marked = expand_with(template, names, b"\0")?;
    Ok(Some(marked).filter(|marked| marked.as_encoded_bytes().contains(&0)))
}

/// Whether a template gives each process a name of its own. Two instances that come by the same name then
/// are of one process, or of two that cannot see each other, and either may have another name.
pub(crate) fn names_a_process(template: &OsStr) -> bool {
    let has = |key: &[u8]| template.as_encoded_bytes().windows(key.len()).any(|part| part == key);
    has(b"{PID}") || has(b"{TID}")
}

/// Whether a template gives different processes of a command different paths.
#[cfg(publishes)]
pub(crate) fn differs_by_process(template: &OsStr) -> bool {
    let has = |key: &[u8]| template.as_encoded_bytes().windows(key.len()).any(|part| part == key);
    [&b"{PID}"[..], b"{TID}", b"{MODEL}"].into_iter().any(has)
}

/// The name that is tried where `path` and those before it are held: `.2`, `.3` and so on at its end, but
/// before `.mmstats`, by which readers know the file.
#[cfg(publishes)]
pub(crate) fn numbered(path: &Path, number: u32) -> PathBuf {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let (start, end) = match name.strip_suffix(EXTENSION) {
        Some(start) => (start, EXTENSION),
        None => (name, &b""[..]),
    };
    let name = [start, format!(".{number}").as_bytes(), end].concat();
    path.with_file_name(os_string(name))
}

/// The names that a program's files have, whichever of its processes and threads they are of.
#[cfg(publishes)]
#[derive(Debug)]
pub(crate) struct Pattern {
    /// The template's expansion, with a NUL in place of each number and [`MODEL`] in place of each model's name.
    marked: Vec<u8>,
    /// Whether there may be a number at the end: see [`numbered`].
    may_be_numbered: bool,
}

/// Stands for a model's name; a file name has no slash.
#[cfg(publishes)]
const MODEL: u8 = b'/';

#[cfg(publishes)]
impl Pattern {
    /// The names that a template gives.
    ///
    /// # Errors
    /// As [`expand`].
    pub(crate) fn of(template: &OsStr, names: &Names) -> Result<Self, Error> {
        let parts = Parts { cmd: names.cmd.as_encoded_bytes(), pid: b"\0", tid: b"\0", model: &[MODEL] };
        let marked = replace(template, &parts)?.into_encoded_bytes();
        Ok(Self { marked, may_be_numbered: names_a_process(template) })
    }

    /// Whether a file name is one of these.
    pub(crate) fn matches(&self, name: &OsStr) -> bool {
        let name = name.as_encoded_bytes();
        let before_number = || {
            let (start, end) =
                name.strip_suffix(EXTENSION).map_or((name, &b""[..]), |start| (start, EXTENSION));
            let dot = start.iter().rposition(|&byte| byte == b'.')?;
            let number = &start[dot + 1..];
            let is_number = !number.is_empty() && number.iter().all(u8::is_ascii_digit);
            is_number.then(|| [&start[..dot], end].concat())
        };
        matches(&self.marked, name)
            || (self.may_be_numbered && before_number().is_some_and(|name| matches(&self.marked, &name)))
    }
}

#[cfg(publishes)]
fn matches(marked: &[u8], name: &[u8]) -> bool {
    match marked {
        [] => name.is_empty(),
        [0, rest @ ..] => {
            let digits = name.iter().take_while(|byte| byte.is_ascii_digit()).count();
            (1..=digits).any(|digits| matches(rest, &name[digits..]))
        }
        [MODEL, rest @ ..] => (0..=name.len()).any(|end| matches(rest, &name[end..])),
        [byte, rest @ ..] => name.first() == Some(byte) && matches(rest, &name[1..]),
    }
}

/// What comes in place of what is in braces.
struct Parts<'a> {
    cmd: &'a [u8],
    pid: &'a [u8],
    tid: &'a [u8],
    model: &'a [u8],
}

pub(crate) fn bad_template(template: &OsStr, what: &'static str) -> Error {
    let text = template.to_string_lossy().into_owned();
    Error::new(PathBuf::from(template), Reason::Template { template: text, what })
}

fn expand_with(template: &OsStr, names: &Names, tid: &[u8]) -> Result<OsString, Error> {
    if names.model.contains(['/', '\0']) {
        return Err(bad_template(template, "the model's name has a / or a NUL"));
    }
    let (cmd, pid, model) = (names.cmd.as_encoded_bytes(), names.pid.to_string(), names.model.as_bytes());
    replace(template, &Parts { cmd, pid: pid.as_bytes(), tid, model })
}

fn replace(template: &OsStr, parts: &Parts<'_>) -> Result<OsString, Error> {
    let bad = |what| bad_template(template, what);
    let mut out = Vec::with_capacity(template.len() + 16);
    let mut rest = template.as_encoded_bytes();
    while let [byte, tail @ ..] = rest {
        match byte {
            b'{' => {
                let (part, tail) = [
                    (&b"{CMD}"[..], parts.cmd),
                    (b"{PID}", parts.pid),
                    (b"{TID}", parts.tid),
                    (b"{MODEL}", parts.model),
                ]
                .iter()
                .find_map(|(key, part)| Some((*part, rest.strip_prefix(*key)?)))
                .ok_or_else(|| bad("only {CMD}, {PID}, {TID} and {MODEL} may be in braces"))?;
                out.extend_from_slice(part);
                rest = tail;
                continue;
            }
            b'}' => return Err(bad("a closing brace without an opening one")),
            0 => return Err(bad("holds a NUL")),
            byte => out.push(*byte),
        }
        rest = tail;
    }
    Ok(os_string(out))
}

/// Calls `take` with temporary names of this process until it takes one. `EEXIST` from it means that a name is not free:
/// it was left by a dead process of this id, or is used by one in another container.
///
/// # Errors
/// What else `take` fails with, and `EEXIST` after a thousand names.
#[cfg(publishes)]
#[doc(hidden)]
pub fn take_temporary<T>(mut take: impl FnMut(&OsStr) -> Result<T, Errno>) -> Result<(T, OsString), Errno> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let pid = std::process::id();
    for _ in 0..1000 {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let name = OsString::from(format!("{TEMP_START}{pid}-{number}{TEMP_END}"));
        match take(&name) {
            Ok(taken) => return Ok((taken, name)),
            Err(Errno::EEXIST) => {}
            Err(errno) => return Err(errno),
        }
    }
    Err(Errno::EEXIST)
}

/// The process id in a temporary name, if it is one.
#[cfg(publishes)]
pub(crate) fn temporary_pid(name: &OsStr) -> Option<u32> {
    let middle = name.to_str()?.strip_prefix(TEMP_START)?.strip_suffix(TEMP_END)?;
    let (pid, number) = middle.split_once('-')?;
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if digits(pid) && digits(number) { pid.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ErrorKind;

    fn names() -> Names {
        Names { cmd: "web".into(), pid: 12, tid: 345, model: "Web" }
    }

    #[test]
    fn parts_may_be_there_any_number_of_times() {
        let expand = |template: &str| expand(OsStr::new(template), &names()).unwrap();
        assert_eq!(expand(DEFAULT_TEMPLATE), "web-12-345.mmstats");
        assert_eq!(expand("{PID}.{PID}{TID}"), "12.12345");
        assert_eq!(expand("{MODEL}-{PID}.mmstats"), "Web-12.mmstats");
        assert_eq!(expand("plain"), "plain");
    }

    #[test]
    fn other_braces_are_errors() {
        for template in ["{", "}", "{pid}", "{PID", "{model}", "{}", "{{PID}}", "{CMD}}", "a\0b"] {
            let error = expand(OsStr::new(template), &names()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Template, "{template:?}");
        }
    }

    #[test]
    fn a_command_with_braces_is_taken_as_it_is() {
        let odd = Names { cmd: "{TID}".into(), ..names() };
        assert_eq!(expand(OsStr::new("{CMD}-{TID}"), &odd).unwrap(), "{TID}-345");
    }

    #[test]
    fn threads_of_one_process_are_a_family() {
        let family = |template: &str, names| family(OsStr::new(template), &names).unwrap();
        let sibling = Names { tid: 7, ..names() };
        assert_eq!(family(DEFAULT_TEMPLATE, names()), family(DEFAULT_TEMPLATE, sibling));
        assert!(family(DEFAULT_TEMPLATE, names()) != family(DEFAULT_TEMPLATE, Names { pid: 13, ..names() }));
        assert_eq!(family("{CMD}-{PID}", names()), None, "no thread id in the template");
    }

    #[test]
    fn a_number_comes_before_what_readers_look_for() {
        let numbered = |path: &str| numbered(Path::new(path), 2).into_os_string().into_string().unwrap();
        assert_eq!(numbered("/tmp/web-12-345.mmstats"), "/tmp/web-12-345.2.mmstats");
        assert_eq!(numbered("/tmp/12.345"), "/tmp/12.345.2");
        assert!(names_a_process(OsStr::new(DEFAULT_TEMPLATE)) && !names_a_process(OsStr::new("{CMD}")));
    }

    #[cfg(publishes)]
    #[test]
    fn names_of_other_processes_are_known() {
        let is_like = |template: &str, name: &str| {
            Pattern::of(OsStr::new(template), &names()).unwrap().matches(OsStr::new(name))
        };
        for name in ["web-1-2.mmstats", "web-77-0.mmstats", "web-1-2.3.mmstats"] {
            assert!(is_like(DEFAULT_TEMPLATE, name), "{name}");
        }
        for name in [
            "web-1.mmstats",
            "web-departed-0.mmstats",
            "we-1-2.mmstats",
            "web-1-2.x.mmstats",
            "web-1-2.mmstats~",
        ] {
            assert!(!is_like(DEFAULT_TEMPLATE, name), "{name}");
        }
        assert!(is_like("{TID}.{MODEL}.{CMD}{PID}", "5.Other.web9") && is_like("{PID}", "5.2"));
        assert!(is_like("{CMD}", "web") && !is_like("{CMD}", "web.2"), "no process has a number then");
    }

    #[cfg(publishes)]
    #[test]
    fn temporary_names_say_whose_they_are() {
        let pid = |name: &str| temporary_pid(OsStr::new(name));
        assert_eq!(pid(".mmstats-12-0.new"), Some(12));
        for other in [".mmstats-12.new", ".mmstats--0.new", ".mmstats-12-.new", ".mmstats-+1-0.new"] {
            assert_eq!(pid(other), None, "{other}");
        }
        assert_eq!(pid(".mmstats-12-0.new~"), None);
        assert_eq!(pid("x.mmstats"), None);
    }
}
