# SPDX-License-Identifier: Apache-2.0
"""Memory that fails at any allocation: MemoryError or the ordinary outcome, nothing lost, nothing broken for what comes next."""

import pytest
from failing_memory import run_alone

SCRIPT = """
    import collections, dataclasses, datetime, decimal, enum, functools, gc, importlib, operator, sys, uuid
    from typing import Annotated, Any, Literal, NamedTuple, TypedDict

    import quire
    from failing_memory import attempt, sweep
    from quire import Raw, Record, RecordMeta, Unknown, field

    fmt = importlib.import_module("quire." + sys.argv[1])
    encode, decode = fmt.encode, fmt.decode

    class Kind(enum.Enum):
        A = "a"

    class Dog(Record, tag="dog"):
        age: int

    class Cat(Record, tag="cat"):
        name: str

    class Movie(TypedDict, total=False):
        title: str
        year: int

    class Pair(NamedTuple):
        a: int
        b: str = "x"

    @dataclasses.dataclass
    class Data:
        a: int
        b: list[int] = dataclasses.field(default_factory=list)

        def __post_init__(self):
            self.c = [self.a]

    @dataclasses.dataclass(slots=True)
    class Slotted:
        a: int

    class Bound:
        ge = 0

    class Node(Record):
        id: Annotated[int, Bound]
        name: str
        kind: Kind = Kind.A
        tags: set[str] = field(default_factory=set)
        pets: list[Dog | Cat] = field(default_factory=list)
        movie: Movie | None = None
        pair: Pair | None = None
        data: Data | None = None
        slotted: Slotted | None = None
        when: datetime.datetime | None = None
        key: uuid.UUID | None = None
        amount: decimal.Decimal | None = None
        mixed: int | str | list[int] | None = None
        literal: Literal["x", 1] = 1
        table: dict[int, str] = field(default_factory=dict)
        blob: bytes = b""
        rest: Any = None
        raw: Raw | None = None
        children: "list[Node]" = field(default_factory=list)

    class Omitting(Record, omit="default"):
        a: int = 0
        b: list = field(default_factory=list)

    NODE = Node(
        7, "n\\xe9", tags={"t"}, pets=[Dog(3), Cat("Tom")], movie={"title": "M", "year": 1}, pair=Pair(1), data=Data(1, [2]),
        slotted=Slotted(1), when=datetime.datetime(2024, 2, 29, tzinfo=datetime.UTC), key=uuid.UUID(int=1), amount=decimal.Decimal("1.5"),
        mixed=[1], table={5: "five"}, blob=b"xyz", rest=[{"k": None}, 2**40, "text"], children=[Node(1, "c")],
    )
    PLAIN = {"a": [1, -2.5, True, None, "\\xe9\\u20ac", "text"], "bc": {"d": {}, "e": [[]]}, "n": 1234567890123, "more": [{"x": 1, "y": "z"}] * 8}
    node_data, plain_data = encode(NODE), encode(PLAIN)
    deep = [1]
    for _ in range(200):
        deep = [deep]
    long = list(range(3000))
    deep_data = encode([deep, deep])
    anything, untyped, typed = fmt.Encoder(), fmt.Decoder(), fmt.Decoder(dict[str, Any])
    lines, room = anything.encode_lines(PLAIN["more"]), bytearray(20_000)
    names = encode({f"name {i}": {f"inner {i} {j}": j for j in range(8)} for i in range(60)})
    big = 10**500 if sys.argv[1] == "json" else 2**64 - 1

    def wide():
        # keys and shapes that were never seen: the caches grow
        wide.count += 1
        decode(encode([{f"k{wide.count} {i}": [i] for i in range(40)}] * 4))
    wide.count = 0

    DOG_OR_NONE = dict[str, int] | Dog | None  # Python itself breaks when it evaluates a text without memory

    def plan():
        class Fresh(Record):
            a: int
            b: list[str] = field(default_factory=list)
            c: DOG_OR_NONE = None
        decode(encode({"a": 1, "c": {"type": "dog", "age": 2}}), Fresh)
        return encode(Fresh(1))

    def forget(cls):
        if "__quire_plan__" in vars(cls):
            del cls.__quire_plan__

    def plan_of_dataclasses():
        forget(Slotted), forget(Data)
        encode([decode(encode({"a": 1}), Slotted), decode(encode({"a": 1, "b": [2]}), Data)])

    def plan_of_others():
        forget(Movie), forget(Pair), forget(Kind)
        encode([decode(encode({"title": "a"}), Movie), decode(encode([1]), Pair), decode(encode("a"), Kind)])

    def wrong(data, type_=object, **options):
        decode(data, type_, **options)

    class Unwritable:
        pass

    def late():
        decode(encode([{"age": 1, "more": ["x"] * 5, "type": "dog"}]), list[Dog | Cat])

    class Ball(Record):
        radius: int

    class Side(Record, mixin=True):
        side: int = field(default=1, secret=True, kw_only=True)

    class Keeps(Side, unknown="keep", validate="assign", reserved=("gone",)):
        a: int
        one_way: int = field(default=0, serialize=False)

        @quire.computed
        def twice(self):
            return self.a * 2


    class Row(Record, layout="array", reserved=(2,), unknown="error"):
        a: int = field(1)
        b: str = field(3, aliases=("bee",))

    keeps_data, row = encode({"a": 1, "x": [1, {"y": None}], "gone": 1, "zz": "text"}), Row(1, "b" * 30)
    keeps = decode(keeps_data, Keeps)
    row_data, partial_keeps = encode([row] * 5), quire.Partial[Keeps]
    decode(encode({}), partial_keeps)

    def assign():
        keeps.a = 2
        Keeps(1, side=3)
        keeps.__replace__(a=3).__getstate__()

    MIXED = list[Dog | Cat | Ball | Unknown | list[int] | list[str] | str | datetime.date | bytes | int]
    mixed = [Dog(1), Ball(2), Unknown("type", {"type": "x"}), [1, 2], ["a"], "x", datetime.date(2024, 2, 29), 5]
    mixed_encoder, mixed_decoder, mixed_data = fmt.Encoder(MIXED), fmt.Decoder(MIXED), encode(mixed)
    # The bitmaps of these do not fit a frame.
    WIDE = [RecordMeta(f"Wide{i}", (Record,), {"__annotations__": {f"w{i}": int}}) for i in range(70)]
    WIDE_UNION = functools.reduce(operator.or_, WIDE)
    wide_encoder, wide_decoder, wide_data = fmt.Encoder(WIDE_UNION | dict[str, str]), fmt.Decoder(WIDE_UNION | dict[str, str]), encode({"w69": 1})

    class Holding(Record):
        line: collections.deque[int]
        table: collections.OrderedDict[str, int]
        lists: collections.defaultdict[str, list[int]]
        view: memoryview
        keyed: dict[bytes, int]

    holding = Holding(collections.deque([1, 2]), collections.OrderedDict(b=1, a=2), collections.defaultdict(list, a=[1]), memoryview(b"abc"), {b"k": 1})
    holding_encoder, holding_decoder, holding_data = fmt.Encoder(Holding), fmt.Decoder(Holding), encode(holding)
    holding_plain = quire.to_builtins(holding)
    TUPLES = dict[tuple[int, str], complex]
    tuples_encoder, tuples_decoder, tuples_data = fmt.Encoder(TUPLES), fmt.Decoder(TUPLES), encode({(1, "a"): 2j})
    counter_decoder, counter_data = fmt.Decoder(collections.Counter[str]), encode({"a": 1})

    def many():
        RecordMeta("Many", (Record,), {"__annotations__": {f"f{i}": int for i in range(100)}})

    class Renamed(TypedDict):
        first: Annotated[str, field(name="First", aliases=("f",))]
        second: Annotated[int | None, field(omit="null")]

    class Bounded(Record):
        when: datetime.datetime = field(timezone=True, ge=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
        code: str = field(pattern="^[A-Z]+$", max_length=9)
        many: list[int] = field(min_length=1, max_length=3)
        share: decimal.Decimal = field(default=decimal.Decimal("0.5"), gt=0, le=1)

    class Wrapped:
        def __init__(self, held):
            self.held = held

    renamed_encoder, renamed = fmt.Encoder(list[Renamed]), [{"first": "a" * 40, "second": None}, {"first": "b", "second": 1}]
    bounded_decoder = fmt.Decoder(list[Bounded])
    bounded_data = encode([Bounded(datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC), "ABC", [1, 2])] * 2)
    keys_apart = {1: "a", "b": 2, datetime.date(2024, 1, 1): 3, (1, 2): 4, None: 5}
    adapters = quire.Adapters().add(Wrapped, quire.Adapter(wire=list[int], encode=operator.attrgetter("held"), decode=Wrapped))
    adapted_encoder, adapted_decoder = fmt.Encoder(list[Wrapped], adapters=adapters), fmt.Decoder(list[Wrapped], adapters=adapters)
    adapted = [Wrapped([1]), Wrapped([2, 3])]
    adapted_data = adapted_encoder.encode(adapted)
    all_encoder, any_encoder = fmt.Encoder(list[Node], errors="all"), fmt.Encoder(errors="all")
    faulty = [Node("x", 1, tags={1}, children=[Node(1, 2)]), 5, Node(1, "a", rest=[object(), {1: object()}])]

    jobs = {
        "decode": lambda: decode(plain_data),
        "decode node": lambda: decode(node_data, Node),
        "decode many names": lambda: decode(names),
        "decode long": lambda: decode(encode(long)),
        "decode into an array": lambda: decode(encode(long), list[int]),
        "decode a bytearray": lambda: decode(bytearray(plain_data)),
        "encode": lambda: encode(PLAIN),
        "encode node": lambda: encode(NODE),
        "encode long": lambda: encode(["x" * 5000, "\\xe9" * 5000, long]),
        "encode deep": lambda: encode(deep),
        "encode omitting": lambda: encode([Omitting(1), Omitting(0, [1])]),
        "encode set": lambda: encode({"a": {1, 2}, "b": frozenset([3]), "c": bytearray(b"x")}),
        "big": lambda: decode(encode([big, -2**63])),
        "wide": wide,
        "late tag": late,
        "encode into": lambda: anything.encode_into([PLAIN] * 20, room),
        "encode lines": lambda: anything.encode_lines(PLAIN["more"] * 20),
        "decode lines": lambda: list(untyped.decode_lines(lines)),
        "decode lines of a buffer": lambda: list(typed.decode_lines(memoryview(lines))),
        "decode from": lambda: (untyped.decode_from(lines), untyped.decode_from(bytearray(lines), 0)),
        "stream": lambda: [*(s := untyped.stream()).feed(lines[:100]), *s.feed(lines[100:]), *s.close()],
        "stream of typed": lambda: [*(s := typed.stream()).feed(lines[:5]), *s.feed(lines[5:]), *s.close()],
        "partial": lambda: [(s := untyped.stream()).feed(plain_data[:-9]), s.partial(), s.partial()],
        "stream of depth": lambda: [*untyped.stream().feed(deep_data)],
        "mixed union": lambda: mixed_decoder.decode(mixed_data),
        "encode mixed union": lambda: mixed_encoder.encode(mixed),
        "wide union": lambda: wide_decoder.decode(wide_data),
        "encode wide union": lambda: wide_encoder.encode({"a": "b"}),
        "containers": lambda: holding_decoder.decode(holding_data),
        "encode containers": lambda: (holding_encoder.encode(holding), encode(holding)),
        "convert containers": lambda: (quire.convert(holding_plain, Holding), quire.to_builtins(holding), quire.validate(holding, Holding)),
        "keep": lambda: decode(keeps_data, Keeps),
        "gaps": lambda: decode(row_data, list[Row]),
        "encode gaps": lambda: encode([row] * 3),
        "convert and keep": lambda: quire.to_builtins(quire.convert({"a": 1, "x": [1]}, Keeps)),
        "partial record": lambda: encode(decode(encode({"side": 1}), partial_keeps)),
        "surrogate": lambda: encode({"a": ["\\ud800"]}),
        "encode what was kept": lambda: encode([keeps, keeps]),
        "assign": assign,
        "secret": lambda: wrong(encode({"a": 1, "side": "x"}), Keeps),
        "renamed": lambda: renamed_encoder.encode(renamed),
        "constraints": lambda: bounded_decoder.decode(bounded_data),
        "keys apart": lambda: encode([keys_apart]),
        # From here on Python code runs within: class bodies, reading annotations, making exceptions.
        "counter": lambda: counter_decoder.decode(counter_data),
        "keys of tuples": lambda: (tuples_decoder.decode(tuples_data), tuples_encoder.encode({(1, "a"): 2j})),
        "plan": plan,
        "plan of dataclasses": plan_of_dataclasses,
        "plan of others": plan_of_others,
        "record class": many,
        "encoder": lambda: fmt.Encoder(list[int]).encode([1, 2]),
        "malformed": lambda: wrong(plain_data[:-3]),
        "wrong type": lambda: wrong(node_data, list[int]),
        "wrong deep": lambda: wrong(encode({"a": [{"age": 1, "type": "bird"}]}), dict[str, list[Dog | Cat]]),
        "missing": lambda: wrong(encode([{}]), list[Node]),
        "refused": lambda: wrong(encode([[1], ["x"]]), list[set[int]]),
        "unhashable": lambda: wrong(encode([[[1]]]), list[set[list[int]]]),
        "all wrong": lambda: wrong(encode([{"id": -1, "name": 1}, {"pair": ["x"]}]), list[Node], errors="all"),
        "all converted": lambda: quire.convert([{"id": -1, "name": 1}, {"pair": ["x"]}], list[Node], errors="all"),
        "limit": lambda: wrong(plain_data, limits=quire.Limits(depth=1)),
        "plan of a union": lambda: fmt.Decoder(list[Dog | Cat | Unknown | list[int] | list[str]]),
        "no match": lambda: wrong(encode([{"type": "x"}]), list[Dog | Cat | Ball]),
        "would change": lambda: mixed_encoder.encode(["2024-02-29"]),
        "adapters": lambda: (adapted_decoder.decode(adapted_data), adapted_encoder.encode(adapted), encode(adapted, adapters=adapters)),
        "keys alike": lambda: encode({"text": 1, datetime.date(2024, 1, 1): 2, "2024-01-01": 3}),
        "all checked": lambda: quire.validate(faulty, list[Node], errors="all"),
        "all unwritten": lambda: all_encoder.encode(faulty),
        "anything unwritten": lambda: any_encoder.encode(faulty),
        "unwritable": lambda: encode({"a": [1, {"b": Unwritable()}]}),
    }
    PYTHON = list(jobs)[list(jobs).index("surrogate") :]
    if sys.version_info >= (3, 12):
        # These versions crash by themselves, without any extension, when memory fails in the midst of a class body.
        for name in PYTHON:
            del jobs[name]

    chosen = [name for i, name in enumerate(jobs) if i % 3 == int(sys.argv[2])]
    for name in chosen:
        job = jobs[name]
        for _ in range(3):
            attempt(job, 1 << 30, 0)
        # Without any memory left Python code may run in a circle: a `with` block tries again and again to end.
        for together in (1,) if name in PYTHON else (1, 1 << 30):
            left = []
            for round in range(1 if name in PYTHON else 6):
                gc.collect()
                before = sys.getallocatedblocks()
                sweep(name, job, together, most=3000, runs_python=name in PYTHON)
                gc.collect()
                left.append(sys.getallocatedblocks() - before)
                if left[-1] <= 0:
                    break
            else:
                # New keys stay in the caches until they are full; frames of Python functions that have no memory lose references.
                assert name == "wide" or name in PYTHON, (name, together, left)
        assert decode(node_data, Node) == NODE and encode(NODE) == node_data and decode(plain_data) == PLAIN and encode(PLAIN) == plain_data, name
    print("done")
"""


@pytest.mark.parametrize("part", range(3))
def test_memory_fails_at_any_allocation(fmt, part):
    run = run_alone(SCRIPT, fmt.name, str(part))
    assert (run.returncode, run.stdout.strip()) == (0, "done"), run.stderr[-3000:]
