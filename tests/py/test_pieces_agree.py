# SPDX-License-Identifier: Apache-2.0
"""What is wrong with a document is the same wherever it is read from: whole, out of a buffer, or in pieces that end anywhere."""

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

import quire
import quire.json
import quire.msgpack

DECODERS = {
    "json": quire.json.Decoder(),
    "jsonc": quire.json.Decoder(jsonc=True),
    "nan": quire.json.Decoder(nan="allow"),
    "limited": quire.json.Decoder(limits=quire.Limits(bytes=1000)),
    "msgpack": quire.msgpack.Decoder(),
}


def fault_of(error):
    return error.errors[0].code, error.errors[0].offset


def same(a, b):
    return a == b or (isinstance(a, float) and isinstance(b, float) and math.isnan(a) and math.isnan(b))


def first_of_stream(decoder, pieces):
    """(value,) of the first document, or how it failed, or None."""
    stream = decoder.stream()
    try:
        for piece in pieces:
            for value in stream.feed(piece):
                return (value,)
        for value in stream.close():
            return (value,)
    except quire.DecodeError as error:
        return fault_of(error)
    return None


def check(decoder, data):
    try:
        whole = (decoder.decode(data),)
    except quire.DecodeError as error:
        whole = fault_of(error)
    for buffer in (data, bytearray(data)):
        try:
            value, end = decoder.decode_from(buffer)
        except quire.DecodeError as error:
            assert fault_of(error) == whole, (data, buffer)
        else:
            assert same(value, whole[0]) if len(whole) == 1 else whole[1] >= end, (data, whole)
    for step in (len(data) or 1, 1, 3):
        part = first_of_stream(decoder, [data[i : i + step] for i in range(0, len(data), step)])
        if part is None:  # space and comments alone: no document, and no error for a stream
            assert whole[0] in ("empty", "truncated") or not data.strip(b" \n\r\t"), (data, whole)
        elif len(part) == 1:
            assert len(whole) == 2 or same(part[0], whole[0]), (data, whole, part)
        else:
            assert part == whole, (data, step)


@pytest.mark.parametrize("name", ["json", "jsonc", "nan", "limited"])
def test_short_documents(name):
    for length in range(5):
        for letters in itertools.product(b"-1.e/*[", repeat=length):
            check(DECODERS[name], bytes(letters))


@pytest.mark.parametrize("name", ["json", "jsonc", "nan", "limited"])
@pytest.mark.parametrize(
    "number", [b"-", b"1.", b"1e", b"1e+", b"-0.", b"1E-", b"-Infinit", b"-I", b"12", b"-Infinity", b"1.5e3", b"0"]
)
def test_numbers_and_what_stands_behind(name, number):
    for behind in (
        b"",
        b" ",
        b"\n",
        b"/",
        b"//",
        b"/**/1",
        b"[",
        b"]",
        b"{",
        b'"',
        b'"a"',
        b",",
        b":",
        b"\x00",
        b"\xff",
        b"*",
        b"_",
        b" 1",
        b"[1]",
    ):
        check(DECODERS[name], number + behind)
        check(DECODERS[name], b" \n" + number + behind)
        check(DECODERS[name], b"[" + number + behind + b"]")


def test_a_number_that_cannot_end_is_no_truncation():
    decoder = DECODERS["jsonc"]
    for data in (b"-/**/1", b"-[", b'1.e"', b"1e,"):
        for buffer in (data, bytearray(data)):
            with pytest.raises(quire.MalformedError, match="invalid_number"):
                decoder.decode_from(buffer)
        stream = decoder.stream()
        stream.feed(data[:1])
        with pytest.raises(quire.MalformedError, match="invalid_number"):
            list(stream.feed(data[1:]))
    assert list(decoder.stream().feed(b"1[2]3 -4/**/5 ")) == [1, [2], 3, -4, 5]
    with pytest.raises(quire.TruncatedError):
        stream = decoder.stream()
        stream.feed(b"-")
        stream.close()


TOKENS = [
    b"-", b"1", b"0", b".", b"e", b"+", b"/", b"*", b"//", b"/*", b"*/", b"[", b"]", b"{", b"}", b'"', b'"a"', b":", b",", b" ", b"\n", b"true", b"tru", b"null", b"-Infinity",
    b"-Infinit", b"NaN", b"Infinity", b"Na", b"\\", b"\\u00e", b"\xc3", b"\xc3\xa4", b"\xff", b"1.5e3", b"\x00",
]  # fmt: skip


@given(st.sampled_from(["json", "jsonc", "nan", "limited"]), st.lists(st.sampled_from(TOKENS), max_size=9))
def test_any_tokens(name, tokens):
    check(DECODERS[name], b"".join(tokens))


@given(
    st.binary(max_size=12)
    | st.lists(
        st.sampled_from(
            [
                b"\x81",
                b"\xa1",
                b"a",
                b"\x92",
                b"\xc0",
                b"\xc1",
                b"\xd9",
                b"\xc4\x02",
                b"\xc7\x01",
                b"\xd6",
                b"\xff",
                b"\xcd",
                b"\xdc\x00",
            ]
        ),
        max_size=9,
    ).map(b"".join)
)
def test_any_messagepack(data):
    check(DECODERS["msgpack"], data)
