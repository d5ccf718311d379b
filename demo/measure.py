# SPDX-License-Identifier: Apache-2.0
"""Times of one document in one format, the result checked before anything is timed."""

import gc
import json
import pickle
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

PATIENCE = 0.6  # seconds for one figure
FEWEST, MOST = 3, 2000  # rounds


@dataclass
class Figure:
    """One row of the table; seconds are minima."""

    document: str
    tool: str
    size: int
    encode: float
    decode: float


class NotEqual(Exception):
    """What was read back is not what was written."""


def fastest(call: Callable[[], Any]) -> float:
    """The shortest of several rounds. The collector is off for everyone: a pass that one tool defers would otherwise be
    charged to the next."""
    times: list[float] = []
    gc.collect()
    gc.disable()
    try:
        while len(times) < FEWEST or (sum(times) < PATIENCE and len(times) < MOST):
            begun = time.perf_counter()
            result = call()
            times.append(time.perf_counter() - begun)
            del result
    finally:
        gc.enable()
    return min(times)


def measure(document: str, tool: str, value: Any, encode: Callable[[Any], bytes], decode: Callable[[bytes], Any]) -> Figure:
    data = encode(value)
    if decode(data) != value:
        raise NotEqual(f"{document}: what {tool} reads back differs from what it wrote")
    return Figure(document, tool, len(data), fastest(lambda: encode(value)), fastest(lambda: decode(data)))


def quire_figure(document: str, name: str, value: Any, type_: Any) -> Figure:
    """The typed value through a format of quire: records are written and read, every field validated."""
    module = import_module(f"quire.{name}")
    return measure(document, f"quire.{name}", value, module.Encoder(type_).encode, module.Decoder(type_).decode)


def json_figure(document: str, plain: Any) -> Figure:
    """The standard library's json, on plain dicts and lists."""

    def encode(value: Any) -> bytes:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()

    return measure(document, "json", plain, encode, json.loads)


def pickle_figure(document: str, plain: Any) -> Figure:
    """The standard library's pickle, on the same dicts and lists, with its best protocol."""

    def encode(value: Any) -> bytes:
        return pickle.dumps(value, pickle.HIGHEST_PROTOCOL)

    return measure(document, "pickle", plain, encode, pickle.loads)
