# SPDX-License-Identifier: Apache-2.0
import os
from dataclasses import dataclass
from typing import Any

from typing_extensions import Buffer

@dataclass(frozen=True, slots=True, eq=False)
class PycCode:
    argcount: int
    posonlyargcount: int | None = None
    kwonlyargcount: int | None = None
    nlocals: int | None = None
    stacksize: int = 0
    flags: int = 0
    code: Any = b""
    consts: Any = ()
    names: Any = ()
    varnames: Any = None
    freevars: Any = None
    cellvars: Any = None
    localsplusnames: Any = None
    localspluskinds: Any = None
    filename: Any = ""
    name: Any = ""
    qualname: Any = None
    firstlineno: int = 0
    lnotab: Any = None
    linetable: Any = None
    exceptiontable: Any = None

    def codes(self) -> list[PycCode]: ...

@dataclass(frozen=True, slots=True)
class PycFile:
    magic: int
    version: tuple[int, int]
    flags: int
    mtime: int | None
    size: int | None
    hash: bytes | None
    code: PycCode

def read_pyc(path_or_bytes: str | os.PathLike[str] | Buffer) -> PycFile: ...
def read(data: Buffer, version: tuple[int, int]) -> Any: ...
