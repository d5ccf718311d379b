# SPDX-License-Identifier: Apache-2.0
"""Annotations -> `Description`: one file per kind of class. Imported when the first type is described, never before.

describe            the entrance; `_annotations` dispatches on what an annotation is
_graph              nodes under construction, errors with their place, numbering
_scope              where a name in an annotation is looked up, what a type variable stands for
_unions _choices _containers _bounds          kinds that are no classes of the user
_fields             one field of any class; _names: renaming
_records _dataclasses _attrs _typeddict _namedtuple
"""

from quire._types._annotations import describe

__all__ = ["describe"]
