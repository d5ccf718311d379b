# SPDX-License-Identifier: Apache-2.0
"""Types beside the plain ones: what is asked for is what comes back."""

import collections
import enum
import ipaddress
import pathlib
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Annotated, NewType
from zoneinfo import ZoneInfo

import quire
from typing_extensions import assert_type


class Permission(enum.Flag):
    READ = 1


class Celsius(float):
    pass


UserId = NewType("UserId", int)

assert_type(quire.json.decode(b"1", Permission), Permission)
assert_type(quire.json.decode(b"1", Celsius), Celsius)
assert_type(quire.json.decode(b"1", UserId), UserId)
assert_type(quire.json.decode(b'"1j"', complex), complex)
assert_type(quire.json.decode(b'"1/2"', Fraction), Fraction)
assert_type(quire.json.decode(b'"a"', pathlib.Path), pathlib.Path)
assert_type(quire.json.decode(b'"::1"', ipaddress.IPv6Address), ipaddress.IPv6Address)
assert_type(quire.json.decode(b'"UTC"', ZoneInfo), ZoneInfo)
assert_type(quire.msgpack.decode(b"\xc4\x00", memoryview), memoryview)
assert_type(quire.msgpack.decode(b"\x90", collections.deque[int]), collections.deque[int])
assert_type(quire.msgpack.decode(b"\x80", collections.Counter[str]), collections.Counter[str])
assert_type(quire.convert({}, collections.OrderedDict[str, int]), collections.OrderedDict[str, int])
assert_type(quire.convert({}, collections.defaultdict[str, list[int]]), collections.defaultdict[str, list[int]])
assert_type(quire.convert({}, dict[tuple[int, str], Fraction]), dict[tuple[int, str], Fraction])
assert_type(quire.json.Decoder(Annotated[collections.deque[int], "up to three"]).decode(b"[]"), collections.deque[int])
quire.validate((1, 2), Sequence[int])
quire.validate({}, Mapping[str, int])
quire.json.encode([1j, Fraction(1), pathlib.Path(), {(1, 2): Permission.READ}])
