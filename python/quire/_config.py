# SPDX-License-Identifier: Apache-2.0
"""quire.config: for dataclasses, attrs classes, TypedDict and NamedTuple what class keywords are for a Record."""

from quire._core import RecordMeta
from quire.errors import SchemaError, nearest

__all__ = ["config"]

_OPTIONS = ("rename", "unknown", "omit", "layout", "reserved", "tag", "tag_field")
_OF_RECORDS = ("frozen", "order", "eq", "kw_only", "validate", "weakref", "mixin")


def config(**options):
    """A class decorator: `@quire.config(rename="camel", omit="default")`. Subclasses inherit what is given (but a TypedDict is
    no subclass of its bases).

    The options mean what they mean as class keywords of a Record (docs/records.md). Raises SchemaError for one that does not
    exist; their values are checked when the type is first used.
    """
    for name in options:
        if name not in _OPTIONS:
            if name in _OF_RECORDS:
                raise SchemaError(
                    f"quire.config has no option {name!r}: it is a class keyword of Record, for it is about making the class"
                )
            near = nearest(name, _OPTIONS)
            hint = f"did you mean {near}?" if near else f"there are {', '.join(_OPTIONS)}"
            raise SchemaError(f"quire.config has no option {name!r}: {hint}")

    def decorate(cls):
        if not isinstance(cls, type):
            raise SchemaError(f"quire.config decorates a class, not {cls!r}")
        if isinstance(cls, RecordMeta):
            raise SchemaError(f"{cls.__qualname__} is a Record: give it class keywords, as in class {cls.__name__}(Record, ...)")
        cls.__quire_config__ = {**vars(cls).get("__quire_config__", {}), **options}
        if "__quire_plan__" in vars(cls):
            del cls.__quire_plan__
        return cls

    return decorate
