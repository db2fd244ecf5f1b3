"""Copies of a file that its writer may change at the same time."""

import mmap
import os

LARGEST = 256 << 20


class Descriptor:
    """Copies whole files by pread(2), into memory that begins on a page boundary: numbers are never torn then.

    The file is not mapped: if another process made it shorter, this one would be killed.
    """

    def __init__(self, descriptor):
        self.descriptor = descriptor

    def look(self):
        size = min(os.fstat(self.descriptor).st_size, LARGEST)
        if size == 0:
            return b""
        with mmap.mmap(-1, size) as copy:
            done = 0
            while done < size:
                with memoryview(copy) as view, view[done:] as rest:
                    read = os.preadv(self.descriptor, [rest], done)
                if read == 0:
                    break
                done += read
            return copy[:done]


class Buffer:
    """Looks at a mapping, or at bytes."""

    def __init__(self, content):
        self.content = content

    def look(self):
        return bytes(self.content[:LARGEST])


def of(data):
    """What looks at a file-like object: an open file, a mapping, or whatever can be read."""
    if isinstance(data, mmap.mmap):
        return Buffer(data)
    try:
        return Descriptor(data.fileno())
    except (AttributeError, OSError):
        return Buffer(data.read())
