# SPDX-License-Identifier: Apache-2.0
"""The arms of a union that are read from arrays: told apart by the number of items and by what kind stands in which place.

An array says nothing of its class, so of lists, sets and tuples only those can stand together that differ in their items:
`list[int] | list[str]`, `tuple[int, int] | tuple[int, int, int]`, NamedTuples with a Literal of their own in the same place.
"""

from __future__ import annotations

import itertools

from quire._types._description import UnionArray
from quire._types._graph import PendingUnion, arm_name

__all__ = ["KINDS", "array_arms"]

# What can stand in a document, as bits: QR_UNION_NULL... of core/plan/plan.h.
KINDS = NULL, BOOL, INT, FLOAT, STR, BYTES, ARRAY, MAP, EXT = tuple(1 << i for i in range(9))
_ALL = sum(KINDS)
_MOST_ARMS = 64
_FOREVER = 1 << 62

# kind of a node -> (what is read as it, what is written for it)
_SCALARS = {
    "none": (NULL, NULL),
    "bool": (BOOL, BOOL),
    "int": (INT, INT),
    "float": (INT | FLOAT, FLOAT),
    "str": (STR, STR),
    "bytes": (STR | BYTES, STR | BYTES),
    "datetime": (STR | EXT, STR | EXT),
    "date": (STR, STR),
    "time": (STR, STR),
    "timedelta": (STR, STR),
    "decimal": (STR | INT | FLOAT, STR),
    "uuid": (STR | BYTES, STR),
    "array": (ARRAY, ARRAY),
    "tuple": (ARRAY, ARRAY),
    "map": (MAP, MAP),
}
_WIRES = {str: STR, int: INT, bool: BOOL}


def array_arms(graph, nodes, arms):
    """The UnionArrays, in an order in which everything that was written finds itself again."""
    if len(arms) > _MOST_ARMS:
        raise graph.error(f"a union can have {_MOST_ARMS} types that are read from arrays, not {len(arms)}")
    shapes = {arm: _Shape(graph, nodes[arm]) for arm in arms}
    before = {arm: {a for a in arms if a != arm and _may_take(graph, shapes[arm], shapes[a])} for arm in arms}
    order, left = [], sorted(arms, key=lambda arm: shapes[arm].rank())
    while left:
        arm = next((arm for arm in left if not before[arm].intersection(left)), None)
        if arm is None:
            raise graph.error(_ambiguous(graph, nodes, left, before))
        order.append(arm)
        left.remove(arm)
    return tuple(shapes[arm].described(arm) for arm in order)


class _Shape:
    """least, most: numbers of items. slots: (read, written, choice) of the first ones; rest: of all others, or None."""

    def __init__(self, graph, node):
        self.cls, self.rest = node.cls, None
        if node.kind == "array":
            self.slots, self.least, self.most = [], 0, _FOREVER
            self.rest = _slot(graph, node.items[0])
        elif node.kind == "tuple":
            self.slots = [_slot(graph, item) for item in node.items]
            self.least = self.most = len(self.slots)
        else:
            fields = node.info.fields
            self.slots = [_slot(graph, field.node) for field in fields]
            self.least = max((i + 1 for i, field in enumerate(fields) if field.required), default=0)
            self.most = len(fields)
        if node.bounds is not None:
            self.least = max(self.least, node.bounds.min_length or 0)
            self.most = min(self.most, _FOREVER if node.bounds.max_length is None else node.bounds.max_length)

    def slot(self, i):
        return self.slots[i] if i < len(self.slots) else self.rest

    def rank(self):
        return (self.least, self.most, [slot[0] for slot in self.slots], self.rest is not None and self.rest[0])

    def described(self, arm):
        slots = tuple((slot[0], slot[2]) for slot in self.slots)
        most = -1 if self.most == _FOREVER else self.most
        return UnionArray(arm, self.least, most, slots, 0 if self.rest is None else self.rest[0])


def _slot(graph, number):
    """(what is read there, what is written, number of the choice or -1)"""
    leaves, nullable = graph.leaves(number)
    read = written = NULL if nullable else 0
    for leaf in leaves:
        kinds = _kinds(graph.entries[leaf])
        read, written = read | kinds[0], written | kinds[1]
    node = graph.entries[leaves[0]] if len(leaves) == 1 else None
    is_choice = node is not None and node.kind == "choice" and not node.info.missing and not nullable
    if is_choice and getattr(graph.entries[graph.resolve(number)[0]], "kind", None) == "adapter":
        is_choice = False  # a value of another class stands there
    return read, written, leaves[0] if is_choice else -1


def _kinds(node):
    if node.kind == "choice":
        kinds = sum({_WIRES[type(wire)] for wire in node.info.wire})
        return kinds, kinds
    if node.kind == "record":
        return (ARRAY, ARRAY) if node.info.array else (MAP, MAP)
    return _SCALARS.get(node.kind, (_ALL, _ALL))


def _may_take(graph, taker, writer):
    """Can something that `writer` writes be read as `taker`?"""
    fewest, most = max(taker.least, writer.least), min(taker.most, writer.most)
    if fewest == 0 and taker.cls is writer.cls:
        fewest = 1  # nothing in it: the same, whoever reads it
    if fewest > most:
        return False
    for i in range(min(fewest, max(len(taker.slots), len(writer.slots)) + 1)):
        if not _overlap(graph, taker.slot(i), writer.slot(i)):
            return False
    return True


def _overlap(graph, reads, writes):
    if not reads[0] & writes[1]:
        return False
    if reads[2] < 0 or writes[2] < 0:
        return True
    wires = {(type(wire), wire) for wire in graph.entries[reads[2]].info.wire}
    return any((type(wire), wire) in wires for wire in graph.entries[writes[2]].info.wire)


def _name(graph, node):
    """list[Circle], as far as one word says what is in it."""
    if node.kind != "array":
        return arm_name(node)
    item = graph.entries[graph.resolve(node.items[0])[0]]
    inner = "..." if type(item) is PendingUnion or item.kind in ("any", "array", "tuple", "union") else arm_name(item)
    return f"{arm_name(node)}[{inner}]"


def _ambiguous(graph, nodes, left, before):
    pair = next(((a, b) for a, b in itertools.combinations(left, 2) if a in before[b] and b in before[a]), left[:2])
    names = " and ".join(_name(graph, nodes[arm]) for arm in pair)
    return (
        f"{names} are both read from an array, and nothing tells them apart: they need items of different kinds, another "
        "number of items, or a Literal in the same place (for a list of either, write list[A | B])"
    )
