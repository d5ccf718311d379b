# SPDX-License-Identifier: Apache-2.0
"""What hypothesis draws for a type comes back exactly: every type of the table, and types put together."""

import collections
import datetime as dt
import decimal
import ipaddress
import pathlib
import uuid
from typing import Annotated, Any, Literal, NotRequired, TypedDict

import annotated_types as at
import attrs
import pytest
from conftest import FORMATS
from exact import same
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import values
from type_table import CASES, Color, Permission, Place, Text, UserId

import quire
from quire import convert, to_builtins, validate

DRAWN = [name for name in CASES if "numpy" not in name and "NDArray" not in name]


class Options(TypedDict, total=False):
    level: Literal["low", "high", 3]
    when: NotRequired[dt.date]


@attrs.define
class Item:
    name: Text
    price: Annotated[decimal.Decimal, at.Gt(decimal.Decimal(0)), at.Le(decimal.Decimal(1000))]
    size: complex | None = None


class Whole(quire.Record):
    id: Annotated[int, at.Interval(ge=1, lt=100), at.MultipleOf(3)]
    share: Annotated[float, at.Ge(0.0), at.Le(1.0)]
    code: Annotated[str, at.Len(2, 5)]
    user: UserId | None
    tags: Annotated[frozenset[str], at.MaxLen(3)]
    items: collections.deque[Item]
    latest: Annotated[collections.deque[int], at.MaxLen(2)]
    table: collections.OrderedDict[tuple[int, dt.date], list[Place]]
    counts: collections.Counter[Color]
    options: Options
    allowed: Permission
    where: pathlib.PurePosixPath
    host: ipaddress.IPv4Address | ipaddress.IPv6Address | None
    either: int | dt.datetime | uuid.UUID | bytearray | list[int] | None
    children: "list[Whole]" = quire.field(default_factory=list)


@pytest.mark.parametrize("name", DRAWN)
@settings(max_examples=8)
@given(st.data())
def test_a_type_of_the_table(name, data):
    type_ = CASES[name].type
    for fmt in FORMATS:
        value = data.draw(values(type_, fmt))
        assert same(fmt.decode(fmt.Encoder(type_).encode(value), type_), value)
        assert same(fmt.decode(fmt.encode([value]), list[type_]), [value])


@settings(max_examples=30)
@given(st.data())
def test_types_put_together(fmt, data):
    value = data.draw(_whole(fmt))
    validate(value, Whole)
    text = fmt.encode(value)
    assert same(fmt.decode(text, Whole), value)
    assert fmt.Encoder(Whole).encode(value) == text
    assert same(convert(to_builtins(value), Whole), value)


def _whole(fmt):
    """Recursive types are drawn a level deep."""
    hints = {name: hint for name, hint in Whole.__annotations__.items() if name != "children"}
    leaf = st.builds(Whole, **{name: values(hint, fmt) for name, hint in hints.items()})
    return st.builds(lambda whole, children: _with(whole, children), leaf, st.lists(leaf, max_size=1))


def _with(whole, children):
    whole.children = children
    return whole


@settings(max_examples=20)
@given(values(dict[str, Any]))
def test_anything(value):
    for fmt in FORMATS:
        assert same(fmt.decode(fmt.encode(value), dict[str, Any]), value)
