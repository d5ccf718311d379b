# SPDX-License-Identifier: Apache-2.0
"""Adapters: a type of one's own as a type that every format can hold.

An `Adapter` says what the document holds (`wire`, any type that quire reads) and has the two functions between that and the
value. Because the wire type is declared, what is read is validated before `decode` sees it, and unions stay decidable.
"""

from __future__ import annotations

__all__ = ["Adapter"]


class Adapter:
    """How values of a type are written and read: as values of the type `wire`.

    encode: takes a value, returns one of `wire`. decode: takes one of `wire`, returns a value; with context=True it takes the
    `context` of the call as its second argument, or None.

    A ValueError raised by either is a fault of the value, with its path; any other exception passes through, with the path as
    a note. Immutable; equal only to itself.
    """

    __slots__ = ("context", "decode", "encode", "wire")

    def __init__(self, *, wire, encode, decode, context=False):
        if not callable(encode) or not callable(decode):
            name, value = ("decode", decode) if callable(encode) else ("encode", encode)
            raise TypeError(f"Adapter: {name} must be callable, got {value!r}")
        put = object.__setattr__
        put(self, "wire", wire)
        put(self, "encode", encode)
        put(self, "decode", decode)
        put(self, "context", bool(context))

    def __setattr__(self, name, value):
        raise AttributeError(f"an Adapter cannot be changed: {name}")

    def __delattr__(self, name):
        raise AttributeError(f"an Adapter cannot be changed: {name}")

    def __repr__(self):
        context = ", context=True" if self.context else ""
        return f"Adapter(wire={self.wire!r}, encode={self.encode!r}, decode={self.decode!r}{context})"
