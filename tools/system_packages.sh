#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes sure that what the build needs from the system is there: tools/system_packages.sh [--python PATH] [extra ...]
#
# Looks for the thing itself (a command that runs, a header), not for a package name, so it is content with any compiler
# and any Python. What is missing is installed with apt-get when that is allowed (root, or sudo without a password), else
# the one line to run is printed and the script fails. Extras: clang, valgrind, arm64 (a cross compiler and
# an emulator), testsuite (CPython's own tests).
set -eu

asked="$*"
python=python3
if [ "${1:-}" = --python ]; then
    python=$2
    shift 2
fi

missing=""
need() { missing="$missing $1"; }

if ! command -v "${CC:-cc}" >/dev/null 2>&1 || ! echo '#include <stdint.h>' | "${CC:-cc}" -E - >/dev/null 2>&1; then
    need gcc
    need libc6-dev
fi
command -v make >/dev/null 2>&1 || need make
command -v pkg-config >/dev/null 2>&1 || need pkg-config

# Debian splits Python: the headers, and what venv needs to put pip in place, are packages of their own.
debian_python() { "$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])'; }
"$python" -c 'import os, sysconfig; assert os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h"))' 2>/dev/null ||
    need "$(debian_python)-dev"
"$python" -c 'import ensurepip, venv' 2>/dev/null || need "$(debian_python)-venv"

for extra in "$@"; do
    case $extra in
    clang)
        # libFuzzer is in a package of its own, which carries clang's version: 14 in Debian 12.
        clang=$(command -v clang || command -v clang-14 || echo false)
        echo 'int LLVMFuzzerTestOneInput(const char *p, unsigned long n) { return !p + !n; }' |
            "$clang" -fsanitize=fuzzer -x c - -o /dev/null 2>/dev/null || { need clang; need libclang-rt-14-dev; }
        ;;
    valgrind) command -v valgrind >/dev/null 2>&1 || need valgrind ;;
    arm64)
        command -v aarch64-linux-gnu-gcc >/dev/null 2>&1 || { need gcc-aarch64-linux-gnu; need libc6-dev-arm64-cross; }
        command -v qemu-aarch64 >/dev/null 2>&1 || need qemu-user
        ;;
    testsuite) "$python" -c 'import test.support, test.test_json' 2>/dev/null || need "lib$(debian_python)-testsuite" ;;
    *)
        echo "quire: system_packages.sh knows no extra called $extra" >&2
        exit 2
        ;;
    esac
done

[ -z "$missing" ] && exit 0

if [ -n "${QUIRE_PACKAGES_TRIED:-}" ]; then
    echo "quire: still missing after installing it ($python does not find it):$missing" >&2
    exit 1
fi
command="apt-get install -y --no-install-recommends$missing"
if ! command -v apt-get >/dev/null 2>&1; then
    echo "quire: missing here, by their Debian names:$missing" >&2
    exit 1
fi
if [ "$(id -u)" = 0 ]; then
    as_root=""
elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
    as_root="sudo -n"
else
    echo "quire: something is missing that only root may install; run this line, then try again:" >&2
    echo "    sudo $command" >&2
    exit 1
fi
echo "quire: $command"
export DEBIAN_FRONTEND=noninteractive
$as_root apt-get update -qq
# shellcheck disable=SC2086 # the list is words
$as_root $command -qq >/dev/null
# shellcheck disable=SC2086
QUIRE_PACKAGES_TRIED=1 exec "$0" $asked
