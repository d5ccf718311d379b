# SPDX-License-Identifier: Apache-2.0
"""From the described graph of a type to its schema: each kind of node, and what is named in $defs.

Classes with fields, Enums and adapted classes of the user are named, and whatever else refers to itself. They are made from a
queue, not by recursion. A reference stands as a `_Ref` until all names are known.
"""

from __future__ import annotations

import decimal
import math
from collections import deque

from quire.json._schema._names import Labels, described, resolved
from quire.json._schema._objects import object_of, place_of
from quire.json._schema._patterns import ecma
from quire.json._schema._texts import BASE64, INTEGER, NUMBER, hint_of, key_of_choice, moment, text
from quire.json._schema._unions import any_of, union_of

__all__ = ["Builder"]

_TYPES = {str: "string", int: "integer", bool: "boolean"}
_CLOSED = ("enum", "const", "anyOf", "oneOf", "allOf", "not", "$ref")


# The value of a $ref before names are known: the key of what it refers to.
class _Ref:
    __slots__ = ("key",)

    def __init__(self, key):
        self.key = key

    def __eq__(self, other):
        return isinstance(other, _Ref) and self.key == other.key


class Builder:
    """One schema. decode: of what is accepted, else of what is written. exact: patterns rather than formats."""

    def __init__(self, type_, mode, exact, template, adapters):
        from quire.json._schema._graph import graph_of

        self.mode, self.decode, self.exact, self.template, self.adapters = mode, mode == "decode", exact, template, adapters
        self.graph, self.root, self.computed = graph_of(type_, mode, adapters)
        self.labels = Labels(self.graph)
        self.wanted = {}  # key -> (label, class or None), in the order of discovery
        self.defs = {}  # key -> schema
        self.queue = deque()
        self.inside = {}  # number of a node being made that has no name -> was it referred to from within?

    def document(self):
        root = self.of(self.root)
        while self.queue:
            key, make = self.queue.popleft()
            self.defs[key] = make()
        same = self.merged()
        names = resolved([(key, label, cls) for key, (label, cls) in self.wanted.items() if key not in same])
        names |= {key: names[other] for key, other in same.items()}
        used = set()
        parts = {names[key]: _named(schema, names, self.template, used) for key, schema in self.defs.items() if key not in same}
        inner = root["$ref"].key if set(root) == {"$ref"} else None
        if inner is not None and names[inner] not in used:
            root = parts.pop(names[inner])
        else:
            root = _named(root, names, self.template, used)
        return {**root, "$defs": dict(sorted(parts.items()))} if parts else root

    def merged(self):
        """key -> the earlier key of the same label and schema: what came from elsewhere twice, or is known here as well."""
        first, same = {}, {}
        for key, (label, _) in self.wanted.items():
            found = first.setdefault((label, _shape(self.defs[key], key)), key)
            if found != key:
                same[key] = found
        return same

    # Nodes

    def of(self, number, in_union=False):
        """The schema of what is behind a number. in_union: what takes several kinds alone takes its text only there."""
        base, nullable = self.graph.resolve(number)
        node = self.graph.entries[base]
        schema = self.named(base, node) or self.unnamed(base, node, in_union)
        return with_null(schema) if (nullable or node.nullable) and node.kind not in ("any", "none") else schema

    def refer(self, key, label, cls, make):
        """A reference to what `make` makes, once for each key."""
        if key not in self.wanted:
            self.wanted[key] = label, cls
            self.queue.append((key, make))
        return {"$ref": _Ref(key)}

    def named(self, base, node):
        """A reference, or None for what is no class of its own."""
        if node.kind == "record":
            return self.refer(id(node.info), self.labels.of_node(node, base), node.cls, lambda: self.record(node, base))
        enum = self.enum_of(node)
        if enum is not None:
            return self.refer(enum, enum.__name__, enum, lambda: titled(self.choices(list(self.leaves(node))), enum))
        if node.kind == "adapter" and self.is_own(base, node):
            return self.refer(id(node.info), node.cls.__name__, node.cls, lambda: self.own(node))
        return None

    def unnamed(self, base, node, in_union):
        key = "recursive", base
        if key in self.wanted or base in self.inside:
            self.inside[base] = True
            return self.refer(key, self.labels.of_node(node, base), None, dict)
        self.inside[base] = False
        schema = self.make(node, in_union)
        if not self.inside.pop(base):
            return schema
        self.queue.append((key, lambda: schema))  # behind the empty one of refer()
        return {"$ref": _Ref(key)}

    def make(self, node, in_union):
        kind, bounds = node.kind, node.bounds
        if kind in ("any", "raw"):
            return {}
        if kind in ("none", "bool"):
            return {"type": "null" if kind == "none" else "boolean"}
        if kind in ("int", "float"):
            return {"type": "integer" if kind == "int" else "number", **numeric(bounds)}
        if kind == "str":
            return {"type": "string", **lengths(bounds, "minLength", "maxLength"), **pattern_of(bounds)}
        if kind == "bytes":
            return {"type": "string", "contentEncoding": "base64", **({"pattern": BASE64} if self.exact else {})}
        if kind in ("datetime", "time"):
            return {"type": "string", **moment(kind, self.mode, self.exact)}
        if kind == "decimal" and self.decode and not in_union:
            return {"type": ["string", "number"], **text(kind, self.mode, self.exact), **numeric(bounds)}
        if kind in ("date", "timedelta", "uuid", "decimal"):
            return {"type": "string", **text(kind, self.mode, self.exact)}
        if kind == "choice":
            return self.choices([node])
        return getattr(self, kind)(node)

    def array(self, node):
        schema = {"type": "array", **items(self.of(node.items[0])), **lengths(node.bounds, "minItems", "maxItems")}
        if issubclass(node.cls, set | frozenset) and not self.decode and self.is_told_apart(node.items[0]):
            schema["uniqueItems"] = True
        return schema

    def tuple(self, node):
        if not node.items:
            return {"type": "array", "maxItems": 0}
        parts = [self.of(item) for item in node.items]
        return {"type": "array", "prefixItems": parts, "minItems": len(parts), "items": False}

    def map(self, node):
        schema = {"type": "object"}
        key = self.key_of(node.items[0])
        if key:
            schema["propertyNames"] = key
        value = self.of(node.items[1])
        if value:
            schema["additionalProperties"] = value
        return {**schema, **lengths(node.bounds, "minProperties", "maxProperties")}

    def union(self, node):
        return union_of(self, node)

    def record(self, node, base):
        made = place_of(self, node.info) if node.info.array else object_of(self, node)
        return titled(made, node.cls, self.labels.of_node(node, base))

    # Choices

    def leaves(self, node):
        """The choices that an Enum consists of: one, or a union of one for each kind of value."""
        return (node,) if node.kind == "choice" else (self.graph.entries[self.graph.resolve(item)[0]] for item in node.items)

    def enum_of(self, node):
        """The Enum class whose members are all that the node stands for, or None."""
        if node.kind not in ("choice", "union"):
            return None
        leaves = list(self.leaves(node))
        classes = {leaf.cls if leaf.kind == "choice" else None for leaf in leaves}
        if len(classes) != 1 or None in classes:
            return None
        (cls,) = classes
        return cls if sum(len(leaf.info.wire) for leaf in leaves) == len(list(cls)) else None

    def choices(self, leaves):
        order = {id(value): place for place, value in enumerate(leaves[0].cls or ())}
        pairs = [pair for leaf in leaves for pair in zip(leaf.info.wire, leaf.info.values, strict=True)]
        wires = [wire for wire, value in sorted(pairs, key=lambda pair: order.get(id(pair[1]), 0))]
        types = list(dict.fromkeys(_TYPES[type(wire)] for wire in wires))
        schema = {"type": types[0]} if len(types) == 1 else {}
        if leaves[0].info.missing and self.decode:  # _missing_ may take what no list has
            return {"type": types[0] if len(types) == 1 else types, "examples": wires}
        return {**schema, "const": wires[0]} if len(wires) == 1 else {**schema, "enum": wires}

    # Adapters

    def is_own(self, base, node):
        """Is that the adapter of a class of the user, so that the class is worth a name?"""
        return node.info.encode is not None and node.info.own and isinstance(node.cls, type)

    def adapter(self, node, in_union=False):
        if node.info.encode is None:  # a check around the type
            zone = self.zone_of(node.bounds)
            base, _ = self.graph.resolve(node.items[0])
            inner = self.graph.entries[base]
            if zone != "any" and inner.kind in ("datetime", "time"):
                return {"type": "string", **moment(inner.kind, self.mode, self.exact, zone)}
            return self.of(node.items[0], in_union)
        given = node.info.schema
        if given is None:
            return self.of(node.items[0], in_union)
        hint = None if self.exact else hint_of(node.cls)
        return hint or self.given(given(self.mode) if callable(given) else given, node)

    def own(self, node):
        """What is named for a class of the user: its docstring stands there unless the schema has one."""
        schema = self.adapter(node)
        return schema if "title" in schema or "description" in schema else titled(schema, node.cls)

    def given(self, schema, node):
        """A schema from elsewhere: what it has in $defs becomes ours."""
        if not isinstance(schema, dict):
            raise self.graph.error(f"the schema of an adapter must be a dict or a function that makes one, got {schema!r}")
        defs = schema.get("$defs", {})
        keys = {name: ("given", name, repr(part)) for name, part in defs.items()}
        root = schema.get("$ref", "").removeprefix("#/$defs/")
        if root in defs and node.info.own:  # it refers to itself, by the name that it has here
            keys[root] = id(node.info)
            schema = {**defs[root], **{key: value for key, value in schema.items() if key != "$ref"}}
        for name, part in defs.items():
            if keys[name] != id(node.info):
                self.refer(keys[name], name, None, lambda part=part: _imported(part, keys))
        return _imported({key: value for key, value in schema.items() if key not in ("$defs", "$schema")}, keys)

    @staticmethod
    def zone_of(bounds):
        from quire._types._predicates import zone_of

        zones = {zone_of(asked) for asked in (bounds and bounds.timezone) or ()}
        return next((zone for zone in ("utc", "some", "none") if zone in zones), "any")

    def is_told_apart(self, number):
        """Are different values written differently? So it is but for what is written by a function of the user, or anything."""
        for leaf in self.graph.leaves(number)[0]:
            if self.graph.entries[leaf].kind in ("any", "raw", "record"):
                return False
        return not self.has_own(number)

    def has_own(self, number, declared=False):
        """Does a value of that kind go through an adapter of the user (declared: of the annotation), outside of classes?"""
        left, seen = [number], set()
        while left:
            base, _ = self.graph.resolve(left.pop())
            node = self.graph.entries[base]
            if base in seen or node.kind == "record":
                continue
            seen.add(base)
            left.extend(node.items)
            if node.kind == "adapter" and node.info.encode is not None:
                if node.info.declared or not declared and node.info.own:
                    return True
        return False

    # Keys

    def key_of(self, number):
        """Keywords about the names of an object whose keys are of that kind: texts, all of them."""
        base, _ = self.graph.resolve(number)
        node = self.graph.entries[base]
        if node.kind == "adapter":
            if node.info.encode is not None and node.info.schema is not None:
                schema = self.adapter(node)
                if schema.get("type") == "string":
                    return _untyped(schema)
            return self.key_of(node.items[0])
        if base in self.graph.packed or node.kind in ("tuple", "array", "record"):
            inner = self.make(node, False) if node.kind != "record" else self.named(base, node)
            return {"pattern": r"^\s*\[", "contentMediaType": "application/json", "contentSchema": inner}
        if node.kind in ("int", "float"):
            return {"pattern": INTEGER if node.kind == "int" else NUMBER}
        if node.kind in ("none", "bool"):
            return {"const": "null"} if node.kind == "none" else {"enum": ["true", "false"]}
        if node.kind == "choice" and not (node.info.missing and self.decode):
            return {"enum": [key for wire in node.info.wire for key in key_of_choice(wire)]}
        if node.kind == "choice":
            return {}
        if node.kind == "union":
            keys = [self.key_of(item) for item in node.items]
            if all("enum" in key for key in keys):
                return {"enum": [name for key in keys for name in key["enum"]]}
            return any_of(keys) if all(keys) else {}
        return _untyped(self.make(node, True))

    # Defaults

    def default_of(self, number, value):
        """(the value as JSON has it,) or () when that cannot be told."""
        from quire import QuireError, json

        base, nullable = self.graph.resolve(number)
        node = self.graph.entries[base]
        if value is None:
            return (None,) if nullable or node.nullable or node.kind in ("any", "none") else ()
        if node.kind == "adapter" and node.info.encode is not None and node.info.declared:
            try:
                return self.default_of(node.items[0], node.info.encode(value))
            except ValueError:
                return ()
        if self.has_own(number, declared=True):
            return ()
        try:
            return (json.loads(json.encode(value, adapters=self.adapters)),)
        except QuireError:
            return ()


def items(schema):
    return {"items": schema} if schema else {}


def titled(schema, cls, label=None):
    """With the name and the docstring of the class in front."""
    doc = described(cls)
    return {"title": label or cls.__name__, **({} if doc is None else {"description": doc}), **schema}


def numeric(bounds):
    if bounds is None:
        return {}
    names = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum", "multiple_of": "multipleOf"}
    found = {keyword: _number(getattr(bounds, name)) for name, keyword in names.items() if getattr(bounds, name) is not None}
    return {keyword: value for keyword, value in found.items() if value is not None}


def _number(value):
    """The number as JSON can have it, or None."""
    if isinstance(value, decimal.Decimal):
        if not value.is_finite():
            return None
        value = int(value) if value == value.to_integral_value() else float(value)
    return value if type(value) is int or math.isfinite(value) else None


def lengths(bounds, least, most):
    if bounds is None:
        return {}
    found = {least: bounds.min_length, most: bounds.max_length}
    return {keyword: value for keyword, value in found.items() if value is not None}


def pattern_of(bounds):
    text = None if bounds is None or bounds.pattern is None else ecma(bounds.pattern)
    return {} if text is None else {"pattern": text}


def with_null(schema):
    if not schema:
        return schema
    if "$ref" not in schema and ("enum" in schema or "const" in schema):
        values = schema["enum"] if "enum" in schema else [schema["const"]]
        rest = {key: value for key, value in schema.items() if key not in ("enum", "const", "type")}
        return {**rest, "enum": [*values, None]}
    if "type" in schema and not any(keyword in schema for keyword in _CLOSED):
        types = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
        return {**schema, "type": [*types, "null"]}
    return any_of([schema, {"type": "null"}])


def _shape(part, own):
    """A schema as something to compare: its references by what they refer to, those to itself alike."""
    if isinstance(part, dict):
        return tuple((key, _shape(part[key], own)) for key in sorted(part))
    if isinstance(part, list | tuple):
        return tuple(_shape(item, own) for item in part)
    if isinstance(part, _Ref):
        return "self" if part.key == own else ("ref", part.key)
    return type(part), part


def _untyped(schema):
    """Names are strings, so that nothing has to say it."""
    return {key: value for key, value in schema.items() if key != "type"}


def _imported(part, keys):
    """A part of a schema from elsewhere, its references into its own $defs made ours."""
    if isinstance(part, dict):
        ref = part.get("$ref")
        if isinstance(ref, str) and ref.removeprefix("#/$defs/") in keys:
            part = {**part, "$ref": _Ref(keys[ref.removeprefix("#/$defs/")])}
        return {key: value if isinstance(value, _Ref) else _imported(value, keys) for key, value in part.items()}
    return [_imported(item, keys) for item in part] if isinstance(part, list | tuple) else part


def _named(part, names, template, used):
    """The part with every reference written out; used: gets the names referred to."""
    if isinstance(part, dict):
        return {key: _named(value, names, template, used) for key, value in part.items()}
    if isinstance(part, list | tuple):
        return [_named(item, names, template, used) for item in part]
    if not isinstance(part, _Ref):
        return part
    used.add(names[part.key])
    return template.replace("{name}", names[part.key])
