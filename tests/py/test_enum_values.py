# SPDX-License-Identifier: Apache-2.0
"""Enums whose values are no texts or integers alone: written as their values, read as their members."""

import datetime as dt
import decimal
import enum
from typing import Literal

import pytest
from jsonschema import Draft202012Validator

import quire
from quire import Record


class Ratio(enum.Enum):
    HALF = 0.5
    WHOLE = 1.0


class RealRatio(float, enum.Enum):
    HALF = 0.5


class Point(enum.Enum):
    ORIGIN = (0, 0)
    UP = (0, 1.5)


class Path(enum.Enum):
    EMPTY = ()
    ONE = ("a",)
    TWO = ("a", 2)


class Mixed(enum.Enum):
    NOTHING = None
    ONE = 1
    HALF = 0.5
    TEXT = "text"
    PAIR = ("a", True)


class Day(enum.Enum):
    FIRST = dt.date(2024, 1, 1)
    LAST = dt.date(2024, 12, 31)


class Price(enum.Enum):
    LOW = decimal.Decimal("1.50")


class Blob(enum.Enum):
    NOTHING = b""
    ZERO = b"\x00"


class Nearest(enum.Enum):
    HALF = 0.5

    @classmethod
    def _missing_(cls, value):
        return cls.HALF if abs(value - 0.5) < 0.1 else None


class Holder(Record):
    one: Ratio
    many: list[Mixed]
    maybe: Point | None = None
    default: Ratio = Ratio.HALF


ENUMS = [Ratio, RealRatio, Point, Path, Mixed, Day, Price, Blob]


@pytest.mark.parametrize("cls", ENUMS)
def test_members_come_back(cls, fmt):
    members = list(cls)
    for data in (fmt.encode(members), fmt.Encoder(list[cls]).encode(members)):
        assert all(a is b for a, b in zip(fmt.decode(data, list[cls]), members, strict=True))
    assert fmt.encode(members) == fmt.encode([member.value for member in members])
    assert quire.convert(quire.to_builtins(members), list[cls]) == members
    assert quire.convert(members, list[cls]) == members
    quire.validate(members, list[cls])


def test_in_a_class(fmt):
    value = Holder(Ratio.WHOLE, [*Mixed], Point.UP)
    assert fmt.decode(fmt.encode(value), Holder) == value


@pytest.mark.parametrize(
    ("type_", "document", "code"),
    [
        (Ratio, 0.7, "invalid_value"),
        (Ratio, "0.5", "type_mismatch"),
        (Point, [0, 0, 0], "wrong_length"),
        (Point, [1, 1], "invalid_value"),
        (Mixed, 2, "invalid_value"),
        (Mixed, 1.0, "invalid_value"),
        (Mixed, "other", "invalid_value"),
        (Mixed, True, "type_mismatch"),
        (Day, "2024-01-02", "invalid_value"),
        (Holder, {"one": 5.0, "many": []}, "invalid_value"),
    ],
)
def test_what_is_no_member(type_, document, code, fmt):
    fault = fmt.refuses(fmt.dumps(document), type_, quire.ValidationError)
    assert fault.code == code


def test_missing_is_asked():
    assert quire.json.decode("0.55", Nearest) is Nearest.HALF
    with pytest.raises(quire.ValidationError, match=r"0\.9 is not a valid Nearest"):
        quire.json.decode("0.9", Nearest)


def test_as_keys(fmt):
    for table in ({Ratio.HALF: 1}, {Day.FIRST: 2}):
        type_ = dict[type(next(iter(table))), int]
        assert fmt.decode(fmt.encode(table), type_) == table


def test_in_unions(fmt):
    for type_, values in ((Ratio | str, [Ratio.HALF, "0.5"]), (Day | str, [Day.FIRST, "x"]), (Path | int, [Path.TWO, 5])):
        assert fmt.decode(fmt.Encoder(list[type_]).encode(values), list[type_]) == values
    with pytest.raises(quire.SchemaError, match="adapter of Mixed reads"):
        fmt.Decoder(Mixed | bytes)
    with pytest.raises(quire.SchemaError, match="may write null"):
        fmt.Decoder(list[Mixed | None])


@pytest.mark.parametrize("cls", ENUMS)
def test_their_schema(cls):
    made = quire.json.schema(cls)
    is_valid = Draft202012Validator(made).is_valid
    for member in cls:
        assert is_valid(quire.json.loads(quire.json.encode(member)))
    assert not is_valid("no member")


def test_what_no_format_holds():
    class Function(enum.Enum):
        LEN = (len,)

    class Lists(enum.Enum):
        ONE = [1]

    class Number(int):
        pass

    class Late(enum.Enum):  # what stands before the one at fault could be written
        TEXT = "a"
        HALF = 0.5
        PAIR = (1, None)
        DEEP = (1, ("x", {}))
        LIST = [1]

    class Subclass(enum.Enum):
        HALF = 0.5
        OWN = Number(3)

    for cls, member in ((Function, "LEN"), (Lists, "ONE"), (Late, "DEEP"), (Subclass, "OWN")):
        with pytest.raises(quire.SchemaError, match=f"{cls.__name__}.{member} is .*which cannot be written"):
            quire.json.Decoder(cls)
    with pytest.raises(quire.SchemaError, match="in a Literal, texts and integers"):
        quire.json.Decoder(Literal[Ratio.HALF])
