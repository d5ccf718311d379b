# SPDX-License-Identifier: Apache-2.0
"""quire.json's dumps and loads beside the standard library's, on random objects, text and arguments: the same value, or the same
exception with the same message at the same place."""

import decimal
import io
import json
import math

from hypothesis import given, settings
from hypothesis import strategies as st

import quire.json as ours

many = settings(max_examples=100)


class Int(int):
    def __repr__(self):
        return "Int!"

    __str__ = __repr__


class Float(float):
    def __repr__(self):
        return "Float!"


class Str(str):
    __slots__ = ()


class List(list):
    def __iter__(self):
        return iter([*list.__iter__(self), "iterated"])


class Tuple(tuple):
    __slots__ = ()


class Dict(dict):
    def items(self):
        return list(dict.items(self))[::-1]


def outcome(function, *args, **kwargs):
    """What a call comes to, to be compared: the value as text (NaN is not equal to itself), or all there is to an exception."""
    try:
        value = function(*args, **kwargs)
    except Exception as error:
        place = [getattr(error, name, None) for name in ("msg", "doc", "pos", "lineno", "colno", "object", "start", "end")]
        return type(error), str(error), repr(error.args), repr(place), error.__suppress_context__
    return type(value), repr(value)


ODD = [
    "\x00",
    "\x1f",
    "\x7f",
    '"',
    "\\",
    "/",
    "\n",
    "\xe9",
    "\xff",
    "\u20ac",
    "\u2028",
    "\ud800",
    "\udc00",
    "\U0001f600",
    "a",
    " ",
]
texts = st.one_of(
    st.text(max_size=12), st.text(st.sampled_from(ODD), max_size=40), st.text(st.characters(codec="ascii"), max_size=80)
)
floats = st.one_of(st.floats(), st.sampled_from([1e22, 1e16, 1e-5, 123456789.125, -0.0]))
scalars = st.one_of(
    texts, st.integers(), st.integers(-(2**70), 2**70), floats, st.none(), st.booleans(), texts.map(Str), st.integers().map(Int)
)
odd = st.one_of(scalars, floats.map(Float), st.just(object), st.just(1j), st.just({1}))
keys = st.one_of(texts, st.sampled_from(["a", "b", "id"]))
odd_keys = st.one_of(
    keys, keys, st.integers(), st.integers().map(Int), floats, st.none(), st.booleans(), st.just((1,)), texts.map(Str)
)


def containers(inner):
    lists = st.lists(inner, max_size=5)
    dicts = st.one_of(st.dictionaries(keys, inner, max_size=5), st.dictionaries(odd_keys, inner, max_size=5))
    return st.one_of(lists, lists, dicts, dicts, lists.map(tuple), lists.map(List), lists.map(Tuple), dicts.map(Dict))


objects = st.recursive(odd, containers, max_leaves=20)
documents = st.recursive(
    st.one_of(texts, st.integers(), floats, st.none(), st.booleans()),
    lambda inner: st.one_of(st.lists(inner, max_size=5), st.dictionaries(keys, inner, max_size=5)),
    max_leaves=20,
)


def default(o):
    return {"object": ["made"]} if o is object else [o.real, o.imag]


marks = st.one_of(st.sampled_from([(",", ":"), (", ", " : "), (" " * 12, "=" * 9), ("\xe9", ":"), [",", ":"]]), st.none())
dump_options = st.fixed_dictionaries(
    {},
    optional={
        "skipkeys": st.sampled_from([True, False, 1]),
        "ensure_ascii": st.booleans(),
        "check_circular": st.booleans(),
        "allow_nan": st.booleans(),
        "sort_keys": st.booleans(),
        "indent": st.sampled_from([None, 0, 1, 2, -1, 20, True, "\t", "--", "\xe9"]),
        "separators": marks,
        "default": st.sampled_from([None, default]),
    },
)


@many
@given(objects, dump_options)
def test_dumps(value, options):
    assert outcome(ours.dumps, value, **options) == outcome(json.dumps, value, **options)


@many
@given(objects, dump_options)
def test_encoders(value, options):
    class Ours(ours.JSONEncoder):
        def default(self, o):
            return default(o)

    class Standard(json.JSONEncoder):
        default = Ours.default

    assert outcome(lambda: ours.JSONEncoder(**options).encode(value)) == outcome(
        lambda: json.JSONEncoder(**options).encode(value)
    )
    options.pop("default", None)
    expected = outcome(json.dumps, value, cls=Standard, **options)
    assert outcome(ours.dumps, value, cls=Ours, **options) == expected
    assert outcome(ours.dumps, value, cls=Standard, **options) == expected


@many
@given(objects, dump_options)
def test_dump(value, options):
    def written(module):
        file = io.StringIO()
        return outcome(module.dump, value, file, **options), file.getvalue()

    assert written(ours) == written(json)


FRAGMENTS = """[ ] { } , : " \\ \\u \\ud83d \\ude00 \\ud83d\\u \\u00e9 \\x \\u12 NaN Infinity - -Infinity 1e5 1e 1. 01 e E+ .5 tru true null nul
1e999 -1e999 123456789012345678901 1e-400 0.1e1 -0 -0.0 1E+2""".split()
fragments = st.one_of(st.sampled_from(FRAGMENTS), st.sampled_from(ODD), st.just("\ufeff"), st.just("\x0b"), st.just(""))


@st.composite
def faulty(draw):
    """A document in one of its spellings, with up to four places changed."""
    text = json.dumps(draw(documents), ensure_ascii=draw(st.booleans()), indent=draw(st.sampled_from([None, None, 1])))
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(text)))
        text = text[:at] + draw(fragments) + text[at + draw(st.integers(0, 3)) :]
    return text


hooks = st.fixed_dictionaries(
    {},
    optional={
        "strict": st.sampled_from([True, False, 0]),
        "object_hook": st.sampled_from([None, lambda d: ("hook", d)]),
        "object_pairs_hook": st.sampled_from([None, lambda pairs: ("pairs", pairs)]),
        "parse_float": st.sampled_from([None, decimal.Decimal, float, str]),
        "parse_int": st.sampled_from([None, float, int, str]),
        "parse_constant": st.sampled_from([None, str]),
    },
)
no_hooks = st.just({})


@many
@given(faulty(), st.one_of(no_hooks, hooks))
def test_loads(text, options):
    assert outcome(ours.loads, text, **options) == outcome(json.loads, text, **options)
    assert outcome(ours.JSONDecoder(**options).decode, text) == outcome(json.JSONDecoder(**options).decode, text)


CODECS = ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"]


@many
@given(
    faulty(), st.sampled_from(CODECS), st.one_of(no_hooks, hooks), st.integers(0, 20), st.integers(0, 40), st.binary(max_size=3)
)
def test_loads_bytes(text, codec, options, at, end, junk):
    data = text.encode(codec, "surrogatepass")
    for one in (data, bytearray(data), data[at:], data[:end], data[:at] + junk + data[at:]):
        assert outcome(ours.loads, one, **options) == outcome(json.loads, one, **options)


@many
@given(faulty(), st.integers(-2, 12), st.one_of(no_hooks, hooks))
def test_raw_decode_and_scan_once(text, at, options):
    one, other = ours.JSONDecoder(**options), json.JSONDecoder(**options)
    assert outcome(one.raw_decode, text, at) == outcome(other.raw_decode, text, at)
    assert outcome(one.scan_once, text, at) == outcome(other.scan_once, text, at)


@many
@given(documents, st.booleans())
def test_there_and_back(value, ascii_only):
    text = ours.dumps(value, ensure_ascii=ascii_only)
    assert repr(ours.loads(text)) == repr(json.loads(text))
    assert ours.dumps(ours.loads(text), ensure_ascii=ascii_only) == text


@many
@given(st.floats(allow_nan=False, allow_infinity=False), st.booleans())
def test_floats_and_long_digits(value, strict):
    """Both readers: the one without hooks and the scanner."""
    for text in (repr(value), f"{decimal.Decimal(value):f}", f"{value:.30e}"):
        read = ours.loads(text, strict=strict)
        assert type(read) is type(json.loads(text)) and read == json.loads(text)
        assert not isinstance(read, float) or math.copysign(1, read) == math.copysign(1, value)
