# SPDX-License-Identifier: Apache-2.0
"""quire.pickle reads from a file what it needs and not a byte more; Unpickler and what may be put in place of its parts."""

import io
import pickle

import pytest
from conftest import leaves_nothing
from unpickle_samples import CONTAINERS, OBJECTS, Plain

import quire.pickle as quick


class Bare:
    """A file with as little as there may be, and notes of what was asked."""

    def __init__(self, data):
        self.file = io.BytesIO(data)
        self.asked = []

    def read(self, n):
        self.asked.append(n)
        return self.file.read(n)

    def readline(self):
        return self.file.readline()


class WithReadinto(Bare):
    def readinto(self, to):
        return self.file.readinto(to)


class WithPeek(Bare):
    """Shows only some of what comes next."""

    def __init__(self, data, shown=7):
        super().__init__(data)
        self.shown = shown

    def peek(self, n):
        at = self.file.tell()
        data = self.file.read(min(n, self.shown))
        self.file.seek(at)
        return data


class WithoutPeek(Bare):
    def peek(self, n):
        raise NotImplementedError


def buffered(data):
    return io.BufferedReader(io.BytesIO(data), 16)


FILES = [
    io.BytesIO,
    Bare,
    WithReadinto,
    WithPeek,
    lambda data: WithPeek(data, 0),
    lambda data: WithPeek(data, 1000),
    WithoutPeek,
    buffered,
]


def tell(file):
    return getattr(file, "file", file).tell()


@pytest.mark.parametrize("make", FILES)
@pytest.mark.parametrize("protocol", range(6))
def test_several_in_one_file(make, protocol):
    values = [1, "ab", [b"x" * 300, {"a": (1, 2)}], Plain(a=1), list(range(3000)), b"y" * 100_000, None]
    pickles = [pickle.dumps(value, protocol) for value in values]
    file, unpicklers = make(b"".join(pickles) + b"rest"), 0
    for i, value in enumerate(values):
        assert quick.load(file) == value
        unpicklers += len(pickles[i])
        assert tell(file) == unpicklers
    assert file.read(10) == b"rest"
    unpickler = quick.Unpickler(make(b"".join(pickles)))
    for value in values:
        assert unpickler.load() == value
    with pytest.raises(EOFError):
        unpickler.load()


def test_a_real_file(tmp_path):
    path = tmp_path / "values.pickle"
    values = [*CONTAINERS, *OBJECTS]
    path.write_bytes(b"".join(pickle.dumps(value) for value in values))
    for buffering in (0, 16, -1):
        with path.open("rb", buffering=buffering) as file:
            for value in values:
                assert pickle.dumps(quick.load(file)) == pickle.dumps(pickle.loads(pickle.dumps(value)))


def test_no_more_than_the_standard_one_asks_for():
    for value in ([1, "ab", 2.5, "x" * 1000, b"y" * 300], Plain(a=1, b=["c"])):
        for protocol in range(6):
            data = pickle.dumps(value, protocol)
            ours, theirs = Bare(data), Bare(data)
            quick.load(ours), pickle.load(theirs)
            assert sum(ours.asked) == sum(theirs.asked) and max(ours.asked) <= max(theirs.asked)


@pytest.mark.parametrize("make", FILES)
def test_cut_off_anywhere(make):
    for protocol in range(6):
        data = pickle.dumps([1, 300, 70000, "ab", "\xe9" * 10, b"abc", 2.5, 2**70, {"k": (1, 2)}, bytearray(b"z")], protocol)
        for n in range(len(data)):
            with pytest.raises((EOFError, pickle.UnpicklingError)):
                quick.load(make(data[:n]))


@pytest.mark.parametrize("make", FILES)
def test_declared_lengths_are_not_believed(make):
    for head in (b"B\xff\xff\xff\x7f", b"\x8e\0\0\0\0\0\1\0\0", b"\x96\0\0\0\0\0\1\0\0", b"X\xff\xff\xff\xff", b"\x8d\0\0\0\0\0\1\0\0", b"T\xff\xff\xff\x7f",
                 b"\x8b\xff\xff\xff\x7f", b"\x95\0\0\0\0\0\1\0\0"):  # fmt: skip
        with pytest.raises(pickle.UnpicklingError):
            quick.load(make(head + b"abc"))
        with pytest.raises(pickle.UnpicklingError):
            quick.loads(head + b"abc")
    for head in (b"\x8e", b"\x96", b"\x8d", b"\x95"):
        with pytest.raises(OverflowError):
            quick.load(make(head + b"\xff" * 8 + b"abc"))
        with pytest.raises(OverflowError):
            quick.loads(head + b"\xff" * 8 + b"abc")


def test_long_bytes_come_in_pieces():
    data = bytes(range(256)) * 20_000
    for value in (data, bytearray(data), "\xe9" * 2_500_000):
        for make in (Bare, WithReadinto, buffered):
            assert quick.load(make(pickle.dumps(value, 5))) == value


def test_files_that_are_none():
    class Odd(Bare):
        given = None

        def read(self, n):
            return self.given

        readline = readinto = peek = None

    for value, error in ((None, TypeError), ("text", TypeError), (5, TypeError), (b"", EOFError)):
        file = Odd(b"")
        file.given, file.readline = value, lambda: b""
        del Odd.readinto, Odd.peek
        with pytest.raises(error):
            quick.load(file)
        Odd.readinto = Odd.peek = None

    class Fails(Bare):
        def read(self, n):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        quick.load(Fails(b"N."))

    class KeepsTheView(Bare):
        def readinto(self, to):
            self.view = to
            self.other = memoryview(to)
            return self.file.readinto(to)

    file = KeepsTheView(b"B\x05\0\0\0abcde.")
    with pytest.raises(BufferError):
        quick.load(file)
    assert bytes(file.other) == b"abcde"
    file = KeepsTheView(b"\x96\x05\0\0\0\0\0\0\0abcde.")
    got = quick.load(file)
    with pytest.raises(BufferError):
        got.append(1)
    assert got == file.other == b"abcde"

    class KeepsIt(Bare):
        def readinto(self, to):
            self.view = to
            return self.file.readinto(to)

    file = KeepsIt(b"B\x05\0\0\0abcde.")
    assert quick.load(file) == b"abcde"
    with pytest.raises(ValueError, match="released"):
        bytes(file.view)

    class KeepsAnother(Bare):
        def readinto(self, to):
            self.other = memoryview(to)
            to.release()
            return 5

    with pytest.raises(BufferError):
        quick.load(KeepsAnother(b"B\x05\0\0\0abcde."))

    class Releases(Bare):
        def readinto(self, to):
            count = self.file.readinto(to)
            to.release()
            return count

    for data in (b"B\x05\0\0\0abcde.", b"\x96\x05\0\0\0\0\0\0\0abcde."):
        assert quick.load(Releases(data)) == b"abcde"

    class Lies(Bare):
        def readinto(self, to):
            return 10**9 if self.lie else -1

    for lie in (True, False):
        file = Lies(b"B\x05\0\0\0abcde.")
        file.lie = lie
        try:
            quick.load(file)
        except (EOFError, pickle.UnpicklingError):
            pass


# ---------------------------------------------------------------- Unpickler


def test_its_memo_stays():
    first, second = pickle.dumps(["a" * 30], 4), b"h\0h\1\x86."
    unpickler = quick.Unpickler(io.BytesIO(first + second))
    value = unpickler.load()
    got = unpickler.load()
    assert got[0] is value or got[1] is value[0] or got[0] is value[0]
    copy = unpickler.memo.copy()
    assert copy[0] is value and unpickler.memo.__reduce__() == (dict, (copy,))
    unpickler.memo.clear()
    assert unpickler.memo.copy() == {}
    unpickler.memo = {5: "five", 10**12: "far"}
    assert unpickler.memo.copy() == {5: "five", 10**12: "far"}
    other = quick.Unpickler(io.BytesIO(b"h\5g1000000000000\n\x86."))
    other.memo = unpickler.memo
    unpickler.memo.clear()
    assert other.load() == ("five", "far")
    for bad, error in ((5, TypeError), ({"a": 1}, TypeError), ({-1: 1}, ValueError), ({10**30: 1}, OverflowError)):
        with pytest.raises(error):
            other.memo = bad
    with pytest.raises(TypeError):
        del other.memo
    with pytest.raises(TypeError):
        hash(other.memo)
    assert other.memo.copy() == {5: "five", 10**12: "far"}


def test_persistent_load():
    class Persistent(quick.Unpickler):
        def persistent_load(self, pid):
            return ("object", pid)

    for data, pid in ((b"Pabc\n.", "abc"), (b"K\5Q.", 5), (b"P\n.", "")):
        assert Persistent(io.BytesIO(data)).load() == ("object", pid)
        unpickler = quick.Unpickler(io.BytesIO(data))
        unpickler.persistent_load = lambda pid: [pid]
        assert unpickler.load() == [pid] and unpickler.persistent_load(1) == [1]
        with pytest.raises(pickle.UnpicklingError, match="persistent"):
            quick.loads(data)
    with pytest.raises(pickle.UnpicklingError, match="ASCII"):
        Persistent(io.BytesIO(b"P\xe9\n.")).load()
    with pytest.raises(pickle.UnpicklingError):
        Persistent(io.BytesIO(b"Q.")).load()


def test_find_class():
    class Finds(quick.Unpickler):
        def find_class(self, module, name):
            return f"{module}.{name}" if module != "builtins" else super().find_class(module, name)

    for data in (b"ca\nb\n.", b"\x80\4\x8c\1a\x8c\1b\x93."):
        assert Finds(io.BytesIO(data)).load() == "a.b"
    assert Finds(io.BytesIO(b"\x80\3cbuiltins\nint\n.")).load() is int

    class Plainly(quick.Unpickler):
        pass

    unpickler = Plainly(io.BytesIO(b"ca\nb\n."))
    unpickler.find_class = lambda module, name: (module, name)
    assert unpickler.load() == ("a", "b")
    assert quick.Unpickler(io.BytesIO(b"")).find_class("builtins", "int") is int
    with pytest.raises(TypeError):
        quick.Unpickler(io.BytesIO(b"")).find_class("builtins")


def test_not_initialised():
    class Forgets(quick.Unpickler):
        def __init__(self):
            pass

    with pytest.raises(pickle.UnpicklingError, match="__init__"):
        Forgets().load()
    with pytest.raises(pickle.UnpicklingError, match="__init__"):
        quick.Unpickler.__new__(quick.Unpickler).load()
    unpickler = quick.Unpickler(io.BytesIO(b"K\1."))
    with pytest.raises(TypeError):
        unpickler.__init__(5)
    with pytest.raises(pickle.UnpicklingError, match="__init__"):
        unpickler.load()
    unpickler.__init__(io.BytesIO(b"K\2."))
    assert unpickler.load() == 2


def test_loading_within_loading():
    class Nests(quick.Unpickler):
        depth = 0

        def persistent_load(self, pid):
            if pid == "load":
                return self.load()
            if pid == "clear":
                self.memo.clear()
            if pid == "again":
                self.__init__(io.BytesIO(b"K\1."))
            return pid

    for make in FILES:
        assert Nests(make(b"(K\1Pload\n(K\2K\3l.K\4l.")).load() == [1, [2, 3], 4]
    with pytest.raises(pickle.UnpicklingError):
        Nests(io.BytesIO(b"]q\0(Pclear\nh\0e.")).load()
    assert Nests(io.BytesIO(b"]q\0(Pagain\nh\0e.")).load() == 1


def test_the_file_changes_the_unpickler():
    """What the file's methods do to the one that calls them."""
    for act in (
        lambda u: u.__init__(io.BytesIO(b"K\1K\2K\3.")),
        lambda u: u.memo.clear(),
        lambda u: u.load(),
    ):
        for data in (
            b"\x80\4]\x94(K\1K\2e.",
            b"X\x05\0\0\0abcde.",
            b"B\x05\0\0\0abcde.",
            b"I5\n.",
            b"cos\npath\n.",
            b"\x95\x08\0\0\0\0\0\0\0K\1K\2\x86.",
        ):

            class Acts(WithReadinto):
                def act(self):
                    self.turn -= 1
                    if self.turn == 0:
                        self.what(self.unpickler)

                def read(self, n):
                    self.act()
                    return super().read(n)

                def readline(self):
                    self.act()
                    return super().readline()

                def readinto(self, to):
                    self.act()
                    return super().readinto(to)

            for turn in range(1, 8):
                file = Acts(data)
                file.turn, file.what = turn, act
                file.unpickler = quick.Unpickler(file)
                try:
                    file.unpickler.load()
                except (EOFError, pickle.UnpicklingError, ValueError, TypeError):
                    pass


def test_circles_through_an_unpickler_are_collected():
    class Persistent(quick.Unpickler):
        pass

    def work():
        unpickler = Persistent(io.BytesIO(pickle.dumps([1, 2])))
        unpickler.persistent_load = lambda pid: unpickler
        unpickler.load()
        unpickler.memo = {0: unpickler}

    leaves_nothing(work)


def test_nothing_is_left():
    whole = [pickle.dumps(value) for value in (*CONTAINERS[:14], *CONTAINERS[17:], *OBJECTS[:8])]
    cut = [data[: len(data) // 2] for data in whole]
    bad = [*cut, b"(K\1K\2K\3", b"K\1q\5h\6.", b"}(X\1\0\0\0aK\1X\1\0\0\0aK\2u", b"cos\nnope\n."]

    def work():
        for data in whole + bad:
            for load in (quick.loads, lambda data: quick.load(io.BytesIO(data))):
                try:
                    load(data)
                except (EOFError, pickle.UnpicklingError, AttributeError):
                    pass

    leaves_nothing(work)
