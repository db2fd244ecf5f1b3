"""A file that readers see: made under a temporary name, locked, allocated, mapped, filled, then given its name."""

import itertools
import mmap
import os
import stat

from . import lock, names, space
from .memory import Segment, Segments

TRIES = 16
NAMES = 10_000
_NUMBERS = itertools.count()


class Held(OSError):
    """A living writer has the name, or something that is no stats file."""


def temporary(directory):
    """A name for a file that is being created."""
    return os.path.join(directory, ".mmstats-%d-%d.new" % (os.getpid(), next(_NUMBERS)))


class StatsFile(Segments):
    """The memory of a file.

    The descriptor stays open: the file grows by it, and Python's mmap has a copy of it anyway. A child closes both
    and its copy of the mapping, or the file of a dead parent would seem to be alive.
    """

    def __init__(self, target, mode):
        super().__init__()
        self.path = None
        self.target = self.wanted = os.path.abspath(target)
        self.directory = os.path.dirname(self.target)
        self.kind = space.file_system(self.directory)
        if self.kind in space.REFUSED:
            raise OSError("%s: on %s a full disk would kill the program at an update" % (self.target, self.kind))
        self.size = 0
        self._create(mode)
        status = os.fstat(self.descriptor)
        self.identity = status.st_dev, status.st_ino

    def _create(self, mode):
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        while True:
            path = temporary(self.directory)
            try:
                self.descriptor = os.open(path, flags, mode)
                break
            except FileExistsError:
                continue
        self.path = path
        try:
            lock.take(self.descriptor)
        except BaseException:
            self.discard()
            raise

    def make(self, begin, end):
        """Allocates and maps whole pages that have these bytes."""
        begin -= begin % mmap.ALLOCATIONGRANULARITY
        end = max(-(-end // mmap.PAGESIZE) * mmap.PAGESIZE, self.size)
        if end > self.size:
            space.allocate(self.descriptor, self.size, end)
            self.size = end
        return Segment(begin, mmap.mmap(self.descriptor, end - begin, offset=begin))

    def publish(self, goes_on):
        """Gives the file its name. If a living writer has it and ``goes_on``, the first free one after it.

        Held: there is no name for it.
        """
        wanted = self.wanted
        for number in range(1, NAMES if goes_on else 2):
            self.target = wanted if number == 1 else names.numbered(wanted, number)
            for _ in range(TRIES):
                try:
                    # A link never replaces anything.
                    os.link(self.path, self.target, follow_symlinks=False)
                except FileExistsError:
                    if not self._clear_dead():
                        break
                else:
                    os.unlink(self.path)
                    self.path = self.target
                    return
        raise Held("%s: a living writer has this name, or it is no stats file" % wanted)

    def _clear_dead(self):
        """Removes the file that has the name if its writer is dead. False: it has to stay."""
        try:
            descriptor = os.open(self.target, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        try:
            status = os.fstat(descriptor)
            if not stat.S_ISREG(status.st_mode) or not lock.is_dead(descriptor, self.kind):
                return False
            # Between the look and the removal the name may be taken by another writer. So the file is moved away,
            # looked at, and moved back if it is not the one that was judged.
            aside = temporary(self.directory)
            try:
                os.rename(self.target, aside)
            except FileNotFoundError:
                return True
            moved = os.lstat(aside)
            if (moved.st_dev, moved.st_ino) != (status.st_dev, status.st_ino):
                os.link(aside, self.target, follow_symlinks=False)
            os.unlink(aside)
            return True
        finally:
            os.close(descriptor)

    def remove(self):
        """Removes the name, if it is still this file's."""
        try:
            status = os.lstat(self.path)
            if (status.st_dev, status.st_ino) == self.identity:
                os.unlink(self.path)
        except OSError:
            pass

    def discard(self):
        """Takes back a file that was not published."""
        self.remove()
        self.close()

    def leave(self):
        """Closes the descriptor. The mapping goes when nobody has a view of it any more."""
        self.segments = []
        if self.descriptor is not None:
            os.close(self.descriptor)
            self.descriptor = None

    def close(self):
        """Closes the descriptors and the mapping. Nobody may have a view of it."""
        super().close()
        self.leave()
