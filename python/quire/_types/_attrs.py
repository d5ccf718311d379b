# SPDX-License-Identifier: Apache-2.0
"""attrs classes. One whose generated __init__ does nothing but store is built by setting its attributes; a converter, a
validator, a default made from self or a hook make it a class that is called."""

from __future__ import annotations

from quire._types._computed import computed_of, ignored_names
from quire._types._config import config_of
from quire._types._description import DEFAULT_FACTORY, DEFAULT_VALUE, NO_DEFAULT, Node, RecordInfo
from quire._types._fields import describe_field, finish_fields, unwrap
from quire._types._generated import generated_init, is_plain
from quire._types._graph import type_name
from quire._types._scope import Scope, own_annotations, scopes_of

__all__ = ["read"]


def read(graph, cls, numbers):
    config = config_of(graph, cls)
    scopes = scopes_of(cls, numbers)
    members = cls.__attrs_attrs__
    frozen = getattr(cls.__setattr__, "__name__", "").startswith("_frozen")
    form = "dataclass" if _only_stores(cls, members) and is_plain(cls, frozen) else "call"
    fields = []
    for member in members:
        with graph.at(f"{type_name(cls)}.{member.name}"):
            found = unwrap(graph, *_annotation(graph, cls, member, scopes))
            default = _default(member, form)
            # What a class that is called does about a missing argument is its own business.
            required = not _has_default(member) and member.init if form == "call" or not member.init else None
            fields.append(
                describe_field(
                    graph,
                    found,
                    member.name,
                    default=default,
                    required=required,
                    init=member.init,
                    keyword=member.alias,
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
        post_init=False,
        frozen=frozen,
        computed=computed,
        ignored=ignored_names(config, computed),
    )
    return Node("record", cls=cls, info=info)


def _only_stores(cls, members):
    if generated_init(cls, "<attrs generated") is None:
        return False
    if hasattr(cls, "__attrs_pre_init__") or hasattr(cls, "__attrs_post_init__"):
        return False
    return not any(m.converter or m.validator or m.on_setattr or _takes_self(m) for m in members)


def _takes_self(member):
    return getattr(member.default, "takes_self", False)


def _has_default(member):
    import attr

    return member.default is not attr.NOTHING


def _default(member, form):
    import attr

    if not _has_default(member) or form == "call" and _takes_self(member):
        return NO_DEFAULT, None
    if isinstance(member.default, attr.Factory):
        return DEFAULT_FACTORY, member.default.factory
    return DEFAULT_VALUE, member.default


def _annotation(graph, cls, member, scopes):
    for klass in cls.__mro__:
        own = own_annotations(klass)
        if member.name in own:
            return own[member.name], scopes[klass]
    if member.type is None:
        raise graph.error("the attribute has no type: annotate it")
    return member.type, Scope(cls)
