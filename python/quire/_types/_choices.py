# SPDX-License-Identifier: Apache-2.0
"""Enum and Literal: a closed list of values, each standing for one text, integer or bool of the document.

A list of mixed kinds becomes a union of one choice per kind, so that a choice always knows what it waits for.
"""

from __future__ import annotations

import enum

from quire._types._description import Choices, Node
from quire._types._graph import PendingUnion, is_text, type_name

__all__ = ["describe_enum", "describe_literal"]


def describe_enum(graph, cls):
    known = graph.known(("enum", cls))
    if known is not None:
        return known
    name = type_name(cls)
    members = list(cls)
    if not members:
        raise graph.error(f"the Enum {name} has no members")
    pairs = [(_wire(member), member) for member in members]
    odd = next((member for wire, member in pairs if wire is None), None)
    if odd is not None:
        from quire._types._builtin_enum import first_unsupported

        raise _unwritable(graph, name, first_unsupported(members) or odd)
    missing = getattr(cls._missing_, "__func__", None) is not enum.Enum._missing_.__func__
    number = graph.reserve(("enum", cls))
    graph.define(number, _choice(graph, pairs, cls, missing))
    return number


def _wire(member):
    """What stands for the member in a document, or None."""
    value = member._value_
    for plain in (bool, int, str):
        if isinstance(value, plain) and not isinstance(value, enum.Enum):
            return value if type(value) is plain else plain(value)
    return None


def _unwritable(graph, name, member):
    return graph.error(
        f"{name}.{member._name_} is {member._value_!r}, which cannot be written: the values of an Enum are texts, numbers, dates "
        "and the like, or tuples of them (in a Literal, texts and integers)"
    )


def describe_literal(graph, arguments):
    pairs, nullable = [], False
    for value in arguments:
        if value is None:
            nullable = True
        elif isinstance(value, enum.Enum):
            if (wire := _wire(value)) is None:
                raise _unwritable(graph, type(value).__name__, value)
            pairs.append((wire, value))
        elif type(value) in (str, int, bool):
            pairs.append((value, value))
        else:
            raise graph.error(f"Literal[{value!r}] is not supported: only None, bool, int, str and members of an Enum are")
    if not pairs:
        return graph.add("none")
    seen = {}
    for wire, value in pairs:
        if seen.setdefault((type(wire), wire), value) is not value and (value != wire or seen[type(wire), wire] != wire):
            raise graph.error(f"two values of the Literal are both written as {wire!r}")
    number = graph.append(_choice(graph, _distinct(pairs), None, False))
    return graph.nullable(number) if nullable else number


def _distinct(pairs):
    return list({(type(wire), wire): (wire, value) for wire, value in reversed(pairs)}.values())[::-1]


def _choice(graph, pairs, cls, missing):
    """The entry for all pairs: a choice, or a union of choices of one kind each."""
    kinds = {}
    for wire, value in pairs:
        if not (is_text(wire) if type(wire) is str else -(1 << 63) <= wire < 1 << 63):
            raise graph.error(f"the choice {wire!r} cannot be written: it is beyond 64 bits, or no text for UTF-8")
        kinds.setdefault(type(wire), []).append((wire, value))
    nodes = []
    for group in kinds.values():
        wires, values = zip(*group, strict=True)
        nodes.append(Node("choice", cls=cls, info=Choices(wires, values, missing)))
    if len(nodes) == 1:
        return nodes[0]
    return PendingUnion(tuple(graph.append(node) for node in nodes), False, graph.place)
