"""gunicorn with preload, workers that end after some requests, and workers that are killed."""

import sys

from . import server
from .place import need

CONFIGURATION = """
import mmstats
workers, preload_app, max_requests, bind = 2, True, 20, "unix:socket"
def child_exit(server, worker):
    mmstats.fold(worker.pid)
"""


class Gunicorn(server.Served):
    def serve(self, app):
        need("gunicorn")
        command = [sys.executable, "-m", "gunicorn", "-c", "conf.py", "app:app"]
        self.start(command, {"app.py": app, "conf.py": CONFIGURATION})

    def test_no_request_is_lost(self):
        self.serve(server.APP % "leave")
        self.no_request_is_lost(120, 30)
        # There were more workers than that.
        self.assertLessEqual(len(self.names()), 8)

    def test_every_metric_of_prometheus_client_agrees(self):
        need("prometheus_client")
        self.serve(server.MEASURED)
        self.every_metric_agrees(90, 25)
