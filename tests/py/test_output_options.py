# SPDX-License-Identifier: Apache-2.0
"""Options of `encode` and `Encoder` for the form of the output, and of `decode` for what is no JSON: json of the standard library is
the oracle where it has the same option."""

import collections
import dataclasses
import datetime
import enum
import fractions
import io
import json
import math
import sys
import typing
import uuid

import pytest
from conftest import leaves_nothing
from hypothesis import example, given, settings
from hypothesis import strategies as st

import quire
import quire.json
import quire.msgpack
from quire import Adapters, Raw, Record, computed, field
from quire.limits import Limits

TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=8)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4), max_leaves=25)
INDENTS = st.none() | st.integers(0, 64) | st.text(" \t", max_size=5)


class Kind(enum.Enum):
    A = "é"
    B = "b"


class Line(Record):
    z: int
    a: str = "ü"


class Slot(Record, layout="array"):
    b: int = field(1)
    a: str = field(2)


class Cat(Record, tag="cat"):
    name: str


class Dog(Record, tag="dog"):
    age: int


@dataclasses.dataclass
class Data:
    z: int
    a: list[int]


class Movie(typing.TypedDict, total=False):
    year: int
    title: str


class Whole(Record, omit="default"):
    zeta: int
    line: Line
    lines: list[Line]
    slot: Slot
    pet: Cat | Dog
    data: Data
    movie: Movie
    kinds: dict[Kind, set[int]]
    when: datetime.datetime
    id: uuid.UUID
    half: fractions.Fraction
    raw: Raw
    empty: list[int] = field(default_factory=list, omit="never")
    left: int | None = None
    secret: str = field(default="x", name="näme")

    @computed
    @property
    def alpha(self) -> str:
        return f"{self.zeta}é"


def whole(fmt):
    return Whole(
        zeta=1, line=Line(2), lines=[Line(3, "b"), Line(4, "\n\"\\")], slot=Slot(5, "x"), pet=Dog(6), data=Data(7, [8, 9]),
        movie={"year": 1, "title": "ß"}, kinds={Kind.B: {3, 1, 2}, Kind.A: set()}, when=datetime.datetime(2020, 1, 2, tzinfo=datetime.UTC),
        id=uuid.UUID(int=5), half=fractions.Fraction(1, 2), raw=Raw(fmt.encode({"b": "é", "a": [1, {}]}), format=fmt.name), secret="y",
    )  # fmt: skip


def ways(obj, type_=None, **options):
    """The object as every function writes it, which is the same."""
    encoder = quire.json.Encoder(**options) if type_ is None else quire.json.Encoder(type_, **options)
    buffer, file = bytearray(100_000), io.BytesIO()
    written = {encoder.encode(obj), bytes(buffer[: encoder.encode_into(obj, buffer)])}
    assert encoder.write(obj, file) == len(file.getvalue())
    written.add(file.getvalue())
    if type_ is None:
        written.add(quire.json.encode(obj, **options))
    if options.get("indent") is None:
        assert encoder.encode_lines([obj, obj]) == (encoder.encode(obj) + b"\n") * 2
    (data,) = written
    return data


# ---------------------------------------------------------------- indent, ascii, key_order: what json does


@given(JSON, INDENTS, st.booleans(), st.booleans())
@example({"\ud7ff\ue000": 1, "\U00010000": 2, "": 3, "\x7f": "\x7f\u2028", '"': 4, "\n": 5}, 2, True, True)
def test_what_json_writes(value, indent, ascii, sort):
    separators = (",", ":") if indent is None else None
    expected = json.dumps(value, indent=indent, ensure_ascii=ascii, sort_keys=sort, separators=separators)
    written = ways(value, indent=indent, ascii=ascii, key_order="sorted" if sort else "insertion")
    # floats are laid out alike but for the exponent, which is json's repr too
    assert json.loads(written) == json.loads(expected)
    assert written.decode() == expected


@pytest.mark.parametrize("depth", [1, 5, 300])
def test_deep(depth):
    value: typing.Any = []
    for i in range(depth):
        value = {"k": value, "a": i} if i % 2 else [value, {}]
    assert quire.json.encode(value, indent=1).decode() == json.dumps(value, indent=1)
    assert quire.json.encode(value, indent="\t" * 64, key_order="sorted").decode() == json.dumps(
        value, indent="\t" * 64, sort_keys=True
    )


def test_too_deep():
    value: typing.Any = []
    for _ in range(2000):
        value = [value]
    for options in ({"indent": 64}, {"canonical": True}, {"key_order": "sorted"}):
        with pytest.raises(quire.LimitError):
            quire.json.encode(value, **options)


def test_a_whole_model(fmt):
    value = whole(fmt)
    plain = fmt.encode(value)
    assert fmt.decode(plain, Whole) == fmt.decode(fmt.encode(value, key_order="sorted"), Whole)
    assert fmt.encode(value, key_order="sorted") == fmt.Encoder(Whole, key_order="sorted").encode(value) != plain
    again = fmt.decode(fmt.Encoder(Whole, canonical=True).encode(value), Whole)
    assert fmt.encode(again, canonical=True) == fmt.encode(value, canonical=True)


def test_a_whole_model_in_json():
    value = whole(type("Fmt", (), {"encode": staticmethod(quire.json.encode), "name": "json"}))
    plain = quire.json.encode(value)
    pretty, ascii, sorted_ = ways(value, Whole, indent=2), ways(value, Whole, ascii=True), ways(value, Whole, key_order="sorted")
    # the part that is Raw is copied as it stands
    assert pretty.replace(b'{"b":"\xc3\xa9","a":[1,{}]}', b"0").decode() == json.dumps(
        json.loads(plain.replace(b'{"b":"\xc3\xa9","a":[1,{}]}', b"0")), indent=2, ensure_ascii=False
    )
    assert ascii.isascii() and json.loads(ascii) == json.loads(plain) and b'"n\\u00e4me"' in ascii
    keys = [key for key, _ in json.loads(sorted_, object_pairs_hook=list)]
    assert keys == sorted(keys) and json.loads(sorted_) == json.loads(plain)


def test_adapters_of_the_call():
    adapters = Adapters().add(
        complex,
        quire.Adapter(
            wire=dict[str, float], encode=lambda c: {"re": c.real, "im": c.imag}, decode=lambda d: complex(d["re"], d["im"])
        ),
    )
    assert ways([1 + 2j], adapters=adapters, key_order="sorted") == b'[{"im":2.0,"re":1.0}]'
    assert ways([1 + 2j], list[complex], adapters=adapters, indent=0) == b'[\n{\n"re": 1.0,\n"im": 2.0\n}\n]'
    assert ways([1 + 2j], adapters=adapters, canonical=True) == b'[{"im":2,"re":1}]'


# ---------------------------------------------------------------- nan


def test_nan():
    values = [math.nan, math.inf, -math.inf, 1.5]
    assert ways(values, nan="null") == b"[null,null,null,1.5]"
    assert ways(values, list[float], nan="allow") == b"[NaN,Infinity,-Infinity,1.5]"
    for options in ({}, {"nan": "error"}, {"canonical": True}, {"indent": 1}):
        with pytest.raises(quire.EncodeError) as caught:
            quire.json.encode({"a": values}, **options)
        assert caught.value.errors[0].path == "$.a[0]" and caught.value.errors[0].code == "non_finite"
    with pytest.raises(quire.EncodeError):
        quire.json.encode({math.nan: 1}, nan="allow")


def test_nan_is_read():
    text = b'[NaN, Infinity, -Infinity, 1, {"a": NaN}]'
    read = quire.json.decode(text, nan="allow")
    assert math.isnan(read[0]) and read[1:4] == [math.inf, -math.inf, 1] and math.isnan(read[4]["a"])
    assert quire.json.Decoder(list[float | None], nan="allow").decode(b"[Infinity,null,-Infinity]") == [math.inf, None, -math.inf]

    class Row(Record):
        x: float

    assert math.isnan(quire.json.decode(b'{"x":NaN}', Row, nan="allow").x)
    assert [math.isnan(row.x) for row in quire.json.Decoder(Row, nan="allow").stream().feed(b'{"x":NaN}\n{"x":NaN}\n')] == [
        True,
        True,
    ]
    for bad in (b"[NaN]", b"[Nan]", b"[-Inf]", b"[+Infinity]", b"[NaN1]"):
        with pytest.raises(quire.MalformedError):
            quire.json.decode(bad, nan="error" if bad == b"[NaN]" else "allow")
    with pytest.raises(quire.ValidationError):
        quire.json.decode(b"NaN", int, nan="allow")


# ---------------------------------------------------------------- what does not go


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        ({"indent": -1}, ValueError, "indent of"),
        ({"indent": 65}, ValueError, "indent of"),
        ({"indent": 10**30}, ValueError, "indent of"),
        ({"indent": "x"}, ValueError, "indent of"),
        ({"indent": "\n"}, ValueError, "indent of"),
        ({"indent": " " * 65}, ValueError, "indent of"),
        ({"indent": 1.5}, TypeError, "indent of"),
        ({"indent": True}, ValueError, "indent of"),
        ({"key_order": "random"}, ValueError, '"insertion" or "sorted"'),
        ({"key_order": None}, TypeError, '"insertion" or "sorted"'),
        ({"nan": "skip"}, ValueError, '"error", "null" or "allow"'),
        ({"sort_keys": True}, TypeError, "indent, key_order, ascii, nan, canonical"),
        ({"canonical": True, "indent": 2}, ValueError, "indent does not go with it"),
        ({"indent": 2, "canonical": True}, ValueError, "indent does not go with it"),
        ({"canonical": True, "ascii": True}, ValueError, "ascii does not go with it"),
        ({"canonical": True, "nan": "null"}, ValueError, "nan does not go with it"),
        ({"canonical": True, "key_order": "sorted"}, ValueError, "key_order does not go with it"),
    ],
)
def test_nonsense_is_refused(options, error, words):
    for call in (
        lambda: quire.json.encode(1, **options),
        lambda: quire.json.Encoder(**options),
        lambda: quire.json.Encoder(int, **options),
    ):
        with pytest.raises(error, match=words):
            call()


def test_a_truth_value_that_fails():
    class Bad:
        def __bool__(self):
            raise RuntimeError("no")

    for option in ("ascii", "canonical"):
        with pytest.raises(RuntimeError):
            quire.json.encode(1, **{option: Bad()})
    for option in ("jsonc", "strict"):
        with pytest.raises(RuntimeError):
            quire.json.decode(b"1", **{option: Bad()})


def test_what_a_format_does_not_have():
    with pytest.raises(TypeError, match="it takes limits, adapters, key_order, canonical"):
        quire.msgpack.encode(1, indent=2)
    for call in (quire.msgpack.decode, quire.convert):
        for option in ("nan", "jsonc"):
            with pytest.raises(TypeError, match="errors"):
                call(b"\x01", int, **{option: True})
    with pytest.raises(TypeError, match="adapters"):
        quire.to_builtins(1, canonical=True)
    with pytest.raises(ValueError, match="encode_lines"):
        quire.json.Encoder(indent=1).encode_lines([1])
    assert quire.msgpack.Encoder(canonical=True).encode_lines([{"b": 1, "a": 2}] * 2) == b"\x82\xa1a\x02\xa1b\x01" * 2


def test_options_without_effect_change_nothing():
    for options in ({"indent": None}, {"ascii": False}, {"nan": "error"}, {"key_order": "insertion"}, {"canonical": False}):
        assert ways({"b": "é", "a": 1.0}, **options) == '{"b":"é","a":1.0}'.encode()


def test_failures_have_a_path(fmt):
    for options in ({"key_order": "sorted"}, {"canonical": True}):
        for encode in (lambda value: fmt.encode(value, **options), fmt.Encoder(**options).encode):  # noqa: B023
            with pytest.raises(quire.EncodeError) as caught:
                encode({"b": [{"a": object()}]})
            assert caught.value.errors[0].path == "$.b[0].a"
            with pytest.raises(quire.EncodeError) as caught:
                encode({"b": ["a\ud800"]})
            assert caught.value.errors[0].code == "lone_surrogate"
        with pytest.raises(quire.EncodeError) as caught:
            fmt.Encoder(dict[str, int], **options).encode({"b": 1, "a": "x"})
        assert caught.value.errors[0].path == "$.a"


def test_lone_surrogates_in_ascii():
    for text in ("\ud800", "a\udfff\u20ac", "\U0001f600\udc00"):
        with pytest.raises(quire.EncodeError) as caught:
            quire.json.encode([text], ascii=True)
        assert caught.value.errors[0].code == "lone_surrogate"
    # text whose UTF-8 the str has already
    text = "ünï😀\n" * 300
    text.encode()
    assert quire.json.encode({text: text}, ascii=True).decode() == json.dumps({text: text}, separators=(",", ":"))


def test_raw_in_ascii():
    assert quire.json.encode([Raw('{"é": "😀\\n"}'.encode(), format="json")], ascii=True) == b'[{"\\u00e9": "\\ud83d\\ude00\\n"}]'
    with pytest.raises(quire.EncodeError):
        quire.json.encode([Raw(b'"\xff"', format="json")], ascii=True)


# ---------------------------------------------------------------- key_order


@given(st.dictionaries(TEXT, st.integers(0, 3), max_size=60))
def test_sorted_by_code_points(value):
    assert list(json.loads(quire.json.encode(value, key_order="sorted"))) == sorted(value)
    assert list(json.loads(quire.json.encode(value, key_order="sorted", ascii=True, indent=1))) == sorted(value)


@settings(max_examples=30)
@given(
    st.lists(st.integers(0, 10**6), unique=True, min_size=100, max_size=400), st.sampled_from(["", "common prefix ", "\\", "é\n"])
)
def test_many_keys(numbers, prefix):
    value = {f"{prefix}{number}": number for number in numbers}
    assert list(json.loads(quire.json.encode(value, key_order="sorted"))) == sorted(value)


def test_sorted_by_bytes_in_msgpack():
    value = {"b": 1, "aa": 2, "c": {2, 1}, 300: 1, 5: 2, -1: 3, None: 4, b"x": 5}
    data = quire.msgpack.encode(value, key_order="sorted")
    keys = list(quire.msgpack.decode(data))
    assert keys == sorted(keys, key=quire.msgpack.encode) and quire.msgpack.decode(data) == value | {"c": [1, 2]}


def test_keys_of_every_kind_keep_their_values():
    value = {3: "a", 1: "b", Kind.A: "c", None: "d", False: "b2", (1, frozenset({3, 2})): "e", datetime.date(2020, 1, 1): "f"}
    expected = quire.json.decode(quire.json.encode(value))
    written = quire.json.encode(value, key_order="sorted")
    assert list(quire.json.decode(written)) == sorted(expected) and quire.json.decode(written) == expected


def test_a_dict_that_changes_meanwhile():
    class Growing(enum.Enum):
        A = 1

        @property
        def value(self):
            shared["more"] = 1
            return 1

    for options in ({"key_order": "sorted"}, {"canonical": True}, {"indent": 1}):
        for fmt in (quire.json, quire.msgpack):
            if fmt is quire.msgpack and "indent" in options:
                continue
            shared = {"b": Growing.A, "a": 1}
            with pytest.raises(quire.EncodeError) as caught:
                fmt.encode(shared, **options)
            assert caught.value.errors[0].code == "changed"


# ---------------------------------------------------------------- comments


@st.composite
def commented(draw, trailing=True):
    """A value, its JSON with comments, the JSON with spaces in their place, and places (in bytes) that are in no comment."""
    value = draw(JSON)
    comment = st.sampled_from(["", "", "", " ", "// é\n", "/**/", '/* // " ] } */', "/*\n*/", "\t", "//\r\n"])
    data: list[tuple[str, str]] = []

    def put(text):
        data.append((text, text))
        extra = draw(comment)
        blank = "".join(c if c in "\r\n" else " " * len(c.encode()) for c in extra)
        data.append((extra, blank))

    def comma():
        if trailing and draw(st.booleans()):
            data.append((",", " "))
            put("")

    def write(value):
        if isinstance(value, list):
            put("[")
            for i, item in enumerate(value):
                if i:
                    put(",")
                write(item)
            if value:
                comma()
            put("]")
        elif isinstance(value, dict):
            put("{")
            for i, (key, item) in enumerate(value.items()):
                if i:
                    put(",")
                put(json.dumps(key, ensure_ascii=False))
                put(":")
                write(item)
            if value:
                comma()
            put("}")
        else:
            put(json.dumps(value, ensure_ascii=False))

    put("")
    write(value)
    safe, at = [0], 0
    for text, blank in data:
        at += len(text.encode())
        safe += [at] if text != blank else range(at - len(text.encode()) + 1, at + 1)
    return value, "".join(text for text, _ in data), "".join(blank for _, blank in data), safe


@given(commented())
def test_comments_are_spaces(case):
    value, text, blank, _ = case
    assert quire.json.decode(text, jsonc=True) == quire.json.decode(text.encode(), jsonc=True) == value
    assert quire.json.decode(blank) == value
    assert quire.json.Decoder(jsonc=True).read(io.BytesIO(text.encode())) == value


@given(commented(trailing=False), st.data())
def test_places_are_those_of_the_text(case, data):
    """Where a document with comments is cut off or wrong, the fault is the one of the document with spaces."""
    _, text, blank, safe = case
    raw, plain, at = text.encode(), blank.encode(), data.draw(st.sampled_from(safe))
    for damaged, wanted in ((raw[:at], plain[:at]), (raw[:at] + b"$" + raw[at:], plain[:at] + b"$" + plain[at:])):
        try:
            expected = quire.json.decode(wanted)
        except quire.QuireError as error:
            with pytest.raises(type(error)) as caught:
                quire.json.decode(damaged, jsonc=True)
            for name in ("code", "path", "offset", "line"):
                assert getattr(caught.value.errors[0], name) == getattr(error.errors[0], name)
        else:
            assert quire.json.decode(damaged, jsonc=True) == expected


@pytest.mark.parametrize(
    ("text", "code", "offset", "column"),
    [
        ("[1, /* é", "unterminated_comment", 4, 5),
        ("/*/", "unterminated_comment", 0, 1),
        ('{"a" /*', "unterminated_comment", 5, 6),
        ("1 /* x", "unterminated_comment", 2, 3),
        ("[,]", "expected_value", 1, 2),
        ("{,}", "expected_key", 1, 2),
        ("[1,,]", "expected_value", 3, 4),
        ('{"a":,}', "expected_value", 5, 6),
        ("[1] ,", "trailing_data", 4, 5),
        ("[1 / 2]", "expected_comma", 3, 4),
        ("/", "expected_value", 0, 1),
        ("// x", "truncated", 4, 5),
        ("[é/**/]", "expected_value", 1, 2),
        ("[/* ü */ x]", "expected_value", 10, 10),
        ("// ü\n  /* ü */ x", "expected_value", 17, 11),
        ('"/* \n', "control_character", 4, 5),
    ],
)
def test_faults_in_commented_documents(text, code, offset, column):
    for data in (text, text.encode(), bytearray(text.encode())):
        with pytest.raises(quire.DecodeError) as caught:
            quire.json.decode(data, jsonc=True)
        fault = caught.value.errors[0]
        assert (fault.code, fault.offset, fault.column) == (code, offset, column)


def test_all_faults_and_what_stood_there():
    text = '{"é": 1, /* ü */ "b": "x", // ü\n "c": [2, ], }'
    with pytest.raises(quire.ValidationError) as caught:
        quire.json.decode(text, dict[str, int], jsonc=True, errors="all")
    assert [(fault.path, fault.line, fault.column) for fault in caught.value.errors] == [("$.b", 1, 23), ("$.c", 2, 7)]
    assert "/* ü */" in str(caught.value)
    with pytest.raises(quire.LimitError):
        quire.json.decode(text, jsonc=True, limits=Limits(bytes=10))
    assert quire.json.decode('{"name": /* x */ 1}', dict[str, int], jsonc=True, limits=Limits(str_bytes=4)) == {"name": 1}
    with pytest.raises(quire.LimitError):
        quire.json.decode('{"names": /* x */ 1}', dict[str, int], jsonc=True, limits=Limits(str_bytes=4))


def test_comments_where_they_go():
    lines = b'// head\n{"a": 1, } // one\n\n  /* two */ {"a": 2}\n/* three */ /**/ // four\n/*/*/\n'
    assert list(quire.json.Decoder(dict[str, int], jsonc=True).decode_lines(lines)) == [{"a": 1}, {"a": 2}]
    for line in (b"/*/\n", b"/* x\n*/\n", b"/* x */ /\n"):
        with pytest.raises(quire.DecodeError):
            list(quire.json.Decoder(jsonc=True).decode_lines(line))

    class Kept(Record):
        raw: Raw

    assert bytes(quire.json.decode(b'{"raw": [1, /* x */ ],}', Kept, jsonc=True).raw) == b"[1" + b" " * 10 + b"]"
    with pytest.raises(quire.MalformedError):
        quire.json.decode(b"[1, // x\n 2]")


# ---------------------------------------------------------------- nothing is lost


def test_nothing_leaks():
    value = {f"k{i % 7}é{i}": [{"b": i, "a": {i, "x", None}}, Line(i)] for i in range(50)}
    encoders = [quire.json.Encoder(canonical=True), quire.json.Encoder(indent=3), quire.msgpack.Encoder(canonical=True)]

    def work():
        for encoder in encoders:
            encoder.encode(value)
        for bad in ({"a": {"b": object(), "a": 1}}, {1: 1, "1": 2}, {"a": 2**64}):
            for encoder in (encoders[0], encoders[2]):
                try:
                    encoder.encode(bad)
                except quire.EncodeError:
                    pass
        for text in ("[1, /* x */]", "[1, /*", '{"a": [1,], "b": tru}'):
            try:
                quire.json.decode(text, jsonc=True)
            except quire.QuireError:
                pass

    leaves_nothing(work)


def test_encoders_are_shared_and_described():
    encoder = quire.json.Encoder(dict[str, int], canonical=True)
    assert isinstance(encoder, quire.json.Encoder) and encoder.type == dict[str, int]
    assert sys.getrefcount(encoder) < 5
    assert encoder.encode(collections.OrderedDict(b=1, a=2)) == b'{"a":2,"b":1}'


def test_all_faults_are_those_of_the_options():
    values = {"a": [math.nan, 2**60, object()], "b": {"\ud800": 1}, "c": math.inf}

    def paths(**options):
        with pytest.raises(quire.EncodeError) as caught:
            quire.json.Encoder(errors="all", **options).encode(values)
        return [fault.path for fault in caught.value.errors]

    assert paths(nan="allow") == paths(indent=2, nan="null") == ["$.a[2]", '$.b["\\ud800"]']
    assert paths(canonical=True) == ["$.a[0]", "$.a[1]", "$.a[2]", '$.b["\\ud800"]', "$.c"]
