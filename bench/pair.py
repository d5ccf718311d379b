# SPDX-License-Identifier: Apache-2.0
"""One task on one document in a few seconds: python bench/pair.py json-decode cities --against orjson,msgspec

Prints the least time of each contender and the median ratio of quire to it, in both columns.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from pathlib import Path

if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from bench import clock, documents, tasks  # noqa: E402


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("task", choices=[*tasks.TASKS, "all"], help="'all' runs every task")
    options.add_argument("document", help="judged document(s) or files of --data, with commas; 'all' for every one")
    options.add_argument("--data", metavar="DIR", help="a folder of *.json and *.ndjson")
    options.add_argument("--against", metavar="NAMES", help="only these peers, with commas")
    options.add_argument("--seconds", type=float, default=3.0, help="time to spend on a row (default 3)")
    options.add_argument("--columns", default=",".join(clock.COLUMNS), help="charged, off or both")
    options.add_argument("--path", metavar="DIR", action="append", default=[], help="where to import quire from")
    chosen = options.parse_args()
    clock.steady_heap()
    sys.path[1:1] = chosen.path
    only = {"quire", *chosen.against.split(",")} if chosen.against else None
    names = None if chosen.document == "all" else chosen.document
    for document in documents.choose(names, chosen.data):
        for task in tasks.TASKS if chosen.task == "all" else [chosen.task]:
            show(task, document, only, chosen.seconds, chosen.columns.split(","))
        document.forget()
    return 0


def show(task: str, document, only, seconds: float, columns: list[str]) -> None:
    field = tasks.prepare(task, document, only)
    if not field.contenders:
        print(f"{task} {document.name}: nobody takes part {field.absent}")
        return
    rows = clock.measure(field.contenders, rounds=200, seconds=seconds, columns=columns)
    print(f"\n{task} {document.name} ({len(document.data):,} bytes)", end="")
    print("".join(f"   {column + ' us':>12} {'quire/it':>9}" for column in columns))
    for contender in sorted(field.contenders, key=lambda c: rows[columns[0]].least(c.name)):
        line = f"  {contender.name:<28}"
        for column in columns:
            row = rows[column]
            least = row.least(contender.name)
            line += f"   {least / 1000:12.2f} {against(row, contender.name):>9}"
        print(line)
    for column in columns:
        row = rows[column]
        if row.ratio is not None:
            print(f"  {column}: {row.ratio:.3f} of {row.best} ({row.spread[0]:.2f}-{row.spread[1]:.2f})", end="")
    print()
    for name, reason in field.absent.items():
        if name != "pysimdjson" or "decodes only" not in reason:
            print(f"  not here: {name}: {reason}")


def against(row: clock.Row, name: str) -> str:
    """The median over the rounds of quire's time over this one's."""
    own = row.timings.get("quire")
    if own is None or name == "quire":
        return ""
    ratios = [own.rounds[turn] / ns for turn, ns in row.timings[name].rounds.items() if turn in own.rounds]
    return f"{statistics.median(ratios):.3f}"


if __name__ == "__main__":
    sys.exit(main())
