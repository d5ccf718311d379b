# SPDX-License-Identifier: Apache-2.0
"""The table on the screen, the same table as Markdown, and the picture."""

from pathlib import Path

from rich.console import Console
from rich.table import Table

from demo.measure import Figure

COLUMNS = ("document", "written by", "size", "encode", "x json", "x pickle", "decode", "x json", "x pickle")
NOTE = (
    "x: how many times as fast as the standard library's json and pickle in this same run. They write and read plain dicts, "
    "unchecked; quire writes and reads typed records, every field validated. Fastest round, collector off for all."
)


def size_text(size: int) -> str:
    return f"{size / 1e6:.2f} MB" if size >= 1e6 else f"{size / 1e3:.1f} KB"


def time_text(seconds: float) -> str:
    return f"{seconds * 1e3:.2f} ms"


def rows(figures: list[Figure]) -> list[tuple[str, ...]]:
    """The figures as text, each set beside json's and pickle's on the same document."""
    result = []
    for figure in figures:
        peers = {one.tool: one for one in figures if one.document == figure.document}

        def ratio(peer: str, direction: str, figure: Figure = figure, peers: dict[str, Figure] = peers) -> str:
            return f"{getattr(peers[peer], direction) / getattr(figure, direction):.1f}"

        result.append(
            (
                figure.document,
                figure.tool,
                size_text(figure.size),
                time_text(figure.encode),
                ratio("json", "encode"),
                ratio("pickle", "encode"),
                time_text(figure.decode),
                ratio("json", "decode"),
                ratio("pickle", "decode"),
            )
        )
    return result


def print_table(console: Console, figures: list[Figure]) -> None:
    table = Table(caption=NOTE, caption_justify="left")
    for number, name in enumerate(COLUMNS):
        table.add_column(name, justify="left" if number < 2 else "right", no_wrap=True)
    last = None
    for row in rows(figures):
        if last not in (None, row[0]):
            table.add_section()
        table.add_row("" if row[0] == last else row[0], *row[1:], style="bold" if row[1].startswith("quire.") else None)
        last = row[0]
    console.print(table)


def write_markdown(path: Path, figures: list[Figure], heading: str) -> None:
    lines = [f"# {heading}", "", f"![the same as a picture]({path.with_suffix('.svg').name})", ""]
    lines += ["| " + " | ".join(COLUMNS) + " |", "|---|---|" + "---:|" * (len(COLUMNS) - 2)]
    lines += ["| " + " | ".join(row) + " |" for row in rows(figures)]
    path.write_text("\n".join([*lines, "", NOTE, ""]), encoding="utf-8")


def write_picture(path: Path, figures: list[Figure], heading: str) -> None:
    """Bars of the times, a panel for each document and direction: shorter is faster."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    documents = list(dict.fromkeys(figure.document for figure in figures))
    tools = list(dict.fromkeys(figure.tool for figure in figures))
    colours = {tool: f"C{number}" if tool.startswith("quire.") else "0.7" for number, tool in enumerate(tools)}
    pyplot.rcParams["svg.hashsalt"] = "quire"
    grid, panels = pyplot.subplots(
        len(documents), 2, figsize=(10, 0.4 + len(documents) * (0.6 + 0.28 * len(tools))), squeeze=False, layout="constrained"
    )
    grid.suptitle(heading, fontsize=11)
    for row, document in enumerate(documents):
        for panel, direction in zip(panels[row], ("encode", "decode"), strict=True):
            shown = [figure for figure in figures if figure.document == document][::-1]
            times = [getattr(figure, direction) * 1e3 for figure in shown]
            bars = panel.barh([figure.tool for figure in shown], times, color=[colours[figure.tool] for figure in shown])
            panel.bar_label(bars, [f"{time:.2f} ms" for time in times], padding=3, fontsize=8)
            panel.set_title(f"{document}: {direction}", fontsize=9, loc="left")
            panel.margins(x=0.2)
            panel.tick_params(labelsize=8)
            panel.spines[["top", "right"]].set_visible(False)
    grid.savefig(path, metadata={"Date": None})
    pyplot.close(grid)
