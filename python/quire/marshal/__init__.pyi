# SPDX-License-Identifier: Apache-2.0
from quire._core import marshal_dump as dump
from quire._core import marshal_dumps as dumps
from quire._core import marshal_load as load
from quire._core import marshal_loads as loads
from quire.marshal._neutral import PycCode as PycCode
from quire.marshal._neutral import PycFile as PycFile
from quire.marshal._neutral import read as read
from quire.marshal._neutral import read_pyc as read_pyc

version: int

__all__ = ["PycCode", "PycFile", "dump", "dumps", "load", "loads", "read", "read_pyc", "version"]
