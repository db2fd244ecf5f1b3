"""A day in small: soak.py TOOLS RECYCLED SECONDS

Workers start, count in threads that come and go, and end: every other one by a crash. cleanstats folds and removes what
they leave. All the while pollstats, mmwatch and mmash watch, and slurpstats looks again and again. What must hold:

- no sum falls, and none is more than was counted,
- the rows of pollstats are as many requests as were handled, and so is the sum at the end,
- pollstats, mmwatch and mmash take no more memory and no more descriptors at the end than at the beginning,
- no tool fails or complains, and few files are left.

TOOLS is the directory of the tools, RECYCLED the worker.
"""

import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "recycled"))
import workers

# A worker lives longer than a row of pollstats takes, which does not see those that come and go between two rows.
SLOTS, RATE, LIFE = 6, 200, (1.5, 4.0)
LOOK, FOLD, WEIGH = 0.3, 1.1, 2.0
# What a process's memory may grow by in the second half, in kB: an allocator's pages.
GROWTH = 512


class Watcher:
    """A program that watches, its output, and what it takes."""

    def __init__(self, *command):
        self.name = os.path.basename(command[0])
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, bufsize=1)
        self.weights, self.lines, self.errors = [], [], []
        self.readers = [
            threading.Thread(target=self.read, args=(self.process.stdout, self.lines)),
            threading.Thread(target=self.read, args=(self.process.stderr, self.errors)),
        ]
        for reader in self.readers:
            reader.start()

    def read(self, stream, lines):
        for line in stream:
            lines.append(line.rstrip("\n"))
            # The changes that mmwatch prints are not kept for an hour.
            if self.name == "mmwatch":
                del lines[:-1]

    def weigh(self):
        if self.process.poll() is not None:
            sys.exit("%s has ended: %s" % (self.name, self.errors))
        proc = "/proc/%d/" % self.process.pid
        with open(proc + "status") as status:
            memory = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
        self.weights.append((memory, len(os.listdir(proc + "fd"))))

    def stop(self):
        self.process.terminate()
        self.process.wait()
        for reader in self.readers:
            reader.join()

    def judge(self):
        """What it took in the first half and in the second, and whether that grew.

        Of descriptors the median counts: how many files there are at most depends on what else the machine does.
        """
        half = len(self.weights) // 2
        first, second = (tuple(zip(*part)) for part in (self.weights[:half], self.weights[half:]))
        memory, descriptors = ([judge(part[at]) for part in (first, second)]
                               for at, judge in enumerate((max, statistics.median)))
        print("%s: memory at most %d kB, then %d kB; descriptors %g, then %g, at most %d, then %d"
              % (self.name, *memory, *descriptors, max(first[1]), max(second[1])))
        return memory[1] <= memory[0] + GROWTH and descriptors[1] <= descriptors[0] + 2


class Soak:
    def __init__(self, tools, recycled, seconds):
        self.tools, self.recycled, self.seconds = tools, recycled, seconds
        self.stats = tempfile.mkdtemp(prefix="soak-")
        self.is_over = threading.Event()
        self.lock = threading.Lock()
        self.handled, self.workers, self.looks, self.wrong = 0, 0, 0, []

    def tool(self, name, *arguments):
        return [os.path.join(self.tools, name), *arguments, self.stats]

    def work(self, number):
        count = 0
        for count, _ in workers.place(number, self.recycled, self.stats, RATE, LIFE, self.is_over):
            with self.lock:
                self.workers += 1
        with self.lock:
            self.handled += count

    def run(self, command):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        if done.returncode or done.stderr:
            self.wrong.append("%s: exit %s: %s" % (os.path.basename(command[0]), done.returncode, done.stderr.strip()))
        return done.stdout

    def total(self):
        out = self.run(self.tool("slurpstats", "-a", "sum", "-p", "requests"))
        return int(out.split("\t")[1]) if out else 0

    def look(self):
        """No sum falls, and none is more than can have been counted."""
        start, before = self.begun, 0
        while not self.is_over.wait(LOOK):
            now = self.total()
            most = SLOTS * RATE * (time.time() - start) + SLOTS
            if not before <= now <= most:
                self.wrong.append("a sum of %d after %d; at most %d were counted" % (now, before, most))
            before, self.looks = now, self.looks + 1

    def fold(self):
        while not self.is_over.wait(FOLD):
            self.run(self.tool("cleanstats", "-q", "--fold"))

    def soak(self):
        self.begun = time.time()
        work = [(self.work, number) for number in range(SLOTS)] + [(self.look,), (self.fold,)]
        threads = [threading.Thread(target=act, args=arguments) for act, *arguments in work]
        for thread in threads:
            thread.start()
        # They end where nothing is published.
        while not os.listdir(self.stats):
            time.sleep(0.01)
        watchers = [
            Watcher(*self.tool("pollstats", "-d", "1", "-n", "0", "requests")),
            Watcher(*self.tool("mmwatch", "-p", "requests")),
            Watcher(*self.tool("mmash", "-l", "127.0.0.1:0")),
        ]
        # Time for what is kept at first: caches, and mmash's history.
        warm = min(self.seconds / 4, 700)
        while time.time() - self.begun < self.seconds:
            time.sleep(WEIGH)
            if time.time() - self.begun > warm:
                for watcher in watchers:
                    watcher.weigh()
        self.is_over.set()
        for thread in threads:
            thread.join()
        self.run(self.tool("cleanstats", "-q", "--fold"))
        at_end, files = self.total(), os.listdir(self.stats)
        # Two rows more, so that the last one has seen the last worker.
        poll = watchers[0]
        rows = len(poll.lines)
        while len(poll.lines) < rows + 2 and poll.process.poll() is None:
            time.sleep(0.1)
        page = watchers[2].lines[0].split()[-1]
        with urllib.request.urlopen(page + "stats/requests?aggr=sum&exact=1", timeout=10) as answer:
            shown = json.load(answer)
        for watcher in watchers:
            watcher.stop()
        counts = [int(row) for row in poll.lines if row.strip().isdigit()]
        print("%d workers in %.0f s, %d requests; %d looks of slurpstats, %d rows of pollstats, at most %d in a row"
              % (self.workers, time.time() - self.begun, self.handled, self.looks, len(counts), max(counts)))
        print("sums at the end: slurpstats %d, pollstats %d, mmash %s; files: %d"
              % (at_end, sum(counts), shown, len(files)))
        for watcher in watchers:
            if not watcher.judge():
                self.wrong.append(watcher.name + " grew")
            self.wrong += ["%s said: %s" % (watcher.name, line) for line in watcher.errors]
        if not at_end == sum(counts) == self.handled:
            self.wrong.append("sums differ")
        if len(files) > 2:
            self.wrong.append("files are left: " + " ".join(files))

    def end(self):
        self.is_over.set()
        shutil.rmtree(self.stats)


def main():
    soak = Soak(sys.argv[1], sys.argv[2], float(sys.argv[3]))
    try:
        soak.soak()
    finally:
        soak.end()
    if soak.wrong:
        sys.exit("wrong: %d times\n" % len(soak.wrong) + "\n".join(soak.wrong[:20]))


main()
