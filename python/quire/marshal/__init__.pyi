# SPDX-License-Identifier: Apache-2.0
from quire._core import marshal_dump as dump
from quire._core import marshal_dumps as dumps
from quire._core import marshal_load as load
from quire._core import marshal_loads as loads

version: int

__all__ = ["dump", "dumps", "load", "loads", "version"]
