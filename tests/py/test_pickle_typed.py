# SPDX-License-Identifier: Apache-2.0
"""quire.pickle.decode: what the type names comes back; whatever else a pickle asks for is refused, and nothing of it happens."""

import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import ipaddress
import os
import pathlib
import pickle
import pickletools
import sys
import uuid
import zoneinfo
from typing import Any, NamedTuple

import pytest
from conftest import check_error, leaves_nothing
from exact import same
from failing_memory import run_alone
from type_table import CASES, holders

import quire
import quire.pickle as quick
from quire import Limits, Record


class Node(Record):
    a: int
    b: str = "b"
    below: "list[Node] | None" = None


@dataclasses.dataclass
class Data:
    a: int
    b: list[int]
    node: Node | None = None


@dataclasses.dataclass(slots=True)
class Slotted:
    a: int
    b: str = "s"


@dataclasses.dataclass(slots=True, frozen=True)
class Frozen:
    a: int
    b: str = "f"


class Pair(NamedTuple):
    x: int
    y: str


class Colour(enum.Enum):
    RED = 1
    BLUE = "blue"


class Rights(enum.Flag):
    READ = 1
    WRITE = 2


SAMPLES = [
    (Node(1, "x", [Node(2)]), Node), ([Node(i) for i in range(5)], list[Node]), (Data(1, [2], Node(3)), Data), (Slotted(1), Slotted), (Frozen(1), Frozen),
    (Pair(1, "y"), Pair), (Colour.RED, Colour), ([Colour.RED, Colour.BLUE] * 2, list[Colour]), (Rights.READ | Rights.WRITE, Rights),
    (datetime.datetime(2024, 2, 29, 1, 2, 3, 4, datetime.UTC, fold=1), datetime.datetime), (datetime.date(2024, 1, 2), datetime.date),
    (datetime.datetime(2024, 2, 29, tzinfo=zoneinfo.ZoneInfo("UTC")), datetime.datetime), (datetime.time(1, 2, 3, 4), datetime.time),
    (datetime.timedelta(-1, 5, 6), datetime.timedelta), (decimal.Decimal("1.50"), decimal.Decimal), (uuid.UUID(int=7), uuid.UUID),
    ({1, 2}, set[int]), (frozenset([1]), frozenset[int]), (b"x\xff", bytes), (b"", bytes), (bytearray(b"ab\xff"), bytearray), (1j, complex),
    (fractions.Fraction(1, 3), fractions.Fraction), (pathlib.PurePosixPath("a/b"), pathlib.PurePosixPath), (pathlib.Path("a/b"), pathlib.Path),
    (ipaddress.ip_address("1.2.3.4"), ipaddress.IPv4Address), (ipaddress.ip_network("1.2.3.0/24"), ipaddress.IPv4Network),
    (collections.OrderedDict(a=1), collections.OrderedDict[str, int]), (collections.deque([1, 2]), collections.deque[int]), (collections.Counter("aab"), collections.Counter[str]),
    (collections.defaultdict(list, {"a": [1]}), collections.defaultdict[str, list[int]]), ({"a": [1, (2, 3)], "b": None, "c": 2.5}, Any), ({(1, 2): "x"}, dict[tuple[int, int], str]),
    ({decimal.Decimal(1): 1}, dict[decimal.Decimal, int]), (10**500, int), ("\xe9" * 300, str), ([None] * 3000, list[None]), ({str(i): i for i in range(3000)}, dict[str, int]),
]  # fmt: skip


@pytest.mark.parametrize(("value", "type_"), SAMPLES, ids=[repr(type_)[:40] for _, type_ in SAMPLES])
def test_what_the_type_names(value, type_):
    decoder = quick.Decoder(type_)
    for protocol in range(6):
        try:
            data = pickle.dumps(value, protocol)
        except TypeError:  # slots, before protocol 2
            continue
        for got in (decoder.decode(data), quick.decode(bytearray(data), type_)):
            assert got == value and type(got) is type(value)


def refused(data, type_=Any, error=quick.UnsafePickleError, **options):
    with pytest.raises(error) as caught:
        quick.decode(data, type_, **options)
    assert isinstance(caught.value, quire.QuireError)
    if not isinstance(caught.value, quire.ValidationError):
        assert isinstance(caught.value, pickle.UnpicklingError)
    return check_error(caught.value, None if isinstance(caught.value, quire.ValidationError) else data)


def test_the_result_is_of_the_type():
    for value, type_ in (
        ([1, "x"], list[int]),
        (Node(1), Data),
        ({1: 2}, dict[str, int]),
        ((1, 2, 3), tuple[int, int]),
        (Colour.RED, Rights),
        (None, int),
    ):
        with pytest.raises(quire.QuireError):
            quick.decode(pickle.dumps(value), type_)
    data = pickle.dumps(Data("no int", [1]))
    assert refused(data, Data, quire.ValidationError).path == "$.a"
    made = Node(1)
    made.a = "no int"
    refused(pickle.dumps(made), Node, quire.ValidationError)


def test_fields_come_and_go():
    module = __name__.encode()
    head = b"\x80\3c" + module + b"\nData\n)\x81}("
    assert quick.decode(head + b"X\1\0\0\0aK\1X\1\0\0\0b](K\1eX\4\0\0\0goneK\5ub.", Data) == Data(1, [1])
    with pytest.raises(quire.ValidationError, match="missing"):
        quick.decode(head + b"X\1\0\0\0aK\1ub.", Data)
    record = b"\x80\3cquire._core\n_restore_record\nc" + module + b"\nNode\nK\1\x86R}("
    assert quick.decode(record + b"X\1\0\0\0aK\7ub.", Node) == Node(7)
    for bad in (b"X\1\0\0\0bX\1\0\0\0xub.", b"X\1\0\0\0aK\1X\x08\0\0\0__dict__}ub."):
        with pytest.raises(quire.QuireError):
            quick.decode(record + bad, Node)


def test_names_of_before():
    data = pickle.dumps([Slotted(1), Slotted(2)], 3).replace(__name__.encode() + b"\nSlotted", b"gone.module\nOldName")
    refused(data, list[Slotted])
    assert quick.decode(data, list[Slotted], alias={"gone.module:OldName": Slotted}) == [Slotted(1), Slotted(2)]
    for bad in ({"gone.module": Slotted}, {"a:b": Pair}, {"a:b": Node}):
        with pytest.raises(TypeError):
            quick.Decoder(list[Slotted], alias=bad)


def test_refusals_say_what_and_where():
    fault = refused(b"\x80\2K\1cos\nsystem\n.")
    assert (fault.code, fault.offset) == ("unsafe_pickle", 4) and "os.system" in fault.message and "GLOBAL" in fault.message
    assert refused(b"K", error=quick.TruncatedPickleError).code == "truncated"
    assert refused(b"", error=quick.TruncatedPickleError).code == "truncated"
    assert refused(b"\xff", error=quick.MalformedPickleError).code == "malformed_pickle"
    assert refused(b"N.N.", error=quick.MalformedPickleError)


# ---------------------------------------------------------------- what must not happen

GLOBALS = [
    ("os", "system"), ("posix", "system"), ("nt", "system"), ("builtins", "eval"), ("builtins", "exec"), ("builtins", "getattr"), ("builtins", "__import__"), ("__builtin__", "eval"),
    ("builtins", "open"), ("builtins", "map"), ("builtins", "type"), ("builtins", "int.from_bytes"), ("builtins", "set.add"), ("pathlib", "os.system"), ("random", "_os.system"),
    ("quire", "sys.modules"), ("quire.pickle", "loads"), ("pickle", "loads"), ("_pickle", "Unpickler"), ("subprocess", "Popen"), ("importlib", "import_module"), ("runpy", "run_path"),
    ("operator", "attrgetter"), ("functools", "partial"), ("types", "CodeType"), ("marshal", "loads"), ("_xxsubinterpreters", "run_string"), ("logging.config", "_resolve"),
    ("code", "InteractiveInterpreter.runsource"), ("multiprocessing.reduction", "ForkingPickler.loads"), ("dataclasses", "_create_fn"), ("typing", "get_type_hints"),
    ("copyreg", "__newobj__"), ("copyreg", "add_extension"), ("_codecs", "decode"), ("codecs", "encode"), ("sys", "modules"), ("__main__", "anything"),
    ("antigravity", "x"), ("quire._core", "_pickle_typed"), ("quire._core", "_restore_record.__self__"), ("collections", "OrderedDict.update"), ("datetime", "datetime.now"),
]  # fmt: skip


def ways_to_name(module, name):
    m, n = module.encode(), name.encode()
    yield b"c" + m + b"\n" + n + b"\n."
    yield b"\x80\4\x8c" + bytes([len(m)]) + m + b"\x8c" + bytes([len(n)]) + n + b"\x93."
    yield b"c" + m + b"\n" + n + b"\n(X\1\0\0\0xtR."
    yield b"c" + m + b"\n" + n + b"\n)\x81."
    yield b"(c" + m + b"\n" + n + b"\nX\1\0\0\0xo."
    yield b"(X\1\0\0\0xi" + m + b"\n" + n + b"\n."


@pytest.mark.parametrize(
    "type_",
    [Any, list[Data] | Node | Colour | datetime.datetime | uuid.UUID | None, collections.OrderedDict[str, int]],
    ids=["any", "classes", "ordered"],
)
def test_no_other_global(type_):
    decoder, before = quick.Decoder(type_), set(sys.modules)
    for module, name in GLOBALS:
        for data in ways_to_name(module, name):
            with pytest.raises(quire.UnsafeError):
                decoder.decode(data)
    assert set(sys.modules) == before


def test_no_extension_code():
    import copyreg

    copyreg.add_extension("os", "system", 250)
    copyreg._extension_cache[250] = print
    try:
        for data in (b"\x82\xfa.", b"\x83\xfa\0.", b"\x84\xfa\0\0\0."):
            refused(data)
            assert pickle.loads(data) is print  # the standard library's does not even ask find_class
    finally:
        copyreg.remove_extension("os", "system", 250)


def test_nothing_from_outside():
    for data in (b"P1\n.", b"K\1Q.", b"\x97."):
        refused(data)


HERE = __name__.encode()
ENUM = b"c" + HERE + b"\nColour\n"


@pytest.mark.parametrize(
    ("data", "type_"),
    [
        (b"c" + HERE + b"\nData\nN}X\x08\0\0\0is_admin\x88s\x86b.", Data),  # the state of a class
        (ENUM + b"N}X\x08\0\0\0is_admin\x88s\x86b.", Colour),
        (ENUM + b"(K\1tRN}X\1\0\0\0xK\1s\x86b.", Colour),  # of a member
        (ENUM + b"(K\1tR}X\x07\0\0\0_value_K\2sb.", Colour),
        (b"]}X\6\0\0\0appendK\1sb.", list[int]), (b"}}X\1\0\0\0xK\1sb.", Any), (b"\x8f}X\1\0\0\0xK\1sb.", Any), (b"K\1}b.", Any), (b")}b.", Any),
        (b"c" + HERE + b"\nData\n)\x81}X\6\0\0\0appendcos\nsystem\nsb.", Data),
        (b"c" + HERE + b"\nData\n)\x81]a.", Data), (b"c" + HERE + b"\nData\n)\x81K\1K\2s.", Data), (b"c" + HERE + b"\nData\n)\x81(K\1\x90.", Data),
        (b"c" + HERE + b"\nData\n)\x81}b}b.", Data),  # twice
        (ENUM + b"K\1a.", Colour), (ENUM + b"K\1K\2s.", Colour), (ENUM + b"(K\1\x90.", Colour),
        (b"cbuiltins\nset\ncbuiltins\nset\n\x85R.", set[int]), (b"cbuiltins\nset\n(K\1tR.", set[int]), (b"cbuiltins\nbytearray\n(J\xff\xff\xff\x7ftR.", bytearray),
        (b"cbuiltins\nbytes\n(J\xff\xff\xff\x7ftR.", bytes), (b"cbuiltins\nint\n(X\1\0\0\0" + b"1tR.", int), (b"cbuiltins\nlist\n(tR.", list[int]), (b"cbuiltins\nobject\n)\x81.", Any),
        (b"cbuiltins\nset\n)\x81.", set[int]), (b"c_codecs\nencode\n(X\1\0\0\0aX\3\0\0\0zip" + b"tR.", bytes), (b"c" + HERE + b"\nData\n(K\1]tR.", Data), (b"c" + HERE + b"\nData\n(K\1t\x81.", Data),
        (b"c" + HERE + b"\nData\n)}X\1\0\0\0aK\1s\x92.", Data), (b"ccopyreg\n_reconstructor\n(cbuiltins\nset\ncbuiltins\nobject\nNtR.", Data),
        (b"ccopyreg\n_reconstructor\n(c" + HERE + b"\nData\ncbuiltins\nint\nK\1tR.", Data), (b"cquire._core\n_restore_record\n(c" + HERE + b"\nData\nK\1tR.", Data),
        (b"ccollections\ndefaultdict\n(c" + HERE + b"\nPair\ntR.", collections.defaultdict[str, int]), (b"ccollections\ndeque\n(cbuiltins\nset\ntR.", collections.deque[int]),
        (b"cdecimal\nDecimal\n(X\x0c\0\0\0" + b"1e9999999999tR.", decimal.Decimal), (b"cdatetime\ndatetime\n(C\x0a" + b"\xff" * 10 + b"N" + b"tR.", datetime.datetime),
        (b"c" + HERE + b"\nColour\n(K\5tR.", Colour), (b"c" + HERE + b"\nColour\n(K\1\x85tR.", Colour), (b"c" + HERE + b"\nRights\n(K\x80tR.", Rights),
    ],
    ids=repr,
)  # fmt: skip
def test_allowed_names_alone_do_no_harm(data, type_):
    with pytest.raises(quire.QuireError):  # the first time classes get their plans
        quick.decode(data, type_)
    before = {cls: dict(vars(cls)) for cls in (Data, Colour)}
    members = [dict(vars(member)) for member in Colour]
    with pytest.raises(quire.QuireError):
        quick.decode(data, type_)
    assert all(dict(vars(cls)) == known for cls, known in before.items())
    assert [dict(vars(member)) for member in Colour] == members


def test_globals_are_no_values():
    for data in (b"cbuiltins\nset\n.", b"(cbuiltins\nint\nl.", b"}Ncbuiltins\nobject\ns.", b"(cbuiltins\nset\nt."):
        refused(data)
    refused(b"}cbuiltins\nset\nNs.")
    refused(b"\x8f(cbuiltins\nset\n\x90.")


def test_circles_and_sharing():
    circle = []
    circle.append(circle)
    refused(pickle.dumps(circle), Any, quick.PickleLimitError)
    around = Data(1, [1])
    around.node = around
    with pytest.raises(quire.QuireError):
        quick.decode(pickle.dumps(around), Data)
    shared = [1, 2]
    got = quick.decode(pickle.dumps([shared, shared]), Any)
    assert got[0] is got[1]
    laughs = b"](K\1K\2e" + b"q\0000]h\0ah\0a" * 45 + b"."
    refused(laughs, Any, quick.PickleLimitError)


def test_what_is_met_often_counts_each_time():
    for part in (
        b"\x8f(" + b"".join(b"M%c%c" % (n % 256, n // 256) for n in range(3000)) + b"\x90",
        b"}(" + b"K\1" * 3000 + b"tNs",
        b"X\0\0\4\0" + b"x" * (1 << 18),
    ):
        refused(b"(" + part + b"q\0" + b"h\0" * 3000 + b"l.", Any, quick.PickleLimitError)


def test_records_are_hashed_when_they_were_checked():
    data = b"}cquire._core\n_restore_record\nc" + HERE + b"\nNode\nK\1\x86RNs."
    refused(data, list[Node] | None)


def test_a_state_that_changes_later_is_weighed_as_it_was():
    bomb = b"](K\1K\2e" + b"q\0000]h\0ah\0a" * 45
    data = b"c" + HERE + b"\nData\n)\x81q\2}q\1X\1\0\0\0aK\1sX\1\0\0\0b" + bomb + b"sb0h\1X\1\0\0\0b]s0h\2."
    refused(data, Data, quick.PickleLimitError)


# ---------------------------------------------------------------- what must not take for ever

ATTACKS = """
    import os, pickle, resource, signal, sys, tempfile
    os.chdir(tempfile.mkdtemp())
    if "QUIRE_SANITIZED" not in os.environ:
        resource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    attack = sys.argv[1]
    if attack != "ours":
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.4)  # kills: what takes so long takes for ever
    P = (1 << 61) - 1

    def number(n):
        return pickle.dumps(n, 2)[2:-1]

    attacks = {
        "runs": b"cos\\nsystem\\n(X\\x0a\\0\\0\\0touch donetR.",
        "imports": b"cantigravity_of_no_one\\nx\\n.",
        "hash": b"}(K\\1K\\2\\x86q\\0" + b"h\\0\\x86q\\0" * 45 + b"Nu.",
        "deep key": b"})" + b"\\x85" * 2_000_000 + b"Ns.",
        "colliding": b"}(" + b"".join(number(i * P) + b"N" for i in range(1, 60_000)) + b"u.",
        "memo": b"Nr\\xff\\xff\\xff\\x1f.",
        "memo as text": b"Np1000000000000\\n.",
        "length": b"\\x96\\0\\0\\0\\0\\2\\0\\0\\0abc.",
        "bytes length": b"\\x8e\\0\\0\\0\\0\\2\\0\\0\\0abc.",
    }
    if attack != "ours":
        try:
            pickle.loads(attacks[attack])
        except (MemoryError, ModuleNotFoundError):
            sys.exit(3)
        sys.exit(3 if os.path.exists("done") else 0)
    import quire
    import quire.pickle as quick
    from typing import Any
    quick.decode(b"N.", Any)
    before = set(sys.modules)
    for name, data in attacks.items():
        try:
            quick.decode(data, Any)
        except quire.QuireError as error:
            assert isinstance(error, pickle.UnpicklingError), name
        else:
            assert name.startswith("memo"), name
        assert set(sys.modules) == before and not os.listdir("."), name
    """


@pytest.mark.parametrize(
    "attack", ["runs", "imports", "hash", "deep key", "colliding", "memo", "memo as text", "length", "bytes length"]
)
def test_attacks_are_live(attack):
    if "QUIRE_SANITIZED" in os.environ:
        pytest.skip("the sanitizers leave no way to limit memory")
    assert run_alone(ATTACKS, attack).returncode != 0


def test_attacks():
    ours = run_alone(ATTACKS, "ours")
    assert ours.returncode == 0, ours.stderr


def test_limits():
    for data, limits in [
        (pickle.dumps([[[[1]]]]), Limits(depth=3)), (pickle.dumps([1] * 10), Limits(items=9)), (pickle.dumps("abcdef"), Limits(str_bytes=5)),
        (pickle.dumps(10**100), Limits(int_digits=50)), (pickle.dumps(10**100, 0), Limits(int_digits=20)), (pickle.dumps([1, 2, 3]), Limits(bytes=10)),
    ]:  # fmt: skip
        with pytest.raises(quire.QuireError):
            quick.decode(data, Any, limits=limits)
    refused(b")" + b"\x85" * 100_000 + b".", Any, quick.PickleLimitError)
    refused(b"})" + b"\x85" * 100 + b"Ns.", Any, quick.PickleLimitError)


# ---------------------------------------------------------------- and whatever else


def test_every_truncation_and_change():
    values = [(Data(1, [2], Node(3)), Data), (Slotted(1), Slotted), ([uuid.UUID(int=1), uuid.UUID(int=2)], list[uuid.UUID])]
    for value, type_ in values:
        decoder = quick.Decoder(type_)
        for protocol in (2, 5):
            data = pickle.dumps(value, protocol)
            for n in range(len(data)):
                for changed in (data[:n], *(data[:n] + bytes([byte]) + data[n + 1 :] for byte in range(n % 13, 256, 13))):
                    try:
                        decoder.decode(changed)
                    except quire.QuireError:
                        pass


def test_nothing_is_left():
    decoder = quick.Decoder(Data)
    data = pickle.dumps(Data(1, [2], Node(3)))
    bad = [data[:-5], b"c" + HERE + b"\nData\n)\x81K\1b.", b"cos\nsystem\n.", b"}(K\1\x85NK\2\x85Nu.", b"](](]l."]

    def work():
        assert decoder.decode(data).node.a == 3
        for other in bad:
            with pytest.raises(quire.QuireError):
                decoder.decode(other)

    leaves_nothing(work)


@pytest.mark.parametrize("name", CASES)
def test_what_encode_writes(name):
    case = CASES[name]
    for value in case.values:
        assert same(quick.decode(quick.encode(value), case.type), value)
    for kind, cls in holders(case.type).items():
        for value, other in zip(case.values, case.values[1:] + case.values[:1]):
            held = cls(one=value, many=[other, value], maybe=None)
            data = quick.encode(held)
            assert same(quick.decode(data, cls), held), kind
            assert same(pickle.loads(data), quire.to_builtins(held)), kind


def test_encode_names_nothing_and_says_where():
    data = quick.encode([Data(1, [2], Node(3)), Colour.RED, datetime.date(2024, 2, 29)])
    assert not [op for op, *_ in pickletools.genops(data) if "GLOBAL" in op.name or op.name == "REDUCE"]
    assert pickle.loads(data) == [{"a": 1, "b": [2], "node": {"a": 3, "b": "b", "below": None}}, 1, "2024-02-29"]
    assert quick.decode(quick.encode({"a": 1}), Slotted) == Slotted(1)
    with pytest.raises(quire.EncodeError) as caught:
        quick.encode([Data(1, [object()])])
    assert check_error(caught.value).pointer == "/0/b/0"
