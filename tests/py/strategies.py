# SPDX-License-Identifier: Apache-2.0
"""Hypothesis strategies derived from a type: `values(int | list[str])` draws what quire writes and reads back exactly.

`values(type_, fmt)` draws what that format can hold (finite floats for JSON, 64-bit integers for MessagePack); without `fmt` what
all can. Bounds of annotated_types are kept, classes with fields are made by calling them.
"""

import collections
import collections.abc as abc
import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import ipaddress
import pathlib
import types
import typing
import uuid
import zoneinfo

from hypothesis import strategies as st

import quire

ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe")
TEXT = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)

# What each is drawn as.
_CONTAINERS = {
    **dict.fromkeys((list, collections.deque, abc.Sequence, abc.MutableSequence, abc.Collection, abc.Iterable), list),
    **dict.fromkeys((set, abc.Set, abc.MutableSet), set),
    frozenset: frozenset,
    **dict.fromkeys((dict, abc.Mapping, abc.MutableMapping), dict),
    **dict.fromkeys((collections.OrderedDict, collections.defaultdict, collections.Counter), dict),
}


def values(type_, fmt=None):
    return _Draw(fmt).of(type_)


class _Draw:
    def __init__(self, fmt):
        self.finite = fmt is None or fmt.finite
        self.big = fmt is not None and fmt.big

    def of(self, type_, bounds=None):
        bounds = bounds or {}
        if type_ is None:
            return st.none()
        if type_ in (typing.Any, object):
            return self.anything()
        if isinstance(type_, typing.TypeVar):
            return self.anything()
        if hasattr(type_, "__supertype__"):
            return self.of(type_.__supertype__, bounds)
        if hasattr(type_, "__value__"):
            return st.deferred(lambda: self.of(type_.__value__, bounds))
        origin, arguments = typing.get_origin(type_), typing.get_args(type_)
        if origin is typing.Annotated:
            return self.of(type_.__origin__, {**_bounds(type_.__metadata__), **bounds})
        if origin in (typing.Required, typing.NotRequired):
            return self.of(arguments[0], bounds)
        if origin in (typing.Union, types.UnionType):
            return st.one_of([self.of(argument, bounds) for argument in arguments if argument is not quire.UnsetType])
        if origin is typing.Literal:
            return st.sampled_from(arguments)
        cls = origin or type_
        container = self.container(cls, arguments, bounds)
        if container is not None:
            return container
        return self.of_class(cls, arguments, bounds)

    def anything(self):
        scalars = st.none() | st.booleans() | self.of(int) | self.of(float) | TEXT
        return st.recursive(
            scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3), max_leaves=5
        )

    # Containers

    def container(self, cls, arguments, bounds):
        if cls is not tuple and cls not in _CONTAINERS:
            return None
        item = self.of(arguments[0]) if arguments else self.anything()
        sizes = {
            "min_size": bounds.get("min_length", 0),
            "max_size": bounds.get("max_length", max(4, bounds.get("min_length", 0))),
        }
        if cls is tuple:
            if len(arguments) == 2 and arguments[1] is ...:
                return st.lists(self.of(arguments[0]), **sizes).map(tuple)
            return st.tuples(*map(self.of, arguments))
        if cls is collections.deque:
            return st.lists(item, **sizes).map(lambda items: collections.deque(items, bounds.get("max_length")))
        if cls is collections.Counter:
            return st.dictionaries(item, self.of(int), **sizes).map(collections.Counter)
        if _CONTAINERS[cls] is not dict:
            drawn = {list: st.lists, set: st.sets, frozenset: st.frozensets}[_CONTAINERS[cls]]
            return drawn(item, **sizes)
        pairs = st.dictionaries(item if arguments else TEXT, self.of(arguments[1]) if arguments else self.anything(), **sizes)
        if cls is collections.defaultdict:
            return pairs.map(lambda pairs: collections.defaultdict(None, pairs))
        return pairs.map(collections.OrderedDict) if cls is collections.OrderedDict else pairs

    # Classes

    def of_class(self, cls, arguments, bounds):
        if issubclass(cls, enum.Flag):
            return st.sets(st.sampled_from(list(cls))).map(lambda members: _union(cls, members))
        if issubclass(cls, enum.Enum):
            return st.sampled_from(list(cls))
        if cls in _SIMPLE:
            return _SIMPLE[cls]
        for scalar in ("int", "float", "str", "bytes"):
            plain = {"int": int, "float": float, "str": str, "bytes": bytes}[scalar]
            if cls is not bool and issubclass(cls, plain):
                drawn = getattr(self, scalar)(bounds)
                return drawn if cls is plain else drawn.map(cls)
        if cls is bytearray or cls is memoryview:
            return self.bytes(bounds).map(cls)
        if cls is decimal.Decimal:
            return self.decimal(bounds)
        if cls is complex:
            return st.builds(complex, self.of(float), self.of(float))
        if issubclass(cls, pathlib.PurePath):
            return st.lists(st.sampled_from(["a", "b c", "..", "é"]), max_size=3).map(lambda parts: cls(*parts))
        return self.fields(cls, arguments)

    def fields(self, cls, arguments):
        variables = dict(zip(getattr(cls, "__parameters__", ()), arguments))
        hints = {name: variables.get(hint, hint) for name, hint in typing.get_type_hints(cls, include_extras=True).items()}
        if typing.is_typeddict(cls):
            required = {name: self.of(hints[name]) for name in cls.__required_keys__}
            drawn = st.fixed_dictionaries(required, optional={name: self.of(hints[name]) for name in cls.__optional_keys__})
            return drawn.map(lambda found: {name: found[name] for name in hints if name in found})  # as they are read
        if hasattr(cls, "__record_fields__"):
            names = cls.__record_fields__
        elif hasattr(cls, "__attrs_attrs__"):
            names = [member.alias for member in cls.__attrs_attrs__ if member.init]
        elif dataclasses.is_dataclass(cls):
            names = [member.name for member in dataclasses.fields(cls) if member.init]
        else:
            names = cls._fields
        return st.builds(cls, **{name: self.of(hints.get(name, typing.Any)) for name in names})

    # Scalars

    def int(self, bounds):
        wide = 1 << (100 if self.big else 63)
        least, most = bounds.get("ge", -wide), bounds.get("le", wide - 1)
        least, most = max(least, bounds.get("gt", least - 1) + 1), min(most, bounds.get("lt", most + 1) - 1)
        multiple = bounds.get("multiple_of", 1)
        return st.integers(-(-least // multiple), most // multiple).map(lambda n: n * multiple)

    def float(self, bounds):
        least, most = bounds.get("ge", bounds.get("gt")), bounds.get("le", bounds.get("lt"))
        finite = self.finite or bool(bounds)
        return st.floats(
            least,
            most,
            exclude_min="gt" in bounds,
            exclude_max="lt" in bounds,
            allow_nan=False,
            allow_infinity=None if bounds else not finite,
        )

    def str(self, bounds):
        if "pattern" in bounds:
            return st.from_regex(bounds["pattern"], fullmatch=True)
        least = bounds.get("min_length", 0)
        return st.text(st.characters(exclude_categories=("Cs",)), min_size=least, max_size=bounds.get("max_length", least + 12))

    def bytes(self, bounds):
        least = bounds.get("min_length", 0)
        return st.binary(min_size=least, max_size=bounds.get("max_length", least + 12))

    def decimal(self, bounds):
        least, most = bounds.get("ge", bounds.get("gt")), bounds.get("le", bounds.get("lt"))
        if not bounds:
            return st.decimals(allow_nan=False)
        drawn = st.decimals(least, most, allow_nan=False, allow_infinity=False)
        return drawn.filter(lambda d: d != bounds.get("gt") and d != bounds.get("lt"))


def _bounds(metadata):
    """The members of annotated_types' classes by name."""
    found = {}
    for item in metadata:
        for inner in item if getattr(item, "__is_annotated_types_grouped_metadata__", False) else (item,):
            for name in ("ge", "gt", "le", "lt", "multiple_of", "min_length", "max_length", "pattern"):
                if getattr(inner, name, None) is not None:
                    found[name] = getattr(inner, name)
    return found


def _union(cls, members):
    made = cls(0)
    for member in members:
        made |= member
    return made


_OFFSETS = st.integers(-86399, 86399).map(lambda seconds: dt.timezone(dt.timedelta(seconds=seconds)))
_TZINFO = st.none() | st.just(dt.UTC) | _OFFSETS | st.sampled_from(ZONES).map(zoneinfo.ZoneInfo)


def _is_sound(moment):
    """Within the years in which Python itself can tell the offset."""
    try:
        moment.utcoffset()
    except OverflowError:
        return False
    return True


_SIMPLE = {
    type(None): st.none(),
    bool: st.booleans(),
    dt.datetime: st.builds(
        lambda moment, zone: moment.replace(tzinfo=zone), st.datetimes(dt.datetime(2, 1, 1), dt.datetime(9998, 1, 1)), _TZINFO
    ).filter(_is_sound),
    dt.date: st.dates(),
    dt.time: st.builds(lambda time, zone: time.replace(tzinfo=zone), st.times(), st.none() | st.just(dt.UTC) | _OFFSETS),
    dt.timedelta: st.timedeltas(),
    uuid.UUID: st.uuids(),
    fractions.Fraction: st.fractions(),
    zoneinfo.ZoneInfo: st.sampled_from(ZONES).map(zoneinfo.ZoneInfo),
    ipaddress.IPv4Address: st.ip_addresses(v=4),
    ipaddress.IPv6Address: st.ip_addresses(v=6),
    ipaddress.IPv4Interface: st.builds(lambda a, n: ipaddress.IPv4Interface((a, n)), st.ip_addresses(v=4), st.integers(0, 32)),
    ipaddress.IPv6Interface: st.builds(lambda a, n: ipaddress.IPv6Interface((a, n)), st.ip_addresses(v=6), st.integers(0, 128)),
    ipaddress.IPv4Network: st.builds(
        lambda a, n: ipaddress.IPv4Network((a, n), strict=False), st.ip_addresses(v=4), st.integers(0, 32)
    ),
    ipaddress.IPv6Network: st.builds(
        lambda a, n: ipaddress.IPv6Network((a, n), strict=False), st.ip_addresses(v=6), st.integers(0, 128)
    ),
}
