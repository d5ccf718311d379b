# SPDX-License-Identifier: Apache-2.0
from collections.abc import Callable, Iterable
from typing import Any, Generic, Literal, Self, TypeAlias, TypeVar, final, overload

from typing_extensions import TypeForm

__all__ = ["Adapter", "Adapters", "RefusedError"]

_T = TypeVar("_T")
_W = TypeVar("_W")
_Schema: TypeAlias = dict[str, Any] | Callable[[Literal["decode", "encode"]], dict[str, Any]]

@final
class Adapter(Generic[_T, _W]):
    @overload
    def __init__(
        self,
        *,
        wire: TypeForm[_W],
        encode: Callable[[_T], _W],
        decode: Callable[[_W], _T],
        context: Literal[False] = False,
        schema: _Schema | None = None,
    ) -> None: ...
    @overload
    def __init__(
        self,
        *,
        wire: TypeForm[_W],
        encode: Callable[[_T], _W],
        decode: Callable[[_W, Any], _T],
        context: Literal[True],
        schema: _Schema | None = None,
    ) -> None: ...
    @property
    def wire(self) -> TypeForm[_W]: ...
    @property
    def encode(self) -> Callable[[_T], _W]: ...
    @property
    def decode(self) -> Callable[..., _T]: ...
    @property
    def context(self) -> bool: ...
    @property
    def schema(self) -> _Schema | None: ...

class Adapters:
    def __init__(self, *others: Adapters) -> None: ...
    def add(self, type_: TypeForm[_T], adapter: Adapter[_T, Any], /, *, subclasses: bool = False) -> Self: ...
    def find(self, type_: TypeForm[_T], /) -> Adapter[_T, Any] | None: ...
    def __len__(self) -> int: ...

class RefusedError(ValueError):
    faults: tuple[tuple[tuple[str | int, ...], str, Any], ...]
    def __init__(self, message: str, faults: Iterable[tuple[Iterable[str | int], str, Any]] = ()) -> None: ...
