#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Prints the path of a working CPython: tools/find_python.sh [3.12]
#
# Without a version: python3 if it is 3.11 or newer, else the newest of 3.13, 3.12, 3.11. A candidate counts only when it
# really runs (the shim of a version manager may exist and fail).
set -u

works() { # works <command> <version or empty>: prints the real path
    "$1" -c '
import sys
wanted = sys.argv[1]
have = "%d.%d" % sys.version_info[:2]
if sys.implementation.name != "cpython" or sys.version_info < (3, 11) or wanted not in ("", have):
    sys.exit(1)
print(sys.executable)' "$2" 2>/dev/null
}

find_version() { # find_version <3.x>
    works "python$1" "$1" && return 0
    roots="${PYENV_ROOT:-} ${HOME:-}/.pyenv"
    command -v pyenv >/dev/null 2>&1 && roots="$(pyenv root 2>/dev/null) $roots"
    for root in $roots; do
        for python in "$root/versions/$1"*/bin/"python$1" "${HOME:-}/.local/share/uv/python/cpython-$1"*/bin/"python$1"; do
            [ -x "$python" ] && works "$python" "$1" && return 0
        done
    done
    return 1
}

if [ $# -gt 0 ]; then
    find_version "$1" && exit 0
    echo "quire: no working Python $1 was found (looked for python$1 and in pyenv's and uv's folders)" >&2
    exit 1
fi
works python3 "" && exit 0
for version in 3.13 3.12 3.11; do
    find_version "$version" && exit 0
done
echo "quire: needs CPython 3.11 or newer, and none was found: on Debian 12, apt-get install python3" >&2
exit 1
