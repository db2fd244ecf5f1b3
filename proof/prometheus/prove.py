"""What a real Prometheus says of workers that are recycled all the time: prove.py TOOLS RECYCLED [SECONDS]

Runs workers of which each lives for some seconds, every other one until it is killed; cleanstats; slurpstats, which
writes to node_exporter's directory for text files; node_exporter, and Prometheus, all on the loopback interface. Then
asks Prometheus for rates and quantiles, compares them with what the workers have really done, and counts the series.
TOOLS is the directory of the tools, RECYCLED the worker.
"""

import json
import math
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "recycled"))
import workers

SLOTS, RATE, LIFE = 6, 200, (1.5, 4.0)
WINDOW = 30
QUANTILES = (0.5, 0.9, 0.99)


def free_port():
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


class Run:
    def __init__(self, tools, recycled, seconds):
        self.tools, self.recycled, self.seconds = tools, recycled, seconds
        self.top = tempfile.mkdtemp(prefix="prove-")
        self.stats, self.prom = (os.path.join(self.top, name) for name in ("stats", "prom"))
        os.mkdir(self.stats)
        os.mkdir(self.prom)
        self.is_over = threading.Event()
        self.lock = threading.Lock()
        self.values, self.workers, self.totals, self.failed = [], 0, [], []

    def work(self, number):
        count = 0
        for count, times in workers.place(number, self.recycled, self.stats, RATE, LIFE, self.is_over):
            with self.lock:
                self.values += times
                self.workers += 1
        with self.lock:
            self.totals.append(count)

    def every(self, seconds, *command):
        while not self.is_over.wait(seconds):
            self.run(*command)

    def run(self, *command):
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        if done.returncode or done.stderr:
            self.failed.append((command[0], done.returncode, done.stderr.decode()))

    def tool(self, name):
        return os.path.join(self.tools, name)

    def slurp(self):
        target = os.path.join(self.prom, "mmstats.prom")
        return [self.tool("slurpstats"), "-o", "prometheus", "--output-file", target, self.stats]

    def start(self):
        exporter, port = free_port(), free_port()
        config = os.path.join(self.top, "prometheus.yml")
        with open(config, "w") as out:
            out.write("global: {scrape_interval: 1s}\nscrape_configs:\n  - job_name: node\n"
                      "    static_configs: [{targets: ['127.0.0.1:%d']}]\n" % exporter)
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self.servers = [
            subprocess.Popen(["prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
                              "--collector.textfile.directory=" + self.prom,
                              "--web.listen-address=127.0.0.1:%d" % exporter], **quiet),
            subprocess.Popen(["prometheus", "--config.file=" + config, "--web.listen-address=127.0.0.1:%d" % port,
                              "--storage.tsdb.path=" + os.path.join(self.top, "tsdb")], **quiet),
        ]
        self.url = "http://127.0.0.1:%d/api/v1/" % port
        work = [(self.work, number) for number in range(SLOTS)]
        work += [(self.every, 0.5, *self.slurp()), (self.every, 1.3, self.tool("cleanstats"), "-q", "--fold", self.stats)]
        self.threads = [threading.Thread(target=act, args=arguments) for act, *arguments in work]
        for thread in self.threads:
            thread.start()

    def ask(self, what, **arguments):
        with urllib.request.urlopen(self.url + what + "?" + urllib.parse.urlencode(arguments), timeout=10) as answer:
            return json.load(answer)["data"]

    def number(self, query):
        result = self.ask("query", query=query)["result"]
        return float(result[0]["value"][1]) if len(result) == 1 else math.nan

    def end(self):
        self.is_over.set()
        for thread in self.threads:
            thread.join()

    def stop(self):
        for server in self.servers:
            server.terminate()
            server.wait()
        shutil.rmtree(self.top)


def prove(run):
    began = time.time()
    time.sleep(WINDOW + 8)
    rates = []
    while time.time() - began < run.seconds:
        rates.append(run.number("rate(requests_total[%ds])" % WINDOW))
        time.sleep(2)
    whole = int(time.time() - began)
    quantiles = {q: run.number("histogram_quantile(%s, rate(answer_seconds_bucket[%ds]))" % (q, whole - 5))
                 for q in QUANTILES}
    resets = run.number("resets(requests_total[%ds])" % whole)
    begun = {"start": began, "end": time.time()}
    ours = 'cmd="recycled"'
    series = [found for found in run.ask("series", **{"match[]": "{%s}" % ours}, **begun)]
    run.end()
    # Everything that was ever counted, after the last worker was killed and cleaned.
    run.run(run.tool("cleanstats"), "-q", "--fold", run.stats)
    run.run(*run.slurp())
    with open(os.path.join(run.prom, "mmstats.prom")) as prom:
        lines = dict(line.rsplit(" ", 1) for line in prom if not line.startswith("#"))
    at_end = int(lines["requests_total{%s}" % ours])

    truth, wrong = SLOTS * RATE, []
    worst = max((abs(rate / truth - 1) for rate in rates), default=math.nan)
    print("workers that lived and ended: %d, requests: %d" % (run.workers, sum(run.totals)))
    print("rate(requests_total[%ds]), %d times: %.1f to %.1f, in truth %d: off by at most %.2f %%"
          % (WINDOW, len(rates), min(rates), max(rates), truth, 100 * worst))
    if not worst <= 0.05:
        wrong.append("rate")
    values, off = sorted(run.values), []
    for q, answer in quantiles.items():
        exact = values[math.ceil(q * len(values)) - 1] / 1e9
        off.append(abs(answer / exact - 1))
        print("histogram_quantile(%s): %.6f s, in truth %.6f s: off by %.2f %%" % (q, answer, exact, 100 * off[-1]))
    # The mean error of two bounds per octave; and none is off by a bucket.
    if not (sum(off) / len(off) <= 0.06 and max(off) <= 0.2):
        wrong.append("quantile")
    print("resets: %g; at the end %d, in truth %d" % (resets, at_end, sum(run.totals)))
    if resets != 0 or at_end != sum(run.totals):
        wrong.append("total")
    names = {found["__name__"] for found in series}
    histogram = sum(found["__name__"].startswith("answer_seconds") for found in series)
    others = sorted(names - {"answer_seconds_" + ending for ending in ("bucket", "sum", "count")})
    print("series in the whole time: %d, of them %d of the histogram; the others, each once: %s"
          % (len(series), histogram, " ".join(others)))
    if len(series) != histogram + len(others) or histogram != 84 + 2:
        wrong.append("series")
    for failure in run.failed[:5]:
        print("failed: %s: exit %s: %s" % failure)
    if wrong or run.failed:
        sys.exit("wrong: " + " ".join(wrong + ["tools"] * bool(run.failed)))


def main():
    if not all(map(shutil.which, ("prometheus", "prometheus-node-exporter"))):
        sys.exit("prometheus and prometheus-node-exporter are needed")
    run = Run(sys.argv[1], sys.argv[2], float(sys.argv[3]) if len(sys.argv) > 3 else 80)
    run.start()
    try:
        prove(run)
    finally:
        run.end()
        run.stop()


main()
