"""What an update costs: by the native part, by pure Python, and by prometheus_client where it is installed.

All are measured by turns, and the best round of each counts: what else the machine does makes rounds longer, never
shorter. An empty loop is taken off.
"""

import os
import sys
import tempfile
import timeit

import mmstats
from mmstats import fields, handles, histogram, means, native, timer

try:
    import prometheus_client
except ImportError:
    prometheus_client = None

WANTED = 25


def pure(field, handle):
    """The same field, updated by pure Python."""
    return type("Pure" + field.__name__, (field,), {"handle": handle})


class Native(mmstats.MmStats):
    counter, gauge = mmstats.CounterField(), mmstats.GaugeField()
    mean, histogram = mmstats.AverageField(), mmstats.HistogramField()
    timer, double, text = mmstats.TimerField(), mmstats.DoubleField(), mmstats.StringField()
    routes = mmstats.CounterField(attributes="route")


class Pure(mmstats.MmStats):
    counter, gauge = pure(fields.CounterField, handles.Counter)(), pure(fields.GaugeField, handles.Gauge)()
    mean, histogram = pure(fields.AverageField, means.Mean)(), pure(fields.HistogramField, histogram.Histogram)()
    timer = pure(fields.TimerField, timer.Timer)()
    double = pure(fields.DoubleField, handles.Number)()


def rows(path):
    """What is measured: a name, a statement, and what the statement knows."""
    yield "an empty loop", "pass", {}
    yield "o.x += 1", "o.x += 1", {"o": type("Object", (), {"x": 0})()}
    for name, model in ("native", Native), ("pure", Pure):
        if model is Native and native.part is None:
            continue
        stats = model(path=path, filename=name + ".mmstats", strict=True)
        handles_of = ("counter", "gauge", "mean", "histogram", "timer")
        known = {"stats": stats, **{key: getattr(stats, key) for key in handles_of}}
        yield name + " counter.incr()", "counter.incr()", known
        yield name + " counter.incr(3)", "counter.incr(3)", known
        yield name + " stats.counter.incr()", "stats.counter.incr()", known
        yield name + " gauge.set(0.5)", "gauge.set(0.5)", known
        yield name + " gauge.incr()", "gauge.incr()", known
        yield name + " stats.double = 0.5", "stats.double = 0.5", known
        yield name + " mean.add(0.5)", "mean.add(0.5)", known
        yield name + " histogram.record(1000)", "histogram.record(1000)", known
        yield name + " timer.add(0.5)", "timer.add(0.5)", known
        yield name + " with timer: pass", "with timer: pass", known
        if model is Native:
            yield 'stats.text = "GET /"', 'stats.text = "GET /"', known
            yield 'stats.routes.labels("/").incr()', 'stats.routes.labels("/").incr()', known
    if prometheus_client:
        known = {
            "counter": prometheus_client.Counter("c", "c"),
            "gauge": prometheus_client.Gauge("g", "g"),
            "summary": prometheus_client.Summary("s", "s"),
            "histogram": prometheus_client.Histogram("h", "h"),
            "routes": prometheus_client.Counter("r", "r", ["route"]),
        }
        for statement in (
            "counter.inc()", "counter.inc(3)", "gauge.set(0.5)", "gauge.inc()", "summary.observe(0.5)",
            "histogram.observe(0.5)", "with histogram.time(): pass", 'routes.labels("/").inc()',
        ):
            yield "prometheus_client " + statement, statement, known


def measure(path, rounds, seconds):
    timers = {name: timeit.Timer(statement, globals=known) for name, statement, known in rows(path)}
    # As many calls as take so long, found out once.
    calls = {}
    for name, timer in timers.items():
        count = 100
        while timer.timeit(count) < seconds / 4 and count < 1 << 22:
            count *= 2
        calls[name] = count * 4
    best = dict.fromkeys(timers, float("inf"))
    for _ in range(rounds):
        for name, timer in timers.items():
            best[name] = min(best[name], timer.timeit(calls[name]) / calls[name] * 1e9)
    empty = best.pop("an empty loop")
    return {name: nanoseconds - empty for name, nanoseconds in best.items()}


def main():
    quick = "--quick" in sys.argv[1:]
    os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
    with tempfile.TemporaryDirectory() as path:
        best = measure(path, *((3, 0.0002) if quick else (60, 0.002)))
    peer = best.get("prometheus_client counter.inc()")
    print("Python %s, %s" % (sys.version.split()[0], "native" if native.part else "no native part"))
    print("%-50s %8s %s" % ("", "ns", "of prometheus_client's inc()" if peer else ""))
    for name, nanoseconds in best.items():
        print("%-50s %8.1f %s" % (name, nanoseconds, "1/%.1f" % (peer / nanoseconds) if peer else ""))
    ours = best.get("native counter.incr()")
    if peer and ours and not quick:
        print("wanted: 1/%d, %s" % (WANTED, "held" if peer / ours >= WANTED else "MISSED"))


if __name__ == "__main__":
    main()
