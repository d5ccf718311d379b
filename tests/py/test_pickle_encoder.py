# SPDX-License-Identifier: Apache-2.0
"""quire.pickle.Encoder: the shared tests of what is written and read back, with pickles; and what is so of pickles alone."""

import collections
import datetime
import inspect
import io
import pickle
import pickletools
from typing import Annotated, Any, Literal

import pytest
import test_adapters
import test_computed
import test_encode_all
import test_enum_values
import test_field_options
import test_type_table
import test_typeddict_options
import test_union_keys
import test_unions_encode
import test_unions_models
import test_untyped
from conftest import Format, check_error, leaves_nothing
from exact import same
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import values

import quire
import quire.pickle as quick
from quire import Adapter, Record


class Pickles(Format):
    """Faults of the type are found in objects, so they have no offset."""

    def refuses(self, data, type=object, error=quire.QuireError, **options):
        with pytest.raises(error) as caught:
            self.decode(data, type, **options)
        return check_error(caught.value)


PICKLES = Pickles("pickle", binary=True, text_keys=False, finite=False, big=True, dumps=pickle.dumps, loads=pickle.loads)


@pytest.fixture(params=[PICKLES], ids=repr, scope="module")
def fmt(request):
    return request.param


def _share(module, *others):
    """The module's tests of a format, but for those that ask for what pickles do not have."""
    for name, function in vars(module).items():
        if name.startswith("test_") and name not in others and "fmt" in inspect.signature(function).parameters:
            globals()[f"{module.__name__}__{name}"] = function


# A pickle that no Encoder wrote holds values, not what adapters make of them; the decoder has no streams, and no Raw.
_share(test_type_table, "test_a_memoryview_looks_into_the_document", "test_nothing_is_left_behind")
_share(
    test_adapters,
    "test_a_refused_text_is_the_next_arms",
    "test_a_refused_wire_is_the_next_arms",
    "test_an_adapter_of_the_class",
    "test_omitted_fields",
    "test_other_exceptions_are_no_refusal",
    "test_other_exceptions_pass_with_the_path_as_a_note",
    "test_threads",
)
_share(test_encode_all, "test_anything", "test_what_to_do_about_what_cannot_be_written")
_share(test_unions_encode, "test_what_would_change_in_containers_of_every_class")
_share(test_unions_models)
_share(test_field_options, "test_more_fields_than_a_record_may_have")
_share(test_typeddict_options)
_share(
    test_computed,
    "test_faults_and_limits",
    "test_kept_and_written_back",
    "test_only_to_its_own_format",
    "test_what_is_put_there_by_hand",
)
_share(test_enum_values)
_share(test_union_keys)


# ---------------------------------------------------------------- the bytes


@settings(max_examples=60)
@given(values(dict[str, Any]))
def test_what_it_is_for_every_unpickler(value):
    data = quick.encode(value)
    assert same(pickle.loads(data), quire.to_builtins(value))
    assert same(quick.loads(data), quire.to_builtins(value))
    assert quick.Encoder().encode(value) == data
    assert pickle.loads(pickletools.optimize(data)) == pickle.loads(data) or value != value


@pytest.mark.parametrize("bits", [7, 8, 15, 16, 31, 32, 62, 63, 64, 65, 71, 2031, 2032, 2039, 2040, 20_000])
def test_integers_of_any_size(bits):
    for number in (1 << bits, -(1 << bits)):
        for value in (number - 1, number, number + 1):
            data = quick.encode(value)
            assert pickle.loads(data) == value == quick.loads(data)
            assert len(data) <= len(pickle.dumps(value, 4)) + 12


def test_text_of_any_kind():
    for text in ("", "a" * 255, "a" * 256, "é" * 127, "é" * 128, "€" * 70_000, "😀", "\ud800", "a\udfff€", "\x00"):
        for value in (text, [text, text], {text: text}):
            data = quick.encode(value)
            assert pickle.loads(data) == value == quick.decode(data)
    fresh = "".join(["é", "ü"])
    assert not fresh.isascii() and pickle.loads(quick.encode([{fresh: 1}, {fresh: 2}])) == [{"éü": 1}, {"éü": 2}]


def test_keys_are_written_once():
    rows = [{"name": i, "other": None} for i in range(1000)]
    assert quick.encode(rows).count(b"name") == quick.encode(rows).count(b"other") == 1
    assert len(quick.encode(rows)) <= len(quick.dumps(rows, lean=True)) + 3  # the version
    many = [{f"{'k' * n}{i}": i for i in range(300)} for n in (0, 1, 3, 4, 7, 8, 9, 30, 254, 255, 256, 300)]
    for value in (many, many * 2, [many, {"k0": many}]):
        data = quick.encode(value)
        assert pickle.loads(data) == value == quick.decode(data) and pickle._loads(data) == value
        assert sum(op.name == "MEMOIZE" for op, *_ in pickletools.genops(data)) == 255


def test_keys_that_are_alike():
    day, text = datetime.date(2024, 1, 1), "2024-01-01"
    for keys in ((day, text), (text, day)):
        for value in (dict.fromkeys(keys), [{text: 0, "other": 1}, dict.fromkeys(keys)]):
            with pytest.raises(quire.EncodeError) as caught:
                quick.encode(value)
            assert check_error(caught.value).code == "duplicate_key"
    value = [{text: 0}, {text: 1, day.replace(day=2): 2, 5: 3, (1, "a"): 4, None: 5, b"x": 6}, {text: 7}]
    assert pickle.loads(quick.encode(value)) == quire.to_builtins(value)


def test_keys_that_would_be_containers():
    test_untyped.test_keys_that_would_be_containers(PICKLES)
    for key in test_untyped.keys_written_as_containers():
        with pytest.raises(quire.EncodeError) as caught:
            quick.Encoder(dict[Any, int]).encode({key: 1})
        assert check_error(caught.value).code == "unsupported_key", key


def test_nothing_is_named():
    class Point(Record, tag="point"):
        x: int
        at: datetime.datetime

    data = quick.Encoder(list[Point]).encode([Point(1, datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC))])
    names = {op.name for op, *_ in pickletools.genops(data)}
    assert names <= set(
        "PROTO FRAME BININT1 POP EMPTY_LIST MARK EMPTY_DICT SHORT_BINUNICODE MEMOIZE SETITEMS APPENDS STOP".split()
    )
    assert pickle.loads(data) == [{"type": "point", "x": 1, "at": "2024-01-01T00:00:00Z"}]


def test_outputs():
    encoder, decoder = quick.Encoder(list[int]), quick.Decoder(list[int])
    room = bytearray(100)
    end = encoder.encode_into([1, 2], room, 3)
    assert room[3:end] == encoder.encode([1, 2]) and decoder.decode(room[3:end]) == [1, 2]
    file = io.BytesIO()
    assert encoder.write([3], file) == len(file.getvalue()) and decoder.decode(file.getvalue()) == [3]
    lines = io.BytesIO(encoder.encode_lines([[i, 70000] for i in range(9)]))
    assert [pickle.load(lines) for _ in range(9)] == [[i, 70000] for i in range(9)]
    with pytest.raises(quire.EncodeError):
        encoder.encode_into([1], bytearray(5))
    assert repr(encoder) == "quire.pickle.Encoder(list[int])" and encoder.type == list[int]


def test_options_that_it_does_not_have():
    for options in ({"context": 1}, {"canonical": True}, {"key_order": "sorted"}, {"indent": 2}, {"strict": False}):
        with pytest.raises(
            TypeError, match=r"Encoder\(\) got an unexpected keyword argument .* \(it takes errors, limits, adapters\)"
        ):
            quick.Encoder(int, **options)
    with pytest.raises(TypeError, match=r"encode\(\) got an unexpected keyword argument 'lean'"):
        quick.encode(1, lean=True)
    for make in (quick.Encoder, quick.Decoder):
        with pytest.raises(ValueError, match="errors"):
            make(int, errors="every")
        with pytest.raises(TypeError, match="adapters"):
            make(int, adapters=5)


def test_of_no_type_that_is_written():
    for value in (quire.Raw(b"1"), [quire.msgpack.Ext(1, b"")], {"a": object()}):
        with pytest.raises(quire.EncodeError) as caught:
            quick.encode(value)
        assert check_error(caught.value).code == "unsupported_type"
    loop = []
    loop.append(loop)
    with pytest.raises(quire.EncodeError) as caught:
        quick.Encoder(list[Any]).encode(loop)
    assert check_error(caught.value).code == "depth_limit"


# ---------------------------------------------------------------- back again


def turned(cls):
    """Written the other way round, as the class that it is itself."""
    return Annotated[cls, Adapter(wire=cls, encode=lambda value: value[::-1], decode=lambda value: value[::-1])]


MORE = Annotated[int, Adapter(wire=int, encode=lambda value: value + 1, decode=lambda value: value - 1)]
TEXT, BLOB, LIST = turned(str), turned(bytes), turned(list)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (MORE, 5),
        (list[MORE], [1, 2]),
        (dict[TEXT, TEXT], {"ab": "cd"}),
        (dict[BLOB, BLOB], {b"ab": b"cd"}),
        (tuple[TEXT, MORE], ("ab", 1)),
        (TEXT | None, "ab"),
        (TEXT | int, "ab"),
        (TEXT | int, 3),
        (BLOB | int, b"ab"),
        (set[MORE], {1, 2}),
        (collections.deque[LIST], collections.deque([[1, 2], []])),
        (list[list[MORE] | None], [[1], None]),
    ],
)
def test_an_adapter_whose_wire_is_its_class(type_, value):
    class Holder(Record):
        one: type_
        many: list[type_]

    for declared, held in ((type_, value), (Holder, Holder(value, [value, value]))):
        written = quick.Encoder(declared).encode(held)
        assert same(quick.decode(written, declared), held)
        assert written == quick.encode(held) or declared is type_
        if declared is type_:  # values as they are: no adapter wrote them
            assert same(quick.decode(pickle.dumps(held), declared), held)


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (str | bytes, "abcd"),
        (bytes | str, "abcd"),
        (bytes | str, b"abcd"),
        (datetime.date | str, "2024-01-01"),
        (list[datetime.date | str], ["2024-01-01", datetime.date(2024, 1, 1)]),
        (Literal["a", 1] | datetime.date, "a"),
        (Literal[1] | str, 1),
        (dict[str | datetime.date, int], {"2024-01-01": 1}),
        (float | datetime.timedelta | str, "P1D"),
    ],
)
def test_text_is_text_in_a_pickle(type_, value):
    """What pickle.dumps wrote is what it was; what the Encoder cannot write so that it is, is refused."""
    assert same(quick.decode(pickle.dumps(value), type_), value)
    assert same(quick.decode(pickle.dumps(value), type_, errors="all"), value)
    try:
        written = quick.Encoder(type_).encode(value)
    except quire.EncodeError as error:
        assert check_error(error).code == "would_change"
    else:
        assert same(quick.decode(written, type_), value)


def test_bytes_are_bytes():
    for data in (pickle.dumps("aGk="), quick.encode("aGk=")):
        assert quick.decode(data, str | bytes) == "aGk="
        with pytest.raises(quire.ValidationError) as caught:
            quick.decode(data, bytes, errors="all")
        assert caught.value.errors[0].code == "type_mismatch"


def test_a_later_layout():
    data = quick.encode([1])
    assert data[11:14] == b"K\x010"
    for other in (data[:12] + b"\x02" + data[13:], b"\x80\x04K\xff0N."):
        with pytest.raises(quick.UnsafePickleError, match="a layout of encoded data that this quire does not read"):
            quick.decode(other, list[int])
    assert quick.decode(b"\x80\x04K\x010]K\x02a.", list[MORE]) == [1]
    assert quick.decode(b"\x80\x04]K\x02a.", list[MORE]) == [2]


def test_unknown_fields_travel_on():
    class Keeps(Record, unknown="keep"):
        a: int

    made = quick.decode(quick.encode({"a": 1, "x": [1, {"y": b"z"}]}), Keeps)
    assert pickle.loads(quick.encode(made)) == {"a": 1, "x": [1, {"y": b"z"}]}
    assert quick.decode(quick.Encoder(Keeps).encode(made), Keeps) == made
    read = quire.json.decode(b'{"a": 1, "x": 2}', Keeps)
    assert pickle.loads(quick.encode(read)) == {"a": 1}, "of another format"


@settings(max_examples=40)
@given(st.data())
def test_types_come_back(data):
    class Inner(Record, omit="default"):
        n: int = 0
        text: str | None = None

    kinds = [
        int,
        str,
        bytes,
        float,
        bool,
        datetime.datetime,
        Inner,
        list[Inner],
        dict[str, Inner | None],
        dict[int, bytes],
        set[str],
        tuple[int, str],
    ]
    type_ = data.draw(st.sampled_from(kinds))
    type_ = data.draw(st.sampled_from([type_, list[type_], dict[str, type_], type_ | None]))
    value = data.draw(values(type_, PICKLES))
    assert same(quick.decode(quick.Encoder(type_).encode(value), type_), value)


def test_nothing_is_left():
    class Point(Record):
        x: int
        more: dict[str, Any]

    encoder, decoder, every = quick.Encoder(list[Point]), quick.Decoder(list[Point]), quick.Encoder(list[Point], errors="all")
    good, bad = [Point(1, {"é": 2**99, "k": [{}, []]})] * 3, [Point(1, {"a": object()}), Point("x", {})]

    def work():
        assert decoder.decode(encoder.encode(good)) == good
        quick.encode([good, "x" * 5000])
        for broken in (encoder, every):
            with pytest.raises(quire.EncodeError):
                broken.encode(bad)
        quick.Encoder(list[Point]).encode(good)

    leaves_nothing(work)
