# SPDX-License-Identifier: Apache-2.0
"""Without a type: dicts, lists and scalars, as with the standard library's json."""

import quire

settings = quire.json.decode(b'{"colour": "green", "sizes": [1, 2.5, null], "big": 123456789012345678901234567890}')
print(settings)
settings["sizes"].append(True)
print(quire.json.encode(settings).decode())

# prints:
# {'colour': 'green', 'sizes': [1, 2.5, None], 'big': 123456789012345678901234567890}
# {"colour":"green","sizes":[1,2.5,null,true],"big":123456789012345678901234567890}
