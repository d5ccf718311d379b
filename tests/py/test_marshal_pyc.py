# SPDX-License-Identifier: Apache-2.0
""".pyc files and marshalled data of any Python as plain records. What no interpreter at hand writes is written here, from the layout."""

import importlib.util
import json
import os
import py_compile
import shutil
import struct
import subprocess
import sys
import types
from pathlib import Path

import pytest
from conftest import leaves_nothing
from hypothesis import given
from hypothesis import strategies as st

import quire
from quire import marshal
from quire.marshal import PycCode, PycFile, read, read_pyc

# How each Python writes code objects: (magic, length of the head, fields); i: four bytes, o: an object.
OLD = "code:o consts:o names:o varnames:o freevars:o cellvars:o filename:o name:o firstlineno:i"
NEW = "code:o consts:o names:o localsplusnames:o localspluskinds:o filename:o name:o qualname:o firstlineno:i linetable:o exceptiontable:o"
ARGUMENTS = {2: "argcount:i nlocals:i stacksize:i flags:i", 3: "argcount:i kwonlyargcount:i nlocals:i stacksize:i flags:i"}
POSONLY = "argcount:i posonlyargcount:i kwonlyargcount:i"
LAYOUTS = {
    (2, 7): (62211, 8, f"{ARGUMENTS[2]} {OLD} lnotab:o"),
    (3, 3): (3230, 12, f"{ARGUMENTS[3]} {OLD} lnotab:o"),
    (3, 4): (3310, 12, f"{ARGUMENTS[3]} {OLD} lnotab:o"),
    (3, 5): (3351, 12, f"{ARGUMENTS[3]} {OLD} lnotab:o"),
    (3, 6): (3379, 12, f"{ARGUMENTS[3]} {OLD} lnotab:o"),
    (3, 7): (3394, 16, f"{ARGUMENTS[3]} {OLD} lnotab:o"),
    (3, 8): (3413, 16, f"{POSONLY} nlocals:i stacksize:i flags:i {OLD} lnotab:o"),
    (3, 9): (3425, 16, f"{POSONLY} nlocals:i stacksize:i flags:i {OLD} lnotab:o"),
    (3, 10): (3439, 16, f"{POSONLY} nlocals:i stacksize:i flags:i {OLD} linetable:o"),
    (3, 11): (3495, 16, f"{POSONLY} stacksize:i flags:i {NEW}"),
    (3, 12): (3531, 16, f"{POSONLY} stacksize:i flags:i {NEW}"),
    (3, 13): (3571, 16, f"{POSONLY} stacksize:i flags:i {NEW}"),
    (3, 14): (3627, 16, f"{POSONLY} stacksize:i flags:i {NEW}"),
}
VERSIONS = sorted(LAYOUTS)


def item(value, version):
    """An object as that Python writes it, without references."""
    if isinstance(value, Code):
        return value.written(version)
    if isinstance(value, tuple):
        return b"(" + struct.pack("<i", len(value)) + b"".join(item(part, version) for part in value)
    if isinstance(value, bytes):
        return b"s" + struct.pack("<i", len(value)) + value
    if isinstance(value, str):
        if version == (2, 7):
            return b"t" + struct.pack("<i", len(value)) + value.encode()
        if version >= (3, 4):
            return b"z" + bytes([len(value)]) + value.encode()
        return b"u" + struct.pack("<i", len(value)) + value.encode()
    return {None: b"N", True: b"T"}.get(value) or b"i" + struct.pack("<i", value)


class Code:
    def __init__(self, **fields):
        self.fields = fields

    def written(self, version):
        parts = [b"c"]
        for name, kind in self.layout(version):
            value = self.fields[name]
            parts.append(struct.pack("<i", value) if kind == "i" else item(value, version))
        return b"".join(parts)

    @staticmethod
    def layout(version):
        return [part.split(":") for part in LAYOUTS[version][2].split()]


NAMES = {
    "names": ("print", "x"),
    "varnames": ("a",),
    "freevars": (),
    "cellvars": ("c",),
    "localsplusnames": ("a", "c"),
    "localspluskinds": b"\x20\x40",
}
INNER = Code(argcount=1, posonlyargcount=2, kwonlyargcount=3, nlocals=4, stacksize=5, flags=67, code=b"in", consts=(None,), filename="f.py", name="inner",
             qualname="outer.inner", firstlineno=7, lnotab=b"l", linetable=b"t", exceptiontable=b"e", **NAMES)  # fmt: skip
OUTER = Code(
    **{**INNER.fields, "consts": (None, 1000, b"raw", INNER, (True, 5)), "name": "outer", "qualname": "outer", "code": b"out"}
)


def head(version, first=1_700_000_000, second=123, flags=0):
    magic, length, _ = LAYOUTS[version]
    parts = [flags] * (length == 16) + [first] + [second] * (length >= 12)
    return struct.pack("<H", magic) + b"\r\n" + struct.pack(f"<{len(parts)}I", *parts)


def expected(value, version):
    if isinstance(value, Code):
        return {
            name: value.fields[name] if kind == "i" else expected(value.fields[name], version)
            for name, kind in Code.layout(version)
        }
    if isinstance(value, tuple):
        return tuple(expected(part, version) for part in value)
    return value.encode() if isinstance(value, str) and version == (2, 7) else value


def found(value):
    if isinstance(value, PycCode):
        fields = {name: getattr(value, name) for name in value.__slots__}
        return {name: found(part) for name, part in fields.items() if part is not None}
    return tuple(map(found, value)) if isinstance(value, tuple) else value


@pytest.mark.parametrize("version", VERSIONS, ids=lambda version: "%d.%d" % version)
def test_every_version_by_its_layout(version, tmp_path):
    data = head(version) + OUTER.written(version)
    path = tmp_path / "x.pyc"
    path.write_bytes(data)
    for source in (data, bytearray(data), path, str(path)):
        pyc = read_pyc(source)
        assert isinstance(pyc, PycFile)
        assert (pyc.magic, pyc.version, pyc.flags, pyc.mtime, pyc.hash) == (LAYOUTS[version][0], version, 0, 1_700_000_000, None)
        assert pyc.size == (None if version == (2, 7) else 123)
        assert found(pyc.code) == expected(OUTER, version)
        assert [code.name for code in pyc.code.codes()] == [expected("inner", version)]
    assert found(read(data[len(head(version)) :], version)) == expected(OUTER, version)


def test_a_hash_in_place_of_the_time():
    pyc = read_pyc(head((3, 8), 0x01020304, 0x05060708, flags=3) + OUTER.written((3, 8)))
    assert (pyc.flags, pyc.mtime, pyc.size, pyc.hash) == (3, None, None, b"\4\3\2\1\x08\7\6\5")


SOURCE = "import os\nX = (1, 'two', 3.5, b'four', 1180591620717411303424)\ndef f(a, b=1, *args):\n    def g():\n        return a, u'\\u20ac'\n    return g\nclass C(object):\n    y = 1j\n"
DESCRIBE = """
import py_compile, json, sys, binascii
py_compile.compile(sys.argv[1], sys.argv[2])
text = lambda value: value if isinstance(value, str) else value.decode()
def describe(code):
    inner = [describe(c) for c in code.co_consts if hasattr(c, 'co_code')]
    return [code.co_argcount, code.co_flags, code.co_stacksize, code.co_name, code.co_filename, list(code.co_names), code.co_firstlineno, len(code.co_consts), binascii.hexlify(code.co_code).decode(), inner]
print(json.dumps([list(sys.version_info[:2]), describe(compile(open(sys.argv[1]).read(), sys.argv[1], 'exec'))]))
"""


def pythons():
    """Every Python that is at hand, by its version."""
    places = [Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")) / "versions"]
    paths = [shutil.which("python%d.%d" % version) for version in VERSIONS] + [
        str(path) for place in places for path in sorted(place.glob("*/bin/python"))
    ]
    return list(dict.fromkeys([sys.executable, *filter(None, paths)]))


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def describe(code):
    inner = [describe(one) for one in code.codes()]
    names = [text(name) for name in code.names]
    return [
        code.argcount,
        code.flags,
        code.stacksize,
        text(code.name),
        text(code.filename),
        names,
        code.firstlineno,
        len(code.consts),
        code.code.hex(),
        inner,
    ]


def test_what_the_pythons_at_hand_write(tmp_path):
    seen = set()
    source, compiled = tmp_path / "sample.py", tmp_path / "sample.pyc"
    source.write_text(SOURCE)
    for python in pythons():
        done = subprocess.run([python, "-c", DESCRIBE, str(source), str(compiled)], capture_output=True, text=True, check=False)
        if done.returncode != 0 or not compiled.exists():
            continue  # one that does not work here
        version, theirs = json.loads(done.stdout)
        if tuple(version) not in LAYOUTS:
            continue
        pyc = read_pyc(compiled)
        assert pyc.version == tuple(version) and describe(pyc.code) == theirs
        constants = [part for constant in pyc.code.consts for part in (constant if isinstance(constant, tuple) else [constant])]
        assert 3.5 in constants and 2**70 in constants and b"four" in constants
        seen.add(tuple(version))
        compiled.unlink()
    assert sys.version_info[:2] in seen


def test_the_magic_number_of_this_python_is_known():
    assert LAYOUTS[sys.version_info[:2]][0] == struct.unpack("<H", importlib.util.MAGIC_NUMBER[:2])[0]


# ---------------------------------------------------------------- plain data

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary() | st.just(...) | st.complex_numbers(allow_nan=False),
    lambda inner: st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(st.text() | st.tuples(st.integers()), inner, max_size=3)
    | st.frozensets(st.integers() | st.text(), max_size=3) | st.sets(st.binary(), max_size=3),
    max_leaves=12,
)  # fmt: skip


@given(PLAIN, st.integers(0, 4))
def test_plain_data_is_what_loads_gives(value, version):
    data = marshal.dumps(value, version)
    assert repr(read(data, (3, 11))) == repr(marshal.loads(data)) or read(data, (3, 11)) == value


def test_python_2():
    data = b"[\4\0\0\0t\1\0\0\0ut\3\0\0\0twoR\1\0\0\0u\3\0\0\0\xe2\x82\xac"
    value = read(data, (2, 7))
    assert value == [b"u", b"two", b"two", "\u20ac"] and value[1] is value[2]
    assert read(b"I\1\0\0\0\1\0\0\0", (2, 7)) == 2**32 + 1 and read(b":NNN", (3, 14)) == slice(None)


def test_references():
    value = read(marshal.dumps([shared := [1], shared, circle := {}, circle.setdefault("me", circle)]), (3, 11))
    assert value[0] is value[1] and value[2]["me"] is value[2] and value[3] is value[2]


# ---------------------------------------------------------------- damage


@pytest.mark.parametrize("version", [(2, 7), (3, 6), (3, 13)], ids=str)
def test_every_beginning_and_every_change_of_a_byte(version):
    data = head(version) + OUTER.written(version)
    for n in range(len(data)):
        with pytest.raises(quire.DecodeError) as caught:
            read_pyc(data[:n])
        assert 0 <= caught.value.errors[0].offset <= n
    for i in range(len(data)):
        for change in (1, 0x80, 0xFF):
            try:
                read_pyc(data[:i] + bytes([data[i] ^ change]) + data[i + 1 :])
            except quire.QuireError as error:
                assert str(error)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", quire.TruncatedError),
        (b"?", quire.MalformedError),
        (b">\1\0\0\0\xa9\2Nr\0\0\0\0", quire.MalformedError),
        (b"\xa9\1r\0\0\0\0", quire.MalformedError),
        (b"<\1\0\0\0[\0\0\0\0", quire.MalformedError),
        (b"u\1\0\0\0\xff", quire.MalformedError),
        (b"f\1x", quire.MalformedError),
        (b"(\xff\xff\xff\x7fN", quire.TruncatedError),
        (b")\1" * 2001 + b"N", quire.LimitError),
        (b"l\0\0\1\0" + b"\1\0" * 0x10000, quire.LimitError),
        (b"[\x2e\0\0\0\xa9\0" + b"".join(b"\xa9\2r" + bytes([n, 0, 0, 0]) + b"r" + bytes([n, 0, 0, 0]) for n in range(44)) + b"<\1\0\0\0r\x2c\0\0\0", quire.LimitError),
        (b"[" + (5002).to_bytes(4, "little") + b"\xa9\0" + b"".join(b"\xa9\1r" + n.to_bytes(4, "little") for n in range(5000)) + b"<\1\0\0\0r" + (5000).to_bytes(4, "little"), quire.LimitError),
    ],
    ids=lambda value: repr(value[:12]) if isinstance(value, bytes) else value.__name__,
)  # fmt: skip
def test_faults(data, error):
    with pytest.raises(error):
        read(data, (3, 11))


def test_no_pyc():
    for data in (b"", b"abc", b"\xff\xff\r\n" + bytes(20), head((3, 11))[:-1], head((3, 11)) + b"N"):
        with pytest.raises(quire.DecodeError):
            read_pyc(data)


def test_nothing_becomes_a_code_object(tmp_path):
    (tmp_path / "s.py").write_text(SOURCE)
    pyc = read_pyc(py_compile.compile(str(tmp_path / "s.py"), str(tmp_path / "s.pyc")))
    pending = [pyc.code]
    while pending:
        code = pending.pop()
        assert not isinstance(code, types.CodeType) and not callable(code)
        pending += code.codes()


def test_nothing_is_left():
    data = head((3, 9)) + OUTER.written((3, 9))

    def work():
        read_pyc(data)
        for n in range(0, len(data), 20):
            with pytest.raises(quire.DecodeError):
                read_pyc(data[:n])

    leaves_nothing(work)
