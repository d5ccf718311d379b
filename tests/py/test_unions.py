# SPDX-License-Identifier: Apache-2.0
"""Unions: which arm takes what is in the document, whatever the order in which the arms are declared."""

import dataclasses
import datetime as dt
import decimal
import enum
import itertools
import uuid
from typing import Any, Literal, NamedTuple, Optional, TypedDict, Union

import pytest
from hypothesis import given
from hypothesis import strategies as st

import quire
from quire import Record, field


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Dog(Record, tag="dog"):
    age: int
    friends: "list[Dog | Cat | Fish]" = field(default_factory=list)


class Cat(Record, tag="cat"):
    name: str
    age: int = 0


class Fish(Record, tag="fish"):
    pass


class One(Record, tag=1, tag_field="version"):
    a: int


class Two(Record, tag=2, tag_field="version"):
    b: str


class Ping(Record):
    op: Literal["ping"]
    n: int = 0


class Pong(Record):
    op: Literal["pong", "pang"]
    n: int = 0


class Circle(Record):
    radius: float


class Box(Record):
    width: float
    height: float


class Named(Record):
    width: float
    height: float
    name: str


@dataclasses.dataclass
class Plain:
    plain: int


class Dict(TypedDict):
    key: int


class Pair(NamedTuple):
    a: int
    b: int


def orders(*arms):
    return [Union[order] for order in itertools.permutations(arms)]  # noqa: UP007


def exact(a, b):
    return type(a) is type(b) and a == b


MOMENT = dt.datetime(2020, 1, 2, 3, 4, 5, tzinfo=dt.UTC)

SCALARS = [
    # arms, (what is in the document, what becomes of it)
    ((int, str), [(1, 1), ("1", "1"), ("", ""), (-(2**63), -(2**63)), (2**64 - 1, 2**64 - 1)]),
    ((int, float), [(1, 1), (1.0, 1.0), (1.5, 1.5), (2**60 + 1, 2**60 + 1)]),
    ((bool, int), [(True, True), (1, 1), (0, 0), (False, False)]),
    ((bool, float), [(True, True), (1, 1.0), (0.5, 0.5)]),
    ((int, None), [(1, 1), (None, None)]),
    ((int, str, None), [(1, 1), ("a", "a"), (None, None)]),
    ((str, Colour), [("red", Colour.RED), ("green", "green"), ("", "")]),
    ((int, Colour), [("red", Colour.RED), (5, 5)]),
    ((int, Level), [(1, Level.LOW), (3, 3)]),
    ((str, Level), [(2, Level.HIGH), ("2", "2")]),
    ((Colour, Level), [("red", Colour.RED), (1, Level.LOW)]),
    ((Literal["a", "b"], int), [("a", "a"), (1, 1)]),
    ((Literal["a", 1], bool), [("a", "a"), (1, 1), (True, True), (False, False)]),
    ((str, dt.date), [("2020-01-02", dt.date(2020, 1, 2)), ("2020-01-32", "2020-01-32"), ("x", "x")]),
    ((str, dt.datetime), [("2020-01-02T03:04:05Z", MOMENT), ("2020-01-02T", "2020-01-02T")]),
    ((dt.date, dt.datetime), [("2020-01-02", dt.date(2020, 1, 2)), ("2020-01-02T03:04:05Z", MOMENT)]),
    ((dt.date, dt.time, str), [("2020-01-02", dt.date(2020, 1, 2)), ("03:04:05", dt.time(3, 4, 5)), ("3", "3")]),
    ((uuid.UUID, str), [(str(uuid.UUID(int=7)), uuid.UUID(int=7)), ("7", "7")]),
    ((decimal.Decimal, int), [(7, 7), ("1.50", decimal.Decimal("1.50"))]),
    ((list[int], int), [([1], [1]), (1, 1), ([], [])]),
    ((tuple[int, str], str), [([1, "a"], (1, "a")), ("a", "a")]),
    ((dict[str, int], int), [({"a": 1}, {"a": 1}), (1, 1), ({}, {})]),
    ((dict[str, int], list[int], str, None), [({"a": 1}, {"a": 1}), ([1], [1]), ("a", "a"), (None, None)]),
    ((Pair, int), [([1, 2], Pair(1, 2)), (1, 1)]),
    ((Circle, int), [({"radius": 1}, Circle(1.0)), (1, 1)]),
    (
        (Circle, str, None, list[Circle]),
        [({"radius": 1}, Circle(1.0)), ("x", "x"), ([{"radius": 2}], [Circle(2.0)]), (None, None)],
    ),
]


@pytest.mark.parametrize(("arms", "cases"), SCALARS, ids=lambda v: str(v)[:50])
def test_the_order_of_arms_does_not_matter(fmt, arms, cases):
    for type_ in orders(*arms):
        for document, expected in cases:
            data = fmt.encode(document)
            assert exact(fmt.decode(data, type_), expected), type_
            assert exact(fmt.decode(fmt.encode([document]), list[type_])[0], expected), type_
            assert exact(fmt.decode(fmt.encode({"k": document}), dict[str, type_])["k"], expected), type_
            assert exact(fmt.decode(data, Optional[type_]), expected)  # noqa: UP045
            again = fmt.decode(fmt.encode(expected), type_)
            assert exact(again, expected), type_


REFUSED = [
    ((int, str), [None, 1.5, True, [], {}], "type_mismatch", "int or str"),
    ((int, None), ["a", 1.5, True, [], {}], "type_mismatch", "int or null"),
    ((bool, str), [1, None, []], "type_mismatch", "bool or str"),
    ((list[int], str), [1, {}, None], "type_mismatch", None),
    ((list[int], str), [["a"]], "type_mismatch", "int"),
    ((Colour, int), ["green", ""], "invalid_choice", None),
    ((int, dt.date), [1.5, None], "type_mismatch", None),
    ((int, dt.date), ["yesterday"], "invalid_format", None),
    ((int, Circle), [{"x": 1}], "missing_field", None),
    ((Circle, Box), [{"x": 1}, {}], "no_match", None),
    ((Circle, Box), [[1], 1, "a"], "type_mismatch", None),
    ((Dog, Cat), [{"type": "bird"}, {"type": 1}, {"type": None}, {"type": ["dog"]}], "invalid_tag", None),
    ((Dog, Cat), [{}, {"age": 1}, {"Type": "dog"}], "missing_tag", None),
    ((Dog, Cat), [1, None, [], "dog"], "type_mismatch", None),
]


@pytest.mark.parametrize(("arms", "values", "code", "expected"), REFUSED, ids=lambda v: str(v)[:40])
def test_refused_by_every_arm(fmt, arms, values, code, expected):
    for type_ in orders(*arms):
        for value in values:
            fault = fmt.refuses(fmt.encode([value]), list[type_], quire.ValidationError)
            assert fault.code == code, (type_, value)
            assert fault.path.startswith("$[0]")
            assert expected is None or fault.expected == expected


def test_tags_first_late_missing_unknown(fmt):
    for type_ in orders(Dog, Cat, Fish):
        for document, expected in (
            ({"type": "dog", "age": 1}, Dog(1)),
            ({"age": 1, "type": "dog"}, Dog(1)),
            ({"age": 1, "more": [{"type": "cat"}, "é" * 100], "type": "dog"}, Dog(1)),
            ({"name": "x", "friends": [{}], "type": "cat"}, Cat("x")),
            ({"type": "fish"}, Fish()),
            ({"anything": {"type": "dog"}, "type": "fish"}, Fish()),
        ):
            assert exact(fmt.decode(fmt.encode(document), type_), expected)
            assert exact(fmt.decode(fmt.encode({"k": [document, document]}), dict[str, list[type_]])["k"][1], expected)
        fault = fmt.refuses(fmt.encode([{"a": 1}]), list[type_], quire.ValidationError)
        assert (fault.code, fault.path) == ("missing_tag", "$[0]")
        fault = fmt.refuses(fmt.encode([{"a": 1, "type": "cow"}]), list[type_], quire.ValidationError)
        assert fault.code == "invalid_tag" and "dog" in fault.message and "cat" in fault.message
        fault = fmt.refuses(fmt.encode([{"type": "dogg"}]), list[type_], quire.ValidationError)
        assert "dog" in fault.hint
        fault = fmt.refuses(fmt.encode([{"friends": [], "type": "dog", "age": "x"}]), list[type_], quire.ValidationError)
        assert (fault.code, fault.path) == ("type_mismatch", "$[0].age")


def test_tags_are_written_first_and_checked(fmt):
    assert list(fmt.decode(fmt.encode(Cat("a")))) == ["type", "name", "age"]
    assert fmt.decode(fmt.encode(Fish())) == {"type": "fish"}
    assert fmt.decode(fmt.encode(One(1))) == {"version": 1, "a": 1}
    assert fmt.decode(fmt.encode({"age": 1}), Dog) == Dog(1)
    assert fmt.refuses(fmt.encode({"age": 1, "type": "cat"}), Dog, quire.ValidationError).code == "invalid_tag"
    assert fmt.refuses(fmt.encode({"type": 1}), Fish, quire.ValidationError).code == "invalid_tag"


def test_integer_tags(fmt):
    for type_ in orders(One, Two):
        assert fmt.decode(fmt.encode({"version": 2, "b": "x"}), type_) == Two("x")
        assert fmt.decode(fmt.encode({"a": 5, "version": 1}), type_) == One(5)
        for tag in (3, "1", 1.0, True, None, 2**64 - 1):
            assert fmt.refuses(fmt.encode({"version": tag, "a": 1}), type_, quire.ValidationError).code == "invalid_tag"


def test_a_literal_field_is_a_tag(fmt):
    for type_ in orders(Ping, Pong):
        assert fmt.decode(fmt.encode({"op": "ping", "n": 1}), type_) == Ping("ping", 1)
        assert fmt.decode(fmt.encode({"n": 1, "op": "pang"}), type_) == Pong("pang", 1)
        assert fmt.refuses(fmt.encode({"op": "x"}), type_, quire.ValidationError).code == "invalid_tag"
        assert fmt.refuses(fmt.encode({"n": 1}), type_, quire.ValidationError).code == "missing_tag"


def test_records_are_told_apart_by_their_keys(fmt):
    for type_ in orders(Circle, Box, Named):
        for value in (Circle(1.0), Box(1.0, 2.0), Named(1.0, 2.0, "n")):
            assert exact(fmt.decode(fmt.encode(value), type_), value)
        assert fmt.decode(fmt.encode({"name": "x", "height": 1, "more": {}, "width": 2}), type_) == Named(2.0, 1.0, "x")
    for type_ in orders(Circle, Plain, Dict):
        for value in (Circle(1.0), Plain(1), {"key": 1}):
            assert exact(fmt.decode(fmt.encode(value), type_), value)
    for type_ in orders(Circle, dict[str, int]):
        assert fmt.decode(fmt.encode({"radius": 1}), type_) == Circle(1.0)
        assert fmt.decode(fmt.encode({"x": 1}), type_) == {"x": 1}


def test_what_cannot_be_told_apart_is_refused_when_the_plan_is_made(fmt):
    class Other(Record):
        radius: float

    class Same(Record, tag="dog"):
        pass

    for type_ in (
        Circle | Other,
        Dog | Same,
        dict[str, int] | dict[str, str],
        list[int] | tuple[int, ...],
        list[int] | set[int],
        Colour | Literal["red"],
        Circle | quire.Raw,
    ):
        with pytest.raises(quire.SchemaError):
            fmt.Decoder(type_)
        with pytest.raises(quire.SchemaError):
            fmt.decode(b"{}", list[type_])


PETS = st.recursive(
    st.builds(Cat, st.text("abü"), st.integers(0, 9)) | st.builds(Fish),
    lambda inner: st.builds(Dog, st.integers(0, 9), st.lists(inner)),
    max_leaves=8,
)


@given(st.lists(PETS), st.randoms())
def test_tagged_records_in_any_order_of_keys(fmt, pets, rng):
    assert fmt.decode(fmt.encode(pets), list[Dog | Cat | Fish]) == pets

    def shuffled(value):
        if isinstance(value, dict):
            items = [(k, shuffled(v)) for k, v in value.items()]
            rng.shuffle(items)
            return dict(items)
        return [shuffled(v) for v in value] if isinstance(value, list) else value

    assert fmt.decode(fmt.encode(shuffled(fmt.decode(fmt.encode(pets)))), list[Dog | Cat | Fish]) == pets


def test_late_tags_all_the_way_down_are_limited(fmt):
    """Finding a late tag reads ahead; nested, that would be quadratic: it ends in a LimitError, or in time."""

    def nested(n, fill):
        value = {"type": "fish"}
        for _ in range(n):
            value = {"age": 1, "fill": fill, "friends": [value], "type": "dog"}
        return value

    assert type(fmt.decode(fmt.encode(nested(10, "")), Dog | Cat | Fish)) is Dog
    data = fmt.encode(nested(400, "x" * 1000))
    fault = fmt.refuses(data, Dog | Cat | Fish, quire.LimitError)
    assert fault.code in ("work_limit", "depth_limit")


def test_unions_of_any_and_object(fmt):
    for type_ in (int | Any, Any | str, object | int, Optional[Any]):  # noqa: UP045
        for value in (1, "a", None, [1], {"a": 1}):
            assert exact(fmt.decode(fmt.encode(value), type_), value)


def test_nested_unions_are_one(fmt):
    inner = Union[int, None]  # noqa: UP007
    for type_ in (Union[inner, str], Union[str, Union[None, int]], list[inner | str] | None):  # noqa: UP007
        assert fmt.decode(fmt.encode(None), type_) is None
    assert fmt.decode(fmt.encode([None, 1, "a"]), list[inner | str] | None) == [None, 1, "a"]


def test_an_alias_and_its_reverse_share_nothing_wrong(fmt):
    # Python holds these for equal: what is kept for one must serve the other.
    for _ in range(2):
        assert exact(fmt.decode(fmt.encode("red"), list[str | Colour] | str | Colour), Colour.RED)
        assert exact(fmt.decode(fmt.encode("red"), Colour | str), Colour.RED)
        assert exact(fmt.decode(fmt.encode("red"), str | Colour), Colour.RED)
    assert exact(fmt.decode(fmt.encode(True), Literal[True]), True)
    assert exact(fmt.decode(fmt.encode(1), Literal[1]), 1)
    assert exact(fmt.decode(fmt.encode([1]), list[Literal[1]])[0], 1)
    assert exact(fmt.decode(fmt.encode([True]), list[Literal[True]])[0], True)


def test_lax_reading_prefers_what_fits(fmt):
    assert fmt.decode(fmt.encode("5"), int | str, strict=False) == "5"
    assert fmt.decode(fmt.encode("5"), int | None, strict=False) == 5
    assert fmt.decode(fmt.encode(5), int | str, strict=False) == 5
