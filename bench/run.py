# SPDX-License-Identifier: Apache-2.0
"""The whole benchmark: python bench/run.py [--quick] [--only TOPIC] [--documents a,b] [--data DIR]

Every topic on every document runs in a process of its own, so that no row depends on the one before it, and a
crash costs one row. A whole run writes bench/results/<python version>.json, .md and .svg; a part of one writes
the same into .cache/bench/, unless --output names a folder.
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

if not __package__:
    sys.path[0] = str(Path(__file__).resolve().parent.parent)

from bench import clock, documents, report  # noqa: E402
from bench.result import MISSED, Result, Settings  # noqa: E402

TOPICS = (
    "untyped_json",
    "untyped_msgpack",
    "canonical",
    "dropin_json",
    "dropin_msgpack",
    "pickle_",
    "marshal_",
    "typed_json",
    "typed_msgpack",
    "dataclasses_",
    "message",
    "convert",
    "streams",
    "records",
    "memory",
    "import_time",
)
WITHOUT_DOCUMENTS = ("records", "import_time")


def topic(name: str):
    return importlib.import_module(f"bench.{name}")


def arguments(words=None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="few rounds: minutes instead of half an hour, and noisy")
    parser.add_argument("--only", metavar="TOPICS", help=f"some topics, with commas: {', '.join(TOPICS)}")
    parser.add_argument("--documents", metavar="NAMES", help="some documents, with commas")
    parser.add_argument("--data", metavar="DIR", help="also *.json and *.ndjson of a folder; shown, not judged")
    parser.add_argument("--output", metavar="DIR", help="where to write the results")
    parser.add_argument("--path", metavar="DIR", action="append", default=[], help="where to import quire from")
    parser.add_argument("--list", action="store_true", help="list topics and documents")
    parser.add_argument("--require-quire", action="store_true", help="fail when quire cannot be imported")
    parser.add_argument("--strict", action="store_true", help="fail when a must is missed")
    parser.add_argument("--worker", nargs=2, metavar=("TOPIC", "OUT"), help=argparse.SUPPRESS)
    return parser.parse_args(words)


def main() -> int:
    chosen = arguments()
    sys.path[1:1] = [str(Path(path).resolve()) for path in chosen.path]
    if chosen.worker:
        return work(chosen)
    if chosen.list:
        return show_list(chosen)
    if chosen.require_quire:
        importlib.import_module("quire.json")
    names = chosen.only.split(",") if chosen.only else list(TOPICS)
    unknown = [name for name in names if name not in TOPICS]
    if unknown:
        raise SystemExit(f"no such topic: {', '.join(unknown)}; there are: {', '.join(TOPICS)}")
    begin = time.perf_counter()
    results = []
    for name in names:
        print(f"\n{topic(name).TITLE}", flush=True)
        for subject in subjects(name, chosen):
            if topic(name).takes(subject):
                results += delegate(name, subject, chosen)
    if not results:
        raise SystemExit("nothing was measured")
    folder = output(chosen)
    settings = "--quick" if chosen.quick else "full rounds"
    titles = {name: topic(name).TITLE for name in TOPICS}
    written = report.save(results, folder, titles, settings)
    print("\n" + "\n".join(report.summary(results, titles)))
    print(f"\n{time.perf_counter() - begin:.0f} s; written: {', '.join(map(str, written))}")
    return int(chosen.strict and any(result.verdict() == MISSED for result in results))


def subjects(name: str, chosen: argparse.Namespace) -> list:
    """What a topic is measured on: documents, samples of its own, or nothing that has a name."""
    if name in WITHOUT_DOCUMENTS:
        return [None]
    own = getattr(topic(name), "subjects", None)
    if own is None:
        return documents.choose(chosen.documents, chosen.data)
    wanted = chosen.documents.split(",") if chosen.documents else None
    return [sample for sample in own() if wanted is None or sample.name in wanted]


def output(chosen: argparse.Namespace) -> Path:
    if chosen.output:
        return Path(chosen.output)
    partial = chosen.quick or chosen.only or chosen.documents or chosen.data
    return documents.ROOT / (".cache/bench" if partial else "bench/results")


def show_list(chosen: argparse.Namespace) -> int:
    for name in TOPICS:
        print(f"{name:<18} {topic(name).TITLE}")
    print()
    for document in documents.choose(chosen.documents, chosen.data):
        typed = "typed" if document.model else ""
        print(f"{document.name:<18} {len(document.data):>12,} {document.shape:<9} {typed:<6} {document.about}")
        document.forget()
    return 0


def delegate(name: str, subject, chosen: argparse.Namespace) -> list[Result]:
    """Run one topic on one document in a process of its own and read back its rows."""
    with tempfile.TemporaryDirectory() as scratch:
        out = Path(scratch) / "rows.json"
        command = [sys.executable, str(Path(__file__).resolve()), "--worker", name, str(out)]
        command += ["--quick"] if chosen.quick else []
        command += ["--documents", subject.name] if subject else []
        command += ["--data", chosen.data] if chosen.data else []
        for path in chosen.path:
            command += ["--path", path]
        done = subprocess.run(command)
        if done.returncode or not out.exists():
            why = f"the process ended with {done.returncode}"
            print(f"  {subject.name if subject else name}: {why}", flush=True)
            return [Result(name, "failed", subject.name if subject else "", judged=False, absent={"all": why})]
        return [Result.from_json(plain) for plain in json.loads(out.read_text())]


def work(chosen: argparse.Namespace) -> int:
    name, out = chosen.worker
    if name not in ("memory", "import_time"):
        clock.steady_heap()
    settings = Settings.quick() if chosen.quick else Settings()
    [subject] = subjects(name, chosen)
    rows = []
    for result in topic(name).run(subject, settings):
        print(line(result), flush=True)
        rows.append(result.as_json())
    Path(out).write_text(json.dumps(rows))
    return 0


def line(result: Result) -> str:
    """One row for the terminal."""
    text = f"  {result.document:<14} {result.task:<36}"
    for name, cell in result.columns.items():
        own = cell.least.get("quire", cell.least.get("quire.json"))
        best = f"{cell.best} {report.amount(cell.least.get(cell.best), result.unit)}".strip()
        ratio = "" if cell.ratio is None else f"{cell.ratio:.2f}"
        text += f" {name:>8} {ratio:>5} {report.amount(own, result.unit):>9} of {best:<22}"
    asked = [f"{label} {value:g}" for label, value in (("must", result.must), ("goal", result.goal)) if value is not None]
    failed = [f"{who}: {why}" for who, why in result.absent.items() if who in ("quire", "all") and "No module" not in why]
    return text + f" {', '.join(asked):<20} {result.verdict()}" + (f"  [{'; '.join(failed)}]" if failed else "")


if __name__ == "__main__":
    sys.exit(main())
