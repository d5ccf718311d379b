# SPDX-License-Identifier: Apache-2.0
"""Output in a canonical form against the same module's plain output of the same object.

By an Encoder that is used again, which remembers the order of keys, and by a new one for each call, which does not.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable
from typing import Any

from bench import targets
from bench.documents import Document
from bench.result import Result, Settings, timed
from bench.tasks import Field

TITLE = "Canonical output"
OPTIONS: dict[str, dict[str, Any]] = {
    "canonical": {"canonical": True},
    "canonical, a new Encoder": {"canonical": True},
    "sorted": {"key_order": "sorted"},
}


def takes(document: Document) -> bool:
    return not document.lines


def encoder_of(name: str, form: str, options: dict[str, Any]) -> Callable[[Any], bytes]:
    make = importlib.import_module(f"quire.{name}").Encoder
    return (lambda value: make(**options).encode(value)) if form.endswith("a new Encoder") else make(**options).encode


def prepare(name: str, form: str, document: Document) -> Field | None:
    """Both outputs hold the same value, in JSON but for the kind of its numbers; None when the document has what the form refuses
    (integers beyond 2**53 in JSON)."""
    module = importlib.import_module(f"quire.{name}")
    value = document.parsed()
    encode, plain = encoder_of(name, form, OPTIONS[form]), encoder_of(name, form, {})
    try:
        encode(value)
    except ValueError:
        return None
    field = Field(differs=lambda one, other: None if one == other else "of another value")
    read = module.decode if name == "msgpack" else lambda data: json.loads(data, parse_int=float)
    expected = read(module.encode(value))
    field.admit("quire", lambda: (encode, value), read, expected)
    field.admit("plain", lambda: (plain, value), read, expected)
    return field


def run(document: Document, settings: Settings):
    for name in ("json", "msgpack"):
        for form in OPTIONS:
            field = prepare(name, form, document)
            if field is None:
                continue
            must, goal = targets.CANONICAL[form]
            result = Result("canonical", f"{name} {form}", document.name, document.shape, document.judged, must=must, goal=goal)
            result.absent = field.absent
            yield timed(result, field.contenders, settings)
