#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes a meson folder that builds the C library without Python, or checks that it still has these options:
#
#   tools/c_build.sh build/c -Dbuildtype=debugoptimized ...
#
# It needs meson and ninja on PATH. Building itself is left to `meson test` and `meson compile`.
set -eu
cd "$(dirname "$0")/.."
folder=$1
shift
options="${CC:-cc} $*"
if [ -e "$folder/build.ninja" ] && [ "$(cat "$folder/.options" 2>/dev/null)" = "$options" ]; then
    exit 0
fi
rm -rf "$folder"
mkdir -p build
if ! meson setup "$folder" -Dextension=false "$@" >build/setup.log 2>&1; then
    cat build/setup.log >&2
    exit 1
fi
printf '%s\n' "$options" >"$folder/.options"
