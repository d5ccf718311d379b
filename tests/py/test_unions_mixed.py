# SPDX-License-Identifier: Apache-2.0
"""Unions of several kinds at once: tags beside keys, arrays of different shapes, many arms."""

import dataclasses
import enum
import itertools
from typing import Literal, NamedTuple, TypedDict, Union

import pytest
from conftest import FORMATS

import quire
from quire import Record


class Dog(Record, tag="dog"):
    age: int


class Cat(Record, tag="cat"):
    age: int


class Stray(Record):
    age: int


class Numbered(Record, tag=7, tag_field="kind"):
    age: int


class Ok(Record):
    ok: Literal[True]
    value: int


@dataclasses.dataclass
class Failed:
    ok: Literal[False]
    reason: str


class Op(enum.Enum):
    ADD = "add"
    DROP = 1


class Add(TypedDict):
    op: Literal[Op.ADD]


class Drop(Record):
    op: Literal[Op.DROP, "drop"]


class Ping(NamedTuple):
    op: Literal["ping"]
    n: int


class Pong(NamedTuple):
    op: Literal["pong"]
    n: int
    more: str = ""


class Point(NamedTuple):
    x: float
    y: float


def orders(*arms):
    return [Union[order] for order in itertools.permutations(arms)]  # noqa: UP007


def exact(a, b):
    return type(a) is type(b) and a == b


ARMS = [
    ((Dog, Stray), [Dog(1), Stray(1)]),
    ((Dog, Cat, Stray), [Dog(1), Cat(2), Stray(3)]),
    ((Dog, Stray, Numbered), [Dog(1), Stray(2), Numbered(3)]),
    ((Ok, Failed), [Ok(True, 1), Failed(False, "x")]),
    ((Add, Drop), [{"op": Op.ADD}, Drop(Op.DROP), Drop("drop")]),
    ((Dog, Cat, int, str, None), [Dog(1), 5, "dog", None]),
    ((Dog, dict[str, int], list[int], float), [Dog(1), {"age": 1}, {}, [1], [], 1.5]),
    ((Dog, Cat, Stray, dict[str, str], list[Dog | Stray]), [Dog(1), Stray(3), {"x": "y"}, [Dog(1), Stray(2)]]),
    ((Ping, Pong), [Ping("ping", 1), Pong("pong", 2, "x")]),
    ((Ping, Point), [Ping("ping", 1), Point(1.5, 2.0)]),
    ((Ping, list[int]), [Ping("ping", 1), [1, 2, 3], []]),
    ((list[int], list[str]), [[1], ["a"], [], [2**70] * 0]),
    ((list[int], list[float]), [[1], [1.5], [1.0, 2.5]]),
    ((tuple[int, int], tuple[int, int, int], tuple[str, str]), [(1, 2), (1, 2, 3), ("a", "b")]),
    ((list[Dog], list[list[int]], list[None]), [[Dog(1)], [[1]], [None], []]),
]


@pytest.mark.parametrize(("arms", "values"), ARMS, ids=lambda v: str(v)[:60])
def test_every_arm_comes_back(fmt, arms, values):
    for type_ in orders(*arms):
        encoder, decoder = fmt.Encoder(list[type_]), fmt.Decoder(list[type_])
        data = encoder.encode(values)
        assert data == fmt.encode(values)
        for value, again in zip(values, decoder.decode(data), strict=True):
            assert exact(value, again), type_
        for value, again in zip(values, quire.convert(fmt.decode(data), list[type_]), strict=True):
            assert exact(value, again), type_
        quire.validate(values, list[type_])


def test_a_known_tag_decides_wherever_it_stands(fmt):
    for type_ in orders(Dog, Stray):
        assert exact(fmt.decode(fmt.encode({"age": 1, "type": "dog"}), type_), Dog(1))
        for tag in ("cow", 1, None, ["dog"]):  # what carries a tag is not meant as the class without one
            fault = fmt.refuses(fmt.encode([{"age": 1, "type": tag, "x": {}}]), list[type_], quire.ValidationError)
            assert (fault.code, fault.path) == ("invalid_tag", "$[0].type")
        assert fmt.refuses(fmt.encode({"x": 1}), type_).code == "no_match"
    for type_ in orders(Dog, dict[str, int | str]):
        assert fmt.decode(fmt.encode({"type": "cow"}), type_) == {"type": "cow"}


def test_a_tag_that_comes_twice(fmt):
    for tags in (["dog", "dog"], ["dog", "cat"], ["cat", "dog"]):
        for type_ in (Dog, Dog | Stray):
            data = twice(fmt, tags)
            fault = fmt.refuses(data, type_, quire.ValidationError)
            assert fault.code == ("duplicate_field" if tags[0] == tags[1] else "invalid_tag"), tags


def twice(fmt, tags):
    """{"type": tags[0], "age": 1, "type": tags[1]}"""
    parts = [fmt.encode({"type": tags[0]}), fmt.encode({"age": 1}), fmt.encode({"type": tags[1]})]
    if fmt.name == "json":
        return b"{" + b",".join(part[1:-1] for part in parts) + b"}"
    return b"\x83" + b"".join(part[1:] for part in parts)


def test_truth_values_are_tags_of_their_own(fmt):
    for type_ in orders(Ok, Failed):
        for document in ({"ok": 1, "value": 1}, {"ok": "true"}, {"ok": None}):
            assert fmt.refuses(fmt.encode(document), type_).code == "invalid_tag"

    class One(Record):
        ok: Literal[1]

    class Yes(Record):
        ok: Literal[True]

    for type_ in orders(One, Yes):
        assert exact(fmt.decode(fmt.encode({"ok": 1}), type_), One(1))
        assert exact(fmt.decode(fmt.encode({"ok": True}), type_), Yes(True))


def test_a_member_of_an_enum_is_a_tag(fmt):
    class Level(enum.IntEnum):
        LOW = 3

    class ByText(Record, tag=Op.ADD):
        x: int

    class ByNumber(Record, tag=Level.LOW):
        x: int

    class Made(Record, tag=lambda name: Op(name.lower()) if name == "Add" else Op.DROP):
        x: int

    assert fmt.decode(fmt.encode([ByText(1), ByNumber(2), Made(3)])) == [
        {"type": "add", "x": 1},
        {"type": 3, "x": 2},
        {"type": 1, "x": 3},
    ]
    for type_ in orders(ByText, ByNumber, Made):
        for value in (ByText(1), ByNumber(2), Made(3)):
            assert exact(fmt.decode(fmt.Encoder(type_).encode(value), type_), value)
    with pytest.raises(TypeError, match="member of an Enum"):
        type(Record)("Wrong", (Record,), {}, tag=1.5)


def test_arrays_that_fit_no_arm(fmt):
    for type_, documents in {
        list[int] | list[str]: ([1.5], [None], [[]]),
        tuple[int, int] | tuple[int, int, int]: ([], [1], [1, 2.5]),
        Ping | Pong: (["pang", 1], [1, 1], []),
    }.items():
        for document in documents:
            fault = fmt.refuses(fmt.encode([document]), list[type_], quire.ValidationError)
            assert (fault.code, fault.path) == ("no_match", "$[0]"), (type_, document)
    assert fmt.refuses(fmt.encode([1, 2, 3, 4]), tuple[int, int] | tuple[int, int, int]).code == "wrong_length"
    assert fmt.refuses(fmt.encode([1, "a"]), list[int] | list[str], quire.ValidationError).path == "$[1]"
    assert fmt.refuses(fmt.encode(["pong"]), Ping | Pong, quire.ValidationError).code == "missing_field"


def test_arrays_that_only_the_last_item_tells_apart(fmt):
    first, second = tuple[int, int, int, str], tuple[int, int, int, int]
    for type_ in orders(first, second):
        assert fmt.decode(fmt.encode([1, 2, 3, 4]), type_) == (1, 2, 3, 4)
        assert fmt.decode(fmt.encode([1, 2, 3, "x"]), type_) == (1, 2, 3, "x")


def many_tagged(n):
    return [
        type(Record)(f"T{i}", (Record,), {"__annotations__": {"x": int}, "__module__": __name__}, tag=f"t{i}") for i in range(n)
    ]


def many_untagged(n):
    space = ({"__annotations__": {"shared": int, f"only{i}": int}, "__module__": __name__} for i in range(n))
    return [type(Record)(f"U{i}", (Record,), names) for i, names in enumerate(space)]


@pytest.mark.parametrize("make", [many_tagged, many_untagged])
def test_two_hundred_arms(fmt, make):
    classes = make(200)
    type_ = list[Union[tuple(classes)]]  # noqa: UP007
    values = [cls(*range(len(cls.__record_fields__))) for cls in classes]
    data = fmt.Encoder(type_).encode(values)
    again = fmt.Decoder(type_).decode(data)
    assert [type(v) for v in again] == classes and again == values
    code = "missing_tag" if make is many_tagged else "no_match"
    assert fmt.refuses(fmt.encode([{"x": 1}]), type_).code == code


def test_records_of_many_required_keys(fmt):
    """The bitmap of an arm is several words long."""
    names = [f"k{i}" for i in range(200)]

    def cls(name, fields):
        return type(Record)(name, (Record,), {"__annotations__": dict.fromkeys(fields, int), "__module__": __name__})

    every, most = cls("Every", names), cls("Most", names[:130])
    for type_ in orders(every, most):
        full, part = every(*range(200)), most(*range(130))
        assert exact(fmt.decode(fmt.encode(full), type_), full) and exact(fmt.decode(fmt.encode(part), type_), part)
        assert fmt.refuses(fmt.encode(dict.fromkeys(names[:129], 1)), type_).code == "no_match"


def test_deep_unions_of_arrays_are_limited(fmt):
    """Looking ahead at items reads them twice; nested, that is limited as it is for objects."""

    class Leaf(NamedTuple):
        fill: str
        tree: "Leaf | Node | None"
        kind: Literal["leaf"]

    class Node(NamedTuple):
        fill: str
        tree: "Leaf | Node | None"
        kind: Literal["node"]

    Leaf.__annotations__["tree"] = Node.__annotations__["tree"] = Leaf | Node | None
    value = None
    for _ in range(10):
        value = ["x", value, "node"]
    assert type(fmt.decode(fmt.encode(value), Leaf | Node)) is Node
    for _ in range(300):
        value = ["x" * 1000, value, "node"]
    assert fmt.refuses(fmt.encode(value), Leaf | Node, quire.LimitError).code == "work_limit"


@pytest.mark.parametrize("fmt", [f for f in FORMATS if f.name == "json"], ids=repr)
def test_malformed_text_within_what_is_looked_at(fmt):
    for data in (
        b"[1",
        b"[1,",
        b'["a',
        b"[1,]",
        b"[tru]",
        b'["\xff"]',
        b"[[}]",
        b'{"age":1,"type":tru}',
        b'{"age":1,,',
        b'{"type":"dog"',
    ):
        error = quire.DecodeError
        fmt.refuses(data, list[int] | list[str] | Dog | Stray, error)
        fmt.refuses(data, tuple[int, int, str] | tuple[int, int, int] | Dog | Stray, error)
