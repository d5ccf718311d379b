# SPDX-License-Identifier: Apache-2.0
"""Memory that fails at any allocation of dumps and Pickler: MemoryError or the whole pickle, and the next call works."""

import pytest
from failing_memory import run_alone

SCRIPT = """
    import copyreg, dataclasses, io, pickle
    import quire.pickle as ours
    from failing_memory import sweep

    class Point:
        def __init__(self, x, y):
            self.x, self.y = x, y

    class Slotted:
        __slots__ = ("a", "b")

    class Reduced:
        def __reduce__(self):
            return Reduced, (), {"a": 1}, iter([1, 2]), iter([("a", [])])
        def append(self, item): pass
        def extend(self, items): pass
        def __setitem__(self, key, value): pass

    slotted = Slotted()
    slotted.a = [1]
    plain = [1, 2**70, 1.5, "text", "\\u20ac" * 400, b"bytes", bytearray(b"x"), [(i, str(i)) for i in range(300)], {i: [i] for i in range(50)}, {1, 2}, frozenset([3])]
    deep = 1
    for _ in range(40):
        deep = [deep]
    values = {
        "plain": (plain, False), "deep": (deep, False), "instances": ([Point(1, Point([2], 3)), slotted, Point], False),
        "reduced": ([Point(1, 2), Reduced(), slotted, len], True), "large": (["x" * 70_000, b"y" * 70_000], False),
    }

    def dump_to_file(value, protocol):
        ours.Pickler(io.BytesIO(), protocol).dump(value)

    for name, (value, runs_python) in values.items():
        for protocol in (0, 5) if name == "plain" else (5,):
            expected = pickle.dumps(value, protocol)
            for together in (1, 1000):
                sweep(name, lambda: ours.dumps(value, protocol), together, most=400, runs_python=runs_python)
                sweep(name, lambda: ours.dumps(value, protocol, lean=True), together, most=400, runs_python=runs_python)
                sweep(name, lambda: dump_to_file(value, protocol), together, most=400, runs_python=runs_python)
            assert ours.dumps(value, protocol) == expected
"""


def test_every_allocation_may_fail():
    pytest.importorskip("_testcapi")
    done = run_alone(SCRIPT)
    assert done.returncode == 0, done.stderr
