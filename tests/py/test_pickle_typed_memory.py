# SPDX-License-Identifier: Apache-2.0
"""Pickles of a type, written and loaded, with memory that fails at any allocation: MemoryError or the ordinary outcome, nothing lost."""

import pytest
from failing_memory import run_alone

SCRIPT = """
    import collections, dataclasses, datetime, decimal, enum, gc, io, pickle, sys, uuid
    from typing import Any, NamedTuple

    import quire, quire.pickle as quick
    from failing_memory import attempt, sweep
    from quire import Record

    class Colour(enum.Enum):
        RED = 1

    class Pair(NamedTuple):
        a: int
        b: str

    @dataclasses.dataclass
    class Data:
        a: int
        b: list[int]

    @dataclasses.dataclass(slots=True)
    class Slotted:
        a: int

    class Node(Record, tag="node"):
        name: str
        more: dict[str, Any]
        below: "Node | None" = None

    class Keeps(Record, unknown="keep"):
        a: int

    ANY = [1, -2**40, 2**99, 1.5, None, True, "text", "\\xe9\\u20ac" * 9, b"x" * 300, {"k": [], "l": {}, 5: [{}]}, [["deep"]]]
    NODE = Node("a", {"x": ANY, "y" * 40: "\\ud800"}, Node("b", {}))
    SAMPLES = [
        (list[Node], [NODE, NODE]), (list[Data], [Data(1, [2]), Data(3, [])]), (dict[str, Slotted], {"a": Slotted(1)}), (set[int], {1, 2, 3}),
        (list[Pair], [Pair(1, "x")]), (Any, ANY), (list[Colour], [Colour.RED]), (collections.OrderedDict[str, int], collections.OrderedDict(a=1)),
        (list[datetime.datetime | int], [datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC), 1]), (list[decimal.Decimal], [decimal.Decimal("1.5")]),
        (collections.deque[uuid.UUID], collections.deque([uuid.UUID(int=5)])), (frozenset[tuple[int, str]], frozenset([(1, "a")])), (Keeps, Keeps(1)),
    ]
    # Functions of Python make what is not plain data, and exceptions; the others are all C.
    jobs = {}
    for i, (type_, value) in enumerate(SAMPLES):
        encoder, decoder = quick.Encoder(type_), quick.Decoder(type_)
        written = [encoder.encode(value), pickle.dumps(value, 5), pickle.dumps(value, 2)]
        jobs[f"encode {i}"] = lambda encoder=encoder, value=value: encoder.encode(value)
        jobs[f"encode as it is {i}"] = lambda value=value: quick.encode(value)
        for n, data in enumerate(written):
            assert decoder.decode(data) == value
            if n == 0 or i in (1, 2, 3) or sys.version_info < (3, 12):  # later ones crash by themselves when there is no memory for a generator
                jobs[f"decode {i} {n}"] = lambda decoder=decoder, data=data: decoder.decode(data)
    records = [Node(str(i), {}) for i in range(9)]

    def dumps(value):
        try:
            quick.dumps(value)
        except pickle.PicklingError as error:  # importing the module of a class failed, whatever that was: as in the standard library
            raise MemoryError from error

    jobs["records, plain"] = lambda: dumps(records)
    jobs["records, held"] = lambda: dumps([records, Keeps(1)])
    jobs["many keys"] = lambda: quick.encode([{f"key {i} {j}": j for j in range(90)} for i in range(9)])
    jobs["outputs"] = lambda: (quick.Encoder().encode_into(ANY, bytearray(5000)), quick.Encoder().encode_lines([ANY, ANY]), quick.Encoder().write(ANY, io.BytesIO()))
    every = quick.Encoder(list[Node], errors="all")
    if sys.version_info < (3, 12):  # exceptions are made by Python
        jobs["faults"] = lambda: every.encode([NODE, Node(1, {"a": object()}), 5])
        nodes, wrong, numbers, all_numbers = pickle.dumps([NODE]), pickle.dumps(["x", [1]]), quick.Decoder(list[int]), quick.Decoder(list[int], errors="all")
        jobs["refused"] = lambda: numbers.decode(nodes)
        jobs["wrong"] = lambda: all_numbers.decode(wrong)

    chosen = [name for i, name in enumerate(jobs) if i % 3 == int(sys.argv[1])]
    for name in chosen:
        job = jobs[name]
        for _ in range(3):
            attempt(job, 1 << 30, 0)
        sweep(name, job, 1, most=700, runs_python=True)
        gc.collect()
    for type_, value in SAMPLES:
        assert quick.decode(quick.encode(value), type_) == value
    print("done")
"""


@pytest.mark.parametrize("part", range(3))
def test_memory_fails_at_any_allocation(part):
    run = run_alone(SCRIPT, str(part))
    assert (run.returncode, run.stdout.strip()) == (0, "done"), run.stderr[-3000:]
