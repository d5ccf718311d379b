# SPDX-License-Identifier: Apache-2.0
"""Unpacker as the package msgpack has it, which is the oracle: input in pieces, files, and everything done in the wrong order."""

import gc
import io
import sys
import weakref

import msgpack
import pytest
from conftest import leaves_nothing
from hypothesis import given, settings
from hypothesis import strategies as st
from msgpack_oracle import all_options, damaged, documents, is_comparable, outcome, values

import quire.msgpack as q

no_deadline = settings(max_examples=100)
SMALL = {"max_buffer_size": 1000}  # bounds what the package allocates for declared lengths


def fed(data, **kwargs):
    unpacker = q.Unpacker(**kwargs)
    unpacker.feed(data)
    return unpacker


def pieces(data, cuts):
    edges = [0, *sorted(cut % (len(data) + 1) for cut in cuts), len(data)]
    return [data[a:b] for a, b in zip(edges, edges[1:], strict=False)]


def story(module, parts, kwargs):
    """All that an Unpacker gives for input in parts, with where it stands after each step; an error ends it."""
    unpacker = module.Unpacker(**SMALL | kwargs)
    told = []
    for part in parts:
        told.append(outcome(unpacker.feed, part))
        while True:
            told.append((outcome(unpacker.unpack), unpacker.tell()))
            if told[-1][0][0] is q.OutOfData:
                break
            if told[-1][0][0] != "value":
                return told
    return told


@no_deadline
@given(damaged(), st.lists(st.integers(0, 200), max_size=6), all_options)
def test_pieces_of_any_bytes(data, cuts, kwargs):
    if is_comparable(data):
        parts = pieces(data, cuts)
        assert story(q, parts, kwargs) == story(msgpack, parts, kwargs)


@no_deadline
@given(st.lists(documents, max_size=4).map(b"".join))
def test_byte_by_byte(data):
    parts = [data[i : i + 1] for i in range(len(data))]
    for kwargs in ({}, {"strict_map_key": False, "use_list": False}, {"raw": True, "object_pairs_hook": tuple}):
        assert story(q, parts, kwargs) == story(msgpack, parts, kwargs)


steps = st.one_of(
    st.tuples(st.just("feed"), st.one_of(damaged(), documents)),
    st.tuples(st.sampled_from(["unpack", "unpack", "__next__", "skip", "read_array_header", "read_map_header"])),
    st.tuples(st.just("read_bytes"), st.integers(0, 5)),
)


@no_deadline
@given(st.lists(steps, max_size=12))
def test_any_order_of_calls(calls):
    if not is_comparable(b"".join(call[1] for call in calls if call[0] == "feed")):
        return
    ours, theirs = (module.Unpacker(strict_map_key=False, **SMALL) for module in (q, msgpack))
    for name, *args in calls:
        got, expected = (outcome(getattr(unpacker, name), *args) for unpacker in (ours, theirs))
        if expected[0] is StopIteration:
            expected = StopIteration, ""
        assert got == expected, name
        assert ours.tell() == theirs.tell(), name


@no_deadline
@given(st.lists(values, max_size=4), st.integers(1, 50), st.integers(0, 60))
def test_files(items, read_size, size):
    data = b"".join(map(msgpack.packb, items)) + b"\x92\x01" * (size % 2)
    kwargs = {"read_size": read_size, "max_buffer_size": max(size, read_size), "use_list": False, "strict_map_key": False}

    def read(module):
        unpacker = module.Unpacker(io.BytesIO(data), **kwargs)
        told = []
        while not told or told[-1][0][0] == "value":
            told.append((outcome(unpacker.unpack), unpacker.tell()))
        return told

    assert read(q) == read(msgpack)


@pytest.mark.parametrize("depth", [1023, 1024, 1025, 3000])
@pytest.mark.parametrize("method", ["unpack", "skip"])
def test_depth(depth, method):
    data = b"\x91" * (depth - 1) + b"\x90"
    for parts in ([data], [data[:500], data[500:]], [data[i : i + 1] for i in range(depth)]):
        ends = []
        for module in (q, msgpack):
            unpacker = module.Unpacker()
            error = None
            for part in parts:
                unpacker.feed(part)
                try:
                    getattr(unpacker, method)()
                except (q.OutOfData, q.StackError) as caught:
                    error = type(caught)
                    if error is q.StackError:
                        break
                else:
                    error = None
            ends.append((error, unpacker.tell()))
        assert ends[0] == ends[1] and (ends[0][0] is q.StackError) == (depth > 1024)


def test_a_document_larger_than_the_buffer():
    data = msgpack.packb([{"id": i, "name": "x" * 20} for i in range(60)])
    unpacker = q.Unpacker(max_buffer_size=64)
    for i in range(0, len(data), 16):
        unpacker.feed(data[i : i + 16])
        if i + 16 < len(data):
            with pytest.raises(q.OutOfData):
                unpacker.unpack()
    assert unpacker.unpack() == msgpack.unpackb(data)
    assert q.Unpacker(io.BytesIO(data), max_buffer_size=64).unpack() == msgpack.unpackb(data)


def test_buffer_full():
    for module in (q, msgpack):
        with pytest.raises(q.BufferFull):
            module.Unpacker(max_buffer_size=3).feed(b"abcd")
        unpacker = module.Unpacker(max_buffer_size=3)
        unpacker.feed(b"abc")
        unpacker.unpack()
        unpacker.feed(b"d")
        with pytest.raises(q.BufferFull):
            unpacker.feed(b"e")
        assert list(unpacker) == [98, 99, 100]
        with pytest.raises(q.BufferFull):
            module.Unpacker(io.BytesIO(b"\xdb\x00\x00\x01\x00" * 5), max_buffer_size=10).unpack()
    q.Unpacker(max_buffer_size=0).feed(b"x" * 100_000)


def test_maps_that_follow_a_shape_are_cut_anywhere():
    rows = [
        {"id": i, "name": {"first": "a", "last": f"b{i % 3}"}, "tags": [{"k": 1, "v": [i]}], "é" * 3: None} for i in range(30)
    ]
    data = msgpack.packb(rows)
    for _ in range(3):
        assert q.unpackb(data) == rows
    for size in (1, 2, 3, 5, 7, 64):
        unpacker = q.Unpacker()
        for i in range(0, len(data), size):
            unpacker.feed(data[i : i + size])
            got = list(unpacker)
            q.unpackb(data)  # others use the caches meanwhile
        assert got == [rows]


def test_memory_that_waits_is_let_go():
    class Value:
        pass

    refs = []

    def hook(code, data):
        value = Value()
        refs.append(weakref.ref(value))
        return value

    unpacker = fed(b"\x93\xd4\x01a\x81\xa1k\xd4\x01b", ext_hook=hook)
    with pytest.raises(q.OutOfData):
        unpacker.unpack()
    assert len(refs) == 2 and all(ref() for ref in refs)
    del unpacker
    assert not any(ref() for ref in refs)


def test_a_cycle_through_what_waits_is_found():
    class Value:
        pass

    value = Value()
    unpacker = fed(b"\x92\xd4\x01a", ext_hook=lambda code, data: value)
    with pytest.raises(q.OutOfData):
        unpacker.unpack()
    value.unpacker = unpacker
    ref = weakref.ref(value)
    unpacker.__init__(ext_hook=lambda code, data: value)
    unpacker.feed(b"\x92\xd4\x01a")
    assert next(unpacker, None) is None
    value.unpacker = unpacker
    del value, unpacker
    gc.collect()
    assert ref() is None


# ---------------------------------------------------------------- what user code may do meanwhile

RECURSIVE = [
    ("feed", (b"\x01",)),
    ("unpack", ()),
    ("__next__", ()),
    ("skip", ()),
    ("read_bytes", (1,)),
    ("read_array_header", ()),
    ("read_map_header", ()),
    ("__init__", ()),
]


@pytest.mark.parametrize(("name", "args"), RECURSIVE)
def test_an_unpacker_is_busy_while_its_hooks_run(name, args):
    told = []
    for module in (q, msgpack):
        results = []

        def hook(items, results=results):
            results.append(outcome(getattr(unpacker, name), *args))  # noqa: B023
            results.append(unpacker.tell())  # noqa: B023
            return items

        unpacker = module.Unpacker(list_hook=hook)
        unpacker.feed(b"\x92\x91\x01\x02\x90\x03")
        results += [outcome(unpacker.unpack), outcome(unpacker.unpack), outcome(unpacker.unpack), outcome(unpacker.unpack)]
        told.append(results)
    assert told[0] == told[1]


@pytest.mark.parametrize(("name", "args"), RECURSIVE)
def test_an_unpacker_is_busy_while_it_reads_its_file(name, args):
    class File:
        def read(self, n):
            getattr(unpacker, name)(*args)
            return b"\x01"

    unpacker = q.Unpacker(File())
    with pytest.raises((RuntimeError, AssertionError)):
        unpacker.unpack()


def test_hooks_that_raise_end_the_document():
    def hook(value):
        raise KeyError(3)

    for module in (q, msgpack):
        unpacker = module.Unpacker(list_hook=hook)
        unpacker.feed(b"\x92\x91\x01\x02\x03")
        with pytest.raises(KeyError):
            unpacker.unpack()
        assert (unpacker.tell(), unpacker.unpack(), unpacker.unpack(), unpacker.unpack()) == (2, 1, 2, 3)


class Reader:
    """A file whose read() does what it is told."""

    def __init__(self, *results):
        self.results, self.sizes = list(results), []

    def read(self, n):
        self.sizes.append(n)
        result = self.results.pop(0) if self.results else b""
        if isinstance(result, BaseException):
            raise result
        return result


READERS = [
    ("text",),
    (1,),
    (None,),
    (bytearray(b"\x01"),),
    (memoryview(b"\x01"),),
    (b"\x01" * 5000,),
    (b"\x92\x01", OSError("broken"), b"\x02"),
    (b"\x92\x01", b"", b"\x02"),
    (b"", b"\x01"),
    ([1],),
]


@pytest.mark.parametrize("results", READERS)
def test_files_that_misbehave(results):
    told = []
    for module in (q, msgpack):
        reader = Reader(*results)
        unpacker = module.Unpacker(reader, max_buffer_size=100)
        told.append(([outcome(unpacker.unpack) for _ in range(3)], unpacker.tell(), reader.sizes))
    assert told[0] == told[1]


def test_files_that_are_none():
    for file in (1, type("File", (), {"read": 3})(), object()):
        assert outcome(q.Unpacker, file) == outcome(msgpack.Unpacker, file)


def test_read_size():
    for kwargs in ({}, {"max_buffer_size": 50}, {"read_size": 7}, {"read_size": 7, "max_buffer_size": 7}):
        readers = [Reader(b"\x92\x01", b"\x02") for _ in range(2)]
        for module, reader in zip((q, msgpack), readers, strict=True):
            module.Unpacker(reader, **kwargs).unpack()
        assert readers[0].sizes == readers[1].sizes
    with pytest.raises(ValueError, match="read_size should be less or equal to max_buffer_size"):
        q.Unpacker(read_size=11, max_buffer_size=10)
    with pytest.raises(ValueError):
        q.Unpacker(max_buffer_size=-1)
    with pytest.raises(ValueError):
        q.Unpacker(read_size=-1)


def test_read_bytes():
    for module in (q, msgpack):
        unpacker = module.Unpacker(io.BytesIO(b"\x01abcdef"))
        assert (unpacker.unpack(), unpacker.read_bytes(2), unpacker.tell()) == (1, b"ab", 3)
        assert (unpacker.read_bytes(10), unpacker.tell()) == (b"cdef", 7)
        assert outcome(module.Unpacker(io.StringIO("abc")).read_bytes, 2)[0] is TypeError
    with pytest.raises(ValueError):
        fed(b"abc").read_bytes(-1)
    assert fed(b"abc").read_bytes(nbytes=2) == b"ab"


def test_feed_is_not_for_files():
    for module in (q, msgpack):
        unpacker = module.Unpacker(io.BytesIO(b"\x01"))
        with pytest.raises(AssertionError, match="file_like"):
            unpacker.feed(b"\x02")
        assert list(unpacker) == [1]
        unpacker.feed(b"\x02")  # the file is at its end
        assert list(unpacker) == [2]


def test_calls_that_are_refused():
    for args, kwargs in [((None, 3), {}), ((), {"encoding": "utf-8"}), ((), {"object_hook": 1}), ((), {"timestamp": 9})]:
        assert outcome(q.Unpacker, *args, **kwargs) == outcome(msgpack.Unpacker, *args, **kwargs)
    for value in ("text", 1, None):
        assert outcome(q.Unpacker().feed, value) == outcome(msgpack.Unpacker().feed, value)
    with pytest.raises(TypeError):
        q.Unpacker(None, file_like=None)
    with pytest.raises(TypeError):
        q.Unpacker().feed()
    with pytest.raises(TypeError):
        q.Unpacker().feed(data=b"")


def test_starting_again():
    unpacker = fed(b"\x92\x01", use_list=False)
    with pytest.raises(q.OutOfData):
        unpacker.unpack()
    unpacker.__init__()
    assert unpacker.tell() == 0
    unpacker.feed(b"\x91\x02")
    assert unpacker.unpack() == [2]


def test_subclasses():
    class Mine(q.Unpacker):
        def __init__(self, name, **kwargs):
            super().__init__(strict_map_key=False, **kwargs)
            self.name = name

        def feed(self, data):
            super().feed(data[::-1])

    mine = Mine("n", use_list=False)
    mine.feed(b"\x02\x01\x92")
    assert (mine.name, mine.unpack(), list(mine)) == ("n", (1, 2), [])

    class Lazy(q.Unpacker):
        def __init__(self):
            pass

    lazy = Lazy()
    lazy.feed(b"\x81\xa1a\x01")
    assert lazy.unpack() == {"a": 1}


def test_what_is_fed_is_read_once():
    """A document that comes a byte at a time takes no time that grows with its square: that would be minutes here."""
    data = msgpack.packb([["x" * 30, {"a": i}] for i in range(5_000)])
    unpacker = q.Unpacker()
    for i in range(len(data)):
        unpacker.feed(data[i : i + 1])
        value = next(unpacker, None)
    assert value == msgpack.unpackb(data)


def test_leaks():
    data = msgpack.packb([{"a": [1, "x" * 50], "b": msgpack.ExtType(5, b"a"), "c": {"d": 2.5}}] * 3)

    def work():
        unpacker = q.Unpacker(io.BytesIO(data * 3), read_size=10)
        assert len(list(unpacker)) == 3
        unpacker = q.Unpacker()
        for i in range(len(data) - 1):
            unpacker.feed(data[i : i + 1])
            assert next(unpacker, None) is None
        unpacker.__init__(object_hook=len)
        unpacker.feed(data + b"\xc1")
        assert unpacker.unpack() == [3, 3, 3]
        with pytest.raises(q.FormatError):
            unpacker.skip()
        unpacker = q.Unpacker()
        unpacker.feed(data * 2)
        unpacker.skip()
        assert unpacker.read_array_header() == 3
        with pytest.raises(ValueError):
            unpacker.read_array_header()
        with pytest.raises(TypeError):
            unpacker.feed("x")

    leaves_nothing(work)


def test_the_buffer_does_not_stay_large():
    unpacker = q.Unpacker()
    piece = msgpack.packb(b"x" * 1000)
    for _ in range(5000):
        unpacker.feed(piece)
        assert len(unpacker.unpack()) == 1000
    assert unpacker.tell() == 5000 * len(piece)
    assert sys.getsizeof(unpacker) < 20_000
