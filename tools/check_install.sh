#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the C library of a meson folder into a scratch prefix, then builds and runs the C examples against what was
# installed, with nothing but pkg-config to go by: tools/check_install.sh build/c
#
# What a program prints is judged by tests/c/example_<name>.sh, which gets the program's path.
set -eu
cd "$(dirname "$0")/.."
tree=$(pwd)
folder=$1
prefix=$tree/build/installed
log=$tree/build/check_install.log
fail() { echo "quire: $1" >&2; exit 1; }

rm -rf "$prefix"
mkdir -p "$prefix"
{ meson compile -C "$folder" && DESTDIR="$prefix" meson install -C "$folder" --no-rebuild; } >"$log" 2>&1 || { cat "$log" >&2; exit 1; }

description=$(find "$prefix" -name quire.pc)
[ -n "$description" ] || fail "no quire.pc was installed"
PKG_CONFIG_PATH=$(dirname "$description")
PKG_CONFIG_SYSROOT_DIR=$prefix
export PKG_CONFIG_PATH PKG_CONFIG_SYSROOT_DIR

# Every header must compile by itself: it names all it needs.
headers=$(find "$prefix" -path '*/quire/core/*' -name '*.h' ! -name '*.tmpl.h' ! -name '*_table.h')
[ -n "$headers" ] || fail "no headers were installed"
for header in $headers; do
    # shellcheck disable=SC2046 # flags are words
    (cd "$prefix" && echo "#include \"core/${header#*/quire/core/}\"" | "${CC:-cc}" -std=gnu11 -fsyntax-only $(pkg-config --cflags quire) -x c -) ||
        fail "${header#"$prefix"} does not compile by itself"
done

for example in examples/c/*.c; do
    [ -e "$example" ] || fail "examples/c has no program"
    name=$(basename "$example" .c)
    # Compiled elsewhere, so that no header of the tree can help.
    cp "$example" "$prefix/"
    # shellcheck disable=SC2046 # flags are words
    (cd "$prefix" && "${CC:-cc}" -std=gnu11 -Wall -O1 -o "$name" "$name.c" $(pkg-config --cflags --libs --static quire)) ||
        fail "$example does not build against the installed library"
    [ -e "tests/c/example_$name.sh" ] || fail "tests/c/example_$name.sh is missing: the judge of $example"
    sh "tests/c/example_$name.sh" "$prefix/$name" || fail "$example, built against the installed library, gave the wrong answer"
    echo "example $name: ok"
done
