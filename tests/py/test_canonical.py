# SPDX-License-Identifier: Apache-2.0
"""canonical=True: the JSON of RFC 8785 with the vectors of its text, the MessagePack of docs/canonical.md, and in both: equal values
are equal bytes, whatever the order in which they were made."""

import dataclasses
import datetime
import decimal
import json
import math
import random
import struct
import typing
import uuid

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import quire
import quire.json
import quire.msgpack
from quire import Raw, Record, computed, field

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=6)
INTEGERS = st.integers(-(2**53), 2**53)
# From 2^53 to 10^21 the digits of RFC 8785 are those of an int that need not be the float.
FLOATS = st.floats(allow_nan=False, allow_infinity=False).filter(lambda x: not 2**53 <= abs(x) < 1e21)
SCALARS = st.none() | st.booleans() | INTEGERS | FLOATS | TEXT
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=5), max_leaves=30
)
HASHED = st.recursive(
    st.none() | INTEGERS | TEXT, lambda inner: st.frozensets(inner, max_size=4) | st.tuples(inner, inner), max_leaves=8
)


def canonical(value):
    return quire.json.encode(value, canonical=True)


# ---------------------------------------------------------------- RFC 8785, section 3.2

SAMPLE = r"""{
  "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
  "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
  "literals": [null, true, false]
}"""


def test_the_sample_of_section_3_2_2():
    expected = (
        r'{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],'
        r'"string":"' + "€" + r"$\u000f\nA" + r"'B\"\\\\\"/" + r'"}'
    )
    assert canonical(quire.json.decode(SAMPLE)) == expected.encode()
    assert canonical(Raw(SAMPLE.encode(), format="json")) == expected.encode()


def test_the_bytes_of_section_3_2_4():
    expected = bytes.fromhex("""
        7b 22 6c 69 74 65 72 61 6c 73 22 3a 5b 6e 75 6c 6c 2c 74 72 75 65 2c 66 61 6c 73 65 5d 2c 22 6e 75 6d 62 65 72 73
        22 3a 5b 33 33 33 33 33 33 33 33 33 2e 33 33 33 33 33 33 33 2c 31 65 2b 33 30 2c 34 2e 35 2c 30 2e 30 30 32 2c 31
        65 2d 32 37 5d 2c 22 73 74 72 69 6e 67 22 3a 22 e2 82 ac 24 5c 75 30 30 30 66 5c 6e 41 27 42 5c 22 5c 5c 5c 5c 5c
        22 2f 22 7d""")
    assert canonical(quire.json.decode(SAMPLE)) == expected


def test_the_sorting_of_section_3_2_3():
    value = {
        "\u20ac": "Euro Sign",
        "\r": "Carriage Return",
        "\ufb33": "Hebrew Letter Dalet With Dagesh",
        "1": "One",
        "\U0001f600": "Emoji: Grinning Face",
        "\u0080": "Control",
        "\u00f6": "Latin Small Letter O With Diaeresis",
    }
    assert list(json.loads(canonical(value)).values()) == [
        "Carriage Return",
        "One",
        "Control",
        "Latin Small Letter O With Diaeresis",
        "Euro Sign",
        "Emoji: Grinning Face",
        "Hebrew Letter Dalet With Dagesh",
    ]
    assert canonical(value).startswith(b'{"\\r":"Carriage Return","1":"One","\xc2\x80":"Control"')


@given(st.dictionaries(TEXT, st.none(), max_size=40))
def test_sorted_by_utf16(value):
    assert list(json.loads(canonical(value))) == sorted(value, key=lambda key: key.encode("utf-16-be"))


# RFC 8785, appendix B: the bits of a double and its text.
NUMBERS = """
    0000000000000000 0
    8000000000000000 0
    0000000000000001 5e-324
    8000000000000001 -5e-324
    7fefffffffffffff 1.7976931348623157e+308
    ffefffffffffffff -1.7976931348623157e+308
    4340000000000000 9007199254740992
    c340000000000000 -9007199254740992
    4430000000000000 295147905179352830000
    44b52d02c7e14af5 9.999999999999997e+22
    44b52d02c7e14af6 1e+23
    44b52d02c7e14af7 1.0000000000000001e+23
    444b1ae4d6e2ef4e 999999999999999700000
    444b1ae4d6e2ef4f 999999999999999900000
    444b1ae4d6e2ef50 1e+21
    3eb0c6f7a0b5ed8c 9.999999999999997e-7
    3eb0c6f7a0b5ed8d 0.000001
    41b3de4355555553 333333333.3333332
    41b3de4355555554 333333333.33333325
    41b3de4355555555 333333333.3333333
    41b3de4355555556 333333333.3333334
    41b3de4355555557 333333333.33333343
    becbf647612f3696 -0.0000033333333333333333
    43143ff3c1cb0959 1424953923781206.2
"""


@pytest.mark.parametrize(("bits", "text"), [line.split() for line in NUMBERS.strip().splitlines()])
def test_the_numbers_of_appendix_b(bits, text):
    (value,) = struct.unpack(">d", bytes.fromhex(bits))
    assert canonical(value).decode() == text
    assert quire.json.Encoder(list[float], canonical=True).encode([value, value]).decode() == f"[{text},{text}]"


@pytest.mark.parametrize("bits", ["7fffffffffffffff", "7ff0000000000000", "fff0000000000000"])
def test_what_appendix_b_refuses(bits):
    (value,) = struct.unpack(">d", bytes.fromhex(bits))
    with pytest.raises(quire.EncodeError) as caught:
        canonical({"a": [value]})
    assert caught.value.errors[0].code == "non_finite" and caught.value.errors[0].path == "$.a[0]"


def ecmascript(value):
    """Number::toString of ECMA-262 (section 6.1.6.1.20) from the shortest digits, which repr() finds."""
    if value == 0:
        return "0"
    sign, digits, exponent = decimal.Decimal(repr(value)).normalize().as_tuple()
    s, k = "".join(map(str, digits)), len(digits)
    n = k + exponent
    if k <= n <= 21:
        text = s + "0" * (n - k)
    elif 0 < n <= 21:
        text = f"{s[:n]}.{s[n:]}"
    elif -6 < n <= 0:
        text = "0." + "0" * -n + s
    else:
        text = (s if k == 1 else f"{s[0]}.{s[1:]}") + f"e{'+' if n > 0 else '-'}{abs(n - 1)}"
    return "-" * sign + text


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_those_of_ecmascript(value):
    assert canonical(value).decode() == ecmascript(value)
    assert float(canonical(value)) == value


def test_numbers_of_every_size():
    source = random.Random(5)
    for exponent in range(-30, 30):
        for digits in range(1, 18):
            value = float(f"{source.randrange(10 ** (digits - 1), 10**digits)}e{exponent}")
            assert canonical(-value).decode() == ecmascript(-value)


@pytest.mark.parametrize("value", [2**53, -(2**53), 0, 1, -1, 2**31])
def test_integers(value):
    assert canonical([value]) == b"[%d]" % value
    assert quire.json.Encoder(int, canonical=True).encode(value) == b"%d" % value


@pytest.mark.parametrize("value", [2**53 + 1, -(2**53) - 1, 2**63 - 1, -(2**63), 2**63, 2**64 - 1, 2**64, 10**30])
def test_integers_beyond_2_to_the_53_are_refused(value):
    for encode in (lambda value: canonical(value), quire.json.Encoder(dict[str, list[int]], canonical=True).encode):
        with pytest.raises(quire.EncodeError) as caught:
            encode({"a": [value]})
        fault = caught.value.errors[0]
        assert fault.code == "out_of_range" and fault.path == "$.a[0]" and fault.value == value


def test_lone_surrogates_are_refused():
    for value in ("\ud800", ["\udead"], {"\ud800": 1}):
        with pytest.raises(quire.EncodeError) as caught:
            canonical(value)
        assert caught.value.errors[0].code == "lone_surrogate"


# ---------------------------------------------------------------- both formats


def shuffled(value, source):
    """An equal value whose dicts and sets were filled in another order."""
    if isinstance(value, dict):
        pairs = [(key, shuffled(item, source)) for key, item in value.items()]
        source.shuffle(pairs)
        return dict(pairs)
    if isinstance(value, (set, frozenset)):
        items = [shuffled(item, source) for item in value]
        source.shuffle(items)
        # a set that was larger before has other places for its items
        grown = set(items) | {f"junk{i}" for i in range(source.randrange(40))}
        grown.intersection_update(items)
        return type(value)(grown)
    return type(value)(shuffled(item, source) for item in value) if isinstance(value, (list, tuple)) else value


@settings(max_examples=60)
@given(VALUES, st.randoms(use_true_random=False))
def test_equal_values_are_equal_bytes(fmt, value, source):
    data = fmt.encode(value, canonical=True)
    assert fmt.encode(shuffled(value, source), canonical=True) == data
    assert fmt.Encoder(canonical=True).encode(value) == data
    read = fmt.decode(data)
    assert read == value
    assert fmt.encode(read, canonical=True) == data  # a fixed point
    assert fmt.encode(value, key_order="sorted") == fmt.encode(shuffled(value, source), key_order="sorted")


@settings(max_examples=40)
@given(st.sets(HASHED, max_size=12) | st.dictionaries(HASHED, st.sets(INTEGERS), max_size=6), st.randoms(use_true_random=False))
def test_equal_sets_are_equal_bytes(fmt, value, source):
    if isinstance(value, dict):  # keys of a container are no keys
        value = {key: item for key, item in value.items() if not isinstance(key, frozenset)}
    for options in ({"canonical": True}, {"key_order": "sorted"}):
        try:
            data = fmt.encode(value, **options)
        except quire.EncodeError as error:
            assert error.errors[0].code in ("duplicate_key", "unsupported_key")
            assume(False)
        assert fmt.encode(shuffled(value, source), **options) == data


class Line(Record, omit="default"):
    z: int
    tags: set[str] = field(default_factory=set)
    a: dict[str, int] = field(default_factory=dict)

    @computed
    @property
    def more(self) -> set[str]:
        return {tag * 2 for tag in self.tags}


class Kept(Record, unknown="keep"):
    b: int


class Cat(Record, tag="cat"):
    name: str


class Dog(Record, tag="dog"):
    age: int


class Row(Record, layout="array"):
    b: frozenset[int] = field(1)
    a: dict[str, float] = field(2)


@dataclasses.dataclass
class Data:
    z: dict[datetime.date, Line]
    a: set[uuid.UUID]


class Movie(typing.TypedDict, total=False):
    year: int
    title: str


class Model(Record):
    lines: list[Line]
    pets: list[Cat | Dog]
    row: Row
    data: Data
    movie: Movie


def model(source):
    lines = [Line(i, shuffled({"x", "y", f"t{i}"}, source), shuffled({"b": 1, "a": i}, source)) for i in range(3)]
    dates = {datetime.date(2020, 1, i + 1): line for i, line in enumerate(lines)}
    movie = Movie(**shuffled({"year": 1, "title": "é"}, source))
    row = Row(shuffled(frozenset({1, 100, 300}), source), shuffled({"x": 1.5, "é": 2.0, "": 0.25}, source))
    return Model(
        [*lines, Line(1)], [Dog(1), Cat("x")], row, Data(shuffled(dates, source), {uuid.UUID(int=i) for i in range(5)}), movie
    )


def test_models_of_every_kind(fmt):
    seen = {fmt.encode(model(random.Random(i)), canonical=True) for i in range(20)}
    (data,) = seen
    assert fmt.Encoder(Model, canonical=True).encode(model(random.Random(3))) == data
    read = fmt.decode(data, Model)
    assert read == model(random.Random(1)) and fmt.Encoder(Model, canonical=True).encode(read) == data
    assert fmt.encode(fmt.decode(data), canonical=True) == data


def test_unknown_fields_take_their_place(fmt):
    data = fmt.encode({"z": 1, "b": 2, "a": {"d": 3.0, "c": [{"f": 1, "e": 2}]}})
    kept = fmt.decode(data, Kept)
    assert fmt.encode(kept, canonical=True) == fmt.encode(fmt.decode(data), canonical=True)
    twice = Raw(b'{"a":1,"a":2}' if fmt.name == "json" else b"\x82\xa1a\x01\xa1a\x02", format=fmt.name)
    with pytest.raises(quire.QuireError):
        fmt.encode([twice], canonical=True)


def test_keys_written_alike_are_refused():
    for value in ({1: 1, "1": 2}, {None: 1, "null": 2}, {True: 1, "true": 2}):
        with pytest.raises(quire.EncodeError) as caught:
            canonical({"a": value})
        assert caught.value.errors[0].code == "duplicate_key" and caught.value.errors[0].path.startswith("$.a")


def test_lists_and_deques_stay_in_order(fmt):
    import collections

    assert fmt.decode(fmt.encode(collections.deque([3, 1, 2]), canonical=True)) == [3, 1, 2]
    assert fmt.decode(fmt.encode([3, {2, 1}, (9, 8)], canonical=True)) == [3, [1, 2], [9, 8]]


# ---------------------------------------------------------------- MessagePack


def test_msgpack_order_and_forms():
    pack = lambda value: quire.msgpack.encode(value, canonical=True)  # noqa: E731
    assert pack({"b": 1, "aa": 2, "a": 3, 1: 4, -1: 5, None: 6}).hex(" ") == "86 01 04 a1 61 03 a1 62 01 a2 61 61 02 c0 06 ff 05"
    assert pack({300, 5, -1, "a", b"x"}).hex(" ") == "95 05 a1 61 c4 01 78 cd 01 2c ff"
    assert (
        pack([1.0, -0.0, 0.5]).hex(" ") == "93 cb 3f f0 00 00 00 00 00 00 cb 80 00 00 00 00 00 00 00 cb 3f e0 00 00 00 00 00 00"
    )
    nans = [struct.unpack(">d", bytes.fromhex(bits))[0] for bits in ("7ff8000000000000", "fff8000000000000", "7ff8000000000001")]
    assert {pack(value) for value in nans} == {bytes.fromhex("cb7ff8000000000000")}
    assert pack(datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC)).hex() == "d6ff5e0be100"
    assert pack({"n": math.inf}) == b"\x81\xa1n\xcb\x7f\xf0" + bytes(6)
    assert pack(2**64 - 1) == b"\xcf" + b"\xff" * 8


@given(st.dictionaries(TEXT | INTEGERS, st.integers(0, 3), max_size=40))
def test_msgpack_keys_are_sorted_by_their_bytes(value):
    keys = list(quire.msgpack.decode(quire.msgpack.encode(value, canonical=True)))
    assert keys == sorted(keys, key=quire.msgpack.encode)


@pytest.mark.parametrize("letter", ["a", "é"])
def test_the_length_of_long_keys_counts_first(letter):
    keys = [letter * 70_000, "b" * 66_000, "c" * 65_536, "d" * 65_535, "e" * 65_534]
    encoded = quire.msgpack.encode(dict.fromkeys(keys), canonical=True)
    assert list(quire.msgpack.decode(encoded)) == keys[::-1]
    assert quire.msgpack.encode({**dict.fromkeys(keys), 1: None}, canonical=True) == b"\x86\x01\xc0" + encoded[1:]
