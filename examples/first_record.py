# SPDX-License-Identifier: Apache-2.0
"""A record, read from JSON and written back. The class is the only description of the document there is."""

import quire


class Person(quire.Record):
    name: str
    age: int
    email: str | None = None
    languages: list[str] = quire.field(default_factory=list)


ada = quire.json.decode(b'{"name": "Ada", "age": 36, "languages": ["en", "fr"]}', Person)
print(ada)
ada.age += 1
print(quire.json.encode(ada).decode())

# prints:
# Person(name='Ada', age=36, email=None, languages=['en', 'fr'])
# {"name":"Ada","age":37,"email":null,"languages":["en","fr"]}
