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
`path`, `pointer` (RFC 6901), `code`, `expected`, `got`, `value`, `offset`, `line`, `column` and `hint`. The *code* is stable:
programs may compare it. The text of a message is for people and may change. A type that cannot be served is a `SchemaError`
(a `TypeError`), raised when the type is first used; running out of memory is an ordinary `MemoryError`.

```python
import quire
import quire.json
from quire import Limits, Record

class User(Record):
    id: int
    name: str

text = '[{"id": 1, "name": "a"}, {"id": "7x", "nmae": "b"}]'
try:
    quire.json.decode(text, list[User])
except quire.ValidationError as error:
    fault = error.errors[0]
    message = str(error)

fault.pointer, fault.code, fault.expected, fault.value  # -> ('/1/id', 'type_mismatch', 'int', '7x')
message.split("\\n")[0]  # -> 'expected int, got str "7x" at $[1].id (line 1, column 33; byte 32) [type_mismatch]'
```

A message of a text format shows the line, with a mark under the value at fault and the field that it was read for; long lines
and long values are cut, and where a type has `secret` fields no line is shown and their values nowhere. A *hint* says what to do
where that can be told: the name or the choice that was probably meant, what the arms of a union wanted, what `strict=False`
would take.

## All errors at once

Reading stops at the first fault, which costs nothing while all goes well. With `errors="all"` the same input is read once more
after a fault, by a build of the reader that goes on: a value that is not of its type is skipped and becomes a fault, up to
`Limits(errors=100)`, in the order of their places.

```python
try:
    quire.json.decode(text, list[User], errors="all")
except quire.ValidationError as error:
    faults = error.errors

[(fault.pointer, fault.code) for fault in faults]  # -> [('/1', 'missing_field'), ('/1/id', 'type_mismatch')]
```

`decode`, `Decoder`, `Encoder`, `quire.convert` and `quire.validate` take it. What is not a document of the format, or beyond
a limit, ends the reading: it is the last fault. An object that has lost a field is not made, so its `__post_init__` is not
called; for what is sound, `__post_init__` and adapters are called a second time. What user code raises is a fault when it is
a `ValueError` (or, but for adapters, a `TypeError`); every other exception passes through, with the path as a note.

## Writing

An `EncodeError` (also a `TypeError`) has the same path, code and value: the object that cannot be written, and where it stands. A
limit that is met while writing is an `EncodeLimitError`, which is both an `EncodeError` and a `LimitError`.

```python
try:
    quire.json.encode({"rows": [1, {"made": object()}]})
except quire.EncodeError as error:
    refused = error.errors[0]

refused.path, refused.code, refused.got  # -> ('$.rows[1].made', 'unsupported_type', 'object')
```

An `Encoder` with `errors="all"` walks what could not be written once more, part by part, and reports what is not of its type as
well as what the format cannot hold. User code runs again then.

```python
try:
    quire.json.Encoder(list[User], errors="all").encode([User("7x", "a"), User(1, None), User(2, "c")])
except quire.EncodeError as error:
    refusals = [(fault.pointer, fault.expected, fault.got) for fault in error.errors]

refusals  # -> [('/0/id', 'int', 'str'), ('/1/name', 'str', 'null')]
```
"""


PICKLE = """## Of pickles

`quire.pickle.decode` and `Decoder` raise these with codes of their own; each class is `pickle.UnpicklingError` as well.

- `unsafe_pickle`, an `UnsafePickleError` and `UnsafeError`: names or does what the type does not allow
- `malformed_pickle`, a `MalformedPickleError` and `MalformedError`: is no pickle, or makes something that it cannot be
- `truncated`, a `TruncatedPickleError` and `TruncatedError`: ends before its end
- `pickle_limit`, a `PickleLimitError` and `LimitError`: asks for more than the limits allow
"""


def entries() -> list[tuple[str, str, str]]:
    text = (ROOT / "core/base/errors.def").read_text()
    return re.findall(r'^X\(\w+, (\w+), "(\w+)", "(.*)"\)$', text, re.M)


def errors_page() -> str:
    parts = [HEAD]
    for name, (exception, meaning) in CLASSES.items():
        rows = [f"| `{code}` | {message} |" for kind, code, message in entries() if kind == name]
        parts.append("\n".join([f"## {exception}", "", meaning, "", "| code | fault |", "|---|---|", *rows, ""]))
    return "\n".join([*parts, PICKLE])


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
