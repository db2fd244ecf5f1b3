"""A writer of stats files of version 2, made from mmstats(5) and from nothing else: write_v2.py PATH

Publishes a file with a field of every kind, updates them, adds one more, and says "ready". Ends, and removes
the file, when standard input does.

What others may look at is stored in whole numbers, by views of the mapping. Python has no fences: a processor
of the x86 family needs none.
"""

import fcntl
import mmap
import os
import struct
import sys
import time

SIZE = 1 << 16
TYPES = "- u64 u32 u16 u8 i64 i32 i16 i8 f64 f32 bool text fixed mean recent histogram window".split()
METRICS = "unknown counter gauge timestamp info mean histogram window recent".split()
LETTERS = dict(zip(TYPES[1:], "QIHBqihbdf?"))
WORD = (1 << 64) - 1


def bits(number):
    return struct.unpack("=Q", struct.pack("=d", number))[0]


def rotl(word, by):
    return (word << by | word >> 64 - by) & WORD


def up(number, to):
    return (number + to - 1) // to * to


class File:
    def __init__(self, path):
        self.path, self.end, self.free, self.block_end = path, 8, 0, 0
        self.temporary = os.path.join(os.path.dirname(path), ".mmstats-%d-0.new" % os.getpid())
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        self.descriptor = os.open(self.temporary, flags, 0o644)
        whole_file = struct.pack("hhqqi4x", fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        fcntl.fcntl(self.descriptor, fcntl.F_OFD_SETLK, whole_file)
        fcntl.flock(self.descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        os.posix_fallocate(self.descriptor, 0, SIZE)
        self.memory = mmap.mmap(self.descriptor, SIZE)
        self.memory.madvise(mmap.MADV_DONTFORK)
        self.views = {letter: memoryview(self.memory).cast(letter) for letter in "BQIHBqihbdf?"}
        self.memory[:8] = struct.pack("=BBHI", 2, 1 if sys.byteorder == "little" else 2, 0, 8)

    def store(self, letter, at, value):
        self.views[letter][at // struct.calcsize(letter)] = value

    def block(self, size):
        at, words = self.end, up(self.end + 8, 64)
        self.end = words + size
        self.store("I", at, self.end - at)
        return words

    def place(self, size):
        size = up(max(size, 1), 8)
        if size > 64:
            return self.block(size)
        at = self.free if self.free % 64 + size <= 64 else up(self.free, 64)
        if at + size > self.block_end:
            at = self.block(512)
            self.block_end = at + 512
        self.free = at + size
        return at

    def add(self, label, data, metric, first, items=()):
        """Adds a field whose value begins with these bytes, and gives the value's offset."""
        value_at = self.place(len(first))
        self.memory[value_at : value_at + len(first)] = first
        label = label.encode()
        items = b"".join(struct.pack("=HH", *pair) + text.ljust(up(len(text), 4), b"\0")
                         for pair, text in (((name, len(text)), text) for name, text in items))
        head = (1, TYPES.index(data), METRICS.index(metric), len(label), value_at, len(first), len(items))
        record, at = struct.pack("=HHHHIII", *head) + label + items, self.end
        self.memory[at + 4 : at + 4 + len(record)] = record
        self.end = up(at + 4 + len(record), 8)
        self.store("I", at, self.end - at)
        return value_at

    def number(self, label, data, metric, first, items=()):
        """Adds a number, and gives what sets it."""
        at = self.add(label, data, metric, struct.pack("=" + LETTERS[data], first), items)
        return lambda value: self.store(LETTERS[data], at, value)

    def text(self, label, first, capacity):
        copy = 8 + up(capacity, 8)
        value = struct.pack("=IIII", 0, capacity, len(first.encode()), 0) + first.encode()
        at, settings = self.add(label, "text", "info", value.ljust(8 + 2 * copy, b"\0")), 0

        def set_text(text):
            nonlocal settings
            text = text.encode()[:capacity].decode(errors="ignore").encode()
            into = at + 8 + (settings + 1) % 2 * copy
            self.store("I", into, len(text))
            self.memory[into + 8 : into + 8 + len(text)] = text
            settings = (settings + 1) % (1 << 32)
            self.store("I", at, settings)

        return set_text

    def mean(self, label, items=()):
        at, total, count = self.add(label, "mean", "mean", bytes(48), items), 0.0, 0

        def add(number):
            nonlocal total, count
            total, count = total + number, count + 1
            into = at + 24 * (count % 2)
            self.store("d", into, total)
            self.store("Q", into + 8, count)
            self.store("Q", into + 16, bits(total) ^ count * 0x9E3779B97F4A7C15 & WORD)

        return add

    def recent(self, label, n):
        at, following = self.add(label, "recent", "recent", bytes(8 * (n + 2))), 0

        def add(number):
            nonlocal following
            self.store("d", at + 8 + 8 * (following % (n + 1)), number)
            following += 1
            self.store("Q", at, following)

        return add

    def histogram(self, label, p, n, items=()):
        count = (n - p + 1) << p
        at = self.add(label, "histogram", "histogram", struct.pack("=QQQII", 0, 0, 0, p, n) + bytes(8 * count), items)
        words = self.views["Q"][at // 8 : at // 8 + 4 + count]

        def record(value):
            e = value.bit_length() - 1
            index = value if value < 2 << p else (e - p + 1 << p) + (value - (1 << e) >> e - p)
            words[4 + (index if value < 1 << n else count - 1)] += 1
            words[1] = words[1] + value & WORD
            words[2] = max(words[2], value)
            words[0] += 1

        return record

    def window(self, label, n, items=()):
        at = self.add(label, "window", "window", struct.pack("=I", n).ljust(88 + 40 * n, b"\0"), items)
        copy, current = 0, (0, 0.0, 0, 0.0)

        def store(into, stamp, total, count, high):
            check = stamp * 0xC2B2AE3D27D4EB4F ^ rotl(bits(total), 13) ^ count * 0x9E3779B97F4A7C15
            check ^= rotl(bits(high), 29) * 0xD6E8FEB86659FD93
            for place, (letter, word) in enumerate(zip("QdQdQ", (stamp, total, count, high, check & WORD))):
                self.store(letter, into + 8 * place, word)

        def add(number):
            nonlocal copy, current
            stamp, (old, total, count, high) = int(time.clock_gettime(time.CLOCK_MONOTONIC)) + 1, current
            if stamp == old:
                current = old, total + number, count + 1, max(high, number)
            else:
                if old:
                    store(at + 88 + 40 * (old % n), *current)
                current = stamp, number, 1, number
            copy = 1 - copy
            store(at + 8 + 40 * copy, *current)

        return add

    def publish(self):
        os.link(self.temporary, self.path)
        os.unlink(self.temporary)


def main(path):
    file = File(path)
    file.number("sys.pid", "u32", "info", os.getpid())
    file.add("org.mmstats.version", "fixed", "info", b"a peer")
    seconds, nanoseconds = [(1, b"seconds")], [(1, b"seconds"), (4, struct.pack("=d", 1e-9))]
    numbers = {data: file.number("number." + data, data, "gauge", 0) for data in LETTERS}
    hits = file.number('hits{route="/a"}', "u64", "counter", 0, [(1, b"requests"), (2, "Hits ✓".encode())])
    file.add("fixed", "fixed", "info", "für immer".encode())
    text, mean = file.text("text", "first", 14), file.mean("mean", seconds)
    recent, window = file.recent("recent", 5), file.window("window", 60, seconds)
    shown = nanoseconds + [(5, struct.pack("=3d", 0.5, 0.99, 1.0))]
    histogram = file.histogram("histogram", 5, 20, shown)
    file.publish()
    for data, number in numbers.items():
        number({"d": -0.5, "f": 1.25, "?": True}.get(LETTERS[data], 100 + TYPES.index(data)))
    for turn in range(1, 1001):
        hits(turn)
        text("grün %d ✓✓" % turn)
        for add in mean, recent, window:
            add(turn / 2)
        histogram(turn * turn + 100_000 * (turn == 1000))
    file.number("late", "i64", "gauge", -7, [(3, b"\4"), (77, b"unknown")])
    print("ready", flush=True)
    sys.stdin.read()
    os.unlink(path)


if __name__ == "__main__":
    main(sys.argv[1])
