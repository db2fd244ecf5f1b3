"""prometheus_client's metrics through a stats file, beside prometheus_client's own."""

import math
import unittest.mock

import mmstats
from mmstats import prometheus, reader, together

from .place import InPlace, need, values
from .server import exposed


class Installed(InPlace):
    def setUp(self):
        super().setUp()
        need("prometheus_client")
        import prometheus_client

        self.client, self.registry = prometheus_client, prometheus_client.CollectorRegistry()
        self.addCleanup(setattr, prometheus_client.values, "ValueClass", prometheus_client.values.ValueClass)
        self.addCleanup(setattr, prometheus, "_installed", None)
        # What other tests have made.
        with unittest.mock.patch.object(prometheus_client.REGISTRY, "_collector_to_names", {}):
            self.instance = prometheus.install(strict=True)
        self.addCleanup(self.instance.remove)

    def work(self, registry):
        """Everything that metrics can be told."""
        client, inf = self.client, math.inf
        total = client.Counter("a", "Counts\nof  anything", registry=registry)
        total.inc()
        total.inc(2.5)
        total.inc(1, exemplar={"trace": "1"})
        count = client.Counter("http_requests_total", "Requests", ["route", "method"], registry=registry)
        for route in "/", '/"a"\\\n', "/grün":
            count.labels(route, "GET").inc(3)
        load = client.Gauge("load", "Load", ["zone"], registry=registry, multiprocess_mode="sum")
        load.labels("a").set(3)
        load.labels("a").dec(0.5)
        load.labels("b").inc()
        client.Gauge("recent", "", registry=registry, multiprocess_mode="mostrecent").set(7)
        size = client.Summary("size_bytes", "Sizes", ["route"], registry=registry)
        size.labels("/").observe(3)
        size.labels("/").observe(4.5)
        size.labels("/none")
        time = client.Histogram("time_seconds", "Times", ["route"], registry=registry)
        for number in 0, 0.005, 0.25, 3, 11, 1e9:
            time.labels("/").observe(number)
        wide = client.Histogram("wide", "Anything", registry=registry, buckets=(0, 0.5, 1e12, inf))
        for number in -1, 0.25, 1e6, 1e300, inf:
            wide.observe(number)
        return total

    def reference(self):
        """What prometheus_client itself has of the same work."""
        registry, values = self.client.CollectorRegistry(), self.client.values
        with unittest.mock.patch.object(values, "ValueClass", values.MutexValue):
            self.work(registry)
            return exposed(registry)

    def test_it_exposes_what_prometheus_client_does(self):
        self.work(self.registry)
        wanted = self.reference()
        self.assertEqual(exposed(self.registry), wanted)
        collected = self.client.CollectorRegistry()
        prometheus.Collector(collected)
        # In a file, a help text is one line.
        wanted = {name: (kind, " ".join(help.split()), value) for name, (kind, help, value) in wanted.items()}
        self.assertEqual(exposed(collected), wanted)

    def test_what_the_tools_see(self):
        self.work(self.registry)
        found = values(self.instance.filename)
        self.assertEqual((found["a_total"], found['http_requests_total{route="/grün",method="GET"}']), (4.5, 3))
        self.assertEqual((found['size_bytes{route="/"}'], found['load{zone="a"}']), ((7.5, 2), 2.5))
        times = found['time_seconds{route="/"}']
        self.assertEqual((times.count, found['time_seconds_bucket{route="/",le="0.25"}']), (6, 1))
        self.assertAlmostEqual(times.quantile(0.5), 250_000, delta=250_000 / 16)

    def test_a_sum_of_large_values_does_not_begin_again(self):
        inf = math.inf
        for name, bounds in ("a", (0.5, inf)), ("b", (1e-9, 1e12, inf)), ("c", (1e300, inf)):
            values_of = self.client.Histogram(name, "", registry=self.registry, buckets=bounds)
            for _ in range(3):
                for number in inf, 1e308, 2.0**64:
                    values_of.observe(number)
            values_of.observe(bounds[-2])
            (found,) = [field for field in reader.read(self.instance.filename) if field.label == name]
            value = found.value
            self.assertEqual((value.count, value.max), (10, 1 << 53) if name != "c" else (10, value.max))
            self.assertGreaterEqual(value.sum, 3 * value.max, "larger than what is in it")
            self.assertGreaterEqual(value.sum * found.scale, bounds[-2] * 0.99)

    def test_a_help_text_becomes_one_line(self):
        self.client.Counter("a", " two\n\tlines \x1b[1m\u2028 ", registry=self.registry)
        (found,) = [field for field in reader.read(self.instance.filename) if field.label == "a_total"]
        self.assertEqual(found.help, "two lines [1m")

    def test_a_second_call_changes_nothing(self):
        before = self.client.values.ValueClass
        self.assertIs(prometheus.install(), self.instance)
        self.assertIs(self.client.values.ValueClass, before)

    def test_a_metric_of_two_registries_is_one(self):
        for registry in self.registry, self.client.CollectorRegistry():
            self.client.Counter("same", "", registry=registry).inc()
            self.client.Histogram("times", "", registry=registry).observe(1)
        found = values(self.instance.filename)
        self.assertEqual((found["same_total"], found["times"].count), (2, 2))

    def test_what_cannot_be_published_stays_in_the_process(self):
        self.client.Gauge("one_total", "", registry=None).set(1)
        with self.assertLogs("mmstats", "WARNING") as logged:
            count = self.client.Counter("one", "", registry=self.registry)
        count.inc(2)
        self.assertEqual((len(logged.output), exposed(self.registry)[("one_total", ())][2]), (1, 2))
        with self.assertLogs("mmstats", "WARNING"):
            other = self.client.values.ValueClass("of_another_type", "a", "a", (), (), "")
        other.inc(1)
        self.assertEqual(other.get(), 1)
        with self.assertLogs("mmstats", "WARNING"):
            long = self.client.Counter("long", "", ["a"], registry=self.registry).labels("x" * 70_000)
        long.inc()
        self.assertEqual(long._value.get(), 1)

    def test_metrics_that_were_made_before_are_named(self):
        prometheus._installed = None
        early = self.client.Counter("too_early", "", registry=None)
        with unittest.mock.patch.object(self.client.REGISTRY, "_collector_to_names", {early: []}):
            with self.assertLogs("mmstats", "WARNING") as logged:
                self.addCleanup(prometheus.install().remove)
        self.assertIn("too_early", logged.output[0])

    def test_gauges_of_several_processes(self):
        work = """
import mmstats.prometheus, sys
mmstats.prometheus.install(filename="app-{PID}.mmstats")
from prometheus_client import Gauge, Histogram
number = float(sys.stdin.readline())
for mode in "sum", "min", "max", "all", "mostrecent":
    Gauge("of_" + mode, "", multiprocess_mode=mode).set(number)
print(number, flush=True)
sys.stdin.readline()
"""
        programs = [self.program(work) for _ in range(2)]
        for program, number in zip(programs, (3, 5)):
            print(number, file=program.stdin, flush=True)
            program.stdout.readline()
        collected = self.client.CollectorRegistry()
        prometheus.Collector(collected, self.directory, "app")
        found = {name: value for name, (_, _, value) in exposed(collected).items()}
        self.assertEqual([found["of_" + mode, ()] for mode in ("sum", "min", "max")], [8, 3, 5])
        self.assertEqual([found["of_all", (("pid", str(program.pid)),)] for program in programs], [3, 5])
        self.assertIn(found["of_mostrecent", ()], (3, 5))
        for program in programs:
            program.kill()
            program.wait()
        self.assertEqual(exposed(collected), {})

    def test_another_model_of_the_program_is_not_exposed(self):
        class Own(mmstats.MmStats):
            hits = mmstats.CounterField()

        self.make(Own).hits.incr()
        self.client.Counter("a", "", registry=self.registry).inc()
        collected = self.client.CollectorRegistry()
        prometheus.Collector(collected)
        self.assertEqual(set(exposed(collected)), {("a_total", ())})
        self.assertEqual(len(together.files(*together.place_of(self.instance))), 2)
