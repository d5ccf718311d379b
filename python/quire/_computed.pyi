# SPDX-License-Identifier: Apache-2.0
from collections.abc import Callable
from typing import Any, Generic, Literal, Self, TypeVar, overload

__all__ = ["computed"]

_T = TypeVar("_T")
_T_co = TypeVar("_T_co", covariant=True)

class computed(Generic[_T_co]):
    wire: str | None
    omit: Literal["never", "null"] | None

    @overload
    def __init__(self, fget: Callable[[Any], _T_co], /) -> None: ...
    @overload
    def __init__(self: computed[Any], fget: property, /) -> None: ...
    @overload
    def __init__(
        self: computed[Any], fget: None = None, /, *, name: str | None = None, omit: Literal["never", "null"] | None = None
    ) -> None: ...
    @overload
    def __call__(self, fget: property, /) -> computed[Any]: ...
    @overload
    def __call__(self, fget: Callable[[Any], _T], /) -> computed[_T]: ...
    @overload
    def __get__(self, instance: None, owner: Any = None, /) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: Any = None, /) -> _T_co: ...
