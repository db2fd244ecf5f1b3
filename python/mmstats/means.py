"""Means: of all values, and of the latest."""

import array
import math
import struct

from .handles import WORD, Added
from .memory import fence

_DOUBLE, _WORD = struct.Struct("=d"), struct.Struct("=Q")


def check(total, count):
    """What a reader knows a whole copy by."""
    return _WORD.unpack(_DOUBLE.pack(total))[0] ^ count * 0x9E3779B97F4A7C15 & WORD


def encode(total, count):
    """One copy."""
    return struct.pack("=dQQ", total, count, check(total, count))


class Mean(Added):
    """The mean of all values: their sum and their count."""

    __slots__ = ("_sum", "_count", "_copies", "_show")

    def begin_again(self):
        super().begin_again()
        self._sum, self._count = 0.0, 0

    def bind(self, segment, at, version):
        super().bind(segment, at, version)
        self._copies, self._show = None, None
        if version == 2:
            self._copies = [
                (segment.cells("d", at + 24 * copy), segment.cells("Q", at + 24 * copy + 8, 2)) for copy in range(2)
            ]
            self._publish()
        else:
            self._show = segment.cells("d", at)
            self._show[0] = self._mean()

    def add(self, value: float) -> None:
        """Adds a value to the mean."""
        self._add(float(value))

    def _take(self, value):
        self._sum += value
        self._count += 1
        if self._copies:
            self._publish()
        else:
            self._show[0] = self._mean()

    def _publish(self):
        if self._count == 0:
            return
        total, rest = self._copies[self._count & 1]
        fence()
        total[0] = self._sum
        rest[0] = self._count
        rest[1] = check(self._sum, self._count)

    @property
    def sum(self) -> float:
        """All values added up."""
        self.at_home()
        return self._sum

    @property
    def count(self) -> int:
        """How many values there were."""
        self.at_home()
        return self._count

    @property
    def value(self) -> float:
        self.at_home()
        return self._mean()

    def _mean(self):
        return self._sum / self._count if self._count else 0.0


class Latest:
    """The last values, and their mean."""

    def __init__(self, size):
        self.values, self.size, self.next = array.array("d"), max(size, 1), 0

    def add(self, value):
        if len(self.values) < self.size:
            self.values.append(value)
        else:
            self.values[self.next] = value
        self.next = (self.next + 1) % self.size

    def mean(self):
        return math.fsum(self.values) / len(self.values) if self.values else 0.0


class MovingMean(Added):
    """The mean of the last values."""

    __slots__ = ("_latest", "_cell", "_shown")

    def begin_again(self):
        super().begin_again()
        self._latest, self._shown = Latest(self.field.size), 0.0

    def bind(self, segment, at, version):
        super().bind(segment, at, version)
        self._cell = segment.cells("d", at)
        self._cell[0] = self._shown

    def add(self, value: float) -> None:
        """Adds a value to the moving average."""
        self._add(float(value))

    def _take(self, value):
        self._latest.add(value)
        self._cell[0] = self._shown = self._latest.mean()

    @property
    def value(self) -> float:
        self.at_home()
        return self._shown
