"""How long things take."""

import contextvars
import math

from .histogram import Histogram
from .means import Latest


class TimerContext:
    """One time that is taken."""

    def __init__(self, timer):
        self._timer = timer
        self.start, self.end = timer(), None

    def get_time(self) -> float:
        return self._timer()

    @property
    def done(self) -> bool:
        """Whether the time was stopped."""
        return self.end is not None

    @property
    def elapsed(self) -> float:
        """Seconds since the start, up to the end if it was stopped."""
        return (self.end if self.done else self.get_time()) - self.start

    def stop(self) -> None:
        self.end = self.get_time()


class Timer(Histogram):
    """A histogram of times. ``value`` is the mean of the last ones, in seconds.

    Threads and coroutines may take times with one timer: each has its own running ones.
    """

    __slots__ = ("_latest", "_running", "_last", "timer")

    def __init__(self, instance, field, label):
        self.timer = field.timer
        self._running = contextvars.ContextVar("mmstats timer " + label, default=())
        self._last = None
        super().__init__(instance, field, label)

    def begin_again(self):
        super().begin_again()
        self._latest = Latest(self.field.size)

    def start(self) -> TimerContext:
        """Starts a time. One that is started before another has stopped is stopped after that."""
        context = TimerContext(self.timer)
        self._running.set((context, self._running.get()))
        return context

    def stop(self) -> None:
        """Stops the time that was started last, and adds it."""
        context, before = self._running.get()
        self._running.set(before)
        context.stop()
        self._last = context
        self.add(context.elapsed)

    def __enter__(self) -> TimerContext:
        return self.start()

    def __exit__(self, exc_type: object, exc_value: object, exc_tb: object) -> None:
        self.stop()

    def add(self, seconds: float) -> None:
        """Adds a time, in seconds. What is infinite or no number is not added: with ``strict=True`` it is a ValueError."""
        self._add(float(seconds))

    def _add(self, seconds):
        # Before anything changes: a time is in the histogram and in the mean, or in neither.
        if math.isfinite(seconds * 1e9):
            super()._add(seconds)
        else:
            self.at_home()
            if getattr(self._instance, "_strict", False):
                raise ValueError("not a time in seconds: %r" % float(seconds))

    def _take(self, seconds):
        self._latest.add(seconds)
        super()._take(min(max(round(seconds * 1e9), 0), (1 << 64) - 1))

    def _mean(self):
        return self._latest.mean()

    @property
    def last(self) -> float:
        """The time that runs, else the last one, in seconds; 0 before the first."""
        running = self._running.get()
        context = running[0] if running else self._last
        return context.elapsed if context else 0.0
