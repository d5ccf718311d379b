# SPDX-License-Identifier: Apache-2.0
"""Marshalled samples and what becomes of them when bytes change, for test_marshal.py and the processes that it starts."""

import marshal as standard
import types

from quire import marshal


def cycles():
    holder = []
    pair = (holder, "x" * 3)
    holder.append(pair)
    table = {"list": holder}
    table["self"] = table
    everything = [pair, holder, table, pair]
    everything.append(everything)
    return everything


CORPUS = [
    standard.dumps([1, "a", "\u20ac", 2.5, {"k": (1, 2, b"x")}, {3, "b"}, 10**12, None, True, 1j], 4),
    standard.dumps(["shared"] * 3 + [cycles()]),
    standard.dumps([1.5, 2j, "u", {"k": 5}, 2**70], 1),
    standard.dumps({"a": frozenset({(1, "x"), ("y",)})}, 3),
    standard.dumps(compile("def f(a): return [b for b in a]\n", "f", "exec")),
]


def changed(number):
    """The sample with each single byte changed in a few ways, and each beginning of it."""
    data = CORPUS[number]
    yield from (data[:n] for n in range(len(data)))
    for i in range(len(data)):
        for change in (1, 0x80, 0xFF, ord("r") ^ data[i]):
            yield data[:i] + bytes([data[i] ^ change]) + data[i + 1 :]


def safe_outcome(load, data):
    try:
        value = load(data)
    except Exception as error:
        return ("error", "memory" if isinstance(error, MemoryError) else type(error).__name__)
    return ("value", marshal.dumps(value, canonical=True) if not isinstance(value, types.CodeType) else repr(type(value)))
