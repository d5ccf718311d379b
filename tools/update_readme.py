# SPDX-License-Identifier: Apache-2.0
"""Put the verdicts of bench/results into README.md, between its bench markers: python tools/update_readme.py"""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench/results"
START, END = "<!-- bench:start -->", "<!-- bench:end -->"


@dataclasses.dataclass
class Verdict:
    """What the page of one interpreter says in short."""

    version: str
    about: str  # interpreter, machine, how many rows hold what
    tasks: dict[str, list[str]]  # the cells of its table behind the task


def verdict(version: str) -> Verdict:
    about = json.loads((RESULTS / f"{version}.json").read_text())
    page = (RESULTS / f"{version}.md").read_text()
    section = re.search(r"^## Verdict\n+(.*?)(?=^## |\Z)", page, re.S | re.M)
    if not section:
        raise SystemExit(f"bench/results/{version}.md has no verdict")
    machine = about["machine"]
    hasty = " `--quick`: five rounds a row, single rows may be 10 to 30 % off." if "quick" in str(about["settings"]) else ""
    _, _, older = str(about["settings"]).partition("of an earlier commit: ")
    hasty += f" Measured on an earlier commit: {older}." if older else ""
    counts = section[1].partition("\n")[0].strip()
    link = f"[every row, and every target missed](bench/results/{version}.md)"
    lines = [line.strip("| ").split(" | ") for line in section[1].splitlines() if line.startswith("| ")]
    return Verdict(
        version,
        f"- Python {machine['python']}, {machine['processor']}: {counts}{hasty} {link}",
        {line[0]: line[1:] for line in lines[1:]},
    )


def table(verdicts: list[Verdict]) -> list[str]:
    """The tasks of all interpreters side by side."""
    cells = [name for one in verdicts for name in (f"{one.version}: charged / off", "missed", "worst")]
    lines = ["| task | " + " | ".join(cells) + " |", "|---" * (1 + len(cells)) + "|"]
    for task in dict.fromkeys(task for one in verdicts for task in one.tasks):
        row = []
        for one in verdicts:
            count, missed, charged, off, worst = one.tasks.get(task, ["", "", "", "", ""])
            row += [f"{charged} / {off}", f"{missed} of {count}", worst] if count else ["", "", ""]
        lines.append(f"| {task} | " + " | ".join(row) + " |")
    return lines


def main() -> int:
    versions = sorted((path.stem for path in RESULTS.glob("3.*.json")), key=lambda text: [int(part) for part in text.split(".")])
    if not versions:
        print("bench/results has no results: run make bench")
        return 1
    intro = (
        "quire's time as a ratio to the best peer on each document, below 1 is faster. *Charged*: collector on, a pass that a\n"
        "call puts off is charged to it; *off*: collector off for everybody. Geometric means over the rows of a task;\n"
        "*missed*: rows that do not hold what [bench/targets.py](bench/targets.py) asks, *worst*: the slower column of one row.\n"
    )
    verdicts = [verdict(version) for version in versions]
    text = "\n".join([intro, *(one.about for one in verdicts), "", *table(verdicts), ""])
    page = (ROOT / "README.md").read_text()
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    (ROOT / "README.md").write_text(f"{before}{START}\n{text}{END}{after}")
    print(f"README.md: the results of {', '.join(versions)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
