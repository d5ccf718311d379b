# SPDX-License-Identifier: Apache-2.0
"""The exceptions of quire, and what they say.

    ValueError
     +-- QuireError
          +-- EncodeError (also TypeError)  a value that the format cannot hold
          +-- DecodeError
               +-- MalformedError           not a document of the format
               +-- TruncatedError           the input ends too early
               +-- ValidationError          a document, but not of the type
               +-- LimitError               larger or deeper than `Limits` allow; while writing it is an EncodeLimitError, which
                                            is an EncodeError too
               +-- UnsafeError              what a policy forbids
    TypeError
     +-- SchemaError                        a type that no plan can be made for

Every `QuireError` has `errors`, a list of `Fault`: where and why, in parts. The engine finds a fault and hands its parts to
`make_error`; nothing here runs while all goes well.
"""

from __future__ import annotations

import builtins

__all__ = [
    "DecodeError",
    "EncodeError",
    "EncodeLimitError",
    "Fault",
    "LimitError",
    "MalformedError",
    "QuireError",
    "SchemaError",
    "TruncatedError",
    "UnsafeError",
    "ValidationError",
    "join_errors",
    "make_error",
    "nearest",
]

VALUE_WIDTH = 60  # characters of a value shown in a message
CHOICES_SHOWN = 12  # names listed before the rest is only counted


class Fault:
    """One fault: `code` is stable (docs/errors.md lists them), the texts are not.

    `steps` leads from the root to the value: str for a field or key, int for an index, any other key as it is, and
    Ellipsis last when the way was too long to keep. `path` and `pointer` are the same as text.
    """

    __slots__ = ("code", "column", "expected", "got", "hint", "line", "message", "offset", "steps", "value")

    def __init__(
        self, code, message, steps=(), expected=None, got=None, value=None, offset=None, line=None, column=None, hint=None
    ):
        self.code = code
        self.message = message
        self.steps = tuple(steps)
        self.expected = expected
        self.got = got
        self.value = value
        self.offset = offset
        self.line = line
        self.column = column
        self.hint = hint

    @property
    def path(self):
        """The way from the root: `$.users[1]["first name"]`."""
        return path_text(self.steps)

    @property
    def pointer(self):
        """The same as a JSON Pointer (RFC 6901): `/users/1/first name`."""
        return pointer_text(self.steps)

    def _members(self):
        return tuple(getattr(self, name) for name in _FAULT_MEMBERS)

    def __repr__(self):
        parts = [f"path={self.path!r}"]
        parts += [f"{n}={_cut(_safe_repr(v))}" for n in _FAULT_SHOWN if (v := getattr(self, n)) is not None]
        return f"Fault({', '.join(parts)})"

    def __str__(self):
        where = f" ({place})" if (place := _place(self.line, self.column, self.offset)) else ""
        return f"{self.message} at {self.path}{where} [{self.code}]"

    def __eq__(self, other):
        return self._members() == other._members() if type(other) is Fault else NotImplemented

    __hash__ = None

    def __reduce__(self):
        # The value may be anything, a lock even: what could refuse to be pickled travels as its text.
        members = dict(zip(_FAULT_MEMBERS, self._members(), strict=True))
        members["value"] = _plain(self.value)
        members["steps"] = tuple(step if step is Ellipsis else _plain(step) for step in self.steps)
        return Fault, tuple(members.values())


_FAULT_MEMBERS = ("code", "message", "steps", "expected", "got", "value", "offset", "line", "column", "hint")
_FAULT_SHOWN = ("code", "message", "expected", "got", "value", "offset", "line", "column", "hint")


class QuireError(ValueError):
    """The base of everything that reading or writing a document raises."""

    def __init__(self, message="", errors=()):
        super().__init__(message)
        self.errors = list(errors)

    def __str__(self):
        text = str(self.args[0]) if self.args else ""
        more = len(self.errors) - 1
        if more <= 0:
            return text
        gap = "\n " if "\n" in text else ""
        return f"{text}{gap} (+{more} more error{'s' if more > 1 else ''}: e.errors)"


class EncodeError(QuireError, TypeError):
    """A value that the format, or the declared type, cannot hold."""


class DecodeError(QuireError):
    """What was read is not what was asked for."""


class MalformedError(DecodeError):
    """The input is not a document of the format."""


class TruncatedError(DecodeError):
    """The input ends inside a value: more input may help."""


class ValidationError(DecodeError):
    """The document is well-formed, but not of the type."""


class LimitError(DecodeError):
    """The document is larger or deeper than the limits allow."""


class EncodeLimitError(EncodeError, LimitError):
    """The object is deeper, or a number in it longer, than the limits allow."""


class UnsafeError(DecodeError):
    """The document asks for what a policy forbids."""


class SchemaError(TypeError):
    """No plan can be made for the type: raised when it is first used, and never kept."""


_CLASSES = {
    "malformed": MalformedError,
    "truncated": TruncatedError,
    "validation": ValidationError,
    "limit": LimitError,
    "encode": EncodeError,
    "encode_limit": EncodeLimitError,
    "unsafe": UnsafeError,
}


def make_error(
    kind,
    code,
    message,
    steps,
    expected,
    got,
    value,
    offset,
    line,
    column,
    choices=None,
    cause=None,
    excerpt=None,
    strict=False,
):
    """The exception for one fault: the only way in which the engine makes one.

    kind: a name of `_CLASSES`, or "memory". code, message: from core/base/errors.def.
    steps: see `Fault`. For a missing field they lead to the object and `choices` has the missing names; for an unknown field
    the last step is its name and `choices` has the known ones; for a choice or a tag `choices` has what is allowed.
    expected, got: names of kinds; value: what was found, where it is a scalar, or for an encode error the object.
    cause: what user code raised; the text of a ValueError becomes the message.
    excerpt: (text of the line, 1-based column in that text, width of the token, field that is read there or None) or None.
    strict: numbers and truth values are not taken from text, but could be. None: objects were looked at as they are, nothing
    could be.
    """
    if kind == "memory":
        return MemoryError(message)
    if cause is not None:
        message = str(cause) or type(cause).__name__
        expected = None
    text = _sentence(code, message, steps, expected, got, value, choices)
    hint = _hint(kind, code, steps, expected, got, value, choices, strict)
    fault = Fault(code, text, steps, expected, got, value, offset, line, column, hint)
    # What an adapter refuses in several places (quire.adapters.RefusedError) is a fault each.
    inner = [
        Fault(code, inner_text, (*steps, *more), None, None, inner_value, offset, line, column, None)
        for more, inner_text, inner_value in getattr(cause, "faults", ())
    ]
    fault = inner[0] if inner else fault
    lines = [str(fault)]
    if excerpt is not None:
        lines += _excerpt_lines(line, expected, *excerpt)
    if hint is not None:
        lines.append(f"  hint: {hint}")
    error = _CLASSES[kind]("\n".join(lines), inner or [fault])
    if cause is not None:
        error.__cause__ = cause
    return error


def _place_of(error):
    return error.errors[0].offset or 0


def join_errors(errors):
    """One exception for the faults of all of `errors`, in the order of their places: that of the first one. What is none of
    quire's passes through: the str() of a key may raise anything where a path is made."""
    for error in errors:
        if not isinstance(error, QuireError):
            raise error
    ordered = sorted(errors, key=_place_of)
    faults = [fault for error in ordered for fault in error.errors]
    if isinstance(ordered[0], EncodeError):
        # What an encoder asks of a value in two ways is found twice. By the paths, for a step may be any key.
        unique = {}
        for fault in faults:
            unique.setdefault((fault.code, fault.path), fault)
        faults = list(unique.values())
    ordered[0].errors = faults
    return ordered[0]


def _sentence(code, message, steps, expected, got, value, choices):
    shown = _show(value, got)
    if code == "missing_field" and choices:
        plural = "s" if len(choices) > 1 else ""
        return f"missing required field{plural} {_listed(choices)}"
    if code in ("invalid_choice", "invalid_tag", "missing_tag") and choices:
        found = f", got {shown or got}" if (shown or got) else ""
        return f"{message}{found}, expected {'one of ' if len(choices) > 1 else ''}{_listed(choices)}"
    if code == "no_match" and choices:
        wanted = "; ".join(choices[:CHOICES_SHOWN]) + "; ..." * (len(choices) > CHOICES_SHOWN)
        return f"{message}{f' the {got}' if got else ''}: expected {wanted}"
    if expected is not None and (got or shown):
        return f"expected {expected}, got {f'{got} {shown}' if got and shown else got or shown}"
    if expected is not None:
        return f"{message}: expected {expected}"
    if got:
        return f"{message}: {got}{f' {shown}' if shown else ''}"
    return f"{message}: {shown}" if shown and code != "unknown_field" else message


def _hint(kind, code, steps, expected, got, value, choices, strict):
    if kind.startswith("encode") or strict is None:
        hint = _object_hint(code, expected, got, value)
        if hint is not None:
            return hint
    elif code == "type_mismatch":
        return _lax_hint(expected, got, value) if strict and expected is not None else None
    if not choices:
        return None
    if code == "unknown_field":
        near = nearest(steps[-1] if steps else None, choices)
    elif code in ("invalid_choice", "invalid_tag"):
        near = nearest(value, choices)
    else:
        return None
    return None if near is None else f"did you mean {_quoted(near)}?"


# What to do about an object that cannot be written, or is not of its type.
_HINTS = {
    "lone_surrogate": 'text that came with errors="surrogateescape" is bytes: encode those',
    "changed": "something that runs while this is encoded (a property, another thread) changes it",
    "duplicate_key": "another key of the dict is written the same, and a reader would keep one of the two",
    "non_finite": 'the format has no such number; with nan="null" null stands for it, nan="allow" writes it as Python does',
    "out_of_range": "the format holds no integer as large: an adapter can write it as text or bytes",
    "would_change": "give each type of the union a field of its own, or classes with tags",
    "subclass_differs": "name the subclass in the type, in a union or by Subclasses[...]",
    "unsupported_key": "a key is a scalar, an Enum or a tuple of such; quire.Adapter makes one of any other class",
    "depth_limit": "an object that contains itself has no end",
    "wrong_maxlen": "the type says it, as in Annotated[deque[int], MaxLen(3)]",
    "inexact": "a float holds integers exactly up to 2**53: declare an int",
}


def _object_hint(code, expected, got, value):
    if code == "type_mismatch":
        return _convert_hint(expected, got, value)
    if code == "unset_field":
        return _unset_hint(value)
    if code == "would_change" and got == "str":
        return f"in a document text is the first type of the union that accepts it, str last: {_HINTS[code]}"
    if code == "unsupported_type" and got is not None:
        if hasattr(type(value), "__next__"):
            return "an iterator is empty once it was written: make a list of it"
        if got in ("type", "function", "module", "builtin_function_or_method", "method"):
            return "code is no data: write its name"
        return f"quire.Adapter says how {got} is written: as its __quire__, or in adapters="
    return _HINTS.get(code)


_SEQUENCES = {"list", "tuple", "set", "frozenset", "deque"}
_TEXTS = {"datetime", "date", "time", "timedelta", "UUID", "Decimal", "bytes"}


def _convert_hint(expected, got, value):
    """What quire.convert would do about an object of another type."""
    kinds = set() if expected is None else set(expected.replace(" or ", ", ").split(", "))
    if got in ("NoneType", "null"):
        return "None is a value of `... | None` only"
    if got in _SEQUENCES and kinds & _SEQUENCES:
        return f"quire.convert makes a {sorted(kinds & _SEQUENCES)[0]} of a {got}"
    if got == "dict" and any(name.isidentifier() and not hasattr(builtins, name) for name in kinds - _TEXTS):
        return "quire.convert makes objects of dicts"
    if got == "str" and type(value) is str and kinds & _TEXTS:
        return "quire.convert reads it from text"
    if got == "str" and type(value) is str and kinds & {"int", "float"} and _number_of(value) is not None:
        return "quire.convert with strict=False reads numbers from text"
    if type(value) is float and "int" in kinds and value.is_integer():
        return "a float is no int, whatever its value: int() makes one"
    return None


def _unset_hint(value):
    """All fields that are not set, when there are several."""
    names = getattr(type(value), "__record_fields__", None) or getattr(type(value), "__dataclass_fields__", ())
    try:
        unset = [name for name in names if type(name) is str and not hasattr(value, name)]
    except Exception:  # a property of somebody else's
        unset = ()
    advice = "give the field a value, or a default"
    return f"{advice}; not set: {_listed(unset)}" if len(unset) > 1 else advice


def _lax_hint(expected, got, value):
    """What strict=False would do about text in place of a number or a truth value."""
    kinds = set(expected.replace(" or ", ", ").split(", "))
    if type(value) is float and got == "float" and "int" in kinds and value.is_integer() and abs(value) <= 2**53:
        return f"strict=False would accept {_show(value, got)} as {int(value)}"
    if got != "str" or type(value) is not str or not kinds & {"int", "float", "bool"}:
        return None
    shown = _show(value, got)
    if kinds & {"int", "float"}:
        match _number_of(value):
            case None if "bool" not in kinds:
                return f'strict=False would accept a number as text, such as "7", but {shown} is not a number'
            case int() | float() as number if "float" in kinds or number == int(number):
                return f"strict=False would accept {shown}"
    if "bool" in kinds:
        return (
            f"strict=False would accept {shown}" if value in ("true", "false") else 'strict=False would accept "true" and "false"'
        )
    return None


def _number_of(text):
    """The number that is written there as JSON has it, or None."""
    import re  # not by everybody who imports quire

    if not re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?", text, re.ASCII) or len(text) > VALUE_WIDTH:
        return None
    number = float(text)
    return number if number - number == 0 else None


def _excerpt_lines(line, expected, text, column, width, label=None):
    gutter = f"{'' if line is None else line:>5} | "
    label = "" if label is None else f" {label}" if expected is None else f" {label}: {expected}"
    return [f"{gutter}{text}", f"{' ' * (len(gutter) - 2)}| {' ' * (column - 1)}{'^' * max(width, 1)}{label}"]


def _place(line, column, offset):
    parts = []
    if line is not None:
        parts.append(f"line {line}" if column is None else f"line {line}, column {column}")
    if offset is not None:
        parts.append(f"byte {offset}")
    return "; ".join(parts)


def _show(value, got):
    """A scalar as text; nothing for what could be large, slow to print or has said everything with its kind."""
    kind = type(value)
    if value is None or kind is bool and got in ("true", "false"):
        return ""
    if kind is str:
        return _quoted(value if len(value) <= VALUE_WIDTH else value[: VALUE_WIDTH - 3] + "...")
    if kind is int and value.bit_length() > 4 * VALUE_WIDTH:
        return f"of {value.bit_length()} bits"
    if kind is bytes:
        return _cut(repr(value[:VALUE_WIDTH]))
    return _cut(repr(value)) if kind in (int, float, bool) else ""


def _cut(text):
    return text if len(text) <= VALUE_WIDTH else text[: VALUE_WIDTH - 3] + "..."


def _listed(names):
    shown = ", ".join(_quoted(name) if isinstance(name, str) else _cut(repr(name)) for name in names[:CHOICES_SHOWN])
    rest = len(names) - CHOICES_SHOWN
    return shown if rest <= 0 else f"{shown} and {rest} more"


_ESCAPES = {code: f"\\u{code:04x}" for code in (*range(0x20), 0x7F, *range(0x80, 0xA0), 0x2028, 0x2029, *range(0xD800, 0xE000))}
_ESCAPES.update({0x22: '\\"', 0x5C: "\\\\", 0x08: "\\b", 0x09: "\\t", 0x0A: "\\n", 0x0C: "\\f", 0x0D: "\\r"})


def _quoted(text):
    """As a JSON string on one line, without anything that a terminal or a log would take as a command."""
    return f'"{str(text).translate(_ESCAPES)}"'


def path_text(steps):
    parts = ["$"]
    for step in steps:
        if step is Ellipsis:
            parts.append("...")
        elif not isinstance(step, str):
            parts.append(f"[{_cut(_safe_repr(step))}]")
        elif step.isidentifier():
            parts.append(f".{step}")
        else:
            parts.append(f"[{_quoted(step)}]")
    return "".join(parts)


def pointer_text(steps):
    parts = []
    for step in steps:
        if step is Ellipsis:
            break
        text = step if isinstance(step, str) else _safe_repr(step)
        parts.append("/" + text.replace("~", "~0").replace("/", "~1"))
    return "".join(parts)


def _safe_repr(value):
    try:
        return repr(value)
    except Exception:
        return f"<{type(value).__name__}>"


_PLAIN = (str, int, float, bool, bytes, type(None))


def _plain(value):
    if type(value) in _PLAIN or type(value) is tuple and all(type(item) in _PLAIN for item in value):
        return value
    return _cut(_safe_repr(value))


def nearest(name, names):
    """The one of `names` that `name` was probably meant to be, or None."""
    if type(name) is not str or len(name) > VALUE_WIDTH:
        return None
    best, least = None, max(1, len(name) // 3) + 1
    for candidate in names:
        if type(candidate) is not str or abs(len(candidate) - len(name)) >= least:
            continue
        if candidate.replace("_", "").lower() == name.replace("_", "").lower():
            return candidate
        distance = _edit_distance(name, candidate)
        if distance < least and distance < len(candidate):
            best, least = candidate, distance
    return best


def _edit_distance(a, b):
    """Insertions, deletions, replacements and swaps of neighbours (optimal string alignment) from `a` to `b`."""
    before, last = [], list(range(len(b) + 1))
    for i, x in enumerate(a, 1):
        row = [i]
        for j, y in enumerate(b, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (x != y))
            if i > 1 and j > 1 and x == b[j - 2] and a[i - 2] == y:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]
