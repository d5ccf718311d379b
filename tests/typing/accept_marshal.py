# SPDX-License-Identifier: Apache-2.0
"""quire.marshal as checkers see it."""

import io
import marshal as standard
from typing import Any, assert_type

from quire import marshal

assert_type(marshal.dumps([1]), bytes)
assert_type(marshal.dumps([1], 2, canonical=True), bytes)
marshal.dump([1], io.BytesIO())
loaded: Any = marshal.loads(bytearray(standard.dumps(1)))
loaded = marshal.load(io.BytesIO(b"N"))
assert_type(marshal.version, int)
pyc = marshal.read_pyc("x.pyc")
assert_type(pyc, marshal.PycFile)
assert_type(pyc.version, tuple[int, int])
assert_type(pyc.code.codes(), list[marshal.PycCode])
assert_type(pyc.code.posonlyargcount, int | None)
