#!/bin/bash
# The packages, tried for real: built twice in two places; the Debian one looked at by lintian, installed
# into a throw-away system, used there, and removed without a trace. Wants root, cargo-deb,
# cargo-generate-rpm, lintian, debootstrap, man-db, bash-completion and a Debian mirror. `make check-package` runs it.
set -euo pipefail
top=$(git rev-parse --show-toplevel)
work=$(mktemp -d)
cleanup() {
    umount "$work/root/proc" 2>/dev/null || :
    rm -rf "$work"
}
trap cleanup EXIT

fail() { echo "FAILED: $*"; exit 1; }
step() { printf '\n-- %s\n' "$*"; }

step "the same bytes, built twice in two places"
for place in one another-place; do
    git clone --quiet "$top" "$work/$place"
    make --silent -C "$work/$place" deb rpm >"$work/$place.log" 2>&1 || {
        cat "$work/$place.log"
        fail "make deb rpm"
    }
done
deb=$(echo "$work"/one/target/package-build/debian/mmstats_*.deb)
cmp "$deb" "$work"/another-place/target/package-build/debian/mmstats_*.deb || fail "two builds differ"
rpm=$(echo "$work"/one/target/package-build/generate-rpm/mmstats-*.rpm)
cmp "$rpm" "$work"/another-place/target/package-build/generate-rpm/mmstats-*.rpm || fail "two builds differ"
sha256sum "$deb" "$rpm" | cut -c1-64

step "lintian"
said=$(lintian --allow-root --fail-on none "$deb")
[ -z "$said" ] || { echo "$said"; fail "lintian has something to say"; }

step "a throw-away system"
debootstrap --variant=minbase bookworm "$work/root" >"$work/debootstrap.log" 2>&1 || {
    tail "$work/debootstrap.log"
    fail "debootstrap"
}
mount -t proc proc "$work/root/proc"
inside() { chroot "$work/root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
# What dpkg itself notes down is not a trace.
files() { (cd "$work/root" && find . -xdev \( -path ./proc -o -path ./var/lib/dpkg -o -path ./var/log \
    -o -path ./var/cache \) -prune -o -print | sort); }
files >"$work/before"

step "installing"
cp "$deb" "$work/root/package.deb"
inside dpkg -i /package.deb
rm "$work/root/package.deb"
! grep -rlqE 'cleanstats|mmash' "$work/root"/etc/systemd 2>/dev/null || fail "a unit is enabled"
grep -v '^#' "$work/root/etc/cron.d/mmstats" | grep -q cleanstats && fail "the cron line is active"

step "using"
# A file whose writer is gone: one of those that the library's tests compare with.
install -m 644 "$top/mmstats/tests/golden/ours-little.mmstats" "$work/root/tmp/app-1-1.mmstats"
inside slurpstats -p a. || fail "slurpstats"
for tool in $(inside dpkg -L mmstats | sed -n 's,^/usr/bin/,,p'); do
    inside "$tool" --version || fail "$tool"
    inside "$tool" --help >/dev/null || fail "$tool"
done
inside mmcat --check /tmp/app-1-1.mmstats || fail "mmcat"
inside cleanstats -v || fail "cleanstats"
[ ! -e "$work/root/tmp/app-1-1.mmstats" ] || fail "cleanstats left the file of a dead writer"
for page in $(inside dpkg -L mmstats | grep '/man/man.*gz$'); do
    said=$(MANROFFSEQ='' MANWIDTH=80 LC_ALL=C.UTF-8 man --warnings -E UTF-8 -l "$work/root$page" 2>&1 >"$work/shown" | cat)
    [ -z "$said" ] && [ -s "$work/shown" ] || fail "man -l $page: $said"
done

step "bash-completion, which loads each tool's completion by its name"
for tool in $(inside dpkg -L mmstats | sed -n 's,^/usr/bin/,,p'); do
    # shellcheck disable=SC2016
    said=$(XDG_DATA_DIRS="$work/root/usr/share" BASH_COMPLETION_USER_DIR=/no/such/place bash --norc -c '
        source /usr/share/bash-completion/bash_completion
        read -r -a loader <<<"$(complete -p -D)"
        "${loader[-2]}" "$0"
        complete -p "$0"' "$tool" 2>&1)
    [ "$said" = "complete -F _$tool $tool" ] || fail "bash-completion of $tool: $said"
done

step "removing"
inside dpkg --purge mmstats
files >"$work/after"
diff "$work/before" "$work/after" || fail "something stayed behind"

echo
echo "1 passed, 0 failed"
