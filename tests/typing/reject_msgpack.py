# SPDX-License-Identifier: Apache-2.0
"""Mistakes with the drop-in half of quire.msgpack that type checkers must report."""

import quire.msgpack as msgpack

msgpack.packb(1, encoding="utf-8")  # error
msgpack.packb(1, default=5)  # error
msgpack.unpackb("text")  # error
msgpack.unpackb(b"\x01", timestamp="datetime")  # error
msgpack.Unpacker(5)  # error
msgpack.Unpacker().feed("text")  # error
msgpack.ExtType("5", b"a")  # error
msgpack.Timestamp(1.5)  # error
msgpack.Packer().pack_ext_type(1, [1])  # error
