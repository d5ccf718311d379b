# SPDX-License-Identifier: Apache-2.0
"""An instance of a subclass where a type says the base: it is written with all of its fields, and read back as the base, or refused."""

import dataclasses
import datetime as dt
from typing import Annotated, NamedTuple

import pytest
from conftest import leaves_nothing

import quire
from quire import Record, field


class Base(Record):
    a: dt.date | str
    n: int = 1


class Same(Base):
    pass


class Further(Base):
    b: bytes | str = ""


class Narrower(Base):
    a: str


class Reordered(Base, kw_only=True):
    z: int = 0


@dataclasses.dataclass
class Plain:
    a: dt.date | str
    n: int = 1


@dataclasses.dataclass
class PlainFurther(Plain):
    b: list[int] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(slots=True)
class Slotted(Plain):
    c: int = 0


class Pair(NamedTuple):
    a: dt.date | str
    n: int = 1


class SubPair(Pair):
    __slots__ = ()


def fault(fmt, type_, value):
    with pytest.raises(quire.EncodeError) as caught:
        fmt.Encoder(type_).encode(value)
    one = caught.value.errors[0]
    with pytest.raises(quire.EncodeError) as again:
        fmt.Encoder(type_, errors="all").encode(value)
    assert one.code in [other.code for other in again.value.errors]
    return one.code, one.path


KINDS = pytest.mark.parametrize(
    ("base", "make"),
    [
        (Base, Same),
        (Base, Further),
        (Base, Narrower),
        (Base, lambda a: Reordered(a=a)),
        (Plain, PlainFurther),
        (Plain, Slotted),
        (Pair, SubPair),
    ],
    ids=["same", "further", "narrower", "reordered", "dataclass", "slots", "named tuple"],
)


@KINDS
def test_fields_of_the_base_are_as_the_base_declares_them(fmt, base, make):
    """A str that would come back as a date is refused in the subclass as it is in the base."""
    encoder = fmt.Encoder(base)
    assert fmt.decode(encoder.encode(make("x")), base) == base("x")
    assert fault(fmt, base, base("2020-01-01")) == fault(fmt, base, make("2020-01-01"))
    assert fault(fmt, list[base], [make("x"), make("2020-01-01")])[0] == "would_change"
    assert fault(fmt, dict[str, base | None], {"k": make("2020-01-01")})[0] == "would_change"
    assert fault(fmt, base, make(5))[0] == "type_mismatch"
    if make is not Narrower:
        assert fmt.decode(encoder.encode(make(dt.date(2020, 1, 1))), base) == base(dt.date(2020, 1, 1))


def test_all_fields_are_written(fmt):
    assert fmt.loads(fmt.Encoder(Base).encode(Further("x", 2, "y"))) == {"a": "x", "n": 2, "b": "y"}
    assert fmt.loads(fmt.Encoder(list[Plain]).encode([PlainFurther("x", 2, [3])])) == [{"a": "x", "n": 2, "b": [3]}]
    assert fmt.encode(Further("2020-01-01")) == fmt.Encoder().encode(Further("2020-01-01"))


def test_what_is_left_out_is_so_for_the_base(fmt):
    """A default of the subclass is none of the base."""

    class One(Record, omit="default"):
        x: int = 1

    class Two(One, omit="default"):
        x: int = 2
        y: int = 3

    encoder = fmt.Encoder(One)
    assert fmt.loads(encoder.encode(Two())) == {"x": 2}
    assert fmt.loads(encoder.encode(Two(1, 4))) == {"y": 4}
    for value in (1, 2, 3):
        assert fmt.decode(encoder.encode(Two(value)), One) == One(value)
    assert fmt.loads(fmt.encode(Two())) == {}


def test_tags(fmt):
    class Tagged(Record, tag=True):
        x: int = 0

    class Other(Tagged):
        y: int = 0

    class Alike(Tagged, tag="Tagged"):
        y: int = 0

    class Bare(Record):
        x: int = 0

    class Late(Bare, tag="late"):
        pass

    class Clash(Bare, tag="late", tag_field="x"):
        x: int = field(default=0, name="other")

    class Strict(Record, unknown="error"):
        x: int = 0

    class StrictLate(Strict, tag="late", unknown="error"):
        pass

    assert fault(fmt, Tagged, Other()) == ("subclass_differs", "$")
    assert fault(fmt, list[Strict], [StrictLate()]) == ("subclass_differs", "$[0]")
    assert fault(fmt, Bare, Clash())[0] == "subclass_differs"
    assert fmt.decode(fmt.Encoder(Tagged).encode(Alike(1, 2)), Tagged) == Tagged(1)
    assert fmt.decode(fmt.Encoder(Bare).encode(Late(1)), Bare) == Bare(1)
    with pytest.raises(quire.EncodeError, match="Subclasses"):
        fmt.Encoder(Tagged).encode(Other())


def test_layouts_and_names(fmt):
    class Row(Record, layout="array"):
        x: int
        y: int = 0

    class LongRow(Row, layout="array"):
        z: int = 0

    class NoRow(Row, layout="object"):
        pass

    class StrictRow(Record, layout="array", unknown="error"):
        x: int

    class LongStrictRow(StrictRow, layout="array", unknown="error"):
        y: int = 0

    class Point(Record):
        x: int
        y: int = 0

    class Renamed(Point, rename="upper"):
        pass

    class Shadow(Point):
        other: int = field(default=0, name="z")

    class Strict(Record, unknown="error"):
        x: int

    class More(Strict, unknown="error"):
        y: int = 0

    assert fmt.decode(fmt.Encoder(Row).encode(LongRow(1, 2, 3)), Row) == Row(1, 2)
    assert fault(fmt, Row, NoRow(1)) == ("subclass_differs", "$")
    assert fault(fmt, StrictRow, LongStrictRow(1)) == ("subclass_differs", "$")
    assert fault(fmt, Point, Renamed(1))[0] == "subclass_differs"
    assert fmt.decode(fmt.Encoder(Point).encode(Shadow(1, 2, 3)), Point) == Point(1, 2)
    assert fault(fmt, list[Strict], [More(1)]) == ("unknown_field", "$[0].y")


def test_adapters_are_those_of_the_base(fmt):
    reverse = quire.Adapter(wire=int, encode=lambda value: -value, decode=lambda value: -value)

    class One(Record):
        x: Annotated[int, reverse]

    class Two(One):
        x: int

    class Three(One):
        y: Annotated[int, reverse] = 5

    assert fmt.decode(fmt.Encoder(One).encode(Two(1)), One) == One(1)
    assert fmt.loads(fmt.Encoder(One).encode(Three(1))) == {"x": -1, "y": -5}


def test_what_is_not_set(fmt):
    value = Further("x")
    del value.n
    assert fault(fmt, Base, value) == ("unset_field", "$.n")


def test_output_with_options():
    encoder = quire.json.Encoder(Base, canonical=True)
    assert encoder.encode(Further("x", 2, "y")) == b'{"a":"x","b":"y","n":2}'
    assert (
        quire.json.Encoder(list[Base], indent=1, key_order="sorted").encode([Further("x")])
        == b'[\n {\n  "a": "x",\n  "b": "",\n  "n": 1\n }\n]'
    )
    with pytest.raises(quire.EncodeError):
        encoder.encode(Further("2020-01-01"))


def test_deep_chains(fmt):
    class Node(Record):
        next: "Node | None" = None

    class Sub(Node):
        pass

    value = None
    for _ in range(500):
        value = Sub(value)
    assert fmt.Encoder(Node).encode(value) == fmt.encode(value)
    for _ in range(2000):
        value = Sub(value)
    assert fault(fmt, Node, value)[0] == "depth_limit"


def test_nothing_leaks(fmt):
    encoders = [fmt.Encoder(Base), fmt.Encoder(list[Plain])]

    def work():
        assert encoders[0].encode(Further("x"))
        assert encoders[1].encode([PlainFurther("x"), Slotted("y")])
        for encoder, value in (
            (encoders[0], Further("2020-01-01")),
            (encoders[1], [PlainFurther("x"), PlainFurther("2020-01-01")]),
        ):
            with pytest.raises(quire.EncodeError):
                encoder.encode(value)

    leaves_nothing(work)
