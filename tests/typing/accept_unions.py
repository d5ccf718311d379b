# SPDX-License-Identifier: Apache-2.0
"""A union, an Optional or Annotated is a type like any other."""

from typing import Annotated, Optional

import quire
import quire.json
from quire import Record, Subclasses, Unknown
from typing_extensions import assert_type


class A(Record, tag=True):
    a: int


class B(Record, tag=True):
    b: int


assert_type(quire.json.decode(b"1", int | None), int | None)
assert_type(quire.json.decode(b"1", Optional[str]), str | None)
assert_type(quire.json.decode(b"1", A | B), A | B)
assert_type(quire.json.Decoder(A | B | None).decode(b""), A | B | None)
assert_type(quire.json.decode(b"1", Annotated[int, "positive"]), int)
assert_type(quire.convert(1, int | str), int | str)
assert_type(quire.json.decode(b"1", Subclasses[A]), A)
assert_type(quire.json.Decoder(list[Subclasses[A] | Unknown]).decode(b""), list[A | Unknown])


class Family(Record):
    members: list[Subclasses[A]]
    other: A | Unknown


assert_type(Family([A(1)], Unknown("type", {"type": "x"})).members, list[A])
