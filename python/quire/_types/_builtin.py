# SPDX-License-Identifier: Apache-2.0
"""The adapters that quire brings along, by the name of the class, so that nobody's module is imported for them.

`TABLE` names, for "module.Class", the function that makes the adapter: "module:function". It is called with the class asked for
(the class of the entry or one that inherits from it) and the arguments of the annotation (`deque[int]`: `(int,)`; a bare class or
the class of a value that is written: `()`), and returns an `Adapter`, or None when it is not for that class: a subclass whose
instances could not be read back as what they were. It runs once for each class.

In a union several may be written as text; they are tried in the order of the table.
"""

from __future__ import annotations

import sys
from importlib import import_module

__all__ = ["TABLE", "find", "rank"]

TABLE = {
    "fractions.Fraction": "quire._types._builtin_numbers:fraction",
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
    return list(TABLE).index(entry)
