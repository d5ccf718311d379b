# SPDX-License-Identifier: Apache-2.0
from quire._core import Ext as Ext
from quire._core import MsgpackDecoder as Decoder
from quire._core import MsgpackEncoder as Encoder
from quire._core import Stream
from quire._core import msgpack_decode as decode
from quire._core import msgpack_encode as encode

__all__ = ["Decoder", "Encoder", "Ext", "Stream", "decode", "encode"]
