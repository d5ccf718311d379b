# SPDX-License-Identifier: Apache-2.0
"""The same class in another format: MessagePack is smaller, and knows bytes and instants of time."""

import datetime

import quire


class Photo(quire.Record):
    name: str
    taken: datetime.datetime
    thumbnail: bytes


photo = Photo("harbour", datetime.datetime(2024, 2, 29, 12, 30, tzinfo=datetime.UTC), b"\xff\xd8\xff\xe0")
packed = quire.msgpack.encode(photo)
text = quire.json.encode(photo)
print(len(packed), len(text))
print(quire.msgpack.decode(packed, Photo) == quire.json.decode(text, Photo) == photo)
print(text.decode())

# prints:
# 42 72
# True
# {"name":"harbour","taken":"2024-02-29T12:30:00Z","thumbnail":"/9j/4A=="}
