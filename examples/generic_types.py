# SPDX-License-Identifier: Apache-2.0
"""A generic record: one page of anything. Each use with a type has a plan of its own."""

from typing import Generic, TypeVar

import quire

T = TypeVar("T")


class Page(quire.Record, Generic[T]):
    items: list[T]
    next: str | None = None


class User(quire.Record):
    id: int


print(quire.json.decode(b'{"items": [{"id": 1}, {"id": 2}], "next": "b"}', Page[User]))
print(quire.json.decode(b'{"items": ["x"]}', Page[str]))
try:
    quire.json.decode(b'{"items": ["x"]}', Page[int])
except quire.ValidationError as error:
    print(error.errors[0].path, error.errors[0].code)

# prints:
# Page(items=[User(id=1), User(id=2)], next='b')
# Page(items=['x'], next=None)
# $.items[0] type_mismatch
