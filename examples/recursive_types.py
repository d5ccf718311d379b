# SPDX-License-Identifier: Apache-2.0
"""A type that holds itself, named before it is there."""

import quire


class Folder(quire.Record):
    name: str
    folders: list["Folder"] = quire.field(default_factory=list)


def show(folder: Folder, indent: int = 0) -> None:
    print(" " * indent + folder.name)
    for inner in folder.folders:
        show(inner, indent + 2)


show(quire.json.decode(b'{"name": "/", "folders": [{"name": "home", "folders": [{"name": "ada"}]}, {"name": "tmp"}]}', Folder))

# prints:
# /
#   home
#     ada
#   tmp
