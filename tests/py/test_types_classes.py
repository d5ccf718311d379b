# SPDX-License-Identifier: Apache-2.0
"""describe() of classes with fields: Record, dataclass, attrs, TypedDict, NamedTuple."""

import collections
import collections.abc
import dataclasses
import sys
import types
import typing
from typing import (
    Annotated,
    ClassVar,
    Generic,
    NamedTuple,
    NotRequired,
    TypedDict,
    TypeVar,
)

import annotated_types
import attrs
import pytest
import typing_extensions
from describe_shape import fields, refuses, root, shape

from quire import UNSET, Record, SchemaError, UnsetType, field
from quire._types import describe
from quire._types._description import DEFAULT_FACTORY, DEFAULT_VALUE, NO_DEFAULT
from quire._types._graph import Graph
from quire._types._names import renamer

T = TypeVar("T")
U = TypeVar("U")


class Inner(Record):
    x: int


class Node(Record):
    value: int
    next: "Node | None" = None
    others: list["Node"] = []


# Records


class Order(Record, rename="camel", unknown="error", omit="default", frozen=True, tag="order", tag_field="what"):
    order_id: int
    customer_name: str = field(name="cust")
    line_items: list[Inner] = field(default_factory=list)
    note: str | None = None
    kind: ClassVar[str] = "x"


def test_record():
    info = root(Order).info
    assert shape(Order) == (
        "Order{what='order', order_id/orderId: int, customer_name/cust: str, "
        "line_items/lineItems=: list[Inner{x: int}], note=: str?}"
    )
    assert (info.form, info.unknown, info.array, info.post_init, info.frozen) == ("record", "error", False, False, True)
    by_name = fields(Order)
    assert [f.omit for f in by_name.values()] == [1, 1, 1, 1]
    assert [f.default_kind for f in by_name.values()] == [NO_DEFAULT, NO_DEFAULT, DEFAULT_FACTORY, DEFAULT_VALUE]
    assert by_name["line_items"].default is list
    assert by_name["note"].default is None


def test_recursive_record():
    assert shape(Node) == "Node{value: int, next=: ^Node?, others=: list[^Node]}"


def test_a_record_and_its_nullable_share_their_fields():
    nodes = describe(tuple[Inner, Inner | None]).nodes
    records = [n for n in nodes if n.kind == "record"]
    assert [n.nullable for n in records] == [False, True]
    assert records[0].info is records[1].info


def test_a_chain_of_a_thousand_classes_needs_no_deep_stack():
    before = int
    for i in range(1500):
        before = dataclasses.make_dataclass(f"C{i}", [("inner", before)])
    assert len(describe(before).nodes) == 1501


def test_post_init():
    class R(Record):
        x: int

        def __post_init__(self):
            pass

    assert root(R).info.post_init


def test_inherited_fields_keep_the_scope_they_were_written_in():
    class Base(Record, Generic[T]):
        item: T
        items: list[T]

    class Middle(Base[list[U]], Generic[U]):
        other: U

    class Leaf(Middle[int]):
        last: str

    assert shape(Leaf) == "Leaf{item: list[int], items: list[list[int]], other: int, last: str}"


@pytest.mark.parametrize(
    ("rename", "expected"),
    [
        ("lower", ["first_name", "_private_", "x"]),
        ("upper", ["FIRST_NAME", "_PRIVATE_", "X"]),
        ("camel", ["firstName", "_private_", "x"]),
        ("pascal", ["FirstName", "_Private_", "X"]),
        ("kebab", ["first-name", "private", "x"]),
        ("screaming", ["FIRST_NAME", "_PRIVATE_", "X"]),
        ({"x": "y"}, ["first_name", "_private_", "y"]),
        (lambda name: name + "!" if name != "x" else None, ["first_name!", "_private_!", "x"]),
    ],
)
def test_rename(rename, expected):
    class R(Record, rename=rename):
        first_name: int
        _private_: int
        x: int

    assert [f.wire for f in root(R).info.fields] == expected


def test_rename_that_cannot_be():
    class B(Record, rename=lambda name: 3):
        x: int

    class C(Record, rename={"x": "y"}):
        x: int
        y: int

    refuses(B, "B.x: rename makes 3 of 'x'")
    refuses(C, "field x and field y are both named 'y'")


@pytest.mark.parametrize("rename", ["pascale", "", 3, object()])
def test_rename_policy_that_does_not_exist(rename):
    """The class keyword is checked when the class is made, the function when it is used for other classes."""
    with pytest.raises(SchemaError):
        renamer(Graph(""), rename)
    with pytest.raises(TypeError):

        class A(Record, rename=rename):
            x: int

        describe(A)


def test_tag_variants():
    class A(Record, tag=str.lower):
        x: int

    class B(Record, tag_field="t"):
        x: int

    class C(Record, tag=False):
        x: int

    class D(Record, tag=lambda name: 3.5):
        x: int

    class E(Record, tag=True):
        type: int

    assert (root(A).info.tag_field, root(A).info.tag) == ("type", "a")
    assert (root(B).info.tag_field, root(B).info.tag) == ("t", "B")
    assert (root(C).info.tag_field, root(C).info.tag) == (None, None)
    refuses(D, "the tag must be")
    refuses(E, "the tag field and field type are both named 'type'")


@pytest.mark.parametrize("option", [{"unknown": "kept"}, {"omit": "sometimes"}, {"layout": "list"}, {"tag": 3.5}])
def test_option_that_does_not_exist(option):
    with pytest.raises(TypeError):

        class R(Record, **option):
            x: int

        describe(R)


def test_numbers():
    class Good(Record):
        b: int = field(2)
        a: int = field(1)

    @dataclasses.dataclass
    class Some:
        a: Annotated[int, field(1)]
        b: int

    @dataclasses.dataclass
    class Twice:
        a: Annotated[int, field(1)]
        b: Annotated[int, field(1)]

    assert [f.number for f in root(Good).info.fields] == [2, 1]
    refuses(Some, "field b has no number")
    refuses(Twice, "fields a and b both have the number 1")


def test_array_layout():
    class Plain(Record, layout="array"):
        a: int
        b: str = ""

    class Sorted(Record, layout="array"):
        b: str = field(2)
        a: int = field(1)

    class Gap(Record, layout="array"):
        a: int = field(1)
        c: int = field(3)

    assert shape(Plain) == "Plain[a: int, b=: str]"
    assert shape(Sorted) == "Sorted[a: int, b: str]"
    refuses(Gap, "no field has the number 2")


def test_unset():
    class R(Record):
        a: int | UnsetType
        b: int | None | UnsetType = UNSET
        c: int = 0

    by_name = fields(R)
    assert shape(R) == "R{a=: int, b=: int?, c=: int}"
    assert by_name["a"].default is UNSET and not by_name["a"].required
    assert by_name["b"].default is UNSET


def test_unset_through_an_alias_and_bounds():
    Maybe = typing_extensions.TypeAliasType("Maybe", int | UnsetType)

    @dataclasses.dataclass
    class D:
        a: Maybe
        b: Annotated[int | UnsetType, annotated_types.Ge(0)]
        c: Maybe | None
        d: list[Maybe]

    by_name = fields(D)
    assert shape(D) == "D{a=: int, b=: int<ge=0>, c=: int?, d: list[int]}"
    assert [by_name[n].default is UNSET for n in "abcd"] == [True, True, True, False]


# Dataclasses


@dataclasses.dataclass
class Point:
    x: int
    y: int = 0
    tags: list[str] = dataclasses.field(default_factory=list)
    shared: ClassVar[int] = 1
    made: int = dataclasses.field(default=5, init=False)


def test_dataclass():
    info = root(Point).info
    assert shape(Point) == "Point{x: int, y=: int, tags=: list[str], made=: int}"
    assert (info.form, info.frozen, info.post_init) == ("dataclass", False, False)
    assert [f.init for f in info.fields] == [True, True, True, False]
    assert fields(Point)["tags"].default_kind == DEFAULT_FACTORY


def test_dataclass_variants_that_are_built_directly():
    @dataclasses.dataclass(frozen=True, slots=True)
    class Frozen:
        x: int

        def __post_init__(self):
            pass

    @dataclasses.dataclass(kw_only=True)
    class Child(Point):
        z: float

    class Plain(Point):
        pass

    assert root(Frozen).info[0] == "dataclass" and root(Frozen).info.frozen and root(Frozen).info.post_init
    assert root(Child).info.form == "dataclass"
    assert root(Plain).info.form == "dataclass"
    assert shape(Child) == "Child{x: int, y=: int, tags=: list[str], made=: int, z: float}"


def test_dataclass_that_is_called():
    @dataclasses.dataclass
    class Own:
        x: int

        def __init__(self, x):
            self.x = x

    class OwnChild(Point):
        def __init__(self, x):
            super().__init__(x)

    @dataclasses.dataclass
    class WithInitVar:
        x: int
        secret: dataclasses.InitVar[str]
        other: dataclasses.InitVar[int] = 3

        def __post_init__(self, secret, other):
            pass

    @dataclasses.dataclass
    class OwnSetattr:
        x: int

        def __setattr__(self, name, value):
            super().__setattr__(name, value)

    @dataclasses.dataclass
    class OwnNew:
        x: int

        def __new__(cls, x):
            return super().__new__(cls)

    class Meta(type):
        def __call__(cls, *args, **kwargs):
            return super().__call__(*args, **kwargs)

    @dataclasses.dataclass
    class OwnMeta(metaclass=Meta):
        x: int

    for cls in (Own, OwnChild, WithInitVar, OwnSetattr, OwnNew, OwnMeta):
        assert root(cls).info.form == "call", cls
    assert shape(WithInitVar) == "WithInitVar{x: int, secret: str, other=: int}"
    assert [f.stored for f in root(WithInitVar).info.fields] == [True, False, False]


def test_field_in_annotated():
    @dataclasses.dataclass
    class D:
        a: Annotated[int, field(1, name="A"), annotated_types.Ge(0)]
        b: Annotated[str, field(2)] = ""

    assert shape(D) == "D{a/A: int<ge=0>, b=: str}"
    assert [f.number for f in root(D).info.fields] == [1, 2]


def test_generic_dataclass():
    @dataclasses.dataclass
    class Pair(Generic[T, U]):
        first: T
        second: list[U] | None

    assert shape(Pair[int, str]) == "Pair{first: int, second: list[str]?}"
    assert shape(Pair) == "Pair{first: any, second: list[any]?}"
    assert shape(tuple[Pair[int, int], Pair[int, int]]).count("first") == 1


def test_a_field_named_like_its_type():
    module = types.ModuleType("field_named_like_its_type")
    sys.modules[module.__name__] = module
    exec(
        "from __future__ import annotations\n"
        "import dataclasses, datetime\nfrom datetime import date\n"
        "@dataclasses.dataclass\nclass D:\n    date: date | None = None\n    list: list[int] | None = None\n    int: int = 0\n",
        vars(module),
    )
    assert shape(module.D) == "D{date=: date?, list=: list[int]?, int=: int}"


# attrs


def test_attrs_built_directly():
    @attrs.define
    class A:
        x: int
        y: list[int] = attrs.field(factory=list)
        _z: int = 0

    @attrs.frozen
    class F:
        x: int

    info = root(A).info
    assert shape(A) == "A{x: int, y=: list[int], _z=: int}"
    assert (info.form, [f.keyword for f in info.fields]) == ("dataclass", ["x", "y", "z"])
    assert (root(F).info.form, root(F).info.frozen) == ("dataclass", True)


def test_attrs_that_are_called():
    @attrs.define
    class Converted:
        x: int = attrs.field(converter=int)

    @attrs.define
    class Validated:
        x: int = attrs.field(validator=attrs.validators.ge(0))

    @attrs.define
    class Hooked:
        x: int

        def __attrs_post_init__(self):
            pass

    @attrs.define
    class FromSelf:
        x: int
        y: int = attrs.Factory(lambda self: self.x, takes_self=True)

    for cls in (Converted, Validated, Hooked, FromSelf):
        assert root(cls).info.form == "call", cls
    assert [f.required for f in root(FromSelf).info.fields] == [True, False]


def test_attrs_without_a_type():
    @attrs.define
    class A:
        x = attrs.field()

    refuses(A, "A.x: the attribute has no type")


# TypedDict and NamedTuple


class Movie(TypedDict):
    title: str
    year: NotRequired[int]
    tags: "typing.Required[list[str]]"


class MovieTotal(Movie, total=False):
    length: int
    who: "typing.Required[str]"


class Holder(TypedDict, Generic[T]):
    item: T
    items: NotRequired[list[T]]


class IntHolder(Holder[int]):
    extra: typing_extensions.ReadOnly[str]


class Row(NamedTuple):
    a: int
    b: str = "x"
    c: "Row | None" = None


class GenericRow(NamedTuple, Generic[T]):
    a: T


def test_typed_dict():
    assert shape(Movie) == "Movie{title: str, year~: int, tags: list[str]}"
    assert shape(MovieTotal) == "MovieTotal{title: str, year~: int, tags: list[str], length~: int, who: str}"
    assert root(Movie).info.form == "typeddict"


def test_typed_dict_generic_and_functional():
    assert shape(Holder[int]) == "Holder{item: int, items~: list[int]}"
    assert shape(IntHolder) == "IntHolder{item: int, items~: list[int], extra: str}"
    assert shape(TypedDict("F", {"a b": int})) == "F{a b: int}"


def test_named_tuple():
    assert shape(Row) == "Row[a: int, b=: str, c=: ^Row?]"
    assert root(Row).info.form == "namedtuple"
    assert shape(GenericRow[int]) == "GenericRow[a: int]"
    assert shape(collections.namedtuple("Old", "a b", defaults=[1])) == "Old[a: any, b=: any]"
