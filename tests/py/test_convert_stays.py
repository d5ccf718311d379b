# SPDX-License-Identifier: Apache-2.0
"""convert keeps what is a value of a union already, whatever its text spells in a document."""

import datetime as dt
import enum
import functools
import operator
import uuid
from collections import deque
from decimal import Decimal
from typing import Annotated, Literal, NamedTuple

import annotated_types as at
import pytest
from hypothesis import given
from hypothesis import strategies as st

import quire
import quire.json
from quire import convert, validate

UID = uuid.UUID(int=7)


class Colour(enum.Enum):
    RED = "red"


class Level(enum.IntEnum):
    LOW = 1


class Holder(quire.Record):
    value: str | dt.date
    table: dict[str | dt.date, str | bytes] = {}


class Pair(NamedTuple):
    first: bytes | str
    second: int | Level


SPELT = [
    ("abcd", bytes), ("2020-01-02", dt.date), ("2020-01-02T03:04:05Z", dt.datetime), ("03:04:05", dt.time), ("PT1S", dt.timedelta),
    ("1.5", Decimal), (str(UID), uuid.UUID), ("red", Colour), ("5", int), ("true", bool), ("1.5", float), ("null", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "other"), SPELT)
def test_text_stays_text(text, other):
    for strict in (True, False):
        assert convert(text, str | other, strict=strict) is text
        assert convert([text], list[str | other], strict=strict) == [text]
        assert convert((text,), tuple[str | other], strict=strict) == (text,)
        assert convert(deque([text]), deque[str | other], strict=strict) == deque([text])
        assert convert({"k": text}, dict[str, str | other], strict=strict) == {"k": text}
        assert convert(text, str | other | Level | list[int], strict=strict, errors="all") is text
    validate(text, str | other)


def test_what_is_of_an_arm_stays():
    for value, type_ in [
        (1, int | Level), (Level.LOW, int | Level), (1, int | Literal["a"]), (True, bool | Level), (1.0, float | int), (1, float | int), (UID, str | uuid.UUID),
        (b"abcd", str | bytes), (dt.date(2020, 1, 2), str | dt.date), (Decimal("1.5"), Decimal | float), (1.5, Decimal | float), ("red", Literal["red"] | str),
        ("red", Colour | str), (Colour.RED, Colour | str),
    ]:  # fmt: skip
        assert convert(value, type_) is value


def test_in_fields_keys_and_tuples():
    held = convert({"value": "2020-01-02", "table": {"2020-01-02": "abcd", "x": b"y"}}, Holder)
    assert held == Holder("2020-01-02", {"2020-01-02": "abcd", "x": b"y"})
    assert convert(held, Holder) is held
    assert convert(["abcd", 1], Pair) == ("abcd", 1)
    assert type(convert(["abcd", 1], Pair).second) is int
    assert convert({"2020-01-02": 1}, dict[dt.date | str, int]) == {"2020-01-02": 1}


def test_text_that_no_arm_takes_is_read():
    assert convert("2020-01-02", int | dt.date) == dt.date(2020, 1, 2)
    assert convert("red", int | Colour) is Colour.RED
    assert type(convert(1, float | str)) is float
    short = Annotated[str, at.MaxLen(3)]
    assert convert("abc", short | dt.date) == "abc"
    assert convert("2020-01-02", short | dt.date) == dt.date(2020, 1, 2)
    assert convert("abcd", short | bytes) == b"i\xb7\x1d"
    with pytest.raises(quire.ValidationError) as caught:
        convert("not a date", short | dt.date)
    assert caught.value.errors[0].code == "too_long"


def asked(value):
    if value == "raises":
        raise RuntimeError("asked")
    return value != "refused"


def test_what_a_predicate_raises_is_raised():
    type_ = Annotated[str, at.Predicate(asked)] | bytes
    assert convert("abcd", type_) == "abcd"
    for errors in ("first", "all"):
        with pytest.raises(RuntimeError, match="asked"):
            convert(["raises"], list[type_], errors=errors)
        with pytest.raises(quire.ValidationError):
            convert(["refused"], list[type_], errors=errors)


ARMS = [
    str,
    bytes,
    int,
    float,
    bool,
    None,
    dt.date,
    dt.datetime,
    dt.time,
    dt.timedelta,
    Decimal,
    uuid.UUID,
    Colour,
    Level,
    Literal["blue", 2],
]
VALUES = st.sampled_from(
    [text for text, _ in SPELT]
    + ["", "x", b"abcd", b"", 0, 1, 2**70, True, 1.0, 0.5, None, dt.date(2020, 1, 2), Decimal(1), UID, Colour.RED, Level.LOW]
)


@given(st.lists(st.sampled_from(ARMS), min_size=2, max_size=4, unique_by=repr), VALUES, st.booleans())
def test_what_validates_stays(arms, value, strict):
    type_ = functools.reduce(operator.or_, arms[1:], arms[0] if arms[0] is not None else type(None))
    try:
        validate(value, type_)
    except quire.QuireError:
        return
    if isinstance(value, int) and type(value) is not bool and int not in arms and float in arms:
        return  # an int that a float holds is a value of float, and becomes one
    kept = convert(value, type_, strict=strict)
    assert kept is value


@pytest.mark.parametrize("value", ["abcd", "2020-01-02"])
def test_the_encoder_says_what_to_do(value):
    with pytest.raises(quire.EncodeError) as caught:
        quire.json.Encoder(str | bytes | dt.date).encode(value)
    fault = caught.value.errors[0]
    assert fault.code == "would_change"
    assert fault.hint == (
        "in a document text is the first type of the union that accepts it, str last: give each type of the union a field of its own, or classes with tags"
    )
