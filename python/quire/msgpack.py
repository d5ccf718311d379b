# SPDX-License-Identifier: Apache-2.0
"""MessagePack: `encode` to bytes, `decode` from bytes, `Encoder` and `Decoder` for one type used often.

`Ext(code, data)` holds an extension value whose code has no meaning here.
"""

from quire._core import Ext, Stream
from quire._core import MsgpackDecoder as Decoder
from quire._core import MsgpackEncoder as Encoder
from quire._core import msgpack_decode as decode
from quire._core import msgpack_encode as encode

__all__ = ["Decoder", "Encoder", "Ext", "Stream", "decode", "encode"]
