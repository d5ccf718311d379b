# SPDX-License-Identifier: Apache-2.0
"""Every type there is, with values that must come back exactly and documents that must be refused.

`CASES` is what the shared tests run over: (type, values, bad), bad being (what the document holds, code, path). `holders` puts a
type into each kind of class with fields.
"""

import collections
import collections.abc as abc
import dataclasses
import math
from typing import Annotated, NamedTuple, TypedDict

import annotated_types
import attrs

import quire


class Case(NamedTuple):
    type: object
    values: list
    bad: list = []  # noqa: RUF012
    key: bool = False  # may be the key of a dict


CASES = {
    "list": Case(list[int], [[], [1, -2, 3]], [({}, "type_mismatch", "$"), ([1, "x"], "type_mismatch", "$[1]")]),
    "list[float]": Case(list[float], [[-0.0, 0.0, 1e308, 5e-324, math.pi]], [(["1"], "type_mismatch", "$[0]")]),
    "tuple": Case(tuple[int, str], [(1, "a")], [([1], "wrong_length", "$"), ([1, 2], "type_mismatch", "$[1]")]),
    "tuple[...]": Case(tuple[int, ...], [(), (1, 2)], [([None], "type_mismatch", "$[0]")]),
    "set": Case(set[int], [set(), {3, 1, 2}], [("x", "type_mismatch", "$"), ([1, []], "type_mismatch", "$[1]")]),
    "frozenset": Case(frozenset[str], [frozenset(), frozenset("abc")], [([1], "type_mismatch", "$[0]")]),
    "deque": Case(
        collections.deque[int],
        [collections.deque(), collections.deque([3, 1, 2])],
        [({}, "type_mismatch", "$"), ([1, None], "type_mismatch", "$[1]")],
    ),
    "deque with a maxlen": Case(
        Annotated[collections.deque[int], annotated_types.MaxLen(3)],
        [collections.deque([], 3), collections.deque([1, 2, 3], 3)],
        [([1, 2, 3, 4], "too_long", "$")],
    ),
    "dict": Case(dict[str, int], [{}, {"b": 1, "a": 2}], [([], "type_mismatch", "$"), ({"a": "x"}, "type_mismatch", "$.a")]),
    "OrderedDict": Case(
        collections.OrderedDict[str, int],
        [collections.OrderedDict(), collections.OrderedDict(b=1, a=2)],
        [([], "type_mismatch", "$"), ({"a": 1.5}, "type_mismatch", "$.a")],
    ),
    "defaultdict": Case(
        collections.defaultdict[str, list[int]],
        [collections.defaultdict(list), collections.defaultdict(list, {"b": [1], "a": []})],
        [([], "type_mismatch", "$"), ({"a": {}}, "type_mismatch", "$.a")],
    ),
    "Counter": Case(
        collections.Counter[str],
        [collections.Counter(), collections.Counter({"x": 3, "a": -1, "z": 0})],
        [([], "type_mismatch", "$"), ({"a": "1"}, "type_mismatch", "$.a")],
    ),
    "Sequence": Case(abc.Sequence[int], [[1, 2]], [({}, "type_mismatch", "$")]),
    "MutableSequence": Case(abc.MutableSequence[int], [[1, 2]], [({}, "type_mismatch", "$")]),
    "Collection": Case(abc.Collection[int], [[1, 2]], [("a", "type_mismatch", "$")]),
    "Iterable": Case(abc.Iterable[int], [[1, 2]], [(["a"], "type_mismatch", "$[0]")]),
    "Set": Case(abc.Set[int], [{1, 2}], [({}, "type_mismatch", "$")]),
    "MutableSet": Case(abc.MutableSet[int], [{1, 2}], [({}, "type_mismatch", "$")]),
    "Mapping": Case(abc.Mapping[str, int], [{"b": 1, "a": 2}], [([], "type_mismatch", "$")]),
    "MutableMapping": Case(abc.MutableMapping[str, int], [{"b": 1, "a": 2}], [([], "type_mismatch", "$")]),
}


def holders(type_):
    """(class, way to make one) for a class of each kind with the fields one: T, many: list[T], maybe: T | None."""
    fields = {"one": type_, "many": list[type_], "maybe": type_ | None}
    named = NamedTuple("Named", list(fields.items()))
    typed = TypedDict("Typed", fields)
    data = dataclasses.make_dataclass("Data", list(fields.items()))
    slotted = dataclasses.make_dataclass("Slotted", list(fields.items()), slots=True, frozen=True, kw_only=True)
    attr = attrs.make_class("Attr", {name: attrs.field(type=annotation) for name, annotation in fields.items()})
    record = quire.RecordMeta("Rec", (quire.Record,), {"__annotations__": fields})
    return {cls.__name__: cls for cls in (record, data, slotted, attr, typed, named)}
