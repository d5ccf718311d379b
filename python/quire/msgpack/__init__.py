# SPDX-License-Identifier: Apache-2.0
"""MessagePack: `encode` to bytes, `decode` from bytes, `Encoder` and `Decoder` for one type used often.

`Ext(code, data)` holds an extension value whose code has no meaning here.

The names of the package `msgpack` are here too and do what they do there: `packb unpackb pack unpack Packer Unpacker ExtType
Timestamp`, the aliases `dumps loads dump load`, and the exceptions, which are that package's own classes where it is installed.
"""

from quire import _lazy_attributes
from quire._core import Ext, Stream
from quire._core import MsgpackDecoder as Decoder
from quire._core import MsgpackEncoder as Encoder
from quire._core import MsgpackPacker as Packer
from quire._core import MsgpackUnpacker as Unpacker
from quire._core import msgpack_decode as decode
from quire._core import msgpack_encode as encode
from quire._core import msgpack_packb as packb
from quire._core import msgpack_unpackb as unpackb

# Of the package whose behaviour the drop-in names have.
version = (1, 2, 4)
__version__ = "1.2.4"

_EXCEPTIONS = (
    "BufferFull",
    "ExtraData",
    "FormatError",
    "OutOfData",
    "PackException",
    "PackOverflowError",
    "PackValueError",
    "StackError",
    "UnpackException",
    "UnpackValueError",
)
_LAZY = {**dict.fromkeys(_EXCEPTIONS, "exceptions"), "ExtType": "ext", "Timestamp": "ext"}
_MODULES = ("exceptions", "ext")

__all__ = [  # noqa: PLE0604, PLE0605
    "Decoder",
    "Encoder",
    "Ext",
    "Packer",
    "Stream",
    "Unpacker",
    "decode",
    "dump",
    "dumps",
    "encode",
    "load",
    "loads",
    "pack",
    "packb",
    "unpack",
    "unpackb",
    "version",
    *_LAZY,
]


def pack(o, stream, **kwargs):
    """Write `o`, packed, to `stream`; the keywords are those of `Packer`."""
    stream.write(Packer(**kwargs).pack(o))


def unpack(stream, **kwargs):
    """The object that all of `stream` holds; the keywords are those of `unpackb`.

    Raises `ExtraData` when something follows it.
    """
    return unpackb(stream.read(), **kwargs)


dump, dumps = pack, packb
load, loads = unpack, unpackb


__getattr__, __dir__ = _lazy_attributes(__name__, globals(), _LAZY, _MODULES)
