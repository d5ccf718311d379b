# SPDX-License-Identifier: Apache-2.0
"""Names and descriptions: of classes, and of what their type parameters stand for."""

from __future__ import annotations

import inspect
import re

__all__ = ["Labels", "described", "resolved"]


class Labels:
    """What the numbers of a graph are called: `Box[int]`, `list[Line]`, `str | None`."""

    def __init__(self, graph):
        self.graph = graph
        self.instances = {}  # id of a record's info -> (class, numbers of its type arguments)
        self.aliases = {}  # number of what a recursive alias stands for -> its name
        for key, number in graph.keyed():
            entry = graph.entries[number]
            if isinstance(key[0], type) and entry is not None:
                self.instances[id(entry.info)] = key
            elif key[0] == "alias":
                self.aliases.setdefault(graph.resolve(number)[0], key[1].__name__)

    def of_node(self, node, base, inside=()):
        cls, numbers = self.instances.get(id(node.info), (node.cls, ()))
        if node.kind == "union" and base in self.aliases:
            return self.aliases[base]
        if node.kind == "union":
            return " | ".join(self.of(item, inside) for item in node.items)
        name = cls.__name__ if isinstance(cls, type) else node.kind
        items = numbers if node.kind == "record" else node.items if node.kind in ("array", "tuple", "map") else ()
        return f"{name}[{', '.join(self.of(item, inside) for item in items)}]" if items else name

    def of(self, number, inside=()):
        base, nullable = self.graph.resolve(number)
        if base in inside:
            return self.aliases.get(base, "...")
        node = self.graph.entries[base]
        label = self.of_node(node, base, (*inside, base))
        return f"{label} | None" if nullable or node.nullable else label


def resolved(wanted):
    """key -> name in $defs, of (key, label, class or None) in order: what a document may refer to, and no name twice.

    Classes of one name are told apart by their modules, and what is left by a number.
    """
    short = {}
    for key, label, _ in wanted:
        short.setdefault(_plain(label), []).append(key)
    names, taken = {}, set()
    for key, label, cls in wanted:
        name = _plain(label)
        if len(short[name]) > 1 and cls is not None:
            name = _plain(f"{cls.__module__}.{cls.__qualname__}{label.removeprefix(cls.__name__)}".replace("<locals>.", ""))
        unique, count = name, 2
        while unique in taken:
            unique, count = f"{name}_{count}", count + 1
        taken.add(unique)
        names[key] = unique
    return names


def _plain(label):
    return re.sub(r"[^A-Za-z0-9._-]+", "_", label).strip("_") or "type"


def described(cls):
    """The docstring that was written for a class, or None."""
    own = vars(cls)
    doc = own.get("__doc__")
    if not isinstance(doc, str) or not doc.strip():
        return None
    if any(
        doc.startswith(f"{name}(") for name in (cls.__name__, getattr(own.get("__quire_partial_of__"), "__name__", cls.__name__))
    ):
        return None  # the signature, which dataclasses and namedtuple make a docstring of
    return inspect.cleandoc(doc)
