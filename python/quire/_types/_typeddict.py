# SPDX-License-Identifier: Apache-2.0
"""TypedDict: a dict with known keys; Required, NotRequired, ReadOnly and total=False are followed."""

from __future__ import annotations

import typing

from quire._types._computed import ignored_names
from quire._types._config import OMIT, config_of
from quire._types._description import Node, RecordInfo
from quire._types._fields import describe_field, finish_fields, unwrap
from quire._types._graph import type_name
from quire._types._scope import Scope, is_partial, own_annotations

__all__ = ["read"]


def read(graph, cls, numbers):
    config = config_of(graph, cls)
    if config.tag_field is not None:
        raise graph.error(
            f"a dict does not say that it is a {type_name(cls)}, so it has no tag: declare one as a key, "
            f"as in {config.tag_field}: Literal[{config.tag!r}]"
        )
    fields = []
    variables = dict(zip(getattr(cls, "__parameters__", ()), numbers, strict=False))
    for name, (annotation, scope) in _annotations(cls, variables).items():
        with graph.at(f"{type_name(cls)}[{name!r}]"):
            found = unwrap(graph, annotation, scope)
            required = name in cls.__required_keys__ if found.required is None else found.required
            required = required and not is_partial(cls)
            field = describe_field(graph, found, name, required=required, config=config)
            _check(graph, field, config)
            fields.append(field)
    info = RecordInfo(
        form="typeddict",
        fields=finish_fields(graph, fields, config),
        tag_field=config.tag_field,
        tag=config.tag,
        unknown=config.unknown,
        array=config.array,
        post_init=False,
        frozen=False,
        ignored=ignored_names(config, ()),
    )
    return Node("record", cls=cls, info=info)


def _check(graph, field, config):
    if field.omit == OMIT["default"]:
        raise graph.error('omit="default" has no meaning: a key of a TypedDict has no default; NotRequired may be left out')
    if config.array and not field.required:
        raise graph.error('layout="array" has a place for every key: NotRequired cannot be left out of it')


def _annotations(cls, variables):
    """key -> (annotation, scope). A TypedDict is no subclass of its bases and repeats their annotations, so that what is
    the very object of a base is taken as the base's, with what the base's type variables stand for."""
    scope = Scope(cls, variables)
    inherited = {}
    for base in cls.__dict__.get("__orig_bases__", ()):
        origin = typing.get_origin(base) or base
        if hasattr(origin, "__required_keys__"):
            parameters = getattr(origin, "__parameters__", ())
            arguments = typing.get_args(base)
            inherited.update(_annotations(origin, {p: (a, scope) for p, a in zip(parameters, arguments, strict=False)}))
    found = {}
    for name, annotation in own_annotations(cls).items():
        known = inherited.get(name)
        found[name] = known if known is not None and known[0] is annotation else (annotation, scope)
    return found
