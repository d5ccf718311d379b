# SPDX-License-Identifier: Apache-2.0
"""`json.encoder`: JSONEncoder over quire's writer. Every other name is the standard library's."""

import json.encoder as _standard

from quire._core import json_encode_like

__all__ = ["JSONEncoder"]


class JSONEncoder(_standard.JSONEncoder):
    """Encodes objects as `json.JSONEncoder` does, and is one.

    The arguments are those of `dumps`. A subclass may override `default`, `encode` or `iterencode`, or set attributes.
    """

    def encode(self, o):
        """The object as a str of JSON.

        Raises TypeError for what cannot be written, ValueError for a circle, and what `default` raises.
        """
        if getattr(self.iterencode, "__func__", None) is _ITERENCODE:
            text = json_encode_like(self, o)
            if text is not NotImplemented:
                return text
        return super().encode(o)


_ITERENCODE = JSONEncoder.iterencode


def __getattr__(name):
    return getattr(_standard, name)
