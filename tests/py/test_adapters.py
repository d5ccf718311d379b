# SPDX-License-Identifier: Apache-2.0
"""Adapters: a type written and read as another, wherever a type may stand."""

import dataclasses
import enum
import gc
from fractions import Fraction
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypedDict, TypeVar

import pytest
from conftest import check_error, leaves_nothing
from hypothesis import given
from hypothesis import strategies as st
from in_threads import together

import quire
from quire import Adapter, Record


class Money:
    """Written as text: "3 EUR"."""

    def __init__(self, amount, currency):
        self.amount, self.currency = amount, currency

    def __eq__(self, other):
        return type(other) is type(self) and (other.amount, other.currency) == (self.amount, self.currency)

    def __hash__(self):
        return hash((self.amount, self.currency))

    def __repr__(self):
        return f"{type(self).__name__}({self.amount}, {self.currency!r})"


def to_text(money):
    return f"{money.amount} {money.currency}"


def from_text(text):
    amount, _, currency = text.partition(" ")
    if len(currency) != 3:
        raise ValueError("a currency has three letters")
    return Money(int(amount), currency)


Money.__quire__ = Adapter(wire=str, encode=to_text, decode=from_text)
EURO = Money(3, "EUR")
KRONE = Money(4, "DKK")


class Point:
    """Written as a list."""

    def __init__(self, x, y):
        self.x, self.y = x, y

    def __eq__(self, other):
        return type(other) is Point and (other.x, other.y) == (self.x, self.y)

    __hash__ = None
    __quire__ = Adapter(wire=tuple[float, float], encode=lambda p: (p.x, p.y), decode=lambda pair: Point(*pair))


class Tree:
    """Written as an object that holds others of its kind."""

    def __init__(self, name, *children):
        self.name, self.children = name, list(children)

    def __eq__(self, other):
        return type(other) is Tree and (other.name, other.children) == (self.name, self.children)

    __hash__ = None


class TreeWire(TypedDict):
    name: str
    children: list[Tree]


Tree.__quire__ = Adapter(
    wire=TreeWire,
    encode=lambda tree: {"name": tree.name, "children": tree.children},
    decode=lambda wire: Tree(wire["name"], *wire["children"]),
)

HEX = Adapter(wire=str, encode=lambda number: f"{number:x}", decode=lambda text: int(text, 16))
Hex = Annotated[int, HEX]
T = TypeVar("T")


class Everywhere(Record):
    plain: Money
    items: list[Money]
    values: dict[str, Money]
    keys: dict[Money, int]
    pair: tuple[Money, int]
    optional: Money | None
    nothing: Money | None
    either: Money | int
    point: Point
    tree: Tree


EVERYWHERE = Everywhere(
    EURO,
    [EURO, KRONE],
    {"a": EURO},
    {KRONE: 1, EURO: 2},
    (EURO, 1),
    KRONE,
    None,
    EURO,
    Point(1.0, -0.5),
    Tree("a", Tree("b"), Tree("c", Tree("d"))),
)


class HexMovie(TypedDict, total=False):
    year: Hex
    title: str


class HexPair(NamedTuple):
    first: Hex
    second: int


@dataclasses.dataclass
class HexData:
    value: Hex
    more: list[Hex] = dataclasses.field(default_factory=list)


class HexBox(Record, Generic[T]):
    content: T


class Hexes(Record):
    plain: Hex
    items: list[Hex]
    many: set[Hex]
    fixed: tuple[Hex, int]
    rest: tuple[Hex, ...]
    values: dict[str, Hex]
    keys: dict[Hex, Hex]
    optional: Hex | None
    either: Hex | list[Hex] | None
    deep: dict[str, list[dict[str, Hex]]]
    movie: HexMovie
    pair: HexPair
    data: HexData
    box: HexBox[Hex]


def hexes(**changes):
    members = {
        "plain": 255,
        "items": [1, 31],
        "many": {32},
        "fixed": (16, 16),
        "rest": (17, 18),
        "values": {"a": 19},
        "keys": {20: 21},
        "optional": 22,
        "either": [23],
        "deep": {"a": [{"b": 24}]},
        "movie": {"year": 25, "title": "x"},
        "pair": HexPair(26, 26),
        "data": HexData(27, [28]),
        "box": HexBox(29),
    }
    return Hexes(**{**members, **changes})


HEXES_WIRE = {
    "plain": "ff",
    "items": ["1", "1f"],
    "many": ["20"],
    "fixed": ["10", 16],
    "rest": ["11", "12"],
    "values": {"a": "13"},
    "keys": {"14": "15"},
    "optional": "16",
    "either": ["17"],
    "deep": {"a": [{"b": "18"}]},
    "movie": {"year": "19", "title": "x"},
    "pair": ["1a", 26],
    "data": {"value": "1b", "more": ["1c"]},
    "box": {"content": "1d"},
}


# Round trips


def test_an_adapter_of_the_class(fmt):
    assert fmt.loads(fmt.encode(EURO)) == "3 EUR"
    assert fmt.decode(fmt.dumps("3 EUR"), Money) == EURO
    assert fmt.decode(fmt.encode(EVERYWHERE), Everywhere) == EVERYWHERE
    assert fmt.Encoder(Everywhere).encode(EVERYWHERE) == fmt.encode(EVERYWHERE)
    assert fmt.Decoder(Everywhere).decode(fmt.encode(EVERYWHERE)) == EVERYWHERE


def test_untyped_values_are_written_by_their_class(fmt):
    value = {"a": [EURO, KRONE, EURO], "b": Point(1.0, 2.0), "c": {EURO: Fraction(1, 3)}}
    assert fmt.loads(fmt.encode(value)) == {"a": ["3 EUR", "4 DKK", "3 EUR"], "b": [1.0, 2.0], "c": {"3 EUR": "1/3"}}


def test_an_adapter_of_the_annotation(fmt):
    value = hexes()
    assert fmt.loads(fmt.encode(value)) == HEXES_WIRE
    assert fmt.encode(value) == fmt.Encoder(Hexes).encode(value)
    assert fmt.decode(fmt.encode(value), Hexes) == value
    assert fmt.decode(fmt.Encoder(list[Hex]).encode([1, 255]), list[Hex]) == [1, 255]


def test_objects():
    value = hexes()
    assert quire.to_builtins(value) == HEXES_WIRE
    assert quire.convert(HEXES_WIRE, Hexes) == value
    assert quire.convert(quire.to_builtins(EVERYWHERE), Everywhere) == EVERYWHERE
    assert quire.to_builtins([EURO, {KRONE: EURO}]) == ["3 EUR", {"4 DKK": "3 EUR"}]
    quire.validate(value, Hexes)
    quire.validate(EVERYWHERE, Everywhere)


def test_what_is_of_the_class_already_is_kept():
    assert quire.convert(EURO, Money) is EURO
    assert quire.convert(EVERYWHERE, Everywhere) is EVERYWHERE
    assert quire.convert([EURO, "4 DKK"], list[Money]) == [EURO, KRONE]
    assert quire.convert({"plain": 7}, HexBox[Hex] | dict[str, Hex]) == {"plain": 7}


def test_other_containers_are_written_by_their_types(fmt):
    class List(list):
        pass

    class Dict(dict):
        pass

    class Set(set):
        pass

    value = hexes(items=List([1]), many=Set([2]), values=Dict(a=3), movie=Dict(year=4))
    wire = fmt.loads(fmt.encode(value))
    assert (wire["items"], wire["many"], wire["values"], wire["movie"]) == (["1"], ["2"], {"a": "3"}, {"year": "4"})
    assert quire.to_builtins(value) == wire
    assert fmt.Encoder(Hexes).encode(value) == fmt.encode(value)


def test_omitted_fields(fmt):
    class Sparse(Record, omit="default"):
        a: Hex = 10
        b: Hex | None = None

    assert fmt.encode(Sparse()) == fmt.dumps({})
    assert fmt.loads(fmt.encode(Sparse(11))) == {"a": "b"}
    assert fmt.decode(fmt.dumps({"b": "c"}), Sparse) == Sparse(10, 12)


def test_an_array_of_fields(fmt):
    class Row(Record, layout="array"):
        a: Hex
        b: Money

    assert fmt.loads(fmt.encode(Row(10, EURO))) == ["a", "3 EUR"]
    assert fmt.decode(fmt.dumps(["a", "3 EUR"]), Row) == Row(10, EURO)
    assert quire.to_builtins(Row(10, EURO)) == ["a", "3 EUR"]


def test_bare_annotations_of_every_kind_of_class(fmt):
    for value, type_ in [(HexData(1, [2]), HexData), (HexPair(1, 2), HexPair), ({"year": 3}, HexMovie), (HexBox(4), HexBox[Hex])]:
        assert fmt.decode(fmt.Encoder(type_).encode(value), type_) == value


def test_adapters_of_adapters(fmt):
    double = Annotated[int, Adapter(wire=Hex, encode=lambda n: n // 2, decode=lambda n: n * 2)]
    assert fmt.loads(fmt.Encoder(list[double]).encode([62])) == ["1f"]
    assert fmt.decode(fmt.dumps(["1f"]), list[double]) == [62]
    assert fmt.decode(fmt.dumps({"1f": 1}), dict[double, int]) == {62: 1}


def test_a_wire_of_any_kind(fmt):
    class Inner(Record):
        n: int

    cases = [
        (list[int], [1, 2]),
        (dict[str, int], {"a": 1}),
        (Inner, Inner(1)),
        (int | str | None, 5),
        (int | str | None, "x"),
        (Literal["a", "b"], "b"),
        (Any, {"a": [None]}),
        (bool, True),
        (set[int], {1}),
        (bytes, b"abc"),
    ]
    for wire, value in cases:

        class Box:
            def __init__(self, value):
                self.value = value

        Box.__quire__ = Adapter(wire=wire, encode=lambda box: box.value, decode=Box)
        for encode in (fmt.encode, fmt.Encoder(Box).encode):
            assert fmt.decode(encode(Box(value)), Box).value == value


def test_keys_of_numbers(fmt):
    class Id:
        def __init__(self, n):
            self.n = n

        def __eq__(self, other):
            return type(other) is Id and self.n == other.n

        def __hash__(self):
            return self.n

        __quire__ = Adapter(wire=int, encode=lambda i: i.n, decode=lambda n: Id(n))

    value = {Id(1): Id(2)}
    data = fmt.encode(value)
    assert data == fmt.Encoder(dict[Id, Id]).encode(value) == fmt.encode({1: 2})
    assert fmt.decode(data, dict[Id, Id]) == value
    assert quire.to_builtins(value) == {1: 2}


def test_keys_that_are_no_scalars(fmt):
    class Pair:
        def __hash__(self):
            return 1

        __quire__ = Adapter(wire=list[int], encode=lambda _: [1], decode=lambda _: Pair())

    with pytest.raises(quire.EncodeError) as caught:
        fmt.encode({Pair(): 1})
    assert check_error(caught.value).code == "unsupported_key"
    with pytest.raises(quire.EncodeError):
        quire.to_builtins({Pair(): 1})
    with pytest.raises(quire.SchemaError, match="keys of a dict"):
        fmt.decode(b"", dict[Pair, int])


@given(
    st.recursive(
        st.builds(Tree, st.text(max_size=3)), lambda children: st.builds(Tree, st.just("x"), children, children), max_leaves=8
    )
)
def test_recursive_wires(tree):
    for module in (quire.json, quire.msgpack):
        assert module.decode(module.encode(tree), Tree) == tree
    assert quire.convert(quire.to_builtins(tree), Tree) == tree


@given(st.fractions())
def test_fractions(value):
    for module in (quire.json, quire.msgpack):
        assert module.decode(module.encode(value), Fraction) == value
        assert module.decode(module.encode({value: value}), dict[Fraction, Fraction]) == {value: value}


@pytest.mark.parametrize("text", ["", "1/0", "1/-2", "a", "1/", "/1", "1.5", " 1", "1_0", "\u0661", "1/2/3", "--1"])
def test_text_that_is_no_fraction(fmt, text):
    assert fmt.refuses(fmt.dumps(text), Fraction).code == "invalid_value"


# Classes that say it themselves


def test_an_inherited_adapter_is_refused(fmt):
    class Loud(Money):
        pass

    for attempt in (lambda: fmt.encode(Loud(1, "EUR")), lambda: fmt.decode(fmt.dumps("1 EUR"), Loud)):
        with pytest.raises((quire.SchemaError, quire.EncodeError), match="Loud inherits the adapter of Money"):
            attempt()


def test_a_class_method_serves_subclasses(fmt):
    class Base:
        def __init__(self, n):
            self.n = n

        @classmethod
        def __quire__(cls):
            return Adapter(wire=int, encode=lambda value: value.n, decode=cls)

    class Sub(Base):
        pass

    assert fmt.encode([Base(1), Sub(2)]) == fmt.encode([1, 2])
    assert type(fmt.decode(fmt.dumps(2), Sub)) is Sub


@pytest.mark.parametrize("wrong", [5, lambda: 5, "adapter"])
def test_what_is_no_adapter(fmt, wrong):
    class Wrong:
        __quire__ = staticmethod(wrong) if callable(wrong) else wrong

    with pytest.raises(quire.SchemaError, match="__quire__ must be an Adapter"):
        fmt.decode(b"", Wrong)


def test_records_and_enums_with_an_adapter(fmt):
    class Version(Record):
        major: int
        minor: int
        __quire__ = Adapter(wire=str, encode=lambda v: f"{v.major}.{v.minor}", decode=lambda s: Version(*map(int, s.split("."))))

    class Level(enum.Enum):
        LOW = 1
        HIGH = 2

    Level.__quire__ = Adapter(wire=str, encode=lambda level: level.name.lower(), decode=lambda name: Level[name.upper()])

    class Name(str):
        __quire__ = Adapter(wire=str, encode=lambda name: name.lower(), decode=lambda text: Name(text.upper()))

    value = [Version(1, 2), Level.HIGH, Name("ABC")]
    for _ in range(2):
        assert fmt.loads(fmt.encode(value)) == ["1.2", "high", "abc"]
        assert quire.to_builtins(value) == ["1.2", "high", "abc"]
        back = fmt.decode(fmt.encode(value), tuple[Version, Level, Name])
        assert back == tuple(value) and type(back[2]) is Name
        assert fmt.Encoder(tuple[Version, Level, Name]).encode(back) == fmt.encode(value)


# Unions


def test_unions(fmt):
    class Tagged(Record, tag="t"):
        n: int

    either = Money | Point | Fraction | int | dict[str, int] | None
    for value in (EURO, Point(1.0, 2.0), Fraction(1, 2), 5, {"a": 1}, None):
        assert fmt.decode(fmt.encode(value), either) == value
        assert fmt.Encoder(either).encode(value) == fmt.encode(value)
        assert quire.convert(quire.to_builtins(value), either) == value
        quire.validate(value, either)
    assert fmt.decode(fmt.encode(Tree("a")), Tree | Tagged) == Tree("a")
    assert fmt.decode(fmt.encode(Tagged(1)), Tree | Tagged) == Tagged(1)


def test_a_refused_text_is_the_next_arms(fmt):
    assert fmt.decode(fmt.dumps("hello"), Money | str) == "hello"
    assert fmt.decode(fmt.dumps("1 EUR"), Money | str) == Money(1, "EUR")
    assert fmt.decode(fmt.dumps("1/2"), Fraction | Money) == Fraction(1, 2)
    assert fmt.decode(fmt.dumps("1 EUR"), Fraction | Money) == Money(1, "EUR")
    assert fmt.refuses(fmt.dumps("neither"), Fraction | Money).code == "invalid_value"
    assert quire.convert("hello", Money | str) == "hello"
    assert quire.convert(["1 EUR", "x"], list[Money | str]) == ["1 EUR", "x"]  # a str is a value of the type already
    assert quire.convert(["1 EUR", "1/2"], list[Fraction | Money]) == [Money(1, "EUR"), Fraction(1, 2)]
    with pytest.raises(quire.ValidationError):
        quire.convert("neither", Fraction | Money)


def test_what_would_be_read_as_another_arm_is_not_written(fmt):
    either = fmt.Encoder(Fraction | Money | str)
    assert fmt.loads(either.encode("hello")) == "hello"
    assert fmt.loads(either.encode("7")) == "7"  # a Fraction has a denominator
    for text in ("1/2", "-7/1", "1 EUR"):
        with pytest.raises(quire.EncodeError) as caught:
            either.encode(text)
        assert check_error(caught.value).code == "would_change"
    with pytest.raises(quire.EncodeError):
        fmt.Encoder(Fraction | _Plain).encode(_Plain(3, "EUR"))


class _Plain(Money):
    """Its amount looks like a fraction."""

    __quire__ = Adapter(wire=str, encode=lambda money: f"{money.amount}/1", decode=lambda text: _Plain(int(text[:-2]), "EUR"))


def test_dicts_and_lists_with_adapters(fmt):
    class Bag(dict):
        __quire__ = Adapter(wire=list[str], encode=list, decode=lambda keys: Bag.fromkeys(keys))

    either = Bag | dict[str, int] | list[int]
    for value in (Bag(a=None), {"a": 1}, [1]):
        back = fmt.decode(fmt.Encoder(either).encode(value), either)
        assert (back, type(back)) == (value, type(value))


def test_a_refused_wire_is_the_next_arms(fmt):
    class Short:
        def __init__(self, text):
            self.text = text

    Short.__quire__ = Adapter(wire=Literal["a", "b"], encode=lambda s: s.text, decode=Short)
    assert type(fmt.decode(fmt.dumps("a"), Short | str)) is Short
    assert fmt.decode(fmt.dumps("c"), Short | str) == "c"


def test_other_exceptions_are_no_refusal(fmt):
    class Broken:
        __quire__ = Adapter(wire=str, encode=str, decode=lambda _: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        fmt.decode(fmt.dumps("x"), Broken | str)


class _Int:
    __quire__ = Adapter(wire=int, encode=int, decode=lambda _: _Int())


class _Text:
    __quire__ = Adapter(wire=str, encode=str, decode=lambda _: _Text())


class _Anything:
    __quire__ = Adapter(wire=Any, encode=str, decode=lambda _: _Anything())


class _Nullable:
    __quire__ = Adapter(wire=int | None, encode=str, decode=lambda _: _Nullable())


class _Either:
    __quire__ = Adapter(wire=int | str, encode=str, decode=lambda _: _Either())


@pytest.mark.parametrize(
    ("type_", "message"),
    [
        (_Int | int, "the union has int twice"),
        (_Text | Money, "are both written as text"),
        (_Anything | int, "reads any value"),
        (_Nullable | str, "reads null"),
        (_Nullable | None, "may write null"),
        (_Either | float, "reads a union"),
        (Annotated[Any, HEX] | float, "needs a class"),
        (Annotated[int, HEX, HEX], "two adapters"),
    ],
)
def test_unions_that_cannot_be_told_apart(fmt, type_, message):
    with pytest.raises(quire.SchemaError, match=message):
        fmt.decode(b"", type_)


def test_an_adapter_written_as_itself(fmt):
    class Loop:
        pass

    Loop.__quire__ = Adapter(wire=Loop, encode=str, decode=str)
    with pytest.raises(quire.SchemaError, match="written as itself"):
        fmt.decode(b"", Loop)
    Loop2 = type("Loop2", (), {})
    Loop2.__quire__ = Adapter(wire=Loop2 | None, encode=str, decode=str)
    with pytest.raises(quire.SchemaError):
        fmt.decode(b"", Loop2)


def test_an_encode_without_end(fmt):
    class Endless:
        pass

    Endless.__quire__ = Adapter(wire=Any, encode=lambda value: [value], decode=lambda value: value)
    for attempt in (fmt.encode, fmt.Encoder(Endless).encode, quire.to_builtins):
        with pytest.raises(quire.LimitError):
            attempt(Endless())


# Errors


def test_a_value_error_is_a_fault_with_its_path(fmt):
    fault = fmt.refuses(fmt.dumps({"a": ["1 EUR", "2 EURO"]}), dict[str, list[Money]], quire.ValidationError)
    assert (fault.code, fault.path) == ("invalid_value", "$.a[1]")
    fault = fmt.refuses(fmt.dumps({"1 EURO": 1}), dict[Money, int], quire.ValidationError)
    assert fault.code == "invalid_value"
    with pytest.raises(quire.ValidationError, match="three letters") as caught:
        fmt.decode(fmt.dumps("x"), Money)
    assert isinstance(caught.value.__cause__, ValueError)
    with pytest.raises(quire.ValidationError, match="three letters") as caught:
        quire.convert({"a": ["x"]}, dict[str, list[Money]])
    assert check_error(caught.value).path == "$.a[0]"


def test_the_wire_is_checked_before_decode_sees_it(fmt):
    seen = []
    adapter = Adapter(wire=list[int], encode=list, decode=seen.append)
    fault = fmt.refuses(fmt.dumps([[1, "x"]]), list[Annotated[Any, adapter]])
    assert (fault.code, fault.path, fault.expected, seen) == ("type_mismatch", "$[0][1]", "int", [])


def test_what_encode_returns_is_checked(fmt):
    wrong = Annotated[int, Adapter(wire=list[int], encode=lambda n: ["x"], decode=sum)]

    class Holder(Record):
        field: wrong

    for encode in (fmt.encode, fmt.Encoder(Holder).encode, quire.to_builtins):
        with pytest.raises(quire.EncodeError) as caught:
            encode(Holder(1))
        fault = check_error(caught.value)
        assert (fault.code, fault.path) == ("type_mismatch", "$.field" if encode is quire.to_builtins else "$.field[0]")


def test_a_value_of_another_class(fmt):
    for encode in (fmt.encode, fmt.Encoder(Hexes).encode, quire.to_builtins, lambda value: quire.validate(value, Hexes)):
        for change, path in [({"plain": "ff"}, "$.plain"), ({"items": [1, None]}, "$.items[1]"), ({"plain": True}, "$.plain")]:
            with pytest.raises(quire.QuireError) as caught:
                encode(hexes(**change))
            assert check_error(caught.value).path == path
    with pytest.raises(quire.EncodeError, match="expected Money, got int"):
        fmt.Encoder(Money).encode(5)
    with pytest.raises(quire.ValidationError, match="expected Money, got int"):
        quire.validate(5, Money)


@pytest.mark.parametrize("error", [ZeroDivisionError, TypeError, KeyError, KeyboardInterrupt])
def test_other_exceptions_pass_with_the_path_as_a_note(fmt, error):
    def fail(_):
        raise error("broken")

    broken = Annotated[int, Adapter(wire=int, encode=fail, decode=fail)]

    class Holder(Record):
        field: list[broken]

    attempts = [
        lambda: fmt.decode(fmt.dumps({"field": [1]}), Holder),
        lambda: fmt.encode(Holder([1])),
        lambda: fmt.Encoder(Holder).encode(Holder([1])),
        lambda: quire.to_builtins(Holder([1])),
    ]
    for attempt in attempts:
        with pytest.raises(error) as caught:
            attempt()
        assert type(caught.value) is error and caught.value.__notes__ == ["at $.field[0]"]


def test_a_value_error_of_encode(fmt):
    def fail(_):
        raise ValueError("cannot be written")

    broken = Annotated[int, Adapter(wire=int, encode=fail, decode=fail)]

    class Holder(Record):
        field: dict[str, broken]

    for encode in (fmt.encode, fmt.Encoder(Holder).encode, quire.to_builtins):
        with pytest.raises(quire.EncodeError, match="cannot be written") as caught:
            encode(Holder({"a": 1}))
        assert check_error(caught.value).path == "$.field.a"


# The Adapter itself


def test_the_adapter_object():
    assert (HEX.wire, HEX.context) == (str, False) and "Adapter(wire=<class 'str'>" in repr(HEX)
    with pytest.raises(AttributeError, match="cannot be changed"):
        HEX.wire = int
    with pytest.raises(AttributeError, match="cannot be changed"):
        del HEX.wire
    with pytest.raises(TypeError, match="encode must be callable"):
        Adapter(wire=int, encode=None, decode=int)
    with pytest.raises(TypeError, match="decode must be callable"):
        Adapter(wire=int, encode=int, decode=5)


def test_a_wire_that_is_no_type(fmt):
    bad = Annotated[int, Adapter(wire=complex.__add__, encode=int, decode=int)]

    class Holder(Record):
        field: bad

    with pytest.raises(quire.SchemaError, match=r"Holder\.field"):
        fmt.decode(b"", Holder)


# User code that misbehaves


def test_functions_that_change_what_is_written(fmt):
    class Holder(Record):
        items: Any

    values = []

    def clear(n):
        values.clear()
        return n

    nasty = Annotated[int, Adapter(wire=int, encode=clear, decode=int)]
    for container in (list, dict):
        values = container([(i, i) for i in range(10)]) if container is dict else list(range(10))
        type_ = dict[int, nasty] if container is dict else list[nasty]
        with pytest.raises(quire.EncodeError) as caught:
            fmt.Encoder(type_).encode(values)
        assert check_error(caught.value).code in ("changed", "type_mismatch")


def test_functions_that_call_quire(fmt):
    def encode(n):
        gc.collect(1)
        return fmt.encode([n, EURO])

    def decode(data):
        gc.collect(1)
        return fmt.decode(data, tuple[int, Money])[0]

    nested = Annotated[int, Adapter(wire=bytes, encode=encode, decode=decode)]
    value = {str(i): [i, i + 1] for i in range(20)}
    data = fmt.Encoder(dict[str, list[nested]]).encode(value)
    assert fmt.decode(data, dict[str, list[nested]]) == value
    assert quire.convert(quire.convert(value, dict[str, list[nested]]), dict[str, list[nested]]) == value


def test_functions_that_change_what_is_converted():
    source = []

    def decode(text):
        source.clear()
        gc.collect()
        return int(text)

    nasty = Annotated[int, Adapter(wire=str, encode=str, decode=decode)]
    source += [str(10**20 + i) for i in range(5)]
    with pytest.raises(quire.QuireError):
        quire.convert(source, list[nasty])
    source += [str(10**20 + i) for i in range(5)]
    with pytest.raises(quire.QuireError):
        quire.convert({"a": source}, dict[str, list[nasty]])


def test_nothing_leaks(fmt):
    data, wire = fmt.encode(EVERYWHERE), quire.to_builtins(hexes())
    bad = fmt.dumps({"a": ["1 EUR", "2 EURO"]})

    def work():
        fmt.decode(data, Everywhere)
        fmt.encode(EVERYWHERE)
        fmt.Encoder(Everywhere).encode(EVERYWHERE)
        fmt.decode(fmt.encode(quire.convert(wire, Hexes)), Hexes)
        quire.to_builtins(hexes())
        quire.validate(hexes(), Hexes)
        for fail in (
            lambda: fmt.decode(bad, dict[str, list[Money]]),
            lambda: fmt.encode(hexes(plain="x")),
            lambda: quire.to_builtins(hexes(items=[None])),
        ):
            with pytest.raises(quire.QuireError):
                fail()
        assert fmt.decode(fmt.dumps("hello"), Money | str) == "hello"

    leaves_nothing(work, times=5)


def test_classes_with_adapters_are_collected(fmt):
    import weakref

    def make():
        class Gone:
            __quire__ = Adapter(wire=int, encode=lambda _: 1, decode=lambda _: Gone())

        fmt.decode(fmt.encode([Gone(), Gone()]), list[Any])
        fmt.decode(fmt.encode(Gone()), Gone)
        return weakref.ref(Gone)

    gone = make()
    gc.collect()
    assert gone() is None


def test_threads(fmt):
    data = fmt.encode(EVERYWHERE)

    def work(_):
        for _ in range(30):
            assert fmt.decode(data, Everywhere) == EVERYWHERE
            assert fmt.encode(EVERYWHERE) == data

    together(work)
