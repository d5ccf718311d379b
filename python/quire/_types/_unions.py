# SPDX-License-Identifier: Apache-2.0
"""Unions: which arm takes what the document holds, decided once, whatever the order of declaration.

Python holds `int | str` and `str | int` for equal, so the order in which arms are written can't mean anything. Scalars are
tried in the order of `_RANKS`, arrays are told apart in `_union_arrays`, objects in `_union_objects`.
"""

from __future__ import annotations

from quire import _core
from quire._types._adapter_arms import Faces
from quire._types._description import Choices, Node, UnionInfo
from quire._types._graph import PendingUnion, Reference, arm_name
from quire._types._models import UntoldModels
from quire._types._union_arrays import array_arms
from quire._types._union_objects import object_arms

__all__ = ["describe_union", "finish_union"]

_RANKS = (
    *("bool", "int", "float", "choice", "datetime", "date", "time", "timedelta", "uuid", "decimal"),
    *("bytes", "str", "array", "tuple", "record", "map"),
)
_SCALARS = ("bool", "int", "float", "datetime", "date", "time", "timedelta", "uuid", "decimal", "bytes", "str")
_TEXTS = ("choice", "datetime", "date", "time", "timedelta", "uuid", "decimal", "bytes", "str")


def describe_union(graph, arguments, scope, describe):
    nullable, unset, arms = False, False, []
    for argument in arguments:
        if argument is None or argument is type(None):
            nullable = True
        elif argument is _core.UnsetType:
            unset = True
        else:
            arms.append(describe(graph, argument, scope))
            unset |= arms[-1] in graph.unset
    arms = list(dict.fromkeys(arms))
    if not arms and not nullable:
        raise graph.error("a union of nothing but UnsetType holds no value")
    if len(arms) <= 1:
        number = arms[0] if arms else graph.add("none")
        number = graph.nullable(number) if nullable else number
    else:
        number = graph.append(PendingUnion(tuple(arms), nullable, graph.place))
    if unset:
        number = graph.append(Reference(number, False))
        graph.unset.add(number)
    return number


def finish_union(graph, number, union):
    """What a PendingUnion turns out to be, now that every class is known."""
    arms, nullable = {}, union.nullable
    for arm in union.arms:
        nullable |= _flatten(graph, arm, arms, {number})
    arms = _merge_literals(graph, list(arms))
    for arm in arms:
        if graph.entries[arm].kind == "any":
            return Reference(arm, False)
    if len(arms) == 1:
        return Reference(arms[0], nullable)
    if any(graph.entries[arm].kind == "raw" for arm in arms):
        raise graph.error("Raw takes anything, so it cannot stand in a union with other types")
    try:
        return _decided(graph, Faces(graph, arms), nullable)
    except UntoldModels:
        return _decided(graph, Faces(graph, arms, grouped=True), nullable)


def _decided(graph, faces, nullable):
    ordered = sorted(faces.arms, key=lambda arm: _RANKS.index(graph.entries[arm].kind))
    items = tuple(sorted(faces.all, key=faces.order(ordered)))
    if len(items) == 1:
        return Reference(items[0], nullable)
    return Node("union", nullable, items, info=faces.join(_info(graph, ordered)))


def _flatten(graph, number, arms, inside):
    """Adds what is behind `number` to `arms`, without null; is null accepted there?"""
    base, nullable = graph.resolve(number)
    entry = graph.entries[base]
    if type(entry) is Node and entry.kind == "union":
        entry = PendingUnion(entry.items, entry.nullable, graph.place)
    if type(entry) is PendingUnion:
        if base in inside:
            raise graph.error("the alias refers to itself outside of any container")
        for arm in entry.arms:
            nullable |= _flatten(graph, arm, arms, inside | {base})
        return nullable or entry.nullable
    if entry.kind == "none":
        return True
    arms[graph.intern(entry._replace(nullable=False)) if entry.nullable else base] = True
    return nullable or entry.nullable


def _merge_literals(graph, arms):
    """All Literals of one kind of value as one; a Literal of bools says nothing beside bool."""
    kinds = {graph.entries[arm].kind for arm in arms}
    merged, literals = [], {}
    for arm in arms:
        node = graph.entries[arm]
        if node.kind != "choice" or node.cls is not None:
            merged.append(arm)
        elif type(node.info.wire[0]) is not bool or "bool" not in kinds:
            literals.setdefault(type(node.info.wire[0]), []).append(arm)
    for same in literals.values():
        if len(same) == 1:
            merged.append(same[0])
            continue
        pairs = {}
        for arm in same:
            pairs.update(zip(graph.entries[arm].info.wire, graph.entries[arm].info.values, strict=True))
        merged.append(graph.append(Node("choice", info=Choices(tuple(pairs), tuple(pairs.values()), False))))
    return merged


def _info(graph, arms):
    nodes = {arm: graph.entries[arm] for arm in arms}
    scalars = {kind: _only(graph, nodes, kind) for kind in _SCALARS}
    choices = _choices(graph, nodes)
    arrays = [n for n in arms if nodes[n].kind in ("array", "tuple") or nodes[n].kind == "record" and nodes[n].info.array]
    if scalars["bool"] >= 0 and choices[bool]:
        raise graph.error("bool and an Enum of bools cannot stand in one union")
    text = [arm for kind in _TEXTS for arm in (choices[str] if kind == "choice" else [scalars[kind]]) if arm >= 0]
    return UnionInfo(
        bool=choices[bool][0] if choices[bool] else scalars["bool"],
        ints=tuple(choices[int]),
        int=scalars["int"],
        float=scalars["float"],
        text=tuple(text),
        bytes=scalars["bytes"],
        array=arrays[0] if len(arrays) == 1 else -1,
        arrays=array_arms(graph, nodes, arrays) if len(arrays) > 1 else (),
        **object_arms(graph, nodes, [n for n in arms if n not in arrays and nodes[n].kind in ("map", "record")]),
    )


def _only(graph, nodes, kind):
    same = [arm for arm, node in nodes.items() if node.kind == kind]
    if len(same) > 1:
        raise graph.error(f"the union has {kind} twice, with different bounds or classes: nothing tells them apart")
    return same[0] if same else -1


def _choices(graph, nodes):
    """The choice arms by kind of value: no value may belong to two of them."""
    found, owners = {str: [], int: [], bool: []}, {}
    for arm, node in nodes.items():
        if node.kind != "choice":
            continue
        found[type(node.info.wire[0])].append(arm)
        for wire in node.info.wire:
            other = owners.setdefault((type(wire), wire), node)
            if other is not node:
                raise graph.error(f"{arm_name(other)} and {arm_name(node)} are both written as {wire!r}")
    if len(found[bool]) > 1:
        raise graph.error("two choices of bools cannot stand in one union")
    return found
