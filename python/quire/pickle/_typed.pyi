# SPDX-License-Identifier: Apache-2.0
from collections.abc import Mapping
from pickle import UnpicklingError
from typing import Any, Generic, Literal, TypeVar, overload

from typing_extensions import Buffer, TypeForm

from quire.adapters import Adapters
from quire.errors import LimitError, MalformedError, TruncatedError, UnsafeError
from quire.limits import Limits

_T = TypeVar("_T")

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
