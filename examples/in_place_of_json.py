# SPDX-License-Identifier: Apache-2.0
"""The standard library's json with another import: hooks, subclasses and exceptions as they were."""

import datetime
import json as standard

import quire.json as json


class Encoder(json.JSONEncoder):
    def default(self, o):
        return o.isoformat() if isinstance(o, datetime.date) else super().default(o)


print(json.dumps({"day": datetime.date(2024, 2, 29), "tags": ("a", "b")}, cls=Encoder, sort_keys=True))
print(json.loads(b'{"x": [1, 2.5, null, "\\u20ac"]}', object_hook=lambda pairs: list(pairs.items())))
try:
    json.loads('{"a": 1,\n "b": tru}')
except standard.JSONDecodeError as error:
    print(error)

# prints:
# {"day": "2024-02-29", "tags": ["a", "b"]}
# [('x', [1, 2.5, None, '€'])]
# Expecting value: line 2 column 7 (char 15)
