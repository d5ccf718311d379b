# SPDX-License-Identifier: Apache-2.0
"""What is said of a class as a whole: a Record's class keywords, or `quire.config` on a class of another kind."""

from __future__ import annotations

import enum

from quire._types._description import OMIT_DEFAULT, OMIT_NEVER, OMIT_NULL
from quire._types._graph import is_text
from quire._types._names import renamer

__all__ = ["NO_CONFIG", "OMIT", "Config", "config_of", "given_to"]

OMIT = {"never": OMIT_NEVER, "default": OMIT_DEFAULT, "null": OMIT_NULL}
_UNKNOWN = ("skip", "error", "keep")
_LAYOUT = ("object", "array")


class Config:
    """The options of one class, checked; `options` is a mapping of the names that were given."""

    __slots__ = ("array", "omit", "rename", "reserved", "tag", "tag_field", "unknown")

    def __init__(self, graph, cls, options, array=False, keeps=False):
        self.rename = renamer(graph, options.get("rename"))
        self.omit = OMIT[_option(graph, options, "omit", "never", OMIT)]
        self.unknown = _option(graph, options, "unknown", "skip", _UNKNOWN)
        self.array = array or _option(graph, options, "layout", "object", _LAYOUT) == "array"
        self.reserved = _reserved(graph, options.get("reserved"))
        self.tag_field, self.tag = _tag(graph, cls, options)
        if self.unknown == "keep" and not keeps:
            raise graph.error('unknown="keep" needs a Record: no other class has a place for what it does not know')
        if self.unknown == "keep" and self.array:
            raise graph.error('unknown="keep" needs names, and layout="array" has none')


def _option(graph, options, name, default, allowed):
    value = options.get(name)
    if value is None:
        return default
    if not isinstance(value, str) or value not in allowed:
        raise graph.error(f"{name} must be one of {', '.join(map(repr, allowed))}, got {value!r}")
    return value


def _reserved(graph, reserved):
    if reserved is None:
        return ()
    if isinstance(reserved, str) or not hasattr(reserved, "__iter__"):
        raise graph.error(f"reserved must be a tuple of numbers and names, got {reserved!r}")
    reserved = tuple(reserved)
    for item in reserved:
        if not isinstance(item, str | int) or isinstance(item, bool):
            raise graph.error(f"reserved holds numbers and names, got {item!r}")
    return reserved


def _tag(graph, cls, options):
    """(tag_field, tag) or (None, None); a tag_field alone makes the name of the class the tag."""
    tag, tag_field = options.get("tag"), options.get("tag_field")
    if tag is False or tag is None and tag_field is None:
        return None, None
    if tag is None or tag is True:
        tag = _named(cls)
    elif callable(tag):
        tag = tag(_named(cls))
    if isinstance(tag, enum.Enum):
        tag = tag.value
    if not _is_tag(tag):
        raise graph.error(f"the tag must be True, a str, an int of 64 bits or a callable that makes one, got {tag!r}")
    return "type" if tag_field is None else tag_field, tag


def _named(cls):
    return vars(cls).get("__quire_partial_of__", cls).__name__


def _is_tag(tag):
    return type(tag) is int and -(1 << 63) <= tag < 1 << 63 or type(tag) is str and is_text(tag)


NO_CONFIG = Config(None, None, {})


def given_to(cls):
    """The options that `quire.config` was given for a class and its bases. A TypedDict is no subclass of those it is made of."""
    found = {}
    for klass in reversed(cls.__mro__):
        found.update(vars(klass).get("__quire_config__", {}))
    return found


def config_of(graph, cls, array=False):
    """The Config of a class that is no Record."""
    options = given_to(cls)
    return Config(graph, cls, options, array) if options or array else NO_CONFIG
