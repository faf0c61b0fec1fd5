# A thin door to CMake (CMakeLists.txt, CMakePresets.json) and to tools/.

MAKEFLAGS += --no-print-directory
PREFIX ?= /usr/local

# make                the libraries, the command and the tests, in build/
.PHONY: all
all:
	@tools/setup run
	@tools/build release

# make serve          build and run `sampan serve`; ARGS="..." adds arguments
.PHONY: serve
serve:
	@tools/setup run
	@tools/build release sampan-cmd
	@if [ "$$(id -u)" = 0 ]; then exec build/sampan serve $(ARGS); \
	elif command -v sudo >/dev/null; then exec sudo build/sampan serve $(ARGS); \
	else echo "make serve: needs root to create a TAP device: run 'make serve' as root" >&2; exit 1; fi

# make check          build, run all tests and checks
.PHONY: check
check:
	@tools/setup check
	@tools/run-tests release asan freestanding

# make check-full     the same with long tests, with clang, and threads with their sanitizer
.PHONY: check-full
check-full:
	@tools/setup check
	@tools/run-tests --full release asan freestanding clang
	@tools/tsan

# make soak           clients of all kinds and attackers against serve: make soak TIME=60
.PHONY: soak
soak:
	@tools/setup check
	@tools/build release sampan-cmd
	@SAMPAN_SOAK="$(or $(TIME),60)" tests/interop/soak.sh

# make bench          measure; ARGS="..." are passed on
.PHONY: bench
bench:
	@tools/setup run
	@tools/build release sampan-bench
	@build/sampan-bench $(ARGS)

# make bench-quick    the main rows, in less than 40 seconds
.PHONY: bench-quick
bench-quick:
	@tools/setup run
	@tools/build release sampan-bench
	@build/sampan-bench --quick $(ARGS)

# make performance    measure everything and rewrite docs/performance.md; ARGS="ROW..." for some rows
.PHONY: performance
performance:
	@tools/setup run
	@tools/build release sampan-bench
	@tools/performance $(ARGS)

# make paths          the grid of paths, simulated, and docs/paths.md; ARGS=kernel: against the kernel
.PHONY: paths
paths:
	@tools/setup run
	@tools/build release sampan-cmd sampan-path
	@tools/paths $(or $(ARGS),grid)

# make fuzz           search with fuzz/NAME.c: make fuzz NAME=... TIME=60
.PHONY: fuzz
fuzz:
	@tools/setup check
	@tools/fuzz "$(NAME)" "$(TIME)"

# make conformance    rewrite docs/conformance after `make check` has run the tests
.PHONY: conformance
conformance:
	@tools/conformance

# make mutants        break one rule at a time and see the tests notice; ARGS="--only ..."
.PHONY: mutants
mutants:
	@tools/setup check
	@tools/mutants $(ARGS)

# make coverage       line and branch coverage of the core: at least 95 % and 85 %
.PHONY: coverage
coverage:
	@tools/setup check
	@tools/coverage

# make lint           clang-tidy, cppcheck and the checks of tools/
.PHONY: lint
lint:
	@tools/setup check
	@tools/lint

# make format         clang-format over all sources
.PHONY: format
format:
	@find src include tests fuzz bench examples -name '*.[ch]' 2>/dev/null | xargs -r clang-format -i

# make install        into PREFIX (/usr/local), below DESTDIR if given
.PHONY: install
install: all
	@cmake --install build --prefix "$(PREFIX)"

# make clean          remove all build directories
.PHONY: clean
clean:
	@rm -rf build build-debug build-asan build-clang build-freestanding build-fuzz

.PHONY: help
help:
	@sed -n 's/^# \(make[ a-z-]*  .*\)/\1/p' Makefile
