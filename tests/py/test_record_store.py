# SPDX-License-Identifier: Apache-2.0
"""Setting fields of records: the ways that work, in which classes, and what the others say."""

import functools
import gc
import types

import pytest

from quire import Record


def is_fast(cls):
    """Are the fields those that the interpreter reads in one instruction?"""
    return all(type(cls.__dict__.get(name) or getattr(cls, name)) is types.MemberDescriptorType for name in cls.__record_fields__)


class Plain(Record):
    x: object
    y: object = None


class Frozen(Record, frozen=True):
    x: object


def test_descriptors():
    assert is_fast(Plain) and is_fast(Frozen)
    assert Plain.x.__get__(Plain(1)) == 1 and Plain.x.__objclass__ is Plain and Plain.x.__name__ == "x"
    with pytest.raises(AttributeError):
        Frozen(1).x = 2
    with pytest.raises(AttributeError):
        del Frozen(1).x


def idiom_post_init():
    class Made(Record, frozen=True):
        x: int
        double: object = None

        def __post_init__(self):
            object.__setattr__(self, "double", [self.x * 2])

    return Made, Made(2), "double", [4]


def idiom_super():
    class Made(Record, frozen=True):
        x: int
        double: object = None

        def __post_init__(self):
            super().__setattr__("double", [self.x * 2])

    return Made, Made(2), "double", [4]


def idiom_cache():
    class Made(Record, frozen=True):
        x: int
        cache: object = None

        @property
        def double(self):
            if self.cache is None:
                object.__setattr__(self, "cache", [self.x * 2])
            return self.cache

    made = Made(2)
    assert not gc.is_tracked(made) and made.double == [4]
    return Made, made, "cache", [4]


def idiom_own_setattr():
    class Made(Record):
        x: int
        y: object = None

        def __setattr__(self, name, value):
            object.__setattr__(self, name, [value])

    made = Made(2)
    made.y = 4
    return Made, made, "y", [4]


def idiom_mixin():
    class Mixin:
        __slots__ = ()

        def put(self, value):
            def inner():
                object.__setattr__(self, "y", value)

            inner()

    class Made(Mixin, Record, frozen=True):
        x: int
        y: object = None

    made = Made(2)
    made.put([4])
    return Made, made, "y", [4]


def wrapping(function):
    @functools.wraps(function)
    def wrapper(*arguments):
        return function(*arguments)

    return wrapper


@pytest.mark.parametrize(
    "wrap", [wrapping, staticmethod, lambda f: functools.partialmethod(f), lambda f: functools.cached_property(f)]
)
def test_decorated_code_counts(wrap):
    class Made(Record, frozen=True):
        x: object

        @wrap
        def put(self, value):
            object.__setattr__(self, "x", value)

    assert not is_fast(Made)


IDIOMS = [idiom_post_init, idiom_super, idiom_cache, idiom_own_setattr, idiom_mixin]


@pytest.mark.parametrize("idiom", IDIOMS)
def test_idioms_store_and_track(idiom):
    cls, made, name, value = idiom()
    assert getattr(made, name) == value and gc.is_tracked(made) and not is_fast(cls)
    if cls.__record_options__.get("frozen"):
        with pytest.raises(AttributeError, match="is frozen"):
            setattr(made, name, 1)

    class Child(cls, frozen=cls.__record_options__.get("frozen", False)):
        z: int = 0

    child = Child(3)
    object.__setattr__(child, "z", [1])
    assert child.z == [1] and gc.is_tracked(child) and not is_fast(Child)


@pytest.mark.parametrize("frozen", [False, True])
@pytest.mark.parametrize("base", [Plain, type("Empty", (Record,), {}), Frozen])
def test_a_class_below_plain_ones(base, frozen):
    """object.__setattr__ refuses to jump over a tp_setattro in C; the plain classes above give way."""
    frozen = frozen or base is Frozen

    class Base(base, frozen=frozen):
        a: object = None

    assert is_fast(Base)

    class Child(Base, frozen=frozen):
        b: object = None

        def put(self, value):
            object.__setattr__(self, "a", value)

    child = Child(x=1) if base is not IDIOMS and "x" in Child.__record_fields__ else Child()
    assert not gc.is_tracked(child)
    child.put([1])
    assert child.a == [1] and gc.is_tracked(child)
    above = Base(x=1) if "x" in Base.__record_fields__ else Base()
    if frozen:
        with pytest.raises(AttributeError, match="is frozen"):
            above.a = 1
    else:
        above.a = [2]
        assert above.a == [2] and gc.is_tracked(above)
        del above.a
        with pytest.raises(AttributeError):
            above.a  # noqa: B018


def test_own_setattr_below_a_plain_class():
    class Loud(Plain):
        def __setattr__(self, name, value):
            object.__setattr__(self, name, ("set", value))

    loud = Loud(1)
    loud.x = []
    assert loud.x == ("set", []) and gc.is_tracked(loud)
    plain = Plain(1)
    plain.x = 2
    assert plain.x == 2


def test_code_that_comes_later():
    class Made(Record):
        x: object

    class Child(Made):
        y: object = None

    made, child = Made(1), Child(1)

    def put(self, value):
        object.__setattr__(self, "x", value)

    Made.put = put
    made.put([1])
    child.put([1])
    assert made.x == child.x == [1] and gc.is_tracked(made) and gc.is_tracked(child) and not is_fast(Child)
    made.x, child.y = 2, 3
    assert (made.x, child.y) == (2, 3)


def test_setattr_that_comes_and_goes():
    class Made(Record):
        x: object

    made, seen = Made(1), []
    Made.__setattr__ = lambda self, name, value: seen.append(name)
    made.x = 5
    assert made.x == 1 and seen == ["x"]
    del Made.__setattr__
    made.x = [5]
    assert made.x == [5] and gc.is_tracked(made) and seen == ["x"]


def test_record_setattr_stores_in_frozen_ones():
    frozen = Frozen(1)
    Record.__setattr__(frozen, "x", [2])
    assert frozen.x == [2] and gc.is_tracked(frozen)
    Record.__delattr__(frozen, "x")
    with pytest.raises(AttributeError, match="x"):
        Record.__delattr__(frozen, "x")
    with pytest.raises(AttributeError, match="y"):
        Record.__setattr__(frozen, "y", 1)
    for arguments in ((frozen, 3, 4), (frozen, "x"), (frozen,), (3, "x", 4)):
        with pytest.raises(TypeError):
            Record.__setattr__(*arguments)
    with pytest.raises(TypeError):
        Record.__delattr__(frozen, 3)


def test_properties_and_foreign_descriptors():
    class Made(Record):
        x: object

        @property
        def twice(self):
            return self.x * 2

        @twice.setter
        def twice(self, value):
            self.x = value / 2

    made = Made(1)
    made.twice = 10
    assert made.x == 5
    with pytest.raises(AttributeError):
        made.nothing = 1
    Made.other = Plain.y
    with pytest.raises((TypeError, AttributeError)):
        made.other = 1
    with pytest.raises(TypeError):
        made.other  # noqa: B018


def test_unset_fields():
    plain = Plain(1)
    del plain.x
    with pytest.raises(AttributeError, match="x"):
        plain.x  # noqa: B018
    with pytest.raises(AttributeError, match="'Plain' object has no attribute 'x'"):
        del plain.x
    assert not hasattr(plain, "x")
    plain.x = 3
    assert plain.x == 3
