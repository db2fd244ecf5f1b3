"""Version 1 of the file, as mmstats(5) describes it: a field is its label, its type and its values, packed."""

import struct

VERSION = 1
UNBUFFERED = 0xFF
CACHE_LINE = 64
LARGEST = 256 << 20  # Readers look no further.
CODES = dict(u64="Q", u32="I", u16="H", u8="B", i64="q", i32="i", i16="h", i8="b", f64="d", f32="f", bool="?")


def place(at, label, code, size, align, buffered):
    """How many blanks come before the type, the offset of the write buffer, and where the field ends."""
    for pad in range(max(2 * align, 2) * CACHE_LINE):
        index_at = at + 4 + len(label) + pad + len(code)
        end = index_at + 1 + size * (2 if buffered else 1)
        one_line = align == 1 or not buffered or index_at // CACHE_LINE == (end - 1) // CACHE_LINE
        if (index_at + 1) % align == 0 and one_line and end % 2 == 0:
            return pad, index_at, end
    raise AssertionError("there is a place within two lines")


class Schema:
    """Adds fields to memory: a reader sees the whole field or nothing of it."""

    def __init__(self, memory):
        self.memory = memory
        self.end = 1
        memory.extend(0, 1).fill(0, bytes([VERSION]))

    def new_line(self):
        pass

    def add(self, label, description):
        """Adds a field. Gives the memory of its current value, and its offset there."""
        encoded = label.encode()
        if not 1 <= len(encoded) <= 0xFFFF or encoded.endswith(b"\0"):
            raise ValueError("%r is no label: 1 to 65535 bytes" % label[:100])
        code, size, buffered = description.code.encode(), description.size1, description.buffered
        align = 1 if code.endswith(b"s") else size
        pad, index_at, end = place(self.end, encoded, code, size, align, buffered)
        if end > LARGEST:
            raise ValueError("%s: the file would be too large" % label)
        home = self.memory.extend(self.end, end)
        head = encoded + struct.pack("=H", pad + len(code)) + b" " * pad + code
        home.fill(self.end + 2, head + bytes([0 if buffered else UNBUFFERED]))
        # Buffer 0 is spare at first, so the value goes into buffer 1.
        value_at = index_at + 1 + (size if buffered else 0)
        home.fill(value_at, description.value1)
        home.publish_u16(self.end, len(encoded))
        self.end = end
        return home, value_at
