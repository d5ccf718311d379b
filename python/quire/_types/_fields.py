# SPDX-License-Identifier: Apache-2.0
"""One field of any class: its annotation without the wrappers, its name in the document, its default."""

from __future__ import annotations

import sys
import typing

from quire import _core
from quire._types._description import DEFAULT_VALUE, NO_DEFAULT, Field
from quire._types._graph import is_text

__all__ = ["Annotation", "describe_field", "finish_fields", "unwrap"]

_SPEC = type(_core.field())
_QUALIFIERS = {"Required": True, "NotRequired": False, "ReadOnly": None, "Final": None}


class Annotation:
    """An annotation taken out of ClassVar, InitVar, Final, Required, NotRequired, ReadOnly and Annotated."""

    __slots__ = ("class_variable", "init_variable", "inner", "metadata", "required", "scope", "spec")

    def __init__(self, inner, scope):
        self.inner = inner
        self.scope = scope
        self.metadata = ()
        self.spec = None  # a quire.field(...) inside Annotated
        self.required = None  # what Required or NotRequired say
        self.class_variable = self.init_variable = False


def unwrap(graph, annotation, scope):
    found = Annotation(annotation, scope)
    while True:
        if isinstance(found.inner, str | typing.ForwardRef):
            found.inner = scope.evaluate(graph, found.inner)
        origin = typing.get_origin(found.inner) or found.inner
        if origin is typing.ClassVar:
            found.class_variable = True
            return found
        if origin is typing.Annotated:
            _take_metadata(graph, found, found.inner.__metadata__)
            found.inner = found.inner.__origin__
        elif _is_init_variable(found.inner):
            found.init_variable = True
            found.inner = found.inner.type
        elif origin is not found.inner and (name := _qualifier(origin)) is not None:
            if _QUALIFIERS[name] is not None:
                found.required = _QUALIFIERS[name]
            found.inner = typing.get_args(found.inner)[0]
        elif origin is typing.Final:
            raise graph.error("Final needs the type: write Final[...]")
        else:
            return found


def _is_init_variable(annotation):
    dataclasses = sys.modules.get("dataclasses")
    return dataclasses is not None and isinstance(annotation, dataclasses.InitVar)


def _qualifier(origin):
    name = getattr(origin, "__name__", None)
    return name if name in _QUALIFIERS and type(origin).__module__ in ("typing", "typing_extensions") else None


def _take_metadata(graph, found, metadata):
    specs = [item for item in metadata if isinstance(item, _SPEC)]
    if len(specs) > 1 or specs and found.spec is not None:
        raise graph.error("two field(...) in one annotation")
    found.spec = specs[0] if specs else found.spec
    found.metadata = (*metadata, *found.metadata)


def describe_field(graph, found, name, *, default=(NO_DEFAULT, None), required=None, wire=None, spec=None, omit=0, **more):
    """The Field of an unwrapped annotation. spec: the field(...) that is the field's default value, if there is one."""
    from quire._types._annotations import describe_annotation

    spec = _one_spec(graph, found.spec, spec)
    number = describe_annotation(graph, found.inner, found.scope)
    if found.metadata:
        from quire._types._bounds import apply_metadata

        number = apply_metadata(graph, number, found.metadata)
    if default[0] == NO_DEFAULT and number in graph.unset and required is None:
        default = DEFAULT_VALUE, _core.UNSET
    return Field(
        name=name,
        wire=next(text for text in (_member(spec, "name"), wire, name) if text is not None),
        aliases=tuple(_member(spec, "aliases") or ()),
        node=number,
        required=default[0] == NO_DEFAULT if required is None else required,
        default_kind=default[0],
        default=default[1],
        omit=omit,
        number=_number(graph, spec),
        init=more.pop("init", True),
        **more,
    )


def _one_spec(graph, annotated, assigned):
    if annotated is not None and assigned is not None:
        raise graph.error("the field has a field(...) as its default and another in Annotated: keep one")
    if annotated is not None and (hasattr(annotated, "default") or hasattr(annotated, "default_factory")):
        raise graph.error("a default inside Annotated has no effect: give it behind the annotation, as in `x: ... = default`")
    return annotated if assigned is None else assigned


def _member(spec, name):
    return getattr(spec, name, None)


def _number(graph, spec):
    number = _member(spec, "number")
    if number is None:
        return 0
    if type(number) is not int or number < 1:
        raise graph.error(f"the field number must be an int above 0, got {number!r} (for a default write default={number!r})")
    return number


def finish_fields(graph, fields, tag_field=None, array=False):
    """Checks names and numbers of all the fields; in an array they travel in the order of their numbers."""
    owners = {}
    if tag_field is not None:
        if not is_text(tag_field):
            raise graph.error(f"tag_field must be a str that UTF-8 can hold, got {tag_field!r}")
        owners[tag_field] = "the tag field"
    for field in fields:
        for wire in (field.wire, *field.aliases):
            if not is_text(wire):
                raise graph.error(f"field {field.name}: the name in the document must be a str that UTF-8 can hold, got {wire!r}")
            if wire in owners:
                raise graph.error(f"{owners[wire]} and field {field.name} are both named {wire!r} in the document")
            owners[wire] = f"field {field.name}"
    return _ordered(graph, fields, array)


def _ordered(graph, fields, array):
    numbers = {}
    for field in fields:
        if field.number and field.number in numbers:
            raise graph.error(f"fields {numbers[field.number]} and {field.name} both have the number {field.number}")
        numbers[field.number] = field.name
    if 0 in numbers and len(numbers) > 1:
        raise graph.error(f"field {numbers[0]} has no number but others have: number all of them or none")
    if not array or 0 in numbers or not numbers:
        return tuple(fields)
    gap = next((n for n in range(1, len(fields) + 1) if n not in numbers), None)
    if gap is not None:
        raise graph.error(f"no field has the number {gap}: an array has a place for each number from 1 on")
    return tuple(sorted(fields, key=lambda field: field.number))
