"""What programs that were written for mmstats 0.8.0 do, and what is new."""

import contextlib
import io
import math
import unittest.mock

import mmstats
from mmstats import reader
from mmstats.fields import CounterField
from mmstats.models import MmStats

from .place import InPlace, values


class Web(mmstats.MmStats):
    ok = mmstats.CounterField(label="status.2XX", unit="requests", help="Responses that are fine")
    bad = mmstats.CounterField(label="status.5XX")
    last_hit = mmstats.DoubleField(label="timers.last_hit")
    answer = mmstats.TimerField()
    size = mmstats.AverageField()
    load = mmstats.MovingAverageField(size=3)


class Everything(MmStats):
    uint64, uint, integer = mmstats.UInt64Field(), mmstats.UIntField(), mmstats.IntField()
    short, ushort, byte = mmstats.ShortField(), mmstats.UShortField(), mmstats.ByteField()
    single, double, flag = mmstats.FloatField(), mmstats.DoubleField(), mmstats.BoolField(initial=True)
    text, short_text = mmstats.StringField(), mmstats.StringField(size=5)
    a, b, c = mmstats.StaticFloatField(value=0.5), mmstats.StaticDoubleField(value=2.5), mmstats.StaticUIntField(value=7)
    d, e = mmstats.StaticInt64Field(value=-1), mmstats.StaticUInt64Field(value=lambda: 9)
    f = mmstats.StaticTextField(value="für immer")


class Clock:
    now = 100.0

    def __call__(self):
        return self.now


class Original(InPlace):
    """In both versions of the file."""

    def both(self):
        for version in "12":
            with self.subTest(version=version):
                mmstats.defaults.os.environ["MMSTATS_VERSION"] = version
                yield int(version)

    def test_what_the_readme_of_the_original_does(self):
        for version in self.both():
            web = self.make(Web, label_prefix="web.stats.")
            web.ok.inc()
            web.ok.incr()
            web.ok.incr(amount=3)
            web.ok.inc(n=2)
            web.bad.value = 7
            web.last_hit = 12.5
            web.size.add(1)
            web.size.add(2)
            for number in range(5):
                web.load.add(number)
            self.assertEqual((web.ok.value, web.bad.value, web.last_hit), (7, 7, 12.5))
            self.assertEqual((web.size.value, web.load.value), (1.5, 3.0))
            self.assertEqual((web.label_prefix, web.size is not None), ("web.stats.", True))
            found = values(web.filename)
            self.assertEqual(found["web.stats.status.2XX"], 7)
            self.assertEqual(found["web.stats.timers.last_hit"], 12.5)
            self.assertEqual(found["web.stats.load"], 3.0)
            self.assertEqual(found["web.stats.size"], 1.5 if version == 1 else (3.0, 2))
            self.assertEqual(found["web.stats.sys.pid"], mmstats.models.os.getpid())
            web.flush()
            web.remove()

    def test_a_timer_is_a_context_manager(self):
        for version in self.both():
            clock = Clock()

            class Timed(MmStats):
                load = mmstats.TimerField(timer=clock, size=2)

            timed = self.make(Timed)
            self.assertEqual((timed.load.last, timed.load.value), (0.0, 0.0))
            for seconds in 1, 2, 4:
                with timed.load as context:
                    clock.now += seconds
                    self.assertEqual((context.elapsed, context.done, timed.load.last), (seconds, False, seconds))
                self.assertTrue(context.done)
            timed.load.start()
            with timed.load:
                clock.now += 8
            timed.load.stop()
            self.assertEqual((timed.load.value, timed.load.last), (8.0, 8.0))
            found = values(timed.filename)["load"]
            self.assertEqual(found if version == 1 else (found.sum, found.count), 8.0 if version == 1 else (23 * 10**9, 5))
            timed.remove()

    def test_what_is_no_time_changes_nothing(self):
        class Web(mmstats.MmStats):
            answer = mmstats.TimerField(size=3)

        for version in 1, 2:
            for strict in True, False:
                web = self.make(Web, version=version, strict=strict)
                web.answer.add(0.25)
                before = values(web.filename)
                for number in math.inf, -math.inf, math.nan, 1e300:
                    with self.assertRaises(ValueError) if strict else contextlib.nullcontext():
                        web.answer.add(number)
                self.assertEqual((web.answer.value, web.answer.count, values(web.filename)), (0.25, 1, before))
                web.answer.add(0.75)
                self.assertEqual((web.answer.value, web.answer.count), (0.5, 2))
                web.remove()

    def test_every_field_can_be_set_and_is_read(self):
        for version in self.both():
            one = self.make(Everything)
            self.assertTrue(one.flag)
            one.uint64, one.uint, one.integer = 1 << 63, -1, -9
            one.short, one.ushort, one.byte = 40000, 70000, 255
            one.single, one.double, one.flag = 0.1, 0.1, False
            for text in "long" * 100, "grün ✓":
                one.text = one.short_text = text
            found = values(one.filename)
            for name, wanted in dict(
                uint64=1 << 63, uint=(1 << 32) - 1, integer=-9, short=40000 - 65536, ushort=70000 - 65536, byte=-1,
                single=0.10000000149011612, double=0.1, flag=False, text="grün ✓", short_text="grün",
                a=0.5, b=2.5, c=7, d=-1, e=9, f="für immer",
            ).items():
                self.assertEqual(found[name], wanted, name)
                self.assertEqual(getattr(one, name), wanted, name)
            with self.assertRaises(AttributeError):
                one.not_there
            one.remove()

    def test_the_reader_of_the_original(self):
        web = self.make(Web)
        web.ok.incr(3)
        for made in reader.MmStatsReader.from_file, reader.MmStatsReader.from_mmap:
            found = made(web.filename)
            self.assertEqual(found.version, 2)
            self.assertIn(reader.Stat("status.2XX", 3), list(found))
        with self.assertRaises(reader.InvalidMmStatsVersion):
            reader.MmStatsReader(io.BytesIO(b"\3"))

    def test_two_instances_have_two_files(self):
        one, two = self.make(Web), self.make(Web)
        self.assertNotEqual(one.filename, two.filename)
        one.ok.incr()
        self.assertEqual((one.ok.value, two.ok.value), (1, 0))
        self.assertTrue(two.filename.endswith(".2.mmstats"))


class New(InPlace):
    def test_what_a_field_says_about_itself(self):
        class Said(MmStats):
            load = mmstats.GaugeField("load", unit="ratio", help="How busy it is", merge="max")
            bytes = mmstats.HistogramField(unit="bytes", scale=1024, quantiles=(0.5,))
            started = mmstats.DoubleField(metric="timestamp")

        said = self.make(Said)
        said.load.set(2)
        said.load.incr(1.5)
        said.load.decr()
        said.bytes.record(3)
        self.assertEqual((said.load.value, said.bytes.value, said.bytes.count), (2.5, 3072.0, 1))
        found = {field.label: field for field in reader.read(said.filename)}
        load, size = found["load"], found["bytes"]
        self.assertEqual((load.unit, load.help, load.merge, load.metric), ("ratio", "How busy it is", "max", "gauge"))
        self.assertEqual((size.scale, size.quantiles, size.value.quantile(0.5)), (1024, (0.5,), 3))
        self.assertEqual(found["started"].metric, "timestamp")
        self.assertEqual(found["org.mmstats.model"].value, "Said")

    def test_attributes_make_a_field_for_each_set_of_values(self):
        class Routes(MmStats):
            requests = CounterField(attributes=("route", "method"))
            fixed = CounterField(attributes={"zone": 'a"b'})

        for version in 1, 2:
            routes = self.make(Routes, version=version)
            routes.fixed.incr()
            for number in range(300):
                routes.requests.labels("/%d" % number, "GET").incr(number)
            routes.requests.labels(method="GET", route="/7").incr()
            found = values(routes.filename)
            self.assertEqual(found['fixed{zone="a\\"b"}'], 1)
            for number in range(300):
                self.assertEqual(found['requests{route="/%d",method="GET"}' % number], number + (number == 7))
            with self.assertRaises(ValueError):
                routes.requests.labels("/a")
            with self.assertRaises(ValueError):
                routes.requests.labels(route="/a", zone="b")
            routes.remove()

    def test_windows_and_the_last_numbers(self):
        class Seen(MmStats):
            depth, last = mmstats.WindowField(3), mmstats.RecentField(2)

        for version in 1, 2:
            seen, second = self.make(Seen, version=version), [1000]
            with unittest.mock.patch("mmstats.window.now", lambda: second[0]):
                self.assertEqual((seen.depth.count, seen.depth.value, seen.depth.max), (0, None, None))
                for second[0], number in (1000, 9), (1001, 1), (1001, 2), (1003, -3):
                    seen.depth.add(number)
                    seen.last.add(number)
                self.assertEqual((seen.depth.count, seen.depth.value, seen.depth.max), (3, 0.0, 2.0))
                self.assertEqual(seen.last.values, [2.0, -3.0])
                found = {field.label: field.value for field in self.read(seen.filename, 1003.25)}
                if version == 1:
                    self.assertEqual((found["depth"], found["last"]), (0.0, -0.5))
                else:
                    self.assertEqual((found["depth"], found["last"]), ((0.0, 3, 2.0, 2.25), [2.0, -3.0]))
                    found = {field.label: field.value for field in self.read(seen.filename, 1005.5)}
                    self.assertEqual(found["depth"][:3], (-3.0, 1, -3.0))
                    with unittest.mock.patch("mmstats.boot.this", lambda: "another"):
                        found = {field.label: field.value for field in self.read(seen.filename, 1003.0)}
                    self.assertEqual(found["depth"][:3], (0.0, 0, None))
                second[0] = 1006
                self.assertEqual(seen.depth.count, 0)
            seen.remove()
            self.assertEqual(seen.last.values, [2.0, -3.0])

    def read(self, path, now):
        with open(path, "rb") as file:
            return list(reader._fields(reader.looks.of(file), lambda: now))

    def test_every_type_of_number(self):
        class Every(MmStats):
            ubyte, open, moment = mmstats.UByteField(), mmstats.UpDownField(), mmstats.TimestampField()
            a, b, c = mmstats.StaticUByteField(value=255), mmstats.StaticShortField(value=-7), mmstats.StaticBoolField(value=True)
            d, e, f = mmstats.StaticByteField(value=-1), mmstats.StaticUShortField(value=9), mmstats.StaticIntField(value=-9)

        for version in 1, 2:
            every = self.make(Every, version=version)
            every.ubyte, every.moment = 257, 12.5
            every.open.incr(5)
            every.open.decr()
            found = values(every.filename)
            for name, wanted in dict(ubyte=1, moment=12.5, a=255, b=-7, c=True, d=-1, e=9, f=-9).items():
                self.assertEqual((found[name], getattr(every, name)), (wanted, wanted), name)
            self.assertEqual((found["open"], every.open.value), (4, 4))
            every.remove()

    def test_wrong_declarations_are_errors(self):
        for wrong in (
            lambda: CounterField(unit="two words"),
            lambda: CounterField(help="two\nlines"),
            lambda: CounterField(merge="most"),
            lambda: CounterField(attributes=("__a",)),
            lambda: mmstats.DoubleField(metric="mean"),
            lambda: mmstats.HistogramField(precision=5, range=5),
            lambda: mmstats.WindowField(0),
            lambda: mmstats.RecentField(0),
            lambda: CounterField(help="two\u2028lines"),
        ):
            with self.assertRaises(ValueError):
                wrong()

        class Twice(MmStats):
            a, b = CounterField(label="same"), CounterField(label="same")

        with self.assertRaises(mmstats.DuplicateFieldName):
            Twice()
