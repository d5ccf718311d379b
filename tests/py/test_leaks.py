# SPDX-License-Identifier: Apache-2.0
"""Nothing is left behind: by documents, errors, plans, classes, cycles; and what the collector has to know, it knows."""

import dataclasses
import datetime as dt
import enum
import gc
import sys
import weakref
from typing import Any, NamedTuple, TypedDict

import pytest
from conftest import leaves_nothing

import quire
from quire import Raw, Record, RecordMeta, field


class Dog(Record, tag="dog"):
    age: int


class Cat(Record, tag="cat"):
    name: str


class Kind(enum.Enum):
    A = "a"


class Movie(TypedDict, total=False):
    title: str
    cast: list[str]


class Pair(NamedTuple):
    a: int
    b: str = "x"


@dataclasses.dataclass
class Data:
    a: int
    b: list[int] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(slots=True)
class Slotted:
    a: int
    b: list[int] = dataclasses.field(default_factory=list)


class Checked(Record):
    a: int

    def __post_init__(self):
        if self.a < 0:
            raise ValueError("below zero")
        if self.a == 0:
            raise KeyError("zero")


class Node(Record):
    id: int
    name: str
    kind: Kind = Kind.A
    tags: set[str] = field(default_factory=set)
    pets: list[Dog | Cat] = field(default_factory=list)
    movie: Movie | None = None
    pair: Pair | None = None
    data: Data | None = None
    slotted: Slotted | None = None
    when: dt.datetime | None = None
    table: dict[int, str] = field(default_factory=dict)
    blob: bytes = b""
    rest: Any = None
    raw: Raw | None = None
    checked: Checked | None = None
    children: "list[Node]" = field(default_factory=list)


NODE = Node(
    7,
    "né" * 40,
    tags={"t", "some tag"},
    pets=[Dog(3000), Cat("Tom and more")],
    movie={"title": "some title", "cast": ["someone"]},
    pair=Pair(1000),
    data=Data(1000, [2000]),
    slotted=Slotted(1000, [2000]),
    when=dt.datetime(2024, 2, 29, tzinfo=dt.UTC),
    table={5000: "five"},
    blob=b"some bytes",
    rest=[{"key": None, "other": ["text"]}, 2**60],
    checked=Checked(1000),
    children=[Node(1, "some child")],
)
PLAIN = {
    "a": [1000, -2.5, True, None, "é€ text", "text"],
    "bc": {"d": {}, "e": [[]]},
    "n": 1234567890123,
    "rows": [{"x": 1000, "y": "zz"}] * 20,
}


class Unwritable:
    pass


def ignoring(call, *args, **kwargs):
    try:
        call(*args, **kwargs)
    except (quire.QuireError, KeyError, TypeError):
        pass
    else:
        raise AssertionError("nothing was raised")


def test_documents(fmt):
    node_data, plain_data = fmt.encode(NODE), fmt.encode(PLAIN)
    decoder, encoder = fmt.Decoder(Node), fmt.Encoder(Node)

    def work():
        for _ in range(3):
            assert fmt.decode(node_data, Node) == NODE
            assert fmt.decode(plain_data) == PLAIN
            fmt.decode(node_data)
            fmt.decode(node_data, Raw)
            fmt.decode(bytearray(plain_data), dict[str, Any])
            decoder.decode(node_data)
            encoder.encode(NODE)
            fmt.encode([PLAIN, NODE, "x" * 5000, {1, 2}, frozenset("a")])
            fmt.decode(fmt.encode(["x" * 100] * 1000))

    leaves_nothing(work)


def test_faults(fmt):
    node_data, plain_data = fmt.encode(NODE), fmt.encode(PLAIN)

    def work():
        for n in range(0, len(node_data), 7):
            ignoring(fmt.decode, node_data[:n], Node)
            ignoring(fmt.decode, node_data[:n])
            ignoring(fmt.decode, plain_data[: n % len(plain_data)])
        for document, type_ in (
            ([{"a": 1}, {"a": -1}], list[Checked]),
            ([{"a": 1}, {"a": 0}], list[Checked]),
            ([{"a": "x"}], list[Checked]),
            ([{}], list[Node]),
            ([{"type": "bird", "x": [1]}], list[Dog | Cat]),
            ([{"x": [1]}], list[Dog | Cat]),
            ([["a"], ["b", ["c"]]], list[set[str]]),
            ([["a"], [["b"]]], list[set[Any]]),
            ({"title": 1}, Movie),
            ({"title": "text", "cast": ["someone", 5]}, Movie),
            (["x"], Pair),
            ({"a": 1000, "b": ["x"]}, Data),
            ({"a": 1000, "b": ["x"]}, Slotted),
            ({"b": [1000]}, Slotted),
            ({"key": [1000, {"more": "text"}], "x": 5}, dict[str, list[Any]]),
            (["z"], list[Kind]),
            ({"aa": 1}, dict[Kind, int]),
            ({"k": 1, "aa": [1000]}, dict[str, int]),
        ):
            ignoring(fmt.decode, fmt.encode(document), type_)
        ignoring(fmt.decode, plain_data, limits=quire.Limits(items=3))
        ignoring(fmt.decode, plain_data, limits=quire.Limits(duplicate_keys="error", depth=2))
        for value in (
            Unwritable(),
            "\ud800",
            [PLAIN, {"k": Unwritable()}],
            {"k": [Unwritable()]},
            {(1, Unwritable()): 3},
            [NODE, {Unwritable(): 1}],
            {1, Unwritable()},
        ):
            ignoring(fmt.encode, value)
        ignoring(fmt.decode, None)
        ignoring(fmt.Decoder, range)
        ignoring(fmt.Decoder, list[range])

    leaves_nothing(work, rounds=40)  # freed records wait in a pool until it is full


def test_plans_of_every_kind_of_class(fmt):
    def work():
        record = RecordMeta(
            "Made", (Record,), {"__annotations__": {"a": int, "b": list[Dog | Cat] | None, "c": Kind}, "b": None, "c": Kind.A}
        )
        data = dataclasses.make_dataclass("MadeData", [("a", int), ("b", list[Cat], dataclasses.field(default_factory=list))])
        typed = TypedDict("MadeTyped", {"a": int, "b": list[Dog]}, total=False)  # noqa: UP013
        named = NamedTuple("MadeNamed", [("a", int), ("b", int)])  # noqa: UP014
        kind = enum.Enum("MadeKind", {"X": "x"})
        for cls in (record, data, typed):
            assert fmt.encode(fmt.decode(fmt.encode({"a": 1}), cls))
            fmt.Decoder(cls), fmt.Encoder(cls)
        fmt.decode(fmt.encode([1, 2]), named)
        fmt.decode(fmt.encode("x"), kind)

    leaves_nothing(work)


@pytest.mark.parametrize("use", ["nothing", "decode", "encode"])
def test_ten_thousand_record_classes_leave_nothing(fmt, use):
    gone = []
    data = fmt.encode({"a": 1})

    def work(count):
        for _ in range(count):
            cls = RecordMeta("Made", (Record,), {"__annotations__": {"a": int, "b": list[int]}, "b": field(default_factory=list)})
            gone.append(weakref.ref(cls))
            if use == "decode":
                fmt.decode(data, cls)
            elif use == "encode":
                fmt.encode(cls(1))

    work(4000)
    gc.collect()
    gone.clear()
    before = sys.getallocatedblocks()
    work(10_000)
    gc.collect()
    assert not any(ref() for ref in gone)
    gone.clear()
    gc.collect()
    assert sys.getallocatedblocks() - before < 2000  # a fifth of a block for each


def test_what_is_kept_for_containers_is_bounded(fmt):
    gone = []
    for i in range(600):
        cls = RecordMeta(f"Made{i}", (Record,), {"__annotations__": {"a": int}})
        gone.append(weakref.ref(cls))
        assert fmt.decode(fmt.encode([{"a": 1}]), list[cls]) == [cls(1)]
        del cls
    gc.collect()
    assert sum(ref() is not None for ref in gone) <= 260


def test_what_is_kept_of_keys_and_shapes_is_bounded(fmt):
    def work(start):
        for i in range(start, start + 4000):
            fmt.decode(fmt.encode([{f"key {i} {j}": {f"inner {i}": j} for j in range(5)}]))

    work(0)
    work(10_000)
    gc.collect()
    before = sys.getallocatedblocks()
    work(20_000)
    gc.collect()
    assert sys.getallocatedblocks() - before < 20_000


def test_values_are_not_kept(fmt):
    class Thing(Record, weakref=True):
        a: int

    values = fmt.decode(fmt.encode([{"a": i} for i in range(10)]), list[Thing])
    refs = [weakref.ref(v) for v in values]
    del values
    assert not any(ref() for ref in refs)
    text = "a text that is used nowhere else " + fmt.name
    before = sys.getrefcount(text)
    fmt.decode(fmt.encode({"k": text}))
    fmt.encode([text, text])
    assert sys.getrefcount(text) == before


# The collector


class Free(Record):
    a: Any = None
    b: Any = None


class Atoms(Record):
    a: int
    b: str = ""
    c: float = 0.0
    d: bytes = b""
    e: int | None = None


def test_records_are_tracked_only_when_they_hold_a_container(fmt):
    assert not gc.is_tracked(
        fmt.decode(
            fmt.encode({"a": 1, "b": "x", "c": 1.5, "d": "", "e": None}) if not fmt.binary else fmt.encode({"a": 1}), Atoms
        )
    )
    for value in (1, "text", None, 1.5, True):
        assert not gc.is_tracked(fmt.decode(fmt.encode({"a": value}), Free))
    for value in ([], [1], {}, {"a": [1]}, {"a": 1}):
        assert gc.is_tracked(fmt.decode(fmt.encode({"a": value}), Free)), value
    made = fmt.decode(fmt.encode({"a": 1}), Free)
    made.b = []
    assert gc.is_tracked(made)

    class Holder(Record):
        inner: Free
        items: list[int] = field(default_factory=list)

    assert gc.is_tracked(fmt.decode(fmt.encode({"inner": {"a": 1}}), Holder))


@pytest.mark.parametrize("cls", [Free, Data, Slotted], ids=lambda c: c.__name__)
def test_cycles_through_what_was_decoded_are_collected(fmt, cls):
    gone = 0

    class Marker:
        def __del__(self):
            nonlocal gone
            gone += 1

    for _ in range(10):
        made = fmt.decode(fmt.encode({"a": 1, "b": [1]}), cls)
        made.b = [made, Marker()]
        plain = fmt.decode(fmt.encode({"a": 1, "b": [1, {"c": {}}]}))
        plain["b"][1]["c"]["back"] = [plain, Marker()]
        values = fmt.decode(fmt.encode([[], {}]))
        values[0].append(values)
        values[1]["m"] = [values, Marker()]
    del made, plain, values
    gc.collect()
    assert gone == 30


def test_collections_in_the_midst_of_decoding(fmt):
    class Collecting(Record):
        a: int
        rest: list[Any] = field(default_factory=list)

        def __post_init__(self):
            gc.collect()
            self.rest.append(self)

    data = fmt.encode([{"a": i, "rest": [{"k": [i]}] * 5} for i in range(30)])
    gc.collect()
    gc.freeze()  # what the other tests left would be looked through at each collection
    try:
        for _ in range(3):
            values = fmt.decode(data, list[Collecting])
            assert all(v.rest[-1] is v and len(v.rest) == 6 for v in values)
    finally:
        gc.unfreeze()


def test_the_collector_is_left_as_it_was(fmt):
    data = fmt.encode([[i] for i in range(5000)])
    for enabled in (True, False):
        (gc.enable if enabled else gc.disable)()
        try:
            fmt.decode(data)
            assert gc.isenabled() is enabled
            with pytest.raises(quire.DecodeError):
                fmt.decode(data[:-1])
            assert gc.isenabled() is enabled
        finally:
            gc.enable()

    class Switch(Record):
        a: int

        def __post_init__(self):
            assert gc.isenabled()
            gc.disable()

    try:
        fmt.decode(fmt.encode({"a": 1}), Switch)
        assert not gc.isenabled()
    finally:
        gc.enable()


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="the collector waits for the end of the call by itself")
def test_the_collector_gets_its_turn_in_a_long_document(fmt):
    value = [[i] for i in range(30_000)]
    data = fmt.encode(value)
    passes = []

    def note(phase, info):
        passes.append(phase)

    class Cycle:
        def __init__(self, end):
            self.me = self
            self.end = end

        def __del__(self):
            self.end()

    gc.collect()
    gc.freeze()
    gc.callbacks.append(note)
    try:
        made = fmt.decode(data)
        assert 4 <= passes.count("start") <= 8 and gc.isenabled()
        assert made == value and all(map(gc.is_tracked, made))
        Cycle(lambda: fmt.decode(data[:1] + data[1:]))  # found in the midst of it
        assert fmt.decode(data) == value and gc.isenabled()
        gc.collect()
        Cycle(gc.disable)
        assert fmt.decode(data) == value and not gc.isenabled()
    finally:
        gc.callbacks.remove(note)
        gc.enable()
        gc.unfreeze()


def test_frequent_collections(fmt):
    before = gc.get_threshold()
    gc.set_threshold(1)
    try:
        for _ in range(3):
            assert fmt.decode(fmt.encode(NODE), Node) == NODE
            assert fmt.decode(fmt.encode([PLAIN] * 5)) == [PLAIN] * 5
    finally:
        gc.set_threshold(*before)
