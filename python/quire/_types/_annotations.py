# SPDX-License-Identifier: Apache-2.0
"""What an annotation is, and who describes it."""

from __future__ import annotations

import collections
import collections.abc
import importlib
import sys
import types
import typing

from quire import _core
from quire._open_unions import Subclasses
from quire._types._adapters import class_of, describe_adapted, describe_annotated, describe_declared, find_adapter
from quire._types._containers import CONTAINERS, check_key, describe_container
from quire._types._families import family_of
from quire._types._graph import Graph, Reference, type_name
from quire._types._scope import Scope
from quire._types._unions import describe_union, finish_union

__all__ = ["describe", "describe_annotation"]


def describe(type_, only_adapter=False, adapters=None):
    """The `Description` of a type, or SchemaError. only_adapter: None for a class that has no adapter. adapters: those of the
    call, or None."""
    graph = Graph("", adapters)
    if isinstance(type_, str):
        raise graph.error(f"expected a type, got the string {type_!r}")
    if only_adapter and find_adapter(graph, type_, ()) is None:
        return None
    root = describe_annotation(graph, type_, Scope(module=getattr(type_, "__module__", None)))
    return graph.finish(root, finish_union, check_key)


# Classes with one node each: (kind, cls).
SCALARS = {
    typing.Any: ("any", None),
    object: ("any", None),
    type(None): ("none", None),
    bool: ("bool", None),
    int: ("int", None),
    float: ("float", None),
    str: ("str", None),
    typing.LiteralString: ("str", None),
    bytes: ("bytes", bytes),
    bytearray: ("bytes", bytearray),
    memoryview: ("bytes", memoryview),
    _core.Raw: ("raw", None),
}

# The same for classes whose module nobody has to load for us: who uses the class has loaded it.
FAR_SCALARS = {
    ("datetime", "datetime"): "datetime",
    ("datetime", "date"): "date",
    ("datetime", "time"): "time",
    ("datetime", "timedelta"): "timedelta",
    ("decimal", "Decimal"): "decimal",
    ("uuid", "UUID"): "uuid",
}


_SPEC = type(_core.field())


def _far_scalar(cls):
    if not isinstance(cls, type):
        return None
    place = cls.__module__, cls.__qualname__
    found = FAR_SCALARS.get(place)
    return found if found and getattr(sys.modules.get(place[0]), place[1], None) is cls else None


def describe_annotation(graph, annotation, scope):
    """The number of the node for an annotation written in `scope`."""
    if annotation is None:
        annotation = type(None)
    if isinstance(annotation, str | typing.ForwardRef):
        return describe_annotation(graph, scope.evaluate(graph, annotation), scope)
    if isinstance(annotation, typing.TypeVar):
        return _describe_variable(graph, annotation, scope)
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        if any(isinstance(item, _SPEC) for item in annotation.__metadata__):
            raise graph.error(
                "field(...) is for a field of a class and means nothing within its type: put it around the whole annotation; "
                "what a part must be is said with annotated-types, as in Annotated[int, Ge(1)]"
            )
        number, metadata = describe_annotated(graph, annotation.__origin__, annotation.__metadata__, scope, describe_annotation)
        if not metadata:
            return number
        from quire._types._bounds import apply_metadata

        return apply_metadata(graph, number, metadata, cls=class_of(graph, annotation.__origin__, scope))
    if origin is typing.Union or origin is types.UnionType:
        return describe_union(graph, typing.get_args(annotation), scope, describe_annotation)
    if annotation is Subclasses:
        raise graph.error("Subclasses needs a class: write Subclasses[Base]")
    if origin is Subclasses:
        return _describe_family(graph, annotation.__args__[0], scope)
    if origin is typing.Literal:
        from quire._types._choices import describe_literal

        return describe_literal(graph, typing.get_args(annotation))
    if hasattr(annotation, "__supertype__"):
        if graph.adapters is not None and (adapter := graph.adapters.find(annotation)) is not None:
            return describe_annotated(graph, annotation, (adapter,), scope, describe_annotation)[0]
        return describe_annotation(graph, annotation.__supertype__, Scope(module=annotation.__module__))
    if _is_alias(origin or annotation):
        return _describe_alias(graph, origin or annotation, typing.get_args(annotation), scope)
    if annotation is _core.UnsetType:
        raise graph.error("UnsetType is no type of its own: write it in a union, as in `int | UnsetType`")
    return _describe_class(graph, annotation, origin, scope)


def _describe_family(graph, base, scope):
    if isinstance(base, str | typing.ForwardRef):
        base = scope.evaluate(graph, base)
    if not isinstance(base, type) or not _reader(base):
        raise graph.error(f"Subclasses[{type_name(base)}]: it takes a class with fields, as a Record or a dataclass")
    family = graph.families[base] = family_of(base)
    if not family:
        raise graph.error(f"Subclasses[{type_name(base)}]: there is no subclass that can have instances yet")
    return describe_union(graph, family, scope, describe_annotation)


def _describe_class(graph, annotation, origin, scope):
    try:
        scalar = SCALARS.get(annotation)
    except TypeError:
        scalar = None
    cls = annotation if origin is None else origin
    adapted = describe_adapted(graph, annotation, cls, scope, describe_annotation)
    if adapted is not None:
        return adapted
    if scalar is not None:
        return graph.add(scalar[0], cls=scalar[1])
    if annotation is _core.Ext:
        from quire._types._builtin_ext import EXT

        return describe_declared(graph, EXT, annotation, scope, describe_annotation)
    far = _far_scalar(annotation)
    if far is not None:
        return graph.add(far)
    if cls in CONTAINERS:
        return describe_container(graph, annotation, cls, scope, describe_annotation)
    if _is_enum(cls):
        from quire._types._choices import describe_enum

        return describe_enum(graph, cls)
    reader = isinstance(cls, type) and _reader(cls)
    if not reader:
        raise graph.error(_unsupported(annotation, cls))
    return _describe_fields(graph, cls, typing.get_args(annotation), scope, reader)


def _is_enum(cls):
    enum = sys.modules.get("enum")
    return enum is not None and isinstance(cls, enum.EnumType)


def _reader(cls):
    """Who reads the fields of a class: a function of one of our files, or None. Each kind of class is told by its marks, so
    that neither dataclasses nor attrs is imported for those who don't use it."""
    if isinstance(cls, _core.RecordMeta):
        room = "_records"
    elif issubclass(cls, dict) and hasattr(cls, "__required_keys__"):
        room = "_typeddict"
    elif issubclass(cls, tuple) and hasattr(cls, "_field_defaults"):
        room = "_namedtuple"
    elif hasattr(cls, "__attrs_attrs__"):
        room = "_attrs"
    elif hasattr(cls, "__dataclass_fields__"):
        room = "_dataclasses"
    else:
        return None
    return importlib.import_module(f"quire._types.{room}").read


def _describe_fields(graph, cls, arguments, scope, reader):
    numbers = tuple(describe_annotation(graph, argument, scope) for argument in arguments)
    key = cls, numbers
    known = graph.known(key)
    if known is not None:
        return known

    def describe_later(number):
        with graph.at(type_name(cls)):
            graph.define(number, reader(graph, cls, numbers))

    return graph.reserve(key, cls, describe_later)


def _describe_variable(graph, variable, scope):
    """What the type variable stands for; left open: its default, its bound, one of its constraints, or anything."""
    found = scope.variables.get(variable)
    if isinstance(found, int):
        return found
    if found is not None:
        return describe_annotation(graph, *found)
    module = Scope(module=variable.__module__)
    if getattr(variable, "has_default", bool)():
        return describe_annotation(graph, variable.__default__, module)
    if variable.__bound__ is not None:
        return describe_annotation(graph, variable.__bound__, module)
    if variable.__constraints__:
        return describe_union(graph, variable.__constraints__, module, describe_annotation)
    return graph.add("any")


def _is_alias(annotation):
    """typing.TypeAliasType, or that of typing_extensions."""
    return type(annotation).__name__ == "TypeAliasType" and hasattr(annotation, "__value__")


def _describe_alias(graph, alias, arguments, scope):
    numbers = tuple(describe_annotation(graph, argument, scope) for argument in arguments)
    key = "alias", alias, numbers
    known = graph.known(key)
    if known is None:
        known = graph.reserve(key)
        variables = dict(zip(alias.__type_params__, numbers, strict=False))
        try:
            value = alias.__value__
        except NameError as error:
            raise graph.error(f"the alias {alias.__name__} cannot be followed: {error}") from error
        target = describe_annotation(graph, value, Scope(variables=variables, module=alias.__module__))
        graph.define(known, Reference(target, False))
        if target in graph.unset:
            graph.unset.add(known)
    return known


_READ_ONCE = (collections.abc.Iterator, collections.abc.AsyncIterable, collections.abc.Awaitable)


def _unsupported(annotation, cls):
    return f"the type {type_name(annotation)} is not supported: {_advice(annotation, cls)}"


def _advice(annotation, cls):
    if cls is collections.abc.Callable or cls in (types.FunctionType, types.BuiltinFunctionType, types.MethodType):
        return "callables are no data: name what is meant by a str, an Enum or a Literal"
    if cls is type:
        return "classes are no data: name what is meant by a str, an Enum or a Literal"
    if isinstance(cls, type) and issubclass(
        cls, collections.abc.Iterator | collections.abc.AsyncIterable | collections.abc.Awaitable
    ):
        return "what is read only once is no data: use list or Iterable"
    if isinstance(annotation, typing.ParamSpec | typing.TypeVarTuple):
        return "only plain type variables can be filled in"
    if not isinstance(cls, type):
        return "it is no type of data"
    if issubclass(cls, dict):
        return "use dict, a TypedDict or a Record"
    if issubclass(cls, list | set | frozenset | tuple | collections.deque):
        return "use list, set, frozenset, deque, tuple or a NamedTuple"
    return "declare a quire.Record, a dataclass, a TypedDict or a NamedTuple"
