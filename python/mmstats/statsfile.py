"""A file that readers see: made under a temporary name, locked, allocated, mapped, filled, then given its name."""

import contextlib
import errno
import itertools
import mmap
import os
import stat

from . import lock, mapping, names, space
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

    def _create(self, mode):
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        while True:
            path = temporary(self.directory)
            try:
                self.descriptor = os.open(path, flags, mode)
                break
            except FileExistsError:
                continue
            except OSError as error:
                # The temporary name says nothing to anybody.
                raise type(error)(error.errno, error.strerror, self.directory) from None
        self.path, self.identity = path, mapping.identity(self.descriptor)
        try:
            lock.take(self.descriptor)
        except BaseException:
            self.discard()
            raise

    def make(self, begin, end):
        """Allocates and maps whole pages that have these bytes."""
        begin -= begin % mmap.ALLOCATIONGRANULARITY
        end = max(-(-end // mmap.PAGESIZE) * mmap.PAGESIZE, self.size)
        descriptor = self.open_again()
        if end > self.size:
            space.allocate(descriptor, self.size, end)
            self.size = end
        return Segment(begin, mapping.Mapping(descriptor, begin, end - begin))

    def open_again(self):
        """The descriptor. If the application has closed it, as daemons close all, another one of the same file: the
        number may be the application's by now.

        OSError: the file is not there any more.
        """
        if not self._has_descriptor():
            # This number is nobody's, or somebody else's: it is not closed.
            self.descriptor = None
            descriptor = os.open(self.path, os.O_RDWR | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW | os.O_CLOEXEC)
            if mapping.identity(descriptor) != self.identity:
                os.close(descriptor)
                raise FileNotFoundError(errno.ENOENT, "another file has its name", self.path)
            self.descriptor = descriptor
            # Where a mapping keeps the lock, it is still held.
            with contextlib.suppress(BlockingIOError):
                lock.take(descriptor)
        return self.descriptor

    def _has_descriptor(self):
        return self.descriptor is not None and mapping.identity(self.descriptor) == self.identity

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

    def spare(self):
        """Makes sure that no mapping closes a descriptor of the application's when it goes."""
        for segment in self.segments:
            segment.spare()

    def leave(self):
        """Closes the descriptor. The mapping goes when nobody has a view of it any more."""
        self.spare()
        self.segments = []
        if self._has_descriptor():
            os.close(self.descriptor)
        self.descriptor = None

    def close(self):
        """Closes the descriptors and the mapping. Nobody may have a view of it."""
        super().close()
        self.leave()
