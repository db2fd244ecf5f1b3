"""The package as it is built and installed, and its version."""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import unittest
import zipfile

import mmstats

from .place import ROOT, InPlace, need, skip

BUILD = "from setuptools import build_meta as build; import sys; print(getattr(build, 'build_' + sys.argv[1])(sys.argv[2]))"


class Package(InPlace):
    def build(self, kind):
        need("setuptools")
        import setuptools

        if int(setuptools.__version__.split(".")[0]) < 61:
            skip("setuptools %s knows no pyproject.toml" % setuptools.__version__)
        if kind == "wheel" and int(setuptools.__version__.split(".")[0]) < 70:
            need("wheel")
        source = os.path.join(self.directory, "source")
        if not os.path.exists(source):
            shutil.copytree(ROOT, source, ignore=shutil.ignore_patterns("__pycache__", "native", "target", "build", "*.egg-info"))
        done = subprocess.run(
            [sys.executable, "-c", BUILD, kind, self.directory], cwd=source, capture_output=True, text=True, check=False
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return os.path.join(self.directory, done.stdout.splitlines()[-1])

    def wanted(self):
        here = os.listdir(os.path.join(ROOT, "mmstats"))
        return {"mmstats/" + name for name in here if name.endswith((".py", ".pyi", ".typed"))}

    def test_a_wheel_has_all_of_it_and_runs(self):
        path = self.build("wheel")
        with zipfile.ZipFile(path) as wheel:
            self.assertEqual({name for name in wheel.namelist() if name.startswith("mmstats/")}, self.wanted())
            wheel.extractall(os.path.join(self.directory, "installed"))
        program = "import mmstats; print(mmstats.__file__, mmstats.version)"
        environment = {**os.environ, "PYTHONPATH": os.path.join(self.directory, "installed")}
        said = subprocess.run(
            [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd="/", env=environment
        ).stdout
        self.assertEqual(said.split(), [os.path.join(self.directory, "installed/mmstats/__init__.py"), mmstats.version])

    def test_a_source_distribution_has_all_of_it(self):
        with tarfile.open(self.build("sdist")) as source:
            names = {name.partition("/")[2] for name in source.getnames()}
        self.assertEqual((self.wanted() | {"README.md", "pyproject.toml", "PKG-INFO"}) - names, set())

    def test_the_version_is_that_of_the_library(self):
        manifest = ROOT.parent / "Cargo.toml"
        if not manifest.exists():
            raise unittest.SkipTest("the package is not in its tree")
        found = re.search(r'^version = "([^"]+)"', manifest.read_text(encoding="utf-8"), re.M)
        self.assertEqual(mmstats.version, found.group(1))
