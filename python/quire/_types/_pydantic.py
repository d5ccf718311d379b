# SPDX-License-Identifier: Apache-2.0
"""Pydantic's metadata in the Annotated of a class that is none of Pydantic's: what quire does too is taken, what would be
passed over is a SchemaError that says what to write. Recognised by names, so that nothing has to be imported."""

from __future__ import annotations

import math
import re

__all__ = ["PydanticField", "is_pydantic", "pydantic_field", "understood"]

# Members that describe, or that say what quire does anyway.
_HARMLESS = ("WithJsonSchema", "FailFast")
_FALSE = (None, False)
_ADAPTER = "write an Adapter, as in Annotated[T, Adapter(wire=..., encode=..., decode=...)]"
_INSTEAD = {
    **dict.fromkeys(("BeforeValidator", "PlainValidator", "WrapValidator", "PlainSerializer", "WrapSerializer"), _ADAPTER),
    "AfterValidator": f"{_ADAPTER}, or a check as annotated_types.Predicate(function)",
    "Discriminator": "give the classes a tag or a field with a Literal, by which quire tells them apart",
    "Tag": "give the classes a tag or a field with a Literal, by which quire tells them apart",
    "EncodedBytes": _ADAPTER,
    "EncodedStr": _ADAPTER,
}
_PATHS = {
    "file": lambda path: path.is_file(),
    "dir": lambda path: path.is_dir(),
    "new": lambda path: not path.exists() and path.parent.exists(),
    "socket": lambda path: path.is_socket(),
}
# What a Field may say beside its constraints, its alias and its description.
_OPTIONS = {
    "exclude": "write quire.field(serialize=False)",
    "exclude_if": "write quire.field(omit=...)",
    "frozen": "make the class frozen",
    "init": "write quire.field(init=...)",
    "init_var": "write dataclasses.InitVar",
    "kw_only": "write quire.field(kw_only=...)",
    "validate_default": "check the default where it is written",
}
_GENERAL = {
    "max_digits": "check it by annotated_types.Predicate(function)",
    "decimal_places": "check it by annotated_types.Predicate(function)",
    "ascii_only": "check it by annotated_types.Predicate(str.isascii)",
}


class PydanticField:
    """What a pydantic.Field(...) says of a field: its name in the document and its description, or None."""

    __slots__ = ("alias", "documentation")

    def __init__(self, alias, documentation):
        self.alias = alias
        self.documentation = documentation


class Predicate:
    """As annotated_types.Predicate."""

    __slots__ = ("func",)

    def __init__(self, func):
        self.func = func


def is_pydantic(item):
    return type(item).__module__.partition(".")[0] == "pydantic" and not isinstance(item, type)


def pydantic_field(graph, item):
    """The PydanticField of a FieldInfo, None for any other metadata."""
    if type(item).__name__ != "FieldInfo" or not is_pydantic(item):
        return None
    names = [getattr(item, name, None) for name in ("alias", "validation_alias", "serialization_alias")]
    given = [name for name in names if name is not None]
    if given and (len(given) < 3 or not isinstance(given[0], str) or len(set(map(repr, given))) > 1):
        raise graph.error(
            "pydantic.Field with one name for reading and another for writing: write quire.field(name=..., aliases=(...))"
        )
    return PydanticField(names[0], item.description)


def understood(graph, item):
    """Metadata of Pydantic as metadata that quire knows. What a Field says beside its constraints is the caller's affair."""
    kind = type(item).__name__
    if kind == "FieldInfo":
        _check_options(graph, item)
        for inner in item.metadata:
            yield from understood(graph, inner) if is_pydantic(inner) else (inner,)
    elif kind in ("Strict", "AllowInfNan") or kind.startswith("_PydanticGeneral"):
        for name, value in vars(item).items():
            yield from _general(graph, name, value)
    elif getattr(item, "__is_annotated_types_grouped_metadata__", False):
        for inner in item:
            yield from understood(graph, inner) if is_pydantic(inner) else (inner,)
    elif kind == "UuidVersion":
        yield Predicate(lambda value: value.version == item.uuid_version)
    elif kind == "PathType":
        yield Predicate(_PATHS[item.path_type])
    elif kind not in _HARMLESS:
        raise graph.error(f"{kind} is Pydantic's, and quire would not do what it says: {_INSTEAD.get(kind, _ADAPTER)}")


def _general(graph, name, value):
    if name == "pattern" and value is not None:
        yield re.compile(value)
    elif name == "allow_inf_nan":
        if value is False:
            yield Predicate(math.isfinite)
    elif name == "strict":
        if value is False:
            raise graph.error("strict=False is Pydantic's: quire is told when it reads, as in decode(..., strict=False)")
    elif name != "fail_fast" and value not in _FALSE:
        raise graph.error(f"{name}={value!r} is Pydantic's, and quire would not do it: {_GENERAL.get(name, _ADAPTER)}")


def _check_options(graph, item):
    if type(item.default).__name__ != "PydanticUndefinedType" and item.default is not ... or item.default_factory is not None:
        raise graph.error("a default inside Annotated has no effect: give it behind the annotation, as in `x: ... = default`")
    for name, instead in _OPTIONS.items():
        if getattr(item, name, None) not in _FALSE and not (name == "init" and item.init is True):
            raise graph.error(f"pydantic.Field({name}=...) is passed over by quire: {instead}")
    if item.repr is False:
        raise graph.error("pydantic.Field(repr=False) is passed over by quire: write quire.field(repr=False)")
    discriminator = getattr(item, "discriminator", None)
    if discriminator is not None and not isinstance(discriminator, str):
        raise graph.error(f"a function as discriminator is Pydantic's: {_INSTEAD['Discriminator']}")
