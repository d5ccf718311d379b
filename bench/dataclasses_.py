# SPDX-License-Identifier: Apache-2.0
"""The typed tasks through plain dataclasses, against msgspec on the same dataclasses."""

from __future__ import annotations

from bench import contenders, targets, tasks
from bench.documents import MESSAGE, Document
from bench.result import Result, Settings, timed

TITLE = "Dataclasses"
TASKS = ("typed-json-decode", "typed-json-encode", "typed-msgpack-decode", "typed-msgpack-encode")


def takes(document: Document) -> bool:
    return document.shape != MESSAGE and document.model is not None


def run(document: Document, settings: Settings):
    must, goal = targets.DATACLASSES
    for task in TASKS:
        format, direction, _ = tasks.TASKS[task]
        field = tasks.typed(document, format, direction, entrants=contenders.DATACLASSES)
        name = f"dataclass-{format}-{direction}"
        result = Result("dataclasses_", name, document.name, document.shape, document.judged, must=must, goal=goal)
        result.absent = field.absent
        yield timed(result, field.contenders, settings, rivals=("msgspec",))
