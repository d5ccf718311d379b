# SPDX-License-Identifier: Apache-2.0
"""Depth is bounded by the stack of the thread, whatever the limits allow: a LimitError, never the end of the process."""

import dataclasses
from typing import Any, NamedTuple, TypedDict

import pytest
from in_threads import on_stack

import quire
from quire import Limits, Raw, Record

DEEP = 100_000
SIZES = [256 * 1024, 512 * 1024, 2 * 1024 * 1024]


class Node(Record):
    a: "Node | None" = None


class Tagged(Record, tag=True):
    a: "Tagged | Other | list[Tagged] | None" = None


class Other(Record, tag=True):
    b: int = 0


class ByKeys(Record):
    a: "ByKeys | ByOtherKeys | None"


class ByOtherKeys(Record):
    b: int


class Post(Record):
    a: "Post | None" = None

    def __post_init__(self):
        assert quire.json.decode(b'[[{"a": [1]}]]') and self.a is not self


class Row(Record, layout="array"):
    a: "Row | None" = quire.field(1, default=None)


class Wide(Record):
    a: "Wide | None" = None
    rest: tuple[list[dict[str, "Wide"]], ...] = ()


@dataclasses.dataclass
class Data:
    a: "Data | None" = None


@dataclasses.dataclass(slots=True)
class Omitting:
    a: "Omitting | None" = None


class Dict(TypedDict, total=False):
    a: "Dict"


class Tuple(NamedTuple):
    a: "Tuple | None" = None


class Holder(Record):
    items: list["Holder"] = []
    pairs: dict[str, "Holder"] = {}
    both: tuple["Holder", ...] = ()


def document(fmt, kind, depth):
    if fmt.name == "json":
        opening, closing = {
            "map": (b'{"a":', b"}"),
            "array": (b"[", b"]"),
            "tagged": (b'{"type":"Tagged","a":', b"}"),
            "holder": (b'{"pairs":{"k":{"items":[', b"]}}}"),
            "wide": (b'{"rest":[[{"k":', b"}]]}"),
        }[kind]
        return opening * depth + b"null" + closing * depth
    opening = {
        "map": b"\x81\xa1a",
        "array": b"\x91",
        "tagged": b"\x82\xa4type\xa6Tagged\xa1a",
        "holder": b"\x81\xa5pairs\x81\xa1k\x81\xa5items\x91",
        "wide": b"\x81\xa4rest\x91\x91\x81\xa1k",
    }[kind]
    return opening * depth + b"\xc0"


TYPES = [
    ("map", object),
    ("array", object),
    ("map", Any),
    ("map", Raw),
    ("array", Raw),
    ("map", Node),
    ("tagged", Tagged),
    ("tagged", Node),
    ("map", ByKeys),
    ("map", Post),
    ("array", Row),
    ("wide", Wide),
    ("map", Data),
    ("map", Omitting),
    ("map", Dict),
    ("array", Tuple),
    ("map", dict[str, object]),
    ("holder", Holder),
    ("holder", Other),
    ("holder", dict[str, Holder] | list[int]),
]


@pytest.mark.parametrize("size", SIZES)
def test_decoding(fmt, size):
    limits = Limits(depth=1_000_000)
    datas = {kind: document(fmt, kind, DEEP) for kind, _ in TYPES}

    def job():
        for kind, type_ in TYPES:
            try:
                fmt.decode(datas[kind], type_, limits=limits)
            except quire.LimitError as error:
                assert error.errors[0].code in ("depth_limit", "work_limit"), type_
            else:
                raise AssertionError(f"{kind} as {type_}")
        return "done"

    assert on_stack(size, job) == "done"


def nested(make, depth=5000):
    value = None
    for _ in range(depth):
        value = make(value)
    return value


def test_python_objects(fmt):
    """Encoding, converting and checking are bounded by their own depth, or by the stack before that."""
    values = [
        (nested(lambda v: [v]), object, object),
        (nested(lambda v: (v,)), object, object),
        (nested(lambda v: {"a": v}), Node, object),
        (nested(lambda v: {"type": "Tagged", "a": v}), Tagged, object),
        (nested(lambda v: {"a": v} if v else {"b": 1}), ByKeys, object),
        (nested(Node), Node, Node),
        (nested(Tagged), Tagged, Tagged),
        (nested(Row), Row, Row),
        (nested(Data), Data, Data),
        (nested(Data), Node, Node),
        (nested(Node), Data, Data),
        (nested(Omitting), Omitting, Omitting),
        (nested(Tuple), Tuple, Tuple),
        (nested(Tuple), Row, Row),
        (nested(lambda v: {"a": v} if v else {}), Dict, Dict),
        (nested(lambda v: Holder(items=[Holder(pairs={"a": Holder(both=(v,) if v else ())})])), Holder, Holder),
    ]

    def job():
        for value, target, own in values:
            calls = [
                lambda value=value: fmt.encode(value),
                lambda value=value: quire.to_builtins(value),
                lambda value=value, target=target: quire.convert(value, target),
                lambda value=value, own=own: fmt.Encoder(own).encode(value),
                lambda value=value, own=own: quire.validate(value, own),
            ]
            for call in calls:
                try:
                    call()
                except quire.QuireError as error:
                    assert error.errors[0].code in ("depth_limit", "type_mismatch"), (error, value)
        return "done"

    for size in SIZES:
        assert on_stack(size, job) == "done"


def test_the_whole_depth_fits_where_there_is_room(fmt):
    """What is lent is given back: a document may go down again and again, to the last level that is allowed."""
    limits = Limits(depth=101)
    deep = document(fmt, "array", 100)
    many = b"[" + b",".join([deep] * 50) + b"]" if fmt.name == "json" else b"\xdc\x00\x32" + deep * 50
    for type_ in (object, Raw, list[object], list[Raw], list[Any]):
        fmt.decode(many, type_, limits=limits)
        fault = fmt.refuses(many, type_, quire.LimitError, limits=Limits(depth=100))
        assert fault.code == "depth_limit"
    chain = nested(Node, 999)
    data = fmt.encode(chain)
    assert fmt.encode(fmt.decode(data, Node)) == data
    assert fmt.encode([chain] * 3) and quire.convert([chain] * 3, list[Node]) == [chain] * 3


def test_limits_beyond_every_stack(fmt):
    for kind, type_ in (("array", object), ("map", Raw), ("map", Node), ("map", dict[str, Any])):
        with pytest.raises(quire.LimitError):
            fmt.decode(document(fmt, kind, 1_000_001), type_, limits=Limits(depth=1_000_000))
