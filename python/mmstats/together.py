"""All files of one program: each process is counted once, also while files of dead ones are folded."""

import os
import re
import threading
from collections import namedtuple

from . import defaults, departed, lock, names, reader

TRIES = 100


class File(namedtuple("File", "path fields is_alive is_departed")):
    """What was read of a file."""

    def value(self, ending):
        """The value of the first field whose label ends so."""
        return departed.value_of(self.fields, ending)


def place_of(instance):
    """The directory of a model's files, and the command that they are of. This makes no file in a forked child."""
    model = type(instance).__name__
    directory = names.expand(os.fspath(instance._path or defaults.directory()), model)
    name = names.expand(instance._filename or defaults.template(), model)
    command = departed.command_of(os.path.basename(name), os.getpid(), threading.get_native_id())
    return os.path.abspath(os.path.join(directory, os.path.dirname(name))), command


def files(directory, command):
    """The files of the processes of a command, and those of its departed.

    OSError: the directory cannot be read.
    """
    for _ in range(TRIES):
        all_of_them, found = _departed(directory, command), []
        listed = {(file.uid, one) for file in all_of_them for one in file.list}
        begin = re.split(r"\{(?:PID|TID)\}", command)[0]
        for name in os.listdir(directory):
            if name.startswith(begin) and name.endswith(".mmstats"):
                file = _read(directory, name, command, listed)
                if file is not None:
                    found.append(file)
        # If counts have moved meanwhile, something was seen twice or not at all.
        if [(file.uid, file.state) for file in _departed(directory, command)] == [
            (file.uid, file.state) for file in all_of_them
        ]:
            break
    return found + [File(file.path, file.fields, False, True) for file in all_of_them]


def _departed(directory, command):
    found = []
    for name in sorted(os.listdir(directory)):
        uid = re.fullmatch(re.escape(command) + r"-departed-([0-9]+)\.mmstats", name)
        if uid:
            try:
                found.append(departed.Departed(directory, command, int(uid.group(1))))
            except (OSError, ValueError):
                continue
    return found


def _read(directory, name, command, listed):
    path = os.path.join(directory, name)
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        # Before the values: one that is dead adds no more to them.
        is_alive, status = lock.is_locked(descriptor), os.fstat(descriptor)
        fields = reader.read_descriptor(descriptor)
    except (OSError, ValueError):
        return None
    finally:
        os.close(descriptor)
    file = File(path, fields, is_alive, False)
    pid, tid, created = (file.value(ending) for ending in ("sys.pid", "sys.tid", "sys.created"))
    if file.value("sys.departed") is not None or departed.command_of(name, pid, tid) != command:
        return None
    if (status.st_uid, departed.identity(name, status, pid, created)) in listed:
        return None
    return file
