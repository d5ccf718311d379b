# SPDX-License-Identifier: Apache-2.0
"""What an Encoder remembers of the keys it has put in order, from call to call: it must never be seen in what is written."""

import random
import sys

import pytest
from conftest import leaves_nothing
from hypothesis import given, settings
from hypothesis import strategies as st
from in_threads import together

import quire
import quire.json
import quire.msgpack

SIZES = [2, 9, 16, 17, 40, 64, 65, 300, 1100]


def utf16(key):
    return key.encode("utf-16-be")


def shortest_first(key):
    return len(key.encode()), key.encode()


def ordered(fmt, value):
    by = utf16 if fmt.name == "json" else shortest_first
    if isinstance(value, dict):
        return {key: ordered(fmt, value[key]) for key in sorted(value, key=by)}
    return [ordered(fmt, item) for item in value] if isinstance(value, list) else value


def check(fmt, encoder, value):
    assert encoder.encode(value) == fmt.encode(ordered(fmt, value))


def fresh(source, count, alphabet="abcdefgh"):
    """A dict whose keys are objects of its own."""
    keys = set()
    while len(keys) < count:
        keys.add("".join(source.choices(alphabet, k=source.randrange(1, 12))))
    keys = list(keys)
    source.shuffle(keys)
    return {key: i for i, key in enumerate(keys)}


KEYS = ["id", "a", "b", "name", "\ue000", "\U0001f600", "\U000e0067", "\U00020000", "é", "prefix-of-eight", "prefix-of-eighth"]


@settings(max_examples=60)
@given(st.lists(st.lists(st.sampled_from(KEYS), min_size=1, max_size=6, unique=True), max_size=12), st.booleans())
def test_dicts_in_turn(fmt, shapes, same):
    encoder = fmt.Encoder(canonical=True)
    for _ in range(3):
        for names in shapes:
            check(fmt, encoder, {(name if same else "".join(list(name))): i for i, name in enumerate(names)})
        check(fmt, encoder, [{name: [{name: 1, "": 2}] for name in names} for names in shapes])


@pytest.mark.parametrize("count", SIZES)
def test_the_same_dict_changes_between_calls(fmt, count):
    source = random.Random(count)
    encoder = fmt.Encoder(canonical=True)
    value = fresh(source, count)
    for _ in range(4):
        check(fmt, encoder, value)
    first, second = list(value)[:2]
    for change in (
        lambda: value.update({first: "other"}),
        lambda: value.update({first: value.pop(first)}),  # at the end now, with a gap where it was
        lambda: value.pop(second),
        lambda: value.update(dict.fromkeys(["zz-new", "\U0001f600", "\uffff"], 1)),
        lambda: value.pop("zz-new"),
        lambda: [value.update({key: value.pop(key)}) for key in list(value)[::-1]],
        lambda: value.update({"x" * 200: 1, "x" * 199 + "y": 2}),
        value.clear,
        lambda: value.update(fresh(source, count)),
    ):
        change()
        for _ in range(3):
            check(fmt, encoder, value)
        check(fmt, encoder, dict(value))


@pytest.mark.parametrize("count", SIZES)
def test_keys_that_are_gone(fmt, count):
    """Keys that were freed leave their place in memory to others."""
    encoder = fmt.Encoder(canonical=True)
    for i in range(30):
        value = fresh(random.Random(i // 3), count, "ab\ue000\U0001f600" if i % 2 else "abcd")
        check(fmt, encoder, value)
        check(fmt, encoder, [value, dict(value)])
        del value


def test_keys_live_as_long_as_the_encoder(fmt):
    keys = ["".join(["key-", str(i * 7 % 100)]) for i in range(100)]
    counts = [sys.getrefcount(key) for key in keys]
    encoder = fmt.Encoder(canonical=True)
    for _ in range(5):
        encoder.encode([dict.fromkeys(keys, 1), dict.fromkeys(keys[:5], 1), dict.fromkeys(["x" * 5000, keys[0]])])
    del encoder
    assert [sys.getrefcount(key) for key in keys] == counts

    def work():
        made = fmt.Encoder(canonical=True)
        for _ in range(3):
            made.encode(fresh(random.Random(1), 80) | {"a": fresh(random.Random(2), 5)})
        fmt.encode({f"b{i}": i for i in range(5)}, canonical=True)

    leaves_nothing(work)


class Meddler:
    def __init__(self, change):
        self.change = change

    @property
    def value(self):
        return self.change()


def test_an_encoder_within_its_own_call(fmt):
    """User code that runs while a document is written encodes with the same Encoder, and with the same shapes."""
    adapters = quire.Adapters().add(Meddler, quire.Adapter(wire=bytes, encode=lambda meddler: meddler.value, decode=Meddler))
    encoder = fmt.Encoder(canonical=True, adapters=adapters)
    names = ["c", "a", "b"]
    large = {f"k{i * 7 % 100}": i for i in range(100)}

    def inner(left):
        value = dict.fromkeys(names, 1) | {"b": Meddler(lambda: inner(left - 1)) if left else b""}
        return encoder.encode([large | {"k1": value}, value, large])

    expected = None
    for _ in range(4):
        data = inner(3)
        assert expected in (None, data)
        expected = data
    plain = fmt.Encoder(canonical=True).encode([large | {"k1": {"a": 1, "b": b"", "c": 1}}, {"a": 1, "b": b"", "c": 1}, large])
    assert inner(0) == plain

    def fails():
        raise ValueError("no")

    for _ in range(3):
        with pytest.raises(ValueError, match="no"):
            encoder.encode([large, dict.fromkeys(names, Meddler(fails))])
    assert inner(0) == plain


def test_an_encoder_in_threads(fmt):
    encoder = fmt.Encoder(canonical=True)
    values = [fresh(random.Random(i % 5), [3, 12, 80][i % 3]) for i in range(12)]
    expected = [fmt.encode(ordered(fmt, value)) for value in values]

    def job(start):
        for i in range(200):
            at = (start + i) % len(values)
            assert encoder.encode([values[at]])[1:].startswith(expected[at][:-1])
            assert fmt.encode(values[at], canonical=True) == expected[at]

    together(job)


def test_styles_have_memories_of_their_own():
    value = {"b": 1, "a\xe9": {"z": 1, "y": 2}}
    encoders = [
        quire.json.Encoder(key_order="sorted"),
        quire.json.Encoder(key_order="sorted", ascii=True),
        quire.json.Encoder(key_order="sorted", indent=1),
        quire.json.Encoder(canonical=True),
        quire.msgpack.Encoder(canonical=True),
    ]
    first = [encoder.encode(value) for encoder in encoders]
    for _ in range(5):
        assert [encoder.encode(value) for encoder in encoders] == first
        assert quire.json.encode(value, canonical=True) == first[3] and quire.msgpack.encode(value, canonical=True) == first[4]
        assert quire.json.encode(value, key_order="sorted") == first[0]
        assert quire.json.encode(value, key_order="sorted", indent=1) == first[2]
    assert len(set(first)) == 4 and first[0] == first[3]
