# SPDX-License-Identifier: Apache-2.0
"""What a pickle is made of, as text: `dis`, which `quire.pickle` has as well.

The opcodes come from the table and through the decoder that load a pickle too, so this shows the program that would run. What is
printed is what `pickletools.dis` prints.
"""

from pickle import UnpicklingError, decode_long

from quire._core import _pickle_instruction, _pickle_opcodes, pickle_loads


def _loaded(code):
    """What the machine itself makes of an argument in text: the interpreter's numbers in text are not int()'s."""

    def load(line):
        try:
            return pickle_loads(code + line + b"\n.", encoding="latin-1")
        except UnpicklingError as error:
            raise ValueError(str(error)) from None

    return load


def _names(lines):
    return " ".join(line.decode("utf-8") for line in lines)


# By the kind of argument (core/format/pickle_arguments.def): what stands there -> what is shown.
_SHOWN = {
    "INT_LINE": _loaded(b"I"),
    "LONG_LINE": _loaded(b"L"),
    "FLOAT_LINE": _loaded(b"F"),
    "STR_LINE": _loaded(b"S"),
    "UNICODE_LINE": _loaded(b"V"),
    "TEXT_LINE": lambda line: line.decode("ascii"),
    "TWO_LINES": _names,
    **dict.fromkeys(("STR1", "STR4"), lambda data: data.decode("latin-1")),
    **dict.fromkeys(("UNICODE1", "UNICODE4", "UNICODE8"), lambda data: data.decode("utf-8", "surrogatepass")),
    **dict.fromkeys(("LONG1", "LONG4"), decode_long),
}


def _instructions(pickle):
    """(offset or None, code, row of the table, argument) up to STOP; a file is left where the pickle ends."""
    table = _pickle_opcodes()
    start, file = 0, None
    if not isinstance(pickle, (bytes, bytearray, memoryview)):
        file, start = pickle, pickle.tell() if hasattr(pickle, "tell") else None
        pickle = file.read()
    at = 0
    while True:
        code, argument, after = _pickle_instruction(pickle, at)
        row = table[code]
        kind = row[2]
        if kind in _SHOWN:
            argument = _SHOWN[kind](argument)
        elif row[0] == "BYTEARRAY8":
            argument = bytearray(argument)
        yield None if start is None else start + at, code, row, argument
        at = after
        if row[0] == "STOP":
            break
    if file is not None and start is not None:
        file.seek(start + at)


class _Stack:
    """How many objects there are, and the marks among them: (how many objects are below, its offset)."""

    def __init__(self):
        self.count = 0
        self.marks = []

    def above(self):
        return self.count - (self.marks[-1][0] if self.marks else 0)


def _memo_number(memo, row, argument):
    return len(memo) if row[0] == "MEMOIZE" else argument


def _step(stack, memo, row, argument):
    """(what stands behind the opcode in brackets, fault or None, how many objects it takes): a mark that it takes is gone."""
    name, _, _, takes, marks, _ = row
    note = fault = None
    if marks or (name == "POP" and stack.marks and stack.above() == 0):
        if stack.marks:
            stack.count, at = stack.marks.pop()
            note = f"(MARK at {at})" if at is not None else "(MARK at unknown opcode offset)"
        else:
            note = fault = "no MARK exists on stack"
        if name == "POP":
            takes = 0
    if name in ("PUT", "BINPUT", "LONG_BINPUT", "MEMOIZE"):
        number = _memo_number(memo, row, argument)
        if name == "MEMOIZE":
            note = f"(as {number})"
        if number in memo:
            fault = f"memo key {number!r} already defined"
        elif not stack.count and not stack.marks:
            fault = "stack is empty -- can't store into memo"
        elif stack.marks and stack.above() == 0:
            fault = "can't store markobject in the memo"
        else:
            memo[number] = name
    elif name in ("GET", "BINGET", "LONG_BINGET") and argument not in memo:
        fault = f"memo key {argument!r} has never been stored into"
    return note, fault, takes


def dis(pickle, out=None, memo=None, indentlevel=4, annotate=0):
    """Print the opcodes of a pickle, one in a line, to `out` (standard output): what `pickletools.dis` prints.

    pickle: bytes, or a file, which is read up to where the pickle ends.  memo: a dict that several pickles share.
    annotate: the column (at least) of a description of each opcode; 0: none.  Raises `ValueError` where it is no pickle, after
    the lines up to there. Nothing of the pickle is run.
    """
    stack, memo = _Stack(), {} if memo is None else memo
    highest, column = -1, annotate
    notes = _descriptions() if annotate else {}
    for offset, code, row, argument in _instructions(pickle):
        name, protocol, kind, _, _, gives = row
        indent = len(stack.marks)
        highest = max(highest, protocol)
        note, fault, takes = _step(stack, memo, row, argument)
        line = f"{repr(chr(code))[1:-1]:<4} {' ' * indentlevel * indent}{name}"
        if kind != "NONE" or note:
            line += " " * (10 - len(name))
            if kind != "NONE":
                line += " " + repr(argument)
            if note:
                line += " " + note
        if annotate:
            line += " " * (column - len(line))
            column = len(line) if len(line) <= 50 else annotate  # room for a mild effort to have them in line
            line += " " + notes[name]
        print(line if offset is None else f"{offset:5d}: {line}", file=out)
        if fault:
            raise ValueError(fault)
        if stack.count < takes:
            raise ValueError(f"tries to pop {takes} items from stack with only {stack.count} items")
        stack.count += gives - takes
        if name == "MARK":
            stack.marks.append((stack.count, offset))
    print("highest protocol among opcodes =", highest, file=out)
    if stack.count or stack.marks:
        raise ValueError(f"stack not empty after STOP: {stack.count} objects and {len(stack.marks)} marks")


def _descriptions():
    import pickletools

    return {opcode.name: opcode.doc.split("\n", 1)[0] for opcode in pickletools.opcodes}
