# SPDX-License-Identifier: Apache-2.0
"""`python -m quire inspect` on pickles: the tree of what would be built. Plain data is built again from it and compared; what names
globals is shown and not done; hostile programs are answered within bounds."""

import collections
import copyreg
import datetime
import json
import pickle
import struct
import sys

import pytest
from exact import same
from hypothesis import given, settings
from hypothesis import strategies as st

from quire._inspect import main
from quire._inspect.formats import read
from quire._inspect.pickles import DEEPEST, Budget, read_pickle
from quire._inspect.show import as_json, as_text


def tree(data):
    """(the only value, what is done without use, the fault)"""
    roots, fault = read(data, "pickle")
    return roots[0], roots[1].children if len(roots) > 1 else [], fault


def lines(data, *, most=100):
    roots, _ = read(data, "pickle")
    return [line.strip() for line in as_text(data, "pickle", roots, None, most, False)][1:]


def nodes(root):
    pending = [root]
    while pending:
        node = pending.pop()
        yield node
        pending += node.children or []


CONSTANTS = {"None": None, "True": True, "False": False}


def rebuilt(root):
    """The value of a tree of plain data, with what is shared in it."""
    done = {}

    def build(node):
        if node.kind == "reference":
            return done[node.value] if node.value in done else build(node.of)
        if node.children is None:
            made = CONSTANTS[node.kind] if node.kind in CONSTANTS else node.value
        elif node.kind == "list":
            made = done[node.offset] = []
            made += map(build, node.children)
        elif node.kind == "dict":
            made = done[node.offset] = {}
            for child in node.children:
                made[child.name] = build(child)
        else:
            made = {"tuple": tuple, "set": set, "frozenset": frozenset}[node.kind](map(build, node.children))
        done[node.offset if node.number is None else node.number] = made
        return made

    return build(root)


ATOMS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False),
    st.text(max_size=5),
    st.binary(max_size=5),
    st.integers(-(2**300), 2**300),
)
KEYS = st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=5)
VALUES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(KEYS, inner, max_size=4),
        st.frozensets(st.integers(), max_size=3),
        st.lists(inner, max_size=2).map(lambda one: [one, one, (one,)]),
    ),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(VALUES, st.integers(4, 5))
def test_plain_data_is_built_again(value, protocol):
    data = pickle.dumps(value, protocol)
    root, unused, fault = tree(data)
    assert (unused, fault) == ([], None)
    assert same(rebuilt(root), value)


@pytest.mark.parametrize("protocol", range(6))
def test_every_protocol(protocol):
    shared = ["x", 1.5]
    value = {
        "a": shared,
        "b": shared,
        "t": (1, (2, 3), (4, 5, 6, 7)),
        "n": [None, True, False, -1, 300, 70000, 2**70, -(2**40)],
        "u": "\u20ac\n",
    }
    root, unused, fault = tree(pickle.dumps(value, protocol))
    assert (rebuilt(root), unused, fault) == (value, [], None)
    again = rebuilt(root)
    assert again["a"] is again["b"]


def test_cycles_and_sharing():
    ring = [1]
    ring.append({"ring": ring})
    ring.append(ring[1])
    assert lines(pickle.dumps(ring, 4)) == [
        "11  list 3 items",
        "14    [0]: int 1",
        "16    [1]: dict 1 item",
        "25      ring: reference to 11 list",
        "28    [2]: reference to 16 dict",
    ]
    knot = ([],)
    knot[0].append(knot)
    root, _, fault = tree(pickle.dumps(knot, 4))
    assert fault is None and (root.kind, root.children[0].kind) == ("tuple", "list")
    back = root.children[0].children[0]
    assert back.kind == "reference" and back.of is root and back.value == root.number


class Plain:
    def __init__(self, **state):
        self.__dict__.update(state)


class Items(list):
    pass


class Keyworded:
    def __getnewargs_ex__(self):
        return (1,), {"k": 2}


def named(root):
    return {child.name: child for child in root.children}


def test_objects_are_not_made():
    root, _, _ = tree(pickle.dumps(Plain(a=1, b=[2]), 4))
    parts = named(root)
    assert (root.kind, root.value, list(parts)) == ("object", f"{__name__}.Plain", ["class", "arguments", "state"])
    assert parts["class"].kind == "global" and [child.name for child in parts["state"].children] == ["a", "b"]
    root, _, _ = tree(pickle.dumps(datetime.date(2020, 1, 2), 4))
    assert (root.kind, root.value, named(root)["arguments"].children[0].value) == ("call", "datetime.date", b"\x07\xe4\x01\x02")
    items = Items("ab")
    items.state = 1
    root, _, _ = tree(pickle.dumps(items, 4))
    assert [child.name for child in root.children] == ["class", "arguments", 0, 1, "state"]
    root, _, _ = tree(pickle.dumps(collections.OrderedDict(x=1), 4))
    assert (root.value, named(root)["x"].value) == ("collections.OrderedDict", 1)
    root, _, _ = tree(pickle.dumps(Keyworded(), 4))
    assert named(named(root)["keywords"])["k"].value == 2


def test_what_only_old_and_odd_programs_have():
    for data, kind, value, inside in (
        (b"(ios\nsystem\n.", "object", "os.system", ["class"]),
        (b"(ios\nsystem\n0N.", "None", None, None),
        (b"(cos\nsystem\nI1\no.", "object", "os.system", ["class", "argument 0"]),
        (b"\x82\x07.", "extension", 7, None),
        (b"Pname\n.", "persistent id", "name", None),
        (b"K\x05Q.", "persistent id", None, ["id"]),
        (b"\x97.", "out-of-band buffer", 0, None),
        (b"\x97\x98.", "read-only view", None, ["of"]),
        (b"K\x05]\x93.", "global", None, ["module", "name"]),
        (b"S'a\\x41'\n.", "str of Python 2", b"aA", None),
        (b"V\\u20ac\n.", "str", "\u20ac", None),
        (b"I01\n.", "True", None, None),
        (b"L12L\n.", "int", 12, None),
        (b"F1.5\n.", "float", 1.5, None),
        (b"(I1\nI2\nd.", "dict", None, ["1"]),
        (b"](I1\n1.", "list", None, []),
        (b"K\x012].", "list", None, []),
        (b"\x8f(K\x01\x90.", "set", None, [0]),
        (b"\x96\x02\0\0\0\0\0\0\0ab.", "bytearray", b"ab", None),
        (b"(]l.", "list", None, [0]),
    ):
        root, _, fault = tree(data)
        assert fault is None, data
        assert (root.kind, root.value, None if root.children is None else [child.name for child in root.children]) == (
            kind,
            value,
            inside,
        )


def test_buffers_out_of_band():
    data = pickle.dumps([pickle.PickleBuffer(b"one"), pickle.PickleBuffer(bytearray(b"two"))], 5, buffer_callback=lambda _: None)
    root, _, fault = tree(data)
    assert fault is None and [child.kind for child in root.children] == ["read-only view", "out-of-band buffer"]
    assert (root.children[0].children[0].value, root.children[1].value) == (0, 1)


def test_a_call_whose_result_is_dropped_is_shown():
    root, unused, fault = tree(b"\x80\x02cos\nsystem\n(U\x02lstR0N.")
    assert (root.kind, fault) == ("None", None)
    assert [(node.kind, node.value) for node in unused] == [("call", "os.system")]
    root, unused, _ = tree(b"cm\nf\n)R0cm\ng\n)Rp0\n0cm\nh\n(g0\ntR0cmodule\nname\n0].")
    assert [(node.kind, node.value) for node in unused] == [("call", "m.f"), ("call", "m.h"), ("global", "module.name")]
    assert named(unused[1])["arguments"].children[0].value == "m.g"


def test_nothing_is_run(tmp_path):
    class Evil:
        def __reduce__(self):
            return open, (str(tmp_path / "made"), "w")

    for protocol in range(6):
        root, _, fault = tree(pickle.dumps(Evil(), protocol))
        assert fault is None and root.kind == "call" and not (tmp_path / "made").exists()
    copyreg.add_extension("nowhere", "nothing", 240)
    try:
        assert tree(b"\x82\xf0.")[0].kind == "extension" and "nowhere" not in sys.modules
    finally:
        copyreg.remove_extension("nowhere", "nothing", 240)


# -- damage -----------------------------------------------------------------------------------------------------------

SAMPLE = {"name": "Ann\u20ac", "list": [1, 2.5, [None]], "t": (1, 2), "when": datetime.date(2020, 1, 2), "object": Plain(a=b"x")}
SAMPLE["again"] = SAMPLE["list"]


@pytest.mark.parametrize("protocol", range(6))
def test_cut_off_at_every_byte(protocol):
    data = pickle.dumps(SAMPLE, protocol)
    most = 0
    for length in range(1, len(data)):
        roots, fault = read(data[:length], "pickle")
        assert fault is not None and fault.code == "truncated" and 0 <= fault.offset <= length
        assert roots[0].kind == "unfinished"
        found = sum(1 for root in roots for _ in nodes(root))
        most = max(most, found)
        list(as_text(data, "pickle", roots, None, 0, False))
        json.dumps(as_json(data, "pickle", roots, fault, None, 0))
    assert most > 20  # what was read is shown


@pytest.mark.parametrize(
    ("data", "offset", "message"),
    [
        (b"t.", 0, "no mark"),
        (b"]R.", 1, "nothing is on the stack"),
        (b"](R.", 2, "nothing is on the stack"),
        (b"]h\x05.", 1, "nothing has the number 5"),
        (b"K\x01K\x02a.", 4, "added to a int"),
        (b"}(K\x01u.", 4, "a key without"),
        (b"0.", 0, "nothing is on the stack"),
        (b"(o.", 1, "no class"),
        (b"X\x01\0\0\0\xff.", 0, "UTF-8"),
        (b"]Ix\n.", 1, "invalid number"),
        (b"]Sx\n.", 1, "not quoted"),
        (b"]\xff", 1, "a byte that starts no value"),
        (b".", 0, "nothing is on the stack"),
    ],
)
def test_the_fault_has_its_offset(data, offset, message, tmp_path, capsys):
    roots, fault = read(data, "pickle")
    assert fault.offset == offset and message in fault.message and roots[0].kind == "unfinished"
    path = tmp_path / "payload"
    path.write_bytes(data)
    assert main(["inspect", str(path), "--format", "pickle"]) == 1
    assert f"damaged at byte {offset}" in capsys.readouterr().err


def test_what_stands_above_a_mark_when_it_ends():
    roots, fault = read(b"](K\x01(K\x02", "pickle")
    assert fault.code == "truncated"
    (empty, mark) = roots[0].children
    assert (empty.kind, mark.kind, mark.offset) == ("list", "mark", 1)
    assert [child.kind for child in mark.children] == ["int", "mark"]


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_changed_bytes(data):
    base = pickle.dumps(SAMPLE, data.draw(st.integers(0, 5)))
    place = data.draw(st.integers(0, len(base)))
    changed = base[:place] + data.draw(st.binary(max_size=3)) + base[place + data.draw(st.integers(0, 3)) :]
    roots, fault = read(changed, "pickle")
    assert fault is None or 0 <= fault.offset <= len(changed)
    for root in roots:
        for node in nodes(root):
            assert 0 <= node.offset <= node.end <= len(changed)
    assert list(as_text(changed, "pickle", roots, None, 100, False))
    json.dumps(as_json(changed, "pickle", roots, fault, None, 100))


# -- hostile programs -------------------------------------------------------------------------------------------------


def shown_size(data):
    """How much is printed of it, either way."""
    roots, fault = read(data, "pickle")
    text = sum(map(len, as_text(data, "pickle", roots, None, 0, False)))
    return text, len(json.dumps(as_json(data, "pickle", roots, fault, None, 0))), fault


def put(number):
    return b"r" + struct.pack("<I", number)


def get(number):
    return b"j" + struct.pack("<I", number)


def test_a_billion_laughs():
    data = b"X\3\0\0\0lol" + put(0)
    for level in range(200):
        data += b"(" + get(level) * 10 + b"t" + put(level + 1)
    text, plain, fault = shown_size(data + b".")
    assert fault is None and text < 100 * len(data) and plain < 100 * len(data)
    data = b"]" + b"2a" * 3  # a list within itself, by DUP
    assert shown_size(data + b".")[2] is None
    laughs = b"]" + b"".join(b"2\x86" for _ in range(2000))  # a pair of the same, and so on
    assert shown_size(laughs + b".")[0] < 4_000_000


def test_a_long_text_by_many_names():
    long = b"X" + struct.pack("<I", 100_000) + b"k" * 100_000 + put(0)
    as_key = long + b"0](" + b"".join(b"}" + get(0) + b"Ns" for _ in range(500)) + b"e."
    as_value = long + b"0](" + get(0) * 500 + b"e."
    as_name = long + b"0](" + b"".join(get(0) + get(0) + b"\x93)R" for _ in range(500)) + b"e."
    as_module = b"](" + b"".join(b"c" + b"m" * 3000 + b"\nn\n)R" for _ in range(30)) + b"e."
    for data in (as_key, as_value, as_name, as_module):
        text, plain, fault = shown_size(data)
        assert fault is None and text < 1_000_000 and plain < 1_500_000


def test_depth():
    for one in (b"]" * 5_000 + b"a" * 4_999, b")" + b"\x85" * 5_000, b"(" * 5_000 + b"]0", b"cm\nf\n" + b")R" * 5_000):
        roots, _ = read(one + b".", "pickle")
        deepest, pending = 0, [(root, 0) for root in roots]
        while pending:
            node, level = pending.pop()
            deepest = max(deepest, level)
            pending += [(child, level + 1) for child in node.children or []]
        assert 100 < deepest <= 2 * DEEPEST + 2
        json.dumps(as_json(one, "pickle", roots, None, None, 100))
    assert "deeper than is shown" in lines(b"]" * 1000 + b"a" * 999 + b".")[-1]


def test_lengths_and_numbers_beyond_reason():
    for data in (
        b"X\xff\xff\xff\x7f",
        b"\x8d" + b"\xff" * 8,
        b"\x8b\xff\xff\xff\x7f",
        b"B\xff\xff\xff\xffx",
        b"r\xff\xff\xff\xff",
    ):
        assert tree(data)[2] is not None
    digits = b"L" + b"9" * 100_000 + b"L\n."
    assert tree(digits)[2] is None and "(100000 digits)" in lines(digits)[0]
    assert lines(b"\x8b" + struct.pack("<I", 50_000) + b"\x01" * 50_000 + b".")[0].endswith("of 399993 bits")
    far = b"Nr\xff\xff\xff\xff0j\xff\xff\xff\xff."
    assert tree(far)[2] is None
    assert tree(b"Np" + b"1" * 10_000 + b"\n.")[2] is None and tree(b"g" + b"1" * 10_000 + b"\n.")[2].code == "invalid_value"


def test_the_number_of_instructions_is_limited():
    roots, fault, _ = read_pickle(b"](" + b"N" * 10_000 + b"e.", 0, Budget(6000))
    assert fault.code == "item_limit" and fault.offset == 6000 and roots[0].kind == "unfinished"
    budget = Budget(20_000)
    assert read_pickle(b"](" + b"N" * 10_000 + b"e.", 0, budget)[1] is None
    assert budget.left == 20_000 - 10_004


def test_what_a_terminal_must_not_see():
    data = b"c\x1b[2J\n\x1b[31m\n)R}V\x1b[0m\nX\1\0\0\0\x1bs\x86."
    assert not any("\x1b" in line for line in lines(data))


def test_many_in_a_row_and_instructions(tmp_path, capsys):
    path = tmp_path / "payload"
    path.write_bytes(pickle.dumps(1) + pickle.dumps([2]))
    assert main(["inspect", str(path)]) == 0
    assert [line.split(None, 1)[1] for line in capsys.readouterr().out.splitlines()[1:]] == ["int 1", "list 1 item", "[0]: int 2"]
    assert main(["inspect", str(path), "--instructions", "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [value["kind"] for value in shown["values"]] == ["pickle", "pickle"]


def test_json(tmp_path, capsys):
    ring = [Plain(a=1)]
    ring.append(ring)
    path = tmp_path / "payload"
    path.write_bytes(pickle.dumps(ring, 4))
    assert main(["inspect", str(path), "--json"]) == 0
    (value,) = json.loads(capsys.readouterr().out)["values"]
    made, back = value["children"]
    assert (made["kind"], made["value"]) == ("object", f"{__name__}.Plain")
    assert (back["kind"], back["value"], back["of"]) == ("reference", value["offset"], "list")
