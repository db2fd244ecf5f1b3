"""What was seen in the last seconds."""

import collections
import struct
import time
from typing import Optional

from .handles import WORD, Added
from .memory import fence

# CLOCK_MONOTONIC_COARSE, for which the time module has no name. It costs less, and tells the second as well.
_COARSE = 6

_DOUBLE, _WORD = struct.Struct("=d"), struct.Struct("=Q")


def now():
    """The second of the clock, without its fraction."""
    return int(time.clock_gettime(_COARSE))


def bits(number):
    return _WORD.unpack(_DOUBLE.pack(number))[0]


def _rotl(word, by):
    return (word << by | word >> 64 - by) & WORD


def check(stamp, total, count, high):
    """What a reader knows a whole slot by. ``total`` and ``high`` are the bits of the sum and of the maximum."""
    agrees = stamp * 0xC2B2AE3D27D4EB4F ^ _rotl(total, 13) ^ count * 0x9E3779B97F4A7C15
    return (agrees ^ _rotl(high, 29) * 0xD6E8FEB86659FD93) & WORD


def words(second):
    """The five words of a slot."""
    total, high = bits(second.sum), bits(second.max)
    return second.stamp, total, second.count, high, check(second.stamp, total, second.count, high)


Second = collections.namedtuple("Second", "stamp sum count max")
NOTHING = Second(0, 0.0, 0, 0.0)


def with_number(second, value):
    """The same second after a number was added. What is no number is no maximum."""
    if second.count == 0 or second.max != second.max:
        high = value
    else:
        high = value if value > second.max else second.max
    return Second(second.stamp, second.sum + value, second.count + 1, high)


class Window(Added):
    """What was added in the last seconds: a sum, a count and a maximum for each."""

    __slots__ = ("_now", "_over", "_copies", "_ring", "_turn", "_show")

    def begin_again(self):
        super().begin_again()
        self._now, self._over = NOTHING, collections.deque(maxlen=self.field.seconds)

    def bind(self, segment, at, version):
        super().bind(segment, at, version)
        size, self._show, self._turn = self.field.seconds, None, 0
        if version == 2:
            self._copies = [segment.cells("Q", at + 8 + 40 * copy, 5) for copy in range(2)]
            self._ring = segment.cells("Q", at + 88, 5 * size)
            for second in self._over:
                self._finish(second)
            if self._now.stamp:
                self._store(self._copies[0], words(self._now))
                self._turn = 1
        else:
            self._show = segment.cells("d", at)
            self._show[0] = self._mean() or 0.0

    def add(self, value: float) -> None:
        """Adds a number now."""
        self._add(float(value))

    def _take(self, value):
        stamp, current = max(now() + 1, self._now.stamp), self._now
        if stamp != current.stamp:
            if current.stamp:
                self._over.append(current)
                if self._show is None:
                    self._finish(current)
            current = Second(stamp, 0.0, 0, 0.0)
        self._now = with_number(current, value)
        if self._show is not None:
            self._show[0] = self._mean() or 0.0
            return
        fence()
        self._store(self._copies[self._turn], words(self._now))
        self._turn ^= 1

    def _finish(self, second):
        """Puts a second that is over into the ring."""
        place = second.stamp % self.field.seconds * 5
        fence()
        for word in words(second):
            self._ring[place] = word
            place += 1

    @staticmethod
    def _store(cells, content):
        for place, word in enumerate(content):
            cells[place] = word

    def _young(self):
        """The seconds that are in the window now."""
        with self._lock:
            last = now() + 1
            return [one for one in (*self._over, self._now) if one.count and last - self.field.seconds < one.stamp]

    def _mean(self):
        young = self._young()
        return sum(one.sum for one in young) / sum(one.count for one in young) if young else None

    @property
    def count(self) -> int:
        """How many numbers were added in the last seconds."""
        self.at_home()
        return sum(one.count for one in self._young())

    @property
    def value(self) -> Optional[float]:
        """Their mean, or None if there are none."""
        self.at_home()
        return self._mean()

    @property
    def max(self) -> Optional[float]:
        """The greatest of them, or None if there are none."""
        self.at_home()
        return max((one.max for one in self._young()), default=None)
