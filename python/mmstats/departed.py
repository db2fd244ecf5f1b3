"""The file of what removed files have counted, as mmstats(5) describes it: ``CMD-departed-UID.mmstats``."""

import os
import re
import struct
import time
from collections import namedtuple

from . import format2, histogram, items, means, reader, statsfile
from .fields import Description
from .memory import Segment, Segments

LIST, STATE = "sys.departed", "sys.folded"
Count = namedtuple("Count", "data metric value unit help scale quantiles")


def command_of(name, pid, tid):
    """What the names of all processes of a command begin with."""
    stem = name[: -len(".mmstats")] if name.endswith(".mmstats") else name
    found = re.fullmatch(r"(.*-%d)\.[0-9]+" % tid, stem, re.S) if tid is not None else None
    command = found.group(1) if found else stem
    elsewhere = set()
    for number, key in ((tid, "{TID}"), (pid, "{PID}")):
        if number is not None and command.endswith("-%d" % number):
            command = command[: -len("-%d" % number)]
            elsewhere.add(key)
    if not command:
        command, elsewhere = stem, set()
    # The first thread of a process has its id.
    ids = {tid: "{TID}", pid: "{PID}"}
    alone = "(?<![A-Za-z0-9])[0-9]+(?![A-Za-z0-9])"
    elsewhere |= {ids.get(int(number)) for number in re.findall(alone, command)}

    def general(number):
        return ids.get(int(number.group()), number.group())

    def next_to_a_letter(number):
        # An id only if the name has that id nowhere else: process 1 of "web1" has "web1-1-1".
        return number.group() if general(number) in elsewhere else general(number)

    return re.sub("[0-9]+", next_to_a_letter, re.sub(alone, general, command))


def identity(name, status, pid, created):
    """Which file this is."""
    escaped = "".join(
        "%%%02x" % byte if byte == 0x25 or byte <= 0x20 or byte >= 0x7F else chr(byte) for byte in os.fsencode(name)
    )
    return "%d:%d:%r:%s" % (status.st_ino, pid or 0, float(created or 0), escaped)


def value_of(fields, ending):
    """The value of the first field whose label ends so."""
    return next((field.value for field in fields if field.label.endswith(ending)), None)


def count_of(field):
    """What a field has counted, or None of what ends with its writer."""
    value, data, metric = field.value, field.data, field.metric
    if value is None:
        raise ValueError("%s cannot be read" % field.label)
    if metric == "counter" and isinstance(value, (int, float)):
        data = {"u": "u64", "i": "i64"}.get(data[0], "f64")
    elif data == "mean":
        # In the unit.
        value, metric = value._replace(sum=value.sum * (field.scale or 1.0)), "mean"
        field = field._replace(scale=None)
    elif data != "histogram":
        return None
    return Count(data, metric, value, field.unit, field.help, field.scale, field.quantiles)


def merge(one, other):
    """Two histograms as one, with the precision and the range of the coarser."""
    p, n = min(one.precision, other.precision), min(one.range, other.range)
    buckets = [0] * histogram.buckets(p, n)
    for each in (one, other):
        for i, count in enumerate(each.buckets):
            if count:
                at = histogram.index(histogram.lower(i, each.precision), p, n)
                buckets[at] += count
    total = one.sum + other.sum & (1 << 64) - 1
    return one._replace(sum=total, max=max(one.max, other.max), precision=p, range=n, buckets=tuple(buckets))


def is_zero(count):
    """Whether nothing was counted."""
    return not (count.value.count if count.data in ("histogram", "mean") else count.value)


def unlike(one, other):
    """What keeps two counts from being added, or None. A unit that only one of them has is that of both."""
    if one.data != other.data:
        several = "histogram", "mean"
        return "kind" if one.data in several or other.data in several else "type"
    if one.unit and other.unit and one.unit != other.unit:
        return "unit"
    return "scale" if one.scale != other.scale else None


def add(one, other):
    """The sum of two counts that are alike, with what the second says of itself."""
    a, b = one.value, other.value
    if one.data == "histogram":
        value = merge(a, b)
    elif one.data == "mean":
        value = a._replace(sum=a.sum + b.sum, count=a.count + b.count)
    else:
        most = {"u64": (1 << 64) - 1, "i64": (1 << 63) - 1}.get(one.data)
        value = a + b if most is None else min(a + b, most)
    return other._replace(value=value, unit=other.unit or one.unit)


def encode(count):
    """The value in the file."""
    value = count.value
    if count.data == "histogram":
        head = struct.pack("=QQQII", value.count, value.sum, value.max, value.precision, value.range)
        return head + struct.pack("=%dQ" % len(value.buckets), *value.buckets)
    if count.data == "mean":
        return means.encode(value.sum, value.count) + bytes(24)
    return struct.pack("=" + {"u64": "Q", "i64": "q", "f64": "d"}[count.data], value)


class _Image(Segments):
    """A whole file in memory."""

    def make(self, begin, end):
        return Segment(begin, bytearray(end - begin))

    def bytes(self, size):
        whole = bytearray(format2.up(size, 4096))
        for segment in self.segments:
            whole[segment.start : segment.end] = segment.bytes(segment.start, segment.end - segment.start)
        return bytes(whole)


class Departed:
    """The counts of the removed files of one command and owner. The directory is locked."""

    def __init__(self, directory, command, uid):
        self.directory, self.uid = directory, uid
        self.path = os.path.join(directory, "%s-departed-%d.mmstats" % (command, uid))
        self.counts, self.list, self.state, self.fields = {}, [], 0, []
        try:
            descriptor = os.open(self.path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_NOFOLLOW)
        except FileNotFoundError:
            return
        try:
            owner = os.fstat(descriptor).st_uid
            found = reader.read_descriptor(descriptor)
        finally:
            os.close(descriptor)
        texts = {field.label: field.value for field in found}
        if LIST not in texts or owner not in (uid, 0):
            raise ValueError("%s: something else has the name" % self.path)
        self.fields = found
        self.list, self.state = texts[LIST].split(), texts.get(STATE, 0)
        self.counts = {field.label: count for field in found for count in [count_of(field)] if count}

    def add(self, which, counts):
        """Adds what a file has counted: all of it, or nothing. The labels that cannot be added, and why."""
        problems, totals = [], {}
        for label, count in counts.items():
            before = self.counts.get(label)
            problem = before and unlike(before, count)
            if before is None:
                totals[label] = count
            elif problem is None:
                totals[label] = add(before, count)
            elif not is_zero(count):
                problems.append((label, "another " + problem))
        if not problems:
            self.counts.update(totals)
            self.list.append(which)
        return problems

    def publish(self, status):
        """Puts the file in place, with owner and permissions of the files that it holds."""
        self.state = max(time.time_ns(), self.state + 1)
        image = _Image()
        schema = format2.Schema(image)
        plain = lambda data, value: Description(data, "info", b"", value, *[None] * 4)  # noqa: E731
        schema.add("org.mmstats.version", plain("fixed_text", b"0.1.0"))
        schema.add(LIST, plain("fixed_text", " ".join(self.list).encode()))
        schema.add(STATE, plain("u64", struct.pack("=Q", self.state)))
        for label, count in sorted(self.counts.items()):
            about = items.encode(count.unit, count.help, None, count.scale, count.quantiles)
            schema.add(label, Description(count.data, count.metric, about, encode(count), *[None] * 4))
        temporary = statsfile.temporary(self.directory)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(temporary, flags, 0o600), "wb") as file:
            try:
                file.write(image.bytes(schema.end))
                file.flush()
                if os.geteuid() == 0:
                    os.fchown(file.fileno(), status.st_uid, status.st_gid)
                os.fchmod(file.fileno(), status.st_mode & 0o666)
                os.rename(temporary, self.path)
            except BaseException:
                os.unlink(temporary)
                raise

    def forget_gone(self):
        """Takes those off the list that are not there any more. False: all still are."""
        inodes = {entry.inode() for entry in os.scandir(self.directory)}
        before, self.list = self.list, [one for one in self.list if int(one.split(":")[0]) in inodes]
        return len(self.list) < len(before)
