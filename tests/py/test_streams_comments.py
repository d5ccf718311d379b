# SPDX-License-Identifier: Apache-2.0
"""jsonc=True where a document stands in something longer: stream() with comments cut at every place, decode_from()."""

import array

import pytest
from conftest import leaves_nothing

import quire
from quire import UNSET, Limits, Record


class Point(Record):
    x: int
    y: int = 0


TEXT = """// é, the first
{"x": 1, /* "] */ "y": 2,} /**/ /***/ /*/*/
[1, // ] "
 "//", "/*", "\\"/*", {"é": [/* ü */],},
]// at the end
12/* a number */ 7// another
"a /* b"/* c */true/**/null // "
{} // the end"""
VALUES = [{"x": 1, "y": 2}, [1, "//", "/*", '"/*', {"é": []}], 12, 7, "a /* b", True, None, {}]
COMMENTED = quire.json.Decoder(jsonc=True)


def received(decoder, chunks):
    stream = decoder.stream()
    values = []
    for chunk in chunks:
        values += stream.feed(chunk)
    return values + stream.close()


def test_every_split():
    for text in (TEXT, TEXT + "\n", TEXT + "\n/* and more */  "):
        data = text.encode()
        for at in range(len(data) + 1):
            assert received(COMMENTED, [data[:at], data[at:]]) == VALUES
    for at in range(len(TEXT) + 1):
        assert received(COMMENTED, [TEXT[:at], TEXT[at:]]) == VALUES


@pytest.mark.parametrize("size", range(1, 9))
def test_small_chunks(size):
    data = TEXT.encode()
    assert received(COMMENTED, [data[i : i + size] for i in range(0, len(data), size)]) == VALUES


def test_long_comments():
    """Longer than what is looked at as a block, and than what is kept."""
    for length in (0, 15, 16, 63, 64, 65, 200_000):
        text = f"/*{'*' * length}*/[1,/*{']' * length}*/2]//{'/' * length}\n3"
        assert received(COMMENTED, [text]) == received(COMMENTED, [text[:length], text[length:]]) == [[1, 2], 3]


def test_nothing_but_comments():
    for text in ("", "// x", "// x\n", "/* x */", "/**//**/ \n//"):
        for at in range(len(text) + 1):
            assert received(COMMENTED, [text[:at], text[at:]]) == []


def test_without_the_option():
    for text in ("[1, // x\n 2]", "// x\n1", "[1,]"):
        with pytest.raises(quire.MalformedError):
            received(quire.json.Decoder(), [text])
        with pytest.raises(quire.MalformedError):
            quire.json.Decoder().decode_from(text.encode())


FAULTS = [
    "[1, /* é",
    '{"a" /*',
    "/*/",
    "/* x *",
    "[é/**/]",
    "[/* ü */ x]",
    "// ü\n  /* ü */ [x]",
    "[,]",
    "{,}",
    "[1,,]",
    '{"a":,}',
    "[1 / 2]",
    "[1 /",
    "[1 // ]",
    "/",
    '["/* \n"]',
    '{"a": /* ü */ [1, tru]}',
]


def fault_of(call):
    with pytest.raises(quire.DecodeError) as caught:
        call()
    fault = caught.value.errors[0]
    return fault.code, fault.path, fault.offset, fault.line, fault.column


@pytest.mark.parametrize("text", FAULTS)
def test_faults_are_those_of_the_document(text):
    wanted = fault_of(lambda: quire.json.decode(text, jsonc=True))
    data = text.encode()
    for at in range(len(data) + 1):
        assert fault_of(lambda at=at: received(COMMENTED, [data[:at], data[at:]])) == wanted
    assert fault_of(lambda: COMMENTED.decode_from(data)) == fault_of(lambda: COMMENTED.decode_from(bytearray(data))) == wanted


@pytest.mark.parametrize("text", FAULTS)
def test_faults_behind_other_documents(text):
    before = "/* é\n */ [1, ] // ü\n"
    code, path, offset, line, column = fault_of(lambda: quire.json.decode(text, jsonc=True))
    wanted = code, path, offset + len(before.encode()), line + 2, column
    data = (before + text).encode()
    for at in range(len(data) + 1):
        assert fault_of(lambda at=at: received(COMMENTED, [data[:at], data[at:]])) == wanted
    assert fault_of(lambda: COMMENTED.decode_from(data, len(before.encode()))) == wanted


def test_a_document_of_another_type_is_passed_over():
    stream = quire.json.Decoder(Point, jsonc=True).stream()
    stream.feed('{"x": 1, /* é */ "y": "no",} // ü\n /* ü */ {"x": /**/ null} {"x": 3, }')
    assert fault_of(lambda: next(stream)) == ("type_mismatch", "$.y", 23, 1, 23)
    assert fault_of(lambda: next(stream))[1:] == ("$.x", 57, 2, 21)
    assert list(stream) == [Point(3)]
    assert "/* é */" in str(
        pytest.raises(
            quire.ValidationError, lambda: received(quire.json.Decoder(Point, jsonc=True), ['{"x": /* é */ "no"}'])
        ).value
    )


def test_decode_from():
    data = TEXT.encode()
    for buffer in (data, bytearray(data), memoryview(data), array.array("B", data)):
        values, end = [], 0
        for _ in VALUES:
            value, end = COMMENTED.decode_from(buffer, end)
            values.append(value)
        assert values == VALUES
        assert data[end:] == b" // the end"
        with pytest.raises(quire.TruncatedError):
            COMMENTED.decode_from(buffer, end)
    assert COMMENTED.decode_from(b"/* [ */ [1,]/* x") == ([1], 12)
    assert quire.json.Decoder(Point, jsonc=True).decode_from(b'..{"x": 1, // y\n}', 2) == (Point(1), 17)


def test_limits():
    decoder = quire.json.Decoder(jsonc=True, limits=Limits(bytes=20, depth=2))
    assert received(decoder, ["// a comment\n", "/* more */", "[1, /* x */]"] * 50) == [[1]] * 50
    for text in ("/* a comment without end", "[1, // a comment that goes on"):
        stream = decoder.stream()
        with pytest.raises(quire.LimitError):
            for character in text + " " * 100:
                list(stream.feed(character))
        assert stream.offset <= 21
    with pytest.raises(quire.LimitError):
        received(decoder, ["[[/*[*/[["])
    with pytest.raises(quire.LimitError):
        decoder.decode_from(b"/* a comment that goes on */ 1")


def test_partial():
    """At every place it is what a stream without comments has made of the spaces in their place; in a comment, what was before it."""
    text = '/* x */{"a": [1, /* y */ 23, ], // z\n "b": "//", }'
    blank = '       {"a": [1,         23  ],     \n "b": "//"  }'
    assert len(text) == len(blank)
    assert quire.json.decode(blank) == {"a": [1, 23], "b": "//"}
    one = COMMENTED.stream()
    assert one.partial() is UNSET
    for at, character in enumerate(text, 1):
        one.feed(character)
        other = quire.json.Decoder().stream()
        other.feed(blank[:at])
        assert one.partial() == other.partial()
    assert list(one) == [{"a": [1, 23], "b": "//"}]
    one.feed("/")
    assert one.partial() is UNSET
    one.feed("/ x")
    assert one.partial() is UNSET
    assert one.close() == []
    one = COMMENTED.stream()
    one.feed("[4/")
    assert one.partial() == []
    one.feed("*")
    assert one.partial() == []
    one.feed("*/")
    assert one.partial() == [4]


def test_offset():
    stream = COMMENTED.stream()
    stream.feed("// x\n /* y */ [1] // z")
    assert next(stream) == [1]
    assert stream.offset == 17
    assert list(stream) == []
    assert stream.offset == 18


def test_no_leaks():
    def work():
        stream = COMMENTED.stream()
        for text in ("[1, /", "* x *", "/ 2, ] // y", "\n{/*"):
            list(stream.feed(text))
            stream.partial()
        with pytest.raises(quire.DecodeError):
            stream.close()
        assert COMMENTED.decode_from(bytearray(b"[/* x */]")) == ([], 9)

    leaves_nothing(work)
