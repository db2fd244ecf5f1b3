"""What a program holds of a field: it keeps the value, and stores it where readers look.

All threads of a process share one file. A number that is only set is one store, and needs nothing. What is added goes
through the instance's lock, so no thread loses an update of another. A signal handler or a finalizer that updates the
same field in the middle of an update of its own thread leaves the value in a queue, and the interrupted update takes it.
"""

import collections
import sys

WORD = (1 << 64) - 1


class Handle:
    """A field of one instance."""

    __slots__ = ("_instance", "_mark", "field", "label")

    def __init__(self, instance, field, label):
        self._instance, self._mark = instance, instance._mark
        self.field, self.label = field, label
        self.begin_again()

    def begin_again(self):
        """What a forked child begins with."""

    def bind(self, segment, at, version):
        """From now on, the value is in this place."""

    def at_home(self):
        """Makes sure that the file is one of this process."""
        if not self._mark[0]:
            self._instance._at_home()


class Fixed(Handle):
    """A value that does not change."""

    __slots__ = ("value",)

    def begin_again(self):
        self.value = self.field.resolve()

    def get(self):
        self.at_home()
        return self.value


class Number(Handle):
    """A number that is set."""

    __slots__ = ("_cell", "_value")

    def __init__(self, instance, field, label):
        self._value = field.initial
        super().__init__(instance, field, label)

    def bind(self, segment, at, version):
        cell = segment.cells(self.field.letter, at)
        cell[0] = self._value
        self._cell = cell

    def get(self):
        return self._value

    def set(self, value):
        value = self.field.convert(value)
        if not self._mark[0]:
            self._instance._at_home()
        self._cell[0] = self._value = value


class Added(Handle):
    """A field that values are added to."""

    __slots__ = ("_lock", "_pending", "_inside")

    def begin_again(self):
        self._pending, self._inside = collections.deque(), False

    def bind(self, segment, at, version):
        self._lock = self._instance._lock

    def _add(self, value):
        if not self._mark[0]:
            self._instance._at_home()
        pending = self._pending
        pending.append(value)
        while pending:
            with self._lock:
                if self._inside:
                    return
                self._inside = True
                try:
                    while pending:
                        self._take(pending.popleft())
                finally:
                    self._inside = False


class Sum(Added):
    """The sum of what was added: a number of 64 bits."""

    __slots__ = ("_cell", "_total")

    #: Its type, as ``struct`` has it, and what a forked child begins with.
    letter, zero = "Q", 0

    def begin_again(self):
        super().begin_again()
        self._total = self.zero

    def bind(self, segment, at, version):
        super().bind(segment, at, version)
        cell = segment.cells(self.letter, at)
        cell[0] = self._total
        self._cell = cell


class Counter(Sum):
    """Counts up."""

    __slots__ = ()

    def incr(self, amount=1):
        """Adds ``amount``, an integer."""
        if not self._mark[0]:
            self._instance._at_home()
        # From Python 3.10 on, nothing interrupts these two lines: there is no call in them and no jump back.
        with self._lock:
            self._total = total = self._total + amount & WORD
            self._cell[0] = total

    def _take(self, amount):
        self._total = total = self._total + amount & WORD
        self._cell[0] = total

    if sys.version_info < (3, 10):

        def incr(self, amount=1):
            """Adds ``amount``, an integer."""
            # A signal handler may come between any two instructions.
            self._add(amount)

    def inc(self, n=1):
        """What mmstats had before ``incr``."""
        self.incr(n)

    @property
    def value(self):
        self.at_home()
        return self._total

    @value.setter
    def value(self, value):
        self.at_home()
        with self._lock:
            self._total = total = value & WORD
            self._cell[0] = total


class Gauge(Number):
    """A number that is set, and goes up and down."""

    __slots__ = ("_lock", "_pending", "_inside")
    begin_again, _add = Added.begin_again, Added._add

    def bind(self, segment, at, version):
        super().bind(segment, at, version)
        self._lock = self._instance._lock

    def set(self, value):
        """Sets it."""
        self._add((self.field.convert(value),))

    def incr(self, amount=1):
        """Adds ``amount``."""
        self._add(amount)

    def decr(self, amount=1):
        """Subtracts ``amount``."""
        self._add(-amount)

    def _take(self, change):
        # A tuple is a new value, anything else is added.
        value = change[0] if type(change) is tuple else self.field.convert(self._value + change)
        self._cell[0] = self._value = value

    @property
    def value(self):
        return self._value

    @value.setter
    def value(self, value):
        self.set(value)
