//! Room on the disk for what is stored into a mapping: no store may find it gone.

use std::fs::File;
use std::io;

use nix::errno::Errno;
use nix::fcntl::posix_fallocate;
use nix::libc::off_t;
use nix::sys::resource::{Resource, getrlimit};

use crate::disk::lock::file_system;

/// File systems that write a block to a new place each time and look for that place when a store comes: on a
/// full disk the store is a `SIGBUS`, whatever was allocated before. From the kernel's
/// `include/uapi/linux/magic.h`, but for bcachefs, which is not in it any more.
///
/// Not ZFS, which takes stores into the page cache and looks for room when it writes them back. Nor F2FS
/// and XFS, which overwrite in place as far as room is concerned; on XFS unless the file shares its blocks
/// with a copy.
const LOOK_FOR_ROOM: [(u32, &str); 3] =
    [(0x9123_683e, "btrfs"), (0xca45_1a4e, "bcachefs"), (0x3434, "NILFS2")];

/// The name of the file system, if a store may fail there although the file has its blocks.
pub(super) fn may_refuse_stores(file: &File) -> Option<&'static str> {
    let found = file_system(file)?;
    LOOK_FOR_ROOM.iter().find_map(|&(magic, name)| (magic == found).then_some(name))
}

/// Makes sure of blocks for the bytes `from..to`.
///
/// # Errors
/// `EFBIG` where the process may not make files so large: the kernel would say it with a `SIGXFSZ`, which
/// ends a program. And what `posix_fallocate` says.
pub(super) fn allocate(file: &File, from: usize, to: usize) -> io::Result<()> {
    let offset = |at: usize| off_t::try_from(at).map_err(|_| Errno::EFBIG);
    let (most, _) = getrlimit(Resource::RLIMIT_FSIZE)?;
    // "Unlimited" is the largest number there is.
    if usize::try_from(most).is_ok_and(|most| to > most) {
        return Err(Errno::EFBIG.into());
    }
    let (at, length) = (offset(from)?, offset(to - from)?);
    while let Err(errno) = posix_fallocate(file, at, length) {
        if errno != Errno::EINTR {
            return Err(errno.into());
        }
    }
    Ok(())
}
