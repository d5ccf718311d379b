# SPDX-License-Identifier: Apache-2.0
# ruff: noqa: UP007
"""Writing unions with an Encoder(T): the arm is found by class, and nothing is written that would be read back as something else."""

import base64
import collections
import datetime as dt
import decimal
import enum
import uuid
from typing import Literal, TypedDict, Union

import pytest
from conftest import check_error
from hypothesis import given
from hypothesis import strategies as st

import quire
from quire import Record


class Colour(enum.Enum):
    RED = "red"
    ONE = "1"


class Level(enum.IntEnum):
    LOW = 1


class Dog(Record, tag=True):
    age: int


class Puppy(Dog):
    weeks: int = 0


class Circle(Record):
    radius: float


class Box(Record):
    width: float
    height: float


class Sphere(Circle):
    depth: float = 0.0


class Cube(Circle):
    width: float = 0.0
    height: float = 0.0


class Tall(TypedDict):
    height: float


CHANGED = [
    (str | dt.date, "2020-01-02"),
    (str | dt.datetime, "2020-01-02T03:04:05Z"),
    (str | dt.time | int, "03:04:05"),
    (str | dt.timedelta, "P1D"),
    (str | uuid.UUID, str(uuid.UUID(int=7))),
    (str | decimal.Decimal, "1.50"),
    (str | Colour, "red"),
    (decimal.Decimal | Colour, decimal.Decimal("1")),
    (int | Level, 1),
    (float | Level, 1),
    (Circle | dict[str, float], {"radius": 1.0}),
    (Dog | dict[str, int | str], {"type": "Dog", "age": 1}),
    (Dog | Tall | dict[str, float | str], {"type": "Dog", "age": 1, "height": 1.0}),
    (Circle | Box, Cube(1.0, 2.0, 3.0)),
]
KEPT = [
    (str | dt.date, "2020-01-32"),
    (str | dt.date, dt.date(2020, 1, 2)),
    (str | dt.date, ""),
    (str | dt.date, "2020-01-02é"),
    (str | Colour, Colour.RED),
    (str | Literal["red"], "red"),
    (int | Level, Level.LOW),
    (int | Literal[1], 1),
    (int | Level, 2),
    (bool | Level, True),
    (Circle | dict[str, float], {"Radius": 1.0}),
    (Dog | dict[str, int | str], {"type": "dog", "age": 1}),
    (Circle | Box, Circle(1.0)),
]


@pytest.mark.parametrize(("type_", "value"), CHANGED, ids=lambda v: str(v)[:50])
def test_what_would_be_read_back_as_another_arm_is_refused(fmt, type_, value):
    for declared, given_ in ((type_, value), (list[type_], [value]), (dict[str, type_ | None], {"k": value})):
        with pytest.raises(quire.EncodeError) as caught:
            fmt.Encoder(declared).encode(given_)
        fault = check_error(caught.value)
        assert fault.code == "would_change" and fault.path == {list: "$[0]", dict: "$.k"}.get(
            type(given_) if given_ is not value else 0, "$"
        )
    again = fmt.decode(fmt.encode(value), type_)
    assert type(again) is not type(value) or again != value


@pytest.mark.parametrize(("type_", "value"), KEPT, ids=lambda v: str(v)[:50])
def test_what_comes_back_is_written(fmt, type_, value):
    again = fmt.decode(fmt.Encoder(type_).encode(value), type_)
    assert type(again) is type(value) and again == value


def test_bytes_and_text_share_base64_where_bytes_are_text(fmt):
    encoder = fmt.Encoder(list[str | bytes])
    assert fmt.decode(encoder.encode(["abc", b"abc"]), list[str | bytes]) == ["abc", b"abc"]
    text = base64.b64encode(b"abc").decode()
    if fmt.binary:
        assert fmt.decode(encoder.encode([text]), list[str | bytes]) == [text]
        assert fmt.decode(fmt.Encoder(decimal.Decimal | bytes).encode(b"\xd7m\xf8"), decimal.Decimal | bytes) == b"\xd7m\xf8"
        return
    for type_, value in ((str | bytes, text), (decimal.Decimal | bytes, base64.b64decode("1234"))):
        with pytest.raises(quire.EncodeError) as caught:
            fmt.Encoder(type_).encode(value)
        assert caught.value.errors[0].code == "would_change"


def test_subclasses_of_arms(fmt):
    assert fmt.Encoder(Circle | Box).encode(Sphere(1.0)) == fmt.encode(Sphere(1.0))
    with pytest.raises(quire.EncodeError, match="type_mismatch"):  # tag=True: its tag is not Dog's
        fmt.Encoder(Dog | Circle).encode(Puppy(1))
    assert fmt.decode(fmt.Encoder(Dog | Puppy | Circle).encode(Puppy(1, 2)), Dog | Puppy | Circle) == Puppy(1, 2)
    assert fmt.Encoder(int | str).encode(Level.LOW) == fmt.encode(1)
    for type_, value in (
        (int | str, True),
        (dt.date | str, dt.datetime(2020, 1, 1)),
        (Circle | Box, Dog(1)),
        (Circle | Box, object()),
    ):
        with pytest.raises(quire.EncodeError, match="type_mismatch"):
            fmt.Encoder(type_).encode(value)


def test_typed_dicts_by_keys_and_tags(fmt):
    class Cat(TypedDict):
        type: Literal["cat"]

    class Cow(TypedDict):
        type: Literal["cow"]
        milk: int

    for type_ in (Cat | Cow, Cow | Dog | Cat, Tall | Cat | Cow):
        for value in ({"type": "cat"}, {"type": "cow", "milk": 1}):
            assert fmt.decode(fmt.Encoder(type_).encode(value), type_) == value
        for value in ({"type": "cow"}, {"type": "bird"}, {"type": 1}, {}, {"type": "cow", "milk": "x"}, {1: 2}, {"\ud800": 1}):
            with pytest.raises(quire.EncodeError):
                fmt.Encoder(type_).encode(value)


def test_an_object_is_found_by_class_among_many(fmt):
    """No comparison is made arm by arm: a class of a metaclass whose == is broken is found all the same."""
    kinds = [type(Record)(f"K{i}", (Record,), {"__annotations__": {"x": int}, "__module__": __name__}, tag=i) for i in range(300)]
    type_ = Union[tuple(kinds)]
    encoder = fmt.Encoder(list[type_ | int | str])
    values = [kinds[299](1), kinds[0](2), 5, "x"]
    assert fmt.decode(encoder.encode(values), list[type_ | int | str]) == values


SCALARS = {
    int: st.integers(-(2**63), 2**64 - 1),
    bool: st.booleans(),
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: st.text(max_size=8) | st.sampled_from(["2020-01-02", "1", "abcd", "red", "P1D", "03:04:05"]),
    bytes: st.binary(max_size=6),
    decimal.Decimal: st.decimals(allow_nan=False, allow_infinity=False, places=2),
    dt.date: st.dates(),
    dt.time: st.times(),
    uuid.UUID: st.uuids(),
    Colour: st.sampled_from(Colour),
    Level: st.just(Level.LOW),
    type(None): st.none(),
    Circle: st.builds(Circle, st.floats(0, 9)),
    Box: st.builds(Box, st.floats(0, 9), st.floats(0, 9)),
    Dog: st.builds(Dog, st.integers(0, 9)),
    dict[str, int]: st.dictionaries(st.sampled_from(["radius", "width", "height", "type", "x"]), st.integers(0, 9)),
    list[int]: st.lists(st.integers(0, 9), max_size=3),
    tuple[str, str]: st.tuples(st.text(max_size=3), st.text(max_size=3)),
}


@given(st.data())
def test_what_an_encoder_writes_comes_back(fmt, data):
    """Whatever the arms and however they are ordered: the very value comes back, or it is not written."""
    arms = data.draw(st.lists(st.sampled_from(list(SCALARS)), min_size=2, max_size=6, unique=True))
    if {bool, Level} <= set(arms) or {list[int], tuple[str, str]} <= set(arms):
        arms.pop()
    type_ = Union[tuple(arms)]
    value = data.draw(st.one_of([SCALARS[arm] for arm in arms]))
    try:
        written = fmt.Encoder(type_).encode(value)
    except quire.EncodeError as error:
        assert error.errors[0].code == "would_change" or (type(value) is int and int not in arms)
        return
    for order in (arms, arms[::-1], data.draw(st.permutations(arms))):
        again = fmt.decode(written, Union[tuple(order)])
        if type(value) is int and int not in arms and type(again) is float:
            assert again == value
        else:
            assert type(again) is type(value) and again == value, order


class Dated(TypedDict):
    when: dt.date | str


class Dates(list):
    pass


class DatesByName(dict):
    pass


class Day(enum.Enum):
    FIRST = dt.date(2020, 1, 1)
    TEXT = "2020-01-01"


@pytest.mark.parametrize("make", [set, frozenset, collections.deque, Dates])
@pytest.mark.parametrize("item", [dt.date | str, tuple[dt.date | str, int], Day])
def test_what_would_change_in_containers_of_every_class(fmt, make, item):
    wrong = {Day: Day.TEXT}.get(item, "2020-01-01" if item == dt.date | str else ("2020-01-01", 1))
    kind = list if make is Dates else make
    for type_, value in ((kind[item], make([wrong])), (dict[str, kind[item]], {"a": make([wrong])})):
        for options in ({}, {"canonical": True}, {"errors": "all"}):
            with pytest.raises(quire.EncodeError) as caught:
                fmt.Encoder(type_, **options).encode(value)
            assert [fault.code for fault in caught.value.errors] == ["would_change"]
    kept = {Day: Day.FIRST}.get(item, "first" if item == dt.date | str else ("first", 1))
    assert fmt.decode(fmt.Encoder(kind[item]).encode(make([kept])), kind[item]) == make([kept])


def test_what_would_change_in_dicts_of_every_class(fmt):
    union = dt.date | str
    for type_, make in (
        (collections.OrderedDict[str, union], collections.OrderedDict),
        (collections.defaultdict[str, union], lambda **pairs: collections.defaultdict(str, **pairs)),
        (dict[str, union], DatesByName),
        (Dated, dict),
    ):
        with pytest.raises(quire.EncodeError) as caught:
            fmt.Encoder(type_).encode(make(when="2020-01-01"))
        assert [(fault.code, fault.path) for fault in caught.value.errors] == [("would_change", "$.when")]
        assert fmt.decode(fmt.Encoder(type_).encode(make(when="then", other="x"))) == {"when": "then", "other": "x"}
