# SPDX-License-Identifier: Apache-2.0
"""The schema of a type and its decoder say the same of every document, and the schema of what is written holds of all that is.

Documents are what hypothesis makes of a type, and the same with something changed in them. What the decoder takes, the schema takes:
without exception. What the schema takes, the decoder takes, but for `WIDER`: the list of all that JSON Schema has no words for.
"""

import copy
import datetime as dt
import decimal
import functools
import ipaddress
import json
import re
import uuid
from dataclasses import dataclass
from typing import Annotated, Any, Generic, Literal, NamedTuple, NotRequired, TypedDict, TypeVar

import annotated_types as at
import attrs
import pytest
from conftest import FORMATS
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from strategies import TEXT, values
from test_strategies import DRAWN, Item
from type_table import CASES, Color, Level, Mixed, Permission

import quire
from quire import Record, field
from quire.json import schema

(FORMAT,) = (fmt for fmt in FORMATS if fmt.name == "json")
T = TypeVar("T")


class Names(Record, unknown="error", reserved=("old",)):
    order_id: int = field(name="orderId", aliases=("order", "id"))
    note: str | None = field(default=None, aliases=("remark",))
    tags: list[str] = field(default_factory=list)


class Left(Record, omit="default"):
    a: int = 1
    b: str | None = field(default=None, omit="null")
    c: float = field(default=0.5, omit="never")
    d: int | quire.UnsetType = quire.UNSET


class Row(Record, layout="array", reserved=(2,)):
    id: int = field(1)
    price: float = field(3, default=0.0)


class StrictRow(Record, layout="array", unknown="error"):
    a: int
    b: int = 0


class Dog(Record, tag="dog"):
    name: str


class Cat(Record, tag="cat"):
    name: str
    lives: int = 9


class Circle(Record):
    radius: float


class Box(Record):
    width: float
    height: float = field(aliases=("h",))


class Ring(Record):
    radius: float
    inner: float


@dataclass
class Done:
    ok: Literal[True]
    value: int


class Failed(TypedDict):
    ok: Literal[False]
    reason: NotRequired[str]


class Pair(Record, Generic[T]):
    one: T
    two: T | None = None


class Move(NamedTuple):
    what: Literal["move"]
    x: int


class Stop(NamedTuple):
    what: Literal["stop"]


@attrs.define
class Bounded:
    few: Annotated[int, at.Interval(gt=0, le=9), at.MultipleOf(3)]
    share: Annotated[float, at.Ge(0), at.Lt(1)]
    code: Annotated[str, at.Len(2, 4)]
    word: Annotated[str, re.compile("^[a-z]{2,5}(?P<tail>[0-9])?$")]
    some: Annotated[list[int], at.Len(1, 2)]
    table: Annotated[dict[str, int], at.MaxLen(1)]
    aware: Annotated[dt.datetime, at.Timezone(...)]
    naive: Annotated[dt.time, at.Timezone(None)]


class Tree(Record):
    value: int
    children: "list[Tree]" = []


KEY_KINDS = (
    "None",
    "bool",
    "int",
    "float",
    "str",
    "bytes",
    "date",
    "UUID",
    "Enum",
    "IntEnum",
    "Literal",
    "Flag",
    "Fraction",
    "tuple",
)

TYPES = {
    **{name: CASES[name].type for name in DRAWN},
    **{f"keys: {name}": dict[CASES[name].type, int] for name in KEY_KINDS},
    **{f"numpy: {name}": CASES[name].type for name in ("numpy.int8", "numpy.float32")},
    "keys of several kinds": dict[Literal["a", 1, 0, False], int],
    "keys that are a union": dict[uuid.UUID | Literal["a", "b"], int],
    "keys that are a union with any text": dict[uuid.UUID | str, int],
    "Any": Any,
    "int or None": int | None,
    "scalars": int | str | None | bool,
    "an Enum or None": Color | None,
    "texts": dt.date | uuid.UUID | decimal.Decimal,
    "numbers": int | decimal.Decimal,
    "Enums": Color | Level | None,
    "an Enum of several kinds, or a float": Mixed | float,
    "names": Names,
    "left out": Left,
    "an array": Row,
    "a closed array": StrictRow,
    "Partial": quire.Partial[Names],
    "Partial of a tagged one": quire.Partial[Cat],
    "tags": Dog | Cat,
    "Literal tags": list[Done | Failed | None],
    "required keys": Circle | Box | Ring,
    "tags and keys": Dog | Cat | Circle | Box,
    "tags and a dict": Dog | Cat | dict[str, int],
    "keys and a dict": Circle | Box | dict[str, str],
    "tags and Unknown": Dog | Cat | quire.Unknown,
    "keys, tags and Unknown": Dog | Cat | Circle | quire.Unknown,
    "all kinds": Dog | Cat | int | str | list[int] | None,
    "Subclasses": quire.Subclasses[Circle],
    "generic": Pair[int] | None,
    "generic of a class": Pair[Pair[str]],
    "arrays": list[int] | list[str] | None,
    "arrays with a Literal": Move | Stop | list[float],
    "bounds": Bounded,
    "attrs": Annotated[Item, "nothing"],
    "recursive": Tree,
    "an address": ipaddress.IPv4Address | ipaddress.IPv6Address,
    "a set of Enums": set[Color | Level],
    "a Flag among others": dict[str, Permission | str],
}

# Of these the documents are made up.
NOT_DRAWN = {"Partial", "Partial of a tagged one", "recursive", "generic", "generic of a class", "Subclasses"}
NOT_DRAWN |= {"tags and Unknown", "keys, tags and Unknown"}

# Where a document may be valid that is refused: type -> codes, with what the schema cannot say.
WHOLE_FLOAT = "1.0 is an integer to JSON Schema, and none to quire"
CALENDAR = "the last day of a month"
EVERYWHERE = {"inexact": "integers that no float holds"}
WIDER = {
    "datetime": {"invalid_format": CALENDAR, "invalid_value": "zones that there are, and their offsets"},
    "timedelta": {"invalid_format": "the range of a timedelta"},
    "IPv6Address": {"invalid_value": "the groups of an address"},
    "IPv6Interface": {"invalid_value": "the groups of an address"},
    "IPv4Interface": {"invalid_value": "netmasks"},
    "IPv4Network": {"invalid_value": "host bits"},
    "IPv6Network": {"invalid_value": "host bits"},
    "ZoneInfo": {"invalid_value": "zones that there are"},
    "an address": {"invalid_value": "the groups of an address"},
    "bounds": {"invalid_format": CALENDAR, "invalid_value": "zones that there are"},
    "attrs": {"too_small": "bounds of a Decimal", "too_large": "bounds of a Decimal"},
}


def wider(name, fault):
    kind = name.removeprefix("keys: ")
    if fault.code in ("type_mismatch", "invalid_choice") and re.search(r"float -?\d+\.0|got -?\d+\.0|got float", fault.message):
        return WHOLE_FLOAT
    if name.startswith("keys: ") and "tuple" in kind.lower() and fault.code == "invalid_value":
        return "a tuple as a key is JSON in a string"
    return WIDER.get(kind, {}).get(fault.code) or EVERYWHERE.get(fault.code)


def checker(type_, **options):
    made = schema(type_, **options)
    Draft202012Validator.check_schema(made)
    assert json.loads(json.dumps(made)) == made
    return Draft202012Validator(made, format_checker=FormatChecker()).is_valid


SCALARS = st.one_of(
    st.sampled_from(
        [None, True, False, 0, 1, -1, 3, 2**53 + 1, 0.5, 1.0, -2.0, "", "a", "0", "-0", "1", "null", "dog", "cat", "move"]
    ),
    st.sampled_from(
        ["2024-02-30", "2023-02-29T00:00:00", "10:00", "P1W", "AA==", "AB==", "1/2", "1.5", "1e5", "nan", "x", "[1,2]"]
    ),
    TEXT,
)
KEYS = st.sampled_from(
    ["type", "ok", "name", "id", "order", "orderId", "old", "h", "radius", "inner", "width", "x", "1", "-0", "two"]
)
PARTS = SCALARS | st.lists(SCALARS, max_size=2) | st.dictionaries(KEYS, SCALARS, max_size=2)


@st.composite
def changed(draw, document):
    """The document with something else in one of its places."""
    document = copy.deepcopy(document)
    holder = place = None
    inner = document
    while isinstance(inner, dict | list) and inner and draw(st.integers(0, 3)):
        holder, place = inner, draw(st.sampled_from(sorted(inner) if isinstance(inner, dict) else range(len(inner))))
        inner = holder[place]
    new = draw(_instead(inner))
    if holder is None:
        return new
    if isinstance(holder, dict) and draw(st.integers(0, 3)) == 0:
        del holder[place]
        if draw(st.booleans()):
            holder[draw(KEYS | TEXT)] = inner
    elif isinstance(holder, list) and draw(st.integers(0, 3)) == 0:
        del holder[place]
    else:
        holder[place] = new
    return document


def _instead(inner):
    if isinstance(inner, str) and inner:
        place = st.integers(0, len(inner) - 1)
        return PARTS | st.builds(
            lambda i, c, n: inner[:i] + c + inner[i + n :], place, st.text("0129aZ:-+./=[] ", max_size=2), st.integers(0, 2)
        )
    if isinstance(inner, dict):
        return PARTS | st.dictionaries(KEYS, SCALARS, max_size=2).map(lambda more: {**inner, **more})
    if isinstance(inner, list):
        return PARTS | st.lists(SCALARS, max_size=2).map(lambda more: [*inner, *more])
    if type(inner) is int:
        return PARTS | st.integers(-10, 300)
    return PARTS


@pytest.mark.parametrize("name", TYPES)
@settings(max_examples=10)
@given(st.data())
def test_schema_and_decoder_agree(name, data):
    is_valid, decoder, documents = _prepared(name)
    document = data.draw(documents)
    if data.draw(st.integers(0, 3)):
        document = data.draw(changed(document))
    text = json.dumps(document)
    try:
        decoder.decode(text)
    except quire.ValidationError as error:
        if is_valid(document):
            assert wider(name, error.errors[0]), (text, error.errors[0])
    except quire.MalformedError:
        pass
    else:
        assert is_valid(document), text


@functools.cache
def _prepared(name):
    """(what tells whether a document is valid, decoder, documents)"""
    type_ = TYPES[name]
    if name in NOT_DRAWN or name.startswith("numpy"):
        documents = st.dictionaries(KEYS, SCALARS, max_size=3)
    else:
        documents = values(type_, FORMAT).map(quire.json.Encoder(type_).encode).map(json.loads)
    return checker(type_), quire.json.Decoder(type_), documents
