# SPDX-License-Identifier: Apache-2.0
"""A tree of nodes as lines of text, and as what JSON can hold."""

import math

_LONGEST = 60  # characters of a value that are shown
_DEEPEST = 400  # levels of `--json`: what is within those is counted only, for other programs have to read it

_COLOURS = {"offset": "2", "name": "36", "kind": "33", "value": "32", "note": "2"}
_NAMES = {"json": "JSON", "msgpack": "MessagePack", "pickle": "pickle", "marshal": "marshal", "pyc": ".pyc"}


def _shortened(text, whole, unit):
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}\u2026 ({whole} {unit})"


def _shown(value):
    if value is None:
        return ""
    if isinstance(value, str):
        return _shortened(repr(value), len(value), "characters")
    if isinstance(value, bytes):
        return _shortened(repr(value[:_LONGEST]) if len(value) > _LONGEST else repr(value), len(value), "bytes")
    if isinstance(value, tuple):
        return " ".join(map(_shown, value))
    if isinstance(value, int) and value.bit_length() > 1024:
        return f"of {value.bit_length()} bits"
    return repr(value)


def _plainly(value):
    """A name as it stands, where a terminal can show it."""
    text = str(value)
    return _shortened(text, len(text), "characters") if text.isprintable() else _shown(text)


def _label(node):
    """(kind, value) as they are shown."""
    if node.kind == "pickle":
        return "pickle", ""
    if node.kind == ".pyc":
        return ".pyc", node.value
    if node.kind in ("null", "None", "True", "False", "Ellipsis", "StopIteration"):
        return node.kind, ""
    if node.kind == "bool":
        return "bool", "true" if node.value else "false"
    if node.of is not None:
        number = "" if node.of.number is None else "#"
        return f"{node.kind} to {number}{node.value}", " ".join(part for part in _label(node.of) if part)
    if node.kind in ("call", "object", "global", "extension", "persistent id", "out-of-band buffer"):
        return node.kind, "" if node.value is None else _plainly(node.value)
    if node.kind in ("reference", "text reference"):
        return node.kind, f"#{node.value}"
    if node.children is not None:
        return node.kind, ""
    if node.kind == "int" and isinstance(node.value, str):
        return "int", _shortened(node.value, len(node.value), "digits")
    return node.kind, _shown(node.value)


def _count(node):
    return f"{len(node.children)} item{'' if len(node.children) == 1 else 's'}"


def as_text(data, format, roots, depth, most, in_colour):
    """The lines."""

    def paint(text, role):
        return f"\x1b[{_COLOURS[role]}m{text}\x1b[0m" if in_colour and text else text

    width = max(4, len(str(len(data))))
    yield paint(f"{_NAMES[format]}, {len(data)} bytes", "note")
    stack = [(root, 0) for root in reversed(roots[: most or None])]
    while stack:
        node, level = stack.pop()
        if isinstance(node, str):
            yield f"{'':>{width}}  {'  ' * level}{paint(node, 'note')}"
            continue
        kind, value = _label(node)
        parts = [paint(kind, "kind"), paint(value, "value")]
        if node.name is not None and node.name != "":
            name = f"[{node.name}]" if isinstance(node.name, int) and not isinstance(node.name, bool) else str(node.name)
            parts.insert(0, paint(_shortened(name, len(name), "characters") + ":", "name"))
        if node.children is not None:
            parts.append(paint(_count(node), "note"))
        if node.number is not None:
            parts.append(paint(f"#{node.number}", "note"))
        yield f"{paint(f'{node.offset:>{width}}', 'offset')}  {'  ' * level}{' '.join(part for part in parts if part)}"
        if node.children and depth is not None and level + 1 >= depth:
            continue
        if node.children:
            hidden = len(node.children) - most if most else 0
            if hidden > 0:
                stack.append((f"\u2026 {hidden} more", level + 1))
            stack += [(child, level + 1) for child in reversed(node.children[: most or None])]
    if most and len(roots) > most:
        yield paint(f"\u2026 {len(roots) - most} more values", "note")


def _plain(value):
    if isinstance(value, bytes):
        return {"bytes": value.hex()}
    if isinstance(value, tuple):
        return [_plain(part) for part in value]
    if isinstance(value, complex):
        return [_plain(value.real), _plain(value.imag)]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, int) and value.bit_length() > 4096:
        return hex(value)
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    return value


def _node_as_json(node, depth, most):
    """Without recursion: a payload may be nested more deeply than that goes."""
    root = {}
    stack = [(node, root, 0)]
    while stack:
        node, made, level = stack.pop()
        made.update(offset=node.offset, end=node.end, kind=node.kind)
        if node.name is not None and node.name != "":
            made["name"] = _plain(node.name)
        if node.value is not None and (node.children is None or isinstance(node.value, str)):
            made["value"] = _plain(node.value)
        if node.of is not None:
            made["of"] = node.of.kind
        if node.number is not None:
            made["number"] = node.number
        if node.children is None:
            continue
        made["items"] = len(node.children)
        if level + 1 < (_DEEPEST if depth is None else min(depth, _DEEPEST)):
            shown = node.children[: most or None]
            made["children"] = [{} for _ in shown]
            stack += [(child, place, level + 1) for child, place in zip(shown, made["children"], strict=True)]
    return root


def as_json(data, format, roots, fault, depth, most):
    """What `--json` prints, as plain objects."""
    shown = roots[: most or None]
    error = None if fault is None else {"code": fault.code, "message": fault.message, "offset": fault.offset}
    return {"format": format, "bytes": len(data), "values": [_node_as_json(root, depth, most) for root in shown], "error": error}
