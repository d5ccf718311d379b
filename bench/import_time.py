# SPDX-License-Identifier: Apache-2.0
"""What importing costs: CPU time of a fresh interpreter that imports, less that of one that does not; least of 20."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

from bench import targets
from bench.result import Cell, Result, Settings

TITLE = "Import"
MODULES = ("quire.json", "quire.msgpack", "orjson", "msgspec.json", "ormsgpack", "msgpack", "ujson", "json")
TIMES = 20
COLUMN = "import"


def takes(document) -> bool:
    return document is None


def folder(module: str) -> str | None:
    """The directory to put on the path so that the module's package is found."""
    top = module.partition(".")[0]
    spec = importlib.util.find_spec(top)
    if spec is None or spec.origin is None:
        return None
    origin = Path(spec.origin).resolve()
    return str(origin.parent.parent if origin.stem == "__init__" else origin.parent)


def cpu(code: str) -> float:
    """Milliseconds of CPU of one isolated interpreter."""
    arguments = [sys.executable, "-I", "-S", "-c", code]
    pid = os.posix_spawn(sys.executable, arguments, os.environ)
    _, status, usage = os.wait4(pid, 0)
    if status:
        raise RuntimeError(f"{code}: status {status}")
    return (usage.ru_utime + usage.ru_stime) * 1000


def loaded(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", f"{code}; print(*sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def run(document, settings: Settings):
    bare = {}
    codes = {}
    absent = {}
    for module in MODULES:
        where = folder(module)
        if where is None:
            absent[module] = "not installed"
            continue
        bare[module] = f"import sys; sys.path.insert(0, {where!r})"
        codes[module] = f"{bare[module]}; import {module}"
        try:
            loaded(codes[module])
        except subprocess.CalledProcessError as error:
            reason = (error.stderr.strip().splitlines() or [f"status {error.returncode}"])[-1]
            absent[module] = f"cannot be imported alone: {reason}"[:200]
            del codes[module]
    least: dict[str, float] = {}
    for _ in range(TIMES if settings.seconds > 2 else 5):
        for module, code in codes.items():
            for key, text in ((module, code), (f"bare {module}", bare[module])):
                least[key] = min(least.get(key, float("inf")), cpu(text))
    costs = {module: least[module] - least[f"bare {module}"] for module in codes}
    must, goal = targets.IMPORT_MS
    cell = Cell(costs, best="", ratio=costs.get("quire.json"), rounds=TIMES)
    note = "the figure is milliseconds of CPU, not a ratio"
    result = Result("import_time", "import quire.json", unit="ms", columns={COLUMN: cell}, must=must, goal=goal, note=note)
    result.absent = absent
    yield result
    yield modules(codes, bare)


def modules(codes: dict[str, str], bare: dict[str, str]) -> Result:
    """How many of the modules that importing must not load are loaded by it."""
    counts, notes = {}, {}
    for module, code in codes.items():
        more = loaded(code) - loaded(bare[module])
        unwanted = sorted(more & set(targets.IMPORT_MUST_NOT_LOAD) - {module})
        counts[module], notes[module] = float(len(unwanted)), unwanted
    cell = Cell(counts, ratio=counts.get("quire.json"), rounds=1)
    return Result(
        "import_time",
        "modules loaded that must not be",
        unit="modules",
        columns={COLUMN: cell},
        must=0.0,
        note=json.dumps({module: names for module, names in notes.items() if names}),
    )
