# SPDX-License-Identifier: Apache-2.0
"""The described graph that a schema is made from: that of the decoder, and what computed properties return."""

from __future__ import annotations

import sys

from quire._types._annotations import describe_annotation
from quire._types._containers import check_key
from quire._types._graph import Graph
from quire._types._scope import Scope, scopes_of
from quire._types._unions import finish_union
from quire.errors import SchemaError

__all__ = ["graph_of"]


def graph_of(type_, mode, adapters):
    """(the finished graph, number of the root, {(id of a record's info, attribute): number}). For mode "encode" the last has what
    the computed properties say they return."""
    graph = Graph("", adapters)
    if isinstance(type_, str):
        raise graph.error(f"expected a type, got the string {type_!r}")
    root = describe_annotation(graph, type_, Scope(module=getattr(type_, "__module__", None)))
    computed = _computed(graph, adapters) if mode == "encode" and "quire._computed" in sys.modules else {}
    graph.finish(root, finish_union, check_key)
    return graph, root, computed


def _computed(graph, adapters):
    found, done = {}, 0
    while True:
        graph.run()
        if done == len(graph.entries):
            return found
        numbers = {id(graph.entries[number].info): key[1] for key, number in graph.keyed() if _is_record(graph, key, number)}
        for number in range(done, done := len(graph.entries)):
            node = graph.entries[number]
            if getattr(node, "kind", None) == "record":
                for attribute, _, _ in node.info.computed:
                    returned = _returned(graph, node.cls, attribute, numbers.get(id(node.info), ()), adapters)
                    if returned is not None:
                        found[id(node.info), attribute] = returned


def _is_record(graph, key, number):
    return isinstance(key[0], type) and getattr(graph.entries[number], "kind", None) == "record"


def _returned(graph, cls, attribute, numbers, adapters):
    """The number of what a property returns, or None when it says nothing that a document could hold."""
    for klass in cls.__mro__:
        if attribute in vars(klass):
            annotation = getattr(vars(klass)[attribute].fget, "__annotations__", {}).get("return")
            break
    if annotation is None:
        return None
    trial = Graph("", adapters)
    try:
        root = describe_annotation(trial, annotation, scopes_of(klass)[klass])
        trial.finish(root, finish_union, check_key)
    except SchemaError:
        return None
    return describe_annotation(graph, annotation, scopes_of(cls, numbers)[klass])
