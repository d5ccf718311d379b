# SPDX-License-Identifier: Apache-2.0
"""quire.Record: names, defaults and class keywords come from the metaclass, the annotations are evaluated here."""

from __future__ import annotations

from quire._types._description import NO_DEFAULT, OMIT_DEFAULT, OMIT_NEVER, OMIT_NULL, Node, RecordInfo
from quire._types._fields import describe_field, finish_fields, unwrap
from quire._types._graph import is_text, type_name
from quire._types._names import renamer
from quire._types._scope import own_annotations, scopes_of

__all__ = ["read"]

_OMIT = {"never": OMIT_NEVER, "default": OMIT_DEFAULT, "null": OMIT_NULL}
_UNKNOWN = ("skip", "error")
_LAYOUT = ("object", "array")


def read(graph, cls, numbers):
    options = cls.__record_options__
    defaults = cls.__record_defaults__
    specs = cls.__record_specs__
    rename = renamer(graph, options.get("rename"))
    omit = _OMIT[_option(graph, options, "omit", "never", _OMIT)]
    scopes = scopes_of(cls, numbers)
    fields = []
    for name in cls.__record_fields__:
        with graph.at(f"{type_name(cls)}.{name}"):
            found = unwrap(graph, *_annotation(graph, cls, name, scopes))
            if found.class_variable or found.init_variable:
                raise graph.error("a field of a Record cannot be a ClassVar or an InitVar")
            default = defaults.get(name, (NO_DEFAULT, None))
            fields.append(describe_field(graph, found, name, default=default, wire=rename(name), spec=specs.get(name), omit=omit))
    tag_field, tag = _tag(graph, cls, options)
    array = _option(graph, options, "layout", "object", _LAYOUT) == "array"
    info = RecordInfo(
        form="record",
        fields=finish_fields(graph, fields, tag_field, array),
        tag_field=tag_field,
        tag=tag,
        unknown=_option(graph, options, "unknown", "skip", _UNKNOWN),
        array=array,
        post_init=hasattr(cls, "__post_init__"),
        frozen=bool(options.get("frozen", False)),
    )
    return Node("record", cls=cls, info=info)


def _annotation(graph, cls, name, scopes):
    """The annotation of a field and the scope it is written in."""
    for klass in cls.__mro__:
        own = own_annotations(klass)
        if name in own:
            return own[name], scopes[klass]
    raise graph.error("the field has lost its annotation")


def _option(graph, options, name, default, allowed):
    value = options.get(name)
    if value is None:
        return default
    if value not in allowed:
        raise graph.error(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")
    return value


def _tag(graph, cls, options):
    """(tag_field, tag) or (None, None); a tag_field alone makes the name of the class the tag."""
    tag, tag_field = options.get("tag"), options.get("tag_field")
    if tag is False or tag is None and tag_field is None:
        return None, None
    if tag is None or tag is True:
        tag = cls.__name__
    elif callable(tag):
        tag = tag(cls.__name__)
    if not _is_tag(tag):
        raise graph.error(f"the tag must be True, a str, an int of 64 bits or a callable that makes one, got {tag!r}")
    return "type" if tag_field is None else tag_field, tag


def _is_tag(tag):
    return type(tag) is int and -(1 << 63) <= tag < 1 << 63 or type(tag) is str and is_text(tag)
