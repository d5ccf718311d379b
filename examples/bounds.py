# SPDX-License-Identifier: Apache-2.0
"""Bounds are part of the type: they are checked while the document is read, and the fault says where. They are those of
the annotated-types package (pip install annotated-types), which quire reads but does not need."""

from typing import Annotated

from annotated_types import Ge, Le, MaxLen, MinLen

import quire

Percent = Annotated[int, Ge(0), Le(100)]
Name = Annotated[str, MinLen(1), MaxLen(20)]


class Task(quire.Record):
    name: Name
    done: Percent = 0


print(quire.json.decode(b'{"name": "paint", "done": 40}', Task))
for document in (b'{"name": "paint", "done": 140}', b'{"name": ""}'):
    try:
        quire.json.decode(document, Task)
    except quire.ValidationError as error:
        print(error.errors[0].path, error.errors[0].code)

# prints:
# Task(name='paint', done=40)
# $.done too_large
# $.name too_short
