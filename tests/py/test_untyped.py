# SPDX-License-Identifier: Apache-2.0
"""Documents without a type: what comes out, what goes in, in every format, against independent implementations."""

import array
import collections
import dataclasses
import enum
import json
import math
import random
import struct

import msgpack
import pytest
from conftest import check_error
from hypothesis import example, given
from hypothesis import strategies as st

import quire
import quire.json
import quire.msgpack
from quire.msgpack import Ext

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
EDGES = [0, 1, -1, -32, -33, 127, 128, 255, 256, -128, -129, 32767, 32768, 65535, 65536, 2**31, 2**32, 2**53, 2**63, 2**64]
INTEGERS = st.integers(-(2**63), 2**64 - 1) | st.sampled_from([e + d for e in EDGES[:-1] for d in (-1, 0, 1)])
FLOATS = st.integers(0, 2**64 - 1).map(lambda bits: struct.unpack("<d", struct.pack("<Q", bits))[0])
FINITE = FLOATS.filter(math.isfinite) | st.floats(allow_nan=False, allow_infinity=False)
SCALARS = st.none() | st.booleans() | INTEGERS | FINITE | TEXT
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=20) | st.dictionaries(TEXT, inner, max_size=20), max_leaves=40
)
BIG = st.integers(-(10**400), 10**400)
JSON_VALUES = st.recursive(SCALARS | BIG, lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner), max_leaves=40)


def same(a, b):
    """Equal, of the same types all the way down, dicts in the same order, and the sign of zero too."""
    if type(a) is not type(b):
        return False
    if isinstance(a, dict):
        return list(a) == list(b) and all(same(x, y) for x, y in zip(a.values(), b.values(), strict=True))
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, float):
        return struct.pack("<d", a) == struct.pack("<d", b)
    return a == b


# Both ways against the reference


@given(VALUES)
@example({"": [0.0, -0.0, 5e-324, 1.7976931348623157e308, 2.2250738585072014e-308]})
@example([{}, [], [[]], {"a": {}}, [{}], {"a": []}])
def test_round_trip(fmt, value):
    data = fmt.encode(value)
    assert type(data) is bytes
    assert same(fmt.decode(data), value)
    assert same(fmt.loads(data), value)
    assert same(fmt.decode(fmt.dumps(value)), value)


@given(st.lists(VALUES, min_size=1, max_size=5))
def test_the_next_document_knows_nothing_of_the_last(fmt, values):
    for value in values * 4:
        assert same(fmt.decode(fmt.encode(value)), value)
        assert same(fmt.decode(fmt.encode([value, {"a": value}, value])), [value, {"a": value}, value])


@given(JSON_VALUES, st.sampled_from([None, 0, 1, 3, "\t", " \r\n"]), st.booleans())
def test_json_with_space_and_escapes(value, indent, ascii_only):
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only, separators=(" ,", "\n:\t") if indent == 3 else None)
    for document in (text, text.encode(), bytearray(text.encode()), memoryview(text.encode()), f"\r\n\t {text}\n\n"):
        assert same(quire.json.decode(document), value)
    assert same(json.loads(quire.json.encode(value)), value)


@given(VALUES | st.binary())
def test_msgpack_is_written_in_the_shortest_form(value):
    assert quire.msgpack.encode(value) == msgpack.packb(value)


@given(FLOATS)
def test_floats_of_any_bits(fmt, value):
    if not math.isfinite(value) and fmt.finite:
        with pytest.raises(quire.EncodeError) as caught:
            fmt.encode(value)
        assert caught.value.errors[0].code == "non_finite"
        return
    assert same(fmt.decode(fmt.encode(value)), value)


@given(FINITE)
def test_json_floats_are_the_shortest_text(value):
    text = quire.json.encode(value).decode()
    assert same(float(text), value) and any(c in text for c in ".eE")
    digits = [t.lstrip("-").partition("e")[0].replace(".", "").strip("0") for t in (text, repr(value))]
    assert digits[0] == digits[1]


@given(st.integers(-(10**600), 10**600))
def test_integers_of_any_size(fmt, value):
    if -(2**63) <= value < 2**64 or fmt.big:
        assert same(fmt.decode(fmt.encode(value)), value)
        assert same(fmt.decode(fmt.encode({"a": [value]})), {"a": [value]})
    else:
        with pytest.raises(quire.EncodeError) as caught:
            fmt.encode({"a": [value]})
        fault = caught.value.errors[0]
        assert (fault.code, fault.path) == ("out_of_range", "$.a[0]")


def test_edges_of_integers(fmt):
    for power in range(64):
        for value in (2**power - 1, 2**power, -(2**power), -(2**power) - 1):
            if -(2**63) <= value < 2**64:
                assert same(fmt.decode(fmt.encode(value)), value)
                assert same(fmt.loads(fmt.encode(value)), value)


@pytest.mark.parametrize("width", ["a", "\xe9", "\u20ac", "\U0001f600", "\x7f", "\u07ff", "\u0800", "\uffff", "\U00010000"])
def test_text_of_every_width_and_length(fmt, width):
    for n in [*range(70), 127, 128, 255, 256, 1000, 65535, 65536]:
        for text in (width * n, "a" * n + width, width + "a" * n, "a" * n + width + "b" * 40):
            assert same(fmt.decode(fmt.encode(text)), text)
            assert same(fmt.decode(fmt.dumps(text)), text)
            assert fmt.loads(fmt.encode(text)) == text
            if n < 300:
                assert same(fmt.decode(fmt.encode({text: text})), {text: text})
                assert same(fmt.decode(fmt.dumps([{text: 1, "k": text}] * 4)), [{text: 1, "k": text}] * 4)


@pytest.mark.parametrize("special", ['"', "\\", "\n", "\x00", "\x1f", "\x7f", "/", "\u2028"])
def test_text_with_what_is_escaped_at_every_place(fmt, special):
    for n in range(40):
        for text in ("a" * n + special + "b" * (39 - n), special * n, "\xe9" * n + special):
            assert same(fmt.decode(fmt.encode(text)), text)
            assert fmt.loads(fmt.encode(text)) == text
            assert same(fmt.decode(fmt.dumps({text: text})), {text: text})


def test_every_character(fmt):
    for start in range(0, 0x110000, 4096):
        text = "".join(chr(c) for c in range(start, start + 4096) if not 0xD800 <= c < 0xE000)
        assert fmt.decode(fmt.encode(text)) == text
        assert fmt.decode(fmt.dumps(text)) == text
        assert fmt.loads(fmt.encode(text)) == text
    assert quire.json.decode(json.dumps("".join(map(chr, range(0xD800))))) == "".join(map(chr, range(0xD800)))


def test_json_escapes():
    text = r'"\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\ud83d\ude00\uD83D\uDE00"'
    assert quire.json.decode(text) == '"\\/\b\f\n\r\tA\xe9\u20ac\U0001f600\U0001f600' == json.loads(text)
    for c in range(0x10000):
        if not 0xD800 <= c < 0xE000:
            assert quire.json.decode(b'"\\u%04x"' % c) == chr(c)


@pytest.mark.parametrize(
    "text",
    [
        "0",
        "-0",
        "0.0",
        "-0.0",
        "1e5",
        "1E5",
        "1e+5",
        "1e-5",
        "1.5e300",
        "0e0",
        "0E-1",
        "1e-400",
        "-1e-400",
        "123456789012345678901234567890",
    ]
    + [
        "1" * 40 + ".5",
        "0." + "0" * 400 + "1",
        "1." + "9" * 900,
        "9007199254740993.0",
        "1e23",
        "2.2250738585072011e-308",
        "-9223372036854775808",
    ]
    + [
        "-9223372036854775809",
        "18446744073709551615",
        "18446744073709551616",
        "1" + "0" * 308 + ".0",
        "4.9e-324",
        "2.4703282292062328e-324",
    ],
)
def test_json_numbers(text):
    for document in (text, f" {text} ", f"[{text}]", f'{{"a":{text}}}'):
        assert same(quire.json.decode(document), json.loads(document))


@pytest.mark.parametrize("text", ["1e400", "-1e400", "1e309", "1" + "0" * 400 + ".0", "1e" + "9" * 50])
def test_json_numbers_beyond_a_double(text):
    fault = pytest.raises(quire.MalformedError, quire.json.decode, f"[{text}]").value.errors[0]
    assert (fault.code, fault.path, fault.offset) == ("non_finite_number", "$[0]", 1)


def test_one_character_and_empty_strings_are_the_shared_ones(fmt):
    for text in ("", "a", "\xe9"):
        assert fmt.decode(fmt.encode([text, text])) == [text, text]
    a, b = fmt.decode(fmt.encode(["x", "x"]))
    assert a is b


# Kinds of containers


def test_sequences_sets_and_subclasses(fmt):
    class MyList(list):
        pass

    class MyDict(dict):
        pass

    class MyStr(str):
        pass

    class MyInt(int):
        pass

    class MyFloat(float):
        pass

    assert fmt.decode(fmt.encode((1, (2, ()), [3]))) == [1, [2, []], [3]]
    assert sorted(fmt.decode(fmt.encode({3, 1, 2}))) == [1, 2, 3]
    assert fmt.decode(fmt.encode(frozenset())) == []
    assert fmt.decode(fmt.encode(MyList([1, MyDict(a=MyStr("é")), MyInt(7), MyFloat(1.5)]))) == [1, {"a": "é"}, 7, 1.5]
    assert fmt.decode(fmt.encode({MyStr("k"): 1, MyStr("ü"): 2})) == {"k": 1, "ü": 2}


def test_dicts_keep_the_order_in_which_they_iterate(fmt):
    ordered = collections.OrderedDict(a=1, b=2, c=3)
    ordered.move_to_end("a")
    assert list(fmt.decode(fmt.encode(ordered))) == ["b", "c", "a"]
    assert fmt.decode(fmt.encode(collections.Counter("abca"))) == {"a": 2, "b": 1, "c": 1}
    assert fmt.decode(fmt.encode(collections.defaultdict(list, x=[1]))) == {"x": [1]}
    assert fmt.decode(fmt.encode({"a": 1, "b": 2})) == {"a": 1, "b": 2}


def test_split_dicts_of_instances(fmt):
    class Object:
        def __init__(self):
            self.a, self.b, self.c = 1, "two", [3]

    one, other = Object(), Object()
    del other.b
    other.b = 2
    assert list(fmt.decode(fmt.encode(one.__dict__)).items()) == [("a", 1), ("b", "two"), ("c", [3])]
    assert list(fmt.decode(fmt.encode(other.__dict__)).items()) == list(other.__dict__.items())


def test_dicts_with_holes(fmt):
    value = {f"key {i}": i for i in range(100)}
    for i in range(0, 100, 3):
        del value[f"key {i}"]
    assert same(fmt.decode(fmt.encode(value)), value)
    value.clear()
    assert fmt.decode(fmt.encode(value)) == {}
    value[1.5] = 1  # a general table
    del value[1.5]
    value["a"] = 2
    assert fmt.decode(fmt.encode(value)) == {"a": 2}


class Colour(enum.Enum):
    RED = "red"
    NUMBER = 7


class Number(enum.IntEnum):
    ONE = 1


class Text(enum.StrEnum):
    A = "a"


def test_enums(fmt):
    assert fmt.decode(fmt.encode([Colour.RED, Colour.NUMBER, Number.ONE, Text.A])) == ["red", 7, 1, "a"]
    assert fmt.decode(fmt.encode({Text.A: 1})) == {"a": 1}
    assert fmt.decode(fmt.encode({Colour.RED: 1, Colour.NUMBER: 2})) == {"red": 1, "7" if fmt.text_keys else 7: 2}


def test_an_enum_without_end_is_too_deep(fmt):
    class A(enum.Enum):
        X = 1

        @property
        def value(self):
            return B.X

    class B(enum.Enum):
        X = 1

        @property
        def value(self):
            return A.X

    for value in (A.X, {A.X: 1}, [{"k": A.X}]):
        with pytest.raises(quire.QuireError) as caught:
            fmt.encode(value)
        assert caught.value.errors[0].code == "depth_limit"


# Keys


def test_keys_that_are_no_text(fmt):
    keys = [1, -1, 2**63, 1.5, None, True, b"\x01"]
    for key in keys[:-1]:
        expected = json.loads(json.dumps({key: 0})) if fmt.text_keys else {key: 0}
        assert same(fmt.decode(fmt.encode({key: 0})), expected)
        assert same(fmt.decode(fmt.encode({"a": 1, key: [2], "b": 3})), {"a": 1, **dict.fromkeys(expected, [2]), "b": 3})
    if not fmt.text_keys:
        assert same(fmt.decode(fmt.encode(dict.fromkeys(keys, 0))), dict.fromkeys(keys, 0))


@pytest.mark.parametrize("key", [(1, object()), frozenset(), object()])
def test_keys_that_cannot_be(fmt, key):
    with pytest.raises(quire.EncodeError) as caught:
        fmt.encode({"a": {key: 1}})
    fault = caught.value.errors[0]
    assert fault.code in ("unsupported_key", "unsupported_type") and fault.path.startswith("$.a[")


def keys_written_as_containers():
    frozen = dataclasses.make_dataclass("Frozen", [("a", int)], frozen=True)
    record = quire.RecordMeta("Rec", (quire.Record,), {"__annotations__": {"a": int}}, frozen=True)
    held = enum.Enum("Held", {"LIST": [1], "NONE": {}, "INNER": enum.Enum("Inner", {"DICT": {"x": 1}}).DICT, "FROZEN": frozen(1)})
    return [frozen(1), record(1), frozenset({1}), *held]


def test_keys_that_would_be_containers(fmt):
    for key in keys_written_as_containers():
        for value in ({key: 1}, {"b": 0, key: 1}, {key: 1, "b": 0, 5: 0}):
            with pytest.raises(quire.EncodeError) as caught:
                fmt.encode({"a": value})
            assert check_error(caught.value).code == "unsupported_key", key


def test_msgpack_keys_of_containers_are_refused():
    for key in (b"\x90", b"\x80", b"\x91\x01", b"\xdc\x00\x00"):
        fault = pytest.raises(quire.MalformedError, quire.msgpack.decode, b"\x82\xa1a\x01" + key + b"\x02").value.errors[0]
        assert (fault.code, fault.offset) == ("expected_key", 4)


def test_duplicate_keys(fmt):
    if fmt.text_keys:
        data = b'[{"a":1,"b":2,"a":3}]'
    else:
        data = b"\x91\x83\xa1a\x01\xa1b\x02\xa1a\x03"
    strict = quire.Limits(duplicate_keys="error")
    for _ in range(5):
        assert same(fmt.decode(data), [{"a": 3, "b": 2}])
        fault = fmt.refuses(data, error=quire.MalformedError, limits=strict)
        assert (fault.code, fault.path) == ("duplicate_key", "$[0]")
        assert fmt.decode(fmt.encode([{"a": 1, "b": 2}] * 5), limits=strict) == [{"a": 1, "b": 2}] * 5


@given(st.lists(st.tuples(st.sampled_from("abcdefgh"), st.integers(0, 9)), max_size=80), st.integers(0, 3))
def test_duplicate_keys_anywhere(pairs, extra):
    text = "{" + ",".join(f'"{k * (1 + extra * 5)}":{v}' for k, v in pairs) + "}"
    for _ in range(4):
        assert same(quire.json.decode(text), json.loads(text))
    strict = quire.Limits(duplicate_keys="error")
    if len({k for k, _ in pairs}) == len(pairs):
        assert same(quire.json.decode(text, limits=strict), json.loads(text))
    else:
        with pytest.raises(quire.MalformedError):
            quire.json.decode(text, limits=strict)


# Shapes: dicts that look like others before


@given(st.lists(st.lists(st.sampled_from("abcdefghijklmnop"), unique=True, max_size=16), max_size=30), st.randoms())
def test_dicts_of_changing_shape(fmt, orders, rng):
    value = [{key * rng.choice((1, 1, 1, 20)): [key, {key: i}] for key in keys} for i, keys in enumerate(orders)]
    for _ in range(3):
        assert same(fmt.decode(fmt.encode(value)), value)


def test_more_shapes_than_are_kept(fmt):
    rng = random.Random(7)
    names = [f"name{i}" for i in range(300)]
    rows = [{name: i for name in rng.sample(names, rng.randrange(1, 40))} for i in range(2000)]
    for _ in range(2):
        assert same(fmt.decode(fmt.encode(rows)), rows)
    assert same(
        fmt.decode(fmt.encode([{"id": i, "x": {"y": i}} for i in range(100)])), [{"id": i, "x": {"y": i}} for i in range(100)]
    )


def test_trees_of_many_levels(fmt):
    """What is learned below a key that is new belongs to it when it comes again."""
    rng = random.Random(60)

    def tree(depth):
        if not depth:
            return rng.choice([None, 1, "leaf"])
        keys = {"child": 1, "name": 2, "weight": 3, "other": 4, "more": 5}
        kept = [key for key in keys if key == "child" or rng.random() < (0.98 if depth % 10 else 0.5)]
        return {key: [tree(depth - 1)] if key == "child" else {"a": depth} if key == "more" else depth for key in kept}

    for levels in (1, 2, 5, 60):
        trees = [tree(levels) for _ in range(30)]
        for _ in range(3):
            assert same(fmt.decode(fmt.encode(trees)), trees)


@pytest.mark.parametrize("n", [1, 2, 5, 6, 10, 11, 29, 30, 31, 32, 60, 85, 86, 170, 199, 200, 201, 250, 1000])
def test_dicts_of_every_size(fmt, n):
    value = [{f"k{i}": i for i in range(n)} for _ in range(8)]
    assert same(fmt.decode(fmt.encode(value)), value)
    assert same(
        fmt.decode(fmt.encode([{**row, "more": 1} for row in value] + value)), [{**row, "more": 1} for row in value] + value
    )


def test_tables(fmt):
    value = {f"row {i}": {"a": i, "b": {f"cell {i} {j}": j for j in range(5)}} for i in range(500)}
    for _ in range(3):
        assert same(fmt.decode(fmt.encode(value)), value)


def test_no_two_values_are_one(fmt):
    value = fmt.decode(fmt.encode([{"a": []}, {"a": []}, {"a": []}, {"a": []}, {"a": []}]))
    value[0]["a"].append(1)
    value[1]["b"] = 2
    assert value == [{"a": [1]}, {"a": [], "b": 2}, {"a": []}, {"a": []}, {"a": []}]
    assert fmt.decode(fmt.encode([{"a": []}])) == [{"a": []}]


# MessagePack's own


@given(st.binary(), st.integers(-128, 127))
def test_extensions(data, code):
    if code == -1:
        return
    packed = msgpack.packb(msgpack.ExtType(code, data)) if code >= 0 else quire.msgpack.encode(Ext(code, data))
    value = quire.msgpack.decode(packed)
    assert (value.code, value.data) == (code, data)
    assert quire.msgpack.encode(value) == packed
    assert quire.msgpack.decode(quire.msgpack.encode([{"a": value}])) == [{"a": value}]


@given(st.binary())
def test_binary(fmt, data):
    for value in (data, bytearray(data), memoryview(data)):
        assert fmt.decode(fmt.encode(value), bytes) == data
    assert fmt.decode(fmt.encode([data]), list[bytes]) == [data]
    if fmt.binary:
        assert same(fmt.decode(fmt.encode(data)), data)


def test_memoryviews_of_other_shapes(fmt):
    assert fmt.decode(fmt.encode(memoryview(bytes(range(10)))[2:5]), bytes) == bytes([2, 3, 4])
    assert fmt.decode(fmt.encode([memoryview(b"abcdef")[::2]]), list[bytes]) == [b"ace"]
    for view in (memoryview(array.array("i", [1])), memoryview(b"abcd").cast("B", (2, 2)), memoryview(b"a").cast("B", ())):
        with pytest.raises(quire.EncodeError) as caught:
            fmt.encode([view])
        assert caught.value.errors[0].code == "unsupported_type"
        for call in (quire.convert, quire.validate):
            with pytest.raises(quire.ValidationError):
                call(view, memoryview if call is quire.validate else bytes)


def test_every_first_byte_of_msgpack():
    tail = bytes(range(64))
    for first in range(256):
        for length in (0, 1, 2, 3, 5, 9, 18, 64):
            data = bytes([first]) + tail[:length]
            try:
                expected = msgpack.unpackb(data, strict_map_key=False, raw=False)
            except Exception:
                expected = None
            try:
                value = quire.msgpack.decode(data)
            except quire.DecodeError:
                continue
            if expected is not None and not isinstance(expected, msgpack.ExtType):
                assert same(value, expected), data


# Shapes of input


def test_any_buffer_is_input(fmt):
    import array
    import mmap

    value = {"a": [1, "é", None]}
    data = fmt.encode(value)
    mapped = mmap.mmap(-1, len(data))
    mapped.write(data)
    strided = memoryview(bytes(b for byte in data for b in (byte, 0)))[::2]
    sources = [
        data,
        bytearray(data),
        memoryview(data),
        array.array("B", data),
        mapped,
        strided,
        type("Bytes", (bytes,), {})(data),
    ]
    if not fmt.binary:
        sources += [data.decode(), type("Str", (str,), {})(data.decode())]
    for source in sources:
        assert fmt.decode(source) == value
        assert fmt.Decoder().decode(source) == value


@pytest.mark.parametrize("source", [None, 1, [1], {}, object(), 1.5])
def test_what_is_no_input(fmt, source):
    with pytest.raises(TypeError, match="expected bytes"):
        fmt.decode(source)


def test_a_str_is_no_input_of_binary_formats(fmt):
    if fmt.binary:
        with pytest.raises(TypeError, match="got str"):
            fmt.decode("a")


def test_calls(fmt):
    for call in (
        lambda: fmt.decode(),
        lambda: fmt.decode(b"1", int, int),
        lambda: fmt.decode(b"1", what=1),
        lambda: fmt.encode(),
        lambda: fmt.encode(1, 2),
        lambda: fmt.encode(1, what=2),
        lambda: fmt.Decoder(int, int),
        lambda: fmt.Decoder(what=1),
        lambda: fmt.Encoder(int, int),
        lambda: fmt.Encoder(what=1),
        lambda: fmt.Decoder().decode(),
        lambda: fmt.Encoder().encode(),
    ):
        with pytest.raises(TypeError):
            call()
    assert repr(fmt.Decoder(int)).endswith("Decoder(<class 'int'>)") and "Encoder" in repr(fmt.Encoder())
    assert fmt.Decoder(list[int]).type == list[int] and fmt.Encoder(int).type is int


def test_what_cannot_be_written(fmt):
    class Plain:
        pass

    for value, kind in (
        (Plain(), "Plain"),
        (object(), "object"),
        (len, "builtin"),
        (range(3), "range"),
        (..., "ellipsis"),
        (int, "type"),
    ):
        with pytest.raises(quire.EncodeError) as caught:
            fmt.encode({"a": [1, {"b c": value}]})
        fault = caught.value.errors[0]
        assert (fault.code, fault.path) == ("unsupported_type", '$.a[1]["b c"]')
        assert fault.pointer == "/a/1/b c" and fault.value is value and kind in fault.got
        assert isinstance(caught.value, TypeError) and isinstance(caught.value, ValueError)
