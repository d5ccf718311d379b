# SPDX-License-Identifier: Apache-2.0
"""Arrays, fixed tuples and maps. An abstract collection is read as the plain one: Sequence as list, Mapping as dict."""

from __future__ import annotations

import collections.abc as abc
import typing

from quire._types._graph import type_name

__all__ = ["CONTAINERS", "check_key", "describe_container"]

CONTAINERS = {
    list: list,
    abc.Sequence: list,
    abc.MutableSequence: list,
    abc.Collection: list,
    abc.Iterable: list,
    abc.Reversible: list,
    set: set,
    abc.Set: set,
    abc.MutableSet: set,
    frozenset: frozenset,
    tuple: tuple,
    dict: dict,
    abc.Mapping: dict,
    abc.MutableMapping: dict,
}

# What an object's key can be read as: text in formats whose keys are text.
_KEYS = ("any", "str", "int", "float", "bool", "choice", "datetime", "date", "time", "timedelta", "decimal", "uuid", "bytes")


def describe_container(graph, annotation, origin, scope, describe):
    cls = CONTAINERS[origin]
    arguments = typing.get_args(annotation)
    if cls is tuple:
        return _describe_tuple(graph, annotation, arguments, scope, describe)
    count = 2 if cls is dict else 1
    arguments = arguments or (typing.Any,) * count
    if len(arguments) != count:
        raise graph.error(f"{type_name(annotation)} takes {count} type argument{'s' * (count > 1)}, got {len(arguments)}")
    items = tuple(describe(graph, argument, scope) for argument in arguments)
    if cls is dict:
        graph.keys.append((items[0], graph.place))
    return graph.add("map" if cls is dict else "array", items=items, cls=cls)


def _describe_tuple(graph, annotation, arguments, scope, describe):
    if not hasattr(annotation, "__args__"):  # tuple or typing.Tuple, bare; tuple[()] has arguments, none
        arguments = (typing.Any, ...)
    if len(arguments) == 2 and arguments[1] is ...:
        return graph.add("array", items=(describe(graph, arguments[0], scope),), cls=tuple)
    if any(argument is ... or _is_unpacked(argument) for argument in arguments):
        raise graph.error(f"{type_name(annotation)} is not supported: use tuple[A, B] or tuple[A, ...]")
    return graph.add("tuple", items=tuple(describe(graph, argument, scope) for argument in arguments), cls=tuple)


def _is_unpacked(argument):
    return typing.get_origin(argument) is typing.Unpack or getattr(argument, "__unpacked__", False)


def check_key(graph, number):
    """Refuses a map whose keys no format could write and read back."""
    base, nullable = graph.resolve(number)
    node = graph.entries[base]
    if node.kind not in _KEYS or nullable or node.nullable:
        what = "a union" if node.kind == "union" else "null" if nullable or node.nullable else node.kind
        raise graph.error(f"the keys of a dict cannot be {what}: use str, int, float, bool, an Enum, a Literal, a date or a UUID")
