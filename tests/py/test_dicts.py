# SPDX-License-Identifier: Apache-2.0
"""Dicts that were decoded behave as any other dict, whatever they were made from: every operation, against a plain one."""

import collections
import copy
import enum
import gc
import json
import pickle
import sys
import types
from typing import Literal, TypedDict

import pytest
from conftest import leaves_nothing
from hypothesis import given, settings
from hypothesis import strategies as st
from type_table import Color, Level

import quire


class Text(str):
    pass


SIZES = [1, 2, 3, 4, 5, 6, 7, 10, 11, 21, 22, 29, 30, 31, 42, 43, 85, 86, 120, 199, 200, 201]


def decoded(fmt, plain, twins=6):
    """A dict equal to `plain` out of a document of several such: the first ones warm up, the last one comes from a template."""
    made = fmt.decode(fmt.encode([plain] * twins))
    assert all(type(d) is dict for d in made)
    return made[-1]


def numbered(n):
    return {f"k{i}": i for i in range(n)}


def same(a, b):
    return a == b and b == a and list(a) == list(b) and list(a.values()) == list(b.values()) and len(a) == len(b)


def check(made, plain):
    """All ways of looking at it."""
    assert same(made, plain)
    assert list(made.items()) == list(plain.items()) and list(reversed(made)) == list(reversed(plain))
    assert repr(made) == repr(plain) and dict(made) == plain and {**made} == plain and bool(made) == bool(plain)
    assert [made[k] for k in plain] == list(plain.values()) and all(k in made for k in plain) and "no such key" not in made
    assert made.get("no such key", 1) == 1 and made.get(1.5) is None
    assert same(made.copy(), plain) and same(copy.copy(made), plain) and same(copy.deepcopy(made), plain)
    assert same(pickle.loads(pickle.dumps(made)), plain) and sys.getsizeof(made) > 0
    assert json.dumps(made, default=str, skipkeys=True) == json.dumps(plain, default=str, skipkeys=True)
    with pytest.raises(KeyError):
        made["no such key"]


def pop_any(d):
    return d.popitem() if d else None


def rotate(d):
    for key in list(d)[:3]:
        d[key] = d.pop(key)


def function(**kwargs):
    kwargs["made"] = 1
    return kwargs


OPERATIONS = {
    "set new": lambda d, k, v: d.__setitem__(k, v),
    "set old": lambda d, k, v: d and d.__setitem__(next(iter(d)), v),
    "set last": lambda d, k, v: d and d.__setitem__(next(reversed(d)), v),
    "delete": lambda d, k, v: d.__delitem__(next(iter(d))) if d else None,
    "delete last": lambda d, k, v: d.__delitem__(next(reversed(d))) if d else None,
    "delete and set": lambda d, k, v: (
        (lambda key: (d.__delitem__(key), d.__setitem__(key, v)))(list(d)[len(d) // 2]) if d else None
    ),
    "pop": lambda d, k, v: d.pop(k, None),
    "pop known": lambda d, k, v: d.pop(list(d)[len(d) // 2]) if d else None,
    "popitem": lambda d, k, v: pop_any(d),
    "setdefault": lambda d, k, v: d.setdefault(k, v),
    "setdefault known": lambda d, k, v: d.setdefault(next(iter(d)), v) if d else None,
    "update": lambda d, k, v: d.update({k: v, "x": 1}),
    "update many": lambda d, k, v: d.update({f"{k} {i}": i for i in range(20)}),
    "update same": lambda d, k, v: d.update(d),
    "update keywords": lambda d, k, v: d.update(a=v, b=k),
    "or": lambda d, k, v: d.__ior__({k: v}),
    "or copy": lambda d, k, v: d | {k: v},
    "clear": lambda d, k, v: d.clear(),
    "copy": lambda d, k, v: d.copy().update({k: v}),
    "other key": lambda d, k, v: d.__setitem__(len(d), v),
    "bytes key": lambda d, k, v: d.__setitem__(b"b", v),
    "subclass key": lambda d, k, v: d.__setitem__(collections.UserString(k), v) if len(k) % 2 else d.__setitem__(Text(k), v),
    "delete other": lambda d, k, v: d.pop(1, None),
    "rotate": lambda d, k, v: rotate(d),
    "iterate": lambda d, k, v: [*d.items(), *reversed(d.values())],
    "keywords": lambda d, k, v: list(function(**{str(x): y for x, y in d.items()})),
    "itself": lambda d, k, v: d.__setitem__(k, [v]),
    "fill up": lambda d, k, v: [d.__setitem__(f"fill {i}", i) for i in range(40)],
    "empty one by one": lambda d, k, v: [d.pop(key) for key in list(d)],
    "empty from behind": lambda d, k, v: [d.popitem() for _ in range(len(d))],
    "views": lambda d, k, v: (sorted(map(str, d.keys() & {k, "k0"})), ("k0", 0) in d.items(), v in d.values()),
}


@pytest.mark.parametrize("n", SIZES)
def test_they_are_what_was_written(fmt, n):
    plain = numbered(n)
    for twins in (1, 2, 3, 4, 10):
        check(decoded(fmt, plain, twins), plain)


@pytest.mark.parametrize("n", SIZES)
def test_each_operation(fmt, n):
    for name, operation in OPERATIONS.items():
        made, plain = decoded(fmt, numbered(n)), numbered(n)
        other = decoded(fmt, numbered(n))
        results = [operation(d, "key", 5) for d in (made, plain)]
        assert results[0] == results[1], name
        assert same(made, plain), name
        assert same(other, numbered(n)), f"{name} changed another dict"
        check(made, plain)


@given(
    st.integers(1, 40),
    st.lists(
        st.tuples(
            st.sampled_from(sorted(OPERATIONS)), st.sampled_from(["k0", "k1", "k7", "new", "é", "", "x"]), st.integers(0, 3)
        ),
        max_size=12,
    ),
)
@settings(max_examples=150)
def test_any_operations_one_after_the_other(fmt, n, steps):
    made, plain = decoded(fmt, numbered(n)), numbered(n)
    twin, untouched = decoded(fmt, numbered(n)), numbered(n)
    for name, key, value in steps:
        assert OPERATIONS[name](made, key, value) == OPERATIONS[name](plain, key, value)
        assert same(made, plain)
        assert same(
            fmt.decode(fmt.encode({k: v for k, v in made.items() if type(k) is str})),
            {k: v for k, v in plain.items() if type(k) is str},
        )
    check(made, plain)
    assert same(twin, untouched)
    assert same(decoded(fmt, numbered(n)), untouched)


@given(st.lists(st.text("abcdé€", max_size=4), unique=True, min_size=1, max_size=40), st.data())
@settings(max_examples=80)
def test_deletions_in_any_order(fmt, keys, data):
    plain = {key: [key] for key in keys}
    made = decoded(fmt, plain)
    for key in data.draw(st.permutations(keys)):
        if data.draw(st.booleans()):
            del made[key], plain[key]
        else:
            made[key], plain[key] = made.pop(key), plain.pop(key)
        assert same(made, plain)
    check(made, plain)


def test_changing_while_iterating_is_noticed(fmt):
    for n in (3, 30, 31, 100):
        made = decoded(fmt, numbered(n))
        with pytest.raises(RuntimeError, match="changed size"):
            for key in made:
                made[key + "x"] = 1
        made = decoded(fmt, numbered(n))
        with pytest.raises(RuntimeError):
            for _ in made.items():
                made.clear()
        made = decoded(fmt, numbered(n))
        for key in made:
            made[key] = "changed"
        assert set(made.values()) == {"changed"}


@pytest.mark.parametrize("n", [2, 6, 30, 31, 60])
def test_as_namespaces(fmt, n):
    class Object:
        pass

    made = decoded(fmt, numbered(n))
    thing = Object()
    thing.before = 1
    thing.__dict__ = made
    for _ in range(100):  # the interpreter specialises what is done often
        assert thing.k1 == 1
        thing.k1 = thing.k1 + 0
        thing.new = 2
        del thing.new
    assert thing.__dict__ is made and "before" not in vars(thing)
    with pytest.raises(AttributeError):
        thing.before  # noqa: B018
    assert vars(copy.copy(thing)) == made and vars(copy.deepcopy(thing)) == made

    namespace = decoded(fmt, numbered(n))
    code = compile(
        "global total\ntotal = 0\nfor i in range(100): total += k0 + k1\nk1 = 5\ndel k0\nfresh = [k1 for _ in range(3)]",
        "made",
        "exec",
    )
    exec(code, namespace)
    assert namespace["total"] == 100 and namespace["k1"] == 5 and "k0" not in namespace and namespace["fresh"] == [5, 5, 5]
    assert eval("k1 + 1", decoded(fmt, numbered(n))) == 2
    assert eval("k1 + 1", {}, decoded(fmt, numbered(n))) == 2

    module = types.ModuleType("module")
    module.__dict__.update(decoded(fmt, numbered(n)))
    assert module.k1 == 1
    cls = type("Made", (), decoded(fmt, numbered(n)))
    assert cls.k1 == 1
    assert types.MappingProxyType(made)["k1"] == 1
    assert function(**decoded(fmt, numbered(n))) == {**numbered(n), "made": 1}
    assert collections.ChainMap(made, {"z": 1})["k1"] == 1 and collections.Counter(decoded(fmt, numbered(n)))["k1"] == 1
    assert collections.OrderedDict(decoded(fmt, numbered(n))) == numbered(n)
    assert "{k1}".format_map(decoded(fmt, numbered(n))) == "1" and "%(k1)s" % decoded(fmt, numbered(n)) == "1"
    match decoded(fmt, numbered(n)):
        case {"k0": 0, **rest}:
            assert len(rest) == n - 1
        case _:
            raise AssertionError


def test_instances_of_a_class_may_share_their_dict(fmt):
    class Object:
        pass

    things = []
    for made in fmt.decode(fmt.encode([numbered(5)] * 20)):
        thing = Object()
        thing.__dict__ = made
        things.append(thing)
    for i, thing in enumerate(things):
        thing.k0 = i
        if i % 3 == 0:
            del thing.k4
    assert [thing.k0 for thing in things] == list(range(20))
    assert [hasattr(thing, "k4") for thing in things] == [i % 3 != 0 for i in range(20)]


def test_equality_with_others(fmt):
    made = decoded(fmt, numbered(6))
    assert made == decoded(fmt, dict(reversed(numbered(6).items()))) == numbered(6)
    assert made != numbered(5) and made != {**numbered(6), "k0": 9} and not made == 5
    assert made | {"k0": 7} == {**numbered(6), "k0": 7} and {"k0": 7} | made == numbered(6)


@pytest.mark.parametrize("n", [1, 5, 30, 31])
def test_tracking_by_the_collector(fmt, n):
    """Tracked when a value is a container, as soon as one is stored; cycles through it are found."""
    atoms = fmt.decode(fmt.encode([numbered(n)] * 6))
    lists = fmt.decode(fmt.encode([{**numbered(n), "k0": []}] * 6))
    assert all(map(gc.is_tracked, lists))
    for made in atoms:
        made["k0"] = made
        assert gc.is_tracked(made)
    for made in lists:
        made["k0"].append(made)

    class Marker:
        gone = 0

        def __del__(self):
            Marker.gone += 1

    for made in atoms + lists:
        made["marker"] = Marker()
    del atoms, lists, made
    gc.collect()
    assert Marker.gone == 12


def test_values_are_let_go(fmt):
    class Key(str):
        pass

    for n in (1, 5, 30, 31, 100):
        made = decoded(fmt, {f"k{i}": f"some text that nobody else has {i}" for i in range(n)})
        value = made["k0"]
        before = sys.getrefcount(value)
        other = made.copy()
        assert sys.getrefcount(value) == before + 1
        del other
        made.clear()
        assert sys.getrefcount(value) == before - 1


def test_no_memory_is_left(fmt):
    def work():
        for n in (1, 5, 8, 30, 31, 100):
            for made in fmt.decode(fmt.encode([numbered(n)] * 8)):
                for operation in OPERATIONS.values():
                    operation(made, "key", 5)
                other = decoded(fmt, numbered(n))
                other.pop("k0")
                other.copy().clear()

    leaves_nothing(work)


def test_typeddicts_too(fmt):
    class Movie(TypedDict):
        name: str
        year: int
        cast: list[str]

    plain = {"name": "a", "year": 1, "cast": ["x"]}
    for name, operation in OPERATIONS.items():
        made = fmt.decode(fmt.encode([plain] * 3), list[Movie])[-1]
        expected = copy.deepcopy(plain)
        assert operation(made, "key", 5) == operation(expected, "key", 5), name
        check(made, expected)


def test_long_and_strange_keys(fmt):
    for keys in (
        ["a" * 1000, "b" * 1000],
        ["é", "ü" * 100, "€", "\U0001f600"],
        [""],
        ["\x00", "\n", '"'],
        ["a", "A", "aa"],
        [str(i) for i in range(200)],
    ):
        plain = dict.fromkeys(keys, 1)
        made = decoded(fmt, plain)
        check(made, plain)
        made["more"] = 1
        assert made == {**plain, "more": 1}


def test_keys_of_a_literal_of_truth_values(fmt):
    type_ = dict[Literal[True, False], int]
    assert fmt.decode(fmt.encode({True: 1, False: 2}), type_) == {True: 1, False: 2}
    fault = fmt.refuses(fmt.encode({False: 2}), dict[Literal[True], int])
    assert fault.code == "invalid_choice"


class Several(enum.Enum):
    ONE = 1
    TWO = "two"


@pytest.mark.parametrize(
    ("type_", "keys"),
    [
        (Several, list(Several)),
        (Literal["a", 1, True], ["a", True]),
        (Literal["a", 1, -5], ["a", 1, -5]),
        (Level | Color, [Level.LOW, Color.RED]),
    ],
)
def test_keys_of_several_kinds(type_, keys, fmt):
    value = {key: i for i, key in enumerate(keys)}
    for data in (fmt.encode(value), fmt.Encoder(dict[type_, int]).encode(value)):
        back = fmt.decode(data, dict[type_, int])
        assert back == value
        assert [type(key) for key in back] == [type(key) for key in value]
    assert quire.convert(value, dict[type_, int]) == value
    for bad in ({"other": 1}, {"7": 1}, {"false": 1}, {"1.0": 1}, {"01": 1}):
        with pytest.raises(quire.ValidationError) as caught:
            fmt.decode(fmt.encode(bad), dict[type_, int])
        assert caught.value.errors[0].code in ("invalid_choice", "type_mismatch")


def test_keys_that_would_be_the_same_text():
    for type_ in (Literal[1, "1"], Literal[True, "true"]):
        with pytest.raises(quire.SchemaError, match="two keys of the dict would both be the text"):
            quire.json.Decoder(dict[type_, int])
    with pytest.raises(quire.SchemaError, match="cannot be a union"):
        quire.json.Decoder(dict[int | str, int])
