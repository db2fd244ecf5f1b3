"""Keeps what a dead process has counted, so that a sum over the processes of a command does not fall."""

import collections
import contextlib
import fcntl
import logging
import os
import re
import stat
import threading
import time
from typing import Optional, Union

from . import defaults, departed, lock, reader, space

log = logging.getLogger("mmstats")
# Seconds. Counts that are left where they are for now are not lost.
WAIT = 0.2

# What was said of files that stay: each fold meets them again.
_said = set()


class _Turns:
    """One fold at a time in this process. gunicorn calls child_exit from a signal handler, which may come in the middle
    of another call: what it wants is left to the call that was interrupted, which holds the directory's lock."""

    def __init__(self):
        self.pending, self.lock, self.inside = collections.deque(), threading.RLock(), False

    def take(self, *wanted):
        self.pending.append(wanted)
        removed, problem = 0, None
        while self.pending:
            with self.lock:
                if self.inside:
                    return removed
                self.inside = True
                try:
                    while self.pending:
                        try:
                            removed += _fold(*self.pending.popleft())
                        except OSError as error:
                            problem = problem or error
                finally:
                    self.inside = False
        if problem:
            raise problem
        return removed


# One for each process id: a fork while another thread folds leaves a lock that nobody gives back.
_of_processes = {}


def _take(*wanted):
    return _of_processes.setdefault(os.getpid(), _Turns()).take(*wanted)


@contextlib.contextmanager
def _locked(directory, wait):
    """One process at a time changes the counts in a directory. BlockingIOError: after ``wait`` seconds, another one
    still has it locked."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        end = time.monotonic() + wait
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() > end:
                    why = "another process has locked the directory"
                    raise BlockingIOError(error.errno, why, directory) from None
                time.sleep(0.001)
        try:
            yield
        finally:
            # Closing alone would not do it: a child that was forked meanwhile has a copy of the descriptor.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


def fold(pid: int, path: Optional[Union[str, "os.PathLike[str]"]] = None, *, strict: bool = False) -> int:
    """Adds what the dead process ``pid`` has counted to the file of the command's departed, and removes its files.

    For gunicorn: ``def child_exit(server, worker): mmstats.fold(worker.pid)``. ``path`` is the directory. Gives the
    number of files that were removed. Files of version 1 stay, since they do not say what is a count.

    If the directory cannot be read or locked, or the counts cannot be written, a warning is logged, what could not be
    kept stays, and the number is 0: an error would end gunicorn's master. ``strict=True`` raises the OSError instead.
    """
    directory = os.fspath(path or defaults.directory())
    try:
        return _take(directory, lambda name, ids: ids and ids["sys.pid"] == pid, WAIT)
    except OSError as error:
        if strict:
            raise
        log.warning("mmstats: the counts of process %s stay where they are: %s", pid, error)
        return 0


def fold_dead(directory, command, wait):
    """The same for all dead processes of this user whose files begin with the name of a command. ``wait``: for at most as
    many seconds if another process folds in this directory.
    """
    begin = re.split(r"\{(?:PID|TID)\}", command)[0]

    def wanted(name, ids):
        if ids is None:
            return name.startswith(begin)
        return departed.command_of(name, ids["sys.pid"], ids["sys.tid"]) == command

    return _take(directory, wanted, wait, os.geteuid())


def fold_own(file):
    """The same for a file of this process, to which nothing is added any more.

    OSError, ValueError: the counts cannot be kept. Then the file stays.
    """
    descriptor = file.open_again()
    found = reader.read_descriptor(descriptor)
    with _locked(file.directory, WAIT):
        _keep(file.directory, os.path.basename(file.path), os.fstat(descriptor), found, _ids(found))


def _fold(directory, wanted, wait, uid=None):
    removed = 0
    kind = space.file_system(directory)
    for name in sorted(os.listdir(directory)):
        # Which files these are is known from inside only, and reading all of them would take long where there are many.
        if name.endswith(".mmstats") and wanted(name, None) is not False:
            removed += _fold_file(directory, name, wanted, kind, wait, uid)
    return removed


def _ids(found):
    endings = "sys.pid", "sys.tid", "sys.created", "sys.fold"
    ids = {ending: departed.value_of(found, ending) for ending in endings}
    ids["is_departed"] = any(field.label == departed.LIST for field in found)
    return ids


def _fold_file(directory, name, wanted, kind, wait, uid):
    path = os.path.join(directory, name)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW)
    except OSError:
        return 0
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or uid not in (None, status.st_uid) or lock.is_locked(descriptor):
            return 0
        found = reader.read_descriptor(descriptor)
        ids = _ids(found)
        # A name alone does not say that a file is one of the departed: a command may be called so.
        is_departed = ids["is_departed"] and re.search(r"-departed-[0-9]+\.mmstats\Z", name)
        is_ours = wanted(name, ids) and os.pread(descriptor, 1, 0) == b"\2" and ids["sys.fold"] is None
        if is_departed or not is_ours or not lock.is_dead(descriptor, kind):
            return 0
        if os.geteuid() not in (0, status.st_uid):
            log.warning("mmstats: %s: only root keeps the counts of another user", path)
            return 0
        with _locked(directory, wait):
            return _keep(directory, name, status, found, ids)
    except (reader.InvalidMmStatsVersion, ValueError) as error:
        log.warning("mmstats: %s: its counts cannot be kept: %s", path, error)
        return 0
    finally:
        os.close(descriptor)


def _keep(directory, name, status, found, ids):
    """With the directory locked: the counts first, then the removal. A kill in between leaves a file that is listed."""
    path = os.path.join(directory, name)
    try:
        now = os.lstat(path)
    except FileNotFoundError:
        return 0
    if (now.st_dev, now.st_ino) != (status.st_dev, status.st_ino):
        return 0
    pid = ids["sys.pid"]
    all_of_them = departed.Departed(directory, departed.command_of(name, pid, ids["sys.tid"]), status.st_uid)
    which = departed.identity(name, status, pid, ids["sys.created"])
    if which not in all_of_them.list:
        counts = {field.label: departed.count_of(field) for field in found}
        counts = {label: count for label, count in counts.items() if count}
        unlike = all_of_them.add(which, counts)
        if unlike:
            which = path, status.st_dev, status.st_ino
            if which not in _said:
                _said.add(which)
                log.warning(
                    "mmstats: %s: its counts cannot be kept: %s",
                    path, ", ".join("%s is something else in %s: %s" % (label, all_of_them.path, why) for label, why in unlike),
                )
            return 0
        all_of_them.publish(status)
    os.unlink(path)
    if all_of_them.forget_gone():
        all_of_them.publish(status)
    return 1
