# SPDX-License-Identifier: Apache-2.0
"""What the engine leaves to the standard library: arguments out of the ordinary, other encoders and decoders, other encodings.

The engine calls these by name with the arguments it was given; signatures are the standard library's, so that a call that
does not fit fails with its message.
"""

import json
from json import JSONEncoder as _StandardEncoder
from json import detect_encoding

from quire._core import json_encode_like
from quire.json.decoder import JSONDecoder
from quire.json.encoder import JSONEncoder

_default_encoder = JSONEncoder()
_default_decoder = JSONDecoder()


def dumps(
    obj,
    *,
    skipkeys=False,
    ensure_ascii=True,
    check_circular=True,
    allow_nan=True,
    cls=None,
    indent=None,
    separators=None,
    default=None,
    sort_keys=False,
    **kw,
):
    encoder = (JSONEncoder if cls is None else cls)(
        skipkeys=skipkeys,
        ensure_ascii=ensure_ascii,
        check_circular=check_circular,
        allow_nan=allow_nan,
        indent=indent,
        separators=separators,
        default=default,
        sort_keys=sort_keys,
        **kw,
    )
    # A subclass of the standard library's class that only adds a default() is encoded by the engine as well.
    kind = type(encoder)
    if (
        getattr(kind, "encode", None) is _StandardEncoder.encode
        and kind.iterencode is _StandardEncoder.iterencode
        and not {"encode", "iterencode"} & vars(encoder).keys()
    ):
        text = json_encode_like(encoder, obj)
        if text is not NotImplemented:
            return text
    return encoder.encode(obj)


def dump(
    obj,
    fp,
    *,
    skipkeys=False,
    ensure_ascii=True,
    check_circular=True,
    allow_nan=True,
    cls=None,
    indent=None,
    separators=None,
    default=None,
    sort_keys=False,
    **kw,
):
    chunks = (JSONEncoder if cls is None else cls)(
        skipkeys=skipkeys,
        ensure_ascii=ensure_ascii,
        check_circular=check_circular,
        allow_nan=allow_nan,
        indent=indent,
        separators=separators,
        default=default,
        sort_keys=sort_keys,
        **kw,
    ).iterencode(obj)
    for chunk in chunks:
        fp.write(chunk)


def loads(
    s,
    *,
    cls=None,
    object_hook=None,
    parse_float=None,
    parse_int=None,
    parse_constant=None,
    object_pairs_hook=None,
    **kw,
):
    return json.loads(
        s,
        cls=JSONDecoder if cls is None else cls,
        object_hook=object_hook,
        parse_float=parse_float,
        parse_int=parse_int,
        parse_constant=parse_constant,
        object_pairs_hook=object_pairs_hook,
        **kw,
    )


def load(
    fp,
    *,
    cls=None,
    object_hook=None,
    parse_float=None,
    parse_int=None,
    parse_constant=None,
    object_pairs_hook=None,
    **kw,
):
    return loads(
        fp.read(),
        cls=cls,
        object_hook=object_hook,
        parse_float=parse_float,
        parse_int=parse_int,
        parse_constant=parse_constant,
        object_pairs_hook=object_pairs_hook,
        **kw,
    )


def default(obj):
    """What becomes of an object that no `default` was given for: JSONEncoder's own raises TypeError."""
    return _default_encoder.default(obj)


def decode_bytes(data):
    """Bytes that do not look like UTF-8 as text."""
    return data.decode(detect_encoding(data), "surrogatepass")
