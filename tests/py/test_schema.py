# SPDX-License-Identifier: Apache-2.0
"""quire.json.schema: the words of a schema, names and references, options. That it says what the decoder does: test_schema_agrees."""

import collections
import dataclasses
import datetime as dt
import decimal
import enum
import functools
import ipaddress
import json
import re
import types
import uuid
from typing import Annotated, Any, Generic, Literal, NamedTuple, TypedDict, TypeVar

import annotated_types as at
import marshmallow
import pydantic
import pytest
from conftest import FORMATS
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from strategies import values
from test_schema_agrees import NOT_DRAWN, TYPES, checker
from test_strategies import Whole
from type_table import CASES, holders
from typing_extensions import Doc, TypeAliasType

import quire
from quire import Adapter, Adapters, Record, field
from quire.contrib.marshmallow import adapter
from quire.json import schema
from quire.json._schema._patterns import ecma

(FORMAT,) = (fmt for fmt in FORMATS if fmt.name == "json")
T = TypeVar("T")


def of(type_, **options):
    """The schema without the line that says that it is one."""
    made = schema(type_, **options)
    Draft202012Validator.check_schema(made)
    assert json.loads(json.dumps(made)) == made
    assert made.pop("$schema") == "https://json-schema.org/draft/2020-12/schema"
    return made


# What is written


@pytest.mark.parametrize("name", [name for name in TYPES if name not in NOT_DRAWN and ":" not in name])
@settings(max_examples=4)
@given(st.data())
def test_what_is_written_is_valid(name, data):
    type_ = TYPES[name]
    is_valid, encoder, drawn = _prepared(name)
    document = encoder.encode(data.draw(drawn))
    try:
        quire.json.decode(document, type_)
    except quire.ValidationError:  # an encoder minds no constraints
        return
    assert is_valid(json.loads(document)), document


@functools.cache
def _prepared(name):
    return checker(TYPES[name], mode="encode"), quire.json.Encoder(TYPES[name]), values(TYPES[name], FORMAT)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("mode", ["decode", "encode"])
def test_values_of_the_table(name, mode):
    case = CASES[name]
    made = holders(case.type)
    for type_, make in [
        (case.type, lambda value: value),
        *((made[name], _maker(made[name])) for name in ("Rec", "Typed", "Named")),
    ]:
        is_valid = checker(type_, mode=mode)
        for value in case.values[:3]:
            try:
                document = quire.json.Encoder(type_).encode(make(value))
            except quire.EncodeError:  # infinity
                continue
            assert is_valid(json.loads(document)), document


def _maker(cls):
    return lambda value: cls(one=value, many=[value], maybe=None)


def test_formats_as_hints_hold_of_what_has_them():
    assert of(dt.datetime, formats="hint") == {"type": "string", "format": "date-time"}
    assert of(list[dt.time | uuid.UUID], formats="hint")["items"] == {
        "anyOf": [{"type": "string", "format": "time"}, {"type": "string", "format": "uuid"}]
    }
    assert of(ipaddress.IPv6Address, formats="hint") == {"type": "string", "format": "ipv6"}
    assert of(dt.timedelta, formats="hint") == {"type": "string", "format": "duration"}
    assert of(bytes, formats="hint") == {"type": "string", "contentEncoding": "base64"}
    assert "pattern" in of(decimal.Decimal, formats="hint")


@pytest.mark.parametrize(
    ("zone", "good", "bad"),
    [
        (..., "2024-05-01T00:00:00+02:00", "2024-05-01T00:00:00"),
        (None, "2024-05-01T00:00:00", "2024-05-01T00:00:00Z"),
        (dt.UTC, "2024-05-01T00:00:00Z", "2024-05-01T00:00:00+02:00"),
    ],
)
def test_time_zones(zone, good, bad):
    made = of(Annotated[dt.datetime, at.Timezone(zone)])
    assert re.search(made["pattern"], good)
    assert not re.search(made["pattern"], bad)
    written = of(Annotated[dt.datetime, at.Timezone(zone)], mode="encode")
    assert ("format" in written) is (zone is dt.UTC)


# Simple ones


class Suit(enum.Enum):
    """Of a card."""

    HEARTS = "h"
    SPADES = "s"


class Anything(enum.Enum):
    KNOWN = "known"

    @classmethod
    def _missing_(cls, value):
        return cls.KNOWN


@pytest.mark.parametrize(
    ("type_", "made"),
    [
        (Any, {}),
        (quire.Raw, {}),
        (None, {"type": "null"}),
        (int | None, {"type": ["integer", "null"]}),
        (str | int | None, {"type": ["integer", "string", "null"]}),
        (list[Any], {"type": "array"}),
        (dict[str, Any], {"type": "object"}),
        (tuple[()], {"type": "array", "maxItems": 0}),
        (
            tuple[int, str],
            {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2, "items": False},
        ),
        (Literal["a"], {"type": "string", "const": "a"}),
        (Literal["a", None], {"enum": ["a", None]}),
        (Literal["a", 1], {"enum": ["a", 1]}),
        (Literal[True] | str, {"anyOf": [{"type": "boolean", "const": True}, {"type": "string"}]}),
        (Suit, {"title": "Suit", "description": "Of a card.", "type": "string", "enum": ["h", "s"]}),
        (Anything, {"title": "Anything", "type": "string", "examples": ["known"]}),
        (
            Annotated[int, at.Ge(1), at.Lt(9), at.MultipleOf(2)],
            {"type": "integer", "minimum": 1, "exclusiveMaximum": 9, "multipleOf": 2},
        ),
        (Annotated[str, at.Len(1, 3)], {"type": "string", "minLength": 1, "maxLength": 3}),
        (Annotated[list[int], at.MinLen(1)], {"type": "array", "items": {"type": "integer"}, "minItems": 1}),
        (
            Annotated[dict[str, int], at.MaxLen(1)],
            {"type": "object", "additionalProperties": {"type": "integer"}, "maxProperties": 1},
        ),
        (
            dict[Literal["a", "b"], bool],
            {"type": "object", "propertyNames": {"enum": ["a", "b"]}, "additionalProperties": {"type": "boolean"}},
        ),
        (dict[Literal["a", 1], Any], {"type": "object", "propertyNames": {"enum": ["a", "1"]}}),
        (dict[bool, Any], {"type": "object", "propertyNames": {"enum": ["true", "false"]}}),
        (dict[Annotated[str, at.MaxLen(2)], Any], {"type": "object", "propertyNames": {"maxLength": 2}}),
        (collections.Counter[str], {"type": "object", "additionalProperties": {"type": "integer"}}),
        (Annotated[int, at.Predicate(bool)] | None, {"type": ["integer", "null"]}),
    ],
    ids=str,
)
def test_words(type_, made):
    assert of(type_) == made


def test_sets_of_what_is_written_hold_nothing_twice():
    assert "uniqueItems" not in of(set[int])  # 1, 1 is read
    assert of(frozenset[int], mode="encode")["uniqueItems"] is True
    assert "uniqueItems" not in of(set[Any], mode="encode")


def test_a_tuple_as_a_key_is_json_in_a_string():
    names = of(dict[tuple[int, str], int])["propertyNames"]
    assert names["contentMediaType"] == "application/json"
    assert names["contentSchema"]["prefixItems"] == [{"type": "integer"}, {"type": "string"}]


# Classes


class Line(Record, rename="camel"):
    """A line of an order."""

    unit_price: decimal.Decimal
    amount: Annotated[int, at.Ge(1), Doc("How many.")] = 1
    tags: list[str] = field(default_factory=list)
    since: dt.date = dt.date(2024, 1, 2)
    secret: str = field(default="x", secret=True)
    password: str = field(default="y", serialize=False)

    @quire.computed
    def total(self) -> decimal.Decimal:
        return self.unit_price * self.amount


def test_a_record():
    made = of(Line)
    assert made["title"] == "Line"
    assert made["description"] == "A line of an order."
    assert made["required"] == ["unitPrice"]
    assert "additionalProperties" not in made
    properties = made["properties"]
    assert list(properties) == ["unitPrice", "amount", "tags", "since", "secret", "password"]
    assert properties["amount"] == {"type": "integer", "minimum": 1, "description": "How many.", "default": 1}
    assert properties["tags"]["default"] == []
    assert properties["since"]["default"] == "2024-01-02"
    assert "default" not in properties["secret"]
    assert properties["password"]["writeOnly"] is True


def test_a_record_that_is_written():
    made = of(Line, mode="encode")
    assert list(made["properties"]) == ["unitPrice", "amount", "tags", "since", "secret", "total"]
    assert made["required"] == list(made["properties"])
    assert made["properties"]["total"]["readOnly"] is True
    assert made["properties"]["total"]["type"] == "string"


class Hex(int):
    pass


HEX = Adapter(wire=str, encode=hex, decode=lambda text: int(text, 16))


@dataclasses.dataclass
class Device:
    address: Annotated[int, HEX] = 255
    addresses: list[Annotated[int, HEX]] = dataclasses.field(default_factory=lambda: [1])
    nothing: int = None
    moment: dt.datetime = dt.datetime(2024, 1, 1)


def test_defaults_are_what_would_be_written():
    properties = of(Device)["properties"]
    assert properties["address"] == {"type": "string", "default": "0xff"}
    assert "default" not in properties["addresses"]  # a factory may do anything
    assert "default" not in properties["nothing"]  # it is none that could be read
    assert properties["moment"]["default"] == "2024-01-01T00:00:00"
    assert "description" not in of(Device)  # what dataclasses made is nobody's


class Node(Record):
    value: int
    next: "Node | None" = None


def test_what_refers_to_itself_has_a_name():
    assert of(Node) == {
        "$ref": "#/$defs/Node",
        "$defs": {
            "Node": {
                "title": "Node",
                "type": "object",
                "properties": {
                    "value": {"type": "integer"},
                    "next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}], "default": None},
                },
                "required": ["value"],
            }
        },
    }


Tree = TypeAliasType("Tree", "list[Tree] | int")


def test_an_alias_that_refers_to_itself():
    assert of(Tree) == {
        "$ref": "#/$defs/Tree",
        "$defs": {"Tree": {"anyOf": [{"type": "integer"}, {"type": "array", "items": {"$ref": "#/$defs/Tree"}}]}},
    }
    assert of(dict[str, Tree])["additionalProperties"] == {"$ref": "#/$defs/Tree"}


class Box(Record, Generic[T]):
    item: T


def test_type_arguments_are_part_of_the_name():
    made = of(tuple[Box[int], Box[list[str | None]], Box[Suit], Box])
    assert sorted(made["$defs"]) == ["Box", "Box_Suit", "Box_int", "Box_list_str_None", "Suit"]
    assert made["$defs"]["Box_int"]["title"] == "Box[int]"
    assert made["$defs"]["Box_int"]["properties"] == {"item": {"type": "integer"}}


def _class(name, module, **annotations):
    return types.new_class(
        name, (Record,), {}, lambda space: space.update(__annotations__=annotations, __module__=module, __qualname__=name)
    )


def test_two_classes_of_one_name():
    one, two = _class("User", "a.models", id=int), _class("User", "b.models", id=str)
    made = of(tuple[one, two])
    assert list(made["$defs"]) == ["a.models.User", "b.models.User"]
    assert [part["$ref"] for part in made["prefixItems"]] == ["#/$defs/a.models.User", "#/$defs/b.models.User"]
    third = _class("User", "a.models", id=float)
    assert list(of(tuple[one, two, third])["$defs"]) == ["a.models.User", "a.models.User_2", "b.models.User"]


def test_the_same_type_gives_the_same_text():
    texts = {json.dumps(schema(type_)) for _ in range(3) for type_ in (Whole,)}
    assert len(texts) == 1


def test_a_long_chain_of_classes_needs_no_deep_stack():
    inner = int
    for i in range(400):
        inner = _class(f"C{i}", __name__, inner=inner)
    assert len(of(inner)["$defs"]) == 399


def test_references_as_asked():
    made = schema(list[Node], ref_template="#/components/schemas/{name}")
    assert made["items"] == {"$ref": "#/components/schemas/Node"}
    assert made["$defs"]["Node"]["properties"]["next"]["anyOf"][0] == {"$ref": "#/components/schemas/Node"}


class Named(NamedTuple):
    x: int
    y: int = 0


class Movie(TypedDict, total=False):
    """A film."""

    title: str


@quire.config(rename="upper", omit="null")
class Renamed(TypedDict):
    title: str | None
    year: Annotated[int, field(serialize=False)]


def test_other_kinds_of_classes():
    made = of(Named)
    assert made["prefixItems"] == [{"type": "integer"}, {"type": "integer", "default": 0}]
    assert made["minItems"] == 1
    assert "description" not in made
    assert of(Named, mode="encode")["minItems"] == 2
    assert of(Movie) == {
        "title": "Movie",
        "description": "A film.",
        "type": "object",
        "properties": {"title": {"type": "string"}},
    }
    assert of(Renamed)["required"] == ["TITLE", "YEAR"]
    assert list(of(Renamed, mode="encode")["properties"]) == ["TITLE"]
    assert "required" not in of(Renamed, mode="encode")
    assert of(quire.Partial[Line])["title"] == "Partial[Line]"
    assert "required" not in of(quire.Partial[Line])


# Unions


class Dog(Record, tag="dog"):
    name: str


class Cat(Record, tag="cat"):
    name: str


def test_tags_are_a_hint_for_openapi_too():
    made = of(Dog | Cat)
    assert made["discriminator"] == {"propertyName": "type", "mapping": {"cat": "#/$defs/Cat", "dog": "#/$defs/Dog"}}
    assert {"$ref": "#/$defs/Dog", "required": ["type"]} in made["oneOf"]
    assert {"$ref": "#/$defs/Dog"} in of(Dog | Cat, mode="encode")["oneOf"]
    assert made["$defs"]["Dog"]["properties"]["type"] == {"const": "dog"}


def test_the_order_of_arms_does_not_matter():
    assert of(Dog | Cat | int | None) == of(None | int | Cat | Dog)


# Adapters


class Money:
    """So much of a currency."""

    def __init__(self, text):
        self.text = text


def test_an_adapter_is_its_wire_type():
    Money.__quire__ = Adapter(wire=str, encode=lambda m: m.text, decode=Money)
    assert of(list[Money])["$defs"] == {"Money": {"title": "Money", "description": "So much of a currency.", "type": "string"}}
    assert of(Annotated[int, HEX]) == {"type": "string"}
    assert of(Hex, adapters=Adapters().add(Hex, HEX)) == {"title": "Hex", "type": "string"}


def test_an_adapter_with_a_schema_of_its_own():
    said = {"type": "string", "pattern": "^0x"}
    made = Adapter(wire=str, encode=hex, decode=lambda text: int(text, 16), schema=said)
    assert made.schema is said
    assert of(Annotated[int, made] | None) == {"type": ["string", "null"], "pattern": "^0x"}
    assert of(dict[Annotated[int, made], int])["propertyNames"] == {"pattern": "^0x"}
    asked = Adapter(wire=str, encode=hex, decode=int, schema=lambda mode: {"type": "string", "title": mode})
    assert of(Annotated[int, asked], mode="encode") == {"type": "string", "title": "encode"}
    with pytest.raises(TypeError, match="schema must be a dict or callable"):
        Adapter(wire=str, encode=hex, decode=int, schema="string")
    with pytest.raises(quire.SchemaError, match="the schema of an adapter must be a dict"):
        schema(Annotated[int, Adapter(wire=str, encode=hex, decode=int, schema=lambda mode: None)])


class Address(pydantic.BaseModel):
    city: str = pydantic.Field(min_length=1)


class Person(pydantic.BaseModel):
    name: str = pydantic.Field(alias="fullName")
    home: Address
    friends: "list[Person]" = []

    @pydantic.computed_field
    @property
    def initial(self) -> str:
        return self.name[0]


class Meeting(Record):
    who: list[Person]
    where: Address


def test_pydantic_speaks_for_its_models():
    made = of(Meeting)
    assert sorted(made["$defs"]) == ["Address", "Person"]
    assert made["properties"] == {
        "who": {"type": "array", "items": {"$ref": "#/$defs/Person"}},
        "where": {"$ref": "#/$defs/Address"},
    }
    assert made["$defs"]["Address"]["properties"]["city"]["minLength"] == 1
    person = made["$defs"]["Person"]["properties"]
    assert list(person) == ["fullName", "home", "friends"]
    assert person["friends"]["items"] == {"$ref": "#/$defs/Person"}
    assert "initial" in of(Meeting, mode="encode")["$defs"]["Person"]["properties"]
    document = {"who": [{"fullName": "Ada", "home": {"city": "x"}}], "where": {"city": ""}}
    assert not Draft202012Validator(made).is_valid(document)
    document["where"]["city"] = "y"
    assert Draft202012Validator(made).is_valid(document)


@pydantic.dataclasses.dataclass
class PydanticPoint:
    x: int


def test_a_dataclass_of_pydantic():
    assert of(PydanticPoint)["properties"]["x"]["type"] == "integer"


class PointSchema(marshmallow.Schema):
    x = marshmallow.fields.Integer(required=True, data_key="X")
    label = marshmallow.fields.String(allow_none=True)
    made = marshmallow.fields.DateTime(dump_only=True)
    inner = marshmallow.fields.Nested(lambda: PointSchema(), many=True)


def test_marshmallow_as_far_as_it_says():
    type_ = Annotated[dict, adapter(PointSchema)]
    made = of(type_)
    assert made["required"] == ["X"]
    assert list(made["properties"]) == ["X", "label", "inner"]
    assert made["properties"]["X"] == {}  # "1" is an integer to marshmallow
    assert made["additionalProperties"] is False
    written = of(type_, mode="encode")["properties"]
    assert written["X"] == {"anyOf": [{"type": "integer"}, {"type": "null"}]}
    assert "made" in written
    assert of(Annotated[list, adapter(PointSchema(many=True))])["items"] == made


# Patterns


@pytest.mark.parametrize(
    ("pattern", "made"),
    [
        (r"^[A-Z]{2,3}$", r"^[A-Z]{2,3}$"),
        (r"\A(?P<a>x)(?P=a)\Z", r"^(x)(?:\1)$"),
        (r"a{,3}b{2,}c{", r"a{0,3}b{2,}c\{"),
        (r"[]a[]\-\_\.]", r"[\]a\[]-_\.\]"),
        (r"\_\-\ \@}]", r"_- @\}\]"),
        (r"(?:a)(?=b)(?!c)(?<=d)(?<!e)(?#note)", r"(?:a)(?=b)(?!c)(?<=d)(?<!e)"),
        (r"a*?b+?c??", r"a*?b+?c??"),
        (r"\a\x41A\n", r"\x07\x41A\n"),
        (r"(a)\1", r"(a)(?:\1)"),
        (r"(?i)a", None),
        (r"(?s:.)", None),
        (r"a*+", None),
        (r"(?>a)", None),
        (r"(a)?(?(1)b|c)", None),
        (r"\N{BULLET}", None),
        (r"\07", None),
    ],
)
def test_patterns_of_python_in_ecma_262(pattern, made):
    compiled = re.compile(pattern)
    assert ecma(compiled) == made
    assert of(Annotated[str, compiled]) == {"type": "string", **({} if made is None else {"pattern": made})}
    if made is not None:
        re.compile(made)


@settings(max_examples=40)
@given(st.text("abA01[](){}^$.*+?|\\-dwZx_ :=!<", max_size=7), st.text("abA01[]{}.-_ ", max_size=6))
def test_a_pattern_keeps_its_meaning(pattern, text):
    try:
        compiled = re.compile(pattern)
    except (re.error, OverflowError):
        return
    made = ecma(compiled)
    if made is not None:
        assert bool(re.compile(made).search(text)) == bool(compiled.search(text))


# Mistakes


@pytest.mark.parametrize(
    "options", [{"mode": "both"}, {"formats": "all"}, {"ref_template": "#/x"}, {"ref_template": None}], ids=str
)
def test_options_that_do_not_exist(options):
    with pytest.raises(ValueError, match=next(iter(options))):
        schema(int, **options)


def test_types_that_are_not_supported():
    for type_ in ("int", type[int], list[lambda: 0]):
        with pytest.raises(quire.SchemaError):
            schema(type_)


def test_a_schema_is_the_callers_own():
    made = schema(Literal["a", "b"])
    made["enum"].append("c")
    assert schema(Literal["a", "b"])["enum"] == ["a", "b"]


def test_formats_that_are_asserted_hold():
    is_valid = Draft202012Validator(schema(dict[dt.date, ipaddress.IPv4Address]), format_checker=FormatChecker()).is_valid
    assert is_valid({"2024-02-29": "10.0.0.1"})
    assert not is_valid({"2023-02-29": "10.0.0.1"})
    assert not is_valid({"2024-02-29": "10.0.0.256"})
