# SPDX-License-Identifier: Apache-2.0
"""marshmallow: a schema as an adapter, for classes that are written and read by one.

    class User: ...
    User.__quire__ = adapter(UserSchema)          # or Annotated[User, adapter(UserSchema)], or Adapters().add(User, ...)

`dump` makes what is written, `load` gets what was read; its errors become faults with their places.
"""

from __future__ import annotations

from typing import Any

from quire.adapters import Adapter, RefusedError

__all__ = ["adapter"]


def adapter(schema, /):
    """The Adapter of a schema: a Schema class or an instance. With many=True it is one of a list."""
    from marshmallow import Schema, ValidationError

    made = schema() if isinstance(schema, type) else schema
    if not isinstance(made, Schema):
        raise TypeError(f"expected a marshmallow Schema, got {schema!r}")

    def decode(wire):
        try:
            return made.load(wire)
        except ValidationError as error:
            raise RefusedError(str(error), list(_places(error.messages, ()))) from error

    item = dict[str, Any]
    return Adapter(
        wire=list[item] if made.many else item,
        encode=made.dump,
        decode=decode,
        schema=lambda mode: _many(made, _object(made, mode == "decode", ())),
    )


# JSON Schema: what marshmallow certainly takes and gives. What a field of another class may do, or a hook before or behind it,
# stays open.

_TEXTS = ("UUID", "DateTime", "NaiveDateTime", "AwareDateTime", "Date", "Time")
_DUMPED = {"Integer": "integer", "Float": "number", "Boolean": "boolean", **dict.fromkeys(_TEXTS, "string")}


def _many(schema, made):
    return {"type": "array", "items": made} if schema.many else made


def _object(schema, load, inside):
    hooks = getattr(schema, "_hooks", {})
    if hooks.get("pre_load" if load else "post_dump") or type(schema) in inside:
        return {"type": "object"}
    fields = schema.load_fields if load else schema.dump_fields
    properties = {field.data_key or name: _field(field, load, (*inside, type(schema))) for name, field in fields.items()}
    made = {"title": type(schema).__name__, "type": "object", "properties": properties}
    required = [field.data_key or name for name, field in fields.items() if field.required and not schema.partial]
    if required and load:
        made["required"] = required
    return {**made, "additionalProperties": False} if load and schema.unknown == "raise" else made


def _field(field, load, inside):
    from marshmallow import fields

    cls = type(field)
    if cls is fields.String:
        made = {"type": "string"}
    elif cls is fields.List:
        made = {"type": "array", "items": _field(field.inner, load, inside)}
    elif cls is fields.Nested:
        made = _object(field.schema, load, inside)
        made = {"type": "array", "items": made} if field.many or field.schema.many else made
    elif cls is fields.Dict:
        made = {"type": "object"}
    elif not load and cls in {getattr(fields, name) for name in _DUMPED}:
        made = {"type": "string" if getattr(field, "as_string", False) else _DUMPED[cls.__name__]}
    else:
        return {}
    return {"anyOf": [made, {"type": "null"}]} if field.allow_none or not load else made


def _places(messages, steps):
    """(steps, message, None) of each message in marshmallow's nested dicts and lists."""
    if isinstance(messages, dict):
        for key, inner in messages.items():
            yield from _places(inner, steps if key == "_schema" else (*steps, key))
    elif isinstance(messages, list):
        for inner in messages:
            yield from _places(inner, steps)
    else:
        yield steps, str(messages), None
