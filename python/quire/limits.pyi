# SPDX-License-Identifier: Apache-2.0
from typing import ClassVar, Final, Literal, final

__all__ = ["Limits"]

MAX_DEPTH: Final = 1_000_000

@final
class Limits:
    DEFAULT: ClassVar[Limits]

    @property
    def depth(self) -> int: ...
    @property
    def bytes(self) -> int | None: ...
    @property
    def items(self) -> int | None: ...
    @property
    def str_bytes(self) -> int | None: ...
    @property
    def int_digits(self) -> int | None: ...
    @property
    def errors(self) -> int | None: ...
    @property
    def duplicate_keys(self) -> Literal["last", "error"]: ...
    def __init__(
        self,
        *,
        depth: int = 1000,
        bytes: int | None = None,
        items: int | None = None,
        str_bytes: int | None = None,
        int_digits: int | None = 4300,
        errors: int | None = 100,
        duplicate_keys: Literal["last", "error"] = "last",
    ) -> None: ...
    def replace(
        self,
        *,
        depth: int = ...,
        bytes: int | None = ...,
        items: int | None = ...,
        str_bytes: int | None = ...,
        int_digits: int | None = ...,
        errors: int | None = ...,
        duplicate_keys: Literal["last", "error"] = ...,
    ) -> Limits: ...
    __replace__ = replace
    def __eq__(self, other: object) -> bool: ...
    def __hash__(self) -> int: ...
