"""Version 2 of the file, as mmstats(5) describes it: where values and records go, and their bytes."""

import struct
import sys

VERSION = 2
HEAD = struct.pack("=BBHI", VERSION, 1 if sys.byteorder == "little" else 2, 0, 8)
BLOCK, FIELD = 0, 1
CACHE_LINE, BLOCK_WORDS = 64, 512
LARGEST = 256 << 20  # Readers look no further.
DATA_TYPES = dict(
    u64=1, u32=2, u16=3, u8=4, i64=5, i32=6, i16=7, i8=8, f64=9, f32=10, bool=11,
    text=12, fixed_text=13, mean=14, recent=15, histogram=16, window=17,
)
METRIC_TYPES = dict(unknown=0, counter=1, gauge=2, timestamp=3, info=4, mean=5, histogram=6, window=7, recent=8)
FIELD_HEAD = struct.Struct("=HHHHIII")


def up(number, to):
    return -(-number // to) * to


class Placer:
    """Gives values and records their places, one after the other.

    Small values share blocks of 64 words that begin with a cache line. A value of several words is not in two lines.
    A larger value has a block of its own.
    """

    def __init__(self):
        self.end = len(HEAD)
        self.free = self.block_end = 0

    def value(self, size):
        """The place for a value, and the block that has to be made for it: its offset and its size, or None."""
        size = up(max(size, 1), 8)
        if size > CACHE_LINE:
            block = self._block(size)
            return up(block[0] + 8, CACHE_LINE), block
        at, block = self.free, None
        if at // CACHE_LINE != (at + size - 1) // CACHE_LINE:
            at = up(at, CACHE_LINE)
        if at + size > self.block_end:
            block = self._block(BLOCK_WORDS)
            at = up(block[0] + 8, CACHE_LINE)
            self.block_end = at + BLOCK_WORDS
        self.free = at + size
        return at, block

    def record(self, size):
        """The place for a record."""
        at, self.end = self.end, self.end + up(size, 8)
        return at

    def new_line(self):
        """The next small value begins with a cache line."""
        self.free = up(self.free, CACHE_LINE)

    def _block(self, size):
        at = self.end
        self.end = up(at + 8, CACHE_LINE) + size
        return at, self.end - at


def field(label, data, metric, value_at, value_size, items):
    """A field's record without its size, which is stored last."""
    if not 1 <= len(label) <= 0xFFFF or label.endswith(b"\0"):
        raise ValueError("%r is no label: 1 to 65535 bytes" % label[:100])
    head = FIELD_HEAD.pack(FIELD, data, metric, len(label), value_at, value_size, len(items))
    return head + label + items


class Schema:
    """Adds fields to memory: a reader sees the whole field or nothing of it."""

    def __init__(self, memory):
        self.placer = Placer()
        self.memory = memory
        memory.extend(0, len(HEAD)).fill(0, HEAD)

    @property
    def end(self):
        return self.placer.end

    def new_line(self):
        self.placer.new_line()

    def add(self, label, description):
        """Adds a field. Gives the memory of its value, and its offset there."""
        begin = self.placer.end
        placer = Placer()
        placer.__dict__.update(self.placer.__dict__)  # What was not published is not there.
        value = description.value
        value_at, block = placer.value(len(value))
        data, metric = DATA_TYPES[description.data], METRIC_TYPES[description.metric]
        record = field(label.encode(), data, metric, value_at, len(value), description.items)
        at = placer.record(4 + len(record))
        if placer.end > LARGEST:
            raise ValueError("%s: the file would be too large" % label)
        home = self.memory.extend(begin, placer.end)
        values = home if block else self.memory.find(value_at, value_at + len(value)) or home
        values.fill(value_at, value)
        home.fill(at + 4, record)
        # The block first: its size leads to the record after it.
        if block:
            home.publish_u32(*block)
        home.publish_u32(at, placer.end - at)
        self.placer = placer
        return values, value_at
