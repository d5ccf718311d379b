# SPDX-License-Identifier: Apache-2.0
"""Hold the package and tests/typing/ against two type checkers: python tools/check_types.py

- mypy --strict and basedpyright must find nothing in the stubs of the package (python/quire/*.pyi: the public face is
  typed there, by hand), and stubtest nothing between the stubs and the modules.
- tests/typing/accept_*.py must pass both. In tests/typing/reject_*.py both must report every line that ends with
  `# error`, and no other line.

Works with what is installed in the interpreter that runs it.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def run(*command: str) -> tuple[int, str]:
    environment = {**os.environ, "MYPYPATH": str(ROOT / "python")}
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=environment)
    return done.returncode, done.stdout + done.stderr


def mypy(*paths: str) -> tuple[set[tuple[str, int]], str]:
    _, text = run(sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context", *paths)
    return {(file, int(line)) for file, line in re.findall(r"^([^:\n]+):(\d+)(?::\d+)?: error:", text, re.M)}, text


def basedpyright(*paths: str) -> tuple[set[tuple[str, int]], str]:
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--level", "error", "--pythonpath", sys.executable]
    _, text = run(*command, *paths)
    try:
        found = json.loads(text)["generalDiagnostics"]
    except ValueError:
        return {("", 0)}, text
    errors = [one for one in found if one["severity"] == "error"]
    lines = {(os.path.relpath(one["file"], ROOT), one["range"]["start"]["line"] + 1) for one in errors}
    return lines, "\n".join(
        f"{os.path.relpath(one['file'], ROOT)}:{one['range']['start']['line'] + 1}: {one['message']}" for one in errors
    )


def main() -> int:
    failures = 0
    accept = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests/typing").glob("accept_*.py"))
    reject = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "tests/typing").glob("reject_*.py"))
    stubs = sorted(str(path.relative_to(ROOT)) for path in (ROOT / "python/quire").rglob("*.pyi"))
    if not stubs:
        print("python/quire has no stubs")
        failures += 1
    if not accept or not reject:
        print("tests/typing needs files to accept (accept_*.py) and to reject (reject_*.py)")
        failures += 1
    wanted = {
        (path, number)
        for path in reject
        for number, line in enumerate((ROOT / path).read_text().splitlines(), 1)
        if line.rstrip().endswith("# error")
    }
    for name, check in (("mypy", mypy), ("basedpyright", basedpyright)):
        found, text = check(*stubs, *accept)
        if found:
            print(f"{name}:\n{text}")
            failures += 1
        if not reject:
            continue
        found, text = check(*reject)
        for path, line in sorted(wanted - found):
            print(f"{name} accepts {path}:{line}, which it must reject")
        for path, line in sorted(found - wanted):
            print(f"{name} rejects {path}:{line}, which it must accept")
        if found != wanted:
            print(text)
            failures += 1
    stubtest = [sys.executable, "-m", "mypy.stubtest", "--concise", "--ignore-disjoint-bases"]
    status, text = run(*stubtest, "--mypy-config-file", "pyproject.toml", "--allowlist", "tests/typing/stubtest.txt", "quire")
    if status:
        print(f"stubtest:\n{text}")
        failures += 1
    print(f"types: {len(accept)} files accepted, {len(wanted)} lines rejected" if not failures else "types: failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
