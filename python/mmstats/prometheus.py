"""Publishes what an application measures with prometheus_client.

>>> import mmstats.prometheus
>>> mmstats.prometheus.install()

comes before the first metric is made. From then on every Counter, Gauge, Summary and Histogram is in this process's
stats file as well, where all tools see it, and ``Collector`` adds up those of all processes for a scrape, as
``prometheus_client.multiprocess.MultiProcessCollector`` does: without a directory to be wiped, and without files that
pile up.

A counter ``a_total`` is the field ``a_total``, a gauge ``b`` is ``b``, a summary ``c`` is the mean ``c``, and a
histogram ``d`` is the histogram ``d``; its exact sum and its exact buckets are ``d_sum`` and ``d_bucket{le="0.5"}``,
each bucket with its own values only. Info, Enum and exemplars stay in the process. The file has to be of version 2: in
version 1 nothing says what a number means.
"""

import logging
import math
import os
import sys
import threading
from typing import Any, Optional, Union

from . import fields, handles, items, models, native
from .collector import Collector

__all__ = ["Collector", "Prometheus", "install"]

log = logging.getLogger("mmstats")

# How the values of a gauge in several processes become one. Those of dead processes are in none of them.
MERGE = {
    "min": "min", "livemin": "min", "max": "max", "livemax": "max", "sum": "sum", "livesum": "sum",
    "mostrecent": "latest", "livemostrecent": "latest",
}
UNITS = ("seconds", "bytes", "ratio", "celsius", "meters", "volts", "amperes", "joules", "grams")
# What is observed, as a whole number, is at most this, or a few values would make the sum of 64 bits begin again at 0.
BITS = 53
LARGEST = 1 << BITS


class Total(handles.Sum):
    """A number with a fraction that is added to, and begins at 0 in a forked child."""

    __slots__ = ()

    letter, zero = "d", 0.0

    def incr(self, amount=1):
        """Adds ``amount``."""
        if not self._mark[0]:
            self._instance._at_home()
        # As in handles.Counter.
        with self._lock:
            self._total = total = self._total + amount
            self._cell[0] = total

    def _take(self, amount):
        self._total = total = self._total + amount
        self._cell[0] = total

    if sys.version_info < (3, 10):

        def incr(self, amount=1):
            """Adds ``amount``."""
            self._add(amount)

    def set(self, value, timestamp=None):
        """Sets it. prometheus_client gives a time as well, which is not kept."""
        self.at_home()
        with self._lock:
            self._total = value = float(value)
            self._cell[0] = value

    def get(self):
        self.at_home()
        return self._total


class TotalField(fields.HandleField):
    """What such a number is: a counter or a gauge."""

    handle, data = native.of(Total), "f64"

    def __init__(self, metric, **about):
        self.metric = metric
        super().__init__(**about)

    def describe(self, handle):
        return self._number("f64", handle._total, True)


class Prometheus(models.MmStats):
    """The file of what the application has measured with prometheus_client."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self._known, self._histograms = {}, {}

    def add(self, field, name, names, values):
        """The handle for these attributes; the same for the same ones.

        ValueError: there cannot be such a field.
        """
        try:
            handle = self._add_later(self._known, (name, names, values), field, name, dict(zip(names, values)))
        except fields.DuplicateFieldName:
            handle = self._known.get((name, names, values))
        if handle is None or (handle.field.metric, type(handle.field)) != (field.metric, type(field)):
            raise ValueError("%s: something else has this name" % name)
        return handle

    def methods(self, kind, metric, name, names, values, help, mode):
        """What increases, sets and gets a value of prometheus_client."""
        if kind not in ("counter", "gauge", "histogram", "summary"):
            raise ValueError("%s: a metric of an unknown type, %s" % (name, kind))
        # One line, without what acts on a terminal.
        about = {"help": " ".join("".join(one if items.is_line(one) else " " for one in help).split())[:1000] or None}
        unit = metric.rpartition("_")[2]
        about["unit"] = unit if unit in UNITS and unit != metric else None
        if kind == "summary":
            handle = self.add(fields.AverageField(**about), metric, names, values)
            if name.endswith("_count"):
                # The sum, which comes after it, adds to both.
                return _nothing, _nothing, lambda: float(handle.count)
            return handle.add, _nothing, lambda: handle.sum
        if kind == "histogram":
            return self._histogram(about, metric, name, names, values)
        if kind == "gauge":
            about["merge"] = MERGE.get(mode, "none")
        handle = self.add(TotalField(kind, **about), name, names, values)
        return handle.incr, handle.set, handle.get

    def _histogram(self, about, metric, name, names, values):
        key = metric, values if name.endswith("_sum") else values[:-1]
        bounds, shown = self._histograms.setdefault(key, ([], []))
        if name.endswith("_sum"):
            total = self.add(TotalField("counter", help=about["help"]), name, names, values)

            def observe(amount):
                total.incr(amount)
                for handle, factor in shown:
                    handle.record(_whole(amount * factor))

            return observe, total.set, total.get
        bounds.append(float(values[-1]))
        if bounds[-1] == math.inf and not shown:
            # The last one: now it is known what has to be told apart.
            field, factor = _shape(bounds, about)
            shown.append((self.add(field, metric, names[:-1], values[:-1]), factor))
        handle = self.add(fields.CounterField(help=about["help"]), name, names, values)
        return handle.incr, _nothing, lambda: float(handle.value)


def _shape(bounds, about):
    """A histogram for values about these bounds, and what they are multiplied with to be whole numbers.

    It tells apart a thousandth of the order of the lowest, and 16 times the highest; if that is too much for one, the
    latter.
    """
    positive = [bound for bound in bounds if 0 < bound < math.inf] or [1.0]
    highest = math.log2(positive[-1]) + 4
    order = max(math.floor(math.log10(positive[0])) - 3, math.ceil((highest - BITS) / math.log2(10)), -300)
    range = min(max(math.ceil(highest - order * math.log2(10)), 8), BITS)
    return fields.HistogramField(scale=float("1e%d" % order), precision=3, range=range, **about), float("1e%d" % -order)


def _nothing(*_):
    """What is done by another value."""


def _whole(number):
    if not number > 0:
        return 0
    return LARGEST if number >= LARGEST else round(number)


_installed, _lock = None, threading.Lock()


def install(
    path: "Optional[Union[str, os.PathLike[str]]]" = None,
    filename: Optional[str] = None,
    *,
    process_end: str = "fold",
    **options: Any,
) -> Prometheus:
    """From now on, prometheus_client's metrics are published. Gives the instance that has the file.

    Options are those of ``mmstats.MmStats``. By default a process that ends adds its counts to the file of the
    command's departed. A second call gives the same instance.

    ImportError: there is no prometheus_client.
    """
    from prometheus_client import REGISTRY, metrics, values

    global _installed
    with _lock:
        if _installed is not None:
            return _installed
        instance = Prometheus(path, filename, process_end=process_end, **options)
        before = {one for one in getattr(REGISTRY, "_collector_to_names", ()) if isinstance(one, metrics.MetricWrapperBase)}
        if before:
            log.warning("mmstats: made before install, so not published: %s", ", ".join(sorted(map(str, before))))
        values.ValueClass = _value_class(instance, values.MutexValue)
        _installed = instance
        return instance


def _value_class(instance, private):
    class Value:
        """What prometheus_client keeps a number in."""

        __slots__ = ("inc", "set", "get", "_exemplar")
        _multiprocess = False

        def __init__(self, typ, metric_name, name, labelnames, labelvalues, help_text, multiprocess_mode="", **_):
            self._exemplar = None
            names, texts = tuple(labelnames), tuple(map(str, labelvalues))
            try:
                methods = instance.methods(typ, metric_name, name, names, texts, help_text, multiprocess_mode)
            except ValueError as error:
                log.warning("mmstats: %s is not published: %s", name, error)
                kept = private(typ, metric_name, name, labelnames, labelvalues, help_text)
                methods = kept.inc, kept.set, kept.get
            self.inc, self.set, self.get = methods

        def set_exemplar(self, exemplar):
            self._exemplar = exemplar

        def get_exemplar(self):
            return self._exemplar

    return Value
