#!/bin/sh
# A program publishes, an operator reads: what `make demo` runs, in a directory of its own.
set -eu
bin=$1
MMSTATS_PATH=$(mktemp -d)
export MMSTATS_PATH
trap 'kill "$web" 2>/dev/null || :; rm -rf "$MMSTATS_PATH"' EXIT
trap 'exit 1' INT TERM

"$bin/examples/web" 4 3 &
web=$!
# Each worker's file is there as soon as it has answered something.
until [ "$(ls "$MMSTATS_PATH" | wc -l)" -ge 3 ]; do sleep 0.1; done

echo
echo "\$ slurpstats -p web.stats. | head -6"
"$bin/slurpstats" -p web.stats. | head -6
for _ in 1 2; do
    echo
    echo "\$ slurpstats -a sum -o text -p web.stats.status."
    "$bin/slurpstats" -a sum -o text -p web.stats.status.
    sleep 1
done
echo
wait "$web"
echo "make page: the same in a browser"
echo "files left behind: $(ls "$MMSTATS_PATH" | wc -l)"
