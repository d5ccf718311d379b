# SPDX-License-Identifier: Apache-2.0
"""Put the verdicts of bench/results into README.md, between its bench markers: python tools/update_readme.py"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RESULTS = ROOT / "bench/results"
START, END = "<!-- bench:start -->", "<!-- bench:end -->"


def verdict(version: str) -> str:
    """The verdict of one interpreter: its table, and every target missed by name."""
    about = json.loads((RESULTS / f"{version}.json").read_text())
    page = (RESULTS / f"{version}.md").read_text()
    section = re.search(r"^## Verdict\n+(.*?)(?=^## |\Z)", page, re.S | re.M)
    if not section:
        raise SystemExit(f"bench/results/{version}.md has no verdict")
    machine = about["machine"]
    head = f"**Python {machine['python']}**, {machine['processor']} ([every row](bench/results/{version}.md))"
    hasty = " (`--quick`: five rounds a row, single rows may be 10 to 30 % off)" if "quick" in str(about["settings"]) else ""
    text, _, missed = section[1].strip().partition("\nMissed:\n")
    named = f"\n<details><summary>Every target missed</summary>\n\n{missed.strip()}\n\n</details>\n" if missed else ""
    return f"{head}{hasty}: {text.strip()}\n{named}"


def main() -> int:
    versions = sorted((path.stem for path in RESULTS.glob("3.*.json")), key=lambda text: [int(part) for part in text.split(".")])
    if not versions:
        print("bench/results has no results: run make bench")
        return 1
    intro = (
        "quire's time as a ratio to the best peer on each document, below 1 is faster. *Charged*: collector on, a pass that a\n"
        "call puts off is charged to it; *off*: collector off for everybody.\n"
    )
    text = "\n".join([intro, *map(verdict, versions)])
    page = (ROOT / "README.md").read_text()
    before, _, rest = page.partition(START)
    _, _, after = rest.partition(END)
    (ROOT / "README.md").write_text(f"{before}{START}\n{text}{END}{after}")
    print(f"README.md: the results of {', '.join(versions)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
