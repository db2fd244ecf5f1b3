"""The metrics of all processes of a program, for prometheus_client to expose."""

import re
from typing import Any, List, Optional

from . import attributes, together

# The model of the files that ``prometheus.install`` makes.
MODEL = "Prometheus"


class Collector:
    """Gives the metrics of all processes of a program, those that have ended included, for a scrape:

    >>> registry = prometheus_client.CollectorRegistry()
    >>> mmstats.prometheus.Collector(registry)
    >>> prometheus_client.generate_latest(registry)

    ``path``: the directory of the files. ``command``: what their names begin with, before ``-PID-TID``. Without both,
    those of what was installed in this process. Gauges of dead processes are left out.
    """

    def __init__(
        self, registry: Any = None, path: Optional[str] = None, command: Optional[str] = None
    ) -> None:
        if path is None or command is None:
            from .prometheus import install

            directory, own = together.place_of(install())
        self.path, self.command = directory if path is None else path, own if command is None else command
        if registry is not None:
            registry.register(self)

    def collect(self) -> List[Any]:
        """The metrics, each with its samples.

        OSError: the directory cannot be read.
        """
        families = {}
        for file in together.files(self.path, self.command):
            is_ours = file.is_departed or file.value("org.mmstats.model") == MODEL
            for field in file.fields if is_ours else ():
                name, pairs = attributes.parse(field.label)
                if field.value is not None and re.fullmatch("[A-Za-z_:][A-Za-z0-9_:]*", name):
                    _put(families, file, field, name, pairs)
        return [family.metric(name) for name, family in sorted(families.items())]


def _put(families, file, field, name, pairs):
    key = tuple(sorted(pairs.items()))
    if field.metric == "mean":
        family = families.setdefault(name, _Family("summary", field.help))
        family.add(("_count", key), field.value.count)
        family.add(("_sum", key), field.value.sum)
    elif field.metric == "histogram":
        families.setdefault(name, _Family("histogram", field.help))
    elif field.metric == "counter" and field.data == "u64" and name.endswith("_bucket") and "le" in pairs:
        others = tuple(pair for pair in key if pair[0] != "le")
        families.setdefault(name[: -len("_bucket")], _Family("histogram", field.help)).add(
            ("_bucket", others, float(pairs["le"])), field.value
        )
    elif field.metric == "counter" and field.data == "f64":
        stem, _, ending = name.rpartition("_")
        if ending == "sum":
            families.setdefault(stem, _Family("histogram", field.help)).add(("_sum", key), field.value)
        elif ending == "total":
            families.setdefault(stem, _Family("counter", field.help)).add(("_total", key), field.value)
    elif field.metric == "gauge" and file.is_alive:
        family = families.setdefault(name, _Family("gauge", field.help))
        if field.merge == "none":
            key += (("pid", str(file.value("sys.pid"))),)
        family.merge(("", key), field, file.value("sys.created") or 0.0)


class _Family:
    """All samples of one metric."""

    def __init__(self, kind, help):
        self.kind, self.help, self.samples, self.youngest = kind, help, {}, {}

    def add(self, key, value):
        self.samples[key] = self.samples.get(key, 0.0) + value

    def merge(self, key, field, created):
        if key not in self.samples:
            self.samples[key] = field.value
            self.youngest[key] = created
        elif field.merge in ("min", "max"):
            self.samples[key] = (min if field.merge == "min" else max)(self.samples[key], field.value)
        elif field.merge != "latest":
            self.add(key, field.value)
        elif created > self.youngest[key]:
            self.samples[key], self.youngest[key] = field.value, created

    def metric(self, name):
        from prometheus_client.metrics_core import Metric
        from prometheus_client.utils import floatToGoString

        made, counts = Metric(name, self.help or "", self.kind), {}
        for key, value in sorted(self.samples.items()):
            labels = dict(key[1])
            if key[0] == "_bucket":
                # Sorted by their bounds: each has what those before it have, too.
                value = counts[key[1]] = counts.get(key[1], 0.0) + value
                labels["le"] = floatToGoString(key[2])
            made.add_sample(name + key[0], labels, value)
        for pairs, count in counts.items():
            made.add_sample(name + "_count", dict(pairs), count)
        return made
