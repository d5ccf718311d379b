# SPDX-License-Identifier: Apache-2.0
"""Every code of core/base/errors.def is raised by something here, as the class that docs/errors.md lists it under."""

import datetime
import enum
import re
from collections import deque
from pathlib import Path
from typing import Annotated, Any, Literal

import annotated_types as at
import pytest

import quire
import quire.json
import quire.msgpack
from quire import Limits, Record

ROOT = Path(__file__).resolve().parent.parent.parent
TABLE = re.findall(r'^X\(\w+, (\w+), "(\w+)", "(.*)"\)$', (ROOT / "core/base/errors.def").read_text(), re.M)
CLASSES = {
    "TRUNCATED": quire.TruncatedError,
    "MALFORMED": quire.MalformedError,
    "VALIDATION": quire.ValidationError,
    "ENCODE": quire.EncodeError,
    "LIMIT": quire.LimitError,
}
CODES = {code: CLASSES[kind] for kind, code, _ in TABLE if kind in CLASSES}


class Point(Record, unknown="error"):
    x: int
    y: int = 0


class Tagged(Record, tag="a"):
    x: int = 0


class TaggedOtherwise(Tagged, tag="c"):
    pass


class Other(Record, tag="b"):
    y: int = 0


class HasA(Record):
    a: int


class HasB(Record):
    b: int


class Fails(Record):
    x: int

    def __post_init__(self):
        raise ValueError("no")


class Changing(Record):
    """Makes the list it stands in longer when it is made."""

    x: int

    def __post_init__(self):
        LINES.append({"x": 1})


LINES = []


class Growing(enum.Enum):
    A = 1

    @property
    def value(self):
        SHARED[object()] = 1
        return 1


SHARED = {}


def change_input():
    LINES[:] = [{"x": 1}]
    quire.convert(LINES, list[Changing])


def change_object():
    SHARED.clear()
    SHARED.update({"a": Growing.A, "b": 2})
    quire.json.encode(SHARED)


def unset():
    point = Point.__new__(Point)
    quire.json.encode(point)


def work():
    depth = 300
    text = '{"a":' * depth + "1" + "}" * depth
    quire.json.decode(text, Nested, limits=Limits(depth=10_000))


class Nested(Record):
    a: "Nested | HasB | int"


def json(text, type_=object, **options):
    return lambda: quire.json.decode(text, type_, **options)


def msgpack(data, type_=object, **options):
    return lambda: quire.msgpack.decode(data, type_, **options)


RAISED = {
    "truncated": json("[1"),
    "empty": json(""),
    "unterminated_comment": json("[1 /*", jsonc=True),
    "expected_value": json("[,1]"),
    "expected_comma": json("[1 2]"),
    "expected_colon": json('{"a" 1}'),
    "expected_key": json("{1:2}"),
    "trailing_comma": json("[1,]"),
    "invalid_literal": json("tru "),
    "invalid_number": json("01"),
    "invalid_escape": json(r'"\x"'),
    "invalid_surrogate": json(r'"\ud800"'),
    "control_character": json('"\n"'),
    "invalid_utf8": json(b'"\xff"'),
    "invalid_byte": msgpack(b"\xc1"),
    "invalid_timestamp": msgpack(b"\xd5\xff\x00\x00"),
    "non_finite_number": json("1e400"),
    "trailing_data": json("1 2"),
    "duplicate_key": json('{"a":1,"a":2}', limits=Limits(duplicate_keys="error")),
    "input_changed": change_input,
    "type_mismatch": json('"x"', int),
    "missing_field": json("{}", Point),
    "unknown_field": json('{"x":1,"z":1}', Point),
    "duplicate_field": json('{"x":1,"x":1}', Point),
    "invalid_choice": json('"c"', Literal["a", "b"]),
    "missing_tag": json("{}", Tagged | Other),
    "invalid_tag": json('{"type":"c"}', Tagged | Other),
    "no_match": json("{}", HasA | HasB),
    "wrong_length": json("[1]", tuple[int, int]),
    "too_small": json("1", Annotated[int, at.Ge(2)]),
    "too_large": json("3", Annotated[int, at.Le(2)]),
    "too_short": json('""', Annotated[str, at.MinLen(1)]),
    "too_long": json('"ab"', Annotated[str, at.MaxLen(1)]),
    "not_multiple": json("3", Annotated[int, at.MultipleOf(2)]),
    "pattern_mismatch": json('"b"', Annotated[str, re.compile("a")]),
    "invalid_format": json('"x"', datetime.date),
    "inexact": json(str(2**53 + 1), float),
    "wrong_maxlen": lambda: quire.convert(deque([1], 3), Annotated[deque[int], at.MaxLen(2)]),
    "invalid_value": json('{"x":1}', Fails),
    "unhashable": json("[[1]]", set[Any]),
    "unsupported_type": lambda: quire.json.encode(object()),
    "unsupported_key": lambda: quire.json.encode({object(): 1}),
    "non_finite": lambda: quire.json.encode(float("nan")),
    "out_of_range": lambda: quire.msgpack.encode(2**64),
    "lone_surrogate": lambda: quire.json.encode("\ud800"),
    "unset_field": unset,
    "would_change": lambda: quire.json.Encoder(str | datetime.date).encode("2024-01-01"),
    "subclass_differs": lambda: quire.json.Encoder(Tagged).encode(TaggedOtherwise()),
    "changed": change_object,
    "no_room": lambda: quire.json.Encoder().encode_into([1, 2, 3], bytearray(2)),
    "depth_limit": json("[[1]]", limits=Limits(depth=1)),
    "byte_limit": json("[[1]]", limits=Limits(bytes=1)),
    "item_limit": json("[1,2]", limits=Limits(items=1)),
    "str_limit": json('"ab"', limits=Limits(str_bytes=1)),
    "digit_limit": json("1" * 30, limits=Limits(int_digits=20)),
    "work_limit": work,
}


# Listed, for a program may prepare for them, but nothing raises them yet.
RESERVED = {"timezone", "predicate"} - RAISED.keys()


@pytest.mark.parametrize("code", [code for code in CODES if code not in RESERVED])
def test_every_code_is_raised(code):
    assert code in RAISED, f"{code} is new in core/base/errors.def: say here what raises it"
    with pytest.raises(CODES[code]) as caught:
        RAISED[code]()
    fault = caught.value.errors[0]
    assert fault.code == code and fault.path.startswith("$") and f"[{code}]" in str(caught.value)


def test_no_other_code():
    assert RAISED.keys() | RESERVED == CODES.keys()


def test_the_page_lists_them():
    page = (ROOT / "docs/errors.md").read_text()
    assert re.findall(r"^\| `(\w+)` \|", page, re.M) == list(CODES)
