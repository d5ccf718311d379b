# SPDX-License-Identifier: Apache-2.0
import json.decoder as _standard
from collections.abc import Callable
from json.decoder import JSONDecodeError as JSONDecodeError
from typing import Any

__all__ = ["JSONDecodeError", "JSONDecoder"]

class JSONDecoder(_standard.JSONDecoder):
    scan_once: Callable[[str, int], tuple[Any, int]]
    def decode(self, s: str, _w: Callable[..., Any] = ...) -> Any: ...
