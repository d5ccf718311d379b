#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# tools/lint.sh check    says what is wrong;   tools/lint.sh write    lets the formatters write
set -u
cd "$(dirname "$0")/.." || exit 1
failed=0
try() { "$@" || failed=1; }

sources=$(git ls-files 'core/*.c' 'core/*.h' 'binding/*.c' 'binding/*.h' 'tests/c/*.c' 'tests/c/*.h' 'fuzz/*.c' 'examples/*.c' |
    grep -v '_table\.h$')
python="python tools demo bench examples tests/py tests/foreign"
for folder in $python; do
    [ -d "$folder" ] || python=$(echo "$python" | sed "s,$folder,,")
done

# shellcheck disable=SC2086 # the lists are words
if [ "${1:-check}" = write ]; then
    try ruff check --fix --quiet $python
    try python tools/check_sources.py --fix
else
    try ruff check --quiet $python
    try python tools/check_sources.py
    try python tools/generate_docs.py --check
    try python tools/make_float64_table.py --check
    try python tools/check_types.py
    # The C layout is written by hand in places (tables, macros): what clang-format would change is shown, not enforced.
    changed=$(clang-format --dry-run $sources 2>&1 | grep -c 'warning: code should be clang-formatted')
    echo "clang-format: would touch $changed places"
    if command -v shellcheck >/dev/null 2>&1; then try shellcheck tools/*.sh .ci/run; fi
fi
exit $failed
