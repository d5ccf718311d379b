# SPDX-License-Identifier: Apache-2.0
"""Bad arguments of all kinds to everything public: what comes out is a QuireError, a SchemaError, or a TypeError or ValueError about the
call itself; never an exception of something within (a bare UnicodeDecodeError, KeyError, RecursionError ...)."""

import contextlib
import datetime as dt
import decimal
import enum
import itertools
import random
import re
import uuid
from collections import OrderedDict, deque
from typing import Annotated, Any, Literal, NamedTuple, Optional, TypedDict

import annotated_types as at
import pytest

import quire
from quire import UNSET, Limits, Raw, Record, field


class Point(Record):
    x: int
    y: float = 0.0


class Strict(Record, unknown="error", tag="s"):
    name: str
    next: "Strict | None" = None


class Loose(Record, tag="l"):
    items: list[Any] = field(default_factory=list)


class Row(Record, layout="array"):
    a: int = field(1)
    b: str = field(2, default="")


class Kind(enum.Enum):
    A = "a"
    B = 2


class Movie(TypedDict, total=False):
    title: str


class Pair(NamedTuple):
    a: int
    b: str = "x"


class Odd:
    """Everything about it fails."""

    def __getattr__(self, name):
        raise KeyError(name)

    def __eq__(self, other):
        raise RuntimeError

    __hash__ = None


class Named:
    def __repr__(self):
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad")


class Text(str):
    pass


class Pairs(dict):
    pass


def cycle():
    value = []
    value.append({"a": value})
    return value


def deep(n, make):
    value = 1
    for _ in range(n):
        value = make(value)
    return value


TYPES = [
    object, Any, int, float, bool, str, bytes, bytearray, None, list, dict, tuple, set, list[int], dict[str, int], dict[int, str],
    tuple[int, str], tuple[int, ...], set[int], frozenset[str], Optional[int], int | str | None, list[int] | dict[str, int], Point,
    Strict, Strict | Loose, list[Row], Row, Kind, Literal["a", 1, None], Movie, Pair, Raw, dt.datetime, dt.date, dt.time, dt.timedelta,
    decimal.Decimal, uuid.UUID, Annotated[int, at.Ge(0)], Annotated[str, re.compile("a+")], Annotated[list[int], at.MaxLen(2)],
    dict[dt.date, Point], deque[int], OrderedDict[str, int],
]  # fmt: skip
NO_TYPES = [
    5,
    "int",
    "no such name",
    [],
    {},
    lambda: 1,
    ...,
    list[5],
    dict[str],
    re,
    Literal[1.5],
    "a b",
    "",
    b"int",
]

OBJECTS = [
    None, True, 0, -1, 2**31, 2**63, -(2**63) - 1, 2**64, 10**5000, 0.0, -0.0, 1.5, float("nan"), float("inf"), 1e308, "", "a", "7", "1.0",
    "\ud800", "\udfff\ud800", "é€😀\x00", "x" * 1000, b"", b"\xff", bytearray(b"a"), memoryview(b"abc"), memoryview(b"abcd")[::2], [], [[]], {},
    {"x": 1}, {"x": "a", "y": []}, {1: 2}, {None: 1}, {(1, 2): 3}, {"\ud800": 1}, {1.5: 1, True: 2}, (1, "a"), (1,), {1, 2}, frozenset(["a"]),
    {"type": "s", "name": "a"}, {"type": "s"}, {"type": []}, {"type": "l", "items": [[[]]]}, Point(1), Strict("a"), Loose([1]), Row(1),
    Point.__new__(Point), Kind.A, Kind.B, Pair(1), Raw(b"1"), Raw(b""), Raw(b"\xff"), UNSET, dt.datetime.max, dt.datetime.now(dt.UTC), dt.date.min,
    dt.time.max, dt.timedelta.max, dt.timedelta(-1), decimal.Decimal("NaN"), decimal.Decimal("1e999999"), decimal.Decimal("0.1"), uuid.UUID(int=1),
    object(), Odd(), Named(), Text("t"), Pairs(a=1), cycle(), deep(1200, lambda v: [v]), deep(1200, lambda v: {"a": v}), deque([1]), int, Point,
    lambda: 1, (i for i in range(3)), range(3), 1j, NotImplemented, ..., ValueError("x"),
]  # fmt: skip

OPTIONS = [
    {}, {"strict": False}, {"errors": "all"}, {"errors": "all", "strict": False}, {"limits": Limits(depth=3, items=2, str_bytes=4)},
    {"limits": Limits(errors=2, bytes=50, int_digits=5, duplicate_keys="error"), "errors": "all"},
]  # fmt: skip


def is_right(error):
    """Is it an exception that a caller may get?"""
    if isinstance(error, quire.QuireError):
        assert (
            error.errors
            and str(error)
            and repr(error.errors)
            and all(f.path and isinstance(f.pointer, str) for f in error.errors)
        )
        return True
    if isinstance(error, quire.SchemaError):
        return bool(str(error))
    return type(error) in (TypeError, ValueError, BufferError)


def attempt(call, *what):
    try:
        return call()
    except Exception as error:
        assert is_right(error), (type(error), error, *what)
        return None


def garbage(random_):
    kinds = [
        bytes(random_.randrange(256) for _ in range(random_.randrange(12))),
        "".join(random_.choice('{}[]",:0123456789.eE+-truefalsnu \\\ud800é') for _ in range(random_.randrange(12))),
        random_.choice(
            [b"[" * 5000, b'{"a":' * 2000, b"\x91" * 5000, b"\xdd\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xff", b"1" * 6000]
        ),
    ]
    return random_.choice(kinds)


@pytest.mark.parametrize("seed", range(4))
def test_decode_garbage(fmt, seed):
    random_ = random.Random(seed)
    for _ in range(400):
        data, type_, options = garbage(random_), random_.choice(TYPES), random_.choice(OPTIONS)
        attempt(lambda data=data, type_=type_, options=options: fmt.decode(data, type_, **options), data, type_, options)


def test_decode_documents_as_every_type(fmt):
    documents = []
    for value in OBJECTS:
        with contextlib.suppress(quire.QuireError):
            documents.append(fmt.encode(value))
    for data, type_ in itertools.product(documents, TYPES):
        options = OPTIONS[(len(data) + TYPES.index(type_)) % len(OPTIONS)]
        attempt(lambda data=data, type_=type_, options=options: fmt.decode(data, type_, **options), data[:50], type_, options)


def test_objects_to_everything(fmt):
    for value in OBJECTS:
        attempt(lambda value=value: fmt.encode(value), type(value))
        attempt(lambda value=value: fmt.decode(value), type(value))
        attempt(lambda value=value: quire.to_builtins(value), type(value))
    encoders = [fmt.Encoder(type_) for type_ in TYPES]
    for value, (type_, encoder) in itertools.product(OBJECTS, zip(TYPES, encoders, strict=True)):
        attempt(lambda value=value, encoder=encoder: encoder.encode(value), type(value), type_)
        attempt(lambda value=value, type_=type_: quire.validate(value, type_), type(value), type_)
        for options in ({}, {"strict": False}, {"errors": "all"}):
            attempt(lambda value=value, type_=type_, options=options: quire.convert(value, type_, **options), type(value), type_)


def test_no_types(fmt):
    for type_ in NO_TYPES:
        for call in (
            fmt.Encoder,
            fmt.Decoder,
            lambda t: fmt.decode(b"1", t),
            lambda t: quire.convert(1, t),
            lambda t: quire.validate(1, t),
        ):
            attempt(lambda call=call, type_=type_: call(type_), type_)


def test_wrong_calls(fmt):
    functions = [
        fmt.encode,
        fmt.decode,
        fmt.Encoder,
        fmt.Decoder,
        quire.convert,
        quire.validate,
        quire.to_builtins,
        Limits,
        Raw,
        field,
    ]
    functions += [fmt.Encoder(int).encode, fmt.Decoder(int).decode]
    for function in functions:
        for args in ((), (1,), (1, 2, 3, 4), (None,), (object(),), (b"1", int, int)):
            for keywords in (
                {},
                {"nonsense": 1},
                {"strict": Odd()},
                {"limits": 5},
                {"errors": []},
                {"errors": "some"},
                {"\ud800": 1},
            ):
                attempt(lambda f=function, a=args, k=keywords: f(*a, **k), function, args, keywords)
