#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Judges examples/c/validate.c: example_validate.sh PROGRAM
set -eu
case $1 in /*) program=$1 ;; *) program=$PWD/$1 ;; esac
# shellcheck disable=SC2086 # the emulator of a foreign machine and its options
run() { ${MESON_EXE_WRAPPER:-} "$program" "$@"; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
fail() { echo "example_validate: $1" >&2; exit 1; }

cat >good.json <<'END'
[
  {"id": 1, "customer": "Ada", "status": "open", "placed": "2024-02-29T12:00:00Z",
   "lines": [{"sku": "A-1", "count": 2, "price": 9.99}, {"sku": "B-2", "count": 999, "price": "0.10"}],
   "note": null, "pay": {"number": "1234", "kind": "card"}, "extra": [1, {"a": 2}]},
  {"pay": {"kind": "transfer", "iban": "XX00"}, "lines": [{"price": 1, "count": 1, "sku": ""}],
   "placed": "2024-03-01T00:00:00+01:00", "status": "paid", "customer": "Gréta", "id": 2}
]
END
run good.json >out || { cat out; fail "a document of the type was refused"; }
[ "$(cat out)" = "good.json: valid" ] || fail "says something else of a valid document"

# refused PLACE-AND-FAULT < document
refused() {
    cat >bad.json
    if run bad.json >out; then fail "was taken: $(cat bad.json)"; fi
    [ "$(cat out)" = "bad.json:$1" ] || { cat out >&2; fail "expected bad.json:$1"; }
}
order='"id":1,"customer":"é","status":"open","placed":"2024-02-29T12:00:00Z"'
printf '[\n {%s,"lines":[{"sku":"a","count":0,"price":1}]}]' "$order" | refused '2:101: $[0].lines[0].count: too small [too_small]'
printf '[\n {%s,"lines":[{"sku":"a","count":true,"price":1}]}]' "$order" | refused '2:101: $[0].lines[0].count: wrong type [type_mismatch], expected int'
printf '[{%s,"lines":[]}]' "$order" | refused '1:81: $[0].lines: too short [too_short]'
printf '[{%s}]' "$order" | refused '1:2: $[0]: missing required field [missing_field]: lines'
printf '[{%s,"lines":[{"sku":"a","count":1,"price":1,"cost":2}]}]' "$order" | refused '1:113: $[0].lines[0].cost: unknown field [unknown_field]'
printf '[{"id":1,"status":"lost"}]' | refused '1:19: $[0].status: not one of the choices [invalid_choice]'
printf '[{"pay":{"kind":"cash"}}]' | refused '1:17: $[0].pay: unknown tag [invalid_tag]'
printf '[{"placed":"2024-02-30T12:00:00Z"}]' | refused '1:12: $[0].placed: invalid text for its type [invalid_format]'
printf '[{"id":1,"id":2}]' | refused '1:10: $[0].id: duplicate field [duplicate_field]'
printf '[{"id":1,"other":[1,tru]}]' | refused '1:21: $[0].other: invalid literal [invalid_literal]'
printf '[{"id":1' | refused '1:9: $[0]: the input ends inside a value [truncated]'
printf '' | refused '1:1: $: the input is empty [empty]'
if run missing.json 2>/dev/null; then fail "a file that is not there was taken"; fi
exit 0
