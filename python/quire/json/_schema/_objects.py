# SPDX-License-Identifier: Apache-2.0
"""Classes with fields: as objects of their names, or as arrays in which each field has its place."""

from __future__ import annotations

import itertools

from quire._core import UNSET
from quire._types._description import DEFAULT_FACTORY, DEFAULT_VALUE, OMIT_DEFAULT, OMIT_NULL

__all__ = ["is_written", "object_of", "place_of", "required_names"]

_EMPTY = (list, dict, set, frozenset, tuple)


def object_of(builder, node):
    info, properties, required, checks = node.info, {}, [], []
    if info.tag_field is not None:
        properties[info.tag_field] = {"const": info.tag}
        if not builder.decode:
            required.append(info.tag_field)
    for field in info.fields:
        if not builder.decode and not (field.stored and field.serialize):
            continue
        schema = _field(builder, field)
        names = (field.wire, *field.aliases) if builder.decode else (field.wire,)
        properties.update(dict.fromkeys(names, schema))
        if len(names) > 1:
            checks.append(_one_name(names, field.required))
        elif field.required if builder.decode else is_written(builder, info, field):
            required.append(field.wire)
    if not builder.decode:
        required += _computed(builder, info, properties)
    elif info.unknown == "error":
        properties.update(dict.fromkeys(info.ignored, {}))
    schema = {"type": "object"}
    if properties:
        schema["properties"] = properties
    if required:
        schema["required"] = required
    schema |= checks[0] if len(checks) == 1 else {"allOf": checks} if checks else {}
    return {**schema, "additionalProperties": False} if info.unknown == "error" else schema


def _one_name(names, required):
    """Two names of one field in a document are an error, whatever they hold."""
    if required:
        return {"oneOf": [{"required": [name]} for name in names]}
    pairs = [{"required": list(pair)} for pair in itertools.combinations(names, 2)]
    return {"not": pairs[0] if len(pairs) == 1 else {"anyOf": pairs}}


def is_written(builder, info, field):
    """Is a field in every document that is written?"""
    if field.default is UNSET or field.node in builder.graph.unset or info.form == "typeddict" and not field.required:
        return False
    if field.omit == OMIT_DEFAULT:
        return field.required
    if field.omit == OMIT_NULL:
        base, nullable = builder.graph.resolve(field.node)
        node = builder.graph.entries[base]
        return not (nullable or node.nullable or node.kind in ("any", "none", "raw", "adapter", "union"))
    return True


def _field(builder, field):
    schema = dict(builder.of(field.node))
    if field.doc is not None:
        schema["description"] = field.doc
    if not field.secret and builder.decode:
        default = _default(builder, field)
        if default:
            schema["default"] = default[0]
    if builder.decode and not (field.stored and field.serialize):
        schema["writeOnly"] = True
    return schema


def _default(builder, field):
    if field.default_kind == DEFAULT_FACTORY:
        value = field.default() if field.default in _EMPTY else UNSET
    else:
        value = field.default if field.default_kind == DEFAULT_VALUE else UNSET
    return () if value is UNSET else builder.default_of(field.node, value)


def _computed(builder, info, properties):
    """Adds the computed properties; names of those that are always written."""
    for attribute, wire, _ in info.computed:
        number = builder.computed.get((id(info), attribute))
        properties[wire] = {**({} if number is None else builder.of(number)), "readOnly": True}
    return [wire for _, wire, may_be_left_out in info.computed if not may_be_left_out]


def place_of(builder, info):
    """A class that travels as an array: the missing ones at the end take their defaults."""
    fields, least = info.fields, len(info.fields)
    if builder.decode:
        least = max((place for place, field in enumerate(fields, 1) if field.required), default=0)
    gap = {} if builder.decode else {"type": "null"}
    schema = {"type": "array"}
    if fields:
        schema["prefixItems"] = [gap if field.gap else _field(builder, field) for field in fields]
    if least:
        schema["minItems"] = least
    closed = {"items": False} if fields else {"maxItems": 0}
    return {**schema, **closed} if info.unknown == "error" or not builder.decode else schema


def required_names(info):
    """Of what is required of an object: all the names of each."""
    tag = [] if info.tag_field is None else [(info.tag_field,)]
    return tag + [(field.wire, *field.aliases) for field in info.fields if field.required]
