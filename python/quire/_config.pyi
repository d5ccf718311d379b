# SPDX-License-Identifier: Apache-2.0
from collections.abc import Callable, Collection, Mapping
from typing import Literal, TypeVar

__all__ = ["config"]

_C = TypeVar("_C", bound=type)
_Policy = Literal["lower", "upper", "camel", "pascal", "kebab", "screaming"]

def config(
    *,
    rename: Literal["lower", "upper", "camel", "pascal", "kebab", "screaming"]
    | Mapping[str, str]
    | Callable[[str], str | None]
    | None = ...,
    unknown: Literal["skip", "error"] = ...,
    omit: Literal["never", "default", "null"] = ...,
    layout: Literal["object", "array"] = ...,
    reserved: Collection[int | str] = ...,
    tag: bool | str | int | Callable[[str], str | int] | None = ...,
    tag_field: str | None = ...,
) -> Callable[[_C], _C]: ...
