# SPDX-License-Identifier: Apache-2.0
"""errors="all" of an Encoder: every fault that encoding each part alone would meet; and what encode errors say to do."""

import collections
import dataclasses
import datetime as dt
import enum
import io
from typing import Annotated, Any, Literal, NamedTuple, Required, TypedDict

import annotated_types as at
import pytest
from conftest import leaves_nothing
from hypothesis import given, settings
from hypothesis import strategies as st

import quire
from quire import Adapter, Adapters, Record, field, validate

NO = object()


class Point(Record):
    x: int
    y: str = "y"
    parts: list[Any] = []


@dataclasses.dataclass
class Data:
    x: Any
    y: int = 0


class Row(Record, layout="array"):
    x: Any
    y: Any = None


class Pair(NamedTuple):
    left: Any
    right: int


class Movie(TypedDict, total=False):
    title: Required[str]
    more: Any


class Login(Record):
    pin: Any = field(secret=True)
    name: Any = None


class Box(Record):
    held: Any

    @quire.computed
    def size(self) -> Any:
        return NO


class Cat(Record, tag="cat"):
    name: Any


class Dog(Record, tag="dog"):
    name: Any


def faults(encoder, value):
    try:
        encoder.encode(value)
    except quire.EncodeError as error:
        return [(fault.code, fault.path) for fault in error.errors]
    return []


UNTYPED = [
    ([NO, {"a": NO, "b": [1, NO]}, (NO,)], ["$[0]", "$[1].a", "$[1].b[1]", "$[2][0]"]),
    ([Point(1, "b", [NO]), Data(NO), Data(1, NO)], ["$[0].parts[0]", "$[1].x", "$[2].y"]),
    ([Row(NO, NO), Pair(NO, NO)], ["$[0].x", "$[0].y", "$[1].left", "$[1].right"]),
    ([Box(NO)], ["$[0].held", "$[0].size"]),
    ({"a": "\ud800", "b": [NO]}, ["$.a", "$.b[0]"]),
    ([Login({"1234": NO}, NO)], ["$[0].pin", "$[0].name"]),
    ([{1, 2}, collections.deque([NO])], ["$[1][0]"]),
    (NO, ["$"]),
    ([1, "a"], []),
]
TYPED = [
    (list[Point], [Point("a", 2, [1, NO]), 5, Point(1)], ["$[0].x", "$[0].y", "$[0].parts[1]", "$[1]"]),
    (
        dict[str, Movie | int],
        {"a": {"more": NO}, "b": {"title": 1, "more": NO}, "c": "x"},
        ["$.a", "$.a.more", "$.b.title", "$.b.more", "$.c"],
    ),
    (dict[int, tuple[int, str]], {1: (1, "a"), "b": (1, "a"), 3: ("x", 2)}, ["$.b", "$[3][0]", "$[3][1]"]),
    (list[set[int]], [{1, "a"}, {2}, {"b"}], None),
    (list[Cat | Dog], [Cat(NO), Dog([NO]), 1], ["$[0].name", "$[1].name[0]", "$[2]"]),
    (list[int | str], [1, None, "a", 1.5], ["$[1]", "$[3]"]),
    (Point | None, None, []),
    (list[Data], [Data(NO, "b"), Data(1, 2)], ["$[0].x", "$[0].y"]),
]


@pytest.mark.parametrize(("value", "paths"), UNTYPED)
def test_anything(fmt, value, paths):
    assert sorted(path for _, path in faults(fmt.Encoder(errors="all"), value)) == sorted(paths)
    if paths:
        first = faults(fmt.Encoder(), value)
        assert len(first) == 1
        assert first[0] in faults(fmt.Encoder(errors="all"), value)


@pytest.mark.parametrize(("type_", "value", "paths"), TYPED)
def test_of_a_type(fmt, type_, value, paths):
    found = faults(fmt.Encoder(type_, errors="all"), value)
    assert paths is None or sorted(path for _, path in found) == sorted(paths)
    assert (found == []) == (faults(fmt.Encoder(type_), value) == [])


def test_all_codes_at_once():
    value = [float("nan"), "\ud800", NO, {NO: 1}, {1: 1, "1": 2}, 10**5000]
    found = faults(quire.json.Encoder(errors="all"), value)
    assert [code for code, _ in found] == [
        "non_finite",
        "lone_surrogate",
        "unsupported_type",
        "unsupported_key",
        "duplicate_key",
        "digit_limit",
    ]
    assert faults(quire.msgpack.Encoder(errors="all"), [2**80, 1, -(2**80)]) == [
        ("out_of_range", "$[0]"),
        ("out_of_range", "$[2]"),
    ]


def test_every_way_to_write(fmt):
    encoder = fmt.Encoder(list[int], errors="all")
    for write in (
        lambda: encoder.encode_into([1, "a", "b"], bytearray(100)),
        lambda: encoder.write([1, "a", "b"], io.BytesIO()),
        lambda: encoder.encode_lines([[1], [1, "a", "b"]]),
    ):
        with pytest.raises(quire.EncodeError) as caught:
            write()
        assert [fault.pointer for fault in caught.value.errors] == ["/1", "/2"]


def test_fields_that_are_not_set(fmt):
    class Three(Record):
        a: int
        b: int
        c: int = field(init=False)

        def __post_init__(self):
            pass

    one, two = Three(1, 2), Three(1, "b")
    del one.a
    found = faults(fmt.Encoder(list[Three], errors="all"), [one, two])
    assert found == [("unset_field", "$[0].a"), ("unset_field", "$[0].c"), ("type_mismatch", "$[1].b"), ("unset_field", "$[1].c")]
    with pytest.raises(quire.EncodeError) as caught:
        fmt.encode(one)
    assert caught.value.errors[0].hint == 'give the field a value, or a default; not set: "a", "c"'


def test_adapters(fmt):
    class Money:
        def __init__(self, text):
            self.text = text

    def encode(money):
        if money.text == "key":
            raise KeyError("key")
        if money.text == "bad":
            raise ValueError("no money")
        return money.text

    adapters = Adapters().add(Money, Adapter(wire=str, encode=encode, decode=Money))
    for type_ in (Any, list[Money | int]):
        encoder = fmt.Encoder(type_, errors="all", adapters=adapters)
        assert encoder.encode([Money("1 EUR")]) == fmt.encode(["1 EUR"])
        found = faults(encoder, [Money("bad"), 1, Money(5), Money("bad")])
        assert found == [("invalid_value", "$[0]"), ("type_mismatch", "$[2]"), ("invalid_value", "$[3]")]
        with pytest.raises(KeyError) as caught:
            encoder.encode([Money("bad"), Money("key")])
        assert caught.value.__notes__ == ["at $[1]"]


def test_secrets_are_not_shown(fmt):
    with pytest.raises(quire.EncodeError) as caught:
        fmt.Encoder(list[Login], errors="all").encode([Login({"1234": NO}), Login(NO)])
    assert [(fault.path, fault.value, fault.got) for fault in caught.value.errors] == [
        ("$[0].pin", None, None),
        ("$[1].pin", None, None),
    ]
    assert "1234" not in str(caught.value)


def test_no_more_than_a_hundred(fmt):
    assert len(faults(fmt.Encoder(errors="all"), [NO] * 1000)) == 100
    assert len(faults(fmt.Encoder(list[list[int]], errors="all"), [["a"] * 60] * 60)) == 100


def test_too_deep(fmt):
    deep = []
    for _ in range(3000):
        deep = [deep]
    endless = [NO]
    endless.append(endless)
    assert [code for code, _ in faults(fmt.Encoder(errors="all"), [NO, deep, NO])] == [
        "unsupported_type",
        "depth_limit",
        "unsupported_type",
    ]
    assert len(faults(fmt.Encoder(errors="all"), endless)) == 100


def test_options(fmt):
    with pytest.raises(ValueError, match='"first" or "all"'):
        fmt.Encoder(errors="some")
    with pytest.raises(TypeError, match="it takes"):
        fmt.Encoder(error="all")


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.recursive(
            st.sampled_from([1, NO, "\ud800", Data(NO), Point(1, "a", [NO]), None]),
            lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", 1]), inner, max_size=3),
            max_leaves=10,
        ),
        max_size=4,
    )
)
def test_parts_alone_have_the_same_faults(values):
    for fmt in (quire.json, quire.msgpack):
        encoder = fmt.Encoder(errors="all")
        alone = [faults(encoder, [values[i] if i == at else 0 for i in range(len(values))]) for at in range(len(values))]
        assert faults(encoder, values) == sum(alone, [])
        assert (faults(encoder, values) == []) == (faults(fmt.Encoder(), values) == [])


def test_nothing_is_left_behind(fmt):
    encoder, typed = fmt.Encoder(errors="all"), fmt.Encoder(list[Point | dict[str, Movie]], errors="all")
    values = [NO, {"a": NO, NO: 1}, Point("x", 1, [NO]), Box(1), Login(NO)]
    leaves_nothing(lambda: faults(encoder, values))
    leaves_nothing(lambda: faults(typed, [Point("x", 1, [NO]), {"a": {"more": NO}}, 3]))


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


def hint(call, *arguments):
    with pytest.raises(quire.QuireError) as caught:
        call(*arguments)
    return caught.value.errors[0].hint


def test_what_to_do(fmt):
    def of(type_, value):
        hints = {hint(fmt.Encoder(type_).encode, value), hint(validate, value, type_)}
        assert len(hints) == 1
        return hints.pop()

    assert of(list[int], (1,)) == "quire.convert makes a list of a tuple"
    assert of(set[int], [1]) == "quire.convert makes a set of a list"
    assert of(Point, {"x": 1}) == "quire.convert makes objects of dicts"
    assert of(dt.date, "2024-05-01") == "quire.convert reads it from text"
    assert of(int, "12") == "quire.convert with strict=False reads numbers from text"
    assert of(int, "a") is None
    assert of(int, 1.0) == "a float is no int, whatever its value: int() makes one"
    assert of(list[int], None) == "None is a value of `... | None` only"
    assert of(Literal["red", "blue"], "rde") == 'did you mean "red"?'
    assert of(Color, "redd") == 'did you mean "red"?'
    assert of(float, 2**53 + 1) == "a float holds integers exactly up to 2**53: declare an int"
    assert "MaxLen" in of(collections.deque[int], collections.deque([1], 3))


def test_what_to_do_about_what_cannot_be_written(fmt):
    assert "an iterator is empty" in hint(fmt.encode, [iter([1])])
    assert hint(fmt.encode, len) == hint(fmt.encode, int) == "code is no data: write its name"
    assert hint(fmt.encode, NO) == "quire.Adapter says how object is written: as its __quire__, or in adapters="
    assert "bytes" in hint(fmt.encode, "\ud800")
    endless = []
    endless.append(endless)
    assert hint(fmt.encode, endless) == "an object that contains itself has no end"
    if fmt.finite:
        assert 'nan="null"' in hint(fmt.encode, float("nan"))
    if not fmt.big:
        assert "no integer as large" in hint(fmt.encode, 2**70)


def test_names_are_those_of_python():
    class Camel(Record, rename="camel"):
        first_name: str
        last_name: str

    half = Camel("a", "b")
    del half.first_name
    del half.last_name
    with pytest.raises(quire.ValidationError, match='missing required fields "first_name", "last_name"'):
        validate(half, Camel)
    assert hint(validate, [1, 2, 3], Annotated[list[int], at.MaxLen(2)]) is None
