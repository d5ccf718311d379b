# SPDX-License-Identifier: Apache-2.0
"""The adapters that quire brings along, by the name of the class, so that nobody's module is imported for them.

`TABLE` names, for "module.Class", the function that makes the adapter: "module:function". It is called with the class asked for
(the class of the entry or one that inherits from it) and the arguments of the annotation (`deque[int]`: `(int,)`; a bare class or
the class of a value that is written: `()`), and returns an `Adapter`, or None when it is not for that class: a subclass whose
instances could not be read back as what they were. It runs once for each class.

In a union several may be written as text; they are tried in the order of the table. Two of one function look the same.
"""

from __future__ import annotations

import sys
from importlib import import_module

__all__ = ["ANY_TEXT", "TABLE", "find", "rank"]

ANY_TEXT = "builtins.str"

TABLE = {
    "fractions.Fraction": "quire._types._builtin_numbers:fraction",
    "builtins.complex": "quire._types._builtin_numbers:complex_number",
    "ipaddress.IPv4Address": "quire._types._builtin_text:address4",
    "ipaddress.IPv6Address": "quire._types._builtin_text:address6",
    "ipaddress.IPv4Interface": "quire._types._builtin_text:prefix4",
    "ipaddress.IPv4Network": "quire._types._builtin_text:prefix4",
    "ipaddress.IPv6Interface": "quire._types._builtin_text:prefix6",
    "ipaddress.IPv6Network": "quire._types._builtin_text:prefix6",
    "zoneinfo.ZoneInfo": "quire._types._builtin_text:zone",
    "enum.Flag": "quire._types._builtin_classes:flag",
    "enum.Enum": "quire._types._builtin_enum:enum_of_values",
    "numpy.ndarray": "quire._types._builtin_numpy:array",
    "numpy.generic": "quire._types._builtin_numpy:scalar",
    "builtins.int": "quire._types._builtin_classes:int_class",
    "builtins.float": "quire._types._builtin_classes:float_class",
    "builtins.bytes": "quire._types._builtin_classes:bytes_class",
    "pathlib.PurePath": "quire._types._builtin_text:path",
    "pathlib._local.PurePath": "quire._types._builtin_text:path",  # where it is in 3.13
    ANY_TEXT: "quire._types._builtin_classes:str_class",
}


def find(cls, arguments):
    """(entry, adapter) for a class, or None."""
    for base in cls.__mro__:
        entry = f"{base.__module__}.{base.__qualname__}"
        place = TABLE.get(entry)
        if place is None or getattr(sys.modules.get(base.__module__), base.__qualname__, None) is not base:
            continue
        module, _, function = place.partition(":")
        adapter = getattr(import_module(module), function)(cls, arguments)
        if adapter is not None:
            return entry, adapter
    return None


def rank(entry):
    return list(dict.fromkeys(TABLE.values())).index(TABLE[entry])
