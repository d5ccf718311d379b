# SPDX-License-Identifier: Apache-2.0
# The older spellings are part of what is tested.
# ruff: noqa: UP006, UP007, UP035, UP045
"""describe() of unions: which arm takes what."""

import dataclasses
import datetime
import decimal
import enum
import uuid
from typing import (
    Annotated,
    Any,
    Literal,
    Optional,
    TypedDict,
    TypeVar,
    Union,
)

import annotated_types
import pytest
from describe_shape import refuses, shape

from quire import Raw, Record, UnsetType
from quire._types import describe

T = TypeVar("T")
U = TypeVar("U")


class Inner(Record):
    x: int


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Mixed(enum.Enum):
    A = "a"
    B = 1


# Optional and unions


@pytest.mark.parametrize(
    ("type_", "expected"),
    [
        (Optional[int], "int?"),
        (int | None, "int?"),
        (None | int, "int?"),
        (Optional[Optional[int]], "int?"),
        (list[int | None], "list[int?]"),
        (list[int] | None, "list[int]?"),
        (Any | None, "any"),
        (Optional[Raw], "raw?"),
        (Optional[Color], "Color('red', 'blue')?"),
        (Inner | None, "Inner{x: int}?"),
        (Union[int, str], "union(int, str)"),
        (str | int, "union(int, str)"),
        (str | int | None, "union(int, str)?"),
        (str | list[str], "union(str, list[str])"),
        (int | Any, "any"),
        (bytes | float | bool, "union(bool, float, bytes)"),
        (
            str | datetime.date | uuid.UUID | datetime.datetime | decimal.Decimal | datetime.time,
            "union(datetime, date, time, uuid, decimal, str)",
        ),
        (Literal["a"] | Literal["b"], "literal('a', 'b')"),
        (Literal["a"] | Literal["a", "b"] | None, "literal('a', 'b')?"),
        (Literal["a", 1], "union(literal('a'), literal(1))"),
        (Literal[1, True], "union(literal(1), literal(True))"),
        (Literal[True] | bool | int, "union(bool, int)"),
        (Mixed, "union(Mixed('a'), Mixed(1))"),
        (Mixed | None, "union(Mixed('a'), Mixed(1))?"),
        (int | UnsetType, "int"),
        (int | str | UnsetType | None, "union(int, str)?"),
    ],
    ids=repr,
)
def test_union(type_, expected):
    assert shape(type_) == expected


def arms_of(type_):
    """UnionInfo with kinds in place of numbers."""
    nodes = describe(type_).nodes
    info = nodes[0].info

    def kind(value):
        return tuple(nodes[n].kind for n in value) if isinstance(value, tuple) else nodes[value].kind if value >= 0 else None

    return {n: kind(getattr(info, n)) for n in ("bool", "ints", "int", "float", "text", "bytes", "array", "map")}


def test_scalar_arms():
    arms = arms_of(str | Level | int | float | bool | bytes | Color | datetime.timedelta | list[int] | dict[str, int])
    assert arms == {
        "bool": "bool",
        "ints": ("choice",),
        "int": "int",
        "float": "float",
        "text": ("choice", "timedelta", "bytes", "str"),
        "bytes": "bytes",
        "array": "array",
        "map": "map",
    }


def test_the_order_of_declaration_means_nothing():
    kinds = [str, int, float, datetime.datetime, datetime.date, uuid.UUID, decimal.Decimal, bytes, Color]
    assert arms_of(Union[tuple(kinds)]) == arms_of(Union[tuple(reversed(kinds))])


@pytest.mark.parametrize(
    ("type_", "part"),
    [
        (list[int] | list[int | str], "both read from an array"),
        (list[int] | set[str], "both read from an array"),
        (list[Inner] | list[dict[str, int]], "list[Inner] and list[dict] are both read from an array"),
        (list[int] | tuple[int, int], "both read from an array"),
        (dict[str, int] | dict[str, str], "two dicts"),
        (Annotated[int, annotated_types.Ge(0)] | int | str, "int twice"),
        (bytes | bytearray, "bytes twice"),
        (Color | Literal["red"], "both written as 'red'"),
        (Raw | int, "Raw takes anything"),
        (UnsetType, "UnsetType is no type of its own"),
    ],
    ids=repr,
)
def test_union_that_nothing_tells_apart(type_, part):
    refuses(type_, part)


# Unions of records


class Cat(Record, tag=True):
    lives: int


class Dog(Record, tag="dog"):
    name: str


class Numbered(Record, tag=7, tag_field="kind"):
    name: str


class NumberedToo(Record, tag=8, tag_field="kind"):
    name: str


@dataclasses.dataclass
class Circle:
    kind: Literal["circle"]
    radius: float


@dataclasses.dataclass
class Square:
    side: float
    kind: Literal["square", "rect"] = "square"


class Shape(TypedDict):
    kind: Literal["other"]


def union_of(type_):
    nodes = describe(type_).nodes
    info = nodes[0].info
    name = {i: n.cls.__name__ for i, n in enumerate(nodes) if n.cls}
    name[-1] = None
    return info, name


def test_tags():
    info, name = union_of(Cat | Dog)
    assert (info.tag_field, [(t, name[a]) for t, a in info.tags]) == ("type", [("Cat", "Cat"), ("dog", "Dog")])
    assert (info.map, info.map_default, info.keys) == (-1, -1, ())


def test_tags_of_integers_and_a_dict_for_the_rest():
    info, name = union_of(Numbered | NumberedToo | dict[str, int])
    assert (info.tag_field, [(t, name[a]) for t, a in info.tags]) == ("kind", [(7, "Numbered"), (8, "NumberedToo")])
    assert name[info.map_default] == "dict"


def test_literal_fields_are_tags():
    info, name = union_of(Circle | Square | Shape)
    assert info.tag_field == "kind"
    assert {t: name[a] for t, a in info.tags} == {"circle": "Circle", "square": "Square", "rect": "Square", "other": "Shape"}


def test_records_told_apart_by_keys():
    class A(Record):
        a: int
        more: int = 0

    class AB(Record):
        a: int
        b: int

    class C(Record):
        c: int

    info, name = union_of(C | A | AB)
    order = {name[a]: i for i, (_, a) in enumerate(info.keys)}
    assert order["AB"] < order["A"]
    assert {name[a]: k for k, a in info.keys} == {"AB": ("a", "b"), "A": ("a",), "C": ("c",)}


def test_a_less_demanding_record_goes_first_where_it_has_to():
    class Wide(Record):
        a: int
        b: int = 0
        c: int = 0

    class Narrow(Record):
        b: int
        c: int

    info, name = union_of(Narrow | Wide)
    assert [name[a] for _, a in info.keys] == ["Wide", "Narrow"]


def test_a_literal_that_is_left_out_is_no_tag():
    class Never(Record):
        a: int
        kind: Literal["never"] = "never"

    class Default(Record, omit="default"):
        b: int
        kind: Literal["default"] = "default"

    assert union_of(Circle | Never)[0].tag_field == "kind"
    info, name = union_of(Circle | Default)
    assert ([(t, name[a]) for t, a in info.tags], [(k, name[a]) for k, a in info.keys]) == (
        [("circle", "Circle")],
        [(("b",), "Default")],
    )


def test_one_record_beside_a_dict():
    info, name = union_of(Inner | dict[str, str])
    assert [(k, name[a]) for k, a in info.keys] == [(("x",), "Inner")]
    assert name[info.map_default] == "dict"


def test_one_record_needs_no_tag():
    info, name = union_of(Cat | int | list[int])
    assert (name[info.map], info.tag_field) == ("Cat", None)


def test_what_has_no_tag_beside_what_has_goes_by_keys():
    info, name = union_of(Cat | Inner)
    assert (info.tag_field, [(t, name[a]) for t, a in info.tags], [(k, name[a]) for k, a in info.keys]) == (
        "type",
        [("Cat", "Cat")],
        [(("x",), "Inner")],
    )


def test_a_tag_that_another_class_may_hold_is_none():
    class Typed(Record):
        type: str
        y: int

    class Other(Record):
        type: list[int]
        z: int

    info, name = union_of(Cat | Typed)
    assert (info.tag_field, {name[a]: k for k, a in info.keys}) == (None, {"Cat": ("type", "lives"), "Typed": ("type", "y")})
    info, name = union_of(Cat | Other)
    assert (info.tag_field, {name[a]: k for k, a in info.keys}) == ("type", {"Other": ("type", "z")})


def test_classes_with_tags_in_different_fields():
    info, name = union_of(Cat | Dog | Numbered)
    assert (info.tag_field, {t: name[a] for t, a in info.tags}) == ("type", {"Cat": "Cat", "dog": "Dog"})
    assert {name[a]: k for k, a in info.keys} == {"Numbered": ("kind", "name")}


def arrays_of(type_):
    nodes = describe(type_).nodes
    return [(nodes[a.arm].cls.__name__ if nodes[a.arm].cls else nodes[a.arm].kind, a.least, a.most) for a in nodes[0].info.arrays]


def test_arrays_by_length_and_items():
    assert arrays_of(tuple[int, int, int] | tuple[int, int]) == [("tuple", 2, 2), ("tuple", 3, 3)]
    assert [a[0] for a in arrays_of(list[float] | list[int])] == ["list", "list"]
    assert arrays_of(list[int] | list[float]) == arrays_of(list[float] | list[int])


def test_recursive_union_of_records():
    class Leaf(Record, tag=True):
        value: int

    class Branch(Record, tag=True):
        left: "Branch | Leaf"
        right: "Branch | Leaf | None" = None

    Branch.__annotations__ = {"left": Branch | Leaf, "right": Branch | Leaf | None}
    text = shape(Branch)
    assert text == "Branch{type='Branch', left: union(^Branch, Leaf{type='Leaf', value: int}), right=: union(^Branch, ^Leaf)?}"


def test_ambiguous_records():
    class A(Record):
        a: int

    class A2(Record):
        a: str

    class Empty(Record):
        a: int = 0

    class Dog2(Record, tag="dog"):
        pass

    refuses(A | A2, "can both be read from an object with 'a'", "tag")
    refuses(A | A2 | Cat, "can both be read from an object with 'a'")
    refuses(Empty | dict[str, int], "requires no key")
    refuses(Dog | Dog2, "have the same tag 'dog'")
