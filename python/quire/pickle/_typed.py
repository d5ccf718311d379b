# SPDX-License-Identifier: Apache-2.0
"""Pickles of a declared type: `decode` and `Decoder`.

What a pickle may construct follows from the type. `_Policy` makes a table of it, {(module, name): what quire does}, and the
machine (binding/pickle/typed.c) looks nowhere else: it imports nothing, walks no dotted names and calls nothing but the functions
of this file, which look at their arguments and make the object themselves. Then the result is checked against the type, as
`quire.convert` does.
"""

import datetime
import functools
import re
import sys
from pickle import UnpicklingError
from types import MemberDescriptorType

from quire._core import (
    Record,
    _convert_pickled,
    _convert_written,
    _pickle_policies,
    _pickle_typed,
    _PickleDecoder,
    _PickleNamed,
    _restore_record,
)
from quire._types import describe
from quire.errors import Fault, LimitError, MalformedError, TruncatedError, UnsafeError
from quire.limits import Limits


class UnsafePickleError(UnsafeError, UnpicklingError):
    """The pickle names, or does, what its type does not allow."""


class MalformedPickleError(MalformedError, UnpicklingError):
    """The data is no pickle, or constructs something that it cannot be."""


class TruncatedPickleError(TruncatedError, UnpicklingError):
    """The pickle ends before its end."""


class PickleLimitError(LimitError, UnpicklingError):
    """The pickle asks for more than the limits allow."""


class _Refused(ValueError):
    """A handler does not do that."""


def _fail(error, offset, opcode):
    """The exception that the user sees, of what the machine or a handler raised."""
    if not isinstance(error, Exception) or isinstance(error, MemoryError):
        return error
    args, text, cls, code = error.args, str(error) or type(error).__name__, MalformedPickleError, "malformed_pickle"
    if isinstance(error, UnpicklingError) and len(args) == 3:
        rule, module, name = args
        text = rule if module is None else f"{rule}: {module}.{name}"
        cls, code = (PickleLimitError, "pickle_limit") if rule.startswith("limit: ") else (UnsafePickleError, "unsafe_pickle")
    elif isinstance(error, _Refused):
        cls, code = UnsafePickleError, "unsafe_pickle"
    elif isinstance(error, EOFError) or text == "pickle data was truncated":
        cls, code = TruncatedPickleError, "truncated"
    text = text.removeprefix("limit: ")
    fault = Fault(code, text if opcode is None else f"{text} (opcode {opcode})", offset=offset)
    made = cls(str(fault), [fault])
    if cls is MalformedPickleError:
        made.__cause__ = error
    return made


def _fail_behind(start, error, offset, opcode):
    return _fail(error, start + offset, opcode)


# ---------------------------------------------------------------- what is made: functions of the arguments of a call


def _exactly(args, *kinds):
    if len(args) != len(kinds) or any(type(arg) is not kind for arg, kind in zip(args, kinds, strict=True)):
        raise _Refused("arguments that no pickler writes")
    return args


def _bytearray(args):
    if not args:
        return bytearray()
    if len(args) == 2:
        return bytearray(_encoded(args))
    return bytearray(_exactly(args, bytes)[0])


def _bytes(args):
    _exactly(args)
    return b""


def _encoded(args):
    text, encoding = _exactly(args, str, str)
    if encoding not in ("latin1", "latin-1"):
        raise _Refused("an encoding that no pickler asks for")
    return text.encode("latin-1")


def _complex(args):
    return complex(*_exactly(args, float, float))


def _packed(args, length):
    data = args[0] if args else None
    if type(data) is not bytes or len(data) != length:
        raise _Refused("arguments that no pickler writes")
    return data


def _zone(args):
    if len(args) == 1:
        return None
    _, zone = args
    if not isinstance(zone, datetime.tzinfo):
        raise _Refused("a time zone that is none")
    return zone


def _datetime(args):
    d = _packed(args, 10)
    micro = d[7] << 16 | d[8] << 8 | d[9]
    return datetime.datetime(d[0] << 8 | d[1], d[2] & 0x7F, d[3], d[4], d[5], d[6], micro, _zone(args), fold=d[2] >> 7)


def _date(args):
    d = _packed(args, 4)
    if len(args) != 1:
        raise _Refused("arguments that no pickler writes")
    return datetime.date(d[0] << 8 | d[1], d[2], d[3])


def _time(args):
    d = _packed(args, 6)
    return datetime.time(d[0] & 0x7F, d[1], d[2], d[3] << 16 | d[4] << 8 | d[5], _zone(args), fold=d[0] >> 7)


def _timedelta(args):
    days, seconds, micro = _exactly(args, int, int, int)
    if not (-999_999_999 <= days <= 999_999_999 and 0 <= seconds < 86400 and 0 <= micro < 1_000_000):
        raise _Refused("arguments that no pickler writes")
    return datetime.timedelta(days, seconds, micro)


def _timezone(args):
    return datetime.timezone(*_exactly(args, *(datetime.timedelta, str)[: max(1, len(args))]))


_ZONE_NAME = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+)*")


def _zoneinfo(args):
    import os
    import zoneinfo

    if len(args) != 2 or type(args[0]) is not str or not _ZONE_NAME.fullmatch(args[0]) or len(args[0]) > 100:
        raise _Refused("a time zone that no pickler writes")
    if not any(os.path.isfile(os.path.join(folder, args[0])) for folder in zoneinfo.TZPATH):
        raise _Refused("a time zone that this system does not have")
    return zoneinfo.ZoneInfo(args[0])


def _unpickle_of(zone, unpickle):
    """getattr(ZoneInfo, "_unpickle"), as a pickler writes it: the two as they stand in the table."""

    def make(args):
        if len(args) != 2 or args[0] is not zone or type(args[1]) is not str or args[1] != "_unpickle":
            raise _Refused("an attribute that no pickler asks for")
        return unpickle

    return make


_DECIMAL = re.compile(r"-?(\d+(\.\d*)?|\.\d+)([Ee][+-]?\d{1,6})?|-?Infinity|-?s?NaN\d*")


def _decimal(args):
    import decimal

    (text,) = _exactly(args, str)
    if len(text) > 10_000 or not _DECIMAL.fullmatch(text):
        raise _Refused("a decimal that no pickler writes")
    return decimal.Decimal(text)


def _fraction(args):
    import fractions

    if len(args) == 2:
        return fractions.Fraction(*_exactly(args, int, int))
    (text,) = _exactly(args, str)
    if len(text) > 10_000 or not re.fullmatch(r"-?\d+(/\d+)?", text):
        raise _Refused("a fraction that no pickler writes")
    return fractions.Fraction(text)


def _address(cls):
    def make(args):
        (value,) = args if len(args) == 1 else (None,)
        if not ((type(value) is str and len(value) <= 100) or (type(value) is int and 0 <= value < 1 << 128)):
            raise _Refused("an address that no pickler writes")
        return cls(value)

    return make


def _of_parts(cls):
    def make(args):
        if any(type(part) is not str or "\0" in part for part in args):
            raise _Refused("a path that no pickler writes")
        return cls(*args)

    return make


def _uuid(args):
    import uuid

    _exactly(args)

    def build(made, state):
        if (
            type(state) is not dict
            or not {"int"} <= state.keys() <= {"int", "is_safe"}
            or type(state["int"]) is not int
            or not 0 <= state["int"] < 1 << 128
        ):
            raise _Refused("a UUID that no pickler writes")
        object.__setattr__(made, "int", state["int"])
        object.__setattr__(made, "is_safe", uuid.SafeUUID.unknown)

    build.needed = True  # the machine refuses what was not built by a function that has attributes
    return object.__new__(uuid.UUID), build


# ---------------------------------------------------------------- containers


def _ordered(args):
    from collections import OrderedDict

    _exactly(args)
    return OrderedDict()


def _counter(args):
    from collections import Counter

    return Counter(*_exactly(args, *(dict,)[: len(args)]))


def _deque(args):
    from collections import deque

    if not args:
        return deque()
    items, maxlen = args if len(args) == 2 else (None, None)
    if (
        items not in ([], ())
        or type(items) not in (list, tuple)
        or not (maxlen is None or (type(maxlen) is int and 0 <= maxlen <= sys.maxsize))
    ):
        raise _Refused("a deque that no pickler writes")
    return deque((), maxlen)


_FACTORIES = {cls.__name__: cls for cls in (int, list, dict, set, str, float, tuple)}


def _defaultdict(args):
    from collections import defaultdict

    if not args or args == (None,):
        return defaultdict(None)
    (factory,) = _exactly(args, _PickleNamed)
    if factory.module not in ("builtins", "__builtin__") or factory.name not in _FACTORIES:
        raise _Refused("a factory of another class")
    return defaultdict(_FACTORIES[factory.name])


# ---------------------------------------------------------------- classes that the type names


def _enum(cls):
    import enum

    known = {}
    for member in cls:
        known[type(member.value), repr(member.value)] = member
    every = 0
    if issubclass(cls, enum.Flag):
        for member in cls:
            every |= member.value

    def make(args):
        (value,) = args if len(args) == 1 else (None,)
        if type(value) not in (int, str, float, bytes, bool, type(None)) or len(args) != 1:
            raise _Refused("a member that no pickler writes")
        if (member := known.get((type(value), repr(value)))) is not None:
            return member
        if issubclass(cls, enum.Flag) and type(value) is int and 0 <= value <= every and value & ~every == 0:
            return cls(value)
        raise _Refused(f"{value!r:.50} is no member of {cls.__name__}")

    return make


def _namedtuple(cls):
    def make(args):
        if len(args) != len(cls._fields):
            raise _Refused("a named tuple of another length")
        return tuple.__new__(cls, args)

    return make


def _slots_of(cls):
    found = {}
    for base in reversed(cls.__mro__):
        found.update({name: member for name, member in vars(base).items() if isinstance(member, MemberDescriptorType)})
    return found


def _attributes(state, names):
    """(name, value) of each attribute that a state has: a dict, a pair of dicts, or a list in the order of the fields."""
    if type(state) is list and len(state) == len(names):
        return list(zip(names, state, strict=True))
    parts = state if type(state) is tuple and len(state) == 2 else (state, None)
    found = []
    for part in parts:
        if part is not None and type(part) is not dict:
            raise _Refused("a state that no pickler writes")
        found += (part or {}).items()
    return found


_HEAP_TYPE, _NOT_INSTANTIABLE = 1 << 9, 1 << 7  # Py_TPFLAGS_HEAPTYPE, Py_TPFLAGS_DISALLOW_INSTANTIATION


def _is_made_by_object(cls):
    """Does object.__new__ make whole instances of it? Not where a class written in C among its bases has a __new__ of its own."""
    return all(
        base is object
        or (base.__flags__ & (_HEAP_TYPE | _NOT_INSTANTIABLE) == _HEAP_TYPE and not isinstance(vars(base).get("__new__"), type(len)))
        for base in cls.__mro__
    )


def _plain(cls, info):
    """A class with fields that is no quire.Record: an instance without its __new__ and __init__, fields as they stand.

    The functions, and the shape by which the machine does the same without them (binding/pickle/typed.c).
    """
    names = [field.name for field in info.fields if field.stored and not field.gap]
    slots, known = _slots_of(cls), frozenset(names)

    def build(made, state):
        for name, value in _attributes(state, names):
            if type(name) is not str:
                raise _Refused("an attribute whose name is no text")
            if name not in known:
                if info.unknown == "error":
                    raise _Refused(f"{cls.__name__} has no field {name!r:.50}")
                continue
            if name in slots:
                slots[name].__set__(made, value)
            else:
                object.__getattribute__(made, "__dict__")[name] = value

    def make(args):
        _exactly(args)
        return object.__new__(cls), build

    fields = {name: slots.get(name, name) for name in names}
    has_dict = not isinstance(vars(cls).get("__dict__"), property) and cls.__dictoffset__ != 0
    if not _is_made_by_object(cls) or not (has_dict or fields.keys() <= slots.keys()):
        return {"new": make}
    return {"new": make, "shape": (cls, None, None, fields, tuple(names), build)}


def _record(cls):
    """A quire.Record, by its own functions."""

    def build(made, state):
        if type(state) is not dict or any(
            type(name) not in (str, int) or (type(name) is str and name.startswith("__")) for name in state
        ):
            raise _Refused("a state that no pickler writes")
        Record.__setstate__(made, state)

    def make(args):
        _exactly(args)
        return _restore_record(cls, 1), build

    return {"new": make, "shape": (cls, _restore_record, Record.__setstate__, {}, (), build)}


def _no_state(made, state):
    raise _Refused("a state for what has none")


def _reconstruct(args):
    """copyreg._reconstructor(cls, object, None) of protocols 0 and 1."""
    cls, base, state = args if len(args) == 3 else (None, None, None)
    if type(cls) is not _PickleNamed or type(base) is not _PickleNamed or cls.new is None:
        raise _Refused("a class that the type does not name")
    if base.name == "tuple" and type(state) is tuple:
        made = cls.new(state)
    elif base.name == "object" and state is None:
        made = cls.new(())
    else:
        raise _Refused("a base that no pickler writes")
    return made if type(made) is tuple else (made, _no_state)


def _restore(args):
    """What a quire.Record is restored by: (class, version of the layout)."""
    cls, version = args if len(args) == 2 else (None, None)
    if type(cls) is not _PickleNamed or cls.new is None or type(version) is not int:
        raise _Refused("a class that the type does not name")
    if version != 1:
        raise _Refused(f"a layout of records that this quire does not read: {version!r:.20}")
    return cls.new(())


# ---------------------------------------------------------------- the table

_ADDRESSES = ("IPv4Address", "IPv6Address", "IPv4Network", "IPv6Network", "IPv4Interface", "IPv6Interface")


class _Policy:
    """table, containers and hashable for the machine, of one type."""

    def __init__(self, description):
        self.table, self.containers, self.hashable = {}, set(), set()
        for name in ("set", "frozenset"):
            self.add("builtins", name, reduce=True)
        for name in (*_FACTORIES, "object"):
            if ("builtins", name) not in self.table:
                self.add("builtins", name)
        for name, old in (("int", "long"), ("str", "unicode")):  # what protocols 0 to 2 write
            self.table["__builtin__", old] = self.table["builtins", name]
        self.add("builtins", "bytearray", reduce=_bytearray)
        self.add("builtins", "bytes", reduce=_bytes)
        self.add("builtins", "complex", reduce=_complex)
        self.add("_codecs", "encode", reduce=_encoded)
        self.add("copyreg", "_reconstructor", "copy_reg", reduce=_reconstruct, fresh=True)
        self.hashable.add(complex)
        for node in description.nodes:
            self.add_node(node)

    def add(self, module, name, old=None, **handlers):
        named = _PickleNamed(module, name, **handlers)
        self.table[module, name] = named
        if module == "builtins":
            old = "__builtin__"
        if old:
            self.table[old, name] = named
        return named

    def add_class(self, cls, **handlers):
        self.hashable.add(cls)
        return self.add(cls.__module__, cls.__qualname__, **handlers)

    def add_node(self, node):
        cls, kind = node.cls, node.kind
        if kind in ("datetime", "date", "time", "timedelta"):
            self.add_times()
        elif kind == "decimal":
            self.add_lazily("decimal", "Decimal", reduce=_decimal)
        elif kind == "uuid":
            self.add_lazily("uuid", "UUID", new=_uuid, fresh=True)
        elif kind == "choice" and cls is not None:
            self.add_class(cls, reduce=_enum(cls))
        elif kind == "record" and getattr(node.info, "form", None) != "typeddict":
            self.add_record(cls, node.info)
        elif isinstance(cls, type) and issubclass(cls, tuple) and hasattr(cls, "_fields"):
            self.add_class(cls, new=_namedtuple(cls))
        elif kind in ("array", "map") and cls not in (list, tuple, set, frozenset, dict):
            self.add_container(cls)
        elif kind == "adapter" and cls is not None:
            self.add_adapted(cls)

    def add_lazily(self, module, name, **handlers):
        if module in sys.modules:
            self.add(module, name, **handlers)
            self.hashable.add(getattr(sys.modules[module], name))

    def add_times(self):
        for cls, make in (
            (datetime.datetime, _datetime),
            (datetime.date, _date),
            (datetime.time, _time),
            (datetime.timedelta, _timedelta),
            (datetime.timezone, _timezone),
        ):
            self.add_class(cls, reduce=make)
        self.add_zones()

    def add_zones(self):
        if "zoneinfo" in sys.modules:
            unpickle = self.add("zoneinfo", "ZoneInfo._unpickle", reduce=_zoneinfo)
            self.add("builtins", "getattr", reduce=_unpickle_of(self.add("zoneinfo", "ZoneInfo"), unpickle))

    def add_record(self, cls, info):
        if issubclass(cls, Record):
            self.add_class(cls, **_record(cls), fresh=True)
            self.hashable.discard(cls)  # its hash would look at what was not checked yet
            self.add("quire._core", "_restore_record", reduce=_restore, fresh=True, shape=True)
        elif issubclass(cls, tuple):
            self.add_class(cls, new=_namedtuple(cls))
        else:
            self.add_class(cls, **_plain(cls, info), fresh=True)
            self.hashable.discard(cls)

    def add_container(self, cls):
        makers = {"OrderedDict": _ordered, "Counter": _counter, "deque": _deque, "defaultdict": _defaultdict}
        if isinstance(cls, type) and cls.__module__ == "collections" and cls.__name__ in makers:
            self.add("collections", cls.__name__, reduce=makers[cls.__name__])
            self.containers.add(cls)

    def add_adapted(self, cls):
        import enum

        module, name = getattr(cls, "__module__", None), getattr(cls, "__qualname__", None)
        if not isinstance(cls, type):
            return
        if (module, name) == ("fractions", "Fraction"):
            self.add_class(cls, reduce=_fraction)
        elif module == "ipaddress" and name in _ADDRESSES:
            self.add_class(cls, reduce=_address(cls))
        elif module.split(".")[0] == "pathlib":
            self.add_paths(cls)
        elif module == "zoneinfo":
            self.add_zones()
        elif issubclass(cls, enum.Enum):
            self.add_class(cls, reduce=_enum(cls))

    def add_paths(self, cls):
        import pathlib

        for known in (pathlib.PurePosixPath, pathlib.PureWindowsPath, type(pathlib.Path())):
            if issubclass(known, cls):
                named = self.add_class(known, reduce=_of_parts(known))
                self.table["pathlib", known.__qualname__] = self.table["pathlib._local", known.__qualname__] = named


def _policy_of(type, adapters):
    """The policy of a type, kept with what quire knows of it: by itself, and once `zoneinfo` has been imported."""
    policies, key = _pickle_policies(type, adapters), "zoneinfo" in sys.modules
    if (policy := policies.get(key)) is None:
        policy = policies[key] = _Policy(describe(type, False, adapters))
        policy.containers, policy.hashable = frozenset(policy.containers), frozenset(policy.hashable)
    return policy


def _was_encoded(data, fail):
    """Is it a pickle that an Encoder wrote? It begins with the version of its layout, which is pushed and popped."""
    at = 11 if data[2:3] == b"\x95" else 2
    if data[:1] != b"\x80" or data[at : at + 1] != b"K" or data[at + 2 : at + 3] != b"0":
        return False
    if data[at + 1] != 1:
        raise fail(_Refused(f"a layout of encoded data that this quire does not read: {data[at + 1]}"), at, "BININT1")
    return True


class Decoder(_PickleDecoder):
    """Decodes pickles of one type, and nothing else in them.

    `decode_from`, `decode_lines`, `read` and `stream` are those of the Decoders of every format; pickles stand one behind the
    other.

    type: what quire describes; its classes are the only ones that a pickle may name.
    alias: {"module:Name": class}, names that a class had.
    strict, errors, limits, adapters, context: as for `quire.convert`.
    """

    def __init__(self, type=object, /, *, strict=True, errors="first", limits=None, adapters=None, context=None, alias=None):
        self._options = {"strict": strict, "errors": errors, "adapters": adapters, "context": context}
        _convert_pickled(None, **self._options)  # refuses what they cannot be
        policy = _policy_of(type, adapters)
        self._type, table = type, policy.table
        self._limits = Limits.DEFAULT if limits is None else limits
        self._options["limits"] = self._limits.replace(bytes=None, str_bytes=None)
        for old, cls in (alias or {}).items():
            module, colon, name = old.partition(":")
            named = policy.table.get((getattr(cls, "__module__", None), getattr(cls, "__qualname__", None)))
            if not colon or named is None:
                raise TypeError(f"alias={{{old!r}: ...}} needs 'module:Name' and a class of the type, got {cls!r}")
            table = {**table, (module, name): named}
        self._policy = table, policy.containers, policy.hashable

    def decode(self, data, /):
        """The object of a pickle, of the type.

        Raises `UnsafePickleError`, `MalformedPickleError`, `TruncatedPickleError` and `PickleLimitError`, which are
        `UnpicklingError`s as well, and `ValidationError`.
        """
        return self._decode_part(data if type(data) is bytes else memoryview(data).tobytes(), 0)

    def _decode_part(self, data, start):
        """The object of the bytes of one pickle, which stand at `start` of something longer."""
        limits, fail = self._limits, functools.partial(_fail_behind, start) if start else _fail
        if limits.bytes is not None and len(data) > limits.bytes:
            raise fail(UnpicklingError("limit: the input is longer than limits.bytes", None, None), limits.bytes, None)
        most = sys.maxsize
        int_bytes = most if limits.int_digits is None else limits.int_digits * 54 // 100 + 1
        nodes = 1_000_000 + 4 * len(data)
        sizes = (1_000_000 + len(data), 10_000, int_bytes, limits.depth, nodes, limits.items or most, limits.str_bytes or most)
        value = _pickle_typed(data, *self._policy, fail, sizes)
        return (_convert_written if _was_encoded(data, fail) else _convert_pickled)(value, self._type, **self._options)

    def _beyond_limit(self, text, offset):
        """For what is gathered before it is decoded."""
        raise _fail(UnpicklingError(f"limit: {text}", None, None), offset, None)


def decode(data, type=object, /, *, strict=True, errors="first", limits=None, adapters=None, context=None, alias=None):
    """The object of a pickle, of a declared type: see `Decoder`, which is faster where there are many."""
    options = {"strict": strict, "errors": errors, "limits": limits, "adapters": adapters, "context": context, "alias": alias}
    return Decoder(type, **options).decode(data)
