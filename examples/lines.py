# SPDX-License-Identifier: Apache-2.0
"""A file of one JSON document per line: read lazily, lines that are wrong are left out, what is right is written again."""

import quire


class Event(quire.Record):
    at: float
    name: str


data = b'{"at": 0.5, "name": "start"}\n{"at": "soon", "name": "?"}\n\n{"at": 2, "name": "stop"}\n'
rows = quire.json.Decoder(Event).decode_lines(data)
good = []
while True:
    try:
        good.append(next(rows))
    except StopIteration:
        break
    except quire.DecodeError as error:
        fault = error.errors[0]
        print(f"line {fault.line} left out: {fault.path}, expected {fault.expected}")
print(quire.json.Encoder(Event).encode_lines(good).decode(), end="")

# prints:
# line 2 left out: $.at, expected float
# {"at":0.5,"name":"start"}
# {"at":2.0,"name":"stop"}
