# SPDX-License-Identifier: Apache-2.0
from json import detect_encoding as detect_encoding
from typing import Any, Literal

from typing_extensions import TypeForm

from quire import Adapters
from quire._core import JsonDecoder as Decoder
from quire._core import JsonEncoder as Encoder
from quire._core import Stream
from quire._core import json_decode as decode
from quire._core import json_dump as dump
from quire._core import json_dumps as dumps
from quire._core import json_encode as encode
from quire._core import json_load as load
from quire._core import json_loads as loads
from quire.json import decoder as decoder
from quire.json import encoder as encoder
from quire.json import scanner as scanner
from quire.json import tool as tool
from quire.json.decoder import JSONDecodeError, JSONDecoder
from quire.json.encoder import JSONEncoder

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

def schema(
    type: TypeForm[Any],
    /,
    *,
    mode: Literal["decode", "encode"] = "decode",
    formats: Literal["exact", "hint"] = "exact",
    ref_template: str = "#/$defs/{name}",
    adapters: Adapters | None = None,
) -> dict[str, Any]: ...
