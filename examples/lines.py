# SPDX-License-Identifier: Apache-2.0
"""A file of one JSON document per line: a Decoder compiles the type once and is used for every line."""

import io

import quire


class Event(quire.Record):
    at: float
    name: str


file = io.BytesIO(b'{"at": 0.5, "name": "start"}\n{"at": "soon", "name": "?"}\n{"at": 2, "name": "stop"}\n')
event = quire.json.Decoder(Event)
encoder = quire.json.Encoder(Event)
for number, line in enumerate(file, 1):
    try:
        print(encoder.encode(event.decode(line)).decode())
    except quire.ValidationError as error:
        print(f"line {number} left out: {error.errors[0].path}, expected {error.errors[0].expected}")

# prints:
# {"at":0.5,"name":"start"}
# line 2 left out: $.at, expected float
# {"at":2.0,"name":"stop"}
