# SPDX-License-Identifier: Apache-2.0
"""Where other libraries change a value without a word: quire keeps it or refuses it. One test for each way."""

import array
import collections
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import ipaddress
import pathlib
import uuid
import zoneinfo
from typing import Annotated

import annotated_types
import numpy
import pytest
from exact import same

import quire
from quire import convert, to_builtins, validate


class Text(str):
    pass


class Number(int):
    pass


class Bits(enum.IntFlag):
    A = 1


class Ejecting(enum.IntFlag, boundary=enum.EJECT):
    A = 1


class Conforming(enum.Flag, boundary=enum.CONFORM):
    A = 1


class Level(enum.IntEnum):
    FIVE = 5


TEXTS = (str, Text, pathlib.Path, pathlib.PureWindowsPath, zoneinfo.ZoneInfo, decimal.Decimal, uuid.UUID, bytes, complex)
TEXTS += (fractions.Fraction, ipaddress.IPv4Address, numpy.str_, dt.date, dt.datetime)
NUMBERS = (int, float, bool, Number, Bits, Level, numpy.int64, numpy.float32, numpy.float64, numpy.bool_)


def refused(fmt, held, type_):
    """By reading a document and by converting objects; the one code."""
    found = fmt.refuses(fmt.encode(held), type_, quire.ValidationError)
    with pytest.raises(quire.ValidationError) as caught:
        convert(held, type_)
    assert caught.value.errors[0].code == found.code
    return found.code


@pytest.mark.parametrize("type_", TEXTS)
def test_null_becomes_no_text(fmt, type_):
    assert refused(fmt, None, type_) == "type_mismatch"
    assert refused(fmt, [None], list[type_]) == "type_mismatch"
    assert fmt.decode(fmt.encode(None), type_ | None) is None


@pytest.mark.parametrize("type_", NUMBERS)
def test_text_passes_for_no_number(fmt, type_):
    assert refused(fmt, "5", type_) in ("type_mismatch", "invalid_choice")
    assert refused(fmt, {"a": "5"}, collections.Counter[str]) == "type_mismatch"


@pytest.mark.parametrize("type_", [int, Number, Bits, numpy.int8])
def test_no_truth_value_and_no_float_passes_for_an_int(fmt, type_):
    for held in (True, 1.0):
        assert refused(fmt, held, type_) == "type_mismatch"
    assert refused(fmt, 1, bool) == refused(fmt, 1, numpy.bool_) == "type_mismatch"


def test_no_digit_is_lost(fmt):
    assert refused(fmt, 2**53 + 1, float) == "inexact"
    assert refused(fmt, 300, numpy.uint8) == refused(fmt, 1e40, numpy.float32) == "invalid_value"
    assert same(fmt.decode(fmt.encode(-0.0), float), -0.0)
    exact = decimal.Decimal("1.10000000000000000000000000000000000000001")
    assert same(fmt.decode(fmt.encode(exact), decimal.Decimal), exact)
    assert same(fmt.decode(fmt.encode(fractions.Fraction(1, 3)), fractions.Fraction), fractions.Fraction(1, 3))
    assert same(fmt.decode(fmt.encode(fractions.Fraction(3)), fractions.Fraction | decimal.Decimal), fractions.Fraction(3))


def test_nan_becomes_no_null(fmt):
    for value in (float("nan"), float("inf"), numpy.float64("nan"), numpy.float32("inf")):
        if fmt.finite:
            with pytest.raises(quire.EncodeError) as caught:
                fmt.encode([value])
            assert caught.value.errors[0].code == "non_finite"
        else:
            assert same(fmt.decode(fmt.encode(value), type(value)), value)
    for value in (decimal.Decimal("NaN"), complex("nan-infj")):
        assert same(fmt.decode(fmt.encode(value), type(value)), value)


def test_no_subclass_loses_what_it_has(fmt):
    @dataclasses.dataclass
    class Base:
        a: int

    @dataclasses.dataclass
    class Derived(Base):
        b: int = 2

    assert fmt.loads(fmt.encode([Derived(1)])) == to_builtins([Derived(1)]) == [{"a": 1, "b": 2}]
    for value in (Text("x"), Number(1), Level.FIVE, Bits.A):
        assert type(fmt.decode(fmt.encode(value), type(value))) is type(value)


def test_no_container_becomes_another(fmt):
    for type_, value in ((list[int], (1,)), (set[int], frozenset({1})), (collections.OrderedDict[str, int], {"a": 1})):
        with pytest.raises(quire.ValidationError):
            validate(value, type_)
        with pytest.raises(quire.EncodeError):
            fmt.Encoder(type_).encode(value)
    three = Annotated[collections.deque[int], annotated_types.MaxLen(3)]
    assert fmt.decode(fmt.encode(collections.deque([1], 3)), three).maxlen == 3
    with pytest.raises(quire.EncodeError):
        fmt.Encoder(collections.deque[int]).encode(collections.deque([1], 3))
    order = collections.OrderedDict(b=1, a=2)
    order.move_to_end("b")
    assert list(fmt.decode(fmt.encode(order), collections.OrderedDict[str, int])) == ["a", "b"]


def test_no_bits_are_dropped(fmt):
    assert refused(fmt, 3, Conforming) == refused(fmt, 3, Ejecting) == "invalid_value"
    assert fmt.decode(fmt.encode(3), Bits) == 3


def test_no_time_zone_is_lost(fmt):
    offset = dt.timezone(dt.timedelta(hours=5, minutes=30))
    for zone in (None, dt.UTC, offset, zoneinfo.ZoneInfo("UTC"), zoneinfo.ZoneInfo("Asia/Kolkata")):
        value = dt.datetime(2024, 5, 1, 12, tzinfo=zone)
        assert same(fmt.decode(fmt.encode(value), dt.datetime), value)
        assert same(convert(to_builtins(value), dt.datetime), value)
    assert refused(fmt, "2024-05-01T12:00:00+01:00[Asia/Kolkata]", dt.datetime) == "invalid_value"

    class Elsewhere(dt.tzinfo):
        def utcoffset(self, when):
            return None

    with pytest.raises(quire.EncodeError):
        fmt.encode(dt.datetime(2024, 5, 1, tzinfo=Elsewhere()))


def test_no_shape_and_no_kind_of_item_is_lost(fmt):
    for value in (numpy.zeros((2, 0, 3), ">f4"), numpy.array(7, "u2"), numpy.array([["a"], ["bc"]])):
        assert same(fmt.decode(fmt.encode(value), numpy.ndarray), value)
    for value in (numpy.array([object()]), numpy.array([(1, 2.0)], "i4,f8"), numpy.ma.array([1], mask=[True])):
        with pytest.raises(quire.EncodeError):
            fmt.encode([value])
    with pytest.raises(quire.EncodeError):
        fmt.encode(memoryview(array.array("d", [1.0])))


def test_what_is_written_alike_is_no_union():
    alike = [
        ipaddress.IPv4Network | ipaddress.IPv4Interface,
        pathlib.PurePosixPath | pathlib.PureWindowsPath,
        Text | str,
        Number | int,
        type("Other", (str,), {}) | Text,
    ]
    for type_ in alike:
        with pytest.raises(quire.SchemaError):
            quire.json.Decoder(type_)


def test_what_is_written_apart_is_one(fmt):
    told = ipaddress.IPv4Address | ipaddress.IPv6Address | ipaddress.IPv4Network | fractions.Fraction | complex | uuid.UUID
    either = told | str
    values = [
        ipaddress.IPv4Address("1.2.3.4"),
        ipaddress.IPv6Address("::1"),
        ipaddress.IPv4Network("10.0.0.0/8"),
        fractions.Fraction(1, 2),
        2j,
        uuid.UUID(int=1),
        "text",
    ]
    assert same(fmt.decode(fmt.encode(values), list[either]), values)
    assert same(convert(to_builtins(values[:-1]), list[told]), values[:-1])
    texts = to_builtins(values)
    assert same(convert(texts, list[either]), texts)  # where a str may be a str, it is one already


class Name(enum.Enum):
    ONE = 1
    TEXT = "text"


class Money:
    def __init__(self, text):
        self.text = text


Money.__quire__ = quire.Adapter(wire=str, encode=lambda money: money.text, decode=Money)


def test_no_two_keys_are_written_alike(fmt):
    """A reader would keep one of the two values."""
    day = dt.date(2024, 5, 1)
    alike = [
        {"text": 1, Name.TEXT: 2},
        {1: 1, Name.ONE: 2},
        {day: 1, "2024-05-01": 2},
        {pathlib.PurePosixPath("a"): 1, "a": 2, "b": 3},
        {uuid.UUID(int=1): 1, str(uuid.UUID(int=1)): 2},
        {(1, "a"): 1, '[1,"a"]': 2},
        {(1,): 1, (Name.ONE,): 2},
        {Money("x"): 1, Money("x"): 2},
    ]
    as_text = [{1: 1, "1": 2}, {None: 1, "null": 2}, {True: 1, "true": 2}, {1.5: 1, "1.5": 2}, {b"a": 1, "YQ==": 2}]
    for value in alike + as_text * fmt.text_keys:
        last = list(value)[-1 if len(value) == 2 else 1]
        for held in (value, [value], {"in": value}):
            with pytest.raises(quire.EncodeError) as caught:
                fmt.encode(held)
            assert caught.value.errors[0].code == "duplicate_key"
            assert caught.value.errors[0].steps[-1] == last
    for value in as_text * (not fmt.text_keys):
        assert fmt.decode(fmt.encode(value)) == value
    for value in (
        {1: 1, 2: 2},
        {1.5: 1, "1": 2},
        {day: 1, dt.date(2024, 5, 2): 2},
        {Name.ONE: 1, "one": 2},
        {"a": 1, 1: 2, (1, 2): 3},
    ):
        assert len(fmt.loads(fmt.encode(value))) == len(value)
    with pytest.raises(quire.EncodeError) as caught:
        to_builtins({day: 1, "2024-05-01": 2})
    assert caught.value.errors[0].code == "duplicate_key"


def test_no_item_of_a_set_is_dropped_where_that_counts(fmt):
    """A set has each item once, whatever a document says; a repeated one is refused on request, as a repeated key is."""
    strict = quire.Limits(duplicate_keys="error")
    for type_ in (set[int], frozenset[int]):
        assert fmt.decode(fmt.encode([1, 2, 1]), type_) == {1, 2}
        assert fmt.decode(fmt.encode([1, 2]), type_, limits=strict) == {1, 2}
        twice = [[1, 2, 1]]
        for read, given in ((fmt.decode, fmt.encode(twice)), (convert, twice)):
            with pytest.raises(quire.ValidationError) as caught:
                read(given, list[type_], limits=strict)
            assert (caught.value.errors[0].code, caught.value.errors[0].path) == ("invalid_value", "$[0]")


class Known(quire.Record):
    a: int
    b: int = 0


def test_nothing_behind_the_document_is_ignored(fmt):
    for type_ in (object, dict[str, int], Known):
        assert fmt.refuses(fmt.encode({"a": 1}) + fmt.encode(2), type_, quire.MalformedError).code == "trailing_data"


def test_no_repeated_key_goes_unseen(fmt):
    """Of a record's fields never; in a dict the last one counts, or none does."""
    twice = b'{"a":1,"a":2}' if fmt.text_keys else b"\x82\xa1a\x01\xa1a\x02"
    assert fmt.refuses(twice, Known, quire.ValidationError).code == "duplicate_field"
    for type_ in (object, dict[str, int]):
        assert fmt.decode(twice, type_) == {"a": 2}
        with pytest.raises(quire.MalformedError) as caught:
            fmt.decode(twice, type_, limits=quire.Limits(duplicate_keys="error"))
        assert caught.value.errors[0].code == "duplicate_key"
