# SPDX-License-Identifier: Apache-2.0
"""JSON to and from classes."""

from __future__ import annotations

from bench import targets, tasks
from bench.documents import MESSAGE, Document
from bench.result import Result, Settings, timed

TITLE = "Typed JSON"
TASKS = ("typed-json-decode", "typed-json-encode")


def takes(document: Document) -> bool:
    return document.shape != MESSAGE and document.model is not None


def run(document: Document, settings: Settings):
    for task in TASKS:
        field = tasks.prepare(task, document)
        must, goal = targets.ratio(task, document.shape)
        result = Result("typed_json", task, document.name, document.shape, document.judged, must=must, goal=goal)
        result.absent = field.absent
        yield timed(result, field.contenders, settings)
