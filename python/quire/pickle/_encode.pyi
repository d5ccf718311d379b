# SPDX-License-Identifier: Apache-2.0
from typing import Any

from quire.adapters import Adapters

def encode(obj: Any, /, *, adapters: Adapters | None = None) -> bytes: ...
