# SPDX-License-Identifier: Apache-2.0
"""The one switch of docs/adr/0003: with it off, everything behind the gate goes the public way, and nothing else changes."""

import os
import subprocess
import sys

import pytest

import quire._core

SCRIPT = r"""
import dataclasses, enum, sys
from collections import OrderedDict
from typing import Any, TypedDict
import quire, quire.json, quire.msgpack, quire._core

assert quire._core._private_layouts == int(sys.argv[1])

@dataclasses.dataclass
class Data:
    a: int
    b: str = "x"
    rest: Any = None

class Dict(TypedDict):
    a: int
    b: str

class Plain:
    def __init__(self, n):
        self.a, self.b = n, "split"

class Changing(str):
    pass

def dicts():
    yield {}
    for n in (1, 5, 6, 29, 30, 31, 100):
        yield {f"k{i}": i for i in range(n)}
    yield vars(Plain(1))
    yield {**vars(Plain(2)), "c": 3}
    holes = {f"k{i}": i for i in range(20)}
    for i in range(0, 20, 3):
        del holes[f"k{i}"]
    yield holes
    yield {Changing("sub"): 1, "plain": 2}
    yield OrderedDict(a=1, b=2)
    yield {"nested": {"a": [{"b": {}}]}}

for module in (quire.json, quire.msgpack):
    encode, decode = module.encode, module.decode
    for d in dicts():
        for value in (d, [d] * 7):
            assert decode(encode(value)) == value and list(decode(encode(d))) == list(d)
            assert decode(encode(value), Any) == value
        assert quire.to_builtins(d) == d and quire.convert(d, dict[str, Any]) == d
        assert module.Encoder(dict[str, Any]).encode(d) == encode(d)
        quire.validate(d, dict[str, Any])
    for n in range(70):
        text = "a" * n
        assert decode(encode(text)) == text and {decode(encode(text)): 1}[text] == 1
        assert decode(encode({text + "k": [text, text + "\xe9"]})) == {text + "k": [text, text + "\xe9"]}
    assert decode(encode({"a": 1, "b": "c"}), Dict) == {"a": 1, "b": "c"}
    data = [Data(i, str(i), {"n": i}) for i in range(10)]
    assert decode(encode(data), list[Data]) == data and decode(encode(data), list[Data])[0].__dict__ == vars(data[0])
    assert quire.to_builtins(data) == [vars(d) for d in data]

    class Sneaky(enum.Enum):
        A = 1

        @property
        def value(self):
            shared["new"] = 1
            return 1

    shared = {"first": Sneaky.A, "second": 2}
    try:
        encode(shared)
    except quire.EncodeError as error:
        assert error.errors[0].code == "changed"
    else:
        raise AssertionError("not noticed")
    try:
        encode({"a": {"b": object()}})
    except quire.EncodeError as error:
        assert error.errors[0].path == "$.a.b"
    if module is quire.msgpack:
        assert decode(encode({1: 2, None: 3, (1.5): 4})) == {1: 2, None: 3, 1.5: 4}
print("as ever")
"""


@pytest.mark.parametrize("switch", [None, "0", "1"])
def test_the_switch(switch):
    environment = {name: value for name, value in os.environ.items() if name != "QUIRE_PRIVATE_LAYOUTS"}
    if switch is not None:
        environment["QUIRE_PRIVATE_LAYOUTS"] = switch
    expected = 0 if switch == "0" else quire._core._private_layouts
    run = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(expected)], env=environment, capture_output=True, text=True, timeout=120
    )
    assert (run.stdout, run.stderr) == ("as ever\n", "")
