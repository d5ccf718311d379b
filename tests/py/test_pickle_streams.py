# SPDX-License-Identifier: Apache-2.0
"""The Decoder of pickles in buffers, files, one after the other and in pieces, as those of all formats."""

import datetime as dt
import io
import pickle
import pickletools
from decimal import Decimal

import pytest
from conftest import leaves_nothing
from failing_memory import run_alone
from hypothesis import given
from hypothesis import strategies as st

import quire
import quire.pickle as quick


class Point(quire.Record):
    x: int
    y: str | None = None


POINTS = [Point(1), Point(2, "zwei ä"), Point(-(2**70), "x" * 300)]
DECODER = quick.Decoder(Point)
WRITTEN = quick.Encoder(Point).encode_lines(POINTS)


def pieces(data, step):
    return [data[i : i + step] for i in range(0, len(data), step)]


def streamed(decoder, parts):
    found, stream = [], decoder.stream()
    for part in parts:
        found += stream.feed(part)
    return found + stream.close()


def test_what_encode_lines_writes_is_read():
    assert list(DECODER.decode_lines(WRITTEN)) == POINTS
    assert list(DECODER.decode_lines(bytearray(WRITTEN))) == POINTS
    assert list(quick.Decoder(Point, limits=quire.Limits(bytes=1000)).decode_lines(WRITTEN)) == POINTS
    for step in (1, 2, 3, 7, 50, len(WRITTEN)):
        assert streamed(DECODER, pieces(WRITTEN, step)) == POINTS
    assert list(DECODER.decode_lines(b"")) == [] and streamed(DECODER, []) == []


def test_decode_from():
    for data in (WRITTEN, bytearray(WRITTEN), memoryview(WRITTEN)):
        found, end = [], 0
        while end < len(data):
            value, end = DECODER.decode_from(data, end)
            found.append(value)
        assert found == POINTS
    room = bytearray(200)
    end = quick.Encoder(Point).encode_into(POINTS[0], room, 5)
    assert DECODER.decode_from(room, 5) == (POINTS[0], end)
    assert DECODER.decode_from(room, offset=5)[1] == end
    with pytest.raises(TypeError):
        DECODER.decode_from("text")
    with pytest.raises(ValueError, match="beyond the end"):
        DECODER.decode_from(b"", 1)


def test_files(tmp_path):
    path = tmp_path / "point.pickle"
    with open(path, "wb") as file:
        quick.Encoder(Point).write(POINTS[1], file)
    assert DECODER.read(path) == POINTS[1]
    assert DECODER.read(str(path), mmap=True) == POINTS[1]
    with open(path, "rb") as file:
        assert DECODER.read(file) == POINTS[1]
    assert DECODER.read(io.BytesIO(pickle.dumps(POINTS[2]))) == POINTS[2]
    with pytest.raises(quick.MalformedPickleError, match="data after the end"):
        DECODER.read(io.BytesIO(WRITTEN))
    with pytest.raises(quick.PickleLimitError):
        quick.Decoder(Point, limits=quire.Limits(bytes=10)).read(path)
    with pytest.raises(quick.TruncatedPickleError):
        DECODER.read(io.BytesIO(b""))


VALUES = [
    None, True, 5, -(2**40), 2**300, 1.5, "", "text ä \U0001f600", "x" * 300, b"", b"b" * 300, [], [1, [2, [3]]], (1,), (1, 2, 3, 4), {"a": 1, "b": [2]}, {1, 2}, frozenset("ab"),
    bytearray(b"x" * 70000),
]  # fmt: skip


@pytest.mark.parametrize("protocol", range(6))
def test_every_protocol_back_to_back(protocol):
    decoder = quick.Decoder()
    data = b"".join(pickle.dumps(value, protocol) for value in VALUES)
    read = list(decoder.decode_lines(data))
    assert read == VALUES and [type(value) for value in read] == [type(value) for value in VALUES]
    for step in (1000, 17):
        assert streamed(decoder, pieces(data, step)) == VALUES


@pytest.mark.parametrize("protocol", range(6))
def test_values_with_classes(protocol):
    type_ = list[Point | dt.date | Decimal]
    value = [Point(1), dt.date(2024, 2, 29), Decimal("1.50")]
    data = pickle.dumps(value, protocol)
    assert streamed(quick.Decoder(type_), pieces(data * 2, 1)) == [value, value]


@given(st.lists(st.recursive(st.none() | st.integers() | st.text() | st.binary() | st.floats(allow_nan=False), lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3), max_leaves=6), max_size=4), st.integers(0, 5), st.integers(1, 9))  # fmt: skip
def test_any_values_in_pieces(values, protocol, step):
    data = b"".join(pickle.dumps(value, protocol) for value in values)
    assert streamed(quick.Decoder(), pieces(data, step)) == values
    assert list(quick.Decoder().decode_lines(bytearray(data))) == values


def test_the_scanner_knows_every_opcode():
    """A pickle of each opcode with its argument ends where pickletools says, whatever a loader makes of it."""
    arguments = {
        None: b"", "uint1": b"\x05", "uint2": b"\x05\x06", "int4": b"\x01\x02\x03\x04", "uint4": b"\x01\x02\x03\x04", "uint8": b"\x01\0\0\0\0\0\0\0", "float8": b"\x01" * 8,
        "string1": b"\x02..", "string4": b"\x02\0\0\0..", "bytes1": b"\x02..", "bytes4": b"\x02\0\0\0..", "bytes8": b"\x02\0\0\0\0\0\0\0..", "bytearray8": b"\x02\0\0\0\0\0\0\0..",
        "unicodestring1": b"\x02..", "unicodestring4": b"\x02\0\0\0..", "unicodestring8": b"\x02\0\0\0\0\0\0\0..", "long1": b"\x02..", "long4": b"\x02\0\0\0..",
        "stringnl": b"'.'\n", "stringnl_noescape": b"..\n", "stringnl_noescape_pair": b".\n.\n", "unicodestringnl": b"..\n", "decimalnl_short": b"1.\n", "decimalnl_long": b"1.L\n",
        "floatnl": b"1.5\n",
    }  # fmt: skip
    for op in pickletools.opcodes:
        if op.name == "STOP":
            continue
        argument = arguments[None if op.arg is None else op.arg.name]
        data = op.code.encode("latin-1") + argument + b"."
        for step in (1, 2, 100):
            stream = quick.Decoder().stream()
            for part in pieces(data + b"I7\n.", step):
                stream.feed(part)
            try:
                next(stream)
                assert stream.offset == len(data)
            except (
                quick.MalformedPickleError,
                quick.TruncatedPickleError,
                quick.UnsafePickleError,
                quick.PickleLimitError,
            ) as error:
                assert "data after the end" not in str(error) and "truncated" not in error.errors[0].code, op.name


def test_after_a_value_of_another_type_the_next_one_comes():
    data = quick.encode(Point(1)) + pickle.dumps([1]) + quick.encode({"x": "no"}) + quick.encode(Point(4))
    for lines in (DECODER.decode_lines(data), DECODER.decode_lines(bytearray(data)), DECODER.stream().feed(data)):
        assert next(lines) == Point(1)
        for path in ("$", "$.x"):
            with pytest.raises(quire.ValidationError) as caught:
                next(lines)
            assert caught.value.errors[0].path == path
        assert next(lines) == Point(4)
        assert list(lines) == []


@pytest.mark.parametrize(
    ("bad", "error", "at"),
    [
        (b"cos\nsystem\n(X\x04\x00\x00\x00echotR.", quick.UnsafePickleError, 0),
        (b"\x80\x04\xff.", quick.MalformedPickleError, 2),
        (b"\x80\x04T\xff\xff\xff\xff.", quick.TruncatedPickleError, 2),
        (b"0.", quick.MalformedPickleError, 0),
    ],
)
def test_what_is_malformed_ends(bad, error, at):
    good = quick.encode([1])
    for data in (good + bad + good, bytearray(good + bad + good)):
        lines = quick.Decoder(list[int]).decode_lines(data)
        assert next(lines) == [1]
        with pytest.raises(error) as caught:
            next(lines)
        assert caught.value.errors[0].offset == len(good) + at
        assert list(lines) == []
        with pytest.raises(error) as caught:
            quick.Decoder(list[int]).decode_from(data, len(good))
        assert caught.value.errors[0].offset == len(good) + at
    stream = quick.Decoder(list[int]).stream()
    assert next(stream.feed(good)) == [1]
    with pytest.raises(error) as caught:
        list(stream.feed(bad + good))
    assert caught.value.errors[0].offset == len(good) + at
    with pytest.raises(ValueError, match="failed before"):
        stream.feed(b"")


def test_cut_off_anywhere():
    one = pickle.dumps({"x": 5, "y": "text" * 80})
    for cut in range(1, len(one)):
        stream = DECODER.stream()
        assert list(stream.feed(one[:cut])) == []
        with pytest.raises(quick.TruncatedPickleError) as caught:
            stream.close()
        assert caught.value.errors[0].offset <= cut
        with pytest.raises(quick.TruncatedPickleError):
            DECODER.decode_from(one[:cut])
        with pytest.raises(quick.TruncatedPickleError):
            list(DECODER.decode_lines(one[:cut]))


def test_limits():
    decoder = quick.Decoder(list[int], limits=quire.Limits(bytes=50))
    small, large = quick.encode([1]), quick.encode(list(range(300)))
    assert list(decoder.decode_lines(small * 9)) == [[1]] * 9
    assert streamed(decoder, pieces(small * 9, 4)) == [[1]] * 9
    for attempt in (
        lambda: decoder.decode(large),
        lambda: decoder.decode_from(small + large, len(small)),
        lambda: list(decoder.decode_lines(large)),
        lambda: streamed(decoder, pieces(large, 8)),
        lambda: decoder.read(io.BytesIO(large)),
    ):
        with pytest.raises(quick.PickleLimitError) as caught:
            attempt()
        assert isinstance(caught.value, pickle.UnpicklingError) and caught.value.errors[0].code == "pickle_limit"
    with pytest.raises(TypeError, match=r"limits of Decoder\(\)"):
        quick.Decoder(int, limits=5)


def test_what_it_is():
    assert repr(DECODER) == f"quire.pickle.Decoder({Point!r})" and DECODER.type is Point
    assert quick.Decoder().type is object
    with pytest.raises(TypeError, match="nothing can be shown before its end"):
        DECODER.stream().partial()
    with pytest.raises(TypeError):
        quick.Decoder(int, other=1)

    class Own(quick.Decoder):
        pass

    assert list(Own(Point).decode_lines(WRITTEN)) == POINTS


class Raises(quire.Record):
    x: int

    def __post_init__(self):
        if self.x == 2:
            raise KeyError("two")


def test_what_user_code_raises():
    data = b"".join(quick.encode({"x": x}) for x in (1, 2, 3))
    for lines in (quick.Decoder(Raises).decode_lines(data), quick.Decoder(Raises).stream().feed(data)):
        assert next(lines) == Raises(1)
        with pytest.raises(KeyError):
            next(lines)
        assert next(lines) == Raises(3)


def test_nothing_is_left():
    bad = pickle.dumps([1]) + b"\xff"

    def job():
        decoder = quick.Decoder(Point)
        list(decoder.decode_lines(WRITTEN))
        streamed(decoder, pieces(WRITTEN, 11))
        decoder.decode_from(WRITTEN)
        decoder.read(io.BytesIO(quick.encode(POINTS[0])))
        for attempt in (
            lambda: list(decoder.decode_lines(bad)),
            lambda: streamed(decoder, [bad]),
            lambda: quick.Decoder(Point, limits=5),
        ):
            with pytest.raises((quire.QuireError, TypeError)):
                attempt()

    leaves_nothing(job)


def test_memory_that_fails():
    """Decoders are made before: where there is no memory for a function, 3.13.0 crashes."""
    done = run_alone(
        """
        import io
        import quire, quire.pickle as quick
        from failing_memory import sweep

        decoder = quick.Decoder(list[int])
        data = quick.Encoder(list[int]).encode_lines([[1, 2], [3]])

        def stream():
            stream = decoder.stream()
            for i in range(0, len(data), 9):
                list(stream.feed(data[i:i + 9]))
            stream.close()

        for job in (lambda: list(decoder.decode_lines(data)), lambda: decoder.decode_from(bytearray(data)), stream):
            for together in (1, 1 << 30):
                sweep("pickles", job, together, most=400, runs_python=True)
        print("done")
        """
    )
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr
