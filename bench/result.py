# SPDX-License-Identifier: Apache-2.0
"""One row of the benchmark: what was measured, what was asked of it, and the verdict."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from bench import clock

GOAL, MUST, MISSED, SHOWN = "goal", "must", "MISSED", "-"
WORST_FIRST = (MISSED, MUST, GOAL, SHOWN)


@dataclass
class Cell:
    """One column of a row: every contender's least figure, the best peer, and quire's ratio to it."""

    least: dict[str, float]
    best: str = ""
    ratio: float | None = None
    spread: tuple[float, float] | None = None
    rounds: int = 0

    @classmethod
    def of(cls, row: clock.Row, scale: float = 1.0) -> "Cell":
        least = {name: timing.least / scale for name, timing in row.timings.items()}
        rounds = max((len(timing.rounds) for timing in row.timings.values()), default=0)
        return cls(least, row.best, row.ratio, row.spread, rounds)


@dataclass
class Result:
    topic: str
    task: str
    document: str = ""
    shape: str = ""
    judged: bool = True
    unit: str = "ns"
    columns: dict[str, Cell] = field(default_factory=dict)
    must: float | None = None
    goal: float | None = None
    absent: dict[str, str] = field(default_factory=dict)
    note: str = ""

    def verdict(self, column: str | None = None) -> str:
        """goal, must, MISSED, or - where there is nothing to judge; of all columns, the worst one."""
        if column is None:
            return min((self.verdict(one) for one in self.columns), key=WORST_FIRST.index, default=SHOWN)
        cell = self.columns[column]
        if cell.ratio is None or not self.judged or (self.must is None and self.goal is None):
            return SHOWN
        if self.goal is not None and cell.ratio <= self.goal:
            return GOAL
        if self.must is None:
            return SHOWN
        return MUST if cell.ratio <= self.must else MISSED

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "verdict": self.verdict()}

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> "Result":
        plain = {key: value for key, value in plain.items() if key != "verdict"}
        plain["columns"] = {name: Cell(**cell) for name, cell in plain["columns"].items()}
        return cls(**plain)


@dataclass
class Settings:
    """How much time a row may take."""

    rounds: int = 60
    seconds: float = 6.0
    least_rounds: int = 5

    @classmethod
    def quick(cls) -> "Settings":
        return cls(rounds=5, seconds=1.0, least_rounds=3)


def timed(result: Result, contenders, settings: Settings, *, rivals: tuple[str, ...] = (), scale: float = 1.0) -> Result:
    """Measure the contenders and fill in the result's columns."""
    if contenders:
        rows = clock.measure(
            contenders,
            rounds=settings.rounds,
            seconds=settings.seconds,
            least_rounds=settings.least_rounds,
            rivals=rivals,
        )
        result.columns = {column: Cell.of(row, scale) for column, row in rows.items()}
    return result
