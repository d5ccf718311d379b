# SPDX-License-Identifier: Apache-2.0
from collections.abc import Callable
from typing import Any, Generic, Literal, TypeVar, final, overload

from typing_extensions import TypeForm

__all__ = ["Adapter"]

_T = TypeVar("_T")
_W = TypeVar("_W")

@final
class Adapter(Generic[_T, _W]):
    @overload
    def __init__(
        self, *, wire: TypeForm[_W], encode: Callable[[_T], _W], decode: Callable[[_W], _T], context: Literal[False] = False
    ) -> None: ...
    @overload
    def __init__(
        self, *, wire: TypeForm[_W], encode: Callable[[_T], _W], decode: Callable[[_W, Any], _T], context: Literal[True]
    ) -> None: ...
    @property
    def wire(self) -> TypeForm[_W]: ...
    @property
    def encode(self) -> Callable[[_T], _W]: ...
    @property
    def decode(self) -> Callable[..., _T]: ...
    @property
    def context(self) -> bool: ...
