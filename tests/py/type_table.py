# SPDX-License-Identifier: Apache-2.0
"""Every type there is, with values that must come back exactly and documents that must be refused.

`CASES` is what the shared tests run over: (type, values, bad), bad being (what the document holds, code, path). `holders` puts a
type into each kind of class with fields.
"""

import collections
import collections.abc as abc
import dataclasses
import datetime as dt
import decimal
import enum
import math
import uuid
import zoneinfo
from typing import Annotated, Literal, NamedTuple, NewType, TypedDict

import annotated_types
import attrs

import quire


class Case(NamedTuple):
    type: object
    values: list
    bad: list = []  # noqa: RUF012
    key: bool = False  # may be the key of a dict


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Mode(enum.StrEnum):
    FAST = "fast"


class Mixed(enum.Enum):
    ONE = 1
    TWO = "2"
    YES = True


UTC = dt.UTC
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
UserId = NewType("UserId", int)

CASES = {
    "None": Case(type(None), [None], [(0, "type_mismatch", "$"), ("null", "type_mismatch", "$")], key=True),
    "bool": Case(bool, [True, False], [(0, "type_mismatch", "$"), ("true", "type_mismatch", "$")], key=True),
    "int": Case(
        int,
        [0, -1, 2**31, 2**63 - 1, -(2**63), 2**64 - 1],
        [("1", "type_mismatch", "$"), (True, "type_mismatch", "$"), (1.0, "type_mismatch", "$"), (None, "type_mismatch", "$")],
        key=True,
    ),
    "float": Case(
        float,
        [0.0, -0.0, 1.5, 5e-324, 1.7976931348623157e308],
        [("1.5", "type_mismatch", "$"), (2**53 + 1, "inexact", "$"), (None, "type_mismatch", "$")],
        key=True,
    ),
    "str": Case(str, ["", "a\x00b", 'é€😀"\\/', "null"], [(1, "type_mismatch", "$"), (None, "type_mismatch", "$")], key=True),
    "bytes": Case(bytes, [b"", b"\x00\xff", bytes(range(256))], [(1, "type_mismatch", "$")], key=True),
    "bytearray": Case(bytearray, [bytearray(), bytearray(b"\x00\xff")], [(1, "type_mismatch", "$")]),
    "memoryview": Case(memoryview, [memoryview(b""), memoryview(b"\x00\xff")], [(1, "type_mismatch", "$")]),
    "Decimal": Case(
        decimal.Decimal,
        [decimal.Decimal(text) for text in ("0", "-0.00", "1.50", "1E+400", "-Infinity", "NaN12")],
        [("1,5", "invalid_format", "$"), (True, "type_mismatch", "$"), ("", "invalid_format", "$")],
    ),
    "datetime": Case(
        dt.datetime,
        [
            dt.datetime(2024, 2, 29, 23, 59, 59, 999999),
            dt.datetime(1, 1, 1, tzinfo=UTC),
            dt.datetime(9999, 12, 31, 23, 59, 59, 1, UTC),
            dt.datetime(2024, 5, 1, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=45))),
            dt.datetime(2024, 5, 1, tzinfo=dt.timezone(-dt.timedelta(seconds=1, microseconds=5))),
            dt.datetime(2024, 5, 1, tzinfo=zoneinfo.ZoneInfo("UTC")),
            dt.datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN),
            dt.datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN, fold=1),
            dt.datetime(2024, 3, 31, 2, 30, tzinfo=BERLIN),
        ],
        [
            ("2024-02-30T00:00:00", "invalid_format", "$"),
            (0, "type_mismatch", "$"),
            ("2024-05-01T00:00:00+05:00[Europe/Berlin]", "invalid_value", "$"),
            ("2024-05-01T00:00:00+02:00[Europe/Atlantis]", "invalid_value", "$"),
        ],
        key=True,
    ),
    "date": Case(dt.date, [dt.date(1, 1, 1), dt.date(2024, 2, 29)], [("2023-02-29", "invalid_format", "$")], key=True),
    "time": Case(
        dt.time,
        [dt.time(), dt.time(23, 59, 59, 999999), dt.time(1, tzinfo=UTC), dt.time(1, tzinfo=dt.timezone(dt.timedelta(hours=-3)))],
        [("24:00:01", "invalid_format", "$")],
        key=True,
    ),
    "timedelta": Case(
        dt.timedelta,
        [dt.timedelta(), dt.timedelta.min, dt.timedelta.max, dt.timedelta(microseconds=-1)],
        [("1 day", "invalid_format", "$"), (1, "type_mismatch", "$")],
        key=True,
    ),
    "UUID": Case(uuid.UUID, [uuid.UUID(int=0), uuid.UUID(int=2**128 - 1)], [("1234", "invalid_format", "$")], key=True),
    "Enum": Case(Color, list(Color), [("green", "invalid_choice", "$"), ("RED", "invalid_choice", "$")], key=True),
    "IntEnum": Case(Level, list(Level), [(3, "invalid_choice", "$"), (1.0, "invalid_choice", "$")], key=True),
    "StrEnum": Case(Mode, list(Mode), [("slow", "invalid_choice", "$")], key=True),
    "Enum of several kinds": Case(Mixed, list(Mixed), [(2, "type_mismatch", "$"), ("3", "invalid_choice", "$")]),
    "Literal": Case(Literal["a", "b"], ["a", "b"], [("c", "invalid_choice", "$")], key=True),
    "Literal of several kinds": Case(Literal["a", 1, True, None], ["a", 1, True, None], [("b", "invalid_choice", "$")]),
    "NewType": Case(UserId, [UserId(7)], [("7", "type_mismatch", "$")], key=True),
    "list": Case(list[int], [[], [1, -2, 3]], [({}, "type_mismatch", "$"), ([1, "x"], "type_mismatch", "$[1]")]),
    "list[float]": Case(list[float], [[-0.0, 0.0, 1e308, 5e-324, math.pi]], [(["1"], "type_mismatch", "$[0]")]),
    "tuple": Case(tuple[int, str], [(1, "a")], [([1], "wrong_length", "$"), ([1, 2], "type_mismatch", "$[1]")]),
    "tuple[...]": Case(tuple[int, ...], [(), (1, 2)], [([None], "type_mismatch", "$[0]")]),
    "set": Case(set[int], [set(), {3, 1, 2}], [("x", "type_mismatch", "$"), ([1, []], "type_mismatch", "$[1]")]),
    "frozenset": Case(frozenset[str], [frozenset(), frozenset("abc")], [([1], "type_mismatch", "$[0]")]),
    "deque": Case(
        collections.deque[int],
        [collections.deque(), collections.deque([3, 1, 2])],
        [({}, "type_mismatch", "$"), ([1, None], "type_mismatch", "$[1]")],
    ),
    "deque with a maxlen": Case(
        Annotated[collections.deque[int], annotated_types.MaxLen(3)],
        [collections.deque([], 3), collections.deque([1, 2, 3], 3)],
        [([1, 2, 3, 4], "too_long", "$")],
    ),
    "dict": Case(dict[str, int], [{}, {"b": 1, "a": 2}], [([], "type_mismatch", "$"), ({"a": "x"}, "type_mismatch", "$.a")]),
    "OrderedDict": Case(
        collections.OrderedDict[str, int],
        [collections.OrderedDict(), collections.OrderedDict(b=1, a=2)],
        [([], "type_mismatch", "$"), ({"a": 1.5}, "type_mismatch", "$.a")],
    ),
    "defaultdict": Case(
        collections.defaultdict[str, list[int]],
        [collections.defaultdict(list), collections.defaultdict(list, {"b": [1], "a": []})],
        [([], "type_mismatch", "$"), ({"a": {}}, "type_mismatch", "$.a")],
    ),
    "Counter": Case(
        collections.Counter[str],
        [collections.Counter(), collections.Counter({"x": 3, "a": -1, "z": 0})],
        [([], "type_mismatch", "$"), ({"a": "1"}, "type_mismatch", "$.a")],
    ),
    "Sequence": Case(abc.Sequence[int], [[1, 2]], [({}, "type_mismatch", "$")]),
    "MutableSequence": Case(abc.MutableSequence[int], [[1, 2]], [({}, "type_mismatch", "$")]),
    "Collection": Case(abc.Collection[int], [[1, 2]], [("a", "type_mismatch", "$")]),
    "Iterable": Case(abc.Iterable[int], [[1, 2]], [(["a"], "type_mismatch", "$[0]")]),
    "Set": Case(abc.Set[int], [{1, 2}], [({}, "type_mismatch", "$")]),
    "MutableSet": Case(abc.MutableSet[int], [{1, 2}], [({}, "type_mismatch", "$")]),
    "Mapping": Case(abc.Mapping[str, int], [{"b": 1, "a": 2}], [([], "type_mismatch", "$")]),
    "MutableMapping": Case(abc.MutableMapping[str, int], [{"b": 1, "a": 2}], [([], "type_mismatch", "$")]),
}


def holders(type_):
    """(class, way to make one) for a class of each kind with the fields one: T, many: list[T], maybe: T | None."""
    fields = {"one": type_, "many": list[type_], "maybe": type_ | None}
    named = NamedTuple("Named", list(fields.items()))
    typed = TypedDict("Typed", fields)
    data = dataclasses.make_dataclass("Data", list(fields.items()))
    slotted = dataclasses.make_dataclass("Slotted", list(fields.items()), slots=True, frozen=True, kw_only=True)
    attr = attrs.make_class("Attr", {name: attrs.field(type=annotation) for name, annotation in fields.items()})
    record = quire.RecordMeta("Rec", (quire.Record,), {"__annotations__": fields})
    return {cls.__name__: cls for cls in (record, data, slotted, attr, typed, named)}
