# SPDX-License-Identifier: Apache-2.0
"""limits= where nothing is read: depth and the number of faults, of encode, Encoder, to_builtins and validate."""

import io
from typing import Any

import pytest

import quire
import quire.json
import quire.pickle
from quire import Limits


def nested(levels):
    value = []
    for _ in range(levels - 1):
        value = [value]
    return value


@pytest.fixture(params=["json", "msgpack", "pickle"])
def codec(request):
    """The modules that write documents; pickle is none of `fmt`."""
    return getattr(quire, request.param)


WRONG = ["x"] * 250


def faults_of(call, *args):
    with pytest.raises(quire.QuireError) as caught:
        call(*args)
    return caught.value.errors


def writers(codec, type_, **options):
    encoder = codec.Encoder(type_, **options)
    room = bytearray(10_000)
    return [
        encoder.encode,
        lambda value: encoder.encode_lines([value]),
        lambda value: encoder.encode_into(value, room),
        lambda value: encoder.write(value, io.BytesIO()),
    ]


@pytest.mark.parametrize("type_", [Any, list, list[Any], list[list[Any]]])
def test_depth(codec, type_):
    for errors in ("first", "all"):
        for write in writers(codec, type_, limits=Limits(depth=5), errors=errors):
            write(nested(5))
            write(nested(3))
            (fault,) = faults_of(write, nested(6))
            assert (fault.code, fault.path) == ("depth_limit", "$[0][0][0][0][0]")
            write(nested(5))  # the encoder is as it was
        for write in writers(codec, type_, limits=Limits(depth=1500), errors=errors):
            write(nested(1500))
            assert faults_of(write, nested(1501))[0].code == "depth_limit"
            if type_ is not Any:
                assert faults_of(write, 5)[0].code == "type_mismatch"
    assert faults_of(codec.Encoder(type_).encode, nested(1001))[0].code == "depth_limit"


def test_depth_of_encode(codec):
    assert codec.decode(codec.encode(nested(7), limits=Limits(depth=7))) == nested(7)
    assert codec.encode(nested(7), limits=None) == codec.encode(nested(7))
    assert len(codec.encode(nested(1500), limits=Limits(depth=1500))) >= 1500
    with pytest.raises(quire.LimitError) as caught:
        codec.encode(nested(8), limits=Limits(depth=7))
    assert isinstance(caught.value, quire.EncodeError)
    assert caught.value.errors[0].code == "depth_limit"


def test_depth_with_a_style(fmt):
    assert fmt.encode(nested(7), key_order="sorted", limits=Limits(depth=7)) == fmt.encode(nested(7))
    assert faults_of(lambda: fmt.encode(nested(8), key_order="sorted", limits=Limits(depth=7)))[0].code == "depth_limit"
    encoder = fmt.Encoder(Any, key_order="sorted", limits=Limits(depth=7))
    assert encoder.encode(nested(7)) == fmt.encode(nested(7))
    assert faults_of(encoder.encode, nested(8))[0].code == "depth_limit"


def test_faults_of_an_encoder(codec):
    for most in (1, 3, 100, 249, 250, None):
        expected = 250 if most is None else most
        for write in writers(codec, list[int], errors="all", limits=Limits(errors=most)):
            faults = faults_of(write, WRONG)
            assert [fault.path for fault in faults] == [f"$[{i}]" for i in range(expected)]
    assert len(faults_of(codec.Encoder(list[int], errors="all").encode, WRONG)) == 100
    assert len(faults_of(codec.Encoder(list[int], limits=Limits(errors=5)).encode, WRONG)) == 1
    unknown = [object()] * 20
    assert len(faults_of(codec.Encoder(errors="all", limits=Limits(errors=5)).encode, unknown)) == 5


def test_a_mismatch_beyond_the_usual_depth(codec):
    value = [*nested(1), "x"]
    type_ = list[Any] | int
    for _ in range(10):
        type_ = list[type_ | str]
        value = [value]
    encoder = codec.Encoder(dict[str, type_], limits=Limits(depth=2000))
    assert faults_of(encoder.encode, {"k": object()})[0].code == "type_mismatch"


def test_validate():
    quire.validate(nested(7), list[Any], limits=Limits(depth=7))
    type_ = list[list[list[int]]]
    quire.validate([[[1]]], type_, limits=Limits(depth=3))
    for errors in ("first", "all"):
        (fault,) = faults_of(lambda errors=errors: quire.validate([[[1]]], type_, limits=Limits(depth=2), errors=errors))
        assert (fault.code, fault.path) == ("depth_limit", "$[0][0]")
    for most in (1, 3, 100, 250, None):
        faults = faults_of(lambda most=most: quire.validate(WRONG, list[int], errors="all", limits=Limits(errors=most)))
        assert len(faults) == (250 if most is None else most)
        faults = faults_of(lambda most=most: quire.convert(WRONG, list[int], errors="all", limits=Limits(errors=most)))
        assert len(faults) == (250 if most is None else most)


def test_to_builtins():
    assert quire.to_builtins(nested(7), limits=Limits(depth=7)) == nested(7)
    assert faults_of(lambda: quire.to_builtins(nested(8), limits=Limits(depth=7)))[0].code == "depth_limit"
    assert quire.to_builtins(nested(1500), limits=Limits(depth=1500)) is not None


@pytest.mark.parametrize(
    "limits", [{"bytes": 1}, {"items": 5}, {"str_bytes": 5}, {"int_digits": 5}, {"int_digits": None}, {"duplicate_keys": "error"}]
)
def test_what_bounds_documents_is_refused(codec, limits):
    limits = Limits(**limits)
    for call in (
        lambda: codec.encode(1, limits=limits),
        lambda: codec.Encoder(int, limits=limits),
        lambda: quire.validate(1, int, limits=limits),
        lambda: quire.to_builtins(1, limits=limits),
    ):
        with pytest.raises(ValueError, match="only depth and errors"):
            call()


def test_what_is_no_limits_is_refused(codec):
    for call in (lambda: codec.encode(1, limits=5), lambda: codec.Encoder(limits=5), lambda: quire.validate(1, int, limits=5)):
        with pytest.raises(TypeError, match=r"must be a quire\.Limits or None, got int"):
            call()
