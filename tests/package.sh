#!/bin/bash
# The packages, tried for real: built twice in two places; the Debian ones looked at by lintian, installed
# into a throw-away system, used there, and removed without a trace. Wants root, cargo-deb,
# cargo-generate-rpm, lintian, debootstrap, man-db, bash-completion, dpkg-dev, cc, pkg-config and a Debian mirror. `make check-package` runs it.
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
libraries=$(echo "$work"/one/target/package-build/debian/libmmstats0_*.deb "$work"/one/target/package-build/debian/libmmstats-dev_*.deb)
for package in $deb $libraries; do
    cmp "$package" "$work/another-place/target/package-build/debian/${package##*/}" || fail "two builds differ"
done
rpm=$(echo "$work"/one/target/package-build/generate-rpm/mmstats-*.rpm)
cmp "$rpm" "$work"/another-place/target/package-build/generate-rpm/mmstats-*.rpm || fail "two builds differ"
# shellcheck disable=SC2086
sha256sum "$deb" $libraries "$rpm" | cut -c1-64

step "lintian"
# shellcheck disable=SC2086
said=$(lintian --allow-root --fail-on none "$deb" $libraries)
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

step "the library for C: compiled with one package, run with the other"
dev=$work/dev
for package in $libraries; do dpkg-deb -x "$package" "$dev"; done
pc=$(dirname "$(find "$dev" -name mmstats.pc)")
sed -n '/^## From C and C++/,/^## Install/{/^```c$/,/^```$/{/^```/!p}}' "$top/README.md" >"$work/lines.c"
# shellcheck disable=SC2046
cc -o "$work/root/tmp/lines" "$work/lines.c" \
    $(PKG_CONFIG_LIBDIR=$pc PKG_CONFIG_SYSROOT_DIR=$dev pkg-config --cflags --libs mmstats) -I"$dev/usr/include"
echo line | inside /tmp/lines 2>/dev/null && fail "the library is there before its package"
# libgcc_s.so.1 is in every Debian, a compiler is not.
cp "${libraries%% *}" "$work/root/package.deb"
inside dpkg -i /package.deb
rm "$work/root/package.deb"
[ "$(echo line | inside /tmp/lines)" = line ] || fail "a program with the library"
rm "$work/root/tmp/lines"
inside dpkg --purge libmmstats0

step "removing"
inside dpkg --purge mmstats
files >"$work/after"
diff "$work/before" "$work/after" || fail "something stayed behind"

echo
echo "1 passed, 0 failed"
