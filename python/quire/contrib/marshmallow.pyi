# SPDX-License-Identifier: Apache-2.0
from typing import Any

from quire.adapters import Adapter

__all__ = ["adapter"]

def adapter(schema: Any, /) -> Adapter[Any, Any]: ...
