# SPDX-License-Identifier: Apache-2.0
"""Adapters: where they may stand, what they are called with."""

import datetime
import re
from typing import Annotated

import quire
from quire import Adapter, Adapters, Record, field


class Money:
    amount: int

    def __init__(self, amount: int) -> None:
        self.amount = amount


def write(money: Money) -> str:
    return str(money.amount)


def read(text: str) -> Money:
    return Money(int(text))


def read_with(text: str, context: object) -> Money:
    return Money(int(text))


money: Adapter[Money, str] = Adapter(wire=str, encode=write, decode=read)
asking = Adapter(wire=str, encode=write, decode=read_with, context=True)
described = Adapter(wire=str, encode=write, decode=read, schema={"type": "string", "pattern": "^[0-9]+$"})
by_mode = Adapter(wire=str, encode=write, decode=read, schema=lambda mode: {"type": "string", "readOnly": mode == "encode"})
adapters = Adapters().add(Money, money).add(Money, asking, subclasses=True)
more = Adapters(adapters)


class Order(Record):
    total: Annotated[Money, money]
    other: Money = field(adapter=asking)
    count: int = field(default=1, ge=1, multiple_of=2, predicate=bool)
    code: str = field(default="a", min_length=1, max_length=5, pattern=re.compile("a"))
    when: datetime.datetime | None = field(default=None, timezone=datetime.timezone.utc)


data: bytes = quire.json.encode(Money(1), adapters=adapters)
value: Order = quire.json.decode(data, Order, adapters=adapters, context={"a": 1})
encoder: quire.json.Encoder[Order] = quire.json.Encoder(Order, adapters=adapters)
decoder: quire.json.Decoder[Order] = quire.json.Decoder(Order, adapters=adapters, context=1)
again: Order = quire.convert(quire.to_builtins(value, adapters=adapters), Order, adapters=adapters)
found: Adapter[Money, object] | None = adapters.find(Money)
