# SPDX-License-Identifier: Apache-2.0
"""Pickles of a type, changed at random: what comes of them is a value of the type or a QuireError, and nothing is run on the way.

The loader makes objects, so the fuzz targets in C, which have no interpreter, do not reach it: this is its target. It changes bytes, and
it changes programs: opcodes are left out, doubled, swapped, and those of one pickle get into another.
QUIRE_FUZZ_RUNS says how many pickles are tried, QUIRE_FUZZ_SEED with which one it begins."""

import os

from failing_memory import run_alone

SCRIPT = """
    import collections, dataclasses, datetime as dt, enum, fractions, os, pathlib, pickle, pickletools, random, resource, sys, typing, uuid
    from decimal import Decimal

    import quire, quire.pickle as quick

    resource.setrlimit(resource.RLIMIT_CPU, (600, 600))
    if "QUIRE_SANITIZED" not in os.environ:
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))

    class Point(quire.Record):
        x: int
        y: str | None = None

    class Frozen(quire.Record, frozen=True):
        key: bytes

    @dataclasses.dataclass
    class Plain:
        a: int
        b: list["Point"] = dataclasses.field(default_factory=list)

    @dataclasses.dataclass(frozen=True, slots=True)
    class Slotted:
        c: float
        d: tuple[int, ...] = ()

    class Pair(typing.NamedTuple):
        left: str
        right: int = 0

    class Colour(enum.Enum):
        RED = "red"
        BLUE = "blue"

    class Level(enum.IntEnum):
        LOW = 1

    class Flags(enum.Flag):
        A = 1
        B = 2

    class Many(quire.Record):
        one: Point | Frozen | None = None
        more: list[Plain | Slotted | Pair] = []
        names: dict[str, Colour | Level] = {}
        flags: Flags | None = None
        when: dt.datetime | dt.date | dt.time | dt.timedelta | None = None
        number: int | float | Decimal | fractions.Fraction | complex | None = None
        text: str | bytes | None = None
        raw: bytearray = quire.field(default_factory=bytearray)
        ids: set[uuid.UUID] = set()
        few: frozenset[int] = frozenset()
        line: collections.deque[tuple[int, str]] = quire.field(default_factory=collections.deque)
        order: collections.OrderedDict[str, int] = quire.field(default_factory=collections.OrderedDict)
        count: collections.Counter[str] = quire.field(default_factory=collections.Counter)
        lists: collections.defaultdict[str, list[int]] = quire.field(default_factory=lambda: collections.defaultdict(list))
        path: pathlib.PurePosixPath | None = None
        rest: typing.Any = None

    point = Point(5, "text")
    VALUES = [
        Many(), Many(one=point, more=[Plain(1, [point, Point(2)]), Slotted(1.5, (1, 2)), Pair("l", 3)]),
        Many(names={"a": Colour.RED, "b": Level.LOW}, flags=Flags.A | Flags.B, when=dt.datetime(2024, 2, 29, 1, 2, tzinfo=dt.timezone.utc), number=Decimal("1.50")),
        Many(when=dt.timedelta(1, 2, 3), number=fractions.Fraction(1, 3), text="ä", raw=bytearray(b"xyz"), ids={uuid.UUID(int=5)}, few=frozenset({1, 2})),
        Many(line=collections.deque([(1, "a"), (2, "b")]), order=collections.OrderedDict(a=1), count=collections.Counter("aab"), path=pathlib.PurePosixPath("/a/b")),
        Many(when=dt.time(1, 2), number=1j, text=b"bytes", lists=collections.defaultdict(list, a=[1]), rest={"a": [1, (2, 3)], 5: None}, one=Frozen(b"k")),
        Many(number=2**300, rest=[point, point], when=dt.date(2024, 2, 29)),
    ]
    runs, seed = int(sys.argv[1]), int(sys.argv[2])
    seeds = [pickle.dumps(value, protocol) for value in VALUES for protocol in range(6)] + [quick.encode(value) for value in VALUES]
    decoder = quick.Decoder(Many, limits=quire.Limits(items=100_000, depth=100, int_digits=1000))
    for data, value in zip(seeds, [value for value in VALUES for _ in range(6)], strict=False):
        assert decoder.decode(data) == value

    def instructions(data):
        found = [at for _, _, at in pickletools.genops(data)] + [len(data)]
        return [data[a:b] for a, b in zip(found, found[1:])]

    programs = [instructions(data) for data in seeds]
    chance = random.Random(seed)

    def change():
        if chance.random() < 0.4:
            data = bytearray(chance.choice(seeds))
            for _ in range(chance.randint(1, 4)):
                at = chance.randrange(len(data))
                data[at] = chance.choice((chance.randrange(256), data[at] ^ 1 << chance.randrange(8), chance.choice(b"()].0RbcqhusaetlN}\\x8f\\x90\\x91\\x93\\x81\\x92\\x85\\x86\\x94")))
            return bytes(data[: chance.choice((len(data), chance.randrange(len(data) + 1)))])
        program = list(chance.choice(programs))
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(program))
            how = chance.randrange(4)
            if how == 0:
                del program[at]
            elif how == 1:
                program.insert(at, chance.choice(chance.choice(programs)))
            elif how == 2:
                other = chance.randrange(len(program))
                program[at], program[other] = program[other], program[at]
            else:
                donor = chance.choice(programs)
                begin = chance.randrange(len(donor))
                program[at:at] = donor[begin : begin + chance.randint(1, 9)]
            if not program:
                break
        return b"".join(program)

    armed, seen = False, []

    def hook(event, arguments):
        if armed and event.split(".")[0] in ("import", "exec", "compile", "open", "os", "subprocess", "pickle", "marshal", "code", "socket", "ctypes"):
            seen.append(event)

    decoder.decode(quick.encode(VALUES[0]))  # what is imported lazily is there
    try:
        decoder.decode(b"cos\\nsystem\\n.")
    except quire.QuireError as error:
        str(error), error.errors
    try:
        decoder.decode(pickle.dumps([1]))
    except quire.QuireError as error:
        str(error), error.errors
    sys.addaudithook(hook)
    before = [set(vars(cls)) for cls in (Point, Frozen, Plain, Slotted, Pair, Colour, Level, Flags, Many)]
    whole = refused = 0
    for n in range(runs):
        data = change()
        armed = True
        try:
            value = decoder.decode(data)
        except quire.QuireError:
            armed = False
            refused += 1
        except BaseException as error:
            armed = False
            raise AssertionError(f"run {n}: {data!r}") from error
        else:
            armed = False
            quire.validate(value, Many)
            whole += 1
        assert not seen, (n, seen, data)
    assert before == [set(vars(cls)) for cls in (Point, Frozen, Plain, Slotted, Pair, Colour, Level, Flags, Many)]
    for data, value in zip(seeds, [value for value in VALUES for _ in range(6)], strict=False):
        assert decoder.decode(data) == value
    print(whole, refused)
    """


def test_changed_pickles():
    runs, seed = os.environ.get("QUIRE_FUZZ_RUNS", "10000"), os.environ.get("QUIRE_FUZZ_SEED", "1")
    finished = run_alone(SCRIPT, runs, seed)
    assert finished.returncode == 0, finished.stderr[-3000:]
    whole, refused = map(int, finished.stdout.split())
    assert whole and refused
