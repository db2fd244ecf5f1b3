//! The lifetime lock, by which others see that a file's writer lives.
//!
//! It is two locks on one open file description. A write lock (`F_OFD_SETLK`) says that the writer lives:
//! only somebody who may write the file can take it, and it can be asked about without taking anything. A
//! `flock` keeps systemd-tmpfiles off. The kernel drops both when the description's last reference goes.
//! A mapping is one, so the descriptor need not stay open; but not on a file system that lies upon
//! others and hands the mapping on to them. There, a [`LockHolder`] keeps the descriptor.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, IntoRawFd, RawFd};

use nix::fcntl::{FcntlArg, FlockArg, fcntl};
use nix::libc;
use nix::sys::resource::{Resource, getrlimit};
use nix::sys::statfs::fstatfs;

use crate::disk::identity::Identity;

/// File systems where a mapping may refer to a file below, and so keep no lock. From the kernel's
/// `include/uapi/linux/magic.h`, but for aufs, which is not in it.
const HAND_ON_MAPPINGS: [u32; 4] = [
    0x794c_7630, // overlayfs: measured
    0x6573_5546, // FUSE, which may pass files through
    0xf15f,      // eCryptfs
    0x6175_6673, // aufs
];

/// Whether some process holds the lifetime lock. Takes nothing itself.
pub(crate) fn is_locked(file: &File) -> io::Result<bool> {
    // A read lock conflicts with a write lock only, so no reader's lock is mistaken for a writer's.
    let mut question = whole_file(libc::F_RDLCK);
    fcntl(file, FcntlArg::F_OFD_GETLK(&mut question))?;
    Ok(i32::from(question.l_type) != libc::F_UNLCK)
}

/// Takes the lifetime lock.
pub(crate) fn lock(file: &File) -> io::Result<()> {
    fcntl(file, FcntlArg::F_OFD_SETLK(&whole_file(libc::F_WRLCK)))?;
    flock_shared(file.as_raw_fd())?;
    Ok(())
}

/// Whether the file's mappings keep its lock.
pub(crate) fn is_kept_by_mappings(file: &File) -> bool {
    file_system(file).is_none_or(|magic| !HAND_ON_MAPPINGS.contains(&magic))
}

/// The number of the kind of file system that a file is on.
pub(crate) fn file_system(file: &File) -> Option<u32> {
    // The type's width differs between platforms; all numbers are of 32 bits.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    fstatfs(file).ok().map(|system| system.filesystem_type().0 as u32)
}

/// A descriptor that stays open to hold the lock. A forked child has it, too, until it calls exec.
pub(crate) struct LockHolder {
    /// Taken by `Drop` only.
    file: Option<File>,
    identity: Identity,
}

impl LockHolder {
    /// # Errors
    /// `EMFILE` for a descriptor out of the last quarter of those that the process may have. The program
    /// wants some, too, and there is one of these for each thread that publishes.
    pub(crate) fn new(file: File, identity: Identity) -> io::Result<Self> {
        let (most, _) = getrlimit(Resource::RLIMIT_NOFILE)?;
        // The system gives the lowest number that is free: all below it are in use.
        let number = u64::try_from(file.as_raw_fd()).unwrap_or_default();
        #[allow(clippy::useless_conversion)] // Of 32 bits on some platforms.
        if number >= u64::from(most - most / 4) {
            return Err(nix::errno::Errno::EMFILE.into());
        }
        Ok(Self { file: Some(file), identity })
    }

    /// The file, to let it grow.
    pub(crate) fn file(&self) -> Option<&File> {
        // Daemons close all descriptors that they find. Then the lock is lost, and the descriptor's
        // number may be another file's by now.
        let is_same =
            |file: &&File| file.metadata().is_ok_and(|metadata| Identity::of(&metadata) == self.identity);
        self.file.as_ref().filter(is_same)
    }
}

impl Drop for LockHolder {
    fn drop(&mut self) {
        let is_ours = self.file().is_some();
        let Some(file) = self.file.take() else { return };
        if !is_ours {
            // Not ours to close.
            let _ = file.into_raw_fd();
        }
    }
}

/// nix's successor of this function gives the lock back when its guard goes, and the guard holds the
/// descriptor: but this lock is to outlive the descriptor.
#[allow(deprecated)]
fn flock_shared(descriptor: RawFd) -> nix::Result<()> {
    nix::fcntl::flock(descriptor, FlockArg::LockSharedNonblock)
}

/// A lock of this kind (`F_WRLCK` and so on) on all of a file.
#[must_use]
pub fn whole_file(kind: i32) -> libc::flock {
    #[allow(clippy::cast_possible_truncation)]
    libc::flock { l_type: kind as i16, l_whence: libc::SEEK_SET as i16, l_start: 0, l_len: 0, l_pid: 0 }
}
