# SPDX-License-Identifier: Apache-2.0
"""Run every Python example in the documentation: python tools/run_doc_examples.py [file ...]

A block that opens with ```python runs; the blocks of one page run in order in one namespace, as a reader who types along
would have it. A line that shows a value, `expression  # -> text`, is checked: repr(expression), or its str(), must be the
text. A block with `>>>` prompts runs as a doctest. A block that must raise says so in its first line: `# raises NAME`.
Blocks that cannot run (a file of yours, an endless loop) open with ```python no-run, and are compiled only.
"""

from __future__ import annotations

import ast
import contextlib
import doctest
import io
import os
import re
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^```python([^\n]*)\n(.*?)^```$", re.S | re.M)
SHOWN = re.compile(r"^(\S.*?)\s+# -> (.*)$")


class ExampleFailed(Exception):
    pass


def pages() -> list[Path]:
    return [ROOT / "README.md", ROOT / "core/README.md", ROOT / "binding/README.md", *sorted((ROOT / "docs").rglob("*.md"))]


def run_block(source: str, name: str, line: int, namespace: dict[str, Any]) -> None:
    """Run one block; shown values are compared where they stand."""
    if ">>>" in source:
        test = doctest.DocTestParser().get_doctest(source, namespace, name, name, line)
        report = io.StringIO()
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
        if runner.run(test, out=report.write, clear_globs=False).failed:
            raise ExampleFailed(report.getvalue())
        namespace.update(test.globs)
        return
    lines = source.splitlines()
    raises = re.fullmatch(r"# raises ([\w.]+).*", lines[0]) if lines else None
    tree = ast.parse("\n" * line + source, name)
    for statement in tree.body:
        shown = SHOWN.match(lines[(statement.end_lineno or 0) - line - 1])
        if isinstance(statement, ast.Expr) and shown:
            value = eval(compile(ast.Expression(statement.value), name, "eval"), namespace)
            if shown[2] not in (repr(value), str(value)):
                raise ExampleFailed(f"line {statement.lineno}: {shown[1]} is {value!r}, the page says {shown[2]}")
            continue
        code = compile(ast.Module([statement], []), name, "exec")
        try:
            exec(code, namespace)
        except Exception as error:
            names = [base.__name__ for base in type(error).__mro__]
            if raises and statement is tree.body[-1] and raises[1].rpartition(".")[2] in names:
                return
            raise
    if raises:
        raise ExampleFailed(f"line {line}: the block must raise {raises[1]}, and did not")


def run_page(path: Path) -> tuple[int, list[str]]:
    """Run all blocks of a page in a scratch folder. Returns how many ran, and what failed."""
    text = path.read_text(encoding="utf-8")
    name = str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
    # Classes in an example need a module that exists: annotations are looked up in it, and pickle asks for it.
    module = type(sys)("__quire_example__")
    sys.modules["__quire_example__"] = module
    failed: list[str] = []
    count = 0
    here = os.getcwd()
    try:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            for found in FENCE.finditer(text):
                line = text.count("\n", 0, found.start()) + 1
                count += 1
                try:
                    if "no-run" in found[1]:
                        compile(found[2], name, "exec")
                        continue
                    with contextlib.redirect_stdout(io.StringIO()):
                        run_block(found[2], name, line, module.__dict__)
                except ExampleFailed as error:
                    failed.append(f"{name}:{line}: {error}")
                except Exception:
                    failed.append(f"{name}:{line}: {traceback.format_exc(limit=-3)}")
            os.chdir(here)
    finally:
        os.chdir(here)
        del sys.modules["__quire_example__"]
    return count, failed


def main(arguments: list[str]) -> int:
    total = 0
    failed: list[str] = []
    for path in [Path(one).resolve() for one in arguments] or [page for page in pages() if page.exists()]:
        count, faults = run_page(path)
        total += count
        failed += faults
    for fault in failed:
        print(fault)
    print(f"documentation: {total} examples, {len(failed)} failed")
    return 1 if failed or not total else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
