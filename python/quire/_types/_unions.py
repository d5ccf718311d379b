# SPDX-License-Identifier: Apache-2.0
"""Unions: which arm takes what the document holds, decided once, whatever the order of declaration.

Python holds `int | str` and `str | int` for equal, so the order in which arms are written can't mean anything. Scalars are
tried in the order of `_RANKS`. Of arrays there can be one arm. Objects are told apart by a tag, by a field with a Literal of
its own, or by the keys they require; a dict takes what nobody else does.
"""

from __future__ import annotations

import itertools

from quire import _core
from quire._types._description import NO_DEFAULT, OMIT_DEFAULT, Choices, Node, UnionInfo
from quire._types._graph import PendingUnion, Reference, type_name

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
    arms.sort(key=lambda arm: _RANKS.index(graph.entries[arm].kind))
    return Node("union", nullable, tuple(arms), info=_info(graph, arms))


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
    if len(arrays) > 1:
        names = " and ".join(_arm_name(nodes[arm]) for arm in arrays[:2])
        raise graph.error(f"{names} are both read from an array: a union can have one such type")
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
        array=arrays[0] if arrays else -1,
        **_map_arms(graph, nodes, [n for n in arms if n not in arrays and nodes[n].kind in ("map", "record")]),
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
                raise graph.error(f"{_arm_name(other)} and {_arm_name(node)} are both written as {wire!r}")
    if len(found[bool]) > 1:
        raise graph.error("two choices of bools cannot stand in one union")
    return found


# Objects


def _map_arms(graph, nodes, arms):
    """The members of UnionInfo about objects."""
    none = {"map": -1, "tag_field": None, "tags": (), "keys": (), "map_default": -1}
    dicts = [arm for arm in arms if nodes[arm].kind == "map"]
    records = [arm for arm in arms if nodes[arm].kind == "record"]
    if len(dicts) > 1:
        raise graph.error("the union has two dicts: nothing tells them apart")
    if len(arms) <= 1:
        return {**none, "map": arms[0] if arms else -1}
    none["map_default"] = dicts[0] if dicts else -1
    tagged = _by_tag(graph, nodes, records)
    if tagged is not None:
        return {**none, "tag_field": tagged[0], "tags": tagged[1]}
    return {**none, "keys": _by_keys(graph, nodes, records, dicts)}


def _by_tag(graph, nodes, records):
    """(name, ((tag, arm), ...)) of a member that tells all records apart, or None."""
    candidates = [_tags(graph, nodes[arm].info) for arm in records]
    names = set(candidates[0]).intersection(*candidates[1:])
    declared = {nodes[arm].info.tag_field for arm in records}
    # A declared tag goes first; otherwise by name, for the order of declaration must not matter.
    for name in sorted(names, key=lambda name: (name not in declared, name)):
        pairs = [(tag, arm) for arm, tags in zip(records, candidates, strict=True) for tag in tags[name]]
        if len({(type(tag), tag) for tag, _ in pairs}) == len(pairs):
            return name, tuple(pairs)
        if declared == {name}:
            raise graph.error(_same_tag(nodes, name, pairs))
    return None


def _same_tag(nodes, name, pairs):
    seen = {}
    for tag, arm in pairs:
        if tag in seen:
            classes = f"{_arm_name(nodes[seen[tag]])} and {_arm_name(nodes[arm])}"
            return f"{classes} have the same tag {tag!r} in {name!r}: give each its own, as in class A(Record, tag='a')"
        seen[tag] = arm
    raise AssertionError("no two tags are equal")


def _tags(graph, info):
    """Names whose value says which record it is: the tag, and fields with a Literal that are always written."""
    found = {}
    for field in info.fields:
        base, nullable = graph.resolve(field.node)
        node = graph.entries[base]
        written = field.required or field.default_kind != NO_DEFAULT and field.omit != OMIT_DEFAULT
        if type(node) is Node and node.kind == "choice" and node.cls is None and written and not nullable and not node.nullable:
            if type(node.info.wire[0]) is not bool:
                found[field.wire] = node.info.wire
    if info.tag_field is not None:
        found[info.tag_field] = (info.tag,)
    return found


def _by_keys(graph, nodes, records, dicts):
    """((required keys, arm), ...), in an order in which every record that was written finds itself again."""
    required, known = {}, {}
    for arm in records:
        info = nodes[arm].info
        tag = () if info.tag_field is None else (info.tag_field,)
        required[arm] = frozenset(field.wire for field in info.fields if field.required).union(tag)
        known[arm] = frozenset(field.wire for field in info.fields).union(tag)
    if dicts:
        for arm in records:
            if not required[arm]:
                raise graph.error(f"{_arm_name(nodes[arm])} requires no key, so nothing tells it apart from a dict")
    # `a` has to be tried before `b` when what `a` writes can hold all that `b` requires.
    before = {arm: set() for arm in records}
    for a, b in itertools.permutations(records, 2):
        if required[b] <= known[a]:
            before[b].add(a)
    order, left = [], sorted(records, key=lambda arm: (-len(required[arm]), sorted(known[arm])))
    while left:
        arm = next((arm for arm in left if not before[arm].intersection(left)), None)
        if arm is None:
            raise graph.error(_ambiguous(nodes, left, required, before))
        order.append(arm)
        left.remove(arm)
    return tuple((tuple(f for f in _wires(nodes[arm].info) if f in required[arm]), arm) for arm in order)


def _wires(info):
    tag = () if info.tag_field is None else (info.tag_field,)
    return (*tag, *(field.wire for field in info.fields))


def _ambiguous(nodes, left, required, before):
    pair = next(((a, b) for a, b in itertools.combinations(left, 2) if a in before[b] and b in before[a]), left[:2])
    names = [_arm_name(nodes[arm]) for arm in pair]
    keys = ", ".join(repr(key) for key in sorted(required[pair[0]] | required[pair[1]])) or "no key at all"
    return (
        f"{names[0]} and {names[1]} can both be read from an object with {keys}: "
        "give them a tag, as in class A(Record, tag=True), or a Literal field of different values"
    )


def _arm_name(node):
    if node.kind == "choice" and node.cls is None:
        return "a Literal"
    return type_name(node.cls) if node.cls is not None else node.kind
