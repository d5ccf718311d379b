# SPDX-License-Identifier: Apache-2.0
"""rename: the name in the document made from the name of the field."""

from __future__ import annotations

__all__ = ["renamer"]


def _split(name):
    """(underscores before, words, underscores behind)"""
    core = name.strip("_")
    if not core:
        return name, [], ""
    start = name.index(core)
    return name[:start], [word for word in core.split("_") if word], name[start + len(core) :]


def _capital(word):
    return word[:1].upper() + word[1:]


def camel(name):
    """first_name -> firstName; underscores at the ends stay."""
    before, words, behind = _split(name)
    return before + "".join(words[:1] + [_capital(word) for word in words[1:]]) + behind


def pascal(name):
    """first_name -> FirstName; underscores at the ends stay."""
    before, words, behind = _split(name)
    return before + "".join(_capital(word) for word in words) + behind


def kebab(name):
    """first_name -> first-name; underscores at the ends go."""
    return "-".join(_split(name)[1])


def screaming(name):
    """firstName or first_name -> FIRST_NAME."""
    spaced = "".join(f"_{c}" if c.isupper() and i and name[i - 1].islower() else c for i, c in enumerate(name))
    return spaced.upper()


_POLICIES = {"lower": str.lower, "upper": str.upper, "camel": camel, "pascal": pascal, "kebab": kebab, "screaming": screaming}


def renamer(graph, rename):
    """A function from the name of a field to its name in the document, from the class keyword `rename`."""
    if rename is None:
        return str
    if isinstance(rename, str):
        if rename not in _POLICIES:
            from quire.errors import nearest

            near = nearest(rename, _POLICIES)
            hint = f": did you mean {near!r}?" if near else f": there are {', '.join(_POLICIES)}, a dict and a callable"
            raise graph.error(f"unknown rename policy {rename!r}{hint}")
        return _POLICIES[rename]
    if callable(rename):
        return lambda name: _checked(graph, name, rename(name))
    try:
        pairs = dict(rename)
    except (TypeError, ValueError):
        raise graph.error(f"rename must be a policy's name, a dict or a callable, got {rename!r}") from None
    return lambda name: _checked(graph, name, pairs.get(name))


def _checked(graph, name, wire):
    """None keeps the name."""
    if wire is None:
        return name
    if not isinstance(wire, str):
        raise graph.error(f"rename makes {wire!r} of {name!r}: the name in the document must be a str")
    return str(wire)
