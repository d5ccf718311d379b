# SPDX-License-Identifier: Apache-2.0
"""Constraints of every kind on every type, by Annotated and by field(), read, converted and validated."""

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import uuid
import zoneinfo
from fractions import Fraction
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple, TypedDict

import annotated_types as at
import pytest
from conftest import check_error, leaves_nothing

import quire
from quire import Adapter, Record, field

UTC = dt.UTC
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
DAY = dt.date(2024, 2, 29)
NOON = dt.datetime(2024, 2, 29, 12)
HOUR = dt.timedelta(hours=1)
D = decimal.Decimal


def is_even(value):
    return value % 2 == 0


def is_positive(value):
    return value > 0


class Small(Record):
    n: int


class Pair(NamedTuple):
    a: int
    b: int


class Movie(TypedDict):
    year: int


class Colour(enum.Enum):
    RED = "red"
    BLUE = "blue"


@dataclasses.dataclass
class Data:
    n: int


# (type, values that are right, (value that is not, code)...)
CASES = [
    (Annotated[dt.datetime, at.Ge(NOON)], [NOON, NOON + HOUR], (NOON - HOUR, "too_small")),
    (Annotated[dt.datetime, at.Gt(NOON), at.Lt(NOON + HOUR)], [NOON + HOUR / 2], (NOON, "too_small"), (NOON + HOUR, "too_large")),
    (
        Annotated[dt.date, at.Interval(ge=DAY, le=DAY)],
        [DAY],
        (DAY - dt.timedelta(1), "too_small"),
        (DAY + dt.timedelta(1), "too_large"),
    ),
    (Annotated[dt.time, at.Lt(dt.time(12))], [dt.time(11)], (dt.time(12), "too_large")),
    (
        Annotated[dt.timedelta, at.Ge(HOUR), at.MultipleOf(HOUR)],
        [HOUR, 3 * HOUR],
        (HOUR / 2, "too_small"),
        (1.5 * HOUR, "not_multiple"),
    ),
    (Annotated[D, at.Ge(D("0.1")), at.MultipleOf(D("0.1"))], [D("0.3")], (D("0.05"), "too_small"), (D("0.15"), "not_multiple")),
    (Annotated[Fraction, at.Ge(0), at.Lt(1)], [Fraction(1, 2)], (Fraction(-1), "too_small"), (Fraction(1), "too_large")),
    (Annotated[Fraction, at.MultipleOf(Fraction(1, 3))], [Fraction(2, 3)], (Fraction(1, 2), "not_multiple")),
    (Annotated[str, at.Len(1, 2)], ["a", "ab"], ("", "too_short"), ("abc", "too_long")),
    (Annotated[bytes, at.MaxLen(2)], [b"ab"], (b"abc", "too_long")),
    (Annotated[list[int], at.MinLen(1)], [[1]], ([], "too_short")),
    (Annotated[set[int], at.MinLen(1)], [{1}], (set(), "too_short")),
    (Annotated[tuple[int, ...], at.MaxLen(1)], [(), (1,)], ((1, 2), "too_long")),
    (Annotated[dict[str, int], at.Len(1, 1)], [{"a": 1}], ({}, "too_short"), ({"a": 1, "b": 2}, "too_long")),
    (Annotated[collections.deque[int], at.MinLen(1)], [collections.deque([1])], (collections.deque(), "too_short")),
    (Annotated[dt.datetime, at.Timezone(None)], [NOON], (NOON.replace(tzinfo=UTC), "timezone")),
    (Annotated[dt.datetime, at.Timezone(...)], [NOON.replace(tzinfo=UTC)], (NOON, "timezone")),
    (
        Annotated[dt.datetime, at.Timezone("Europe/Berlin")],
        [NOON.replace(tzinfo=BERLIN)],
        (NOON.replace(tzinfo=UTC), "timezone"),
        (NOON, "timezone"),
    ),
    (Annotated[dt.datetime, at.Timezone(UTC)], [NOON.replace(tzinfo=UTC)], (NOON.replace(tzinfo=BERLIN), "timezone")),
    (Annotated[dt.datetime, at.Timezone("UTC")], [NOON.replace(tzinfo=UTC)], (NOON.replace(tzinfo=BERLIN), "timezone")),
    (Annotated[dt.time, at.Timezone(...)], [dt.time(1, tzinfo=UTC)], (dt.time(1), "timezone")),
    (
        Annotated[dt.datetime, at.Timezone(...), at.Ge(NOON.replace(tzinfo=UTC))],
        [NOON.replace(tzinfo=UTC)],
        ((NOON - HOUR).replace(tzinfo=UTC), "too_small"),
    ),
    (Annotated[int, at.Predicate(is_even)], [2, 0], (1, "predicate")),
    (Annotated[int, at.Predicate(is_even), at.Ge(2)], [2], (1, "too_small"), (3, "predicate")),
    (Annotated[int, at.Predicate(is_even), at.Predicate(is_positive)], [2], (-2, "predicate"), (1, "predicate")),
    (Annotated[int, at.Not(is_even)], [1], (2, "predicate")),
    (Annotated[float, at.Predicate(float.is_integer)], [2.0], (2.5, "predicate")),
    (at.LowerCase[str], ["ab"], ("Ab", "predicate")),
    (Annotated[bool, at.Predicate(bool)], [True], (False, "predicate")),
    (Annotated[list[int], at.Predicate(sum)], [[1]], ([1, -1], "predicate")),
    (Annotated[tuple[int, int], at.Predicate(any)], [(0, 1)], ((0, 0), "predicate")),
    (Annotated[dict[str, int], at.Predicate(bool)], [{"a": 1}], ({}, "predicate")),
    (Annotated[Small, at.Predicate(lambda small: small.n < 5)], [Small(4)], (Small(5), "predicate")),
    (Annotated[Data, at.Predicate(lambda data: data.n < 5)], [Data(4)], (Data(5), "predicate")),
    (Annotated[Pair, at.Predicate(lambda pair: pair.a < pair.b)], [Pair(1, 2)], (Pair(2, 1), "predicate")),
    (Annotated[Movie, at.Predicate(lambda movie: movie["year"] > 1900)], [{"year": 1999}], ({"year": 1800}, "predicate")),
    (Annotated[Colour, at.Predicate(lambda colour: colour is Colour.RED)], [Colour.RED], (Colour.BLUE, "predicate")),
    (Annotated[Literal[1, 2], at.Predicate(is_even)], [2], (1, "predicate")),
    (Annotated[uuid.UUID, at.Predicate(lambda u: u.int > 5)], [uuid.UUID(int=6)], (uuid.UUID(int=5), "predicate")),
    (Annotated[Any, at.Predicate(bool)], [1, "x"], (0, "predicate")),
    (Annotated[int | str, at.Predicate(bool)], [1, "x"], (0, "predicate"), ("", "predicate")),
    (Annotated[int | None, at.Predicate(is_positive)], [1, None], (-1, "predicate")),
    (Annotated[int, at.Predicate(is_positive)] | None, [1, None], (-1, "predicate")),
    (list[Annotated[int, at.Predicate(is_even)]], [[], [2]], ([2, 3], "predicate")),
    (dict[Annotated[str, at.Predicate(str.islower)], int], [{"a": 1}], ({"A": 1}, "predicate")),
    (dict[Annotated[int, at.Predicate(is_even)], int], [{2: 1}], ({1: 1}, "predicate")),
    (Annotated[int, at.Predicate(is_even)] | list[int], [2, [1]], (3, "predicate")),
    (Annotated[Small, at.Predicate(lambda small: small.n > 0)] | Pair | int, [Small(1), Pair(1, 2), 5], (Small(0), "predicate")),
    (
        Annotated[Annotated[int, at.Predicate(is_even)], at.Predicate(is_positive), at.Lt(9)],
        [4],
        (3, "predicate"),
        (-2, "predicate"),
        (10, "too_large"),
    ),
]
IDS = [f"{i}-{case[2][1]}" for i, case in enumerate(CASES)]


@pytest.mark.parametrize("case", CASES, ids=IDS)
def test_constraints(fmt, case):
    type_, right, *wrong = case
    encoder, decoder = fmt.Encoder(type_), fmt.Decoder(type_)
    for value in right:
        assert decoder.decode(encoder.encode(value)) == value
        assert quire.convert(value, type_) == value
        assert quire.convert(quire.to_builtins(value), type_) == value
        quire.validate(value, type_)
    for value, code in wrong:
        data = encoder.encode(value)  # an encoder checks types only
        assert fmt.refuses(data, type_, quire.ValidationError).code == code
        for check in (lambda v: quire.convert(v, type_), lambda v: quire.validate(v, type_)):
            with pytest.raises(quire.ValidationError) as caught:
                check(value)
            assert check_error(caught.value).code == code


def test_of_field(fmt):
    class Order(Record):
        count: int = field(ge=1, le=9, multiple_of=2)
        name: str = field(min_length=2, max_length=4, pattern="^[a-z]+$", default="ab")
        when: dt.datetime = field(timezone=True, ge=NOON.replace(tzinfo=UTC), default=NOON.replace(tzinfo=UTC))
        local: dt.datetime = field(timezone=False, default=NOON)
        even: int = field(predicate=is_even, default=2)
        both: int = field(predicate=(is_even, is_positive), default=2)
        ratio: Fraction = field(gt=0, lt=1, default=Fraction(1, 2))
        tags: list[Annotated[str, at.MinLen(1)]] = field(max_length=1, default_factory=list)
        none: int | None = field(ge=1, predicate=is_even, default=None)

    assert fmt.decode(fmt.encode(Order(2)), Order) == Order(2)
    wrong = {
        "count": [(0, "too_small"), (10, "too_large"), (3, "not_multiple")],
        "name": [("a", "too_short"), ("abcde", "too_long"), ("A1", "pattern_mismatch")],
        "when": [(NOON, "timezone"), ((NOON - HOUR).replace(tzinfo=UTC), "too_small")],
        "local": [(NOON.replace(tzinfo=UTC), "timezone")],
        "even": [(1, "predicate")],
        "both": [(-2, "predicate")],
        "ratio": [(Fraction(0), "too_small"), (Fraction(1), "too_large")],
        "tags": [(["a", "b"], "too_long"), ([""], "too_short")],
        "none": [(3, "predicate"), (0, "too_small")],
    }
    for name, cases in wrong.items():
        for value, code in cases:
            order = Order(2)
            setattr(order, name, value)
            if name == "when" and code == "timezone":
                continue  # compared with an aware one first
            fault = fmt.refuses(fmt.encode(order), Order)
            assert (fault.code, fault.path.partition("[")[0]) == (code, f"$.{name}")
            with pytest.raises(quire.ValidationError) as caught:
                quire.validate(order, Order)
            assert check_error(caught.value).code == code
    assert field(ge=1, pattern=None).checks == {"ge": 1} and repr(field(ge=1, le=2)) == "field(ge=1, le=2)"


def test_of_annotated_field(fmt):
    @dataclasses.dataclass
    class Point:
        x: Annotated[int, field(ge=0), at.Lt(9)]

    assert fmt.decode(fmt.dumps({"x": 3}), Point) == Point(3)
    assert fmt.refuses(fmt.dumps({"x": -1}), Point).code == "too_small"
    assert fmt.refuses(fmt.dumps({"x": 9}), Point).code == "too_large"


def test_on_what_an_adapter_makes(fmt):
    texts = Annotated[list[str], Adapter(wire=str, encode=",".join, decode=lambda text: text.split(","))]
    assert fmt.decode(fmt.dumps("a,b"), Annotated[texts, at.Len(2, 2)]) == ["a", "b"]
    assert fmt.refuses(fmt.dumps("a"), Annotated[texts, at.MinLen(2)]).code == "too_short"
    assert fmt.refuses(fmt.dumps("a,b,c"), Annotated[texts, at.MaxLen(2)]).code == "too_long"
    assert fmt.refuses(fmt.dumps("a"), Annotated[texts, at.Predicate(lambda value: len(value) > 1)]).code == "predicate"
    assert fmt.loads(fmt.Encoder(list[Annotated[texts, at.MinLen(2)]]).encode([["a", "b"]])) == ["a,b"]

    class Holder(Record):
        keys: dict[Annotated[int, Adapter(wire=str, encode=hex, decode=lambda t: int(t, 16)), at.Predicate(is_even)], int]

    assert fmt.loads(fmt.encode(Holder({16: 1}))) == {"keys": {"0x10": 1}}
    assert fmt.loads(fmt.Encoder(Holder).encode(Holder({16: 1}))) == {"keys": {"0x10": 1}}
    assert quire.to_builtins(Holder({16: 1})) == {"keys": {"0x10": 1}}
    assert fmt.refuses(fmt.dumps({"keys": {"0x11": 1}}), Holder).code == "predicate"


def test_what_is_ignored(fmt):
    assert fmt.decode(fmt.dumps(1), Annotated[int, at.Unit("m"), "words", int]) == 1


class Meta:
    """As msgspec has it."""

    def __init__(self, tz=None, ge=None):
        self.tz, self.ge = tz, ge


def test_members_are_recognised_by_their_names(fmt):
    aware = Annotated[dt.datetime, Meta(tz=True)]
    assert fmt.refuses(fmt.encode(NOON), aware).code == "timezone"
    assert fmt.decode(fmt.encode(NOON.replace(tzinfo=UTC)), aware)
    assert fmt.decode(fmt.dumps(1), Annotated[int, Meta(ge=1)]) == 1


IMPOSSIBLE = [
    (Annotated[int, at.Timezone(None)], "timezone is for datetime and time"),
    (Annotated[dt.datetime | int, at.Timezone(None)], "timezone is for datetime and time"),
    (Annotated[dt.datetime, at.Timezone(5)], "timezone must be a tzinfo"),
    (Annotated[dt.datetime, at.Ge(5)], "ge of a datetime must be a datetime"),
    (Annotated[dt.date, at.Ge(NOON)], "ge of a date must be a date"),
    (Annotated[dt.time, at.Ge(NOON)], "ge of a time must be a time"),
    (Annotated[dt.timedelta, at.Ge(1)], "ge of a timedelta must be a timedelta"),
    (Annotated[dt.timedelta, at.MultipleOf(dt.timedelta(0))], "multiple_of must be above 0"),
    (Annotated[dt.datetime, at.MultipleOf(HOUR)], "multiple_of is for"),
    (Annotated[dt.datetime, at.MinLen(1)], "min_length is for"),
    (Annotated[uuid.UUID, at.Ge(1)], "ge is for"),
    (Annotated[bool, at.Ge(1)], "ge is for"),
    (Annotated[str, at.Ge("a")], "ge is for"),
    (Annotated[list[int], at.Ge([1])], "ge is for"),
    (Annotated[Small, at.Ge(1)], "use a predicate"),
    (Annotated[Colour, at.MinLen(1)], "use a predicate"),
    (Annotated[Fraction, at.MinLen(1)], "needs __len__, which Fraction does not have"),
    (Annotated[int, at.Ge(1), at.Ge("x")], "cannot be compared"),
    (Annotated[int | str, at.Ge(1)], "ge is for"),
]


@pytest.mark.parametrize(("type_", "message"), IMPOSSIBLE)
def test_where_they_make_no_sense(fmt, type_, message):
    with pytest.raises(quire.SchemaError, match=message):
        fmt.Decoder(type_)


@pytest.mark.parametrize(
    ("checks", "message"),
    [
        ({"predicate": 5}, "must be callable"),
        ({"min_length": -1}, "not negative"),
        ({"pattern": "("}, "no regular expression"),
        ({"timezone": True}, "timezone is for"),
    ],
)
def test_fields_that_cannot_be(fmt, checks, message):
    class Wrong(Record):
        text: str = field(**checks)

    with pytest.raises(quire.SchemaError, match=rf"Wrong\.text: .*{message}"):
        fmt.Decoder(Wrong)


def test_predicates_that_raise(fmt):
    def refuse(value):
        raise ValueError("not today")

    def fail(value):
        raise ZeroDivisionError("broken")

    with pytest.raises(quire.ValidationError, match="not today") as caught:
        fmt.decode(fmt.dumps({"a": [1]}), dict[str, list[Annotated[int, at.Predicate(refuse)]]])
    assert check_error(caught.value).path == "$.a[0]"
    for attempt in (
        lambda: fmt.decode(fmt.dumps([1]), list[Annotated[int, at.Predicate(fail)]]),
        lambda: quire.convert([1], list[Annotated[int, at.Predicate(fail)]]),
        lambda: quire.validate([1], list[Annotated[int, at.Predicate(fail)]]),
    ):
        with pytest.raises(ZeroDivisionError) as caught:
            attempt()
        assert caught.value.__notes__ == ["at $[0]"]


def test_predicates_that_change_what_is_validated():
    values = []

    def clear(value):
        values.clear()
        return True

    type_ = list[Annotated[Any, at.Predicate(clear)]]
    values += [[i] for i in range(10)]
    quire.validate(values, type_)
    values += [str(i) * 20 for i in range(10)]
    with pytest.raises(quire.QuireError):
        quire.convert(values, type_)


# Without zones of zoneinfo, which has caches of its own.
LEAKING = [case for case in CASES[::2] if "Timezone" not in repr(case)]


def _refused(check):
    with pytest.raises(quire.ValidationError):
        check()


def test_nothing_leaks(fmt):
    def work():
        for type_, right, *wrong in LEAKING:
            for value in right:
                fmt.decode(fmt.Encoder(type_).encode(value), type_)
            for value, _ in wrong:
                _refused(partial(fmt.decode, fmt.Encoder(type_).encode(value), type_))
                _refused(partial(quire.validate, value, type_))

    leaves_nothing(work, times=2, rounds=10)


def test_what_a_predicate_raises_has_its_code(fmt):
    """The text is its own, the code the constraint's: one rule for all that reads and checks."""

    def picky(value):
        raise ValueError("not this one")

    class Held(Record):
        n: int = field(predicate=picky)

    picky_int = Annotated[int, at.Predicate(picky)]
    for call in (
        lambda **options: fmt.decode(fmt.encode([1]), list[picky_int], **options),
        lambda **options: quire.convert([1], list[picky_int], **options),
        lambda **options: quire.validate([1], list[picky_int], **options),
        lambda **options: fmt.decode(fmt.encode([{"n": 1}]), list[Held], **options),
    ):
        for errors in ("first", "all"):
            with pytest.raises(quire.ValidationError) as caught:
                call(errors=errors)
            fault = caught.value.errors[0]
            assert (fault.code, fault.message) == ("predicate", "not this one")
            assert fault.path.startswith("$[0]")
        assert isinstance(caught.value.__cause__, ValueError)


def test_what_cannot_be_compared(fmt):
    """A bound with a time zone says nothing of a datetime without one."""
    bound = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    fault = fmt.refuses(fmt.encode("2024-05-01T00:00:00"), Annotated[dt.datetime, at.Ge(bound)], quire.ValidationError)
    assert fault.code == "invalid_value"
