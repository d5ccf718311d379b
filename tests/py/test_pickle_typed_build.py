# SPDX-License-Identifier: Apache-2.0
"""Instances of a typed pickle, which are mostly made and built at once: whatever the way, the same comes out, and the same is refused."""

import array
import collections
import dataclasses
import functools
import pickle
import threading
from typing import Any

import pytest
from conftest import leaves_nothing
from hypothesis import given, settings
from hypothesis import strategies as st

import quire
import quire.pickle as quick
from quire import Limits


@dataclasses.dataclass
class Empty:
    pass


@dataclasses.dataclass(slots=True)
class Point:
    x: int
    y: float | None = None


@dataclasses.dataclass(slots=True, frozen=True)
class Fixed:
    label: str
    at: Point | None = None


@dataclasses.dataclass
class Tree:
    name: str
    value: Any = None
    point: Point | None = None
    fixed: Fixed | None = None
    empty: Empty | None = None
    below: "list[Tree]" = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Both(Point):
    """A field in the __dict__, the others in slots."""

    __slots__ = ("__dict__",)
    z: str = "z"


points = st.builds(Point, st.integers(), st.none() | st.floats(allow_nan=False))
fixed = st.builds(Fixed, st.text(max_size=80), st.none() | points)
leaves = st.builds(
    Tree,
    st.text(max_size=80),
    st.none() | st.integers() | st.binary(max_size=9) | st.lists(st.booleans(), max_size=2),
    st.none() | points,
    st.none() | fixed,
    st.none() | st.just(Empty()),
)
trees = st.recursive(leaves, lambda below: st.builds(Tree, st.text(max_size=3), below=st.lists(below, max_size=4)), max_leaves=12)


@settings(deadline=None, max_examples=60)
@given(st.lists(trees, max_size=4), st.integers(2, 5))
def test_as_pickle_loads_them(value, protocol):
    shared = [*value, *value, Tree("shared", below=value)]
    for one, type_ in ((value, list[Tree]), (shared, list[Tree])):
        data = pickle.dumps(one, protocol)
        got = quick.Decoder(type_).decode(data)
        assert got == one and got == pickle.loads(data)
        assert quick.Decoder(type_).decode(quick.dumps(one, lean=True)) == one
    got = quick.decode(pickle.dumps(shared, protocol), list[Tree])
    assert all(one is got[i + len(value)] for i, one in enumerate(got[: len(value)]))


def test_fields_in_both_places():
    value = [Both(1, 2.0, "a"), Both(3)]
    for protocol in range(2, 6):
        assert quick.decode(pickle.dumps(value, protocol), list[Both]) == value


def head(cls):
    return b"\x80\4c" + __name__.encode() + b"\n" + cls.__name__.encode() + b"\n"


def refused(data, type_, error=quick.UnsafePickleError, **options):
    with pytest.raises(error) as caught:
        quick.decode(data, type_, **options)
    return str(caught.value)


def text(word):
    return b"\x8c" + bytes([len(word)]) + word.encode()


def test_a_state_is_set_once_and_only_what_was_made():
    state = b"N}(" + text("x") + b"K\1u\x86b"
    decode = quick.Decoder(list[Point]).decode
    assert decode(b"\x80\4](" + head(Point)[2:] + b")\x81" + state + b"e.") == [Point(1)]
    assert "state" in refused(head(Point) + b")\x81" + state + state + b".", Point)
    # memoized, built through the memo, and once more
    assert quick.decode(head(Point) + b")\x81\x94" + state + b"0h\0.", Point) == Point(1)
    assert "state" in refused(head(Point) + b")\x81\x94" + state + b"0h\0" + state + b".", Point)
    # made, another made and built, then the first
    first = head(Point) + b"q\0)\x81q\1h\0)\x81" + state + b"0"
    assert quick.decode(first + state + b".", Point) == Point(1)
    assert "state" in refused(first + state + state + b".", Point)
    # what was popped is nobody's
    assert quick.decode(head(Point) + b"q\0)\x810h\0)\x81" + state + b".", Point) == Point(1)
    assert "state" in refused(head(Point) + state + b".", Point)
    refused(b"\x80\4]" + state + b".", list[int])


def test_a_state_sets_fields_and_nothing_else():
    for cls, names in ((Point, ["x", "__class__"]), (Tree, ["name", "__dict__"]), (Tree, ["name", "__init__"])):
        pairs = b"".join(text(name) + (b"K\1" if name == "x" else text("n")) for name in names)
        state = b"N}(" + pairs + b"u\x86b" if cls is Point else b"}(" + pairs + b"ub"
        value = quick.decode(head(cls) + b")\x81" + state + b".", cls)
        assert value == (Point(1) if cls is Point else Tree("n")) and type(value) is cls
        assert "__init__" not in dir(value) or value.__init__.__func__ is cls.__init__
    refused(head(Tree) + b")\x81}(" + text("name") + text("n") + b"K\1K\2ub.", Tree)
    # twice the same name, and names that come in another order
    assert quick.decode(head(Tree) + b")\x81}(" + (text("name") + text("a")) + (text("name") + text("b")) + b"ub.", Tree) == Tree(
        "b"
    )
    assert quick.decode(head(Tree) + b")\x81}(" + (text("value") + b"K\1") + (text("name") + text("b")) + b"ub.", Tree) == Tree(
        "b", 1
    )
    # one state of several instances
    one = b"\x80\4](c" + __name__.encode() + b"\nTree\nq\0)\x81}q\1(" + text("name") + text("b") + b"ubh\0)\x81h\1be."
    assert quick.decode(one, list[Tree]) == [Tree("b")] * 2


def test_what_is_in_them_is_checked():
    for wrong, type_, path in (
        (Tree(5), Tree, "$.name"),
        (Tree("a", point=Point("x")), Tree, "$.point.x"),
        ([Fixed("a"), Fixed("b", Point(None))], list[Fixed], "$[1].at.x"),
    ):
        with pytest.raises(quire.ValidationError) as caught:
            quick.decode(pickle.dumps(wrong), type_)
        assert caught.value.errors[0].path == path
    with pytest.raises(quire.ValidationError, match="missing"):
        quick.decode(head(Tree) + b")\x81.", Tree)
    with pytest.raises(quire.ValidationError, match="missing"):
        quick.decode(head(Tree) + b")\x81}b.", Tree)


def test_limits_hold_within_instances():
    long = [Tree("x" * 300)] * 3
    assert quick.decode(pickle.dumps(long), list[Tree], limits=Limits(str_bytes=300)) == long
    for limits in (Limits(str_bytes=299), Limits(items=2)):
        refused(pickle.dumps(long), list[Tree], quick.PickleLimitError, limits=limits)
    deep = Tree("a")
    for _ in range(40):
        deep = Tree("a", below=[deep])
    assert quick.decode(pickle.dumps(deep), Tree, limits=Limits(depth=90)) == deep
    refused(pickle.dumps(deep), Tree, quick.PickleLimitError, limits=Limits(depth=40))


@pytest.mark.parametrize(
    ("leaf", "most"),
    [(Point(1), 5), (Fixed("f"), 5), (Tree("t"), 5), (Tree("t" * 4000), 4)],
    ids=["slots", "frozen", "dict", "text"],
)
def test_what_is_shared_counts_each_time(leaf, most):
    value, type_ = [leaf] * 4, list[type(leaf)]
    for _ in range(most):
        value, type_ = [value] * 10, list[type_]
    decoder, smaller = quick.Decoder(type_), quick.Decoder(type_.__args__[0])
    assert smaller.decode(pickle.dumps(value[0])) == value[0]
    with pytest.raises(quick.PickleLimitError, match="shared"):
        decoder.decode(pickle.dumps(value))


def test_a_circle_of_instances():
    circle = Tree("a")
    circle.below.append(circle)
    refused(pickle.dumps(circle), Tree, quick.PickleLimitError)
    circle = Tree("a", value=[])
    circle.value.append(circle)
    refused(pickle.dumps(circle), Tree, quick.PickleLimitError)


def test_nothing_is_lost():
    leaves_nothing(load_and_fail)


def load_and_fail():
    value = [Tree("a", [1], Point(1), Fixed("b", Point(2)), Empty(), [Tree("b")]), Tree("c")]
    data = pickle.dumps(value)
    assert quick.decode(data, list[Tree]) == value
    for end in (60, len(data) // 2, len(data) - 1):
        with pytest.raises(quire.QuireError):
            quick.decode(data[:end], list[Tree])
    with pytest.raises(quire.QuireError):
        quick.decode(data, list[Point])


@dataclasses.dataclass
class Local(threading.local):
    x: int


@dataclasses.dataclass
class Partial(functools.partial):
    x: int


@dataclasses.dataclass
class Array(array.array):
    x: int


@dataclasses.dataclass
class Deque(collections.deque):
    x: int


@pytest.mark.parametrize("cls", [Local, Partial, Array, Deque])
def test_no_half_made_instances_of_what_is_written_in_c(cls):
    data = b"\x80\x02c%s\n%s\n)\x81}X\x01\0\0\0xK\x05sb." % (__name__.encode(), cls.__name__.encode())
    with pytest.raises(quire.QuireError):
        quick.decode(data, cls)


@dataclasses.dataclass(slots=True)
class Nothing:
    pass


@dataclasses.dataclass
class NothingElse:
    pass


def test_instances_without_fields():
    for protocol in range(6):
        for cls in (Nothing, NothingElse):
            if protocol > 1 or cls is NothingElse:
                assert quick.decode(pickle.dumps([cls(), cls()], protocol), list[cls]) == [cls(), cls()]
