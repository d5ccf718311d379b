# SPDX-License-Identifier: Apache-2.0
"""python -m demo [--report demo-report]: writes REPORT.md and REPORT.svg, prints the table."""

import argparse
import json
import platform
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

import quire
from demo import documents, measure, records, report
from demo.rows import read_rows

SOURCES: dict[str, Callable[[], bytes]] = {
    "cities15000.json": documents.cities,
    "cars.json": documents.cars,
    "emoji.json": documents.emoji,
    "emoji names": documents.emoji_names,
}
TYPES: dict[str, Any] = {
    "cities15000.json": records.Cities,
    "cars.json": list[records.Car],
    "emoji.json": records.Emojis,
    "emoji names": records.EmojiNames,
}


def check_against_json(name: str, value: Any, plain: Any) -> None:
    """An oracle that is not ours: what quire writes, json must read as it reads the document itself."""
    if json.loads(quire.json.encode(value)) != plain:
        raise measure.NotEqual(f"{name}: json reads what quire wrote as something else than the document")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m demo", description="quire on real documents")
    where = "where the table and the picture go, without suffix"
    parser.add_argument("--report", type=Path, default=Path("demo-report"), help=where)
    options = parser.parse_args()

    console = Console() if sys.stdout.isatty() else Console(width=120)
    formats = quire.formats()
    figures: list[measure.Figure] = []
    notes: list[str] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        steps = progress.add_task("starting", total=len(SOURCES) * (2 + len(formats) + 2))

        def step(what: str) -> None:
            progress.update(steps, description=what, advance=1)

        for name, source in SOURCES.items():
            step(f"{name}: fetch")
            data = source()
            step(f"{name}: read and validate")
            plain = json.loads(data)
            if name == "cars.json":
                value, dirty = read_rows(data, records.Car)
                bad = {row.path.partition("]")[0] for row in dirty}
                plain = [row for index, row in enumerate(plain) if f"$[{index}" not in bad]
                notes.append(f"{name}: {len(value)} rows are cars, {len(bad)} are not and are left out:")
                notes += [f"  {name} {row}" for row in dirty]
            else:
                value = quire.json.decode(data, TYPES[name])
                notes.append(f"{name}: {size_of(value)} entries, all of them valid")
            check_against_json(name, value, plain)
            for format_name in formats:
                step(f"{name}: quire.{format_name}")
                figures.append(measure.quire_figure(name, format_name, value, TYPES[name]))
            step(f"{name}: json")
            figures.append(measure.json_figure(name, plain))
            step(f"{name}: pickle")
            figures.append(measure.pickle_figure(name, plain))

    heading = f"quire {quire.__version__} on {platform.python_implementation()} {platform.python_version()}, {platform.machine()}"
    console.print(heading, style="bold")
    for note in notes:
        console.print(note, markup=False, highlight=False, soft_wrap=True)
    console.print(f"every document was read back equal in {', '.join(formats)}, and as json reads it")
    report.print_table(console, figures)
    table, picture = options.report.with_suffix(".md"), options.report.with_suffix(".svg")
    report.write_markdown(table, figures, heading)
    report.write_picture(picture, figures, heading)
    console.print(f"the table is in {table}, the picture in {picture}")
    return 0


def size_of(value: Any) -> int:
    """Entries of the document, counting those of each language."""
    return sum(map(len, value.values())) if all(type(one) is dict for one in value.values()) else len(value)


if __name__ == "__main__":
    sys.exit(main())
