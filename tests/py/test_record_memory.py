# SPDX-License-Identifier: Apache-2.0
"""What records do with memory: tracking, cycles, finalizers, depth, leaks, failing allocations."""

import copy
import gc
import pickle
import sys
import textwrap
import types
import weakref

import pytest
from failing_memory import run_alone

from quire import Record, RecordMeta, field

DEPTH = 1_000_000


class Point(Record):
    x: object
    y: object = None


class Frozen(Record, frozen=True):
    x: object
    y: object = None


class Stores(Record):
    """A class whose code names object.__setattr__, so that it works: see binding/record/member.c."""

    x: object
    y: object = None

    def store(self, name, value):
        object.__setattr__(self, name, value)


class FrozenStores(Record, frozen=True):
    x: object
    y: object = None

    def store(self, name, value):
        object.__setattr__(self, name, value)


class InheritsStores(Frozen):
    z: object = None
    store = FrozenStores.store


class Weak(Record, weakref=True):
    x: object


class Mixin:
    pass


class WithDict(Record, Mixin):
    x: object


ATOMS = [1, 1.5, "text", b"bytes", None, True, 10**30]
CONTAINERS = [[], {}, set(), object, len, Point(1), (1, [])]


def empty_untracked_tuple():
    made = (1, "a")
    gc.collect()
    assert not gc.is_tracked(made)
    return made


def store_init(cls, value):
    return cls(value)


def store_keyword(cls, value):
    return cls(x=value)


def store_default(cls, value):
    made = RecordMeta("Made", (Record,), {"__annotations__": {"x": object}, "x": field(default_factory=lambda: value)})
    return made()


def store_descriptor(cls, value):
    record = cls(1)
    cls.x.__set__(record, value)
    return record


def store_object_setattr(cls, value):
    record = cls(1)
    object.__setattr__(record, "x", value)
    return record


def store_record_setattr(cls, value):
    record = cls(1)
    Record.__setattr__(record, "x", value)
    return record


def store_setstate(cls, value):
    record = cls(1)
    record.__setstate__({"x": value})
    return record


def store_replace(cls, value):
    return cls(1).__replace__(x=value)


def store_init_again(cls, value):
    record = cls(1)
    record.__init__(value)
    return record


def store_copy(cls, value):
    return copy.copy(cls(value))


STORES = [store_init, store_keyword, store_default, store_record_setattr, store_setstate, store_replace,
          store_init_again, store_copy]  # fmt: skip
CODE_STORES = [store_descriptor, store_object_setattr]
TRACKING = [Stores, FrozenStores, InheritsStores]


@pytest.mark.parametrize(
    ("cls", "store"),
    [(c, s) for c in (Point, Frozen, *TRACKING) for s in STORES] + [(c, s) for c in TRACKING for s in CODE_STORES],
)
def test_every_store_tracks(cls, store):
    for value in CONTAINERS:
        assert gc.is_tracked(store(cls, value)), value
    for value in [*ATOMS, empty_untracked_tuple()]:
        assert not gc.is_tracked(store(cls, value)), value


@pytest.mark.parametrize("cls", [Point, Frozen])
def test_what_does_not_track_does_not_store(cls):
    """Nothing in the code of these classes names object.__setattr__: their fields are the interpreter's own, and read only."""
    for store in CODE_STORES:
        with pytest.raises((AttributeError, TypeError), match="readonly attribute|can't apply this"):
            store(cls, [])
    record = cls(1)
    for action in (lambda: object.__delattr__(record, "x"), lambda: cls.x.__delete__(record)):
        with pytest.raises((AttributeError, TypeError), match="readonly attribute|can't apply this"):
            action()
    assert record.x == 1 and not gc.is_tracked(record)
    assert type(cls.x) is types.MemberDescriptorType


def test_assignment_and_failing_init_track():
    record = Point(1)
    record.y = []
    assert gc.is_tracked(record)

    class Late(Record):
        a: object
        b: object

        def __init__(self, keep):
            keep.append(self)
            super().__init__([1])

    keep = []
    with pytest.raises(TypeError, match="missing"):
        Late(keep)
    assert keep[0].a == [1] and gc.is_tracked(keep[0])


@pytest.mark.parametrize(
    ("cls", "store"),
    [(c, s) for c in (Point, Frozen, Weak, WithDict, *TRACKING) for s in STORES[:7]]
    + [(c, s) for c in TRACKING for s in CODE_STORES],
)
def test_cycles_are_collected(cls, store):
    gc.collect()
    cell = []
    record = store(cls, cell)
    cell.append(record)

    class Canary:
        pass

    cell.append(Canary())
    seen = weakref.ref(cell[1])
    del record, cell
    gc.collect()
    assert seen() is None


def test_dict_holds_cycles():
    record = WithDict(1)
    assert gc.is_tracked(record)
    record.me = record
    seen = weakref.ref(record)
    del record
    gc.collect()
    assert seen() is None


def test_weakref():
    with pytest.raises(TypeError, match="weak reference"):
        weakref.ref(Point(1))
    record = Weak(1)
    seen = weakref.ref(record)
    assert seen() is record
    twin = copy.copy(record)
    del record
    assert seen() is None and twin.x == 1 and weakref.getweakrefcount(twin) == 0

    class Child(Weak):
        y: int = 0

    child = Child(1, 2)
    seen = weakref.ref(child)
    assert (child.x, child.y) == (1, 2) and pickle.loads(pickle.dumps(Weak(3))) == Weak(3)
    del child
    assert seen() is None


def test_finalizer_and_resurrection():
    seen, kept = [], []

    class Final(Record):
        x: object

        def __del__(self):
            seen.append(self.x)
            if self.x == "keep":
                kept.append(self)

    Final(1)
    Final("keep")
    assert seen == [1, "keep"] and kept[0].x == "keep"
    kept[0].x = [kept[0]]
    kept.clear()
    gc.collect()
    assert seen == [1, "keep"], "a finalizer runs once"

    class Later(Record):
        x: object

    record = Later(1)
    Later.__del__ = lambda self: seen.append("later")
    del record
    assert seen[-1] == "later"
    Later(2)
    assert seen[-2:] == ["later", "later"]


def chain(cls, depth=DEPTH):
    node = None
    for _ in range(depth):
        node = cls(node)
    return node


@pytest.mark.parametrize("cls", [Point, Weak, WithDict])
def test_long_chains_are_freed(cls):
    node = chain(cls)
    del node
    node = chain(cls, 1000)
    del node


def test_long_chains_end_in_recursion_error():
    first, second = chain(Frozen), chain(Frozen)
    for action in (lambda: first == second, lambda: hash(first), lambda: repr(first)):
        with pytest.raises(RecursionError):
            action()
    assert copy.copy(first).x is first.x


def test_classes_leave_nothing():
    def make(number):
        made = RecordMeta(f"Made{number}", (Record,), {"__annotations__": {"me": "Made", "items": list}, "items": []})
        made.myself = made(made, [made])
        made.method = lambda self: made

    def blocks(count):
        for number in range(count):
            make(number)
        gc.collect()
        return sys.getallocatedblocks()

    blocks(500)
    before, children = blocks(500), len(Record.__subclasses__())
    after = blocks(10_000)
    assert len(Record.__subclasses__()) == children
    assert after - before < 1000


def exercise():
    """Every path once; errors included."""
    record = Point(1, [2])
    record.x = [record]
    copy.copy(record), record.__replace__(y=1), repr(record), list(record.__rich_repr__())
    assert Frozen(1) == Frozen(1, None) and hash(Frozen("a")) and Point(1) != Point(2)
    assert pickle.loads(pickle.dumps(Frozen([1]))) == Frozen([1])
    del record.x
    record.__init__(3)
    record.__setstate__({"x": 1, "y": 2})
    other = WithDict(1)
    other.extra = [other]
    weakref.ref(Weak(1))
    for call in (lambda: Point(), lambda: Point(1, x=2), lambda: Point(1, z=2), lambda: Point(1, 2, 3), lambda: field(0),
                 lambda: record.__replace__(q=1), lambda: record.__setstate__({"q": 1}), lambda: setattr(Frozen(1), "x", 2),
                 lambda: RecordMeta("M", (Record,), {"a": field()}), lambda: RecordMeta("M", (Record,), {}, frozn=1)):  # fmt: skip
        try:
            call()
        except (TypeError, AttributeError):
            continue
        raise AssertionError("no error")


def test_nothing_leaks():
    def blocks(count):
        for _ in range(count):
            exercise()
        gc.collect()
        return sys.getallocatedblocks()

    # The pools of dropped records and the interpreter's caches fill in jumps; a leak shows in every round.
    counts = [blocks(1000) for _ in range(5)]
    assert min(after - before for before, after in zip(counts, counts[1:], strict=False)) < 100, counts


# In a process of its own, and only with jobs that succeed: raising is itself not safe in the interpreter when memory fails.
NO_MEMORY = """
    import copy, gc, sys
    from failing_memory import attempt
    from quire import Raw, Record, RecordMeta, field

    class Plain(Record, frozen=True, order=True):
        a: int
        b: str = "b"
        c: list = []

    class Weak(Record, weakref=True):
        a: int

    class Mixin:
        pass

    class WithDict(Record, Mixin):
        a: int

    body = {"__annotations__": {"a": int, "b": "ClassVar[int]", "c": list}, "a": field(default=1, name="x"), "b": 1, "c": []}
    keywords = {"frozen": True, "rename": "camel", "weakref": True}
    one, two = Plain(1, "x" * 50, [1]), Plain(1, "x" * 49 + "y", [1])
    state = one.__getstate__()
    jobs = {
        "create": lambda: Plain(1),
        "create many": lambda: [Plain(1) for _ in range(300)],
        "keywords": lambda: Plain(a=1, c=2),
        "weak": lambda: Weak(1),
        "dict": lambda: WithDict(1),
        "init": lambda: Plain.__init__(copy.copy(one), 1, b=2),
        "compare": lambda: one == two,
        "order": lambda: one < two,
        "hash": lambda: hash(Plain(1, "x", ())),
        "repr": lambda: repr(one),
        "rich": lambda: list(one.__rich_repr__()),
        "copy": lambda: one.__copy__(),
        "replace": lambda: one.__replace__(b="z"),
        "reduce": lambda: one.__reduce__(),
        "setstate": lambda: Plain.__new__(Plain).__setstate__(state),
        "field": lambda: repr(field(3, default=1, name="x", kw_only=True)),
        "options": lambda: (Plain.__record_options__, Plain.__record_defaults__, Plain.__record_specs__),
        "raw": lambda: Raw(bytearray(b"x" * 100), 3, "json"),
    }
    if sys.version_info < (3, 13):  # there type() itself, without anything of ours, crashes when a dict cannot grow
        jobs["class"] = lambda: RecordMeta("Made", (Record,), dict(body), **keywords)
        jobs["subclass"] = lambda: RecordMeta("Made", (Plain,), {"__annotations__": {"d": int}, "d": 4})

    for name, job in jobs.items():
        expected = type(attempt(job, 1 << 30, 0))
        for together in (1, 1 << 30):
            quiet = failures = 0
            for n in range(1000):
                error = attempt(job, n, n + together)
                assert isinstance(error, (expected, MemoryError)), (name, n, repr(error))
                failures += isinstance(error, MemoryError)
                quiet = 0 if isinstance(error, MemoryError) else quiet + 1
                if quiet == 30:
                    break
            assert quiet == 30, name
            assert failures or name not in ("create many", "class", "subclass", "repr", "options", "dict", "reduce"), name
        gc.collect()
        assert type(attempt(job, 1 << 30, 0)) is expected
    print("done")
"""


def test_failing_allocations():
    import _testcapi  # noqa: F401 # missing is a failure

    run = run_alone(NO_MEMORY)
    assert (run.returncode, run.stdout.strip()) == (0, "done"), run.stderr[-3000:]


ISOLATED = """
    import gc, pickle, copy
    from quire import UNSET, Raw, Record, field

    class Point(Record, frozen=True):
        x: int
        y: list = []

        def store(self, value):
            object.__setattr__(self, "y", value)

    class Node(Point):
        next: object = UNSET

    node = Node(1, next=[Point(2)])
    object.__setattr__(node, "y", [node])
    Record.__setattr__(node, "y", [node])
    assert copy.copy(node) is not node and repr(node)
    assert hash(Point(1, ())) and pickle.loads(pickle.dumps(UNSET)) is UNSET and Raw(b"1") == Raw(b"1")
    keep = [Point(n) for n in range(1000)]
"""


@pytest.mark.skipif(sys.version_info < (3, 13), reason="sub-interpreters with a lock of their own are tried from 3.13 on")
def test_interpreters_with_a_lock_of_their_own():
    import _interpreters

    for _ in range(3):
        number = _interpreters.create()
        try:
            error = _interpreters.exec(number, f"import sys\nsys.path[:] = {sys.path!r}\n" + textwrap.dedent(ISOLATED))
            assert error is None, error
        finally:
            _interpreters.destroy(number)
    assert Point(1) == Point(1)
