# SPDX-License-Identifier: Apache-2.0
"""What "the same value" means: same type, equal, same order, offset, tzinfo and its key, maxlen, exponent, sign of zero.

A fold counts by the offset it stands for: where a clock shows a time once, it says nothing."""

import collections
import datetime as dt
import decimal

import numpy


def same(a, b):
    if type(a) is not type(b):
        return False
    compare = next((_COMPARE[base] for base in type(a).__mro__ if base in _COMPARE), None)
    if compare is not None:
        return compare(a, b)
    names = _names(a)
    if names is not None:
        return all(
            hasattr(a, name) == hasattr(b, name) and same(getattr(a, name, None), getattr(b, name, None)) for name in names
        )
    return bool(a == b)


def _names(value):
    """The fields of a Record, a dataclass or an attrs class."""
    cls = type(value)
    if hasattr(cls, "__record_fields__"):
        return tuple(cls.__record_fields__)
    if hasattr(cls, "__attrs_attrs__"):
        return tuple(member.name for member in cls.__attrs_attrs__)
    return tuple(getattr(cls, "__dataclass_fields__", ())) or None


def _items(a, b):
    return len(a) == len(b) and all(map(same, a, b))


def _pairs(a, b):
    return _items(list(a.items()), list(b.items()))


def _unordered(a, b):
    return len(a) == len(b) and all(any(same(x, y) for y in b) for x in a)


def _deques(a, b):
    return a.maxlen == b.maxlen and _items(a, b)


def _floats(a, b):
    return float.__repr__(a) == float.__repr__(b)


def _moments(a, b):
    fields = ("year", "month", "day", "hour", "minute", "second", "microsecond")
    return (
        all(getattr(a, name, None) == getattr(b, name, None) for name in fields)
        and type(a.tzinfo) is type(b.tzinfo)
        and a.utcoffset() == b.utcoffset()
        and getattr(a.tzinfo, "key", None) == getattr(b.tzinfo, "key", None)
    )


def _arrays(a, b):
    return a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()


_COMPARE = {
    numpy.generic: _arrays,
    numpy.ndarray: _arrays,
    float: _floats,
    complex: lambda a, b: _floats(a.real, b.real) and _floats(a.imag, b.imag),
    decimal.Decimal: lambda a, b: a.as_tuple() == b.as_tuple(),
    dt.datetime: _moments,
    dt.time: _moments,
    list: _items,
    tuple: _items,
    collections.deque: _deques,
    dict: _pairs,
    set: _unordered,
    frozenset: _unordered,
    memoryview: lambda a, b: bytes(a) == bytes(b),
}
