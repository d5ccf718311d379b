# SPDX-License-Identifier: Apache-2.0
"""What must hold and what is aimed for, as a ratio to the best peer's time unless said otherwise.

Both columns have to hold, on Python 3.11 and 3.13, on every judged document.
"""

from __future__ import annotations

import sys

from bench.documents import FLOATS, OBJECTS, TINY
from bench.graphs import ARRAY, CODE, GRAPH, INSTANCES, PLAIN, SLOTTED

VERSION = sys.version_info[:2]

Pair = tuple[float | None, float | None]
NONE: Pair = (None, None)

# task: {shape: (must, goal)}; a shape that is not listed is judged as objects
RATIOS: dict[str, dict[str, Pair]] = {
    "json-decode": {OBJECTS: (0.85, 0.55), FLOATS: (0.95, 0.80)},
    "json-encode": {OBJECTS: (0.90, 0.70), FLOATS: (0.95, 0.70)},
    "msgpack-decode": {OBJECTS: (0.80, 0.50), FLOATS: (0.95, 0.70)},
    "msgpack-encode": {OBJECTS: (0.90, 0.65), FLOATS: (0.98, 0.90)},
    "typed-json-decode": {OBJECTS: (0.80, 0.50), TINY: (0.92, 0.80), FLOATS: (0.92, 0.80)},
    "typed-json-encode": {OBJECTS: (0.75, 0.40), TINY: (0.85, 0.40), FLOATS: (0.85, 0.40)},
    "typed-msgpack-decode": {OBJECTS: (0.80, 0.50), TINY: (0.92, 0.75), FLOATS: (0.92, 0.75)},
    "typed-msgpack-encode": {OBJECTS: (0.80, 0.50), FLOATS: (0.95, 0.90)},
    "dropin-json": {
        OBJECTS: (1 / 3, 0.25),
        FLOATS: (1.0, 1 / 3),
    },  # three times as fast as the standard library on objects and text
}

# on 3.13 untyped decoding has to do without what 3.11 offers
RATIOS_313: dict[str, dict[str, Pair]] = {
    "json-decode": {OBJECTS: (0.95, 0.55), FLOATS: (1.0, 0.80)},
    "msgpack-decode": {OBJECTS: (0.90, 0.50), FLOATS: (0.95, 0.70)},
}

DROP_IN_MSGPACK: Pair = (0.7, 0.4)  # of the package whose place it takes
# of the standard library's C pickle; (task, shape)
PICKLE: dict[tuple[str, str], Pair] = {
    ("dumps", PLAIN): (0.60, 0.45),
    ("dumps lean", PLAIN): (0.35, 0.25),
    ("loads", PLAIN): (0.65, 0.50),
    ("dumps", INSTANCES): (0.20, 0.12),
    ("loads", INSTANCES): (0.55, 0.40),
    ("dumps", SLOTTED): (0.12, 0.06),
    ("loads", SLOTTED): (0.30, 0.18),
    ("dumps", GRAPH): (0.50, None),
    ("loads", GRAPH): (0.60, None),
    ("dumps", ARRAY): (1.10, None),  # of a copy of its bytes
    ("dumps out of band", ARRAY): (1.0, None),
    ("loads out of band", ARRAY): (1.0, None),
    ("decode of a type", ""): (1.0, None),
    ("load of a file", ""): (1.0, None),
}
MARSHAL: dict[tuple[str, str], Pair] = {
    (PLAIN, "dumps"): (0.60, None),
    (PLAIN, "loads"): (0.65, None),
    (CODE, "dumps"): (1.0, None),
    (CODE, "loads"): (1.0, None),
}
DATACLASSES: Pair = (0.75, 0.50)  # of msgspec on the same dataclasses
CANONICAL: dict[str, Pair] = {"canonical": (1.5, 1.2), "canonical, a new Encoder": (1.5, 1.2), "sorted": NONE}  # of plain output
STREAM: Pair = (None, 1.05)  # of quire's own decode, a call for each document
MESSAGE: Pair = (0.90, 0.60)
RECORDS: Pair = (0.95, 0.80)  # of msgspec
MEMORY_OVER_HELD: Pair = (1.15, None)  # peak less 256 KB, over what the result holds
MEMORY_SLACK_KB = 256
MEMORY_AGAINST_MSGSPEC: Pair = (None, 0.75)  # peak, on dicts
IMPORT_MS: Pair = (6.0, 2.0) if VERSION >= (3, 13) else NONE
IMPORT_MUST_NOT_LOAD = ("typing", "re", "json", "enum", "datetime", "dataclasses")


def ratio(task: str, shape: str) -> Pair:
    """Must and goal of a task on documents of a shape."""
    shapes = RATIOS[task]
    if VERSION == (3, 13):
        shapes = RATIOS_313.get(task, shapes)
    return shapes.get(shape, shapes[OBJECTS])
