# SPDX-License-Identifier: Apache-2.0
"""What dump, dumps and Pickler write is what the interpreter's own pickle writes, byte for byte; and what happens besides is the same."""

import collections
import copyreg
import dataclasses
import datetime
import decimal
import enum
import fractions
import gc
import pathlib
import pickle
import re
import types
import uuid
import weakref

import pytest
from conftest import leaves_nothing
from hypothesis import given, settings
from hypothesis import strategies as st
from in_threads import together

import quire.pickle as ours

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


class Plain:
    def __init__(self, **attributes):
        self.__dict__.update(attributes)


class Point:
    def __init__(self, x, y):
        self.x = x
        self.y = y


@dataclasses.dataclass
class Data:
    number: int
    text: str
    items: list = dataclasses.field(default_factory=list)


@dataclasses.dataclass(slots=True)
class SlottedData:
    number: int
    text: str


class Slotted:
    __slots__ = ("__private", "a", "b")

    def __init__(self, a=None, b=None, *, unset=False):
        if not unset:
            self.a, self.b = a, b


class Both(Slotted):
    def __init__(self, a, b, **attributes):
        super().__init__(a, b)
        self.__dict__.update(attributes)


class Weak:
    __slots__ = ("__weakref__", "a")


class Reduced:
    def __init__(self, *arguments):
        self.arguments = arguments

    def __reduce__(self):
        return Reduced, self.arguments


class ReducedFully(list):
    def __reduce_ex__(self, protocol):
        return ReducedFully, (), {"state": 1}, iter([1, [2], protocol]), iter([("a", 1), ("b", (2,))])


class WithSetter:
    def __reduce__(self):
        return WithSetter, (), {"a": 1}, None, None, set_state


def set_state(instance, state):
    instance.__dict__.update(state)


class Stateful:
    def __getstate__(self):
        return [1, 2]

    def __setstate__(self, state):
        pass


class NewArgs(int):
    def __new__(cls, value, *, base=10):
        return super().__new__(cls, value)

    def __getnewargs_ex__(self):
        return (int(self),), {"base": 16}


class Meta(type):
    pass


class OfMeta(metaclass=Meta):
    def __init__(self):
        self.a = 1


class Colour(enum.Enum):
    RED = 1
    BLUE = "blue"


class Outer:
    class Inner:
        def method(self):
            pass


Named = collections.namedtuple("Named", "a b")


def itself(make):
    value, put = make()
    put(value)
    return value


def recursive_tuple(n):
    inner = []
    value = (inner, *range(n - 1))
    inner.append(value)
    return value


def recursive_set():
    point = Point(1, 2)
    point.x = {point}
    return point.x


def recursive_frozenset():
    point = Point(1, 2)
    point.x = frozenset([point])
    return point.x


SHARED = ["shared", (1, 2), {"a": [1]}]
LONG = "x" * 70_000
VALUES = {
    "atoms": [None, True, False, ..., NotImplemented, 1.5, -0.0, float("inf")],
    "ints": [sign * (1 << bits) + less for bits in (0, 7, 8, 15, 16, 31, 32, 39, 62, 63, 64, 2039, 2040, 5000) for sign in (1, -1) for less in (-1, 0, 1)],
    "text": ["", "a", "é", "€" * 300, "\U0001f600", "\ud800", "a\nb\\\r\x00\x1a", LONG, "é" * 40_000],
    "bytes": [b"", b"a", b"x" * 300, LONG.encode(), bytearray(), bytearray(b"a"), bytearray(70_000)],
    "lists": [[], [1], [1, 2], list(range(999)), list(range(1000)), list(range(1001))],
    "tuples": [tuple(range(n)) for n in range(6)] + [((), ((),), ([],))],
    "dicts": [dict.fromkeys(range(n), "v") for n in (0, 1, 2, 999, 1000, 1001)],
    "keys": {1: 2, "a": 3, (1, (2, 3)): 4, frozenset([5]): 6, b"b": 7, None: 8, 2.5: 9},
    "sets": [set(range(n)) for n in (0, 1, 1000, 1001)] + [frozenset(range(n)) for n in (0, 1, 1001)],
    "nested": [[1, [2, [3]]], {"a": {"b": ({"c"}, [()])}}, ([],)],
    "shared": [SHARED, SHARED, SHARED[0], SHARED[1], SHARED[2]["a"]],
    "recursive list": itself(lambda: ([], lambda value: value.append(value))),
    "recursive dict": itself(lambda: ({}, lambda value: value.update(a=value))),
    "recursive tuples": [recursive_tuple(n) for n in (1, 2, 3, 4, 5)],
    "recursive tuple": recursive_tuple(1),
    "recursive sets": [recursive_set(), recursive_frozenset()],
    "recursive instance": itself(lambda: (Point(1, 2), lambda value: setattr(value, "x", value))),
    "frames": [["y" * n, [], {}, (1, 2, 3), "z" * 10, 1, [LONG, 1], "y" * n] for n in range(65_500, 65_540, 8)],
    "many": [(i, str(i), i / 7, {"key": i, "other": [i]}) for i in range(900)],
    "instances": [Point(1, [2]), Point({"a": Point(1, 2)}, ()), Plain(), Plain(a=1), Plain(**{f"a{i}": i for i in range(50)})],
    "dataclasses": [Data(1, "a"), Data(2, "b", [Data(3, "c")]), SlottedData(1, "a")],
    "slots": [Slotted(), Slotted(1, [2]), Slotted(unset=True), Both(1, [2]), Both([1], 2, c=3, d=[Slotted(4, 5)]), Weak()],
    "instance's dict": [Point(1, 2), vars(Point(3, 4))],
    "metaclass": [OfMeta(), OfMeta, Meta],
    "reductions": [Reduced(), Reduced(1, [2]), ReducedFully(), WithSetter(), Stateful(), NewArgs(5), Reduced(Reduced(Reduced()))],
    "standard": [
        Colour.RED, Colour.BLUE, Named(1, [2]), datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC), decimal.Decimal("1.50"),
        fractions.Fraction(1, 3), uuid.UUID(int=5), pathlib.PurePosixPath("a/b"), collections.OrderedDict(a=1, b=2), collections.Counter("abca"),
        collections.defaultdict(list, a=[1]), collections.deque([1, 2], 5), complex(1, 2), range(3), types.SimpleNamespace(a=1), ValueError("a", 1),
        re.compile("a+"),
    ],
    "globals": [Point, Outer.Inner, Outer.Inner.method, len, int, list, set_state, type(None), type(...), type(NotImplemented), collections.OrderedDict.fromkeys],
    "refused": [lambda: 1],
    "refused module": types.ModuleType("m"),
    "buffers": pickle.PickleBuffer(b"abc"),
    "writable buffers": [pickle.PickleBuffer(bytearray(b"abc")), pickle.PickleBuffer(bytes(70_000))],
}  # fmt: skip


class Chunks:
    """A file that keeps what it was given as it was given."""

    def __init__(self):
        self.given = []

    def write(self, chunk):
        self.given.append(bytes(chunk))


def outcome(job, *arguments, **options):
    try:
        return job(*arguments, **options)
    except RecursionError:
        return RecursionError
    except Exception as error:
        return type(error), re.sub("0x[0-9a-f]+", "", str(error))


def dumped(module, value, protocol, **options):
    file = Chunks()
    module.dump(value, file, protocol, **options)
    return file.given


def pickled(module, value, protocol, fast=0, **options):
    file = Chunks()
    pickler = module.Pickler(file, protocol, **options)
    pickler.fast = fast
    pickler.dump(value)
    return file.given


def check(value, protocols=PROTOCOLS):
    for protocol in protocols:
        expected = outcome(pickle.dumps, value, protocol)
        for _ in range(2):  # the second time classes are known
            assert outcome(ours.dumps, value, protocol) == expected
        for way in (dumped, pickled):
            assert outcome(way, ours, value, protocol) == outcome(way, pickle, value, protocol)
        if protocol < 3:
            assert outcome(ours.dumps, value, protocol, fix_imports=False) == outcome(
                pickle.dumps, value, protocol, fix_imports=False
            )


@pytest.mark.parametrize("name", VALUES)
def test_every_byte_is_the_same(name):
    check(VALUES[name])


@pytest.mark.parametrize(
    "name", ["nested", "many", "instances", "dataclasses", "slots", "reductions", "standard", "globals", "frames", "tuples"]
)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_fast_mode(name, protocol):
    value = VALUES[name]
    assert outcome(pickled, ours, value, protocol, fast=1) == outcome(pickled, pickle, value, protocol, fast=1)


def test_fast_mode_finds_cycles():
    for name in ("recursive list", "recursive dict"):
        with pytest.raises(ValueError, match="fast mode: can't pickle cyclic objects including object type"):
            pickled(ours, VALUES[name], 4, fast=1)
    deep = []
    for _ in range(1000):
        deep = [deep]
    assert len(pickled(ours, deep, 4, fast=1)) == 1


# ---------------------------------------------------------------- generated graphs

atoms = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.binary(max_size=8),
    st.sampled_from(["key", "other", "a" * 300, Point, Colour.RED, (), 2**40, -(2**70)]),
)
recipes = st.lists(st.tuples(st.sampled_from("LTDSFPAOBV"), st.lists(st.integers(0, 40), max_size=5), atoms), max_size=20)


def hashable(value):
    return not isinstance(value, list | dict | set | bytearray | Data) and not (
        isinstance(value, tuple) and not all(map(hashable, value))
    )


def node(kind, parts, keys, atom):
    return {
        "L": lambda: list(parts),
        "T": lambda: tuple(parts),
        "D": lambda: dict(zip(keys, parts, strict=False)),
        "S": lambda: set(keys),
        "F": lambda: frozenset(keys),
        "P": lambda: Point(atom, parts),
        "A": lambda: Data(1, "text", parts),
        "O": lambda: Slotted(atom, parts),
        "B": lambda: Both(parts, atom, other=parts),
        "V": lambda: atom,
    }[kind]()


def graph(recipe):
    """A graph with sharing: each node is made of earlier ones; lists, dicts and instances also get later ones."""
    nodes, late = [], []
    for kind, places, atom in recipe:
        parts = [nodes[place % len(nodes)] if nodes and place % 3 else atom for place in places]
        keys = [part for part in parts if hashable(part)]
        made = node(kind, parts, keys, atom)
        nodes.append(made)
        late.append((made, places))
    for made, places in late:
        part = nodes[sum(places) % len(nodes)]
        if isinstance(made, list) and len(places) > 3:
            made.append(part)
        elif isinstance(made, Point) and len(places) > 2:
            made.y = part
        elif isinstance(made, dict) and len(places) > 3:
            made["late"] = part
    return nodes


@given(recipe=recipes, protocol=st.sampled_from(PROTOCOLS), fix_imports=st.booleans())
@settings(max_examples=120)
def test_graphs(recipe, protocol, fix_imports):
    if protocol < 2:  # slots need more
        recipe = [(kind if kind not in "OB" else "A", *rest) for kind, *rest in recipe]
    value = graph(recipe)
    expected = pickle.dumps(value, protocol, fix_imports=fix_imports)
    assert ours.dumps(value, protocol, fix_imports=fix_imports) == expected
    assert b"".join(pickled(ours, value, protocol, fix_imports=fix_imports)) == expected
    lean = ours.dumps(value, protocol, fix_imports=fix_imports, lean=True)
    assert len(lean) <= len(expected)
    assert same_shape(pickle.loads(lean), pickle.loads(expected))
    assert same_shape(pickle.loads(b"".join(pickled(ours, value, protocol, lean=True))), pickle.loads(expected))


def shape(value):
    """The graph written down: types, atoms, and where each mutable object is met again."""
    seen, out, todo, kept = {}, [], [value], []
    while todo:
        item = todo.pop()
        kept.append(item)
        if isinstance(item, list | dict | set | bytearray) or hasattr(item, "__dict__") or isinstance(item, Slotted):
            if id(item) in seen and not isinstance(item, type):
                out.append(seen[id(item)])
                continue
            seen[id(item)] = len(seen)
        out.append(type(item).__name__)
        if isinstance(item, list | tuple):
            out.append(len(item))
            todo.extend(item)
        elif isinstance(item, dict):
            for key, part in item.items():
                todo += [key, part]
        elif isinstance(item, set | frozenset):
            out.append(len(item))
        elif isinstance(item, Slotted):
            todo += [item.a, item.b, getattr(item, "__dict__", None)]
        elif isinstance(item, Point | Data | Plain):
            todo.append(vars(item))
        else:
            out.append(repr(item))
    return out


def same_shape(one, other):
    return shape(one) == shape(other)


# ---------------------------------------------------------------- lean


@pytest.mark.parametrize(
    "name", ["atoms", "ints", "text", "bytes", "lists", "tuples", "dicts", "keys", "sets", "nested", "many", "instances"]
)
@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_lean_is_read_by_the_standard_library(name, protocol):
    value = VALUES[name][:100] if name == "many" else VALUES[name]
    for lean in (
        ours.dumps(value, protocol, lean=True),
        b"".join(dumped(ours, value, protocol, lean=True)),
        b"".join(pickled(ours, value, protocol, lean=True)),
    ):
        assert shape(pickle.loads(lean)) == shape(pickle.loads(pickle.dumps(value, protocol)))
        assert len(lean) <= len(pickle.dumps(value, protocol))


def test_lean_keeps_what_is_shared():
    part = [1]
    back = pickle.loads(ours.dumps([part, part, {"a": part}, Point(part, part)], lean=True))
    assert back[0] is back[1] is back[2]["a"] is back[3].x is back[3].y
    for name in ("recursive list", "recursive dict", "recursive tuple", "recursive sets", "recursive instance"):
        assert pickle.loads(ours.dumps(VALUES[name], lean=True)) is not None


def test_lean_leaves_the_memo_out():
    value = [(i, f"text {i}", [i]) for i in range(100)]
    assert len(ours.dumps(value)) - len(ours.dumps(value, lean=True)) > 290


# ---------------------------------------------------------------- depth


@pytest.mark.parametrize(
    "make",
    [lambda x: [x], lambda x: (x,), lambda x: {"a": x}, lambda x: Point(x, 1), lambda x: frozenset([x]), lambda x: Slotted(x, 1)],
)
def test_depth_is_no_recursion(make):
    value = 1
    for _ in range(5_000):
        value = make(value)
    plain = not isinstance(value, Point | Slotted)
    for protocol in PROTOCOLS if plain else (2, 3, 4, 5):
        written = b"".join(pickled(ours, value, protocol))
        assert ours.dumps(value, protocol) == written
        assert len(written) > 5_000
    if isinstance(value, list | tuple):
        assert ours.dumps(pickle.loads(written), 5) == written


def test_depth_of_user_code_has_a_limit():
    class Endless:
        def __reduce__(self):
            return int, (Endless(),)

    with pytest.raises(RecursionError):
        ours.dumps(Endless())


# ---------------------------------------------------------------- classes and tables that change between calls


def test_changes_of_a_class_are_seen():
    class Changing:
        pass

    Changing.__qualname__ = "Changing"
    globals()["Changing"] = Changing
    value = Changing()
    value.a = 1
    check(value)
    Changing.__getstate__ = lambda self: "state"
    check(value)
    del Changing.__getstate__
    check(value)
    Changing.__reduce__ = lambda self: (Changing, (), {"b": 2})
    check(value)
    del Changing.__reduce__
    Changing.__getnewargs__ = lambda self: (1, 2)
    check(value)
    del Changing.__getnewargs__
    check(value)
    copyreg.pickle(Changing, lambda value: (Changing, ()))
    try:
        check(value)
    finally:
        del copyreg.dispatch_table[Changing]
    check(value)
    copyreg.add_extension(__name__, "Changing", 0x1234)
    try:
        check([value, Changing])
    finally:
        copyreg.remove_extension(__name__, "Changing", 0x1234)
    value.__reduce_ex__ = lambda protocol: "set_state"
    check([value])
    value.__reduce_ex__ = lambda protocol: (Plain, ())
    check([value, Changing()])
    del value.__reduce_ex__
    value.__getstate__ = lambda: {"c": 3}
    check([value])
    del value.__getstate__
    Changing.__qualname__ = "Unknown"
    check(value)
    Changing.__qualname__ = "Changing"
    check(value)
    del globals()["Changing"]
    check(value)
    globals()["Changing"] = Changing
    Changing.__module__ = "nowhere"
    check(value)


def test_extension_codes():
    for code in (1, 255, 256, 65535, 65536, 2**31 - 1):
        copyreg.add_extension(__name__, "Point", code)
        try:
            check([Point, Point(1, 2)])
        finally:
            copyreg.remove_extension(__name__, "Point", code)
    for code in ("a", 0, 2**31, 2**70, -5):
        copyreg._extension_registry[__name__, "Point"] = code
        try:
            check([Point])
        finally:
            del copyreg._extension_registry[__name__, "Point"]


# ---------------------------------------------------------------- mutation in the midst


class Mutates:
    """Its reducer changes what is being written."""

    def __init__(self, change):
        self.change = change

    def __reduce__(self):
        self.change()
        return int, ()


@pytest.mark.parametrize("change", ["clear", "pop", "append"])
def test_a_list_that_changes(change):
    def value():
        items = [0, *([0] * 5), [1, 2], "text", "text" * 5]
        items[2] = Mutates(lambda: getattr(items, change)(*(["new"] * (change == "append"))))
        return [items, "after"]

    check_changing(value)


@pytest.mark.parametrize("change", ["clear", "popitem", "add", "replace"])
def test_a_dict_that_changes(change):
    changes = {
        "clear": lambda items: items.clear(),
        "popitem": lambda items: items.popitem(),
        "add": lambda items: items.update({object: 1}),
        "replace": lambda items: items.update(b=[5]),
    }

    def value():
        items = {"a": 1, "b": 2, "c": [3], "d": 4}
        items["b"] = Mutates(lambda: changes[change](items))
        return [items, "after"]

    check_changing(value)


def test_a_set_that_changes():
    class Member(Mutates):
        def __hash__(self):
            return 1

    def value():
        items = {2, 3, 4}
        items.add(Member(items.clear))
        return [items]

    check_changing(value)


def check_changing(make):
    for protocol in PROTOCOLS:
        expected = outcome(pickle.dumps, make(), protocol)
        assert outcome(ours.dumps, make(), protocol) == expected
        given = outcome(pickled, ours, make(), protocol)
        assert given == expected or b"".join(given) == expected


def test_a_pickler_that_is_used_in_the_midst():
    file = Chunks()
    pickler = ours.Pickler(file)
    with pytest.raises(RuntimeError, match="in the midst of dump"):
        pickler.dump([Mutates(lambda: pickler.dump(1))])
    with pytest.raises(RuntimeError, match="in the midst of dump"):
        pickler.dump([Mutates(lambda: pickler.__init__(file))])
    pickler.dump([[1], Mutates(pickler.clear_memo), [2]])
    pickler.dump([[1], Mutates(lambda: setattr(pickler, "memo", {})), [2]])
    pickler.dump("still")
    assert pickle.loads(file.given[-1]) == "still"


def test_writing_the_file_may_use_everything():
    class Nosy(Chunks):
        def write(self, chunk):
            value.clear()
            gc.collect()
            super().write(chunk)

    value = [["x" * 1000] for _ in range(200)]
    file = Nosy()
    ours.dump(value, file, 5)
    assert pickle.loads(b"".join(file.given))


# ---------------------------------------------------------------- hooks


def test_persistent_ids():
    class Ours(ours.Pickler):
        def persistent_id(self, value):
            return ("id", value[1:]) if isinstance(value, str) and value.startswith("p") else None

    class Theirs(pickle.Pickler):
        persistent_id = Ours.persistent_id

    value = ["plain", "other", {"pk": ["px"]}, Point("pa", "b"), ("p", "q")]
    for protocol in PROTOCOLS:
        files = []
        for cls in (Ours, Theirs):
            file = Chunks()
            outcome(cls(file, protocol).dump, value)
            files.append(file.given)
        assert files[0] == files[1]


def test_persistent_ids_without_end():
    class Endless(ours.Pickler):
        def persistent_id(self, value):
            return (value, value)

    with pytest.raises(RecursionError):
        Endless(Chunks()).dump("a")


def test_persistent_id_as_an_attribute():
    results = []
    for module in (ours, pickle):
        file = Chunks()
        pickler = module.Pickler(file, 2)
        try:
            pickler.persistent_id = lambda value: "name" if value == "known" else None
        except AttributeError:
            assert module is pickle  # 3.13.0 has it read-only
            return
        assert pickler.persistent_id("known") == "name"
        pickler.dump(["known", "unknown"])
        results.append(file.given)
    assert results[0] == results[1]


def test_dispatch_tables():
    def reduce_point(point):
        return Plain, (), {"x": point.x}

    table = {Point: reduce_point}
    for tables in (table, collections.ChainMap(table, copyreg.dispatch_table)):
        results = []
        for module in (ours, pickle):
            in_class = type("InClass", (module.Pickler,), {"dispatch_table": tables})
            for cls, assign in ((module.Pickler, True), (in_class, False)):
                file = Chunks()
                pickler = cls(file, 4)
                if assign:
                    pickler.dispatch_table = tables
                pickler.dump([Point(1, 2), Data(1, "a"), 1j, Colour.RED])
                results.append(file.given)
        assert len(set(map(tuple, results))) == 1


def test_reducer_override():
    def reducer_override(self, value):
        if isinstance(value, Point):
            return Plain, (), {"x": value.x}
        if value is Outer:
            return "set_state" if False else (str, ("outer",))
        return NotImplemented

    results = []
    for module in (ours, pickle):
        file = Chunks()
        type("Override", (module.Pickler,), {"reducer_override": reducer_override})(file, 4).dump(
            [Point(1, 2), Outer, Data(1, "a"), len]
        )
        results.append(file.given)
    assert results[0] == results[1]


def test_buffers_out_of_band():
    value = [pickle.PickleBuffer(bytearray(b"abc")), pickle.PickleBuffer(b"abc")]
    for accept in (lambda buffer: None, lambda buffer: True):
        expected = pickle.dumps(value, 5, buffer_callback=accept)
        assert ours.dumps(value, 5, buffer_callback=accept) == expected
    kept = []
    data = ours.dumps(value, 5, buffer_callback=kept.append)
    assert kept == value
    assert [bytes(part) for part in pickle.loads(data, buffers=kept)] == [b"abc", b"abc"]
    with pytest.raises(ValueError, match="buffer_callback needs protocol >= 5"):
        ours.dumps(1, 4, buffer_callback=kept.append)


def test_the_memo():
    file = Chunks()
    first = ours.Pickler(file, 4)
    value = ["text", [1], Point(1, 2)]
    first.dump(value)
    first.dump(value)
    theirs = Chunks()
    other = pickle.Pickler(theirs, 4)
    other.dump(value)
    other.dump(value)
    assert file.given == theirs.given
    assert first.memo.copy() == other.memo.copy()
    assert first.memo.__reduce__() == (dict, (first.memo.copy(),))
    second = ours.Pickler(file, 4)
    second.memo = first.memo
    second.dump(value)
    assert file.given[-1] == file.given[1]
    second.memo = first.memo.copy()
    second.dump(value)
    assert file.given[-1] == file.given[1]
    second.memo.clear()
    second.dump(value)
    assert file.given[-1] == file.given[0]
    for wrong in (1, {1: 2}, {1: (1, 2, 3)}, {1: ("a", 2)}, {1: (-1, 2)}):
        with pytest.raises((TypeError, OverflowError)):
            second.memo = wrong
    second.bin = 0
    assert second.bin == 0


def test_arguments():
    for arguments, options in [
        ((), {}), ((1, 2, 3), {}), ((1,), {"x": 2}), ((1, 9), {}), ((1, -7), {}), ((1, None), {}), ((1, "a"), {}), ((1,), {"protocol": 2}), ((), {"obj": [1]}),
        ((1, 2), {"protocol": 3}), ((1,), {"fix_imports": 0}), ((1,), {"buffer_callback": None}), ((1, 2**80), {}),
    ]:  # fmt: skip
        assert outcome(ours.dumps, *arguments, **options) == outcome(pickle.dumps, *arguments, **options)
        assert outcome(ours.dump, *arguments, **options) == outcome(pickle.dump, *arguments, **options)
    assert outcome(lambda: ours.Pickler()) == outcome(lambda: pickle.Pickler())
    assert outcome(lambda: ours.Pickler(1)) == outcome(lambda: pickle.Pickler(1))
    results = [outcome(type("Own", (module.Pickler,), {"__init__": lambda self: None})().dump, 1) for module in (ours, pickle)]
    assert results[0] == results[1] == (pickle.PicklingError, "Pickler.__init__() was not called by Own.__init__()")
    assert ours.PicklingError is pickle.PicklingError
    assert ours.HIGHEST_PROTOCOL == pickle.HIGHEST_PROTOCOL
    assert ours.DEFAULT_PROTOCOL == pickle.DEFAULT_PROTOCOL
    assert set(pickle.__all__) <= set(ours.__all__)
    for name in pickle.__all__:
        assert hasattr(ours, name)


def test_reductions_that_are_wrong():
    class Wrong:
        def __init__(self, value):
            self.value = value

        def __reduce_ex__(self, protocol):
            return self.value

    new, new_ex = copyreg.__newobj__, copyreg.__newobj_ex__
    for value in [
        3, "unknown", "Point", (), (int,), (1, ()), (int, []), (int, (), None, 3), (int, (), None, None, 3), (int, (), 1, None, None, 3), (int, (), 1, 2, 3, 4, 5),
        (new, ()), (new, (1,)), (new, (int,)), (new_ex, (1,)), (new_ex, (1, 2, 3)), (new_ex, (int, 2, 3)), (new_ex, (int, (), 3)), (int, (), None, None, iter([1])),
        (int, (), None, iter([])), (int, (), None, iter([1])), (int, (), None, iter(range(1001)), iter([(1, 2)] * 1001)),
    ]:  # fmt: skip
        for protocol in (1, 2, 4):
            for restart in (True, False):
                if isinstance(value, tuple) and any(hasattr(part, "__next__") for part in value):
                    continue
                module = ours if restart else pickle
                result = outcome(module.dumps, Wrong(value), protocol)
                assert result == outcome(pickle.dumps, Wrong(value), protocol)


# ---------------------------------------------------------------- threads, references


def test_threads():
    value = VALUES["dataclasses"] + VALUES["slots"] + [VALUES["many"][:200]]
    expected = pickle.dumps(value)

    def work(_):
        for _ in range(20):
            assert ours.dumps(value) == expected
            assert b"".join(pickled(ours, value, 4)) == expected

    together(work)


def test_nothing_is_left():
    value = [
        VALUES[name]
        for name in ("nested", "instances", "dataclasses", "slots", "reductions", "standard", "sets", "recursive tuple")
    ]
    refused = [VALUES["nested"], Point(1, lambda: 1)]

    def job():
        for protocol in (2, 4, 5):
            ours.dumps(value, protocol)
            pickled(ours, value, protocol)
            outcome(ours.dumps, refused, protocol)
            outcome(pickled, ours, refused, protocol)

    leaves_nothing(job)


def test_classes_are_not_kept_alive():
    def make():
        cls = type("Short", (), {"__module__": __name__, "__qualname__": "Short"})
        globals()["Short"] = cls
        ours.dumps([cls(), cls])
        del globals()["Short"]
        return weakref.ref(cls)

    refs = [make() for _ in range(50)]
    gc.collect()
    assert not any(ref() for ref in refs)


def test_arrays():
    numpy = pytest.importorskip("numpy")
    array = numpy.arange(20_000.0)
    for value in (
        array,
        [array, array[::2], array[:3]],
        {"a": array.reshape(2, -1), "b": numpy.float32(1.5)},
        numpy.array([1, "a"], object),
    ):
        for protocol in (0, 2, 4, 5):
            assert ours.dumps(value, protocol) == pickle.dumps(value, protocol)
            assert pickled(ours, value, protocol) == pickled(pickle, value, protocol)
    buffers = []
    data = ours.dumps([array], 5, buffer_callback=buffers.append)
    assert len(data) < 500
    assert (pickle.loads(data, buffers=buffers)[0] == array).all()
