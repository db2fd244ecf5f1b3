"""Memory with views of numbers in it.

A number is stored by assigning to an element of a memoryview that was cast to the number's type. That is one store:
CPython packs the element with ``memcpy`` of the type's fixed size from a local variable (``PACK_SINGLE`` in
``memoryview.c``), which compilers make one move of that size, and the places of mmstats(5) are on the number's natural
boundary. ``struct.pack_into`` is not used on what readers look at: it fills the place with zeros first, and readers saw
them.
"""

import contextlib
import platform
import struct
import threading

_FENCE = threading.Lock()


def _fence():
    """No store after this becomes visible before a store that is before it.

    What is before the first release stays before it, what is after the second acquire stays after it, and an acquire
    does not pass the release before it.
    """
    with _FENCE:
        pass
    with _FENCE:
        pass


# Processors of the x86 family keep the order of stores by themselves.
if platform.machine().lower() in ("x86_64", "amd64", "i386", "i486", "i586", "i686"):

    def fence():
        """Stores are in order on this processor."""
else:
    fence = _fence


class Segment:
    """Bytes of the file from ``start`` on, in memory. All offsets are those of the file."""

    def __init__(self, start, buffer):
        self.start, self.end = start, start + len(buffer)
        self._buffer = buffer
        self._bytes = memoryview(buffer)
        self._views = [self._bytes]

    def cells(self, letter, at, count=1):
        """A view of ``count`` numbers, of the type that the struct module calls ``letter``."""
        raw = self.bytes(at, count * struct.calcsize(letter))
        cells = raw.cast(letter)
        self._views.append(cells)
        return cells

    def bytes(self, at, size):
        """A view of bytes."""
        raw = self._bytes[at - self.start : at - self.start + size]
        self._views.append(raw)
        return raw

    def hold(self, holder):
        """``holder`` has a pointer to a view: before the memory is given back, ``release`` is called."""
        self._views.append(holder)

    def fill(self, at, content):
        """Copies bytes that no reader looks at yet."""
        self._bytes[at - self.start : at - self.start + len(content)] = content

    def publish_u32(self, at, number):
        """Stores a number that makes what was stored before visible."""
        fence()
        self.cells("I", at)[0] = number

    def publish_u16(self, at, number):
        """The same for a number of two bytes."""
        fence()
        self.cells("H", at)[0] = number

    def sync(self):
        """Waits until the bytes are on the disk."""
        if hasattr(self._buffer, "flush"):
            self._buffer.flush()

    def spare(self):
        """Before the memory goes: a file that has the number of its descriptor by now is not closed with it."""
        if hasattr(self._buffer, "spare"):
            self._buffer.spare()

    def close(self):
        """Gives the memory back. No view of it can be used after that."""
        # What has a view before the view.
        for view in reversed(self._views):
            view.release()
        self._views = []
        if hasattr(self._buffer, "close"):
            # A thread that the fork has ended may have been using a part of a view: then the mapping stays.
            with contextlib.suppress(BufferError):
                self._buffer.close()


class Segments:
    """All memory of one file."""

    def __init__(self):
        self.segments = []

    def find(self, begin, end):
        """The memory that has all of these bytes, or None."""
        for segment in self.segments:
            if segment.start <= begin and end <= segment.end:
                return segment
        return None

    def extend(self, begin, end):
        """Makes sure that there is memory for these bytes, and gives it."""
        found = self.find(begin, end)
        if found is None:
            found = self.make(begin, end)
            self.segments.append(found)
        return found

    def close(self):
        for segment in self.segments:
            segment.close()
        self.segments = []


class PrivateMemory(Segments):
    """Memory that no reader sees."""

    def make(self, begin, end):
        return Segment(begin, bytearray(max(end - begin, 4096)))
