# SPDX-License-Identifier: Apache-2.0
import json.encoder as _standard
from typing import Any

__all__ = ["JSONEncoder"]

class JSONEncoder(_standard.JSONEncoder):
    def encode(self, o: Any) -> str: ...
