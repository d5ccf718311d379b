# SPDX-License-Identifier: Apache-2.0
"""Arrays, fixed tuples and maps. An abstract collection is read as the plain one, Sequence as list, Mapping as dict, and takes
whatever of its kind can be written."""

from __future__ import annotations

import collections
import collections.abc as abc
import functools
import typing

from quire._open_unions import Unknown
from quire._types._adapters import wire_of
from quire._types._description import Container, Node
from quire._types._graph import type_name

__all__ = ["CONTAINERS", "check_key", "describe_container"]

CONTAINERS = {
    list: list,
    abc.Sequence: list,
    abc.MutableSequence: list,
    abc.Collection: list,
    abc.Container: list,
    abc.Iterable: list,
    abc.Reversible: list,
    set: set,
    abc.Set: set,
    abc.MutableSet: set,
    frozenset: frozenset,
    tuple: tuple,
    collections.deque: collections.deque,
    dict: dict,
    abc.Mapping: dict,
    abc.MutableMapping: dict,
    collections.OrderedDict: collections.OrderedDict,
    collections.defaultdict: collections.defaultdict,
    collections.Counter: collections.Counter,
    Unknown: Unknown,
}

# What else a value may be where the type is abstract; subclasses of what is built may always stand there.
_INFO = {
    abc.Sequence: Container((tuple, collections.deque)),
    abc.MutableSequence: Container((collections.deque,)),
    abc.Collection: Container((tuple, collections.deque, set, frozenset)),
    abc.Container: Container((tuple, collections.deque, set, frozenset)),
    abc.Iterable: Container((tuple, collections.deque, set, frozenset)),
    abc.Reversible: Container((tuple, collections.deque)),
    abc.Set: Container((frozenset,)),
    collections.deque: Container(extra=(None,)),
    Unknown: Container(extra=(None,)),
}

# Classes that make an empty value when they are called.
_EMPTY = {"bool": bool, "int": int, "float": float, "str": str}

# What an object's key can be read as: text in formats whose keys are text.
_KEYS = (
    *("any", "none", "bool", "int", "float", "str", "bytes", "choice"),
    *("datetime", "date", "time", "timedelta", "decimal", "uuid"),
)


def describe_container(graph, annotation, origin, scope, describe):
    cls = CONTAINERS[origin]
    arguments = typing.get_args(annotation)
    if cls is tuple:
        return _describe_tuple(graph, annotation, arguments, scope, describe)
    is_map = issubclass(cls, dict)
    count = 2 if is_map and cls is not collections.Counter else 1
    arguments = arguments or (typing.Any,) * count
    if len(arguments) != count:
        raise graph.error(f"{type_name(annotation)} takes {count} type argument{'s' * (count > 1)}, got {len(arguments)}")
    items = tuple(describe(graph, argument, scope) for argument in arguments)
    info = _INFO.get(origin)
    if is_map:
        annotation = arguments[0]
        if isinstance(annotation, str | typing.ForwardRef):
            annotation = scope.evaluate(graph, annotation)
        graph.keys.append((items[0], annotation, graph.place))
    if cls is collections.Counter:
        items = (*items, graph.add("int"))
    if cls is collections.defaultdict:
        info = Container(extra=(_factory(graph, items[1]),))
    return graph.add("map" if is_map else "array", items=items, cls=cls, info=info)


def _factory(graph, number):
    """The default_factory of a defaultdict of such values: their class, or None when it has no empty value."""
    if number in graph.classes:
        return graph.classes[number]
    node = graph.entries[number]
    if type(node) is not Node or node.nullable:
        return None
    if node.cls is collections.defaultdict:
        return functools.partial(collections.defaultdict, *node.info.extra)
    return node.cls if node.kind in ("array", "map", "bytes") else _EMPTY.get(node.kind)


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


def check_key(graph, number, annotation):
    """Refuses a map whose keys no format could write and read back; a tuple travels as its JSON text."""
    if _is_tuple(graph, number):
        if isinstance(annotation, typing.TypeVar) or getattr(annotation, "__parameters__", ()):
            raise graph.error("a tuple that is the key of a dict cannot be generic: write out its types")
        graph.packed[number] = functools.partial(_unpack, annotation)
        return
    base, nullable = wire_of(graph, number)
    node = graph.entries[base]
    if node.cls is bytearray:
        raise graph.error("the keys of a dict cannot be bytearray: use bytes")
    is_union = node.kind == "union" and not (nullable or node.nullable)
    if is_union and (_is_of_texts(graph, node.info) or _is_closed(graph, number, base)):
        return
    if node.kind not in _KEYS or nullable or node.nullable:
        what = "a union" if node.kind == "union" else "null" if nullable or node.nullable else node.kind
        raise graph.error(
            f"the keys of a dict cannot be {what}: use str, int, float, bool, an Enum, a Literal, a date or a UUID, "
            "or a union of what is written as text"
        )


def _is_of_texts(graph, info):
    """Is a value of the union always written as text? Where keys are text a number would be read as the str beside it."""
    others = info.bool, info.int, info.float, info.bytes, info.array, info.map, info.map_default
    if info.ints or info.tags or info.keys or info.arrays or any(arm != -1 for arm in others):
        return False
    return all(graph.entries[wire_of(graph, arm)[0]].kind not in ("bytes", "raw") for arm in info.text)


def _is_closed(graph, number, base):
    """An Enum or a Literal of several kinds of values, no two of which are the same text."""
    leaves = [graph.entries[leaf] for leaf in graph.leaves(base)[0]]
    if base != graph.resolve(number)[0] or any(leaf.kind != "choice" for leaf in leaves):
        return False
    texts = [str(wire).lower() if type(wire) is bool else str(wire) for leaf in leaves for wire in leaf.info.wire]
    twice = next((text for text in texts if texts.count(text) > 1), None)
    if twice is not None:
        raise graph.error(f"two keys of the dict would both be the text {twice!r}")
    return True


def _is_tuple(graph, number):
    node = graph.entries[number]
    if type(node) is not Node or node.nullable or node.kind == "adapter":
        return False
    return isinstance(node.cls, type) and issubclass(node.cls, tuple)


def _unpack(annotation, text):
    from quire import DecodeError, json

    try:
        return json.decode(text, annotation)
    except DecodeError as error:
        fault = error.errors[0]
        raise ValueError(f"the key is no JSON of its type: {fault.code} at {fault.path}") from error
