# SPDX-License-Identifier: Apache-2.0
"""The short ways of loading: numbers in a row, tuples, states that never become dicts, look-ahead from the midst, frozen dataclasses.

Each of them has to be told apart from the ordinary way by its speed alone, so the standard library is the oracle throughout.
"""

from __future__ import annotations

import dataclasses
import gc
import math
import pickle
import sys
import types
import weakref
from dataclasses import dataclass, field
from typing import Any, ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quire import pickle as ours

EDGES = [0, 5, 6, 256, 257, 65535, 65536, 2**32, 2**39] + [
    2**bits - less for bits in (30, 31, 59, 60, 62, 63, 64) for less in (0, 1)
]
INTS = sorted({sign * edge for edge in EDGES for sign in (1, -1)})


def same(data: bytes) -> Any:
    """What ours gives, or how it fails, as the standard library does."""
    try:
        expected = pickle.loads(data)
    except Exception as error:
        with pytest.raises(type(error)) as caught:
            ours.loads(data)
        assert str(caught.value) == str(error)
        return None
    found = ours.loads(data)
    assert type(found) is type(expected)
    return found


# -- numbers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", range(6))
def test_ints_are_those_of_the_interpreter(protocol):
    found = ours.loads(pickle.dumps(INTS, protocol))
    assert found == INTS
    assert {type(number) for number in found} == {int}
    for number, expected in zip(found, INTS):
        assert (hash(number), str(number), -number, number + 1, number.bit_length()) == (
            hash(expected), str(expected), -expected, expected + 1, expected.bit_length()
        )  # fmt: skip
        assert (number is expected) or not -5 <= expected <= 256
        assert sys.getsizeof(number) == sys.getsizeof(int(str(expected)))


@pytest.mark.parametrize("protocol", (0, 1, 2, 5))
def test_floats_in_a_row(protocol):
    values = [number / 7 for number in range(-300, 300)] + [0.0, -0.0, math.inf, -math.inf]
    found = ours.loads(pickle.dumps([*values, math.nan], protocol))
    assert [number.hex() for number in found[:-1]] == [number.hex() for number in values]
    assert math.isnan(found[-1])
    assert len({id(number) for number in found}) == len(found)


ATOMS = st.one_of(st.integers(), st.integers(0, 70000), st.floats(allow_nan=False), st.booleans(), st.none(), st.text(max_size=3))


@given(st.lists(ATOMS, max_size=40))
def test_any_row_of_atoms(values):
    for protocol in (1, 2, 5):
        data = pickle.dumps([values, tuple(values), values], protocol)
        assert same(data) == [values, tuple(values), values]


def test_rows_that_break_off():
    for item in (b"K\x01", b"M\x01\x02", b"J\x01\x02\x03\x04", b"G" + bytes(8)):
        data = b"(" + item * 3 + b"l."
        for end in range(len(data)):
            same(data[:end])
        assert len(same(data)) == 3


def test_wide_texts():
    texts = ["é", "ée", "日", "日本", "🦔", "a🦔", "aé日🦔", "\ud800", "a\udfff", "x" * 300 + "é", ""]
    found = ours.loads(pickle.dumps(texts, 4))
    assert found == texts
    assert [sys.getsizeof(text) for text in found] == [sys.getsizeof(text) for text in pickle.loads(pickle.dumps(texts, 4))]
    for text in (b"\xc3", b"\xe9a", b"\xed\xa0", b"\xf5\x80\x80\x80", b"\xc3\xa9\xff"):
        same(b"\x80\x04\x8c" + bytes([len(text)]) + text + b".")


# -- tuples -------------------------------------------------------------------------------------------------------


def test_tuples_are_watched_where_they_may_be_in_a_cycle():
    plain = [(1,), (1, "a"), (1, 2.0, None), (1, 2, 3, 4)]
    holding = [([],), (1, []), (1, 2, {}), (1, 2, 3, [])]
    assert [gc.is_tracked(one) for one in ours.loads(pickle.dumps(plain))] == [False] * len(plain)
    assert [gc.is_tracked(one) for one in ours.loads(pickle.dumps(holding))] == [True] * len(holding)


@pytest.mark.parametrize("length", (1, 2, 3, 5))
def test_a_tuple_in_a_cycle_is_collected(length):
    class Marker(set):
        pass

    globals()["Marker"] = Marker
    Marker.__qualname__ = "Marker"
    inner: list = []
    cycle = (*[0] * (length - 1), inner)
    inner.append(cycle)
    inner.append(Marker())
    found = ours.loads(pickle.dumps(cycle))
    assert found[-1][0] is found
    died: list = []
    watch = weakref.ref(found[-1][1], died.append)
    del found
    gc.collect()
    assert died and watch() is None


# -- states -------------------------------------------------------------------------------------------------------


class Free:
    pass


class Slots:
    __slots__ = tuple(f"s{number}" for number in range(40))


def fill(one: Any, values: dict) -> Any:
    for name, value in values.items():
        setattr(one, name, value)
    return one


def free(**values: Any) -> Free:
    return fill(Free(), values)


def slots(**values: Any) -> Slots:
    return fill(Slots(), values)


def state(one: Any) -> dict:
    return vars(one) if isinstance(one, Free) else {name: getattr(one, name) for name in Slots.__slots__ if hasattr(one, name)}


STATES = [
    [{"s1": 1, "s2": "x"}] * 4,
    [{"s1": 1}, {"s2": 2}, {"s1": 3, "s2": 4}, {"s2": 5, "s1": 6}, {}, {"s1": 7}],
    [{f"s{number}": number for number in range(count)} for count in (40, 31, 32, 33, 40, 40, 17, 16, 17)],
    [{f"s{number % 40}": number, f"s{(number + 1) % 40}": -number} for number in range(120)],
]


@pytest.mark.parametrize("make", (free, slots))
@pytest.mark.parametrize("states", STATES)
@pytest.mark.parametrize("protocol", (2, 3, 4, 5))
def test_states(make, states, protocol):
    objects = [make(**one) for one in states]
    for data in (pickle.dumps(objects, protocol), ours.dumps(objects, protocol, lean=True)):
        found = ours.loads(data)
        assert [type(one) for one in found] == [type(one) for one in objects]
        assert [list(state(one).items()) for one in found] == [list(state(one).items()) for one in objects]
        if make is free:  # names of attributes are interned
            assert all(name is sys.intern(name) for one in found for name in vars(one))


def test_names_that_are_equal_but_not_the_same():
    """Each state brings its names anew, as text."""
    one = b"\x80\x04\x8c" + bytes([len(__name__)]) + __name__.encode() + b"\x8c\x04Free\x93\x94"
    body = b"".join(
        b"h\x00)\x81}(\x8c\x03one" + bytes([0x4B, number]) + b"\x8c\x03two" + bytes([0x4B, number + 1]) + b"ub"
        for number in range(9)
    )
    found = same(one + b"0](" + body + b"e.")
    assert [vars(item) for item in found] == [{"one": number, "two": number + 1} for number in range(9)]


def test_a_state_is_no_other_dict():
    """The dict that a state did without is used for the next one; where it is kept, it is a new one."""
    head = b"\x80\x04\x8c" + bytes([len(__name__)]) + __name__.encode() + b"\x8c\x04Free\x93\x940]("
    built = b"h\x00)\x81}(\x8c\x03oneK\x01ub"
    found = same(head + built + b"}}\x8c\x01aK\x02s" + built + b"}" + built + b"}e.")
    assert [vars(one) if isinstance(one, Free) else one for one in found] == [
        {"one": 1},
        {},
        {"a": 2},
        {"one": 1},
        {},
        {"one": 1},
        {},
    ]
    dicts = [one for one in found if isinstance(one, dict)]
    assert len({id(one) for one in dicts}) == len(dicts)
    dicts[0]["b"] = []
    assert gc.is_tracked(dicts[0])


def test_large_dicts():
    value = {f"key {number}": number for number in range(3000)}
    found = same(pickle.dumps([value, value, dict(list(value.items())[:64]), dict(list(value.items())[:65])]))
    assert found[0] == value and list(found[0]) == list(value) and found[1] is found[0]


# -- look-ahead ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("count", (1, 30, 62, 63, 64, 65, 66, 130, 600))
def test_references_across_the_look_ahead(protocol, count):
    lists = [[number] for number in range(count)]
    found = ours.loads(pickle.dumps([lists, lists[::-1], lists[::7], [free(a=one, b=one) for one in lists[::5]]], protocol))
    assert found[0] == lists
    assert all(one is other for one, other in zip(found[0], reversed(found[1])))
    assert all(one is other for one, other in zip(found[0][::7], found[2]))
    assert all(one.a is one.b is other for one, other in zip(found[3], found[0][::5]))


@pytest.mark.parametrize("put", (b"\x94", b"q\x05", b"r\x05\x00\x00\x00", b"p5\n"))
def test_numbers_that_are_put_again_later(put):
    """Past the look-ahead, and in both ways."""
    for number in (0, 3, 5, 63, 64, 69, 70, 71):
        same(
            b"\x80\x04]("
            + b"]\x94" * 70
            + b"]"
            + put
            + b"h"
            + bytes([number])
            + b"Na"
            + b"]" * 300
            + b"h"
            + bytes([number])
            + b"e."
        )
        same(
            b"\x80\x04]("
            + b"".join(b"]q" + bytes([index]) for index in range(70))
            + b"]"
            + put
            + b"h"
            + bytes([number])
            + b"]" * 300
            + b"e."
        )


# -- frozen dataclasses -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Frozen:
    number: int
    name: str = "?"
    kind: ClassVar[str] = "class"
    init: dataclasses.InitVar[int] = 0
    values: list = field(default_factory=list, compare=False)


@dataclass(frozen=True, slots=True)
class Derived(Frozen):
    more: Any = None


Wide = dataclasses.make_dataclass(  # type: ignore[misc]
    "Wide", [(f"f{number}", int, number) for number in range(50)], frozen=True, slots=True, namespace={"__module__": __name__}
)
Wide.__module__ = __name__


def frozen_bytes(items: bytes, name: str = "Frozen") -> bytes:
    return (
        b"\x80\x04\x8c"
        + bytes([len(__name__)])
        + __name__.encode()
        + b"\x8c"
        + bytes([len(name)])
        + name.encode()
        + b"\x93)\x81"
        + items
        + b"b."
    )


def fields_of(one: Any) -> dict:
    return {each.name: getattr(one, each.name) for each in dataclasses.fields(one) if hasattr(one, each.name)}


@pytest.mark.parametrize("protocol", (2, 3, 4, 5))
def test_frozen_dataclasses(protocol):
    values = [Frozen(1), Frozen(2, "b", values=[3]), Derived(4, more=Frozen(5)), Wide(), Wide(f3=-1)]
    shared = [*values, values[1]]
    found = ours.loads(pickle.dumps(shared, protocol))
    assert found == shared
    assert [type(one) for one in found] == [type(one) for one in shared]
    assert [fields_of(one) for one in found] == [fields_of(one) for one in shared]
    assert found[1] is found[5]


def test_frozen_dataclasses_that_know_themselves():
    one = Frozen(1)
    one.values.append(one)
    found = ours.loads(pickle.dumps(one))
    assert found.values == [found] or found.values[0] is found


@pytest.mark.parametrize(
    "items",
    (
        b"]",
        b"](K\x01e",
        b"](K\x01\x8c\x01ae",
        b"](K\x01\x8c\x01a]K\x09K\x08e",
        b"K\x01K\x02\x86",
        b")",
        b"}(K\x01K\x02K\x03K\x04u",
        b"\x8c\x02ab",
        b"N",
        b"K\x01",
    ),
)
def test_states_of_another_kind(items):
    """Shorter, longer, a tuple, keys of a dict, letters, and what is no state at all."""
    data = frozen_bytes(items)
    found = same(data)
    if found is not None:
        assert fields_of(found) == fields_of(pickle.loads(data))


def test_a_second_state():
    data = frozen_bytes(b"](K\x01eb](K\x02\x8c\x01xe")
    assert fields_of(same(data)) == fields_of(pickle.loads(data)) == {"number": 2, "name": "x"}


@dataclass(frozen=True, slots=True)
class Changed:
    number: int
    name: str


def changed() -> dict:
    return fields_of(ours.loads(pickle.dumps(Changed(1, "a"))))


def test_what_was_changed_is_called(monkeypatch):
    calls = []
    data = pickle.dumps([Changed(1, "a"), Changed(2, "b")])

    def recording(self, state):
        calls.append(state)
        object.__setattr__(self, "number", 0)

    assert [fields_of(one) for one in ours.loads(data)] == [{"number": 1, "name": "a"}, {"number": 2, "name": "b"}]
    function = dataclasses._dataclass_setstate  # type: ignore[attr-defined]
    with monkeypatch.context() as patch:
        patch.setattr(Changed, "__setstate__", recording)
        assert fields_of(ours.loads(data)[1]) == {"number": 0} and len(calls) == 2
    calls.clear()
    with monkeypatch.context() as patch:
        patch.setattr(dataclasses, "fields", lambda one: calls.append(one) or ())
        found = ours.loads(data)[1]
    assert fields_of(found) == {} and len(calls) == 2
    with monkeypatch.context() as patch:
        patch.setattr(function, "__code__", (lambda self, state: None).__code__)
        assert fields_of(ours.loads(data)[1]) == {}
    with monkeypatch.context() as patch:
        patch.setattr(dataclasses, "_dataclass_setstate", types.FunctionType(function.__code__, vars(dataclasses)))
        assert fields_of(ours.loads(data)[1]) == {"number": 2, "name": "b"}
    with monkeypatch.context() as patch:
        patch.delitem(sys.modules, "dataclasses")
        assert fields_of(ours.loads(data)[1]) == {"number": 2, "name": "b"}
    assert [fields_of(one) for one in ours.loads(data)] == [{"number": 1, "name": "a"}, {"number": 2, "name": "b"}]


def test_fields_that_were_changed(monkeypatch):
    data = pickle.dumps(Changed(1, "a"))
    fields = Changed.__dataclass_fields__
    with monkeypatch.context() as patch:
        patch.delitem(fields, "number")
        assert fields_of(same(data)) == {"name": 1}
    with monkeypatch.context() as patch:
        patch.setattr(fields["number"], "name", "absent")
        same(data)
    with monkeypatch.context() as patch:
        patch.setattr(fields["number"], "name", 5)
        same(data)
    with monkeypatch.context() as patch:
        patch.setattr(fields["number"], "_field_type", None)
        assert fields_of(same(data)) == {"name": 1}
    with monkeypatch.context() as patch:
        patch.setitem(fields, "number", object())
        same(data)
    with monkeypatch.context() as patch:
        patch.setattr(Changed, "__dataclass_fields__", None)
        same(data)
    assert changed() == {"number": 1, "name": "a"}


@dataclass(frozen=True, slots=True)
class Pair:
    number: int
    name: str


class Borrower(dict):
    """No dataclass at all, and with a __dict__."""

    __dataclass_fields__ = Pair.__dataclass_fields__
    __setstate__ = dataclasses._dataclass_setstate  # type: ignore[attr-defined]


class Error(Exception):
    __slots__ = ("number", "name")
    __dataclass_fields__ = Pair.__dataclass_fields__
    __setstate__ = dataclasses._dataclass_setstate  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ("Borrower", "Error"))
def test_others_that_use_the_same_function(name):
    found = same(frozen_bytes(b"](K\x01K\x02e", name))
    assert (found.number, found.name) == (1, 2)
