#!/bin/bash
# The suite's tests under conditions other than a developer's: they must hold, or say why they are skipped.
#
#   tests/conditions.sh [CONDITION...]     some of them, as listed at the end; all without
#
# Builds the tests, then runs the built programs. What a condition cannot change is left out: `hostile`, and the
# models `orders` and `values`, take most of the time, and depend on nothing but processors, so they run with eight
# threads only. `mmash` starts a browser: it runs where users, processes, modes and networks are others, too; of its
# browsers (`values_move_in_...`) only Chromium.
# A condition that is not possible here (not root, no namespaces) is skipped, with a line that says so.
set -uo pipefail
cd "$(dirname "$0")/.."
top=$PWD
work=$(mktemp -d)
# Tests become other users, too, and find programs in it.
chmod 755 "$work"
trap 'rm -rf "$work"' EXIT
failed=0

skip() { echo "skipped: $condition: $*"; }
is_root() { [ "$(id -u)" = 0 ] || { skip "not root"; return 1; }; }
can() { "$@" true 2>/dev/null || { skip "$* does not work here"; return 1; }; }

# A line for each: package directory, TAB, program.
{
    cargo test --workspace --locked --no-run --quiet --message-format=json &&
        cargo test --locked --manifest-path proof/Cargo.toml -p races --no-run --quiet --message-format=json
} >"$work/built" || exit 1
sed -n 's/.*"manifest_path":"\([^"]*\)\/Cargo.toml".*"profile":{[^}]*"test":true}.*"executable":"\([^"]*\)".*/\1\t\2/p' \
    "$work/built" >"$work/all"

# called NAME: the programs with this name; a name that none has is an error of this script's.
called() { grep -E "/$1-[0-9a-f]+\$" "$work/all" || { echo "no test program is called $1" >&2; exit 1; }; }

# those NAME...: makes `some` of the programs with these names.
those() {
    local name
    for name; do called "$name" || exit; done >"$work/some"
}

those hostile orders values
grep -v -x -F -f "$work/some" "$work/all" >"$work/most"
those mmash
grep -v -x -F -f "$work/some" "$work/most" >"$work/tools"

# run LIST [COMMAND...]: every program of a list, through a command. THREADS: how many tests at a time.
run() {
    local list=$work/$1 begun=$SECONDS bad=0 skips
    shift
    : >"$work/skips"
    while IFS=$'\t' read -r package program; do
        if ! (cd "$package" && "$@" "$program" --quiet --skip values_move_in_ ${THREADS:+--test-threads=$THREADS}) >"$work/log" 2>&1 </dev/null; then
            bad=1
            echo "== $condition: ${program#"$top"/}"
            cat "$work/log"
        fi
        grep -h -o 'skipped: .*' "$work/log" >>"$work/skips"
    done <"$list"
    [ $bad = 0 ] || failed=1
    skips=$(sort -u "$work/skips" | sed 's/^/    /')
    echo "$condition: $([ $bad = 0 ] && echo holds || echo FAILS), $((SECONDS - begun)) s${skips:+; it said:
$skips}"
}

# A machine that has just been started: the time since then is moved, to one minute. Processes from before it
# look as if they began later, and cannot be told from younger ones where they may not be looked into.
just_started() {
    local up
    up=$(cut -d. -f1 /proc/uptime)
    # The kernel lets no clock run below zero, so it must be up for longer than that.
    [ "$up" -gt 90 ] || { skip "up for $up s, so every run is one"; return; }
    can unshare "$@" --time --boottime $((60 - up)) --monotonic $((60 - up)) || return
    run tools unshare "$@" --time --boottime $((60 - up)) --monotonic $((60 - up))
}

# What also needs no network.
just_started_offline() { just_started --net; }

# Somebody who owns nothing. Where the tree is in a directory that others may not enter, it is shown to him at
# its place all the same.
non_root() {
    is_root && can unshare --mount && can setpriv --reuid 65534 --regid 65534 --clear-groups || return
    mkdir -m 1777 "$work/tmp"
    cat >"$work/as-nobody" <<'EOF'
top=$1 tmp=$2
shift 2
closed=$(dirname "$top")
while [ "$closed" != / ] && ! setpriv --reuid 65534 --regid 65534 --clear-groups test -x "$closed/."; do
    outermost=$closed closed=$(dirname "$closed")
done
if [ -n "${outermost:-}" ]; then
    mkdir "$tmp/top" && mount --bind "$top" "$tmp/top" && mount -t tmpfs -o mode=755 none "$outermost" &&
        mkdir -p "$top" && mount --move "$tmp/top" "$top" && rmdir "$tmp/top" && cd "$PWD" || exit
fi
TMPDIR=$tmp HOME=$tmp exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
EOF
    run most unshare --mount sh "$work/as-nobody" "$top" "$work/tmp"
}

can_contain() { is_root && can unshare --pid --fork --mount-proc; }
container() { ! can_contain || run most unshare --pid --fork --mount-proc --kill-child; }

offline() {
    is_root && can unshare --net || return
    # The loopback interface is down, too: nothing may be asked of it without saying so.
    run most unshare --net
}

# The three that follow at once: each alone is tried by its name where this does not hold.
surroundings() {
    mkdir -m 700 "$work/surroundings"
    run most "$@" env -u LANG LC_ALL=C TMPDIR="$work/surroundings" sh -c 'umask 077; exec "$@"' sh
}

container_surroundings() {
    can_contain || { surroundings; return; }
    surroundings unshare --pid --fork --mount-proc --kill-child
}

# As pam_tmpdir has it: a directory that nobody else may enter.
elsewhere() {
    mkdir -m 700 "$work/elsewhere"
    run tools env TMPDIR="$work/elsewhere"
}

private_umask() { run most sh -c 'umask 077; exec "$@"' sh; }
c_locale() { run tools env -u LANG LC_ALL=C; }
one_thread() { THREADS=1 run most; }
one_thread_non_root() { if is_root; then THREADS=1 non_root; else one_thread; fi; }
eight_threads() { THREADS=8 run all; }

# The programs that tests may do without, and the tests that start them.
without_each() {
    local program dir tests
    while read -r program tests; do
        command -v "$program" >/dev/null || { echo "skipped: $condition: $program is not here anyway"; continue; }
        rm -rf "$work/bin"
        mkdir "$work/bin"
        for dir in ${PATH//:/ }; do
            # pyenv's: scripts in bash, and no program themselves.
            [ "${dir##*/}" != shims ] || continue
            find -H "$dir" -maxdepth 1 ! -type d ! -name "$program" -exec ln -s -t "$work/bin" {} + 2>/dev/null
        done
        # shellcheck disable=SC2086
        those $tests
        condition="without $program" run some env PATH="$work/bin"
    done <<'EOF'
mandoc docs
man docs
less docs
jq docs
bash docs
make docs capi
zsh docs
fish docs
promtool docs slurpstats
prometheus mmash
prometheus-node-exporter slurpstats
python3 docs liveness slurpstats mmash processes
chromedriver mmash
unshare faults cleanstats processes capi
setpriv faults processes
cc quick capi
c++ capi
valgrind capi
nm capi
readelf capi
pkg-config capi
EOF
}

# Some at once, since each run takes minutes; where one of these does not hold, its parts are tried by their names.
conditions=${*:-just_started_offline one_thread_non_root container_surroundings eight_threads without_each}
for condition in $conditions; do "$condition"; done
exit $failed
