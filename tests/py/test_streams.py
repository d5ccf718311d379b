# SPDX-License-Identifier: Apache-2.0
"""Decoder.stream(): documents in pieces that end anywhere."""

import gc
import sys
import threading
from typing import Any

import pytest
from conftest import leaves_nothing
from hypothesis import given, settings
from hypothesis import strategies as st

import quire
from quire import UNSET, Limits, Record


class Event(Record):
    id: int
    name: str = ""


VALUES = [
    {"id": 1, "name": "plain"},
    [],
    {},
    "text with \"quotes\", \\ and 'é€😀' of more than sixteen bytes",
    [1, -2.5, 1e300, True, False, None, {"deep": [[[{"a": {}}]]]}],
    12345,
    -7,
    "",
    {"é": "\u20ac" * 30, "": [""]},
    None,
    True,
    0.5,
    ["]", "}", "[{", '\\"'],
    list(range(40)),
]


def joined(fmt, values, space="\n"):
    return b"".join(fmt.encode(value) + (space.encode() if fmt.text_keys else b"") for value in values)


def received(stream, chunks):
    values = []
    for chunk in chunks:
        values += stream.feed(chunk)
    return values + stream.close()


def pieces(data, size):
    return [data[i : i + size] for i in range(0, len(data), size)]


def test_every_split(fmt):
    for space in ("\n", " \r\n\t"):
        data = joined(fmt, VALUES, space)
        decoder = fmt.Decoder()
        for at in range(len(data) + 1):
            assert received(decoder.stream(), [data[:at], data[at:]]) == VALUES


@pytest.mark.parametrize("size", range(1, 8))
def test_small_chunks(fmt, size):
    data = joined(fmt, VALUES)
    assert received(fmt.Decoder().stream(), pieces(data, size)) == VALUES


def test_typed(fmt):
    events = [Event(i, "n" * i) for i in range(20)]
    data = fmt.Encoder(Event).encode_lines(events)
    for size in (1, 5, 1000):
        assert received(fmt.Decoder(Event).stream(), pieces(data, size)) == events


scalars = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False) | st.text()
)
documents = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4), max_leaves=12
)


@settings(max_examples=80)
@given(values=st.lists(documents, max_size=6), cuts=st.lists(st.integers(0, 400), max_size=12))
def test_random_splits(fmt, values, cuts):
    data = joined(fmt, values)
    ends = sorted({min(cut, len(data)) for cut in cuts}) + [len(data)]
    chunks, start = [], 0
    for end in ends:
        chunks.append(data[start:end])
        start = end
    assert received(fmt.Decoder().stream(), chunks) == values


def test_json_documents_without_space_between():
    stream = quire.json.Decoder().stream()
    assert received(stream, ['{}[]"a""b"1[2]3"4"truefalsenull[', "]5"]) == [
        {},
        [],
        "a",
        "b",
        1,
        [2],
        3,
        "4",
        True,
        False,
        None,
        [],
        5,
    ]


def test_json_number_is_ended_by_what_follows():
    stream = quire.json.Decoder().stream()
    assert list(stream.feed("1")) == list(stream.feed("2")) == []
    assert list(stream.feed(" ")) == [12]
    assert list(stream.feed("-3.5e1")) == []
    assert list(stream.feed("[")) == [-35.0]
    assert list(stream.feed("]7")) == [[]]
    assert stream.close() == [7]


def test_text_chunks():
    stream = quire.json.Decoder().stream()
    assert received(stream, ['["é', "😀", b"\xe2\x82", bytearray(b"\xac"), memoryview(b'"]')]) == [["é😀€"]]


def test_no_text_for_binary_formats():
    stream = quire.msgpack.Decoder().stream()
    with pytest.raises(TypeError, match="feed"):
        stream.feed("text")
    for wrong in (5, None, [b"x"]):
        with pytest.raises(TypeError):
            stream.feed(wrong)
    assert list(stream.feed(b"\x05")) == [5]


def test_any_buffer(fmt):
    import array
    import mmap

    data = joined(fmt, VALUES)
    strided = memoryview(bytes(byte for byte in data for _ in range(2)))[::2]
    mapped = mmap.mmap(-1, len(data))
    mapped[:] = data
    for chunk in (bytearray(data), memoryview(b"xx" + data)[2:], array.array("B", data), mapped, strided):
        assert received(fmt.Decoder().stream(), [chunk]) == VALUES
    buffer = bytearray(data)
    stream = fmt.Decoder().stream()
    iterator = stream.feed(buffer)
    buffer.clear()  # what was fed belongs to the stream
    assert list(iterator) + stream.close() == VALUES


def test_what_is_not_taken_stays(fmt):
    stream = fmt.Decoder().stream()
    data = joined(fmt, [{"a": i} for i in range(6)])
    iterator = stream.feed(data)
    assert iterator is stream and iter(stream) is stream
    assert next(stream) == {"a": 0}
    stream.feed(data[: len(data) // 2])
    stream.feed(data[len(data) // 2 :])
    assert [value["a"] for value in stream] == [1, 2, 3, 4, 5, 0, 1, 2, 3, 4, 5]
    with pytest.raises(StopIteration):
        next(stream)
    assert list(stream.feed(data[: len(data) // 6])) == [{"a": 0}]


def test_close(fmt):
    stream = fmt.Decoder().stream()
    assert not stream.closed and stream.offset == 0
    stream.feed(joined(fmt, [[1], [2]]))
    assert stream.close() == [[1], [2]]
    assert stream.closed and stream.close() == [] and list(stream) == []
    for use in (lambda: stream.feed(b""), stream.partial):
        with pytest.raises(ValueError, match="closed"):
            use()


def test_close_says_what_is_missing(fmt):
    data = fmt.encode({"id": 1, "name": "some text"})
    for end in range(1, len(data)):
        stream = fmt.Decoder(Event).stream()
        assert list(stream.feed(data[:end])) == []
        with pytest.raises(quire.TruncatedError) as caught:
            stream.close()
        assert caught.value.errors[0].offset <= end
        assert stream.closed and stream.close() == []


def test_close_of_what_was_never_right():
    stream = quire.json.Decoder().stream()
    assert list(stream.feed('{"a": [1 2, "')) == []
    with pytest.raises(quire.MalformedError):
        stream.close()


def test_context_manager(fmt):
    with fmt.Decoder().stream() as stream:
        assert list(stream.feed(joined(fmt, [[1]]))) == [[1]]
    assert stream.closed
    with pytest.raises(quire.TruncatedError), fmt.Decoder().stream() as stream:
        stream.feed(fmt.encode([1, 2])[:-1])
        assert list(stream) == []
    assert stream.closed
    with pytest.raises(ValueError, match="nobody took"), fmt.Decoder().stream() as stream:
        stream.feed(fmt.encode([1]))
    with pytest.raises(KeyError), fmt.Decoder().stream() as stream:
        stream.feed(fmt.encode([1, 2])[:-1])
        raise KeyError  # is what is seen
    assert stream.closed


def test_offset(fmt):
    data = joined(fmt, [[1], "two"])
    stream = fmt.Decoder().stream()
    for byte in range(len(data)):
        for _ in stream.feed(data[byte : byte + 1]):
            assert stream.offset == byte + 1
    assert stream.offset == len(data)
    assert f"at byte {len(data)}" in repr(stream) and "closed" not in repr(stream)
    stream.close()
    assert stream.offset == len(data) and "closed" in repr(stream)


# ---------------------------------------------------------------- faults


def test_a_document_of_another_type_is_passed_over(fmt):
    good = [Event(1, "a"), Event(2, "b")]
    data = [fmt.encode(good[0]), fmt.encode({"id": "one"}), fmt.encode([]), fmt.encode(good[1])]
    for size in (1, 4, 100):
        stream = fmt.Decoder(Event).stream()
        values, faults = [], []
        for chunk in pieces(b"".join(data), size):
            stream.feed(chunk)
            while True:
                try:
                    values.append(next(stream))
                except StopIteration:
                    break
                except quire.ValidationError as error:
                    faults.append((error.errors[0].path, stream.offset))
        assert values == good and stream.close() == []
        assert faults == [("$.id", len(data[0] + data[1])), ("$", len(data[0] + data[1] + data[2]))]


@pytest.mark.parametrize("size", [1, 3, 7, 1000])
def test_places_of_faults_are_of_the_whole_stream(size):
    lines = ['{"id": 1}', "", '{"id": 2, "name": "é€"} {"id":', ' 3, "name": "x"} {"name": "é", "id": true}', '{"id": []}']
    data = "\n".join(lines).encode()
    stream = quire.json.Decoder(Event).stream()
    faults = []
    for chunk in pieces(data, size):
        stream.feed(chunk)
        while True:
            try:
                next(stream)
            except StopIteration:
                break
            except quire.ValidationError as error:
                fault = error.errors[0]
                faults.append((fault.line, fault.column))
                assert data[fault.offset :].startswith((b"true", b"[]"))
    assert faults == [(4, lines[3].index("true") + 1), (5, 8)]


@pytest.mark.parametrize(
    "bad", [b"[1 2]", b"]", b"[1}", b"x", b"nul ", b'["\x01"]', b'["\xff"]', b'["\\x"]', b"1.e5 ", b"01 ", b"-x ", b",", b"\x00"]
)
def test_malformed_json_ends_the_stream(bad):
    data = b'{"id": 1}\n' + bad + b"[]"
    decoder = quire.json.Decoder()
    places = set()
    for at in range(len(data) + 1):
        stream = decoder.stream()
        with pytest.raises(quire.MalformedError) as caught:
            for chunk in (data[:at], data[at:]):
                for value in stream.feed(chunk):
                    assert value == {"id": 1}
        fault = caught.value.errors[0]
        places.add((fault.code, fault.offset, fault.line, fault.column))
        assert fault.line == 2 and fault.column == fault.offset - 9
        assert list(stream) == []
        for use in (lambda stream=stream: stream.feed(b"[]"), stream.partial):
            with pytest.raises(ValueError, match="failed"):
                use()
        assert stream.close() == []
    assert len(places) == 1


def test_malformed_msgpack_ends_the_stream():
    data = b"\x01\x92\x05\xc1\x07"
    for at in range(len(data) + 1):
        stream = quire.msgpack.Decoder().stream()
        values = []
        with pytest.raises(quire.MalformedError) as caught:
            for chunk in (data[:at], data[at:]):
                for value in stream.feed(chunk):
                    values.append(value)
        assert values == [1] and caught.value.errors[0].offset == 3
        assert stream.close() == []


def test_limits(fmt):
    decoder = fmt.Decoder(limits=Limits(depth=5))
    deep, deeper = [], []
    for _ in range(4):
        deep = [deep]
    deeper = [deep]
    good, bad = fmt.encode(deep), fmt.encode(deeper)
    for size in (1, 100):
        stream = decoder.stream()
        values = []
        with pytest.raises(quire.LimitError) as caught:
            for chunk in pieces(good + bad, size):
                for value in stream.feed(chunk):
                    values.append(value)
        assert values == [deep]
        assert caught.value.errors[0].code == "depth_limit" and caught.value.errors[0].offset == len(good) + 5
        with pytest.raises(ValueError, match="failed"):
            stream.feed(b"")


def test_too_deep_is_found_before_the_end(fmt):
    stream = fmt.Decoder().stream()
    with pytest.raises(quire.LimitError):
        for _ in range(2000):
            list(stream.feed(b"[" if fmt.text_keys else b"\x91"))
    assert stream.close() == []


def test_limit_on_bytes_is_for_each_document(fmt):
    value = "x" * 50
    data = fmt.encode(value)
    decoder = fmt.Decoder(limits=Limits(bytes=len(data)))
    assert received(decoder.stream(), [data + b"\n " * fmt.text_keys] * 20) == [value] * 20
    for size in (1, 7, 1000):
        stream = decoder.stream()
        with pytest.raises(quire.LimitError) as caught:
            for chunk in pieces(data + fmt.encode(value + "y") + data, size):
                assert list(stream.feed(chunk)) in ([], [value])
        assert caught.value.errors[0].code == "byte_limit" and caught.value.errors[0].offset == len(data)


def test_space_without_end_is_not_kept():
    stream = quire.json.Decoder(limits=Limits(bytes=100)).stream()
    for _ in range(1000):
        assert list(stream.feed(b" \n" * 50)) == []
    assert stream.offset == 100_000
    with pytest.raises(quire.MalformedError) as caught:
        list(stream.feed("  ?"))
    assert (caught.value.errors[0].line, caught.value.errors[0].column) == (50_001, 3)


class Picky(Record):
    a: int

    def __post_init__(self):
        if self.a < 0:
            raise ValueError("below zero")
        if self.a == 0:
            raise KeyError("zero")
        if self.a > 100:
            raise KeyboardInterrupt


def test_user_code_that_refuses(fmt):
    stream = fmt.Decoder(Picky).stream()
    stream.feed(joined(fmt, [{"a": 1}, {"a": -1}, {"a": 2}, {"a": 0}, {"a": 3}]))
    assert next(stream) == Picky(1)
    with pytest.raises(quire.ValidationError, match="below zero"):
        next(stream)
    assert next(stream) == Picky(2)
    with pytest.raises(KeyError):
        next(stream)
    assert next(stream) == Picky(3)
    assert stream.close() == []


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError, GeneratorExit])
def test_interrupted_documents_stay(fmt, error):
    interrupt = True

    class Slow(Record):
        a: int

        def __post_init__(self):
            if interrupt:
                raise error

    stream = fmt.Decoder(Slow).stream()
    data = joined(fmt, [{"a": 1}, {"a": 2}])
    for chunk in pieces(data, 3):
        try:
            list(stream.feed(chunk))
        except error:
            pass
    with pytest.raises(error):
        next(stream)
    interrupt = False
    assert [value.a for value in stream] == [1, 2]


def test_use_from_within(fmt):
    refused = []

    class Meddling(Record):
        a: int

        def __post_init__(self):
            for use in (lambda: next(stream), lambda: stream.feed(b"x" * 100000), stream.partial, stream.close):
                with pytest.raises(RuntimeError, match="in use"):
                    use()
                refused.append(1)
            stream.__exit__(KeyError, None, None)

    stream = fmt.Decoder(Meddling).stream()
    assert [value.a for value in stream.feed(joined(fmt, [{"a": 1}, {"a": 2}]))] == [1, 2]
    assert len(refused) == 8 and not stream.closed


def test_use_by_another_thread(fmt):
    inside, leave = threading.Event(), threading.Event()

    class Waiting(Record):
        a: int

        def __post_init__(self):
            inside.set()
            leave.wait(60)

    stream = fmt.Decoder(Waiting).stream()
    stream.feed(joined(fmt, [{"a": 1}]))
    values = []
    thread = threading.Thread(target=lambda: values.extend(stream))
    thread.start()
    assert inside.wait(60)
    try:
        with pytest.raises(RuntimeError, match="another thread"):
            stream.feed(b"")
    finally:
        leave.set()
        thread.join()
    assert [value.a for value in values] == [1]


# ---------------------------------------------------------------- partial


def is_part(part, whole):
    if part is UNSET:
        return True
    if isinstance(part, dict):
        return (
            isinstance(whole, dict) and list(part) == list(whole)[: len(part)] and all(is_part(part[k], whole[k]) for k in part)
        )
    if isinstance(part, list):
        return isinstance(whole, list) and len(part) <= len(whole) and all(map(is_part, part, whole))
    if isinstance(part, (str, bytes)):
        return isinstance(whole, type(part)) and whole.startswith(part)
    return type(part) is type(whole) and part == whole


def size_of(value):
    if isinstance(value, dict):
        return 1 + sum(map(size_of, value)) + sum(map(size_of, value.values()))
    if isinstance(value, list):
        return 1 + sum(map(size_of, value))
    return 1 + len(value) if isinstance(value, (str, bytes)) else 0 if value is UNSET else 1


def check_partial(fmt, whole):
    data = fmt.encode(whole)
    stream = fmt.Decoder().stream()
    before = 0
    for i in range(len(data)):
        value = stream.partial()
        assert is_part(value, whole)
        assert size_of(value) >= before
        before = size_of(value)
        stream.feed(data[i : i + 1])
    assert stream.partial() == whole or type(whole) in (int, float)
    assert [*stream, *stream.close()] == [whole]


@pytest.mark.parametrize("whole", VALUES, ids=repr)
def test_partial_grows_to_the_whole(fmt, whole):
    check_partial(fmt, whole)


@settings(max_examples=60)
@given(whole=documents)
def test_partial_of_anything(fmt, whole):
    check_partial(fmt, whole)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", UNSET),
        ("  ", UNSET),
        ("12", UNSET),
        ("tru", UNSET),
        ("true", True),
        ('"', ""),
        ('"ab\\', "ab"),
        ('"ab\\u00e', "ab"),
        ('"\\ud83d\\ude0', ""),
        ('"\\ud83d\\ude00', "😀"),
        ("[1, 2", [1]),
        ("[1, 2 ", [1, 2]),
        ("[1, 2,", [1, 2]),
        ("[nul", []),
        ('{"a": 1, "b', {"a": 1}),
        ('{"a": 1, "b"', {"a": 1}),
        ('{"a": 1, "b":', {"a": 1}),
        ('{"a": 1, "b": "', {"a": 1, "b": ""}),
        ('{"a": {"b": [{"c": "d', {"a": {"b": [{"c": "d"}]}}),
        ('{"a": [1], ', {"a": [1]}),
        ('{"a": 1}', {"a": 1}),
        ('{"a": 1} {"b": ', {"a": 1}),
    ],
)
def test_partial_json(text, value):
    stream = quire.json.Decoder().stream()
    stream.feed(text)
    assert repr(stream.partial()) == repr(value)
    assert repr(stream.partial()) == repr(value)


def test_partial_is_of_the_document_that_comes_next(fmt):
    stream = fmt.Decoder().stream()
    stream.feed(joined(fmt, [["first"], ["second"]]) + fmt.encode(["third"])[:-2])
    assert stream.partial() == ["first"]
    assert next(stream) == ["first"]
    assert stream.partial() == ["second"]
    assert next(stream) == ["second"]
    assert stream.partial() == (["third"] if fmt.text_keys else ["thi"])
    assert list(stream.feed(fmt.encode(["third"])[-2:])) == [["third"]]
    assert stream.partial() is UNSET


def test_partial_of_typed_streams_is_plain(fmt):
    stream = fmt.Decoder(Event).stream()
    data = fmt.encode({"name": "some name", "id": 1})
    stream.feed(data[:-4])
    assert stream.partial() == {"name": "some name"}
    assert list(stream.feed(data[-4:])) == [Event(1, "some name")]


def test_partial_of_bytes():
    stream = quire.msgpack.Decoder().stream()
    stream.feed(quire.msgpack.encode([b"\xc3\xa9" * 10, 5])[:10])
    assert stream.partial() == [b"\xc3\xa9" * 3 + b"\xc3"]


def test_partial_of_what_is_wrong():
    stream = quire.json.Decoder().stream()
    stream.feed('\n {"a": [1 2], "b')
    with pytest.raises(quire.MalformedError) as caught:
        stream.partial()
    fault = caught.value.errors[0]
    assert (fault.offset, fault.line, fault.column) == (11, 2, 11)


# ---------------------------------------------------------------- memory


def test_long_streams_take_no_more_memory(fmt):
    chunk = joined(fmt, [{"id": i, "name": "some text"} for i in range(50)])
    stream = fmt.Decoder(Event).stream()
    half = len(chunk) // 2

    def work(times):
        for _ in range(times):
            for part in (chunk[:half], chunk[half:]):
                for _ in stream.feed(part):
                    pass

    work(20)
    gc.collect()
    before = sys.getallocatedblocks()
    work(400)
    gc.collect()
    assert sys.getallocatedblocks() - before < 100
    assert stream.offset == 420 * len(chunk) and stream.close() == []


def test_memory_of_bytes_is_given_back(fmt):
    tracemalloc = pytest.importorskip("tracemalloc")
    large, small = fmt.encode("x" * 3_000_000), joined(fmt, [1])
    stream = fmt.Decoder().stream()
    tracemalloc.start()
    try:
        list(stream.feed(large))
        for _ in range(3):
            list(stream.feed(small))
        assert tracemalloc.get_traced_memory()[0] < 300_000
        for _ in range(200):
            list(stream.feed(small * 1000))
        assert tracemalloc.get_traced_memory()[0] < 300_000
    finally:
        tracemalloc.stop()


def test_no_leaks(fmt):
    data = joined(fmt, VALUES)
    decoder, typed = fmt.Decoder(), fmt.Decoder(Picky)
    bad = joined(fmt, [{"a": 1}, {"a": -1}, {"a": 0}, {"b": 1}])

    def work():
        assert received(decoder.stream(), pieces(data, 50)) == VALUES
        stream = decoder.stream()
        stream.feed(data[:-1])
        stream.partial()
        next(stream)
        stream = typed.stream()
        stream.feed(bad)
        while True:
            try:
                next(stream)
            except StopIteration:
                break
            except (quire.QuireError, KeyError):
                pass
        broken = decoder.stream()
        with pytest.raises(quire.QuireError):
            list(broken.feed(b"[}" if fmt.text_keys else b"\xc1"))
        half = decoder.stream()
        half.feed(fmt.encode([1, 2])[:-1])
        with pytest.raises(quire.TruncatedError):
            half.close()

    leaves_nothing(work)


def test_cycles_are_collected(fmt):
    import weakref

    class Node(Record, weakref=True):
        a: int

    def cycle():
        class Local(Record):
            a: int

        stream = fmt.Decoder(Local).stream()
        Local.stream = stream
        return weakref.ref(Local)

    ref = cycle()
    gc.collect()
    assert ref() is None


def test_the_class_itself():
    import typing

    assert quire.json.Stream is quire.msgpack.Stream is type(quire.json.Decoder().stream())
    with pytest.raises(TypeError):
        quire.json.Stream()
    assert typing.get_args(quire.json.Stream[int]) == (int,)
    annotation: Any = quire.json.Stream[Event]
    assert typing.get_origin(annotation) is quire.json.Stream
