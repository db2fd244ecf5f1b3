"""The lifetime lock of a file, and whether another file's writer may be alive."""

import fcntl
import os
import struct

from . import reader

# struct flock: type, whence, start, length, pid.
FLOCK = "hhqqi0q"
ENDINGS = ("sys.pid", "org.mmstats.version", "org.python.version")


def take(descriptor):
    """Says that the writer is alive, until the last copy of the descriptor is closed.

    The write lock can only be taken with permission to write the file. The other one keeps systemd-tmpfiles away.
    """
    whole = struct.pack(FLOCK, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
    fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, whole)
    fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)


def is_locked(descriptor):
    """Whether somebody holds the write lock. This takes no lock."""
    asked = struct.pack(FLOCK, fcntl.F_RDLCK, os.SEEK_SET, 0, 0, 0)
    answer = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, asked)
    return struct.unpack(FLOCK, answer)[0] != fcntl.F_UNLCK


def is_dead(descriptor, file_system):
    """Whether the writer of an open file is dead for sure: it had promised to hold the lock, and does not.

    On an overlayfs a mapping alone does not keep the lock. A writer of this package keeps a descriptor, too; its process
    must be gone as well.
    """
    if is_locked(descriptor) or file_system == "unknown":
        return False
    try:
        fields = reader.read_descriptor(descriptor)
    except (OSError, reader.InvalidMmStatsVersion):
        return False
    ids = {ending: field.value for field in fields for ending in ENDINGS if field.label.endswith(ending)}
    if file_system == "overlay" and ("org.python.version" not in ids or exists(ids.get("sys.pid"))):
        return False
    # Asked again: a writer may have come between.
    return "org.mmstats.version" in ids and not is_locked(descriptor)


def exists(pid):
    """Whether there may be a process with this id."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, TypeError, OverflowError):
        pass
    return True
