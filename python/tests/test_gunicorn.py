"""gunicorn with preload, workers that end after some requests, and workers that are killed: no request is lost.

Needs gunicorn from PyPI. Without it, the test is skipped.
"""

import contextlib
import glob
import importlib.util
import os
import signal
import socket
import subprocess
import sys
import unittest
import urllib.request

import mmstats

from .place import ROOT, InPlace, sums

APP = """
import mmstats, os
class Web(mmstats.MmStats):
    hits = mmstats.CounterField()
web = Web(filename="app-{PID}.mmstats", process_end="leave")
def app(environ, start):
    web.hits.incr()
    start("200 OK", [])
    return [str(os.getpid()).encode()]
"""
CONFIGURATION = """
import mmstats
workers, preload_app, max_requests = 2, True, 20
def when_ready(server):
    print("ready", flush=True)
def child_exit(server, worker):
    print(worker.pid, mmstats.fold(worker.pid), flush=True)
"""


@unittest.skipUnless(importlib.util.find_spec("gunicorn"), "gunicorn is not installed")
class Gunicorn(InPlace):
    def start(self):
        code = os.path.join(self.directory, "code")
        os.mkdir(code)
        for name, text in ("app.py", APP), ("conf.py", CONFIGURATION):
            with open(os.path.join(code, name), "w", encoding="utf-8") as file:
                file.write(text)
        listening = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(listening.close)
        self.url = "http://127.0.0.1:%d/" % listening.getsockname()[1]
        path = os.pathsep.join([str(ROOT), code, *sys.path])
        server = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "-c", "conf.py", "-b", "fd://%d" % listening.fileno(), "app:app"],
            cwd=code, env={**os.environ, "PYTHONPATH": path}, pass_fds=[listening.fileno()],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.wait)
        self.addCleanup(server.terminate)
        self.assertEqual(server.stdout.readline(), "ready\n")
        return server

    def test_no_request_is_lost(self):
        server = self.start()
        for turn in range(1, 121):
            with urllib.request.urlopen(self.url, timeout=5) as response:
                worker = int(response.read())
            if turn % 30 == 0:
                # It may have had its last request.
                with contextlib.suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGKILL)
                while int(server.stdout.readline().split()[0]) != worker:
                    pass
        server.terminate()
        server.wait()
        for name in glob.glob(os.path.join(self.directory, "app-[0-9]*.mmstats")):
            mmstats.fold(int(name.rpartition("-")[2].partition(".")[0]))
        self.assertEqual(sums(self.directory, "hits"), 120)
        self.assertLessEqual(len(self.names()), 3)
