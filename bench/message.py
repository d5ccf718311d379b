# SPDX-License-Identifier: Apache-2.0
"""One message of 300 bytes a call: what a call costs, with a prepared decoder or encoder and without."""

from __future__ import annotations

from bench import contenders, targets, tasks
from bench.documents import MESSAGE, Document
from bench.result import Result, Settings, timed

TITLE = "Small message, a call"


def takes(document: Document) -> bool:
    return document.shape == MESSAGE


def run(document: Document, settings: Settings):
    for task in tasks.TASKS:
        yield measured(task, tasks.prepare(task, document), document, settings)
    for format in (contenders.JSON, contenders.MSGPACK):
        for direction in ("decode", "encode"):
            field = tasks.typed(document, format, direction, entrants=contenders.CALLS)
            yield measured(f"typed-{format}-{direction} by function", field, document, settings)


def measured(task: str, field: tasks.Field, document: Document, settings: Settings) -> Result:
    must, goal = targets.MESSAGE
    result = Result("message", task, document.name, document.shape, document.judged, must=must, goal=goal)
    result.absent = field.absent
    return timed(result, field.contenders, settings)
