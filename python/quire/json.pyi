# SPDX-License-Identifier: Apache-2.0
from quire._core import JsonDecoder as Decoder
from quire._core import JsonEncoder as Encoder
from quire._core import Stream
from quire._core import json_decode as decode
from quire._core import json_encode as encode

__all__ = ["Decoder", "Encoder", "Stream", "decode", "encode"]
