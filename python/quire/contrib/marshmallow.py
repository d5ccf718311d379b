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
    return Adapter(wire=list[item] if made.many else item, encode=made.dump, decode=decode)


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
