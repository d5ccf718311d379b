# SPDX-License-Identifier: Apache-2.0
"""The results as a file for programs, a page for readers, and a picture."""

from __future__ import annotations

import json
import math
import platform
import sys
from collections import defaultdict
from pathlib import Path

from bench import clock, contenders
from bench.result import GOAL, MISSED, MUST, SHOWN, Result


def machine() -> dict[str, str]:
    """What the figures were taken on, without naming whose it is."""
    model = ""
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    except OSError:
        pass
    return {
        "processor": f"{model or platform.processor() or platform.machine()}",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "interpreter built by": platform.python_compiler(),
        "quire built by": built_by(),
    }


def built_by() -> str:
    """The compiler named inside quire's extension module."""
    try:
        import importlib

        importlib.import_module("quire.json")
    except Exception:
        return "not installed"
    for module in list(sys.modules.values()):
        name, file = getattr(module, "__name__", ""), getattr(module, "__file__", None)
        if name.startswith("quire") and file and file.endswith(".so"):
            data = Path(file).read_bytes()
            for mark in (b"GCC: (", b"clang version "):
                at = data.find(mark)
                if at >= 0:
                    return data[at : data.find(b"\0", at)].decode("ascii", "replace")
    return "unknown"


def geometric_mean(values) -> float:
    values = list(values)
    return math.exp(sum(map(math.log, values)) / len(values))


def save(results: list[Result], folder: Path, titles: dict[str, str], settings: str) -> list[Path]:
    """Write <python version>.json, .md and .svg into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = folder / f"{sys.version_info[0]}.{sys.version_info[1]}"
    about = {"machine": machine(), "versions": contenders.versions(), "settings": settings}
    plain = {**about, "results": [result.as_json() for result in results]}
    written = [stem.with_name(stem.name + suffix) for suffix in (".json", ".md", ".svg")]
    written[0].write_text(json.dumps(plain, indent=1, ensure_ascii=False) + "\n")
    written[1].write_text(page(results, titles, about, written[2].name))
    if not picture(results, titles, written[2]):
        written.pop()
    return written


# -- the page -----------------------------------------------------------------------------------------------------


def page(results: list[Result], titles: dict[str, str], about: dict, svg: str) -> str:
    lines = [f"# quire on Python {about['machine']['python']}", ""]
    lines += [f"{name}: {value}  " for name, value in about["machine"].items()]
    lines += ["peers: " + ", ".join(f"{name} {version}" for name, version in about["versions"].items()) + "  "]
    lines += [f"taken with: {about['settings']}", ""]
    lines += ["Ratios are quire's time over the best peer's, the median over the rounds; below 1 is faster. *charged*:"]
    lines += ["collector on, the pass a call puts off charged to it; *off*: collector off for everybody. Times are"]
    lines += ["the least of all rounds. How it is done: [README](../README.md).", "", f"![ratios]({svg})", ""]
    lines += summary(results, titles)
    for topic, title in titles.items():
        rows = [result for result in results if result.topic == topic]
        if rows:
            lines += ["", f"## {title}", ""] + table(rows) + [""] + everyone(rows)
    return "\n".join(lines) + "\n"


def summary(results: list[Result], titles: dict[str, str]) -> list[str]:
    judged = [result for result in results if result.verdict() != SHOWN]
    counts = {verdict: sum(result.verdict() == verdict for result in judged) for verdict in (GOAL, MUST, MISSED)}
    lines = ["## Verdict", ""]
    lines.append(f"{len(judged)} rows judged: {counts[GOAL]} at the goal, {counts[MUST]} at the must, {counts[MISSED]} missed.")
    lines += ["", "| task | rows | missed | geometric mean, charged | off | worst |", "|---|---|---|---|---|---|"]
    groups = defaultdict(list)
    for result in results:
        if result.judged and result.unit == "ns" and any(cell.ratio for cell in result.columns.values()):
            title = titles[result.topic] if result.topic in ("records", "message") else result.task
            if result.topic in ("pickle_", "marshal_"):  # their tasks have the same names
                title = f"{result.topic.rstrip('_')} {title}"
            groups[title].append(result)
    for title, rows in groups.items():
        means = []
        for column in clock.COLUMNS:
            ratios = [row.columns[column].ratio for row in rows if column in row.columns and row.columns[column].ratio]
            means.append(f"{geometric_mean(ratios):.2f}" if ratios else "")
        worst = max(rows, key=lambda row: max(cell.ratio or 0 for cell in row.columns.values()))
        figure = max(cell.ratio or 0 for cell in worst.columns.values())
        lost = sum(row.verdict() == MISSED for row in rows)
        lines.append(
            f"| {title} | {len(rows)} | {lost} | {means[0]} | {means[1]} | {figure:.2f} {worst.document or worst.task} |"
        )
    missed = [result for result in judged if result.verdict() == MISSED]
    if missed:
        lines += ["", "Missed:", ""]
        for result in missed:
            cells = [f"{name} {cell.ratio:.2f}" for name, cell in result.columns.items() if result.verdict(name) == MISSED]
            lines.append(f"- {titles[result.topic]}, {result.task} {result.document}: {', '.join(cells)}; must {result.must:.3g}")
    return lines


def amount(value: float | None, unit: str) -> str:
    """A figure in a unit a reader can take in."""
    if value is None:
        return ""
    if unit != "ns":
        return f"{value:,.2f} {unit}" if unit == "ms" else f"{value:,.0f} {unit}"
    for limit, divisor, name in ((1e3, 1, "ns"), (1e6, 1e3, "µs"), (float("inf"), 1e6, "ms")):
        if value < limit:
            return f"{value / divisor:.3g} {name}" if value / divisor < 100 else f"{value / divisor:.0f} {name}"
    return ""


def table(rows: list[Result]) -> list[str]:
    """One line a row: ratios in the columns there are, targets, verdict."""
    columns = list(dict.fromkeys(name for row in rows for name in row.columns))
    head = ["task", "document"]
    for column in columns:
        head += [f"{column}: ratio", "quire", "best peer"]
    lines = ["| " + " | ".join(head + ["must", "goal", "verdict"]) + " |", "|---" * (len(head) + 3) + "|"]
    for row in rows:
        document = row.document + ("" if row.judged or not row.document else " (shown)")
        cells = [row.task, document]
        for column in columns:
            cell = row.columns.get(column)
            if cell is None:
                cells += ["", "", ""]
                continue
            quire = cell.least.get("quire", cell.least.get("quire.json"))
            best = f"{cell.best} {amount(cell.least.get(cell.best), row.unit)}".strip()
            cells += ["" if cell.ratio is None else f"**{cell.ratio:.2f}**", amount(quire, row.unit), best]
        cells += ["" if value is None else f"{value:.3g}" for value in (row.must, row.goal)]
        lines.append("| " + " | ".join(cells + [row.verdict()]) + " |")
    return lines


def everyone(rows: list[Result]) -> list[str]:
    """The least figure of every contender, folded away."""
    lines = ["<details><summary>every contender</summary>", ""]
    for column in dict.fromkeys(name for row in rows for name in row.columns):
        present = [row for row in rows if column in row.columns]
        names = list(dict.fromkeys(name for row in present for name in row.columns[column].least))
        lines += [f"| {column} | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
        for row in present:
            figures = [amount(row.columns[column].least.get(name), row.unit) for name in names]
            lines.append(f"| {row.task} {row.document} | {' | '.join(figures)} |")
        lines.append("")
    absent = [f"{row.task} {row.document}: {name}: {why}" for row in rows for name, why in row.absent.items()]
    notes = list(dict.fromkeys(row.note for row in rows if row.note))
    lines += [f"- {note}" for note in notes]
    lines += [f"- left out: {text}" for text in absent if "decodes only" not in text]
    return lines + ["", "</details>"]


# -- the picture --------------------------------------------------------------------------------------------------

BLUE, GREY, RED, GREEN = "#2166ac", "#8a8a8a", "#b2182b", "#1b7837"


def picture(results: list[Result], titles: dict[str, str], path: Path) -> bool:
    """Every ratio as a dot on its row, with must and goal; False when there is nothing to draw or no matplotlib."""
    rows = [
        result for result in results if result.unit == "ns" and any(cell.ratio is not None for cell in result.columns.values())
    ]
    if not rows:
        return False
    try:
        import matplotlib
    except ImportError:
        return False
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "quire", "font.size": 8, "svg.fonttype": "none"})
    from matplotlib import pyplot

    lines: list[Result | str] = []
    for topic, title in titles.items():
        mine = sorted((row for row in rows if row.topic == topic), key=lambda row: row.task)
        lines += [title, *mine] if mine else []
    figure, axes = pyplot.subplots(figsize=(9, 0.17 * len(lines) + 1))
    labels = []
    for place, line in enumerate(lines):
        if isinstance(line, str):
            labels.append(line.upper())
            axes.axhline(place, color="#dddddd", linewidth=6, zorder=0)
            continue
        labels.append(f"{line.task} {line.document}".strip())
        for index, (name, cell) in enumerate(line.columns.items()):
            if cell.ratio is None:
                continue
            color = RED if line.verdict(name) == MISSED else (BLUE, GREY)[index % 2]
            axes.plot(cell.ratio, place, "o" if index == 0 else "D", color=color, markersize=3.5, zorder=3)
        for value, color in ((line.must, GREY), (line.goal, GREEN)):
            if value is not None:
                axes.plot(value, place, "|", color=color, markersize=7, zorder=2)
    axes.axvline(1.0, color="black", linewidth=0.8)
    axes.set_yticks(range(len(lines)), labels)
    axes.set_ylim(len(lines), -1)
    axes.set_xlim(left=0)
    axes.grid(axis="x", color="#eeeeee")
    axes.set_xlabel(
        "time of quire / time of the best peer; bars: must (grey), goal (green)\n"
        "dot: collector on, deferred pass charged; diamond: collector off; red: missed"
    )
    axes.xaxis.set_label_position("top")
    axes.xaxis.tick_top()
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
    return True
