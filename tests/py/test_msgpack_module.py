# SPDX-License-Identifier: Apache-2.0
"""quire.msgpack as a module that takes the place of msgpack: its names, its exceptions with and without that package, ExtType
and Timestamp; and memory that fails."""

import copy
import datetime as dt
import inspect
import pickle
import shutil
import subprocess
import sys
import textwrap
from pathlib import Path

import failing_memory
import msgpack
import msgpack.exceptions
import msgpack.ext
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgpack_oracle import EPOCH, described, outcome

import quire
import quire._core
import quire.msgpack as q


def test_every_public_name_is_there():
    for ours, theirs in ((q, msgpack), (q.exceptions, msgpack.exceptions), (q.ext, msgpack.ext)):
        wanted = {name for name in vars(theirs) if not name.startswith("_") and not inspect.ismodule(getattr(theirs, name))}
        assert wanted - {"namedtuple"} <= set(dir(ours))
    assert q.version[:2] == msgpack.version[:2] == (1, 2)
    assert (q.loads, q.load, q.dumps, q.dump) == (q.unpackb, q.unpack, q.packb, q.pack)
    for name in q.__all__:
        assert getattr(q, name) is not None
    for cls, name in ((q.Packer, "Packer"), (q.Unpacker, "Unpacker")):
        wanted = {member for member in dir(getattr(msgpack, name)) if not member.startswith("_")}
        assert wanted <= set(dir(cls))
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        q.nothing  # noqa: B018


def test_keywords_are_those_of_the_package():
    theirs = inspect.signature(msgpack.unpackb).parameters
    ours = inspect.signature(q.unpackb).parameters
    assert set(ours) == set(theirs)
    for name, parameter in ours.items():
        assert parameter.kind == theirs[name].kind or name == "packed"
        assert name == "ext_hook" or parameter.default == theirs[name].default


def test_exceptions_are_the_package_s():
    for name in vars(msgpack.exceptions):
        if not name.startswith("_"):
            assert getattr(q, name) is getattr(q.exceptions, name) is getattr(msgpack.exceptions, name)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """quire where there is no msgpack."""
    root = tmp_path_factory.mktemp("alone")
    shutil.copytree(Path(quire.__file__).parent, root / "quire", ignore=shutil.ignore_patterns("__pycache__", "_core.*"))
    shutil.copy(quire._core.__file__, root / "quire")
    return root


def run_alone(folder, code, *more):
    head = f"import sys; sys.path[:0] = {[str(path) for path in (*more, folder)]!r}\n"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", head + textwrap.dedent(code)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


ALONE = """
    import quire.msgpack as q
    from quire.msgpack import FormatError, OutOfData
    from quire.msgpack.exceptions import *
    from quire.msgpack import exceptions as e
    assert e.UnpackException.__module__ == "quire.msgpack.exceptions"
    assert e.FormatError.__bases__ == e.StackError.__bases__ == (ValueError, e.UnpackException)
    assert e.BufferFull.__bases__ == e.OutOfData.__bases__ == (e.UnpackException,)
    assert e.ExtraData.__bases__ == (ValueError,) and e.UnpackException.__bases__ == (Exception,)
    assert e.UnpackValueError is e.PackValueError is ValueError and e.PackException is Exception and e.PackOverflowError is OverflowError
    def fails(error, call, *args, **kwargs):
        try:
            call(*args, **kwargs)
        except error as caught:
            assert type(caught) is error
            return caught
        raise AssertionError(error)
    fails(e.FormatError, q.unpackb, b"\\xc1")
    fails(e.StackError, q.unpackb, b"\\x91" * 2000)
    fails(e.OutOfData, q.Unpacker().unpack)
    fails(e.BufferFull, q.Unpacker(max_buffer_size=1).feed, b"12")
    extra = fails(e.ExtraData, q.unpackb, b"\\x01\\x02")
    assert (extra.unpacked, extra.extra, str(extra), extra.args) == (1, b"\\x02", "unpack(b) received extra data.", (1, b"\\x02"))
    assert q.unpackb(q.packb([q.ExtType(1, b"a"), q.Timestamp(1, 2)])) == [q.ExtType(1, b"a"), q.Timestamp(1, 2)]
    assert "msgpack" not in sys.modules or sys.modules["msgpack"] is MODULE
    print("done")
"""


def test_without_the_package(folder):
    assert run_alone(folder, ALONE) == ["done"]


def test_under_the_package_s_name(folder):
    code = """
        import quire.msgpack
        MODULE = sys.modules["msgpack"] = quire.msgpack
        import msgpack
        assert msgpack.packb(1) == b"\\x01"
    """
    assert run_alone(folder, textwrap.dedent(code) + textwrap.dedent(ALONE)) == ["done"]


@pytest.mark.parametrize(
    "source",
    ["", "raise RuntimeError('no')", "class exceptions: UnpackException = OutOfData = int", "import quire.msgpack as exceptions"],
)
def test_beside_something_else_of_that_name(folder, tmp_path, source):
    (tmp_path / "msgpack.py").write_text(source)
    code = textwrap.dedent(ALONE).replace('assert "msgpack" not in', "#")
    assert run_alone(folder, code, tmp_path) == ["done"]


def test_nothing_is_imported_before_it_is_needed(folder):
    code = """
        import quire.msgpack as q
        q.unpackb(q.packb({"a": [1, "x", 2.5]}))
        list(q.Unpacker())
        print(*sorted(name for name in sys.modules if name.startswith(("quire", "msgpack", "datetime", "struct", "collections"))))
    """
    assert run_alone(folder, code) == ["quire", "quire._core", "quire.msgpack"]


def test_an_extension_type_is_known_as_soon_as_it_is_made(folder):
    assert run_alone(folder, "from quire.msgpack import ExtType, packb\nprint(packb(ExtType(5, b'a')).hex())") == ["d40561"]


# ---------------------------------------------------------------- ExtType, Timestamp

BAD_EXTENSIONS = [(1, "a"), ("1", b"a"), (128, b"a"), (-1, b"a"), (1, bytearray(b"a")), (1.0, b"a"), (True, b"a"), (127, b"")]


@pytest.mark.parametrize("args", BAD_EXTENSIONS)
def test_extension_types(args):
    assert outcome(q.ExtType, *args) == outcome(msgpack.ExtType, *args)


def test_an_extension_type_is_a_named_tuple():
    ext = q.ExtType(data=b"a", code=5)
    code, data = ext
    assert (code, data) == (ext.code, ext.data) == ext == (5, b"a") and repr(ext) == "ExtType(code=5, data=b'a')"
    assert hash(ext) == hash(msgpack.ExtType(5, b"a")) and ext == msgpack.ExtType(5, b"a")
    for copied in (pickle.loads(pickle.dumps(ext)), copy.copy(ext), copy.deepcopy(ext), q.unpackb(q.packb(ext))):
        assert copied == ext and type(copied) is q.ExtType


seconds = st.one_of(
    st.integers(-(2**63), 2**63 - 1),
    st.sampled_from([0, 1, -1, 2**32 - 1, 2**32, 2**34 - 1, 2**34]),
    st.integers(-(10**10), 10**10),
)
nanoseconds = st.one_of(st.just(0), st.integers(0, 10**9 - 1))


@settings(max_examples=100)
@given(seconds, nanoseconds)
def test_timestamps(seconds, nanoseconds):
    ours, theirs = (module.Timestamp(seconds, nanoseconds) for module in (q, msgpack))
    for name in ("to_bytes", "to_unix", "to_unix_nano", "to_datetime", "__repr__", "__hash__"):
        assert outcome(getattr(ours, name)) == outcome(getattr(theirs, name))
    data = ours.to_bytes()
    assert q.Timestamp.from_bytes(data) == ours and described(msgpack.Timestamp.from_bytes(data)) == described(ours)
    assert q.Timestamp.from_unix_nano(ours.to_unix_nano()) == ours
    assert q.unpackb(q.packb(ours)) == ours and q.packb(ours) == msgpack.packb(theirs)
    assert ours == q.Timestamp(seconds, nanoseconds) and not ours != q.Timestamp(seconds, nanoseconds)
    assert ours != q.Timestamp(seconds, (nanoseconds + 1) % 10**9) and ours != (seconds, nanoseconds) and ours != theirs
    assert pickle.loads(pickle.dumps(ours)) == copy.copy(ours) == ours


@settings(max_examples=100)
@given(st.one_of(st.datetimes(), st.datetimes(timezones=st.sampled_from([dt.UTC, dt.timezone(dt.timedelta(hours=-7))]))))
def test_timestamps_of_datetimes(when):
    assert outcome(q.Timestamp.from_datetime, when) == outcome(msgpack.Timestamp.from_datetime, when)
    if when.tzinfo is not None:
        assert q.Timestamp.from_datetime(when).to_datetime() == when


@pytest.mark.parametrize("value", [0, -1.5, 1.25, 2**80, float("nan"), float("inf"), "a"])
def test_timestamps_of_numbers(value):
    assert outcome(q.Timestamp.from_unix, value) == outcome(msgpack.Timestamp.from_unix, value)


@pytest.mark.parametrize("args", [(1.5,), (1, -1), (1, 10**9), (1, 1.0), ("1",), (True,), (2**70,), ()])
def test_timestamps_that_are_refused(args):
    assert outcome(q.Timestamp, *args) == outcome(msgpack.Timestamp, *args)


@pytest.mark.parametrize("data", [b"", b"abc", b"\xff" * 8, b"\xff" * 12, "abcd", 5])
def test_payloads_that_are_refused(data):
    assert outcome(q.Timestamp.from_bytes, data) == outcome(msgpack.Timestamp.from_bytes, data)


def test_timestamps_of_unpackb_are_whole():
    stamp = q.unpackb(msgpack.packb(msgpack.Timestamp(-5, 7)))
    assert type(stamp) is q.Timestamp and (stamp.seconds, stamp.nanoseconds) == (-5, 7)
    assert stamp.to_datetime() == EPOCH - dt.timedelta(seconds=5)
    with pytest.raises(AttributeError):
        stamp.other = 1


@pytest.mark.parametrize(
    "args", [(), (1, 2), (tuple, int), (int, q.Timestamp), (q.ExtType, type("Slotless", (), {"seconds": 1}))]
)
def test_the_engine_takes_no_other_classes(args):
    with pytest.raises((TypeError, AttributeError)):
        quire._core._msgpack_types(*args)
    assert type(q.unpackb(b"\xd6\xff\x00\x00\x00\x01")) is q.Timestamp


# ---------------------------------------------------------------- memory that fails

MEMORY = """
    import gc, sys
    import quire.msgpack as q
    from failing_memory import attempt, sweep

    data = q.packb([{"a": [1, 2.5, "x" * 50, -2**40], "é": {"k": b"b", "e": q.ExtType(5, b"a")}, "t": q.Timestamp(1, 2)}] * 4)
    long = q.packb([list(range(2000)), {f"k{i}": i for i in range(400)}, "x" * 5000, "é" * 5000])
    deep = b"\\x91" * 200 + b"\\x90"
    points = q.packb([[[i / 7, 2.5], [3.5], [1.5, None]] * 3 for i in range(9)])
    thing = q.unpackb(data)
    keeper = q.Packer(autoreset=False)

    def feed(size, data=data, **kwargs):
        unpacker = q.Unpacker(**kwargs)
        for i in range(0, len(data), size):
            unpacker.feed(data[i : i + size])
            result = next(unpacker, None)
        return result

    def keep():
        keeper.reset()
        keeper.pack(thing)
        keeper.pack_map_pairs([(1, thing)])
        keeper.pack_ext_type(1, b"x" * 5000)

    jobs = {
        "unpackb": lambda: q.unpackb(data),
        "long": lambda: q.unpackb(long),
        "deep": lambda: q.unpackb(deep),
        "points": lambda: q.unpackb(points),
        "raw": lambda: q.unpackb(data, raw=True),
        "pairs": lambda: q.unpackb(data, object_pairs_hook=len),
        "tuples": lambda: q.unpackb(data, use_list=False, object_hook=len),
        "keys": lambda: q.unpackb(b"\\x82\\x90\\x01\\x91\\x02\\x03", use_list=False, strict_map_key=False),
        "times": lambda: [q.unpackb(b"\\xc7\\x0c\\xff" + b"\\0" * 4 + b"\\x7f" * 8, timestamp=mode) for mode in range(3)],
        "feed": lambda: feed(7),
        "feed long": lambda: feed(1000, long),
        "feed raw": lambda: feed(50, raw=True),
        "packb": lambda: q.packb([thing, {1}], default=list),
        "wide text": lambda: q.packb(["é" * 3000, "\\ud800"], unicode_errors="replace"),
        "keep": keep,
        "short": lambda: q.unpackb(data[:-1]),
        "unpackable": lambda: q.packb([1, {2}]),
    }

    # Python code runs within: the interpreter loses frames itself, and from 3.12 on may crash.
    python = {"feed", "feed long", "feed raw", "keep", "packb", "times", "short", "unpackable", "wide text"}
    if sys.version_info >= (3, 12):
        for name in python - {"short"}:
            del jobs[name]
    for name, job in jobs.items():
        for _ in range(3):
            attempt(job, 1 << 30, 0)
        for together in (1,) if name in python else (1, 1 << 30):
            left = []
            for _ in range(1 if name in python else 6):
                gc.collect()
                before = sys.getallocatedblocks()
                sweep(name, job, together, most=1500, runs_python=name in python)
                gc.collect()
                left.append(sys.getallocatedblocks() - before)
                if left[-1] <= 0:
                    break
            else:
                assert name in python, (name, together, left)
        assert q.unpackb(data) == thing and q.packb(thing) == data, name
    print("done")
"""


def test_memory_fails_at_any_allocation():
    run = failing_memory.run_alone(MEMORY)
    assert (run.returncode, run.stdout.strip()) == (0, "done"), run.stderr[-3000:]
