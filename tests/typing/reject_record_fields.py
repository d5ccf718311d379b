# SPDX-License-Identifier: Apache-2.0
"""Mistakes with the fields of records: each line marked is one that a type checker must report."""

from quire import Record, UnsetType, field


class User(Record):
    id: int
    name: str = field(2, name="n")
    tags: list[str] = field(default_factory=list)


User(1)  # error
User(1, "n", nickname="x")  # error
User(1, "n", [1])  # error
User(1, "n").missing  # error
User(1, "n").id = "x"  # error


class BadDefault(Record):
    id: int = "x"  # error
    name: str = field(default=3)  # error
    tags: list[str] = field(default_factory=dict)  # error
    number: int = field("1")  # error
    option: int = field(color="red")  # error
    omitted: int = field(omit="sometimes")  # error


class InitFalse(Record):
    a: int
    b: int = field(init=False)


InitFalse(1, 2)  # error


class Mixin(Record, mixin=True):
    a: int


class Mixed(Mixin):
    b: int


Mixed("x", 1)  # error


class Unset(Record):
    maybe: int | UnsetType


Unset(1).maybe + 1  # error
