# SPDX-License-Identifier: Apache-2.0
"""Damaged pickles: what the standard library says of them, quire says; where it would ask for memory first, quire says that the data ends."""

import pickle
import pickletools

import pytest
from failing_memory import run_alone
from unpickle_samples import without_puts

# In a process of its own: the standard library takes numbers for lengths, and both run what a damaged pickle names.
COMPARE = """
    import os, pickle, resource, sys, tempfile
    import quire.pickle as quick
    from unpickle_samples import outcome, without_puts

    os.chdir(tempfile.mkdtemp())
    sanitized = "QUIRE_SANITIZED" in os.environ  # then there is no limit of memory, so quire is looked at alone
    if not sanitized:
        resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
    resource.setrlimit(resource.RLIMIT_CPU, (120, 120))
    sys.unraisablehook = lambda what: None  # of what the standard library drops
    os.close(0)

    def compare(data):
        got, ours = outcome(quick.loads, data)
        if sanitized:
            return 0
        expected, value = outcome(pickle.loads, data)
        if expected is MemoryError:  # a length was believed, now or (it keeps some memory when it fails) before
            assert got is not MemoryError
            return 1
        # The second line is not there, and the first is no UTF-8.
        if expected is UnicodeDecodeError and got is pickle.UnpicklingError:
            return 0
        assert got is expected, (data, expected, got)
        assert expected is not None or type(ours) is type(value), data
        return 0

    lengths = count = 0
    step = int(sys.argv[1])
    for data in without_puts():
        for n in range(len(data)):
            compare(data[:n])
            for byte in range(n % step, 256, step):
                changed = data[:n] + bytes([byte]) + data[n + 1 :]
                if byte in b"rp":  # numbers that the standard library makes room for
                    outcome(quick.loads, changed)
                    continue
                lengths += compare(changed)
                count += 1
    assert count > 1000, count
    print(count, lengths)
    """


def test_every_truncation_and_change():
    finished = run_alone(COMPARE, "24")
    assert finished.returncode == 0, finished.stderr[-3000:]


ARGUMENTS = {
    None: [b""], "uint1": [b"\0", b"\xff"], "uint2": [b"\0\1"], "int4": [b"\1\0\0\0", b"\xff\xff\xff\xff"], "uint4": [b"\1\0\0\0"], "uint8": [b"\1\0\0\0\0\0\0\0"],
    "decimalnl_short": [b"1\n", b"\n", b"x\n", b"-1\n"], "decimalnl_long": [b"1L\n", b"\n", b"x\n"], "stringnl": [b"'a'\n", b"a\n"], "stringnl_noescape": [b"a\n", b"\n"],
    "stringnl_noescape_pair": [b"os\npath\n", b"\n\n", b"builtins\nint\n"], "unicodestringnl": [b"a\n", b"\\u\n"], "floatnl": [b"1\n", b"x\n"], "float8": [b"\0" * 8],
    "string1": [b"\1a"], "string4": [b"\1\0\0\0a", b"\xff\xff\xff\xffa"], "bytes1": [b"\1a"], "bytes4": [b"\1\0\0\0a"], "bytes8": [b"\1\0\0\0\0\0\0\0a"],
    "bytearray8": [b"\1\0\0\0\0\0\0\0a"], "unicodestring1": [b"\1a", b"\1\xff"], "unicodestring4": [b"\1\0\0\0a"], "unicodestring8": [b"\1\0\0\0\0\0\0\0a"],
    "long1": [b"\0", b"\1\5", b"\x05\0\0\0\0\x80", b"\x08\0\0\0\0\0\0\0\x80"], "long4": [b"\0\0\0\0", b"\1\0\0\0\5", b"\xff\xff\xff\xff"],
}  # fmt: skip
BEFORE = [b"", b"N", b"NN", b"NNN", b"(", b"N(", b"(N", b"N(N", b"N(NN", b"](N", b"}(N", b"}(NN", b"}(]N", b"\x8f(N", b"\x8f(]", b"]N", b"}NN", b"}]N", b"K\1q\0",
          b"cbuiltins\nint\n)", b"cbuiltins\nint\n)}", b"cbuiltins\nint\nN", b"cbuiltins\nint\nNN", b"(cbuiltins\nint\n", b"(cbuiltins\nint\nK\5", b"(cbuiltins\nlen\n",
          b"cunpickle_samples\nPlain\n)\x81N", b"cunpickle_samples\nPlain\n)\x81}", b"cunpickle_samples\nPlain\n)\x81N}\x86", b"NX\1\0\0\0aX\1\0\0\0b", b"C\1aC\1b"]  # fmt: skip


def outcomes(loads, data):
    try:
        return None, repr(loads(data))
    except Exception as error:
        return type(error), " ".join(str(error).split())


@pytest.mark.parametrize("opcode", pickletools.opcodes, ids=lambda opcode: opcode.name)
def test_every_opcode_on_stacks_that_do_not_suit_it(opcode):
    import quire.pickle as quick

    for before in BEFORE:
        for argument in ARGUMENTS[opcode.arg and opcode.arg.name]:
            for after in (b".", b"0.", b"(l.", b""):
                data = before + opcode.code.encode("latin-1") + argument + after
                expected, got = outcomes(pickle.loads, data), outcomes(quick.loads, data)
                assert got[0] is expected[0], (data, expected, got)
                if expected[0] in (None, EOFError, TypeError) and " at 0x" not in expected[1]:
                    assert got[1] == expected[1], data


def test_corpus():
    assert len(list(without_puts())) > 10


def test_memory_fails():
    finished = run_alone("""
        import io, pickle
        from failing_memory import sweep
        import quire.pickle as quick
        from unpickle_samples import Data, Plain, Slotted

        value = [1, 2**70, "ab", "\\xe9", b"x", bytearray(b"y"), (1,), (1, 2, 3, 4), {"a": 1, "b": 2}, {1: 2}, {3}, frozenset([4]), [Plain(a=i, b=2) for i in range(4)],
                 [Slotted(1, 2) for _ in range(3)], [{"k": i, "l": i} for i in range(4)], Data(1), list(range(200)), ["x" * 40] * 2]
        deep = b"(" * 100 + b"]" * 300 + b"a" * 299 + b"."
        far = b"Nr\\xff\\xff\\xff\\x7f0" + b"K\\1\\x94" * 100 + b"."
        for protocol in (2, 5):
            data = pickle.dumps(value, protocol)
            sweep("loads", lambda: quick.loads(data), 1, most=4000, runs_python=True)
            sweep("load", lambda: quick.load(io.BytesIO(data)), 1, most=4000, runs_python=True)
        text = pickle.dumps([1, 1.5, "a", 10**30, (1, 2), {"a": 1}, Plain(a=1)], 0)
        sweep("text", lambda: quick.loads(text), 1, most=3000, runs_python=True)
        for name, data in (("deep", deep), ("far", far)):
            sweep(name, lambda: quick.loads(data), 1, most=3000, runs_python=False)

        def unpickler():
            it = quick.Unpickler(io.BytesIO(data))
            it.memo = {1: 2, 5: 6, 10**9: 7}
            return it.load(), it.memo.copy()

        data = b"h\\1."
        sweep("unpickler", unpickler, 1, most=2000, runs_python=False)
        """)
    assert finished.returncode == 0, finished.stderr[-3000:]
