# SPDX-License-Identifier: Apache-2.0
"""What a type checker must understand about records."""

from typing import Generic, TypeVar, assert_type

import quire

T = TypeVar("T")


class Line(quire.Record):
    article: str
    pieces: int = 1


class Order(quire.Record, frozen=True, rename="camel", unknown="error", omit="default"):
    id: int = quire.field(1)
    customer: str = quire.field(2, name="customerName")
    lines: list[Line] = quire.field(3, default_factory=list[Line])
    note: str | None = quire.field(4, default=None)


class Later(quire.Record, kw_only=True, tag="later", tag_field="kind"):
    at: int
    by: str = quire.field(default="me", repr=False, compare=False)


class Sorted(quire.Record, order=True):
    key: int


class Box(quire.Record, Generic[T]):
    inside: T


class Child(Line):
    weight: float = 0.0


order = Order(1, "Ada")
assert_type(order.id, int)
assert_type(order.note, str | None)
assert_type(order.lines[0].pieces, int)
Order(id=1, customer="Ada", lines=[Line("paper")], note="soon")
Later(at=1)
assert_type(Sorted(1) < Sorted(2), bool)
assert_type(Box(1), Box[int])
assert_type(Box("a").inside, str)
Child("paper", 2, 1.5)
line = Line("glue")
line.pieces = 3

match line:
    case Line(article, pieces):
        assert_type(article, str)
        assert_type(pieces, int)

assert_type(quire.formats(), tuple[str, ...])
limits = quire.Limits(depth=10).replace(items=5)
assert_type(limits, quire.Limits)
assert_type(quire.Limits.DEFAULT.items, int | None)
