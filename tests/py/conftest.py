# SPDX-License-Identifier: Apache-2.0
"""What the shared tests stand on: `fmt` is one format, and every test that asks for it runs on each of `quire.formats()`.

A format is a module `quire.<name>`; besides its functions a test may ask what it can hold, and for an independent reader and
writer of it, where there is one. A new format needs an entry in `_TRAITS` and inherits every shared test.
"""

import gc
import importlib
import json
import os
import sys

import msgpack
import pytest
from hypothesis import HealthCheck, settings

import quire

# The same examples in every run, so that a failure belongs to the change at hand, and no judgement by the clock: a busy machine is
# no fault. QUIRE_RANDOM_TESTS=1 looks for new ones (make soak does).
settings.register_profile(
    "quire",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=not os.environ.get("QUIRE_RANDOM_TESTS"),
    print_blob=True,
)
settings.load_profile("quire")


class Format:
    """A format under test: its module's members, and what the tests have to know about it.

    binary: a str is no document, bytes are written as they are.   text_keys: every key is text in the document.
    finite: nan and infinity cannot be written.                     big: integers beyond 64 bits can be.
    dumps, loads: the reference, from bytes and to bytes.
    """

    def __init__(self, name, *, binary, text_keys, finite, big, dumps, loads):
        module = importlib.import_module(f"quire.{name}")
        self.name, self.binary, self.text_keys, self.finite, self.big = name, binary, text_keys, finite, big
        self.dumps, self.loads = dumps, loads
        for member in ("encode", "decode", "Encoder", "Decoder"):
            setattr(self, member, getattr(module, member))

    def __repr__(self):
        return self.name

    def refuses(self, data, type=object, error=quire.QuireError, **options):
        """The one fault that reading `data` ends in."""
        with pytest.raises(error) as caught:
            self.decode(data, type, **options)
        assert isinstance(caught.value, quire.QuireError)
        return check_error(caught.value, data)


@pytest.fixture(autouse=True, scope="module")
def _what_is_there_stays():
    """What was imported and what earlier tests left stays: collections, of which the tests make many, need not look at it each time."""
    gc.collect()
    gc.freeze()


def check_error(error, data=None):
    """An error holds together: its first fault, with a path, a place within the input, and text that can be shown."""
    assert error.errors and str(error) and "\n\n" not in str(error)
    fault = error.errors[0]
    assert fault.code and fault.path.startswith("$") and isinstance(fault.pointer, str)
    if data is not None and isinstance(error, quire.DecodeError):
        size = len(data.encode("utf-8", "surrogatepass")) if isinstance(data, str) else memoryview(data).nbytes
        assert 0 <= fault.offset <= size
        assert (fault.line is None) == (fault.column is None)
        if fault.line is not None:
            assert fault.line >= 1 and fault.column >= 1
    return fault


def _pack(value):
    return msgpack.packb(value, use_bin_type=True)


def _unpack(data):
    return msgpack.unpackb(data, raw=False, strict_map_key=False, timestamp=3)


def _dump(value):
    return json.dumps(value, ensure_ascii=False).encode()


_TRAITS = {
    "json": {"binary": False, "text_keys": True, "finite": True, "big": True, "dumps": _dump, "loads": json.loads},
    "msgpack": {"binary": True, "text_keys": False, "finite": False, "big": False, "dumps": _pack, "loads": _unpack},
}
FORMATS = tuple(Format(name, **_TRAITS[name]) for name in quire.formats())


@pytest.fixture(params=FORMATS, ids=repr, scope="session")
def fmt(request):
    return request.param


def leaves_nothing(work, *, times=10, rounds=20):
    """Running `work` again and again leaves no memory behind. Caches and pools fill while it does; what leaks leaks each time, so
    one round that leaves less than a block for each run is enough. The collector runs between the rounds only: otherwise how much
    garbage is alive at once, and with it how full the pools of freed memory are, would be a matter of luck."""
    left = []
    gc.disable()
    try:
        for _ in range(rounds):
            gc.collect()
            before = sys.getallocatedblocks()
            for _ in range(times):
                work()
            gc.collect()
            left.append(sys.getallocatedblocks() - before)
            if left[-1] < times / 2:
                return
    finally:
        gc.enable()
    raise AssertionError(f"blocks of memory are left by each round of {times}: {left}")
