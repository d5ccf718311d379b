# SPDX-License-Identifier: Apache-2.0
"""What goes into a document and what comes out of it, as type checkers must infer it."""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypedDict

import quire
import quire.json
import quire.msgpack
import quire.pickle
from quire import Limits, Record
from typing_extensions import assert_type


class User(Record):
    id: int


@dataclass
class Point:
    x: int


class Movie(TypedDict):
    title: str


class Row(NamedTuple):
    a: int


assert_type(quire.json.encode(User(1)), bytes)
assert_type(quire.json.encode(User(1), indent=2, key_order="sorted", ascii=True, nan="null"), bytes)
assert_type(quire.json.encode(User(1), indent="\t", canonical=False), bytes)
assert_type(quire.msgpack.encode(User(1), canonical=True, key_order="insertion"), bytes)
assert_type(quire.json.Encoder(User, canonical=True), quire.json.Encoder[User])
assert_type(quire.msgpack.Encoder(canonical=True), quire.msgpack.Encoder[Any])
assert_type(quire.json.decode(b"1", float, nan="allow", jsonc=True), float)
assert_type(quire.json.Decoder(User, jsonc=True), quire.json.Decoder[User])
assert_type(quire.json.decode(b"1"), Any)
assert_type(quire.json.decode("1", int), int)
assert_type(quire.json.decode(bytearray(b"{}"), User), User)
assert_type(quire.json.decode(memoryview(b"{}"), Point, limits=Limits(depth=3)), Point)
assert_type(quire.json.decode(b"[]", list[User]), list[User])
assert_type(quire.json.decode(b"[]", dict[str, Point]), dict[str, Point])
assert_type(quire.msgpack.encode([1]), bytes)
assert_type(quire.msgpack.decode(b"1", Movie), Movie)
assert_type(quire.msgpack.decode(b"1", Row), Row)

decoder = quire.json.Decoder(list[User])
assert_type(decoder.decode(b"[]"), list[User])
assert_type(quire.json.Decoder().decode(b"[]"), Any)
assert_type(quire.msgpack.Decoder(User, limits=Limits.DEFAULT).decode(b"[]"), User)
assert_type(quire.json.Encoder(User).encode(User(1)), bytes)
assert_type(quire.json.Encoder().encode(1), bytes)
assert_type(quire.msgpack.Encoder(Point).encode(Point(1)), bytes)
assert_type(quire.pickle.Encoder(User, errors="all"), quire.pickle.Encoder[User])
assert_type(quire.pickle.Encoder(), quire.pickle.Encoder[Any])
assert_type(quire.pickle.Encoder(Point).encode(Point(1)), bytes)
assert_type(quire.pickle.Encoder(Point).encode_lines([Point(1)]), bytes)
assert_type(quire.pickle.encode(Point(1), adapters=None), bytes)

assert_type(quire.convert({"id": 1}, User), User)
quire.validate([1], list[int])
quire.validate([1], list[int], errors="all", adapters=quire.Adapters())
assert_type(quire.json.Encoder(User, errors="all"), quire.json.Encoder[User])
assert_type(quire.msgpack.Encoder(errors="first"), quire.msgpack.Encoder[Any])
assert_type(quire.json.decode(b"{}", User, errors="all"), User)
assert_type(quire.convert({"id": 1}, User, errors="all", limits=quire.Limits(depth=3)), User)
plain = quire.to_builtins(User(1))

ext = quire.msgpack.Ext(5, b"data")
assert_type(ext.code, int)
assert_type(ext.data, bytes)
assert_type(quire.formats(), tuple[str, ...])

assert_type(quire.json.schema(list[User]), dict[str, Any])
assert_type(quire.json.schema(User | None, mode="encode", formats="hint", ref_template="#/components/schemas/{name}"), dict[str, Any])

users = quire.json.Encoder(User)
assert_type(users.encode_into(User(1), bytearray(10)), int)
assert_type(users.encode_into(User(1), memoryview(bytearray(10)), offset=3), int)
assert_type(users.encode_lines([User(1)]), bytes)
assert_type(users.encode_lines(user for user in [User(1)]), bytes)
assert_type(users.write(User(1), io.BytesIO()), int)
assert_type(quire.msgpack.Encoder().encode_lines([1, "x"]), bytes)

reader = quire.json.Decoder(User)
assert_type(reader.decode_from(b"{}", 3), tuple[User, int])
assert_type(reader.decode_lines("{}"), Iterator[User])
assert_type(reader.decode_lines(bytearray(b"{}")), Iterator[User])
assert_type(reader.read("path"), User)
assert_type(reader.read(Path("path"), mmap=True), User)
assert_type(reader.read(io.BytesIO(b"{}")), User)
assert_type(reader.read(open("path", "rb")), User)
stream: quire.json.Stream[User] = reader.stream()
assert_type(stream.feed("{"), Iterator[User])
assert_type(stream.feed(b"}"), Iterator[User])
assert_type(stream.partial(), Any)
assert_type(stream.close(), list[User])
assert_type(next(stream), User)
assert_type([user.id for user in stream], list[int])
assert_type(stream.offset, int)
with quire.msgpack.Decoder(int).stream() as numbers:
    assert_type(numbers.close(), list[int])

pickles = quire.pickle.Decoder(User)
assert_type(pickles.decode_from(b"", 3), tuple[User, int])
assert_type(pickles.decode_lines(b""), Iterator[User])
assert_type(pickles.read(Path("path"), mmap=True), User)
assert_type(pickles.stream().close(), list[User])
