"""What each kB of a tool is: size.py TOOL...

The TOOLs have their symbols still (`make size` builds them so). What a symbol is of, its name says: the standard
library comes compiled, with names of one kind (`_R`), and what is compiled here has names of the other (`_ZN`). Such a
name begins with the crate, but where code is generic the crate is the standard library's, and the code is one copy per
type of ours: the sorts, maps and vectors. What is inlined counts where it was inlined. Sections are as `readelf` gives
them; what no symbol covers of them is constants: texts, tables of `match`, alignment.
"""

import collections
import re
import subprocess
import sys

OURS = ("mmstats", "files", "figures", "exposition", "cli", "closed")
TOOLS = ("slurpstats", "pollstats", "mmwatch", "mmcat", "cleanstats", "mmash")
BACKTRACE = ("gimli", "addr2line", "miniz_oxide", "rustc_demangle", "backtrace_rs", "object")
GENERIC = ("core", "alloc", "std", "hashbrown")
UNWINDING = (".eh_frame", ".eh_frame_hdr", ".gcc_except_table")
LINKING = (".rela.dyn", ".rela.plt", ".relr.dyn", ".dynsym", ".dynstr", ".hash", ".gnu.hash", ".gnu.version",
           ".gnu.version_r", ".dynamic", ".got", ".got.plt", ".plt", ".interp")
ORDER = ("the tool", "our crates", "generic code of the standard library, for our types", "crates of others",
         "the standard library", "the same, for a panic's backtrace", "the C library and libgcc",
         "constants", "unwinding tables", "pointers that are set at the start", "what the loader reads")


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def crate(name):
    """The first crate that a readable name has, such as `mmstats` in `<mmstats::Value as core::fmt::Display>::fmt`."""
    found = re.search(r"(?<![\w:])([a-z]\w*)(?:\[[0-9a-f]+\])?::", name)
    return found.group(1) if found else ""


def kind(raw, name):
    if not raw.startswith(("_R", "_ZN")):
        return "the C library and libgcc"
    of = crate(name)
    if of in TOOLS:
        return "the tool"
    if of in OURS:
        return "our crates"
    if of in BACKTRACE or "backtrace" in name:
        return "the same, for a panic's backtrace"
    if raw.startswith("_R"):
        return "the standard library"
    return "generic code of the standard library, for our types" if of in GENERIC or not of else "crates of others"


def sections(path):
    """Size and address by name, of what is in the file and is loaded."""
    found = {}
    for line in output("readelf", "-SW", path).splitlines():
        match = re.match(r"\s*\[\s*\d+\]\s+(\.\S+)\s+(\S+)\s+([0-9a-f]+)\s+\S+\s+([0-9a-f]+)\s+\S+\s+(\S*)", line)
        if match and "A" in match[5] and match[2] != "NOBITS":
            found[match[1]] = (int(match[4], 16), int(match[3], 16))
    return found


def sizes(path):
    loaded = sections(path)
    symbols, seen = [], set()
    for line in output("nm", "-S", path).splitlines():
        parts = line.split()
        # Several names of the same bytes count once.
        if len(parts) == 4 and parts[2] in "tTwWrRvV" and parts[0] not in seen:
            seen.add(parts[0])
            symbols.append((int(parts[0], 16), int(parts[1], 16), parts[3]))
    readable = subprocess.run(["c++filt"], input="\n".join(raw for _, _, raw in symbols), check=True,
                              capture_output=True, text=True).stdout.splitlines()
    total = collections.Counter()
    plain = [".text", ".rodata"]
    for (at, size, raw), name in zip(symbols, readable):
        if any(start <= at < start + length for length, start in (loaded[section] for section in plain)):
            total[kind(raw, name)] += size
    covered = sum(total.values())
    total["constants"] = sum(loaded[section][0] for section in plain) - covered
    for section, (size, _) in loaded.items():
        if section in UNWINDING:
            total["unwinding tables"] += size
        elif section in LINKING:
            total["what the loader reads"] += size
        elif section not in plain:
            total["pointers that are set at the start"] += size
    return total


def main(paths):
    tables = [sizes(path) for path in paths]
    names = [path.rsplit("/", 1)[1] for path in paths]
    print("| kB of 1000 bytes | " + " | ".join(names) + " |")
    print("|---|" + "---|" * len(names))
    for row in ORDER:
        print("| %s | %s |" % (row, " | ".join("%.0f" % (table[row] / 1000) for table in tables)))
    print("| all | %s |" % " | ".join("%.0f" % (sum(table.values()) / 1000) for table in tables))


if __name__ == "__main__":
    main(sys.argv[1:])
