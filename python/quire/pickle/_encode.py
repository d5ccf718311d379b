# SPDX-License-Identifier: Apache-2.0
"""Pickles that hold data alone: `encode`."""

from quire import to_builtins
from quire.pickle import dumps


def encode(obj, /, *, adapters=None):
    """bytes: the object as a pickle of plain data, which `decode` reads as its type and every unpickler as dicts and lists.

    Records and other classes with fields travel as {name: value}, dates and other values as in a document (`quire.to_builtins`).
    Nothing in it names a class or a function, so loading it runs nothing, and a field that comes later takes its default.
    What is shared is written each time it is met. Protocol 5, without what only a second reference would need.

    adapters: `quire.Adapters` for this call.  Raises `quire.EncodeError` with the path of a value that cannot be written.
    """
    return dumps(to_builtins(obj, adapters=adapters), 5, lean=True)
