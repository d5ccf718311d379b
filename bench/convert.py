# SPDX-License-Identifier: Apache-2.0
"""Plain data to typed objects without a format between; shown, no figure is asked of it."""

from __future__ import annotations

from bench import tasks
from bench.documents import Document
from bench.result import Result, Settings, timed

TITLE = "Convert"


def takes(document: Document) -> bool:
    return document.model is not None and not document.lines


def run(document: Document, settings: Settings):
    field = tasks.converted(document)
    result = Result("convert", "convert", document.name, document.shape, document.judged, absent=field.absent)
    yield timed(result, field.contenders, settings)
