//! What a machine lacks is said in one line, and the test returns.

use std::io::Write;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

/// Says that a test is skipped, past cargo's own harness, which keeps what passing tests print.
#[allow(clippy::explicit_write)] // eprintln! would be kept from sight.
pub fn skip(reason: &str) {
    writeln!(std::io::stderr(), "skipped: {reason}").unwrap();
}

/// Whether `program` is installed; says that the test is skipped where not.
pub fn has(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let there = std::env::split_paths(&paths).any(|dir| dir.join(program).exists());
    if !there {
        skip(&format!("{program} is not installed"));
    }
    there
}

/// Whether this machine can reach itself; says that the test is skipped where not, as with no network at all.
pub fn has_loopback() -> bool {
    let listener = std::net::TcpListener::bind("127.0.0.1:0");
    let can = listener.and_then(|listener| std::net::TcpStream::connect(listener.local_addr()?)).is_ok();
    if !can {
        skip("the loopback interface is down");
    }
    can
}

/// A user that owns nothing.
pub const STRANGER: u32 = 54321;

/// Whether what root starts as another user may enter `dir`, as directories for temporary files may be one user's
/// alone; says that the test is skipped where not. Who is not root becomes nobody else.
pub fn strangers_may_enter(dir: &Path) -> bool {
    // The identity is taken before the directory is entered.
    let enter = || Command::new("true").uid(STRANGER).gid(STRANGER).current_dir(dir).status();
    let may = !nix::unistd::geteuid().is_root() || enter().is_ok();
    if !may {
        skip("other users may not enter the directory for temporary files");
    }
    may
}
