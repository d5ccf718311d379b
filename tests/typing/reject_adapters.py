# SPDX-License-Identifier: Apache-2.0
"""What is no adapter."""

import quire
from quire import Adapter, Adapters, field

number = Adapter(wire=int, encode=len, decode=str)

Adapter(int, len, str)  # error
Adapter(wire=int, encode=len)  # error
number.wire = str  # error
Adapters().add(int)  # error
Adapters().add(str, 5)  # error
quire.json.encode(1, adapters=number)  # error
field(adapter=5)  # error
field(predicate=5)  # error
