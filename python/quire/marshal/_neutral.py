# SPDX-License-Identifier: Apache-2.0
"""`read_pyc` and `read`: marshalled data of any Python as plain records, whatever Python reads it.

Code objects become `PycCode`, which is data: fields by name, bytecode and tables as raw bytes. Nothing is imported, compiled
or run. The layout of a code object is that of the Python that the magic number of the .pyc names.
"""

import os
from dataclasses import dataclass, fields

from quire._core import inspect_events, pyc_head
from quire.errors import make_error

_DEEPEST_KEY = 200  # tuples within each other, in a key
_LARGEST_KEY = 100_000  # objects in a key, each as often as it is in it


@dataclass(frozen=True, slots=True, eq=False)
class PycCode:
    """A code object as data. A field that its Python does not have is None; two are equal only if they are the same."""

    argcount: int
    posonlyargcount: int | None = None  # from 3.8 on
    kwonlyargcount: int | None = None  # from 3.0 on
    nlocals: int | None = None  # up to 3.10
    stacksize: int = 0
    flags: int = 0
    code: object = b""
    consts: object = ()
    names: object = ()
    varnames: object = None  # up to 3.10, as freevars and cellvars
    freevars: object = None
    cellvars: object = None
    localsplusnames: object = None  # from 3.11 on, as localspluskinds
    localspluskinds: object = None
    filename: object = ""
    name: object = ""
    qualname: object = None  # from 3.11 on
    firstlineno: int = 0
    lnotab: object = None  # up to 3.9
    linetable: object = None  # from 3.10 on
    exceptiontable: object = None  # from 3.11 on

    def codes(self):
        """The code objects among its constants, those of inner functions and classes."""
        return [constant for constant in self.consts if isinstance(constant, PycCode)]


@dataclass(frozen=True, slots=True)
class PycFile:
    """A .pyc: its head, and the code object in it."""

    magic: int
    version: tuple[int, int]
    flags: int
    mtime: int | None
    size: int | None
    hash: bytes | None
    code: object


_FIELDS = {field.name for field in fields(PycCode)}
_CONSTANTS = {"NONE": None, "TRUE": True, "FALSE": False, "ELLIPSIS": ..., "STOP_ITERATION": StopIteration}
_LATIN = {"ASCII", "ASCII_INTERNED", "SHORT_ASCII", "SHORT_ASCII_INTERNED"}
_CONTAINERS = {"TUPLE", "SMALL_TUPLE", "LIST", "DICT", "SET", "FROZENSET", "CODE", "SLICE"}
_ABSENT = object()  # of a reference: not whole yet


def _fail(message, offset, code="invalid_byte", kind="malformed"):
    return make_error(kind, code, message, (), None, None, None, offset, None, None)


class _Reader:
    """Builds the value of a row of events, with its own stack."""

    def __init__(self, python2):
        self.python2 = python2
        self.refs = []  # FLAG_REF, from version 3 on
        self.texts = []  # 't' of Python 2
        self.weights = {}  # id of a tuple -> (depth, objects in it); what has an id here is kept alive by `kept`
        self.kept = []

    def read(self, events):
        stack = []
        for offset, _, kind, value, flag, field in events:
            if kind in _CONTAINERS:
                number = None
                if flag:
                    number = len(self.refs)
                    self.refs.append(_ABSENT)
                items = {} if kind == "CODE" else []
                made = {"LIST": list, "DICT": dict, "SET": set}.get(kind, lambda: None)()
                if number is not None and made is not None:
                    self.refs[number] = made
                stack.append((kind, items, made, number, field, offset))
                continue
            if kind == "end":
                kind, items, made, number, field, offset = stack.pop()
                result = self.close(kind, items, made, offset)
                if number is not None:
                    self.refs[number] = result
            else:
                result = value if kind == "NUMBER" else self.scalar(kind, value, offset)
                if flag:
                    self.refs.append(result)
            if not stack:
                return result
            self.add(stack[-1], result, field, offset)
        raise _fail("the input ends inside a value", 0, "truncated", "truncated")

    def add(self, frame, result, field, offset):
        kind, items, made, _, _, _ = frame
        if kind == "CODE":
            items[field] = result
        elif kind == "LIST":
            made.append(result)
        elif kind == "SET":
            made.add(self.key(result, offset))
        elif kind == "DICT":
            items.append(result)
            if len(items) == 2:
                made[self.key(items[0], offset)] = items[1]
                items.clear()
        else:
            items.append(result)

    def close(self, kind, items, made, offset):
        if kind in ("TUPLE", "SMALL_TUPLE"):
            made = tuple(items)
            inner = [self.weights[id(item)] for item in items if type(item) is tuple]
            self.weights[id(made)] = (
                1 + max((depth for depth, _ in inner), default=0),
                len(items) + sum(weight for _, weight in inner),
            )
            self.kept.append(made)
        elif kind == "FROZENSET":
            made = frozenset([self.key(item, offset) for item in items])
        elif kind == "CODE":
            made = PycCode(**items)
        elif kind == "SLICE":
            made = slice(*items)
        return made

    def key(self, value, offset):
        if type(value) is tuple:
            depth, weight = self.weights[id(value)]
            if depth > _DEEPEST_KEY or weight > _LARGEST_KEY:
                raise _fail("too large or too deep to be hashed", offset, "depth_limit", "limit")
        try:
            hash(value)
        except TypeError:
            raise _fail("cannot be hashed", offset) from None
        return value

    def scalar(self, kind, value, offset):
        if kind in _CONSTANTS:
            return _CONSTANTS[kind]
        if kind in _LATIN:
            return value.decode("latin-1")
        if kind == "UNICODE" or (kind == "INTERNED" and not self.python2):
            try:
                return value.decode("utf-8", "surrogatepass")
            except UnicodeDecodeError:
                raise _fail("invalid UTF-8", offset, "invalid_utf8") from None
        if kind == "INTERNED":
            self.texts.append(value)
            return value
        if kind in ("REFERENCE", "STRING_REFERENCE"):
            return self.reference(self.refs if kind == "REFERENCE" else self.texts, value, offset)
        if kind in ("FLOAT", "COMPLEX"):
            try:
                return float(value) if kind == "FLOAT" else complex(*map(float, value))
            except ValueError:
                raise _fail("invalid number", offset, "invalid_number") from None
        if kind == "LONG" and isinstance(value, bytes):
            raise _fail("an integer with more digits than the limit", offset, "digit_limit", "limit")
        return value

    def reference(self, known, number, offset):
        if not 0 <= number < len(known) or known[number] is _ABSENT:
            raise _fail("a reference to what is not there, or not whole", offset)
        return known[number]


def _read_value(data, offset, version):
    events, error, end = inspect_events(data, "marshal", offset, len(data) + 1, version)
    if error:
        code, message, place = error
        kind = "truncated" if code in ("truncated", "empty") else "limit" if code.endswith("_limit") else "malformed"
        raise _fail(message, place, code, kind)
    return _Reader(python2=version < 300).read(events), end


def read_pyc(path_or_bytes):
    """A `PycFile` from the .pyc at a path, or from its bytes: of Python 2.7 and 3.3 to 3.14.

    Raises MalformedError for anything else, TruncatedError where it ends too early, LimitError where it is nested too deeply,
    and OSError.
    """
    if isinstance(path_or_bytes, str | os.PathLike):
        with open(path_or_bytes, "rb") as file:
            path_or_bytes = file.read()
    data = bytes(path_or_bytes)
    head = pyc_head(data)
    if head is None:
        raise _fail("not a .pyc of a Python that is known (2.7, 3.3 to 3.14)", 0)
    magic, version, length, flags, mtime, size, hash_ = head
    code, _ = _read_value(data, length, version)
    if not isinstance(code, PycCode):
        raise _fail("a .pyc without a code object", length)
    if hash_ is not None:
        mtime = size = None
    elif version < 303:
        size = None
    return PycFile(magic, divmod(version, 100), flags, mtime, size, hash_, code)


def read(data, version):
    """The value of marshalled bytes that the Python of that version, say (2, 7), has written; code objects become `PycCode`.

    Raises as `read_pyc`.
    """
    return _read_value(bytes(data), 0, version[0] * 100 + version[1])[0]
