# SPDX-License-Identifier: Apache-2.0
"""JSON (RFC 8259), in two layers.

quire's own: `encode` to bytes, `decode` from bytes or str, typed and strict, `Encoder` and `Decoder` for one type used often.

The standard library's: `dumps`, `loads`, `dump`, `load`, `JSONEncoder`, `JSONDecoder`, `JSONDecodeError` and the submodules
`decoder`, `encoder`, `scanner` and `tool` do what those of `json` do, so that `import quire.json as json` changes nothing but
the time it takes. Importing this module loads the engine alone; the standard library's `json` comes in when something needs it.
"""

from quire import _lazy_attributes
from quire._core import JsonDecoder as Decoder
from quire._core import JsonEncoder as Encoder
from quire._core import Stream
from quire._core import json_decode as decode
from quire._core import json_dump as dump
from quire._core import json_dumps as dumps
from quire._core import json_encode as encode
from quire._core import json_load as load
from quire._core import json_loads as loads

_MODULES = ("decoder", "encoder", "scanner", "tool")
_LAZY = {
    "JSONDecodeError": "decoder",
    "JSONDecoder": "decoder",
    "JSONEncoder": "encoder",
    "_default_decoder": "_standard",
    "_default_encoder": "_standard",
    "detect_encoding": "_standard",
    "schema": "_schema",
}

__all__ = [
    "Decoder",
    "Encoder",
    "JSONDecodeError",
    "JSONDecoder",
    "JSONEncoder",
    "Stream",
    "decode",
    "dump",
    "dumps",
    "encode",
    "load",
    "loads",
    "schema",
]


__getattr__, __dir__ = _lazy_attributes(__name__, globals(), _LAZY, _MODULES)
