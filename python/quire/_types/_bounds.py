# SPDX-License-Identifier: Apache-2.0
"""Annotated[T, ...]: bounds, recognised by the names of their members, so that nothing has to be imported for them.

`ge gt le lt multiple_of` bound int, float and Decimal; `min_length max_length` bound text, bytes (in bytes) and containers;
`pattern` (a regular expression, searched) bounds text. That is what annotated_types has, and others with the same names.
Metadata that means nothing here is ignored, as typing asks; a check of annotated_types that quire does not do is refused.
"""

from __future__ import annotations

import collections
import decimal
import math
import re

from quire._types._description import Bounds, Node
from quire._types._graph import PendingUnion, Reference

__all__ = ["apply_metadata"]

_COMPARED = ("ge", "gt", "le", "lt")
_LENGTHS = ("min_length", "max_length")
_NUMBERS = ("int", "float", "decimal")
_MEASURED = ("str", "bytes", "array", "tuple", "map")
_TAKES = {
    **dict.fromkeys((*_COMPARED, "multiple_of"), _NUMBERS),
    **dict.fromkeys(_LENGTHS, _MEASURED),
    "pattern": ("str",),
}
_NAMES = ("an int, a float or a Decimal", "a str, bytes or a container", "a str")
_NO_CHECKS = ("Unit", "DocInfo", "doc")  # members of annotated_types that describe and do not restrict


def apply_metadata(graph, number, metadata):
    found = {}
    for item in _flat(metadata):
        _collect(graph, found, item)
    if not found:
        return number
    bounded = _apply(graph, number, found)
    if number in graph.unset:
        graph.unset.add(bounded)
    return bounded


def _flat(metadata):
    for item in metadata:
        if getattr(item, "__is_annotated_types_grouped_metadata__", False):
            yield from _flat(item)
        else:
            yield item


def _collect(graph, found, item):
    if isinstance(item, type) or isinstance(item, str):
        return
    if isinstance(item, re.Pattern):
        return _put(graph, found, "pattern", item)
    taken = False
    for name in _TAKES:
        value = getattr(item, name, None)
        if value is not None and not callable(value):
            _put(graph, found, name, value)
            taken = True
    if not taken and type(item).__module__.partition(".")[0] == "annotated_types" and type(item).__name__ not in _NO_CHECKS:
        if type(item).__name__ not in ("MinLen", "MaxLen", "Len", "Interval"):
            raise graph.error(f"the check {item!r} is not supported")
    return None


def _put(graph, found, name, value):
    if name == "pattern":
        value = _pattern(graph, value)
    elif name in _LENGTHS:
        if type(value) is not int or value < 0:
            raise graph.error(f"{name} must be an int, not negative, got {value!r}")
        if name == "min_length" and value == 0:
            return
    elif isinstance(value, bool) or not isinstance(value, int | float | decimal.Decimal) or value != value:
        raise graph.error(f"{name} must be a number, got {value!r}: only numbers can be bounded so far")
    elif name == "multiple_of" and not (value > 0 and math.isfinite(value)):
        raise graph.error(f"multiple_of must be above 0, got {value!r}")
    if name in found and found[name] != value:
        if name in ("pattern", "multiple_of"):
            raise graph.error(f"{name} is given twice")
        value = max(found[name], value) if name in ("ge", "gt", "min_length") else min(found[name], value)
    found[name] = value


def _pattern(graph, value):
    try:
        pattern = re.compile(value)
    except (re.error, TypeError) as error:
        raise graph.error(f"the pattern {value!r} is no regular expression: {error}") from error
    if not isinstance(pattern.pattern, str):
        raise graph.error(f"the pattern {pattern.pattern!r} is for bytes: use one for str")
    return pattern


def _apply(graph, number, found):
    """The number of a node like `number` within the bounds; in a union every arm has to take them, null excepted."""
    entry = graph.entries[number]
    if type(entry) is Reference:
        bounded = _apply(graph, entry.target, found)
        return graph.nullable(bounded) if entry.nullable else bounded
    if type(entry) is PendingUnion:
        return graph.append(entry._replace(arms=tuple(_apply(graph, arm, found) for arm in entry.arms)))
    if type(entry) is not Node or entry.kind in ("record", "choice"):
        raise graph.error("bounds are for numbers, text and containers, not for classes or recursive aliases")
    for name in found:
        if entry.kind not in _TAKES[name]:
            expected = _NAMES[0 if _TAKES[name] is _NUMBERS else 1 if _TAKES[name] is _MEASURED else 2]
            raise graph.error(f"{name} is for {expected}, not for {entry.kind}")
    bounds = _merge(graph, entry, found)
    if entry.cls is collections.deque:  # the type declares the maxlen
        entry = entry._replace(info=entry.info._replace(extra=(bounds.max_length,)))
    return graph.intern(entry._replace(bounds=bounds))


def _merge(graph, node, found):
    merged = dict(found)
    for name, value in (node.bounds or Bounds())._asdict().items():
        if value is not None:
            _put(graph, merged, name, value)
    exact = _EXACT.get(node.kind)
    if exact is not None:
        merged = {name: value for n, v in merged.items() for name, value in [exact(graph, n, v)] if value is not None}
    _keep_tighter(merged, "ge", "gt", lambda inclusive, exclusive: exclusive >= inclusive)
    _keep_tighter(merged, "le", "lt", lambda inclusive, exclusive: exclusive <= inclusive)
    return Bounds(**merged)


def _keep_tighter(bounds, inclusive, exclusive, exclusive_says_more):
    """Of x >= a and x > b one says it all."""
    if inclusive in bounds and exclusive in bounds:
        del bounds[inclusive if exclusive_says_more(bounds[inclusive], bounds[exclusive]) else exclusive]


def _exact_int(graph, name, value):
    """A bound on integers is an integer: x >= 0.5 says x >= 1, x > 0.5 says x > 0."""
    if type(value) is int:
        if name == "multiple_of" and value >= 2**63:
            raise graph.error(f"multiple_of={value!r} is beyond 64 bits")
        return name, value
    if not math.isfinite(value):
        if (value > 0) == (name in ("le", "lt")):
            return name, None
        raise graph.error(f"{name}={value!r}: no integer is within it")
    if name == "multiple_of":
        if value != int(value):
            raise graph.error(f"multiple_of={value!r} is no integer")
        return _exact_int(graph, name, int(value))
    return name, math.ceil(value) if name in ("ge", "lt") else math.floor(value)


def _exact_float(graph, name, value):
    try:
        exact = float(value)
    except OverflowError:
        exact = math.inf
    if exact != value and type(value) is int:
        raise graph.error(f"{name}={value!r} cannot be held by a float")
    return name, exact


def _exact_decimal(graph, name, value):
    return name, value if isinstance(value, decimal.Decimal) else decimal.Decimal(str(value))


_EXACT = {"int": _exact_int, "float": _exact_float, "decimal": _exact_decimal}
