# SPDX-License-Identifier: Apache-2.0
"""Compare the explicit source lists of the meson files with the tree, look for the licence line in every source file and for
calls of the interpreter's API that have a better one of ours:
tools/check_sources.py [--fix]

A list that names what is gone breaks the build at once; a file that no list names is silently left out, and that is what
this finds. With --fix the lists are rewritten, sorted.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# meson file, list name, patterns below its folder, what to leave out, how a path is spelled in the list
LISTS = [
    ("core/meson.build", "core_sources", ["*/*.c"], r"$^", "path"),
    ("core/meson.build", "core_headers", ["*/*.h", "*/*.def"], r"$^", "path"),
    (
        "binding/meson.build",
        "binding_sources",
        ["*.c", *(f"{room}/*.c" for room in ("json", "marshal", "msgpack", "pickle", "plan", "record"))],
        r"$^",
        "path",
    ),
    ("tests/c/meson.build", "c_tests", ["test_*.c"], r"$^", "test"),
    ("fuzz/meson.build", "fuzz_targets", ["*.c"], r"^driver\.c$", "stem"),
    ("tests/c/meson.build", "c_examples", ["../../examples/c/*.c"], r"$^", "stem"),
]


def spelled(path: Path, how: str) -> str:
    if how == "path":
        return path.as_posix()
    return path.stem.removeprefix("test_") if how == "test" else path.stem


def without_licence() -> list[str]:
    """Source files whose first two lines do not name the licence."""
    folders = ["core", "binding", "python", "tests", "fuzz", "bench", "demo", "examples", "tools"]
    kinds = {".c", ".h", ".def", ".py", ".pyi", ".sh", ".build", ".ini"}
    paths = [path for folder in folders for path in sorted((ROOT / folder).rglob("*")) if path.suffix in kinds]
    return [
        path.relative_to(ROOT).as_posix()
        for path in paths
        if "__pycache__" not in path.parts and not any("SPDX-License-Identifier" in line for line in head(path))
    ]


# Functions of the interpreter that must not be called in binding/, and what takes their place.
REFUSED = {
    r"\bPyObject_(?:Get|Has|Set|Del)AttrString(?:WithError)?\(": "makes the name anew: binding/attribute.h",
    r"\bPyByteArray_FromStringAndSize\((?!NULL, 0\))": "may print an error that is none, for lack of memory: binding/bytearray.h",
    r"\bPyObject_CallMethod\(": "makes the name anew, and takes a tuple apart: binding/attribute.h",
}


def refused_calls() -> list[str]:
    """Calls of such functions, but in comments."""
    found = []
    for path in sorted((ROOT / "binding").rglob("*.[ch]")):
        text = re.sub(r"/\*.*?\*/", lambda comment: re.sub(r"[^\n]", " ", comment[0]), path.read_text(), flags=re.S)
        for pattern, why in REFUSED.items():
            for call in re.finditer(pattern, text):
                line = text.count("\n", 0, call.start()) + 1
                found.append(f"{path.relative_to(ROOT).as_posix()}:{line}: {call[0].rstrip('(')} {why}")
    return found


def head(path: Path) -> list[str]:
    with path.open(encoding="utf-8") as file:
        return [file.readline(), file.readline()]


def main(fix: bool) -> int:
    bare = without_licence()
    for name in bare:
        print(f"{name}: no SPDX-License-Identifier line")
    calls = refused_calls()
    for call in calls:
        print(call)
    stale = len(bare) + len(calls)
    for file, name, patterns, leave_out, how in LISTS:
        build = ROOT / file
        text = build.read_text()
        found = re.search(rf"^{name} = (files\(|\[)\n(.*?)^(\)|\])$", text, re.S | re.M)
        if not found:
            print(f"{file}: no list {name}")
            stale += 1
            continue
        listed = set(re.findall(r"'([^']+)'", found[2]))
        paths = {path.relative_to(build.parent) for pattern in patterns for path in build.parent.glob(pattern)}
        there = {spelled(path, how) for path in paths if not re.search(leave_out, path.name)}
        if listed == there:
            continue
        if fix:
            lines = "".join(f"  '{entry}',\n" for entry in sorted(there))
            build.write_text(text[: found.start(2)] + lines + text[found.end(2) :])
            print(f"{file}: {name} rewritten")
            continue
        stale += 1
        for entry in sorted(there - listed):
            print(f"{file}: {name} does not name {entry}")
        for entry in sorted(listed - there):
            print(f"{file}: {name} names {entry}, which is not there")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main("--fix" in sys.argv[1:]))
