# SPDX-License-Identifier: Apache-2.0
"""Unions as keys of dicts: of types that are written as text, told apart as in any union, and never changed."""

import collections
import datetime as dt
import enum
import uuid
from decimal import Decimal
from typing import Literal

import pytest
from conftest import leaves_nothing

import quire
from quire import Adapter, Record, SchemaError, convert, to_builtins, validate

DAY = dt.date(2024, 5, 1)


class Color(enum.Enum):
    RED = "red"


class Money:
    def __init__(self, text):
        if not text.startswith("$"):
            raise ValueError("no money")
        self.text = text

    def __eq__(self, other):
        return type(other) is Money and self.text == other.text

    def __hash__(self):
        return hash(self.text)


Money.__quire__ = Adapter(wire=str, encode=lambda money: money.text, decode=Money)


class Holder(Record):
    table: dict[dt.date | str, int]


CASES = [
    (dict[dt.date | str, int], {DAY: 1, "x": 2}, ["2024-05-01", 5, None]),
    (dict[Color | uuid.UUID | str, int], {Color.RED: 1, uuid.UUID(int=1): 2, "x": 3}, ["red", str(uuid.UUID(int=1)), DAY]),
    (dict[Literal["a"] | dt.date, int], {"a": 1, DAY: 2}, ["b", 1]),
    (
        dict[Money | dt.datetime | str, list[int]],
        {Money("$1"): [1], dt.datetime(2024, 5, 1, tzinfo=dt.UTC): [2], "x": [3]},
        ["$2"],
    ),
    (collections.OrderedDict[Decimal | dt.time, int], collections.OrderedDict({dt.time(1): 1, Decimal("1.50"): 2}), ["x", 1]),
]


@pytest.mark.parametrize(("type_", "value", "wrong"), CASES)
def test_they_come_back(fmt, type_, value, wrong):
    validate(value, type_)
    assert convert(value, type_) == value
    for written in (fmt.encode(value), fmt.Encoder(type_).encode(value)):
        found = fmt.decode(written, type_)
        assert found == value
        assert list(map(type, found)) == list(map(type, value))
    assert fmt.decode(fmt.Encoder(list[type_]).encode([value, value]), list[type_]) == [value, value]


@pytest.mark.parametrize(("type_", "value", "wrong"), CASES)
def test_none_is_changed(fmt, type_, value, wrong):
    """A text that would be read back as another type, or a key of none of them."""
    some = next(iter(value.values()))
    for key in wrong:
        made = type(value)({key: some})
        with pytest.raises(quire.EncodeError) as caught:
            fmt.Encoder(list[type_]).encode([made])
        fault = caught.value.errors[0]
        assert fault.code in ("would_change", "type_mismatch")
        assert fault.steps == (0, key)


def test_in_a_field_without_an_encoder(fmt):
    assert fmt.decode(fmt.encode([Holder({DAY: 1, "x": 2})]), list[Holder]) == [Holder({DAY: 1, "x": 2})]
    for write in (fmt.encode, fmt.Encoder(Holder).encode, to_builtins):
        with pytest.raises(quire.EncodeError) as caught:
            write(Holder({"x": 1, "2024-05-01": 2}))
        assert (caught.value.errors[0].code, caught.value.errors[0].path) == ("would_change", '$.table["2024-05-01"]')


def test_all_faults(fmt):
    type_ = dict[dt.date | str, int]
    with pytest.raises(quire.EncodeError) as caught:
        fmt.Encoder(type_, errors="all").encode({"2024-05-01": 1, 5: 2, "x": "y", DAY: 3})
    assert [(fault.code, fault.steps[0]) for fault in caught.value.errors] == [
        ("would_change", "2024-05-01"),
        ("type_mismatch", 5),
        ("type_mismatch", "x"),
    ]
    with pytest.raises(quire.ValidationError) as caught:
        validate({5: 1, DAY: "x", "a": 1}, type_, errors="all")
    assert [fault.steps[0] for fault in caught.value.errors] == [5, DAY]


def test_a_document_that_fits_none(fmt):
    fault = fmt.refuses(fmt.encode({"b": 1}), dict[Literal["a"] | dt.date, int], quire.ValidationError)
    assert fault.path == "$.b"


@pytest.mark.parametrize("key", [int | str, dt.date | None, bytes | str, str | tuple[int, int], dt.date | bool])
def test_what_is_not_text_is_no_such_key(key):
    with pytest.raises(SchemaError, match="or a union of what is written as text"):
        quire.json.Decoder(dict[key, int])


def test_nothing_is_left_behind(fmt):
    type_, value, _ = CASES[3]
    encoder, decoder = fmt.Encoder(type_), fmt.Decoder(type_)
    leaves_nothing(lambda: decoder.decode(encoder.encode(value)))

    def fails():
        with pytest.raises(quire.EncodeError):
            encoder.encode({"$2": [1]})

    leaves_nothing(fails)
