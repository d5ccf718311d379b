# SPDX-License-Identifier: Apache-2.0
"""quire.computed: a property that is written to documents as if it were a field."""

from quire.errors import SchemaError

__all__ = ["computed"]

_OMIT = ("never", "null")


class computed(property):
    """`@computed`, `@computed(name="total", omit="null")`, or above `@property`: its value is written behind the fields.

    It is never read: a document that has the name is one that was written so, and its value is skipped. Works in a Record, a
    dataclass and an attrs class.
    """

    def __init__(self, fget=None, /, *, name=None, omit=None):
        if isinstance(fget, property):
            fget = fget.fget
        if fget is not None and not callable(fget):
            raise SchemaError(f"computed decorates a method, not {fget!r}")
        if name is not None and not isinstance(name, str):
            raise SchemaError(f"computed: name must be a str, not {name!r}")
        if omit is not None and omit not in _OMIT:
            raise SchemaError(f'computed: omit must be "never" or "null", not {omit!r}')
        super().__init__(fget)
        self.wire = name
        self.omit = omit

    def __call__(self, fget, /):
        """The decorator that `computed(name=...)` is."""
        if self.fget is not None:
            raise TypeError("a computed property is not called: write it without parentheses")
        return computed(fget, name=self.wire, omit=self.omit)
