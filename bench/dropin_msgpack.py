# SPDX-License-Identifier: Apache-2.0
"""The drop-in half of quire.msgpack beside the package whose place it takes: the same calls of both."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import Any

from bench import targets, tasks
from bench.contenders import need
from bench.documents import Document
from bench.result import Result, Settings, timed

TITLE = "quire.msgpack in place of msgpack"

MODULES = {"quire": "quire.msgpack", "msgpack": "msgpack"}
PIECE, PIECES = 1 << 10, 1 << 16
STREAM = 1 << 8


def packb(module: ModuleType) -> Callable:
    return module.packb


def packer(module: ModuleType) -> Callable:
    return module.Packer().pack


def unpackb(module: ModuleType) -> Callable:
    return module.unpackb


def unpackb_raw(module: ModuleType) -> Callable:
    """Text stays bytes: what dicts cost without the interpreter's own way with str keys."""
    unpackb = module.unpackb
    return lambda data: unpackb(data, raw=True)


def feed(module: ModuleType) -> Callable:
    """Pieces of a stream, as they come from a socket."""
    make = module.Unpacker

    def call(pieces: list[bytes]) -> list:
        unpacker = make()
        found = []
        for piece in pieces:
            unpacker.feed(piece)
            found.extend(unpacker)
        return found

    return call


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[i : i + size] for i in range(0, len(data), size)]


def arguments(document: Document) -> dict[str, tuple[Callable, Any, Any]]:
    """Of each task: who makes its call, its argument, and what must come out."""
    plain = document.parsed()
    pack = need("msgpack").packb
    items = plain if isinstance(plain, list) else [plain]
    whole = pack(plain)
    stream = b"".join(map(pack, items))
    return {
        "packb": (packb, plain, plain),
        "Packer.pack": (packer, plain, plain),
        "unpackb": (unpackb, whole, plain),
        "unpackb raw": (unpackb_raw, whole, need("msgpack").unpackb(whole, raw=True)),
        "feed 1 KB": (feed, cut(whole, PIECE), [plain]),
        "feed 64 KB": (feed, cut(whole, PIECES), [plain]),
        "feed 64 KB, an item each": (feed, cut(stream, PIECES), items),
    }


def takes(document: Document) -> bool:
    return not document.lines


def run(document: Document, settings: Settings):
    must, goal = targets.DROP_IN_MSGPACK
    read = tasks.reader("msgpack")
    for task, (maker, argument, expected) in arguments(document).items():
        check = read if task in ("packb", "Packer.pack") else lambda result: result
        field = tasks.Field()
        for name, module in MODULES.items():
            field.admit(name, lambda m=module, a=argument, f=maker: (f(need(m)), a), check, expected)  # noqa: B023
        result = Result("dropin_msgpack", task, document.name, document.shape, document.judged, must=must, goal=goal)
        result.absent = field.absent
        yield timed(result, field.contenders, settings)
