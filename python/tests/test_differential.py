"""The readers of Python and of Rust: of the same bytes they say the same.

Wants slurpstats, in MMSTATS_TOOLS or the PATH. MMSTATS_SEED and MMSTATS_CHANGES choose others of the changed files.
"""

import json
import math
import os
import random
import struct
import subprocess
import sys

from mmstats import reader

from .place import GOLDEN, InPlace, tool

FILES = [GOLDEN / (name % sys.byteorder) for name in ("v2-%s.mmstats", "ours-%s.mmstats", "original-0.8.0-%s.mmstats")]
CHANGES = int(os.environ.get("MMSTATS_CHANGES") or 250)
SEED = int(os.environ.get("MMSTATS_SEED") or 1)


def number(value):
    """JSON has no infinite numbers."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def scaled(value, scale):
    return value if scale is None or isinstance(value, bool) else value * scale


def shown(field):
    """A field as slurpstats -o json has it."""
    value, scale = field.value, field.scale
    said = {"label": field.label, "unit": field.unit, "help": field.help, "merge": field.merge}
    said["kind"] = None if field.metric == "unknown" else field.metric
    if field.data == "mean":
        value = {"count": value.count, "sum": number(scaled(value.sum, scale)) if value.count else None}
    elif field.data == "recent":
        value = {"count": len(value), "numbers": [number(scaled(one, scale)) for one in value]}
    elif field.data == "window":
        value = value.count or None
    elif field.data == "histogram":
        counts = [count for count in value.buckets if count]
        value = {"count": value.count, "buckets": counts, "max": number(scaled(value.max, scale)) if counts else None}
    elif isinstance(value, (int, float)):
        value = number(scaled(value, scale))
    return {**said, "value": value}


def taken(said):
    """What of a line of slurpstats is compared."""
    value = said["value"]
    if said.get("type") in ("f", "f32") and value is not None:
        # Shown with as few digits as tell it from the next one.
        value = struct.unpack("f", struct.pack("f", value))[0] if abs(value) < 3.5e38 else value
    if isinstance(value, dict):
        if "numbers" in value:
            value = {"count": value["count"], "numbers": value["numbers"]}
        elif "buckets" in value:
            counts = [bucket["count"] for bucket in value["buckets"]]
            value = {"count": value["count"], "buckets": counts, "max": value.get("max")}
        elif said.get("type") == "window":
            value = value.get("count") or None
        else:
            value = {"count": value["count"], "sum": value.get("sum")}
    return {name: said.get(name) for name in ("label", "unit", "help", "merge", "kind")} | {"value": value}


class Differential(InPlace):
    def setUp(self):
        super().setUp()
        self.slurpstats = tool("slurpstats")
        self.random = random.Random(SEED)

    def compare(self, contents):
        """Writes files of these contents, and has both readers read them."""
        for number, content in enumerate(contents):
            with open(os.path.join(self.directory, "%06d.mmstats" % number), "wb") as file:
                file.write(content)
        said = subprocess.run(
            [self.slurpstats, "-o", "json", self.directory], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False
        ).stdout
        rust, wrong = {}, []
        for line in said.splitlines():
            line = json.loads(line)
            rust.setdefault(line["file"], []).append(taken(line))
        for name in self.names():
            path = os.path.join(self.directory, name)
            try:
                # What could not be read is left out.
                python = [shown(field) for field in reader.read(path) if field.value is not None]
            except reader.InvalidMmStatsVersion:
                python = []
            python = json.loads(json.dumps(python))
            if python != rust.get(path, []):
                one = next((pair for pair in zip(python, rust.get(path, [])) if pair[0] != pair[1]), None)
                wrong.append((name, one or (len(python), len(rust.get(path, [])))))
            os.unlink(path)
        self.assertEqual(wrong[:3], [], "%d of %d differ" % (len(wrong), len(contents)))

    def test_the_golden_files(self):
        # Those of the other byte order, too.
        self.compare([path.read_bytes() for path in sorted(GOLDEN.glob("*.mmstats"))])

    def test_truncated_files(self):
        for path in FILES:
            whole = path.read_bytes()
            end = len(whole.rstrip(b"\0")) + 9
            self.compare([whole[:size] for size in range(0, end, 7)])

    def test_types_of_version_1(self):
        whole = (GOLDEN / ("ours-%s.mmstats" % sys.byteorder)).read_bytes()
        at = whole.index(b"sys.pid") + len(b"sys.pid") + 2
        size = int.from_bytes(whole[at - 2 : at], sys.byteorder)
        codes = [bytes([code]).rjust(size) for code in range(256)] + [code.rjust(size) for code in (b"=l", b"2H", b"1e", b"e")]
        self.compare([whole[:at] + code + whole[at + size :] for code in codes if len(code) == size])

    def test_changed_files(self):
        for path in FILES:
            whole = path.read_bytes()
            used = len(whole.rstrip(b"\0"))
            contents = []
            for _ in range(CHANGES):
                changed = bytearray(whole)
                for _ in range(self.random.choice((1, 1, 1, 2, 5))):
                    changed[self.random.randrange(used)] = self.random.choice((0, 1, 2, 7, 8, 0x7F, 0xFF, self.random.randrange(256)))
                contents.append(bytes(changed))
            self.compare(contents)
