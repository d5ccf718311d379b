# SPDX-License-Identifier: Apache-2.0
"""Reading a table of which some rows are dirty: the good rows, and for each bad one the place and the reason."""

from dataclasses import dataclass
from typing import Any

import quire


@dataclass
class Dirty:
    """A row that is not what its type says, at its place in the document."""

    line: int
    column: int
    path: str
    reason: str

    def __str__(self) -> str:
        return f"line {self.line}, column {self.column}: {self.path}: {self.reason}"


def read_rows(data: bytes, row_type: type) -> tuple[list[Any], list[Dirty]]:
    """Decode a JSON array row by row. The rows are first kept as they stand (quire.Raw), so that one bad row costs only
    itself; as each is a piece of the document, word for word, the place in the document follows from where it is found."""
    decoder = quire.json.Decoder(row_type)
    good, dirty = [], []
    start = 0
    for index, raw in enumerate(quire.json.decode(data, list[quire.Raw])):
        row = bytes(raw)
        start = data.index(row, start)
        try:
            good.append(decoder.decode(row))
        except quire.ValidationError as error:
            for fault in error.errors:
                at = start + (fault.offset or 0)
                dirty.append(
                    Dirty(
                        line=data.count(b"\n", 0, at) + 1,
                        column=len(data[data.rfind(b"\n", 0, at) + 1 : at].decode()) + 1,
                        path=f"$[{index}]{fault.path[1:]}",
                        reason=f"expected {fault.expected}, got {fault.got}",
                    )
                )
        start += len(row)
    return good, dirty
