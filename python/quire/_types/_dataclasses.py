# SPDX-License-Identifier: Apache-2.0
"""Dataclasses. One with a generated __init__ is built by setting its attributes; a hand-written __init__, an InitVar,
a __new__ or a __setattr__ of its own make it a class that is called."""

from __future__ import annotations

import dataclasses

from quire._types._computed import computed_of, ignored_names, written
from quire._types._config import config_of
from quire._types._description import DEFAULT_FACTORY, DEFAULT_VALUE, NO_DEFAULT, Node, RecordInfo
from quire._types._fields import describe_field, finish_fields, unwrap
from quire._types._generated import generated_init, is_plain, parameters
from quire._types._graph import type_name
from quire._types._scope import Scope, is_partial, own_annotations, scopes_of

__all__ = ["read"]


def read(graph, cls, numbers):
    config = config_of(graph, cls)
    scopes = scopes_of(cls, numbers)
    members = _members(cls)
    frozen = cls.__dataclass_params__.frozen
    plain = _is_generated(cls, members) and is_plain(cls, frozen)
    form = "dataclass" if plain else "call"
    fields = []
    for member in members:
        with graph.at(f"{type_name(cls)}.{member.name}"):
            found = unwrap(graph, *_annotation(cls, member, scopes))
            # What a class that is called does about a missing argument is its business, and so is what __init__ does not take.
            required = _default(member)[0] == NO_DEFAULT and member.init if form == "call" or not member.init else None
            fields.append(
                describe_field(
                    graph,
                    found,
                    member.name,
                    default=_default(member),
                    required=required,
                    init=member.init,
                    stored=not found.init_variable,
                    config=config,
                )
            )
    computed = computed_of(graph, cls, config, fields)
    info = RecordInfo(
        form=form,
        fields=finish_fields(graph, fields, config),
        tag_field=config.tag_field,
        tag=config.tag,
        unknown=config.unknown,
        array=config.array,
        post_init=hasattr(cls, "__post_init__"),
        frozen=frozen,
        computed=written(cls, computed),
        ignored=ignored_names(config, computed),
    )
    return Node("record", cls=cls, info=info)


def _members(cls):
    """The fields and InitVars, in order: the latter are no fields to dataclasses.fields()."""
    fields = {f.name for f in dataclasses.fields(cls)}
    return [f for f in cls.__dataclass_fields__.values() if f.name in fields or _is_init_variable(f)]


def _is_init_variable(member):
    return member._field_type is dataclasses._FIELD_INITVAR


def _is_generated(cls, members):
    init = generated_init(cls, "<string>")
    if init is None or any(_is_init_variable(member) for member in members):
        return False
    return parameters(init) == {member.name for member in members if member.init}


def _annotation(cls, member, scopes):
    for klass in cls.__mro__:
        own = {} if is_partial(klass) else own_annotations(klass)
        if member.name in own:
            return own[member.name], scopes[klass]
    return member.type, Scope(cls)  # dataclasses.make_dataclass, or a class that has lost its annotations


def _default(member):
    if member.default is not dataclasses.MISSING:
        return DEFAULT_VALUE, member.default
    if member.default_factory is not dataclasses.MISSING:
        return DEFAULT_FACTORY, member.default_factory
    return NO_DEFAULT, None
