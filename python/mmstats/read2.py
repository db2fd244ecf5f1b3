"""Reads version 2."""

import struct
import sys
import time
from collections import namedtuple

from . import format2, histogram, items, window
from .histogram import lower
from .means import check

NUMBERS = dict(enumerate("QIHBqihbdf?", 1))
DATA = {number: name for name, number in format2.DATA_TYPES.items()}
METRICS = {number: name for name, number in format2.METRIC_TYPES.items()}
TRIES = 1000
# How many bytes of a file are read again for values that were not whole.
TRIES_BYTES = 64 << 20
# What a value is that makes no sense.
WRONG = object()
WORD = (1 << 64) - 1

Window = namedtuple("Window", "sum count max seconds")


class Mean(namedtuple("Mean", "sum count")):
    """A sum and a count."""

    @property
    def value(self):
        return self.sum / self.count if self.count else 0.0


class Histogram(namedtuple("Histogram", "sum max precision range buckets")):
    """What was seen, in whole numbers. ``sum`` is modulo 2^64."""

    @property
    def count(self):
        """How many values there were, at most 2^64 - 1."""
        return min(sum(self.buckets), WORD)

    def quantile(self, q):
        """The value at a quantile from 0 to 1, or None if there are none."""
        count, seen = self.count, 0
        for i, bucket in enumerate(self.buckets):
            seen += bucket
            if bucket and seen / count >= q:
                if i + 1 == len(self.buckets):
                    return lower(i, self.precision)
                middle = lower(i, self.precision)
                return min(self.max, middle + (lower(i + 1, self.precision) - middle) // 2)
        return None


def is_readable(look):
    """What is wrong with the head, or None."""
    if len(look) < 8:
        return "truncated"
    order, first = look[1], struct.unpack_from("=I", look, 4)[0]
    if order != (1 if sys.byteorder == "little" else 2):
        return "made on a machine of another byte order"
    return None if first >= 8 and first % 8 == 0 else "the first record cannot begin at byte %d" % first


def records(look):
    """Offset and size of each record."""
    at = struct.unpack_from("=I", look, 4)[0]
    while at + 8 <= len(look):
        size = struct.unpack_from("=I", look, at)[0]
        if size == 0 or size % 8 or at + size > len(look):
            return
        yield at, size
        at += size


def mean_of(raw):
    total, count, sealed = struct.unpack("=dQQ", raw)
    return (count, total) if sealed == check(total, count) else None


def slot_of(raw):
    stamp, total, count, high, sealed = struct.unpack("=QQQQQ", raw)
    if sealed != window.check(stamp, total, count, high):
        return None
    _, total, _, high, _ = struct.unpack("=QdQdQ", raw)
    return stamp, count, total, high


def newest(before, now, decode):
    """Of two copies the one that is current, or None."""
    half = len(now) // 2
    agree = [decode(now[:half]), decode(now[half:])]
    earlier = [decode(before[:half]), decode(before[half:])]
    for this, other in ((0, 1), (1, 0)):
        if agree[other] is None and earlier[other] is None:
            return agree[this]
    return max(agree) if None not in agree else None


def text(before, now, after):
    settings, capacity = struct.unpack_from("=I", before)[0], struct.unpack_from("=I", now, 4)[0]
    at = 8 + settings % 2 * (8 + format2.up(capacity, 8))
    length = struct.unpack_from("=I", now, at)[0]
    if struct.unpack_from("=I", after)[0] != settings:
        return None
    return now[at + 8 : at + 8 + length].decode("utf-8", "replace") if length <= capacity else WRONG


def recent(before, now, after):
    a, b, n = struct.unpack_from("=Q", before)[0], struct.unpack_from("=Q", after)[0], len(now) // 8 - 2
    if a > b:
        return None
    numbers = [struct.unpack_from("=d", now, 8 + 8 * (i % (n + 1)))[0] for i in range(max(0, b - n), a)]
    return numbers if numbers or b == 0 else None


def histogram_of(now):
    _, total, high, p, n = struct.unpack_from("=QQQII", now)
    buckets = struct.unpack_from("=%dQ" % ((len(now) - 32) // 8), now, 32)
    filled = [i for i, bucket in enumerate(buckets) if bucket]
    return Histogram(total, max(high, lower(filled[-1], p)) if filled else 0, p, n, buckets)


def window_of(before, now, after, clock):
    n = struct.unpack_from("=I", after)[0]
    current = newest(before[8:88], now[8:88], slot_of)
    if current is None:
        return None
    slots = [current]
    for place in range(n):
        slot = slot_of(after[88 + 40 * place : 128 + 40 * place])
        if slot is None and place != current[0] % n:
            return None
        # In its own place only, so that no second is there twice, whatever the file says.
        if slot and 0 < slot[0] <= current[0] and slot[0] % n == place:
            if slot[0] < current[0]:
                slots.append(slot)
            elif slot[1] > current[1]:
                slots[0] = slot
    seconds = clock()
    last = int(seconds) + 1
    young = [slot for slot in slots if slot[1] and last - n < slot[0] <= last]
    # What is no number is no maximum.
    count, high = sum(slot[1] for slot in young), max((slot[3] for slot in young if slot[3] == slot[3]), default=None)
    return Window(sum(slot[2] for slot in young), count, high, max(n - 1 + seconds % 1, 1.0))


def value_of(data, before, now, after, clock):
    """The value, or None if it has to be looked at again."""
    if data in NUMBERS:
        return struct.unpack_from("=" + NUMBERS[data], now)[0]
    kind = DATA[data]
    if kind == "mean":
        mean = newest(before, now, mean_of)
        return mean and Mean(mean[1], mean[0])
    if kind == "window":
        return window_of(before, now, after, clock)
    return {
        "text": lambda: text(before, now, after),
        "fixed_text": lambda: now.decode("utf-8", "replace"),
        "recent": lambda: recent(before, now, after),
        "histogram": lambda: histogram_of(now),
    }[kind]()


def monotonic():
    return time.clock_gettime(time.CLOCK_MONOTONIC)


def is_right(data, raw):
    """Whether a value of this type can have these bytes, by their number and by what never changes in them."""
    size = len(raw)
    if data in NUMBERS:
        return size == struct.calcsize("=" + NUMBERS[data])
    kind = DATA.get(data)
    if kind == "text":
        return size >= 24 and size == 8 + 2 * (8 + format2.up(struct.unpack_from("=I", raw, 4)[0], 8))
    if kind == "mean":
        return size == 48
    if kind == "recent":
        return size >= 24 and size % 8 == 0
    if kind == "histogram":
        p, n = struct.unpack_from("=II", raw, 24) if size >= 32 else (0, 0)
        return p <= 16 and p < n <= 64 and size == 32 + 8 * histogram.buckets(p, n)
    if kind == "window":
        n = struct.unpack_from("=I", raw)[0] if size >= 4 else 0
        return n > 0 and size == 88 + 40 * n
    return kind is not None


def head_of(look, at, record_size):
    """Data type, metric type, label, items, offset and size of the value of a field, or None if a part of it is not
    where it can be."""
    if record_size < 24:
        return None
    data, metric, label_size, value_at, size, items_size = struct.unpack_from("=HHHIII", look, at + 6)
    inside = label_size and 24 + label_size + items_size <= record_size
    if not inside or value_at < 8 or value_at % 8 or value_at + size > len(look):
        return None
    label, end = look[at + 24 : at + 24 + label_size], at + 24 + label_size
    return data, metric, label.decode("utf-8", "replace"), look[end : end + items_size], value_at, size


def fields(source, clock=monotonic):
    """Label, data type, metric type, items and value of each field that can be read. A value that changes all the time
    is None."""
    looks = [source.look() for _ in range(3)]
    left, again = len(looks[1]), TRIES_BYTES
    for at, record_size in records(looks[0]):
        if at + record_size > len(looks[1]) or struct.unpack_from("=H", looks[1], at + 4)[0] != format2.FIELD:
            continue
        head = head_of(looks[1], at, record_size)
        if head is None:
            continue
        data, metric, label, raw, value_at, size = head
        if not is_right(data, looks[1][value_at : value_at + size]) or size > left:
            continue
        # Values do not lie over each other, unless somebody wants to keep readers busy.
        left -= size
        tries, value = list(looks), None
        for _ in range(TRIES):
            parts = [look[value_at : value_at + size] for look in tries]
            if all(len(part) == size for part in parts[1:]):
                if len(parts[0]) != size:
                    # The file was shorter then, and the value not there.
                    parts[0] = bytes(size)
                value = value_of(data, *parts, clock)
                if value is not None:
                    break
            again -= len(tries[-1])
            if again < 0:
                break
            tries = tries[1:] + [source.look()]
        if value is not WRONG:
            yield label, DATA[data], METRICS.get(metric, "unknown"), items.decode(raw), value
