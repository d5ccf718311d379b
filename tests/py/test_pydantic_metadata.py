# SPDX-License-Identifier: Apache-2.0
"""Pydantic's metadata in a class that is none of Pydantic's: understood where quire does the same, never passed over."""

import dataclasses
import decimal
import uuid
from typing import Annotated, Literal, NamedTuple, TypedDict

import annotated_types as at
import pydantic
import pytest
from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, PlainValidator, StringConstraints, WrapValidator

import quire
from quire import Record, field, json


def fault(type_, text):
    with pytest.raises(quire.ValidationError) as caught:
        json.decode(text, type_)
    return caught.value.errors[0].code


@pytest.mark.parametrize(
    ("type_", "good", "bad", "code"),
    [
        (Annotated[int, Field(gt=0)], "1", "0", "too_small"),
        (Annotated[int, Field(ge=1, lt=3, multiple_of=2)], "2", "3", "too_large"),
        (Annotated[str, Field(min_length=2, max_length=3)], '"ab"', '"a"', "too_short"),
        (Annotated[list[int], Field(max_length=1)], "[1]", "[1,2]", "too_long"),
        (Annotated[str, Field(pattern="^a+$")], '"aa"', '"b"', "pattern_mismatch"),
        (Annotated[str, Field(pattern="^a+$"), Field(max_length=2)], '"aa"', '"aaa"', "too_long"),
        (Annotated[str, StringConstraints(min_length=1, pattern="^b")], '"b"', '""', "too_short"),
        (Annotated[float, Field(allow_inf_nan=False, strict=True)], "1.5", '"x"', "type_mismatch"),
        (pydantic.PositiveInt, "1", "0", "too_small"),
        (pydantic.StrictInt, "1", '"1"', "type_mismatch"),
        (pydantic.conint(gt=1), "2", "1", "too_small"),
        (pydantic.conlist(int, min_length=1), "[1]", "[]", "too_short"),
        (list[Annotated[int, Field(gt=0, description="positive")]], "[1]", "[0]", "too_small"),
        (Annotated[int | None, Field(gt=0)], "null", "0", "too_small"),
        (pydantic.UUID4, f'"{uuid.UUID(int=5, version=4)}"', f'"{uuid.UUID(int=5, version=1)}"', "predicate"),
        (pydantic.FilePath, json.encode(__file__), '"/no/such/file"', "predicate"),
        (pydantic.DirectoryPath, '"/"', json.encode(__file__), "predicate"),
    ],
)
def test_constraints_are_kept(type_, good, bad, code):
    json.decode(good, type_)
    assert fault(type_, bad) == code


def test_not_finite_is_refused():
    type_ = Annotated[float, Field(allow_inf_nan=False)]
    with pytest.raises(quire.ValidationError, match="predicate"):
        quire.msgpack.decode(quire.msgpack.encode(float("inf")), type_)


NAMED = Annotated[int, Field(alias="theId", gt=0, description="Which one.")]


class AsRecord(Record):
    id: NAMED


@dataclasses.dataclass
class AsDataclass:
    id: NAMED


class AsDict(TypedDict):
    id: NAMED


@pytest.mark.parametrize("cls", [AsRecord, AsDataclass, AsDict])
def test_an_alias_names_the_field(cls, fmt):
    value = cls(id=1)
    assert fmt.loads(fmt.Encoder(cls).encode(value)) == {"theId": 1}
    assert fmt.decode(fmt.dumps({"theId": 1}), cls) == value
    assert fault(cls, '{"theId": 0}') == "too_small"
    assert json.schema(cls)["properties"] == {"theId": {"type": "integer", "exclusiveMinimum": 0, "description": "Which one."}}


def test_rename_does_not_change_an_alias():
    class Both(Record, rename="upper"):
        one: Annotated[int, Field(alias="uno")]
        two: Annotated[int, Field(gt=0)]

    assert json.encode(Both(1, 2)) == b'{"uno":1,"TWO":2}'


@pytest.mark.parametrize(
    ("annotation", "advice"),
    [
        (Annotated[int, BeforeValidator(int)], "BeforeValidator is Pydantic's.*Adapter"),
        (Annotated[int, AfterValidator(abs)], "AfterValidator is Pydantic's.*Predicate"),
        (Annotated[int, PlainValidator(int)], "PlainValidator is Pydantic's.*Adapter"),
        (Annotated[int, WrapValidator(lambda value, handler: value)], "WrapValidator is Pydantic's"),
        (Annotated[int, PlainSerializer(str)], "PlainSerializer is Pydantic's"),
        (list[Annotated[int, AfterValidator(abs)]], "AfterValidator is Pydantic's"),
        (pydantic.Base64Bytes, "EncodedBytes is Pydantic's"),
        (Annotated[str, StringConstraints(strip_whitespace=True)], "strip_whitespace=True is Pydantic's"),
        (Annotated[decimal.Decimal, Field(max_digits=3)], "max_digits=3 is Pydantic's.*Predicate"),
        (Annotated[int, Field(strict=False)], r"strict=False is Pydantic's.*decode\(\.\.\., strict=False\)"),
        (Annotated[int, Field(default=1)], "a default inside Annotated"),
        (Annotated[list[int], Field(default_factory=list)], "a default inside Annotated"),
        (Annotated[int, Field(exclude=True)], r"exclude.*serialize=False"),
        (Annotated[int, Field(frozen=True)], r"frozen.*make the class frozen"),
        (Annotated[int, Field(repr=False)], r"repr=False"),
        (Annotated[int, Field(validation_alias="a")], r"quire\.field\(name=\.\.\., aliases"),
        (Annotated[int, Field(alias="a", serialization_alias="b")], r"quire\.field\(name=\.\.\., aliases"),
        (Annotated[int, Field(validation_alias=pydantic.AliasChoices("a", "b"))], r"quire\.field\(name=\.\.\., aliases"),
        (Annotated[int, Field(alias="a"), field(name="b")], "keep one"),
        (list[Annotated[int, Field(alias="a")]], "the alias 'a' is of no field here"),
    ],
)
def test_what_quire_would_not_do_is_refused(annotation, advice):
    cls = quire.RecordMeta("Holder", (Record,), {"__annotations__": {"x": annotation}, "__module__": __name__})
    with pytest.raises(quire.SchemaError, match=f"^Holder.*{advice}"):
        json.Decoder(cls)


def test_a_field_of_pydantic_as_the_default():
    class Wrong(Record):
        x: int = Field(gt=0)

    @dataclasses.dataclass
    class WrongToo:
        x: int = Field(gt=0)

    for cls in (Wrong, WrongToo):
        with pytest.raises(quire.SchemaError, match=r"x: a pydantic\.Field\(\.\.\.\) is the default: write quire\.field"):
            json.Decoder(cls)


def test_what_only_describes_is_taken():
    for metadata in (
        Field(title="t", examples=[1], deprecated=True),
        pydantic.WithJsonSchema({}),
        pydantic.FailFast(),
        at.Unit("m"),
    ):
        assert json.decode("[1]", list[Annotated[int, metadata]]) == [1]


class One(Record):
    kind: Literal["one"] = "one"


class Three(Record):
    kind: Literal["three"] = "three"


class Two(NamedTuple):
    x: Annotated[int, Field(gt=0)]


def test_a_discriminator_says_what_quire_finds_by_itself():
    assert json.decode('{"kind": "three"}', Annotated[One | Three, Field(discriminator="kind")]) == Three()
    assert fault(Two, "[0]") == "too_small"
