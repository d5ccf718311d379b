# SPDX-License-Identifier: Apache-2.0
"""The order of keys where it is found before anything is written: dicts of every size and of every kind of table, shapes that come again,
text that differs late or not in what can be seen, and dicts that change while they are written."""

import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quire
import quire.json
import quire.msgpack
from quire import Record

PIECES = [
    "",
    "a",
    "b",
    "\0",
    "~",
    "é",
    "ÿ",
    "Ā",
    "€",
    "\ud7ff",
    "\ue000",
    "\uffff",
    "\U00010000",
    "\U0001f469",
    "\U0001ffff",
    "\U00020000",
    "\U000e0067",
    "\U0010ffff",
    "\u200d",
    "prefix-of-eight",
]


def utf16(key):
    return key.encode("utf-16-be")


def shortest_first(key):
    return len(key.encode()), key.encode()


def check(fmt, value):
    """Both formats, both orders of JSON, and what was written is the value."""
    by = utf16 if fmt.name == "json" else shortest_first
    assert list(fmt.decode(fmt.encode(value, canonical=True)).items()) == sorted(value.items(), key=lambda pair: by(pair[0]))
    by = str if fmt.name == "json" else shortest_first
    assert list(fmt.decode(fmt.encode(value, key_order="sorted")).items()) == sorted(value.items(), key=lambda pair: by(pair[0]))


@settings(max_examples=80)
@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=6).map("".join), max_size=120))
def test_text_of_every_width(fmt, keys):
    check(fmt, {key: i for i, key in enumerate(keys)})


@pytest.mark.parametrize("count", [2, 5, 8, 9, 12, 16, 17, 26, 32, 33, 64, 65, 66, 97, 1023, 1025, 4097])
@pytest.mark.parametrize("alphabet", ["ab", "0123456789", "aé", "a€\ue000", "a\U0001f469\ue000\u200d", "\U000e0067\ud7ff\ue000\uffff\U0001ffff", "\U00020000\U0001ffff\ue000", "\0a"])
def test_every_size(fmt, count, alphabet):
    source = random.Random(count)
    keys = {"".join(source.choices(alphabet, k=source.choice([1, 2, 3, 5, 9, 14]))): None for _ in range(count)}
    while len(keys) < count:
        keys["".join(source.choices(alphabet, k=20))] = None
    check(fmt, {key: i for i, key in enumerate(keys)})


def test_keys_that_begin_alike(fmt):
    source = random.Random(1)
    for prefix in ("x" * 30, "x" * 300, "é" * 30, "€" * 100, "\U0001f469" * 25, "\U0001f469\u200d" * 2, "\U00020000" * 4, "\U000e0067\ue000" * 3):
        keys = [
            prefix + end for end in ["", "\0", "\0\0", *(f"{source.randrange(10**9)}" for _ in range(90)), "é", "€", "\U0001f600"]
        ]
        source.shuffle(keys)
        check(fmt, dict.fromkeys(keys))
    check(fmt, dict.fromkeys(["a" + "\0" * (i * 37 % 100) for i in range(100)]))


def test_tables_of_every_kind(fmt):
    class Plain:
        def __init__(self, names):
            for name in names:
                setattr(self, name, len(name))

    names = ["delta", "alpha", "charlie", "bravo"]
    first, reordered, fewer = Plain(names), Plain(names[::-1]), Plain(names[:2])
    gaps = {f"k{i * 37 % 100}": i for i in range(100)}
    for i in range(0, 100, 3):
        del gaps[f"k{i}"]
    few = {f"k{i * 7 % 10}": i for i in range(10)}
    del few["k3"], few["k0"]
    general = {1: 2, **few}
    del general[1]
    emptied = dict(few)
    emptied.clear()
    for value in (vars(first), vars(reordered), vars(fewer), gaps, few, general, emptied, dict(gaps), {**few, "k3": None}):
        for _ in range(3):
            check(fmt, value)
        both = [value, value, dict(value), value]
        data = fmt.encode(value, canonical=True)
        assert fmt.encode(both, canonical=True) == joined(fmt, [data] * 4)


def joined(fmt, parts):
    return b"[" + b",".join(parts) + b"]" if fmt.name == "json" else bytes([0x90 + len(parts)]) + b"".join(parts)


def test_shapes_that_come_again(fmt):
    """Shapes in turn, more than are kept, with keys too long to be kept as they are written, equal keys that are other objects, and
    dicts of the same shape within each other."""
    source = random.Random(7)
    names = [
        "id",
        "name",
        "x" * 40,
        "é",
        'quo"te',
        "\U0001f600",
        "z",
        "value-of-26-characters-long",
        "tail-of-thirty-one-characters-",
    ]
    shapes = [source.sample(names, source.randrange(2, 8)) for _ in range(60)]
    value = []
    for i in range(600):
        keys = source.choice(shapes)
        value.append({(key if i % 5 else "".join(list(key))): i for key in keys})
    nested = 1
    for _ in range(50):
        nested = {"b": nested, "a": [{"b": 1, "a": 2}], "c": nested if nested == 1 else None}
    value.append(nested)
    by = utf16 if fmt.name == "json" else shortest_first

    def ordered(item):
        if isinstance(item, dict):
            return {key: ordered(item[key]) for key in sorted(item, key=by)}
        return [ordered(part) for part in item] if isinstance(item, list) else item

    assert fmt.encode(value, canonical=True) == fmt.encode(ordered(value))
    typed = fmt.Encoder(list[dict[str, int]], canonical=True)
    assert typed.encode(value[:-1]) == fmt.encode(ordered(value[:-1]))
    if fmt.name == "json":
        assert quire.json.encode(value, key_order="sorted", indent=2, ascii=True).decode() == json.dumps(
            value, sort_keys=True, indent=2
        )


def test_keys_that_cannot_be_written(fmt):
    for key in ("\ud800", "a\udfff"):
        for value in ({"b": 1, key: 2}, [{"b": 1, key: 2}] * 3, {**dict.fromkeys(map(str, range(100))), key: 2}):
            with pytest.raises(quire.EncodeError) as caught:
                fmt.encode(value, canonical=True)
            assert caught.value.errors[0].code == "lone_surrogate"


class Meddler:
    """Its value is asked for while the dict is written, which it changes."""

    def __init__(self):
        self.change = lambda: None

    @property
    def value(self):
        self.change()
        return 1


adapters = quire.Adapters().add(Meddler, quire.Adapter(wire=int, encode=lambda meddler: meddler.value, decode=int))


@pytest.mark.parametrize("count", [3, 30, 100])
@pytest.mark.parametrize("known", [False, True])
def test_dicts_that_change(fmt, count, known):
    def encode(change):
        meddler = Meddler()
        target = {f"k{i * 7 % count:03}": 0 for i in range(count)} | {"k001": meddler}
        meddler.change = lambda: change(target)
        before = [dict.fromkeys(target, 0)] * 3 if known else []
        return fmt.Encoder(canonical=True, adapters=adapters).encode([*before, target])

    def replace(target):
        names = list(target)
        target.clear()
        target.update(dict.fromkeys(names[::-1], 5))

    for change in (
        dict.clear,
        lambda target: target.update(more=1),
        lambda target: target.pop("k002"),
        lambda target: target.pop("k001"),
    ):
        with pytest.raises(quire.EncodeError) as caught:
            encode(change)
        assert caught.value.errors[0].code == "changed"
    untouched = encode(lambda target: None)
    assert encode(lambda target: target.update(k000=0)) == untouched
    try:
        assert len(encode(replace)) == len(untouched)  # another table may have the place of the one that was
    except quire.EncodeError as error:
        assert error.errors[0].code in ("changed", "duplicate_key")  # a key that came before comes again

    def fails(target):
        target.clear()
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        encode(fails)


class Point(Record):
    y: int
    x: int
    label: str | None = None


class Tagged(Record, tag="tagged", tag_field="m"):
    z: int
    a: int


class Short(Record, omit="default"):
    z: int = 0
    b: int = 1


def test_records_in_place(fmt):
    points = [Point(1, 2), Point(3, 4, "é")]
    expected = fmt.encode([{"x": 2, "y": 1, "label": None}, {"x": 4, "y": 3, "label": "é"}], canonical=True)
    assert fmt.encode(points, canonical=True) == fmt.Encoder(list[Point], canonical=True).encode(points) == expected
    expected = fmt.encode({"a": 2, "m": "tagged", "z": 1}, canonical=True)
    assert fmt.encode(Tagged(1, 2), canonical=True) == fmt.Encoder(Tagged, canonical=True).encode(Tagged(1, 2)) == expected
    assert fmt.encode([Short(), Short(1, 2)], canonical=True) == fmt.encode([{}, {"b": 2, "z": 1}], canonical=True)
    unset = Point.__new__(Point)
    with pytest.raises(quire.EncodeError) as caught:
        fmt.encode([unset], canonical=True)
    assert caught.value.errors[0].code == "unset_field"


DEEP = [
    "\u4e2d" * 5 + last
    for last in "\U00010000\U00010001\U00010002\U00010003\U00010004\U00010005\U00010006\U00010007\U00010008\U00020801\U0002a6df\U0010ffff"
]
NAMES = ["\u8eab\u4efd\u8b49\u59d3\u540d\u4e00" + last for last in "\u7532\u4e59\u4e19\u4e01\u620a\u5df1\u5e9a\u8f9b\U00020bb7"]
ASCII = ["aaaaaa" + last for last in "123456789Z\ue000\U00010000\U0010ffff"]


@pytest.mark.parametrize("keys", [DEEP, NAMES, ASCII, [key[:1] * 9 + key for key in DEEP]])
def test_the_last_planes_behind_what_is_alike(fmt, keys):
    """Many keys that begin alike, then code points of more than 17 bits; a dict may have had other keys before."""
    plain = dict.fromkeys(keys, 1)
    grown = {f"x{number}": 0 for number in range(60)} | plain
    for number in range(60):
        del grown[f"x{number}"]
    assert fmt.encode(plain, canonical=True) == fmt.encode(grown, canonical=True) == fmt.encode(dict.fromkeys(reversed(keys), 1), canonical=True)
    order = list(fmt.decode(fmt.encode(grown, key_order="sorted")))
    assert order == list(fmt.decode(fmt.encode(plain, key_order="sorted"))) == sorted(keys)
    if fmt.name == "json":
        assert list(fmt.decode(fmt.encode(grown, canonical=True))) == sorted(keys, key=lambda key: key.encode("utf-16-be"))
    else:
        by_bytes = sorted(keys, key=lambda key: (len(key.encode()), key.encode()))
        assert list(fmt.decode(fmt.encode(grown, canonical=True))) == by_bytes
