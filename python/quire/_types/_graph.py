# SPDX-License-Identifier: Apache-2.0
"""The description while it is being made: nodes that refer to each other by number, finished all at once.

Classes are described from a queue, not by recursion, so a chain of a thousand classes needs no deep stack and a recursive
type is nothing special: its number exists before its fields are looked at. Whatever needs to know what is behind a number
(unions: which arm takes an object?) therefore waits until the queue is empty.
"""

from __future__ import annotations

from collections import deque, namedtuple

from quire._types._description import Container, Description, Node
from quire._types._families import watch_of
from quire.errors import SchemaError

__all__ = ["Graph", "PendingUnion", "Reference", "arm_name", "is_text", "type_name"]

# An entry that stands for another one, perhaps with null added.
Reference = namedtuple("Reference", "target nullable")
# A union whose arms are not looked at yet; place: where it is written, for its errors.
PendingUnion = namedtuple("PendingUnion", "arms nullable place")

MAX_INSTANCES = 1000  # of one generic class in one description: more means it never ends


class Graph:
    """Entries are a Node, a Reference, a PendingUnion, or None while a class or an alias is being described."""

    def __init__(self, place, adapters=None):
        self.adapters = adapters  # those of the call, or None
        self.entries = []
        self.place = place
        self.families = {}  # base class -> its subclasses, where all of them were asked for
        self.unset = set()  # numbers whose annotation allows UNSET
        self.classes = {}  # number -> the class with fields that it stands for
        self.keys = []  # (number of a dict's key, its annotation, place)
        self.packed = {}  # number of a tuple that is a key -> what makes one of its text
        self.ranks = {}  # number of an adapter's node -> its rank among the built-in ones, or None
        self._interned = {}  # Node without info -> number
        self._keyed = {}  # (class, numbers of its arguments) and the like -> number
        self._instances = {}
        self._queue = deque()

    # Errors

    def error(self, message):
        return SchemaError(f"{self.place}: {message}" if self.place else message)

    def at(self, place):
        """with graph.at("User.id"): errors name that place."""
        return _Place(self, place)

    # Entries

    def append(self, entry):
        self.entries.append(entry)
        return len(self.entries) - 1

    def add(self, kind, **members):
        """A finished node; an equal one without info is shared."""
        return self.intern(Node(kind, **members))

    def intern(self, node):
        if node.info is not None and type(node.info) is not Container:
            return self.append(node)
        # 0 == 0.0 == False: bounds of equal value but another kind must not be shared.
        key = (node, node.bounds and tuple(map(type, node.bounds)))
        try:
            known = self._interned.get(key)
        except TypeError:  # a factory that cannot be hashed
            return self.append(node)
        if known is None:
            known = self._interned[key] = self.append(node)
        return known

    def known(self, key):
        return self._keyed.get(key)

    def keyed(self):
        """(key, number) of what is described once for each key: (class, numbers of its arguments), ("alias", ...) ..."""
        return self._keyed.items()

    def reserve(self, key, cls=None, describe_later=None):
        """A number for what is described later: by `describe_later(number)` from the queue, or by the caller."""
        number = self._keyed[key] = self.append(None)
        if describe_later is not None:
            self.classes[number] = cls
            count = self._instances[cls] = self._instances.get(cls, 0) + 1
            if count > MAX_INSTANCES:
                raise self.error(f"{type_name(cls)} refers to itself with ever other type arguments")
            self._queue.append((describe_later, number))
        return number

    def define(self, number, entry):
        self.entries[number] = entry

    def nullable(self, number):
        """The same as `number`, and null."""
        entry = self.entries[number]
        if type(entry) is Node and entry.info is None:
            absorbs = entry.nullable or entry.kind in ("any", "none")
            return number if absorbs else self.intern(entry._replace(nullable=True))
        key = ("nullable", number)
        if key not in self._keyed:
            self._keyed[key] = self.append(Reference(number, True))
        return self._keyed[key]

    def resolve(self, number):
        """(number of a Node or PendingUnion, is null accepted on the way there)"""
        nullable, seen = False, set()
        while type(entry := self.entries[number]) is Reference:
            if number in seen:
                raise self.error("the alias stands for nothing but itself")
            seen.add(number)
            nullable |= entry.nullable
            number = entry.target
        if entry is None:
            raise self.error("the alias refers to itself outside of any container")
        return number, nullable

    def leaves(self, number):
        """(numbers of all Nodes that are behind `number`, through unions, adapters and aliases; is null accepted)"""
        found, nullable, seen, left = [], False, set(), [number]
        while left:
            base, accepts = self.resolve(left.pop(0))
            entry = self.entries[base]
            nullable |= accepts or entry.nullable
            if type(entry) is Node and entry.kind not in ("union", "adapter"):
                found.append(base)
            elif base not in seen:
                seen.add(base)
                left.extend(entry.arms if type(entry) is PendingUnion else entry.items)
        return found, nullable

    # The end

    def run(self):
        while self._queue:
            describe_later, number = self._queue.popleft()
            describe_later(number)

    def finish(self, root, finish_union, check_key):
        """The description from `root`. finish_union(graph, number, union) replaces a PendingUnion by a Node or a Reference."""
        self.run()
        for number in range(len(self.entries)):
            if type(entry := self.entries[number]) is PendingUnion:
                with self.at(entry.place):
                    self.define(number, finish_union(self, number, entry))
        for number, annotation, place in self.keys:
            with self.at(place):
                check_key(self, number, annotation)
        return _Numbering(self).description(root)


class _Place:
    def __init__(self, graph, place):
        self.graph = graph
        self.place = place

    def __enter__(self):
        self.graph.place, self.place = self.place, self.graph.place

    def __exit__(self, *ignored):
        self.graph.place = self.place


class _Numbering:
    """Renumbers what can be reached from the root, 0 being the root itself."""

    def __init__(self, graph):
        self.graph = graph
        self.numbers = {}  # (number in the graph, nullable) -> number in the description
        self.order = []
        self.infos = {}  # a record's info is one object, whether null is accepted beside it or not

    def number(self, number):
        base, nullable = self.graph.resolve(number)
        node = self.graph.entries[base]
        key = base, node.kind not in ("any", "none") and (node.nullable or nullable)
        if key not in self.numbers:
            if node.kind == "adapter":
                self.check_adapter(base, key[1])
            self.numbers[key] = len(self.order)
            self.order.append(key)
        return self.numbers[key]

    def check_adapter(self, base, nullable):
        """What an adapter reads must be something, and null must mean one thing only."""
        from quire._types._adapters import wire_of

        _, wire_nullable = wire_of(self.graph, base)
        if nullable and wire_nullable and self.graph.entries[base].info.encode is not None:
            name = type_name(self.graph.entries[base].cls)
            raise self.graph.error(f"the adapter of {name} may write null, which cannot be told from the None beside it")

    def description(self, root):
        self.number(root)
        nodes = []
        while len(nodes) < len(self.order):
            base, nullable = self.order[len(nodes)]
            nodes.append(self.node(base, nullable))
        numbers = {base: self.numbers.get((base, False)) for base in self.graph.packed}
        packed = tuple((numbers[base], unpack) for base, unpack in self.graph.packed.items() if numbers[base] is not None)
        return Description(tuple(nodes), False, watch_of(self.graph.families), packed)

    def node(self, base, nullable):
        node = self.graph.entries[base]
        items = tuple(self.number(item) for item in node.items)
        return node._replace(nullable=nullable, items=items, info=self.info(base, node))

    def info(self, base, node):
        if base not in self.infos:
            self.infos[base] = self.renumbered(node)
        return self.infos[base]

    def renumbered(self, node):
        info = node.info
        if node.kind == "record":
            return info._replace(fields=tuple(f._replace(node=self.number(f.node)) for f in info.fields))
        if node.kind != "union":
            return info

        def one(number):
            return number if number < 0 else self.number(number)

        def pairs(values):
            return tuple((value, one(number)) for value, number in values)

        arms = {name: one(getattr(info, name)) for name in ("bool", "int", "float", "bytes", "array", "map", "map_default")}
        lists = {name: tuple(one(n) for n in getattr(info, name)) for name in ("ints", "text")}
        arrays = tuple(a._replace(arm=one(a.arm), slots=tuple((kinds, one(n)) for kinds, n in a.slots)) for a in info.arrays)
        return info._replace(**arms, **lists, tags=pairs(info.tags), keys=pairs(info.keys), arrays=arrays)


def is_text(value):
    """A str that a document can hold: no lone surrogates."""
    if not isinstance(value, str):
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def type_name(annotation):
    """An annotation as a user wrote it, more or less."""
    if annotation is type(None):
        return "None"
    if isinstance(annotation, type) and not hasattr(annotation, "__args__"):
        return annotation.__qualname__.replace("<locals>.", "")
    return repr(annotation).replace("typing.", "")


def arm_name(node):
    """An arm of a union, for errors."""
    if node.kind == "choice" and node.cls is None:
        return "a Literal"
    return type_name(node.cls) if node.cls is not None else node.kind
