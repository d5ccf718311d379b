#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Judges examples/c/transcode.c: example_transcode.sh PROGRAM
set -eu
case $1 in /*) program=$1 ;; *) program=$PWD/$1 ;; esac
# shellcheck disable=SC2086 # the emulator of a foreign machine and its options
run() { ${MESON_EXE_WRAPPER:-} "$program" "$@"; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
fail() { echo "example_transcode: $1" >&2; exit 1; }

printf '%s' '{"id":1,"names":["Ada","Gr\u00e9ta"],"ratio":0.5,"large":18446744073709551615,"none":null,"rows":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,true]}' >"$folder/in.json"
run json <"$folder/in.json" >"$folder/packed" || fail "JSON was refused"
run msgpack <"$folder/packed" >"$folder/out.json" || fail "its own MessagePack was refused"
printf '%s' '{"id":1,"names":["Ada","Gréta"],"ratio":0.5,"large":18446744073709551615,"none":null,"rows":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,true]}' >"$folder/expected.json"
cmp "$folder/out.json" "$folder/expected.json" || fail "the round trip changed the document"

printf '[1,"a"]' | run json >"$folder/packed" || fail "a small array was refused"
printf '\222\001\241a' >"$folder/expected"
cmp "$folder/packed" "$folder/expected" || fail "the MessagePack is another"

# More than the first read takes.
{ printf '["'; head -c 300000 /dev/zero | tr '\0' x; printf '"]'; } >"$folder/long.json"
run json <"$folder/long.json" | run msgpack | cmp - "$folder/long.json" || fail "a long document changed"

if printf '[1,\n 2,]' | run json >"$folder/packed" 2>"$folder/error"; then fail "a trailing comma was taken"; fi
grep -q 'trailing_comma) at line 2, column 4, byte 7' "$folder/error" || { cat "$folder/error" >&2; fail "the fault has another place"; }
if printf '\301' | run msgpack >/dev/null 2>"$folder/error"; then fail "the byte that is never used was taken"; fi
grep -q 'invalid_byte), byte 0' "$folder/error" || fail "the fault has another place"
if run xml </dev/null 2>/dev/null; then fail "an unknown format was taken"; fi
exit 0
