# SPDX-License-Identifier: Apache-2.0
"""A description as one line of text, so that a test can say what it expects: `User{id: int, tags: list[str], boss: ^User?}`.

`?` null is accepted; `name=`: has a default; `name~`: may be left out; `^Name`: a record shown before; `<...>`: bounds.
"""

import pytest

from quire import SchemaError
from quire._types import describe
from quire._types._description import NO_DEFAULT, Bounds


def shape(type_):
    nodes = describe(type_).nodes
    assert_sound(nodes)
    shown = set()

    def one(number):
        node = nodes[number]
        text = body(number, node)
        if node.bounds is not None:
            given = [f"{n}={v!r}" for n, v in zip(Bounds._fields, node.bounds, strict=True) if v is not None]
            text += f"<{', '.join(given)}>"
        return text + "?" * node.nullable

    def body(number, node):
        items = ", ".join(one(item) for item in node.items) if node.kind != "record" else ""
        match node.kind:
            case "array" | "map":
                return f"{node.cls.__name__}[{items}]"
            case "tuple":
                return f"tuple({items})"
            case "union":
                return f"union({items})"
            case "choice":
                name = node.cls.__name__ if node.cls else "literal"
                return f"{name}({', '.join(map(repr, node.info.wire))}{', ...' if node.info.missing else ''})"
            case "record":
                return record(node)
            case "bytes":
                return node.cls.__name__
        return node.kind

    def record(node):
        name = node.cls.__name__
        if id(node.info) in shown:
            return f"^{name}"
        shown.add(id(node.info))
        fields = [field(f) for f in node.info.fields]
        if node.info.tag_field is not None:
            fields.insert(0, f"{node.info.tag_field}={node.info.tag!r}")
        brackets = "[]" if node.info.array else "{}"
        return f"{name}{brackets[0]}{', '.join(fields)}{brackets[1]}"

    def field(f):
        mark = "=" if f.default_kind != NO_DEFAULT else "" if f.required else "~"
        name = f.name if f.name == f.wire else f"{f.name}/{f.wire}"
        return f"{name}{mark}: {one(f.node)}"

    return one(0)


def assert_sound(nodes):
    """What the engine takes for granted: numbers in range, every node reached from the root."""
    reached, left = set(), [0]
    while left:
        number = left.pop()
        assert 0 <= number < len(nodes)
        if number in reached:
            continue
        reached.add(number)
        node = nodes[number]
        left += node.items
        if node.kind == "record":
            left += [f.node for f in node.info.fields]
        if node.kind == "union":
            assert_sound_union(node)
    assert reached == set(range(len(nodes)))


def assert_sound_union(node):
    info = node.info
    single = [info.bool, info.int, info.float, info.bytes, info.array, info.map, info.map_default]
    named = {n for n in single if n >= 0} | {*info.ints, *info.text}
    named |= {arm for _, arm in info.tags} | {arm for _, arm in info.keys}
    assert named == set(node.items)
    assert (info.map >= 0) + bool(info.tags) + bool(info.keys) <= 1


def root(type_):
    return describe(type_).nodes[0]


def fields(type_):
    return {f.name: f for f in root(type_).info.fields}


def refuses(type_, *parts):
    with pytest.raises(SchemaError) as caught:
        describe(type_)
    for part in parts:
        assert part in str(caught.value)
