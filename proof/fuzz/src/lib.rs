//! What the fuzz targets share: a file whose bytes are the input, a place that output goes to, and what
//! must be true of output whatever was in the file.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::rc::Rc;

use cli::{Output, Stop, Tool};
use nix::fcntl::{FcntlArg, fcntl};
use nix::libc;

/// A file that is filled again and again. Its lifetime lock is held, so that the tools take its writer to
/// be alive without asking the system about all processes.
pub struct Scratch {
    file: File,
    path: PathBuf,
}

impl Scratch {
    /// One in memory, where there is such a place.
    pub fn new() -> io::Result<Self> {
        let memory = Path::new("/dev/shm");
        let dir = if memory.is_dir() { memory.to_owned() } else { std::env::temp_dir() };
        // The name has a part that must be escaped.
        let path = dir.join(format!("fuzz\x1b[31m-{}.mmstats", std::process::id()));
        let file = File::options().read(true).write(true).create(true).truncate(true).open(&path)?;
        fcntl(&file, FcntlArg::F_OFD_SETLK(&mmstats::whole_file(libc::F_WRLCK)))?;
        Ok(Self { file, path })
    }

    /// Makes the file these bytes and no more.
    pub fn fill(&self, bytes: &[u8]) {
        let filled = self.file.set_len(0).and_then(|()| self.file.write_all_at(bytes, 0));
        assert!(filled.is_ok(), "{filled:?}");
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// It, open once more.
    pub fn file(&self) -> File {
        match self.file.try_clone() {
            Ok(file) => file,
            Err(error) => panic!("{error}"),
        }
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // One that stays behind in /dev/shm is harmless.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// The scratch file of this process.
pub fn with_scratch<T>(work: impl FnOnce(&Scratch) -> T) -> T {
    thread_local!(static SCRATCH: io::Result<Scratch> = Scratch::new());
    SCRATCH.with(|scratch| match scratch {
        Ok(scratch) => work(scratch),
        Err(error) => panic!("{error}"),
    })
}

/// Two files in one input: its first two bytes say how long the first of them is.
pub fn split(data: &[u8]) -> (&[u8], &[u8]) {
    match data {
        [low, high, rest @ ..] => rest.split_at(rest.len().min(u16::from_le_bytes([*low, *high]).into())),
        short => (short, &[]),
    }
}

/// Runs what needs a [`Tool`]. That something could not be read is no failure here.
pub fn run(main: impl FnOnce(&Tool) -> Result<(), Stop>) {
    let _: ExitCode = cli::run("fuzz", |tool| {
        match main(tool) {
            Ok(()) | Err(Stop::Failed) => {}
            Err(stop) => panic!("{stop:?}"),
        }
        Ok(())
    });
}

#[derive(Clone, Default)]
struct Gathered(Rc<RefCell<Vec<u8>>>);

impl Write for Gathered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.borrow_mut().extend(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What `print` prints.
pub fn printed(print: impl FnOnce(&mut Output) -> Result<(), Stop>) -> String {
    let gathered = Gathered::default();
    let mut out = Output::to(Box::new(gathered.clone()));
    let done = print(&mut out).and_then(|()| out.flush());
    assert!(done.is_ok(), "{done:?}");
    drop(out);
    match String::from_utf8(gathered.0.take()) {
        Ok(text) => text,
        Err(error) => panic!("not UTF-8: {error}"),
    }
}

/// Nothing in the output acts on a terminal, turns the direction of writing, or ends a line where none
/// ends.
pub fn assert_clean(text: &str) {
    let bad = text.chars().find(|&char| {
        (char.is_control() && char != '\n' && char != '\t')
            || matches!(char,
                '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    });
    assert_eq!(bad, None, "{text:?}");
    assert!(text.is_empty() || text.ends_with('\n'), "{text:?}");
}

/// As [`assert_clean`]; and every line has this number of fields.
pub fn assert_records(text: &str, fields: usize) {
    assert_clean(text);
    for line in text.lines() {
        assert_eq!(line.split('\t').count(), fields, "{line:?}");
    }
}

/// As [`assert_clean`]; and every line is an object.
pub fn assert_objects(text: &str) {
    assert_clean(text);
    for line in text.lines() {
        match serde_json::from_str::<serde_json::Value>(line) {
            Ok(value) => assert!(value.is_object() && !line.contains('\t'), "{line:?}"),
            Err(error) => panic!("{error}: {line:?}"),
        }
    }
}

/// What is coloured is what is plain, but for colours: nothing that a file holds passes for one.
pub fn assert_same_but_for_color(colored: &str, plain: &str) {
    let mut rest = colored;
    let mut without = String::with_capacity(colored.len());
    while let Some(at) = rest.find('\x1b') {
        without.push_str(&rest[..at]);
        let sequence = &rest[at + 1..];
        let Some(parameters) = sequence.strip_prefix('[') else { panic!("{sequence:?}") };
        let end = parameters.find(|char: char| !char.is_ascii_digit() && char != ';');
        match end {
            Some(end) if parameters[end..].starts_with('m') => rest = &parameters[end + 1..],
            _ => panic!("{sequence:?}"),
        }
    }
    without.push_str(rest);
    assert_eq!(without, plain);
}
