# SPDX-License-Identifier: Apache-2.0
"""describe() of names: type variables, aliases, NewType, forward references."""

import dataclasses
import sys
from typing import (
    Annotated,
    ClassVar,
    Final,
    Generic,
    NewType,
    TypeVar,
)

import annotated_types
import typing_extensions
from describe_shape import refuses, shape

from quire import Record
from quire._types import describe

T = TypeVar("T")
U = TypeVar("U")
Forward = NewType("Forward", "Inner")


class Inner(Record):
    x: int


# Type variables, aliases, forward references


def test_open_type_variables():
    B = TypeVar("B", bound=int)
    C = TypeVar("C", int, str)
    D = typing_extensions.TypeVar("D", default=float)

    class Box(Record, Generic[T, B, C, D]):
        t: T
        b: B
        c: C
        d: D

    assert shape(Box) == "Box{t: any, b: int, c: union(int, str), d: float}"


def test_a_generic_that_refers_to_itself():
    class Tree(Record, Generic[T]):
        value: T
        children: "list[Tree[T]]"

    assert shape(Tree[int]) == "Tree{value: int, children: list[^Tree]}"
    assert shape(Tree) == "Tree{value: any, children: list[Tree{value: any, children: list[^Tree]}]}"


def test_a_generic_that_never_ends():
    class Nest(Record, Generic[T]):
        inner: "Nest[list[T]] | None"

    refuses(Nest[int], "ever other type arguments")


def test_new_type_of_a_forward_reference():
    assert shape(Forward) == "Inner{x: int}"


JsonValue = typing_extensions.TypeAliasType(
    "JsonValue", "dict[str, JsonValue] | list[JsonValue] | str | int | float | bool | None"
)


def test_recursive_alias():
    nodes = describe(JsonValue).nodes
    assert nodes[0].kind == "union" and nodes[0].nullable
    array = nodes[nodes[0].info.array]
    assert array.items == (0,)
    assert nodes[nodes[0].info.map].items[1] == 0


def test_generic_alias():
    ListOf = typing_extensions.TypeAliasType("ListOf", list[T], type_params=(T,))
    assert shape(ListOf[int]) == "list[int]"
    assert shape(dict[str, ListOf[str] | None]) == "dict[str, list[str]?]"


def test_alias_of_nothing_but_itself():
    Loop = typing_extensions.TypeAliasType("Loop", "Loop")
    Loop2 = typing_extensions.TypeAliasType("Loop2", "Loop2 | int")
    globals().update(Loop=Loop, Loop2=Loop2)
    refuses(Loop, "alias")
    refuses(Loop2, "alias")


if sys.version_info >= (3, 12):  # the syntax

    def test_pep_695():
        names = {"Record": Record, "__name__": __name__}
        exec(
            "type Pair[A] = tuple[A, A]\n"
            "type Json = dict[str, Json] | list[Json] | str | None\n"
            "class Box[A](Record):\n    item: A\n    pair: 'Pair[A]'\n    boxes: 'list[Box[A]]'\n"
            "class IntBox(Box[int]):\n    more: Json\n",
            names,
        )
        pair = names["Pair"]
        globals().update(Pair=pair)
        assert shape(names["Box"][int]) == "Box{item: int, pair: tuple(int, int), boxes: list[^Box]}"
        assert shape(list[pair[str]]) == "list[tuple(str, str)]"
        nodes = describe(names["Json"]).nodes
        assert nodes[nodes[0].info.array].items == (0,)


def test_forward_reference_that_cannot_be_followed():
    class Lost(Record):
        a: int
        b: "list[Nowhere]"  # noqa: F821

    refuses(Lost, "Lost.b: the annotation 'list[Nowhere]' cannot be followed: name 'Nowhere' is not defined", "module level")
    globals()["Nowhere"] = int
    try:
        assert shape(Lost) == "Lost{a: int, b: list[int]}"
    finally:
        del globals()["Nowhere"]


def test_type_variables_by_name():
    A = TypeVar("A")

    class Local(Record, Generic[A]):
        item: "A"
        items: "list[A]"

    assert shape(Local[int]) == "Local{item: int, items: list[int]}"


def test_a_local_class_may_refer_to_itself():
    class Local(Record):
        me: "Local | None" = None

    assert shape(Local) == "Local{me=: ^Local?}"


def test_wrappers_of_an_annotation():
    @dataclasses.dataclass
    class D:
        a: Final[int]
        b: Annotated[Final[int], annotated_types.Ge(0)]
        c: "Annotated[int, annotated_types.Ge(0)]"
        d: "ClassVar[int]" = 3

    assert shape(D) == "D{a: int, b: int<ge=0>, c: int<ge=0>}"
