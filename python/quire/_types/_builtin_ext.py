# SPDX-License-Identifier: Apache-2.0
"""quire.msgpack.Ext as a declared type: any value of a document, as long as it is an extension value. JSON has none.

Only the annotation says so: an Ext that nothing declares is written by the engine itself.
"""

from __future__ import annotations

from quire._core import Ext
from quire.adapters import Adapter

__all__ = ["EXT"]


def _same(value):
    return value


def _checked(value):
    if type(value) is not Ext:
        raise ValueError(f"expected an extension value, got {type(value).__name__}")
    return value


EXT = Adapter(wire=object, encode=_same, decode=_checked, schema={"not": {}})
