# SPDX-License-Identifier: Apache-2.0
"""The drop-in half of quire.msgpack, as type checkers must infer it."""

import io
from typing import Any

import quire.msgpack as msgpack
from quire.msgpack import ExtraData, ExtType, Packer, Timestamp, Unpacker
from quire.msgpack.exceptions import BufferFull, FormatError, OutOfData, StackError, UnpackException
from quire.msgpack.ext import ExtType as SameExtType
from typing_extensions import assert_type


def convert(thing: Any) -> object:
    return [thing]


assert_type(msgpack.packb({"a": 1}, default=convert, datetime=True), bytes)
assert_type(msgpack.dumps(1), bytes)
assert_type(msgpack.unpackb(b"\x01", raw=True, object_hook=lambda table: len(table), timestamp=3), Any)
assert_type(msgpack.loads(bytearray(b"\x01")), Any)
msgpack.pack([1], io.BytesIO(), use_single_float=True)
assert_type(msgpack.unpack(io.BytesIO(b"\x01"), ext_hook=lambda code, data: (code, data)), Any)

packer = Packer(autoreset=False)
packer.pack(1)
packer.pack_map_pairs([("a", 1)])
packer.pack_map_pairs({"ab": 1}.items())
assert_type(packer.bytes(), bytes)
assert_type(packer.getbuffer(), memoryview)

unpacker = Unpacker(io.BytesIO(b"\x01"), max_buffer_size=100, object_pairs_hook=dict)
for thing in unpacker:
    assert_type(thing, Any)
assert_type(unpacker.read_array_header(), int)
assert_type(unpacker.tell(), int)

try:
    unpacker.skip()
except (BufferFull, OutOfData, FormatError, StackError, UnpackException) as error:
    print(error)
except ExtraData as error:
    assert_type(error.extra, bytes)

ext = ExtType(5, b"a")
same: SameExtType = ext
assert_type(ext.code, int)
stamp = Timestamp(1, 2)
assert_type(stamp.to_unix_nano(), int)
assert_type(stamp.to_bytes(), bytes)
assert_type(Timestamp.from_unix(1.5).seconds, int)
