# SPDX-License-Identifier: Apache-2.0
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

__all__ = [
    "DecodeError",
    "EncodeError",
    "EncodeLimitError",
    "Fault",
    "LimitError",
    "MalformedError",
    "QuireError",
    "SchemaError",
    "TruncatedError",
    "UnsafeError",
    "ValidationError",
    "join_errors",
    "make_error",
    "nearest",
]

VALUE_WIDTH: int
CHOICES_SHOWN: int

class Fault:
    code: str
    message: str
    steps: tuple[Any, ...]
    expected: str | None
    got: str | None
    value: Any
    offset: int | None
    line: int | None
    column: int | None
    hint: str | None
    def __init__(
        self,
        code: str,
        message: str,
        steps: Iterable[Any] = (),
        expected: str | None = None,
        got: str | None = None,
        value: Any = None,
        offset: int | None = None,
        line: int | None = None,
        column: int | None = None,
        hint: str | None = None,
    ) -> None: ...
    @property
    def path(self) -> str: ...
    @property
    def pointer(self) -> str: ...
    def __eq__(self, other: object) -> bool: ...
    __hash__: ClassVar[None]  # type: ignore[assignment]

class QuireError(ValueError):
    errors: list[Fault]
    def __init__(self, message: str = "", errors: Iterable[Fault] = ()) -> None: ...

class EncodeError(QuireError, TypeError): ...
class DecodeError(QuireError): ...
class MalformedError(DecodeError): ...
class TruncatedError(DecodeError): ...
class ValidationError(DecodeError): ...
class LimitError(DecodeError): ...
class EncodeLimitError(EncodeError, LimitError): ...
class UnsafeError(DecodeError): ...
class SchemaError(TypeError): ...

def make_error(
    kind: str,
    code: str,
    message: str,
    steps: tuple[Any, ...],
    expected: str | None,
    got: str | None,
    value: Any,
    offset: int | None,
    line: int | None,
    column: int | None,
    choices: Sequence[Any] | None = None,
    cause: BaseException | None = None,
    excerpt: tuple[str, int, int] | tuple[str, int, int, str | None] | None = None,
    strict: bool = False,
) -> QuireError | MemoryError: ...
def join_errors(errors: Sequence[QuireError]) -> QuireError: ...
def nearest(name: object, names: Iterable[object]) -> str | None: ...
def path_text(steps: Iterable[Any]) -> str: ...
def pointer_text(steps: Iterable[Any]) -> str: ...
