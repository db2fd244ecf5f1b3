"""The bytes that Rust writes for one set of fields, written by this package."""

import struct
import sys
import threading
import types
import unittest
import unittest.mock

from mmstats import attributes, fields, format2, histogram, items, memory, reader

from .place import GOLDEN

GOLDEN_FILE = GOLDEN / ("v2-%s.mmstats" % sys.byteorder)
NOW = 101.5


class Whole(memory.Segments):
    """A file's memory in one piece."""

    def make(self, begin, end):
        self.bytes = bytearray(1 << 16)
        return memory.Segment(0, self.bytes)


class Writer:
    def __init__(self):
        self.memory = Whole()
        self.schema = format2.Schema(self.memory)
        self.instance = types.SimpleNamespace(_mark=[1], _lock=threading.RLock())

    def add(self, label, data, metric, value, **about):
        return self.schema.add(label, fields.Description(data, metric, items.encode(**about), value, *[None] * 4))

    def handle(self, label, field, value=None):
        """Adds a field as a model does, and gives its handle."""
        handle = field.handle(self.instance, field, label)
        if value is not None:
            handle._value = field.convert(value)
        handle.bind(*self.schema.add(label, field.describe(handle)), 2)
        return handle

    def move(self, label, field, work):
        """Adds a field whose values were in other memory before, as those of an instance that is removed are."""
        before = Writer()
        handle = before.handle(label, field)
        work(handle)
        handle.bind(*self.schema.add(label, field.describe(handle)), 2)

    def record(self, inside):
        inside = inside.ljust(format2.up(4 + len(inside), 8) - 4, b"\0")
        at = self.schema.placer.record(4 + len(inside))
        self.memory.segments[0].fill(at, struct.pack("=I", 4 + len(inside)) + inside)

    def finish(self):
        return bytes(self.memory.bytes[: format2.up(self.schema.end, 4096)])


def add_at_their_seconds(handle):
    for second, value in (98, 1.0), (99, -2.0), (99, -1.0), (100, 0.5), (100, 4.0):
        with unittest.mock.patch("mmstats.window.now", lambda: second):
            handle.add(value)


def build():
    file = Writer()
    counter = file.handle("a.u64", fields.CounterField(unit="requests", help="Requests answered ✓"))
    file.handle("a.u32", fields.UIntField(merge="max"), 0x01020304)
    file.handle("a.u16", fields.UShortField(), 0x0102)
    file.handle("a.u8", fields.StaticUByteField(value=200))
    file.handle("a.i64", fields.Int64Field(), -2)
    file.handle("a.i32", fields.IntField(), -3)
    file.handle("a.i16", fields.ShortField(), -4)
    file.handle("a.i8", fields.ByteField(metric="unknown"), -5)
    file.add("a.f64", "f64", "gauge", struct.pack("=d", -1.5), unit="bytes", scale=1024.0, model="golden")
    file.handle("a.f32", fields.FloatField(), 0.25)
    file.handle("a.bool", fields.BoolField(), True)
    file.handle("a.time", fields.DoubleField(metric="timestamp", unit="seconds"), 1795228800.5)
    text = file.handle("a.text", fields.StringField(11))
    file.handle("a.fixed", fields.StaticTextField(value="für immer"))
    mean = file.handle("a.mean", fields.AverageField(unit="seconds"))
    recent = file.handle("a.recent", fields.RecentField(4))
    shape = fields.HistogramField(unit="seconds", scale=0.001, quantiles=(0.5, 0.9), precision=2, range=8)
    counts = file.handle("a.histogram", shape)
    file.move("a.window", fields.WindowField(3, unit="seconds"), add_at_their_seconds)
    label = attributes.build("a.requests", {"route": '/"a"', "method": "GET"})
    file.add(label, "u64", "counter", struct.pack("=Q", 42))
    file.record(format2.field(b"of.the.future", 99, 1, 8, 8, b""))
    file.record(bytes([7, 7, 255, 255]))
    _, at = file.add("a.before", "u8", "gauge", b"\x07")
    late = items.item(999, b"\1\1\1\1") + items.encode(unit="ratio")
    file.record(format2.field(b"a.last", 4, 2, at, 1, late))

    counter.incr(0x0102030405060708)
    text.set("first")
    text.set("grün ✓")
    for number in 0.5, 0.25, -2.0:
        mean.add(number)
    for number in 0, 1, 7, 8, 9, 10, 100, 250, 300:
        counts.record(number)
    for number in 1.5, 2.0, 3.0, 4.0, 5.5, -6.0:
        recent.add(number)
    return file.finish()


@unittest.skipUnless(GOLDEN_FILE.exists(), "the golden file is not beside the package")
class Golden(unittest.TestCase):
    def test_the_bytes_are_those_of_rust(self):
        built, golden = build(), GOLDEN_FILE.read_bytes()
        differ = [at for at, pair in enumerate(zip(built, golden)) if pair[0] != pair[1]]
        self.assertEqual((len(built), differ[:8]), (len(golden), []))

    def test_it_reads_as_it_was_written(self):
        with open(GOLDEN_FILE, "rb") as file:
            source = reader.looks.of(file)
            found = [show(field) for field in reader._fields(source, lambda: NOW)]
        self.assertEqual(found, (GOLDEN / "v2.lines").read_text(encoding="utf-8").splitlines())


def show(field):
    value = field.value
    if isinstance(value, bool):
        value = str(value).lower()
    elif field.data == "mean":
        value = "count=%d sum=%r" % (value.count, value.sum)
    elif field.data == "recent":
        value = " ".join(map(repr, value))
    elif field.data == "window":
        value = "count=%d sum=%r max=%r" % (value.count, value.sum, value.max)
    elif field.data == "histogram":
        parts = ["count=%d sum=%d max=%d" % (value.count, value.sum, value.max)]
        last = histogram.lower(len(value.buckets) - 1, value.precision)
        for q in field.quantiles:
            at = value.quantile(q)
            parts.append("%r:%s%d" % (q, ">=" if at == last else "", at))
        value = " ".join(parts)
    return "\t".join((field.label, field.metric, field.data.replace("_", " "), field.unit or "-", str(value)))
