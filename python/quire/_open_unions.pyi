# SPDX-License-Identifier: Apache-2.0
from collections.abc import Iterable, Mapping
from typing import Annotated, Any, Self, TypeVar

__all__ = ["Subclasses", "Unknown"]

_T = TypeVar("_T")

Subclasses = Annotated[_T, "subclasses"]

class Unknown(dict[str, Any]):
    """An object of a document that is none of the other arms of its union."""

    tag_field: str | None
    def __init__(self, tag_field: str | None = None, fields: Mapping[str, Any] | Iterable[tuple[str, Any]] = (), /) -> None: ...
    @property
    def tag(self) -> Any: ...
    def copy(self) -> Self: ...
    def __copy__(self) -> Self: ...
    def __reduce__(self) -> tuple[Any, ...]: ...
