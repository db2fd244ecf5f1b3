"""A reader of stats files of version 2, made from mmstats(5) and from nothing else: read_v2.py FILE [NOW]

Prints a line for each field: label, metric type, data type, unit and value, with TABs between them. NOW is
what CLOCK_MONOTONIC says, if it is not to be asked.
"""

import math
import os
import struct
import sys
import time

NUMBERS = dict(enumerate("QIHBqihbdf?", 1))
DATA = "- u64 u32 u16 u8 i64 i32 i16 i8 f64 f32 bool text fixed_text mean recent histogram window".split()
METRICS = "unknown counter gauge timestamp info mean histogram window recent".split()
FIELD, UNIT, QUANTILES = 1, 1, 5
WORD = (1 << 64) - 1


def unpack(kinds, look, at):
    return struct.unpack_from("=" + kinds, look, at)


def bits(number):
    return struct.unpack("=Q", struct.pack("=d", number))[0]


def rotl(word, by):
    return (word << by | word >> 64 - by) & WORD


def mean_of(copy):
    total, count, check = unpack("dQQ", copy, 0)
    return (count, total) if check == bits(total) ^ count * 0x9E3779B97F4A7C15 & WORD else None


def slot_of(copy):
    stamp, total, count, high, check = unpack("QdQdQ", copy, 0)
    agrees = stamp * 0xC2B2AE3D27D4EB4F ^ rotl(bits(total), 13) ^ count * 0x9E3779B97F4A7C15
    agrees ^= rotl(bits(high), 29) * 0xD6E8FEB86659FD93
    return (stamp, count, total, high) if check == agrees & WORD else None


def newest(before, now, decode):
    """Of two copies the one that is current, or None."""
    before, now = ([look[: len(look) // 2], look[len(look) // 2 :]] for look in (before, now))
    agree = [decode(copy) for copy in now]
    for this, other in ((0, 1), (1, 0)):
        if agree[other] is None and decode(before[other]) is None:
            return agree[this]
    return max(agree) if None not in agree else None


def text(before, now, after):
    settings, capacity = unpack("II", now, 0)
    settings = unpack("I", before, 0)[0]
    at = 8 + settings % 2 * (8 + (capacity + 7) // 8 * 8)
    length = unpack("I", now, at)[0]
    return now[at + 8 : at + 8 + length].decode() if unpack("I", after, 0)[0] == settings else None


def recent(before, now, after):
    a, b, n = unpack("Q", before, 0)[0], unpack("Q", after, 0)[0], len(now) // 8 - 2
    numbers = [unpack("d", now, 8 + 8 * (i % (n + 1)))[0] for i in range(max(0, b - n), a)]
    return " ".join(map(repr, numbers)) if numbers or b == 0 else None


def histogram(now, quantiles):
    _, total, high, p, n = unpack("QQQII", now, 0)
    buckets = unpack("%dQ" % ((n - p + 1) << p), now, 32)

    def lower(i):
        return i if i < 2 << p else ((1 << p) + i % (1 << p)) << (i >> p) - 1

    filled = [i for i, bucket in enumerate(buckets) if bucket]
    count = sum(buckets)
    high = max(high, lower(filled[-1])) if filled else "-"
    shown = "count=%d sum=%d max=%s" % (count, total, high)
    for q in quantiles if count else ():
        rank = max(1, math.ceil(q * count))
        rank -= rank > 1 and (rank - 1) / count >= q
        rank += rank / count < q
        i = next(i for i in filled if sum(buckets[: i + 1]) >= rank)
        middle = min(high, lower(i) + (lower(i + 1) - lower(i)) // 2)
        shown += " %r:%s" % (q, ">=%d" % lower(i) if i + 1 == len(buckets) else middle)
    return shown


def window(before, now, after, clock):
    n = unpack("I", after, 0)[0]
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
    last = int(clock() if clock else time.clock_gettime(time.CLOCK_MONOTONIC)) + 1
    young = [slot for slot in slots.values() if slot[1] and last - n < slot[0] <= last]
    if not young:
        return "-"
    return "count=%d sum=%r max=%r" % (sum(s[1] for s in young), sum(s[2] for s in young), max(s[3] for s in young))


def items_of(items):
    at, found = 0, {}
    while at + 4 <= len(items):
        name, size = unpack("HH", items, at)
        if at + 4 + size <= len(items):
            found.setdefault(name, items[at + 4 : at + 4 + size])
        at += 4 + (size + 3) // 4 * 4
    return found


def value_of(data, looks, quantiles, clock):
    before, now, after = looks
    if data in NUMBERS:
        number = unpack(NUMBERS[data], now, 0)[0]
        return str(number).lower() if data == 11 else repr(number)
    if data == 14:
        mean = newest(before, now, mean_of)
        return mean and "count=%d sum=%r" % mean
    return {
        12: lambda: text(before, now, after),
        13: lambda: now.decode(),
        15: lambda: recent(before, now, after),
        16: lambda: histogram(now, quantiles),
        17: lambda: window(before, now, after, clock),
    }[data]()


def main(path, *now):
    clock = (lambda: float(now[0])) if now else None
    with open(path, "rb", buffering=0) as file:
        looks = [os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0) for _ in range(3)]
        version, order, _, at = unpack("BBHI", looks[0], 0)
        if version != 2 or order != (1 if sys.byteorder == "little" else 2):
            sys.exit("read_v2.py: %s: not of version 2 and of this machine's byte order" % path)
        records = []
        while at + 4 <= len(looks[0]) and (size := unpack("I", looks[0], at)[0]):
            records.append(at)
            at += size
        for at in records:
            if unpack("H", looks[1], at + 4)[0] != FIELD:
                continue
            data, metric, label_size, value_at, size, items_size = unpack("HHHIII", looks[1], at + 6)
            if not 0 < data < len(DATA):
                continue
            label = looks[1][at + 24 : at + 24 + label_size].decode()
            items = items_of(looks[1][at + 24 + label_size :][:items_size])
            unit = items.get(UNIT, b"-").decode()
            quantiles = unpack("%dd" % (len(items.get(QUANTILES, b"")) // 8), items.get(QUANTILES, b""), 0)
            value, tries = None, list(looks)
            for _ in range(1000):
                value = value_of(data, [look[value_at : value_at + size] for look in tries], quantiles, clock)
                if value is not None:
                    break
                tries = tries[1:] + [os.pread(file.fileno(), os.fstat(file.fileno()).st_size, 0)]
            metric = METRICS[metric] if metric < len(METRICS) else METRICS[0]
            value = "unstable" if value is None else value
            print(label, metric, DATA[data].replace("_", " "), unit, value, sep="\t")


if __name__ == "__main__":
    main(*sys.argv[1:])
