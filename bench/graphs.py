# SPDX-License-Identifier: Apache-2.0
"""What serializers of Python objects are measured on: plain data, instances, graphs with sharing and cycles, arrays, code."""

from __future__ import annotations

import importlib.util
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType
from typing import Any, Optional

from bench import documents

PLAIN = "plain"  # builtins only
INSTANCES = "instances"  # objects with a __dict__
SLOTTED = "slotted"  # objects without one
GRAPH = "graph"  # objects met more than once, and again inside themselves
ARRAY = "array"  # one buffer
CODE = "code"

ITEMS = 100_000
OBJECTS = 30_000
COMMUNITY = 20  # nodes of a graph that know each other
ARRAY_ITEMS = 1 << 20  # float64: 8 MiB


@dataclass
class Sample:
    """One value by name; made anew on each call, from the same seed."""

    name: str
    shape: str
    make: Callable[[], Any]
    judged: bool = True


class Plain:
    number: int
    name: str
    score: float

    def __init__(self, number: int, name: str, score: float):
        self.number = number
        self.name = name
        self.score = score


@dataclass
class Record:
    number: int
    name: str
    score: float


@dataclass(slots=True)
class Slotted:
    number: int
    name: str
    score: float


class Node:
    """Holds its neighbours and its parent, and shares its label with others."""

    label: str
    parent: Optional[Node]  # noqa: UP045 - as pyfory reads it
    children: list[Node]
    links: list[Node]

    def __init__(self, label: str, parent: Node | None):
        self.label = label
        self.parent = parent
        self.children = []
        self.links = []


CLASSES = (Plain, Record, Slotted, Node)


def values(count: int) -> Iterator[tuple[int, str, float]]:
    rng = random.Random(count)
    for number in range(count):
        yield number, documents.word(rng, 2, 4), rng.uniform(-1000, 1000)


def dicts() -> list[dict]:
    return [{"id": number, "name": name, "value": value, "active": number % 3 == 0} for number, name, value in values(ITEMS)]


def graph() -> list[Node]:
    """Communities of a few nodes each, so that recursion stays within what the standard library can write."""
    rng = random.Random(7)
    labels = [documents.word(rng, 2, 3) for _ in range(200)]
    roots = []
    for _ in range(OBJECTS // COMMUNITY):
        nodes = [Node(rng.choice(labels), None)]
        while len(nodes) < COMMUNITY:
            parent = rng.choice(nodes)
            node = Node(rng.choice(labels), parent)
            parent.children.append(node)
            node.links = rng.sample(nodes, min(2, len(nodes)))
            nodes.append(node)
        roots.append(nodes[0])
    return roots


def array() -> Any:
    import numpy

    return numpy.random.default_rng(8).normal(size=ARRAY_ITEMS)


def code() -> list[CodeType]:
    """The compiled text of some modules that every interpreter has."""
    names = ("argparse", "ast", "inspect", "logging", "pickle", "subprocess", "tarfile", "typing", "unittest.mock", "zipfile")
    found = []
    for name in names:
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.origin is not None
        found.append(compile(Path(spec.origin).read_text(), name, "exec", dont_inherit=True))
    return found


def parsed(name: str) -> Callable[[], Any]:
    return lambda: documents.choose(name)[0].parsed()


def samples(*shapes: str) -> list[Sample]:
    everything = [
        Sample("tuples", PLAIN, lambda: list(values(ITEMS))),
        Sample("dicts", PLAIN, dicts),
        Sample("directory", PLAIN, parsed("directory")),
        Sample("cities", PLAIN, parsed("cities")),
        Sample("instances", INSTANCES, lambda: [Plain(*one) for one in values(OBJECTS)]),
        Sample("dataclasses", INSTANCES, lambda: [Record(*one) for one in values(OBJECTS)]),
        Sample("slotted", SLOTTED, lambda: [Slotted(*one) for one in values(OBJECTS)]),
        Sample("graph", GRAPH, graph),
        Sample("array", ARRAY, array),
        Sample("code", CODE, code),
    ]
    return [sample for sample in everything if sample.shape in shapes]


# -- verification -------------------------------------------------------------------------------------------------


def parts(value: Any) -> list[Any] | None:
    """What a value consists of, in order; None for one that is compared whole."""
    kind = type(value)
    if kind in (list, tuple):
        return list(value)
    if kind is dict:
        return [part for item in value.items() for part in item]
    if kind is Slotted:
        return [value.number, value.name, value.score]
    if kind in (Plain, Record, Node):
        return [part for item in sorted(vars(value).items()) for part in item]
    return None


def differs(one: Any, other: Any) -> str | None:
    """How two values differ, or None: types, every value, order of keys, and what mutable object is met where again."""
    partners: dict[int, int] = {}
    taken: set[int] = set()
    pending = [(one, other)]
    while pending:
        one, other = pending.pop()
        if type(one) is not type(other):
            return f"{type(one).__name__}, expected {type(other).__name__}"
        inside = parts(one)
        if inside is None:
            if type(one).__module__ == "numpy":
                if one.dtype != other.dtype or one.tobytes() != other.tobytes():
                    return "another array"
            elif one != other:
                return f"{one!r:.40}, expected {other!r:.40}"
            continue
        if type(one) is not tuple:
            partner = partners.get(id(one))
            if partner is None and id(other) not in taken:
                partners[id(one)] = id(other)
                taken.add(id(other))
            elif partner != id(other):
                return f"a {type(one).__name__} that is shared otherwise"
            else:
                continue
        expected = parts(other)
        assert expected is not None
        if len(inside) != len(expected):
            return f"{type(one).__name__} of another size"
        pending.extend(zip(inside, expected))
    return None
