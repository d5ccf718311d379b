# SPDX-License-Identifier: Apache-2.0
import os
from collections.abc import Iterator, Mapping
from pickle import UnpicklingError
from typing import Any, Generic, Literal, Protocol, TypeVar, overload

from typing_extensions import Buffer, TypeForm

from quire._core import Stream
from quire.adapters import Adapters
from quire.errors import LimitError, MalformedError, TruncatedError, UnsafeError
from quire.limits import Limits

_T = TypeVar("_T")

class _Readable(Protocol):
    def read(self, size: int = ..., /) -> Any: ...

class UnsafePickleError(UnsafeError, UnpicklingError): ...
class MalformedPickleError(MalformedError, UnpicklingError): ...
class TruncatedPickleError(TruncatedError, UnpicklingError): ...
class PickleLimitError(LimitError, UnpicklingError): ...

class Decoder(Generic[_T]):
    @overload
    def __init__(
        self: Decoder[Any],
        *,
        strict: bool = True,
        errors: Literal["first", "all"] = "first",
        limits: Limits | None = None,
        adapters: Adapters | None = None,
        context: Any = None,
        alias: Mapping[str, type] | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        type: TypeForm[_T],
        /,
        *,
        strict: bool = True,
        errors: Literal["first", "all"] = "first",
        limits: Limits | None = None,
        adapters: Adapters | None = None,
        context: Any = None,
        alias: Mapping[str, type] | None = None,
    ) -> None: ...
    def decode(self, data: Buffer, /) -> _T: ...
    def decode_from(self, data: Buffer, /, offset: int = 0) -> tuple[_T, int]: ...
    def decode_lines(self, data: Buffer, /) -> Iterator[_T]: ...
    def read(self, fp_or_path: str | bytes | os.PathLike[Any] | _Readable, /, *, mmap: bool = False) -> _T: ...
    def stream(self) -> Stream[_T]: ...
    @property
    def type(self) -> Any: ...

@overload
def decode(
    data: Buffer,
    /,
    *,
    strict: bool = True,
    errors: Literal["first", "all"] = "first",
    limits: Limits | None = None,
    adapters: Adapters | None = None,
    context: Any = None,
    alias: Mapping[str, type] | None = None,
) -> Any: ...
@overload
def decode(
    data: Buffer,
    type: TypeForm[_T],
    /,
    *,
    strict: bool = True,
    errors: Literal["first", "all"] = "first",
    limits: Limits | None = None,
    adapters: Adapters | None = None,
    context: Any = None,
    alias: Mapping[str, type] | None = None,
) -> _T: ...
