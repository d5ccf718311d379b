# SPDX-License-Identifier: Apache-2.0
"""Mistakes with documents: each line marked is one that a type checker must report."""

import quire
import quire.json
import quire.msgpack
import quire.pickle
from quire import Limits, Record


class User(Record):
    id: int


class Other(Record):
    id: int


a: str = quire.json.decode(b"1", int)  # error
b: User = quire.json.decode(b"{}", Other)  # error
c: int = quire.json.decode(b"1", int | None)  # error
d: str = quire.json.encode(1)  # error
quire.json.decode(3)  # error
quire.json.decode(b"1", int, True)  # error
quire.json.decode(b"1", limits=3)  # error
quire.json.decode(b"1", nan="null")  # error
quire.json.encode(1, key_order="random")  # error
quire.json.encode(1, indent=1.5)  # error
quire.msgpack.encode(1, indent=2)  # error
quire.msgpack.decode(b"1", jsonc=True)  # error
quire.msgpack.decode("text")  # error
quire.json.Encoder(User).encode(Other(1))  # error
e: Other = quire.json.Decoder(User).decode(b"{}")  # error
f: Other = quire.convert({}, User)  # error
quire.msgpack.Ext("5", b"")  # error
Limits(depth="x")  # error
Limits(5)  # error
Limits(duplicate_keys="first")  # error
Limits().depth = 5  # error
quire.nothing  # error
quire.json.Encoder(User).encode_into(User(1), "text")  # error
quire.json.Encoder(User).encode_lines([Other(1)])  # error
quire.json.Encoder(User).encode_lines(5)  # error
quire.json.Encoder(User).write(User(1), 5)  # error
quire.json.Decoder(User).decode_from("{}")  # error
quire.msgpack.Decoder(User).decode_lines("text")  # error
quire.json.Decoder(User).read(5)  # error
quire.json.Decoder(User).read("path", True)  # error
quire.json.Decoder(User).stream().feed(5)  # error
g: Other = next(quire.json.Decoder(User).stream())  # error
quire.json.schema(int, mode="both")  # error
quire.json.schema(int, "decode")  # error
quire.json.Encoder(User, errors="some")  # error
quire.pickle.Encoder(User).encode(Other(1))  # error
quire.pickle.Encoder(User, canonical=True)  # error
quire.json.Decoder(User, errors=True)  # error
quire.json.decode(b"1", int, errors="many")  # error
quire.validate(1, int, errors="each")  # error
quire.validate(1, int, strict=True)  # error
quire.convert(1, int, errors=None)  # error
quire.convert(1, int, limits=3)  # error
