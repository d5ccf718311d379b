# SPDX-License-Identifier: Apache-2.0
"""quire.marshal beside the standard library's marshal: the same bytes, the same objects, the same errors; and what that one crashes at.

The bytes depend on reference counts, so both writers get the very same object, from the same place.
"""

import array
import gc
import glob
import io
import marshal as standard
import os
import sys
import textwrap
import types
import weakref

import pytest
from conftest import leaves_nothing
from failing_memory import run_alone
from hypothesis import given, settings
from hypothesis import strategies as st
from in_threads import on_stack
from marshal_corpus import CORPUS, changed, cycles, safe_outcome

import quire._core
from quire import marshal

SHARED = [
    "shared " * 3,
    1.25,
    (1, 2, "z"),
    frozenset({1, "a"}),
    10**30,
    b"bytes",
    sys.intern("interned_name"),
    "\u20ac\ud800",
    3 + 4j,
]
ATOMS = st.one_of(
    st.sampled_from(
        [
            None,
            True,
            False,
            ...,
            StopIteration,
            "",
            b"",
            (),
            -0.0,
            2**31,
            -(2**31),
            -(2**31) - 1,
            2**63,
            -(2**63),
            2**15,
            "x" * 255,
            "x" * 256,
        ]
    ),
    st.integers(),
    st.integers(-(2**200), 2**200),
    st.floats(),
    st.complex_numbers(),
    st.text(st.characters(exclude_categories=()), max_size=6),
    st.binary(max_size=6),
    st.sampled_from(SHARED),
)
KEYS = st.recursive(ATOMS, lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3), max_leaves=5)
VALUES = st.recursive(
    ATOMS | KEYS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(KEYS, inner, max_size=4),
        st.sets(KEYS, max_size=4),
        st.frozensets(KEYS, max_size=4),
        inner.map(lambda value: [value, value, (value,)]),
        st.binary(max_size=4).map(bytearray),
        st.binary(max_size=4).map(memoryview),
    ),
    max_leaves=20,
)
VERSIONS = range(standard.version + 1)


CODE_TOO = bool(quire._core._private_layouts)  # canonical bytes of code objects are written of its private parts


def same(one, other):
    """Are they alike, and shared alike? By what is written of them, whoever else holds their parts."""
    return marshal.dumps(one, canonical=True) == marshal.dumps(other, canonical=True)


def code_of(path):
    with open(path, "rb") as file:
        return compile(file.read(), path, "exec")


CODES = [code_of(path) for path in sorted(glob.glob(os.path.join(os.path.dirname(os.__file__), "[a-c]*.py")))]
SAMPLE_CODE = compile(
    "import a, b as c\nX: int = 1\ndef f(a, /, b=(1, 'two'), *args, c, **k):\n    def g(): return a, b, k\n    return [g for x in args if x in {1, 2, None}]\n"
    "class C:\n    y = [z for z in range(3)]\n    def m(self): return super().m() + f'{self!r:>{5}}'\ntry: pass\nexcept* ValueError: pass\n",
    "sample.py",
    "exec",
)


# ---------------------------------------------------------------- the same bytes


@given(VALUES)
def test_the_same_bytes_in_every_version(value):
    for version in (-1, *VERSIONS, 9):
        assert marshal.dumps(value, version) == standard.dumps(value, version)


@given(VALUES)
def test_the_same_object_from_memory_and_from_a_file(value):
    data = standard.dumps(value)
    expected = standard.loads(data)
    file = io.BytesIO(data + b"more")
    for loaded in (
        marshal.loads(data),
        marshal.loads(bytearray(data + b"more")),
        marshal.load(file),
        standard.loads(marshal.dumps(value, canonical=True)),
    ):
        assert type(loaded) is type(expected)
        assert same(loaded, expected)
    assert file.tell() == len(data)


def test_dicts_that_share_their_keys():
    names = ["".join(["key", str(n)]) for n in range(40)]
    value = [{name: [i] for name in names[: i % 7]} for i in range(60)] + [{name: i for name in names} for i in range(3)]
    value += [{names[1]: 1, names[0]: 2}, {names[0]: 1, (1,): 2}, {names[0]: 1, 5: names[1]}] * 2
    for data in (standard.dumps(value), standard.dumps(value, 2), b"[\2\0\0\0{\xfa\1aNr\0\0\0\0T0{r\0\0\0\0Nr\0\0\0\0F0"):
        loaded = marshal.loads(data)
        assert loaded == standard.loads(data) == marshal.load(io.BytesIO(data))
        for table in loaded:
            table["more"] = table.pop(next(iter(table), "none"), None)
            assert list(table) == list(dict(table)) and table["more"] is table.get("more")


def test_cycles_and_sharing():
    value = cycles()
    for version in (3, 4):
        assert marshal.dumps(value, version) == standard.dumps(value, version)
    for data in (standard.dumps(value), standard.dumps(value[0]), standard.dumps(value[2]), marshal.dumps(value, canonical=True)):
        for loaded in (marshal.loads(data), marshal.load(io.BytesIO(data))):
            assert same(loaded, standard.loads(data))
    loaded = marshal.loads(marshal.dumps(value))
    assert loaded[4] is loaded and loaded[0] is loaded[3] and loaded[0][0] is loaded[1] and loaded[1][0] is loaded[0]
    assert loaded[2]["self"] is loaded[2]
    circle = []
    circle.append(circle)
    for call in (marshal.dumps, standard.dumps):
        with pytest.raises(ValueError, match="too deeply"):
            call(circle, 2)
    circle.clear()


def test_interned_text_is_the_interned_object():
    text = sys.intern("an interned text")
    assert marshal.loads(marshal.dumps(text)) is text
    assert marshal.loads(marshal.dumps(text, 2)) is not text
    plain, interned = (
        marshal.dumps((["".join(["not ", "interned"])],)),
        marshal.dumps(([sys.intern("".join(["once_", "here"]))],)),
    )
    assert plain.endswith(b"[\1\0\0\0z\x0cnot interned")
    assert interned.endswith(b"[\1\0\0\0\xda\x09once_here")


@pytest.mark.parametrize("version", VERSIONS)
def test_code_objects_of_the_standard_library(version):
    assert len(CODES) > 10
    for code in CODES:
        assert marshal.dumps(code, version) == standard.dumps(code, version)


def all_codes(code):
    yield code
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from all_codes(constant)


def test_code_objects_come_back_as_they_were():
    loaded = marshal.loads(standard.dumps(SAMPLE_CODE))
    assert all(code.co_filename is loaded.co_filename for code in all_codes(loaded))
    for code in [*CODES, SAMPLE_CODE]:
        data = standard.dumps(code)
        assert marshal.loads(marshal.dumps(code, 2)) == code
        for loaded in (marshal.loads(data), marshal.load(io.BytesIO(data))):
            assert loaded == code and (not CODE_TOO or same(loaded, code))
    expected = standard.loads(standard.dumps(SAMPLE_CODE))
    for one, other in zip(all_codes(marshal.loads(standard.dumps(SAMPLE_CODE))), all_codes(expected), strict=True):
        for name in dir(other):
            if name.startswith("co_") and name != "co_lnotab" and not callable(getattr(other, name)):
                assert getattr(one, name) == getattr(other, name), name
        assert list(one.co_positions()) == list(other.co_positions()) and list(one.co_lines()) == list(other.co_lines())


def test_code_objects_still_run():
    namespace = {}
    source = "x = 5\ndef outer(a):\n    b = a + x\n    return [(lambda: (b, i))() for i in range(2)]\nclass K:\n    z = [i for i in 'ab']\n"
    exec(marshal.loads(marshal.dumps(compile(source, "<run>", "exec"))), namespace)
    assert namespace["outer"](1) == [(6, 0), (6, 1)] and namespace["K"].z == ["a", "b"] and "i" not in namespace


@pytest.mark.skipif(sys.version_info < (3, 13), reason="allow_code= came with 3.13")
def test_allow_code():
    assert marshal.loads(marshal.dumps([1], allow_code=False), allow_code=False) == [1]
    for call in (
        lambda m: m.dumps([SAMPLE_CODE], allow_code=False),
        lambda m: m.loads(standard.dumps([SAMPLE_CODE]), allow_code=False),
        lambda m: m.load(io.BytesIO(standard.dumps(SAMPLE_CODE)), allow_code=False),
    ):
        assert outcome(call, marshal) == outcome(call, standard)


# ---------------------------------------------------------------- canonical


@given(VALUES)
def test_canonical_bytes_do_not_depend_on_who_holds_what(value):
    data = marshal.dumps(value, canonical=True)
    again = marshal.loads(data)
    held = [again, gc.get_referents(again)]
    assert marshal.dumps(again, canonical=True) == data
    assert marshal.dumps(held[0], canonical=True) == data


def test_canonical_bytes_of_equal_values_are_equal():
    text = "name"
    one = [text, text, "".join(["na", "me"]), 10**20, {"b", "a", "c"}]
    other = ["".join(["n", "ame"]), sys.intern("name"), "".join(["name", ""]), int("1" + "0" * 20), set("cab")]
    assert marshal.dumps(one, canonical=True) == marshal.dumps(other, canonical=True)
    assert marshal.dumps([1.5, 2.0, 1.5], canonical=True) == b"[\3\0\0\0\xe7\0\0\0\0\0\0\xf8?g\0\0\0\0\0\0\0@r\0\0\0\0"
    assert marshal.dumps([7, 7], canonical=True) == b"[\2\0\0\0i\7\0\0\0i\7\0\0\0"
    if CODE_TOO:
        assert standard.loads(marshal.dumps(SAMPLE_CODE, canonical=True)) == SAMPLE_CODE
    else:
        with pytest.raises(ValueError, match="canonical"):
            marshal.dumps(SAMPLE_CODE, canonical=True)
    assert len(standard.loads(marshal.dumps({float("nan"), float("nan")}, canonical=True))) == 2


@pytest.mark.skipif(not CODE_TOO, reason="without private layouts code objects have no canonical form")
def test_canonical_code_is_the_same_in_every_process():
    script = "import sys, quire.marshal as m\nsys.stdout.write(m.dumps(compile({!r}, 'f', 'exec'), canonical=True).hex())"
    source = "X = {'a', 'b', 'c', 1, (2, 'd')}\ndef f(x): return x in {'q', 'r', 's', 't'}\n"
    runs = {}
    for seed in ("0", "1"):
        done = run_alone(
            f"import os\nif os.environ.get('PYTHONHASHSEED') != '{seed}':\n    os.execve(sys.executable, [sys.executable, '-c', {script.format(source)!r}], {{**os.environ, 'PYTHONHASHSEED': '{seed}'}})"
        )
        runs[seed] = done.stdout
        assert done.returncode == 0 and done.stdout, done.stderr
    assert runs["0"] == runs["1"] == marshal.dumps(compile(source, "f", "exec"), canonical=True).hex()


# ---------------------------------------------------------------- the same errors


def outcome(call, module):
    try:
        return call(module)
    except Exception as error:
        return type(error), str(error)


MALFORMED = [
    b"", b"(", b"(\2\0\0\0N", b"i\1", b"s\4\0\0\0a", b"s\xff\xff\xff\xff", b"(\xff\xff\xff\xff", b"[\xff\xff\xff\xff", b"<\xff\xff\xff\xff",
    b"u\xff\xff\xff\xff", b"a\xff\xff\xff\xff", b"z", b")", b")\2N", b"z\5ab", b"0", b"{0", b"{N0", b"{NN", b"[\1\0\0\x000", b")\x010", b"<\1\0\0\x000",
    b"r\0\0\0\0", b"r", b"\xfb", b"?", b"l\0\0\0\0", b"l\0\0\0\x80", b"l\1\0\0\0\xff\xff", b"l\1\0\0\0\0\x80", b"l\2\0\0\0\1\0\0\0", b"l\1\0\0\0\0",
    b"f", b"f\1x", b"f\3nan", b"f\0", b"f\x041\x00e5", b"x\0011\0012", b"g\1", b"I\1", b"<\1\0\0\0[\0\0\0\0", b"c", b"c" + bytes(20) + b"N",
    b"u\1\0\0\0\xff", b"z\1\xff", b"a\1\0\0\0\xff", b"Z\1\xff", b"\xbe\1\0\0\0r\0\0\0\0", b"{", b"[\1\0\0\0" * 2001 + b"N", b")\1" * 2001 + b"N", b"{N" * 2001 + b"N",
]  # fmt: skip


@pytest.mark.parametrize("data", MALFORMED, ids=lambda data: repr(data[:12]))
def test_malformed_data_is_the_same_error(data):
    def loads(module):
        return repr(module.loads(data))

    def load(module):
        return repr(module.load(io.BytesIO(data)))

    assert outcome(loads, marshal) == outcome(loads, standard)
    assert outcome(load, marshal) == outcome(load, standard)


@pytest.mark.parametrize(
    "call",
    [
        lambda m: m.dumps(object()), lambda m: m.dumps([1, type]), lambda m: m.dumps(memoryview(bytearray(8))[::2]), lambda m: m.dumps(1, "x"), lambda m: m.dumps(1, 2.0),
        lambda m: m.dumps(1, 2**40), lambda m: m.loads("text"), lambda m: m.loads(5), lambda m: m.load(5), lambda m: m.dump(1, 5), lambda m: m.dump(1, io.BytesIO()),
        lambda m: m.dumps(type("List", (list,), {})()), lambda m: m.dumps({1: [slice]}), lambda m: m.load(types.SimpleNamespace(read=lambda n: "x", readinto=None)),
        lambda m: m.load(types.SimpleNamespace(read=lambda n: b"")), lambda m: m.load(types.SimpleNamespace(read=lambda n: b"", readinto=lambda b: None)),
        lambda m: m.load(types.SimpleNamespace(read=lambda n: b"", readinto=lambda b: 0)), lambda m: m.load(types.SimpleNamespace(read=lambda n: b"", readinto=lambda b: 9)),
        lambda m: m.load(types.SimpleNamespace(read=lambda n: b"", readinto=lambda b: -5)), lambda m: m.load(types.SimpleNamespace(read=lambda n: b"", readinto=lambda b: 2**70)),
        lambda m: m.load(types.SimpleNamespace(read=lambda n: b"", readinto=lambda b: 1 // 0)),
    ],
)  # fmt: skip
def test_misuse_is_the_same_error(call):
    assert outcome(call, marshal) == outcome(call, standard)


def test_wrong_arguments():
    for call in (
        lambda: marshal.dumps(), lambda: marshal.dumps(1, 2, 3), lambda: marshal.dumps(value=1), lambda: marshal.loads(), lambda: marshal.loads(b"N", 1),
        lambda: marshal.dump(1), lambda: marshal.loads(b"N", canonical=True), lambda: marshal.load(io.BytesIO(b"N"), x=1),
    ):  # fmt: skip
        with pytest.raises(TypeError):
            call()


@pytest.mark.parametrize(("levels", "fits"), [(1999, True), (2000, False)])
def test_depth_is_limited_as_there(levels, fits):
    value = 0
    for _ in range(levels):
        value = [value]
    data = b"[\1\0\0\0" * levels + b"N"
    written = outcome(lambda m: m.dumps(value), marshal)
    assert written == outcome(lambda m: m.dumps(value), standard)
    assert isinstance(written, bytes) == isinstance(outcome(lambda m: m.loads(data), marshal), list) == fits


def test_threads_with_small_stacks():
    value = []
    for _ in range(1900):
        value = [value]

    def work():
        return [
            outcome(lambda m: m.dumps(value), marshal),
            outcome(lambda m: m.loads(b")\1" * 1990 + b"N"), marshal),
            outcome(lambda m: m.loads(b"<\1\0\0\0" + b")\1" * 1980 + b"N"), marshal),
        ]

    outcomes = on_stack(256 * 1024, work)
    assert len(outcomes) == 3 and all(
        not isinstance(one, tuple) or one[0] is ValueError or isinstance(one[0], tuple) for one in outcomes
    )


# ---------------------------------------------------------------- what the standard library does not survive


@pytest.mark.parametrize(
    "data",
    [
        b">\1\0\0\0\xa9\2Nr\0\0\0\0",  # a frozenset of a tuple that holds itself
        b"\xa9\1r\0\0\0\0",
        b"\xa9\2Nr\0\0\0\0",
        b"\xa9\1)\1)\1r\0\0\0\0",
        b"\xa9\1>\1\0\0\0r\0\0\0\0",  # hashed before it is whole
        b"\xa9\1{r\0\0\0\0N0",
        b"\xa9\2[\1\0\0\0{r\0\0\0\0N0N",
        b"[\2\0\0\0\xa9\2N[\1\0\0\0r\0\0\0\0<\1\0\0\0)\1r\0\0\0\0",  # within a list: cannot be hashed, TypeError
        b"[\x2e\0\0\0\xa9\0" + b"".join(b"\xa9\2r" + bytes([n, 0, 0, 0]) + b"r" + bytes([n, 0, 0, 0]) for n in range(44)) + b"<\1\0\0\0r\x2c\0\0\0",  # 2**44 steps
        b"[" + (100_002).to_bytes(4, "little") + b"\xa9\0" + b"".join(b"\xa9\1r" + n.to_bytes(4, "little") for n in range(100_000)) + b"<\1\0\0\0r" + (100_000).to_bytes(4, "little"),
        b"(\xff\xff\xff\x7fN",
        b"\xa8\xff\xff\xff\x7fN",
        b"[\xff\xff\xff\x7fN",
        b"\xdb\xff\xff\xff\x7fN",
        b"<\xff\xff\xff\x7fN",
        b"s\xff\xff\xff\x7fN",
        b"a\xff\xff\xff\x7fN",
        b"u\xff\xff\xff\x7fN",
        b"l\xff\xff\xff\x7fN",
        b"(\xff\xff\xff\x7f" * 100,
        b"c" + bytes(20) + b"s\0\0\0\0NNNN" + b"z\0" * 3 + bytes(4) + b"s\0\0\0\0" * 2,  # names that are no tuples
        b"\xa9\1c" + bytes(20) + b"s\0\0\0\0r\0\0\0\0)\0)\0s\0\0\0\0" + b"z\0" * 3 + bytes(4) + b"s\0\0\0\0" * 2,  # its constants are the tuple around it
    ],
    ids=lambda data: repr(data[:16]),
)  # fmt: skip
def test_hazards_are_errors(data):
    for load in (marshal.loads, lambda data: marshal.load(io.BytesIO(data))):
        with pytest.raises((ValueError, EOFError, TypeError, SystemError)):
            load(data)


@pytest.mark.skipif(sys.version_info < (3, 12), reason="there are no instrumented opcodes before 3.12")
def test_opcodes_that_are_never_written():
    code = compile("x = 1", "f", "exec")
    data = standard.dumps(code)
    place = data.index(code.co_code)
    for opcode in range(240, 256):
        with pytest.raises(ValueError, match="opcodes"):
            marshal.loads(data[: place + 2] + bytes([opcode]) + data[place + 3 :])


def test_tuples_within_lists_may_hold_themselves():
    data = b"\xa9\2[\1\0\0\0r\0\0\0\0N"
    for loaded in (marshal.loads(data), marshal.load(io.BytesIO(data))):
        assert loaded[0][0] is loaded and loaded[1] is None
        loaded[0].clear()


@pytest.mark.skipif("QUIRE_SANITIZED" in os.environ, reason="the sanitizers need more address space")
def test_lengths_that_are_lies_take_no_memory():
    script = """
        import resource, io
        from quire import marshal
        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        for code in b"([<>saul":
            for flag in (0, 128):
                for again in (1, 100):
                    data = (bytes([code | flag]) + b"\\xf0\\xff\\xff\\x7f") * again + b"N"
                    for load in (marshal.loads, lambda data: marshal.load(io.BytesIO(data))):
                        try:
                            load(data)
                        except (EOFError, ValueError, TypeError):
                            continue
                        raise AssertionError(data)
        print("done")
    """
    run = run_alone(script)
    assert (run.returncode, run.stdout.strip()) == (0, "done"), run.stderr[-2000:]


# Less memory than a length that is a lie would take.
LIMITED = "import resource\nresource.setrlimit(resource.RLIMIT_AS, (1 << 31, 1 << 31))\n"


@pytest.mark.parametrize("number", range(len(CORPUS)))
def test_every_change_of_a_byte_and_every_beginning(number):
    """Nothing crashes, and the outcome is the standard library's, as far as that survives: it runs in processes of its own."""
    cases = list(changed(number))
    script = """
        import io, marshal, sys
        from marshal_corpus import changed, safe_outcome
        cases = list(changed(int(sys.argv[1])))
        for i in range(int(sys.argv[2]), len(cases)):
            print(i, end=" ", flush=True)
            print(repr(safe_outcome(marshal.loads, cases[i])), flush=True)
    """
    theirs, start = {}, 0
    if "QUIRE_SANITIZED" in os.environ:  # whose memory cannot be limited: ours alone
        theirs, start = dict.fromkeys(range(len(cases))), len(cases)
    while start < len(cases):
        run = run_alone(LIMITED + textwrap.dedent(script), str(number), str(start))
        for line in run.stdout.splitlines():
            index, _, result = line.partition(" ")
            theirs[int(index)] = result
            start = int(index) + 1
        if run.returncode >= 0:
            assert run.returncode == 0, run.stderr
            break
    different = []
    for i, data in enumerate(cases):
        ours = safe_outcome(marshal.loads, data)
        from_file = safe_outcome(lambda data: marshal.load(io.BytesIO(data)), data)
        assert from_file == ours or from_file[0] == ours[0] == "error", data
        if theirs[i] and "memory" not in theirs[i] and repr(ours) != theirs[i]:
            different.append((data, ours, theirs[i]))
    # What is refused here alone: tuples within themselves.
    assert all(ours == ("error", "ValueError") for _, ours, _ in different) and len(different) < 20, different[:3]


# ---------------------------------------------------------------- files


def test_files_one_after_the_other(tmp_path):
    values = [1, "abc", b"def", 1.0, (2, "a", ["b", b"c"]), 2**100, SAMPLE_CODE, {"k": {1, 2}}, "x" * 300_000, None]
    path = tmp_path / "data"
    with open(path, "wb") as file:
        places = []
        for value in values:
            assert marshal.dump(value, file) == len(standard.dumps(value))
            file.write(b"between")
            places.append(file.tell())
    for buffering in (0, -1):
        with open(path, "rb", buffering=buffering) as file:
            for value, place in zip(values, places, strict=True):
                assert marshal.load(file) == value
                assert file.read(7) == b"between" and file.tell() == place


def test_a_file_is_asked_for_what_is_needed():
    class File:
        def __init__(self, data):
            self.data, self.asked, self.kept = io.BytesIO(data), [], []

        def read(self, n):
            self.asked.append(("read", n))
            return self.data.read(n)

        def readinto(self, buffer):
            self.asked.append(len(buffer))
            self.kept.append(buffer)  # who keeps it has nothing but an old one
            return self.data.readinto(buffer)

    data = standard.dumps([1, "ab", b"x" * 3, {1: 2.5, (1,): {7}}])
    ours, theirs = File(data), File(data)
    assert marshal.load(ours) == standard.load(theirs)
    assert ours.asked == theirs.asked
    assert all(len(view) in (1, 2, 3, 4, 8) for view in ours.kept)


class Finding(io.BytesIO):
    """Gives every list that begins with 77 and is still being read to a function."""

    def __init__(self, data, function):
        super().__init__(data)
        self.function = function

    def readinto(self, buffer):
        for found in gc.get_objects():
            if type(found) is list and found and type(found[0]) is int and found[0] == 77:
                self.function(found)
        return super().readinto(buffer)


@pytest.mark.parametrize("version", [2, 4])
def test_a_file_that_changes_what_is_read_from_it(version):
    def change(found):
        assert None not in found
        found.clear()

    def load():
        return marshal.load(Finding(standard.dumps([77, 1, 2.5, b"x", several, "last"], version), change))

    several = ["several", 1, (2, 3)]
    assert load()[-1] == "last" and 77 not in load()


def test_a_file_that_loads_while_it_is_read():
    class File(io.BytesIO):
        def readinto(self, buffer):
            gc.collect()
            assert marshal.loads(marshal.dumps([1, ["a"]])) == [1, ["a"]]
            return super().readinto(buffer)

    assert marshal.load(File(standard.dumps([1, {"a": ("b", {"c"})}, "a"]))) == [1, {"a": ("b", {"c"})}, "a"]


# ---------------------------------------------------------------- user code while it is written


@pytest.mark.skipif(sys.version_info < (3, 12), reason="buffers of Python classes came with 3.12")
def test_buffers_that_change_what_is_written():
    class Evil:
        def __init__(self, action):
            self.action = action

        def __buffer__(self, flags):
            self.action()
            return memoryview(b"evil")

    value = [1, 2, 3]
    value.insert(1, Evil(value.clear))
    with pytest.raises(RuntimeError, match="changed size"):
        marshal.dumps(value)
    table = {"a": None, "b": [5.5]}
    table["a"] = Evil(lambda: table.update({n: n for n in range(100)}))
    with pytest.raises(RuntimeError, match="changed size"):
        marshal.dumps(table)
    texts = ["".join(["t", str(n)]) for n in range(50)]
    value = [list(texts), Evil(lambda: value[0].clear()), ["".join(["u", str(n)]) for n in range(50)]]
    del texts
    assert marshal.loads(marshal.dumps(value)) == [[f"t{n}" for n in range(50)], b"evil", [f"u{n}" for n in range(50)]]


def test_buffers():
    for value in (bytearray(b"ab"), memoryview(b"cd"), array.array("i", [1, 2]), [memoryview(b"x")] * 2, {memoryview(b"k"): 1}):
        assert marshal.dumps(value) == standard.dumps(value)


# ---------------------------------------------------------------- nothing is left


def test_nothing_is_left():
    value = [cycles(), {"a": [1.5, "x" * 40, 10**40]}, {(1, "y"), "z"}, SAMPLE_CODE]
    data = standard.dumps(value)
    bad = [data[:n] for n in range(0, len(data), 13)]

    def work():
        marshal.loads(marshal.dumps(value))
        marshal.dumps(value if CODE_TOO else value[:3], canonical=True)
        marshal.load(io.BytesIO(data))
        for part in bad:
            outcome(lambda m, part=part: m.loads(part), marshal)
        outcome(lambda m: m.dumps([value, object()]), marshal)
        outcome(lambda m: m.loads(b"\xa9\2Nr\0\0\0\0"), marshal)

    leaves_nothing(work)


def test_memory_fails_at_any_allocation():
    script = """
        import io, marshal as standard
        from failing_memory import sweep
        import quire._core
        from quire import marshal

        shared = ["text " * 5, 1.5]
        value = [shared, shared, {"a": {1, "b", (2, "c")}, "wide": "\\u20ac" * 3}, 10**40, list(range(300, 600)), "x" * 3000]
        value += [{"k": 1.5, "l": [i]} for i in range(4)]
        code = compile("def f(a, b=1):\\n    return lambda: a", "f", "exec")
        data, code_data = standard.dumps(value), standard.dumps(code)
        jobs = {
            "dumps": lambda: marshal.dumps(value),
            "canonical": lambda: marshal.dumps([value, code] if quire._core._private_layouts else value, canonical=True),
            "dumps code": lambda: marshal.dumps(code),
            "loads": lambda: marshal.loads(data),
            "loads code": lambda: marshal.loads(code_data),
            "load": lambda: marshal.load(io.BytesIO(data)),
            "old": lambda: marshal.loads(marshal.dumps([1.5, 2j, "\\ud800"], 1)),
        }
        if not quire._core._private_layouts:  # then the interpreter itself does these, with its own answers to memory that fails
            del jobs["dumps code"], jobs["loads code"]
        for name, job in jobs.items():
            for together in (1, 1 << 30):
                sweep(name, job, together, most=3000, runs_python=False)
            assert job() is not None
        assert marshal.dumps(value) == standard.dumps(value)
        print("done")
    """
    run = run_alone(script)
    assert (run.returncode, run.stdout.strip()) == (0, "done"), run.stderr[-2000:]


# ---------------------------------------------------------------- without private layouts


def test_without_private_layouts():
    script = """
        import io, os
        os.environ["QUIRE_PRIVATE_LAYOUTS"] = "0"
        import marshal as standard
        from quire import marshal
        code = compile("def f(a):\\n    return lambda: a", "f", "exec")
        value = [1, {"a": (2, {3})}, code, (code,)]
        for version in range(5):
            assert marshal.dumps(value, version) == standard.dumps(value, version)
        for data in (standard.dumps(value), standard.dumps(code)):
            assert marshal.loads(data) == marshal.load(io.BytesIO(data)) == standard.loads(data)
        for bad in (standard.dumps([code])[:-1], b"[\\2\\0\\0\\0>\\1\\0\\0\\0\\xa9\\2Nr\\0\\0\\0\\0" + standard.dumps(code)):
            try:
                marshal.loads(bad)
            except (EOFError, ValueError):
                continue
            raise AssertionError(bad)
        try:
            marshal.dumps(code, canonical=True)
        except ValueError as error:
            assert "canonical" in str(error)
        print("done")
    """
    run = run_alone(script)
    assert (run.returncode, run.stdout.strip()) == (0, "done"), run.stderr[-2000:]


@settings(max_examples=30)
@given(st.binary(max_size=60))
def test_any_bytes(data):
    for load in (marshal.loads, lambda data: marshal.load(io.BytesIO(data))):
        safe_outcome(load, data)


@pytest.mark.parametrize("text", ["é", "éé", "aé" * 9, "ab€", "\ud800", "a\udfff€", "😀", "é😀" * 40, "\x00ÿ", "a" * 9 + "Ā"])
def test_text_of_every_width(text):
    data = marshal.dumps([text, text + "x"])
    assert standard.dumps(marshal.loads(data)) == standard.dumps(standard.loads(data))
    assert marshal.loads(data) == [text, text + "x"]


def test_text_that_is_no_utf8():
    for text in (b"\xff", b"a\xc3", b"\xe2\x82", b"\xc0\x80", b"\xf4\x90\x80\x80", b"ab\x80\x80"):
        data = b"u" + len(text).to_bytes(4, "little") + text
        for module in (marshal, standard):
            with pytest.raises(UnicodeDecodeError):
                module.loads(data)


def test_tuples_and_the_collector():
    """Those of atoms are none of its business; those that may be part of a cycle are, and are found in one."""

    class Seen(list):
        pass

    for n in (1, 3, 19, 20, 21, 255, 256, 400):
        atoms, holder = marshal.loads(marshal.dumps([tuple([2.5] * n), tuple([[]] * n)]))
        assert not gc.is_tracked(atoms) and gc.is_tracked(holder)
        seen = Seen()
        alive = weakref.ref(seen)
        holder[0].append((holder, seen))
        del holder, seen
        gc.collect()
        assert alive() is None
