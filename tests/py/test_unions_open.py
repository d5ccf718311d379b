# SPDX-License-Identifier: Apache-2.0
"""Unions that are not closed: Subclasses[Base], which learns of new classes, and Unknown, which keeps what no arm takes."""

import abc
import copy
import dataclasses
import pickle
import types
from typing import Annotated, Literal

import annotated_types
import pytest
from conftest import leaves_nothing
from hypothesis import given
from hypothesis import strategies as st

import quire
from quire import Record, Subclasses, Unknown


class Shape(Record, tag=True):
    name: str


class Circle(Shape):
    radius: float


class Ring(Circle):
    inner: float


class Drawing(Record):
    shapes: list[Subclasses[Shape]]
    best: Subclasses["Shape"] | None = None


@dataclasses.dataclass
class Event:
    at: int


@dataclasses.dataclass
class Login(Event):
    user: str
    kind: Literal["login"] = "login"


@dataclasses.dataclass
class Logout(Event):
    kind: Literal["logout"] = "logout"


class Dog(Record, tag="dog"):
    age: int


class Cat(Record, tag="cat"):
    lives: int


class Point(Record):
    x: int


def exact(a, b):
    return type(a) is type(b) and a == b


def test_subclasses_of_any_depth(fmt):
    for value in (Shape("s"), Circle("c", 1.0), Ring("r", 2.0, 1.0)):
        for type_ in (Subclasses[Shape], Subclasses[Shape] | None, Subclasses[Shape] | int | str):
            assert exact(fmt.decode(fmt.Encoder(type_).encode(value), type_), value)
            assert exact(quire.convert(fmt.decode(fmt.encode(value)), type_), value)
            quire.validate(value, type_)
    drawing = Drawing([Circle("c", 1.0), Shape("s")], Ring("r", 2.0, 1.0))
    assert fmt.decode(fmt.Encoder(Drawing).encode(drawing), Drawing) == drawing
    assert (
        fmt.refuses(fmt.encode({"type": "Square", "name": "x"}), Subclasses[Shape], quire.ValidationError).code == "invalid_tag"
    )


def test_dataclasses_by_a_literal_of_theirs(fmt):
    for value in (Login(1, "a"), Logout(2), Event(3)):
        assert exact(fmt.decode(fmt.Encoder(Subclasses[Event]).encode(value), Subclasses[Event]), value)
    assert fmt.refuses(fmt.encode({"kind": "log", "at": 1}), Subclasses[Event]).code == "invalid_tag"


def family():
    class Base(Record, tag=True):
        x: int

    return Base


def plain_family():
    @dataclasses.dataclass
    class Base:
        x: int

    return Base


@pytest.mark.parametrize("make", [family, plain_family])
def test_classes_that_are_defined_later(fmt, make):
    base = make()
    type_ = list[Subclasses[base]]
    holder = types.new_class("Holder", (Record,), exec_body=lambda space: space.update(__annotations__={"all": type_}))
    encoder, decoder, one = fmt.Encoder(type_), fmt.Decoder(type_), fmt.Decoder(holder)
    values = [base(1)]
    assert decoder.decode(encoder.encode(values)) == values
    for i in range(5):
        names = {"__annotations__": {f"y{i}": int, "kind": Literal[f"k{i}"]}, "__module__": __name__}
        new = types.new_class(f"New{i}", (base,), exec_body=lambda space, names=names: space.update(names))
        if not issubclass(new, Record):
            new = dataclasses.dataclass(new)
        values.append(new(1, 2, f"k{i}"))
        assert [type(v) for v in decoder.decode(encoder.encode(values))] == [type(v) for v in values]
        assert decoder.decode(encoder.encode(values)) == values
        assert fmt.decode(fmt.encode(values), type_) == values
        assert quire.convert(values, type_) == values
        assert one.decode(fmt.encode(holder(values))).all == values
        quire.validate(values, type_)


def test_an_abstract_class_is_no_arm(fmt):
    class Base(Record, abc.ABC):
        x: int

        @abc.abstractmethod
        def area(self): ...

    with pytest.raises(quire.SchemaError, match="no subclass"):
        fmt.Decoder(Subclasses[Base])

    class Square(Base):
        def area(self):
            return self.x**2

    assert exact(fmt.decode(fmt.encode(Square(2)), Subclasses[Base]), Square(2))


def test_a_mixin_is_no_arm(fmt):
    class Base(Record, mixin=True):
        x: int

    class Square(Base, Record, tag=True):
        pass

    class Ring(Base, Record, tag=True):
        y: int

    for value in (Square(1), Ring(1, 2)):
        assert exact(fmt.decode(fmt.Encoder(Subclasses[Base]).encode(value), Subclasses[Base]), value)


def test_families_that_nothing_tells_apart(fmt):
    class Base(Record):
        x: int

    class Same(Base):
        pass

    for type_, part in (
        (Subclasses[Base], "give them a tag"),
        (Subclasses[int], "takes a class with fields"),
        (Subclasses[list[int]], "takes"),
    ):
        with pytest.raises(quire.SchemaError, match=part):
            fmt.Decoder(type_)
    with pytest.raises(quire.SchemaError, match="needs a class"):
        fmt.Decoder(list[Subclasses])
    with pytest.raises(TypeError, match="no instances"):
        Subclasses()
    with pytest.raises(TypeError, match="one class"):
        Subclasses[int, str]


def test_what_is_unknown_is_kept(fmt):
    for type_ in (Dog | Cat | Unknown, Unknown | Cat | Dog, Subclasses[Dog] | Cat | Unknown | None | int):
        document = {"type": "cow", "milk": [1, 2.5, None, {"a": b"x".decode()}], "z": 2**63}
        unknown = fmt.decode(fmt.encode(document), type_)
        assert exact(unknown, Unknown("type", document)) and list(unknown) == list(document)
        assert (unknown.tag, unknown.tag_field, unknown["z"]) == ("cow", "type", 2**63)
        assert fmt.Encoder(type_).encode(unknown) == fmt.encode(unknown) == fmt.encode(document)
        assert exact(quire.convert(document, type_), unknown) and exact(quire.convert(unknown, type_), unknown)
        quire.validate(unknown, type_)
        assert exact(fmt.decode(fmt.encode({"type": "dog", "age": 1}), type_), Dog(1))
        assert exact(fmt.decode(fmt.encode({}), type_), Unknown("type", {})) and fmt.decode(fmt.encode({}), type_).tag is None
        assert fmt.refuses(fmt.encode({"type": "dog"}), type_).code == "missing_field"
        assert fmt.refuses(fmt.encode(["x"]), type_).code == "type_mismatch"
        for value in ({"type": "cow"}, {}, Point(1)):
            with pytest.raises(quire.EncodeError):
                fmt.Encoder(type_).encode(value)


def test_unknown_beside_classes_without_tags(fmt):
    type_ = Point | Unknown
    assert exact(fmt.decode(fmt.encode({"x": 1}), type_), Point(1))
    unknown = fmt.decode(fmt.encode({"y": 1}), type_)
    assert exact(unknown, Unknown(None, {"y": 1})) and unknown.tag is None


def test_an_unknown_whose_class_is_known_by_now_is_written_all_the_same(fmt):
    data = fmt.encode({"type": "cat", "lives": 9})
    unknown = fmt.decode(data, Dog | Unknown)
    assert type(unknown) is Unknown and fmt.Encoder(Dog | Cat | Unknown).encode(unknown) == data


def test_unknown_is_an_object_like_others():
    unknown = Unknown("type", {"type": "x", "y": [1]})
    for again in (pickle.loads(pickle.dumps(unknown)), copy.copy(unknown), copy.deepcopy(unknown), unknown.copy()):
        assert exact(again, unknown) and again.tag == "x"
    assert copy.deepcopy(unknown)["y"] is not unknown["y"] and unknown.copy()["y"] is unknown["y"]
    assert repr(unknown) == "Unknown('type', {'type': 'x', 'y': [1]})"
    assert quire.to_builtins(unknown) == {"type": "x", "y": [1]}


@given(
    st.dictionaries(
        st.text(max_size=4),
        st.recursive(st.none() | st.integers(-9, 9) | st.text(max_size=3), st.lists, max_leaves=5),
        max_size=4,
    )
)
def test_any_object_comes_back_as_it_was(fmt, document):
    value = fmt.decode(fmt.encode(document), Dog | Cat | Unknown)
    assert type(value) is (Unknown if document.get("type") not in ("dog", "cat") else type(value))
    assert fmt.encode(value) == fmt.encode(document)


def test_bounds_and_fields_around_a_family(fmt):
    class Box(Record):
        shapes: Annotated[list[Subclasses[Shape]], annotated_types.Len(1, 2)]

    assert fmt.decode(fmt.encode(Box([Circle("c", 1.0)])), Box) == Box([Circle("c", 1.0)])
    assert fmt.refuses(fmt.encode({"shapes": []}), Box).code == "too_short"


def test_families_leave_nothing(fmt):
    def work():
        base = family()
        # A class keeps the plan of its type, so both go together.
        names = {"__annotations__": {"one": Subclasses[base] | Unknown}}
        holder = types.new_class("Holder", (Record,), exec_body=lambda space: space.update(names))
        decoder, encoder = fmt.Decoder(holder), fmt.Encoder(holder)
        assert decoder.decode(encoder.encode(holder(base(1)))).one == base(1)
        later = types.new_class("Later", (base,))
        assert decoder.decode(encoder.encode(holder(later(1)))).one == later(1)
        assert type(decoder.decode(fmt.encode({"one": {"type": "none"}})).one) is Unknown
        fmt.refuses(fmt.encode({"one": {"type": "Base"}}), holder)

    leaves_nothing(work, times=5)


def test_streams_and_lines_learn_of_new_classes(fmt):
    base = family()
    decoder, encoder = fmt.Decoder(Subclasses[base]), fmt.Encoder(Subclasses[base])
    stream = decoder.stream()
    one = base(1)
    assert list(stream.feed(encoder.encode_lines([one]))) == [one]
    later = types.new_class("Later", (base,))(2)
    data = encoder.encode_lines([one, later])
    assert list(stream.feed(data)) == [one, later]
    assert list(decoder.decode_lines(data)) == [one, later]
    buffer = bytearray(100)
    assert decoder.decode(buffer[: encoder.encode_into(later, buffer)]) == later
    types.new_class("Later", (base,))
    for work in (
        lambda: list(decoder.decode_lines(data)),
        lambda: encoder.encode_lines([one]),
        lambda: encoder.encode_into(one, buffer),
    ):
        with pytest.raises(quire.SchemaError, match="same tag"):
            work()
