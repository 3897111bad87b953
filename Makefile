# make demo: packages, build, train and show the result.   make test: all tests.   make install PREFIX=/usr/local

PREFIX ?= /usr/local
DESTDIR ?=
VERSION := 0.1.0
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo)
PACKAGES := libopenblas-dev libpng-dev libffi-dev libturbojpeg0-dev zlib1g-dev pkg-config gcc g++ make python3-venv valgrind abigail-tools
# Libraries that the foreign backend is tested with; those that this system does not have are left out.
FOREIGN_PACKAGES := libblis4 libatlas3-base libblas3 libopenblas64-0 libdnnl2 libdnnl3
DEMO_PACKAGES := tuxpaint-stamps-default mate-backgrounds lomiri-wallpapers-16.04 plasma-workspace-wallpapers
RELEASE := .build/release
DEBUG := .build/debug
# Test bundles run on the toolchain's shared runtime, but the modules they link were built for the static one, some of
# whose parts exist as archives only.
STATIC_RUNTIME = $(shell swift -print-target-info | sed -n 's/.*"runtimeResourcePath" *: *"\(.*\)".*/\1_static\/linux/p')

.PHONY: demo build test test-large packages foreign-packages demo-packages swift-check install uninstall format lint clean

demo: packages demo-packages build
	examples/demo/run

build: swift-check
	swift build -c release --product decoupled-command
	swift build -c release --product decoupled
	swift build -c release --product decoupled-backend-openblas
	swift build -c release --product decoupled-backend-foreign
	for level in 2 3 4; do swift build -c release --product decoupled-backend-cpu-v$$level || exit 1; done
	ln -sf decoupled-command $(RELEASE)/decoupled
	ln -sf decoupled-command $(RELEASE)/decoupled-backend-test
	ln -sf libdecoupled.so $(RELEASE)/libdecoupled.so.1
	ln -sfn "$$PWD/Sources/Backends/Foreign/Manifests" $(RELEASE)/foreign-manifests

test: packages foreign-packages swift-check
	Tests/run "$(STATIC_RUNTIME)"

# Needs 6 GB of disk: a released network's file of 1.7 GB, and real caffemodels.
test-large: build
	Tests/formats/large $(RELEASE)

swift-check:
	@command -v swift >/dev/null || { echo "Swift is missing: install Swift 6.2 or later from https://www.swift.org/install/linux/ and put its usr/bin on PATH." >&2; exit 1; }
	@swift --version 2>/dev/null | grep -Eq 'Swift version (6\.([2-9]|[1-9][0-9])|[7-9]|[1-9][0-9])' || { echo "This Swift is too old: install Swift 6.2 or later from https://www.swift.org/install/linux/." >&2; exit 1; }

packages:
	@missing=$$(for p in $(PACKAGES); do dpkg -s $$p >/dev/null 2>&1 || echo $$p; done); \
	[ -z "$$missing" ] || { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y --no-install-recommends $$missing; }

foreign-packages:
	@missing=$$(for p in $(FOREIGN_PACKAGES); do dpkg -s $$p >/dev/null 2>&1 || ! apt-cache show $$p >/dev/null 2>&1 || echo $$p; done); \
	[ -z "$$missing" ] || { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y --no-install-recommends $$missing; }

demo-packages:
	@missing=$$(for p in $(DEMO_PACKAGES); do dpkg -s $$p >/dev/null 2>&1 || echo $$p; done); \
	[ -z "$$missing" ] || { $(SUDO) apt-get update -qq && $(SUDO) apt-get install -y --no-install-recommends $$missing; }

install:
	@[ -f $(RELEASE)/libdecoupled.so ] || { echo "Nothing is built yet: run 'make build' first." >&2; exit 1; }
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/lib/decoupled-backends $(DESTDIR)$(PREFIX)/lib/pkgconfig $(DESTDIR)$(PREFIX)/include/decoupled
	install -m 755 $(RELEASE)/decoupled-command $(DESTDIR)$(PREFIX)/lib/decoupled-command
	ln -sf ../lib/decoupled-command $(DESTDIR)$(PREFIX)/bin/decoupled
	ln -sf ../lib/decoupled-command $(DESTDIR)$(PREFIX)/bin/decoupled-backend-test
	install -m 755 $(RELEASE)/libdecoupled.so $(DESTDIR)$(PREFIX)/lib/libdecoupled.so.1
	ln -sf libdecoupled.so.1 $(DESTDIR)$(PREFIX)/lib/libdecoupled.so
	install -m 755 $(RELEASE)/libdecoupled-backend-*.so $(DESTDIR)$(PREFIX)/lib/decoupled-backends/
	install -d $(DESTDIR)$(PREFIX)/lib/decoupled-backends/foreign-manifests
	install -m 644 Sources/Backends/Foreign/Manifests/*.json $(DESTDIR)$(PREFIX)/lib/decoupled-backends/foreign-manifests/
	install -m 644 Include/decoupled/*.h $(DESTDIR)$(PREFIX)/include/decoupled/
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@VERSION@|$(VERSION)|' bindings/pkgconfig/decoupled.pc.in > $(DESTDIR)$(PREFIX)/lib/pkgconfig/decoupled.pc

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/decoupled $(DESTDIR)$(PREFIX)/bin/decoupled-backend-test $(DESTDIR)$(PREFIX)/lib/decoupled-command $(DESTDIR)$(PREFIX)/lib/libdecoupled.so*
	rm -rf $(DESTDIR)$(PREFIX)/lib/decoupled-backends $(DESTDIR)$(PREFIX)/include/decoupled
	rm -f $(DESTDIR)$(PREFIX)/lib/pkgconfig/decoupled.pc

format:
	swift format -i -r Package.swift Sources Tests

lint:
	swift format lint -r Package.swift Sources Tests

clean:
	rm -rf .build demo-output
