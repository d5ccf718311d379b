# SPDX-License-Identifier: Apache-2.0
"""What an error says: the place, what was expected, what was there, and a code that programs may compare."""

import quire


class User(quire.Record):
    id: int
    name: str


text = b"""[
  {"id": 1, "name": "Ada"},
  {"id": "7x", "name": "Bo"}
]"""

try:
    quire.json.decode(text, list[User])
except quire.ValidationError as error:
    fault = error.errors[0]
    print(f"{fault.path} in line {fault.line}, column {fault.column} (byte {fault.offset})")
    print(f"expected {fault.expected}, got {fault.got} {fault.value!r}: {fault.code}")

for document in (b'{"id": 1}', b'{"id": 1, "name"', b'{"id": 01, "name": "x"}'):
    try:
        quire.json.decode(document, User)
    except quire.DecodeError as error:
        print(type(error).__name__, error.errors[0].code)

# prints:
# $[1].id in line 3, column 10 (byte 39)
# expected int, got str '7x': type_mismatch
# ValidationError missing_field
# TruncatedError truncated
# MalformedError invalid_number
