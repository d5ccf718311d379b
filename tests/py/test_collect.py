# SPDX-License-Identifier: Apache-2.0
"""errors="all": every fault that a fresh decode of each part alone would find, in order, the same for all formats and for convert."""

import copy
import dataclasses
import enum
import pickle
from typing import Annotated, Any, Literal, NamedTuple, TypedDict

import annotated_types as at
import pytest
from conftest import leaves_nothing
from hypothesis import given, settings
from hypothesis import strategies as st

import quire
import quire.json
import quire.msgpack
from quire import Limits, Record, field


class Line(Record, unknown="error"):
    sku: str
    count: int

    def __post_init__(self):
        if self.count < 0:
            raise ValueError("negative count")


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Dog(Record, tag="dog"):
    age: int


class Cat(Record, tag="cat"):
    name: str


class ByA(Record):
    a: int


class ByB(Record):
    b: int


class Row(Record, layout="array"):
    x: int = field(1)
    y: str = field(2)


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


class Order(Record):
    id: int
    lines: list[Line]
    pair: tuple[int, str] = (1, "a")
    prices: dict[str, float] = field(default_factory=dict)
    color: Color = Color.RED
    pets: list[Dog | Cat] = field(default_factory=list)
    either: list[ByA | ByB] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)
    movie: Movie | None = None
    named: Pair | None = None
    data: Data | None = None
    tags: set[str] = field(default_factory=set)
    small: Annotated[int, at.Le(9)] = 0
    few: Annotated[list[int], at.MaxLen(2)] = field(default_factory=list)
    text: str = ""


GOOD = {
    "id": 1,
    "lines": [{"sku": "a", "count": 1}, {"sku": "b", "count": 2}],
    "pair": [1, "x"],
    "prices": {"a": 1.5, "b": 2.5},
    "color": "blue",
    "pets": [{"type": "dog", "age": 3}, {"type": "cat", "name": "Tom"}],
    "either": [{"a": 1}, {"b": 2}],
    "rows": [[1, "a"], [2, "b"]],
    "movie": {"title": "t", "year": 2000},
    "named": [1, "n"],
    "data": {"a": 1, "b": [1, 2]},
    "tags": ["a", "b"],
    "small": 3,
    "few": [1],
    "text": "fine",
}

# A change of GOOD, and the (pointer, code) of the faults it makes.
CHANGES = [
    (("id",), "x", [("/id", "type_mismatch")]),
    (("lines", 0, "sku"), 5, [("/lines/0/sku", "type_mismatch")]),
    (("lines", 1, "count"), None, [("/lines/1/count", "type_mismatch")]),
    (
        ("lines", 1),
        {"count": "x", "more": 1, "less": [{}]},
        [("/lines/1", "missing_field"), ("/lines/1/count", "type_mismatch")]
        + [("/lines/1/more", "unknown_field"), ("/lines/1/less", "unknown_field")],
    ),
    (("lines", 0), {"sku": "a", "count": -1}, [("/lines/0", "invalid_value")]),
    (("lines",), 7, [("/lines", "type_mismatch")]),
    (("pair",), ["x", 1], [("/pair/0", "type_mismatch"), ("/pair/1", "type_mismatch")]),
    (("pair",), [1, "a", 3], [("/pair", "wrong_length")]),
    (("pair",), [], [("/pair", "wrong_length")]),
    (("prices", "a"), "x", [("/prices/a", "type_mismatch")]),
    (("color",), "rde", [("/color", "invalid_choice")]),
    (("pets", 0), {"type": "dgo"}, [("/pets/0/type", "invalid_tag")]),
    (("pets", 1), {"name": "x"}, [("/pets/1", "missing_tag")]),
    (("pets", 1, "name"), 1, [("/pets/1/name", "type_mismatch")]),
    (("either", 0), {"c": [1, {"a": 1}]}, [("/either/0", "no_match")]),
    (("either", 1, "b"), "x", [("/either/1/b", "type_mismatch")]),
    (("rows", 0), ["x", 1], [("/rows/0/x", "type_mismatch"), ("/rows/0/y", "type_mismatch")]),
    (("movie", "year"), "x", [("/movie/year", "type_mismatch")]),
    (("named",), ["x", 2], [("/named/a", "type_mismatch"), ("/named/b", "type_mismatch")]),
    (
        ("data",),
        {"b": [1, "x", None]},
        [("/data", "missing_field"), ("/data/b/1", "type_mismatch"), ("/data/b/2", "type_mismatch")],
    ),
    (("tags", 1), 5, [("/tags/1", "type_mismatch")]),
    (("small",), 10, [("/small", "too_large")]),
    (("few",), [1, 2, "x"], [("/few", "too_long"), ("/few/2", "type_mismatch")]),
    (("text",), [[{}], "deep"], [("/text", "type_mismatch")]),
]


def changed(*changes):
    value = copy.deepcopy(GOOD)
    for path, new, _ in changes:
        target = value
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = new
    return value


def found(call):
    """[(pointer, code)] of what it raises, which holds together."""
    with pytest.raises(quire.ValidationError) as caught:
        call()
    error = caught.value
    assert all(type(fault) is quire.Fault for fault in error.errors) and str(error).startswith(str(error.errors[0]))
    more = len(error.errors) - 1
    assert (f"(+{more} more error" in str(error)) == (more > 0)
    assert pickle.loads(pickle.dumps(error)).errors == error.errors
    return [(fault.pointer, fault.code) for fault in error.errors]


def independent(indices):
    """Those changes of the indices that touch no other's place."""
    taken, chosen = set(), []
    for i in indices:
        if CHANGES[i][0][0] not in taken:
            taken.add(CHANGES[i][0][0])
            chosen.append(CHANGES[i])
    return chosen


@settings(max_examples=60)
@given(st.lists(st.integers(0, len(CHANGES) - 1), min_size=1, max_size=10))
def test_all_faults(indices):
    changes = independent(indices)
    value = changed(*changes)
    expected = sorted(fault for _, _, faults in changes for fault in faults)
    for module in (quire.json, quire.msgpack):
        data = module.encode(value)
        assert sorted(found(lambda data=data, module=module: module.decode(data, Order, errors="all"))) == expected
        decoder = module.Decoder(list[Order], errors="all")
        nested = sorted(
            found(lambda value=value, module=module, decoder=decoder: decoder.decode(module.encode([GOOD, value, GOOD])))
        )
        assert nested == [(f"/1{pointer}", code) for pointer, code in expected]
        first = found(lambda data=data, module=module: module.decode(data, Order, errors="first"))
        assert len(first) == 1 and first[0] in expected
    converted = found(lambda: quire.convert(value, Order, errors="all"))
    assert sorted(converted) == expected


@pytest.mark.parametrize(("path", "new", "faults"), CHANGES)
def test_each_fault(fmt, path, new, faults):
    value = changed((path, new, faults))
    assert sorted(found(lambda: fmt.decode(fmt.encode(value), Order, errors="all"))) == sorted(faults)
    assert sorted(found(lambda: quire.convert(value, Order, errors="all"))) == sorted(faults)


def test_nothing_is_different_where_nothing_is_wrong(fmt):
    data = fmt.encode(GOOD)
    assert fmt.decode(data, Order, errors="all") == fmt.decode(data, Order)
    assert quire.convert(GOOD, Order, errors="all") == fmt.decode(data, Order)
    assert fmt.decode(data, errors="all") == GOOD


def test_in_order_of_position(fmt):
    value = changed(*independent(range(len(CHANGES))))
    with pytest.raises(quire.ValidationError) as caught:
        fmt.decode(fmt.encode(value), Order, errors="all")
    offsets = [fault.offset for fault in caught.value.errors]
    assert offsets == sorted(offsets) and len(set(offsets)) > 5
    for fault in caught.value.errors:
        assert (fault.line is not None) == (fmt.name == "json")


def test_as_many_as_the_limit_says(fmt):
    data = fmt.encode([{"sku": i} for i in range(250)])
    for most, expected in ((None, 500), (1, 1), (2, 2), (7, 7), (499, 499), (500, 500), (501, 500)):
        faults = found(lambda most=most: fmt.decode(data, list[Line], errors="all", limits=Limits(errors=most)))
        assert len(faults) == expected
    assert len(found(lambda: fmt.decode(data, list[Line], errors="all"))) == 100 == Limits.DEFAULT.errors
    with pytest.raises(ValueError, match="errors"):
        Limits(errors=0)


@pytest.mark.parametrize("wrong", ["every", "", None, 1, True])
def test_errors_is_first_or_all(fmt, wrong):
    for call in (
        lambda: fmt.decode(b"1", int, errors=wrong),
        lambda: fmt.Decoder(int, errors=wrong),
        lambda: quire.convert(1, int, errors=wrong),
    ):
        with pytest.raises((TypeError, ValueError), match='"first" or "all"'):
            call()


def test_malformed_input_ends_it():
    data = b'{"id":"x","lines":[{"sku":1},{"sku" "a"}],"small":99}'
    with pytest.raises(quire.ValidationError) as caught:
        quire.json.decode(data, Order, errors="all")
    assert [(f.pointer, f.code) for f in caught.value.errors] == [
        ("/id", "type_mismatch"),
        ("/lines/0", "missing_field"),
        ("/lines/0/sku", "type_mismatch"),
        ("/lines/1", "expected_colon"),
    ]
    with pytest.raises(quire.MalformedError) as caught:
        quire.json.decode(b'{"id":1,]', Order, errors="all")
    assert len(caught.value.errors) == 1


def test_truncated_input_ends_it(fmt):
    data = fmt.encode({"id": "x", "lines": [{"sku": 1}] * 3})
    for end in range(1, len(data)):
        with pytest.raises(quire.DecodeError) as caught:
            fmt.decode(data[:end], Order, errors="all")
        codes = [fault.code for fault in caught.value.errors]
        assert codes[-1] == "truncated" and codes.count("truncated") == 1


def test_limits_end_it(fmt):
    deep = 1
    for _ in range(60):
        deep = [deep]
    with pytest.raises(quire.DecodeError) as caught:
        fmt.decode(fmt.encode({"id": "x", "lines": [], "text": deep, "small": 99}), Order, errors="all", limits=Limits(depth=50))
    assert [fault.code for fault in caught.value.errors] == ["type_mismatch", "type_mismatch", "depth_limit"]


def test_long_paths(fmt):
    class Node(Record):
        a: "Node | None" = None
        x: int = 0

    for depth in (3, 63, 64, 65, 66, 200):
        value = {"x": "bad", "a": None}
        for _ in range(depth):
            value = {"a": value, "x": "bad"}
        data = fmt.encode(value)
        with pytest.raises(quire.ValidationError) as caught:
            fmt.decode(data, Node, errors="all", limits=Limits(errors=None))
        faults = caught.value.errors
        assert len(faults) == depth + 1
        pointers = {fault.pointer for fault in faults}
        assert {"/x", "/a/x", "/a/a/x"} <= pointers
        with pytest.raises(quire.ValidationError) as caught:
            quire.convert(value, Node, errors="all")
        assert {fault.pointer for fault in caught.value.errors} <= pointers


def test_what_user_code_raises(fmt):
    class Strange(Record):
        n: int

        def __post_init__(self):
            if self.n == 1:
                raise KeyError("not a fault")
            if self.n == 2:
                raise TypeError("a fault")

    data = fmt.encode([{"n": 2}, {"n": "x"}, {"n": 0}])
    assert found(lambda: fmt.decode(data, list[Strange], errors="all")) == [
        ("/0", "invalid_value"),
        ("/1/n", "type_mismatch"),
    ]
    with pytest.raises(KeyError) as caught:
        fmt.decode(fmt.encode([{"n": "x"}, {"n": 1}]), list[Strange], errors="all")
    assert caught.value.__notes__ == ["at $[1]"]


def test_no_fault_the_second_time(fmt):
    seen = []

    class Once(Record):
        n: int

        def __post_init__(self):
            seen.append(self.n)
            if len(seen) == 1:
                raise ValueError("only now")

    assert found(lambda: fmt.decode(fmt.encode([{"n": 1}, {"n": 2}]), list[Once], errors="all")) == [("/0", "invalid_value")]
    assert seen == [1, 1, 2]


def test_what_lost_something_is_not_made(fmt):
    made = []

    class Inner(Record):
        n: int

        def __post_init__(self):
            made.append(("inner", self.n))

    class Outer(Record):
        inner: list[Inner]

        def __post_init__(self):
            made.append(("outer", len(self.inner)))

    data = fmt.encode([{"inner": [{"n": 1}, {"n": "x"}]}, {"inner": [{"n": 2}]}])
    found(lambda: fmt.decode(data, list[Outer], errors="all"))
    assert made == [("inner", 1), ("inner", 1), ("inner", 2), ("outer", 1)]


def test_objects_with_attributes():
    class Source(Record):
        id: Any
        lines: Any

    @dataclasses.dataclass
    class Entry:
        sku: Any
        count: Any

    value = Source("x", [Entry(1, "y"), {"sku": "a", "count": 1}, Entry("b", None)])
    assert found(lambda: quire.convert(value, Order, errors="all")) == [
        ("/id", "type_mismatch"),
        ("/lines/0/sku", "type_mismatch"),
        ("/lines/0/count", "type_mismatch"),
        ("/lines/2/count", "type_mismatch"),
    ]
    assert found(lambda: quire.convert(Pair("x", 1), Pair, errors="all")) == [("/a", "type_mismatch"), ("/b", "type_mismatch")]


def test_sources_that_change():
    """User code drops what the paths point to."""

    class Key(str):
        pass

    class Dropping(Record):
        n: int

        def __post_init__(self):
            source.clear()
            raise ValueError("gone")

    for _ in range(20):
        source = {Key("k" * 50): {"n": 1}, Key("l" * 50): {"n": "x"}}
        with pytest.raises(quire.QuireError) as caught:
            quire.convert({"outer": source}, dict[str, dict[str, Dropping]], errors="all")
        assert str(caught.value) and caught.value.errors


def test_union_in_union_and_choices(fmt):
    type_ = list[int | Literal["a", "b"] | list[Dog | ByA]]
    value = [1, "a", "c", [{"type": "dog", "age": "x"}, {"a": None}, {"z": 1}], 1.5, {"x": 1}]
    faults = found(lambda: fmt.decode(fmt.encode(value), type_, errors="all"))
    assert [pointer for pointer, _ in faults] == ["/2", "/3/0/age", "/3/1/a", "/3/2", "/4", "/5"]
    assert sorted(found(lambda: quire.convert(value, type_, errors="all"))) == sorted(faults)


def test_nothing_is_left(fmt):
    value = changed(*independent(range(len(CHANGES))))
    data = fmt.encode(value)

    def work():
        for call in (lambda: fmt.decode(data, Order, errors="all"), lambda: quire.convert(value, Order, errors="all")):
            try:
                call()
            except quire.ValidationError as error:
                assert len(error.errors) > 10

    leaves_nothing(work)
