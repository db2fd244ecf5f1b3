"""Reads stats files of both versions.

>>> for stat in MmStatsReader.from_file(path):
...     print(stat.label, stat.value)
"""

import mmap
import os
from typing import Any, Iterator, List, NamedTuple, Optional, Tuple

from . import boot, looks, read1, read2


class Stat(NamedTuple):
    """A label and its value."""

    label: str
    value: Any


class ReadField(NamedTuple):
    """A field, with what its file says of it.

    ``value``: a number, a bool or a text as it is stored: times ``scale``, if there is one, it is in the ``unit``. What
    ``read2`` has for a mean, a histogram or a window, and a list for the last numbers. None: it changed all the time
    while it was read. ``data``: ``u64``, ``text`` and so on, in version 1 the type code. ``metric``: ``counter``,
    ``gauge`` and so on; ``unknown`` in version 1.
    """

    label: str
    value: Any
    data: str
    metric: str
    unit: Optional[str]
    help: Optional[str]
    merge: Optional[str]
    scale: Optional[float]
    quantiles: Tuple[float, ...]


class InvalidMmStatsVersion(ValueError):
    """Not a stats file of a version that is known, or of another byte order."""


def _unknown(look):
    return "not a stats file: version %d, 1 and 2 are known" % look[0] if look else "not a stats file: empty"


def _fields(source, clock=read2.monotonic):
    look = source.look()
    version = look[0] if look else None
    if version == 1:
        for label, code, value in read1.fields(source):
            yield ReadField(label, value, code, "unknown", None, None, None, None, ())
    elif version == 2:
        problem = read2.is_readable(look)
        if problem:
            raise InvalidMmStatsVersion(problem)
        read = [ReadField(label, value, data, metric, **found) for label, data, metric, found, value in read2.fields(source, clock)]
        yield from read if _is_of_this_boot(read) else map(_without_seconds, read)
    else:
        raise InvalidMmStatsVersion(_unknown(look))


def _is_of_this_boot(fields):
    """Whether the seconds of windows are those of this machine's clock, by the file's own word."""
    said = next((field.value for field in fields if field.label.endswith("sys.boot_id")), None)
    ours = boot.this()
    return not isinstance(said, str) or ours is None or said.strip().lower() == ours.lower()


def _without_seconds(field):
    is_window = field.data == "window" and field.value is not None
    return field._replace(value=field.value._replace(sum=0.0, count=0, max=None)) if is_window else field


def read_descriptor(descriptor: int) -> List[ReadField]:
    """The fields of an open file."""
    return list(_fields(looks.Descriptor(descriptor)))


def read(path: "str | os.PathLike[str]") -> List[ReadField]:
    """The fields of a file, with what is said of them.

    OSError: it cannot be read. InvalidMmStatsVersion: it is no stats file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)
    try:
        return read_descriptor(descriptor)
    finally:
        os.close(descriptor)


class MmStatsReader:
    """The labels and values of a file, one ``Stat`` after the other.

    A value is a number, a text, or what ``read2`` has for the values of several words.
    """

    def __init__(self, data: Any) -> None:
        """``data`` is a file-like object: an open file or a mapping."""
        self.data, self._source = data, looks.of(data)
        look = self._source.look()
        if look[:1] not in (b"\1", b"\2"):
            raise InvalidMmStatsVersion(_unknown(look))
        self.version = look[0]

    @classmethod
    def from_file(cls, path: "str | os.PathLike[str]") -> "MmStatsReader":
        return cls(open(path, "rb"))

    @classmethod
    def from_mmap(cls, path: "str | os.PathLike[str]") -> "MmStatsReader":
        with open(path, "rb") as file:
            return cls(mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ))

    def __iter__(self) -> Iterator[Stat]:
        try:
            for field in _fields(self._source):
                yield Stat(field.label, field.value)
        finally:
            self.data.close()
