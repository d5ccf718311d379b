# SPDX-License-Identifier: Apache-2.0
"""Objects to pickle, and what the tests of loading share."""

import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import pickle
import pickletools
import uuid


class Plain:
    def __init__(self, **state):
        self.__dict__.update(state)

    def __eq__(self, other):
        return type(self) is type(other) and self.__dict__ == other.__dict__

    __hash__ = None


class Slotted:
    __slots__ = ("a", "b")

    def __init__(self, a, b):
        self.a, self.b = a, b

    def __eq__(self, other):
        return type(self) is type(other) and (self.a, self.b) == (other.a, other.b)

    __hash__ = None


class SlottedBelow(Slotted):
    """Slots and a __dict__."""


@dataclasses.dataclass
class Data:
    a: int
    b: str = "b"


@dataclasses.dataclass(slots=True)
class SlottedData:
    a: int
    b: str = "b"


@dataclasses.dataclass(slots=True, frozen=True)
class FrozenData:
    a: int
    b: str = "b"


class WithState:
    def __init__(self, n):
        self.n = n

    def __getstate__(self):
        return self.n

    def __setstate__(self, n):
        self.n = n

    def __eq__(self, other):
        return self.n == other.n

    __hash__ = None


class Colour(enum.Enum):
    RED = 1


class Point(collections.namedtuple("Point", "x y")):
    __slots__ = ()


class SubList(list):
    """Takes items with extend."""


class SubDict(dict):
    """Takes items one by one."""


class NewWithNames(int):
    def __new__(cls, value=0, *, base=10):
        return super().__new__(cls, value)

    def __getnewargs_ex__(self):
        return (int(self),), {"base": 10}


ATOMS = [
    None, True, False, 0, 1, -1, 255, 256, 65535, 65536, -(2**31), 2**31, 2**40, 2**63, -(2**63), 2**64, -(10**60), 1.5, -0.0, float("inf"),
    "", "a", "abc", "\xe9", "\u65e5\u672c", "\U0001f600", "\ud800", "x" * 300, "\\ \n\r\0'\"", b"", b"x", b"\xff" * 300, bytearray(b"xyz"), 1j,
]  # fmt: skip
CONTAINERS = [
    [], [1], [1, [2, [3]]], (), (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), {}, {1: 2}, {"a": 1, "b": [2]}, set(), {1, "2"}, frozenset([(1, 2)]),
    list(range(2500)), {i: str(i) for i in range(2500)}, {str(i): i for i in range(2500)}, [{"k": i, "l": [i]} for i in range(20)], [{str(i): i} for i in range(20)],
    collections.OrderedDict(a=1), collections.deque([1, 2], 5), collections.Counter("abca"), collections.defaultdict(list, {1: [2]}),
]  # fmt: skip
OBJECTS = [
    Plain(), Plain(a=1, b=[2]), [Plain(a=i, b=str(i)) for i in range(20)], [Plain(**{f"x{i}": i}) for i in range(40)], Plain(**{f"y{i}": i for i in range(40)}),
    [Data(i, str(i)) for i in range(20)], Data([Data(1)]), WithState(3), Colour.RED, [Colour.RED] * 3, Point(1, 2), SubList([1, 2]), SubDict(a=1),
    int, len, Plain, datetime.datetime(2024, 2, 29, 12, tzinfo=datetime.UTC), datetime.timedelta(1), decimal.Decimal("1.50"), fractions.Fraction(1, 3),
    uuid.UUID(int=5), range(3), slice(1, 2), Exception("x", 1), NotImplemented, ...,
]  # fmt: skip
SLOTTED = [
    Slotted(1, [2]), [Slotted(i, str(i)) for i in range(20)], SlottedData(1), [SlottedData(i, [i]) for i in range(20)], FrozenData(1),
    [FrozenData(i) for i in range(5)], NewWithNames(7), SlottedBelow(1, 2),
]  # fmt: skip


def pickles():
    """Every sample in every protocol that holds it."""
    for protocol in range(6):
        for value in ATOMS + CONTAINERS + OBJECTS + (SLOTTED if protocol >= 2 else []):
            yield value, pickle.dumps(value, protocol)


def without_puts():
    """A small corpus to damage: without opcodes that put a number in the memo, which the standard library takes for a length."""
    values = [
        [1, "ab", 2.5, None, True, (1, 2), (3,), {"k": [300, 70000], "\xe9": b"x"}, 2**70, {1}, frozenset([2]), bytearray(b"yz")],
        [Plain(a=1, b="c"), Data(1), Slotted(1, 2)],
        [Colour.RED, datetime.date(2024, 2, 29), collections.OrderedDict(a=1), NewWithNames(3)],
    ]
    for value in values:
        for protocol in (0, 1, 2, 3, 4, 5):
            if protocol >= 2 or value is values[0]:
                yield pickletools.optimize(pickle.dumps(value, protocol))


def outcome(loads, data, **options):
    """The class of what it raises, or None, and the value."""
    try:
        return None, loads(data, **options)
    except RecursionError:
        return RecursionError, None
    except Exception as error:
        return type(error), None
