# SPDX-License-Identifier: Apache-2.0
"""Built-in adapters of numpy: scalars as the numbers they are, arrays as what they are made of. Imported when numpy is used.

An array is an object {"dtype": "<f8", "shape": [2, 3], "data": bytes}, its items in C order. Where bytes travel as they are
(MessagePack), they are written from the array and read as a view of the document: such an array is read-only.
"""

from __future__ import annotations

import math
import re
import typing

from quire.adapters import Adapter

__all__ = ["array", "scalar"]

# What numpy.dtype makes of any other text is none of a document's business; nor are objects.
_DTYPE = re.compile(
    r"[<>|](?:b1|[iu][1248]|f[248]|c(?:8|16)|[mM]8(?:\[[0-9]*(?:Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\])?|[SU][0-9]{1,9})"
)


class Array(typing.TypedDict):
    dtype: str
    shape: list[int]
    data: memoryview


def array(cls, arguments):
    import numpy

    if cls is not numpy.ndarray:  # a matrix or a masked array is more than its items
        return None
    wanted = _item_class(numpy, arguments)

    def encode(value):
        if not _DTYPE.fullmatch(value.dtype.str) or value.dtype.metadata:
            raise ValueError(f"an array of dtype {value.dtype} cannot be written")
        check(value.dtype)
        flat = numpy.ascontiguousarray(value).reshape(-1)
        data = memoryview(flat.view(numpy.uint8)) if flat.nbytes else memoryview(b"")
        return {"dtype": value.dtype.str, "shape": list(value.shape), "data": data}

    def decode(parts):
        if not _DTYPE.fullmatch(parts["dtype"]):
            raise ValueError(f"no dtype of an array: {parts['dtype']!r}")
        dtype, shape, data = numpy.dtype(parts["dtype"]), parts["shape"], parts["data"]
        check(dtype)
        if any(n < 0 for n in shape) or math.prod(shape) * dtype.itemsize != data.nbytes:
            raise ValueError(f"{data.nbytes} bytes are no array of dtype {dtype} and shape {shape}")
        flat = numpy.frombuffer(data, dtype) if data.nbytes else numpy.zeros(math.prod(shape), dtype)
        flat.flags.writeable = False
        return flat.reshape(shape)

    def check(dtype):
        if wanted is not None and not issubclass(dtype.type, wanted):
            raise ValueError(f"expected an array of {wanted.__name__}, got dtype {dtype}")

    return Adapter(wire=Array, encode=encode, decode=decode, schema=_array_schema)


def _array_schema(mode):
    from quire.json import schema

    made = schema(Array, mode=mode)
    made["properties"]["dtype"]["pattern"] = f"^(?:{_DTYPE.pattern})$"
    made["properties"]["shape"]["items"]["minimum"] = 0
    del made["title"]
    return made


def _item_class(numpy, arguments):
    """float64 of numpy.ndarray[Any, numpy.dtype[numpy.float64]], or None for any."""
    dtype = arguments[1] if len(arguments) == 2 else None
    inner = typing.get_args(dtype)
    return inner[0] if inner and isinstance(inner[0], type) and issubclass(inner[0], numpy.generic) else None


def scalar(cls, _arguments):
    """bool_, the integers and floats of all widths, complex, str_, bytes_, datetime64, timedelta64."""
    import numpy

    for base, make in (
        (numpy.bool_, _plain(bool)),
        (numpy.timedelta64, _moment),
        (numpy.integer, _integer),
        (numpy.floating, _floating),
        (numpy.complexfloating, _complex),
        (numpy.str_, _plain(str)),
        (numpy.bytes_, _plain(bytes)),
        (numpy.datetime64, _moment),
    ):
        if issubclass(cls, base) and cls in numpy.sctypeDict.values():
            return make(numpy, cls)
    return None


def _plain(wire):
    return lambda numpy, cls: Adapter(wire=wire, encode=wire, decode=cls)


def _integer(numpy, cls):
    limits = numpy.iinfo(cls)

    def decode(value):
        if not limits.min <= value <= limits.max:
            raise ValueError(f"{value} is beyond {cls.__name__}")
        return cls(value)

    schema = {"type": "integer", "minimum": int(limits.min), "maximum": int(limits.max)}
    return Adapter(wire=int, encode=int, decode=decode, schema=schema)


def _floating(numpy, cls):
    if numpy.dtype(cls).itemsize > 8:  # longdouble
        return None
    largest = float(numpy.finfo(cls).max)

    def decode(value):
        if largest < abs(value) < math.inf:
            raise ValueError(f"{value} is beyond {cls.__name__}")
        return cls(value)

    schema = {"type": "number", "minimum": -largest, "maximum": largest}
    return Adapter(wire=float, encode=float, decode=decode, schema=schema)


def _complex(numpy, cls):
    if numpy.dtype(cls).itemsize > 16:
        return None
    return Adapter(wire=complex, encode=complex, decode=cls)


# What numpy takes besides ("now", "today") would not be the same tomorrow.
_UNIT = r"\[([0-9]{0,9}(?:Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)|generic)\]"
_DATETIME = re.compile(r"(NaT|[-+]?[0-9]{4,}(?:-[0-9]{2})*(?:T[0-9]{2}(?::[0-9]{2})*(?:\.[0-9]+)?)?)" + _UNIT)
_TIMEDELTA = re.compile(r"(NaT|-?[0-9]{1,19})" + _UNIT)


def _moment(numpy, cls):
    """datetime64 as "2024-05-01T12:00[m]", timedelta64 as "5[ms]": the unit belongs to the type."""
    pattern = _DATETIME if cls is numpy.datetime64 else _TIMEDELTA

    def encode(value):
        unit, count = numpy.datetime_data(value.dtype)
        text = "NaT" if numpy.isnat(value) else str(value) if cls is numpy.datetime64 else str(value.view(numpy.int64))
        return f"{text}[{unit}]" if count == 1 else f"{text}[{count}{unit}]"

    def decode(text):
        found = pattern.fullmatch(text)
        if not found:
            raise ValueError(f"no {cls.__name__}: {text!r}")
        number = found[1] if cls is numpy.datetime64 or found[1] == "NaT" else int(found[1])
        return cls(number, found[2])

    return Adapter(wire=str, encode=encode, decode=decode, schema={"type": "string", "pattern": f"^(?:{pattern.pattern})$"})
