"""The native part beside the pure one: the same bytes, values and errors."""

import gc
import mmap
import os
import random
import struct
import subprocess
import sys
import threading
import types
import unittest
import weakref

import mmstats
from mmstats import fields, format1, format2, handles, histogram, means, memory, native, timer

from .place import ROOT, InPlace, values
from .test_golden import Whole

PURE = {pure.__name__: pure for pure in (handles.Counter, handles.Gauge, handles.Number, histogram.Histogram, means.Mean)}
PURE["Timer"] = timer.Timer
NUMBERS = "Double Float Int64 UInt64 Int UInt Short UShort Byte Bool".split()
INTEGERS = [0, 1, -1, 7, 127, 128, 255, 40_000, 1 << 31, 1 << 33, (1 << 63) - 1, 1 << 63, (1 << 64) - 1, 1 << 64, -1 << 63]
REALS = [0.0, -0.0, 0.1, -2.5, 1e-9, 1e300, 3.4e38, 3.5e38, float("inf"), float("-inf"), 7.0]
ODD = [None, "no number", b"1", "2.5", [], 2.5, True, 1j]


class Pair:
    """One field, written by both parts into two files in memory."""

    def __init__(self, field, version):
        self.field, self.version, self.memories, self.handles = field, version, [], []
        for part in native.part, None:
            name = field.handle.__name__
            instance = types.SimpleNamespace(_mark=memoryview(bytearray(b"\1" * 8)).cast("Q"), _lock=threading.RLock())
            handle = (getattr(part, name) if part else PURE[name])(instance, field, "a.label")
            whole = Whole()
            schema = (format1 if version == 1 else format2).Schema(whole)
            # At the place that a file has, so that all is on its boundary.
            handle.bind(*schema.add("a.label", field.describe(handle)), version)
            self.memories.append(whole)
            self.handles.append(handle)

    def both(self, do):
        """What is done to both gives the same value or the same kind of error, and the same bytes."""
        results = []
        for handle in self.handles:
            try:
                results.append(("gives", repr(do(handle))))
            except Exception as error:
                results.append(("raises", type(error)))
        return results, [whole.bytes for whole in self.memories]


@unittest.skipUnless(native.part, "the native part is not built, or not wanted")
class Native(InPlace):
    def assert_same(self, pair, what, do):
        results, (one, other) = pair.both(do)
        self.assertEqual(results[0], results[1], (pair.field, pair.version, what))
        if one != other:
            differ = [at for at in range(len(one)) if one[at] != other[at]]
            self.assertEqual(differ, [], (pair.field, pair.version, what))

    def pairs(self, make):
        for version in 1, 2:
            field = make()
            field.key = "name"
            yield Pair(field, version)

    def test_it_is_what_updates_are_made_by(self):
        class Web(mmstats.MmStats):
            hits, load, size = mmstats.CounterField(), mmstats.GaugeField(), mmstats.AverageField()
            counts, answer = mmstats.HistogramField(), mmstats.TimerField()

        web = self.make(Web)
        for name in "hits", "load", "size", "counts", "answer":
            self.assertEqual(type(getattr(web, name)).__module__, "mmstats._native", name)

    def test_counters_are_the_same(self):
        for pair in self.pairs(fields.CounterField):
            self.assert_same(pair, "nothing", lambda handle: handle.incr())
            for number in INTEGERS + ODD:
                self.assert_same(pair, number, lambda handle: handle.incr(number))
                self.assert_same(pair, number, lambda handle: handle.incr(amount=number))
                self.assert_same(pair, number, lambda handle: handle.inc(n=number))
                self.assert_same(pair, number, lambda handle: setattr(handle, "value", number))
                self.assert_same(pair, number, lambda handle: (handle.value, handle._total, handle.label))
            self.assert_same(pair, "two", lambda handle: handle.incr(1, 2))
            self.assert_same(pair, "unknown", lambda handle: handle.incr(much=2))

    def test_gauges_are_the_same(self):
        for pair in self.pairs(fields.GaugeField):
            self.assert_same(pair, "nothing", lambda handle: (handle.incr(), handle.incr(), handle.decr()))
            for number in REALS[:7] + INTEGERS + [None, [], True, 1j, 10**400]:
                self.assert_same(pair, number, lambda handle: handle.incr(number))
                self.assert_same(pair, number, lambda handle: handle.decr(amount=number))
                self.assert_same(pair, number, lambda handle: (handle.value, handle.get()))
            for number in REALS + INTEGERS + ODD:
                self.assert_same(pair, number, lambda handle: handle.set(number))
                self.assert_same(pair, number, lambda handle: setattr(handle, "value", number))
                self.assert_same(pair, number, lambda handle: (handle.value, handle.get(), handle._value))

    def test_gauges_of_whole_numbers_are_the_same(self):
        for name in "Int64", "UInt64", "Int", "UShort":
            field = type("UpDownField", (getattr(fields, name + "Field"),), {"handle": fields.GaugeField.handle})
            for pair in self.pairs(field):
                for number in INTEGERS + ODD:
                    self.assert_same(pair, number, lambda handle: (handle.incr(), handle.decr(number), handle.value))
                    self.assert_same(pair, number, lambda handle: (handle.incr(number), handle.value))
                    self.assert_same(pair, number, lambda handle: (handle.set(number), handle.value))

    def test_a_total_is_added_to(self):
        """What prometheus_client's counters are."""
        instance = types.SimpleNamespace(_mark=memoryview(bytearray(b"\1" * 8)).cast("Q"))
        total, place = native.part.Total(instance, None, "label"), bytearray(64)
        total.incr(0.5)
        total.bind(memory.Segment(0, place), 8, 2)
        total.incr()
        total.incr(2)
        self.assertEqual((total.get(), total._total, struct.unpack_from("=d", place, 8)), (3.5, 3.5, (3.5,)))
        total.set(7, timestamp=1.0)
        self.assertEqual(struct.unpack_from("=d", place, 8), (7.0,))
        total.release()
        total.incr()
        self.assertEqual((total.get(), struct.unpack_from("=d", place, 8)), (8.0, (7.0,)))
        total.begin_again()
        self.assertEqual(total.get(), 0.0)
        with self.assertRaises(TypeError):
            total.incr("1")

    def test_numbers_are_the_same(self):
        for name in NUMBERS:
            for pair in self.pairs(getattr(fields, name + "Field")):
                for number in REALS + INTEGERS + ODD:
                    self.assert_same(pair, number, lambda handle: handle.set(number))
                    self.assert_same(pair, number, lambda handle: (handle.get(), handle._value))

    def test_means_are_the_same(self):
        for pair in self.pairs(fields.AverageField):
            for number in REALS[:6] + INTEGERS + ODD:
                self.assert_same(pair, number, lambda handle: handle.add(number))
                self.assert_same(pair, number, lambda handle: handle.value)

    def test_histograms_are_the_same(self):
        chance = random.Random(1)
        for p, n, scale in (5, 42, None), (0, 1, 0.001), (10, 11, 3), (2, 64, 1e-9), (9, 20, None):
            for pair in self.pairs(lambda: fields.HistogramField(precision=p, range=n, scale=scale)):
                numbers = INTEGERS + REALS + ODD
                numbers += [chance.getrandbits(chance.randrange(1, 50)) for _ in range(200)]
                if pair.version == 1:
                    # Of sums above 2^53 the last bit of a mean may differ.
                    numbers = [number for number in numbers if not isinstance(number, (int, float)) or number < 1 << 40]
                for number in numbers:
                    self.assert_same(pair, number, lambda handle: handle.record(number))
                    self.assert_same(pair, number, lambda handle: (handle.count, handle.value))

    def test_timers_are_the_same(self):
        chance = random.Random(2)
        for size in 1, 7, 100:
            now = [0.0]
            for pair in self.pairs(lambda: fields.TimerField(size=size, timer=lambda: now[0])):
                look = lambda handle: (handle.value, handle.count, handle.last)  # noqa: E731
                self.assert_same(pair, "no time", look)
                self.assert_same(pair, "not started", lambda handle: handle.stop())
                for number in REALS[:6] + ODD + [-1, 5, 1e-10, 0.5e-9, 1.5e-9, 2.5e-9]:
                    self.assert_same(pair, number, lambda handle: handle.add(number))
                    self.assert_same(pair, number, lambda handle: handle.record(number))
                    self.assert_same(pair, number, look)
                for turn in range(300):
                    # Such that plain sums would be rounded differently.
                    seconds = chance.choice([1e16, -1e16, 1.0, chance.random(), chance.random() * 1e-9, 3e7])
                    self.assert_same(pair, seconds, lambda handle: handle.add(seconds))
                    self.assert_same(pair, seconds, look)

                def nested(handle):
                    found = [handle.last]
                    with handle as one:
                        now[0] += 1.5
                        found += [one.start, one.end, one.elapsed, one.done, one.get_time(), handle.last]
                        handle.start()
                        now[0] += 0.25
                        found += [handle.last, handle.stop(), handle.last]
                    found += [one.elapsed, one.done, one.end, handle.last, handle.value, handle.timer()]
                    now[0] -= 1.75
                    return found

                self.assert_same(pair, "nested", nested)
                for number in float("inf"), 1e300, float("nan"):
                    self.assert_same(pair, number, lambda handle: handle.add(number))
                    self.assert_same(pair, number, look)

    def test_a_handle_keeps_its_memory(self):
        counter = Pair(mmstats.CounterField("a"), 2).handles[0]
        gc.collect()
        counter.incr(5)
        self.assertEqual(counter.value, 5)
        with mmap.mmap(-1, 4096) as page:
            segment = memory.Segment(0, page)
            counter.bind(segment, 64, 2)
            with self.assertRaises(BufferError):
                page.close()
            counter.incr()
            self.assertEqual(page[64], 6)
            segment.close()
            with self.assertRaises(ValueError):
                page[64]
        counter.incr()
        self.assertEqual(counter.value, 7)

    def test_memory_that_does_not_fit_is_refused(self):
        counter = Pair(mmstats.CounterField("a"), 2).handles[0]

        class Wrong:
            def __init__(self, view):
                self.view = view

            def cells(self, *_):
                return self.view

            def hold(self, _):
                pass

        for view in memoryview(bytes(64)), memoryview(bytearray(7)), memoryview(bytearray(64))[::2]:
            with self.assertRaises(BufferError):
                counter.bind(Wrong(view), 0, 2)
        with self.assertRaises(TypeError):
            counter.bind(Wrong(None), 0, 2)
        # Not on the boundary: it stands in for a file.
        odd = bytearray(65)
        counter.bind(Wrong(memoryview(odd)[1:]), 0, 2)
        counter.incr(3)
        self.assertEqual((counter.value, odd), (3, bytearray(65)))

    def test_an_instance_that_nobody_has_goes(self):
        class Web(mmstats.MmStats):
            hits, load, last = mmstats.CounterField(), mmstats.GaugeField(), mmstats.DoubleField()
            size, counts, answer = mmstats.AverageField(), mmstats.HistogramField(), mmstats.TimerField()

        web = self.make(Web)
        self._cleanups.pop()
        gone = weakref.ref(web)
        web.hits.incr()
        with web.answer:
            pass
        web.remove()
        del web
        gc.collect()
        self.assertIsNone(gone())

    def test_both_parts_are_of_one_version(self):
        manifest = ROOT / "native" / "Cargo.toml"
        if not manifest.exists():
            self.skipTest("the source of the native part is not beside the package")
        self.assertIn('\nversion = "%s"\n' % mmstats.version, manifest.read_text(encoding="utf-8"))

    def test_the_help_of_python_knows_the_methods(self):
        import inspect

        for name, method, wanted in (
            ("Counter", "incr", "(self, /, amount=1)"),
            ("Number", "set", "(self, /, value)"),
            ("Histogram", "record", "(self, /, value)"),
        ):
            found = getattr(getattr(native.part, name), method)
            self.assertEqual(str(inspect.signature(found)), wanted)
            self.assertTrue(found.__doc__.endswith("."), found.__doc__)

    def test_a_sub_interpreter_does_without_it(self):
        names = "_interpreters", "_xxsubinterpreters", "interpreters"
        code = (
            "import sys\n"
            "for name in %r:\n"
            "    try: interpreters = __import__(name); break\n"
            "    except ImportError: pass\n"
            "else: sys.exit('no sub-interpreters')\n"
            "one = interpreters.create()\n"
            "failed = interpreters.run_string(one, '''%s''')\n"
            "sys.exit(repr(failed) if failed else 0)\n"
        )
        inner = (
            "import sys; sys.path.insert(0, %r)\n"
            "import mmstats\n"
            "class Web(mmstats.MmStats):\n"
            "    hits = mmstats.CounterField()\n"
            "web = Web(filename=\"sub.mmstats\", process_end=\"leave\", strict=True)\n"
            "web.hits.incr(3)\n"
            "assert type(web.hits).__module__ == \"mmstats.handles\", type(web.hits)\n"
        ) % str(ROOT)
        # The native part is there in the main interpreter before.
        text = "import sys; sys.path.insert(0, %r); import mmstats\n" % str(ROOT) + code % (names, inner)
        done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True)
        if "no sub-interpreters" in done.stderr:
            self.skipTest("this Python has no sub-interpreters to try")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertEqual(values(os.path.join(self.directory, "sub.mmstats"))["hits"], 3)


class Without(InPlace):
    def test_the_environment_does_without_it(self):
        text = (
            "import mmstats\n"
            "class Web(mmstats.MmStats):\n"
            "    hits = mmstats.CounterField()\n"
            "web = Web(); web.hits.incr()\n"
            "print(type(web.hits).__module__, web.hits.value)\n"
        )
        program = self.program(text, MMSTATS_PURE="1")
        self.assertEqual((program.stdout.read(), program.wait()), ("mmstats.handles 1\n", 0))
