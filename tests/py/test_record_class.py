# SPDX-License-Identifier: Apache-2.0
"""Making classes from quire.Record: fields, keywords, inheritance, metaclass."""

import abc
import dataclasses
import sys
import typing
from typing import ClassVar, Generic, TypeVar

import pytest

from quire import Record, RecordMeta, field

T = TypeVar("T")


def make(body, *bases, **keywords):
    return RecordMeta("Made", bases or (Record,), dict(body), **keywords)


def fields(**annotations):
    return {"__annotations__": annotations}


def test_fields_and_class_variables():
    class Some(Record):
        a: int
        b: ClassVar[int] = 3
        c: typing.ClassVar = 4
        d: "ClassVar[int]" = 5
        e: "typing.ClassVar[dict]" = {}
        f: "t.ClassVar" = 6
        g: "int | None" = None
        not_annotated = 7

    assert Some.__record_fields__ == ("a", "g")
    assert (Some.b, Some.c, Some.d, Some.e, Some.f, Some.not_annotated) == (3, 4, 5, {}, 6, 7)
    assert Some(1).b == 3


def test_annotations_are_not_evaluated():
    class Some(Record):
        a: "DoesNotExist[1/0]"  # noqa: F821
        b: "ClassVarious" = 1  # noqa: F821

    assert Some.__record_fields__ == ("a", "b")


@pytest.mark.parametrize(
    "annotation", ["InitVar[int]", "dataclasses.InitVar[int]", dataclasses.InitVar[int], dataclasses.InitVar]
)
def test_init_var_is_refused(annotation):
    with pytest.raises(TypeError, match="Made.a: a Record has no InitVar"):
        make(fields(a=annotation))


@pytest.mark.parametrize("annotation", ["KW_ONLY", "dataclasses.KW_ONLY", dataclasses.KW_ONLY])
def test_kw_only_marker(annotation):
    made = make({"__annotations__": {"a": int, "_": annotation, "b": int}})
    assert made.__record_fields__ == ("a", "b") and made.__match_args__ == ("a",)
    assert made(1, b=2).b == 2


def test_kw_only():
    class Base(Record, kw_only=True):
        a: int = 1
        b: int
        c: int = field(default=0, kw_only=False)

    assert Base.__record_fields__ == ("c", "a", "b")
    assert Base(5, b=2).c == 5

    class Child(Base):
        d: int = 4

    assert Child.__match_args__ == ("c", "d"), "the keyword speaks of the fields of its own class"


def test_required_after_default():
    with pytest.raises(TypeError, match="required field 'b' follows field 'a', which has a default"):
        make({"__annotations__": {"a": int, "b": int}, "a": 1})


@pytest.mark.parametrize(("default", "factory"), [([], list), ({}, dict), (set(), set), (bytearray(), bytearray)])
def test_empty_mutable_defaults_become_factories(default, factory):
    made = make({"__annotations__": {"a": object}, "a": default})
    assert made().a == default and made().a is not made().a and made().a is not default
    assert made.__record_defaults__ == {"a": (2, factory)}
    made = make({"__annotations__": {"a": object}, "a": field(default=default)})
    assert made().a is not made().a


@pytest.mark.parametrize("default", [[1], {1: 2}, {3}, bytearray(b"x")])
def test_other_mutable_defaults_are_refused(default):
    with pytest.raises(TypeError, match="default_factory"):
        make({"__annotations__": {"a": object}, "a": default})


def test_unhashable_defaults_are_refused():
    class Thing(Record):
        x: int = 1

    with pytest.raises(TypeError, match="mutable type Thing would be shared"):
        make({"__annotations__": {"a": object}, "a": Thing()})


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: field(0), "field\\(default=0\\)"),
        (lambda: field(True), "the number must be an int, not bool"),
        (lambda: field("x"), "write default='x'"),
        (lambda: field(-1), "between 1 and 536870911"),
        (lambda: field(536870912), "between 1 and 536870911"),
        (lambda: field(1 << 100), "between 1 and 536870911"),
        (lambda: field(19000), "reserved"),
        (lambda: field(19999), "reserved"),
        (lambda: field(default=1, default_factory=list), "cannot both be given"),
        (lambda: field(default_factory=1), "callable"),
        (lambda: field(name=1), "name must be a str"),
        (lambda: field(kw_only=1), "kw_only must be True or False"),
        (lambda: field(repr="no"), "repr must be True or False"),
        (lambda: field(unknown=1), "unknown"),
    ],
)
def test_field_errors(call, text):
    with pytest.raises(TypeError, match=text):
        call()


def test_field_object():
    made = field(3, default=1, name="wire", kw_only=True, repr=False, compare=False)
    assert (made.number, made.default, made.name, made.kw_only, made.repr, made.compare) == (3, 1, "wire", True, False, False)
    assert repr(made) == "field(3, default=1, name='wire', kw_only=True, repr=False, compare=False)"
    made = field(default_factory=list)
    assert (made.number, made.name, made.kw_only, made.repr, made.compare) == (None, None, None, True, True)
    assert made.default_factory is list and not hasattr(made, "default")
    assert field(19999 + 1).number == 20000 and field(536870911).number == 536870911
    with pytest.raises(AttributeError):
        made.number = 1
    with pytest.raises(TypeError):
        type(made)()


def test_numbers():
    made = make({"__annotations__": {"a": int, "b": int}, "a": field(2), "b": field(1)})
    assert [made.__record_specs__[name].number for name in made.__record_fields__] == [2, 1]
    with pytest.raises(TypeError, match="number all fields or none"):
        make({"__annotations__": {"a": int, "b": int}, "a": field(1)})
    with pytest.raises(TypeError, match="fields 'a' and 'b' both have number 1"):
        make({"__annotations__": {"a": int, "b": int}, "a": field(1), "b": field(1)})
    with pytest.raises(TypeError, match="both have number 1"):
        make({"__annotations__": {"c": int}, "c": field(1)}, made)
    make({"__annotations__": {"a": int, "b": "Annotated[int, field(2)]"}, "a": field(1)})


@pytest.mark.parametrize(
    ("keywords", "text"),
    [
        ({"frozne": True}, "unknown class keyword 'frozne': did you mean frozen"),
        ({"something": True}, "unknown class keyword 'something': there are frozen, order"),
        ({"frozen": 1}, "frozen must be True or False, not 1"),
        ({"order": None}, "order must be True or False"),
        ({"order": True, "eq": False}, "order=True needs eq=True"),
        ({"unknown": "ignore"}, "unknown must be"),
        ({"unknown": "skp"}, 'did you mean "skip"'),
        ({"unknown": "kepp"}, 'did you mean "keep"'),
        ({"omit": True}, "omit must be"),
        ({"layout": "list"}, 'layout must be "object" or "array"'),
        ({"rename": 3}, "rename must be"),
        ({"rename": "camels"}, 'did you mean "camel"'),
        ({"tag": 1.5}, "tag must be"),
        ({"tag_field": ""}, "tag_field must be"),
        *[({name: 1}, f"{name} is not supported yet") for name in ("version", "since", "removed")],
    ],
)
def test_keyword_errors(keywords, text):
    with pytest.raises(TypeError, match=text):
        make({}, **keywords)


def test_keywords_are_inherited():
    class Base(Record, frozen=True, rename="camel", tag="base", unknown="error"):
        a: int

    class Child(Base, tag="child", omit="default"):
        b: int

    assert dict(Child.__record_options__) == {
        "frozen": True, "rename": "camel", "tag": "child", "unknown": "error", "omit": "default",
    }  # fmt: skip
    with pytest.raises(AttributeError, match="frozen"):
        Child(1, 2).b = 3
    with pytest.raises(TypeError, match="cannot inherit from a frozen one"):
        make({}, Base, frozen=False)
    with pytest.raises(TypeError):
        Child.__record_options__["frozen"] = False


def test_inherited_fields():
    class Base(Record):
        a: int
        b: int = 2

    class Child(Base):
        c: int = 3
        a: str = "redefined"

    assert Child.__record_fields__ == ("a", "b", "c"), "a keeps its place"
    assert repr(Child()) == "Child(a='redefined', b=2, c=3)"
    assert Child.a is Base.a
    child = Child(1)
    child.a = 5
    assert (child.a, Base.a.__get__(child)) == (5, 5)
    with pytest.raises(TypeError, match="required field 'c' follows field 'b'"):
        make(fields(c=int), Base)
    with pytest.raises(TypeError, match="Made.b is an inherited field: annotate it"):
        make({"b": 5}, Base)
    with pytest.raises(TypeError, match="Made.b is an inherited field"):
        make({"b": property(lambda self: 1)}, Base)
    assert Base(1) == Base(1) and Base.__record_fields__ == ("a", "b")


def test_odd_bodies():
    with pytest.raises(TypeError, match="makes its own __slots__"):
        make({"__slots__": ("a",)})
    with pytest.raises(TypeError, match="needs an annotation"):
        make({"a": field()})
    with pytest.raises(TypeError, match="Python's own use"):
        make(fields(__hash__=int))
    with pytest.raises(TypeError, match="not an identifier"):
        make({"__annotations__": {"a b": int}})
    with pytest.raises(TypeError, match="must be a str"):
        make({"__annotations__": {1: int}})
    with pytest.raises(TypeError, match="__annotations__ must be a dict"):
        make({"__annotations__": 3})


def test_one_base_brings_storage():
    class A(Record):
        a: int

    class B(Record):
        b: int

    class Slots:
        __slots__ = ("s",)

    class NoSlots:
        __slots__ = ()

        def hello(self):
            return "hello"

    with pytest.raises(TypeError, match="A and B both bring fields: only one base may"):
        make({}, A, B)
    for base in (Slots, dict, Exception, int):
        with pytest.raises(TypeError, match="brings storage"):
            make(fields(x=int), Record, base)
    for bases in ((A, NoSlots), (NoSlots, A)):
        made = make(fields(c=int), *bases)(1, 2)
        assert (made.a, made.c, made.hello()) == (1, 2, "hello")
        assert not hasattr(made, "__dict__")

    class A1(A):
        pass

    class A2(A):
        more: int = 0

    assert make({}, A1, A2)(1, 2).more == 2
    assert make(fields(z=int), NoSlots, Record)(1).z == 1
    empty = make({}, NoSlots, Record)
    assert empty() == empty.__new__(empty) and not hasattr(empty(), "__dict__")


def test_plain_mixin_with_dict():
    class Mixin:
        def __init_subclass__(cls, flavour=None, **keywords):
            super().__init_subclass__(**keywords)
            cls.flavour = flavour

    class Some(Record, Mixin, flavour="sweet", frozen=True):
        a: int

    assert Some.flavour == "sweet"
    record = Some(1)
    object.__setattr__(record, "extra", 2)
    assert (record.a, record.extra, record.__dict__) == (1, 2, {"extra": 2})

    class Loose(Mixin, Record):
        a: int

    loose = Loose(1)
    loose.extra = [loose]
    assert loose.__dict__ == {"extra": [loose]}

    class Empty(Record, Mixin):
        pass

    empty = Empty()
    empty.a = 1
    assert empty.__dict__ == {"a": 1}


def test_generic():
    class Box(Record, Generic[T], frozen=True):
        value: T

    class Pair(Box[T]):
        other: T

    assert Box[int](3) == Box(3) and Box[int].__origin__ is Box
    assert Pair[str]("a", "b").other == "b"
    with pytest.raises(TypeError, match="unknown class keyword"):
        RecordMeta("Made", (Record, Generic), {"__orig_bases__": (Record, Generic[T])}, frozn=True)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="type parameters are new in 3.12")
def test_type_parameters():
    space = {"Record": Record}
    exec("class Box[T](Record):\n    value: T\n    others: list[T] = []", space)
    assert space["Box"][int](3) == space["Box"](3, [])


def test_abstract_base_classes():
    class Shape(Record, abc.ABC):
        name: str

        @abc.abstractmethod
        def area(self): ...

    class Square(Shape):
        side: float

        def area(self):
            return self.side**2

    class Sized(abc.ABC):
        @classmethod
        def __subclasshook__(cls, other):
            return hasattr(other, "area") or NotImplemented

    with pytest.raises(TypeError, match="abstract class Shape"):
        Shape("a")
    with pytest.raises(TypeError, match="abstract class Shape"):
        Shape.__new__(Shape)
    square = Square("s", 3)
    assert square.area() == 9 and isinstance(square, Shape) and isinstance(square, Sized)
    assert not isinstance(3, Shape) and issubclass(Square, Shape) and not issubclass(int, Shape)
    Shape.register(int)
    assert isinstance(3, Shape) and issubclass(int, Shape)
    assert issubclass(Square, abc.ABC) and type(Square) is RecordMeta


def test_isinstance_of_plain_records():
    class A(Record):
        a: int

    class Fake:
        @property
        def __class__(self):
            return A

    class B(A):
        pass

    assert isinstance(B(1), A) and not isinstance(A(1), B) and not isinstance(1, A)
    assert isinstance(Fake(), A) and not isinstance(Fake(), B)
    assert issubclass(B, A) and not issubclass(A, B) and not issubclass(int, A)
    with pytest.raises(TypeError):
        issubclass(3, A)


def test_class_cell_set_name_and_init_subclass():
    seen = []

    class Descriptor:
        def __set_name__(self, owner, name):
            seen.append((owner.__name__, name))

    class Base(Record):
        a: int
        d = Descriptor()

        def __init_subclass__(cls, **keywords):
            super().__init_subclass__(**keywords)
            seen.append((cls.__name__, cls.__record_fields__))
            with pytest.raises(TypeError, match="class .* is still being made"):
                cls(1, 2)
            with pytest.raises(TypeError, match="still being made"):
                RecordMeta("Nested", (cls,), {})

        def who(self):
            return __class__

    class Child(Base):
        b: int

        def who(self):
            return super().who(), __class__

    assert Child(1, 2).who() == (Base, Child)
    assert seen == [("Base", "d"), ("Child", ("a", "b"))]


def test_own_metaclass():
    class Meta(RecordMeta):
        def __new__(mcs, name, bases, space, **keywords):
            space["made_by"] = "Meta"
            return super().__new__(mcs, name, bases, space, **keywords)

    class Some(Record, metaclass=Meta, frozen=True):
        a: int
        b: int = 2

    assert type(Some) is Meta and Some.made_by == "Meta"
    assert Some(1) == Some(a=1) and hash(Some(1)) and repr(Some(1)) == "Some(a=1, b=2)"
    with pytest.raises(TypeError, match="unexpected keyword"):
        Some(c=1)


def test_private_and_shadowed_names():
    class Some(Record):
        __hidden: int
        type: str
        self: int = 0

    made = Some(1, "t", self=4)
    assert (made._Some__hidden, made.type, made.self) == (1, "t", 4)


def test_assigning_class():
    class A(Record):
        a: int

    class Child(A):
        pass

    class Other(Record):
        a: int
        b: int

    record = A(1)
    record.__class__ = Child
    assert type(record) is Child and record.a == 1
    with pytest.raises(TypeError, match="layout"):
        record.__class__ = Other


def test_methods_set_later():
    class Some(Record):
        a: int

    class Child(Some):
        pass

    Some.__eq__ = lambda self, other: True
    assert Child(1) == Child(2) and not Child(1) != Child(2)
    del Some.__eq__
    assert Child(1) != Child(2)
    Some.__repr__ = lambda self: "own"
    assert repr(Child(1)) == "own"
