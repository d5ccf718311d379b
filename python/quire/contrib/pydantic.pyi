# SPDX-License-Identifier: Apache-2.0
from typing import Any, TypeVar

from quire.adapters import Adapter

__all__ = ["adapter"]

_T = TypeVar("_T")

def adapter(cls: type[_T], /) -> Adapter[_T, Any]: ...
