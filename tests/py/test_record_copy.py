# SPDX-License-Identifier: Apache-2.0
"""copy, replace and pickle of records."""

import copy
import gc
import pickle
import sys

import pytest

import quire
from quire import Raw, Record, field


class Point(Record):
    x: int
    y: int = 2


class Node(Record):
    value: object
    next: object = None


class Numbered(Record):
    a: int = field(7)
    b: list = field(3, default_factory=list)


class Frozen(Record, frozen=True):
    a: int


class Mixin:
    pass


class WithDict(Record, Mixin):
    a: int


class OwnState(Record):
    a: int
    b: int = 0

    def __getstate__(self):
        return {"secret": self.a}

    def __setstate__(self, state):
        self.a = state["secret"]
        self.b = -1


class Skipping(Record, unknown="skip"):
    a: int


class Checked(Record):
    a: int
    calls = 0

    def __post_init__(self):
        type(self).calls += 1


PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def both_ways(value):
    return [pickle.loads(pickle.dumps(value, protocol)) for protocol in PROTOCOLS] + [copy.deepcopy(value)]


def test_copy():
    point = Point([1])
    twin = copy.copy(point)
    assert twin == point and twin is not point and twin.x is point.x and gc.is_tracked(twin)
    assert not gc.is_tracked(copy.copy(Point(1)))
    del point.y
    assert not hasattr(copy.copy(point), "y")
    record = WithDict(1)
    record.extra = [1]
    twin = copy.copy(record)
    assert twin.extra is record.extra and twin.__dict__ is not record.__dict__
    twin.extra = 2
    assert record.extra == [1]


def test_deepcopy():
    node = Node([1], Node([2]))
    twin = copy.deepcopy(node)
    assert twin == node and twin.value is not node.value and twin.next is not node.next


def test_replace():
    assert Point(1).__replace__(y=5) == Point(1, 5)
    assert Frozen(1).__replace__(a=[2]).a == [2]
    with pytest.raises(TypeError, match="Point has no field 'z' to replace"):
        Point(1).__replace__(z=1)
    with pytest.raises(TypeError, match="no positional"):
        Point(1).__replace__(1)
    half = Point(1)
    del half.y
    assert half.__replace__() == Point(1, 2)
    del half.x
    with pytest.raises(TypeError, match="missing 1 required argument: 'x'"):
        half.__replace__(y=1)
    assert half.__replace__(x=1) == Point(1)
    calls = Checked.calls
    Checked(1).__replace__(a=2)
    assert Checked.calls == calls + 2
    assert gc.is_tracked(Point(1).__replace__(x=[])) and not gc.is_tracked(Point(1).__replace__(x=3))


@pytest.mark.skipif(sys.version_info < (3, 13), reason="copy.replace is new in 3.13")
def test_copy_replace():
    assert copy.replace(Point(1), x=3) == Point(3)


def test_replace_goes_through_an_init_of_its_own():
    class Own(Record):
        a: int
        b: int = 0

        def __init__(self, a, b):
            super().__init__(a + 1, b)

    assert repr(Own(1, 2).__replace__(b=5)) == "Own(a=3, b=5)"


def test_pickle():
    for value in (Point(1), Frozen("é"), Numbered(1, [2]), Node([Node(1)]), Raw(b"[1]", 3, "json")):
        for twin in both_ways(value):
            assert twin == value and type(twin) is type(value)


def test_pickle_of_cycles():
    node = Node(1)
    node.next = [node]
    for twin in both_ways(node):
        assert twin.next[0] is twin and gc.is_tracked(twin)


def test_state_is_by_name_or_number_and_never_positional():
    restore, (cls, version), state = Point(1).__reduce__()
    assert (cls, version, state) == (Point, 1, {"x": 1, "y": 2})
    assert restore.__module__ == "quire._core" and callable(restore)
    assert Numbered(1, [2]).__getstate__() == {7: 1, 3: [2]}
    with pytest.raises(ValueError, match="layout 2"):
        restore(Point, 2)
    for arguments in ((int, 1), (Point,), (1, 1), ()):
        with pytest.raises(TypeError):
            restore(*arguments)
    with pytest.raises(TypeError):
        restore(Point, "1")


def test_setstate():
    point = Point(5)
    point.__setstate__({"y": 1, "x": [2]})
    assert repr(point) == "Point(x=[2], y=1)" and gc.is_tracked(point)
    made = Numbered.__new__(Numbered)
    made.__setstate__({"a": 1, 3: [4]})
    assert (made.a, made.b) == (1, [4])
    made = Point.__new__(Point)
    with pytest.raises(TypeError, match="missing 1 required argument: 'x'"):
        made.__setstate__({"y": 1})
    made.__setstate__({"x": 1})
    assert made == Point(1, 1)
    for state in ({"x": 1, "z": 2}, {"x": 1, 3: 2}, {"x": 1, None: 2}, {"x": 1, 1 << 80: 2}):
        with pytest.raises(TypeError, match="Point has no field"):
            Point.__new__(Point).__setstate__(state)
    with pytest.raises(TypeError, match="must be a dict"):
        made.__setstate__([("x", 1)])
    skipping = Skipping.__new__(Skipping)
    skipping.__setstate__({"a": 1, "gone": 2, 9: 1})
    assert skipping.a == 1


def test_restoring_takes_defaults_and_skips_post_init():
    calls = Checked.calls
    data = pickle.dumps(Checked(1))
    assert pickle.loads(data).a == 1 and Checked.calls == calls + 1

    data = pickle.dumps(Point(9))
    with_more = quire.RecordMeta(
        "Point", (Record,), {"__annotations__": {"new": int, "y": int, "x": int}, "new": 4, "y": 0, "x": 0}
    )
    with_more.__module__ = __name__
    with_more.__qualname__ = "Point"
    old, globals()["Point"] = Point, with_more
    try:
        assert repr(pickle.loads(data)) == "Point(new=4, y=2, x=9)"
    finally:
        globals()["Point"] = old


def test_own_state_and_dict():
    for twin in both_ways(OwnState(5)):
        assert (twin.a, twin.b) == (5, -1)
    record = WithDict(1)
    record.extra = "more"
    for twin in both_ways(record):
        assert (twin.a, twin.extra) == (1, "more")


def test_raw():
    raw = Raw(b"[1, 2]", offset=5, format="json")
    assert bytes(raw) == b"[1, 2]" and bytes(memoryview(raw)) == b"[1, 2]" and memoryview(raw).readonly
    assert (raw.offset, raw.format) == (5, "json")
    assert (Raw(b"").offset, Raw(b"").format) == (None, None)
    assert raw == Raw(bytearray(b"[1, 2]")) and hash(raw) == hash(Raw(b"[1, 2]")) and raw != Raw(b"x") and raw != b"[1, 2]"
    assert repr(raw) == "Raw(b'[1, 2]')"
    assert copy.copy(raw) is raw and copy.deepcopy(raw) is raw
    twin = pickle.loads(pickle.dumps(raw))
    assert (twin, twin.offset, twin.format) == (raw, 5, "json")
    for arguments in (("text",), (1,), (), (b"", "x"), (b"", 1, 2)):
        with pytest.raises(TypeError):
            Raw(*arguments)
    with pytest.raises(ValueError, match="negative"):
        Raw(b"", -1)
    with pytest.raises(AttributeError):
        raw.offset = 3
    view = memoryview(raw)
    del raw
    assert bytes(view) == b"[1, 2]"
