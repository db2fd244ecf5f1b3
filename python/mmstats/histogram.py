"""How often which values were seen."""

import struct

from .handles import WORD, Added


def buckets(p, n):
    """How many buckets there are with ``p`` bits of precision below 2^n."""
    return (n - p + 1) << p


def index(value, p, n):
    """The bucket of a value."""
    if value >> n:
        return buckets(p, n) - 1
    if value < 2 << p:
        return value
    e = value.bit_length() - 1
    return (e - p + 1 << p) + (value - (1 << e) >> e - p)


def lower(i, p):
    """The least value of a bucket."""
    return i if i < 2 << p else (1 << p) + i % (1 << p) << (i >> p) - 1


def encode(p, n):
    """A histogram of nothing."""
    return struct.pack("=QQQII", 0, 0, 0, p, n) + bytes(8 * buckets(p, n))


class Histogram(Added):
    """Counts values, which are whole numbers from 0 to 2^64 - 1."""

    __slots__ = ("_words", "_show", "_p", "_n")

    def begin_again(self):
        super().begin_again()
        self._p, self._n, self._words, self._show = self.field.precision, self.field.range, None, None

    def bind(self, segment, at, version):
        super().bind(segment, at, version)
        count, old = 4 + buckets(self._p, self._n), self._words
        if version == 2:
            self._words = segment.cells("Q", at, count)
        else:
            # Version 1 shows the mean of what is in private memory.
            self._show = segment.cells("d", at)
            self._words = memoryview(bytearray(8 * count)).cast("Q")
        if old is not None:
            self._words[:3], self._words[4:] = old[:3], old[4:]
        self._shown()

    def record(self, value: int) -> None:
        """Counts a value. One below 0 counts as 0, one that is too large as the largest."""
        self._add(min(max(int(value), 0), WORD))

    def _take(self, value):
        words = self._words
        words[4 + index(value, self._p, self._n)] += 1
        words[1] = words[1] + value & WORD
        if value > words[2]:
            words[2] = value
        words[0] += 1
        if self._show is not None:
            self._shown()

    def _shown(self):
        if self._show is not None:
            self._show[0] = self._mean()

    def _mean(self):
        count = self._words[0]
        return self._words[1] / count * (self.field.scale or 1.0) if count else 0.0

    @property
    def count(self) -> int:
        """How many values there were."""
        self.at_home()
        return self._words[0]

    @property
    def value(self) -> float:
        """The mean of all values, in the unit."""
        self.at_home()
        return self._mean()
