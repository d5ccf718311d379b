# SPDX-License-Identifier: Apache-2.0
"""Pydantic models and marshmallow schemas, through their own code."""

import datetime as dt
import decimal
import enum
import subprocess
import sys
import uuid
from typing import Annotated, Any, Generic, Literal, TypeVar

import marshmallow
import pydantic
import pytest
from conftest import FORMATS, check_error, leaves_nothing
from type_table import CASES

import quire
import quire.contrib.marshmallow
import quire.contrib.pydantic
from quire import Record

T = TypeVar("T")


class Colour(enum.Enum):
    RED = "red"


class Address(pydantic.BaseModel):
    street: str
    number: int = 1


class User(pydantic.BaseModel):
    id: int = pydantic.Field(gt=0)
    name: str = pydantic.Field(alias="userName")
    born: dt.date | None = None
    seen: dt.datetime = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
    key: uuid.UUID = uuid.UUID(int=1)
    price: decimal.Decimal = decimal.Decimal("1.50")
    colour: Colour = Colour.RED
    tags: set[str] = set()
    pair: tuple[int, str] = (1, "a")
    photo: bytes = b"x"
    homes: list[Address] = []
    kind: Literal["user"] = "user"

    @pydantic.field_validator("name")
    @classmethod
    def _check(cls, name, info):
        if name == "root":
            raise ValueError("not that one")
        return name + (info.context or "")


class Strict(pydantic.BaseModel, strict=True):
    at: dt.datetime
    n: int


class Numbers(pydantic.RootModel[list[int]]):
    pass


class Box(pydantic.BaseModel, Generic[T]):
    content: T


@pydantic.dataclasses.dataclass
class Point:
    x: int
    y: Annotated[int, pydantic.Field(ge=0)] = 0


class Holder(Record):
    user: User
    by: dict[str, User]
    maybe: User | None = None
    either: Address | int = 0


USER = User(id=1, userName="b", born=dt.date(2000, 2, 29), tags={"x"}, homes=[Address(street="a")])


def test_models(fmt):
    for value in (USER, Strict(at=dt.datetime(2024, 1, 1), n=1), Numbers([1, 2]), Box[int](content=1), Point(1, 2)):
        for encode in (fmt.encode, fmt.Encoder(type(value)).encode):
            assert fmt.decode(encode(value), type(value)) == value
        assert quire.convert(quire.to_builtins(value), type(value)) == value
        assert quire.convert(value, type(value)) is value
        quire.validate(value, type(value))
    assert fmt.loads(fmt.encode(USER)) == USER.model_dump(mode="json", by_alias=True)


def test_models_in_other_types(fmt):
    holder = Holder(USER, {"a": USER}, either=Address(street="x"))
    assert fmt.decode(fmt.encode(holder), Holder) == holder
    assert fmt.decode(fmt.Encoder(Holder).encode(holder), Holder) == holder
    assert fmt.decode(fmt.encode([USER]), list[User]) == [USER]
    assert fmt.loads(fmt.encode({"a": [Point(1, 2)]})) == {"a": [{"x": 1, "y": 2}]}


def test_errors_of_pydantic_are_faults(fmt):
    wire = {"id": 0, "userName": "b", "homes": [{"street": "a"}, {"street": 5, "number": "x"}]}
    with pytest.raises(quire.ValidationError) as caught:
        fmt.decode(fmt.dumps({"user": wire, "by": {}}), Holder)
    check_error(caught.value)
    assert [fault.path for fault in caught.value.errors] == ["$.user.id", "$.user.homes[1].street", "$.user.homes[1].number"]
    assert caught.value.errors[0].message.startswith("Input should be greater than 0")
    assert isinstance(caught.value.__cause__.__cause__, pydantic.ValidationError)
    with pytest.raises(quire.ValidationError) as caught:
        quire.convert({"user": {"userName": "root", "id": 1}, "by": {}}, Holder)
    assert check_error(caught.value).path == "$.user.userName" and "not that one" in str(caught.value)


def test_the_wire_is_checked_first(fmt):
    fault = fmt.refuses(fmt.dumps({"user": 5, "by": {}}), Holder)
    assert (fault.code, fault.path) == ("type_mismatch", "$.user")


def test_context_reaches_pydantic(fmt):
    data = fmt.dumps({"id": 1, "userName": "b"})
    assert fmt.decode(data, User, context="!").name == "b!"
    assert fmt.decode(data, User).name == "b"


def test_strict_models_stay_strict(fmt):
    assert fmt.refuses(fmt.dumps({"at": "2024-01-01T00:00:00", "n": "1"}), Strict).path == "$.n"


def test_the_adapter_of_pydantic():
    assert quire.contrib.pydantic.adapter(User).wire == dict[str, Any]
    assert quire.contrib.pydantic.adapter(Numbers).wire is Any
    with pytest.raises(TypeError, match="expected a Pydantic model"):
        quire.contrib.pydantic.adapter(int)


# marshmallow


class Person:
    def __init__(self, name, age=0):
        self.name, self.age = name, age

    def __eq__(self, other):
        return type(other) is Person and (other.name, other.age) == (self.name, self.age)

    __hash__ = None


class PersonSchema(marshmallow.Schema):
    name = marshmallow.fields.String(required=True)
    age = marshmallow.fields.Integer(validate=marshmallow.validate.Range(min=0))

    @marshmallow.post_load
    def make(self, data, **_):
        return Person(**data)


class TeamSchema(marshmallow.Schema):
    people = marshmallow.fields.List(marshmallow.fields.Nested(PersonSchema))


Person.__quire__ = quire.contrib.marshmallow.adapter(PersonSchema)


def test_schemas(fmt):
    people = [Person("a", 1), Person("b")]
    assert fmt.loads(fmt.encode(people)) == [{"name": "a", "age": 1}, {"name": "b", "age": 0}]
    assert fmt.decode(fmt.encode(people), list[Person]) == people
    assert quire.convert(quire.to_builtins(people), list[Person]) == people
    many = Annotated[list[Person], quire.contrib.marshmallow.adapter(PersonSchema(many=True))]
    assert fmt.decode(fmt.Encoder(many).encode(people), many) == people


def test_errors_of_marshmallow_are_faults(fmt):
    with pytest.raises(quire.ValidationError) as caught:
        fmt.decode(fmt.dumps([{"age": -1}]), list[Person])
    check_error(caught.value)
    assert sorted(fault.path for fault in caught.value.errors) == ["$[0].age", "$[0].name"]
    team = Annotated[dict, quire.contrib.marshmallow.adapter(TeamSchema)]
    with pytest.raises(quire.ValidationError) as caught:
        fmt.decode(fmt.dumps({"people": [{"name": "a"}, {"name": 5}]}), team)
    assert check_error(caught.value).path == "$.people[1].name"


def test_what_is_no_schema():
    with pytest.raises(TypeError, match="expected a marshmallow Schema"):
        quire.contrib.marshmallow.adapter(5)


def test_nothing_leaks(fmt):
    data, bad = fmt.encode(USER), fmt.dumps({"id": 0, "userName": "x"})

    def work():
        fmt.decode(data, User)
        fmt.encode(USER)
        with pytest.raises(quire.ValidationError):
            fmt.decode(bad, User)
        with pytest.raises(quire.ValidationError):
            fmt.decode(fmt.dumps({}), Person)

    leaves_nothing(work, times=5)


def test_nothing_is_imported_unasked():
    script = "import sys, quire, quire.json; quire.json.encode([1]); assert not {'pydantic', 'marshmallow', 'quire.contrib'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", script], check=True)


def _models():
    """Models over the table of all types, as far as Pydantic knows the type."""
    for name, case in CASES.items():
        try:
            model = pydantic.create_model(
                name.title().replace(" ", ""), one=(case.type, ...), many=(list[case.type], ...), maybe=(case.type | None, None)
            )
        except Exception:  # noqa: S112
            continue
        yield name, model, case.values


def _by_pydantic(model, value):
    try:
        return model.model_validate_json(value.model_dump_json(by_alias=True))
    except ValueError:
        return None


def test_every_type_that_pydantic_has():
    """A model comes back from every format as Pydantic itself brings it back from its JSON, or is refused as there."""
    seen = set()
    for name, model, values in _models():
        for value in values:
            try:
                held = model(one=value, many=[value], maybe=None)
            except ValueError:
                continue
            expected = _by_pydantic(model, held)
            for fmt in FORMATS:
                try:
                    found = fmt.decode(fmt.encode([held]), list[model])[0]
                except quire.QuireError:
                    found = None
                if expected is not None:
                    assert found is not None, (name, fmt, value)
                    assert repr(found) == repr(expected), (name, fmt)
                    seen.add(name)
                assert found is None or expected is not None or found == held, (name, fmt, value)
    assert len(seen) > 30, sorted(seen)
