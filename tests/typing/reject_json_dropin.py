# SPDX-License-Identifier: Apache-2.0
"""Mistakes with the names of the standard library's json: each line marked is one that a type checker must report."""

import quire.json as json

a: bytes = json.dumps(1)  # error
json.dumps([1], "x")  # error
json.dumps([1], indent=1.5)  # error
json.loads(1)  # error
json.dump([1])  # error
json.dump([1], "name")  # error
json.loads("1", cls=json.JSONEncoder)  # error
