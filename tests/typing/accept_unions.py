# SPDX-License-Identifier: Apache-2.0
"""A union, an Optional or Annotated is a type like any other."""

from typing import Annotated, Optional

import quire
import quire.json
from quire import Record
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
