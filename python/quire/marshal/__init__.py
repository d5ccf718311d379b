# SPDX-License-Identifier: Apache-2.0
"""The standard library's `marshal`, to the byte, and faster: `dump dumps load loads version`.

What the standard library answers with a crash (sets that hold themselves, endless lengths) is an error here, and
`dumps(value, canonical=True)` gives bytes that depend on the value alone. As there, this is no format for data of others:
the code objects in it are run by whoever calls them.
"""

from quire._core import marshal_dump as dump
from quire._core import marshal_dumps as dumps
from quire._core import marshal_load as load
from quire._core import marshal_loads as loads
from quire._core import marshal_version as version

__all__ = ["dump", "dumps", "load", "loads", "version"]
