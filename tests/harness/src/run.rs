//! A tool's run, from its environment to its end.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// How a run ended: standard output, standard error, and the exit code unless a signal ended it.
pub type Outcome = (String, String, Option<i32>);

/// What this machine's C library calls an error: it is not the same in all of them.
pub fn words_of(number: i32) -> String {
    let error = std::io::Error::from_raw_os_error(number).to_string();
    error.split(" (os error").next().unwrap_or_default().to_owned()
}

/// How a run ended.
///
/// # Panics
/// If it printed what is no UTF-8.
pub fn outcome(output: &Output) -> Outcome {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (text(&output.stdout), text(&output.stderr), output.status.code())
}

/// Runs a command to its end, without standard input.
///
/// # Panics
/// If it cannot be run, or printed what is no UTF-8.
pub fn run(command: &mut Command) -> Outcome {
    outcome(&command.stdin(Stdio::null()).output().unwrap())
}

/// A tool without the environment that could change what it does. Where no test says where stats files are, it
/// looks where there are none: not at this machine's.
pub fn tool(path: impl AsRef<Path>) -> Command {
    let mut command = Command::new(path.as_ref());
    for name in ["MMSTATS_PATH", "MMSTATS_GLOB", "MMSTATS_FILES", "NO_COLOR", "CLICOLOR_FORCE", "TERM"] {
        command.env_remove(name);
    }
    command.env("TMPDIR", "/proc/no/such/place");
    command
}

/// A tool whose standard output is closed.
pub fn without_stdout(path: &str) -> Command {
    let mut command = tool("sh");
    command.args(["-c", "exec \"$0\" \"$@\" >&-", path]);
    command
}

/// The binary of a tool of another package. Cargo puts all of them into one directory: that of `own`, which is
/// the binary of this package.
///
/// # Panics
/// If it is not there: cargo builds the tools of the packages that it tests, and no others.
pub fn beside(own: &str, tool: &str) -> PathBuf {
    let path = Path::new(own).with_file_name(tool);
    assert!(path.exists(), "{} is not built; `cargo build --workspace` builds it", path.display());
    path
}

/// Copies a program to where every user can run it, if every user can come there. Another process does it: a child
/// that a test's thread forks meanwhile would hold the copy open for writing, and nobody could run it.
///
/// # Panics
/// If it cannot be copied.
pub fn copy_program(program: impl AsRef<Path>, to: &Path) {
    assert!(Command::new("cp").arg(program.as_ref()).arg(to).status().unwrap().success());
    fs::set_permissions(to, Permissions::from_mode(0o755)).unwrap();
}
