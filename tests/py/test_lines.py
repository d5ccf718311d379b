# SPDX-License-Identifier: Apache-2.0
"""encode_lines and decode_lines: many documents in one piece of memory."""

import array
import gc
import mmap
import sys

import pytest
from conftest import check_error, leaves_nothing
from hypothesis import given, settings
from hypothesis import strategies as st

import quire
from quire import Limits, Record


class Event(Record):
    id: int
    name: str = ""


EVENTS = [Event(i, "é" * (i % 5) + "n" * i) for i in range(30)]

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=60)
@given(objects=st.lists(values, max_size=8))
def test_round_trip(fmt, objects):
    data = fmt.Encoder().encode_lines(objects)
    assert data == b"".join(fmt.encode(o) + (b"\n" if fmt.text_keys else b"") for o in objects)
    assert list(fmt.Decoder().decode_lines(data)) == objects
    assert list(fmt.Decoder().decode_lines(bytearray(data))) == objects


def test_typed(fmt):
    data = fmt.Encoder(Event).encode_lines(EVENTS)
    assert data == fmt.Encoder().encode_lines(EVENTS)
    assert list(fmt.Decoder(Event).decode_lines(data)) == EVENTS


def test_any_iterable_of_objects(fmt):
    encoder = fmt.Encoder(Event)
    expected = encoder.encode_lines(EVENTS)
    for objects in (tuple(EVENTS), iter(EVENTS), (event for event in EVENTS)):
        assert encoder.encode_lines(objects) == expected
    assert encoder.encode_lines([]) == encoder.encode_lines(iter(())) == b""
    with pytest.raises(TypeError):
        encoder.encode_lines(5)


def test_large_output(fmt):
    objects = [{"text": "x" * n} for n in range(1500)]
    assert list(fmt.Decoder().decode_lines(fmt.Encoder().encode_lines(objects))) == objects


def test_an_iterable_that_fails(fmt):
    def failing():
        yield EVENTS[0]
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        fmt.Encoder(Event).encode_lines(failing())


def test_an_object_that_cannot_be_encoded(fmt):
    for encoder, objects, path in (
        (fmt.Encoder(), [1, {"a": [object()]}, 2], "$.a[0]"),
        (fmt.Encoder(Event), [EVENTS[0], Event("x"), EVENTS[1]], "$.id"),
        (fmt.Encoder(Event), [EVENTS[0], 5], "$"),
    ):
        with pytest.raises(quire.EncodeError) as caught:
            encoder.encode_lines(objects)
        assert caught.value.errors[0].path == path
        assert caught.value.__notes__ == ["in item 1 of encode_lines()"]


def test_encoding_from_within(fmt):
    encoder = fmt.Encoder()

    def nested():
        for i in range(3):
            yield list(encoder.encode_lines([i, i]))

    assert len(list(fmt.Decoder().decode_lines(encoder.encode_lines(nested())))) == 3


def test_any_buffer(fmt):
    data = fmt.Encoder(Event).encode_lines(EVENTS)
    strided = memoryview(bytes(byte for byte in data for _ in range(2)))[::2]
    mapped = mmap.mmap(-1, len(data))
    mapped[:] = data
    decoder = fmt.Decoder(Event)
    for buffer in (data, bytearray(data), memoryview(b"xx" + data + b"xx")[2:-2], array.array("B", data), mapped, strided):
        assert list(decoder.decode_lines(buffer)) == EVENTS
    mapped.close()
    for wrong in (None, 5, [data]):
        with pytest.raises(TypeError):
            decoder.decode_lines(wrong)


def test_text():
    text = '{"id": 1}\n{"id": 2, "name": "é😀"}'
    assert list(quire.json.Decoder(Event).decode_lines(text)) == [Event(1), Event(2, "é😀")]
    with pytest.raises(TypeError):
        quire.msgpack.Decoder().decode_lines("text")


def test_buffers_are_locked_while_they_are_read(fmt):
    buffer = bytearray(fmt.Encoder().encode_lines([1, [2], 3]))
    iterator = fmt.Decoder().decode_lines(buffer)
    assert next(iterator) == 1
    with pytest.raises(BufferError):
        buffer.clear()
    assert list(iterator) == [[2], 3]
    buffer.clear()  # the end lets go of it
    view = memoryview(fmt.Encoder().encode_lines([1, 2]))
    iterator = fmt.Decoder().decode_lines(view)
    with pytest.raises(BufferError):
        view.release()
    del iterator
    view.release()
    with pytest.raises(ValueError):
        fmt.Decoder().decode_lines(view)


def test_buffers_that_change_meanwhile(fmt):
    data = fmt.Encoder().encode_lines([[i, "text"] for i in range(50)])
    for flip in range(0, len(data), 3):
        buffer = bytearray(data)
        iterator = fmt.Decoder().decode_lines(buffer)
        next(iterator)
        buffer[flip] ^= 0xFF
        for _ in range(60):
            try:
                next(iterator)
            except StopIteration:
                break
            except quire.DecodeError as error:
                check_error(error, data)


def test_raw_parts_know_their_place_in_the_whole(fmt):
    data = fmt.Encoder().encode_lines([{"a": [1]}, {"a": [2, 3]}])
    decoder = fmt.Decoder(dict[str, quire.Raw])
    stream = decoder.stream()
    for source in (decoder.decode_lines(data), decoder.decode_lines(bytearray(data)), stream.feed(data)):
        for value in source:
            raw = value["a"]
            assert data[raw.offset : raw.offset + len(bytes(raw))] == bytes(raw)
    second = data.index(fmt.encode({"a": [2, 3]}))
    assert decoder.decode_from(data, second)[0]["a"].offset == data.index(fmt.encode([2, 3]))


class OwnBuffer:
    """From 3.12 on a class may be a buffer; what it does when it is let go is user code."""

    def __init__(self, data, release):
        self.data, self.release = data, release

    def __buffer__(self, flags):
        return memoryview(self.data)

    def __release_buffer__(self, view):
        self.release()


@pytest.mark.skipif(sys.version_info < (3, 12), reason="classes are buffers from 3.12 on")
def test_buffers_of_python_code(fmt):
    data = bytearray(fmt.Encoder().encode_lines([1, [2]]))
    released = []
    iterator = None

    def release():
        released.append(None if iterator is None else next(iterator, "end"))

    iterator = fmt.Decoder().decode_lines(OwnBuffer(data, release))
    assert list(iterator) == [1, [2]]
    assert released == ["end"]
    stream = fmt.Decoder().stream()
    with pytest.raises(StopIteration):
        next(stream)

    def meddle():
        with pytest.raises(RuntimeError, match="in use"):
            stream.feed(b"")
        released.append("stream")

    assert list(stream.feed(OwnBuffer(data, meddle))) + stream.close() == [1, [2]]
    assert released == ["end", "stream"]


def test_it_is_lazy(fmt):
    made = []

    class Counted(Record):
        a: int

        def __post_init__(self):
            made.append(self.a)

    iterator = fmt.Decoder(Counted).decode_lines(fmt.Encoder().encode_lines([{"a": i} for i in range(5)]))
    assert iter(iterator) is iterator and made == []
    next(iterator), next(iterator)
    assert made == [0, 1]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\n\n", " \t\r\n", ""])
def test_line_ends_and_blank_lines(end):
    data = "\n \r\n".join(['{"id": 1}', ' {"id": 2} ', '{"id": 3}']) + end
    assert [event.id for event in quire.json.Decoder(Event).decode_lines(data)] == [1, 2, 3]
    assert list(quire.json.Decoder().decode_lines(end)) == []


def test_a_document_is_one_line():
    iterator = quire.json.Decoder().decode_lines('{"a":\n1}\n[2]\n[3] [4]\n[5]')
    outcomes = []
    while True:
        try:
            outcomes.append(next(iterator))
        except StopIteration:
            break
        except quire.DecodeError as error:
            fault = error.errors[0]
            outcomes.append((fault.code, fault.line, fault.column, fault.offset))
    assert outcomes == [("truncated", 1, 6, 5), ("trailing_data", 2, 2, 7), [2], ("trailing_data", 4, 5, 17), [5]]


def test_places_of_faults_are_of_the_whole_input():
    lines = [
        '{"id": 1}',
        "",
        '{"id": 2, "name": "é€", "x": nope}',
        "   ",
        '{"id": true}',
        '{"name": "é", "id": "x"}',
        '{"id": 3}',
    ]
    data = "\r\n".join(lines)
    raw = data.encode()
    for source in (data, raw, bytearray(raw)):
        iterator = quire.json.Decoder(Event).decode_lines(source)
        assert next(iterator) == Event(1)
        for line, what in ((3, "nope"), (5, "true"), (6, '"x"')):
            with pytest.raises(quire.DecodeError) as caught:
                next(iterator)
            fault = caught.value.errors[0]
            assert (fault.line, fault.column) == (line, lines[line - 1].index(what) + 1)
            assert raw[fault.offset :].startswith(what.encode())
        assert next(iterator) == Event(3)
        with pytest.raises(StopIteration):
            next(iterator)


@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_msgpack_goes_on_after_another_type(kind):
    encode = quire.msgpack.encode
    first, second = encode({"id": 1}), encode({"id": [[1], "x"]})
    iterator = quire.msgpack.Decoder(Event).decode_lines(kind(first + second + encode(Event(3)) + b"\xc1" + first))
    assert next(iterator) == Event(1)
    with pytest.raises(quire.ValidationError) as caught:
        next(iterator)
    assert caught.value.errors[0].offset == len(first) + 4
    assert next(iterator) == Event(3)
    with pytest.raises(quire.MalformedError):
        next(iterator)
    assert list(iterator) == []


@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_truncated(fmt, kind):
    data = fmt.Encoder(Event).encode_lines(EVENTS[:2]).rstrip(b"\n")
    for end in range(1, len(data)):
        values, fault = [], None
        try:
            for value in fmt.Decoder(Event).decode_lines(kind(data[:end])):
                values.append(value)
        except quire.TruncatedError as error:
            fault = error.errors[0]
        assert values == EVENTS[: len(values)]
        assert fault is None or fault.offset <= end


def test_limits(fmt):
    good, bad = ["x" * 20], ["x" * 30]
    limit = len(fmt.encode(good))
    for kind in (bytes, bytearray):
        iterator = fmt.Decoder(limits=Limits(bytes=limit)).decode_lines(kind(fmt.Encoder().encode_lines([good, good, bad, good])))
        assert next(iterator) == next(iterator) == good
        with pytest.raises(quire.LimitError) as caught:
            next(iterator)
        assert caught.value.errors[0].code == "byte_limit"
        assert list(iterator) == ([good] if fmt.text_keys else [])
        iterator = fmt.Decoder(limits=Limits(depth=2)).decode_lines(kind(fmt.Encoder().encode_lines([[[]], [[[]]]])))
        assert next(iterator) == [[]]
        with pytest.raises(quire.LimitError):
            next(iterator)


def test_interrupted_documents_stay(fmt):
    interrupt = True

    class Slow(Record):
        a: int

        def __post_init__(self):
            if interrupt:
                raise KeyboardInterrupt

    for kind in (bytes, bytearray):
        interrupt = True
        iterator = fmt.Decoder(Slow).decode_lines(kind(fmt.Encoder().encode_lines([{"a": 1}, {"a": 2}])))
        for _ in range(2):
            with pytest.raises(KeyboardInterrupt):
                next(iterator)
        interrupt = False
        assert [value.a for value in iterator] == [1, 2]


def test_use_from_within(fmt):
    class Meddling(Record):
        a: int

        def __post_init__(self):
            with pytest.raises(RuntimeError, match="in use"):
                next(iterator)

    iterator = fmt.Decoder(Meddling).decode_lines(fmt.Encoder().encode_lines([{"a": 1}, {"a": 2}]))
    assert [value.a for value in iterator] == [1, 2]


@pytest.mark.parametrize("kind", [bytes, bytearray])
def test_constant_memory(fmt, kind):
    tracemalloc = pytest.importorskip("tracemalloc")
    data = kind(fmt.Encoder(Event).encode_lines(EVENTS * 200))
    decoder = fmt.Decoder(Event)
    list(decoder.decode_lines(data[: len(data) // 50]) if fmt.text_keys else [])
    gc.collect()
    tracemalloc.start()
    try:
        count = sum(1 for _ in decoder.decode_lines(data))
        assert tracemalloc.get_traced_memory()[1] < 50_000
    finally:
        tracemalloc.stop()
    assert count == 6000


def test_no_leaks(fmt):
    data = fmt.Encoder().encode_lines([{"id": 1}, {"id": "x"}, [], {"id": 2}])
    decoder, encoder = fmt.Decoder(Event), fmt.Encoder(Event)

    def work():
        for source in (data, bytearray(data)):
            iterator = decoder.decode_lines(source)
            while True:
                try:
                    next(iterator)
                except StopIteration:
                    break
                except quire.DecodeError:
                    pass
            half = decoder.decode_lines(source)
            next(half)
        encoder.encode_lines(EVENTS)
        with pytest.raises(quire.EncodeError):
            encoder.encode_lines([EVENTS[0], 5])

    leaves_nothing(work)


def test_the_collector_sees_the_buffer(fmt):
    buffer = memoryview(bytearray(fmt.Encoder().encode_lines([1, 2])))
    iterator = fmt.Decoder().decode_lines(buffer)
    assert gc.is_tracked(iterator) and any(reference is buffer for reference in gc.get_referents(iterator))
