"""Sets of fields: what a program declares, and its instances, each of which is a file."""

import atexit
import logging
import os
import sys
import threading
import time
from typing import Optional, Union

from . import boot, defaults, departed, fields, folding, format1, format2, mark, names
from .family import Family
from .memory import PrivateMemory
from .statsfile import StatsFile

__version__ = "0.1.0"
log = logging.getLogger("mmstats")

# Handles may outlive every other reference to their instance, so all are kept until they are removed.
_instances = []
# One lock for each process id: a lock that another thread of the parent held stays locked in a forked child.
_renewing = {}


class BaseMmStats:
    """What models are made of.

    ``path``: the directory, else ``MMSTATS_PATH``, ``TMPDIR`` or ``/tmp``. ``filename``: the template of the name,
    else ``MMSTATS_FILES`` or ``{CMD}-{PID}-{TID}.mmstats``. ``label_prefix``: comes before all labels. ``version``: 1
    or 2, unless ``MMSTATS_VERSION`` says otherwise. ``mode``: of the file, less the umask. ``strict``: raise an error
    if there can be no file, or a time is infinite or no number. Otherwise the first is logged, and the program counts in
    memory that no reader sees; such a time is not added.

    ``process_end``: what becomes of the file when the process ends in order. ``"remove"``: what was counted goes with
    it. ``"leave"``: it stays until ``cleanstats`` or ``mmstats.fold`` removes it. ``"fold"``: its counts are added to
    the file of the command's departed, so no sum over the processes of the program falls; and when an instance makes a
    file, it does the same for processes of the program that were killed.

    ValueError: a field is declared wrongly. DuplicateFieldName: two have one label.
    """

    def __init__(
        self,
        path: "Optional[Union[str, os.PathLike[str]]]" = None,
        filename: Optional[str] = None,
        label_prefix: Optional[str] = None,
        *,
        version: Optional[int] = None,
        process_end: str = "remove",
        mode: int = 0o644,
        strict: bool = False,
    ) -> None:
        if process_end not in ("remove", "leave", "fold"):
            raise ValueError("process_end is remove, leave or fold, not %r" % (process_end,))
        if version not in (None, 1, 2):
            raise ValueError("version is 1 or 2, not %r" % (version,))
        self._path, self._filename, self._label_prefix = path, filename, label_prefix or ""
        self._chosen, self._process_end, self._mode, self._strict = version, process_end, mode, strict
        self._removed, self._memory, self._file = False, None, None
        self._mark, self._lock = mark.make(), threading.RLock()
        self._fields, self._identity, self._handles = {}, [], []
        self._declare()
        self._take_handles()
        self._begin(strict)
        self._mark[0] = 1
        _instances.append(self)

    def _declare(self):
        """Makes a handle for each field: those that tell whose file it is, then those of the program."""
        found = {}
        for cls in reversed(type(self).__mro__):
            for name, field in vars(cls).items():
                if isinstance(field, fields.Field):
                    found[name] = field
                elif name in found:
                    del found[name]
        own = {}
        for name, field in found.items():
            if (field.label or "").startswith(("sys.", "org.")):
                self._fields[name] = self._make(self._identity, field, name)
            else:
                own[name] = field
        text = fields.StaticTextField
        if boot.this():
            self._make(self._identity, text("sys.boot_id", boot.this), "sys.boot_id")
        self._make(self._identity, text("org.mmstats.version", __version__), "org.mmstats.version")
        self._make(self._identity, text("org.mmstats.model", type(self).__name__), "org.mmstats.model")
        for name, field in own.items():
            if field.names:
                self._fields[name] = Family(self, field, name)
            else:
                self._fields[name] = self._make(self._handles, field, name)
        self._labels = set()
        for handle in self._identity + self._handles:
            if handle.label in self._labels:
                raise fields.DuplicateFieldName(handle.label)
            self._labels.add(handle.label)

    def _make(self, handles, field, name, attributes=None):
        handle = field.handle(self, field, field.full_label(self._label_prefix, name, attributes))
        handles.append(handle)
        return handle

    def _take_handles(self):
        """Makes attributes of the handles: Python finds them in the instance before it would ask the field."""
        for name, handle in self._fields.items():
            if isinstance(getattr(type(self), name, None), fields.HandleField):
                self.__dict__[name] = handle

    def _begin(self, strict=False):
        """Makes the file, and stores the values in it. Where there can be none, in private memory."""
        memory, problem = PrivateMemory(), None
        try:
            self._version = defaults.version(self._chosen)
        except ValueError as error:
            self._version, problem = 2, error
        # At first without a file: it says how large the file has to be, and is there if that fails.
        end = self._build(memory)
        self._memory, self._file = memory, None
        try:
            if problem:
                raise problem
            self._file = self._create(end)
            self._memory = self._file
        except (OSError, ValueError) as error:
            self._build(memory := PrivateMemory())
            self._memory = memory
            if strict:
                raise
            log.warning("mmstats: nothing is published: %s", error)
        if self._process_end == "fold" and self._file is not None:
            self._fold_dead(wait=0)

    def _create(self, end):
        model, template = type(self).__name__, self._filename or defaults.template()
        directory = names.expand(os.fspath(self._path or defaults.directory()), model)
        file = StatsFile(os.path.join(directory, names.expand(template, model)), self._mode)
        try:
            file.extend(0, end)
            self._build(file)
            file.publish(names.names_a_process(template))
        except BaseException:
            # The handles have views of it, which their owner takes away.
            file.remove()
            file.leave()
            raise
        return file

    def _build(self, memory):
        """Writes all fields, and gives the end of the list."""
        schema = (format1 if self._version == 1 else format2).Schema(memory)
        for handle in self._identity:
            # Version 1 tells neither the boot nor the model.
            if self._version == 2 or not handle.label.endswith(("sys.boot_id", "org.mmstats.model")):
                self._place(schema, handle)
        schema.new_line()
        for handle in self._handles:
            self._place(schema, handle)
        self._schema = schema
        return schema.end

    def _place(self, schema, handle):
        segment, at = schema.add(handle.label, handle.field.describe(handle))
        handle.bind(segment, at, self._version)

    def _add_later(self, known, key, field, name, attributes):
        """Adds a field to the file while readers read it. If there is no room, it counts in private memory."""
        self._at_home()
        with self._lock:
            handle = known.get(key)
            if handle is not None:
                return handle
            made = []
            handle = self._make(made, field, name, attributes)
            if handle.label in self._labels:
                raise fields.DuplicateFieldName(handle.label)
            try:
                self._place(self._schema, handle)
            except OSError as error:
                log.warning("mmstats: %s is not published: %s", handle.label, error)
                schema = (format1 if self._version == 1 else format2).Schema(PrivateMemory())
                self._place(schema, handle)
            self._handles += made
            self._labels.add(handle.label)
            known[key] = handle
            return handle

    def _at_home(self):
        """In a forked child, begins with a file of its own. What it counts begins at 0; what was set stays."""
        if self._mark[0]:
            return
        with _renewing.setdefault(os.getpid(), threading.RLock()):
            if self._mark[0]:
                return
            self._let_go()
            self._lock = threading.RLock()
            for handle in self._identity + self._handles:
                handle.begin_again()
            if self._removed:
                self._version = 2
                self._build(memory := PrivateMemory())
                self._memory = memory
            else:
                self._begin()
            self._mark[0] = 1

    def _let_go(self):
        """In a forked child: closes what it has of its parent's file, which would seem to be alive otherwise."""
        memory, self._file = self._memory, None
        if isinstance(memory, StatsFile):
            memory.close()
            self._memory = None

    @property
    def filename(self) -> Optional[str]:
        """The path of the file, or None if there is none."""
        self._at_home()
        return self._file.path if self._file else None

    @property
    def label_prefix(self) -> str:
        return self._label_prefix

    @property
    def size(self) -> Optional[int]:
        """Bytes of the file, or None."""
        self._at_home()
        return self._file.size if self._file else None

    def flush(self, *_: object, **__: object) -> None:
        """Waits until the file is synced to disk."""
        self._at_home()
        if self._memory is not None:
            for segment in self._memory.segments:
                segment.sync()

    def fold_dead(self) -> int:
        """Adds what dead processes of this program have counted to the file of its departed, and removes their files.

        They are those whose files are in the directory of this one's and are called alike. Gives the number of files
        that were removed.
        """
        self._at_home()
        return self._fold_dead() if self._file is not None else 0

    def _fold_dead(self, wait=folding.WAIT):
        try:
            pid, tid = os.getpid(), threading.get_native_id()
            own = departed.command_of(os.path.basename(self._file.wanted), pid, tid)
            return folding.fold_dead(self._file.directory, own, wait)
        except OSError as error:
            # Where nobody waits, another process that begins at the same time may be doing it.
            if wait or not isinstance(error, BlockingIOError):
                log.warning("mmstats: the counts of dead processes stay where they are: %s", error)
            return 0

    def remove(self) -> None:
        """Removes the file. The program can go on to count, in memory that no reader sees."""
        self._at_home()
        self._end(StatsFile.remove)

    def fold(self) -> None:
        """Adds what was counted to the file of the command's departed, and removes this file. The program can go on to
        count, in memory that no reader sees. A file of version 1 is removed only.
        """
        self._at_home()
        self._end(self._fold_own if self._version == 2 else StatsFile.remove)

    @staticmethod
    def _fold_own(file):
        try:
            folding.fold_own(file)
        except (OSError, ValueError) as error:
            # It stays: to cleanstats it is the file of a dead writer.
            log.warning("mmstats: %s stays: %s", file.path, error)

    def _end(self, take_away):
        with self._lock:
            if self._removed:
                return
            self._removed = True
            file, self._file = self._file, None
            if file is not None:
                # First, so that nothing is added to the file any more.
                self._build(memory := PrivateMemory())
                self._memory = memory
                take_away(file)
                file.leave()
            if self in _instances:
                _instances.remove(self)


class MmStats(BaseMmStats):
    """What a program's models inherit from.

    >>> class MyStats(MmStats):
    ...     errors = fields.CounterField()
    >>> stats = MyStats()
    >>> stats.errors.incr()
    >>> stats.errors.value
    1
    """

    pid = fields.StaticUIntField(label="sys.pid", value=os.getpid)
    tid = fields.StaticInt64Field(label="sys.tid", value=threading.get_native_id)
    uid = fields.StaticUInt64Field(label="sys.uid", value=os.getuid)
    gid = fields.StaticUInt64Field(label="sys.gid", value=os.getgid)
    created = fields.StaticDoubleField(label="sys.created", value=time.time, metric="timestamp")
    python_version = fields.StaticTextField(
        label="org.python.version", value=lambda: sys.version.replace("\n", "")
    )


def _forked():
    """In a child, at once: a parent's lock ends with the last copy of its descriptor."""
    for instance in _instances:
        instance._let_go()


def _ended():
    """At the end of the process. What it has of its parent's is not its own."""
    for instance in list(_instances):
        if not instance._mark[0]:
            continue
        if instance._process_end != "leave":
            instance.fold() if instance._process_end == "fold" else instance.remove()
        elif instance._file is not None:
            instance._file.spare()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forked)
atexit.register(_ended)
