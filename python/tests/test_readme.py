"""The program of the README."""

import contextlib
import io
import re

from .place import ROOT, InPlace, values


class Readme(InPlace):
    def test_its_programs_run(self):
        first, second, _ = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.S)
        names = {"__name__": "readme"}
        exec(compile(first, "README.md", "exec"), names)
        self.addCleanup(names["web"].remove)
        found = values(names["web"].filename)
        self.assertEqual((found["web.stats.status.2XX"], found['web.stats.requests{route="/a"}']), (1, 1))
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            exec(compile(second, "README.md", "exec"), names)
        self.assertIn("web.stats.status.2XX 1 counter requests\n", printed.getvalue())
