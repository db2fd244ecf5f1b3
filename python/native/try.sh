#!/bin/bash
# Installs the wheels of a directory as a user does, for each Python that is named, and runs the package's tests on what
# was installed. pip chooses the wheel.
#
# usage: try.sh WHEELS PYTHON...
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
wheels=$(cd "$1" && pwd)
shift
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT

# The tests find the golden files beside the package.
ln -s "$here/../../mmstats" "$place/mmstats"
for python in "$@"; do
    rm -rf "$place/python" "$place/venv"
    "$python" -m venv "$place/venv"
    "$place/venv/bin/pip" install --quiet --disable-pip-version-check --no-index --find-links "$wheels" \
        --target "$place/python" mmstats
    cp -r "$here/../tests" "$here/../README.md" "$place/python"
    cd "$place/python"
    "$place/venv/bin/python" -c '
import glob, sys, mmstats.native
wheel = next(line for line in open(glob.glob("mmstats-*.dist-info/WHEEL")[0]) if line.startswith("Tag"))
print("Python", sys.version.split()[0], wheel.strip(), mmstats.native.part)
sys.exit(mmstats.native.part is None)'
    "$place/venv/bin/python" -m unittest -q
    MMSTATS_PURE=1 "$place/venv/bin/python" -m unittest -q
    cd "$here"
done
