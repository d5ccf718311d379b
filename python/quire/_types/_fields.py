# SPDX-License-Identifier: Apache-2.0
"""One field of any class: its annotation without the wrappers, its name in the document, its default."""

from __future__ import annotations

import sys
import typing

from quire import _core
from quire._types._config import NO_CONFIG, OMIT
from quire._types._description import DEFAULT_VALUE, NO_DEFAULT, Field
from quire._types._graph import is_text
from quire._types._pydantic import PydanticField, is_pydantic, pydantic_field, understood

__all__ = ["Annotation", "describe_field", "finish_fields", "unwrap"]

_SPEC = type(_core.field())
MAX_FIELDS = 1024  # QR_RECORD_FIELDS of core/plan/plan.h
_QUALIFIERS = {"Required": True, "NotRequired": False, "ReadOnly": None, "Final": None}


# What must be known when the class is made, and is told to whoever makes it (Record, dataclasses.field, attrs.field).
_OF_THE_CLASS = {"kw_only": None, "repr": True, "compare": True, "init": True}


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
    found.metadata = (*_understood(graph, metadata), *found.metadata)


def _understood(graph, metadata):
    """A pydantic.Field(...) as what it says of the field and the constraints in it."""
    for item in metadata:
        given = pydantic_field(graph, item)
        if given is None:
            yield item
        else:
            yield given
            yield from understood(graph, item)


def _name(graph, spec, metadata):
    """The field's name in the document, as far as that is told: by field(name=) or a pydantic.Field(alias=)."""
    names = [item.alias for item in metadata if isinstance(item, PydanticField) and item.alias is not None]
    if spec is not None and spec.name is not None:
        names.append(spec.name)
    if len(set(names)) > 1:
        raise graph.error(f"the field is named {names[0]!r} by pydantic.Field and {names[-1]!r} by another: keep one")
    return names[0] if names else None


def describe_field(graph, found, name, *, default=(NO_DEFAULT, None), required=None, config=NO_CONFIG, spec=None, **more):
    """The Field of an unwrapped annotation. spec: the field(...) that is the field's default value, if there is one."""
    from quire._types._adapters import adapter_of, class_of, describe_annotated
    from quire._types._annotations import describe_annotation

    spec = _one_spec(graph, found.spec, spec)
    more.setdefault("init", spec is None or spec.init)
    checks = {} if spec is None else spec.checks
    wire = _name(graph, spec, found.metadata)
    if is_pydantic(default[1]) and type(default[1]).__name__ == "FieldInfo":
        raise graph.error("a pydantic.Field(...) is the default: write quire.field(...), or Annotated[T, pydantic.Field(...)]")
    metadata = (*found.metadata, adapter_of(graph, checks.pop("adapter"))) if "adapter" in checks else found.metadata
    number, metadata = describe_annotated(graph, found.inner, metadata, found.scope, describe_annotation)
    if metadata or checks:
        from quire._types._bounds import apply_metadata

        number = apply_metadata(graph, number, metadata, checks, class_of(graph, found.inner, found.scope))
    if default[0] == NO_DEFAULT and number in graph.unset and required is None:
        default = DEFAULT_VALUE, _core.UNSET
    return Field(
        name=name,
        wire=config.rename(name) if wire is None else wire,
        aliases=() if spec is None else spec.aliases,
        node=number,
        required=default[0] == NO_DEFAULT if required is None else required,
        default_kind=default[0],
        default=default[1],
        omit=config.omit if spec is None or spec.omit is None else OMIT[spec.omit],
        number=0 if spec is None or spec.number is None else spec.number,
        serialize=spec is None or spec.serialize,
        secret=spec is not None and spec.secret,
        doc=_documentation(found.metadata),
        **more,
    )


def _documentation(metadata):
    """What Annotated says about a field: typing_extensions.Doc, annotated_types.doc and their like."""
    found = None
    for item in metadata:
        text = None if isinstance(item, type) else getattr(item, "documentation", None)
        found = text if isinstance(text, str) else found
    return found


def _one_spec(graph, annotated, assigned):
    if annotated is not None and assigned is not None:
        raise graph.error("the field has a field(...) as its default and another in Annotated: keep one")
    if annotated is not None and (hasattr(annotated, "default") or hasattr(annotated, "default_factory")):
        raise graph.error("a default inside Annotated has no effect: give it behind the annotation, as in `x: ... = default`")
    if annotated is not None:
        for name, otherwise in _OF_THE_CLASS.items():
            if getattr(annotated, name) is not otherwise:
                raise graph.error(
                    f"field({name}=...) inside Annotated has no effect: give it where the class is told of its fields"
                )
    return annotated if assigned is None else assigned


def finish_fields(graph, fields, config=NO_CONFIG):
    """Checks names and numbers of all the fields; in an array they travel in the order of their numbers."""
    if len(fields) > MAX_FIELDS:
        raise graph.error(
            f"the class has {len(fields)} fields, a record may have {MAX_FIELDS}: group some of them in another record"
        )
    owners = {name: "the class keyword reserved" for name in config.reserved if isinstance(name, str)}
    tag_field = config.tag_field
    if tag_field is not None:
        if not is_text(tag_field):
            raise graph.error(f"tag_field must be a str that UTF-8 can hold, got {tag_field!r}")
        owners[tag_field] = "the tag field"
    for field in fields:
        for wire in (field.wire, *field.aliases):
            if not is_text(wire):
                raise graph.error(f"field {field.name}: the name in the document must be a str that UTF-8 can hold, got {wire!r}")
            if wire in owners:
                raise graph.error(_clash(owners[wire], field, wire))
            owners[wire] = f"field {field.name}"
    return _ordered(graph, fields, config)


def _clash(owner, field, wire):
    if owner == f"field {field.name}":
        return f"field {field.name} has the name {wire!r} twice: an alias is a further name"
    if owner == "the class keyword reserved":
        return f"field {field.name} is named {wire!r} in the document, which is reserved"
    return f"{owner} and field {field.name} are both named {wire!r} in the document"


def _ordered(graph, fields, config):
    numbers, reserved = {}, {number for number in config.reserved if not isinstance(number, str)}
    for field in fields:
        if field.number in reserved:
            raise graph.error(f"field {field.name} has the number {field.number}, which is reserved")
        if field.number and field.number in numbers:
            raise graph.error(f"fields {numbers[field.number]} and {field.name} both have the number {field.number}")
        numbers[field.number] = field.name
    if 0 in numbers and len(numbers) > 1:
        raise graph.error(f"field {numbers[0]} has no number but others have: number all of them or none")
    if not config.array:
        return tuple(fields)
    for field in fields:
        if field.omit != OMIT["never"] or not field.serialize or not field.stored:
            raise graph.error(f"field {field.name} must have a place in the array: it cannot be left out of what is written")
    if 0 in numbers or not numbers:
        return tuple(fields)
    return _placed(graph, fields, numbers, reserved, config)


def _placed(graph, fields, numbers, reserved, config):
    """One entry for each place of the array: the number of a field is its place, counted from 1."""
    places = {field.number: field for field in fields}
    # A reader that minds what it does not know has to know of the places at the end, too.
    last = max(*numbers, *reserved, 0) if config.unknown == "error" else max(numbers)
    if last > MAX_FIELDS:
        raise graph.error(f"the array would have {last} places, a record may have {MAX_FIELDS}: a field's number is its place")
    gap = next((n for n in range(1, last + 1) if n not in places and n not in reserved), None)
    if gap is not None:
        raise graph.error(
            f"no field has the number {gap}: an array has a place for each number from 1 on; number the fields without gaps, "
            f"or name the numbers that are no longer used, as in reserved=({gap},)"
        )
    return tuple(places[n] if n in places else _gap(graph, n) for n in range(1, last + 1))


def _gap(graph, number):
    name = f"\0{number}"  # no name that a field can have
    return Field(name, name, (), graph.add("any"), False, NO_DEFAULT, None, OMIT["never"], number, stored=False, gap=True)
