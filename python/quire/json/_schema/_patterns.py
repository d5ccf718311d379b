# SPDX-License-Identifier: Apache-2.0
"""A regular expression of Python's `re` as one of ECMA-262 with its `u` flag, which is what `pattern` holds in JSON Schema.

Left as they stand, though they say a little more in Python: `$` (there also before a last line feed), `.` (there all but a line
feed), `\\d \\w \\s \\b` (there of all of Unicode). What ECMA-262 has no words for has no pattern: flags, conditional and atomic
groups, possessive quantifiers, `\\N{...}`.
"""

from __future__ import annotations

import re

__all__ = ["ecma"]

_SYNTAX = r"^$\.*+?()[]{}|/"
_QUANTIFIER = re.compile(r"\{(\d*)(,?)(\d*)\}")
_SAME_GROUPS = ("(?:", "(?=", "(?!", "(?<=", "(?<!")


class _Untranslatable(Exception):
    pass


def ecma(pattern):
    """The text of a compiled pattern, or None when it says what ECMA-262 cannot."""
    if pattern.flags & ~(re.UNICODE | re.ASCII):
        return None
    try:
        return "".join(_tokens(pattern))
    except _Untranslatable:
        return None


def _tokens(pattern):
    text, i, quantified = pattern.pattern, 0, False
    while i < len(text):
        c, was_quantified, quantified = text[i], quantified, False
        if c == "\\":
            piece, i = _escape(text, i + 1, pattern.groups)
            yield piece
        elif c == "[":
            piece, i = _class(text, i + 1)
            yield piece
        elif c == "(":
            piece, i = _group(text, i, pattern)
            yield piece
        else:
            found = _QUANTIFIER.match(text, i) if c == "{" else None
            if found is not None and (found[1] or found[3]):
                yield f"{{{found[1] or 0}{found[2]}{found[3]}}}"
                i, quantified = found.end(), True
                continue
            if c == "+" and was_quantified:
                raise _Untranslatable
            # Of a lazy quantifier the question mark ends it.
            quantified = c in "*+?" and not (c == "?" and was_quantified)
            yield f"\\{c}" if c in "{}]" else c
            i += 1


def _group(text, i, pattern):
    """(what a group begins with, where it goes on); groups lose their names."""
    same = next((start for start in _SAME_GROUPS if text.startswith(start, i)), None)
    if same is not None:
        return same, i + len(same)
    if not text.startswith("(?", i):
        return "(", i + 1
    end = text.find(">" if text.startswith("(?P<", i) else ")", i)
    if text.startswith("(?P<", i):
        return "(", end + 1
    if text.startswith("(?P=", i):
        return f"(?:\\{pattern.groupindex[text[i + 4 : end]]})", end + 1
    if text.startswith("(?#", i):
        return "", end + 1
    raise _Untranslatable


def _escape(text, i, groups, in_class=False):
    """(what stands for the escape whose letter is at i, where it goes on)"""
    c = text[i]
    if c in "AZ":
        return "^" if c == "A" else "$", i + 1
    if c in "dDwWsSbBnrtfv" or c in _SYNTAX or in_class and c == "-":
        return f"\\{c}", i + 1
    if c in "xu":
        size = 2 if c == "x" else 4
        return f"\\{text[i : i + 1 + size]}", i + 1 + size
    if c == "a":
        return r"\x07", i + 1
    if c.isdigit():
        found = re.compile(r"\d{1,3}").match(text, i)[0]
        if in_class or c == "0" or len(found) == 3 or not 1 <= int(found) <= groups:
            raise _Untranslatable  # octal
        return f"(?:\\{found})", i + len(found)
    if c.isalpha():
        raise _Untranslatable
    return c, i + 1


def _class(text, i):
    """(the class whose inside begins at i, where it goes on)"""
    made = "["
    if text[i] == "^":
        made, i = "[^", i + 1
    if text[i] == "]":
        made, i = made + r"\]", i + 1
    while text[i] != "]":
        if text[i] == "\\":
            piece, i = _escape(text, i + 1, 0, in_class=True)
        else:
            piece, i = f"\\{text[i]}" if text[i] == "[" else text[i], i + 1
        made += piece
    return made + "]", i + 1
