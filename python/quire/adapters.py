# SPDX-License-Identifier: Apache-2.0
"""Adapters: a type of one's own as a type that every format can hold.

An `Adapter` says what the document holds (`wire`, any type that quire reads) and has the two functions between that and the
value. Because the wire type is declared, what is read is validated before `decode` sees it, and unions stay decidable.
"""

from __future__ import annotations

__all__ = ["Adapter", "Adapters", "RefusedError"]


class Adapter:
    """How values of a type are written and read: as values of the type `wire`.

    encode: takes a value, returns one of `wire`. decode: takes one of `wire`, returns a value; with context=True it takes the
    `context` of the call as its second argument, or None. schema: the JSON Schema of what the document holds, a dict or a
    function that makes one of "decode" or "encode"; without it that of `wire`.

    A ValueError raised by either is a fault of the value, with its path; any other exception passes through, with the path as
    a note. Immutable; equal only to itself.
    """

    __slots__ = ("context", "decode", "encode", "schema", "wire")

    def __init__(self, *, wire, encode, decode, context=False, schema=None):
        if not callable(encode) or not callable(decode):
            name, value = ("decode", decode) if callable(encode) else ("encode", encode)
            raise TypeError(f"Adapter: {name} must be callable, got {value!r}")
        if schema is not None and not isinstance(schema, dict) and not callable(schema):
            raise TypeError(f"Adapter: schema must be a dict or callable, got {schema!r}")
        put = object.__setattr__
        put(self, "wire", wire)
        put(self, "encode", encode)
        put(self, "decode", decode)
        put(self, "context", bool(context))
        put(self, "schema", schema)

    def __setattr__(self, name, value):
        raise AttributeError(f"an Adapter cannot be changed: {name}")

    def __delattr__(self, name):
        raise AttributeError(f"an Adapter cannot be changed: {name}")

    def __repr__(self):
        context = ", context=True" if self.context else ""
        return f"Adapter(wire={self.wire!r}, encode={self.encode!r}, decode={self.decode!r}{context})"


# What every format writes by itself, before anything is asked: to write one of these otherwise, annotate where.
_FIXED = (object, type(None), bool, int, float, str, list, tuple, dict)


class Adapters:
    """A set of adapters by type, for `adapters=` of encode, decode, Encoder, Decoder, convert and to_builtins.

    `add` takes a class (or a NewType, which only annotations tell) and returns the set itself, so calls can be chained. They go
    before what a class says of itself and before what quire does by itself with datetime, Decimal, bytes...; an adapter of an
    annotation or a field goes before them.

    A set that was used once does not change any more: plans are kept by it. `Adapters(*others)` begins with all that the others
    have; where two have the same type, the later one counts.
    """

    __slots__ = ("__weakref__", "_plans", "_table", "_used")

    def __init__(self, *others):
        self._table = {}  # type -> (Adapter, does it serve subclasses?)
        self._plans = {}  # filled by the engine: type -> plan, or None for a class that has no adapter
        self._used = False
        for other in others:
            if not isinstance(other, Adapters):
                raise TypeError(f"Adapters: expected Adapters to begin with, got {other!r}")
            self._table.update(other._table)

    def add(self, type_, adapter, /, *, subclasses=False):
        """The adapter for a type; subclasses=True: also for classes that inherit from it, nearest first.

        Raises TypeError for what is no type or no adapter, or a type that is always written by itself; RuntimeError once the set
        was used.
        """
        if not isinstance(adapter, Adapter):
            raise TypeError(f"Adapters.add: expected an Adapter, got {adapter!r}")
        if not isinstance(type_, type) and not hasattr(type_, "__supertype__"):
            raise TypeError(
                f"Adapters.add: expected a class or a NewType, got {type_!r}: for other types use Annotated[..., adapter]"
            )
        if type_ in _FIXED:
            raise TypeError(
                f"Adapters.add: {type_.__name__} is always written by itself: use Annotated[{type_.__name__}, adapter]"
            )
        if self._used:
            raise RuntimeError("Adapters.add: the set is in use and cannot change: begin another with Adapters(this)")
        self._table[type_] = adapter, bool(subclasses)
        return self

    def find(self, type_, /):
        """The adapter that the set has for a type, or None."""
        found = self._table.get(type_)
        if found is not None:
            return found[0]
        for base in getattr(type_, "__mro__", ())[1:]:
            adapter, subclasses = self._table.get(base, (None, False))
            if subclasses:
                return adapter
        return None

    def _use(self):
        self._used = True
        return self._plans

    def __len__(self):
        return len(self._table)

    def __repr__(self):
        names = ", ".join(getattr(type_, "__qualname__", repr(type_)) for type_ in self._table)
        return f"<Adapters for {names}>" if names else "<Adapters, empty>"


class RefusedError(ValueError):
    """For an adapter's function that knows what is wrong in several places of the value: each becomes a fault.

    faults: tuple of (steps from the value to the place, message, what stands there or None).
    """

    def __init__(self, message, faults=()):
        super().__init__(message)
        self.faults = tuple((tuple(steps), text, value) for steps, text, value in faults)
