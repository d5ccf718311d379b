# SPDX-License-Identifier: Apache-2.0
"""Built-in adapter of Enums whose values are more than texts, integers and truth values: floats, tuples, dates, None, several
kinds.

What is written is the value, as one of the types that the values have. An Enum of plain values is none of this: the core reads
it.
"""

from __future__ import annotations

import enum
import functools
import operator

from quire.adapters import Adapter

__all__ = ["enum_of_values", "first_unsupported"]

_PLAIN = (bool, int, str)
_JSON = (type(None), bool, int, float, str)
_TEXTS = (
    *("datetime.datetime", "datetime.date", "datetime.time", "datetime.timedelta", "decimal.Decimal", "uuid.UUID"),
    *("fractions.Fraction", "builtins.complex", "builtins.bytes"),
)


class _Unsupported(Exception):
    pass


def enum_of_values(cls, _arguments):
    values = [member._value_ for member in cls] if issubclass(cls, enum.Enum) and not issubclass(cls, enum.Flag) else []
    if not values or all(isinstance(value, _PLAIN) and not isinstance(value, enum.Enum) for value in values):
        return None
    try:
        wire = _type_of_any(values)
    except _Unsupported:
        return None

    def decode(value):
        made = cls(value)
        if made._value_ == value and type(made._value_) is not type(value):  # 1.0 and True are no 1
            raise ValueError(f"{value!r} is not a valid {cls.__qualname__}")
        return made

    return Adapter(wire=wire, encode=operator.attrgetter("_value_"), decode=decode, schema=_schema(cls, values))


def _type_of_any(values):
    """The type of which all the values are."""
    tuples = [value for value in values if type(value) is tuple]
    types = dict.fromkeys(_type_of(value) for value in values if type(value) is not tuple)
    if tuples and len({len(value) for value in tuples}) == 1:
        types[tuple[tuple(map(_type_of_any, zip(*tuples, strict=True)))]] = None
    elif tuples:
        types[tuple[_type_of_any([item for value in tuples for item in value]), ...]] = None
    return functools.reduce(operator.or_, types)


def _type_of(value):
    cls = type(value)
    if value is None or cls in _JSON:
        return cls
    if isinstance(value, enum.Enum) or f"{cls.__module__}.{cls.__qualname__}" in _TEXTS:
        return cls
    raise _Unsupported


def first_unsupported(members):
    """The first of an Enum's members whose value is of no type that can stand beside others of other types, or None."""
    return next((member for member in members if not _is_supported(member._value_)), None)


def _is_supported(value):
    if type(value) is tuple:
        return all(map(_is_supported, value))
    try:
        _type_of(value)
    except _Unsupported:
        return False
    return True


def _schema(cls, values):
    """A list of the values, where they are what stands in the document and no `_missing_` takes others."""
    own = getattr(cls._missing_, "__func__", None) is not enum.Enum._missing_.__func__
    if own or not all(_is_json(value) for value in values):
        return None
    return {"title": cls.__name__, "enum": [list(value) if type(value) is tuple else value for value in values]}


def _is_json(value):
    if type(value) is tuple:
        return all(type(item) in _JSON and item == item for item in value)
    return type(value) in _JSON and value == value and value not in (float("inf"), float("-inf"))
