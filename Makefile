# mmstats: `make demo` shows it, `make check` tests it, `make install` puts it in place.

PREFIX ?= /usr/local
DESTDIR ?=
CARGO ?= cargo
INSTALL ?= install

TOOLS = slurpstats pollstats mmwatch mmcat cleanstats mmash
# mmstats(3) comes with the library.
PAGES = $(filter-out %.3,$(notdir $(wildcard man/*.[1-8])))
TARGET = $(or $(CARGO_TARGET_DIR),target)
BINDIR = $(DESTDIR)$(PREFIX)/bin
# Where the library for C goes: Debian's packages have it below the machine's name.
LIBDIR = $(PREFIX)/lib
INCLUDEDIR = $(PREFIX)/include
SHARE = $(DESTDIR)$(PREFIX)/share

# A package's bytes depend on the commit alone: neither on the time nor on where it is built.
PACKAGE_TARGET = target/package-build
PACKAGE = SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) CARGO_TARGET_DIR=$(PACKAGE_TARGET) \
	RUSTFLAGS="--remap-path-prefix=$(CURDIR)=/usr/src/mmstats --remap-path-prefix=$${CARGO_HOME:-$$HOME/.cargo}=/usr/src/cargo"

# The library for C: what it is called, and which of its versions go together.
VERSION = $(shell sed -n '/^\[workspace.package\]/,/^$$/s/^version = "\(.*\)"/\1/p' Cargo.toml)
SONAME = libmmstats.so.0

.PHONY: all tools library static size demo page picture check check-python python-native python-wheel bench-python fuzz-python check-conditions bench faults workers races prometheus soak soak-mmash fuzz hostile sanitize sanitize-threads sanitize-c miri deb rpm check-package install install-tools install-library uninstall uninstall-tools uninstall-library

all: tools library

tools:
	$(CARGO) build --release --locked

# libmmstats, shared and static.
library:
	$(CARGO) rustc --profile capi --locked -p capi --lib --crate-type cdylib,staticlib

# The tools without shared libraries, in target/TARGET/release: for any Linux on this machine's kind of processor. Wants the
# standard library for musl, which `rustup target add TARGET` brings.
STATIC_TARGET = $(subst -gnu,-musl,$(HOST))
static:
	$(CARGO) build --release --locked --target $(STATIC_TARGET)

# What each kB of the tools is, as docs/size.md has it. `make size SIZE_TARGET=x86_64-unknown-linux-musl` says it of what
# `make static` builds. Wants Python, and nm, readelf and c++filt of the binutils.
SIZE_TARGET = $(HOST)
size:
	CARGO_PROFILE_RELEASE_STRIP=none $(CARGO) build --release --locked --target $(SIZE_TARGET) --target-dir $(TARGET)/size \
		--config profile.release.package.mmash.strip=false
	python3 proof/size/size.py $(foreach tool,$(TOOLS),$(TARGET)/size/$(SIZE_TARGET)/release/$(tool))

demo:
	$(CARGO) build --release --locked
	$(CARGO) build --release --locked -p mmstats --example web
	mmstats/examples/demo.sh $(TARGET)/release

# The page over the same web server, at http://127.0.0.1:5002/ until Ctrl-C.
page:
	$(CARGO) build --release --locked -p mmash
	$(CARGO) build --release --locked -p mmstats --example web
	mmstats/examples/page.sh $(TARGET)/release

# The README's picture of it. Wants python3 and Debian's chromium-driver.
picture:
	$(CARGO) build --release --locked -p mmash
	$(CARGO) build --release --locked -p mmstats --example web
	python3 tests/python/picture.py $(TARGET)/release docs/mmash.png

check:
	$(CARGO) test --workspace --locked
	$(CARGO) test --locked --manifest-path proof/Cargo.toml -p races -p bench -p routes

# The Python package, with gunicorn, uWSGI and prometheus_client where .ci/run has put them (target/python), and beside
# the Rust reader where that is built.
PYTHON = $(abspath $(or $(wildcard $(TARGET)/python/bin/python),$(shell command -v python3)))
check-python:
	cd python && MMSTATS_TOOLS=$(abspath $(TARGET)/debug) $(PYTHON) -m unittest

# The same as another user, in a container, with another TMPDIR, umask or locale, without each program that tests may
# do without, and so on: about ten minutes. `tests/conditions.sh NAME` tries one.
check-conditions:
	tests/conditions.sh

# The faults that `make check` tries for a second each, for a minute each.
faults:
	$(CARGO) build --workspace --locked
	MMSTATS_FAULT_SECONDS=60 $(CARGO) test --locked -p cleanstats --test faults -- --nocapture

# Workers that are killed at random for SECONDS=60, and a master that keeps their counts, under readers: no count is lost.
workers:
	$(CARGO) build --workspace --locked
	MMSTATS_FAULT_SECONDS=$(SECONDS) $(CARGO) test --locked -p cleanstats --test faults workers -- --nocapture

# Writers and readers of both versions and of the original's layout against each other: 10^9 reads of files of ours
# take SECONDS=600. Among the writers are ones that stop in the middle of their stores, and ones whose counts move from
# file to file.
# What the columns are, `proof/races/src/main.rs` says.
SECONDS = 60
races:
	$(CARGO) run --profile measure --locked --manifest-path proof/Cargo.toml -p races -- $(SECONDS)

# What a real Prometheus says of workers that are recycled all the time, beside what they have really done: about a
# minute. Needs the Debian packages prometheus and prometheus-node-exporter, and Python.
prometheus:
	$(CARGO) build --release --locked
	$(CARGO) build --release --locked --manifest-path proof/Cargo.toml -p recycled
	python3 proof/prometheus/prove.py $(TARGET)/release $(or $(CARGO_TARGET_DIR),proof/target)/release/recycled

# Workers that start, crash and are cleaned away for an hour, or SOAK seconds, under pollstats, mmwatch and mmash: no sum
# falls, none is wrong at the end, and no tool's memory grows. Needs Python.
SOAK = 3600
soak:
	$(CARGO) build --release --locked
	$(CARGO) build --release --locked --manifest-path proof/Cargo.toml -p recycled
	python3 proof/soak/soak.py $(TARGET)/release $(or $(CARGO_TARGET_DIR),proof/target)/release/recycled $(SOAK)

# mmash alone for as long, while programs come and go and clients come, stay and stall: memory is judged from the 22nd
# minute on.
soak-mmash:
	$(CARGO) build --release --locked -p mmash -p cleanstats
	$(CARGO) build --release --locked --manifest-path proof/Cargo.toml -p recycled
	python3 proof/soak/mmash.py $(TARGET)/release $(or $(CARGO_TARGET_DIR),proof/target)/release/recycled $(SOAK)

# All wrong values of every byte of the golden files, through every tool: about an hour.
hostile:
	$(CARGO) build --workspace --locked
	MMSTATS_HOSTILE=all $(CARGO) test --locked -p cleanstats --test hostile -- --nocapture

# Every target of the fuzzer for FUZZ_SECONDS each, 60 without. Needs cargo-fuzz.
fuzz:
	proof/fuzz/run.sh

# The library's tests under AddressSanitizer; `make sanitize-threads` and `make miri` want a nightly toolchain with
# rust-src and miri. Tests let the children that they fork start threads, which ThreadSanitizer must be told. Miri knows no mapping of a file: it tries the unsafe code on private memory.
# What weak memory shows is tried with loom; Miri's emulation of it panics where bytes are copied over what was stored
# as a number (rust-lang/miri#5185). A test asks for more
# memory than there is, which must fail as it does without the sanitizer.
HOST = $(shell rustc -vV | sed -n 's/^host: //p')
sanitize:
	RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Z sanitizer=address" \
		ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 \
		$(CARGO) test --locked --target $(HOST) --target-dir $(TARGET)/address -p mmstats -p files -p figures -p cli --lib --tests

sanitize-threads:
	RUSTFLAGS="-Z sanitizer=thread" TSAN_OPTIONS=die_after_fork=0:allocator_may_return_null=1 \
		$(CARGO) +nightly test --locked -Z build-std --target $(HOST) \
		--target-dir $(TARGET)/thread -p mmstats --lib --tests

# The library for C with the sanitizers in its own code, too, and the program that its tests try it by. Wants a nightly
# toolchain with rust-src.
sanitize-c:
	RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Z sanitizer=address" $(CARGO) rustc --locked --target $(HOST) \
		--target-dir $(TARGET)/address -p capi --lib --crate-type staticlib
	RUSTFLAGS="-Z sanitizer=thread" $(CARGO) +nightly rustc --locked -Z build-std --target $(HOST) \
		--target-dir $(TARGET)/thread -p capi --lib --crate-type staticlib
	MMSTATS_ADDRESS_LIBRARY=$(abspath $(TARGET))/address/$(HOST)/debug/libmmstats_c.a \
		MMSTATS_THREAD_LIBRARY=$(abspath $(TARGET))/thread/$(HOST)/debug/libmmstats_c.a \
		MMSTATS_THREAD_RUNTIME=$$(rustc +nightly --print sysroot)/lib/rustlib/$(HOST)/lib/librustc-nightly_rt.tsan.a \
		$(CARGO) test --locked -p capi --test capi -- sanitizer

miri:
	MIRIFLAGS="-Zmiri-disable-weak-memory-emulation" \
		$(CARGO) +nightly miri test --locked -p mmstats --lib -- slot segment::tests values::

# What everything costs, beside others in the same run: under five minutes. `make bench BENCH=writer` takes
# less, `make bench BENCH="stalls --seconds 60"` looks for longer, `make bench BENCH=--quick` only tries it.
# Beside PCP where libpcp-mmv1-dev and libpcp3-dev are installed, and beside the original where
# MMSTATS_PYTHON2 names a Python 2.7 that has it.
BENCH =
# Intel's processors of 2015 to 2019 run a loop at half its speed where a jump lies on a boundary of 32 bytes.
# Where it lies is luck, so the loops that are compared avoid it, ours and the others'.
BENCH_FLAGS = $(if $(filter x86_64,$(shell uname -m)),RUSTFLAGS="-C llvm-args=-x86-branches-within-32B-boundaries")
bench: library
	$(CARGO) build --release --locked
	$(BENCH_FLAGS) $(CARGO) run --profile measure --locked --manifest-path proof/Cargo.toml -p bench -- \
		--tools $(TARGET)/release --library $(TARGET)/capi $(BENCH)

# The native part of the Python package, into the tree, for the Python that PYTHON names. MMSTATS_PURE=1 does without it.
PYTHONS = $(PYTHON)
NATIVE = python/native
NATIVE_TARGET = $(or $(CARGO_TARGET_DIR),$(NATIVE)/target)
python-native:
	PYO3_PYTHON=$(PYTHON) $(CARGO) build --release --locked --manifest-path $(NATIVE)/Cargo.toml
	$(INSTALL) -m 644 $(NATIVE_TARGET)/release/lib_native.so \
		python/mmstats/_native$$($(PYTHON) -c 'import sysconfig; print(sysconfig.get_config_var("EXT_SUFFIX"))')

# Wheels with the native part: one for each of PYTHONS, and one for Python 3.11 and later. Takes maturin from PyPI.
python-wheel:
	$(NATIVE)/wheel.sh target/python $(PYTHONS)

# What an update costs in Python, beside prometheus_client where PYTHON has it. BENCH=--quick only tries it.
bench-python: python-native
	PYTHONPATH=python $(PYTHON) python/bench.py $(BENCH)

# The Python reader beside slurpstats, on FILES files with wrong bytes: a minute for 20,000. One that is read differently
# is kept in target/differ.
FILES = 20000
fuzz-python:
	$(CARGO) build --locked -p slurpstats
	cd python && $(PYTHON) -m tests.differential $(abspath $(TARGET))/debug/slurpstats --files $(FILES) \
		--keep $(abspath $(TARGET))/differ

deb:
	$(PACKAGE) $(CARGO) build --release --locked
	$(PACKAGE) $(CARGO) deb --quiet --locked --no-build -p slurpstats
	$(PACKAGE) $(MAKE) --silent library
	$(PACKAGE) dist/deb/library $(abspath $(PACKAGE_TARGET))

rpm:
	$(PACKAGE) $(CARGO) build --release --locked
	$(PACKAGE) $(CARGO) generate-rpm -p slurpstats --target-dir $(PACKAGE_TARGET) \
		--source-date "$$(git log -1 --format=%ct)"
	ls $(PACKAGE_TARGET)/generate-rpm/*.rpm

check-package:
	tests/package.sh

install: install-tools install-library

install-tools: tools
	$(INSTALL) -d $(BINDIR) $(SHARE)/bash-completion/completions \
		$(SHARE)/zsh/site-functions $(SHARE)/fish/vendor_completions.d
	for tool in $(TOOLS); do \
		$(INSTALL) -m 755 $(TARGET)/release/$$tool $(BINDIR)/ && \
		$(INSTALL) -m 644 completions/_$$tool $(SHARE)/zsh/site-functions/ && \
		$(INSTALL) -m 644 completions/$$tool.fish $(SHARE)/fish/vendor_completions.d/ || exit 1; \
	done
	$(INSTALL) -m 644 completions/slurpstats.bash $(SHARE)/bash-completion/completions/slurpstats
	for tool in $(filter-out slurpstats,$(TOOLS)); do \
		ln -sf slurpstats $(SHARE)/bash-completion/completions/$$tool || exit 1; \
	done
	for page in $(PAGES); do \
		dir=$(SHARE)/man/man$${page##*.}; \
		$(INSTALL) -d $$dir && $(INSTALL) -m 644 man/$$page $$dir/ || exit 1; \
	done

# The name with the whole version is the file; the loader looks for the one with the first number of it, the linker for
# the one without.
install-library: library
	$(INSTALL) -d $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR) $(SHARE)/man/man3
	$(INSTALL) -m 644 $(TARGET)/capi/libmmstats_c.so $(DESTDIR)$(LIBDIR)/libmmstats.so.$(VERSION)
	ln -sf libmmstats.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libmmstats.so
	$(INSTALL) -m 644 $(TARGET)/capi/libmmstats_c.a $(DESTDIR)$(LIBDIR)/libmmstats.a
	$(INSTALL) -m 644 capi/include/mmstats.h $(DESTDIR)$(INCLUDEDIR)/
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' \
		-e 's|@VERSION@|$(VERSION)|' capi/mmstats.pc.in >$(DESTDIR)$(LIBDIR)/pkgconfig/mmstats.pc
	chmod 644 $(DESTDIR)$(LIBDIR)/pkgconfig/mmstats.pc
	$(INSTALL) -m 644 man/mmstats.3 $(SHARE)/man/man3/

uninstall: uninstall-tools uninstall-library

uninstall-tools:
	for tool in $(TOOLS); do \
		rm -f $(BINDIR)/$$tool $(SHARE)/bash-completion/completions/$$tool \
			$(SHARE)/zsh/site-functions/_$$tool $(SHARE)/fish/vendor_completions.d/$$tool.fish; \
	done
	for page in $(PAGES); do rm -f $(SHARE)/man/man$${page##*.}/$$page; done

uninstall-library:
	rm -f $(DESTDIR)$(LIBDIR)/libmmstats.so.$(VERSION) $(DESTDIR)$(LIBDIR)/$(SONAME) $(DESTDIR)$(LIBDIR)/libmmstats.so \
		$(DESTDIR)$(LIBDIR)/libmmstats.a $(DESTDIR)$(LIBDIR)/pkgconfig/mmstats.pc \
		$(DESTDIR)$(INCLUDEDIR)/mmstats.h $(SHARE)/man/man3/mmstats.3
