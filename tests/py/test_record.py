# SPDX-License-Identifier: Apache-2.0
"""Instances of quire.Record: constructor, attributes, comparison, hash, repr, match, UNSET."""

import collections.abc
import copy
import inspect
import pickle
import sys

import pytest

from quire import UNSET, Record, UnsetType, field


class Point(Record):
    x: int
    y: int = 2


class Frozen(Record, frozen=True, order=True):
    a: int
    b: str = "b"


class Keywords(Record):
    a: int
    b: int = field(default=1, kw_only=True)
    c: list = field(default_factory=list)


def test_positional_keywords_and_defaults():
    assert (Point(1).x, Point(1).y) == (1, 2)
    assert Point(1, 3).y == 3
    assert Point(y=5, x=4) == Point(4, 5)
    made = Keywords(1, [2], b=3)
    assert (made.a, made.b, made.c) == (1, 3, [2])
    assert Keywords(a=1, **{"".join(["c"]): 4}).c == 4, "a keyword that is not the interned name"


def test_factories_make_each_default_anew():
    first, second = Keywords(1), Keywords(1)
    assert first.c == [] and first.c is not second.c


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda: Point(), r"Point\(\) missing 1 required argument: 'x'"),
        (lambda: Two(), r"Two\(\) missing 2 required arguments: 'a' and 'b'"),
        (lambda: Three(), r"Three\(\) missing 3 required arguments: 'a', 'b', and 'c'"),
        (lambda: Three(1, c=2), r"Three\(\) missing 1 required argument: 'b'"),
        (lambda: Point(1, 2, 3), r"Point\(\) takes at most 2 positional arguments \(3 given\)"),
        (lambda: Keywords(1, 2, 3), r"Keywords\(\) takes at most 2 positional arguments \(3 given\)"),
        (lambda: Point(1, x=2), r"Point\(\) got multiple values for argument 'x'"),
        (lambda: Point(1, z=2), r"Point\(\) got an unexpected keyword argument 'z'"),
    ],
)
def test_argument_errors(call, text):
    with pytest.raises(TypeError, match=text):
        call()


class Two(Record):
    a: int
    b: int


class Three(Two):
    c: int


def test_attributes():
    point = Point(1)
    point.x = 7
    assert point.x == 7
    del point.x
    with pytest.raises(AttributeError, match="Point' object has no attribute 'x'"):
        point.x  # noqa: B018
    with pytest.raises(AttributeError, match="'x'"):
        del point.x
    with pytest.raises(AttributeError):
        point.z = 1
    assert not hasattr(point, "__dict__")
    with pytest.raises(TypeError, match="descriptor 'x' for '.*Point' objects doesn't apply to a '.*Two' object"):
        Point.x.__get__(Two(1, 2))
    with pytest.raises(TypeError, match="doesn't apply"):
        Point.x.__set__(Two(1, 2), 1)
    assert Point.x.__name__ == "x" and Point.x.__objclass__ is Point
    assert inspect.isdatadescriptor(Point.x)
    assert pickle.loads(pickle.dumps(Point.x)) is Point.x


def test_frozen():
    record = Frozen(1)
    for change in (lambda: setattr(record, "a", 2), lambda: delattr(record, "a"), lambda: setattr(record, "new", 2)):
        with pytest.raises(AttributeError, match="Frozen is frozen"):
            change()
    assert record == Frozen(1)
    Record.__setattr__(record, "a", 5)
    assert record.a == 5


def test_post_init_of_a_frozen_class():
    class Celsius(Record, frozen=True):
        degrees: float
        kelvin: float = 0.0

        def __post_init__(self):
            object.__setattr__(self, "kelvin", self.degrees + 273.15)
            super().__setattr__("degrees", float(self.degrees))

    assert Celsius(1) == Celsius(1.0)
    assert Celsius(1).kelvin == 274.15
    with pytest.raises(AttributeError):
        Celsius(1).kelvin = 3


def test_post_init_may_refuse_and_sees_everything():
    seen = []

    class Range(Record):
        low: int
        high: int = 10

        def __post_init__(self):
            seen.append((self.low, self.high))
            if self.low > self.high:
                raise ValueError("low above high")

    Range(1)
    with pytest.raises(ValueError, match="low above high"):
        Range(11)
    with pytest.raises(ValueError, match="low above high"):
        Range(1).__replace__(low=20)
    assert seen == [(1, 10), (11, 10), (1, 10), (20, 10)]


def test_own_init_and_new():
    class Own(Record):
        a: int
        b: int = 0

        def __new__(cls, *args):
            made = super().__new__(cls)
            assert not hasattr(made, "a")
            return made

        def __init__(self, text):
            super().__init__(int(text), b=1)

    made = Own("7")
    assert (made.a, made.b) == (7, 1)
    assert list(inspect.signature(Own.__init__).parameters) == ["self", "text"]

    class Late(Record):
        a: int

    class Child(Late):
        pass

    Late.__init__ = lambda self: Record.__init__(self, 3)
    assert Late().a == 3 and Child().a == 3
    del Late.__init__
    assert Late(4).a == 4 and Child(5).a == 5
    Late.__post_init__ = lambda self: setattr(self, "a", -self.a)
    assert Child(5).a == -5
    with pytest.raises(TypeError, match="record class"):
        Record.__new__(int)


def test_initialising_again():
    record = Keywords(1, [1])
    record.__init__(2)
    assert (record.a, record.b, record.c) == (2, 1, [])
    with pytest.raises(TypeError, match="missing 1 required"):
        record.__init__(c=3)
    assert (record.a, record.b, record.c) == (2, 1, []), "nothing changes when it fails"
    with pytest.raises(TypeError):
        record.__init__(**{1: 2})


def test_equality():
    assert Point(1) == Point(1, 2)
    assert not Point(1) == Point(2)
    assert Point(1) != Point(2)
    assert Point(1) == Point(1.0) and Point("a") != Point(b"a")
    assert Point(None) == Point(None) and Point(True) == Point(1)
    nan = float("nan")
    assert Point(nan) == Point(nan) and Point(nan) != Point(float("nan")), "as tuples"
    assert Point([1, {"a": 2}]) == Point([1, {"a": 2}])

    class Child(Point):
        pass

    assert Child(1) != Point(1)
    assert Point(1) != (1, 2)
    half = Point(1)
    del half.y
    assert half != Point(1)
    other = Point(1)
    del other.y
    assert half == other


def test_equality_as_the_class_says():
    class Plain(Record, eq=False):
        a: int

    record = Plain(1)
    assert record != Plain(1) and record == record
    assert hash(record) == hash(record)

    class Own(Point):
        def __eq__(self, other):
            return True

    assert Own(1) == Own(2) and not Own(1) != Own(2), "!= follows a == of one's own"

    class Part(Record, frozen=True):
        a: int
        b: object = field(default=None, compare=False)

    assert Part(1, []) == Part(1, {}) and hash(Part(1, [])) == hash(Part(1))


def test_errors_in_comparison_come_through():
    class Bad:
        def __eq__(self, other):
            raise RuntimeError("no")

        __hash__ = None

    with pytest.raises(RuntimeError):
        Point(Bad()) == Point(Bad())  # noqa: B015
    with pytest.raises(RuntimeError):
        Point(Bad()) == Point(1)  # noqa: B015
    with pytest.raises(TypeError, match="unhashable"):
        hash(Frozen(Bad()))


def test_fields_may_change_while_compared():
    class Evil:
        def __eq__(self, other):
            record.x = None
            return True

    record = Point(Evil())
    assert record == Point(Evil())


def test_order():
    assert Frozen(1) < Frozen(2) and Frozen(2) > Frozen(1)
    assert Frozen(1) <= Frozen(1) and Frozen(1) >= Frozen(1) and not Frozen(1) < Frozen(1)
    assert Frozen(1, "a") < Frozen(1, "b")
    assert sorted([Frozen(2), Frozen(1, "c"), Frozen(1)]) == [Frozen(1), Frozen(1, "c"), Frozen(2)]
    with pytest.raises(TypeError, match="'<' not supported"):
        Point(1) < Point(2)  # noqa: B015
    with pytest.raises(TypeError, match="'<' not supported"):
        Frozen(1) < Frozen("a")  # noqa: B015
    half = Frozen(1)
    Record.__delattr__(half, "b")
    with pytest.raises(AttributeError):
        half < Frozen(1)  # noqa: B015


def test_hash():
    assert hash(Frozen(1)) == hash(Frozen(1)) != hash(Frozen(2))
    assert len({hash(Frozen(a, b)) for a in range(100) for b in "abcdefghij"}) == 1000
    with pytest.raises(TypeError, match="unhashable type: 'Point'"):
        hash(Point(1))
    assert not isinstance(Point(1), collections.abc.Hashable)
    assert isinstance(Frozen(1), collections.abc.Hashable)
    assert {Frozen(1): "found"}[Frozen(1)] == "found"
    half = Frozen(1)
    Record.__delattr__(half, "b")
    with pytest.raises(AttributeError):
        hash(half)

    class Own(Record):
        a: int

        def __hash__(self):
            return 7

    assert hash(Own(1)) == 7

    class Thawed(Own, eq=False):
        pass

    assert hash(Thawed(1)) == 7

    class Identity(Point, eq=False):
        pass

    assert isinstance(hash(Identity(1)), int) and Identity(1) != Identity(1)


@pytest.mark.parametrize("text", ["plain", "é", "日本", "🎉", ""])
def test_repr(text):
    assert repr(Point(text)) == f"Point(x={text!r}, y=2)"
    assert repr(Point([Point(text)])) == f"Point(x=[Point(x={text!r}, y=2)], y=2)"


def test_repr_of_cycles_and_hidden_and_missing_fields():
    point = Point(1)
    point.x = [point]
    assert repr(point) == "Point(x=[Point(...)], y=2)"

    class Secret(Record):
        user: str
        password: str = field(default="", repr=False)
        größe: float = 1.5

    assert repr(Secret("a")) == "Secret(user='a', größe=1.5)"
    assert list(Secret("a").__rich_repr__()) == [("user", "a"), ("größe", 1.5)]
    half = Point(1)
    del half.x
    assert repr(half) == "Point(x=<not set>, y=2)"
    assert list(half.__rich_repr__()) == [("y", 2)]

    class Empty(Record):
        pass

    assert repr(Empty()) == "Empty()" and Empty() == Empty()

    class Wide(Record):
        __annotations__ = {f"f{i}": int for i in range(40)}

    assert repr(Wide(*range(40))) == "Wide(" + ", ".join(f"f{i}={i}" for i in range(40)) + ")"

    class Bad:
        def __repr__(self):
            raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        repr(Point(1, Bad()))


def test_match():
    match Point(1):
        case Point(1, y):
            assert y == 2
        case _:
            pytest.fail("no match")
    match Keywords(1, b=5):
        case Keywords(1, [], b=b):
            assert b == 5
        case _:
            pytest.fail("no match")
    assert Keywords.__match_args__ == ("a", "c")
    assert Keywords.__record_fields__ == ("a", "c", "b")


def test_signature():
    assert str(inspect.signature(Point)) == "(x: int, y: int = 2)"
    assert str(inspect.signature(Keywords)) == "(a: int, c: list = Ellipsis, *, b: int = 1)"

    class Own(Point):
        def __init__(self, text): ...

    assert list(inspect.signature(Own).parameters) == ["text"]


def test_size():
    class Three(Record):
        a: int
        b: int
        c: int

    assert sys.getsizeof(Three(1, 2, 3)) <= 56


def test_unset():
    assert repr(UNSET) == "UNSET" and not UNSET
    assert UnsetType() is UNSET and type(UNSET) is UnsetType
    assert copy.copy(UNSET) is UNSET and copy.deepcopy(UNSET) is UNSET
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(UNSET, protocol)) is UNSET
    with pytest.raises(TypeError):
        UnsetType(1)
    with pytest.raises(TypeError):
        type("Sub", (UnsetType,), {})

    class Patch(Record):
        name: str | UnsetType = UNSET

    assert Patch().name is UNSET and repr(Patch()) == "Patch(name=UNSET)"
