"""Room on the disk for what is stored into a mapping: no store may find it gone."""

import errno
import os
import resource

# They look for a new place at each store, even if blocks were allocated: on a full disk the store would be a SIGBUS.
REFUSED = ("btrfs", "bcachefs", "nilfs2")


def file_system(path):
    """The type of the file system that a directory is on, as /proc/self/mounts has it, or ``unknown``."""
    path = os.path.realpath(path)
    found, longest = "unknown", -1
    try:
        with open("/proc/self/mounts", "rb") as mounts:
            for line in mounts:
                _, point, kind = line.split(b" ")[:3]
                # A blank in a name is \\040.
                point = os.fsdecode(point.decode("unicode_escape").encode("latin-1"))
                inside = path == point or path.startswith(point.rstrip("/") + "/")
                # Of two mounts on one directory the later one is seen.
                if inside and len(point) >= longest:
                    found, longest = kind.decode(), len(point)
    except (OSError, ValueError):
        return "unknown"
    return found


def allocate(descriptor, begin, end):
    """Makes sure of blocks for these bytes.

    OSError: the disk is full, or the process may not make files of this size. The kernel would say the latter with a
    SIGXFSZ, which ends a program.
    """
    most = resource.getrlimit(resource.RLIMIT_FSIZE)[0]
    if most != resource.RLIM_INFINITY and end > most:
        raise OSError(errno.EFBIG, os.strerror(errno.EFBIG))
    os.posix_fallocate(descriptor, begin, end - begin)
