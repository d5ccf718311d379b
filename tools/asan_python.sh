#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the Python tests with quire built for the address and undefined-behaviour sanitizers: tools/asan_python.sh [pytest arguments]
#
# The interpreter itself is an ordinary one: the sanitizers' libraries are loaded before it, and PYTHONMALLOC=malloc sends every
# object through malloc, for an overrun of a small object stays unseen in Python's own arenas. Leaks are not looked for here
# (an interpreter keeps much until it ends); the leak loops of tests/py do that. Built without AVX-512, so that the code for
# every other machine runs here whatever this one has; the ordinary build runs what the machine takes.
set -eu
cd "$(dirname "$0")/.."
venv=.venv-asan

# shellcheck disable=SC2086 # no interpreter named means the default one
tools/environment.sh ${PYTHON:+--python $PYTHON} --venv $venv --build build/python-asan --groups test -- \
    -Dbuildtype=debugoptimized -Db_sanitize=address,undefined -Db_lundef=false -Davx512=false

libraries=""
for name in libasan.so libubsan.so; do
    library=$("${CC:-cc}" -print-file-name=$name)
    case $library in
    /*) libraries="$libraries $library" ;;
    *) echo "quire: ${CC:-cc} has no $name: the sanitizer tests need gcc's libraries" >&2; exit 1 ;;
    esac
done

# Only Python itself is run with the libraries: a shell or a compiler would report its own sins.
export ASAN_OPTIONS=detect_leaks=0:abort_on_error=0:allocator_may_return_null=1
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
# Instrumented functions take several times the stack, and documents of the greatest depth are among the tests.
# shellcheck disable=SC3045 # dash and bash have it
ulimit -s 65536
exec env LD_PRELOAD="${libraries# }" PYTHONMALLOC=malloc QUIRE_SANITIZED=1 \
    $venv/bin/python -m pytest -p no:cacheprovider "$@"
