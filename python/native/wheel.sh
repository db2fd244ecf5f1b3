#!/bin/bash
# Makes wheels of the package with the native part in it: one for each Python that is named, and one for Python 3.11 and
# all later ones (abi3). pip takes the first where it fits, and where none does, the pure package.
#
# usage: wheel.sh OUT [PYTHON]...
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$here/target}
mkdir -p "$CARGO_TARGET_DIR"
maturin=$(command -v maturin) || {
    maturin=$CARGO_TARGET_DIR/maturin/bin/maturin
    [ -x "$maturin" ] || {
        python3 -m venv "$CARGO_TARGET_DIR/maturin"
        "$CARGO_TARGET_DIR/maturin/bin/pip" install --quiet --disable-pip-version-check 'maturin>=1.8,<2'
    }
}

# maturin wants package and crate below one directory, with a pyproject.toml that is not the pure package's.
source=$(mktemp -d)
trap 'rm -rf "$source"' EXIT
mkdir "$source/native"
cp -r "$here/../mmstats" "$here/../README.md" "$source"
cp -r "$here/src" "$here/Cargo.toml" "$here/Cargo.lock" "$source/native"
cp "$here/wheel.toml" "$source/pyproject.toml"
rm -rf "$source/mmstats/__pycache__" "$source"/mmstats/_native.*

cd "$source"
for python in "$@"; do
    "$maturin" build --quiet --release --locked --out "$out" --interpreter "$python"
done
"$maturin" build --quiet --release --locked --out "$out" --features abi3
