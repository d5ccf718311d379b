# SPDX-License-Identifier: Apache-2.0
"""What a type lets pickles construct is found out once, lives no longer than the type, and is never mixed up. Random pickles against typed loads."""

import dataclasses
import datetime
import gc
import pickle
import random
import subprocess
import sys
import weakref
from typing import Any

import pytest

import quire
import quire.pickle as quick
from quire import Record


@dataclasses.dataclass
class Point:
    x: int
    y: str = "y"


class Node(Record, tag=True):
    x: Any
    below: "Node | None" = None


def test_nothing_of_a_class_stays():
    def make():
        @dataclasses.dataclass
        class Passing:
            x: int

        Passing.__qualname__ = "Passing"
        globals()["Passing"] = Passing
        assert quick.decode(pickle.dumps(Passing(1)), Passing) == quick.decode(quick.encode(Passing(1)), Passing) == Passing(1)
        del globals()["Passing"]
        return weakref.ref(Passing)

    gone = [make() for _ in range(3)]
    gc.collect()
    assert not [ref for ref in gone if ref() is not None]


def test_names_of_before_are_of_one_decoder():
    data = pickle.dumps([Point(1)]).replace(b"Point", b"Paint")
    for _ in range(2):
        with pytest.raises(quick.UnsafePickleError):
            quick.decode(data, list[Point])
        assert quick.decode(data, list[Point], alias={f"{__name__}:Paint": Point}) == [Point(1)]


def test_adapters_have_policies_of_their_own():
    adapters = quire.Adapters().add(Point, quire.Adapter(wire=int, encode=lambda point: point.x, decode=Point))
    for _ in range(2):
        assert quick.decode(quick.encode(Point(3), adapters=adapters), Point, adapters=adapters) == Point(3)
        assert quick.decode(pickle.dumps(Point(4)), Point) == Point(4)


def test_zones_that_come_later():
    code = """
        import datetime, pickle, sys
        import quire.pickle as quick
        now = datetime.datetime(2024, 1, 1)
        assert quick.decode(pickle.dumps(now), datetime.datetime) == now and "zoneinfo" not in sys.modules
        import zoneinfo
        now = datetime.datetime(2024, 1, 1, tzinfo=zoneinfo.ZoneInfo("UTC"))
        assert quick.decode(pickle.dumps(now), datetime.datetime) == now
    """
    import textwrap

    subprocess.run([sys.executable, "-c", textwrap.dedent(code)], check=True)


# ---------------------------------------------------------------- random pickles


TYPES = (
    Any,
    list[Point],
    Node,
    dict[str, Point | Node],
    set[int | str],
    tuple[bytes, datetime.datetime] | None,
    list[frozenset[tuple[int, str]]],
)
ARGUMENTS = (
    b"\x00", b"\x01", b"\x02x", b"\x04\x00\x00\x00Node", b"\x05Point", b"1\n", b"'x'\n", b"\x03\x00\x00\x00abc", b"\xff\xff\xff\x7f", b"\x00" * 8, b"",
    __name__.encode() + b"\nPoint\n", b"quire._core\n_restore_record\n", b"builtins\nset\n", b"datetime\ndatetime\n",
)  # fmt: skip
OPCODES = bytes(ord(value) for name, value in vars(pickle).items() if name.isupper() and type(value) is bytes and len(value) == 1)


def programs(choose):
    """Opcodes in any order, and real pickles of which a few bytes were changed, taken out or put in."""
    values = (
        [Point(1), Point(2, "z")],
        Node(1, Node("x")),
        {"a": Node([1])},
        {1, "x"},
        (b"x", datetime.datetime(2024, 1, 1)),
        [frozenset([(1, "a")])],
    )
    typed = [(i, pickle.dumps(value, protocol)) for i, value in enumerate(values, 1) for protocol in (0, 2, 4, 5)]
    typed += [(1, quick.encode(values[0])), (2, quick.encode(Node({"k": [1, 2.5, None, b"x"]})))]
    samples = [data for _, data in typed]
    for _ in range(4000):
        i, data = choose.choice(typed)
        data = bytearray(data)
        for _ in range(choose.randrange(3)):
            at = choose.randrange(len(data) + 1)
            match choose.randrange(4):
                case 0:
                    data[at : at + 1] = bytes([choose.choice(OPCODES)])
                case 1:
                    del data[at : at + choose.randrange(1, 9)]
                case 2:
                    data[at:at] = bytes([choose.choice(OPCODES)]) + choose.choice(ARGUMENTS)
                case 3:
                    other = choose.choice(samples)
                    start = choose.randrange(len(other))
                    data[at:at] = other[start : start + choose.randrange(30)]
        yield i if choose.randrange(8) else 0, bytes(data)
    for _ in range(4000):
        yield (
            choose.randrange(len(TYPES)),
            b"".join(bytes([choose.choice(OPCODES)]) + choose.choice(ARGUMENTS) for _ in range(choose.randrange(1, 20))) + b".",
        )


def test_any_bytes_at_all():
    decoders = [quick.Decoder(type_, limits=quire.Limits(depth=50)) for type_ in TYPES]
    encoders = [quick.Encoder(type_) for type_ in TYPES]
    before = set(sys.modules)
    choose = random.Random(11)
    loaded = 0
    for i, data in programs(choose):
        try:
            value = decoders[i].decode(data)
        except quire.QuireError as error:
            assert error.errors
            continue
        loaded += 1
        try:
            written = encoders[i].encode(value)
        except quire.EncodeError:
            continue
        again = decoders[i].decode(written)
        assert repr(again) == repr(value) or i == 0 or isinstance(value, (set, list)), (TYPES[i], data)
    assert loaded > 300 and set(sys.modules) == before
