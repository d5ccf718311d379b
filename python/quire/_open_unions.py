# SPDX-License-Identifier: Apache-2.0
"""Unions that are not closed: all subclasses of a class, and what is none of the classes that are known."""

import types

__all__ = ["Subclasses", "Unknown"]


class Subclasses:
    """Subclasses[Base]: an instance of Base or of any subclass, also of one that is defined later.

    A document is read as the class that its tag names, so each needs its own: `class Event(Record, tag=True)` gives every
    subclass its name as tag. Abstract classes are left out. For type checkers it is Base itself.
    """

    __slots__ = ()

    def __new__(cls, *args, **kwargs):
        raise TypeError("Subclasses has no instances: write Subclasses[Base] where a type stands")

    def __class_getitem__(cls, base):
        if isinstance(base, tuple):
            raise TypeError("Subclasses takes one class; of several write Subclasses[A] | Subclasses[B]")
        return types.GenericAlias(cls, base)


class Unknown(dict):
    """An object of a document that is none of the other arms of its union: `Dog | Cat | Unknown`.

    A dict of its fields, the tag included, in their order; it is written back as it was read. `tag_field` is the name of the
    field that tells the other arms apart, or None when they are known by their keys; `tag` is what stood there, or None.
    """

    __slots__ = ("tag_field",)

    def __init__(self, tag_field=None, fields=(), /):
        super().__init__(fields)
        self.tag_field = tag_field

    @property
    def tag(self):
        return None if self.tag_field is None else self.get(self.tag_field)

    def copy(self):
        return Unknown(self.tag_field, self)

    __copy__ = copy

    def __reduce__(self):
        return Unknown, (self.tag_field, dict(self))

    def __repr__(self):
        return f"Unknown({self.tag_field!r}, {super().__repr__()})"
