# SPDX-License-Identifier: Apache-2.0
"""Peak memory of one decode: in a fresh process each, how far resident memory rises, and how much of it stays.

The peak is the kernel's high-water mark, reset just before the call, so it sees what every allocator takes. Below
some 2 MB the figures are blurred by memory the interpreter had in hand already; the documents here are larger.
What the result holds is the lesser of two: what stays resident, and the sizes of the objects in it, so that scratch
memory which a library keeps for the next call does not count as held.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

if __name__ == "__main__":
    sys.path = json.loads(sys.argv[1])["path"]

from bench import contenders, targets
from bench.documents import ROOT, Document
from bench.result import Cell, Result, Settings

TITLE = "Memory of one decode"
LEAST_BYTES = 700_000
REPEATS = 3

UNTYPED = {
    contenders.JSON: ("quire", "orjson", "msgspec", "ujson", "pysimdjson", "json"),
    contenders.MSGPACK: ("quire", "ormsgpack", "msgspec", "msgpack"),
}
TYPED = ("quire", "msgspec", "by hand")


def takes(document: Document) -> bool:
    return not document.lines and document.shape != "message"


def run(document: Document, settings: Settings):
    if len(document.data) < LEAST_BYTES:
        return
    for format in (contenders.JSON, contenders.MSGPACK):
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "document"
            path.write_bytes(document.data if format == contenders.JSON else packed(document))
            repeats = 1 if settings.seconds < 2 else REPEATS
            yield from judged(document, format, False, figures(document, format, path, UNTYPED[format], False, repeats))
            if document.model is not None:
                yield from judged(document, format, True, figures(document, format, path, TYPED, True, repeats))


def packed(document: Document) -> bytes:
    return contenders.need("msgpack").packb(document.parsed())


def figures(document: Document, format: str, path: Path, names, typed: bool, repeats: int):
    """{name: (peak KB, held KB)}, and who failed and why."""
    found, absent = {}, {}
    for name in names:
        runs = []
        for _ in range(repeats):
            order = {"name": name, "format": format, "document": document.name, "typed": typed, "file": str(path)}
            order["path"] = sys.path
            command = [sys.executable, str(Path(__file__).resolve()), json.dumps(order)]
            done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
            if done.returncode:
                absent[name] = (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1][:200]
                break
            runs.append(tuple(json.loads(done.stdout)))
        else:
            found[name] = min(runs)
    return found, absent


def judged(document: Document, format: str, typed: bool, measured):
    found, absent = measured
    kind = f"{'typed-' if typed else ''}{format}-decode"
    common = {"document": document.name, "shape": document.shape, "judged": document.judged, "unit": "KB", "absent": absent}
    peaks = {name: float(peak) for name, (peak, _) in found.items()}
    cell = Cell(peaks, rounds=REPEATS)
    rivals = [name for name in peaks if name != "quire"]
    if "msgspec" in rivals:
        cell.best = "msgspec"
        if "quire" in peaks:
            cell.ratio = peaks["quire"] / max(peaks["msgspec"], 1.0)
    must, goal = (None, None) if typed else targets.MEMORY_AGAINST_MSGSPEC
    yield Result("memory", f"{kind}, peak against msgspec", columns={"peak": cell}, must=must, goal=goal, **common)
    held = Cell({name: float(stays) for name, (_, stays) in found.items()}, "what it holds", rounds=REPEATS)
    if "quire" in found:
        peak, stays = found["quire"]
        held.ratio = max(peak - targets.MEMORY_SLACK_KB, 0) / max(stays, 1)
    must, goal = targets.MEMORY_OVER_HELD
    note = "figures: KB held afterwards; ratio: peak less 256 KB over held"
    yield Result("memory", f"{kind}, peak over held", columns={"held": held}, must=must, goal=goal, note=note, **common)


# -- the child ----------------------------------------------------------------------------------------------------


def resident(name: str) -> int:
    """A line of the process's status, in KB."""
    with open("/proc/self/status", "rb") as status:
        for line in status:
            if line.startswith(name.encode()):
                return int(line.split()[1])
    raise RuntimeError(name)


def child(order: dict) -> None:
    import gc

    from bench import documents

    format = order["format"]
    if order["typed"]:
        model = documents.models.MODELS[order["document"]]
        kind, maker = contenders.TYPED[order["name"]]
        call = maker(format, "decode", model, kind)
    else:
        call = contenders.UNTYPED[format][order["name"]]("decode")
        call(b"[]" if format == contenders.JSON else b"\x90")
    data = Path(order["file"]).read_bytes()
    gc.collect()
    before = resident("VmRSS:")
    with open("/proc/self/clear_refs", "w") as reset:
        reset.write("5")
    result = call(data)
    after, peak = resident("VmRSS:"), resident("VmHWM:")
    print(json.dumps([max(peak, after) - before, min(after - before, held_kb(result))]))


def held_kb(result) -> int:
    """The objects of a result, each once, in KB as the allocator rounds them."""
    import gc

    shared = (type, type(gc), type(held_kb))
    seen, pending, total = {id(result)}, [result], 0
    while pending:
        one = pending.pop()
        total += (sys.getsizeof(one) + 15) & ~15
        for inner in gc.get_referents(one):
            if id(inner) not in seen and not isinstance(inner, shared):
                seen.add(id(inner))
                pending.append(inner)
    return total // 1024


if __name__ == "__main__":
    child(json.loads(sys.argv[1]))
