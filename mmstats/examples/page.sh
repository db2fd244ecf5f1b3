#!/bin/sh
# A program publishes, and anybody on this machine watches: what `make page` runs, in a directory of its own.
set -eu
bin=$1
MMSTATS_PATH=$(mktemp -d)
export MMSTATS_PATH
trap 'kill "$web" 2>/dev/null || :; rm -rf "$MMSTATS_PATH"' EXIT
trap 'exit 1' INT TERM

"$bin/examples/web" 86400 3 >/dev/null &
web=$!
"$bin/mmash"
