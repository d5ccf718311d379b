#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the fuzz targets of a meson folder:
#
#   tools/fuzz.sh smoke build/c-asan          replays each target's corpus and tries changed copies of it: seconds
#   tools/fuzz.sh long build/fuzz 60          coverage-guided, 60 seconds for each target (built with -Dfuzz_engine=true)
#
# Seeds are in fuzz/corpus/<target>/. What a long run learns stays in build/, what it breaks in fuzz/finds/.
set -eu
cd "$(dirname "$0")/.."
mode=$1
folder=$2
seconds=${3:-60}
export UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1

targets=$(sed -n "/^fuzz_targets = \[/,/^\]/s/^ *'\(.*\)',\{0,1\}/\1/p" fuzz/meson.build)
if [ -z "$targets" ]; then
    echo "quire: fuzz/meson.build names no target" >&2
    exit 1
fi
for target in $targets; do
    ninja -C "$folder" "fuzz/fuzz_$target" >build/fuzz.log 2>&1 || { cat build/fuzz.log >&2; exit 1; }
    corpus=fuzz/corpus/$target
    if [ ! -d "$corpus" ]; then
        echo "quire: $corpus is missing: every target has a corpus" >&2
        exit 1
    fi
    case $mode in
    smoke)
        "$folder/fuzz/fuzz_$target" -runs=20000 -seed=1 "$corpus" >build/fuzz.log 2>&1 || { tail -n 60 build/fuzz.log >&2; exit 1; }
        echo "fuzz $target: ok"
        ;;
    long)
        mkdir -p "build/fuzz-corpus/$target" fuzz/finds
        "$folder/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=20 -rss_limit_mb=4096 -print_final_stats=1 \
            -artifact_prefix="fuzz/finds/$target-" "build/fuzz-corpus/$target" "$corpus"
        ;;
    *)
        echo "quire: fuzz.sh knows smoke and long, not $mode" >&2
        exit 2
        ;;
    esac
done
