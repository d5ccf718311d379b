# SPDX-License-Identifier: Apache-2.0
"""convert, validate, to_builtins and the check of Encoder(T): Python objects as a format."""

from __future__ import annotations

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import gc
import re
import sys
import typing
import uuid
import weakref
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_threads import together

import quire
import quire.json
import quire.msgpack
from quire import UNSET, Record, UnsetType, convert, field, to_builtins, validate

UTC = dt.UTC
WHEN = dt.datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC)
UID = uuid.UUID("12345678-1234-5678-1234-567812345678")


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Line(Record):
    sku: str
    count: int = 1


class Order(Record):
    id: int
    lines: list[Line] = field(default_factory=list)
    total: float = 0.0
    note: str | None = None


class Renamed(Record):
    first_name: str = field(name="firstName")


class Cat(Record, tag="cat"):
    lives: int


class Dog(Record, tag="dog"):
    name: str


class Row(Record, layout="array"):
    a: int
    b: str = "b"


@dataclasses.dataclass
class Data:
    id: int
    lines: list[Line] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(slots=True)
class Slotted:
    id: int
    name: str = "n"


class Point(typing.NamedTuple):
    x: int
    y: int = 0


class Movie(typing.TypedDict):
    title: str
    year: typing.NotRequired[int]


class Scalars(Record):
    when: dt.datetime
    day: dt.date
    at: dt.time
    span: dt.timedelta
    price: decimal.Decimal
    uid: uuid.UUID
    data: bytes
    color: Color


SCALARS = Scalars(WHEN, WHEN.date(), WHEN.time(), dt.timedelta(seconds=5), decimal.Decimal("1.50"), UID, b"\x00\xff", Color.BLUE)
AS_TEXT = {
    "when": "2024-05-06T07:08:09Z",
    "day": "2024-05-06",
    "at": "07:08:09",
    "span": "PT5S",
    "price": "1.50",
    "uid": str(UID),
    "data": "AP8=",
    "color": "blue",
}


def fault(error, call, *args, **kwargs):
    with pytest.raises(error) as caught:
        call(*args, **kwargs)
    assert type(caught.value) is error
    assert len(caught.value.errors) == 1
    found = caught.value.errors[0]
    assert found.offset is None
    assert found.line is None
    return found


def invalid(value, type_, **kwargs):
    return fault(quire.ValidationError, convert, value, type_, **kwargs)


# ---------------------------------------------------------------- convert: values


def test_record_from_dict():
    order = convert({"id": 1, "lines": [{"sku": "a"}, {"sku": "b", "count": 2}], "total": 2.5}, Order)
    assert type(order) is Order
    assert order == Order(1, [Line("a"), Line("b", 2)], 2.5)


def test_fields_in_any_order_and_unknown_ones():
    assert convert({"x": [1], "note": "n", "y": {}, "id": 3}, Order) == Order(3, note="n")


def test_keys_need_not_be_interned():
    data = {"".join(["i", "d"]): 1, "".join(["no", "te"]): "".join(["a", "é"])}
    assert convert(data, Order) == Order(1, note="aé")


def test_without_a_type_nothing_happens():
    value = {"a": [1, object()]}
    assert convert(value) is value
    assert convert(value, Any) is value
    assert convert(value, object) is value
    assert convert([value], list[Any])[0] is value


@pytest.mark.parametrize(
    ("value", "type_"),
    [
        ("text" * 9, str), ("é" * 9, str), (10**6, int), (2**63, int), (10**40, int), (-(10**40), int), (1.5, float), (b"abc", bytes),
        (bytearray(b"abc"), bytearray), (True, bool), (None, None), (WHEN, dt.datetime), (WHEN.date(), dt.date), (UID, uuid.UUID),
        (decimal.Decimal("1.5"), decimal.Decimal), (dt.timedelta(1), dt.timedelta), (Color.RED, Color), (Level.LOW, Level),
        (quire.Raw(b"1"), quire.Raw), (None, int | None), (WHEN, dt.datetime | None), (WHEN, int | dt.datetime), (10**40, int | str),
        (Color.RED, Color | int), (b"x" * 9, bytes | int),
    ],
)  # fmt: skip
def test_what_is_of_the_type_stays_the_object(value, type_):
    assert convert(value, type_) is value
    assert convert([value], list[type_])[0] is value
    validate(value, type_)


def test_subclasses_of_scalars_are_values():
    class Text(str):
        pass

    text = Text("abc")
    assert convert(text, str) is text
    assert convert(Level.HIGH, int) is Level.HIGH
    assert convert(text, str | int) is text
    assert convert({text: 1}, dict[str, int]) == {"abc": 1}


def test_text_becomes_what_it_stands_for():
    assert convert(AS_TEXT, Scalars) == SCALARS
    assert convert(UID.bytes, uuid.UUID) == UID
    assert convert(7, decimal.Decimal) == 7
    assert convert(10**30, decimal.Decimal) == 10**30
    assert convert(1, Level) is Level.LOW
    assert convert("AP8=", bytearray) == bytearray(b"\x00\xff")
    assert convert(b"ab", bytearray) == bytearray(b"ab")
    assert convert(memoryview(b"ab"), bytes) == b"ab"


@pytest.mark.parametrize(
    ("value", "type_", "expected"),
    [
        ((1, 2), list[int], [1, 2]),
        ([1, 2], tuple[int, ...], (1, 2)),
        ([1, "a"], tuple[int, str], (1, "a")),
        ([1, 2, 2], set[int], {1, 2}),
        ({1, 2}, frozenset[int], frozenset({1, 2})),
        (frozenset({7}), list[int], [7]),
        ({"a": 1}, dict[str, float], {"a": 1.0}),
        ({1: "x"}, dict[int, str], {1: "x"}),
        ({str(UID): 1}, dict[uuid.UUID, int], {UID: 1}),
        ({UID: 1}, dict[uuid.UUID, int], {UID: 1}),
        ({"red": 1}, dict[Color, int], {Color.RED: 1}),
        ({Color.RED: 1}, dict[Color, int], {Color.RED: 1}),
        ({2: "a"}, dict[Level, str], {Level.HIGH: "a"}),
        ([1, 2], Point, Point(1, 2)),
        ([1], Point, Point(1)),
        ([1], Row, Row(1)),
        ({"title": "t"}, Movie, {"title": "t"}),
        ({"type": "cat", "lives": 9}, Cat | Dog, Cat(9)),
        ({"name": "rex", "type": "dog"}, Cat | Dog, Dog("rex")),
        ({"id": 1, "name": "x"}, Slotted, Slotted(1, "x")),
        ({"id": 1}, Data, Data(1)),
        ("b", Literal["a", "b"], "b"),
        (2, float, 2.0),
    ],
)
def test_containers(value, type_, expected):
    result = convert(value, type_)
    assert result == expected
    assert type(result) is type(expected)


def test_containers_are_new():
    inner = [1]
    data = {"a": inner}
    result = convert(data, dict[str, list[int]])
    assert result == data
    assert result is not data
    assert result["a"] is not inner


def test_order_of_an_ordered_dict():
    data = collections.OrderedDict(a=1, b=2)
    data.move_to_end("a")
    assert list(convert(data, dict[str, int])) == ["b", "a"]
    assert convert(collections.OrderedDict(id=1), Order) == Order(1)
    assert convert(collections.OrderedDict(type="cat", lives=1), Cat | Dog) == Cat(1)


def test_names_and_aliases():
    assert convert({"firstName": "Ada"}, Renamed) == Renamed("Ada")
    assert invalid({"first_name": "Ada"}, Renamed).code == "missing_field"


def test_strictness():
    assert invalid("1", int).code == "type_mismatch"
    assert convert("1", int, strict=False) == 1
    assert convert("1.5", float, strict=False) == 1.5
    assert convert("true", bool, strict=False) is True
    assert convert(2.0, int, strict=False) == 2
    assert type(convert(2.0, int, strict=False)) is int
    assert convert({"1": "2"}, dict[int, int], strict=False) == {1: 2}
    assert invalid({"1": 2}, dict[int, int]).steps == ("1",)
    assert invalid(1.0, int).code == "type_mismatch"
    assert invalid(True, int).got == "bool"
    assert invalid(2**53 + 1, float).code == "inexact"
    assert invalid(0.1, decimal.Decimal).code == "type_mismatch"


def test_lone_surrogates_are_text_that_is_nothing_else():
    assert convert({"\ud800": "\udfff"}, dict[str, str]) == {"\ud800": "\udfff"}
    assert convert({"\ud800": 1, "id": 1}, Order) == Order(1)
    assert invalid("\ud800", dt.date).code == "invalid_format"
    assert invalid("\ud800", Color).code == "invalid_choice"


def test_keys_that_are_no_text_are_no_fields():
    class Strict(Record, unknown="error"):
        id: int

    assert convert({1: 2, None: 3, "id": 1}, Order) == Order(1)
    found = invalid({"id": 1, (1, 2): 3}, Strict)
    assert (found.code, found.steps) == ("unknown_field", ((1, 2),))


# ---------------------------------------------------------------- convert: objects with fields


def test_an_instance_stays_itself():
    order = Order(1, [Line("a")])
    assert convert(order, Order) is order
    assert convert({"o": order}, dict[str, Order])["o"] is order
    for value, type_ in [
        (Data(1), Data),
        (Slotted(1), Slotted),
        (Point(1, 2), Point),
        (Cat(1), Cat | Dog),
        (Dog("x"), Dog | None),
    ]:
        assert convert(value, type_) is value


def test_an_instance_of_a_subclass_stays_itself():
    class Special(Line):
        extra: int = 0

    special = Special("a", 1, 2)
    assert convert(special, Line) is special
    assert invalid(Special("a", "x"), Line).steps == ("count",)


def test_an_instance_with_other_fields_is_read_again():
    order = Order("1", [{"sku": "a"}])
    assert convert(Order(1, [{"sku": "a"}]), Order) == Order(1, [Line("a")])
    assert invalid(order, Order).steps == ("id",)
    assert convert(order, Order, strict=False) == Order(1, [Line("a")])


def test_other_classes_are_read_by_their_attributes():
    assert convert(Data(1, [Line("a")]), Order) == Order(1, [Line("a")])
    assert convert(Order(1, [Line("a")], 2.0, "n"), Data) == Data(1, [Line("a")])
    assert convert(Slotted(5), Order) == Order(5)
    assert convert(Order(5), Slotted) == Slotted(5)

    class Other(Record):
        first_name: str
        firstName: int = 0  # noqa: N815

    assert convert(Other("Ada"), Renamed) == Renamed("Ada")

    class Late(Record):
        note: str
        id: int

    assert convert(Late("n", 2), Order) == Order(2, note="n")
    assert invalid(Late("n", "x"), Order).steps == ("id",)
    assert invalid(Line("a"), Order).code == "missing_field"


def test_array_records_from_attributes():
    @dataclasses.dataclass
    class Ab:
        b: str
        a: int

    assert convert(Ab("x", 1), Row) == Row(1, "x")


def test_unset_attributes_are_left_out():
    class Source(Record):
        id: int = 0
        note: str | UnsetType = UNSET

    assert convert(Source(1), Order) == Order(1)


def test_attributes_that_user_code_makes():
    @dataclasses.dataclass
    class Source:
        id: int

        @property
        def lines(self):
            return [{"sku": str(n)} for n in range(3)]

        @property
        def note(self):
            return "".join(["fresh", "text"])

    assert convert(Source(1), Order) == Order(1, [Line("0"), Line("1"), Line("2")], note="freshtext")

    @dataclasses.dataclass
    class Bad:
        id: int

        @property
        def lines(self):
            return [{"sku": "a"}, {"sku": ["".join(["fre", "sh"])]}]

    found = invalid(Bad(1), Order)
    assert (found.steps, found.expected, found.got) == (("lines", 1, "sku"), "str", "array")

    @dataclasses.dataclass
    class Failing:
        id: int

        @property
        def lines(self):
            raise ZeroDivisionError("no lines")

    with pytest.raises(ZeroDivisionError, match="no lines"):
        convert(Failing(1), Order)


def test_objects_without_declared_fields_are_not_read():
    class Plain:
        id = 1

    found = invalid(Plain(), Order)
    assert (found.expected, found.got) == ("object", "Plain")


def test_post_init_runs_and_may_refuse():
    class Even(Record):
        n: int

        def __post_init__(self):
            if self.n % 2:
                raise ValueError("odd")

    assert convert({"k": {"n": 2}}, dict[str, Even]) == {"k": Even(2)}
    found = invalid({"first": {"n": 2}, "a b": {"n": 3}}, dict[str, Even])
    assert (found.code, found.message, found.path) == ("invalid_value", "odd", '$["a b"]')


def test_enum_missing():
    class Loose(enum.Enum):
        A = "a"

        @classmethod
        def _missing_(cls, value):
            return cls.A if value == "A" else None

    assert convert("A", Loose) is Loose.A
    assert convert({"A": 1}, dict[Loose, int]) == {Loose.A: 1}
    assert invalid({"x": "B"}, dict[str, Loose]).value == "B"


# ---------------------------------------------------------------- convert: faults


@pytest.mark.parametrize(
    ("value", "type_", "code", "steps", "expected", "got", "shown"),
    [
        ({"id": "7x"}, Order, "type_mismatch", ("id",), "int", "str", "7x"),
        ({"id": 1, "lines": [{"sku": "a"}, {"sku": 5}]}, Order, "type_mismatch", ("lines", 1, "sku"), "str", "int", 5),
        ({"id": 1, "note": 1.5}, Order, "type_mismatch", ("note",), "str or null", "float", 1.5),
        ({"id": 1, "lines": {}}, Order, "type_mismatch", ("lines",), "array", "object", None),
        ({"id": [1]}, Order, "type_mismatch", ("id",), "int", "array", None),
        ({"id": None}, Order, "type_mismatch", ("id",), "int", "null", None),
        ({"id": UID}, Order, "type_mismatch", ("id",), "int", "UUID", None),
        ({"id": decimal.Decimal(1)}, Order, "type_mismatch", ("id",), "int", "Decimal", None),
        ({"id": True}, Order, "type_mismatch", ("id",), "int", "bool", True),
        ({"id": b"1"}, Order, "type_mismatch", ("id",), "int", "bytes", b"1"),
        (WHEN, dt.date, "type_mismatch", (), "date", "datetime", None),
        (object(), str, "type_mismatch", (), "str", "object", None),
        ([1, 2], tuple[int, str], "type_mismatch", (1,), "str", "int", 2),
        ({UID: {"a": 1}}, dict[uuid.UUID, dict[str, str]], "type_mismatch", (UID, "a"), "str", "int", 1),
        ({5: 1}, dict[str, int], "type_mismatch", (5,), "str", "int", 5),
        ([WHEN], list[int | str], "type_mismatch", (0,), "int or str", "datetime", None),
        (Line("a"), Cat | Dog, "type_mismatch", (), "object", "Line", None),
        (Cat(1), Dog, "missing_field", (), None, None, None),
        ("green", Color, "invalid_choice", (), None, "str", "green"),
        (Level.LOW, Color, "invalid_choice", (), None, "Level", None),
        ({1, 2}, tuple[int, int], "type_mismatch", (), "array", "set", None),
        ({1, 2}, Point, "type_mismatch", (), "object", "set", None),
    ],
)
def test_faults(value, type_, code, steps, expected, got, shown):
    found = invalid(value, type_)
    assert (found.code, found.steps, found.expected, found.got, found.value) == (code, steps, expected, got, shown)


def test_more_faults():
    assert invalid({}, Order).code == "missing_field"
    assert invalid({"lives": 1}, Cat | Dog).code == "missing_tag"
    assert invalid({"type": "cow"}, Cat | Dog).code == "invalid_tag"
    assert invalid([1], tuple[int, int]).code == "wrong_length"
    assert invalid([1, 2, 3], tuple[int, int]).code == "wrong_length"
    assert "Order" not in str(invalid(5, Order))


class At:
    """Bounds as annotated_types has them, by the names of their members."""

    def __init__(self, **members):
        self.__dict__.update(members)


class Bounded(Record):
    n: Annotated[int, At(ge=0, le=10)] = 0
    f: Annotated[float, At(gt=0)] = 1.0
    s: Annotated[str, At(min_length=2, max_length=3, pattern=re.compile("^[a-z]"))] = "ab"
    b: Annotated[bytes, At(max_length=2)] = b""
    d: Annotated[decimal.Decimal, At(ge=decimal.Decimal("0.5"))] = decimal.Decimal(1)
    items: Annotated[list[int], At(max_length=2)] = field(default_factory=list)
    pairs: Annotated[dict[str, int], At(max_length=1)] = field(default_factory=dict)


BOUNDS = [
    ("n", 11, "too_large"),
    ("n", -1, "too_small"),
    ("n", 10**30, "too_large"),
    ("n", -(10**30), "too_small"),
    ("f", 0.0, "too_small"),
    ("f", -1, "too_small"),
    ("s", "a", "too_short"),
    ("s", "éééé", "too_long"),
    ("s", "Ab", "pattern_mismatch"),
    ("b", b"abc", "too_long"),
    ("d", decimal.Decimal("0.4"), "too_small"),
    ("items", [1, 2, 3], "too_long"),
    ("pairs", {"a": 1, "b": 2}, "too_long"),
]


@pytest.mark.parametrize(("name", "value", "code"), BOUNDS)
def test_bounds(name, value, code):
    found = invalid({name: value}, Bounded)
    assert (found.code, found.steps) == (code, (name,))
    found = invalid(Bounded(**{name: value}), Bounded)
    assert (found.code, found.steps) == (code, (name,))
    found = fault(quire.ValidationError, validate, Bounded(**{name: value}), Bounded)
    assert (found.code, found.steps) == (code, (name,))
    assert quire.json.decode(quire.json.Encoder(Bounded).encode(Bounded(**{name: value})))  # the kind is all that it checks


def test_within_bounds():
    good = {"n": 10, "f": 2, "s": "éab"[1:], "b": b"ab", "d": decimal.Decimal("0.5"), "items": [1, 2], "pairs": {"a": 1}}
    result = convert(good, Bounded)
    assert type(result.f) is float
    validate(result, Bounded)
    assert convert(result, Bounded) is result


def test_arguments():
    for bad in [(), (1, int, 2)]:
        with pytest.raises(TypeError, match="convert"):
            convert(*bad)
    with pytest.raises(TypeError, match="limits"):
        convert(1, int, limits=1)
    with pytest.raises(quire.SchemaError):
        convert(1, 5)
    for bad in [(), (1,), (1, int, 2)]:
        with pytest.raises(TypeError, match="validate"):
            validate(*bad)
    with pytest.raises(TypeError):
        to_builtins()


# ---------------------------------------------------------------- validate, and Encoder(T)


@dataclasses.dataclass
class Node:
    value: int
    next: Node | None = None


class Holder(Record):
    maybe: int | UnsetType = UNSET
    items: tuple[int, ...] = ()
    pair: tuple[int, str] | None = None
    tags: set[str] = field(default_factory=set)
    point: Point = Point(1)
    movie: Movie | None = None
    pet: Cat | Dog | int | None = None
    kind: Literal["a", 1] = "a"
    anything: Any = None


VALID = [
    (Order(1, [Line("a")], 1.0), Order),
    (Order(1, total=2), Order),
    (Order(1, note="x"), Order),
    (Data(1, [Line("a")]), Data),
    (Slotted(1), Slotted),
    (SCALARS, Scalars),
    (Node(1, Node(2)), Node),
    (Holder(), Holder),
    (
        Holder(
            maybe=1, items=(1,), pair=(1, "x"), tags={"a"}, movie={"title": "t", "more": 1}, pet=Dog("x"), kind=1, anything=object
        ),
        Holder,
    ),
    (Holder(pet=5), Holder),
    ([1, 2], list[int]),
    ({UID: WHEN}, dict[uuid.UUID, dt.datetime]),
    ({1, 2}, set[int]),
    (Color.RED, Color),
    (Level.LOW, int),
    ("a", Literal["a", "b"]),
    (collections.OrderedDict(a=1), dict[str, int]),
    ({"title": "t", "year": 1}, Movie | dict[str, str]),
    ({"a": "b"}, Movie | dict[str, str]),
    (2**53, float),
    (2**60, float),
    (5, Any),
]
INVALID = [
    (Order("1"), Order, "type_mismatch", ("id",)),
    (Order(True), Order, "type_mismatch", ("id",)),
    (Order(None), Order, "type_mismatch", ("id",)),
    (Order(1, [Line("a"), Line(5)]), Order, "type_mismatch", ("lines", 1, "sku")),
    (Order(1, [{"sku": "a"}]), Order, "type_mismatch", ("lines", 0)),
    (Order(1, "text"), Order, "type_mismatch", ("lines",)),
    (Order(1, total=2**53 + 1), Order, "inexact", ("total",)),
    (Order(1, note=5), Order, "type_mismatch", ("note",)),
    (Order(UNSET), Order, "type_mismatch", ("id",)),
    ({"id": 1}, Order, "type_mismatch", ()),
    (Line("a"), Order, "type_mismatch", ()),
    (Renamed(5), Renamed, "type_mismatch", ("first_name",)),
    (Data(1, [Line(1)]), Data, "type_mismatch", ("lines", 0, "sku")),
    (Slotted("x"), Slotted, "type_mismatch", ("id",)),
    (Node(1, Node(2, Node("3"))), Node, "type_mismatch", ("next", "next", "value")),
    (Holder(items=[1]), Holder, "type_mismatch", ("items",)),
    (Holder(items=(1, "2")), Holder, "type_mismatch", ("items", 1)),
    (Holder(pair=(1, 2)), Holder, "type_mismatch", ("pair", 1)),
    (Holder(pair=(1,)), Holder, "wrong_length", ("pair",)),
    (Holder(tags={1}), Holder, "type_mismatch", ("tags", 0)),
    (Holder(point=(1, 2)), Holder, "type_mismatch", ("point",)),
    (Holder(point=Point("1")), Holder, "type_mismatch", ("point", "x")),
    (Holder(movie={"year": 1}), Holder, "missing_field", ("movie",)),
    (Holder(movie={"title": 1}), Holder, "type_mismatch", ("movie", "title")),
    (Holder(pet=Line("x")), Holder, "type_mismatch", ("pet",)),
    (Holder(pet=Cat("x")), Holder, "type_mismatch", ("pet", "lives")),
    (Holder(tags=frozenset({"a"})), Holder, "type_mismatch", ("tags",)),
    ((1, 2), list[int], "type_mismatch", ()),
    (Holder(kind="b"), Holder, "type_mismatch", ("kind",)),
    (Holder(kind=True), Holder, "type_mismatch", ("kind",)),
    ({"a": {5: "x"}}, dict[str, dict[str, str]], "type_mismatch", ("a", 5)),
    ({UID: 1}, dict[uuid.UUID, str], "type_mismatch", (UID,)),
    ("red", Color, "invalid_choice", ()),
    ("c", Literal["a", "b"], "invalid_choice", ()),
    (WHEN, dt.date, "type_mismatch", ()),
    ({"x": 1}, Movie | dict[str, str], "type_mismatch", ("x",)),
]


@pytest.mark.parametrize(("value", "type_"), VALID)
def test_valid(value, type_):
    assert validate(value, type_) is None


@pytest.mark.parametrize(("value", "type_", "code", "steps"), INVALID)
def test_invalid(value, type_, code, steps):
    found = fault(quire.ValidationError, validate, value, type_)
    assert (found.code, found.steps) == (code, steps)


@pytest.mark.parametrize("module", [quire.json, quire.msgpack])
@pytest.mark.parametrize(("value", "type_"), [pair for pair in VALID if pair[0] is not VALID[8][0]])
def test_an_encoder_takes_what_is_valid(module, value, type_):
    assert module.Encoder(type_).encode(value) == module.encode(value)


@pytest.mark.parametrize("module", [quire.json, quire.msgpack])
@pytest.mark.parametrize(("value", "type_", "code", "steps"), INVALID)
def test_an_encoder_refuses_the_rest(module, value, type_, code, steps):
    found = fault(quire.EncodeError, module.Encoder(type_).encode, value)
    assert (found.code, found.steps) == (code, steps)


def test_unset_slots():
    order = Order.__new__(Order)
    assert fault(quire.ValidationError, validate, order, Order).code == "missing_field"
    assert fault(quire.EncodeError, quire.json.Encoder(Order).encode, order).steps in ((), ("id",))
    data = Slotted.__new__(Slotted)
    assert fault(quire.ValidationError, validate, data, Slotted).code == "missing_field"


# ---------------------------------------------------------------- to_builtins


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Order(1, [Line("a")], 1.5), {"id": 1, "lines": [{"sku": "a", "count": 1}], "total": 1.5, "note": None}),
        (Data(1, [Line("a")]), {"id": 1, "lines": [{"sku": "a", "count": 1}]}),
        (Slotted(1), {"id": 1, "name": "n"}),
        (Renamed("Ada"), {"firstName": "Ada"}),
        (Cat(9), {"type": "cat", "lives": 9}),
        (Row(1), [1, "b"]),
        (Point(1, 2), [1, 2]),
        (SCALARS, {**AS_TEXT, "data": b"\x00\xff"}),
        ((1, (2,)), [1, [2]]),
        ([{3}, frozenset({4})], [[3], [4]]),
        ({Color.RED: Color.BLUE, Level.LOW: Level.HIGH}, {"red": "blue", 1: 2}),
        ({UID: 1, WHEN.date(): 2, 1.5: 3, None: 4, b"k": 5}, {str(UID): 1, "2024-05-06": 2, 1.5: 3, None: 4, b"k": 5}),
        (collections.OrderedDict(a=(1,)), {"a": [1]}),
        (bytearray(b"ab"), b"ab"),
        (memoryview(b"ab"), b"ab"),
        (10**40, 10**40),
        (float("inf"), float("inf")),
        ("\ud800", "\ud800"),
    ],
)
def test_to_builtins(value, expected):
    result = to_builtins(value)
    assert result == expected
    assert type(result) is type(expected)


def test_to_builtins_has_exact_types():
    class Text(str):
        pass

    class Number(float):
        pass

    result = to_builtins([Text("a"), Level.LOW, Number(1.5), collections.Counter("aa"), {Text("k"): 1}])
    assert result == ["a", 1, 1.5, {"a": 2}, {"k": 1}]
    assert [type(one) for one in result] == [str, int, float, dict, dict]
    assert type(next(iter(result[4]))) is str


def test_to_builtins_leaves_out_what_an_encoder_does():
    class Small(Record, omit="default"):
        a: int = 1
        b: list[int] = field(default_factory=list)

    assert to_builtins([Small(), Small(2, [3])]) == [{}, {"a": 2, "b": [3]}]
    assert to_builtins(Holder(maybe=UNSET)).keys() == set(Holder.__record_fields__) - {"maybe"}


def test_to_builtins_and_back():
    for value in [Order(1, [Line("a")], 1.5, "n"), Data(1, [Line("x")]), SCALARS, Cat(1), Row(1), Renamed("x")]:
        back = convert(to_builtins(value), type(value))
        assert back == value
        assert type(back) is type(value)
        assert quire.json.decode(quire.json.encode(value), type(value)) == value


@pytest.mark.parametrize(
    ("value", "code", "steps"),
    [
        ([1, {"a": object()}], "unsupported_type", (1, "a")),
        (Order(1, [Line(object())]), "unsupported_type", ("lines", 0, "sku")),
        ({frozenset({1}): 1}, "unsupported_key", (frozenset({1}),)),
        ({UID: 1, str(UID): 2}, "duplicate_key", (str(UID),)),
        (quire.Raw(b"1"), "unsupported_type", ()),
    ],
)
def test_to_builtins_refuses(value, code, steps):
    found = fault(quire.EncodeError, to_builtins, value)
    assert (found.code, found.steps) == (code, steps)


def test_user_errors_pass_through_to_builtins():
    @dataclasses.dataclass
    class Odd:
        x: int

        def __getattribute__(self, name):
            if name == "x":
                raise KeyError("gone")
            return super().__getattribute__(name)

    with pytest.raises(KeyError, match="gone"):
        to_builtins([Odd.__new__(Odd)])


# ---------------------------------------------------------------- hostile input


class Tree(Record):
    kids: list[Tree] = field(default_factory=list)


def chain(depth):
    value = {}
    for _ in range(depth):
        value = {"kids": [value]}
    return value


def test_depth():
    assert convert(chain(499), Tree).kids[0]
    assert fault(quire.LimitError, convert, chain(501), Tree).code == "depth_limit"
    deep = None
    for _ in range(1_000_000):
        deep = [deep]
    assert fault(quire.errors.EncodeLimitError, to_builtins, deep).code == "depth_limit"
    assert convert(deep, list[Any])[0] is deep[0]
    tree = Tree()
    for _ in range(600):
        tree = Tree([tree])
    assert fault(quire.LimitError, validate, tree, Tree).code == "depth_limit"
    assert fault(quire.errors.EncodeLimitError, quire.json.Encoder(Tree).encode, tree).code == "depth_limit"
    assert fault(quire.LimitError, convert, tree, Tree).code == "depth_limit"
    while deep:
        deep = deep.pop()


def test_cycles():
    loop = {"kids": []}
    loop["kids"].append(loop)
    assert fault(quire.LimitError, convert, loop, Tree).code == "depth_limit"
    assert fault(quire.errors.EncodeLimitError, to_builtins, loop).code == "depth_limit"
    tree = Tree()
    tree.kids.append(tree)
    for error, call in [
        (quire.LimitError, lambda: validate(tree, Tree)),
        (quire.LimitError, lambda: convert(tree, Tree)),
        (quire.errors.EncodeLimitError, lambda: to_builtins(tree)),
        (quire.errors.EncodeLimitError, lambda: quire.json.Encoder(Tree).encode(tree)),
    ]:
        assert fault(error, call).code == "depth_limit"
    node = Node(1)
    node.next = node
    assert fault(quire.LimitError, convert, node, Node).code == "depth_limit"
    tree.kids.clear()


class Mutating(enum.Enum):
    """Its _missing_ does what it is told, while a conversion goes on."""

    A = "a"

    @classmethod
    def _missing_(cls, value):
        Mutating_action()
        return cls.A


def Mutating_action():  # noqa: N802
    raise AssertionError


@pytest.fixture
def during(monkeypatch):
    def set_action(action):
        monkeypatch.setitem(globals(), "Mutating_action", action)

    return set_action


def test_a_list_that_changes(during):
    data = [["".join(["x", str(n)])] for n in range(5)]
    during(data.clear)
    assert fault(quire.MalformedError, convert, data, list[list[Mutating]]).code == "input_changed"
    data = [["".join(["x", str(n)])] for n in range(5)]
    during(lambda: data[0].clear())
    assert fault(quire.MalformedError, convert, data, list[list[Mutating]]).code == "input_changed"
    data = ["".join(["x", "y"]), 1]
    during(lambda: data.__setitem__(slice(None), [2, 3]))
    assert convert(data, list[Mutating]) == [Mutating.A] * 2


def test_a_dict_that_changes(during):
    data = {"k" + str(n): ["".join(["x", str(n)])] for n in range(5)}
    during(data.clear)
    assert fault(quire.MalformedError, convert, data, dict[str, list[Mutating]]).code == "input_changed"
    data = {"".join(["x", "y"]): ["".join(["v"])], "b": [1]}
    during(data.clear)
    assert fault(quire.MalformedError, convert, data, dict[Mutating, list[str]]).code == "input_changed"
    data = {"".join(["x", "y"]): [b"".join([b"v"])], "b": [1]}
    during(data.clear)
    assert invalid(data, dict[Mutating, list[str]]).steps == ("xy", 0)
    data = {"k" + str(n): "".join(["x", str(n)]) for n in range(5)}

    def grow():
        data.update({str(n): 1 for n in range(100)})

    during(grow)
    assert fault(quire.MalformedError, convert, data, dict[str, Mutating]).code == "input_changed"


def test_a_source_that_empties_itself(during):
    class Wanted(Record):
        a: Mutating
        b: list[str]

    @dataclasses.dataclass
    class Source:
        a: Any
        b: Any

    def source():
        one = Source("".join(["x", "y"]), [["".join(["fre", "sh"])]])
        holder.append(one)
        return holder

    holder = []
    during(lambda: holder[0].__dict__.clear())
    assert invalid(source(), list[Wanted]).code == "missing_field"
    holder = []
    during(lambda: holder[0].__dict__.update(b=None))
    assert invalid(source(), list[Wanted]).steps == (0, "b")


def test_a_property_that_empties_what_is_checked():
    data = {}

    @dataclasses.dataclass
    class Trick:
        value: int = 1

        def __getattribute__(self, name):
            if name == "value":
                data.clear()
                gc.collect()
                return "".join(["not", "int"])
            return super().__getattribute__(name)

    def fill():
        data["".join(["k", "ey"])] = Trick()
        return data

    assert fault(quire.ValidationError, validate, fill(), dict[str, Trick]).steps == ("key", "value")
    assert invalid(fill(), dict[str, Trick]).steps == ("key", "value")
    assert fault(quire.EncodeError, quire.json.Encoder(dict[str, Trick]).encode, fill()).code == "changed"
    with pytest.raises(quire.EncodeError):
        to_builtins(fill())


def test_threads():
    def work(_):
        for _ in range(200):
            assert convert({"id": 1, "lines": [{"sku": "a"}] * 5}, Order).lines[4].sku == "a"

    together(work)


# ---------------------------------------------------------------- memory


def everything():
    data = {"id": 1, "lines": [{"sku": "a"}, {"sku": "é", "count": 2}], "note": "n", "other": [1]}
    order = convert(data, Order)
    convert(Data(1, order.lines), Order)
    convert({"a": {1: (2,)}}, dict[str, dict[int, list[int]]])
    convert({"k": {4, 5}}, dict[str, set[int]])
    convert(AS_TEXT, Scalars)
    convert(collections.OrderedDict(type="cat", lives=1), Cat | Dog)
    convert(order, Order)
    validate(order, Order)
    to_builtins([order, SCALARS, {UID: {1}}, Cat(1), Row(1), Color.RED])
    quire.json.Encoder(Order).encode(order)
    for value, type_, *_ in INVALID[:8]:
        for call in (validate, convert):
            try:
                call(value, type_)
            except quire.QuireError as error:
                del error
    for value, type_ in [
        ({"a": {"b": 1}}, dict[str, dict[str, str]]),
        ([Order(1, [1])], list[Order]),
        ({1, "x"}, list[int]),
        (chain(600), Tree),
    ]:
        try:
            convert(value, type_)
        except quire.QuireError as error:
            del error


def test_nothing_leaks():
    for _ in range(20):
        everything()
    gc.collect()
    before = sys.getallocatedblocks()
    for _ in range(100):
        everything()
    gc.collect()
    assert sys.getallocatedblocks() - before < 100


def test_references_of_shared_values():
    text, number = "".join(["sha", "red"]), 10**6
    counts = sys.getrefcount(text), sys.getrefcount(number)
    for _ in range(50):
        convert({"id": number, "lines": [{"sku": text}], "note": text}, Order)
        convert({text: text}, dict[str, str])
        to_builtins({text: [number, text]})
        for bad in ({"id": text}, {"id": number, "lines": [{"sku": number}]}, {"id": number, "note": [text]}):
            with pytest.raises(quire.ValidationError):
                convert(bad, Order)
        with pytest.raises(quire.ValidationError):
            convert({text: {text: number}}, dict[str, dict[str, str]])
    del bad
    gc.collect()
    assert (sys.getrefcount(text), sys.getrefcount(number)) == counts


# Everything that Python code has to make is made here: under the failing allocator nothing but the engine should run.
CHECKED = dict[uuid.UUID, Annotated[int, At(ge=0)]]
NESTED = dict[str, dict[str, str]]
SETS = dict[str, set[int]]
GOOD = [
    ({"id": 1, "lines": [{"sku": "a"}], "note": "é"}, Order),
    ({"k": {4, 5}, "l": [1]}, SETS),
    (Data(1, [Line("x")]), Order),
    (AS_TEXT, Scalars),
    ({UID: 10**40, str(uuid.UUID(int=5)): 1}, CHECKED),
    ({"lives": 1, "type": "cat"}, Cat | Dog),
    (SCALARS, Scalars),
]


def under_failing_allocations(call, *args):
    """Calls it with the n-th allocation failing, for every n, and returns how often that raised MemoryError."""
    import _testcapi as testcapi  # missing is a failure

    failures = 0
    for n in range(1, 200):
        error = None
        callbacks, gc.callbacks[:] = gc.callbacks[:], []  # others' code would meet the failing allocator
        testcapi.set_nomemory(n, n + 1)
        try:
            call(*args)
        except BaseException as caught:  # noqa: BLE001
            error = caught
        finally:
            testcapi.remove_mem_hooks()
            gc.callbacks[:] = callbacks
        if type(error) is MemoryError:
            failures += 1
        elif type(error) is SystemError and sys.version_info >= (3, 13):
            assert str(error) == "error return without exception set"  # the interpreter's import statement loses its MemoryError
        else:
            assert error is None or isinstance(error, quire.QuireError), (n, error)
    return failures


@pytest.mark.parametrize(("value", "type_"), GOOD)
def test_failing_allocations(value, type_):
    expected = convert(value, type_)
    under_failing_allocations(convert, value, type_)  # small ones live on the interpreter's free lists
    assert convert(value, type_) == expected
    plain = to_builtins(expected)
    under_failing_allocations(to_builtins, expected)
    assert to_builtins(expected) == plain
    under_failing_allocations(validate, expected, type_)


@pytest.mark.parametrize(
    ("call", "value", "type_"),
    [
        (convert, {"a": {"b": 1}}, NESTED),
        (convert, {"a": {1: "b"}}, NESTED),
        (convert, Data(1, [Line(5)]), Order),
        (validate, Order(1, [Line(5)]), Order),
        (validate, {UID: -(10**40)}, CHECKED),
    ],
)
def test_failing_allocations_while_a_fault_is_told(call, value, type_):
    with pytest.raises(quire.ValidationError):
        call(value, type_)
    assert under_failing_allocations(call, value, type_) > 0
    with pytest.raises(quire.ValidationError):
        call(value, type_)


def test_failing_allocations_are_met():
    rows = [{"id": n, "lines": [{"sku": str(n)}] * 3} for n in range(300)]
    assert len(convert(rows, list[Order])) == 300  # the plan is there: Python code reads annotations
    assert under_failing_allocations(convert, rows, list[Order]) > 10
    assert under_failing_allocations(to_builtins, rows) > 10


def test_failing_allocations_of_an_encoder():
    encoder, bad, worse = quire.json.Encoder(Order), Order(1, [Line(5)]), {"a": [object()]}
    assert under_failing_allocations(encoder.encode, bad) > 0
    assert under_failing_allocations(to_builtins, worse) > 0


def test_records_made_of_objects_are_collected():
    class Text(str):
        pass

    class Keeps(Record):
        text: str

    refs = []
    for _ in range(3):
        text = Text("x")
        record = convert({"text": text}, Keeps)
        text.back = record
        refs.append(weakref.ref(text))
        assert gc.is_tracked(record)
    del text, record
    gc.collect()
    assert [ref() for ref in refs] == [None] * 3


# ---------------------------------------------------------------- the same as through a document

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=3)
    | st.sampled_from(["a", "red", "cat", "2024-05-06", "1.5", str(UID), "AP8=", "7", "true"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["id", "lines", "sku", "count", "note", "total", "type", "lives", "name", "title", "year", "firstName"]), inner, max_size=4),
    max_leaves=8,
)  # fmt: skip
TYPES = [
    Order, Line, Renamed, Cat, Cat | Dog, Row, Data, Slotted, Point, Movie, Scalars, Bounded, list[Order], dict[str, Line], int, float, str, bool,
    bytes, None, Color, Level, Literal["a", 1], dt.date, decimal.Decimal, uuid.UUID, int | str, int | float | None, str | dt.date | None,
    list[int] | dict[str, int] | str, tuple[int, str], tuple[float, ...], set[int], frozenset[str], Order | list[int] | None, dict[str, Any], list[Any],
    Annotated[list[int], At(min_length=1)], Cat | Dog | int | list[Cat | Dog], dict[Color, int],
]  # fmt: skip


def shaped():
    """Plain data that often fits."""
    return st.one_of(
        PLAIN,
        st.fixed_dictionaries(
            {"id": st.integers(0, 9)},
            optional={
                "lines": st.lists(st.fixed_dictionaries({"sku": st.text(max_size=2)}, optional={"count": PLAIN}), max_size=3),
                "note": PLAIN,
            },
        ),
        st.fixed_dictionaries({"type": st.sampled_from(["cat", "dog", "cow", 1]), "lives": PLAIN, "name": st.text(max_size=2)}),
        st.lists(st.integers(0, 9) | PLAIN, max_size=3),
        st.dictionaries(
            st.sampled_from(["red", "blue", "n", "f", "s", "items", "pairs"]), st.integers(-5, 20) | PLAIN, max_size=3
        ),
    )


def outcome(call, *args, **kwargs):
    try:
        return call(*args, **kwargs)
    except quire.QuireError as error:
        found = error.errors[0]
        return type(error), found.code, found.steps, found.expected, found.got


@given(st.sampled_from(TYPES), shaped(), st.booleans())
@settings(max_examples=300)
def test_the_same_as_through_a_document(type_, data, strict):
    document = quire.json.encode(data)
    read = outcome(quire.json.decode, document, type_, strict=strict)
    made = outcome(convert, data, type_, strict=strict)
    if type(made) is tuple and made and made[0] is quire.ValidationError and made[3] == "decimal" and made[4] == "float":
        return  # a number of a document is its digits, a float is not
    assert made == read
    assert type(made) is type(read)
    if not (type(made) is tuple and made and isinstance(made[0], type)):
        assert convert(made, type_) == made
        validate(made, type_)
        assert quire.json.Encoder(type_).encode(made) == quire.json.encode(made)
        assert outcome(quire.msgpack.Encoder(type_).encode, made) == outcome(quire.msgpack.encode, made)  # not beyond 64 bits
