# SPDX-License-Identifier: Apache-2.0
"""An envelope whose body is read later, when its kind is known: quire.Raw keeps the bytes as they stand."""

import quire


class Envelope(quire.Record):
    kind: str
    body: quire.Raw


class Greeting(quire.Record):
    text: str


KINDS = {"greeting": Greeting, "numbers": list[int]}

for line in (b'{"kind": "greeting", "body": {"text": "hello"}}', b'{"kind": "numbers", "body": [1, 2, 3]}'):
    envelope = quire.json.decode(line, Envelope)
    print(quire.json.decode(bytes(envelope.body), KINDS[envelope.kind]))

# prints:
# Greeting(text='hello')
# [1, 2, 3]
