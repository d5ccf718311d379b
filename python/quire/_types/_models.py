# SPDX-License-Identifier: Apache-2.0
"""Several Pydantic models in one union: told apart by fields with a Literal as records are, or else all together by Pydantic."""

from __future__ import annotations

import functools
import operator
import sys
import typing

from quire._types._choices import describe_literal
from quire._types._description import NO_DEFAULT, OMIT_NEVER, AdapterInfo, Bounds, Field, Node, RecordInfo
from quire._types._graph import type_name
from quire.adapters import Adapter

__all__ = ["UntoldModels", "face", "group", "is_model"]


class UntoldModels(Exception):
    """No field with a Literal tells the models of a union apart."""


def is_model(graph, arm):
    """Is the arm a Pydantic model, or a dataclass of Pydantic, that is written as an object?"""
    node = graph.entries[arm]
    pydantic = sys.modules.get("quire.contrib.pydantic")
    if pydantic is None or node.kind != "adapter" or node.info.encode is not pydantic._encode:
        return False
    return graph.entries[graph.resolve(node.items[0])[0]].kind == "map"


def face(graph, arm):
    """A record of the fields with a Literal: what tells the model apart."""
    cls = graph.entries[arm].cls
    fields = [
        Field(name, name, (), describe_literal(graph, literal.__args__), True, NO_DEFAULT, None, OMIT_NEVER, 0)
        for name, literal in _literal_fields(cls)
        if all(type(value) in (str, int, bool) for value in literal.__args__)
    ]
    return graph.append(Node("record", cls=cls, info=RecordInfo("model", tuple(fields), None, None, "skip", False, False, False)))


def group(graph, arms):
    """The number of one adapter for all of the models."""
    from pydantic import BaseModel

    nodes = [graph.entries[arm] for arm in arms]
    classes = sorted((node.cls for node in nodes), key=lambda cls: (cls.__module__, cls.__qualname__))
    if not all(issubclass(cls, BaseModel) for cls in classes):
        names = " and ".join(type_name(cls) for cls in classes)
        raise graph.error(f"nothing tells {names} apart: give each a field with a Literal of its own, which is always written")
    adapter = _adapter_of(tuple(classes))
    info = AdapterInfo(adapter.encode, adapter.decode, True, False, adapter.schema)
    number = graph.append(Node("adapter", items=nodes[0].items, cls=BaseModel, info=info))
    # For reading, converting and checking every model is one of them: the class of the arm says no more.
    bounds = Bounds(predicates=(lambda value: isinstance(value, tuple(classes)),))
    asking = Node("adapter", items=(number,), cls=BaseModel, info=AdapterInfo(None, None, False, False), bounds=bounds)
    return graph.append(asking)


def _literal_fields(cls):
    """(name in the document, Literal) of the fields that may tell a model: always written, and read by the same name."""
    decorators = getattr(cls, "__pydantic_decorators__", None)
    if decorators is None or decorators.model_serializers:
        return
    for name, field in cls.__pydantic_fields__.items():
        names = {alias or name for alias in (field.validation_alias, field.serialization_alias)}
        own = len(names) == 1 and not field.exclude and name not in decorators.field_serializers
        if own and typing.get_origin(field.annotation) is typing.Literal and isinstance(found := names.pop(), str):
            yield found, field.annotation


def _adapter_of(classes):
    """The Adapter of a union of models that only Pydantic tells apart. What would be read as another of them is not written."""
    from pydantic import TypeAdapter

    from quire.contrib.pydantic import _encode, _schema, _validate

    validator = TypeAdapter(functools.reduce(operator.or_, classes)).validator

    def encode(value):
        expected = next((cls for cls in type(value).__mro__ if cls in classes), None)
        if expected is None:
            raise ValueError(f"{type(value).__name__} is none of {', '.join(cls.__name__ for cls in classes)}")
        wire = _encode(value)
        read = type(_validate(validator, wire, None, 1))
        if read is not expected:
            raise ValueError(f"it would be read back as {read.__name__}: give each class a field with a Literal of its own")
        return wire

    def decode(wire, context):
        return _validate(validator, wire, context, 1)

    def schema(mode):
        return _schema(functools.reduce(operator.or_, classes), mode)

    return Adapter(wire=dict[str, typing.Any], encode=encode, decode=decode, context=True, schema=schema)
