# SPDX-License-Identifier: Apache-2.0
"""Names in the document that are not the class's, unknown fields, and defaults that are left out."""

import quire


class Settings(quire.Record, frozen=True, rename="camel", unknown="error", omit="default"):
    file_name: str
    line_width: int = 80
    tab: int = quire.field(default=4, name="tabSize")


settings = quire.json.decode(b'{"fileName": "a.txt", "tabSize": 8}', Settings)
print(settings)
print(quire.json.encode(settings).decode())
print({settings: "frozen records are hashable"}[Settings("a.txt", tab=8)])
try:
    quire.json.decode(b'{"fileName": "a.txt", "tabsize": 8}', Settings)
except quire.ValidationError as error:
    print(error.errors[0].code, error.errors[0].path)

# prints:
# Settings(file_name='a.txt', line_width=80, tab=8)
# {"fileName":"a.txt","tabSize":8}
# frozen records are hashable
# unknown_field $.tabsize
