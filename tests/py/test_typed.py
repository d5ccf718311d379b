# SPDX-License-Identifier: Apache-2.0
"""Documents of a declared type: every kind of class and container, in every format."""

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import typing
import uuid
from typing import Annotated, Any, Generic, Literal, NamedTuple, NotRequired, Optional, Required, TypedDict, TypeVar

import pytest
from conftest import check_error
from hypothesis import given
from hypothesis import strategies as st

import quire
from quire import UNSET, Raw, Record, UnsetType, field

T = TypeVar("T")
K = TypeVar("K")


class Colour(enum.Enum):
    RED = "red"
    GREEN = "green"


class Size(enum.IntEnum):
    SMALL = 1
    LARGE = 2


class Open(enum.Enum):
    KNOWN = "known"
    OTHER = "other"

    @classmethod
    def _missing_(cls, value):
        return cls.OTHER if str(value).startswith("x") else None


class Point(Record):
    x: int
    y: int = 0


class Tree(Record):
    value: int
    children: list["Tree"] = field(default_factory=list)
    parent: Optional["Tree"] = None


class Everything(Record):
    none: None
    yes: bool
    number: int
    real: float
    text: str
    data: bytes
    array: list[int]
    pair: tuple[int, str]
    many: tuple[int, ...]
    unique: set[int]
    frozen: frozenset[str]
    table: dict[str, list[int]]
    maybe: int | None
    choice: Literal["a", 1, True, None]
    colour: Colour
    size: Size
    point: Point
    anything: Any
    moment: dt.datetime
    day: dt.date
    time: dt.time
    span: dt.timedelta
    amount: decimal.Decimal
    key: uuid.UUID


EVERYTHING = st.builds(
    Everything,
    none=st.none(),
    yes=st.booleans(),
    number=st.integers(-(2**63), 2**64 - 1),
    real=st.floats(allow_nan=False, allow_infinity=False),
    text=st.text(st.characters(exclude_categories=["Cs"])),
    data=st.binary(),
    array=st.lists(st.integers(-5, 300)),
    pair=st.tuples(st.integers(0, 9), st.just("é")),
    many=st.lists(st.integers(0, 9)).map(tuple),
    unique=st.sets(st.integers(0, 9)),
    frozen=st.frozensets(st.sampled_from("abc")),
    table=st.dictionaries(st.text("abü"), st.lists(st.integers(0, 9), max_size=3), max_size=4),
    maybe=st.none() | st.integers(0, 9),
    choice=st.sampled_from(["a", 1, True, None]),
    colour=st.sampled_from(Colour),
    size=st.sampled_from(Size),
    point=st.builds(Point, st.integers(0, 9), st.integers(0, 9)),
    anything=st.sampled_from([None, 1, "a", [1, {"b": 2}], {"x": []}]),
    moment=st.datetimes(timezones=st.just(dt.UTC)) | st.datetimes(),
    day=st.dates(),
    time=st.times(),
    span=st.timedeltas(),
    amount=st.decimals(allow_nan=False, allow_infinity=False),
    key=st.uuids(),
)


def exact(a, b):
    """Equal, and of the same types all the way down."""
    if type(a) is not type(b):
        return False
    if isinstance(a, Record):
        return all(exact(getattr(a, name), getattr(b, name)) for name in a.__record_fields__)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(exact, a, b))
    if isinstance(a, dict):
        return list(a) == list(b) and all(map(exact, a.values(), b.values()))
    if isinstance(a, decimal.Decimal):
        return a.as_tuple() == b.as_tuple()
    return a == b


@given(EVERYTHING)
def test_everything_round_trips(fmt, value):
    data = fmt.encode(value)
    assert exact(fmt.decode(data, Everything), value)
    assert exact(fmt.Decoder(list[Everything]).decode(fmt.encode([value, value])), [value, value])
    if not fmt.binary:
        assert exact(fmt.decode(data.decode(), Everything), value)


@given(EVERYTHING, st.randoms())
def test_the_order_of_fields_does_not_matter(fmt, value, rng):
    pairs = [(name, getattr(value, name)) for name in value.__record_fields__]
    rng.shuffle(pairs)
    pairs.insert(rng.randrange(len(pairs) + 1), ("unknown", [1, {"number": "x"}]))
    assert exact(fmt.decode(fmt.encode(dict(pairs)), Everything), value)


# Scalars: what a type takes and what it refuses

ACCEPTED = [
    (None, [None]),
    (bool, [True, False]),
    (int, [0, -1, 2**63, 2**64 - 1, -(2**63)]),
    (float, [0.5, -0.0, 1e300]),
    (str, ["", "a", "é" * 50]),
    (Any, [None, 1, "a", [1], {"a": 1}, 1.5, True]),
    (object, [None, 1, "a", [1], {"a": 1}]),
    (list, [[], [1, "a", [None]]]),
    (dict, [{}, {"a": 1}]),
    (list[int], [[], [1, 2]]),
    (dict[str, int], [{}, {"a": 1}]),
    (Literal["a", "b"], ["a", "b"]),
    (Literal[1, 2], [1, 2]),
    (Literal[True], [True]),
    (Optional[int], [None, 1]),
]


@pytest.mark.parametrize(("type_", "values"), ACCEPTED, ids=lambda v: str(v)[:30])
def test_accepted(fmt, type_, values):
    for value in values:
        assert exact(fmt.decode(fmt.encode(value), type_), value)
        assert exact(fmt.Decoder(list[type_]).decode(fmt.encode([value])), [value])


REFUSED = [
    (None, [0, False, "", "null", [], {}], "type_mismatch"),
    (bool, [0, 1, "true", None, 1.0, [], {}], "type_mismatch"),
    (int, [1.0, 1.5, "1", None, True, [], {}], "type_mismatch"),
    (float, ["1", None, True, [], {}], "type_mismatch"),
    (float, [2**53 + 1, -(2**53) - 1, 2**64 - 1], "inexact"),
    (str, [1, None, 1.5, True, [], {}], "type_mismatch"),
    (list[int], [1, None, "a", {}], "type_mismatch"),
    (list[int], [["1"], [1, None], [[1]]], "type_mismatch"),
    (dict[str, int], [1, None, [], "a"], "type_mismatch"),
    (dict[str, int], [{"a": "1"}, {"a": None}], "type_mismatch"),
    (set[int], [1, {}, ["a"]], "type_mismatch"),
    (tuple[int, str], [[1], [], [1, "a", 2]], "wrong_length"),
    (tuple[int, str], [["a", 1], 1, {}], "type_mismatch"),
    (tuple[()], [[1]], "wrong_length"),
    (Literal["a", "b"], ["c", "", 1, None], "invalid_choice"),
    (Literal[1, 2], [3, True, "1", 2**63], "invalid_choice"),
    (Literal[True], [1, False, "true"], "invalid_choice"),
    (Colour, ["blue", 1, None], "invalid_choice"),
    (Size, [3, "1", "SMALL"], "invalid_choice"),
    (Point, [1, None, [], "a"], "type_mismatch"),
    (dt.date, ["2020-13-01", "x"], "invalid_format"),
    (dt.date, [1, None, []], "type_mismatch"),
    (uuid.UUID, ["x", "1" * 31], "invalid_format"),
    (decimal.Decimal, ["x", ""], "invalid_format"),
    (decimal.Decimal, [None, True, []], "type_mismatch"),
]


@pytest.mark.parametrize(("type_", "values", "code"), REFUSED, ids=lambda v: str(v)[:30])
def test_refused(fmt, type_, values, code):
    for value in values:
        data = fmt.encode(value)
        fault = fmt.refuses(data, type_, quire.ValidationError)
        assert fault.code == code, value
        for document, wrapped, path in (
            (fmt.encode([value]), list[type_], "$[0]"),
            (fmt.encode({"a": value}), dict[str, type_], "$.a"),
            (fmt.encode({"a b": [1, value]}), dict[str, tuple[int, type_]], '$["a b"][1]'),
        ):
            found = fmt.refuses(document, wrapped, quire.ValidationError)
            assert found.code == code and found.path.startswith(path)
            assert (found.expected, found.got) == (fault.expected, fault.got)


def test_a_float_takes_an_integer_that_it_holds_exactly(fmt):
    for value in (0, -1, 2**53, -(2**53), 2**63, -(2**63), 2**60):
        result = fmt.decode(fmt.encode(value), float)
        assert type(result) is float and result == value
        assert type(fmt.decode(fmt.encode([value]), list[float])[0]) is float


# Lax reading


@pytest.mark.parametrize(
    ("type_", "value", "expected"),
    [
        (int, "12", 12),
        (int, "-12", -12),
        (int, 3.0, 3),
        (int, str(2**64), 2**64),
        (float, "1.5", 1.5),
        (float, "2", 2.0),
        (float, "1e3", 1000.0),
        (bool, "true", True),
        (bool, "false", False),
        (None, "null", None),
        (Size, "2", Size.LARGE),
        (list[int], ["1", 2], [1, 2]),
        (dict[str, float], {"a": "0.5"}, {"a": 0.5}),
    ],
)
def test_lax(fmt, type_, value, expected):
    data = fmt.encode(value)
    assert exact(fmt.decode(data, type_, strict=False), expected)
    assert exact(fmt.Decoder(type_, strict=False).decode(data), expected)
    fmt.refuses(data, type_, quire.ValidationError)
    fmt.refuses(data, type_, quire.ValidationError, strict=True)


@pytest.mark.parametrize(
    ("type_", "values"),
    [
        (int, ["", " 1", "1 ", "1.5", "x", "0x1", "1_0", "+1", 1.5, "٣", True, None, []]),
        (float, ["", "nan", "inf", "1,5", " 1", "1e999", True, None]),
        (bool, ["True", "1", "yes", 1, 0, None]),
        (None, ["", "None", 0]),
        (str, [1, None, True]),
        (list[int], [["x"], "1"]),
    ],
)
def test_lax_has_limits_too(fmt, type_, values):
    for value in values:
        fmt.refuses(fmt.encode(value), type_, quire.ValidationError, strict=False)


# Containers


def test_containers_become_what_was_asked_for(fmt):
    data = fmt.encode([3, 1, 3])
    for type_, expected in (
        (list[int], [3, 1, 3]),
        (list, [3, 1, 3]),
        (tuple[int, ...], (3, 1, 3)),
        (tuple, (3, 1, 3)),
        (tuple[int, int, int], (3, 1, 3)),
        (set[int], {1, 3}),
        (set, {1, 3}),
        (frozenset[int], frozenset({1, 3})),
        (typing.Sequence[int], [3, 1, 3]),
        (collections.abc.Iterable[int], [3, 1, 3]),
    ):
        assert exact(fmt.decode(data, type_), expected), type_
    assert exact(fmt.decode(fmt.encode({"a": 1}), typing.Mapping[str, int]), {"a": 1})
    assert exact(fmt.decode(fmt.encode([]), tuple[()]), ())
    assert fmt.decode(fmt.encode([[[1]], []]), list[list[list[int]]]) == [[[1]], []]


KEYS = [
    (int, {1: "a", -5: "b", 2**63: "c"}),
    (float, {1.5: "a", -0.25: "b"}),
    (bool, {True: "a", False: "b"}),
    (Colour, {Colour.RED: "a"}),
    (Size, {Size.LARGE: "a"}),
    (Literal["a", "b"], {"a": "x"}),
    (dt.date, {dt.date(2020, 1, 2): "a"}),
    (dt.datetime, {dt.datetime(2020, 1, 2, tzinfo=dt.UTC): "a"}),
    (uuid.UUID, {uuid.UUID(int=5): "a"}),
    (decimal.Decimal, {decimal.Decimal("1.50"): "a"}),
]


@pytest.mark.parametrize(("type_", "value"), KEYS, ids=lambda v: str(v)[:30])
def test_dict_keys_of_other_kinds(fmt, type_, value):
    assert exact(fmt.decode(fmt.encode(value), dict[type_, str]), value)
    assert fmt.decode(fmt.encode({}), dict[type_, str]) == {}


def test_keys_that_are_refused_have_a_path(fmt):
    fault = fmt.refuses(fmt.encode({"1": 1, "x": 2}), dict[int, int], quire.ValidationError)
    assert fault.path in ("$.x", '$["1"]')
    fault = fmt.refuses(fmt.encode({"a": {"z": 2}}), dict[str, dict[Colour, int]], quire.ValidationError)
    assert fault.path == "$.a.z" and fault.code == "invalid_choice"


def test_sets_of_what_cannot_be_hashed(fmt):
    fault = fmt.refuses(fmt.encode([1, [[1]]]), tuple[int, set[list[int]]], quire.ValidationError)
    assert (fault.code, fault.path) == ("unhashable", "$[1]")


def test_duplicates_in_a_set_are_one(fmt):
    assert fmt.decode(fmt.encode([1, 1, 1]), set[int]) == {1}


# Enums


def test_enums_with_missing(fmt):
    assert fmt.decode(fmt.encode("known"), Open) is Open.KNOWN
    assert fmt.decode(fmt.encode("xyz"), Open) is Open.OTHER
    assert fmt.decode(fmt.encode(["x1", "known"]), list[Open]) == [Open.OTHER, Open.KNOWN]
    fault = fmt.refuses(fmt.encode(["a"]), list[Open], quire.ValidationError)
    assert (fault.code, fault.path) == ("invalid_choice", "$[0]")


@pytest.mark.parametrize("error", [KeyError, KeyboardInterrupt, RuntimeError, MemoryError])
def test_missing_that_raises(fmt, error):
    class Raises(enum.Enum):
        A = "a"

        @classmethod
        def _missing_(cls, value):
            raise error("no")

    with pytest.raises(error):
        fmt.decode(fmt.encode([{"x": "b"}]), list[dict[str, Raises]])


# Records


def test_defaults(fmt):
    assert fmt.decode(fmt.encode({"x": 1}), Point) == Point(1, 0)
    tree = fmt.decode(fmt.encode({"value": 1}), Tree)
    assert tree == Tree(1) and tree.children == [] and tree.children is not fmt.decode(fmt.encode({"value": 1}), Tree).children


def test_missing_fields_are_told_at_once(fmt):
    class Wide(Record):
        a: int
        b: int
        d: int
        c: int = 0

    with pytest.raises(quire.ValidationError) as caught:
        fmt.decode(fmt.encode({"x": [{"b": 1}]}), dict[str, list[Wide]])
    fault = caught.value.errors[0]
    assert (fault.code, fault.path) == ("missing_field", "$.x[0]")
    assert '"a"' in str(caught.value) and '"d"' in str(caught.value) and '"c"' not in str(caught.value)


@pytest.mark.parametrize("n", [1, 63, 64, 65, 128, 129, 1000, 1024])
def test_records_of_many_fields(fmt, n):
    names = [f"f{i}" for i in range(n)]
    cls = quire.RecordMeta("Many", (Record,), {"__annotations__": dict.fromkeys(names, int)})
    values = {name: i for i, name in enumerate(names)}
    for document in (values, dict(reversed(values.items()))):
        assert fmt.decode(fmt.encode(document), cls) == cls(**values)
    assert fmt.decode(fmt.encode(cls(**values))) == values
    del values[names[-1]]
    fault = fmt.refuses(fmt.encode(values), cls, quire.ValidationError)
    assert fault.code == "missing_field" and names[-1] in fault.message


def test_duplicate_fields(fmt):
    for first, second in (("x", "x"), ("y", "y")):
        data = {"json": b'[{"%s":1,"z":0,"%s":2}]', "msgpack": b"\x91\x83\xa1%s\x01\xa1z\x00\xa1%s\x02"}[fmt.name]
        fault = fmt.refuses(data % (first.encode(), second.encode()), list[Point], quire.ValidationError)
        assert (fault.code, fault.path) == ("duplicate_field", f"$[0].{first}")


def test_unknown_fields(fmt):
    class Closed(Record, unknown="error"):
        first_name: int = 0

    data = fmt.encode([{"firstname": 1}])
    fault = fmt.refuses(data, list[Closed], quire.ValidationError)
    assert (fault.code, fault.path) == ("unknown_field", "$[0].firstname") and "first_name" in fault.hint
    assert fmt.decode(fmt.encode({"u": [[{"v": {"w": None}}]], "x": 1, "é": "x"}), Point) == Point(1)


def test_names_on_the_wire(fmt):
    class Named(Record, rename="camel"):
        first_name: str
        other: int = field(name='Übrig "x"', default=0)

    value = Named("a", 2)
    assert fmt.decode(fmt.encode(value)) == {"firstName": "a", 'Übrig "x"': 2}
    assert fmt.decode(fmt.encode(value), Named) == value
    fault = fmt.refuses(fmt.encode({"firstName": "a", 'Übrig "x"': "b"}), Named, quire.ValidationError)
    assert fault.steps == ('Übrig "x"',)


def test_omit(fmt):
    class Default(Record, omit="default"):
        a: int
        b: int = 5
        c: list[int] = field(default_factory=list)
        d: float = 1.0

    class Null(Record, omit="null"):
        a: int | None
        b: int | None = None

    assert fmt.decode(fmt.encode(Default(5))) == {"a": 5}
    assert fmt.decode(fmt.encode(Default(5, 6, [1], 2.0))) == {"a": 5, "b": 6, "c": [1], "d": 2.0}
    assert fmt.decode(fmt.encode([Default(1), Default(1, 2)]), list[Default]) == [Default(1), Default(1, 2)]
    assert fmt.decode(fmt.encode(Null(None))) in ({}, {"a": None})
    assert fmt.decode(fmt.encode(Null(1, 2))) == {"a": 1, "b": 2}


def test_unset(fmt):
    class Partial(Record):
        a: int | UnsetType = UNSET
        b: int | None | UnsetType = UNSET

    assert fmt.decode(fmt.encode({}), Partial).a is UNSET
    assert fmt.decode(fmt.encode({"b": None}), Partial) == Partial(b=None)
    assert fmt.decode(fmt.encode(Partial(b=None))) == {"b": None}
    assert fmt.decode(fmt.encode(Partial(a=1))) == {"a": 1}


def test_arrays(fmt):
    class Row(Record, layout="array"):
        a: int = field(1)
        b: str = field(2, default="x")
        c: list[int] = field(3, default_factory=list)

    assert fmt.decode(fmt.encode(Row(1, "b", [2]))) == [1, "b", [2]]
    assert fmt.decode(fmt.encode([1]), Row) == Row(1, "x", [])
    assert fmt.decode(fmt.encode([1, "b"]), Row) == Row(1, "b", [])
    assert fmt.decode(fmt.encode([1, "b", [], "more", {}]), Row) == Row(1, "b", [])
    assert fmt.refuses(fmt.encode([]), Row, quire.ValidationError).code == "missing_field"
    fault = fmt.refuses(fmt.encode([[1, 2]]), list[Row], quire.ValidationError)
    assert (fault.code, fault.path) == ("type_mismatch", "$[0].b")
    assert fmt.refuses(fmt.encode({"a": 1}), Row, quire.ValidationError).code == "type_mismatch"


def test_recursive_types(fmt):
    value = Tree(1, [Tree(2), Tree(3, [Tree(4)])], Tree(5))
    assert exact(fmt.decode(fmt.encode(value), Tree), value)
    fault = fmt.refuses(
        fmt.encode({"value": 1, "children": [{"value": 2, "children": [{"value": "x"}]}]}), Tree, quire.ValidationError
    )
    assert fault.path == "$.children[0].children[0].value"


class Box(Record, Generic[T]):
    item: T
    more: list[T] = field(default_factory=list)


class Pair(Record, Generic[K, T]):
    key: K
    value: "Box[T] | None" = None


def test_generic_types(fmt):
    data = fmt.encode({"item": 1, "more": [2]})
    assert fmt.decode(data, Box[int]) == Box(1, [2])
    assert fmt.decode(data, Box) == Box(1, [2])
    assert fmt.refuses(data, Box[str], quire.ValidationError).path == "$.item"
    assert fmt.decode(fmt.encode({"item": {"item": "a"}}), Box[Box[str]]) == Box(Box("a"))
    pair = fmt.encode({"key": "a", "value": {"item": 1}})
    assert fmt.decode(pair, Pair[str, int]) == Pair("a", Box(1))
    assert fmt.refuses(pair, Pair[str, str], quire.ValidationError).path == "$.value.item"
    assert fmt.refuses(pair, Pair[int, int], quire.ValidationError).path == "$.key"


def test_raw(fmt):
    class Envelope(Record):
        kind: str
        body: Raw

    body = {"a": [1, 2.5, "é"], "b": None}
    data = fmt.encode({"kind": "x", "body": body})
    value = fmt.decode(data, Envelope)
    assert fmt.decode(bytes(value.body)) == body and value.body.format == fmt.name
    assert data[value.body.offset : value.body.offset + len(bytes(value.body))] == bytes(value.body)
    assert fmt.encode(value) == data
    assert fmt.decode(fmt.encode([1, body]), list[Raw])[0] == Raw(fmt.encode(1), format=fmt.name)
    for other in ("json", "msgpack"):
        if other != fmt.name:
            with pytest.raises(quire.EncodeError):
                fmt.encode(Raw(b"1", format=other))


def test_slots_that_are_empty_cannot_be_written(fmt):
    point = Point(1)
    del point.y
    with pytest.raises(quire.EncodeError) as caught:
        fmt.encode([{"p": point}])
    assert (caught.value.errors[0].code, caught.value.errors[0].path) == ("unset_field", "$[0].p.y")


# TypedDict, NamedTuple, dataclasses


class Movie(TypedDict):
    name: str
    year: NotRequired[int]


class Film(Movie, total=False):
    length: Required[float]
    cast: list[Point]


class Range(NamedTuple):
    low: int
    high: int = 9


def test_typeddict(fmt):
    value = fmt.decode(fmt.encode({"year": 1, "name": "a", "other": 2}), Movie)
    assert type(value) is dict and value == {"name": "a", "year": 1}
    assert fmt.decode(fmt.encode({"name": "a"}), Movie) == {"name": "a"}
    assert fmt.decode(fmt.encode({"name": "a", "length": 1, "cast": [{"x": 1}]}), Film) == {
        "name": "a",
        "length": 1.0,
        "cast": [Point(1)],
    }
    assert fmt.refuses(fmt.encode({"year": 1}), Movie, quire.ValidationError).code == "missing_field"
    assert fmt.refuses(fmt.encode({"name": "a", "length": "x"}), Film, quire.ValidationError).path == "$.length"
    value["more"] = 1
    del value["name"]
    assert value == {"year": 1, "more": 1}


def test_namedtuple(fmt):
    value = fmt.decode(fmt.encode([1, 2]), Range)
    assert type(value) is Range and value == (1, 2)
    assert fmt.decode(fmt.encode(Range(1, 2)), Range) == Range(1, 2)
    assert fmt.decode(fmt.encode({"a": [Range(1), Range(3, 4)]}), dict[str, list[Range]]) == {"a": [Range(1), Range(3, 4)]}
    assert fmt.decode(fmt.encode([1]), Range) == Range(1, 9)
    fmt.refuses(fmt.encode([]), Range, quire.ValidationError)
    fmt.refuses(fmt.encode([1, "x"]), Range, quire.ValidationError)
    plain = collections.namedtuple("plain", "a b")
    assert fmt.decode(fmt.encode([1, "x"]), plain) == plain(1, "x")


@dataclasses.dataclass
class Plain:
    a: int
    b: str = "b"
    c: list[int] = dataclasses.field(default_factory=list)
    d: int = dataclasses.field(default=7, init=False)


@dataclasses.dataclass(slots=True, frozen=True, order=True)
class Slotted:
    a: int
    b: str = "b"
    c: tuple[int, ...] = ()


@dataclasses.dataclass(kw_only=True)
class Keywords(Plain):
    e: float


@dataclasses.dataclass
class WithInit:
    a: int
    scale: dataclasses.InitVar[int] = 2
    b: int = dataclasses.field(init=False, default=0)

    def __post_init__(self, scale):
        self.b = self.a * scale


@dataclasses.dataclass
class Handwritten:
    a: int
    b: int = 0

    def __init__(self, a, b=1):
        self.a, self.b = a * 10, b


@dataclasses.dataclass
class Checked:
    a: int

    def __post_init__(self):
        if self.a < 0:
            raise ValueError("a is below zero")


@dataclasses.dataclass
class GenericData(Generic[T]):
    item: T
    rest: "list[GenericData[T]]" = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class FrozenPost:
    a: int
    b: int = 0

    def __post_init__(self):
        object.__setattr__(self, "b", self.a + 1)


def test_dataclasses(fmt):
    value = fmt.decode(fmt.encode({"a": 1, "c": [2]}), Plain)
    assert type(value) is Plain and value == Plain(1, "b", [2]) and value.d == 7
    assert list(vars(value)) == ["a", "b", "c", "d"]
    assert fmt.decode(fmt.encode(Plain(1)), Plain) == Plain(1)
    frozen = fmt.decode(fmt.encode({"c": [1, 2], "a": 1}), Slotted)
    assert frozen == Slotted(1, "b", (1, 2)) and hash(frozen) == hash(Slotted(1, "b", (1, 2)))
    with pytest.raises(dataclasses.FrozenInstanceError):
        frozen.a = 2
    assert fmt.decode(fmt.encode(Keywords(a=1, e=2.0)), Keywords) == Keywords(a=1, e=2.0)
    assert fmt.decode(fmt.encode({"a": 3}), WithInit).b == 6 and fmt.decode(fmt.encode({"a": 3, "scale": 5}), WithInit).b == 15
    assert fmt.decode(fmt.encode({"a": 3}), Handwritten).a == 30 and fmt.decode(fmt.encode({"a": 3}), Handwritten).b == 1
    assert fmt.decode(fmt.encode({"a": 3}), FrozenPost) == FrozenPost(3)
    nested = GenericData(1, [GenericData(2)])
    assert fmt.decode(fmt.encode(nested), GenericData[int]) == nested
    assert fmt.refuses(fmt.encode(nested), GenericData[str], quire.ValidationError).path == "$.item"
    for cls, data, code in (
        (Plain, {}, "missing_field"),
        (Plain, {"a": "x"}, "type_mismatch"),
        (Slotted, {"a": 1, "c": ["x"]}, "type_mismatch"),
        (Keywords, {"a": 1}, "missing_field"),
        (Checked, {"a": -1}, "invalid_value"),
    ):
        assert fmt.refuses(fmt.encode(data), cls, quire.ValidationError).code == code, cls
        assert fmt.refuses(fmt.encode([data]), list[cls], quire.ValidationError).path.startswith("$[0]")


def test_a_plan_is_not_taken_from_a_copied_class(fmt):
    fmt.decode(fmt.encode({"a": 1}), Plain)
    copied = type("Copied", (), {k: v for k, v in vars(Plain).items() if k not in ("__dict__", "__weakref__")})
    value = fmt.decode(fmt.encode({"a": 1}), copied)
    assert type(value) is copied
    fmt.encode(Slotted(1))
    other = type("Other", (), {k: v for k, v in vars(Slotted).items() if k not in ("a", "b", "c", "__slots__", "__init__")})
    made = other()
    made.__dict__.update(a=1, b=2, c=3)
    assert fmt.decode(fmt.encode(made)) == {"a": 1, "b": 2, "c": 3}


def test_a_metaclass_that_refuses_attributes(fmt):
    class Refusing(type):
        closed = False

        def __setattr__(cls, name, value):
            if Refusing.closed:
                raise TypeError(f"{name} is refused")
            super().__setattr__(name, value)

    @dataclasses.dataclass
    class Closed(metaclass=Refusing):
        a: int

    Refusing.closed = True
    for _ in range(2):
        assert fmt.decode(fmt.encode(Closed(1)), Closed) == Closed(1)


def test_instances_that_lost_a_field(fmt):
    value = Plain(1)
    del value.a
    with pytest.raises(quire.EncodeError) as caught:
        fmt.encode([value])
    assert (caught.value.errors[0].code, caught.value.errors[0].path) == ("unset_field", "$[0].a")


# User code in between


class Noted(Record):
    value: int
    calls: typing.ClassVar[list] = []

    def __post_init__(self):
        self.calls.append(self.value)
        if self.value < 0:
            raise self.error


def test_post_init_runs(fmt):
    Noted.calls.clear()
    fmt.decode(fmt.encode([{"value": 1}, {"value": 2}]), list[Noted])
    assert Noted.calls == [1, 2]


def test_post_init_that_raises_a_value_error_is_a_fault(fmt):
    Noted.error = ValueError("below zero")
    with pytest.raises(quire.ValidationError) as caught:
        fmt.decode(fmt.encode({"a": [{"value": 1}, {"value": -1}]}), dict[str, list[Noted]])
    fault = caught.value.errors[0]
    assert (fault.code, fault.path, fault.message) == ("invalid_value", "$.a[1]", "below zero")
    assert caught.value.__cause__ is Noted.error
    assert fmt.encode({"a": [{"value": 1}, {"value": -1}]})[fault.offset :] in (b'{"value":-1}]}', b"\x81\xa5value\xff")


@pytest.mark.parametrize(
    "error",
    [KeyError("x"), KeyboardInterrupt(), SystemExit(3), RuntimeError("r"), StopIteration(), MemoryError(), RecursionError()],
)
def test_other_exceptions_pass_through(fmt, error):
    Noted.error = error
    with pytest.raises(type(error)) as caught:
        fmt.decode(fmt.encode({"a": [{"value": -1}]}), dict[str, list[Noted]])
    assert caught.value is error
    if not isinstance(error, MemoryError):
        assert "at $.a[0]" in caught.value.__notes__


@pytest.mark.parametrize("error", [ValueError("v"), KeyError("k"), KeyboardInterrupt()])
def test_default_factory_that_raises(fmt, error):
    def fail():
        raise error

    class Failing(Record):
        a: int
        b: int = field(default_factory=fail)

    data = dataclasses.make_dataclass("data", [("a", int), ("b", int, dataclasses.field(default_factory=fail))])
    for cls in (Failing, data):
        assert fmt.decode(fmt.encode({"a": 1, "b": 2}), cls).b == 2
        with pytest.raises(quire.ValidationError if isinstance(error, ValueError) else type(error)) as caught:
            fmt.decode(fmt.encode([{"a": 1}]), list[cls])
        if isinstance(error, ValueError):
            assert caught.value.errors[0].path == "$[0]" and caught.value.__cause__ is error


def test_decoding_within_decoding(fmt):
    inner = fmt.encode([{"a": 1, "b": [{"c": 2}]}] * 10)

    class Outer(Record):
        a: int
        rest: Any = None

        def __post_init__(self):
            self.rest = fmt.decode(inner), fmt.decode(inner, list[dict[str, Any]]), fmt.encode([self.a])

    value = fmt.decode(fmt.encode([{"a": i, "rest": [{"x": {"y": i}}] * 5} for i in range(20)]), list[Outer])
    assert [v.a for v in value] == list(range(20))
    assert all(v.rest[0] == [{"a": 1, "b": [{"c": 2}]}] * 10 == v.rest[1] for v in value)


# Types that cannot be


@pytest.mark.parametrize(
    "type_", [5, "NoSuchName", lambda: 1, range, object(), list[range], dict[list[int], int], type, Literal[1.5]]
)
def test_types_that_no_plan_can_be_made_for(fmt, type_):
    for _ in range(2):
        with pytest.raises(quire.SchemaError):
            fmt.decode(b"1", type_)
        with pytest.raises(quire.SchemaError):
            fmt.Decoder(type_)
        with pytest.raises(quire.SchemaError):
            fmt.Encoder(type_)


def test_metadata_that_cannot_be_hashed(fmt):
    assert fmt.decode(fmt.encode([1]), list[Annotated[int, ["unhashable"]]]) == [1]


def test_a_type_is_looked_at_once(fmt):
    assert fmt.decode(fmt.encode([1]), list[int]) == fmt.Decoder(list[int]).decode(fmt.encode([1]))


# Encoders of a type


def test_an_encoder_writes_only_its_type(fmt):
    assert fmt.Encoder(list[int]).encode([1, 2]) == fmt.encode([1, 2])
    assert fmt.decode(fmt.Encoder(Tree).encode(Tree(1, [Tree(2)])), Tree) == Tree(1, [Tree(2)])
    for type_, value, path in (
        (list[int], [1, "x"], "$[1]"),
        (list[int], {"a": 1}, "$"),
        (dict[str, Point], {"p": Point("x")}, "$.p.x"),
        (Tree, Tree(1, [Tree(2, ["x"])]), "$.children[0].children[0]"),
        (int | None, "x", "$"),
        (Point | Tree, Colour.RED, "$"),
    ):
        with pytest.raises(quire.EncodeError) as caught:
            fmt.Encoder(type_).encode(value)
        assert check_error(caught.value).path == path, (type_, value)


@pytest.mark.parametrize("count", [512, 600])
def test_a_typeddict_of_many_fields(fmt, count):
    wide = TypedDict("wide", {f"f{i}": int for i in range(count)})
    value = {f"f{i}": i for i in range(count)}
    assert fmt.decode(fmt.encode(value), wide) == value
    assert fmt.decode(fmt.encode([*range(1000), value]), list[int | wide])[-1] == value
