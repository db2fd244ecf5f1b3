//! What the tests of the tools share: files made byte by byte, and a tool's run.

#![allow(clippy::unwrap_used, dead_code, unreachable_pub)]

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// One field, as version 1 of the format has it.
pub fn field(label: &[u8], code: &str, index: u8, values: &[u8]) -> Vec<u8> {
    let mut bytes = u16::try_from(label.len()).unwrap().to_ne_bytes().to_vec();
    bytes.extend(label);
    bytes.extend(u16::try_from(code.len()).unwrap().to_ne_bytes());
    bytes.extend(code.as_bytes());
    bytes.push(index);
    bytes.extend(values);
    bytes
}

/// A `Q` in two buffers.
pub fn counter(label: &str, value: u64) -> Vec<u8> {
    field(label.as_bytes(), "Q", 1, &[value.to_ne_bytes(), [0; 8]].concat())
}

/// A `d` in one buffer.
pub fn double(label: &str, value: f64) -> Vec<u8> {
    field(label.as_bytes(), "d", 0xff, &value.to_ne_bytes())
}

/// Text in one buffer, with a NUL behind it.
pub fn text(label: &str, value: &[u8]) -> Vec<u8> {
    field(label.as_bytes(), &format!("{}s", value.len() + 1), 0xff, &[value, b"\0"].concat())
}

/// Writes a stats file of these fields.
pub fn write(dir: &Path, name: impl AsRef<Path>, fields: &[Vec<u8>]) -> PathBuf {
    let path = dir.join(name);
    fs::write(&path, [&[1][..], &fields.concat(), &[0, 0]].concat()).unwrap();
    path
}

/// How a run ended, as a test wants to see it: standard output, standard error, exit code.
pub fn outcome(output: &Output) -> (String, String, Option<i32>) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

/// A tool without the environment that could change what it does.
pub fn tool(path: &str) -> Command {
    let mut command = Command::new(path);
    for name in ["MMSTATS_PATH", "MMSTATS_GLOB", "MMSTATS_FILES", "NO_COLOR", "CLICOLOR_FORCE", "TERM"] {
        command.env_remove(name);
    }
    command
}

/// A tool whose standard output is closed.
pub fn without_stdout(path: &str) -> Command {
    let mut command = tool("sh");
    command.args(["-c", "exec \"$0\" \"$@\" >&-", path]);
    command
}

/// Whether `program` is there; says that the test is skipped where not.
#[allow(clippy::print_stderr)]
pub fn has(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let there = std::env::split_paths(&paths).any(|dir| dir.join(OsStr::new(program)).exists());
    if !there {
        eprintln!("skipped: {program} is not installed");
    }
    there
}

/// A process that seems to write to files as the original does, and ends with this.
pub struct InPlace(std::process::Child);

impl InPlace {
    pub fn begin() -> Self {
        Self(Command::new("sleep").arg("1000").spawn().unwrap())
    }

    /// Writes anew in place: the file is cut to nothing, then made of zeros, then filled.
    pub fn write(&self, path: &Path, hits: u64) {
        use std::os::unix::fs::FileExt;
        use std::time::{SystemTime, UNIX_EPOCH};
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64();
        let pid = field(b"app.sys.pid", "I", 0xff, &self.0.id().to_ne_bytes());
        let fields = [pid, double("app.sys.created", now), counter("app.hits", hits)];
        let file = fs::File::create(path).unwrap();
        file.set_len(4096).unwrap();
        file.write_all_at(&fields.concat(), 1).unwrap();
        file.write_all_at(&[1], 0).unwrap();
    }
}

impl Drop for InPlace {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}
