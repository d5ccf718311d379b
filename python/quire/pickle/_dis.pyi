# SPDX-License-Identifier: Apache-2.0
from typing import Any, Protocol

from _typeshed import SupportsWrite
from typing_extensions import Buffer

class _Readable(Protocol):
    def read(self) -> bytes: ...

def dis(
    pickle: Buffer | _Readable,
    out: SupportsWrite[str] | None = None,
    memo: dict[int, Any] | None = None,
    indentlevel: int = 4,
    annotate: int = 0,
) -> None: ...
