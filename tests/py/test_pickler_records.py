# SPDX-License-Identifier: Apache-2.0
"""Records in pickles that take the place of the standard library's: written without being asked, and the same to the byte."""

import abc
import copyreg
import io
import pickle
import random
import types

import pytest
from conftest import leaves_nothing

import quire.pickle as quick
from quire import Record, RecordMeta, field


class Point(Record):
    x: object
    y: str = "y"
    z: object = None


class One(Record):
    x: object


class Nothing(Record):
    pass


class Numbered(Record, layout="array"):
    x: object = field(300)
    y: str = field(1, default="z")


class Frozen(Record, kw_only=True, frozen=True):
    x: object
    more: list = field(default_factory=list)


class Below(One, tag="below"):
    more: dict


class OwnState(Record):
    x: object

    def __getstate__(self):
        return {"x": self.x}


class OwnReduce(Record):
    x: object

    def __reduce__(self):
        return OwnReduce, (self.x,)


class Keeps(Record, unknown="keep"):
    x: object


class Plain:
    pass


class WithDict(Plain, Record):
    x: object


class Abstract(Record, abc.ABC):
    x: object


class Asks(Record):
    x: object

    def __getattr__(self, name):
        raise AttributeError(name)


class Renames(RecordMeta):
    @property
    def __module__(cls):
        return __name__


class Renamed(Record, metaclass=Renames):
    x: object


class Interface(abc.ABC):  # noqa: B024
    def __init__(self, x):
        self.x = x

    def __repr__(self):
        return f"Interface({self.x!r})"


CLASSES = (Point, One, Nothing, Numbered, Frozen, Below, OwnState, OwnReduce, Keeps, WithDict, Abstract, Asks, Renamed, Interface)


def same_bytes(value, protocols=range(6)):
    for protocol in protocols:
        written = pickle.dumps(value, protocol)
        assert quick.dumps(value, protocol) == written
        file = io.BytesIO()
        quick.Pickler(file, protocol).dump(value)
        assert file.getvalue() == written


def graph(choose, depth, pool):
    if pool and choose.random() < 0.15:
        return choose.choice(pool)
    if depth == 0 or choose.random() < 0.3:
        return choose.choice([1, -5, 2**40, "text", "x", "é", b"x", None, 1.5, (1, 2), frozenset([3])])
    cls = choose.choice((*CLASSES, list, dict))
    part = lambda: graph(choose, depth - 1, pool)  # noqa: E731
    if cls is list:
        made = [part() for _ in range(choose.randrange(4))]
    elif cls is dict:
        made = {str(i): part() for i in range(choose.randrange(3))}
    elif cls is Below:
        made = cls(part(), {"k": part()})
    elif cls is Frozen:
        made = cls(x=part())
    else:
        made = cls() if cls is Nothing else cls(part())
        if choose.random() < 0.2 and cls is Point:
            del made.y
    pool.append(made)
    return made


def test_the_same_bytes():
    choose = random.Random(3)
    for _ in range(250):
        pool = []
        value = graph(choose, 4, pool)
        same_bytes(value)
        if pool and isinstance(inner := choose.choice(pool), Point) and inner is not value:
            inner.z = value  # a circle, perhaps
            same_bytes(value)
        lean = quick.dumps(value, 5, lean=True)
        assert repr(pickle.loads(lean)) == repr(pickle.loads(pickle.dumps(value, 5))) == repr(quick.loads(lean))


@pytest.mark.parametrize("count", [1, 900, 1001, 7000])
def test_many(count):
    """Across batches and the ends of frames, wherever those fall."""
    for cls in (Point, One, Numbered):
        rows = [cls(i) for i in range(count)]
        same_bytes(rows, (4, 5))
        same_bytes(rows[0], (4, 5))
        assert pickle.loads(quick.dumps(rows, lean=True)) == rows
    for n in range(65_500, 65_560, 3):
        same_bytes(["a" * n, Point(1), One(2), One("b" * 70_000), Nothing()], (4,))


def test_without_values():
    made = Point(1)
    del made.x, made.y
    same_bytes([made, made])
    del made.z
    same_bytes([made, Nothing(), Nothing()])
    again = quick.loads(quick.dumps([Nothing()]))
    assert again == [Nothing()]


def test_more_fields_than_are_kept():
    for n in (249, 250, 251, 300):
        cls = RecordMeta(
            "Wide",
            (Record,),
            {"__annotations__": {f"f{i}": int for i in range(n)}, "__module__": __name__, "__qualname__": "Wide"},
        )
        globals()["Wide"] = cls
        same_bytes([cls(*range(n))] * 2, (2, 4, 5))


def test_classes_that_change():
    class Changing(Record):
        x: object

    globals()["Changing"] = Changing
    Changing.__qualname__ = "Changing"
    value = [Changing(1), Changing("x")]
    same_bytes(value)
    Changing.__getstate__ = lambda self: {"x": 5}
    same_bytes(value)
    del Changing.__getstate__
    same_bytes(value)
    Changing.__reduce__ = lambda self: (int, (7,))
    same_bytes(value)
    del Changing.__reduce__
    same_bytes(value)
    Changing.__qualname__ = "Elsewhere"
    for dumps in (pickle.dumps, quick.dumps):
        with pytest.raises(pickle.PicklingError):
            dumps(value)


def test_what_was_registered(monkeypatch):
    value = [One(1), Point(One(2)), One(3)]
    for registered, reducer in (
        (One, lambda one: (One, ("registered",))),
        (RecordMeta, lambda cls: cls.__name__),
        (types.BuiltinFunctionType, lambda f: "_restore_record"),
    ):
        same_bytes(value)
        monkeypatch.setitem(copyreg.dispatch_table, registered, reducer)
        same_bytes(value)
        monkeypatch.delitem(copyreg.dispatch_table, registered)
    copyreg.add_extension("quire._core", "_restore_record", 0x7A11)
    try:
        same_bytes(value)
    finally:
        copyreg.remove_extension("quire._core", "_restore_record", 0x7A11)
    same_bytes(value)


def test_nothing_is_left():
    rows = [Point(i, z=One([i])) for i in range(20)]

    def work():
        cls = RecordMeta("Passing", (Record,), {"__annotations__": {"a": int}})
        with pytest.raises(pickle.PicklingError):
            quick.dumps([cls(1)])
        quick.dumps(rows)
        quick.dumps([rows, Keeps(1), OwnState(2)], lean=True)

    leaves_nothing(work)
