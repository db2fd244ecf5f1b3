# mmstats: `make demo` shows it, `make check` tests it, `make install` puts it in place.

PREFIX ?= /usr/local
DESTDIR ?=
CARGO ?= cargo
INSTALL ?= install

TOOLS = slurpstats pollstats mmwatch mmcat cleanstats mmash
PAGES = $(notdir $(wildcard man/*.[1-8]))
TARGET = $(or $(CARGO_TARGET_DIR),target)
BINDIR = $(DESTDIR)$(PREFIX)/bin
SHARE = $(DESTDIR)$(PREFIX)/share

# A package's bytes depend on the commit alone: neither on the time nor on where it is built.
PACKAGE_TARGET = target/package-build
PACKAGE = SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) CARGO_TARGET_DIR=$(PACKAGE_TARGET) \
	RUSTFLAGS="--remap-path-prefix=$(CURDIR)=/usr/src/mmstats --remap-path-prefix=$${CARGO_HOME:-$$HOME/.cargo}=/usr/src/cargo"

.PHONY: all demo page picture check check-conditions bench faults races prometheus fuzz hostile sanitize sanitize-threads miri deb rpm check-package install uninstall

all:
	$(CARGO) build --release --locked

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
	$(CARGO) test --locked --manifest-path proof/Cargo.toml -p races -p bench

# The same as another user, in a container, with another TMPDIR, umask or locale, without each program that tests may
# do without, and so on: about five minutes. `tests/conditions.sh NAME` tries one.
check-conditions:
	tests/conditions.sh

# The faults that `make check` tries for a second each, for a minute each.
faults:
	$(CARGO) build --workspace --locked
	MMSTATS_FAULT_SECONDS=60 $(CARGO) test --locked -p cleanstats --test faults -- --nocapture

# Writers and readers of both versions and of the original's layout against each other: 10^9 reads of files of ours
# take SECONDS=600. Among the writers are ones that stop in the middle of their stores.
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

# All wrong values of every byte of the golden files, through every tool: about an hour.
hostile:
	$(CARGO) build --workspace --locked
	MMSTATS_HOSTILE=all $(CARGO) test --locked -p cleanstats --test hostile -- --nocapture

# Every target of the fuzzer for FUZZ_SECONDS each, 60 without. Needs cargo-fuzz.
fuzz:
	proof/fuzz/run.sh

# The library's tests under AddressSanitizer; `make sanitize-threads` and `make miri` want a nightly toolchain with
# rust-src and miri. Miri knows no mapping of a file: it tries the unsafe code on private memory. A test asks for more
# memory than there is, which must fail as it does without the sanitizer.
HOST = $(shell rustc -vV | sed -n 's/^host: //p')
sanitize:
	RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Z sanitizer=address" \
		ASAN_OPTIONS=detect_leaks=0:allocator_may_return_null=1 \
		$(CARGO) test --locked --target $(HOST) --target-dir $(TARGET)/address -p mmstats -p files -p figures -p cli --lib --tests

sanitize-threads:
	RUSTFLAGS="-Z sanitizer=thread" $(CARGO) +nightly test --locked -Z build-std --target $(HOST) \
		--target-dir $(TARGET)/thread -p mmstats --lib --tests

miri:
	$(CARGO) +nightly miri test --locked -p mmstats --lib -- slot map::tests layout typecode value

# What everything costs, beside others in the same run: under five minutes. `make bench BENCH=writer` takes
# less, `make bench BENCH="stalls --seconds 60"` looks for longer, `make bench BENCH=--quick` only tries it.
# Beside PCP where libpcp-mmv1-dev and libpcp3-dev are installed, and beside the original where
# MMSTATS_PYTHON2 names a Python 2.7 that has it.
BENCH =
# Intel's processors of 2015 to 2019 run a loop at half its speed where a jump lies on a boundary of 32 bytes.
# Where it lies is luck, so the loops that are compared avoid it, ours and the others'.
BENCH_FLAGS = $(if $(filter x86_64,$(shell uname -m)),RUSTFLAGS="-C llvm-args=-x86-branches-within-32B-boundaries")
bench:
	$(CARGO) build --release --locked
	$(BENCH_FLAGS) $(CARGO) run --profile measure --locked --manifest-path proof/Cargo.toml -p bench -- \
		--tools $(TARGET)/release $(BENCH)

.PHONY: python-native python-wheel bench-python fuzz-python

# The native part of the Python package, into the tree, for the Python that PYTHON names. MMSTATS_PURE=1 does without it.
PYTHON = python3
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

rpm:
	$(PACKAGE) $(CARGO) build --release --locked
	$(PACKAGE) $(CARGO) generate-rpm -p slurpstats --target-dir $(PACKAGE_TARGET) \
		--source-date "$$(git log -1 --format=%ct)"
	ls $(PACKAGE_TARGET)/generate-rpm/*.rpm

check-package:
	tests/package.sh

install: all
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

uninstall:
	for tool in $(TOOLS); do \
		rm -f $(BINDIR)/$$tool $(SHARE)/bash-completion/completions/$$tool \
			$(SHARE)/zsh/site-functions/_$$tool $(SHARE)/fish/vendor_completions.d/$$tool.fish; \
	done
	for page in $(PAGES); do rm -f $(SHARE)/man/man$${page##*.}/$$page; done
