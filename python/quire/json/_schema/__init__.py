# SPDX-License-Identifier: Apache-2.0
"""JSON Schema 2020-12 of a type. Made once per type, so all of it is Python, and none of it is imported before it is asked for.

It is made from what the decoder is made from, the described graph of the type (`quire._types`), so that both say the same.

_nodes      the schema of each kind of node, and which of them are named in $defs
_objects    records and their like, by name and by place
_unions     which of several: tags, keys, kinds
_texts      what stands in a string: dates, numbers, base64 ..., also where it is a key
_patterns   a regular expression of Python as one of ECMA-262
_names      names, titles and descriptions
"""

from __future__ import annotations

__all__ = ["schema"]

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema(type, /, *, mode="decode", formats="exact", ref_template="#/$defs/{name}", adapters=None):
    """The JSON Schema (2020-12) of the documents of a type, as a dict that is JSON itself.

    mode: "decode" for what is accepted, "encode" for what is written: they differ by defaults, aliases, computed fields and the
    like. formats: "exact" says the grammar of a text as `pattern`, and `format` only where a validator that asserts it agrees;
    "hint" says `format` alone, for tools that make code or forms of it. ref_template: how a name in $defs is referred to.
    adapters: as for `decode`.

    Raises SchemaError for a type that is not supported, ValueError for an option that does not exist. docs/schema.md lists what a
    schema cannot say.
    """
    from quire.json._schema._nodes import Builder

    for name, value, allowed in (("mode", mode, ("decode", "encode")), ("formats", formats, ("exact", "hint"))):
        if value not in allowed:
            raise ValueError(f"{name} must be {allowed[0]!r} or {allowed[1]!r}, got {value!r}")
    if not isinstance(ref_template, str) or "{name}" not in ref_template:
        raise ValueError(f"ref_template must be a str with {{name}} in it, got {ref_template!r}")
    return {"$schema": DIALECT, **Builder(type, mode, formats == "exact", ref_template, adapters).document()}
