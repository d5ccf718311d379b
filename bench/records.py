# SPDX-License-Identifier: Apache-2.0
"""What a record of five fields costs to use: create, compare, hash, copy, repr, and a pass of the collector."""

from __future__ import annotations

import collections
import copy
import dataclasses
import gc
import importlib
import random
import statistics
import time
import types
from collections.abc import Callable
from typing import Any

from bench import clock, targets
from bench.clock import Contender
from bench.result import Cell, Result, Settings, timed

TITLE = "Records"
FIELDS = {"id": int, "name": str, "score": float, "active": bool, "note": "str | None"}
VALUES = (7, "Ada Lovelace", 9.5, True, None)
OPERATIONS = 100  # in one call, so that the call around them does not count
CROWD = 100_000


def takes(document) -> bool:
    return document is None


def annotations(last: Any) -> dict[str, Any]:
    return {"id": int, "name": str, "score": float, "active": bool, "note": last}


def quire_class(notes: dict[str, Any], frozen: bool) -> type:
    record = importlib.import_module("quire").Record
    body = {"__annotations__": notes, "__module__": __name__}
    return types.new_class("Thing", (record,), {"frozen": frozen}, lambda space: space.update(body))


def struct_class(notes: dict[str, Any], frozen: bool) -> type:
    return importlib.import_module("msgspec").defstruct("Thing", list(notes.items()), frozen=frozen)


def dataclass_class(notes: dict[str, Any], frozen: bool) -> type:
    return dataclasses.make_dataclass("Thing", list(notes.items()), slots=True, frozen=frozen)


def attrs_class(notes: dict[str, Any], frozen: bool) -> type:
    attr = importlib.import_module("attr")
    made = {name: attr.ib(type=note) for name, note in notes.items()}
    return attr.make_class("Thing", made, slots=True, frozen=frozen)


def named_tuple_class(notes: dict[str, Any], frozen: bool) -> type:
    return collections.namedtuple("Thing", notes)


MAKERS: dict[str, Callable[[dict[str, Any], bool], type]] = {
    "quire": quire_class,
    "msgspec": struct_class,
    "dataclass (slots)": dataclass_class,
    "attrs": attrs_class,
    "namedtuple": named_tuple_class,
}

STATEMENTS = {
    "create, positional": "Thing(7, name, 9.5, True, None)",
    "create, keywords": "Thing(id=7, name=name, score=9.5, active=True, note=None)",
    "compare": "one == other",
    "hash": "hash(one)",
    "copy": "copied(one)",
    "repr": "repr(one)",
    "read a field": "one.score",
}


def looped(statement: str, space: dict[str, Any]) -> Callable[[Any], None]:
    """A function that carries out the statement a hundred times on local names."""
    names = ", ".join(space)
    exec(
        f"def call(space):\n    {names}, = space\n    for _ in range({OPERATIONS}):\n        {statement}\n",
        made := {},
    )
    return made["call"]


def check(thing: Any, other: Any, statement: str) -> None:
    if statement.startswith("hash"):
        assert hash(thing) == hash(other)
    assert thing == other and copy.copy(thing) == thing
    assert tuple(getattr(thing, name) for name in FIELDS) == VALUES and "9.5" in repr(thing)


def run(document, settings: Settings):
    for title, statement in STATEMENTS.items():
        result = Result("records", title, judged=title != "read a field")
        result.must, result.goal = targets.RECORDS if result.judged else targets.NONE
        contenders = []
        for name, maker in MAKERS.items():
            try:
                Thing = maker(annotations(str | None), statement.startswith("hash"))
                space = {"Thing": Thing, "name": VALUES[1], "one": Thing(*VALUES), "other": Thing(*VALUES)}
                space["copied"] = copy.copy
                check(space["one"], space["other"], statement)
                call = looped(statement, space)
                call(tuple(space.values()))
            except Exception as error:
                result.absent[name] = f"{type(error).__name__}: {error}"
            else:
                contenders.append(Contender(name, call, tuple(space.values())))
        yield timed(result, contenders, settings, rivals=("msgspec",), scale=OPERATIONS)
    yield collector_pass("collector pass, plain values", None, settings)
    yield collector_pass("collector pass, holding a list", list, settings)


def collector_pass(title: str, holds: type | None, settings: Settings) -> Result:
    """A full collection with 100,000 alive and everything else out of its sight; nanoseconds for each."""
    result = Result("records", title)
    result.must, result.goal = targets.RECORDS
    rounds: dict[str, dict[int, float]] = {}
    order, names = random.Random(1), list(MAKERS)
    begin = time.perf_counter()
    for turn in range(settings.rounds):
        if turn >= settings.least_rounds and time.perf_counter() - begin > settings.seconds:
            break
        order.shuffle(names)
        for name in names:
            if name in result.absent:
                continue
            try:
                rounds.setdefault(name, {})[turn] = one_pass(MAKERS[name], holds) / CROWD
            except Exception as error:
                result.absent[name] = f"{type(error).__name__}: {error}"
                rounds.pop(name, None)
    row = clock.Row({name: clock.Timing(name, measured) for name, measured in rounds.items()})
    clock.judge(row, "quire", ("msgspec",))
    result.columns = {"collector": Cell.of(row)}
    return result


def one_pass(maker, holds: type | None) -> float:
    Thing = maker(annotations(str | None if holds is None else list[int]), False)
    last = (lambda: None) if holds is None else holds
    gc.collect()
    gc.freeze()
    try:
        crowd = [Thing(number, "name", 1.5, True, last()) for number in range(CROWD)]
        gc.collect()
        took = []
        for _ in range(5):
            start = clock.clock()
            gc.collect()
            took.append(clock.clock() - start)
        del crowd
    finally:
        gc.unfreeze()
    return statistics.median(took)
