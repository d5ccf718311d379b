# SPDX-License-Identifier: Apache-2.0
"""json.loads of a str whose characters take two or four bytes, beside the standard library: each length around the blocks that are
looked at as one, each place of what ends a run of plain text, at the end of the document too."""

import gc
import json

import pytest

import quire.json as ours

WIDE = {"latin": "é", "two bytes": "я", "two bytes, high": "＂", "four bytes": "\U0001f600", "four bytes, low half": "\U00010022"}
WIDTHS = pytest.mark.parametrize("wide", WIDE.values(), ids=WIDE)
LENGTHS = [*range(70), 95, 96, 97, 127, 128, 129]


def same(text, **hooks):
    """What both make of it: the value and the kinds of its strs, or the exception."""

    def outcome(module):
        try:
            value = module.loads(text, **hooks)
        except json.JSONDecodeError as error:
            return str(error)
        return value, repr(value)

    expected, got = outcome(json), outcome(ours)
    assert got == expected, text
    return got[0]


def is_narrow(value):
    """Do all its strs take as little room as they can? An interpreter may keep the UTF-8 of one beside it."""
    if isinstance(value, str):
        most = max(map(ord, value), default=0)
        width, model = (
            (1, "ab")
            if most < 0x80
            else (1, "\xff\xfe")
            if most < 0x100
            else (2, "\u0100я")
            if most < 0x10000
            else (4, "\U00010000" * 2)
        )
        size = model.__sizeof__() + (len(value) - 2) * width
        return value.__sizeof__() in (size, size + len(value.encode("utf-8", "surrogatepass")) + 1)
    if isinstance(value, dict):
        return all(is_narrow(part) for pair in value.items() for part in pair)
    return not isinstance(value, list) or all(map(is_narrow, value))


@WIDTHS
def test_strings_of_every_length(wide):
    """Of one width within a text of another; the last ones reach up to the end of the text."""
    for length in LENGTHS:
        plain = "abcdefghij" * 7
        for inner in (plain[:length], "\xff" * length, "я" * length, wide * length, plain[:length] + wide):
            value = same(f'["{wide}", "{inner}"]')
            assert is_narrow(value)
            same(f'{{"{inner}": "{wide}", "{inner}{wide}": "{inner}"}}')
        same(f'"{wide * length}"')
        same(f'"{wide * length}')


@WIDTHS
def test_what_ends_a_run(wide):
    for length in range(36):
        for at in range(length):
            for stop in ("\n", "\0", '\\"', "\\n", "\\u20ac", "\\ud83d\\ude00", "\\ud83d", "\\x", "\\u12", '"'):
                text = f'["{wide * at}{stop}{wide * (length - at)}"]'
                same(text)
    for stop in ("\n", "\0", "\t\\u20ac", "\\t\n"):
        for at in range(20):
            same(f'["{wide * at}{stop}{wide * 3}"]', strict=False)


@WIDTHS
def test_long_strings_with_escapes(wide):
    """Around the number of characters that are kept while a string is looked through."""
    for length in (0, 1, 5, 61, 62, 63, 64, 65, 66, 200):
        for escape in ("\\n", "\\u00e9", "\\u20ac", "\\ud83d\\ude00"):
            for text in (
                wide * length + escape,
                escape + wide * length,
                (escape + wide) * (length // 2),
                "a" * length + escape + wide,
            ):
                value = same(f'["{wide}", "{text}"]')
                assert is_narrow(value)
                same(f'{{"{text}": ["{wide}", {{"{text}": 1}}]}}')


@WIDTHS
def test_records(wide):
    """Keys that come again, in the same order and in others, are one object in a document."""
    record = {
        "id": 1,
        wide: "a",
        "name " + wide * 20: wide,
        "price": 1.5,
        "long key " * 9: None,
        "tags": [wide, True, {}],
        "": 12345678901234567890,
    }
    records = [record, record, record, {"id": 2, "price": -3, wide: "b"}, {}, *[record] * 3, dict(reversed(record.items()))]
    for indent in (None, 2):
        value = same(json.dumps(records, ensure_ascii=False, indent=indent))
        assert value == records
        assert [list(one) for one in value] == [list(one) for one in records]
        keys = {}
        assert all(keys.setdefault(key, key) is key for one in value for key in one if key)


@WIDTHS
def test_tables(wide):
    """Keys that are data: more than are remembered, some of them twice."""
    table = {f"{wide}{number % 700}": [number] for number in range(1000)}
    pairs = ", ".join(f'"{wide}{number % 700}": [{number}]' for number in range(1000))
    assert same("{" + pairs + "}") == table
    assert same('{"a": 1, "' + wide + '": 2, "a": 3, "\\u0061": 4}') == {"a": 4, wide: 2}


@WIDTHS
def test_hooks(wide):
    text = json.dumps([{"a": 1.5, wide: [{"b": 2, "c": {"d": float("inf")}}] * 3}] * 4, ensure_ascii=False)
    calls = []

    def nested(argument):
        """Reads and collects meanwhile."""
        first = len(calls) < 3
        gc.collect(2 if first else 0)  # what is being built is young
        calls.append(ours.loads(text) if first else None)
        return argument

    for hooks in (
        {"object_hook": nested},
        {"object_pairs_hook": nested},
        {"parse_float": nested},
        {"parse_int": nested},
        {"parse_constant": nested},
    ):
        calls.clear()
        same(text, **hooks)
        assert calls


@WIDTHS
@pytest.mark.parametrize("hook", ["object_hook", "object_pairs_hook", "parse_int", "parse_float", "parse_constant"])
def test_a_hook_that_raises(wide, hook):
    """Nothing of what was finished is left behind, and the collector runs again."""
    text = json.dumps([{"a": 1, "b": 1.5, wide: [float("nan")]}] * 5, ensure_ascii=False)
    was = gc.isenabled()
    seen = []

    def fail(argument):
        if len(seen) == 3:
            raise KeyError(wide)
        seen.append(argument)

    with pytest.raises(KeyError):
        ours.loads(text, **{hook: fail})
    assert gc.isenabled() == was
    assert json.loads(text, parse_constant=str) == ours.loads(text, parse_constant=str)


@pytest.mark.parametrize(
    "number",
    [
        "0",
        "-0",
        "7",
        "-1",
        "999999999999999999",
        "-999999999999999999",
        "1000000000000000000",
        "9223372036854775808",
        "-9223372036854775809",
        "18446744073709551616",
        "1" * 70,
        "-1.5e3",
        "1e400",
        "01",
        "1.",
        "-",
    ],
)
@WIDTHS
def test_numbers(wide, number):
    same(f'["{wide}", {number}]')
    same(f'["{wide}", {number}, 1]', parse_int=str, parse_float=str)


@WIDTHS
def test_mostly_ascii(wide):
    """Long runs of ASCII, which are turned to UTF-8 by many characters at once, with a wide one at every place among them."""
    for at in range(0, 300):
        text = '{"%s": ["%s%s"]}' % ("k" * (at % 7), "a" * at + wide, "b" * (310 - at))
        same(text)
        same('"' + wide + "c" * at + '"')
