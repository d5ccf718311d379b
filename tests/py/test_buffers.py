# SPDX-License-Identifier: Apache-2.0
"""encode_into, decode_from, write and read: documents in the midst of buffers, and in files."""

import array
import io
import mmap
import pathlib
import threading

import pytest
from conftest import check_error, leaves_nothing
from hypothesis import given, settings
from hypothesis import strategies as st

import quire
from quire import Limits, Record


class Event(Record):
    id: int
    name: str = ""


VALUE = {"id": 7, "name": "some é text", "rest": [1, 2.5, None, True]}


# ---------------------------------------------------------------- encode_into


def test_encode_into(fmt):
    data = fmt.encode(VALUE)
    encoder = fmt.Encoder()
    for offset in (0, 1, 17):
        buffer = bytearray(b"\xaa" * 100)
        assert encoder.encode_into(VALUE, buffer, offset) == offset + len(data)
        assert buffer == b"\xaa" * offset + data + b"\xaa" * (100 - offset - len(data))
    assert encoder.encode_into(VALUE, bytearray(100), offset=3) == 3 + len(data)


def test_encode_into_one_after_the_other(fmt):
    buffer = bytearray(1000)
    end = 0
    for i in range(10):
        end = fmt.Encoder(Event).encode_into(Event(i), buffer, end)
    start = 0
    for i in range(10):
        value, start = fmt.Decoder(Event).decode_from(buffer, start)
        assert value == Event(i)
    assert start == end


def test_encode_into_exact_room(fmt):
    for n in (0, 1, 15, 31, 200, 1900, 2100, 50_000):
        value = ["x" * n]
        data = fmt.encode(value)
        buffer = bytearray(len(data))
        assert fmt.Encoder().encode_into(value, buffer) == len(data)
        assert buffer == data
        for room in {0, 1, len(data) // 2, len(data) - 1}:
            buffer = bytearray(room + 3)
            with pytest.raises(quire.EncodeError, match=f"{len(data)} bytes are needed, {room} are left") as caught:
                fmt.Encoder().encode_into(value, buffer, 3)
            assert caught.value.errors[0].code == "no_room" and buffer == bytes(room + 3)


def test_encode_into_any_writable_buffer(fmt):
    data = fmt.encode(VALUE)
    encoder = fmt.Encoder()
    owner = bytearray(200)
    with mmap.mmap(-1, 100) as mapped:
        for buffer in (
            bytearray(100),
            memoryview(owner)[20:120],
            array.array("B", bytes(100)),
            array.array("d", bytes(160)),
            mapped,
        ):
            end = encoder.encode_into(VALUE, buffer, 5)
            assert bytes(memoryview(buffer).cast("B")[5:end]) == data
    assert owner[25 : 25 + len(data)] == data
    grid = memoryview(bytearray(120)).cast("B", (10, 12))
    assert encoder.encode_into(VALUE, grid) == len(data)


def test_encode_into_what_is_no_such_buffer(fmt):
    encoder = fmt.Encoder()
    for buffer in (bytes(100), memoryview(bytes(100)), memoryview(bytearray(200))[::2]):
        with pytest.raises(BufferError, match="writable and contiguous"):
            encoder.encode_into(VALUE, buffer)
    for buffer in (None, "text", [0] * 100, io.BytesIO()):
        with pytest.raises(TypeError, match="writable buffer"):
            encoder.encode_into(VALUE, buffer)
    released = memoryview(bytearray(100))
    released.release()
    with pytest.raises(ValueError, match="released"):
        encoder.encode_into(VALUE, released)


def test_encode_into_arguments(fmt):
    encoder = fmt.Encoder()
    buffer = bytearray(100)
    for offset in (-1, 101, 10**30):
        with pytest.raises((ValueError, OverflowError)):
            encoder.encode_into(1, buffer, offset)
    for wrong in ((), (1,), (1, buffer, 0, 0), (1, buffer, "0"), (1, buffer, 0.5)):
        with pytest.raises(TypeError):
            encoder.encode_into(*wrong)
    with pytest.raises(TypeError):
        encoder.encode_into(1, buffer, start=0)
    assert buffer == bytes(100)


def test_encode_into_leaves_the_buffer_alone_when_it_fails(fmt):
    buffer = bytearray(100)
    with pytest.raises(quire.EncodeError):
        fmt.Encoder().encode_into([1, 2, object()], buffer)
    with pytest.raises(quire.EncodeError) as caught:
        fmt.Encoder(Event).encode_into(Event("x"), buffer)
    assert caught.value.errors[0].path == "$.id"
    assert buffer == bytes(100)


def test_encode_into_a_buffer_that_goes_away_meanwhile(fmt):
    import dataclasses

    buffer = bytearray(100)
    view = memoryview(buffer)

    @dataclasses.dataclass
    class Meddling:
        a: int

        def __getattribute__(self, name):
            if name == "a":
                view.release()
                buffer.clear()
                return 1
            return object.__getattribute__(self, name)

    with pytest.raises((ValueError, quire.EncodeError)):
        fmt.Encoder().encode_into([Meddling(1), 2 if buffer else 3], view)


# ---------------------------------------------------------------- decode_from


@settings(max_examples=60)
@given(
    before=st.binary(max_size=20),
    after=st.binary(max_size=20),
    values=st.lists(st.text() | st.integers(-(2**60), 2**60) | st.lists(st.booleans())),
)
def test_decode_from(fmt, before, after, values):
    data = before + fmt.encode(values) + after
    for kind in (bytes, bytearray, memoryview):
        assert fmt.Decoder().decode_from(kind(data), len(before)) == (values, len(data) - len(after))


def test_decode_from_ends_right_behind_the_value():
    decoder = quire.json.Decoder()
    for kind in (bytes, bytearray):
        assert decoder.decode_from(kind(b" [1] \n\x20\x0a")) == ([1], 4)
        assert decoder.decode_from(kind(b"12 "), 0) == (12, 2)
        assert decoder.decode_from(kind(b"12"), 1) == (2, 2)
        assert decoder.decode_from(kind(b"1.5[2]"), offset=3) == ([2], 6)
        assert decoder.decode_from(kind(b"truefalse"), 4) == (False, 9)


def test_decode_from_typed_one_after_the_other(fmt):
    data = b"".join(fmt.encode(Event(i)) for i in range(20))
    offset, values = 0, []
    while offset < len(data):
        value, offset = fmt.Decoder(Event).decode_from(data, offset)
        values.append(value)
    assert values == [Event(i) for i in range(20)]


def test_decode_from_faults_are_of_the_whole_input(fmt):
    good, bad = fmt.encode(Event(1)), fmt.encode({"id": "x"})
    between = b"\n " if fmt.text_keys else b""
    data = good + between + bad + good
    for kind in (bytes, bytearray):
        with pytest.raises(quire.ValidationError) as caught:
            fmt.Decoder(Event).decode_from(kind(data), len(good))
        fault = check_error(caught.value, data)
        assert data[fault.offset :].startswith(fmt.encode("x"))
        assert fault.line is None or (fault.line, fault.column) == (2, 8)
        for offset in (len(data), len(data) - 1):
            with pytest.raises(quire.DecodeError) as caught:
                fmt.Decoder(Event).decode_from(kind(data), offset)
            assert offset <= check_error(caught.value, data).offset <= len(data)


def test_decode_from_arguments(fmt):
    decoder = fmt.Decoder()
    data = fmt.encode([1])
    for offset in (-1, len(data) + 1, 10**30):
        for kind in (bytes, bytearray):
            with pytest.raises((ValueError, OverflowError)) as caught:
                decoder.decode_from(kind(data), offset)
            assert not isinstance(caught.value, quire.QuireError)
    with pytest.raises(TypeError, match="offsets count bytes"):
        decoder.decode_from("[1]")
    for wrong in ((), (5,), (data, "0"), (data, 0, 0)):
        with pytest.raises(TypeError):
            decoder.decode_from(*wrong)
    with pytest.raises(TypeError):
        decoder.decode_from(data, start=0)


def test_decode_from_limits(fmt):
    value = ["x" * 20]
    data = fmt.encode(value)
    for kind in (bytes, bytearray):
        decoder = fmt.Decoder(limits=Limits(bytes=len(data), depth=3))
        assert decoder.decode_from(kind(data * 10), len(data)) == (value, 2 * len(data))
        with pytest.raises(quire.LimitError) as caught:
            decoder.decode_from(kind(data + fmt.encode(["x" * 21])), len(data))
        assert caught.value.errors[0].offset == len(data)
        with pytest.raises(quire.LimitError):
            decoder.decode_from(kind(fmt.encode([[[[]]]])))


def test_decode_from_large_buffers_is_not_slow(fmt):
    """A buffer that is no bytes is not copied as a whole for each document."""
    tracemalloc = pytest.importorskip("tracemalloc")
    data = bytearray(fmt.encode([1, 2]) * 200_000)
    decoder = fmt.Decoder()
    tracemalloc.start()
    try:
        offset = 0
        for _ in range(5):
            value, offset = decoder.decode_from(data, offset)
        assert tracemalloc.get_traced_memory()[1] < 20_000
    finally:
        tracemalloc.stop()


# ---------------------------------------------------------------- write


class Pieces(io.RawIOBase):
    """A raw file that takes a few bytes at a time."""

    def __init__(self, most, then=None):
        self.data, self.most, self.then = b"", most, then

    def writable(self):
        return True

    def write(self, data):
        if self.then is not None and len(self.data) >= 10:
            if isinstance(self.then, BaseException):
                raise self.then
            return self.then()
        part = bytes(data[: self.most])
        self.data += part
        return len(part)


def test_write(fmt, tmp_path):
    data = fmt.encode(VALUE)
    file = io.BytesIO()
    assert fmt.Encoder().write(VALUE, file) == len(data) and fmt.Encoder().write(VALUE, file) == len(data)
    assert file.getvalue() == data * 2
    for buffering in (0, -1):
        with open(tmp_path / "file", "wb", buffering=buffering) as file:
            assert fmt.Encoder().write(VALUE, file) == len(data)
        assert (tmp_path / "file").read_bytes() == data


@pytest.mark.parametrize("most", [1, 3, 1000])
def test_write_goes_on_after_partial_writes(fmt, most):
    file = Pieces(most)
    assert fmt.Encoder().write(VALUE, file) == len(fmt.encode(VALUE))
    assert file.data == fmt.encode(VALUE)


def test_write_to_what_returns_nothing(fmt):
    class Sink:
        def write(self, data):
            self.data = data

    sink = Sink()
    assert fmt.Encoder().write(VALUE, sink) == len(fmt.encode(VALUE))
    assert sink.data == fmt.encode(VALUE)


@pytest.mark.parametrize(
    ("then", "error"),
    [
        (lambda: None, BlockingIOError),
        (lambda: 0, OSError),
        (lambda: -1, OSError),
        (lambda: 10**6, OSError),
        (lambda: 2**100, OSError),
        (lambda: "x", OSError),
        (OSError("full"), OSError),
        (KeyboardInterrupt(), KeyboardInterrupt),
    ],
)
def test_write_to_files_that_misbehave(fmt, then, error):
    file = Pieces(10, then)
    with pytest.raises(error):
        fmt.Encoder().write(VALUE, file)
    assert fmt.encode(VALUE).startswith(file.data)


def test_write_nothing_when_encoding_fails(fmt):
    file = io.BytesIO()
    with pytest.raises(quire.EncodeError):
        fmt.Encoder().write([1] * 10_000 + [object()], file)
    with pytest.raises(quire.EncodeError):
        fmt.Encoder(Event).write(Event("x"), file)
    assert file.getvalue() == b""


def test_write_arguments(fmt):
    with pytest.raises(AttributeError):
        fmt.Encoder().write(VALUE, 5)
    for wrong in ((), (1,), (1, io.BytesIO(), 2)):
        with pytest.raises(TypeError):
            fmt.Encoder().write(*wrong)
    with pytest.raises(TypeError):
        fmt.Encoder().write(VALUE, io.StringIO())


# ---------------------------------------------------------------- read


def file_of(tmp_path, data):
    path = tmp_path / "file"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("mapped", [False, True])
def test_read(fmt, tmp_path, mapped):
    path = file_of(tmp_path, fmt.encode(Event(5, "é")))
    decoder = fmt.Decoder(Event)
    for name in (path, str(path), bytes(path)):
        assert decoder.read(name, mmap=mapped) == Event(5, "é")
    for buffering in (0, -1):
        with open(path, "rb", buffering=buffering) as file:
            assert decoder.read(file, mmap=mapped) == Event(5, "é")
            assert not file.closed
    with open(path, "rb") as file:
        file.seek(0, 2)
        with pytest.raises(quire.TruncatedError):
            decoder.read(file, mmap=mapped)


@pytest.mark.parametrize("mapped", [False, True])
def test_read_from_where_the_file_is(fmt, tmp_path, mapped):
    data = fmt.encode([1])
    with open(file_of(tmp_path, b"head" + data), "rb") as file:
        file.seek(4)
        assert fmt.Decoder().read(file, mmap=mapped) == [1]


@pytest.mark.parametrize("mapped", [False, True])
def test_read_sizes_around_pages(fmt, tmp_path, mapped):
    empty = len(fmt.encode("x" * 5000)) - 5000
    for size in (mmap.PAGESIZE - 1, mmap.PAGESIZE, mmap.PAGESIZE + 1, 2 * mmap.PAGESIZE, 40 * mmap.PAGESIZE):
        text = "x" * (size - empty - (2 if not fmt.text_keys and size - empty > 65535 else 0))
        data = fmt.encode(text)
        path = file_of(tmp_path, data)
        assert len(data) == size and fmt.Decoder().read(path, mmap=mapped) == text
        path.write_bytes(data[:-1])
        with pytest.raises(quire.TruncatedError):
            fmt.Decoder().read(path, mmap=mapped)
    path.write_bytes(b"")
    with pytest.raises(quire.TruncatedError):
        fmt.Decoder().read(path, mmap=mapped)


def test_mapped_digits_up_to_the_end_of_a_page(tmp_path):
    path = file_of(tmp_path, b" " * (mmap.PAGESIZE - 4) + b"1234")
    assert quire.json.Decoder().read(path, mmap=True) == 1234


def test_read_a_mapped_file_does_not_change_it(fmt, tmp_path):
    data = fmt.encode(VALUE)
    path = file_of(tmp_path, data)
    path.chmod(0o444)
    assert fmt.Decoder().read(path, mmap=True) == VALUE
    assert path.read_bytes() == data


def test_a_mapped_file_that_others_write(fmt, tmp_path):
    """What is read may be nonsense then, but no more than that."""
    data = fmt.encode([{"key": i, "text": "é" * 20 + "x" * i} for i in range(100)])
    path = file_of(tmp_path, data)
    stop = threading.Event()

    def change():
        import random

        rng = random.Random(3)
        with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as target:
            while not stop.is_set():
                target[rng.randrange(len(data))] = rng.randrange(256)
                if rng.random() < 0.2:
                    target[:] = data

    thread = threading.Thread(target=change)
    thread.start()
    try:
        for _ in range(300):
            try:
                fmt.Decoder().read(path, mmap=True)
            except quire.DecodeError:
                pass
    finally:
        stop.set()
        thread.join()


class Chunked:
    def __init__(self, parts):
        self.parts = list(parts)

    def read(self, size=-1):
        part = self.parts.pop(0) if self.parts else b""
        if isinstance(part, BaseException):
            raise part
        return part


def test_read_what_a_file_may_give(fmt):
    data = fmt.encode(VALUE)
    decoder = fmt.Decoder()
    for part in (data, bytearray(data), memoryview(data)):
        assert decoder.read(Chunked([part])) == VALUE
    assert decoder.read(io.BytesIO(data)) == VALUE
    for part, error in (
        (5, TypeError),
        (None, BlockingIOError),
        (OSError(), OSError),
        (KeyboardInterrupt(), KeyboardInterrupt),
        ([1], TypeError),
    ):
        with pytest.raises(error):
            decoder.read(Chunked([part]))


def test_read_text_files(tmp_path):
    assert quire.json.Decoder().read(io.StringIO('["é"]')) == ["é"]
    with pytest.raises(TypeError):
        quire.msgpack.Decoder().read(io.StringIO("x"))


def test_read_no_more_than_the_limit(fmt):
    data = fmt.encode(["x" * 50])
    for more in (0, 1):
        limits = Limits(bytes=len(data) - more)
        for parts in ([data], [data[:10], data[10:]], [data[i : i + 1] for i in range(len(data))]):
            decoder = fmt.Decoder(limits=limits)
            if more:
                with pytest.raises(quire.LimitError):
                    decoder.read(Chunked([*parts, AssertionError("read too far")]) if len(parts) > 1 else Chunked(parts))
            else:
                assert decoder.read(Chunked(parts)) == ["x" * 50]

    class Endless:
        left = 100

        def read(self, size=-1):
            assert 0 < size < 2000
            self.left -= 1
            assert self.left
            return b" " * min(size, 100)

    with pytest.raises(quire.LimitError):
        fmt.Decoder(limits=Limits(bytes=1000)).read(Endless())


def test_read_arguments(fmt, tmp_path):
    decoder = fmt.Decoder()
    with pytest.raises(FileNotFoundError):
        decoder.read(tmp_path / "none")
    with pytest.raises(FileNotFoundError):
        decoder.read(tmp_path / "none", mmap=True)
    for mapped in (False, True):
        for wrong in (5, None, [1], object()):
            with pytest.raises(TypeError, match="path or an open file"):
                decoder.read(wrong, mmap=mapped)
    for wrong in ((), ("a", "b")):
        with pytest.raises(TypeError):
            decoder.read(*wrong)
    with pytest.raises(TypeError):
        decoder.read("a", map=True)
    with pytest.raises((OSError, ValueError)):
        decoder.read(io.BytesIO(b"[]"), mmap=True)
    with pytest.raises((OSError, ValueError)):
        decoder.read(pathlib.Path("/dev/null"), mmap=True)


def test_no_leaks(fmt, tmp_path):
    data = fmt.encode(Event(1))
    path = file_of(tmp_path, data)
    encoder, decoder = fmt.Encoder(Event), fmt.Decoder(Event)
    buffer = bytearray(100)

    def work():
        encoder.encode_into(Event(1), buffer, 3)
        for wrong in ((Event("x"), buffer), (Event(1), bytearray(2)), (Event(1), b"")):
            with pytest.raises((quire.EncodeError, BufferError)):
                encoder.encode_into(*wrong)
        for kind in (bytes, bytearray):
            decoder.decode_from(kind(data * 2), len(data))
            with pytest.raises(quire.DecodeError):
                decoder.decode_from(kind(data), len(data) - 1)
        encoder.write(Event(1), Pieces(3))
        with pytest.raises(OSError):
            encoder.write(Event(1, "long enough"), Pieces(3, OSError()))
        for mapped in (False, True):
            decoder.read(path, mmap=mapped)
            with pytest.raises(quire.DecodeError):
                fmt.Decoder(list).read(path, mmap=mapped)

    leaves_nothing(work)
