# SPDX-License-Identifier: Apache-2.0
"""The arms of a union that are read from objects: told apart by a tag, by the keys they require, or both.

A tag that is known decides, wherever it stands in the document. What has none is the first class whose required keys are all
there, in an order in which everything that was written finds itself again; a dict takes what nobody else does.
"""

from __future__ import annotations

import itertools

from quire._open_unions import Unknown
from quire._types._description import NO_DEFAULT, OMIT_DEFAULT, Container
from quire._types._graph import arm_name
from quire._types._models import UntoldModels

__all__ = ["object_arms"]

# Kinds whose values are never written as a text, a number or a truth value, so none is taken for a tag.
_NO_TAGS = ("none", "array", "tuple", "map", "record")


def object_arms(graph, nodes, arms):
    """The members of UnionInfo about objects."""
    none = {"map": -1, "tag_field": None, "tags": (), "keys": (), "map_default": -1}
    dicts = [arm for arm in arms if nodes[arm].kind == "map"]
    records = [arm for arm in arms if nodes[arm].kind == "record"]
    if len(dicts) > 1:
        raise graph.error("the union has two dicts: nothing tells them apart")
    if len(arms) <= 1:
        return {**none, "map": arms[0] if arms else -1}
    for arm in records:
        _check_names(graph, nodes[arm])
    none["map_default"] = dicts[0] if dicts else -1
    name, tags = _by_tag(graph, nodes, records)
    if dicts and nodes[dicts[0]].cls is Unknown:  # each union has its own, which knows what the tag is called
        unknown = nodes[dicts[0]]._replace(info=Container(extra=(name,)))
        none |= {"map_default": graph.append(unknown), "open": True}
    tagged = {arm for _, arm in tags}
    if any(nodes[arm].info.form == "model" and arm not in tagged for arm in records):
        raise UntoldModels
    keys = _by_keys(graph, nodes, [arm for arm in records if arm not in tagged], dicts)
    return {**none, "tag_field": name, "tags": tags, "keys": keys}


def _check_names(graph, node):
    """A dict is told by its keys, so those of a TypedDict have to be what they are in the document."""
    renamed = [field.name for field in node.info.fields if field.wire != field.name] if node.info.form == "typeddict" else ()
    if renamed:
        raise graph.error(
            f"{arm_name(node)} names its key {renamed[0]!r} otherwise in the document, and nothing but its keys says that a "
            "dict is one: let the names be the same, or use a dataclass"
        )


# Tags


def _by_tag(graph, nodes, records):
    """(name, ((tag, arm), ...)) of the member that tells most of the records apart, or (None, ())."""
    candidates = {arm: _tags(graph, nodes[arm].info) for arm in records}
    declared = {nodes[arm].info.tag_field for arm in records}
    names = {name for tags in candidates.values() for name in tags}
    best = None, ()
    # A declared tag goes first; otherwise by name, for the order of declaration must not matter.
    for name in sorted(names, key=lambda name: (name not in declared, name)):
        group = [arm for arm in records if name in candidates[arm]]
        pairs = [(tag, arm) for arm in group for tag in candidates[arm][name]]
        if len({(type(tag), tag) for tag, _ in pairs}) != len(pairs):
            _check_declared(graph, nodes, name, pairs)
        elif not _is_taken(graph, nodes, name, pairs, [arm for arm in records if arm not in group]) and _more(pairs, best[1]):
            best = name, tuple(pairs)
    return best


def _more(pairs, best):
    return len({arm for _, arm in pairs}) > len({arm for _, arm in best})


def _check_declared(graph, nodes, name, pairs):
    seen = {}
    for tag, arm in pairs:
        if nodes[arm].info.tag_field != name:
            continue
        if tag in seen:
            classes = f"{arm_name(nodes[seen[tag]])} and {arm_name(nodes[arm])}"
            raise graph.error(
                f"{classes} have the same tag {tag!r} in {name!r}: give each its own, as in class A(Record, tag='a')"
            )
        seen[tag] = arm


def _is_taken(graph, nodes, name, pairs, others):
    """May one of the other records have one of the tags in a field of that name, without meaning it?"""
    for arm in others:
        for field in nodes[arm].info.fields:
            if name in (field.wire, *field.aliases) and any(_may_hold(graph, field.node, tag) for tag, _ in pairs):
                return True
    return False


def _may_hold(graph, number, tag):
    return any(_holds(graph.entries[leaf], tag) for leaf in graph.leaves(number)[0])


def _holds(node, tag):
    if node.kind == "choice":
        return any(type(wire) is type(tag) and wire == tag for wire in node.info.wire)
    if node.kind in ("bool", "int", "float"):
        return type(tag) is bool if node.kind == "bool" else type(tag) is int
    return node.kind not in _NO_TAGS and (type(tag) is str or node.kind in ("any", "raw"))


def _tags(graph, info):
    """name -> values that say which record it is: the tag, and fields with a Literal that are always written."""
    found = {}
    for field in info.fields:
        written = field.stored and (field.required or field.default_kind != NO_DEFAULT and field.omit != OMIT_DEFAULT)
        values = _literal(graph, field.node) if written else ()
        if values:
            found[field.wire] = values
    if info.tag_field is not None:
        found[info.tag_field] = (info.tag,)
    return found


def _literal(graph, number):
    """All that a Literal allows, or () for what is none, or takes null."""
    leaves, nullable = graph.leaves(number)
    nodes = [graph.entries[leaf] for leaf in leaves]
    if nullable or any(node.kind != "choice" or node.cls is not None for node in nodes):
        return ()
    return tuple(wire for node in nodes for wire in node.info.wire)


# Keys


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
                raise graph.error(f"{arm_name(nodes[arm])} requires no key, so nothing tells it apart from a dict")
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
    names = [arm_name(nodes[arm]) for arm in pair]
    keys = ", ".join(repr(key) for key in sorted(required[pair[0]] | required[pair[1]])) or "no key at all"
    return (
        f"{names[0]} and {names[1]} can both be read from an object with {keys}: "
        "give them a tag, as in class A(Record, tag=True), or a Literal field of different values"
    )
