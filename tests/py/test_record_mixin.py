# SPDX-License-Identifier: Apache-2.0
"""Mixins: classes that bring fields and methods, and no storage."""

import abc
import copy
import gc
import inspect
import pickle

import pytest
from conftest import leaves_nothing

import quire
from quire import Record, RecordMeta, SchemaError, computed, field


class Stamped(Record, mixin=True, rename="camel"):
    created_at: int = field(default=0, kw_only=True)
    tags: list[str] = field(default_factory=list, kw_only=True)

    def age(self, now):
        return now - self.created_at

    @computed
    def tag_count(self):
        return len(self.tags)


class Named(Record, mixin=True):
    name: str


class Base(Record):
    id: int


class User(Base, Named, Stamped):
    mail: str


def test_fields_of_all(fmt):
    """The order is that of dataclasses and type checkers: what stands last in the method resolution order goes first."""
    assert User.__record_fields__ == ("name", "id", "mail", "created_at", "tags")
    user = User("n", 1, "m", created_at=5, tags=["a"])
    assert (user.name, user.id, user.mail, user.created_at, user.age(7)) == ("n", 1, "m", 5, 2)
    assert fmt.loads(fmt.encode(user)) == {"name": "n", "id": 1, "mail": "m", "createdAt": 5, "tags": ["a"], "tagCount": 1}
    assert fmt.decode(fmt.encode(user), User) == user == pickle.loads(pickle.dumps(user)) == copy.copy(user)
    assert repr(user) == "User(name='n', id=1, mail='m', created_at=5, tags=['a'])"
    assert user.__replace__(id=2).id == 2 and User.__match_args__ == ("name", "id", "mail")
    assert isinstance(user, Named) and isinstance(user, Stamped) and issubclass(User, Base)
    assert list(inspect.signature(User).parameters) == ["name", "id", "mail", "created_at", "tags"]
    small = User("n", 1, "m", created_at=5, tags=None)
    assert not gc.is_tracked(small) and gc.is_tracked(user)
    small.name = []
    assert gc.is_tracked(small)


@pytest.mark.parametrize("cls", [Stamped, Named])
def test_a_mixin_has_no_instances(cls, fmt):
    for make in (cls, lambda: cls.__new__(cls), lambda: cls(name="x")):
        with pytest.raises(TypeError, match="is a mixin: it has no instances"):
            make()
    with pytest.raises(SchemaError, match="the class is a mixin, which has no instances"):
        fmt.decode(fmt.dumps({"name": "x"}), cls)
    with pytest.raises(AttributeError):
        cls.name.__get__(1)


def test_mixins_of_mixins():
    class Both(Named, Stamped, mixin=True):
        extra: int = field(default=1, kw_only=True)

    class Only(Both):
        pass

    class Again(Only, Named):
        name: str = "default"

    assert Both.__record_options__["mixin"] and "mixin" not in Only.__record_options__
    assert Only("n").extra == 1 and Only.__basicsize__ == 16 + 8 * 4
    assert Again().name == "default" and Again.__basicsize__ == Only.__basicsize__
    with pytest.raises(TypeError, match="is a mixin"):
        Both("n")


def test_a_field_may_be_said_again():
    class Loud(Named):
        name: str = "LOUD"
        volume: int = 3

    assert Loud() == Loud("LOUD", 3) and Loud.__record_fields__ == ("name", "volume")

    class Other(Record, mixin=True):
        id: str = "other"

    class Left(Other, Base):
        pass

    class Right(Base, Other):
        pass

    assert Left().id == "other" and Left.__basicsize__ == Base.__basicsize__
    with pytest.raises(TypeError, match="missing 1 required argument: 'id'"):
        Right()


def test_keywords_of_a_mixin(fmt):
    class Keep(Record, mixin=True, unknown="keep", weakref=True, validate="init", frozen=True, order=True):
        a: int = 1

    class Made(Keep):
        b: int = 2

    assert fmt.loads(fmt.encode(fmt.decode(fmt.dumps({"x": 1}), Made))) == {"a": 1, "b": 2, "x": 1}
    assert Made(1) < Made(2) and hash(Made(1)) == hash(Made(1)) and Made.__weakrefoffset__
    with pytest.raises(quire.ValidationError):
        Made("x")
    with pytest.raises(AttributeError, match="is frozen"):
        Made(1).a = 2


def test_with_plain_and_abstract_mixins(fmt):
    class Plain:
        __slots__ = ()

        def twice(self):
            return self.a * 2

    class Shape(abc.ABC):
        @abc.abstractmethod
        def area(self): ...

    class Sided(Record, mixin=True):
        a: int

    class Square(Plain, Sided, Shape):
        def area(self):
            return self.a**2

    assert Square(3).twice() == 6 and Square(3).area() == 9 and isinstance(Square(3), Shape)
    assert fmt.decode(fmt.encode(Square(3)), Square) == Square(3)

    class Unfinished(Sided, Shape):
        pass

    with pytest.raises(TypeError, match="abstract"):
        Unfinished(1)

    class AbstractMixin(Record, Shape, mixin=True):
        a: int

    with pytest.raises(TypeError, match="is a mixin"):
        AbstractMixin(1)


def test_code_of_a_mixin_that_stores():
    class Storing(Record, mixin=True, frozen=True):
        a: object = None

        def put(self, value):
            object.__setattr__(self, "a", value)

    class Made(Storing, frozen=True):
        b: int = 1

    made = Made()
    made.put([1])
    assert made.a == [1] and gc.is_tracked(made)


def test_refused():
    with pytest.raises(TypeError, match="Bad is a mixin and cannot inherit from Base, whose fields have slots"):

        class Bad(Base, mixin=True):
            x: int

    class Second(Record):
        other: int

    with pytest.raises(TypeError, match="both bring fields: only one base may"):

        class Worse(Base, Second):
            pass

    with pytest.raises(TypeError, match="required field 'id' follows field 'early'"):

        class Early(Record, mixin=True):
            early: int = 0

        class Order(Base, Early):
            pass

    with pytest.raises(TypeError, match="mixin must be True or False"):
        RecordMeta("Made", (Record,), {}, mixin=1)


def test_nothing_leaks():
    def work():
        mixin = RecordMeta("Mixin", (Record,), {"__annotations__": {"a": int}, "a": 1}, mixin=True)
        made = RecordMeta("Made", (Base, mixin), {"__annotations__": {"id": int, "b": list}, "id": 1, "b": []})
        made().b.append(made)
        with pytest.raises(TypeError):
            mixin()

    leaves_nothing(work)
