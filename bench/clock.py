# SPDX-License-Identifier: Apache-2.0
"""How a call is timed. Everything that could make a comparison unfair is decided in this file.

Two columns are taken of everything, because a library that pauses the garbage collector during a call
has not saved the pass, it has left it to its caller:

charged  the collector runs. After the calls, while their results are alive, 800 small lists are made, which
         brings on the pass that was put off; it counts as part of the call.
off      the collector is off for everybody.

Every region starts after a full collection and ends when its results have been freed. Contenders take turns in
a random order within a round, in one process, so that a slow phase of the machine meets all of them.

The C heap keeps what is freed (`steady_heap`): whether a region that ends gives its pages back to the system depends on
what happens to lie at the heap's end, and who must fault them in again paid up to fifteen times its own time for it.
"""

from __future__ import annotations

import gc
import os
import random
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import repeat
from typing import Any

_HEAP = {"MALLOC_TRIM_THRESHOLD_": "4000000000", "MALLOC_MMAP_THRESHOLD_": "1073741824", "MALLOC_TOP_PAD_": "67108864"}


def steady_heap() -> None:
    """Start this program again with the C heap told to keep its pages (glibc reads it at the start only)."""
    if any(os.environ.get(name) != value for name, value in _HEAP.items()):
        os.environ.update(_HEAP)
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])


CHARGED = "charged"
OFF = "off"
COLUMNS = (CHARGED, OFF)

CHURN = 800  # more than the young generation's threshold of 700: one pass is certain
REGION = 2_000_000  # ns: the shortest stretch that is timed
BATCH = 500_000  # ns: calls whose results are kept alive together, then charged together
SHORT = 20_000  # ns: calls shorter than this make too little to put anything off; their results are dropped at once
SLOW = 3.0  # contenders this much slower than the fastest take part in every fourth round only

clock = time.thread_time_ns


@dataclass
class Contender:
    """One library's way of doing a task: `call(argument)`; `result` turns what it returns into what is compared."""

    name: str
    call: Callable[[Any], Any]
    argument: Any
    note: str = ""


@dataclass
class Timing:
    """What came out for one contender: nanoseconds a call, by round."""

    name: str
    rounds: dict[int, float] = field(default_factory=dict)

    @property
    def least(self) -> float:
        return min(self.rounds.values())


@dataclass
class Row:
    """One task in one column. `ratio` is quire's time over the best peer's, the median over the rounds."""

    timings: dict[str, Timing]
    best: str = ""
    ratio: float | None = None
    spread: tuple[float, float] | None = None

    def least(self, name: str) -> float | None:
        timing = self.timings.get(name)
        return timing.least if timing else None


def run_dropped(call, argument, count, churn):
    for _ in repeat(None, count):
        call(argument)
    kept = [[] for _ in repeat(None, churn)]
    del kept


def run_kept(call, argument, batches, size, churn):
    for _ in repeat(None, batches):
        kept = [call(argument) for _ in repeat(None, size)]
        lists = [[] for _ in repeat(None, churn)]
        del kept, lists


def estimate(call, argument) -> float:
    """Nanoseconds of one call, roughly: the best of a few."""
    best, spent = float("inf"), 0
    for _ in range(5):
        count = 1 if best > 50_000 else 50
        begin = clock()
        for _ in repeat(None, count):
            call(argument)
        took = clock() - begin
        best, spent = min(best, took / count), spent + took
        if spent > 100_000_000:
            break
    return max(best, 1.0)


@dataclass
class Shape:
    """How many calls make a region; the same for all contenders of a row."""

    kept: bool
    batches: int
    size: int

    @property
    def calls(self) -> int:
        return self.batches * self.size

    @classmethod
    def for_call(cls, nanoseconds: float) -> "Shape":
        if nanoseconds < SHORT:
            return cls(False, 1, max(1, round(REGION / nanoseconds)))
        size = max(1, round(BATCH / nanoseconds))
        return cls(True, max(1, round(REGION / (nanoseconds * size))), size)


def region(contender: Contender, shape: Shape, column: str) -> float:
    """Time one region; nanoseconds a call."""
    churn = CHURN if column == CHARGED else 0
    gc.collect()
    gc.enable() if column == CHARGED else gc.disable()
    try:
        begin = clock()
        if shape.kept:
            run_kept(contender.call, contender.argument, shape.batches, shape.size, churn)
        else:
            run_dropped(contender.call, contender.argument, shape.size, churn)
        took = clock() - begin
    finally:
        gc.enable()
    return took / shape.calls


def measure(
    contenders: list[Contender],
    *,
    rounds: int,
    seconds: float | None = None,
    columns=COLUMNS,
    subject: str = "quire",
    rivals: tuple[str, ...] = (),
    least_rounds: int = 3,
) -> dict[str, Row]:
    """Time every contender in every column; stop after `rounds`, or after `seconds` once `least_rounds` are done.

    `rivals` names the only peers that count as the best one; all others are shown.
    """
    estimates = {c.name: estimate(c.call, c.argument) for c in contenders}
    fastest = min(estimates.values())
    shape = Shape.for_call(fastest)
    order = random.Random(1)
    rows = {column: Row({c.name: Timing(c.name) for c in contenders}) for column in columns}
    begin = time.perf_counter()
    for turn in range(rounds):
        if seconds is not None and turn >= least_rounds and time.perf_counter() - begin > seconds:
            break
        present = [c for c in contenders if turn % 4 == 0 or c.name == subject or estimates[c.name] < SLOW * fastest]
        for column in columns:
            order.shuffle(present)
            for contender in present:
                rows[column].timings[contender.name].rounds[turn] = region(contender, shape, column)
    for row in rows.values():
        judge(row, subject, rivals)
    return rows


def judge(row: Row, subject: str, rivals: tuple[str, ...] = ()) -> None:
    """Name the best peer - the one against which the subject's median ratio is worst - and that ratio.

    A peer so slow that it took part in every fourth round only is never the best: its few rounds would be noise.
    """
    peers = [timing for name, timing in row.timings.items() if name in rivals or (not rivals and name != subject)]
    if not peers:
        return
    most = max(len(timing.rounds) for timing in peers)
    peers = [timing for timing in peers if 2 * len(timing.rounds) > most]
    own = row.timings.get(subject)
    if own is None:
        row.best = min(peers, key=lambda timing: timing.least).name
        return
    ratios = {peer.name: [own.rounds[t] / ns for t, ns in peer.rounds.items() if t in own.rounds] for peer in peers}
    row.best = max(ratios, key=lambda name: statistics.median(ratios[name]))
    row.ratio = statistics.median(ratios[row.best])
    row.spread = (min(ratios[row.best]), max(ratios[row.best]))
