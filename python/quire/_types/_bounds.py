# SPDX-License-Identifier: Apache-2.0
"""Annotated[T, ...] and field(...): constraints, recognised by the names of their members, so that nothing has to be imported.

`ge gt le lt multiple_of` bound numbers, dates, times and what an adapter makes; `min_length max_length` bound text, bytes (in
bytes) and containers; `pattern` (a regular expression, searched) bounds text; `timezone` bounds datetime and time; a `predicate`
is a function that says whether a value is right, of any type. That is what annotated_types has, and others with the same names.
Metadata that means nothing here is ignored, as typing asks; a check of annotated_types, or anything of Pydantic, that quire does
not do is refused.

Most are the core's. Predicates and time zones are asked in a node of their own around the type: an adapter that makes nothing.
"""

from __future__ import annotations

import collections
import decimal
import math
import re

from quire._types._description import AdapterInfo, Bounds, Node
from quire._types._graph import PendingUnion, Reference, type_name
from quire._types._pydantic import is_pydantic, pydantic_field, understood

__all__ = ["apply_metadata"]

_COMPARED = ("ge", "gt", "le", "lt")
_LENGTHS = ("min_length", "max_length")
_TIMES = ("datetime", "date", "time", "timedelta")
_NUMBERS = ("int", "float", "decimal")
_MEASURED = ("str", "bytes", "array", "tuple", "map", "adapter")
_TAKES = {
    **dict.fromkeys(_COMPARED, (*_NUMBERS, *_TIMES, "adapter")),
    "multiple_of": (*_NUMBERS, "timedelta", "adapter"),
    **dict.fromkeys(_LENGTHS, _MEASURED),
    "pattern": ("str",),
}
_NAMES = {
    **dict.fromkeys(_COMPARED, "an int, a float, a Decimal, a date, a time or what an adapter makes"),
    "multiple_of": "an int, a float, a Decimal or a timedelta",
    **dict.fromkeys(_LENGTHS, "a str, bytes or a container"),
    "pattern": "a str",
}
_ASKED = ("timezone", "predicates")
_NO_CHECKS = ("Unit", "DocInfo", "doc")  # members of annotated_types that describe and do not restrict
_GROUPS = ("MinLen", "MaxLen", "Len", "Interval")  # with nothing in them


def apply_metadata(graph, number, metadata, checks=None, cls=None):
    """The number of a node like `number` within the constraints of Annotated and of field(). cls: of its values, or None."""
    found = {}
    for item in _flat(graph, metadata):
        _collect(graph, found, item)
    for name, value in (checks or {}).items():
        _collect_named(graph, found, name, value)
    if not found:
        return number
    asked = {name: tuple(found.pop(name)) for name in _ASKED if name in found}
    bounded = _apply(graph, number, found) if found else number
    if asked:
        bounded = _ask(graph, bounded, asked, cls)
    if number in graph.unset:
        graph.unset.add(bounded)
    return bounded


def _flat(graph, metadata):
    for item in metadata:
        if is_pydantic(item):
            found = pydantic_field(graph, item)
            if found is not None and found.alias is not None:
                raise graph.error(f"the alias {found.alias!r} is of no field here: it names the field itself, not what is in it")
            yield from _flat(graph, understood(graph, item))
        elif getattr(item, "__is_annotated_types_grouped_metadata__", False):
            yield from _flat(graph, item)
        else:
            yield item


def _collect(graph, found, item):
    if isinstance(item, type) or isinstance(item, str):
        return
    if isinstance(item, re.Pattern):
        return _put(graph, found, "pattern", item)
    kind = type(item).__name__
    if kind == "Predicate" and callable(getattr(item, "func", None)):
        return _collect_named(graph, found, "predicate", item.func)
    if kind == "Not" and callable(item) and callable(getattr(item, "func", None)):
        return _collect_named(graph, found, "predicate", item)
    taken = False
    if kind in ("Timezone", "Meta") and hasattr(item, "tz") and not (kind == "Meta" and item.tz is None):
        _collect_named(graph, found, "timezone", item.tz)
        taken = True
    for name in _TAKES:
        value = getattr(item, name, None)
        if value is not None and not callable(value):
            _put(graph, found, name, value)
            taken = True
    if not taken and type(item).__module__.partition(".")[0] == "annotated_types" and kind not in _NO_CHECKS:
        if kind not in _GROUPS:
            raise graph.error(f"the check {item!r} is not supported")
    return None


def _collect_named(graph, found, name, value):
    if name == "timezone":
        from quire._types._predicates import timezone

        found.setdefault("timezone", []).append(timezone(graph, value))
    elif name == "predicate":
        functions = value if isinstance(value, tuple | list) else (value,)
        if not all(callable(function) for function in functions):
            raise graph.error(f"a predicate must be callable, got {value!r}")
        found.setdefault("predicates", []).extend(functions)
    else:
        _put(graph, found, name, value)


def _put(graph, found, name, value):
    if name == "pattern":
        value = _pattern(graph, value)
    elif name in _LENGTHS:
        if type(value) is not int or value < 0:
            raise graph.error(f"{name} must be an int, not negative, got {value!r}")
        if name == "min_length" and value == 0:
            return
    if name in found and found[name] != value:
        if name in ("pattern", "multiple_of"):
            raise graph.error(f"{name} is given twice")
        try:
            value = max(found[name], value) if name in ("ge", "gt", "min_length") else min(found[name], value)
        except TypeError as error:
            raise graph.error(f"{name}: {found[name]!r} and {value!r} cannot be compared") from error
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
        raise graph.error(
            "bounds are for numbers, text, times and containers, not for classes or recursive aliases: use a predicate"
        )
    if entry.kind == "adapter" and entry.info.encode is None:  # a check around the type
        return graph.append(entry._replace(items=(_apply(graph, entry.items[0], found),)))
    for name in found:
        if entry.kind not in _TAKES[name]:
            raise graph.error(f"{name} is for {_NAMES[name]}, not for {entry.kind}")
    for name, value in found.items():
        if name in (*_COMPARED, "multiple_of"):
            _check_operand(graph, entry, name, value)
    if entry.kind == "adapter":
        _check_class(graph, entry.cls, found)
    bounds = _merge(graph, entry, found)
    if entry.cls is collections.deque and entry.kind == "array":  # the type declares the maxlen
        entry = entry._replace(info=entry.info._replace(extra=(bounds.max_length,)))
    bounded = graph.intern(entry._replace(bounds=bounds))
    if number in graph.ranks:
        graph.ranks[bounded] = graph.ranks[number]
    return bounded


def _check_operand(graph, entry, name, value):
    """Is that a value to compare values of the kind with?"""
    if entry.kind in _TIMES:
        import datetime

        cls = getattr(datetime, entry.kind)
        if not isinstance(value, cls) or entry.kind == "date" and isinstance(value, datetime.datetime):
            raise graph.error(f"{name} of a {entry.kind} must be a {entry.kind}, got {value!r}")
        if name == "multiple_of" and not value > datetime.timedelta(0):
            raise graph.error(f"multiple_of must be above 0, got {value!r}")
    elif entry.kind in _NUMBERS:
        if isinstance(value, bool) or not isinstance(value, int | float | decimal.Decimal) or value != value:
            raise graph.error(f"{name} must be a number, got {value!r}")
        if name == "multiple_of" and not (value > 0 and math.isfinite(value)):
            raise graph.error(f"multiple_of must be above 0, got {value!r}")


_METHODS = {
    **dict(zip(_COMPARED, ("__ge__", "__gt__", "__le__", "__lt__"), strict=True)),
    "multiple_of": "__mod__",
    **dict.fromkeys(_LENGTHS, "__len__"),
}


def _check_class(graph, cls, found):
    """Can objects of the class be compared, divided, measured?"""
    for name in found if cls is not None else ():
        if getattr(cls, _METHODS[name], None) is getattr(object, _METHODS[name], None):
            raise graph.error(f"{name} needs {_METHODS[name]}, which {type_name(cls)} does not have")


def _ask(graph, number, asked, cls):
    """A node around `number` that asks predicates and time zones; null is not asked."""
    entry = graph.entries[number]
    if type(entry) is Reference and entry.nullable:
        return graph.nullable(_ask(graph, entry.target, asked, cls))
    if type(entry) in (Node, PendingUnion) and entry.nullable:
        plain = entry._replace(nullable=False)
        plain = graph.append(plain) if type(entry) is PendingUnion else graph.intern(plain)
        return graph.nullable(_ask(graph, plain, asked, cls))
    if "timezone" in asked:
        _check_timezone(graph, number)
    bounds = Bounds(timezone=asked.get("timezone"), predicates=asked.get("predicates"))
    asking = graph.append(Node("adapter", items=(number,), cls=cls, info=AdapterInfo(None, None, False, False), bounds=bounds))
    graph.ranks[asking] = graph.ranks.get(number)
    return asking


def _check_timezone(graph, number):
    leaves = graph.leaves(number)[0] if graph.entries[number] is not None else ()
    kinds = {graph.entries[leaf].kind for leaf in leaves if graph.entries[leaf] is not None}
    if not kinds or not kinds <= {"datetime", "time"}:
        raise graph.error("timezone is for datetime and time")


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
        try:
            more = exclusive_says_more(bounds[inclusive], bounds[exclusive])
        except TypeError:  # one with a time zone, one without: no value will be within both
            return
        del bounds[inclusive if more else exclusive]


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
