# SPDX-License-Identifier: Apache-2.0
"""`python -m quire inspect`: what it shows of each format, what it makes of damage, and that nothing in a payload is run."""

import io
import json
import marshal
import pickle
import struct
import subprocess
import sys

import msgpack
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quire import _core
from quire._inspect import main
from quire._inspect.formats import FORMATS, guess, read

VALUE = {"name": "Ann\u20ac", "tags": ["a", "b"], "n": -5, "x": 2.5, "none": None, "yes": True, "empty": {}}
PAYLOADS = {
    "json": json.dumps(VALUE).encode(),
    "msgpack": msgpack.packb(VALUE),
    "pickle": pickle.dumps(VALUE),
    "marshal": marshal.dumps(VALUE),
    "pyc": struct.pack("<H2sIII", 3495, b"\r\n", 0, 1, 2) + marshal.dumps(compile("x = 1", "f", "exec"))
    if sys.version_info[:2] == (3, 11)
    else struct.pack("<H2sI", 62211, b"\r\n", 7) + b"c" + struct.pack("<4i", 0, 0, 1, 64) + b"s\1\0\0\0S" + b"(\0\0\0\0" * 5 + b"s\1\0\0\0xt\1\0\0\0m\1\0\0\0s\0\0\0\0",
}  # fmt: skip


def run(capsys, *arguments):
    """(exit status, lines printed, text of errors)"""
    try:
        status = main(["inspect", *map(str, arguments)])
    except SystemExit as stop:
        status = stop.code
    captured = capsys.readouterr()
    return status, captured.out.splitlines(), captured.err


@pytest.fixture
def file(tmp_path):
    def write(data):
        path = tmp_path / "payload"
        path.write_bytes(data)
        return path

    return write


@pytest.mark.parametrize("format", FORMATS)
def test_every_format_is_told_and_shown(format, file, capsys):
    data = PAYLOADS[format]
    assert guess(data) == format
    status, lines, errors = run(capsys, file(data))
    assert (status, errors) == (0, "") and lines[0].endswith(f"{len(data)} bytes") and len(lines) > 5
    assert run(capsys, file(data), "--format", format)[:2] == (0, lines)
    offsets = [int(line.split()[0]) for line in lines[1:]]
    assert offsets == sorted(offsets) and offsets[-1] < len(data)


@pytest.mark.parametrize("format", ["json", "msgpack", "pickle", "marshal"])
def test_the_tree_is_that_of_the_value(format, file, capsys):
    def plain(node):
        if node["kind"] in ("map", "dict"):
            return {child["name"]: plain(child) for child in node["children"]}
        if "children" in node:
            return [plain(child) for child in node["children"]]
        return {"null": None, "None": None, "True": True}.get(node["kind"], node.get("value"))

    status, lines, _ = run(capsys, file(PAYLOADS[format]), "--json")
    shown = json.loads(lines[0])
    assert status == 0 and (shown["format"], shown["bytes"], shown["error"]) == (format, len(PAYLOADS[format]), None)
    assert plain(shown["values"][0]) == VALUE
    node = shown["values"][0]["children"][0]
    assert b"Ann" in PAYLOADS[format][node["offset"] : node["end"]]


def test_lines():
    roots, fault = read(b'{"a": [1, 2.5]}\n', "json")
    assert fault is None and [(node.offset, node.end, node.kind, node.name) for node in roots[0].children] == [
        (6, 14, "array", "a")
    ]
    roots, _ = read(marshal.dumps([1, ("x", {2: b"y"})]), "marshal")
    inner = roots[0].children[1]
    assert (inner.kind, inner.children[1].kind, inner.children[1].children[0].name) == ("tuple", "dict", "2")


def test_what_a_file_looks_like(file, capsys):
    _, lines, _ = run(capsys, file(b'{"a": [1, 2.5, null], "b": "x"}'))
    assert lines == [
        "JSON, 31 bytes",
        "   0  map 2 items",
        "   6    a: array 3 items",
        "   7      [0]: int 1",
        "  10      [1]: float 2.5",
        "  15      [2]: null",
        "  27    b: str 'x'",
    ]


def test_a_pickle_is_a_program(file, capsys):
    _, lines, _ = run(capsys, file(b"\x80\x02c__builtin__\neval\n(X\x03\x00\x00\x001+1tR."), "--instructions")
    assert lines[1:] == [
        "   0  pickle 6 items",
        "   0    PROTO 2",
        "   2    GLOBAL b'__builtin__' b'eval'",
        "  20    MARK 1 item",
        "  21      BINUNICODE b'1+1'",
        "  29    TUPLE",
        "  30    REDUCE",
        "  31    STOP",
    ]


def test_nothing_is_run(file, capsys, tmp_path):
    class Evil:
        def __reduce__(self):
            return open, (str(tmp_path / "made"), "w")

    status, lines, _ = run(capsys, file(pickle.dumps(Evil())))
    assert status == 0 and any("open" in line for line in lines) and not (tmp_path / "made").exists()


def test_many_in_a_row(file, capsys):
    assert run(capsys, file(b'{"a":1}\n[2]\n'), "--format", "json")[1][1:] == [
        "   0  map 1 item",
        "   5    a: int 1",
        "   8  array 1 item",
        "   9    [0]: int 2",
    ]
    for format, one in (("msgpack", b"\x91\x01"), ("pickle", pickle.dumps(1)), ("marshal", marshal.dumps([1]))):
        roots, fault = read(one * 3, format)
        assert len(roots) == 3 and fault is None


@pytest.mark.parametrize("format", FORMATS)
def test_damage_is_told_with_what_was_read(format, file, capsys):
    data = PAYLOADS[format][:-3]
    status, lines, errors = run(capsys, file(data), "--format", format)
    assert status == 1 and len(lines) > 4
    assert "damaged at byte" in errors and "truncated" in errors
    status, lines, errors = run(capsys, file(data), "--format", format, "--json")
    shown = json.loads(lines[0])
    assert (status, errors) == (1, "") and shown["error"]["code"] == "truncated" and 0 <= shown["error"]["offset"] <= len(data)


def test_depth_and_items(file, capsys):
    data = file(json.dumps([[1, [2]], list(range(300))]).encode())
    assert [line.strip() for line in run(capsys, data, "--depth", 1)[1][1:]] == ["0  array 2 items"]
    assert len(run(capsys, data, "--depth", 2)[1]) == 4
    lines = run(capsys, data, "--max-items", 3)[1]
    assert lines[-1].strip() == "\u2026 297 more"
    assert len(run(capsys, data)[1]) == 108 and len(run(capsys, data, "--max-items", 0)[1]) == 307
    assert len(json.loads(run(capsys, data, "--json", "--max-items", 1)[1][0])["values"][0]["children"]) == 1
    assert run(capsys, data, "--depth", "x")[0] == 2


def test_what_a_terminal_must_not_see(file, capsys):
    for format, data in (
        ("json", json.dumps({"\x1b[31mkey": "\x1b[2Jtext", "\u202e": 1}).encode()),
        ("marshal", marshal.dumps({"\x1b[31m": b"\x1b", "\ud800": "\ud800"})),
    ):
        _, lines, _ = run(capsys, file(data), "--format", format)
        assert not any("\x1b" in line or "\u202e" in line for line in lines)
        assert run(capsys, file(data), "--format", format, "--json")[0] == 0


def test_colour_on_a_terminal_only(file, capsys, monkeypatch):
    class Terminal(io.StringIO):
        def isatty(self):
            return True

        def fileno(self):
            raise OSError

    def printed():
        out = Terminal()
        monkeypatch.setattr(sys, "stdout", out)
        main(["inspect", str(path)])
        return out.getvalue()

    path = file(b'{"a": 1}')
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[" in printed()
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in printed()


def test_standard_input_and_exit_status():
    def inspect(data, *arguments):
        done = subprocess.run(
            [sys.executable, "-m", "quire", "inspect", "-", *arguments], input=data, capture_output=True, check=False
        )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    status, out, _ = inspect(b"[1]")
    assert status == 0 and out.startswith("JSON, 3 bytes")
    status, out, errors = inspect(b"[1, 2", "--format", "json")
    assert status == 1 and "int 2" in out and "damaged at byte 5" in errors


def test_what_cannot_be_read(file, capsys, tmp_path):
    assert run(capsys, tmp_path / "none")[0] == 2
    status, lines, errors = run(capsys, file(b"\xc1\xc1 nonsense"))
    assert (status, lines) == (2, []) and "--format" in errors
    assert run(capsys, file(b"[]"), "--format", "xml")[0] == 2
    assert run(capsys, file(b""))[0] == 2


def test_deep_and_long(file, capsys):
    assert run(capsys, file(b"[" * 900 + b"]" * 900))[0] == 0
    assert run(capsys, file(b"[" * 900 + b"]" * 900), "--json")[0] == 0
    assert run(capsys, file(b"[" * 100_000), "--format", "json")[0] == 1
    assert run(capsys, file(b")\1" * 1900 + b"N"))[0] == 0
    assert run(capsys, file(b"(" * 50_000 + b"."), "--instructions")[0] == 0
    assert run(capsys, file(json.dumps([10**500, "x" * 1000]).encode()))[1][-1].endswith("(1000 characters)")


@settings(max_examples=60)
@given(st.sampled_from(FORMATS), st.data())
def test_any_bytes(format, data):
    base = PAYLOADS[format]
    place = data.draw(st.integers(0, len(base)))
    changed = base[:place] + data.draw(st.binary(max_size=4)) + base[place + data.draw(st.integers(0, 4)) :]
    guess(changed)
    for one in FORMATS:
        roots, fault = read(changed, one)
        assert fault is None or 0 <= fault.offset <= len(changed)
        pending = list(roots)
        while pending:
            node = pending.pop()
            assert 0 <= node.offset <= node.end <= len(changed)
            pending += node.children or []


def test_the_number_of_events_is_limited():
    events, error, _ = _core.inspect_events(b"[1,2,3]", "json", 0, 2, 0)
    assert len(events) == 2 and error[0] == "item_limit"
    with pytest.raises(ValueError, match="no such format"):
        _core.inspect_events(b"", "xml", 0, 1, 0)
