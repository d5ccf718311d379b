# SPDX-License-Identifier: Apache-2.0
"""packb, pack and Packer as the package msgpack has them, which is the oracle."""

import array
import codecs
import collections
import datetime as dt
import decimal
import enum
import gc
import io
import uuid
import weakref
import zoneinfo

import msgpack
import pytest
from conftest import leaves_nothing
from hypothesis import given, settings
from hypothesis import strategies as st
from in_threads import on_stack
from msgpack_oracle import any_keys, outcome, scalars

import quire
import quire.msgpack as q

no_deadline = settings(max_examples=150)


class Text(str):
    pass


class Number(int):
    pass


class Real(float):
    pass


class Blob(bytes):
    pass


class Blobs(bytearray):
    pass


class Mapping(dict):
    pass


class Items(list):
    pass


class Mine(msgpack.ExtType):
    pass


class Point(collections.namedtuple("Point", "x y")):
    pass


class Colour(enum.IntEnum):
    RED = 1


class Other:
    def __init__(self, value):
        self.value = value


class Moment(dt.datetime):
    pass


odd = st.one_of(
    st.text(max_size=5).map(Text),
    st.integers(-(2**70), 2**70).map(Number),
    st.integers(-(2**70), 2**70),
    st.floats(width=32).map(Real),
    st.binary(max_size=5).map(Blob),
    st.binary(max_size=300).map(Blobs),
    st.binary(max_size=5).map(bytearray),
    st.binary(max_size=5).map(memoryview),
    st.builds(Mine, st.integers(0, 127), st.binary(max_size=20)),
    st.sampled_from(
        [Colour.RED, {1}, range(3), 1j, ..., decimal.Decimal(1), uuid.UUID(int=1), array.array("i", [1]), object, {}.keys()]
    ),
    st.datetimes(),
    st.datetimes(timezones=st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=5, seconds=7)), zoneinfo.ZoneInfo("UTC")])),
    st.just(Moment(2020, 1, 1, tzinfo=dt.UTC)),
    st.sampled_from(["\ud800", "a\udfff\U0001f600", "é" * 40, "x" * 300, "x" * 70000, b"y" * 70000, "\U0001f600"]),
    st.integers(0, 3).map(Other),
)
things = st.recursive(
    st.one_of(scalars, odd),
    lambda inner: st.one_of(
        st.lists(inner, max_size=20),
        st.lists(inner, max_size=4).map(Items),
        st.lists(inner, max_size=4).map(tuple),
        st.tuples(inner, inner).map(lambda pair: Point(*pair)),
        st.dictionaries(any_keys, inner, max_size=4),
        st.dictionaries(any_keys, inner, max_size=4).map(Mapping),
        st.dictionaries(any_keys, inner, max_size=4).map(collections.OrderedDict),
    ),
    max_leaves=10,
)


def unwrap(thing):
    if isinstance(thing, Other):
        return [None, {}, [thing.value, Other(0)], Other(1)][thing.value]
    if isinstance(thing, (set, range, tuple)):
        return list(thing)
    raise TypeError(f"no {type(thing).__name__}")


options = st.fixed_dictionaries(
    {},
    optional={
        "default": st.sampled_from([None, unwrap, repr]),
        "use_single_float": st.booleans(),
        "use_bin_type": st.booleans(),
        "strict_types": st.booleans(),
        "datetime": st.booleans(),
        "unicode_errors": st.sampled_from([None, "strict", "ignore", "replace", "surrogatepass", "no such handler"]),
        "buf_size": st.integers(1, 1000),
    },
)


def same(ours, theirs):
    return ours == theirs or (ours[0] is theirs[0] is OverflowError and "too" in ours[1])


@no_deadline
@given(things, options)
def test_any_value_with_any_keywords(thing, kwargs):
    assert same(outcome(q.packb, thing, **kwargs), outcome(msgpack.packb, thing, **kwargs))


@no_deadline
@given(st.lists(things, max_size=4), options)
def test_a_packer_that_keeps(items, kwargs):
    ours, theirs = (module.Packer(autoreset=False, **kwargs) for module in (q, msgpack))
    for item in items:
        assert same(outcome(ours.pack, item), outcome(theirs.pack, item))
        assert ours.bytes() == theirs.bytes() == bytes(ours.getbuffer()) == bytes(memoryview(ours))
    ours.reset()
    assert ours.bytes() == b""


@pytest.mark.parametrize("size", [0, 1, 15, 16, 31, 32, 255, 256, 65535, 65536])
@pytest.mark.parametrize("bin_type", [True, False])
def test_sizes(size, bin_type):
    for thing in (
        "x" * size,
        "é" * size,
        b"x" * size,
        [None] * size,
        (1,) * size,
        dict.fromkeys(range(size)),
        msgpack.ExtType(1, b"x" * size),
    ):
        assert q.packb(thing, use_bin_type=bin_type) == msgpack.packb(thing, use_bin_type=bin_type)


@pytest.mark.parametrize("exponent", range(65))
def test_integers(exponent):
    for number in (2**exponent - 1, 2**exponent, 2**exponent + 1, -(2**exponent) - 1, -(2**exponent)):
        assert outcome(q.packb, number) == outcome(msgpack.packb, number)
        assert outcome(q.packb, number, default=str) == outcome(msgpack.packb, number, default=str)


def nested(depth, wrap=lambda inner: [inner]):
    value = wrap(None)
    for _ in range(depth - 1):
        value = wrap(value)
    return value


@pytest.mark.parametrize(
    "wrap", [lambda v: [v], lambda v: (v,), lambda v: {"k": v}, lambda v: {1: v}, lambda v: Mapping(k=v), lambda v: Items([v])]
)
def test_depth(wrap):
    for depth in (1023, 1024, 1025, 1026):
        assert outcome(q.packb, nested(depth, wrap)) == outcome(msgpack.packb, nested(depth, wrap)), depth
    with pytest.raises(ValueError, match=r"^recursion limit exceeded\.$"):
        q.packb(nested(50_000, wrap))


@pytest.mark.parametrize("wrap", [lambda v: [v], lambda v: {"k": v}, lambda v: Mapping(k=v), lambda v: Items([v])])
def test_depth_on_a_small_stack(wrap):
    deep = nested(1000, wrap)

    def run():
        return [outcome(q.packb, thing, default=lambda other: [other]) for thing in (nested(25, wrap), deep)]

    told = on_stack(256 * 1024, run)
    assert told[0][0] == "value" and told[1] in ((ValueError, "recursion limit exceeded."), outcome(q.packb, deep))


def test_what_holds_itself():
    circle = []
    circle.append(circle)
    wheel = {}
    wheel["k"] = Mapping(k=wheel)
    for thing in (circle, wheel):
        assert outcome(q.packb, thing) == outcome(msgpack.packb, thing)
    assert outcome(q.packb, Other(1), default=lambda thing: [thing]) == outcome(
        msgpack.packb, Other(1), default=lambda thing: [thing]
    )


BAD_CALLS = [
    ((), {}),
    ((1, 2), {}),
    ((1,), {"encoding": "utf-8"}),
    ((1,), {"default": 1}),
    ((1,), {"unicode_errors": 1}),
    ((1,), {"buf_size": -1}),
    ((1e300,), {"use_single_float": True}),
]


@pytest.mark.parametrize(("args", "kwargs"), BAD_CALLS)
def test_calls_that_are_refused(args, kwargs):
    assert outcome(q.packb, *args, **kwargs) == outcome(msgpack.packb, *args, **kwargs)


def test_calls_of_a_packer_that_are_refused():
    for args, kwargs in [((1,), {}), ((), {"x": 1}), ((), {"buf_size": "a"})]:
        with pytest.raises(TypeError):
            q.Packer(*args, **kwargs)
    packer = q.Packer()
    for name, args in [
        ("pack", ()),
        ("pack", (1, 2)),
        ("pack_array_header", ("a",)),
        ("pack_map_header", (1.5,)),
        ("pack_ext_type", (1,)),
        ("reset", (1,)),
    ]:
        with pytest.raises(TypeError):
            getattr(packer, name)(*args)
    with pytest.raises(TypeError, match="unexpected keyword"):
        packer.pack(thing=1)
    assert packer.pack(obj=1) == b"\x01"


def test_words():
    assert q.packb(o=[1]) == msgpack.packb(o=[1]) == b"\x91\x01"
    assert q.packb(1, autoreset=False) is msgpack.packb(1, autoreset=False) is None
    assert q.dumps is q.packb and q.dump is q.pack


def test_pack_writes_to_a_file():
    file = io.BytesIO()
    assert q.pack({"a": (1, {2})}, file, default=list) is None
    assert file.getvalue() == msgpack.packb({"a": (1, [2])})
    with pytest.raises(TypeError):
        q.pack({1}, file)


# ---------------------------------------------------------------- headers, pairs, extensions

HEADS = [0, 1, 15, 16, 65535, 65536, 2**32 - 1, 2**32, -1, 2**64, True]


@pytest.mark.parametrize("size", HEADS)
@pytest.mark.parametrize("name", ["pack_array_header", "pack_map_header"])
def test_headers(name, size):
    ours, theirs = (outcome(getattr(module.Packer(), name), size) for module in (q, msgpack))
    assert same(ours, theirs)


class Lying:
    def __init__(self, length, pairs):
        self.length, self.pairs = length, pairs

    def __len__(self):
        return self.length

    def __iter__(self):
        return iter(self.pairs)


PAIRS = [[], [(1, 2)], {"ab": 1}, [("k", [1, {"a": None}])] * 20, [(1,)], [(1, 2, 3)], iter([]), 1, [1], [({1}, 1)], ["ab"], [()]]


@pytest.mark.parametrize("pairs", PAIRS)
def test_pairs(pairs):
    assert outcome(q.Packer().pack_map_pairs, pairs) == outcome(msgpack.Packer().pack_map_pairs, pairs)


@pytest.mark.parametrize("length", [1, 3])
def test_pairs_that_are_not_as_many_as_they_say(length):
    packer = q.Packer()
    with pytest.raises(ValueError, match="pairs than"):
        packer.pack_map_pairs(Lying(length, [(1, 2)] * 2))
    assert packer.pack(1) == b"\x01"


EXTENSIONS = [
    (1, b"a"),
    (-1, b"abcd"),
    (-128, b""),
    (127, b"x" * 300),
    (128, b""),
    (-129, b""),
    (1, bytearray(b"ab")),
    (1, "ab"),
    (1, memoryview(b"ab")),
    (1, [1]),
    (1, Blob(b"ab")),
]


@pytest.mark.parametrize(("code", "data"), EXTENSIONS)
def test_extensions(code, data):
    assert outcome(q.Packer().pack_ext_type, code, data) == outcome(msgpack.Packer().pack_ext_type, code, data)
    assert outcome(q.Packer().pack_ext_type, data=data, typecode=code) == outcome(
        msgpack.Packer().pack_ext_type, data=data, typecode=code
    )


@pytest.mark.parametrize("strict", [True, False])
def test_both_kinds_of_extension_and_timestamp(strict):
    for module in (q, msgpack):
        assert q.packb(module.ExtType(5, b"ab"), strict_types=strict) == b"\xd5\x05ab"
        assert q.packb([module.Timestamp(1, 5)], strict_types=strict) == msgpack.packb([msgpack.Timestamp(1, 5)])
    assert outcome(q.packb, Mine(5, b"a"), strict_types=strict) == outcome(msgpack.packb, Mine(5, b"a"), strict_types=strict)
    with pytest.raises(TypeError):
        q.packb(type("Later", (q.Timestamp,), {})(1))
    for module in (q, msgpack):
        with pytest.raises(OverflowError):
            q.packb(module.Timestamp(2**63))
        with pytest.raises(OverflowError):
            q.packb(module.ExtType(1, b"")._replace(code=300))
        with pytest.raises(TypeError):
            q.packb(module.ExtType(1, b"")._replace(data="text"))


def test_timestamps_that_were_changed():
    stamp = q.Timestamp(1)
    stamp.nanoseconds = 10**9
    with pytest.raises(ValueError):
        q.packb(stamp)
    stamp.nanoseconds = None
    with pytest.raises(TypeError):
        q.packb(stamp)
    del stamp.nanoseconds
    with pytest.raises(AttributeError):
        q.packb(stamp)


def test_the_typed_layer_is_another():
    class User(quire.Record):
        id: int

    for thing in (User(1), {1}, frozenset(), quire.msgpack.Ext(1, b""), dt.datetime(2020, 1, 1, tzinfo=dt.UTC), uuid.UUID(int=1)):
        with pytest.raises(TypeError, match="can not serialize"):
            q.packb(thing)


# ---------------------------------------------------------------- what user code may do meanwhile


def test_default_may_use_the_same_packer():
    packer = q.Packer(default=lambda thing: packer.pack([5]))
    assert packer.pack([1, {2}, 3]) == b"\x93\x01\xc4\x02\x91\x05\x03"
    keeper = q.Packer(default=lambda thing: keeper.pack(5), autoreset=False)
    keeper.pack([1, {2}])
    assert keeper.bytes() == b"\x05\x92\x01\xc0"


def test_default_may_start_the_packer_again():
    def default(thing):
        packer.__init__(default=None)
        gc.collect()
        return 7

    packer = q.Packer(default=default)
    assert packer.pack([{1}, {2}]) == b"\x92\x07\x07"
    with pytest.raises(TypeError):
        packer.pack({1})


def test_containers_that_change_meanwhile():
    def run(module, thing, change):
        return outcome(module.packb, thing, default=lambda _: change() or 1)

    for module in (q, msgpack):
        table = {1: 2, 3: Other(0), 4: 5}
        assert run(module, table, lambda: table.update({9: 9})) == (RuntimeError, "dictionary changed size during iteration")  # noqa: B023
    items = [Other(0), 1, 2]
    assert run(q, items, items.clear)[0] is RuntimeError
    items = [Other(0), 1, 2]
    assert run(q, items, lambda: items.append(1))[0] is RuntimeError
    table = {"a": Other(0), "b": [1]}
    assert run(q, table, table.clear)[0] is RuntimeError
    table = {"a": Other(0), "b": [1]}
    assert run(q, table, lambda: table.update(a=1)) == outcome(q.packb, {"a": 1, "b": [1]})


def test_items_that_are_let_go_of_meanwhile():
    def handler(error):
        items.clear()
        table.clear()
        gc.collect()
        return "?", error.end

    def default(thing):
        items.clear()
        table.clear()
        gc.collect()
        return 1

    codecs.register_error("quire.test.clear", handler)
    for make in (lambda: "".join(["\ud800", str(id(handler))]), lambda: 2**70 + id(handler)):
        items, table = [make(), 1], {}
        with pytest.raises(RuntimeError):
            q.packb(items, unicode_errors="quire.test.clear", default=default)
        items, table = [], {"a": make(), "b": 1}
        with pytest.raises(RuntimeError):
            q.packb(table, unicode_errors="quire.test.clear", default=default)
        items, table = [], {make(): 1, "b": 1}
        with pytest.raises(RuntimeError):
            q.packb(table, unicode_errors="quire.test.clear", default=default)


def test_containers_that_lie():
    class Short(dict):
        def items(self):
            return [(1, 2)]

    class Long(list):
        def __iter__(self):
            return iter([1, 2, 3])

    class Odd(dict):
        def items(self):
            return [1]

    for thing in (Short(), Long(), [Short(a=1, b=2)]):
        with pytest.raises(RuntimeError):
            q.packb(thing)
    with pytest.raises((TypeError, ValueError)):
        q.packb(Odd(a=1))
    assert q.packb(Short(a=1)) == b"\x81\x01\x02"


def test_a_view_of_the_buffer():
    packer = q.Packer(autoreset=False)
    assert bytes(packer.getbuffer()) == b""
    packer.pack("abc")
    view = packer.getbuffer()
    assert (bytes(view), view.readonly, view.format) == (b"\xa3abc", True, "B")
    for call in (
        lambda: packer.pack(1),
        packer.reset,
        lambda: packer.pack_array_header(1),
        lambda: packer.pack_ext_type(1, b""),
        lambda: packer.pack_map_pairs([]),
    ):
        with pytest.raises(BufferError, match="Existing exports of data: Packer cannot be changed"):
            call()
    del packer
    gc.collect()
    assert bytes(view) == b"\xa3abc"


def test_a_view_that_is_taken_meanwhile():
    views = []
    packer = q.Packer(default=lambda thing: views.append(packer.getbuffer()) or "x" * 100_000, autoreset=False)
    packer.pack("abc")
    with pytest.raises(BufferError):
        packer.pack({1})
    assert bytes(views[0]) == b"\xa3abc" == packer.bytes()


def test_a_failure_leaves_nothing_half_written():
    packer = q.Packer()
    for call in (lambda: packer.pack([1, {2}]), lambda: packer.pack_map_pairs([(1, {2})]), lambda: packer.pack_ext_type(1, [1])):
        with pytest.raises(TypeError):
            call()
        assert packer.bytes() == b"" and packer.pack(1) == b"\x01"


def test_subclasses():
    class Named(q.Packer):
        def __init__(self, name):
            super().__init__(default=self.convert)
            self.name = name

        def convert(self, thing):
            return [self.name]

        def pack(self, obj):
            return super().pack([obj])

    named = Named("n")
    assert named.pack({1}) == b"\x91\x91\xa1n"
    ref = weakref.ref(named)
    del named
    gc.collect()
    assert ref() is None

    class Lazy(q.Packer):
        def __init__(self):
            pass

    assert Lazy().pack([b"x"]) == msgpack.packb([b"x"])


def test_leaks():
    thing = {"a": [1, 2.5, "é" * 50, b"x", q.ExtType(1, b"a"), q.Timestamp(1, 2), Items([1]), Mapping(a=1)], "b": (None,) * 3000}

    def work():
        packer = q.Packer(default=repr, datetime=True, unicode_errors="replace")
        packer.pack([thing, {1}, dt.datetime(2020, 1, 1, tzinfo=dt.UTC), "\ud800"])
        packer.__init__(autoreset=False)
        packer.pack(thing)
        with pytest.raises(TypeError):
            packer.pack([thing, {1}])
        with pytest.raises(TypeError):
            packer.pack_map_pairs([(1, thing), (2, {1})])
        with pytest.raises(UnicodeEncodeError):
            q.packb([thing, "\ud800"])
        with pytest.raises(ZeroDivisionError):
            q.packb([thing, {1}], default=lambda _: 1 / 0)

    leaves_nothing(work)
