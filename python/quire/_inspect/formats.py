# SPDX-License-Identifier: Apache-2.0
"""What a payload is, and its events as a tree of nodes, for each format that quire knows."""

import sys
from dataclasses import dataclass, field

from quire._core import inspect_events, pyc_head
from quire._inspect.nodes import Fault, Node, key_of
from quire._inspect.pickles import Budget, read_pickle

FORMATS = ("json", "msgpack", "pickle", "marshal", "pyc")
MOST_EVENTS = 2_000_000  # what is shown of more takes longer than anybody waits

_SPACE = b" \t\r\n"
_CONTAINERS = {
    "array": "array",
    "map": "map",
    "TUPLE": "tuple",
    "SMALL_TUPLE": "tuple",
    "LIST": "list",
    "DICT": "dict",
    "SET": "set",
    "FROZENSET": "frozenset",
    "CODE": "code",
    "SLICE": "slice",
}
_PAIRS = {"map", "DICT"}
_SCALARS = {
    "NONE": "None",
    "TRUE": "True",
    "FALSE": "False",
    "ELLIPSIS": "Ellipsis",
    "STOP_ITERATION": "StopIteration",
    **dict.fromkeys(("INT", "INT64", "LONG", "NUMBER"), "int"),
    **dict.fromkeys(("FLOAT", "BINARY_FLOAT"), "float"),
    **dict.fromkeys(("COMPLEX", "BINARY_COMPLEX"), "complex"),
    "BYTES": "bytes",
    **dict.fromkeys(("UNICODE", "ASCII", "SHORT_ASCII"), "str"),
    **dict.fromkeys(("INTERNED", "ASCII_INTERNED", "SHORT_ASCII_INTERNED"), "str, interned"),
    "REFERENCE": "reference",
    "STRING_REFERENCE": "text reference",
}
_LATIN = {"ASCII", "ASCII_INTERNED", "SHORT_ASCII", "SHORT_ASCII_INTERNED"}
_TO_MARK = {"APPENDS", "LIST", "TUPLE", "DICT", "SETITEMS", "ADDITEMS", "FROZENSET", "OBJ", "INST", "POP_MARK"}


@dataclass(slots=True)
class _Open:
    node: Node
    pairs: bool
    key: Node | None = None
    children: list = field(default_factory=list)


def _tree(events, make, end):
    """The roots of nested events. What is still open at a fault is closed there."""
    roots, stack = [], []
    for event in events:
        if event[2] == "end":
            stack.pop().node.end = event[1]
            continue
        node = make(event)
        if not stack:
            roots.append(node)
        else:
            parent = stack[-1]
            if event[5] is not None:
                node.name = event[5]
            elif parent.pairs and parent.key is None:
                node.name, parent.key = "key", node
            elif parent.pairs:
                node.name, parent.key = key_of(parent.key), None
            else:
                node.name = len(parent.node.children)
            # A key that is a scalar is shown as the name of its value.
            if not (parent.pairs and parent.key is node and event[2] not in _CONTAINERS):
                parent.node.children.append(node)
        if event[2] in _CONTAINERS:
            node.children = []
            stack.append(_Open(node, event[2] in _PAIRS))
    for frame in stack:
        frame.node.end = end
    return roots


def _token_node(event):
    offset, end, kind, value, _, _ = event
    if kind == "int" and isinstance(value, bytes):
        value = value.decode()  # more digits than 64 bits hold
    return Node(offset, end, kind, value)


class _MarshalNodes:
    def __init__(self):
        self.numbers = 0

    def __call__(self, event):
        offset, end, kind, value, flag, _ = event
        node = Node(offset, end, _CONTAINERS.get(kind) or _SCALARS[kind], value)
        if kind in _LATIN:
            node.value = value.decode("latin-1")
        elif kind in ("UNICODE", "INTERNED"):
            node.value = value.decode("utf-8", "backslashreplace")
        elif kind in ("FLOAT", "COMPLEX"):
            node.value = b" ".join(value if isinstance(value, tuple) else [value]).decode("latin-1")
        if flag:
            node.number = self.numbers
            self.numbers += 1
        return node


def _nested(data, format, offset, python, make):
    events, error, end = inspect_events(data, format, offset, MOST_EVENTS, python)
    return _tree(events, make, end), Fault(*error) if error else None, end


def _instructions(data, offset):
    """A pickle: what is between MARK and what takes it stands below the MARK."""
    events, error, end = inspect_events(data, "pickle", offset, MOST_EVENTS, 0)
    program = Node(offset, end, "pickle", children=[])
    levels = [program]
    for place, after, name, value, _, _ in events:
        if name in _TO_MARK and len(levels) > 1:
            levels.pop().end = place
        node = Node(place, after, name, value, "")
        levels[-1].children.append(node)
        if name == "MARK":
            node.children = []
            if len(levels) < 200:  # shown side by side beyond: nobody follows so many
                levels.append(node)
    return [program], Fault(*error) if error else None, end


def _pyc(data):
    head = pyc_head(data)
    if head is None:
        return [], Fault("invalid_byte", "not a .pyc of a Python that is known", 0), 0
    magic, version, length, flags, mtime, size, digest = head
    parts = [(0, 2, "magic", magic)]
    if version >= 307:
        parts.append((4, 8, "flags", flags))
    if digest is not None:
        parts.append((8, 16, "hash", digest))
    else:
        parts.append((length - (8 if version >= 303 else 4), length - (4 if version >= 303 else 0), "mtime", mtime))
        if version >= 303:
            parts.append((length - 4, length, "size", size))
    children = [Node(start, end, "bytes" if name == "hash" else "int", value, name) for start, end, name, value in parts]
    roots, fault, end = _nested(data, "marshal", length, version, _MarshalNodes())
    for root in roots:
        root.name = "code"
    text = f"of Python {version // 100}.{version % 100}"
    return [Node(0, end, ".pyc", text, children=[*children, *roots])], fault, end


def _read_one(data, format, offset, budget):
    if format == "pyc":
        return _pyc(data)
    if format == "pickle":
        return _instructions(data, offset) if budget is None else read_pickle(data, offset, budget)
    if format == "marshal":
        return _nested(data, format, offset, sys.version_info[0] * 100 + sys.version_info[1], _MarshalNodes())
    return _nested(data, format, offset, 0, _token_node)


def _after(data, format, end):
    """Where the next value begins, or the end of the data."""
    while format == "json" and end < len(data) and data[end] in _SPACE:
        end += 1
    return end


def read(data, format, instructions=False):
    """The roots (for each value in a row, one in a .pyc) and the fault or None. `instructions`: a pickle's, not its value."""
    roots, place = [], _after(data, format, 0)
    budget = None if instructions else Budget()
    while not roots or place < len(data):
        more, fault, end = _read_one(data, format, place, budget)
        roots += more
        if fault is not None:
            return roots, fault
        place = _after(data, format, end)
        if format == "pyc" and place < len(data):
            return roots, Fault("trailing_data", "data after the end of the value", place)
        if len(roots) >= MOST_EVENTS:
            return roots, Fault("item_limit", "more items in a container than the limit", place)
    return roots, None


def _is_whole(data, format):
    _, error, end = inspect_events(
        data, format, _after(data, format, 0), MOST_EVENTS, sys.version_info[0] * 100 + sys.version_info[1]
    )
    return (error is None and _after(data, format, end) == len(data)) or (error is not None and error[0] == "item_limit")


def guess(data):
    """The name of the format by content: the first that the whole of it is, else what its first bytes look like; or None."""
    if pyc_head(data) is not None:
        return "pyc"
    for format in ("json", "pickle", "marshal", "msgpack"):
        if _is_whole(data, format):
            return format
    start = data[_after(data, "json", 0) :][:4]
    if start[:1] and start[:1] in b'{["' and _is_text(data[:4096]):
        return "json"
    if start[:1] == b"\x80" and start[1:2] and start[1] <= 5:
        return "pickle"
    if start[:1] and start[0] & 0x7F in b"(){[<>c" and start[0] >= 0x80 and start[0] not in range(0x80, 0xA0):
        return "marshal"
    if start[:1] and (0x80 <= start[0] <= 0x9F or 0xDC <= start[0] <= 0xDF):
        return "msgpack"
    return "json" if start[:1] and start[:1] in b"{[" and _is_text(data[:4096]) else None


def _is_text(data):
    return all(byte >= 0x20 or byte in _SPACE for byte in data)
