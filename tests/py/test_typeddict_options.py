# SPDX-License-Identifier: Apache-2.0
"""The options of a TypedDict act both ways; options that could not act, here or elsewhere, are refused."""

import dataclasses
from typing import Annotated, Any, Literal, NamedTuple, NotRequired, TypedDict

import pytest
from conftest import leaves_nothing

import quire
from quire import Record, SchemaError, field, to_builtins, validate


class Track(TypedDict):
    title: Annotated[str, field(name="Title", aliases=("t",))]
    note: NotRequired[Annotated[str | None, field(omit="null")]]
    key: NotRequired[Annotated[int, field(serialize=False)]]


@quire.config(rename="camel", omit="null")
class Camel(TypedDict):
    first_name: str
    last_name: NotRequired[str | None]


@quire.config(layout="array", reserved=(2,))
class Row(TypedDict):
    last: Annotated[str, field(3)]
    first: Annotated[int, field(1)]


class Holder(Record):
    track: Track
    rows: list[Row] = []
    either: dict[str, Track | int] = {}


CASES = [
    (Track, {"title": "a"}, {"Title": "a"}),
    (Track, {"note": None, "title": "a", "key": 1}, {"Title": "a"}),
    (Track, {"note": "n", "title": "a", "more": [1]}, {"note": "n", "Title": "a", "more": [1]}),
    (Camel, {"first_name": "a", "last_name": None}, {"firstName": "a"}),
    (Camel, {"last_name": "b", "first_name": "a"}, {"lastName": "b", "firstName": "a"}),
    (Row, {"last": "z", "first": 1}, [1, None, "z"]),
    (list[Track], [{"title": "a"}], [{"Title": "a"}]),
    (dict[str, tuple[Track, int]], {"x": ({"title": "a"}, 1)}, {"x": [{"Title": "a"}, 1]}),
    (Track | list[int], {"title": "a"}, {"Title": "a"}),
    (Track | None, {"title": "a"}, {"Title": "a"}),
]


@pytest.mark.parametrize(("type_", "value", "document"), CASES)
def test_written_as_they_are_read(fmt, type_, value, document):
    validate(value, type_)
    written = fmt.Encoder(type_).encode(value)
    assert fmt.loads(written) == document
    back = fmt.loads(fmt.Encoder(type_).encode(fmt.decode(written, type_)))
    if isinstance(document, dict):
        assert list(fmt.loads(written)) == list(document)
        document = {key: value for key, value in document.items() if key != "more"}  # what is unknown is skipped
    assert back == document


def test_in_a_field_also_without_an_encoder(fmt):
    holder = Holder({"title": "a", "note": None}, [{"last": "z", "first": 1}], {"x": {"title": "b"}, "y": 1})
    document = {"track": {"Title": "a"}, "rows": [[1, None, "z"]], "either": {"x": {"Title": "b"}, "y": 1}}
    assert fmt.loads(fmt.encode(holder)) == fmt.loads(fmt.Encoder(Holder).encode(holder)) == to_builtins(holder) == document
    assert fmt.loads(fmt.encode([holder])) == [document]
    assert fmt.decode(fmt.encode(holder), Holder) == Holder({"title": "a"}, [{"last": "z", "first": 1}], holder.either)


@pytest.mark.parametrize(
    ("type_", "value", "code", "step"),
    [
        (Track, {"title": "a", "Title": "b"}, "unknown_field", "Title"),
        (Track, {"title": "a", "t": "b"}, "unknown_field", "t"),
        (Track, {"title": "a", 1: "b"}, "unsupported_key", 1),
        (Row, {"last": "z", "first": 1, "more": 2}, "unknown_field", "more"),
        (Track, {"title": object()}, "type_mismatch", "title"),
        (Track, {"title": "a", "more": object()}, "unsupported_type", "more"),
        (Track, {"note": "a"}, "missing_field", None),
    ],
)
def test_what_could_not_be_read_back_is_refused(fmt, type_, value, code, step):
    with pytest.raises(quire.EncodeError) as caught:
        fmt.Encoder(list[type_]).encode([value])
    fault = caught.value.errors[0]
    assert (fault.code, fault.steps) == (code, (0,) if step is None else (0, step))


def test_secrets_of_a_dict_are_not_shown(fmt):
    class Login(TypedDict):
        pin: Annotated[Any, field(secret=True)]

    with pytest.raises(quire.EncodeError) as caught:
        fmt.Encoder(Login).encode({"pin": {"1234": object()}})
    assert caught.value.errors[0].path == "$.pin"
    assert "1234" not in str(caught.value)
    assert caught.value.errors[0].value is None


def schema_error(type_, text):
    for use in (quire.json.Decoder, quire.json.Encoder):
        with pytest.raises(SchemaError, match=text):
            use(type_)


def test_what_could_not_act_is_refused():
    @quire.config(tag="t")
    class Tagged(TypedDict):
        x: int

    @quire.config(omit="default")
    class Defaults(TypedDict):
        x: int

    @quire.config(layout="array")
    class Partly(TypedDict, total=False):
        x: int

    class Named(NamedTuple):
        x: Annotated[int, field(name="y")]

    class Aliased(NamedTuple):
        x: Annotated[int, field(aliases=("y",))]

    class Plain(TypedDict):
        x: int
        y: int

    schema_error(Tagged, r"so it has no tag: declare one as a key, as in type: Literal\['t'\]")
    schema_error(Defaults, "has no default")
    schema_error(Partly, "has a place for every key")
    schema_error(Named, "a place and no name")
    schema_error(Aliased, "a place and no name")
    schema_error(Track | Plain, "Track names its key 'title' otherwise in the document")
    schema_error(list[Annotated[int, field(ge=3)]], "means nothing within its type")
    schema_error(Annotated[int, field(name="x")], "means nothing within its type")


@pytest.mark.parametrize("option", ["validate", "frozen", "kw_only"])
def test_class_keywords_are_for_records(option):
    with pytest.raises(SchemaError, match="it is a class keyword of Record"):
        quire.config(**{option: True})


def test_only_records_keep_what_they_do_not_know():
    @dataclasses.dataclass
    class Data:
        x: int

    class Dict(TypedDict):
        x: int

    class Tuple(NamedTuple):
        x: int

    for cls in (Data, Dict, Tuple):
        schema_error(quire.config(unknown="keep")(cls), 'unknown="keep" needs a Record')


def test_a_tag_may_be_a_key(fmt):
    class Cat(TypedDict):
        type: Literal["cat"]
        name: str

    class Dog(TypedDict):
        type: Literal["dog"]
        name: str

    value = [{"type": "dog", "name": "a"}, {"type": "cat", "name": "b"}]
    assert fmt.decode(fmt.Encoder(list[Cat | Dog]).encode(value), list[Cat | Dog]) == value


def test_a_dict_that_changes_while_it_is_written(fmt):
    class Rude:
        pass

    held = {"title": "a", "more": Rude()}

    def encode(rude):
        held.clear()
        return 1

    adapters = quire.Adapters().add(Rude, quire.Adapter(wire=int, encode=encode, decode=lambda n: Rude()))
    assert fmt.loads(fmt.Encoder(Track, adapters=adapters).encode(held)) == {"Title": "a", "more": 1}


def test_nothing_is_left_behind(fmt):
    encoder = fmt.Encoder(Holder)
    holder = Holder({"title": "a", "note": None, "more": [1]}, [{"last": "z", "first": 1}])
    leaves_nothing(lambda: (encoder.encode(holder), to_builtins(holder)))

    def fails():
        with pytest.raises(quire.EncodeError):
            fmt.Encoder(Track).encode({"title": "a", "Title": "b"})

    leaves_nothing(fails)
