# SPDX-License-Identifier: Apache-2.0
"""quire.pickle.dis prints what pickletools.dis prints, of the program that quire's loader would run."""

import io
import pickle
import pickletools

import pytest
from unpickle_samples import pickles

import quire.pickle as quick


def text(dis, data, **options):
    out = io.StringIO()
    dis(data, out, **options)
    return out.getvalue()


@pytest.mark.parametrize("options", [{}, {"indentlevel": 2}, {"annotate": 1}, {"annotate": 60}], ids=repr)
def test_what_pickletools_prints(options):
    for i, (_, data) in enumerate(pickles()):
        if len(data) < 5000 and (not options or i % 7 == 0):
            assert text(quick.dis, data, **options) == text(pickletools.dis, data, **options)


def test_odd_programs():
    for data in (b"(K\1(K\2(10000K\5.", b"(0N.", b"N2\x86.", b"(N1N.", b"Pabc\n.", b"\x82\1.", b"U\3a\xe9c.", b"S'a\\'b'\n.", b"V\\u00e9\n.", b"I00\n.", b"I01\n.", b"L5L\n.",
                 b"F1.5\n.", b"\x97\x98.", b"(ia b\nc\n.", b"N\x94h\0\x86.", b"NQ.", b"\x96\1\0\0\0\0\0\0\0a."):  # fmt: skip
        assert text(quick.dis, data) == text(pickletools.dis, data)


def faulty(dis, data):
    out = io.StringIO()
    with pytest.raises(ValueError) as caught:  # noqa: PT011 what it says is compared
        dis(data, out)
    return out.getvalue(), str(caught.value)


def test_faults_come_after_their_line():
    for data in (b"t.", b"a.", b"Na.", b"Np0\nNp0\n.", b"h\5.", b"p0\n.", b"(q\0.", b"1.", b"."):
        assert faulty(quick.dis, data) == faulty(pickletools.dis, data)
    for data in (
        b"NN.",
        b"(N.",
        b"",
        b"N",
        b"\xff.",
        b"J\1",
        b"X\xff\xff\xff\xffa.",
        b"I\n.",
        b"Ix\n.",
        b"Sx\n.",
        b"\x8b\xff\xff\xff\xff.",
        b"T\xff\xff\xff\xff.",
        b"cos\n",
    ):
        ours, theirs = faulty(quick.dis, data), faulty(pickletools.dis, data)
        assert ours[0] == theirs[0] and ours[1]


def test_numbers_as_they_are_loaded():
    for line in (b"I0x10\n", b"I010\n", b"L0x10L\n"):
        assert f" {quick.loads(line + b'.')}\n" in text(quick.dis, line + b".")


def test_every_truncation_and_change():
    data = pickle.dumps([1, "ab", {"k": (2.5, b"x")}, pickle.PickleBuffer(b"y")], 5)
    for n in range(len(data)):
        for changed in (data[:n], *(data[:n] + bytes([byte]) + data[n + 1 :] for byte in range(0, 256, 7))):
            try:
                text(quick.dis, changed)
            except ValueError:
                pass


def test_files_and_a_shared_memo():
    first, second = pickle.dumps(["a"]), b"h\0."
    memo, theirs = {}, {}
    for dis, known in ((quick.dis, memo), (pickletools.dis, theirs)):
        file = io.BytesIO(b"..." + first + second)
        file.seek(3)
        printed = text(dis, file, memo=known)
        assert printed.splitlines()[0].startswith("    3:") and file.tell() == 3 + len(first)
        assert "highest" in text(dis, file, memo=known)
    assert memo.keys() == theirs.keys()


def test_nothing_is_run():
    assert "no_such_module" in text(quick.dis, b"cno_such_module\nx\n(tR.")
