# SPDX-License-Identifier: Apache-2.0
"""quire.Record: names, defaults and class keywords come from the metaclass, the annotations are evaluated here."""

from __future__ import annotations

from quire._types._computed import computed_of, ignored_names, written
from quire._types._config import Config
from quire._types._description import NO_DEFAULT, Node, RecordInfo
from quire._types._fields import describe_field, finish_fields, unwrap
from quire._types._graph import type_name
from quire._types._scope import is_partial, own_annotations, scopes_of

__all__ = ["read"]


def read(graph, cls, numbers):
    options = cls.__record_options__
    if options.get("mixin"):
        raise graph.error("the class is a mixin, which has no instances: use a class that inherits from it")
    defaults = cls.__record_defaults__
    specs = cls.__record_specs__
    config = Config(graph, cls, options, keeps=True)
    scopes = scopes_of(cls, numbers)
    fields = []
    for name in cls.__record_fields__:
        with graph.at(f"{type_name(cls)}.{name}"):
            found = unwrap(graph, *_annotation(graph, cls, name, scopes))
            if found.class_variable or found.init_variable:
                raise graph.error("a field of a Record cannot be a ClassVar or an InitVar")
            default = defaults.get(name, (NO_DEFAULT, None))
            spec = specs.get(name)
            if found.spec is not None and found.spec.secret:
                raise graph.error("secret=True inside Annotated is not seen by repr(): write `= field(secret=True)` behind it")
            # What __init__ does not take and nothing is said about may be left to __post_init__.
            required = False if spec is not None and not spec.init else None
            fields.append(describe_field(graph, found, name, default=default, required=required, spec=spec, config=config))
    computed = computed_of(graph, cls, config, fields)
    info = RecordInfo(
        form="record",
        fields=finish_fields(graph, fields, config),
        tag_field=config.tag_field,
        tag=config.tag,
        unknown=config.unknown,
        array=config.array,
        post_init=hasattr(cls, "__post_init__"),
        frozen=bool(options.get("frozen", False)),
        computed=written(cls, computed),
        ignored=ignored_names(config, computed),
    )
    return Node("record", cls=cls, info=info)


def _annotation(graph, cls, name, scopes):
    """The annotation of a field and the scope it is written in."""
    for klass in cls.__mro__:
        own = {} if is_partial(klass) else own_annotations(klass)
        if name in own:
            return own[name], scopes[klass]
    raise graph.error("the field has lost its annotation")
