# SPDX-License-Identifier: Apache-2.0
"""pickle in the place of the standard library's: `import quire.pickle as pickle` changes nothing but the time it takes.

`dump`, `dumps` and `Pickler` write what the running interpreter's `pickle` writes, byte for byte; with `lean=True` they leave
out what no reader needs. Exceptions, `PickleBuffer`, the opcodes and the helpers are the standard library's own objects, which
come in when somebody asks for them: importing this module loads the engine alone.
"""

import sys

from quire import _core, _lazy_attributes
from quire._core import Pickler
from quire._core import PickleUnpickler as Unpickler
from quire._core import pickle_dump as dump
from quire._core import pickle_dumps as dumps
from quire._core import pickle_load as load
from quire._core import pickle_loads as loads

HIGHEST_PROTOCOL = 5
DEFAULT_PROTOCOL = 5 if sys.version_info >= (3, 14) else 4

_OPCODES = (
    "ADDITEMS APPEND APPENDS BINBYTES BINBYTES8 BINFLOAT BINGET BININT BININT1 BININT2 BINPERSID BINPUT BINSTRING BINUNICODE "
    "BINUNICODE8 BUILD BYTEARRAY8 DICT DUP EMPTY_DICT EMPTY_LIST EMPTY_SET EMPTY_TUPLE EXT1 EXT2 EXT4 FALSE FLOAT FRAME "
    "FROZENSET GET GLOBAL INST INT LIST LONG LONG1 LONG4 LONG_BINGET LONG_BINPUT MARK MEMOIZE NEWFALSE NEWOBJ NEWOBJ_EX NEWTRUE "
    "NEXT_BUFFER NONE OBJ PERSID POP POP_MARK PROTO PUT READONLY_BUFFER REDUCE SETITEM SETITEMS SHORT_BINBYTES SHORT_BINSTRING "
    "SHORT_BINUNICODE STACK_GLOBAL STOP STRING TRUE TUPLE TUPLE1 TUPLE2 TUPLE3 UNICODE"
).split()
_HELPERS = (
    "_Framer _HAVE_PICKLE_BUFFER _Pickler _Stop _Unframer _Unpickler _compat_pickle _dump _dumps _extension_cache "
    "_extension_registry _getattribute _inverted_registry _load _loads _tuplesize2code bytes_types compatible_formats "
    "decode_long dispatch_table encode_long format_version whichmodule"
).split()
_CLASSES = ["PickleBuffer", "PickleError", "PicklingError", "UnpicklingError"]
Encoder, encode = _core.PickleEncoder, _core.pickle_encode
# quire's own, beside the names of the standard library: not in __all__.
_TYPED = ["Decoder", "MalformedPickleError", "PickleLimitError", "TruncatedPickleError", "UnsafePickleError", "decode"]

_LAZY = {
    **dict.fromkeys([*_OPCODES, *_HELPERS, *_CLASSES], "_standard"),
    **dict.fromkeys(_TYPED, "_typed"),
    "dis": "_dis",
}

__all__ = [  # noqa: PLE0604
    "DEFAULT_PROTOCOL",
    "HIGHEST_PROTOCOL",
    "PickleBuffer",
    "PickleError",
    "Pickler",
    "PicklingError",
    "Unpickler",
    "UnpicklingError",
    "dis",
    "dump",
    "dumps",
    "load",
    "loads",
    *_OPCODES,
]


__getattr__, __dir__ = _lazy_attributes(__name__, globals(), _LAZY, ())
