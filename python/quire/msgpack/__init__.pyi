# SPDX-License-Identifier: Apache-2.0
from collections.abc import Callable
from typing import Any, Protocol

from typing_extensions import Buffer

from quire._core import Ext as Ext
from quire._core import MsgpackDecoder as Decoder
from quire._core import MsgpackEncoder as Encoder
from quire._core import MsgpackPacker as Packer
from quire._core import MsgpackUnpacker as Unpacker
from quire._core import Stream as Stream
from quire._core import msgpack_decode as decode
from quire._core import msgpack_encode as encode
from quire._core import msgpack_packb as packb
from quire._core import msgpack_unpackb as unpackb
from quire.msgpack import exceptions as exceptions
from quire.msgpack import ext as ext
from quire.msgpack.exceptions import BufferFull as BufferFull
from quire.msgpack.exceptions import ExtraData as ExtraData
from quire.msgpack.exceptions import FormatError as FormatError
from quire.msgpack.exceptions import OutOfData as OutOfData
from quire.msgpack.exceptions import PackException as PackException
from quire.msgpack.exceptions import PackOverflowError as PackOverflowError
from quire.msgpack.exceptions import PackValueError as PackValueError
from quire.msgpack.exceptions import StackError as StackError
from quire.msgpack.exceptions import UnpackException as UnpackException
from quire.msgpack.exceptions import UnpackValueError as UnpackValueError
from quire.msgpack.ext import ExtType as ExtType
from quire.msgpack.ext import Timestamp as Timestamp

class _Readable(Protocol):
    def read(self) -> Buffer: ...

class _Writable(Protocol):
    def write(self, data: bytes, /) -> object: ...

version: tuple[int, int, int]
__version__: str

def pack(
    o: object,
    stream: _Writable,
    *,
    default: Callable[[Any], object] | None = None,
    use_single_float: bool = False,
    autoreset: bool = True,
    use_bin_type: bool = True,
    strict_types: bool = False,
    datetime: bool = False,
    unicode_errors: str | None = None,
    buf_size: int = 262144,
) -> None: ...
def unpack(
    stream: _Readable,
    *,
    object_hook: Callable[[dict[Any, Any]], object] | None = None,
    list_hook: Callable[[Any], object] | None = None,
    use_list: bool = True,
    raw: bool = False,
    timestamp: int = 0,
    strict_map_key: bool = True,
    unicode_errors: str | None = None,
    object_pairs_hook: Callable[[list[tuple[Any, Any]]], object] | None = None,
    ext_hook: Callable[[int, bytes], object] | None = ...,
    max_str_len: int = -1,
    max_bin_len: int = -1,
    max_array_len: int = -1,
    max_map_len: int = -1,
    max_ext_len: int = -1,
) -> Any: ...

dump = pack
dumps = packb
load = unpack
loads = unpackb

__all__ = [
    "BufferFull",
    "Decoder",
    "Encoder",
    "Ext",
    "ExtType",
    "ExtraData",
    "FormatError",
    "OutOfData",
    "PackException",
    "PackOverflowError",
    "PackValueError",
    "Packer",
    "StackError",
    "Stream",
    "Timestamp",
    "UnpackException",
    "UnpackValueError",
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
]
