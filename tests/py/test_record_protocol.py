# SPDX-License-Identifier: Apache-2.0
"""Protocols among the bases of records."""

import subprocess
import sys
import textwrap
from typing import Generic, Protocol, TypeVar, runtime_checkable

import pytest

import quire
from quire import Record

T = TypeVar("T")


@runtime_checkable
class Sized(Protocol):
    __slots__ = ()

    width: int

    def area(self) -> int: ...

    def double(self) -> int:
        return 2 * self.area()


class Holder(Protocol[T]):
    __slots__ = ()

    item: T


@pytest.mark.parametrize("turned", [False, True])
def test_a_protocol_is_a_base(fmt, turned):
    bases = (Sized, Record) if turned else (Record, Sized)

    def area(self):
        return self.width**2

    space = {"__annotations__": {"width": int, "name": str}, "name": "n", "area": area, "__module__": __name__}
    cls = quire.RecordMeta("Square", bases, space, frozen=True)
    made = cls(3)
    assert made == cls(3) and hash(made) == hash(cls(3)) and made.double() == 18 and repr(made) == "Square(width=3, name='n')"
    assert isinstance(made, Sized) and isinstance(made, cls) and not isinstance(3, cls) and issubclass(cls, Record)
    assert fmt.decode(fmt.encode(made), cls) == made and cls.__basicsize__ == 32
    with pytest.raises(TypeError, match="missing 1 required argument"):
        cls()


def test_generic_protocols_and_others(fmt):
    class Box(Record, Holder[T], Generic[T]):
        item: T

    class Other(Record):
        width: int

        def area(self):
            return 1

        def double(self):
            return 2

    assert fmt.decode(fmt.dumps({"item": 3}), Box[int]).item == 3
    assert fmt.refuses(fmt.dumps({"item": "x"}), Box[int]).path == "$.item"
    assert isinstance(Other(1), Sized) and not isinstance(Box(1), Sized)
    with pytest.raises(TypeError, match="Wrong: a Record is no protocol, but may inherit from one"):

        class Wrong(Record, Protocol):
            x: int


def test_methods_of_a_protocol_stay_abstract():
    import abc

    class Abstract(Protocol):
        __slots__ = ()

        @abc.abstractmethod
        def area(self): ...

    class Unfinished(Record, Abstract):
        x: int

    with pytest.raises(TypeError, match="abstract"):
        Unfinished(1)


@pytest.mark.parametrize(
    "order",
    [
        ("import typing", "import quire"),
        ("import quire", "import typing", "class First(quire.Record): pass"),
        ("import quire", "class First(quire.Record): pass", "import typing", "class Second(First): pass"),
    ],
)
def test_typing_may_be_loaded_before_or_after(order):
    text = textwrap.dedent("""
        class Proto(typing.Protocol):
            __slots__ = ()
            x: int
        class Made(quire.Record, Proto):
            x: int
        assert quire.json.encode(Made(1)) == b'{"x":1}'
        class Plain(quire.Record):
            y: int
        assert isinstance(Plain(1), Plain) and not isinstance(Plain(1), Made)
    """)
    start = "import sys\nassert 'typing' not in sys.modules\n"
    run = subprocess.run([sys.executable, "-S", "-c", "import sys\nsys.path[:] = " + repr(sys.path) + "\n" + start + "\n".join(order) + text],
                         capture_output=True, text=True, timeout=60)  # fmt: skip
    assert run.returncode == 0, run.stderr
