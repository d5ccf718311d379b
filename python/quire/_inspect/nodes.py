# SPDX-License-Identifier: Apache-2.0
"""What a payload is shown as, whatever its format: nodes, and the fault that ended reading."""

from dataclasses import dataclass


@dataclass(slots=True)
class Node:
    """A value, or an instruction of a pickle: where it stands, what it is, how it is called where it is (None: it is a root)."""

    offset: int
    end: int
    kind: str
    value: object = None
    name: object = None
    number: int | None = None  # by which a marshalled object can be referred to
    children: list | None = None
    of: object = None  # the node that a reference within a pickle refers to


@dataclass(slots=True)
class Fault:
    code: str
    message: str
    offset: int


def key_of(node):
    """The text that stands for a key: what can be shown on a terminal."""
    if isinstance(node.value, str) and node.kind != "int":
        return node.value if node.value.isprintable() else repr(node.value)
    return f"<{node.kind} at {node.offset}>" if node.value is None else repr(node.value)
