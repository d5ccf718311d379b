# SPDX-License-Identifier: Apache-2.0
# The older spellings are part of what is tested.
# ruff: noqa: UP006, UP007, UP035, UP045
"""describe() of plain kinds, choices and bounds: every annotation becomes the description that the engine compiles."""

import collections
import collections.abc
import dataclasses
import datetime
import decimal
import enum
import re
import types
import typing
import uuid
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NewType,
    TypeVar,
)

import annotated_types
import pytest
from describe_shape import refuses, root, shape

from quire import Raw, Record, field
from quire._types import describe
from quire._types._description import Bounds

T = TypeVar("T")
U = TypeVar("U")
UserId = NewType("UserId", int)


class Inner(Record):
    x: int


class Node(Record):
    value: int
    next: "Node | None" = None
    others: list["Node"] = []


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Mode(enum.StrEnum):
    ON = enum.auto()
    OFF = enum.auto()


class Mixed(enum.Enum):
    A = "a"
    B = 1


class Lenient(enum.Enum):
    A = "a"

    @classmethod
    def _missing_(cls, value):
        return cls.A


# Plain kinds


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        (None, "none"),
        (type(None), "none"),
        (bool, "bool"),
        (int, "int"),
        (float, "float"),
        (str, "str"),
        (typing.LiteralString, "str"),
        (bytes, "bytes"),
        (bytearray, "bytearray"),
        (datetime.datetime, "datetime"),
        (datetime.date, "date"),
        (datetime.time, "time"),
        (datetime.timedelta, "timedelta"),
        (decimal.Decimal, "decimal"),
        (uuid.UUID, "uuid"),
        (Any, "any"),
        (object, "any"),
        (Raw, "raw"),
        (UserId, "int"),
        (list, "list[any]"),
        (typing.List, "list[any]"),
        (list[int], "list[int]"),
        (typing.List[int], "list[int]"),
        (collections.abc.Sequence[int], "list[int]"),
        (collections.abc.MutableSequence[int], "list[int]"),
        (collections.abc.Iterable[str], "list[str]"),
        (collections.abc.Collection[str], "list[str]"),
        (typing.Sequence[int], "list[int]"),
        (set[int], "set[int]"),
        (collections.abc.Set[int], "set[int]"),
        (collections.abc.MutableSet[int], "set[int]"),
        (frozenset[int], "frozenset[int]"),
        (tuple, "tuple[any]"),
        (typing.Tuple, "tuple[any]"),
        (tuple[int, ...], "tuple[int]"),
        (tuple[int, str], "tuple(int, str)"),
        (typing.Tuple[int, str], "tuple(int, str)"),
        (tuple[()], "tuple()"),
        (dict, "dict[any, any]"),
        (dict[str, int], "dict[str, int]"),
        (typing.Dict[str, int], "dict[str, int]"),
        (collections.abc.Mapping[str, int], "dict[str, int]"),
        (collections.abc.MutableMapping[str, int], "dict[str, int]"),
        (dict[str, list[dict[str, float]]], "dict[str, list[dict[str, float]]]"),
        (Color, "Color('red', 'blue')"),
        (Level, "Level(1, 2)"),
        (Mode, "Mode('on', 'off')"),
        (Lenient, "Lenient('a', ...)"),
        (Literal["a", "b"], "literal('a', 'b')"),
        (Literal[1, 2, 1], "literal(1, 2)"),
        (Literal[True], "literal(True)"),
        (Literal[None], "none"),
        (Literal["a", None], "literal('a')?"),
        (Literal[Color.RED], "literal('red')"),
        (Literal[Literal["a"], Literal["b"]], "literal('a', 'b')"),
    ],
    ids=repr,
)
def test_plain_kind(type_, expected):
    assert shape(type_) == expected


@pytest.mark.parametrize(
    "key", [str, int, float, bool, Any, Color, Level, Literal["a"], uuid.UUID, datetime.date, decimal.Decimal, UserId]
)
def test_key_of_a_dict(key):
    assert root(dict[key, int]).kind == "map"


@pytest.mark.parametrize("key", [list[int], int | str, str | None, Inner, dict[str, int], Raw, bytearray, frozenset[int]])
def test_key_that_no_format_could_read_back(key):
    refuses(dict[key, int], "the keys of a dict cannot be")


def test_key_error_says_where():
    @dataclasses.dataclass
    class Holder:
        table: dict[list[int], int]

    refuses(Holder, "Holder.table: the keys of a dict cannot be array")


def test_equal_nodes_are_shared():
    assert len(describe(tuple[int, int, list[int], list[int]]).nodes) == 3


# Enum and Literal


def test_choices_hold_wire_and_value():
    info = root(Level).info
    assert info.wire == (1, 2) and [type(w) for w in info.wire] == [int, int]
    assert info.values == (Level.LOW, Level.HIGH)
    assert root(Literal[Color.RED]).info.values == (Color.RED,)
    assert [type(w) for w in root(Mode).info.wire] == [str, str]


def test_enums_that_cannot_be_written():
    class Odd(enum.Enum):
        A = [1.5]

    class Empty(enum.Enum):
        pass

    refuses(Literal[2**63], "beyond 64 bits")
    refuses(Literal["\ud800"], "no text for UTF-8")
    refuses(Odd, "Odd.A is [1.5]", "cannot be written")
    refuses(Empty, "no members")
    refuses(Literal[b"x"], "Literal[b'x'] is not supported")
    refuses(Literal["red", Color.RED], "both written as 'red'")


# Annotated


def bounds(type_):
    return root(type_).bounds


def test_bounds():
    at = annotated_types
    assert bounds(Annotated[int, at.Ge(1), at.Lt(9), at.MultipleOf(2)]) == Bounds(ge=1, lt=9, multiple_of=2)
    assert bounds(Annotated[int, at.Interval(gt=1, le=9)]) == Bounds(gt=1, le=9)
    assert bounds(Annotated[str, at.Len(1, 5), re.compile("a+")]) == Bounds(min_length=1, max_length=5, pattern=re.compile("a+"))
    assert bounds(Annotated[list[int], at.MinLen(2)]) == Bounds(min_length=2)
    assert bounds(Annotated[dict[str, int], at.MaxLen(2)]) == Bounds(max_length=2)
    assert bounds(Annotated[bytes, at.MaxLen(2)]) == Bounds(max_length=2)
    assert bounds(Annotated[float, at.Gt(1)]) == Bounds(gt=1.0)
    assert type(bounds(Annotated[float, at.Gt(1)]).gt) is float
    assert bounds(Annotated[decimal.Decimal, at.Le(1)]) == Bounds(le=decimal.Decimal(1))
    assert bounds(Annotated[int, "text", at.doc("d"), int, object()]) is None


def test_bounds_tighten():
    at = annotated_types
    Positive = Annotated[int, at.Ge(1), at.Le(100)]
    assert bounds(Annotated[Positive, at.Ge(0), at.Le(10)]) == Bounds(ge=1, le=10)
    assert bounds(Annotated[NewType("P", Positive), at.Ge(5)]) == Bounds(ge=5, le=100)
    assert bounds(Annotated[int, at.Ge(10), at.Gt(5), at.Le(20), at.Lt(30)]) == Bounds(ge=10, le=20)
    assert bounds(Annotated[int, at.Ge(5), at.Gt(5), at.Le(20), at.Lt(20)]) == Bounds(gt=5, lt=20)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (annotated_types.Ge(0.5), Bounds(ge=1)),
        (annotated_types.Gt(0.5), Bounds(gt=0)),
        (annotated_types.Le(0.5), Bounds(le=0)),
        (annotated_types.Lt(0.5), Bounds(lt=1)),
        (annotated_types.Ge(-0.5), Bounds(ge=0)),
        (annotated_types.Ge(float("-inf")), Bounds()),
        (annotated_types.MultipleOf(2.0), Bounds(multiple_of=2)),
        (annotated_types.Ge(10**30), Bounds(ge=10**30)),
    ],
    ids=repr,
)
def test_bounds_of_an_int_are_ints(given, expected):
    found = bounds(Annotated[int, given])
    assert found == expected
    assert all(value is None or type(value) is int for value in found)


def test_bounds_reach_the_arms_of_a_union():
    at = annotated_types
    assert shape(Annotated[int | None, at.Ge(0)]) == "int<ge=0>?"
    assert shape(Annotated[float | int | None, at.Ge(0)]) == "union(int<ge=0>, float<ge=0.0>)?"
    refuses(Annotated[int | str, at.Ge(0)], "ge is for an int, a float, a Decimal", "not for str")


def test_bounds_through_a_type_variable():
    class Box(Record, Generic[T]):
        item: Annotated[T, annotated_types.Ge(0)]

    assert shape(Box[int]) == "Box{item: int<ge=0>}"


@pytest.mark.parametrize(
    ("type_", "part"),
    [
        (Annotated[int, annotated_types.MinLen(1)], "min_length is for a str, bytes or a container, not for int"),
        (Annotated[bytes, re.compile("a")], "pattern is for a str"),
        (Annotated[str, re.compile(b"a")], "is for bytes"),
        (Annotated[int, annotated_types.Ge("a")], "ge must be a number"),
        (Annotated[int, annotated_types.Ge(float("nan"))], "ge must be a number"),
        (Annotated[int, annotated_types.MultipleOf(0)], "multiple_of must be above 0"),
        (Annotated[int, annotated_types.MultipleOf(0.5)], "no integer"),
        (Annotated[str, annotated_types.MaxLen(-1)], "not negative"),
        (Annotated[Inner, annotated_types.Ge(0)], "bounds are for"),
        (Annotated[int, annotated_types.MultipleOf(2), annotated_types.MultipleOf(3)], "given twice"),
    ],
    ids=repr,
)
def test_bounds_that_mean_nothing(type_, part):
    refuses(type_, part)


def test_bounds_of_others_with_the_same_names():
    class Meta:
        ge, pattern, max_length = None, "^a$", 3

        def gt(self, other):
            raise AssertionError

    assert bounds(Annotated[str, Meta()]) == Bounds(max_length=3, pattern=re.compile("^a$"))


# What is not supported says so, and where


class Holding(Record):
    good: int
    callback: collections.abc.Callable[[int], int]


@pytest.mark.parametrize(
    ("type_", "parts"),
    [
        (Holding, ("Holding.callback: the type", "Callable", "not supported")),
        (list[range], ("range",)),
        (type[int], ("type[int]", "not supported", "classes are no data")),
        (type, ("classes are no data",)),
        (collections.abc.Callable[[int], str], ("callables are no data",)),
        (types.FunctionType, ("callables are no data",)),
        (collections.abc.Iterator[int], ("Iterator", "use list or Iterable")),
        (typing.Generator[int, None, None], ("Generator", "read only once")),
        (collections.abc.Coroutine, ("read only once",)),
        (typing.NoReturn, ("NoReturn",)),
        (tuple[int, *tuple[str, ...]], ("use tuple[A, B] or tuple[A, ...]",)),
        (type("Table", (collections.OrderedDict,), {}), ("Table", "use dict")),
        (collections.Counter[str, int], ("Counter[str, int] takes 1 type argument, got 2",)),
        (collections.deque[int, str], ("takes 1 type argument, got 2",)),
        (type("Plain", (), {}), ("Plain", "declare a quire.Record")),
        (3, ("3",)),
        ("int", ("expected a type, got the string 'int'",)),
        (list[3], ("3",)),
    ],
    ids=repr,
)
def test_unsupported(type_, parts):
    refuses(type_, *parts)


def test_two_field_specs():
    @dataclasses.dataclass
    class D:
        a: Annotated[int, field(name="x"), field(name="y")]

    class R(Record):
        a: Annotated[int, field(name="x")] = field(name="y")

    @dataclasses.dataclass
    class WithDefault:
        a: Annotated[int, field(default=3)]

    refuses(D, "D.a: two field(...)")
    refuses(WithDefault, "WithDefault.a: a default inside Annotated")
    refuses(R, "R.a: ")


def test_duplicate_names():
    class R(Record):
        a: int
        b: int = field(name="a")

    class Surrogate(Record):
        a: int = field(name="\ud800")

    refuses(R, "R: field a and field b are both named 'a' in the document")
    refuses(Surrogate, "a str that UTF-8 can hold")
