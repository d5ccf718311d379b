# SPDX-License-Identifier: Apache-2.0
"""Annotated bounds: judged exactly, with Python's own comparison as the oracle, for numbers, text, bytes and containers."""

import re
from decimal import Decimal
from typing import Annotated, Optional

import annotated_types as at
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import quire
import quire.json
from quire import Record, field

INTEGERS = st.integers(-(2**63), 2**64 - 1) | st.sampled_from(
    [s * 2**p + d for s in (1, -1) for p in (31, 53, 62, 63) for d in (-1, 0, 1)] + [2**64 - 1]
)
ANY_INTEGERS = INTEGERS.filter(lambda n: -(2**63) <= n < 2**64)
BOUNDS = st.integers(-(2**70), 2**70) | INTEGERS
FLOATS = st.floats(allow_nan=False, allow_infinity=False)


def code_of(fmt, data, type_):
    try:
        return fmt.decode(data, type_), None
    except quire.ValidationError as error:
        return None, error.errors[0].code


def judged(fmt, value, type_, code):
    """The value itself when `code` is None, else a fault with that code at the value."""
    for document, wrapped, path in ((value, type_, "$"), ([value], list[type_], "$[0]"), ({"a": value}, dict[str, type_], "$.a")):
        data = fmt.encode(document)
        result, found = code_of(fmt, data, wrapped)
        assert found == code, (value, type_)
        if code is None:
            assert result == document
        else:
            assert fmt.refuses(data, wrapped, quire.ValidationError).path == path


@given(ANY_INTEGERS, BOUNDS)
@settings(max_examples=200)
def test_integers_against_integers(fmt, value, bound):
    judged(fmt, value, Annotated[int, at.Ge(bound)], None if value >= bound else "too_small")
    judged(fmt, value, Annotated[int, at.Gt(bound)], None if value > bound else "too_small")
    judged(fmt, value, Annotated[int, at.Le(bound)], None if value <= bound else "too_large")
    judged(fmt, value, Annotated[int, at.Lt(bound)], None if value < bound else "too_large")


@given(st.integers(-(10**40), 10**40), st.integers(-(10**40), 10**40), st.integers(1, 2**63 - 1))
def test_integers_of_any_size(value, bound, divisor):
    for type_, holds, code in (
        (Annotated[int, at.Ge(bound)], value >= bound, "too_small"),
        (Annotated[int, at.Lt(bound)], value < bound, "too_large"),
        (Annotated[int, at.MultipleOf(divisor)], value % divisor == 0, "not_multiple"),
        (Annotated[int, at.Ge(value)], True, None),
        (Annotated[int, at.Gt(value)], False, "too_small"),
        (Annotated[int, at.Lt(value + 1)], True, None),
        (Annotated[int, at.Le(value - 1)], False, "too_large"),
    ):
        result, found = code_of(quire.json, str(value), type_)
        assert (found is None and result == value) if holds else found == code


@given(ANY_INTEGERS, st.floats(allow_nan=False, allow_infinity=False))
def test_integers_against_floats(fmt, value, bound):
    judged(fmt, value, Annotated[int, at.Ge(bound)], None if value >= bound else "too_small")
    judged(fmt, value, Annotated[int, at.Lt(bound)], None if value < bound else "too_large")


@given(FLOATS, FLOATS)
def test_floats(fmt, value, bound):
    judged(fmt, value, Annotated[float, at.Ge(bound)], None if value >= bound else "too_small")
    judged(fmt, value, Annotated[float, at.Gt(bound)], None if value > bound else "too_small")
    judged(fmt, value, Annotated[float, at.Le(bound)], None if value <= bound else "too_large")
    judged(fmt, value, Annotated[float, at.Lt(bound)], None if value < bound else "too_large")


@given(ANY_INTEGERS, st.integers(1, 2**63 - 1))
def test_multiples(fmt, value, divisor):
    judged(fmt, value, Annotated[int, at.MultipleOf(divisor)], None if value % divisor == 0 else "not_multiple")
    product = value // divisor * divisor
    if product >= -(2**63):
        judged(fmt, product, Annotated[int, at.MultipleOf(divisor)], None)


def test_multiples_of_floats(fmt):
    for value, divisor, ok in (
        (0.3, 0.1, True),
        (0.35, 0.1, False),
        (1.0, 0.25, True),
        (10.0, 3.0, False),
        (9.0, 3.0, True),
        (0.0, 0.5, True),
    ):
        judged(fmt, value, Annotated[float, at.MultipleOf(divisor)], None if ok else "not_multiple")


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3), st.decimals(allow_nan=False, allow_infinity=False, places=3))
def test_decimals(fmt, value, bound):
    for type_, holds, code in (
        (Annotated[Decimal, at.Ge(bound)], value >= bound, "too_small"),
        (Annotated[Decimal, at.Lt(bound)], value < bound, "too_large"),
    ):
        result, found = code_of(fmt, fmt.encode(value), type_)
        assert (found is None and result == value) if holds else found == code


@pytest.mark.parametrize("text", ["", "a", "abc", "é", "é€😀", '\n"\\', "x" * 100, "é" * 100])
def test_lengths_of_text_are_characters(fmt, text):
    n = len(text)
    for type_, code in (
        (Annotated[str, at.MinLen(n)], None),
        (Annotated[str, at.MinLen(n + 1)], "too_short"),
        (Annotated[str, at.MaxLen(n)], None),
        (Annotated[str, at.Len(n, n)], None),
        (Annotated[str, at.Len(0, n)], None),
    ):
        judged(fmt, text, type_, code)
    if n:
        judged(fmt, text, Annotated[str, at.MaxLen(n - 1)], "too_long")


@pytest.mark.parametrize("n", [0, 1, 2, 3, 16, 100])
def test_lengths_of_bytes_and_containers(fmt, n):
    for value, base in (
        (bytes(range(n)), bytes),
        (list(range(n)), list[int]),
        ({f"k{i}": i for i in range(n)}, dict[str, int]),
        (list(range(n)), list),
        ({f"k{i}": i for i in range(n)}, dict),
    ):
        data = fmt.encode(value)
        assert fmt.decode(data, Annotated[base, at.Len(n, n)]) == value
        assert code_of(fmt, data, Annotated[base, at.MinLen(n + 1)])[1] == "too_short"
        if n:
            assert code_of(fmt, data, Annotated[base, at.MaxLen(n - 1)])[1] == "too_long"
    assert fmt.decode(fmt.encode([1] * n), Annotated[tuple[int, ...], at.Len(n, n)]) == (1,) * n
    # What a document writes is counted, not what a set keeps of it.
    if n > 1:
        assert fmt.decode(fmt.encode(list(range(n))), Annotated[set[int], at.Len(n, n)]) == set(range(n))


class Pattern:
    def __init__(self, pattern):
        self.pattern = pattern


def test_patterns(fmt):
    for metadata in (Pattern("^a+$"), re.compile("^a+$")):
        judged(fmt, "aaa", Annotated[str, metadata], None)
        judged(fmt, "", Annotated[str, metadata], "pattern_mismatch")
        judged(fmt, "ab", Annotated[str, metadata], "pattern_mismatch")
    judged(fmt, "xay", Annotated[str, Pattern("a")], None)
    judged(fmt, "é€", Annotated[str, Pattern("€$"), at.MaxLen(2)], None)
    judged(fmt, "éé€", Annotated[str, Pattern("€$"), at.MaxLen(2)], "too_long")


def test_several_at_once(fmt):
    type_ = Annotated[int, at.Ge(0), at.Le(10), at.MultipleOf(2)]
    for value in range(-2, 14):
        judged(
            fmt, value, type_, "too_small" if value < 0 else "too_large" if value > 10 else "not_multiple" if value % 2 else None
        )
    interval = Annotated[float, at.Interval(gt=0.0, lt=1.0)]
    for value, code in ((0.0, "too_small"), (0.5, None), (1.0, "too_large"), (-0.0, "too_small"), (5e-324, None)):
        judged(fmt, value, interval, code)


def test_bounds_within_other_types(fmt):
    positive = Annotated[int, at.Gt(0)]

    class Account(Record):
        balance: positive = 1
        names: Annotated[list[Annotated[str, at.MinLen(1)]], at.MaxLen(2)] = field(default_factory=list)
        maybe: Optional[positive] = None  # noqa: UP045

    for document, path, code in (
        ({"balance": 0}, "$.balance", "too_small"),
        ({"names": ["a", ""]}, "$.names[1]", "too_short"),
        ({"names": ["a", "b", "c"]}, "$.names", "too_long"),
        ({"maybe": 0}, "$.maybe", "too_small"),
    ):
        fault = fmt.refuses(fmt.encode([document]), list[Account], quire.ValidationError)
        assert (fault.code, fault.path) == (code, path.replace("$", "$[0]"))
    assert fmt.decode(fmt.encode({"maybe": None, "balance": 5}), Account) == Account(5)
    assert fmt.decode(fmt.encode({5: 1}), dict[positive, int]) == {5: 1}
    assert fmt.refuses(fmt.encode({0: 1}), dict[positive, int], quire.ValidationError).code == "too_small"
    assert fmt.refuses(fmt.encode([0, "a"]), tuple[positive, str], quire.ValidationError).code == "too_small"
    judged(fmt, 0, positive | str, "too_small")
    judged(fmt, "x", positive | str, None)


def test_lax_numbers_are_bounded_too(fmt):
    for value, code in (("0", "too_small"), ("5", None), (5.0, None), (0.0, "too_small"), (str(2**64), None)):
        data = fmt.encode(value)
        type_ = Annotated[int, at.Ge(1)]
        if code is None:
            assert fmt.decode(data, type_, strict=False) == int(value)
        else:
            assert fmt.refuses(data, type_, quire.ValidationError, strict=False).code == code


IMPOSSIBLE = [
    Annotated[int, at.MultipleOf(0)],
    Annotated[int, at.MultipleOf(2**63)],
    Annotated[int, at.Ge("x")],
    Annotated[str, at.Ge(1)],
    Annotated[int, at.MinLen(1)],
    Annotated[str, at.MinLen(-1)],
    Annotated[str, Pattern("(")],
    Annotated[str, Pattern(b"x")],
    Annotated[float, at.Ge(float("nan"))],
    Annotated[int, at.Timezone(None)],
    Annotated[Record, at.Ge(1)],
]


def test_bounds_that_cannot_be(fmt):
    for type_ in IMPOSSIBLE:
        with pytest.raises(quire.SchemaError):
            fmt.Decoder(type_)


EDGES = [2**53, 2**63, 2**64, 2**70, 10**30, -(2**63), -(2**70)]
LARGE = sorted({edge + d for edge in EDGES for d in (-1, 0, 1)})


@pytest.mark.parametrize("limit", [*(edge + d for edge in EDGES[1:4] for d in (-1, 0, 1)), 10**30, -(2**70), 0.5, 2.0**70])
def test_integers_of_any_size_are_compared_exactly(limit):
    """Beyond 64 bits too, whoever judges: no number is rounded to a float on the way."""
    holds = {at.Ge: int.__ge__, at.Gt: int.__gt__, at.Le: int.__le__, at.Lt: int.__lt__}
    for bound, compare in holds.items():
        type_ = Annotated[int, bound(limit)]
        for value in LARGE:
            expected = compare(value, limit) if type(limit) is int else compare(value * 2, int(limit * 2))
            for judge in (
                lambda value=value, type_=type_: quire.json.decode(str(value), type_),
                lambda value=value, type_=type_: quire.json.decode(f'"{value}"', type_, strict=False),
                lambda value=value, type_=type_: quire.convert(value, type_),
                lambda value=value, type_=type_: quire.validate(value, type_),
            ):
                try:
                    judge()
                except quire.ValidationError as error:
                    assert not expected and error.errors[0].code in ("too_small", "too_large")
                else:
                    assert expected, (value, bound, limit)
