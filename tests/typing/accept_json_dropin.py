# SPDX-License-Identifier: Apache-2.0
"""`import quire.json as json` in a program that was written for the standard library."""

import io
import json as standard
from decimal import Decimal
from typing import Any

import quire.json as json
from quire.json.decoder import JSONDecodeError
from quire.json.encoder import JSONEncoder
from typing_extensions import assert_type


class Encoder(json.JSONEncoder):
    def default(self, o: Any) -> Any:
        return str(o) if isinstance(o, Decimal) else super().default(o)


assert_type(json.dumps({"a": 1}), str)
assert_type(json.dumps([Decimal(1)], cls=Encoder, indent="\t", separators=(",", ":"), sort_keys=True), str)
assert_type(json.loads(b"{}", object_hook=dict, parse_float=Decimal, strict=False), Any)
assert_type(json.loads("[]", cls=json.JSONDecoder), Any)
assert_type(json.load(io.StringIO("1")), Any)
json.dump([1], io.StringIO(), default=str)
e: standard.JSONEncoder = JSONEncoder(default=str)
d: standard.JSONDecoder = json.JSONDecoder(parse_int=float)
assert_type(json.JSONDecoder().raw_decode("1 2"), tuple[Any, int])
try:
    json.loads("")
except JSONDecodeError as error:
    assert_type(error.pos, int)
