# SPDX-License-Identifier: Apache-2.0
"""Limits: how much a document may ask for before it is refused."""

from __future__ import annotations

__all__ = ["Limits"]

# The engine follows a document with the C stack of its thread, and no further than that has room for.
MAX_DEPTH = 1_000_000
_SIZES = ("bytes", "items", "str_bytes", "int_digits", "errors")
_NAMES = ("depth", *_SIZES, "duplicate_keys")


class Limits:
    """What a document may ask for. Immutable; None means no limit.

    depth:      levels of arrays and objects; never more than the stack of the thread has room for (8 MiB: 10,000 to 40,000).
    bytes:      length of the whole input.
    items:      items of one array, entries of one object.
    str_bytes:  encoded length of one string or byte string.
    int_digits: decimal digits of one integer, reading and writing.
    errors:     faults that are collected by errors="all".
    duplicate_keys: in a dict "last" keeps the last value of a repeated key, "error" refuses the document, and also one that
        has an item of a set twice. A repeated field of a declared record is always refused.
    """

    __slots__ = _NAMES

    DEFAULT: Limits

    def __init__(self, *, depth=1000, bytes=None, items=None, str_bytes=None, int_digits=4300, errors=100, duplicate_keys="last"):
        if type(depth) is not int:
            raise TypeError(f"depth must be an int, got {type(depth).__name__}")
        if not 1 <= depth <= MAX_DEPTH:
            raise ValueError(f"depth must be 1 to {MAX_DEPTH}, got {depth}")
        if duplicate_keys not in ("last", "error"):
            raise ValueError(f'duplicate_keys must be "last" or "error", got {duplicate_keys!r}')
        values = (depth, bytes, items, str_bytes, int_digits, errors, duplicate_keys)
        for name, value in zip(_NAMES, values, strict=True):
            if name in _SIZES:
                _check_size(name, value)
            object.__setattr__(self, name, value)

    def __setattr__(self, name, value):
        raise AttributeError(f"Limits are immutable: make others with .replace({name}=...)")

    def __delattr__(self, name):
        raise AttributeError("Limits are immutable")

    def _members(self):
        return tuple(getattr(self, name) for name in _NAMES)

    def replace(self, **changes):
        """The same limits but for `changes`."""
        return Limits(**{**dict(zip(_NAMES, self._members(), strict=True)), **changes})

    __replace__ = replace

    def __eq__(self, other):
        return self._members() == other._members() if type(other) is Limits else NotImplemented

    def __hash__(self):
        return hash(self._members())

    def __repr__(self):
        return f"Limits({', '.join(f'{name}={getattr(self, name)!r}' for name in _NAMES)})"

    def __reduce__(self):
        return _restore, (dict(zip(_NAMES, self._members(), strict=True)),)


def _restore(members):
    return Limits(**members)


def _check_size(name, value):
    if value is not None and type(value) is not int:
        raise TypeError(f"{name} must be an int or None, got {type(value).__name__}")
    if value is not None and value < 1:
        raise ValueError(f"{name} must be at least 1, or None for no limit, got {value}")


Limits.DEFAULT = Limits()
