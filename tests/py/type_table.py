# SPDX-License-Identifier: Apache-2.0
"""Every type there is, with values that must come back exactly and documents that must be refused.

`CASES` is what the shared tests run over: (type, values, bad), bad being (what the document holds, code, path). `holders` puts a
type into each kind of class with fields.
"""

import collections
import collections.abc as abc
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import ipaddress
import math
import pathlib
import uuid
import zoneinfo
from typing import Annotated, Literal, NamedTuple, NewType, TypedDict

import annotated_types
import attrs
import numpy
import numpy.typing

import quire


class Case(NamedTuple):
    type: object
    values: list
    bad: list = []  # noqa: RUF012
    key: bool = False  # may be the key of a dict


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Mode(enum.StrEnum):
    FAST = "fast"


class Mixed(enum.Enum):
    ONE = 1
    TWO = "2"
    YES = True


class Permission(enum.Flag):
    READ = 1
    WRITE = 2
    RUN = 4


class Options(enum.IntFlag):
    A = 1
    B = 2


class Loose(enum.Flag, boundary=enum.CONFORM):
    A = 1


class Text(str):
    pass


class Number(int):
    pass


class Real(float):
    pass


class Blob(bytes):
    pass


class Place(NamedTuple):
    x: int
    name: str = "a"


UTC = dt.UTC
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
UserId = NewType("UserId", int)

CASES = {
    "None": Case(type(None), [None], [(0, "type_mismatch", "$"), ("null", "type_mismatch", "$")], key=True),
    "bool": Case(bool, [True, False], [(0, "type_mismatch", "$"), ("true", "type_mismatch", "$")], key=True),
    "int": Case(
        int,
        [0, -1, 2**31, 2**63 - 1, -(2**63), 2**64 - 1],
        [("1", "type_mismatch", "$"), (True, "type_mismatch", "$"), (1.0, "type_mismatch", "$"), (None, "type_mismatch", "$")],
        key=True,
    ),
    "float": Case(
        float,
        [0.0, -0.0, 1.5, 5e-324, 1.7976931348623157e308],
        [("1.5", "type_mismatch", "$"), (2**53 + 1, "inexact", "$"), (None, "type_mismatch", "$")],
        key=True,
    ),
    "str": Case(str, ["", "a\x00b", 'é€😀"\\/', "null"], [(1, "type_mismatch", "$"), (None, "type_mismatch", "$")], key=True),
    "bytes": Case(bytes, [b"", b"\x00\xff", bytes(range(256))], [(1, "type_mismatch", "$")], key=True),
    "bytearray": Case(bytearray, [bytearray(), bytearray(b"\x00\xff")], [(1, "type_mismatch", "$")]),
    "memoryview": Case(memoryview, [memoryview(b""), memoryview(b"\x00\xff")], [(1, "type_mismatch", "$")]),
    "Decimal": Case(
        decimal.Decimal,
        [decimal.Decimal(text) for text in ("0", "-0.00", "1.50", "1E+400", "-Infinity", "NaN12")],
        [("1,5", "invalid_format", "$"), (True, "type_mismatch", "$"), ("", "invalid_format", "$")],
    ),
    "datetime": Case(
        dt.datetime,
        [
            dt.datetime(2024, 2, 29, 23, 59, 59, 999999),
            dt.datetime(1, 1, 1, tzinfo=UTC),
            dt.datetime(9999, 12, 31, 23, 59, 59, 1, UTC),
            dt.datetime(2024, 5, 1, tzinfo=dt.timezone(dt.timedelta(hours=5, minutes=45))),
            dt.datetime(2024, 5, 1, tzinfo=dt.timezone(-dt.timedelta(seconds=1, microseconds=5))),
            dt.datetime(2024, 5, 1, tzinfo=zoneinfo.ZoneInfo("UTC")),
            dt.datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN),
            dt.datetime(2024, 10, 27, 2, 30, tzinfo=BERLIN, fold=1),
            dt.datetime(2024, 3, 31, 2, 30, tzinfo=BERLIN),
        ],
        [
            ("2024-02-30T00:00:00", "invalid_format", "$"),
            (0, "type_mismatch", "$"),
            ("2024-05-01T00:00:00+05:00[Europe/Berlin]", "invalid_value", "$"),
            ("2024-05-01T00:00:00+02:00[Europe/Atlantis]", "invalid_value", "$"),
        ],
        key=True,
    ),
    "date": Case(dt.date, [dt.date(1, 1, 1), dt.date(2024, 2, 29)], [("2023-02-29", "invalid_format", "$")], key=True),
    "time": Case(
        dt.time,
        [dt.time(), dt.time(23, 59, 59, 999999), dt.time(1, tzinfo=UTC), dt.time(1, tzinfo=dt.timezone(dt.timedelta(hours=-3)))],
        [("24:00:01", "invalid_format", "$")],
        key=True,
    ),
    "timedelta": Case(
        dt.timedelta,
        [dt.timedelta(), dt.timedelta.min, dt.timedelta.max, dt.timedelta(microseconds=-1)],
        [("1 day", "invalid_format", "$"), (1, "type_mismatch", "$")],
        key=True,
    ),
    "UUID": Case(uuid.UUID, [uuid.UUID(int=0), uuid.UUID(int=2**128 - 1)], [("1234", "invalid_format", "$")], key=True),
    "Enum": Case(Color, list(Color), [("green", "invalid_choice", "$"), ("RED", "invalid_choice", "$")], key=True),
    "IntEnum": Case(Level, list(Level), [(3, "invalid_choice", "$"), (1.0, "invalid_choice", "$")], key=True),
    "StrEnum": Case(Mode, list(Mode), [("slow", "invalid_choice", "$")], key=True),
    "Enum of several kinds": Case(Mixed, list(Mixed), [(2, "type_mismatch", "$"), ("3", "invalid_choice", "$")]),
    "Literal": Case(Literal["a", "b"], ["a", "b"], [("c", "invalid_choice", "$")], key=True),
    "Literal of several kinds": Case(Literal["a", 1, True, None], ["a", 1, True, None], [("b", "invalid_choice", "$")]),
    "complex": Case(
        complex,
        [1 + 2j, complex(-0.0, 0.0), complex(0.0, -0.0), complex(-0.0, -0.0), complex(1e308, 5e-324), complex("inf-infj")],
        [(1.5, "type_mismatch", "$"), ("1", "invalid_value", "$"), (" 1j", "invalid_value", "$"), ("1_0j", "invalid_value", "$")],
        key=True,
    ),
    "Fraction": Case(
        fractions.Fraction,
        [fractions.Fraction(0), fractions.Fraction(-3, 4), fractions.Fraction(10**30, 7)],
        [("1/0", "invalid_value", "$"), ("3", "invalid_value", "$"), ("1/-2", "invalid_value", "$"), (0.5, "type_mismatch", "$")],
        key=True,
    ),
    "Flag": Case(
        Permission,
        [Permission(0), Permission.READ, Permission.READ | Permission.RUN, ~Permission.READ],
        [(8, "invalid_value", "$"), (-1, "invalid_value", "$"), ("READ", "type_mismatch", "$"), (True, "type_mismatch", "$")],
        key=True,
    ),
    "IntFlag": Case(Options, [Options(0), Options.A | Options.B, Options(8)], [(1.0, "type_mismatch", "$")], key=True),
    "a Flag that drops bits": Case(Loose, [Loose.A], [(3, "invalid_value", "$")], key=True),
    "Path": Case(
        pathlib.Path, [pathlib.Path(), pathlib.Path("a/../b c"), pathlib.Path("/é")], [(1, "type_mismatch", "$")], key=True
    ),
    "PurePath": Case(pathlib.PurePath, [pathlib.PurePath("a", "b")], [(None, "type_mismatch", "$")], key=True),
    "PureWindowsPath": Case(pathlib.PureWindowsPath, [pathlib.PureWindowsPath("c:/a/b")], [([], "type_mismatch", "$")], key=True),
    "IPv4Address": Case(
        ipaddress.IPv4Address,
        [ipaddress.IPv4Address("127.0.0.1")],
        [("256.0.0.1", "invalid_value", "$"), ("1.2.3.4/32", "invalid_value", "$"), (1, "type_mismatch", "$")],
        key=True,
    ),
    "IPv6Address": Case(
        ipaddress.IPv6Address,
        [ipaddress.IPv6Address("::1"), ipaddress.IPv6Address("fe80::1%eth0")],
        [("::g", "invalid_value", "$"), ("1.2.3.4", "invalid_value", "$")],
        key=True,
    ),
    "IPv4Interface": Case(
        ipaddress.IPv4Interface,
        [ipaddress.IPv4Interface("10.1.2.3/8"), ipaddress.IPv4Interface("10.1.2.3")],
        [("10.1.2.3", "invalid_value", "$"), ("10.1.2.3/33", "invalid_value", "$")],
        key=True,
    ),
    "IPv6Interface": Case(
        ipaddress.IPv6Interface, [ipaddress.IPv6Interface("fe80::1/64")], [("fe80::1", "invalid_value", "$")], key=True
    ),
    "IPv4Network": Case(
        ipaddress.IPv4Network, [ipaddress.IPv4Network("10.0.0.0/8")], [("10.0.0.1/8", "invalid_value", "$")], key=True
    ),
    "IPv6Network": Case(
        ipaddress.IPv6Network, [ipaddress.IPv6Network("fe80::/64")], [("fe80::1/64", "invalid_value", "$")], key=True
    ),
    "ZoneInfo": Case(
        zoneinfo.ZoneInfo,
        [BERLIN, zoneinfo.ZoneInfo("UTC")],
        [("Europe/Atlantis", "invalid_value", "$"), ("../etc/passwd", "invalid_value", "$"), ("", "invalid_value", "$")],
        key=True,
    ),
    "a subclass of str": Case(Text, [Text(""), Text("é")], [(1, "type_mismatch", "$")], key=True),
    "a subclass of int": Case(Number, [Number(0), Number(-(2**40))], [("1", "type_mismatch", "$")], key=True),
    "a subclass of float": Case(Real, [Real(-0.0), Real(1.5)], [("1", "type_mismatch", "$")], key=True),
    "a subclass of bytes": Case(Blob, [Blob(b"\x00\xff")], [(1, "type_mismatch", "$")], key=True),
    "numpy.bool": Case(numpy.bool_, [numpy.bool_(True), numpy.bool_(False)], [(1, "type_mismatch", "$")], key=True),
    "numpy.int8": Case(
        numpy.int8, [numpy.int8(-128), numpy.int8(127)], [(128, "invalid_value", "$"), (1.0, "type_mismatch", "$")], key=True
    ),
    "numpy.uint64": Case(numpy.uint64, [numpy.uint64(2**64 - 1)], [(-1, "invalid_value", "$")], key=True),
    "numpy.float16": Case(numpy.float16, [numpy.float16(-0.0), numpy.float16(1.5)], [(1e9, "invalid_value", "$")], key=True),
    "numpy.float32": Case(numpy.float32, [numpy.float32(0.1), numpy.float32(-0.0)], [(1e300, "invalid_value", "$")], key=True),
    "numpy.float64": Case(numpy.float64, [numpy.float64(0.1), numpy.float64(-0.0)], [("x", "type_mismatch", "$")], key=True),
    "numpy.complex64": Case(numpy.complex64, [numpy.complex64(1 + 2j)], [("x", "invalid_value", "$")], key=True),
    "numpy.complex128": Case(numpy.complex128, [numpy.complex128(complex(-0.0, 0.0))], [(1, "type_mismatch", "$")], key=True),
    "numpy.str": Case(numpy.str_, [numpy.str_("é")], [(1, "type_mismatch", "$")], key=True),
    "numpy.bytes": Case(numpy.bytes_, [numpy.bytes_(b"ab")], [(1, "type_mismatch", "$")], key=True),
    "numpy.datetime64": Case(
        numpy.datetime64,
        [numpy.datetime64("2024-05-01", unit) for unit in ("Y", "M", "W", "D", "h", "s", "ns")] + [numpy.datetime64("NaT", "D")],
        [("2024-05-01", "invalid_value", "$"), ("now[s]", "invalid_value", "$"), (1, "type_mismatch", "$")],
    ),
    "numpy.timedelta64": Case(
        numpy.timedelta64,
        [numpy.timedelta64(5, "ms"), numpy.timedelta64(-1, "25s"), numpy.timedelta64("NaT", "D"), numpy.timedelta64(3)],
        [("5 ms", "invalid_value", "$"), ("99999999999999999999[s]", "invalid_value", "$")],
    ),
    "numpy.ndarray": Case(
        numpy.ndarray,
        [
            numpy.arange(6.0).reshape(2, 3),
            numpy.zeros((0, 3), "i4"),
            numpy.array(5, ">i2"),
            numpy.array([True, False]),
            numpy.array(["ab", "c"]),
            numpy.array([b"ab", b"c"]),
            numpy.array(["2024-01-01", "NaT"], "M8[D]"),
            numpy.array([1 + 2j], "c8"),
            numpy.arange(10, dtype="u1")[::3],
            numpy.asfortranarray(numpy.arange(6.0).reshape(2, 3)),
        ],
        [
            ([], "type_mismatch", "$"),
            ({"dtype": "<f8", "shape": [2]}, "missing_field", "$"),
            ({"dtype": "O", "shape": [], "data": b""}, "invalid_value", "$"),
            ({"dtype": "<f8", "shape": [2], "data": b""}, "invalid_value", "$"),
            ({"dtype": "<f8", "shape": [-1, 0], "data": b""}, "invalid_value", "$"),
            ({"dtype": "<f8", "shape": [1] * 100, "data": bytes(8)}, "invalid_value", "$"),
            ({"dtype": "<f8", "shape": [2**62, 2**62], "data": b""}, "invalid_value", "$"),
        ],
    ),
    "NDArray[int64]": Case(
        numpy.typing.NDArray[numpy.int64],
        [numpy.arange(3), numpy.zeros((2, 0), "i8")],
        [({"dtype": "<f8", "shape": [0], "data": b""}, "invalid_value", "$")],
    ),
    "NewType": Case(UserId, [UserId(7)], [("7", "type_mismatch", "$")], key=True),
    "list": Case(list[int], [[], [1, -2, 3]], [({}, "type_mismatch", "$"), ([1, "x"], "type_mismatch", "$[1]")]),
    "list[float]": Case(list[float], [[-0.0, 0.0, 1e308, 5e-324, math.pi]], [(["1"], "type_mismatch", "$[0]")]),
    "tuple": Case(tuple[int, str], [(1, "a")], [([1], "wrong_length", "$"), ([1, 2], "type_mismatch", "$[1]")], key=True),
    "tuple[...]": Case(tuple[int, ...], [(), (1, 2)], [([None], "type_mismatch", "$[0]")], key=True),
    "tuple in tuple": Case(
        tuple[dt.date, tuple[bytes, Color]],
        [(dt.date(2024, 2, 29), (b"\xff", Color.RED))],
        [(["2024-02-29", [b"\xff", "green"]], "invalid_choice", "$[1][1]")],
        key=True,
    ),
    "NamedTuple": Case(Place, [Place(1), Place(2, "b")], [([], "missing_field", "$")], key=True),
    "set": Case(set[int], [set(), {3, 1, 2}], [("x", "type_mismatch", "$"), ([1, []], "type_mismatch", "$[1]")]),
    "frozenset": Case(frozenset[str], [frozenset(), frozenset("abc")], [([1], "type_mismatch", "$[0]")]),
    "deque": Case(
        collections.deque[int],
        [collections.deque(), collections.deque([3, 1, 2])],
        [({}, "type_mismatch", "$"), ([1, None], "type_mismatch", "$[1]")],
    ),
    "deque with a maxlen": Case(
        Annotated[collections.deque[int], annotated_types.MaxLen(3)],
        [collections.deque([], 3), collections.deque([1, 2, 3], 3)],
        [([1, 2, 3, 4], "too_long", "$")],
    ),
    "dict": Case(dict[str, int], [{}, {"b": 1, "a": 2}], [([], "type_mismatch", "$"), ({"a": "x"}, "type_mismatch", "$.a")]),
    "OrderedDict": Case(
        collections.OrderedDict[str, int],
        [collections.OrderedDict(), collections.OrderedDict(b=1, a=2)],
        [([], "type_mismatch", "$"), ({"a": 1.5}, "type_mismatch", "$.a")],
    ),
    "defaultdict": Case(
        collections.defaultdict[str, list[int]],
        [collections.defaultdict(list), collections.defaultdict(list, {"b": [1], "a": []})],
        [([], "type_mismatch", "$"), ({"a": {}}, "type_mismatch", "$.a")],
    ),
    "Counter": Case(
        collections.Counter[str],
        [collections.Counter(), collections.Counter({"x": 3, "a": -1, "z": 0})],
        [([], "type_mismatch", "$"), ({"a": "1"}, "type_mismatch", "$.a")],
    ),
    "Sequence": Case(abc.Sequence[int], [[1, 2]], [({}, "type_mismatch", "$")]),
    "MutableSequence": Case(abc.MutableSequence[int], [[1, 2]], [({}, "type_mismatch", "$")]),
    "Collection": Case(abc.Collection[int], [[1, 2]], [("a", "type_mismatch", "$")]),
    "Iterable": Case(abc.Iterable[int], [[1, 2]], [(["a"], "type_mismatch", "$[0]")]),
    "Set": Case(abc.Set[int], [{1, 2}], [({}, "type_mismatch", "$")]),
    "MutableSet": Case(abc.MutableSet[int], [{1, 2}], [({}, "type_mismatch", "$")]),
    "Mapping": Case(abc.Mapping[str, int], [{"b": 1, "a": 2}], [([], "type_mismatch", "$")]),
    "MutableMapping": Case(abc.MutableMapping[str, int], [{"b": 1, "a": 2}], [([], "type_mismatch", "$")]),
}


def holders(type_):
    """(class, way to make one) for a class of each kind with the fields one: T, many: list[T], maybe: T | None."""
    fields = {"one": type_, "many": list[type_], "maybe": type_ | None}
    named = NamedTuple("Named", list(fields.items()))
    typed = TypedDict("Typed", fields)
    data = dataclasses.make_dataclass("Data", list(fields.items()))
    slotted = dataclasses.make_dataclass("Slotted", list(fields.items()), slots=True, frozen=True, kw_only=True)
    attr = attrs.make_class("Attr", {name: attrs.field(type=annotation) for name, annotation in fields.items()})
    record = quire.RecordMeta("Rec", (quire.Record,), {"__annotations__": fields})
    return {cls.__name__: cls for cls in (record, data, slotted, attr, typed, named)}
