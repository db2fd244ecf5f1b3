"""Files with wrong bytes, read by this package and by slurpstats: both see the same fields, values and words.

    python3 -m tests.differential SLURPSTATS [--files N] [--seed N] [--keep DIRECTORY]

The golden files are cut, and their bytes changed. A file that is read differently is kept, and the exit status is 1.
`make fuzz-python` runs it.
"""

import argparse
import collections
import json
import math
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile

from mmstats import histogram, reader

from .place import GOLDEN

BATCH = 500
# What lengths, offsets, counts and bits are likely to be got wrong by.
WORDS = [0, 1, 2, 4, 7, 8, 16, 255, 256, 4095, 4096, 0x7FFF, 0xFFFF, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF]
LONG = [*WORDS, 1 << 63, (1 << 64) - 1, (1 << 53) + 1]
LONG += [0x7FF0_0000_0000_0000, 0x7FF8_0000_0000_0001, 0xFFF0_0000_0000_0000]


def mutated(content, chance):
    """The content with some changes."""
    content = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 3, 8))):
        size = len(content)
        if not size:
            break
        at, what = chance.randrange(size), chance.randrange(7)
        if what == 0:
            content[at] ^= 1 << chance.randrange(8)
        elif what == 1:
            content[at] = chance.choice((0, 1, 2, 127, 128, 255, chance.randrange(256)))
        elif what == 2:
            del content[at:]
        elif what == 3:
            other, length = chance.randrange(size), chance.choice((1, 2, 4, 8, 24, 64))
            content[at : at + length] = content[other : other + length]
        elif what == 4:
            del content[at : at + chance.choice((1, 2, 8))]
        else:
            code = chance.choice("HIIQ")
            length = struct.calcsize(code)
            at -= at % length
            if at + length <= size:
                number = chance.choice(LONG if code == "Q" else WORDS) & (1 << 8 * length) - 1
                struct.pack_into("=" + code, content, at, number)
    return bytes(content)


def number(value):
    """A number as JSON has it: null where it has no word for it."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def shown(field):
    """The value as slurpstats shows it, in the unit."""
    value, scale = field.value, field.scale
    unit = lambda one: number(one * scale) if scale is not None and one is not None else number(one)  # noqa: E731
    if field.data == "mean":
        mean = value.value if value.count else None
        return {"count": value.count, "sum": unit(value.sum) if value.count else None, "mean": unit(mean)}
    if field.data == "recent":
        return {"count": len(value), "numbers": [unit(one) for one in value]}
    if field.data == "histogram":
        lower = [histogram.lower(i, value.precision) for i in range(len(value.buckets))]
        return {
            "count": value.count,
            "sum": unit(value.sum) if value.count else None,
            "max": unit(value.max) if value.count else None,
            "buckets": [{"lower": unit(lower[i]), "count": count} for i, count in enumerate(value.buckets) if count],
        }
    if field.data == "window":
        # What is young depends on the moment.
        return "window"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return unit(value)
    return value


def by_python(path):
    try:
        fields = reader.read(path)
    except reader.InvalidMmStatsVersion:
        return []
    return [
        (
            field.label, field.data.replace("_", " "),
            shown(field), None if field.metric == "unknown" else field.metric, field.unit, field.help, field.merge,
        )
        for field in fields
        # What could not be read is left out.
        if field.value is not None
    ]


def by_slurpstats(program, directory):
    """What is read of each file."""
    done = subprocess.run([program, "-o", "json", directory], capture_output=True)
    if done.returncode not in (0, 1):
        sys.exit("%s: exit status %d: %s" % (program, done.returncode, done.stderr.decode("utf-8", "replace")[-1000:]))
    found = collections.defaultdict(list)
    for line in done.stdout.decode("utf-8").splitlines():
        one = json.loads(line)
        value = one["value"]
        if one["type"] in ("mean", "recent", "histogram") and isinstance(value, dict):
            wanted = {"mean": ("count", "sum", "mean"), "recent": ("count", "numbers")}
            value = {key: value[key] for key in wanted.get(one["type"], ("count", "sum", "max", "buckets"))}
            for bucket in value.get("buckets", ()):
                bucket.pop("upper")
        elif one["type"] in ("f", "f32") and value is not None:
            # Shown with as few digits as tell it from the next one.
            value = struct.unpack("f", struct.pack("f", value))[0]
        elif one["type"] == "window":
            value = "window"
        found[os.path.basename(one["file"])].append(
            (one["label"], one["type"], value, one.get("kind"), one.get("unit"), one.get("help"), one.get("merge"))
        )
    return found


def alike(one, other):
    """Equal, floats up to the last bits: sums of many are rounded in another order."""
    if isinstance(one, float) or isinstance(other, float):
        numbers = isinstance(one, (int, float)) and isinstance(other, (int, float))
        return numbers and (one == other or math.isclose(one, other, rel_tol=1e-12))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(alike(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(alike, one, other))
    return one == other


def main():
    parser = argparse.ArgumentParser(description="Compare the readers of files with wrong bytes.")
    parser.add_argument("slurpstats")
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    parser.add_argument("--keep", default="differ")
    parser.add_argument("--one", help="compare this file alone")
    options = parser.parse_args()
    seeds = [path.read_bytes() for path in sorted(GOLDEN.glob("*-%s.mmstats" % sys.byteorder))]
    chance, differ, done = random.Random(options.seed), 0, 0
    print("seed %d" % options.seed, flush=True)
    while done < options.files:
        with tempfile.TemporaryDirectory() as directory:
            names = ["%06d.mmstats" % (done + i) for i in range(min(BATCH, options.files - done))]
            for name in names:
                with open(os.path.join(directory, name), "wb") as file:
                    content = open(options.one, "rb").read() if options.one else mutated(chance.choice(seeds), chance)
                    file.write(content)
            theirs = by_slurpstats(options.slurpstats, directory)
            for name in names:
                path = os.path.join(directory, name)
                key = lambda field: repr((field[0], field[1]))  # noqa: E731
                ours, others = sorted(by_python(path), key=key), sorted(theirs[name], key=key)
                if alike(ours, others):
                    continue
                differ += 1
                os.makedirs(options.keep, exist_ok=True)
                shutil.copy(path, options.keep)
                if differ <= 10:
                    only = [field for field in ours if not any(alike(field, other) for other in others)]
                    missing = [field for field in others if not any(alike(field, other) for other in ours)]
                    print("%s\n  Python alone: %.600r\n  slurpstats alone: %.600r" % (name, only, missing))
        done += len(names)
        if options.one:
            break
    print("%d files, %d read differently%s" % (done, differ, ", kept in " + options.keep if differ else ""))
    sys.exit(differ > 0)


if __name__ == "__main__":
    main()
