# SPDX-License-Identifier: Apache-2.0
"""The standard library's `marshal`, to the byte, and faster: `dump dumps load loads version`.

What the standard library answers with a crash (sets that hold themselves, endless lengths) is an error here, and
`dumps(value, canonical=True)` gives bytes that depend on the value alone. As there, this is no format for data of others:
the code objects in it are run by whoever calls them.

`read_pyc` and `read` are: they give the data of any Python, 2.7 and 3.3 to 3.14, as plain records, `PycFile` and `PycCode`.
"""

from quire import _lazy_attributes
from quire._core import marshal_dump as dump
from quire._core import marshal_dumps as dumps
from quire._core import marshal_load as load
from quire._core import marshal_loads as loads
from quire._core import marshal_version as version

_LAZY = dict.fromkeys(("PycCode", "PycFile", "read", "read_pyc"), "_neutral")

__all__ = ["dump", "dumps", "load", "loads", "version", *_LAZY]  # noqa: PLE0604

__getattr__, __dir__ = _lazy_attributes(__name__, globals(), _LAZY, ())
