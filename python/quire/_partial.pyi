# SPDX-License-Identifier: Apache-2.0
from typing import Annotated, TypeVar

__all__ = ["Partial"]

_T = TypeVar("_T")

# To type checkers it is the class itself, whose subclass it is.
Partial = Annotated[_T, "every field may be missing"]
