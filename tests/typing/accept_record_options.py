# SPDX-License-Identifier: Apache-2.0
"""Records with every class keyword and every form of field(), as type checkers must understand them."""

import copy
import dataclasses
from typing import Annotated, Any, Generic, TypeVar

import quire
from quire import UNSET, Raw, Record, UnsetType, field
from typing_extensions import assert_type

T = TypeVar("T")


class Line(Record):
    article: str
    count: int = 1


class Order(Record, frozen=True, order=True, rename="camel", unknown="error", omit="default", tag=True, tag_field="kind"):
    id: int = field(1)
    customer: str = field(2, name="customerName")
    lines: list[Line] = field(3, default_factory=list)
    note: str | None = field(4, default=None)
    seen: bool | UnsetType = UNSET
    rest: Raw | None = None
    secret: str = field(default="", repr=False, compare=False, kw_only=True)


class Stamped(Record, mixin=True):
    created: int = field(default=0, kw_only=True)


class Document(Stamped, validate="assign"):
    title: str


assert_type(Document("t", created=1).created, int)
assert_type(quire.json.decode(b"{}", quire.Partial[Document]), Document)


class Area(Record, unknown="keep"):
    side: int

    @quire.computed
    def area(self) -> int:
        return self.side**2

    @quire.computed(name="text", omit="null")
    def label(self) -> str | None:
        return None


assert_type(Area(1).area, int)
assert_type(Area(1).label, str | None)


class Account(Record, layout="array", reserved=(2, "old"), omit="never"):
    id: int = field(1, aliases=("number", "no"))
    password: str = field(3, secret=True, serialize=False, omit="null")
    length: int = field(4, init=False)


assert_type(Account(1, "p").length, int)


@quire.config(rename="camel", unknown="error", omit="default", reserved=[1])
@dataclasses.dataclass
class Data:
    first_name: Annotated[str, field(2, aliases=["first"])] = ""


assert_type(Data("a").first_name, str)


class Box(Record, Generic[T], kw_only=True):
    item: T
    number: Annotated[int, field(2, name="n")] = 0


class Numbered(Record, tag=7, rename=lambda name: name.upper()):
    a: int


class Renamed(Record, rename={"a": "b"}, tag=str.lower, weakref=True):
    a: int


line = Line("pen")
assert_type(line.count, int)
order = Order(1, "c", [line], "n", True, secret="s")
assert_type(order.lines, list[Line])
assert_type(order.note, str | None)
assert_type(order.seen, bool | UnsetType)
assert_type(order < order, bool)
assert_type(Box(item="x").item, str)
assert_type(copy.copy(line), Line)
assert_type(line.__replace__(count=2), Line)
hash(order)
line.count = 3

match line:
    case Line(article, count):
        assert_type(article, str)
        assert_type(count, int)

if order.seen is not UNSET:
    print(order.seen)

names: tuple[str, ...] = Line.__record_fields__
anything: Any = field()
