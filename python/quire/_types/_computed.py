# SPDX-License-Identifier: Apache-2.0
"""quire.computed: properties that are written to documents."""

from __future__ import annotations

import sys

from quire._types._config import OMIT
from quire._types._graph import is_text
from quire._types._scope import is_partial

__all__ = ["computed_of", "ignored_names", "written"]


def computed_of(graph, cls, config, fields):
    """RecordInfo.computed: the computed properties of a class, those of its bases first."""
    module = sys.modules.get("quire._computed")
    if module is None:  # nobody has asked for the decorator
        return ()
    found = {}
    for klass in reversed(cls.__mro__):
        for name, value in vars(klass).items():
            if isinstance(value, module.computed):
                found[name] = value
            else:
                found.pop(name, None)
    if found and config.array:
        raise graph.error(f"the computed property {next(iter(found))} has no place in an array")
    owners = {wire: f"field {field.name}" for field in fields for wire in (field.wire, *field.aliases)}
    owners[config.tag_field] = "the tag field"
    made = []
    for name, value in found.items():
        wire = config.rename(name) if value.wire is None else value.wire
        if not is_text(wire):
            raise graph.error(
                f"computed property {name}: the name in the document must be a str that UTF-8 can hold, got {wire!r}"
            )
        if wire in owners:
            raise graph.error(f"{owners[wire]} and computed property {name} are both named {wire!r} in the document")
        owners[wire] = f"computed property {name}"
        omit = config.omit if value.omit is None else OMIT[value.omit]
        made.append((sys.intern(name), sys.intern(wire), omit == OMIT["null"]))
    return tuple(made)


def ignored_names(config, computed):
    """RecordInfo.ignored: what older and own documents have and nobody reads."""
    return (*(wire for _, wire, _ in computed), *(name for name in config.reserved if isinstance(name, str)))


def written(cls, computed):
    """Those that are written: none of a Partial, for they may rely on fields that are not there."""
    return () if is_partial(cls) else computed
