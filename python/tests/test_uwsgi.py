"""uWSGI, which calls none of Python's handlers at a fork, and nobody when a worker has died."""

import os
import re
import signal
import sys
import time

from . import server
from .place import need, skip


class Uwsgi(server.Served):
    def serve(self, app, *options):
        program = os.path.join(os.path.dirname(sys.executable), "uwsgi")
        if not os.path.exists(program):
            skip("uWSGI is not installed")
        self.start([
            program, "--http-socket", "socket", "--master", "--processes", "2", "--max-requests", "20",
            "--min-worker-lifetime", "0", "--need-app", "--die-on-term", "--wsgi-file", "app.py",
            "--home", sys.prefix, "--pythonpath", str(server.ROOT), *options,
        ], {"app.py": app})

    def stop(self):
        # Not in order: a master that is told to end while it replaces a worker may forget that one, and wait for a
        # minute. That workers which end in order lose nothing is seen where they have had their last request.
        if self.server.poll() is None:
            os.killpg(self.server.pid, signal.SIGKILL)
            self.server.wait()
        for pid in re.findall(r"pawned uWSGI worker [0-9]+ \((?:new )?pid: ([0-9]+)", self.said()):
            while server.runs(int(pid)):
                time.sleep(0.001)

    def test_no_request_is_lost_where_each_worker_loads_the_program(self):
        self.serve(server.APP % "fold", "--lazy-apps")
        self.no_request_is_lost(45, 25)

    def test_every_metric_of_prometheus_client_agrees(self):
        need("prometheus_client")
        self.serve(server.MEASURED)
        self.every_metric_agrees(45, 25)
