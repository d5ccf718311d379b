# SPDX-License-Identifier: Apache-2.0
"""Built-in adapters of classes that inherit from a scalar: what is written is the plain value, what comes back is the class."""

from __future__ import annotations

import enum
import functools

from quire.adapters import Adapter

__all__ = ["bytes_class", "flag", "float_class", "int_class", "str_class"]


def _class_of(plain, to_plain, cls):
    if cls is plain or cls is bool or issubclass(cls, enum.Enum):
        return None

    def decode(value):
        made = cls(value)
        if type(made) is not cls:
            raise ValueError(f"{cls.__name__}({value!r}) made a {type(made).__name__}")
        return made

    return Adapter(wire=plain, encode=to_plain, decode=decode)


def str_class(cls, _arguments):
    return _class_of(str, str.__str__, cls)


def int_class(cls, _arguments):
    return _class_of(int, int.__int__, cls)


def float_class(cls, _arguments):
    return _class_of(float, float.__float__, cls)


def bytes_class(cls, _arguments):
    return _class_of(bytes, bytes.__bytes__, cls)


def flag(cls, _arguments):
    """A Flag as the number of its bits; bits that the class would drop or hand back as an int are refused."""
    if not issubclass(cls, enum.Enum) or not cls.__members__:
        return None
    return Adapter(wire=int, encode=_bits, decode=functools.partial(_flag_of, cls), schema=_flag_schema(cls))


def _flag_schema(cls):
    """The numbers up to all bits together; where bits lie between that the class has not, all that there are, unless too many."""
    schema = {"type": "integer", "minimum": 0}
    if cls._boundary_ is enum.KEEP:
        return schema
    bits = [member._value_ for member in cls if member._value_ > 0]
    most = functools.reduce(int.__or__, bits, 0)
    if most & (most + 1) == 0 or len(bits) > 6:
        return {**schema, "maximum": most}
    sums = [0]
    for bit in bits:
        sums += [known | bit for known in sums]
    return {"type": "integer", "enum": sorted(set(sums))}


def _bits(value):
    return int(value._value_)


def _flag_of(cls, bits):
    made = cls(bits)
    if type(made) is not cls or made._value_ != bits:
        raise ValueError(f"{bits} has bits that {cls.__name__} has not")
    return made
