"""The last numbers, one by one."""

import collections
from typing import List

from .handles import Added
from .memory import fence


class Recent(Added):
    """Keeps the last numbers: a ring of one place more than there are numbers, so that the place which is written next
    is none of theirs."""

    __slots__ = ("_kept", "_count", "_head", "_places", "_show")

    def begin_again(self):
        super().begin_again()
        self._kept, self._count = collections.deque(maxlen=self.field.size), 0

    def bind(self, segment, at, version):
        super().bind(segment, at, version)
        size, self._show = self.field.size, None
        if version == 2:
            self._head, self._places = segment.cells("Q", at), segment.cells("d", at + 8, size + 1)
            for number, value in enumerate(self._kept, self._count - len(self._kept)):
                self._places[number % (size + 1)] = value
            self._head[0] = self._count
        else:
            self._show = segment.cells("d", at)
            self._show[0] = self._mean()

    def add(self, value: float) -> None:
        """Adds a number."""
        self._add(float(value))

    def _take(self, value):
        self._kept.append(value)
        if self._show is not None:
            self._count += 1
            self._show[0] = self._mean()
            return
        fence()
        self._places[self._count % (self.field.size + 1)] = value
        self._count += 1
        fence()
        self._head[0] = self._count

    def _mean(self):
        return sum(self._kept) / len(self._kept) if self._kept else 0.0

    @property
    def values(self) -> List[float]:
        """The numbers, the oldest first."""
        self.at_home()
        with self._lock:
            return list(self._kept)
