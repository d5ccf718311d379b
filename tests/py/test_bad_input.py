# SPDX-License-Identifier: Apache-2.0
"""What bad input gets: an error of quire with a place, whatever is wrong; never a crash, a wrong value or another exception."""

import dataclasses
import datetime as dt
import decimal
import enum
import json
import mmap
import struct
import threading
import uuid
from typing import Any, Literal, NamedTuple, TypedDict

import pytest
from conftest import FORMATS, check_error
from hypothesis import given
from hypothesis import strategies as st

import quire
import quire.json
import quire.msgpack
from quire import Raw, Record, field

MILLION = 1_000_000
MSGPACK = next(f for f in FORMATS if f.name == "msgpack")


class Kind(enum.Enum):
    A = "a"
    B = "b"


class Dog(Record, tag="dog"):
    age: int


class Cat(Record, tag="cat"):
    name: str


class Movie(TypedDict, total=False):
    title: str
    year: int


class Pair(NamedTuple):
    a: int
    b: str = "x"


@dataclasses.dataclass
class Data:
    a: int
    b: list[int] = dataclasses.field(default_factory=list)


class Node(Record):
    id: int
    name: str
    ok: bool = True
    ratio: float = 0.5
    kind: Kind = Kind.A
    tags: set[str] = field(default_factory=set)
    pets: list[Dog | Cat] = field(default_factory=list)
    movie: Movie | None = None
    pair: Pair | None = None
    data: Data | None = None
    when: dt.datetime | None = None
    key: uuid.UUID | None = None
    amount: decimal.Decimal | None = None
    mixed: int | str | list[int] | None = None
    literal: Literal["x", 1] = 1
    table: dict[int, str] = field(default_factory=dict)
    blob: bytes = b""
    rest: Any = None
    raw: Raw | None = None
    children: list["Node"] = field(default_factory=list)


SAMPLE = Node(
    id=7,
    name='é"\n€',
    ratio=-1.5e10,
    kind=Kind.B,
    tags={"t"},
    pets=[Dog(3), Cat("Tom")],
    movie={"title": "M", "year": 1931},
    pair=Pair(1),
    data=Data(1, [2]),
    when=dt.datetime(2024, 2, 29, 12, 30, tzinfo=dt.UTC),
    key=uuid.UUID(int=1 << 100),
    amount=decimal.Decimal("1.50"),
    mixed=[1],
    table={5: "five"},
    blob=b"\x00\xff",
    rest=[{"k": None}, 2**40, True],
    children=[Node(1, "c")],
)
PLAIN = {"a": [1, -2.5, True, None, "é€"], "bc": {"d": {}, "e": [[]]}, "": 12345678901}


def survives(fmt, data, type_):
    """Reading gives a value that can be written, or an error of quire that holds together."""
    try:
        value = fmt.decode(data, type_)
    except quire.DecodeError as error:
        check_error(error, data)
        return
    try:
        written = fmt.encode(value)
    except quire.EncodeError as error:  # nan has no text, a lone ext no other format
        assert error.errors[0].code in ("non_finite", "unsupported_type")
        return
    fmt.decode(written, type_)


@pytest.fixture(scope="module", params=["typed", "untyped"])
def corpus(request):
    return (SAMPLE, Node) if request.param == "typed" else (PLAIN, object)


def test_the_sample_itself(fmt):
    assert fmt.decode(fmt.encode(SAMPLE), Node) == SAMPLE
    assert fmt.decode(fmt.encode(PLAIN)) == PLAIN


def test_truncation_at_every_byte(fmt, corpus):
    value, type_ = corpus
    data = fmt.encode(value)
    for n in range(len(data)):
        with pytest.raises(quire.DecodeError) as caught:
            fmt.decode(data[:n], type_)
        assert isinstance(caught.value, quire.TruncatedError), data[:n]
        fault = check_error(caught.value, data[:n])
        assert fault.code == ("truncated" if n else "empty")
        fmt.refuses(data[:n], Raw, quire.TruncatedError)


def test_trailing_data_after_every_document(fmt, corpus):
    value, type_ = corpus
    data = fmt.encode(value)
    for more in (b"\x01", b"x", b",", b"]", b"\x00", data):
        fault = fmt.refuses(data + more, type_, quire.MalformedError)
        assert (fault.code, fault.offset, fault.path) == ("trailing_data", len(data), "$")


def test_every_change_of_one_byte(fmt, corpus):
    value, type_ = corpus
    data = bytearray(fmt.encode(value))
    for i, old in enumerate(data):
        for new in {
            0,
            1,
            0x1F,
            *b' "\\,:[]{}019-.eEtfnu',
            0x7F,
            0x80,
            0x90,
            0xA1,
            *range(0xC0, 0xE0, 1),
            0xED,
            0xF4,
            0xFF,
            old ^ 1,
            old ^ 0x80,
        }:
            data[i] = new
            survives(fmt, bytes(data), type_)
        data[i] = old


def test_every_byte_left_out_or_put_in(fmt, corpus):
    value, type_ = corpus
    data = fmt.encode(value)
    for i in range(len(data)):
        survives(fmt, data[:i] + data[i + 1 :], type_)
        for new in b'\x00"\\,:[]{}0-e\xc1\xdf\xff':
            survives(fmt, data[:i] + bytes([new]) + data[i:], type_)


@given(st.binary(max_size=60))
def test_any_bytes(fmt, data):
    for type_ in (object, Node, list[int], dict[str, float], Raw, int | str, Dog | Cat):
        survives(fmt, data, type_)


@given(st.lists(st.sampled_from(list('[]{}:,"\\ 0123456789.eE+-truefalsnudx\n\xe9')), max_size=40).map("".join))
def test_json_soup_is_judged_as_json_does(text):
    try:
        expected = json.loads(text)
    except ValueError:
        with pytest.raises(quire.DecodeError) as caught:
            quire.json.decode(text)
        check_error(caught.value, text)
    else:
        if expected in (float("inf"), float("-inf")):  # beyond a double
            return
        assert quire.json.decode(text) == expected


INVALID_JSON = [
    *(
        "[1,]",
        "[,1]",
        "[1,,2]",
        '{"a":1,}',
        "{,}",
        '{"a"}',
        '{"a":}',
        '{"a" 1}',
        "{a:1}",
        "{'a':1}",
        "{1:2}",
        "{null:1}",
        "[1 2]",
        '["a" "b"]',
    ),
    *(
        "01",
        "-01",
        "00",
        "-",
        "+1",
        ".5",
        "5.",
        "1.e5",
        "1e",
        "1e+",
        "0x10",
        "1_000",
        "--1",
        "1-1",
        "1e5.5",
        "-a",
        "NaN",
        "Infinity",
        "-Infinity",
    ),
    *(
        "nan",
        "True",
        "None",
        "nul",
        "truex",
        "tru",
        "fals",
        "undefined",
        "'a'",
        "\\",
        "]",
        "}",
        "[",
        "{",
        "[1}",
        '{"a":1]',
        "[}",
        '"a""',
    ),
    *(
        "1,2",
        "/**/1",
        "1//",
        "#",
        "[1]x",
        "{}{}",
        '"a',
        '"\\x"',
        '"\\u12"',
        '"\\u12g4"',
        '"\\U0041"',
        '"\t"',
        '"\0"',
        '"\x1f"',
        "\0",
        "1\0",
    ),
    *(
        '"\\ud800\\u0041"',
        '"\\udc00"',
        '"\\ud83d"',
        '["\\uDEAD"]',
        '"\\ud800\\ud800"',
        '{"\\ud800":1}',
        "\ufeff1",
        "1\xa0",
        "\x0b1",
    ),
]


@pytest.mark.parametrize("text", INVALID_JSON, ids=repr)
def test_invalid_json(text):
    for document in (text, f"[[{text}", f'{{"a":{text}', f" \n{text} "):
        for type_ in (object, Raw, Node, list[Any]):
            if type_ is object:
                with pytest.raises((quire.MalformedError, quire.TruncatedError)) as caught:
                    quire.json.decode(document, type_)
            else:
                with pytest.raises(quire.DecodeError) as caught:
                    quire.json.decode(document, type_)
            check_error(caught.value, document)


# UTF-8

BAD_UTF8 = [
    b"\x80", b"\xbf", b"\xc0\x80", b"\xc1\xbf", b"\xc2", b"\xc2a", b"\xe0\x80\x80", b"\xe0\x9f\xbf", b"\xe2\x82", b"\xe2\x82a", b"\xed\xa0\x80",
    b"\xed\xbf\xbf", b"\xef\xbf", b"\xf0\x80\x80\x80", b"\xf0\x8f\xbf\xbf", b"\xf0\x9f\x98", b"\xf4\x90\x80\x80", b"\xf5\x80\x80\x80", b"\xff", b"\xfe",
]  # fmt: skip


def with_text(fmt, text, template):
    """The document of `template`, with the bytes `text` in the place of its text @."""
    mark = b"@" * len(text)
    return fmt.encode(json.loads(json.dumps(template).replace("@", mark.decode()))).replace(mark, text)


@pytest.mark.parametrize("bad", BAD_UTF8, ids=bytes.hex)
def test_invalid_utf8_everywhere(fmt, bad):
    for before, after in ((0, 0), (1, 0), (0, 1), (15, 3), (16, 16), (31, 0), (0, 40), (70, 70)):
        check_invalid_utf8(fmt, b"a" * before + bad + b"b" * after)


def check_invalid_utf8(fmt, text):
    places = [
        ("@", object, "$"),
        ("@", str, "$"),
        ("@", Raw, "$"),
        (["@"], list[str], "$[0]"),
        ({"k": "@"}, object, "$.k"),
        ({"k": "@"}, dict[str, str], "$.k"),
        ({"@": 1}, object, "$"),
        ({"@": 1}, dict[str, int], "$"),
        ({"@": 1}, Dog, "$"),
        ({"age": 1, "unknown": "@"}, Dog, "$.unknown"),
        ({"age": 1, "unknown": [{"@": 1}]}, Dog, None),
        ({"age": 1, "unknown": [{"x": ["@"]}]}, Dog, None),
        ({"type": "@"}, Dog | Cat, None),
        ("@", Kind, "$"),
        ("@", dt.date, "$"),
        ("@", int | str, "$"),
        ("@", Literal["a", "b"], "$"),
        ({"@": 1}, Raw, "$"),
    ]
    for template, type_, path in places:
        data = with_text(fmt, text, template)
        with pytest.raises(quire.DecodeError) as caught:
            fmt.decode(data, type_)
        assert isinstance(caught.value, quire.MalformedError), (template, type_, caught.value)
        fault = check_error(caught.value, data)
        assert fault.code == "invalid_utf8", (template, type_)
        assert path is None or fault.path == path, (template, type_)


def test_invalid_utf8_where_many_shapes_are_known(fmt):
    good = fmt.encode([{"key": 1, "other": "text"}] * 5)
    bad = good.replace(b"other", b"oth\xffr")
    for _ in range(3):
        assert fmt.decode(good) == [{"key": 1, "other": "text"}] * 5
        fmt.refuses(bad, error=quire.MalformedError)
        bad_last = good[::-1].replace(b"rehto", b"r\xffhto", 1)[::-1]
        assert fmt.refuses(bad_last, error=quire.MalformedError).path == "$[4]"


def test_lone_surrogates(fmt):
    for value, path in (
        ("\ud800", "$"),
        ({"a": ["x\udfff"]}, "$.a[0]"),
        ({"\ud800": 1}, '$["\\ud800"]'),
        (Cat("é\ud800"), "$.name"),
        ({"k": {"é\udc00": 1}}, None),
    ):
        with pytest.raises(quire.EncodeError) as caught:
            fmt.encode(value)
        fault = check_error(caught.value)
        assert fault.code == "lone_surrogate" and (path is None or fault.path == path)
        str(caught.value).encode()
    if not fmt.binary:
        for text in ('"\ud800"', '{"\udc00":1}', '["a\udfff"]', "\ud800"):
            fault = fmt.refuses(text, error=quire.MalformedError)
        for text in ('"\\ud800"', '"\\ud800x"', '"\\udc00\\ud800"', '{"\\udabc":1}'):
            assert fmt.refuses(text, error=quire.MalformedError).code == "invalid_surrogate"
            assert fmt.refuses(text, Raw, error=quire.MalformedError).code == "invalid_surrogate"


# Depth


def opened(fmt, key, n):
    """n levels that are opened and never closed."""
    return {"json": b'{"%s":' % key if key else b"[", "msgpack": b"\x81" + bytes([0xA0 | len(key)]) + key if key else b"\x91"}[
        fmt.name
    ] * n


class Deep(Record):
    a: "Deep | None" = None


class DeepList(Record):
    a: "list[DeepList]" = field(default_factory=list)


class DeepUnion(Record, tag="u"):
    a: "DeepUnion | Dog | None" = None


@dataclasses.dataclass
class DeepData:
    a: "DeepData | None" = None


@pytest.mark.parametrize(
    "type_", [object, Any, Raw, Deep, DeepData, dict, list, Dog, dict[str, Any], DeepUnion, Deep | None, int | list[Any]], ids=str
)
def test_a_million_levels_are_refused(fmt, type_):
    for data in (
        opened(fmt, b"", MILLION),
        opened(fmt, b"a", MILLION),
        opened(fmt, b"unknown", MILLION),
        opened(fmt, b"", 1) + opened(fmt, b"a", MILLION),
    ):
        fmt.refuses(data, type_, quire.DecodeError)
        fmt.refuses(data, type_, quire.DecodeError, limits=quire.Limits(depth=10_000))
    if type_ in (object, Any, Raw):
        assert fmt.refuses(data, type_, quire.LimitError).code == "depth_limit"


def nested(make, n):
    value = make(None)
    for _ in range(n - 1):
        value = make(value)
    return value


@dataclasses.dataclass(slots=True)
class Slotted:
    a: Any = None


class Named(NamedTuple):
    a: Any = None


class Listed(list):
    pass


class Open(Record, omit="default"):
    a: Any = None


MAKERS = {
    "list": lambda v: [v],
    "tuple": lambda v: (v,),
    "dict": lambda v: {"a": v},
    "record": Deep,
    "open": Open,
    "dataclass": DeepData,
    "slotted": Slotted,
    "named": Named,
    "frozenset": lambda v: frozenset([v]),
    "list subclass": lambda v: Listed([v]),
}


@pytest.mark.parametrize("name", MAKERS)
def test_a_million_levels_cannot_be_written(fmt, name):
    value = nested(MAKERS[name], MILLION if name in ("list", "dict", "record") else 100_000)
    with pytest.raises(quire.LimitError) as caught:
        fmt.encode(value)
    fault = check_error(caught.value)
    assert fault.code == "depth_limit" and len(fault.path) < 100_000
    if name not in ("frozenset", "list subclass"):
        with pytest.raises(quire.QuireError):
            fmt.Encoder(list[int]).encode([value])
    while value is not None:  # not every class of Python itself can be freed from a million levels
        value = next(
            iter(
                value.values() if isinstance(value, dict) else value if isinstance(value, list | tuple | frozenset) else [value.a]
            )
        )


@pytest.mark.parametrize("name", MAKERS)
def test_as_deep_as_is_allowed(fmt, name):
    for n in (1, 2, 93, 94, 95, 96, 97, 500, 990, 999, 1000):
        for before in ("", "x" * 100, "x" * 1000, "x" * (2048 - n), "x" * max(0, 2048 - 2 * n), "x" * 5000):
            value = {"before": before, "value": nested(MAKERS[name], n)}
            if n < 1000:
                data = fmt.encode(value)
                assert fmt.encode(fmt.decode(data)) == data
                if n < 300:  # Python's own recursion ends before ours
                    assert fmt.decode(data) == fmt.loads(data)
            else:
                with pytest.raises(quire.LimitError):
                    fmt.encode(value)


def test_a_fault_deep_down(fmt):
    for n in (1, 10, 60, 63, 64, 65, 100, 500, 990):
        for make in (lambda v: [v], lambda v: {"key": v}, Deep):
            value = make(object())
            for _ in range(n - 1):
                value = make(value)
            with pytest.raises(quire.EncodeError) as caught:
                fmt.encode(value)
            assert check_error(caught.value).code == "unsupported_type" and len(caught.value.errors[0].steps) == n
        bad = opened(fmt, b"", n) + {"json": b"!", "msgpack": b"\xc1"}[fmt.name]
        fault = fmt.refuses(bad, error=quire.MalformedError)
        assert fault.path.startswith("$[0]") and fault.offset == n
        assert len(fault.steps) == n if n <= 64 else fault.steps[-1] is ...


# Declared lengths


@pytest.mark.parametrize("n", [1, 2, 100, 2**16, 2**31 - 1, 2**31, 2**32 - 1])
def test_declared_lengths_of_msgpack(n):
    length = struct.pack(">I", n)
    heads = {"array": b"\xdd", "map": b"\xdf", "str": b"\xdb", "bin": b"\xc6", "ext": b"\xc9"}
    for kind, head in heads.items():
        for body in (b"", b"\x05", b"\x01" * min(n - 1, 50)):
            if len(body) >= n and kind != "map":
                continue
            data = head + length + (b"\x05" if kind == "ext" else b"") + body
            for document, type_ in (
                (data, object),
                (data, {"array": list[int], "map": dict[int, int], "str": str, "bin": bytes}.get(kind, Any)),
                (b"\x91" + data, list[Any]),
                (b"\x81\xa1a" + data, dict[str, Any]),
                (b"\x81\xa1u" + data, Cat),
                (b"\x81" + data, object),
                (data, Raw),
                (data, Node),
                (data, Dog | Cat),
                (data, int | str | list[int] | dict[int, int]),
            ):
                with pytest.raises(quire.DecodeError) as caught:
                    quire.msgpack.decode(document, type_)
                check_error(caught.value, document)
                if type_ in (object, Raw) and document is data:
                    assert isinstance(caught.value, quire.TruncatedError)


def test_timestamps_of_msgpack():
    for payload in (
        b"",
        b"\x00",
        b"\x00" * 3,
        b"\x00" * 5,
        b"\xff" * 8,
        b"\xff" * 12,
        b"\x7f" + b"\xff" * 11,
        b"\x00" * 13,
        b"\x3b\x9a\xca\x00" + b"\x00" * 8,
    ):
        data = b"\xc7" + bytes([len(payload)]) + b"\xff" + payload
        for type_ in (object, dt.datetime, Any, dt.datetime | str):
            survives(MSGPACK, data, type_)


def test_unknown_extensions_of_msgpack():
    for code in range(-128, 128):
        data = bytes([0xD4, code & 0xFF, 7])
        if code == -1:
            with pytest.raises(quire.MalformedError):
                quire.msgpack.decode(data)
            continue
        value = quire.msgpack.decode(data)
        assert (value.code, value.data) == (code, b"\x07") and quire.msgpack.encode(value) == data
        for type_ in (int, str, bytes, Node, list[int], dt.datetime, Dog | Cat, uuid.UUID):
            with pytest.raises(quire.ValidationError) as caught:
                quire.msgpack.decode(data, type_)
            assert check_error(caught.value, data).code in ("type_mismatch", "invalid_format")
        assert quire.msgpack.decode(b"\x82\xa1u" + data + b"\xa3age\x01", Dog) == Dog(1)


# Numbers


def test_huge_numbers():
    digits = "9" * MILLION
    for text in (
        digits,
        "-" + digits,
        f"[{digits}]",
        digits + ".5",
        "0." + digits,
        digits + "e-1000000",
        "0." + "0" * MILLION + "1",
        "1" + "0" * MILLION + "e-1000000",
    ):
        try:
            value = quire.json.decode(text)
        except quire.DecodeError as error:
            assert check_error(error, text).code in ("digit_limit", "non_finite_number")
        else:
            assert isinstance(value, float) and value == json.loads(text)
        for type_ in (int, float, decimal.Decimal, int | str, Node, list[int], Literal[1]):
            try:
                quire.json.decode(text, type_)
            except quire.DecodeError as error:
                check_error(error, text)
    for text, code in (("1e400", "non_finite_number"), ("-1e400", "non_finite_number"), ("1e-400", None), ("-1e-400", None)):
        for type_ in (object, float):
            if code is None:
                assert quire.json.decode(text, type_) == 0.0 and str(quire.json.decode(text, type_)) == text[:-6] + "0.0"
            else:
                with pytest.raises(quire.MalformedError) as caught:
                    quire.json.decode(text, type_)
                assert caught.value.errors[0].code == code


def test_huge_text(fmt):
    for text in ("a" * (5 * MILLION), "é" * MILLION, "\U0001f600" * MILLION, "\n" * MILLION):
        assert fmt.decode(fmt.encode(text)) == text
        assert fmt.decode(fmt.encode({text: text})) == {text: text}
        fault = fmt.refuses(fmt.encode([text]), list[int], quire.ValidationError)
        assert len(str(fault)) < 1000


# Objects that change while they are written


class Zone(dt.tzinfo):
    def __init__(self, action):
        self.action = action

    def utcoffset(self, when):
        self.action()
        return dt.timedelta(hours=1)

    def dst(self, when):
        return None


class Lively(enum.Enum):
    X = 1

    @property
    def value(self):
        self.action()
        return 5


def hooks(action):
    """Values whose writing runs `action`."""
    Lively.X.action = action

    @dataclasses.dataclass
    class Object:
        a: int

        def __getattribute__(self, name):
            if name == "a":
                action()
                return 1
            return object.__getattribute__(self, name)

    return [dt.datetime(2020, 1, 1, tzinfo=Zone(action)), Lively.X, Object(1)]


def outcome(fmt, value):
    try:
        data = fmt.encode(value)
    except quire.EncodeError as error:
        check_error(error)
        return error.errors[0].code
    fmt.decode(data)
    assert fmt.loads(data) is not None
    return None


LIST_CHANGES = {
    "append": lambda c: c.append(1),
    "extend": lambda c: c.extend(range(1000)),
    "clear": lambda c: c.clear(),
    "pop": lambda c: c and c.pop(),
    "pop first": lambda c: c and c.pop(0),
    "insert": lambda c: c.insert(0, "new"),
    "replace": lambda c: c.__setitem__(slice(None), [[1], [2], [3], [4]]),
}
DICT_CHANGES = {
    "set": lambda c: c.__setitem__("new", 1),
    "clear": lambda c: c.clear(),
    "pop": lambda c: c and c.popitem(),
    "delete all but one": lambda c: [c.pop(k) for k in list(c)[1:]],
    "swap": lambda c: (c.popitem(), c.__setitem__("other key", "other")) if c else None,
    "rebuild": lambda c: (lambda items: (c.clear(), c.update((f"n{i}", v) for i, v in enumerate(items))))(list(c.values())),
    "grow": lambda c: c.update((str(i), i) for i in range(1000)),
    "other kind of key": lambda c: c.__setitem__(5, 1),
    "values": lambda c: [c.__setitem__(k, "changed") for k in list(c)],
    "rotate": lambda c: [c.__setitem__(k, c.pop(k)) for k in list(c)],
    "grow and shrink": lambda c: (c.update((str(i), i) for i in range(1000)), [c.pop(str(i)) for i in range(1000)]),
}


@pytest.mark.parametrize("change", LIST_CHANGES)
def test_lists_that_change_while_they_are_written(fmt, change):
    for i in range(3):
        container = []
        container += [{"first": [1]}, hooks(lambda: LIST_CHANGES[change](container))[i], "text", ["last"]]  # noqa: B023
        code = outcome(fmt, {"in": [container]})
        assert code in (None, "changed")
        if change in ("append", "extend", "insert", "clear"):
            assert code == "changed"


@pytest.mark.parametrize("change", DICT_CHANGES)
def test_dicts_that_change_while_they_are_written(fmt, change):
    def fresh():
        class Object:
            pass

        made = Object()
        made.a, made.hook, made.b, made.c = 1, 2, 3, 4
        decoded = fmt.decode(fmt.encode([{"a": 1, "hook": 2, "b": "text", "c": [1]}] * 6))
        general = {"a": 1, 7: "x", "hook": 2, "b": 3, "c": [1]}
        return [{"a": 1, "hook": 2, "b": "text", "c": [1]}, made.__dict__, decoded[-1], general]

    for i in range(3):
        for container in fresh():
            container["hook"] = hooks(lambda: DICT_CHANGES[change](container))[i]  # noqa: B023
            code = outcome(fmt, {"in": [container]})
            assert code in (None, "changed")
            if change in ("set", "clear", "grow", "pop", "delete all but one", "other kind of key"):
                assert code == "changed"


def test_keys_that_change_their_dict(fmt):
    class Key(enum.Enum):
        X = "x"

        @property
        def value(self):
            container.clear()
            return "x"

    container = {"a": [1, 2], Key.X: "text", "b": 2}
    assert outcome(fmt, container) == "changed"


def test_sets_and_records_that_change_while_they_are_written(fmt):
    class Free(Record):
        a: Any = None
        b: Any = None
        c: Any = None

    class Omitting(Record, omit="default"):
        a: Any = None
        b: Any = None
        c: Any = None

    for cls in (Free, Omitting):
        for i in range(3):
            record = cls(["a"], None, ["c"])

            def change(record=record):
                record.a = record.c = None

            record.b = hooks(change)[i]
            assert outcome(fmt, [record]) is None

            def remove(record=record):
                del record.c

            record = cls(["a"], None, ["c"])
            record.b = hooks(lambda: remove(record))[i]  # noqa: B023
            assert outcome(fmt, [record]) in (None, "unset_field")
    for i in range(3):
        container = set()
        container.update([hooks(container.clear)[i] if i < 2 else 1, 2, 3])
        assert outcome(fmt, [container]) is None


@pytest.mark.parametrize("error", [KeyError("k"), KeyboardInterrupt(), RuntimeError("r"), ZeroDivisionError()], ids=repr)
def test_user_code_that_raises_while_writing(fmt, error):
    def fail():
        raise error

    for value in hooks(fail):
        with pytest.raises(type(error)) as caught:
            fmt.encode({"a": [1, {"b": value}]})
        assert caught.value is error and "at $.a[1].b" in "".join(error.__notes__)
        del error.__notes__


def test_user_code_that_raises_a_value_error_while_writing(fmt):
    def fail():
        raise ValueError("not now")

    for value in hooks(fail):
        with pytest.raises(quire.EncodeError, match="not now") as caught:
            fmt.encode({"a": [1, {"b": value}]})
        fault = check_error(caught.value)
        assert fault.code == "invalid_value" and fault.path.startswith("$.a[1].b")


def test_other_threads_change_what_is_written(fmt):
    shared = {"list": [], "dict": {}}
    stop = threading.Event()

    def change():
        i = 0
        while not stop.is_set():
            i += 1
            shared["list"].append([i])
            shared["dict"][f"k{i % 50}"] = [i]
            shared["dict"].pop(f"k{(i * 7) % 50}", None)
            if i % 40 == 0:
                shared["list"].clear()
                shared["dict"].clear()
                stop.wait(0.00001)

    threads = [threading.Thread(target=change) for _ in range(2)]
    for thread in threads:
        thread.start()
    try:
        pause = threading.Event()
        for _ in range(60):
            for value in hooks(lambda: pause.wait(0.00001)):
                assert outcome(fmt, [shared["list"], value, shared["list"]]) in (None, "changed")
                shared["dict"]["hook"] = value
                assert outcome(fmt, shared["dict"]) in (None, "changed")
                shared["dict"].pop("hook", None)
    finally:
        stop.set()
        for thread in threads:
            thread.join()


# Input that changes while it is read


def test_input_that_changes_while_it_is_read(fmt):
    class Destroyer(Record):
        a: int

        def __post_init__(self):
            action()

    data = fmt.encode([{"a": i} for i in range(100)] + ["é" * 100])
    action = None
    target = bytearray(data)

    def zero():
        target[:] = b"\x00" * len(target)

    def garbage():
        target[:] = b'\xff"' * (len(target) // 2) + b"\xff" * (len(target) % 2)

    expected = fmt.decode(data)
    for action in (zero, garbage):  # noqa: B007
        target = bytearray(data)
        assert [getattr(v, "a", v) for v in fmt.decode(target, list[Destroyer | str])] == [
            v["a"] if isinstance(v, dict) else v for v in expected
        ]
        target = memoryview(bytearray(data))
        assert len(fmt.decode(target, list[Destroyer | str])) == 101
        mapped = mmap.mmap(-1, len(data))
        mapped.write(data)
        target = mapped
        assert len(fmt.decode(mapped, list[Destroyer | str])) == 101


def test_buffers_that_are_resized_or_released(fmt):
    class Resizer(Record):
        a: int

        def __post_init__(self):
            target.extend(b"more" * 1000) if self.a % 2 else target.clear()

    data = fmt.encode([{"a": i} for i in range(100)])
    target = bytearray(data)
    assert [v.a for v in fmt.decode(target, list[Resizer])] == list(range(100))
    view = memoryview(bytearray(data))

    class Releaser(Record):
        a: int

        def __post_init__(self):
            view.release()

    assert [v.a for v in fmt.decode(view, list[Releaser])] == list(range(100))
    with pytest.raises(ValueError, match="released"):
        fmt.decode(view)


def test_buffers_that_shrink_while_they_are_written(fmt):
    data = bytearray(b"x" * 100)
    for value in hooks(data.clear):
        data[:] = b"x" * 100
        outcome(fmt, [data, value, data, memoryview(bytes(data))])


# What errors say


def test_the_text_of_an_error():
    data = b'{"users": [\n  {"id": 1},\n  {"id": "7x", "n\xc3\xa4me": "b"}\n]}'

    class User(Record):
        id: int

    with pytest.raises(quire.ValidationError) as caught:
        quire.json.decode(data, dict[str, list[User]])
    assert str(caught.value) == (
        'expected int, got str "7x" at $.users[1].id (line 3, column 10; byte 34) [type_mismatch]\n'
        '    3 |   {"id": "7x", "näme": "b"}\n'
        "      |          ^^^^ User.id: int\n"
        '  hint: strict=False would accept a number as text, such as "7", but "7x" is not a number'
    )
    fault = caught.value.errors[0]
    assert (fault.expected, fault.got, fault.value, fault.pointer) == ("int", "str", "7x", "/users/1/id")


FAULTS = [
    # what stands in the document, the type, class, code, path, pointer, expected, got, value
    ({"a": "x"}, dict[str, int], "ValidationError", "type_mismatch", "$.a", "/a", "int", "str", "x"),
    ({"a b": [True]}, dict[str, list[int]], "ValidationError", "type_mismatch", '$["a b"][0]', "/a b/0", "int", "bool", True),
    ({"a/b~c": 1.5}, dict[str, int], "ValidationError", "type_mismatch", '$["a/b~c"]', "/a~1b~0c", "int", "float", 1.5),
    ([None], list[str], "ValidationError", "type_mismatch", "$[0]", "/0", "str", "null", None),
    ([[1]], list[str], "ValidationError", "type_mismatch", "$[0]", "/0", "str", "array", None),
    ([{}], list[str], "ValidationError", "type_mismatch", "$[0]", "/0", "str", "object", None),
    ([1], list[int | None] | None, None, None, None, None, None, None, None),
    (["x"], list[int | None], "ValidationError", "type_mismatch", "$[0]", "/0", "int or null", "str", "x"),
    ([None], list[int | str], "ValidationError", "type_mismatch", "$[0]", "/0", "int or str", "null", None),
    (1, Dog, "ValidationError", "type_mismatch", "$", "", "object", "int", 1),
    ({"type": "dog"}, Dog, "ValidationError", "missing_field", "$", "", None, None, None),
    ({"type": "bird", "age": 1}, Dog | Cat, "ValidationError", "invalid_tag", "$.type", "/type", None, "str", "bird"),
    ({"age": 1}, Dog | Cat, "ValidationError", "missing_tag", "$", "", None, "object", None),
    (["c"], list[Kind], "ValidationError", "invalid_choice", "$[0]", "/0", None, "str", "c"),
    ([1, 2, 3], tuple[int, int], "ValidationError", "wrong_length", "$", "", None, "array", None),
    ({"k": 2**53 + 1}, dict[str, float], "ValidationError", "inexact", "$.k", "/k", None, "int", 2**53 + 1),
    ({"k": "2020-02-30"}, dict[str, dt.date], "ValidationError", "invalid_format", "$.k", "/k", None, "str", "2020-02-30"),
]


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: f"{case[0]} as {case[1]}")
def test_a_table_of_faults(fmt, case):
    document, type_, error, code, path, pointer, expected, got, value = case
    data = fmt.encode(document)
    if error is None:
        fmt.decode(data, type_)
        return
    with pytest.raises(getattr(quire, error)) as caught:
        fmt.decode(data, type_)
    fault = check_error(caught.value, data)
    assert type(caught.value).__name__ == error
    assert (fault.code, fault.path, fault.pointer) == (code, path, pointer)
    assert (fault.expected, fault.got, fault.value) == (expected, got, value)
    assert (fault.line is None) == fmt.binary


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_lines_and_columns(newline):
    text = newline.join(["[", ' "é€😀", 1,', "  \t[2, x]", "]"])
    with pytest.raises(quire.MalformedError) as caught:
        quire.json.decode(text)
    fault = caught.value.errors[0]
    assert (fault.line, fault.column, fault.path) == (3, 8, "$[2][1]")
    assert fault.offset == text.encode().index(b"x]")
    for document in (text, text.encode(), bytearray(text, "utf-8")):
        assert pytest.raises(quire.MalformedError, quire.json.decode, document).value.errors[0] == fault


def test_errors_without_anything_but_the_engine(fmt):
    import copy
    import pickle

    with pytest.raises(quire.ValidationError) as caught:
        fmt.decode(fmt.encode({"a": "x"}), dict[str, int])
    for other in (pickle.loads(pickle.dumps(caught.value)), copy.copy(caught.value)):
        assert str(other) == str(caught.value) and other.errors == caught.value.errors
