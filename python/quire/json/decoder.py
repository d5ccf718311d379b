# SPDX-License-Identifier: Apache-2.0
"""`json.decoder`: JSONDecoder over quire's scanner. Every other name is the standard library's."""

import json.decoder as _standard
from json.decoder import WHITESPACE, JSONDecodeError

from quire.json.scanner import make_scanner

__all__ = ["JSONDecodeError", "JSONDecoder"]


class JSONDecoder(_standard.JSONDecoder):
    """Decodes JSON text as `json.JSONDecoder` does, and is one.

    The arguments are those of `loads`. `decode` takes a whole document, `raw_decode` one that may go on after its value.
    Hooks are those at the time it is made. A subclass that puts another function in place of `scan_once` is decoded by that.
    """

    def __init__(
        self,
        *,
        object_hook=None,
        parse_float=None,
        parse_int=None,
        parse_constant=None,
        strict=True,
        object_pairs_hook=None,
    ):
        super().__init__(
            object_hook=object_hook,
            parse_float=parse_float,
            parse_int=parse_int,
            parse_constant=parse_constant,
            strict=strict,
            object_pairs_hook=object_pairs_hook,
        )
        self.scan_once = make_scanner(self)

    def decode(self, s, _w=WHITESPACE.match):
        """The value of a whole document in a str.

        Raises JSONDecodeError, and what a hook raises.
        """
        scan = self.scan_once
        if (
            type(s) is str
            and type(scan) is make_scanner
            and getattr(self.raw_decode, "__func__", None) is _RAW_DECODE
            and _w is _SKIP_SPACE
        ):
            return scan.decode(s)
        return super().decode(s, _w)


_RAW_DECODE = JSONDecoder.raw_decode
_SKIP_SPACE = JSONDecoder.decode.__defaults__[0]


def __getattr__(name):
    return getattr(_standard, name)
