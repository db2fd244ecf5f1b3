//! Renaming that replaces nothing, and renaming that exchanges two names.
//!
//! nix has the system call with glibc alone. With other C libraries this does what it does on a file system that lacks
//! it (NFS): a hard link does not replace either, and there is no exchange.

use std::os::fd::BorrowedFd;
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, AtFlags};
use nix::unistd::{UnlinkatFlags, linkat, unlinkat};

/// Renames, and replaces nothing.
///
/// # Errors
/// `EEXIST` where the name is taken.
pub(crate) fn rename_to_free(from: &Path, to: &Path) -> nix::Result<()> {
    rename_to_free_in(AT_FDCWD, from, to)
}

/// The same for names below a directory.
pub(crate) fn rename_to_free_in(
    directory: BorrowedFd<'_>,
    from: impl AsRef<Path>,
    to: impl AsRef<Path>,
) -> nix::Result<()> {
    let (from, to) = (from.as_ref(), to.as_ref());
    match renameat2(directory, from, to, Flags::NoReplace) {
        Err(Errno::EINVAL | Errno::ENOSYS) => link(directory, from, to),
        other => other,
    }
}

/// Exchanges two names.
///
/// # Errors
/// `EINVAL` or `ENOSYS` where that cannot be done at all.
pub(crate) fn exchange(a: &Path, b: &Path) -> nix::Result<()> {
    renameat2(AT_FDCWD, a, b, Flags::Exchange)
}

#[derive(Clone, Copy)]
enum Flags {
    NoReplace,
    Exchange,
}

#[cfg(target_env = "gnu")]
fn renameat2(directory: BorrowedFd<'_>, from: &Path, to: &Path, flags: Flags) -> nix::Result<()> {
    use nix::fcntl::RenameFlags;
    let flags = match flags {
        Flags::NoReplace => RenameFlags::RENAME_NOREPLACE,
        Flags::Exchange => RenameFlags::RENAME_EXCHANGE,
    };
    nix::fcntl::renameat2(directory, from, directory, to, flags)
}

#[cfg(not(target_env = "gnu"))]
fn renameat2(_directory: BorrowedFd<'_>, _from: &Path, _to: &Path, flags: Flags) -> nix::Result<()> {
    match flags {
        Flags::NoReplace | Flags::Exchange => Err(Errno::ENOSYS),
    }
}

fn link(directory: BorrowedFd<'_>, from: &Path, to: &Path) -> nix::Result<()> {
    linkat(directory, from, directory, to, AtFlags::empty())?;
    unlinkat(directory, from, UnlinkatFlags::NoRemoveDir)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_name_that_is_taken_is_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b, c) = (dir.path().join("a"), dir.path().join("b"), dir.path().join("c"));
        let link = |from: &Path, to: &Path| link(AT_FDCWD, from, to);
        for rename in [rename_to_free as fn(&Path, &Path) -> _, link] {
            fs::write(&a, "a").unwrap();
            fs::write(&b, "b").unwrap();
            assert_eq!(rename(&a, &b), Err(Errno::EEXIST));
            assert_eq!((fs::read(&a).unwrap(), fs::read(&b).unwrap()), (b"a".to_vec(), b"b".to_vec()));
            rename(&a, &c).unwrap();
            assert!(!a.exists());
            assert_eq!(fs::read(&c).unwrap(), b"a");
            fs::remove_file(&c).unwrap();
        }
    }
}
