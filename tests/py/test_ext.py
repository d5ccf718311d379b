# SPDX-License-Identifier: Apache-2.0
"""quire.msgpack.Ext: extension values whose code has no meaning here."""

import copy
import pickle
import struct
from typing import Annotated

import pytest
from hypothesis import given
from hypothesis import strategies as st

import quire
import quire.json
from quire.msgpack import Ext, decode, encode

codes = st.integers(-128, 127)


def packed(code, data):
    """As the specification has it, in the shortest form."""
    n = len(data)
    if n in (1, 2, 4, 8, 16):
        return struct.pack(">Bb", 0xD4 + n.bit_length() - 1, code) + data
    form, head = ("B", 0xC7) if n < 2**8 else ("H", 0xC8) if n < 2**16 else ("I", 0xC9)
    return struct.pack(f">B{form}b", head, n, code) + data


@given(codes.filter(lambda code: code != -1), st.binary(max_size=300))
def test_comes_back(code, data):
    value = Ext(code, data)
    assert encode(value) == packed(code, data)
    back = decode(packed(code, data))
    assert type(back) is Ext and back == value and type(back.data) is bytes


@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 8, 15, 16, 17, 255, 256, 65535, 65536])
def test_every_length(length):
    value = Ext(5, b"x" * length)
    assert encode([value]) == b"\x91" + packed(5, b"x" * length)
    assert decode(encode([value])) == [value]


def test_json_has_none():
    with pytest.raises(quire.EncodeError) as caught:
        quire.json.encode([Ext(1, b"")])
    assert caught.value.errors[0].code == "unsupported_type"


def test_parts():
    value = Ext(5, b"ab")
    assert (value.code, value.data) == (5, b"ab")
    assert Ext(code=-128, data=b"") == Ext(-128, b"")
    assert repr(value) == "Ext(code=5, data=b'ab')" and eval(repr(value)) == value
    match value:
        case Ext(code, data=b"ab"):
            assert code == 5
        case _:
            raise AssertionError
    assert Ext.__match_args__ == ("code", "data")


@pytest.mark.parametrize("data", [bytearray(b"ab"), memoryview(b"xaxb")[1::2], type("Bytes", (bytes,), {})(b"ab")], ids=type)
def test_data_is_copied_to_bytes(data):
    value = Ext(5, data)
    assert type(value.data) is bytes and value.data == b"ab"
    if type(data) is bytearray:
        data[0] = 0
        assert value.data == b"ab"


def test_bytes_are_kept():
    data = b"some bytes"
    assert Ext(1, data).data is data


def test_equality_and_hash():
    assert Ext(1, b"a") == Ext(1, b"a") and hash(Ext(1, b"a")) == hash(Ext(1, b"a"))
    assert Ext(1, b"a") != Ext(2, b"a") and Ext(1, b"a") != Ext(1, b"b") and Ext(1, b"a") != (1, b"a")
    assert len({Ext(code, b"x") for code in range(-128, 128)} | {Ext(code, bytearray(b"x")) for code in range(-128, 128)}) == 256
    with pytest.raises(TypeError):
        assert Ext(1, b"a") < Ext(1, b"b")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickle(protocol):
    assert pickle.loads(pickle.dumps(Ext(-5, b"ab"), protocol)) == Ext(-5, b"ab")


def test_copy():
    value = Ext(1, b"a")
    assert copy.copy(value) is value and copy.deepcopy([value])[0] is value


@pytest.mark.parametrize("code", [128, -129, 2**31, 2**63, -(10**30)])
def test_code_out_of_range(code):
    with pytest.raises(ValueError, match="from -128 to 127"):
        Ext(code, b"")


@pytest.mark.parametrize(
    "arguments", [(1.0, b""), ("1", b""), (None, b""), (1, "x"), (1, [1]), (1, 5), (1, None), (1,), (), (1, b"", 2)]
)
def test_wrong_arguments(arguments):
    with pytest.raises(TypeError):
        Ext(*arguments)


def test_immutable_and_final():
    value = Ext(1, b"a")
    for change in (
        lambda: setattr(value, "code", 2),
        lambda: setattr(value, "data", b""),
        lambda: setattr(value, "other", 1),
        lambda: delattr(value, "data"),
        lambda: setattr(Ext, "other", 1),
        lambda: type("Sub", (Ext,), {}),
    ):
        with pytest.raises((AttributeError, TypeError)):
            change()


def test_name():
    assert Ext.__module__ == "quire.msgpack" and Ext.__qualname__ == "Ext"


# As a declared type


class Holder(quire.Record):
    one: Ext
    maybe: Ext | None = None


class Point:
    def __init__(self, x, y):
        self.x, self.y = x, y

    def __eq__(self, other):
        return (self.x, self.y) == (other.x, other.y)

    __hash__ = None

    __quire__ = quire.Adapter(
        wire=Ext, encode=lambda p: Ext(7, struct.pack("<dd", p.x, p.y)), decode=lambda ext: Point(*struct.unpack("<dd", ext.data))
    )


@pytest.mark.parametrize("value", [Holder(Ext(1, b"a")), Holder(Ext(1, b""), Ext(2, b"b"))])
def test_as_a_field(value):
    for data in (encode(value), quire.msgpack.Encoder(Holder).encode(value)):
        assert decode(data, Holder) == value
    assert quire.convert({"one": value.one, "maybe": value.maybe}, Holder) == value
    quire.validate(value, Holder)


def test_as_an_item_and_by_itself():
    value = {"a": Ext(5, b"x")}
    assert decode(encode(value), dict[str, Ext]) == value
    assert decode(encode([None, Ext(5, b"x")]), list[Ext | None]) == [None, Ext(5, b"x")]
    assert quire.msgpack.Encoder(Ext).encode(Ext(5, b"x")) == encode(Ext(5, b"x"))
    assert encode([Ext(5, b"x")]) == b"\x91" + packed(5, b"x")


@pytest.mark.parametrize("data", [b"\x01", b"\x90", encode(b"x"), b"\xd6\xff\x00\x00\x00\x00"])
def test_what_is_no_extension_is_refused(data):
    with pytest.raises(quire.ValidationError, match="expected an extension value"):
        decode(data, Ext)
    with pytest.raises(quire.EncodeError, match="expected Ext"):
        quire.msgpack.Encoder(Ext).encode(5)


def test_as_the_wire_type_of_an_adapter():
    points = [Point(1.0, 2.0), Point(-0.0, 3.5)]
    for type_ in (list[Point], list[Point | None]):
        data = quire.msgpack.Encoder(type_).encode(points)
        assert data == encode(points)
        assert decode(data, type_) == points
    with pytest.raises(quire.ValidationError, match="expected an extension value"):
        decode(b"\x01", Point)
    with pytest.raises(quire.ValidationError, match="unpack requires"):
        decode(packed(7, b"short"), Annotated[Point, LENIENT])


LENIENT = quire.Adapter(wire=Ext, encode=lambda p: Ext(7, b""), decode=lambda ext: _unpacked(ext.data))


def _unpacked(data):
    try:
        return Point(*struct.unpack("<dd", data))
    except struct.error as error:
        raise ValueError(str(error)) from error


def test_in_a_union_it_takes_anything():
    for type_ in (Ext | int, Point | str):
        with pytest.raises(quire.SchemaError, match="reads any value, so nothing tells it apart in a union"):
            quire.msgpack.Decoder(type_)


def test_json_has_none_that_is_declared():
    with pytest.raises(quire.EncodeError, match="unsupported_type"):
        quire.json.Encoder(Ext).encode(Ext(5, b""))
    assert quire.json.schema(Ext)["not"] == {}
