# SPDX-License-Identifier: Apache-2.0
"""Pydantic models in unions: told apart by a Literal, by Pydantic, and never written so that another arm would read them."""

from typing import Annotated, Any, Literal

import pydantic
import pytest
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field

import quire
from quire import Adapter, Record


class Card(BaseModel):
    kind: Literal["card"] = "card"
    number: str


class Cash(BaseModel):
    kind: Literal["cash", "coins"] = "cash"
    amount: float


class Circle(BaseModel):
    radius: float


class Box(BaseModel):
    width: float


class SameAsBox(BaseModel):
    width: float


class Point(Record):
    radius: float


class Note(Record, tag="note", tag_field="kind"):
    text: str


@pydantic.dataclasses.dataclass
class Voucher:
    kind: Literal["voucher"]
    code: int


@pydantic.dataclasses.dataclass
class Nameless:
    code: int


TOLD = [Card(number="1"), Cash(amount=2.5), Cash(kind="coins", amount=0.5)]
UNIONS = {
    "a Literal": (Card | Cash, TOLD),
    "a discriminator": (Annotated[Card | Cash, Field(discriminator="kind")], TOLD),
    "a dataclass": (Card | Voucher, [Card(number="1"), Voucher("voucher", 7)]),
    "scalars beside": (Card | Cash | int | str | None, [*TOLD, 5, "card", None]),
    "keys": (Circle | Box, [Circle(radius=1.0), Box(width=2.0)]),
    "keys and a Literal": (Circle | Card | Cash, [Circle(radius=1.0), *TOLD]),
    "records beside": (Card | Cash | Note, [*TOLD, Note("n")]),
    "a record with other keys": (Box | Point, [Box(width=1.0), Point(2.0)]),
    "a record of the same keys": (Card | Point, [Card(number="1"), Point(2.0)]),
    "a dict": (Card | Cash | dict[str, int], [*TOLD, {"x": 1}]),
    "Unknown": (Card | Cash | quire.Unknown, [*TOLD, quire.Unknown("kind", {"kind": "gold"})]),
}


@pytest.mark.parametrize("name", UNIONS)
def test_every_arm_comes_back(name, fmt):
    type_, values = UNIONS[name]
    encoder, decoder = fmt.Encoder(list[type_]), fmt.Decoder(list[type_])
    data = encoder.encode(values)
    back = decoder.decode(data)
    assert back == values
    assert list(map(type, back)) == list(map(type, values))
    assert quire.convert(quire.to_builtins(values), list[type_]) == values
    assert quire.convert(values, list[type_]) == values
    quire.validate(values, list[type_])


@pytest.mark.parametrize("name", UNIONS)
def test_their_schema(name):
    type_, values = UNIONS[name]
    made = quire.json.schema(list[type_])
    Draft202012Validator.check_schema(made)
    document = quire.to_builtins(values)
    assert Draft202012Validator(made).is_valid(document)
    assert not Draft202012Validator(made).is_valid([[1]])


def test_the_order_of_arms_does_not_matter(fmt):
    for type_ in (Box | SameAsBox, SameAsBox | Box):
        assert type(fmt.decode(fmt.dumps({"width": 1.0}), type_)) is Box


def test_what_would_be_another_model_is_not_written(fmt):
    encoder = fmt.Encoder(Box | SameAsBox)
    encoder.encode(Box(width=1.0))
    with pytest.raises(quire.EncodeError, match="it would be read back as Box: give each class a field with a Literal"):
        encoder.encode(SameAsBox(width=1.0))


def test_what_would_be_a_record_is_not_written(fmt):
    with pytest.raises(quire.EncodeError, match="would_change") as caught:
        fmt.Encoder(list[Circle | Point]).encode([Point(1.0), Circle(radius=1.0)])
    assert caught.value.errors[0].path == "$[1]"
    with pytest.raises(quire.EncodeError, match="would_change"):
        fmt.Encoder(AsDict | Note).encode(AsDict({"kind": "note"}))
    assert fmt.Encoder(AsDict | Note).encode(AsDict({"kind": "x"})) == fmt.encode({"kind": "x"})


class AsDict:
    def __init__(self, inner):
        self.inner = inner

    __quire__ = Adapter(wire=dict[str, Any], encode=lambda value: value.inner, decode=lambda wire: AsDict(wire))


def test_a_model_of_another_union_is_none(fmt):
    for type_ in (Circle | Box, Card | Cash):
        with pytest.raises(quire.EncodeError):
            fmt.Encoder(type_).encode(SameAsBox(width=1.0))
        with pytest.raises(quire.ValidationError):
            quire.validate(SameAsBox(width=1.0), type_)
        with pytest.raises(quire.ValidationError):
            quire.convert(SameAsBox(width=1.0), type_)


@pytest.mark.parametrize(
    ("type_", "text", "path", "code"),
    [
        (Card | Cash, '{"kind": "gold"}', "$.kind", "invalid_tag"),
        (Card | Cash, '{"number": "1"}', "$", "missing_tag"),
        (Card | Cash, '{"kind": "cash", "amount": "x"}', "$.amount", "invalid_value"),
        (Circle | Box, '{"radius": "x"}', "$.radius", "invalid_value"),
        (Circle | Box, "[]", "$", "type_mismatch"),
    ],
)
def test_faults_have_their_places(type_, text, path, code):
    with pytest.raises(quire.ValidationError) as caught:
        quire.json.decode(text, type_)
    assert path in {fault.path for fault in caught.value.errors}
    assert caught.value.errors[0].code == code


def test_dataclasses_without_a_literal():
    assert quire.json.decode('{"code": 1}', Nameless | int) == Nameless(1)
    with pytest.raises(quire.SchemaError, match="nothing tells Card and Nameless apart: give each a field with a Literal"):
        quire.json.Decoder(Card | Nameless)


def test_a_serializer_of_its_own_is_no_tag(fmt):
    class Hidden(BaseModel):
        kind: Literal["hidden"] = "hidden"
        secret: int = 0

        @pydantic.model_serializer
        def write(self):
            return {"secret": self.secret}

    type_ = Hidden | Circle
    assert fmt.decode(fmt.Encoder(type_).encode(Hidden(secret=3)), type_) == Hidden(secret=3)
