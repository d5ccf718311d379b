# SPDX-License-Identifier: Apache-2.0
"""Pickles and objects that want to harm: what the typed loader must not do for them, and what a plain dump must not ask."""

import dataclasses
import fractions
import gc
import pickle as standard
import sys
import textwrap
import uuid
from collections import Counter, OrderedDict, defaultdict, deque
from typing import Any

import pytest

import quire
from quire import pickle

LEVELS = 150_000


@dataclasses.dataclass
class Loose:
    a: Any = None


class Kept(quire.Record):
    a: Any = None


def name(cls):
    return f"c{cls.__module__}\n{cls.__qualname__}\n".encode()


CALLS = b"\x80\x04" + b"%sq\x000"


# ---------------------------------------------------------------- freeing what is nested


@pytest.mark.parametrize("end", [b".", b"0h\x00)R."], ids=["refused", "dropped"])
def test_nested_deques_are_freed(end):
    data = CALLS % name(deque) + b"h\x00)R" * LEVELS + b"a" * (LEVELS - 1) + end
    if end == b".":
        with pytest.raises(pickle.PickleLimitError, match="nested too deep"):
            pickle.decode(data, deque)
    else:
        assert pickle.decode(data, deque) == deque()


@pytest.mark.parametrize("cls", [defaultdict, OrderedDict])
@pytest.mark.parametrize("end", [b".", b"0h\x00)R."], ids=["refused", "dropped"])
def test_nested_dicts_are_freed(cls, end):
    data = CALLS % name(cls) + b"h\x00)RK\x01" * LEVELS + b"N" + b"s" * LEVELS + end
    if end == b".":
        with pytest.raises(pickle.PickleLimitError, match="nested too deep"):
            pickle.decode(data, cls)
    else:
        assert pickle.decode(data, cls) == cls()


def test_nested_deques_that_break_off():
    with pytest.raises(pickle.TruncatedPickleError):
        pickle.decode(CALLS % name(deque) + b"h\x00)R" * LEVELS + b"a" * (LEVELS - 1), deque)


def test_containers_of_the_result_are_kept():
    shared = deque([defaultdict(int, a=1), defaultdict(str, b=deque([2]))])
    value = ([shared, shared], deque([Counter("aab")]), Loose(deque([3])), (deque(), {"e": deque([4])}), defaultdict(str, c="d"))
    kind = tuple[list[deque], deque[Counter], Loose, Any, defaultdict[str, str]]
    for protocol in range(6):
        assert pickle.decode(standard.dumps(value, protocol), kind) == value


# ---------------------------------------------------------------- the same, made again and again


def many(cls, argument, n=5000):
    return CALLS % name(cls) + argument + b"\x85q\x010](" + b"h\x00h\x01R" * n + b"e."


def list_of(items):
    return b"](" + b"".join(b"J" + i.to_bytes(4, "little") for i in range(items)) + b"e"


@pytest.mark.parametrize(
    "data",
    [
        many(bytearray, b"B" + (1 << 20).to_bytes(4, "little") + b"x" * (1 << 20)),
        many(set, list_of(50_000)),
        many(frozenset, list_of(50_000)),
    ],
    ids=["bytearray", "set", "frozenset"],
)
def test_copies_are_counted(data):
    with pytest.raises(pickle.PickleLimitError, match="made again"):
        pickle.decode(data, Any)


def test_counters_are_counted():
    pairs = b"}(" + b"".join(b"J" + i.to_bytes(4, "little") + b"K\x01" for i in range(50_000)) + b"u"
    with pytest.raises(pickle.PickleLimitError, match="made again"):
        pickle.decode(many(Counter, pairs), list[Counter])


def test_large_numbers_are_counted():
    parts = b"\x8a\xf0" + b"\x01" * 240
    data = CALLS % name(fractions.Fraction) + parts * 2 + b"\x86q\x010](" + b"h\x00h\x01R" * 50_000 + b"e."
    with pytest.raises(pickle.PickleLimitError, match="made again"):
        pickle.decode(data, list[fractions.Fraction])


@pytest.mark.parametrize("cls", [Loose, Kept])
@pytest.mark.parametrize("pair", [b"", b"N\x86"], ids=["dict", "pair"])
def test_states_are_counted(cls, pair):
    state = b"}(" + b"".join(b"\x8c\x05%05dN" % i for i in range(50_000)) + b"u" + pair
    data = CALLS % name(cls) + state + b"q\x010](" + b"h\x00)\x81h\x01b" * 5000 + b"e."
    with pytest.raises((pickle.PickleLimitError, pickle.UnsafePickleError, pickle.MalformedPickleError)) as caught:
        pickle.decode(data, list[cls])
    if cls is Loose:
        assert caught.value.errors[0].code == "pickle_limit"


def test_what_is_not_shared_is_not_counted():
    value = [bytearray(b"x" * 1_000_000), set(range(100_000)), *({i, i + 1} for i in range(50_000))]
    for protocol in (0, 2, 5):
        assert pickle.decode(standard.dumps(value, protocol), Any) == value


# ---------------------------------------------------------------- no more than what the type names


@pytest.mark.parametrize("cls", [Loose, Kept])
def test_no_builder_gets_out(cls):
    data = b"\x80\x02ccopyreg\n_reconstructor\n" + name(cls) + b"cbuiltins\ntuple\n)\x87R."
    assert pickle.decode(data, cls) == cls()
    with pytest.raises(quire.ValidationError):
        pickle.decode(data, tuple[cls, Any])


@pytest.mark.parametrize("data", [b"%s)\x81.", b"](%s)\x81e.", b"}K\x01%s)\x81s.", b"%s)\x81q\x000]h\x00a."])
def test_no_uuid_without_its_number(data):
    with pytest.raises(pickle.UnsafePickleError, match="without the state"):
        pickle.decode(b"\x80\x04" + data % name(uuid.UUID), uuid.UUID | list[uuid.UUID] | dict[int, uuid.UUID])


# ---------------------------------------------------------------- a plain dump asks nobody


class Asked:
    """A key of a class's or module's dict, at the place of a name: whoever looks the name up asks it."""

    def __init__(self, text, act):
        self.text, self.act = text, act

    def __hash__(self):
        return hash(self.text)

    def __eq__(self, other):
        self.act()
        return False


def rows(value):
    return [[f"text {i}" * 3, value(), [f"more {j}" * 3 for j in range(3)]] for i in range(3)]


def compare(value, prepare=lambda: None):
    """What both write when the data is cleared in the midst, at the first question."""
    written = []
    for dumps in (standard.dumps, pickle.dumps, pickle.dumps):
        prepare()
        data = rows(value)
        victims[:] = data
        written.append(dumps(data))
        victims.clear()
    return written


victims = []


def clear():
    for victim in victims:
        victim.clear()
    victims.clear()
    gc.collect()


@pytest.mark.filterwarnings("ignore:non-string key:RuntimeWarning")
def test_keys_of_a_class_are_not_asked_for_its_module():
    made = type("Made", (), {Asked("__module__", clear): 1, "__module__": __name__})
    globals()["Made"] = made
    try:
        first, *others = compare(lambda: made)
        assert others == [first, first]
    finally:
        del globals()["Made"]


@pytest.mark.filterwarnings("ignore:non-string key:RuntimeWarning")
@pytest.mark.parametrize("base", [False, True])
def test_keys_of_an_outer_class_are_not_asked(base):
    outer = type("Outer", (), {Asked("Inner", clear): 1})
    inner = type("Inner", (), {"__qualname__": "Outer.Inner", "__module__": __name__})
    outer.Inner = inner
    globals()["Outer"] = type("Outer", (outer,), {}) if base else outer
    made = inner()
    assert standard.loads(pickle.dumps(made)).__class__ is inner  # there is a plan of it

    def forget():
        outer.changed = base  # what was looked up there is looked up again

    try:
        first, *others = compare(inner, forget)
        assert others == [first, first]
    finally:
        del globals()["Outer"]


def test_keys_of_builtins_are_not_asked():
    pickle.dumps(Loose())
    builtins = {Asked("__import__", clear): 1, "__import__": __import__, "data": None}
    victims[:] = data = rows(Loose)
    names = {"__builtins__": builtins, "dumps": pickle.dumps, "data": data}
    exec(textwrap.dedent("written = dumps(data)"), names)
    victims.clear()
    assert isinstance(names["written"], bytes)
    assert sys.modules["builtins"].__import__ is __import__
