# SPDX-License-Identifier: Apache-2.0
"""What dataclasses, attrs, TypedDict and NamedTuple can do comes back as it was, and what their __init__ does is done."""

import dataclasses
import sys
import typing
from dataclasses import InitVar, dataclass, field
from typing import Generic, NamedTuple, NewType, NotRequired, Required, TypedDict, TypeVar

import attrs
import pytest
import typing_extensions
from conftest import leaves_nothing
from exact import same

import quire
from quire import convert, to_builtins, validate

T = TypeVar("T")
CALLS = []


@dataclass
class Plain:
    a: int
    b: list[int] = field(default_factory=list)
    c: str = "c"


@dataclass(slots=True, frozen=True, kw_only=True, order=True)
class Strict:
    a: int
    b: tuple[int, ...] = ()


@dataclass
class Mixed:
    a: int
    _: dataclasses.KW_ONLY
    b: int = 2
    hidden: int = field(default=3, repr=False, compare=False)


@dataclass
class Computed:
    """A field that __init__ does not take is data as well."""

    width: int
    area: int = field(init=False, default=0)
    cache: dict[str, int] = field(init=False, default_factory=dict)


@dataclass
class Prepared:
    a: int
    doubled: int = field(init=False)

    def __post_init__(self):
        CALLS.append("post_init")
        self.doubled = self.a * 2


@dataclass
class Scaled:
    """An InitVar is no attribute: it is read, handed to __post_init__ and never written."""

    a: int
    factor: InitVar[int] = 1

    def __post_init__(self, factor):
        CALLS.append(factor)
        self.a *= factor


@dataclass
class Base:
    a: int


@dataclass
class Child(Base):
    b: str = "b"


@dataclass(slots=True)
class SlotChild(Base):
    b: str = "b"


@dataclass
class Box(Generic[T]):
    item: T
    items: list[T] = field(default_factory=list)


@dataclass
class Own:
    a: int

    def __init__(self, a):
        CALLS.append("init")
        self.a = a


class Weird(
    metaclass=type("Meta", (type,), {"__call__": lambda cls, *a, **k: CALLS.append("call") or type.__call__(cls, *a, **k)})
):
    pass


@dataclass
class Called(Weird):
    a: int


@attrs.define
class Attr:
    a: int
    b: list[int] = attrs.Factory(list)
    _private: str = "p"
    computed: int = attrs.field(init=False, default=5)


@attrs.frozen(kw_only=True, slots=False)
class FrozenAttr:
    a: int
    b: int = attrs.field(default=attrs.Factory(lambda self: self.a + 1, takes_self=True))


@attrs.define
class Careful:
    a: int = attrs.field(converter=lambda value: CALLS.append("convert") or int(value))
    b: int = attrs.field(default=1, validator=lambda *parts: CALLS.append("validate"))


@attrs.define
class Refusing:
    a: int = attrs.field(validator=attrs.validators.gt(0))


@attrs.define(on_setattr=lambda instance, attribute, value: value)
class Hooked:
    a: int


@attrs.define
class Post:
    a: int

    def __attrs_post_init__(self):
        CALLS.append("attrs_post_init")


class Point(NamedTuple):
    x: int
    y: int = 2
    label: str | None = None


class Pair(NamedTuple, Generic[T]):
    first: T
    second: T


class Partly(TypedDict, total=False):
    a: Required[int]
    b: str
    c: list[int]


class Full(TypedDict):
    a: int
    b: NotRequired[str]
    c: typing_extensions.ReadOnly[NotRequired[int]]
    d: typing_extensions.Annotated[NotRequired[int], "metadata"]


class More(Partly):
    d: float


class Table(TypedDict, Generic[T]):
    rows: list[T]


Name = NewType("Name", str)
Names = NewType("Names", list[Name])

VALUES = [
    (Plain, Plain(1, [2], "x")),
    (Strict, Strict(a=1, b=(2, 3))),
    (Mixed, Mixed(1, b=3, hidden=9)),
    (Computed, Computed(3)),
    (Prepared, Prepared(4)),
    (Scaled, Scaled(5)),
    (Child, Child(1, "c")),
    (SlotChild, SlotChild(1, "c")),
    (Box[int], Box(1, [2])),
    (Box[Box[str]], Box(Box("x"), [Box("y")])),
    (Own, Own(1)),
    (Called, Called(1)),
    (Attr, Attr(1, [2], "q")),
    (FrozenAttr, FrozenAttr(a=1, b=7)),
    (FrozenAttr, FrozenAttr(a=1)),
    (Careful, Careful(1, 2)),
    (Refusing, Refusing(1)),
    (Hooked, Hooked(1)),
    (Post, Post(1)),
    (Point, Point(1)),
    (Point, Point(1, 3, "l")),
    (Pair[int], Pair(1, 2)),
    (Partly, {"a": 1}),
    (Partly, {"a": 1, "c": [2], "b": "x"}),
    (Full, {"a": 1}),
    (Full, {"a": 1, "b": "x", "c": 2, "d": 3}),
    (More, {"a": 1, "d": 2.5}),
    (Table[int], {"rows": [1, 2]}),
    (Names, Names([Name("x")])),
]


@pytest.mark.parametrize(("type_", "value"), VALUES, ids=[f"{i}-{type(v).__name__}" for i, (_, v) in enumerate(VALUES)])
def test_it_comes_back(fmt, type_, value):
    assert validate(value, type_) is None
    for data in (fmt.encode(value), fmt.Encoder(type_).encode(value)):
        assert _same(fmt.decode(data, type_), value)
        assert _same(fmt.decode(fmt.encode([value]), list[type_])[0], value)
    assert _same(convert(to_builtins(value), type_), value)


def _same(a, b):
    """A TypedDict says nothing of the order in which its keys were put."""
    return a == b and type(a) is type(b) if type(b) is dict else same(a, b)


def test_what_init_false_holds_is_read_and_written(fmt):
    value = Computed(3)
    value.area, value.cache = 9, {"x": 1}
    assert fmt.loads(fmt.encode(value)) == {"width": 3, "area": 9, "cache": {"x": 1}}
    assert same(fmt.decode(fmt.encode(value), Computed), value)
    one, two = fmt.decode(fmt.encode([{"width": 1}, {"width": 2}]), list[Computed])
    assert one.cache == {} and one.cache is not two.cache


def test_init_variables(fmt):
    CALLS.clear()
    value = fmt.decode(fmt.encode({"a": 2, "factor": 10}), Scaled)
    assert value.a == 20 and 10 in CALLS
    assert fmt.loads(fmt.encode(value)) == {"a": 20}
    assert convert({"a": 2, "factor": 3}, Scaled).a == 6
    assert fmt.refuses(fmt.encode({"a": 2, "factor": "x"}), Scaled).path == "$.factor"


@pytest.mark.parametrize(
    ("type_", "document", "called"),
    [
        (Prepared, {"a": 1}, ["post_init"]),
        (Own, {"a": 1}, ["init"]),
        (Called, {"a": 1}, ["call"]),
        (Careful, {"a": 1}, ["convert", "validate"]),
        (Post, {"a": 1}, ["attrs_post_init"]),
        (Plain, {"a": 1}, []),
    ],
)
def test_what_is_the_users_own_is_called(fmt, type_, document, called):
    CALLS.clear()
    assert type(fmt.decode(fmt.encode(document), type_)) is type_
    assert CALLS == called


def test_a_validator_refuses(fmt):
    found = fmt.refuses(fmt.encode({"a": -1}), Refusing, quire.ValidationError)
    assert found.code == "invalid_value"
    found = fmt.refuses(fmt.encode([{"a": 1}, {"a": -1}]), list[Refusing], quire.ValidationError)
    assert found.path == "$[1]"


@pytest.mark.parametrize(
    ("type_", "document", "code", "path"),
    [
        (Plain, {}, "missing_field", "$"),
        (Plain, {"a": 1, "b": ["x"]}, "type_mismatch", "$.b[0]"),
        (Strict, {"b": []}, "missing_field", "$"),
        (Attr, {"b": []}, "missing_field", "$"),
        (Attr, {"a": None}, "type_mismatch", "$.a"),
        (Point, [], "missing_field", "$"),
        (Point, [1, "x"], "type_mismatch", "$.y"),
        (Partly, {"b": "x"}, "missing_field", "$"),
        (Full, {"a": 1, "d": None}, "type_mismatch", "$.d"),
        (More, {"a": 1}, "missing_field", "$"),
        (Table[int], {"rows": ["x"]}, "type_mismatch", "$.rows[0]"),
        (Names, [1], "type_mismatch", "$[0]"),
    ],
)
def test_it_is_refused(fmt, type_, document, code, path):
    found = fmt.refuses(fmt.encode(document), type_, quire.ValidationError)
    assert found.code == code and found.path in (path, path.replace(".y", "[1]"))


def test_the_defaults_of_a_namedtuple(fmt):
    assert fmt.decode(fmt.encode([1]), Point) == Point(1)
    assert fmt.decode(fmt.encode([1, 5]), Point) == Point(1, 5)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type aliases are new in 3.12")
def test_type_aliases(fmt):
    names = {"quire": quire, "typing": typing}
    exec(
        "type Tree[T] = T | list[Tree[T]]\ntype Ids = dict[str, list[int]]\nclass R(quire.Record):\n    tree: Tree[int]\n    ids: Ids",
        names,
    )
    record = names["R"]
    value = record(tree=[1, [2, [3]]], ids={"a": [1]})
    assert same(fmt.decode(fmt.encode(value), record), value)
    assert fmt.refuses(fmt.encode({"tree": [1, ["x"]], "ids": {}}), record).path == "$.tree[1][0]"


def test_nothing_is_left_behind(fmt):
    data = [(type_, fmt.encode(value)) for type_, value in VALUES]

    def work():
        for type_, text in data:
            fmt.encode(fmt.decode(text, type_))
        CALLS.clear()

    leaves_nothing(work, times=5, rounds=15)
