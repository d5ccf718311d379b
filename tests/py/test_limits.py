# SPDX-License-Identifier: Apache-2.0
"""Limits: each kind is held exactly, with and without a type, also in what is skipped."""

import sys
from typing import Any

import pytest

import quire
import quire.json
import quire.msgpack
from quire import Limits, Raw, Record


class Point(Record):
    x: Any = None


class Row(Record, layout="array"):
    a: Any = quire.field(1, default=None)


def wrapped(value):
    """The value at the places where a document can have one, with the type it is read as and the path."""
    return [
        (value, object, "$"),
        (value, Any, "$"),
        (value, Raw, "$"),
        ([value], list[Any], "$[0]"),
        ({"x": value}, Point, "$.x"),
        ({"unknown": value}, Point, "$.unknown"),
        ({"k": value}, dict[str, Any], "$.k"),
        ([None, value], Row, "$"),
    ]


def nested(n, make=lambda v: [v]):
    value = make(1)
    for _ in range(n - 1):
        value = make(value)
    return value


@pytest.mark.parametrize("n", [1, 2, 5, 50, 1000, 1500, 10_000])
def test_depth(fmt, n):
    def document(depth, key):
        if fmt.name == "json":
            return (b'{"a":' if key else b"[") * depth + b"1" + (b"}" if key else b"]") * depth
        return (b"\x81\xa1a" if key else b"\x91") * depth + b"\x01"

    limits = Limits(depth=n)
    for key in (False, True):
        for type_ in (object, Raw, Any) if n > 5 else (object, Raw, Any, Point if key else list[Any]):
            fmt.decode(document(n, key), type_, limits=limits)
            fault = fmt.refuses(document(n + 1, key), type_, quire.LimitError, limits=limits)
            assert fault.code == "depth_limit" and fault.offset >= n
    if n < 10_000:
        for value, type_, _ in wrapped(nested(n)):
            more = type_ not in (object, Any, Raw)
            if n < 900:
                fmt.decode(fmt.encode(value), type_, limits=Limits(depth=n + more))
                assert (
                    fmt.refuses(
                        fmt.encode(value),
                        type_,
                        quire.LimitError,
                        limits=Limits(depth=max(1, n - 1 + more)) if n > 1 or more else Limits(depth=1),
                    ).code
                    if n > 1
                    else True
                )


def test_the_default_depth(fmt):
    for call in (fmt.encode, fmt.Encoder(list).encode, fmt.Encoder(list[Any]).encode, quire.to_builtins):
        for error in (quire.LimitError, quire.EncodeError, TypeError):
            with pytest.raises(error) as caught:
                call(nested(1001))
            assert caught.value.errors[0].code == "depth_limit"
    assert (
        fmt.decode(fmt.encode(nested(1000))) == nested(1000)
        if sys.getrecursionlimit() > 2000
        else fmt.decode(fmt.encode(nested(1000)))
    )


@pytest.mark.parametrize("n", [1, 2, 10, 17, 40])
def test_items(fmt, n):
    limits = Limits(items=n)
    for make in (lambda n: list(range(n)), lambda n: {f"k{i}": i for i in range(n)}):
        for value, type_, _ in wrapped(make(n)):
            if n == 1 and type_ is Row:
                continue
            fmt.decode(fmt.encode(value), type_, limits=limits)
        for value, type_, path in wrapped(make(n + 1)):
            fault = fmt.refuses(fmt.encode(value), type_, quire.LimitError, limits=limits)
            assert fault.code == "item_limit" and fault.path.startswith(path.split(".unknown")[0])
    for type_ in (list[int], set[int], tuple[int, ...], frozenset[int]):
        fmt.decode(fmt.encode(list(range(n))), type_, limits=limits)
        assert fmt.refuses(fmt.encode(list(range(n + 1))), type_, quire.LimitError, limits=limits).code == "item_limit"
    skipped = {f"unknown{i}": i for i in range(n)}
    assert fmt.decode(fmt.encode(skipped), Point, limits=limits) == Point()
    assert fmt.refuses(fmt.encode({**skipped, "one more": 1}), Point, quire.LimitError, limits=limits).code == "item_limit"


def test_bytes(fmt):
    data = fmt.encode([1, 2, 3])
    for source in (data, bytearray(data)):
        assert fmt.decode(source, limits=Limits(bytes=len(data))) == [1, 2, 3]
        for type_ in (object, list[int], Raw):
            fault = fmt.refuses(source, type_, quire.LimitError, limits=Limits(bytes=len(data) - 1))
            assert (fault.code, fault.path) == ("byte_limit", "$")


@pytest.mark.parametrize("n", [1, 2, 15, 16, 17, 33, 300])
def test_str_bytes(fmt, n):
    limits = Limits(str_bytes=n)
    for value, type_, _ in wrapped("a" * n):
        if type_ in (Point, dict[str, Any]) and n < 8:
            continue
        fmt.decode(fmt.encode(value), type_, limits=limits)

    for value, type_, _ in wrapped("a" * (n + 1)):
        fault = fmt.refuses(fmt.encode(value), type_, quire.LimitError, limits=limits)
        assert fault.code == "str_limit"
    assert fmt.decode(fmt.encode({"a" * n: 1}), limits=limits) == {"a" * n: 1}
    for type_ in (object, dict[str, int], Point, Raw, dict[str, Any]):
        assert fmt.refuses(fmt.encode({"a" * (n + 1): 1}), type_, quire.LimitError, limits=limits).code == "str_limit"
    if fmt.binary:
        assert fmt.decode(fmt.encode(b"a" * n), limits=limits) == b"a" * n
        for type_ in (object, bytes, Raw):
            assert fmt.refuses(fmt.encode(b"a" * (n + 1)), type_, quire.LimitError, limits=limits).code == "str_limit"


def test_keys_that_are_known_are_limited_too(fmt):
    rows = [{"a long name": 1}] * 10
    assert fmt.decode(fmt.encode(rows)) == rows
    assert fmt.refuses(fmt.encode(rows), error=quire.LimitError, limits=Limits(str_bytes=5)).code == "str_limit"


@pytest.mark.parametrize("n", [20, 100, 4300, 5000, 20_000])
def test_int_digits(n):
    limits = Limits(int_digits=n)
    digits = "7" * n
    expected = sum(7 * 10**i for i in range(n)) if n <= 100 else None
    for text in (digits, "-" + digits):
        for type_ in (object, int, Any, int | str, Raw):
            value = quire.json.decode(text, type_, limits=limits)
            if type_ is not Raw:
                assert (
                    type(value) is int and value % 10**9 == int(text[:1] + "777777777") % 10**9
                    if text[0] == "-"
                    else value % 10**9 == 777777777
                )
                assert expected is None or abs(value) == expected
            with pytest.raises(quire.LimitError) as caught:
                quire.json.decode(text + "7", type_, limits=limits)
            assert caught.value.errors[0].code == "digit_limit"
        with pytest.raises(quire.LimitError):
            quire.json.decode(f'{{"unknown":[{text}7]}}', Point, limits=limits)
        with pytest.raises(quire.DecodeError):
            quire.json.decode(f'"{text}7"', int, limits=limits, strict=False)


def test_digits_without_limit():
    text = "123456789" * 20_000
    value = quire.json.decode(text, limits=Limits(int_digits=None))
    assert value == quire.json.decode(text, int, limits=Limits(int_digits=None))
    limit = sys.get_int_max_str_digits()
    try:
        sys.set_int_max_str_digits(0)
        assert value == int(text) and str(value) == text
        assert quire.json.encode(value) == text.encode()
    finally:
        sys.set_int_max_str_digits(limit)
    with pytest.raises(quire.LimitError) as caught:
        quire.json.encode([value])
    assert isinstance(caught.value, quire.EncodeError)
    assert (caught.value.errors[0].code, caught.value.errors[0].path) == ("digit_limit", "$[0]")


def test_the_interpreters_own_limit_is_not_asked():
    limit = sys.get_int_max_str_digits()
    try:
        sys.set_int_max_str_digits(640)
        assert quire.json.decode("1" * 4300) % 10 == 1
    finally:
        sys.set_int_max_str_digits(limit)


def test_limits_of_a_decoder(fmt):
    decoder = fmt.Decoder(list[int], limits=Limits(items=2))
    assert decoder.decode(fmt.encode([1, 2])) == [1, 2]
    for _ in range(2):
        with pytest.raises(quire.LimitError):
            decoder.decode(fmt.encode([1, 2, 3]))
    assert fmt.Decoder(list[int], limits=None).decode(fmt.encode([1, 2, 3])) == [1, 2, 3]


@pytest.mark.parametrize("limits", [5, "x", object(), {}])
def test_what_are_no_limits(fmt, limits):
    with pytest.raises(TypeError, match=r"must be a quire\.Limits"):
        fmt.decode(fmt.encode(1), limits=limits)
    with pytest.raises(TypeError, match=r"must be a quire\.Limits"):
        fmt.Decoder(limits=limits)


@pytest.mark.parametrize("name", ["bytes", "items", "str_bytes", "int_digits"])
def test_no_limit_is_none_and_never_zero(name):
    assert getattr(Limits(**{name: None}), name) is None
    with pytest.raises(ValueError, match=name):
        Limits(**{name: 0})
