# SPDX-License-Identifier: Apache-2.0
"""Where a name in an annotation is looked up, and what a type variable stands for.

Names: the type parameters, the module of the class, then the class itself. That the module goes first is what
typing.get_type_hints does too: in `date: "date | None" = None` the class's own `date` is the default, not the type.
"""

from __future__ import annotations

import builtins
import sys
import typing

__all__ = ["Scope", "is_partial", "own_annotations", "scopes_of"]


def is_partial(cls):
    """Was it made by Partial[...]? Then what is said of its fields is said in the class it is made of."""
    return "__quire_partial_of__" in vars(cls)


class Scope:
    """variables: type variable -> number of a node, or (annotation, Scope) not described yet."""

    __slots__ = ("_names", "module", "owner", "variables")

    def __init__(self, owner=None, variables=None, module=None):
        self.owner = owner
        self.module = module or getattr(owner, "__module__", None)
        self.variables = variables or {}
        self._names = None

    def evaluate(self, graph, annotation):
        """The object that a string or ForwardRef stands for."""
        scope = self
        if isinstance(annotation, typing.ForwardRef):
            annotation, scope = self._unwrap(annotation)
        try:
            if not isinstance(annotation, str):
                return annotation.evaluate(globals=scope.names(), owner=scope.owner)
            return eval(annotation, {"__builtins__": builtins}, scope.names())  # noqa: S307: the program's own annotation
        except MemoryError:
            raise
        except Exception as error:
            raise graph.error(scope._complaint(annotation, error)) from error

    def _unwrap(self, reference):
        """The text of a ForwardRef and where to look; from Python 3.14 it knows its own closure and is evaluated itself."""
        if hasattr(reference, "evaluate"):
            return reference, self
        module = reference.__forward_module__
        if module is None:
            return reference.__forward_arg__, self
        name = module if isinstance(module, str) else module.__name__
        scope = self if name == self.module else Scope(variables=self.variables, module=name)
        return reference.__forward_arg__, scope

    def _complaint(self, annotation, error):
        text = annotation if isinstance(annotation, str) else annotation.__forward_arg__
        where = f"module {self.module!r}" if self.module else "no module"
        if self.owner is not None:
            where += f" and in class {self.owner.__qualname__}"
        if isinstance(error, NameError):
            return (
                f"the annotation {text!r} cannot be followed: {error} (looked up in {where}); "
                "define it at module level, before the first use of the type"
            )
        return f"the annotation {text!r} cannot be followed: {type(error).__name__}: {error}"

    def names(self):
        if self._names is None:
            names = {}
            if self.owner is not None:
                own = own_annotations(self.owner)
                names.update((n, v) for n, v in vars(self.owner).items() if n not in own or isinstance(v, type))
                names.update((p.__name__, p) for p in getattr(self.owner, "__parameters__", ()))
                names[self.owner.__name__] = self.owner
            names.update(vars(sys.modules.get(self.module, builtins)))
            names.update((p.__name__, p) for p in getattr(self.owner, "__type_params__", ()))
            self._names = names
        return self._names


def scopes_of(cls, numbers=()):
    """For each class that `cls` inherits from, and itself: the Scope of the annotations written in it."""
    scopes = {}

    def visit(klass, variables):
        if klass in scopes:
            return
        scope = scopes[klass] = Scope(klass, variables)
        for base in klass.__dict__.get("__orig_bases__", ()):
            origin = typing.get_origin(base)
            if isinstance(origin, type) and origin not in (typing.Generic, typing.Protocol):
                parameters = getattr(origin, "__parameters__", ())
                visit(origin, {p: (a, scope) for p, a in zip(parameters, typing.get_args(base), strict=False)})

    visit(cls, dict(zip(getattr(cls, "__parameters__", ()), numbers, strict=False)))
    for klass in cls.__mro__:
        visit(klass, {})
    return scopes


if sys.version_info >= (3, 14):
    import annotationlib

    def own_annotations(cls):
        return annotationlib.get_annotations(cls, format=annotationlib.Format.FORWARDREF)

else:

    def own_annotations(cls):
        """What is annotated in the class itself, without what it inherits; nothing is evaluated."""
        return cls.__dict__.get("__annotations__") or {}
