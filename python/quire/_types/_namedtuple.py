# SPDX-License-Identifier: Apache-2.0
"""NamedTuple and collections.namedtuple: they travel as an array of their fields in order, as the tuples they are."""

from __future__ import annotations

import types
import typing

from quire._types._computed import computed_of, ignored_names
from quire._types._config import config_of
from quire._types._description import DEFAULT_VALUE, NO_DEFAULT, Node, RecordInfo
from quire._types._fields import describe_field, finish_fields, unwrap
from quire._types._graph import type_name
from quire._types._scope import Scope, own_annotations, scopes_of

__all__ = ["read"]


def read(graph, cls, numbers):
    config = config_of(graph, cls, array=True)
    scopes = scopes_of(cls, numbers)
    fields = []
    for name in cls._fields:
        with graph.at(f"{type_name(cls)}.{name}"):
            found = unwrap(graph, *_annotation(cls, name, scopes))
            default = (DEFAULT_VALUE, cls._field_defaults[name]) if name in cls._field_defaults else (NO_DEFAULT, None)
            field = describe_field(graph, found, name, default=default, required=default[0] == NO_DEFAULT, config=config)
            if field.wire != name or field.aliases:
                raise graph.error(
                    "a NamedTuple is an array, in which a field has a place and no name: take name, aliases and rename away"
                )
            fields.append(field)
    _check_places(graph, fields)
    computed = computed_of(graph, cls, config, fields)
    info = RecordInfo(
        form="namedtuple" if _has_plain_new(cls) else "call",
        fields=finish_fields(graph, fields, config),
        tag_field=None,
        tag=None,
        unknown=config.unknown,
        array=True,
        post_init=False,
        frozen=True,
        computed=computed,
        ignored=ignored_names(config, computed),
    )
    return Node("record", cls=cls, info=info)


def _check_places(graph, fields):
    for place, field in enumerate(fields, 1):
        if field.number not in (0, place):
            raise graph.error(f"field {field.name} has the number {field.number}, but its place in the tuple is {place}")


def _annotation(cls, name, scopes):
    for klass in cls.__mro__:
        own = own_annotations(klass)
        if name in own:
            return own[name], scopes[klass]
    return typing.Any, Scope(cls)  # collections.namedtuple


def _has_plain_new(cls):
    """Is __new__ the generated one, which is compiled from a string?"""
    new = cls.__new__
    return isinstance(new, types.FunctionType) and new.__code__.co_filename.startswith("<string>")
