# SPDX-License-Identifier: Apache-2.0
"""A task on a document, as a list of contenders whose results have been checked.

The reference is what the standard library makes of the document: for a typed task, that with absent fields as None
and whole numbers in float fields as floats. A contender whose result differs is left out and named, never timed.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from bench import contenders as table
from bench.clock import Contender
from bench.contenders import JSON, MSGPACK, Missing
from bench.documents import Document

TASKS = {
    "json-decode": (JSON, "decode", False),
    "json-encode": (JSON, "encode", False),
    "msgpack-decode": (MSGPACK, "decode", False),
    "msgpack-encode": (MSGPACK, "encode", False),
    "typed-json-decode": (JSON, "decode", True),
    "typed-json-encode": (JSON, "encode", True),
    "typed-msgpack-decode": (MSGPACK, "decode", True),
    "typed-msgpack-encode": (MSGPACK, "encode", True),
}


@dataclass
class Field:
    """Who takes part in a task, and who does not and why."""

    contenders: list[Contender] = field(default_factory=list)
    absent: dict[str, str] = field(default_factory=dict)
    differs: Callable[[Any, Any], str | None] = lambda one, other: differs(one, other)  # noqa: E731

    def admit(self, name: str, make: Callable[[], tuple[Callable, Any]], check: Callable[[Any], Any], reference) -> None:
        """Make a contender, run it once, compare, and let it in. A wrong result and a failure are named alike."""
        try:
            call, argument = make()
            result = check(call(argument))
        except Missing as reason:
            self.absent[name] = str(reason)
        except Exception as error:
            self.absent[name] = f"failed: {type(error).__name__}: {error}"[:200]
        else:
            difference = self.differs(result, reference)
            if difference:
                self.absent[name] = f"wrong result {difference}"
            else:
                self.contenders.append(Contender(name, call, argument))


def differs(one: Any, other: Any, where: str = "$") -> str | None:
    """Where two plain values differ, or None. Strict: 1, 1.0 and True are three values, and order of keys counts."""
    pending = [(one, other, where)]
    while pending:
        one, other, where = pending.pop()
        if type(one) is not type(other):
            return f"at {where}: {type(one).__name__}, expected {type(other).__name__}"
        if type(one) is dict:
            if list(one) != list(other):
                return f"at {where}: other keys"
            pending.extend((one[key], other[key], f"{where}.{key}") for key in one)
        elif type(one) is list:
            if len(one) != len(other):
                return f"at {where}: {len(one)} items, expected {len(other)}"
            pending.extend((a, b, f"{where}[]") for a, b in zip(one, other))
        elif one != other:
            return f"at {where}: {one!r:.40}, expected {other!r:.40}"
    return None


def reader(format: str) -> Callable[[bytes], Any]:
    """The independent reader that encoded results are checked with."""
    return json.loads if format == JSON else table.UNTYPED[MSGPACK]["msgpack"]("decode")


def source(document: Document, format: str, plain: Any) -> Any:
    """What decoders are given: the document as it is, or its data in the other format."""
    if format == JSON:
        return document.data.splitlines() if document.lines else document.data
    packb = table.need("msgpack").packb
    return [packb(one) for one in plain] if document.lines else packb(plain)


def untyped(document: Document, format: str, direction: str, only: set[str] | None = None) -> Field:
    field = Field()
    plain = document.parsed()
    argument = source(document, format, plain) if direction == "decode" else plain
    read = reader(format)

    def check(result):
        if direction == "decode":
            return result
        return [read(one) for one in result] if document.lines else read(result)

    for name, maker in table.UNTYPED[format].items():
        if only and name not in only:
            continue

        def make(maker=maker):
            call = maker(direction)
            return (table.per_line(call) if document.lines else call), argument

        field.admit(name, make, check, plain)
    return field


def typed(document: Document, format: str, direction: str, only: set[str] | None = None, entrants: dict | None = None) -> Field:
    field = Field()
    model = document.model
    if model is None:
        field.absent["all"] = "no model"
        return field
    raw = document.parsed()
    plain = [model.plain(one) for one in raw] if document.lines else model.plain(raw)
    data = source(document, format, raw) if direction == "decode" else None
    read = reader(format)
    objects: dict[str, Any] = {}

    def check(result):
        if direction == "encode":
            result = [read(one) for one in result] if document.lines else read(result)
        canonical = lambda one: in_order(model, one)  # noqa: E731
        return [canonical(one) for one in result] if document.lines else canonical(result)

    for name, (kind, maker) in (entrants or table.TYPED).items():
        if only and name not in only:
            continue

        def make(maker=maker, kind=kind):
            call = maker(format, direction, model, kind)
            call = table.per_line(call) if document.lines else call
            if direction == "decode":
                return call, data
            if kind not in objects:
                build = model.builder(kind)
                objects[kind] = [build(one) for one in raw] if document.lines else build(raw)
            return call, objects[kind]

        field.admit(name, make, check, plain)
    return field


def in_order(model, value: Any) -> Any:
    """Typed objects, or what was read back from them, as plain data with the model's fields; types kept strict."""
    return Strict(model).plain(value)


class Strict:
    """As Model.plain, but it forgives nothing: a whole number in a float field stays one, so it is seen."""

    def __init__(self, model):
        self.model = model

    def plain(self, value: Any, node: Any = None) -> Any:
        model = self.model
        node = model.node if node is None else node
        if value is None or node in (int, str, bool, float):
            return value
        kind = type(node).__name__
        if kind == "Maybe":
            return self.plain(value, node.item)
        if kind == "List":
            return [self.plain(item, node.item) for item in value]
        if kind == "Map":
            return {key: self.plain(item, node.item) for key, item in value.items()}
        if kind == "Tuple":
            return [self.plain(item, one) for item, one in zip(value, node.items, strict=True)]
        take = value.__getitem__ if isinstance(value, dict) else lambda field: getattr(value, field)
        return {field: self.plain(take(field), inner) for field, inner, _ in model.classes[node]}


def converted(document: Document) -> Field:
    """Plain data to typed objects, without a format between."""
    field = Field()
    model = document.model
    if model is None or document.lines:
        field.absent["all"] = "no model"
        return field
    raw = document.parsed()
    plain = model.plain(raw)
    for name, (kind, maker) in table.CONVERT.items():
        field.admit(name, lambda m=maker, k=kind: (m(model, k), raw), lambda result: in_order(model, result), plain)
    return field


def prepare(task: str, document: Document, only: set[str] | None = None) -> Field:
    """The contenders of a task by its name, verified."""
    format, direction, has_types = TASKS[task]
    if has_types:
        return typed(document, format, direction, only)
    return untyped(document, format, direction, only)
