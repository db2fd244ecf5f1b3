"""Reads version 2."""

import struct
import sys
import time
from collections import namedtuple

from . import format2, histogram, items
from .histogram import lower
from .means import check

NUMBERS = dict(enumerate("QIHBqihbdf?", 1))
DATA = {number: name for name, number in format2.DATA_TYPES.items()}
METRICS = {number: name for name, number in format2.METRIC_TYPES.items()}
TRIES = 1000
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


def items_of(raw):
    """The items by their ids: of two with the same, the first."""
    at, found = 0, {}
    while at + 4 <= len(raw):
        name, size = struct.unpack_from("=HH", raw, at)
        if at + 4 + size > len(raw):
            break
        found.setdefault(name, raw[at + 4 : at + 4 + size])
        at += 4 + format2.up(size, 4)
    return found


def mean_of(raw):
    total, count, sealed = struct.unpack("=dQQ", raw)
    return (count, total) if sealed == check(total, count) else None


def slot_of(raw):
    stamp, total, count, high, sealed = struct.unpack("=QdQdQ", raw)
    total_bits, high_bits = struct.unpack_from("=Q", raw, 8)[0], struct.unpack_from("=Q", raw, 24)[0]
    agrees = stamp * 0xC2B2AE3D27D4EB4F ^ _rotl(total_bits, 13) ^ count * 0x9E3779B97F4A7C15
    agrees ^= _rotl(high_bits, 29) * 0xD6E8FEB86659FD93
    return (stamp, count, total, high) if sealed == agrees & WORD else None


def _rotl(word, by):
    return (word << by | word >> 64 - by) & WORD


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
    return now[at + 8 : at + 8 + min(length, capacity)].decode("utf-8", "replace")


def recent(before, now, after):
    a, b, n = struct.unpack_from("=Q", before)[0], struct.unpack_from("=Q", after)[0], len(now) // 8 - 2
    numbers = [struct.unpack_from("=d", now, 8 + 8 * (i % (n + 1)))[0] for i in range(max(0, b - n), min(a, b))]
    return numbers if numbers or b == 0 else None


def histogram_of(now):
    _, total, high, p, n = struct.unpack_from("=QQQII", now)
    if not (p <= 16 and p < n <= 64) or len(now) != 32 + 8 * histogram.buckets(p, n):
        raise ValueError("no histogram has precision %d and range %d" % (p, n))
    buckets = struct.unpack_from("=%dQ" % ((len(now) - 32) // 8), now, 32)
    filled = [i for i, bucket in enumerate(buckets) if bucket]
    return Histogram(total, max(high, lower(filled[-1], p)) if filled else 0, p, n, buckets)


def window_of(before, now, after, clock):
    n = struct.unpack_from("=I", after)[0]
    if len(after) != 88 + 40 * n:
        raise ValueError("no window has this size")
    current = newest(before[8:88], now[8:88], slot_of)
    if current is None:
        return None
    slots = {current[0]: current}
    for place in range(n):
        slot = slot_of(after[88 + 40 * place : 128 + 40 * place])
        if slot is None and place != current[0] % n:
            return None
        if slot and 0 < slot[0] <= current[0] and slot[0] % n == place:
            slots[slot[0]] = max(slot, slots.get(slot[0], slot))
    seconds = clock()
    last = int(seconds) + 1
    young = [slot for slot in slots.values() if slot[1] and last - n < slot[0] <= last]
    count, high = sum(slot[1] for slot in young), max((slot[3] for slot in young), default=None)
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


def fields(source, clock=monotonic):
    """Label, data type, metric type, items and value of each field that can be read. A value that changes all the time
    is None."""
    looks = [source.look() for _ in range(3)]
    left = len(looks[0])
    for at, record_size in records(looks[0]):
        if record_size < 24 or struct.unpack_from("=H", looks[1], at + 4)[0] != format2.FIELD:
            continue
        data, metric, label_size, value_at, size, items_size = struct.unpack_from("=HHHIII", looks[1], at + 6)
        left -= size
        outside = value_at % 8 or value_at < 8 or value_at + size > min(map(len, looks)) or left < 0
        if outside or data not in DATA or not label_size or 24 + label_size + items_size > record_size:
            continue
        label = looks[1][at + 24 : at + 24 + label_size].decode("utf-8", "replace")
        raw = looks[1][at + 24 + label_size :][:items_size]
        tries, value = list(looks), None
        try:
            for _ in range(TRIES):
                value = value_of(data, *(look[value_at : value_at + size] for look in tries), clock)
                if value is not None:
                    break
                tries = tries[1:] + [source.look()]
        except (struct.error, ValueError, IndexError):
            continue
        yield label, DATA[data], METRICS.get(metric, "unknown"), items_of(raw), value


def unpacked(found):
    """The items by their names."""
    double = lambda raw: struct.unpack("=d", raw)[0] if raw is not None and len(raw) == 8 else None  # noqa: E731
    as_text = lambda raw: raw.decode("utf-8", "replace") if raw is not None else None  # noqa: E731
    merge = found.get(items.MERGE, b"\xff")
    quantiles = found.get(items.QUANTILES, b"")
    return {
        "unit": as_text(found.get(items.UNIT)),
        "help": as_text(found.get(items.HELP)),
        "merge": items.MERGE_RULES[merge[0]] if len(merge) == 1 and merge[0] < len(items.MERGE_RULES) else None,
        "scale": double(found.get(items.SCALE)),
        "quantiles": struct.unpack("=%dd" % (len(quantiles) // 8), quantiles[: len(quantiles) // 8 * 8]),
    }
