#!/bin/sh
# Runs every fuzz target, or those that are named, for FUZZ_SECONDS each (60 without). Needs cargo-fuzz.
# What is found is kept in fuzz/artifacts/TARGET; the corpus grows in fuzz/corpus/TARGET.
set -eu
cd "$(dirname "$0")"
seconds=${FUZZ_SECONDS:-60}
# The instrumentation is not stable in the compiler; this lets a stable one have it.
export RUSTC_BOOTSTRAP=1
${CARGO:-cargo} run --quiet --example seeds -- corpus
if [ $# -eq 0 ]; then
	set -- reader follow text slurpstats mmcat pollstats mmwatch mmash
fi
status=0
for target in "$@"; do
	# Nothing here is unsafe code, so no sanitizer: overflow checks and assertions tell. The tools' own
	# complaints on stderr are closed away; the fuzzer's are not.
	# Half of a corpus of two files must fit, and more than a page.
	${CARGO:-cargo} fuzz run --fuzz-dir . -s none "$target" -- -max_total_time="$seconds" -timeout=10 \
		-max_len=12000 -dict=mmstats.dict -close_fd_mask=3 -print_final_stats=1 || status=1
done
# The fuzzer ends without tidying up.
rm -f /dev/shm/fuzz*-[0-9]*.mmstats
exit $status
