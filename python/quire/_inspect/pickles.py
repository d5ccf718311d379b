# SPDX-License-Identifier: Apache-2.0
"""A pickle as a tree: what its program would build, told by running it on nodes instead of objects.

The instructions come from the core's decoder (`quire._core.inspect_events`). A call is a node that names what would be called,
a global one that names what would be imported; nothing is. Every instruction adds at most one node and one place for it, and a
value that is met again is a reference to where it was shown, so a small pickle of a huge value stays small. Python Enhancement
Proposals 307, 3154 and 574.
"""

import codecs
from dataclasses import dataclass

from quire._core import inspect_events
from quire._inspect.nodes import Fault, Node, key_of

MOST_INSTRUCTIONS = 1_000_000
DEEPEST = 400  # levels of the tree; what is below is counted with its container
_AT_A_TIME = 4096
_LONGEST_KEY = 120  # characters of a key that is repeated with every value below it
_LONGEST_NAME = 500  # the same of a global, with every call of it
_LONGEST_DIGITS = 4000

_ATOMS = {"None", "True", "False", "int", "float", "str", "bytes", "str of Python 2"}
_EFFECTS = {"global", "call", "object", "persistent id", "extension"}  # what would be imported, called or asked for


@dataclass(slots=True, eq=False)
class _Value:
    """What an instruction makes. `places`: what is in it, as (role, use); a role is a name, or one of _ITEM, _KEY, _VALUE."""

    offset: int
    end: int
    made: int  # where no other value is made: by this it is referred to
    kind: str
    value: object = None
    places: list | None = None

    def put(self, role, use):
        if self.places is None:
            self.places = []
        self.places.append((role, use))


@dataclass(slots=True, eq=False)
class _Again:
    """A value that the memo gave, or a duplicate."""

    offset: int
    end: int
    value: _Value


_ITEM, _KEY, _VALUE = 0, 1, 2


class _Stop(Exception):
    """The fault at which reading ends."""


def _value_of(use):
    return use.value if type(use) is _Again else use


def _text_of(use):
    value = _value_of(use)
    return value.value if value.kind in ("str", "global") and isinstance(value.value, str) else None


def _brief(text, longest):
    return text if len(text) <= longest else text[:longest] + "\u2026"


class Machine:
    """The stack, the marks and the memo; one method for each kind of instruction."""

    def __init__(self):
        self.stack, self.marks, self.memo = [], [], {}
        self.made = []  # what would have an effect, in order
        self.buffers = 0
        self.result = None

    def fail(self, message, code="invalid_value"):
        raise _Stop(code, message)

    # -- the stack ---------------------------------------------------------------------------------------------------

    def push(self, kind, value=None, places=None, offset=None, mark=None):
        """`offset`: of the first part of it, `mark`: of the mark before the first, where that is not this instruction."""
        start = next((place for place in (mark, offset) if place is not None), self.offset)
        made = _Value(start, self.end, self.offset if mark is None else mark, kind, value, places)
        if kind in _EFFECTS:
            self.made.append(made)
        self.stack.append(made)

    def pop(self):
        if len(self.stack) <= (self.marks[-1][0] if self.marks else 0):
            self.fail("nothing is on the stack that the instruction could take")
        return self.stack.pop()

    def pop_mark(self):
        """(uses above the mark, the mark's offset)"""
        if not self.marks:
            self.fail("there is no mark for the instruction")
        level, offset = self.marks.pop()
        above = self.stack[level:]
        del self.stack[level:]
        return above, offset

    def target(self):
        """What is added to: it stays on the stack."""
        use = self.pop()
        self.stack.append(use)
        value = _value_of(use)
        if value.kind in _ATOMS or value.kind in ("tuple", "frozenset"):
            self.fail(f"nothing can be added to a {value.kind}")
        value.end = max(value.end, self.end)
        return value

    # -- what is made ------------------------------------------------------------------------------------------------

    def atom(self, kind, value=None):
        self.push(kind, value)

    def text(self, data):
        try:
            self.push("str", data.decode("utf-8", "surrogatepass"))
        except UnicodeDecodeError:
            self.fail("text that is no UTF-8", "invalid_utf8")

    def raw_unicode(self, data):
        try:
            self.push("str", data.decode("raw-unicode-escape"))
        except UnicodeDecodeError:
            self.fail("an escape that is none", "invalid_escape")

    def quoted(self, data):
        data = data.strip()
        if len(data) < 2 or data[:1] != data[-1:] or data[:1] not in (b'"', b"'"):
            self.fail("the text of STRING is not quoted")
        try:
            self.push("str of Python 2", codecs.escape_decode(data[1:-1])[0])
        except ValueError:
            self.fail("an escape that is none", "invalid_escape")

    def number(self, data):
        text = data.strip()
        if text in (b"00", b"01"):
            self.push("True" if text == b"01" else "False")
        else:
            self.push("int", self.digits(text, 0))

    def digits(self, text, base=10):
        if len(text) > _LONGEST_DIGITS:
            return text.decode("latin-1")
        try:
            return int(text, base)
        except ValueError:
            self.fail("invalid number", "invalid_number")

    def long_line(self, data):
        self.push("int", self.digits(data.strip().removesuffix(b"L")))

    def long_bytes(self, data):
        self.push("int", int.from_bytes(data, "little", signed=True))

    def float_line(self, data):
        try:
            self.push("float", float(data))
        except ValueError:
            self.fail("invalid number", "invalid_number")

    def from_mark(self, kind):
        uses, mark = self.pop_mark()
        self.push(kind, None, [(_ITEM, use) for use in uses], mark=mark)

    def tuple_of(self, count):
        uses = [self.pop() for _ in range(count)][::-1]
        self.push("tuple", None, [(_ITEM, use) for use in uses], uses[0].offset)

    def pairs(self, target, uses):
        if len(uses) % 2:
            self.fail("a key without a value")
        for i in range(0, len(uses), 2):
            target.put(_KEY, uses[i])
            target.put(_VALUE, uses[i + 1])

    def dict_from_mark(self):
        uses, mark = self.pop_mark()
        self.push("dict", None, [], mark=mark)
        self.pairs(self.stack[-1], uses)

    def append(self):
        use = self.pop()
        self.target().put(_ITEM, use)

    def appends(self):
        uses, _ = self.pop_mark()
        target = self.target()
        for use in uses:
            target.put(_ITEM, use)

    def set_item(self):
        value, key = self.pop(), self.pop()
        self.pairs(self.target(), [key, value])

    def set_items(self):
        uses, _ = self.pop_mark()
        self.pairs(self.target(), uses)

    # -- the stack and the memo --------------------------------------------------------------------------------------

    def mark(self):
        self.marks.append((len(self.stack), self.offset))

    def drop(self):
        if self.marks and self.marks[-1][0] == len(self.stack):
            self.marks.pop()
        else:
            self.pop()

    def again(self, value):
        self.stack.append(_Again(self.offset, self.end, value))

    def duplicate(self):
        use = self.pop()
        self.stack.append(use)
        self.again(_value_of(use))

    def memoize(self, number=None):
        use = self.pop()
        self.stack.append(use)
        self.memo[len(self.memo) if number is None else number] = _value_of(use)

    def get(self, number):
        value = self.memo.get(number)
        if value is None:
            self.fail(f"nothing has the number {_brief(str(number), 40)} in the memo")
        self.again(value)

    # -- globals, calls, objects -------------------------------------------------------------------------------------

    def named(self, module, name, offset=None):
        self.push("global", f"{_brief(module, _LONGEST_NAME)}.{_brief(name, _LONGEST_NAME)}", offset=offset)

    def line_global(self, lines):
        self.named(*(line.decode("utf-8", "backslashreplace") for line in lines))

    def stack_global(self):
        name, module = self.pop(), self.pop()
        texts = _text_of(module), _text_of(name)
        if None in texts:
            self.push("global", None, [("module", module), ("name", name)], module.offset)
        else:
            self.named(*texts, offset=module.offset)

    def construct(self, kind, function, places, mark=None):
        name = _value_of(function).value if _value_of(function).kind == "global" else None
        self.push(kind, name, [("function" if kind == "call" else "class", function), *places], function.offset, mark)

    def reduce(self):
        arguments, function = self.pop(), self.pop()
        self.construct("call", function, [("arguments", arguments)])

    def new_object(self):
        arguments, cls = self.pop(), self.pop()
        self.construct("object", cls, [("arguments", arguments)])

    def new_object_with_keywords(self):
        keywords, arguments, cls = self.pop(), self.pop(), self.pop()
        self.construct("object", cls, [("arguments", arguments), ("keywords", keywords)])

    def instance(self, lines):
        uses, mark = self.pop_mark()
        self.line_global(lines)
        self.construct("object", self.stack.pop(), [(f"argument {i}", use) for i, use in enumerate(uses)], mark)

    def object_from_mark(self):
        uses, mark = self.pop_mark()
        if not uses:
            self.fail("there is no class for the instruction")
        self.construct("object", uses[0], [(f"argument {i}", use) for i, use in enumerate(uses[1:])], mark)

    def build(self):
        state = self.pop()
        self.target().put("state", state)

    def persistent(self, data):
        self.push("persistent id", data.decode("utf-8", "backslashreplace"))

    def persistent_from_stack(self):
        use = self.pop()
        self.push("persistent id", None, [("id", use)], use.offset)

    def buffer(self):
        self.push("out-of-band buffer", self.buffers)
        self.buffers += 1

    def read_only(self):
        use = self.pop()
        self.push("read-only view", None, [("of", use)], use.offset)

    def stop(self):
        self.result = self.pop()

    def run(self, event):
        """One instruction."""
        self.offset, self.end, name, value, *_ = event
        _STEPS[name](self, value)


_STEPS = {
    "NONE": lambda m, _: m.atom("None"),
    "NEWTRUE": lambda m, _: m.atom("True"),
    "NEWFALSE": lambda m, _: m.atom("False"),
    "INT": Machine.number,
    "LONG": Machine.long_line,
    "FLOAT": Machine.float_line,
    **dict.fromkeys(("BININT", "BININT1", "BININT2"), lambda m, v: m.atom("int", v)),
    **dict.fromkeys(("LONG1", "LONG4"), Machine.long_bytes),
    "BINFLOAT": lambda m, v: m.atom("float", v),
    "STRING": Machine.quoted,
    **dict.fromkeys(("BINSTRING", "SHORT_BINSTRING"), lambda m, v: m.atom("str of Python 2", v)),
    "UNICODE": Machine.raw_unicode,
    **dict.fromkeys(("SHORT_BINUNICODE", "BINUNICODE", "BINUNICODE8"), Machine.text),
    **dict.fromkeys(("SHORT_BINBYTES", "BINBYTES", "BINBYTES8"), lambda m, v: m.atom("bytes", v)),
    "BYTEARRAY8": lambda m, v: m.atom("bytearray", v),
    "NEXT_BUFFER": lambda m, _: m.buffer(),
    "READONLY_BUFFER": lambda m, _: m.read_only(),
    "EMPTY_LIST": lambda m, _: m.push("list", None, []),
    "EMPTY_TUPLE": lambda m, _: m.push("tuple", None, []),
    "EMPTY_DICT": lambda m, _: m.push("dict", None, []),
    "EMPTY_SET": lambda m, _: m.push("set", None, []),
    "LIST": lambda m, _: m.from_mark("list"),
    "TUPLE": lambda m, _: m.from_mark("tuple"),
    "FROZENSET": lambda m, _: m.from_mark("frozenset"),
    "TUPLE1": lambda m, _: m.tuple_of(1),
    "TUPLE2": lambda m, _: m.tuple_of(2),
    "TUPLE3": lambda m, _: m.tuple_of(3),
    "DICT": lambda m, _: m.dict_from_mark(),
    "APPEND": lambda m, _: m.append(),
    **dict.fromkeys(("APPENDS", "ADDITEMS"), lambda m, _: m.appends()),
    "SETITEM": lambda m, _: m.set_item(),
    "SETITEMS": lambda m, _: m.set_items(),
    "MARK": lambda m, _: m.mark(),
    "POP": lambda m, _: m.drop(),
    "POP_MARK": lambda m, _: m.pop_mark(),
    "DUP": lambda m, _: m.duplicate(),
    "GET": lambda m, v: m.get(m.digits(v.strip())),
    **dict.fromkeys(("BINGET", "LONG_BINGET"), Machine.get),
    "PUT": lambda m, v: m.memoize(m.digits(v.strip())),
    **dict.fromkeys(("BINPUT", "LONG_BINPUT"), Machine.memoize),
    "MEMOIZE": lambda m, _: m.memoize(),
    "GLOBAL": Machine.line_global,
    "STACK_GLOBAL": lambda m, _: m.stack_global(),
    **dict.fromkeys(("EXT1", "EXT2", "EXT4"), lambda m, v: m.push("extension", v)),
    "REDUCE": lambda m, _: m.reduce(),
    "BUILD": lambda m, _: m.build(),
    "INST": Machine.instance,
    "OBJ": lambda m, _: m.object_from_mark(),
    "NEWOBJ": lambda m, _: m.new_object(),
    "NEWOBJ_EX": lambda m, _: m.new_object_with_keywords(),
    "PERSID": Machine.persistent,
    "BINPERSID": lambda m, _: m.persistent_from_stack(),
    "STOP": lambda m, _: m.stop(),
    **dict.fromkeys(("PROTO", "FRAME"), lambda m, _: None),
}


# -- the tree ---------------------------------------------------------------------------------------------------------


def _short_key(use):
    """Is the key told with its value, rather than shown beside it?"""
    value = _value_of(use)
    if value.places is not None or value.kind not in _ATOMS:
        return False
    if value.kind == "int":
        return not isinstance(value.value, str) and value.value.bit_length() <= 512
    return not isinstance(value.value, str | bytes) or len(value.value) <= _LONGEST_KEY


class _Tree:
    """Nodes of values, each in full where it is met first."""

    def __init__(self):
        self.shown = {}  # the value -> its node

    def _node(self, use, name, level):
        """(node, the value whose places are to be shown in it or None)"""
        value = _value_of(use)
        known = self.shown.get(value)
        if known is not None:
            if value.made != value.offset:
                known.number = value.made
            return Node(use.offset, use.end, "reference", value.made, name, of=known), None
        node = Node(value.offset, value.end, value.kind, value.value, name)
        self.shown[value] = node
        if value.places is None:
            return node, None
        if level >= DEEPEST:
            node.kind += f", of {len(value.places)}, deeper than is shown"
            return node, None
        node.children = []
        return node, value

    def _places(self, value):
        """(name, use) of all that is to be shown of it."""
        count, key = 0, None
        for role, use in value.places:
            if role is _ITEM:
                yield count, use
                count += 1
            elif role is _KEY:
                key = use
                if not _short_key(use):
                    yield "key", use
            elif role is _VALUE:
                yield self._key(key), use
            else:
                yield role, use

    def _key(self, use):
        value = _value_of(use)
        if not _short_key(use):
            return f"<{value.kind} at {use.offset}>"
        return key_of(Node(use.offset, use.end, value.kind, value.value)) if value.value is not None else value.kind

    def of(self, use, name=None):
        root, value = self._node(use, name, 0)
        pending = [(root, self._places(value), 0)] if value is not None else []
        while pending:
            node, places, level = pending[-1]
            for name, inner in places:
                child, value = self._node(inner, name, level + 1)
                node.children.append(child)
                if value is not None:
                    pending.append((child, self._places(value), level + 1))
                    break
            else:
                pending.pop()
        return root

    def without_use(self, machine):
        """Of what would have an effect, all that the value does not show: in order, each within what it is used in."""
        found = [self.of(value) for value in reversed(machine.made) if value not in self.shown][::-1]
        for number, node in enumerate(found):
            node.name = number
        return found


def _left(machine, tree, end):
    """What is on the stack where reading ended, with what stands above each mark below it."""
    start = machine.stack[0].offset if machine.stack else end
    root = Node(min(start, machine.marks[0][1]) if machine.marks else start, end, "unfinished", children=[])
    node, below = root, 0
    for depth, (level, offset) in enumerate([*machine.marks, (len(machine.stack), end)]):
        for use in machine.stack[below:level]:
            node.children.append(tree.of(use, len(node.children)))
        below = level
        if depth < len(machine.marks):
            node.children.append(Node(offset, end, "mark", name=len(node.children), children=[]))
            if depth < DEEPEST:
                node = node.children[-1]
    return root


@dataclass(slots=True)
class Budget:
    """Instructions that may still come, of all the pickles in a row."""

    left: int = MOST_INSTRUCTIONS


def read_pickle(data, offset, budget):
    """(roots, fault or None, where the pickle ends)"""
    machine, fault, place = Machine(), None, offset
    while fault is None and machine.result is None:
        events, error, end = inspect_events(data, "pickle", place, min(_AT_A_TIME, budget.left), 0)
        try:
            for event in events:
                machine.run(event)
        except _Stop as stop:
            fault = Fault(*stop.args, machine.offset)
            end = machine.offset
            break
        budget.left -= len(events)
        if error is not None:
            if error[0] != "item_limit" or budget.left <= 0:
                fault = Fault(*error)
            else:
                end = error[2]
        place = end
    tree = _Tree()
    roots = [_left(machine, tree, end) if fault is not None else tree.of(machine.result)]
    unused = tree.without_use(machine)
    if unused:
        roots.append(Node(min(node.offset for node in unused), end, "done without use", children=unused))
    return roots, fault, end
