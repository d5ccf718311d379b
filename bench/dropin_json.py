# SPDX-License-Identifier: Apache-2.0
"""quire.json in place of the standard library's json: the same calls, the same results, str and all."""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from typing import Any

from bench import contenders as table
from bench import targets
from bench.documents import Document
from bench.result import Result, Settings, timed
from bench.tasks import Field

TITLE = "In place of json"


def wide(module) -> Callable[[Any], str]:
    dumps = module.dumps
    return lambda value: dumps(value, ensure_ascii=False)


def pretty(module) -> Callable[[Any], str]:
    dumps = module.dumps
    return lambda value: dumps(value, indent=2)


# task: (what the module's function is, is it given text or bytes or an object)
TASKS: dict[str, tuple[Callable[[Any], Callable], str]] = {
    "json.loads str": (lambda module: module.loads, "text"),
    "json.loads bytes": (lambda module: module.loads, "data"),
    "json.dumps": (lambda module: module.dumps, "object"),
    "json.dumps ensure_ascii=False": (wide, "object"),
    "json.dumps indent=2": (pretty, "object"),
}


def takes(document: Document) -> bool:
    return True


def prepare(task: str, document: Document) -> Field:
    """Both modules; the reference is what the standard library's returns."""
    maker, given = TASKS[task]
    field = Field()
    plain = document.parsed()
    data = document.data.splitlines() if document.lines else document.data
    text = [one.decode() for one in data] if document.lines else data.decode()
    argument = {"text": text, "data": data, "object": plain}[given]

    def call_of(module):
        call = maker(module)
        return table.per_line(call) if document.lines else call

    reference = call_of(json)(argument)
    for name, module in (("quire", "quire.json"), ("json", "json")):
        field.admit(name, lambda m=module: (call_of(importlib.import_module(m)), argument), lambda result: result, reference)
    return field


def run(document: Document, settings: Settings):
    for task in TASKS:
        field = prepare(task, document)
        must, goal = targets.ratio("dropin-json", document.shape)
        result = Result("dropin_json", task, document.name, document.shape, document.judged, must=must, goal=goal)
        result.absent = field.absent
        yield timed(result, field.contenders, settings)
