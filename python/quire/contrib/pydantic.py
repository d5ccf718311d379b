# SPDX-License-Identifier: Apache-2.0
"""Pydantic v2: models and Pydantic's dataclasses, always through Pydantic's own serializer and validator.

quire finds these classes by itself; `adapter` is for those who want the `Adapter` to hold. What is written is what
`model_dump(mode="json", by_alias=True)` gives, and what is read goes through `model_validate_json`, so validators, strict mode,
aliases and computed fields mean what they mean in Pydantic, in every format. The `context` of the call is handed on.
"""

from __future__ import annotations

from typing import Any

from quire.adapters import Adapter, RefusedError
from quire.json import encode as encode_json

__all__ = ["adapter"]


def adapter(cls, /):
    """The Adapter of a Pydantic model or dataclass. Raises TypeError for any other class."""
    if "__pydantic_validator__" not in getattr(cls, "__dict__", ()):
        raise TypeError(f"expected a Pydantic model or dataclass, got {cls!r}")

    def decode(wire, context):
        return _validate(cls.__pydantic_validator__, wire, context, 0)

    return Adapter(wire=_wire(cls), encode=_encode, decode=decode, context=True, schema=lambda mode: _schema(cls, mode))


def _encode(value):
    return type(value).__pydantic_serializer__.to_python(value, mode="json", by_alias=True)


def _validate(validator, wire, context, skipped):
    """skipped: steps of Pydantic's places that are none of the document."""
    from pydantic import ValidationError

    try:
        return validator.validate_json(encode_json(wire), context=context)
    except ValidationError as error:
        raise RefusedError(str(error), [(e["loc"][skipped:], e["msg"], e["input"]) for e in error.errors()]) from error


def _schema(cls, mode):
    """What Pydantic says: JSON Schema 2020-12 as well."""
    from pydantic import TypeAdapter

    return TypeAdapter(cls).json_schema(mode="validation" if mode == "decode" else "serialization", by_alias=True)


def _wire(cls):
    is_object = hasattr(cls, "__pydantic_fields__") and not getattr(cls, "__pydantic_root_model__", False)
    return dict[str, Any] if is_object else Any
