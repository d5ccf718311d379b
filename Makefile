# SPDX-License-Identifier: Apache-2.0
# The commands to remember. `make demo` and `make test` are the two that a newcomer needs; both install what they miss.
#
#   PYTHON=3.12      interpreter: a version or a path (default: python3, if it is 3.11 or newer)
#   VENV=.venv       the virtual environment
#   PYTEST_ARGS=...  passed to pytest
#   FUZZ_SECONDS=60  time for each fuzz target of `make fuzz`
#   DATA=folder      further documents for `make bench`
PYTHON ?=
VENV ?= .venv
PYTEST_ARGS ?= -q -n 2
FUZZ_SECONDS ?= 60
DATA ?=
BENCH_ARGS ?=

environment = tools/environment.sh $(if $(PYTHON),--python $(PYTHON))
in_venv = PATH="$(CURDIR)/$(VENV)/bin:$$PATH"
# A meson folder that builds the C library alone; the options are given when it is first made.
c_build = $(in_venv) tools/c_build.sh

.PHONY: help build demo test test-env test-sources test-c test-c-variants test-install test-fuzz test-typing test-asan test-py test-foreign \
	bench asan arm64 fuzz cov lint format docs soak dist clean

help:
	@echo "make demo    build quire and do real work with it: what to look at first"
	@echo "make test    every test with this interpreter"
	@echo "make bench   quire beside its peers; fills the table in README.md"
	@echo "make asan    the C and the Python tests under the address and undefined-behaviour sanitizers"
	@echo "make arm64   the C tests for 64-bit ARM, under an emulator"
	@echo "make fuzz    coverage-guided fuzzing, FUZZ_SECONDS for each target"
	@echo "make cov     which C lines the tests reach"
	@echo "make lint    formatters, linters, type checkers, stale lists;   make format  lets them write"
	@echo "make docs    generate the pages that are generated, run every example in the documentation"
	@echo "make soak    the longer work: slow tests, valgrind, ten minutes of each fuzz target"
	@echo "make clean   remove everything that was built (not downloads)"

build:
	@$(environment) --venv $(VENV) --groups "test demo"

demo:
	@$(environment) --venv $(VENV) --groups "demo"
	@$(VENV)/bin/python -m demo

test: test-sources test-c test-c-variants test-install test-fuzz test-typing test-foreign test-asan test-py

test-env:
	@$(environment) --venv $(VENV) --groups "test lint"

test-sources: test-env
	@echo "== source lists"
	@$(VENV)/bin/python tools/check_sources.py

test-c: test-env
	@echo "== C tests"
	@$(c_build) build/c -Dbuildtype=debugoptimized -Dlibrary=true
	@$(in_venv) meson test -C build/c --suite c --quiet --print-errorlogs

test-c-variants: test-env
	@echo "== C tests, portable scalar code"
	@$(c_build) build/c-scalar -Dbuildtype=debugoptimized -Dscalar=true
	@$(in_venv) meson test -C build/c-scalar --suite c --quiet --print-errorlogs
	@echo "== C tests of text, without AVX-512"
	@$(c_build) build/c-sse2 -Dbuildtype=debugoptimized -Davx512=false
	@$(in_venv) meson test -C build/c-sse2 utf8 json msgpack --quiet --print-errorlogs
	@echo "== C tests under the sanitizers"
	@$(c_build) build/c-asan -Dbuildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false
	@$(in_venv) UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1 meson test -C build/c-asan --suite c --quiet --print-errorlogs

test-install: test-c
	@echo "== the installed C library and its examples"
	@$(in_venv) tools/check_install.sh build/c

test-fuzz: test-env
	@echo "== fuzz smoke"
	@$(c_build) build/c-asan -Dbuildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false
	@$(in_venv) tools/fuzz.sh smoke build/c-asan

test-typing: test-env
	@echo "== type checkers"
	@$(in_venv) python tools/check_types.py

test-asan:
	@echo "== Python tests, quire under the sanitizers"
	@PYTHON="$(PYTHON)" tools/asan_python.sh $(PYTEST_ARGS)

test-py: test-env
	@echo "== Python tests"
	@$(VENV)/bin/python -m pytest $(PYTEST_ARGS)

test-foreign: test-env
	@echo "== the interpreter's own tests, against our modules"
	@tools/system_packages.sh --python $(VENV)/bin/python testsuite
	@$(VENV)/bin/python tests/foreign/run.py

asan: test-c-variants test-asan

arm64: test-env
	@tools/system_packages.sh arm64
	@$(c_build) build/c-arm64 --cross-file tools/arm64.ini -Dbuildtype=debugoptimized
	@$(in_venv) meson test -C build/c-arm64 --suite c --quiet --print-errorlogs --timeout-multiplier 10

bench:
	@$(environment) --venv .venv-bench --groups "bench demo"
	@.venv-bench/bin/python bench/run.py --require-quire $(if $(DATA),--data $(DATA)) $(BENCH_ARGS)
	@if [ -e bench/results ]; then .venv-bench/bin/python tools/update_readme.py; fi

fuzz: test-env
	@tools/system_packages.sh clang
	@CC=$$(command -v clang || command -v clang-14) $(c_build) build/fuzz \
		-Dfuzz_engine=true -Dbuildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false
	@$(in_venv) tools/fuzz.sh long build/fuzz $(FUZZ_SECONDS)

cov: test-env
	@$(c_build) build/c-cov -Dbuildtype=debug -Db_coverage=true
	@$(in_venv) meson test -C build/c-cov --suite c --quiet --print-errorlogs
	@$(environment) --venv .venv-cov --build build/python-cov --groups "test" -- -Dbuildtype=debug -Db_coverage=true
	@.venv-cov/bin/python -m pytest -q
	@mkdir -p build/coverage
	@$(in_venv) gcovr --root . --filter core/ --filter binding/ --print-summary \
		--txt build/coverage/summary.txt --html-details build/coverage/index.html build/c-cov build/python-cov
	@echo "quire: line by line in build/coverage/index.html"

lint: test-env
	@$(in_venv) tools/lint.sh check

format: test-env
	@$(in_venv) tools/lint.sh write

docs: test-env
	@$(VENV)/bin/python tools/generate_docs.py
	@$(VENV)/bin/python tools/run_doc_examples.py

soak: test-env
	@tools/system_packages.sh valgrind clang
	@$(MAKE) fuzz FUZZ_SECONDS=600
	@$(MAKE) arm64
	@$(c_build) build/c -Dbuildtype=debugoptimized -Dlibrary=true
	@$(in_venv) meson test -C build/c --suite c --quiet --print-errorlogs --timeout-multiplier 50 \
		--wrap='valgrind --error-exitcode=1 --leak-check=full --quiet'
	@$(VENV)/bin/python -m pytest -q -m slow
	@QUIRE_RANDOM_TESTS=1 $(VENV)/bin/python -m pytest -q

dist: test-env
	@$(in_venv) python -m build --no-isolation --skip-dependency-check --outdir dist .

clean:
	rm -rf build dist .venv .venv-asan .venv-bench .venv-cov .venv-3.* demo-report.*
	find . -name __pycache__ -type d -not -path './.git/*' -prune -exec rm -rf {} +
