"""A web server with worker processes, its one client, and a thread that looks at the sums all the time."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time

from mmstats import prometheus, together

from .place import ROOT, InPlace

APP = """
import mmstats, os
class Web(mmstats.MmStats):
    hits = mmstats.CounterField()
    size = mmstats.AverageField()
web = Web(filename="app-{PID}.mmstats", process_end="%s")
def app(environ, start):
    web.hits.incr()
    web.size.add(1)
    start("200 OK", [])
    return [str(os.getpid()).encode()]
application = app
"""
MEASURED = """
import os, urllib.parse
import mmstats.prometheus
mmstats.prometheus.install(filename="app-{PID}.mmstats")
from prometheus_client import Counter, Gauge, Histogram, Summary
requests = Counter("requests", "Requests", ["route"])
at_work = Gauge("at_work", "Begun and not ended", multiprocess_mode="livesum")
size = Summary("size_bytes", "Sizes")
latency = Histogram("latency_seconds", "How long it took", ["route"])
def app(environ, start):
    with at_work.track_inprogress():
        route = environ["PATH_INFO"]
        number = float(environ["QUERY_STRING"])
        requests.labels(route).inc()
        size.observe(number * 1000)
        latency.labels(route).observe(number)
        start("200 OK", [])
        return [str(os.getpid()).encode()]
application = app
"""


# How many times more requests than usual: with 20, a look at what seldom happens.
TIMES = int(os.environ.get("MMSTATS_TIMES") or 1)


class Connection(http.client.HTTPConnection):
    """HTTP through a socket in the file system: no test meets another one's port."""

    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Watcher(threading.Thread):
    """Adds up all files again and again. No sum may fall."""

    def __init__(self, directory):
        super().__init__()
        self.directory, self.end, self.looks, self.fell = directory, threading.Event(), 0, []

    def sums(self):
        found = {}
        for file in together.files(self.directory, "app"):
            for field in file.fields:
                if field.metric in ("counter", "mean", "histogram"):
                    amount = getattr(field.value, "count", field.value)
                    found[field.label] = found.get(field.label, 0) + (amount() if callable(amount) else amount)
        return found

    def run(self):
        before = {}
        while not self.end.is_set():
            now = self.sums()
            for label, value in before.items():
                if now.get(label, 0) < value:
                    self.fell.append("%s fell from %s to %s" % (label, value, now.get(label)))
            before, self.looks = now, self.looks + 1


class Served(InPlace):
    def start(self, command, files, **environment):
        """Starts a server whose files are these. It prints a line when it is ready."""
        self.code = os.path.join(self.directory, "code")
        os.mkdir(self.code)
        for name, text in files.items():
            with open(os.path.join(self.code, name), "w", encoding="utf-8") as file:
                file.write(text)
        self.log = open(os.path.join(self.code, "log"), "w+", encoding="utf-8")
        self.addCleanup(self.log.close)
        path = os.pathsep.join([str(ROOT), self.code, *filter(None, sys.path)])
        self.server = subprocess.Popen(
            command, cwd=self.code, env={**os.environ, "PYTHONPATH": path, **environment},
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=subprocess.STDOUT, start_new_session=True,
        )
        self.addCleanup(self.stop)
        self.wait_for(self.listens, "listened")
        self.watcher = Watcher(self.directory)
        self.watcher.start()
        self.addCleanup(self.watcher.join)
        self.addCleanup(self.watcher.end.set)

    @property
    def socket(self):
        return os.path.join(self.code, "socket")

    def listens(self):
        # There is a name before anybody listens.
        connection = Connection(self.socket)
        try:
            connection.connect()
        except (FileNotFoundError, ConnectionRefusedError):
            return False
        finally:
            connection.close()
        return True

    def wait_for(self, is_so, what):
        end = time.monotonic() + 60
        while not is_so():
            if self.server.poll() is not None or time.monotonic() > end:
                self.fail("it never %s:\n%s" % (what, self.said()))
            time.sleep(0.01)

    def said(self):
        with open(self.log.name, encoding="utf-8") as log:
            return log.read()

    def get(self, path="/"):
        """One request. Gives the process that has answered it."""
        connection = Connection(self.socket)
        try:
            connection.request("GET", path)
            return int(connection.getresponse().read())
        except (OSError, ValueError, http.client.HTTPException) as error:
            self.fail("%r:\n%s" % (error, self.said()))
        finally:
            connection.close()

    def kill(self, worker):
        """Kills a worker that may have had its last request, and waits for its end, not for its parent to notice it."""
        try:
            os.kill(worker, signal.SIGKILL)
        except ProcessLookupError:
            return
        while runs(worker):
            time.sleep(0.001)

    def stop(self):
        if self.server.poll() is None:
            self.server.terminate()
        try:
            self.server.wait(60)
        except subprocess.TimeoutExpired:
            self.server.kill()
            self.server.wait()

    def no_request_is_lost(self, requests, every):
        """Makes so many requests, and kills the worker of every so manyth."""
        requests *= TIMES
        for turn in range(1, requests + 1):
            worker = self.get()
            if turn % every == 0:
                self.kill(worker)
        self.check({"hits": requests, "size": requests})
        self.stop()
        self.check({"hits": requests, "size": requests})

    def check(self, wanted):
        found = self.watcher.sums()
        self.assertEqual({label: found.get(label) for label in wanted}, wanted, self.said())
        self.assertEqual(self.watcher.fell, [])
        self.assertGreater(self.watcher.looks, 0)

    def every_metric_agrees(self, requests, every):
        """The same with prometheus_client: what one process says of the same numbers is what all say together."""
        import prometheus_client as client
        from prometheus_client import values

        self.addCleanup(setattr, values, "ValueClass", values.ValueClass)
        values.ValueClass = values.MutexValue
        reference = client.CollectorRegistry()
        count = client.Counter("requests", "Requests", ["route"], registry=reference)
        client.Gauge("at_work", "Begun and not ended", registry=reference)
        size = client.Summary("size_bytes", "Sizes", registry=reference)
        latency = client.Histogram("latency_seconds", "How long it took", ["route"], registry=reference)
        for turn in range(1, requests * TIMES + 1):
            # Sums of such numbers are exact.
            route, number = "/%d" % (turn % 3), turn / 64
            worker = self.get("%s?%r" % (route, number))
            count.labels(route).inc()
            size.observe(number * 1000)
            latency.labels(route).observe(number)
            if turn % every == 0:
                self.kill(worker)
        collected = client.CollectorRegistry()
        prometheus.Collector(collected, self.directory, "app")
        self.assertEqual(exposed(collected), exposed(reference))
        self.stop()
        ended = {name: value for name, value in exposed(reference).items() if name[0] != "at_work"}
        self.assertEqual(exposed(collected), ended, "a gauge ends with its process")
        self.assertEqual(self.watcher.fell, [])


def runs(pid):
    """Whether a process has not ended."""
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in "ZX"
    except (ProcessLookupError, FileNotFoundError):
        return False


def exposed(registry):
    """What a scrape gets."""
    from prometheus_client import generate_latest, parser

    families = parser.text_string_to_metric_families(generate_latest(registry).decode())
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): (family.type, family.documentation, sample.value)
        for family in families for sample in family.samples if not sample.name.endswith("_created")
    }
