"""The programs of the READMEs, as they stand there."""

import contextlib
import io
import re
import unittest

import mmstats

from .place import ROOT, InPlace, need, values


def programs(path):
    return re.findall(r"```python\n(.*?)```", path.read_text(encoding="utf-8"), re.S)


class Readme(InPlace):
    def test_its_programs_run(self):
        first, second, third, fourth, fifth, _ = programs(ROOT / "README.md")
        names = {"__name__": "readme"}
        exec(compile(first, "README.md", "exec"), names)
        self.addCleanup(names["web"].remove)
        found = values(names["web"].filename)
        self.assertEqual((found["web.stats.status.2XX"], found['web.stats.requests{route="/a"}']), (1, 1))
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(second, "README.md", "exec"), names)
        self.assertIn("web.stats.status.2XX 1 counter requests\n", printed.getvalue())
        exec(compile(third, "README.md", "exec"), names)
        names["web"].remove()
        exec(compile(fourth, "README.md", "exec"), names)
        self.assertTrue(callable(names["child_exit"]))
        self.assertIn("mmstats.prometheus.install()\n", fifth)

    def test_the_programs_for_prometheus_client_run(self):
        need("prometheus_client")
        *_, first, second = programs(ROOT / "README.md")
        process = self.program("%s\nimport prometheus_client\nprometheus_client.Counter('a', 'b').inc()\n%s" % (first, second))
        self.assertIn("\na_total 1.0\n", process.communicate()[0])

    def test_every_field_is_in_the_table(self):
        table = (ROOT / "README.md").read_text(encoding="utf-8")
        for name, field in vars(mmstats).items():
            if isinstance(field, type) and issubclass(field, mmstats.Field) and not name.startswith("Static"):
                self.assertTrue(name in ("Field", "ReadOnlyField") or "`%s`" % name in table, name)

    def test_the_program_of_the_whole_suites_readme(self):
        path = ROOT.parent / "README.md"
        if not path.exists():
            raise unittest.SkipTest("the package is not in its tree")
        (program,) = programs(path)
        show = "\nfrom mmstats import reader\nprint({one.label: one.value for one in reader.read(web.filename)}['web.stats.status.2XX'])"
        process = self.program(program + show)
        self.assertEqual((process.communicate()[0], process.returncode), ("1\n", 0))
        (kept,) = self.names()
        self.assertEqual(values("%s/%s" % (self.directory, kept))["web.stats.answer"].count, 1)
