"""A directory for the files of one test."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
import unittest
from pathlib import Path

from mmstats import lock, reader

ROOT = Path(__file__).resolve().parent.parent
GOLDEN = ROOT.parent / "mmstats" / "tests" / "golden"


class InPlace(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="mmstats-python-", dir=os.environ.get("TMPDIR"))
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.saved = {name: os.environ.pop(name, None) for name in ("MMSTATS_VERSION", "MMSTATS_FILES", "MMSTATS_PATH")}
        self.addCleanup(self.restore)
        os.environ["MMSTATS_PATH"] = self.directory

    def restore(self):
        for name, value in self.saved.items():
            os.environ.pop(name, None)
            if value is not None:
                os.environ[name] = value

    def names(self):
        return sorted(os.listdir(self.directory))

    def make(self, model, *arguments, **options):
        options.setdefault("strict", True)
        instance = model(*arguments, **options)
        self.addCleanup(instance.remove)
        return instance

    def program(self, text, stderr=None, **environment):
        """Starts another Python, whose standard input and output are pipes."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT), **environment}
        pipe = subprocess.PIPE
        process = subprocess.Popen(
            [sys.executable, "-c", text], stdin=pipe, stdout=pipe, stderr=stderr, text=True, env=environment
        )
        self.addCleanup(end, process)
        return process


def end(process):
    """Ends a program that may have ended, and closes its pipes."""
    process.kill()
    process.wait()
    for pipe in filter(None, (process.stdin, process.stdout, process.stderr)):
        pipe.close()


def wait_until_unlocked(path):
    """Waits until a dead process's file is without its lock: a tool that looks into the process's mappings keeps it for a
    moment longer."""
    last = time.monotonic() + 60
    with open(path, "rb") as file:
        while lock.is_locked(file.fileno()):
            if time.monotonic() > last:
                raise AssertionError(path + " stays locked")
            time.sleep(0.001)


_said = set()


def skip(why):
    """Skips a test, and says so, in one line for all tests that are skipped for this."""
    if why not in _said:
        print("\nskipped: " + why, file=sys.stderr)
        _said.add(why)
    raise unittest.SkipTest(why)


def need(name):
    """Skips a test where a module is not installed."""
    if importlib.util.find_spec(name) is None:
        skip("%s is not installed" % name)


def tool(name):
    """The path of a tool of the suite: in MMSTATS_TOOLS, else in the PATH."""
    found = shutil.which(name, path=os.environ.get("MMSTATS_TOOLS")) or shutil.which(name)
    return found or skip("%s is not built" % name)


def values(path):
    return {field.label: field.value for field in reader.read(path)}


def sums(directory, label):
    """What the files of a directory have under a label, added up."""
    found = [values(os.path.join(directory, name)) for name in os.listdir(directory) if name.endswith(".mmstats")]
    return sum(file[label] for file in found)
