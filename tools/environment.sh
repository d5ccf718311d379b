#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes a virtual environment with quire built and installed into it, or brings one up to date.
#
#   tools/environment.sh [--python 3.12|PATH] [--venv .venv] [--build build/release] [--groups "test demo"] [-- -Dscalar=true ...]
#
# --groups names files under tools/requirements/ ("build" always comes along). What follows -- goes to meson. Nothing is done
# again that is up to date: the requirements are compared by content, the sources by time. The build folder stays, so that
# an edited file recompiles alone.
set -eu
cd "$(dirname "$0")/.."

python=""
venv=.venv
build=""
groups=""
while [ $# -gt 0 ]; do
    case $1 in
    --python) python=$2; shift 2 ;;
    --venv) venv=$2; shift 2 ;;
    --build) build=$2; shift 2 ;;
    --groups) groups=$2; shift 2 ;;
    --) shift; break ;;
    *) echo "quire: environment.sh does not know $1" >&2; exit 2 ;;
    esac
done
options="$*"

case $python in
"") python=$(tools/find_python.sh) ;;
3.*) python=$(tools/find_python.sh "$python") ;;
esac
version=$("$python" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])')
build=${build:-build/python$version}

tools/system_packages.sh --python "$python"

# A folder made by another interpreter is made anew, never mixed.
if [ -e "$venv" ] && [ "$("$venv/bin/python" -c 'import sys; print("%d.%d.%d" % sys.version_info[:3])' 2>/dev/null)" != "$version" ]; then
    rm -rf "$venv"
fi
if [ ! -e "$venv" ]; then
    echo "quire: virtual environment $venv with Python $version"
    "$python" -m venv "$venv"
fi
# meson and ninja are found by their names.
PATH=$(cd "$venv/bin" && pwd):$PATH
export PATH
export PIP_DISABLE_PIP_VERSION_CHECK=1

for group in build $groups; do
    file=tools/requirements/$group.txt
    stamp=$venv/.requirements-$group
    if ! cmp -s "$file" "$stamp"; then
        echo "quire: installing what $file lists"
        "$venv/bin/python" -m pip install --quiet -r "$file"
        cp "$file" "$stamp"
    fi
done

# Up to date when the options are the same and no source is newer than the last installation.
stamp=$venv/.installed
if [ -e "$stamp" ] && [ "$(cat "$stamp")" = "$build $options" ] &&
    [ -z "$(find core binding python meson.build meson.options pyproject.toml -newer "$stamp" ! -name '*.pyc' ! -name __pycache__ | head -n 1)" ]; then
    exit 0
fi
setup=""
for option in $options; do
    setup="$setup -Csetup-args=$option"
done
mkdir -p build
begun=$(mktemp build/begun.XXXXXX)
echo "quire: building into $build"
# The options of an existing build folder would stay as they were: a changed set starts it anew.
if [ -e "$build" ] && [ "$(cat "$build/.options" 2>/dev/null)" != "$options" ]; then
    rm -rf "$build"
fi
# shellcheck disable=SC2086 # the list is words
if ! "$venv/bin/python" -m pip install --quiet --no-build-isolation --no-deps --force-reinstall -Cbuild-dir="$build" $setup . \
    >build/install.log 2>&1; then
    cat build/install.log >&2
    rm -f "$begun"
    exit 1
fi
printf '%s\n' "$options" >"$build/.options"
printf '%s\n' "$build $options" >"$stamp"
touch -r "$begun" "$stamp"
rm -f "$begun"
