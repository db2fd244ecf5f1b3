"""mmash for an hour, while programs come and go: mmash.py TOOLS RECYCLED [SECONDS]

Workers live for some seconds, in threads that live for less; every other one is killed. cleanstats folds what they
leave. Labels come that nobody has had before, and go. One client reads all events, others come and leave at once, ask
for everything, or begin a request and never end it. Every ten seconds this looks at what mmash uses, and at the end
judges: memory is flat once the past is full, which takes ten minutes and a label's going ten more; no descriptor and no
thread is left over; no event was late. TOOLS is the directory of the tools, RECYCLED the worker.
"""

import http.client
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).parents[2] / "tests" / "python"))
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "recycled"))
import workers
import write_v1

SLOTS, RATE, LIFE = 3, 100, (1.0, 4.0)
LOOK = 10
# From when on nothing may grow: the past is as long as it becomes, and labels that have gone are forgotten.
FULL = 22 * 60
MAY_GROW = 1.05


class Soak:
    def __init__(self, tools, recycled, seconds):
        self.tools, self.recycled, self.seconds = tools, recycled, seconds
        self.stats = tempfile.mkdtemp(prefix="soak-", dir="/dev/shm" if os.path.isdir("/dev/shm") else None)
        self.is_over = threading.Event()
        self.programs, self.labels, self.requests, self.events, self.longest = 0, 0, 0, 0, 0.0
        self.wrong = []

    def guard(self, act, *arguments):
        """Does a thread's work. What keeps it from that is wrong, too."""
        try:
            act(*arguments)
        except Exception as error:  # pylint: disable=broad-except
            self.wrong.append("%s: %r" % (act.__name__, error))

    def tool(self, name):
        return os.path.join(self.tools, name)

    def work(self, number):
        for _ in workers.place(number, self.recycled, self.stats, RATE, LIFE, self.is_over):
            self.programs += 1

    def clean(self):
        while not self.is_over.wait(5):
            done = subprocess.run([self.tool("cleanstats"), "-q", "--fold", self.stats], stderr=subprocess.PIPE)
            if done.returncode:
                self.wrong.append("cleanstats: " + done.stderr.decode())

    def label(self):
        """A file each second with a label that is new, for twenty seconds."""
        files = write_v1.Files(self.stats)
        while not self.is_over.wait(1):
            files.write("new-%d" % self.labels, write_v1.counter("new.%d" % self.labels, self.labels))
            self.labels += 1
            if self.labels > 20:
                files.remove("new-%d" % (self.labels - 21))

    def read_events(self):
        """Reads all events to the end of the run."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.request("GET", "/api/1/events")
        stream, last = connection.getresponse(), time.monotonic()
        while not self.is_over.is_set():
            line = stream.readline()
            if not line:
                return self.is_over.is_set() or self.wrong.append("the stream has ended")
            if line.startswith((b"event: tick", b"event: table")):
                now = time.monotonic()
                self.events, self.longest, last = self.events + 1, max(self.longest, now - last), now
        connection.close()

    def ask(self):
        """Clients that come and leave."""
        turn = 0
        while not self.is_over.wait(0.5):
            target = ["/", "/metrics", "/api/1/labels", "/stats/?aggr=sum", "/api/1/label/requests", "/files/"][turn % 6]
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            connection.request("GET", target, headers={"Accept-Encoding": "gzip"})
            status = connection.getresponse()
            status.read()
            connection.close()
            # The label of the workers is not there for the first moment.
            if status.status != 200 and not (status.status == 404 and turn < 60):
                self.wrong.append("%s: %d" % (target, status.status))
            for start in (b"GET /api/1/events?label=requests HTTP/1.1\r\nHost: localhost\r\n\r\n", b"GET / HTTP/1.1\r\nHo"):
                with socket.create_connection(("127.0.0.1", self.port)) as stream:
                    stream.sendall(start)
            turn, self.requests = turn + 1, self.requests + 3

    def uses(self):
        place = "/proc/%d/" % self.mmash.pid
        with open(place + "status") as file:
            status = dict(line.split(":", 1) for line in file)
        with open(place + "stat") as file:
            ticks = sum(map(int, file.read().rsplit(")", 1)[1].split()[11:13]))
        memory = int(status["VmRSS"].split()[0])
        return memory, len(os.listdir(place + "fd")), int(status["Threads"]), ticks / os.sysconf("SC_CLK_TCK")

    def report(self, began, uses):
        memory, descriptors, threads, cpu = uses
        passed = time.monotonic() - began
        print("%5.0f s  %6d kB  %3d descriptors  %d threads  %.2f %% CPU  %d programs  %d labels  %d requests  %d events, %.1f s apart at most"
              % (passed, memory, descriptors, threads, 100 * cpu / max(passed, 1), self.programs, self.labels, self.requests,
                 self.events, self.longest), flush=True)

    def run(self):
        self.mmash = subprocess.Popen(
            [self.tool("mmash"), "--listen", "127.0.0.1:0", self.stats], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.port = int(self.mmash.stdout.readline().strip().rstrip("/").rsplit(":", 1)[1])
        time.sleep(3)
        began, first, looks = time.monotonic(), self.uses(), []
        self.report(began, first)
        work = [threading.Thread(target=self.guard, args=(self.work, number)) for number in range(SLOTS)]
        work += [threading.Thread(target=self.guard, args=(it,)) for it in (self.clean, self.label, self.read_events, self.ask)]
        for thread in work:
            thread.start()
        try:
            while time.monotonic() - began < self.seconds and self.mmash.poll() is None:
                time.sleep(LOOK)
                looks.append((time.monotonic() - began, self.uses()))
                if len(looks) % 6 == 0:
                    self.report(began, looks[-1][1])
        finally:
            self.is_over.set()
        for thread in work:
            thread.join()
        # Half heads are sent away after ten seconds, and threads that have read files end after as many.
        time.sleep(25)
        last = self.uses()
        self.report(began, last)
        self.mmash.terminate()
        said = self.mmash.stderr.read()
        self.mmash.wait()
        return self.judge(first, looks, last, said)

    def judge(self, first, looks, last, said):
        wrong = list(self.wrong)
        memory = [(passed, uses[0]) for passed, uses in looks if passed >= FULL]
        if len(memory) >= 2:
            half = len(memory) // 2
            before, after = (max(kb for _, kb in part) for part in (memory[:half], memory[half:]))
            print("most memory: %d kB, then %d kB" % (before, after))
            if after > before * MAY_GROW:
                wrong.append("memory grows: %d kB, then %d kB" % (before, after))
        else:
            print("memory: too short a run to judge")
        # The workers' last files may still be there, so descriptors are compared without them.
        stats = sum(name.endswith(".mmstats") for name in os.listdir(self.stats))
        print("descriptors: %d at first, %d at last, with %d files; at most %d" % (
            first[1], last[1], stats, max(uses[1] for _, uses in looks)))
        if last[1] > first[1] + 2 * stats:
            wrong.append("descriptors are left over: %d, at first %d" % (last[1], first[1]))
        if last[2] > first[2]:
            wrong.append("threads are left over: %d, at first %d" % (last[2], first[2]))
        if self.longest > 5:
            wrong.append("an event was %.1f s late" % self.longest)
        if said:
            wrong.append("mmash said: " + said[:2000])
        for line in wrong:
            print("WRONG: " + line)
        return not wrong


def main():
    tools, recycled, *rest = sys.argv[1:]
    soak = Soak(tools, recycled, float(rest[0]) if rest else 3600)
    try:
        sys.exit(0 if soak.run() else 1)
    finally:
        soak.is_over.set()
        if soak.mmash.poll() is None:
            soak.mmash.kill()
        shutil.rmtree(soak.stats, ignore_errors=True)


main()
