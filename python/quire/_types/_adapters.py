# SPDX-License-Identifier: Apache-2.0
"""Which adapter a type goes through: the field's or the annotation's, else the call's, the class's, or a built-in one."""

from __future__ import annotations

from quire._types import _builtin
from quire._types._description import AdapterInfo, Node
from quire._types._graph import type_name
from quire.adapters import Adapter

__all__ = ["adapter_of", "class_of", "describe_adapted", "describe_annotated", "describe_declared", "find_adapter", "wire_of"]


def find_adapter(graph, cls, arguments):
    """(adapter, rank among the built-in ones or None) of a class, or None."""
    if not isinstance(cls, type):
        return None
    called = None if graph.adapters is None else graph.adapters.find(cls)
    if called is not None:
        return called, None
    own = getattr(cls, "__quire__", None)
    if own is not None:
        return _own_adapter(graph, cls, own), None
    if "__pydantic_validator__" in cls.__dict__:
        from quire.contrib.pydantic import adapter

        return adapter(cls), None
    found = _builtin.find(cls, arguments)
    return None if found is None else (found[1], _builtin.rank(found[0]))


def _own_adapter(graph, cls, own):
    """What `__quire__` says: an Adapter, for the class that it is written in only, or a class method that makes one."""
    if not isinstance(own, Adapter):
        adapter = own() if callable(own) else own
        if not isinstance(adapter, Adapter):
            raise graph.error(f"{type_name(cls)}.__quire__ must be an Adapter or a class method that makes one, got {adapter!r}")
        return adapter
    if "__quire__" in cls.__dict__:
        return own
    base = next(base for base in cls.__mro__ if "__quire__" in base.__dict__)
    raise graph.error(
        f"{type_name(cls)} inherits the adapter of {type_name(base)}, which would read it as {type_name(base)}: "
        f"give it a __quire__ of its own, or make {type_name(base)}.__quire__ a class method"
    )


def adapter_of(graph, value):
    """What field(adapter=) was given."""
    if not isinstance(value, Adapter):
        raise graph.error(f"field(adapter=...) takes an Adapter, got {value!r}")
    return value


def describe_adapted(graph, annotation, cls, scope, describe):
    """The number of the node of a class that has an adapter, or None."""
    arguments = getattr(annotation, "__args__", ()) if annotation is not cls else ()
    found = find_adapter(graph, cls, arguments)
    if found is None:
        return None
    adapter, rank = found
    # What the arguments of a built-in one mean is its own affair: numpy.dtype is no type of data.
    numbers = arguments
    if rank is None:
        numbers = tuple(describe(graph, argument, scope) for argument in arguments if argument is not ...)
    key = "adapter", cls, numbers
    known = graph.known(key)
    if known is None:
        known = graph.reserve(key)
        _define(graph, known, adapter, cls, scope, describe, declared=False, rank=rank)
    return known


def describe_annotated(graph, origin, metadata, scope, describe):
    """(number, metadata left) of Annotated[origin, *metadata]: an Adapter takes the place of the type itself."""
    adapters = [item for item in metadata if isinstance(item, Adapter)]
    if not adapters:
        return describe(graph, origin, scope), metadata
    if len(adapters) > 1:
        raise graph.error("two adapters in one annotation")
    number = describe_declared(graph, adapters[0], class_of(graph, origin, scope), scope, describe)
    return number, tuple(item for item in metadata if item is not adapters[0])


def describe_declared(graph, adapter, cls, scope, describe):
    """The number of a node of its own, for values of cls that go through the adapter because the annotation says so."""
    number = graph.reserve(("adapter", object()))
    _define(graph, number, adapter, cls, scope, describe, declared=True)
    return number


def _define(graph, number, adapter, cls, scope, describe, declared, rank=None):
    with graph.at(graph.place or (type_name(cls) if cls else "")):
        wire = describe(graph, adapter.wire, scope)
    own = rank is None and not declared
    info = AdapterInfo(adapter.encode, adapter.decode, adapter.context, declared, adapter.schema, own)
    graph.define(number, Node("adapter", items=(wire,), cls=cls, info=info))
    graph.ranks[number] = rank


def class_of(graph, annotation, scope):
    """The class whose instances are values of the annotation, or None when it is no single one."""
    import typing

    while True:
        if isinstance(annotation, str | typing.ForwardRef):
            annotation = scope.evaluate(graph, annotation)
        elif hasattr(annotation, "__supertype__"):
            annotation = annotation.__supertype__
        else:
            origin = typing.get_origin(annotation)
            if origin is not typing.Annotated:
                break
            annotation = annotation.__origin__
    cls = annotation if origin is None else origin
    if cls in (typing.Any, object) or not isinstance(cls, type):
        return None
    return dict if hasattr(cls, "__required_keys__") and issubclass(cls, dict) else cls


def wire_of(graph, number):
    """(number of what is read for a node, is null accepted on the way there)."""
    number, nullable = graph.resolve(number)
    seen = set()
    while graph.entries[number] is not None and getattr(graph.entries[number], "kind", None) == "adapter":
        if number in seen:
            raise graph.error("the adapter is written as itself")
        seen.add(number)
        nullable |= graph.entries[number].nullable
        number, inner = graph.resolve(graph.entries[number].items[0])
        nullable |= inner
    return number, nullable or getattr(graph.entries[number], "nullable", False)
