"""Mappings of a file. The application may close descriptors that it did not open, as daemons do, and open files of its
own, which get the same numbers: those are not to be touched."""

import mmap
import os
import sys

# The mmap module has no name for it.
MAP_FIXED = 0x10

_kept = []


def identity(descriptor):
    """Which file a descriptor is of, or None if it is of none."""
    try:
        status = os.fstat(descriptor)
    except OSError:
        return None
    return status.st_dev, status.st_ino


if sys.version_info >= (3, 13):

    class Mapping(mmap.mmap):
        """A mapping without a descriptor."""

        def __new__(cls, descriptor, begin, size):
            return super().__new__(cls, descriptor, size, offset=begin, trackfd=False)

        def spare(self):
            """Nothing is closed with it."""
            return False
else:

    class Mapping(mmap.mmap):
        """A mapping that has a copy of the descriptor, and closes its number with itself, whatever that is by then."""

        def __new__(cls, descriptor, begin, size):
            # The copy gets the lowest number that is free. Python does not tell it.
            number = os.dup(descriptor)
            os.close(number)
            self = super().__new__(cls, descriptor, size, offset=begin)
            self.number, self.identity, self.is_kept = number, identity(descriptor), False
            if identity(number) != self.identity:
                # Another thread has opened something meanwhile.
                numbers = map(int, os.listdir("/proc/self/fd"))
                same = [one for one in numbers if one != descriptor and identity(one) == self.identity]
                self.number = max(same, default=None)
            return self

        def spare(self, is_now=False):
            """If the number is not this file's, or may become another's before the end of a mapping that is not closed
            now, the mapping becomes private memory that is never given back. True: it is."""
            if not self.is_kept and not self.closed and self.number is not None:
                found = identity(self.number)
                if found != self.identity and not (found is None and is_now):
                    _keep(self)
                    self.is_kept = True
            return self.is_kept

        def close(self):
            if not self.spare(True):
                super().close()


def _keep(mapping):
    """At the end of the interpreter as well: a file that is flushed after that would lose its end."""
    try:
        import ctypes
    except ImportError:
        _kept.append(mapping)
        return
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(mapping))
    # A child that keeps its parent's mapping would keep its lock.
    replace = ctypes.CDLL(None).mmap
    replace.restype = ctypes.c_void_p
    replace.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
    at = ctypes.addressof(ctypes.c_char.from_buffer(mapping))
    how = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | MAP_FIXED
    replace(at, len(mapping), mmap.PROT_READ | mmap.PROT_WRITE, how, -1, 0)
