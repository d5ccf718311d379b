# SPDX-License-Identifier: Apache-2.0
"""May a class be built without calling it? Only where its __init__ was generated and nothing of the user's stands beside it."""

from __future__ import annotations

import types

__all__ = ["generated_init", "is_plain"]


def generated_init(cls, file_prefix):
    """The __init__ of a class, if it was generated: compiled from a file with such a name."""
    init = cls.__init__
    if isinstance(init, types.FunctionType) and init.__code__.co_filename.startswith(file_prefix):
        return init
    return None


def parameters(function):
    """Names of the parameters but for self."""
    code = function.__code__
    return set(code.co_varnames[1 : code.co_argcount + code.co_kwonlyargcount])


def is_plain(cls, frozen):
    """Nobody hooks into the making of instances or, unless frozen, into the setting of attributes."""
    if cls.__new__ is not object.__new__ and not _is_generic_new(cls):
        return False
    if type(cls).__call__ is not type.__call__:
        return False
    return frozen or cls.__setattr__ is object.__setattr__


def _is_generic_new(cls):
    owner = next(klass for klass in cls.__mro__ if "__new__" in klass.__dict__)
    return owner.__module__ in ("typing", "abc")
