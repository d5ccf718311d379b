# SPDX-License-Identifier: Apache-2.0
"""Write the documentation pages that are made from source: python tools/generate_docs.py [--check]

docs/errors.md comes from core/base/errors.def. With --check nothing is written; a stale page is an error.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Error class of the core: the exception it becomes, and what it means for the caller.
CLASSES = {
    "TRUNCATED": ("TruncatedError", "The input ends too early: more bytes could make it whole."),
    "MALFORMED": ("MalformedError", "The bytes are not what the format's specification allows."),
    "VALIDATION": ("ValidationError", "The bytes are well formed, but they do not hold the type that was asked for."),
    "ENCODE": ("EncodeError", "The object cannot be written in this format."),
    "LIMIT": ("LimitError", "The input or the object exceeds a limit that the caller set, or the default one."),
}

HEAD = """# Errors

<!-- made from core/base/errors.def by tools/generate_docs.py: do not edit -->

Every error of quire is a `QuireError` (a `ValueError`) and carries `.errors`, a list of faults. Each fault has
`path`, `pointer`, `code`, `expected`, `got`, `value`, `offset`, `line`, `column` and `hint`. The *code* is stable: programs
may compare it. The text of a message is for people and may change. A type that cannot be served is a `SchemaError`
(a `TypeError`), raised when the type is first used; running out of memory is an ordinary `MemoryError`.
"""


def entries() -> list[tuple[str, str, str]]:
    text = (ROOT / "core/base/errors.def").read_text()
    return re.findall(r'^X\(\w+, (\w+), "(\w+)", "(.*)"\)$', text, re.M)


def errors_page() -> str:
    parts = [HEAD]
    for name, (exception, meaning) in CLASSES.items():
        rows = [f"| `{code}` | {message} |" for kind, code, message in entries() if kind == name]
        parts.append("\n".join([f"## {exception}", "", meaning, "", "| code | fault |", "|---|---|", *rows, ""]))
    return "\n".join(parts)


def main(check: bool) -> int:
    unknown = {kind for kind, _, _ in entries()} - CLASSES.keys() - {"NONE", "MEMORY", "SINK"}
    if unknown:
        print(f"tools/generate_docs.py has no section for {', '.join(sorted(unknown))}")
        return 1
    page = ROOT / "docs/errors.md"
    text = errors_page()
    if page.exists() and page.read_text() == text:
        return 0
    if check:
        print("docs/errors.md is stale: run make docs")
        return 1
    page.write_text(text)
    print("docs/errors.md written")
    return 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
