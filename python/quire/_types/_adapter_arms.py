# SPDX-License-Identifier: Apache-2.0
"""Adapters among the arms of a union: each takes what the type that it is written as would take (its face).

`_unions` decides between the faces as if they were the arms, and what it says is then said of the adapters. Only those that are
written as text are more: a text may be refused by `decode`, so they are tried in turn: the built-in ones in their order, one of
the user's, paths, and at last str.
"""

from __future__ import annotations

from quire._types import _builtin, _models
from quire._types._adapters import wire_of
from quire._types._graph import type_name

__all__ = ["Faces"]

_TEXTS = ("str", "datetime", "date", "time", "timedelta", "uuid", "decimal")
_FACES = (*_TEXTS, "bool", "int", "float", "choice", "bytes", "array", "tuple", "map", "record")
_LATE = 1 << 20


class Faces:
    """arms: those of a union, an adapter's replaced by its face unless that is a text of no other arm. grouped: the Pydantic
    models are one arm; otherwise they are told from other objects by fields with a Literal. all: what `arms` stand for."""

    def __init__(self, graph, arms, grouped=False):
        models = [arm for arm in arms if _models.is_model(graph, arm)]
        objects = [arm for arm in arms if arm in models or graph.entries[arm].kind in ("record", "map")]
        self.models = frozenset(models if len(objects) > 1 and not grouped else ())
        if grouped and len(models) > 1:
            arms = [*(arm for arm in arms if arm not in models), _models.group(graph, models)]
        self.all = arms
        self.graph = graph
        self.owners = {}  # face -> adapter
        self.texts = []  # (order, adapter)
        self.arms = []
        kinds = {graph.entries[arm].kind for arm in arms}
        for arm in arms:
            if graph.entries[arm].kind == "adapter":
                self._add(arm, kinds)
            else:
                self.arms.append(arm)
        self.texts.sort()
        for (order, one), (other_order, other) in zip(self.texts, self.texts[1:], strict=False):
            if order == other_order:
                raise graph.error(f"{self._name(one)} and {self._name(other)} are both written as text: nothing tells them apart")

    def _name(self, arm):
        cls = self.graph.entries[arm].cls
        return "an adapter" if cls is None else type_name(cls)

    def _add(self, arm, kinds):
        graph, name = self.graph, self._name(arm)
        if graph.entries[arm].cls is None:
            raise graph.error("an adapter in a union needs a class whose instances it writes, as in Annotated[Cls, adapter]")
        if arm in self.models:
            face = _models.face(graph, arm)
            self.owners[face] = arm
            self.arms.append(face)
            return
        number, nullable = wire_of(graph, arm)
        node = graph.entries[number]
        kind = getattr(node, "kind", "union")
        if nullable or kind not in _FACES:
            what = "null" if nullable else "any value" if kind in ("any", "raw") else f"a {kind}"
            raise graph.error(f"the adapter of {name} reads {what}, so nothing tells it apart in a union")
        is_text = kind in _TEXTS or kind == "choice" and type(node.info.wire[0]) is str
        if not is_text:
            face = graph.append(node)
            self.owners[face] = arm
            self.arms.append(face)
            return
        if kind in kinds and kind != "str":
            raise graph.error(f"{name} is written as {kind}, which the union has too: nothing tells them apart")
        rank = graph.ranks.get(arm)
        if "str" in kinds and rank == _builtin.rank(_builtin.ANY_TEXT):
            raise graph.error(f"{name} and str are both any text: nothing tells them apart")
        self.texts.append((_LATE if rank is None else rank, arm))

    def order(self, faces):
        places = {self.owners.get(face, face): place for place, face in enumerate(faces)}
        return lambda arm: places.get(arm, len(places))

    def join(self, info):
        """The UnionInfo of the faces, said of the adapters."""

        def one(number):
            return self.owners.get(number, number)

        def pairs(values):
            return tuple((value, one(number)) for value, number in values)

        arms = {name: one(getattr(info, name)) for name in ("bool", "int", "float", "bytes", "array", "map", "map_default")}
        ints = tuple(one(number) for number in info.ints)
        arrays = tuple(array._replace(arm=one(array.arm)) for array in info.arrays)
        return info._replace(
            **arms, ints=ints, arrays=arrays, text=self._text(info.text), tags=pairs(info.tags), keys=pairs(info.keys)
        )

    def _text(self, text):
        """Built-in adapters before base64, one of the user's behind it, str and paths last."""
        kinds = [self.graph.entries[arm].kind for arm in text]
        early = [arm for order, arm in self.texts if order < _LATE and not self._is_path(arm)]
        late = [arm for order, arm in self.texts if order >= _LATE] + [arm for _, arm in self.texts if self._is_path(arm)]
        before = next((i for i, kind in enumerate(kinds) if kind in ("bytes", "str")), len(text))
        last = next((i for i, kind in enumerate(kinds) if kind == "str"), len(text))
        places = (*text[:before], *early, *text[before:last], *late, *text[last:])
        return tuple(self.owners.get(arm, arm) for arm in places)

    def _is_path(self, arm):
        return self.graph.entries[arm].cls.__module__.partition(".")[0] == "pathlib"
