# SPDX-License-Identifier: Apache-2.0
"""JSON to and from dicts, lists and scalars."""

from __future__ import annotations

from bench import targets, tasks
from bench.documents import MESSAGE, Document
from bench.result import Result, Settings, timed

TITLE = "Untyped JSON"
TASKS = ("json-decode", "json-encode")


def takes(document: Document) -> bool:
    return document.shape != MESSAGE


def run(document: Document, settings: Settings):
    for task in TASKS:
        field = tasks.prepare(task, document)
        must, goal = targets.ratio(task, document.shape)
        result = Result("untyped_json", task, document.name, document.shape, document.judged, must=must, goal=goal)
        result.absent = field.absent
        yield timed(result, field.contenders, settings)
