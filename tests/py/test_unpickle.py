# SPDX-License-Identifier: Apache-2.0
"""quire.pickle loads what the standard library's pickle loads, as it does."""

import collections
import copyreg
import gc
import io
import pickle
import sys
import types

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unpickle_samples import ATOMS, CONTAINERS, OBJECTS, SLOTTED, Data, Plain, Slotted, SlottedBelow, SlottedData, pickles

import quire.pickle as quick


def again(value):
    """What tells two values apart, also where they are no equals: types, sharing, order."""
    return pickle.dumps(value, 5)


def same(data, **options):
    expected, got = pickle.loads(data, **options), quick.loads(data, **options)
    assert type(got) is type(expected)
    assert again(got) == again(expected)
    return got


def test_every_sample_in_every_protocol():
    for _, data in pickles():
        same(data)
        same(bytearray(data))
        got = quick.load(io.BytesIO(data))
        assert again(got) == again(pickle.loads(data))


def test_without_the_memo():
    for value in ATOMS + CONTAINERS:
        out = io.BytesIO()
        pickler = pickle.Pickler(out, 4)
        pickler.fast = True
        pickler.dump(value)
        same(out.getvalue())


LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5) | st.binary(max_size=5)


@st.composite
def graphs(draw):
    """Lists, dicts, sets, tuples and instances that refer to each other, in circles too."""
    nodes = draw(st.lists(st.sampled_from(["list", "dict", "plain", "data", "slots", "both"]), min_size=1, max_size=8))
    kinds = {
        "list": list,
        "dict": dict,
        "plain": Plain,
        "data": lambda: Data(0),
        "slots": lambda: Slotted(0, 0),
        "both": lambda: SlottedBelow(0, 0),
    }
    made = [kinds[node]() for node in nodes]
    things = st.sampled_from(made) | LEAVES | st.tuples(st.sampled_from(made), LEAVES) | st.frozensets(st.integers(), max_size=3)
    for node in made:
        for key in draw(st.lists(st.sampled_from("abcdef"), max_size=6)):
            if isinstance(node, list):
                node.append(draw(things))
            elif isinstance(node, dict):
                node[draw(st.sampled_from([key, len(node), (key, 1)]))] = draw(things)
            elif not isinstance(node, Slotted) or key in "ab" or type(node) is SlottedBelow:
                setattr(node, key, draw(things))
    return made


@settings(max_examples=30)
@given(graphs(), st.integers(2, 5), st.booleans())
def test_graphs(graph, protocol, from_file):
    data = pickle.dumps(graph, protocol)
    got = quick.load(io.BytesIO(data)) if from_file else quick.loads(data)
    assert again(got) == again(pickle.loads(data))


def test_deep():
    depth = 100_000
    data = b"(" * 0 + b"]" * depth + b"a" * (depth - 1) + b"."
    value = quick.loads(data)
    for _ in range(depth - 1):
        (value,) = value
    assert value == []
    assert quick.loads(b"(" * depth + b"1" * depth + b"N.") is None


def test_numbers_as_text():
    lines = [b"I1\n", b"I01\n", b"I00\n", b"I-5\n", b"I0x10\n", b"I010\n", b"I 7\n", b"I1_0\n", b"I1\x00\n", b"I99999999999999999999\n", b"I\n", b"Ix\n",
             b"L1L\n", b"L1\n", b"L-12345678901234567890L\n", b"L0x10L\n", b"L\n", b"LL\n", b"L1 L\n", b"F1.5\n", b"F1\n", b"Finf\n", b"F1x\n", b"F\n", b"F1e999\n",
             b"S'a'\n", b'S"a"\n', b"S'a\n", b"Sa\n", b"S\n", b"S'\n", b"S''\n", b"S'\\x41\\n'\n", b"S'\\'\n", b"Va\n", b"V\n", b"V\\u00e9\\n\n", b"V\\u00\n",
             b"I" + b"1" * 200 + b"\n", b"L" + b"7" * 200 + b"L\n", b"F" + b"1" * 200 + b"\n"]  # fmt: skip
    for line in lines:
        data = line + b"."
        try:
            expected = pickle.loads(data)
        except Exception as error:
            with pytest.raises(type(error)) as caught:
                quick.loads(data)
            assert str(caught.value) == str(error).replace("\n", "")
        else:
            got = quick.loads(data)
            assert (type(got), got) == (type(expected), expected)


@pytest.mark.parametrize(
    "options", [{}, {"encoding": "latin-1"}, {"encoding": "bytes"}, {"encoding": "utf-8", "errors": "replace"}], ids=repr
)
def test_text_of_python_2(options):
    for text in (b"U\x02ab.", b"T\x02\0\0\0ab.", b"S'ab'\n.", b"U\x01\xe9.", b"T\x01\0\0\0\xe9.", b"S'\\xe9'\n.", b"S'\xe9'\n."):
        try:
            expected = pickle.loads(text, **options)
        except UnicodeDecodeError:
            with pytest.raises(UnicodeDecodeError):
                quick.loads(text, **options)
        else:
            assert quick.loads(text, **options) == expected


def test_names_of_python_2():
    assert quick.loads(b"c__builtin__\nxrange\n.") is range
    assert quick.loads(b"\x80\x02cUserDict\nIterableUserDict\n.") is collections.UserDict
    assert quick.loads(b"cQueue\nQueue\n.") is pickle.loads(b"cQueue\nQueue\n.")
    with pytest.raises(ModuleNotFoundError):
        quick.loads(b"c__builtin__\nxrange\n.", fix_imports=False)
    with pytest.raises(ModuleNotFoundError):
        quick.loads(b"\x80\x03c__builtin__\nxrange\n.")


def test_globals():
    data = b"\x80\x04\x8c\x08builtins\x8c\x09str.upper\x93."
    assert quick.loads(data) is str.upper
    for bad in (
        b"\x80\x02cbuiltins\nstr.upper\n.",
        b"cbuiltins\nnothing\n.",
        b"\x80\x04\x8c\x08builtins\x8c\x05str.x\x93.",
        b"\x80\x04\x8c\x02os\x8c\x0ca.<locals>.b\x93.",
    ):
        with pytest.raises(AttributeError):
            quick.loads(bad)
    for bad in (b"c\nx\n.", b"cos\n\n.", b"cos\nx", b"\x80\x04K\x01\x8c\x01a\x93.", b"\x80\x04\x8c\x01a\x93."):
        with pytest.raises(pickle.UnpicklingError):
            quick.loads(bad)
    with pytest.raises(ModuleNotFoundError):
        quick.loads(b"cno_such_module\nx\n.")


def test_globals_of_modules_that_answer_themselves(monkeypatch):
    class Own(types.ModuleType):
        def __getattribute__(self, name):
            return "own" if name == "known" else super().__getattribute__(name)

    plain, own = types.ModuleType("plain_module"), Own("own_module")
    for module in (plain, own):
        monkeypatch.setitem(sys.modules, module.__name__, module)
        module.known = module.__known__ = "attribute"
    plain.__getattr__ = lambda name: f"asked for {name}"

    def load(module, name):
        data = f"c{module}\n{name}\n.".encode()
        assert quick.loads(data) == pickle.loads(data)
        return quick.loads(data)

    assert (load("plain_module", "known"), load("plain_module", "__known__"), load("own_module", "known")) == (
        "attribute",
        "attribute",
        "own",
    )
    assert (load("plain_module", "other"), load("plain_module", "x"), load("plain_module", "__name__")) == (
        "asked for other",
        "asked for x",
        "plain_module",
    )
    assert load("plain_module", "__dict__") is vars(plain)


def test_names_of_globals_are_not_kept():
    data = pickle.dumps(collections.OrderedDict)

    def growth(times):
        before = sys.getallocatedblocks()
        for _ in range(times):
            quick.loads(data)
        return sys.getallocatedblocks() - before

    growth(10)
    assert growth(600) < 30


def test_find_class_is_audited():
    script = """
        import sys, quire.pickle
        seen = []
        sys.addaudithook(lambda event, args: event == "pickle.find_class" and seen.append(args))
        quire.pickle.loads(b"c__builtin__\\nxrange\\n.")
        quire.pickle.loads(b"\\x80\\x04\\x8c\\x08builtins\\x8c\\x03int\\x93.")
        assert seen == [("__builtin__", "xrange"), ("builtins", "int")], seen
        """
    from failing_memory import run_alone

    finished = run_alone(script)
    assert finished.returncode == 0, finished.stderr


def test_errors_are_the_standard_ones():
    assert quick.UnpicklingError is pickle.UnpicklingError
    for data, error, text in [
        (b"", EOFError, "Ran out of input"), (b"N", EOFError, "Ran out of input"), (b"J\0", pickle.UnpicklingError, "pickle data was truncated"),
        (b".", pickle.UnpicklingError, "unpickling stack underflow"), (b"(.", pickle.UnpicklingError, "unexpected MARK found"),
        (b"t.", pickle.UnpicklingError, "could not find MARK"), (b"\x00", pickle.UnpicklingError, r"invalid load key, '\x00'."),
        (b"?", pickle.UnpicklingError, "invalid load key, '?'."), (b"h\5.", pickle.UnpicklingError, "Memo value not found at index 5"),
        (b"\x80\x06N.", ValueError, "unsupported pickle protocol: 6"), (b"Np-1\n.", ValueError, "negative PUT argument"),
        (b"\x82\0.", pickle.UnpicklingError, "EXT specifies code <= 0"), (b"\x82\x7b.", ValueError, "unregistered extension code 123"),
        (b"P1\n.", pickle.UnpicklingError, "A load persistent id instruction was encountered, but no persistent_load function was specified."),
        (b"\x8b\xff\xff\xff\xff.", pickle.UnpicklingError, "LONG pickle has negative byte count"),
        (b"}(K\1u.", pickle.UnpicklingError, "odd number of items for SETITEMS"), (b"(K\1d.", pickle.UnpicklingError, "odd number of items for DICT"),
        (b"\x97.", pickle.UnpicklingError, "pickle stream refers to out-of-band data but no *buffers* argument was given"),
        (b"NNR.", TypeError, "argument list must be a tuple"),
    ]:  # fmt: skip
        for load in (lambda data: pickle.loads(data), lambda data: quick.loads(data), lambda data: quick.load(io.BytesIO(data))):
            with pytest.raises(error) as caught:
                load(data)
            assert (type(caught.value), " ".join(str(caught.value).split())) == (error, text)


def test_arguments():
    for bad in [lambda m: m.loads(), lambda m: m.loads(b"N.", b"N."), lambda m: m.loads("N."), lambda m: m.loads(data=b"N."), lambda m: m.loads(b"N.", encodings="x"),
                lambda m: m.loads(b"N.", encoding=None), lambda m: m.loads(b"N.", errors=5), lambda m: m.load(), lambda m: m.load(5), lambda m: m.Unpickler(),
                lambda m: m.Unpickler(5), lambda m: m.load(io.BytesIO(b"N."), file=1), lambda m: m.loads(b"N.", buffers=5)]:  # fmt: skip
        for module in (pickle, quick):
            with pytest.raises(TypeError):
                bad(module)
    with pytest.raises(ValueError, match="null"):
        quick.loads(b"N.", encoding="a\0b")
    assert quick.load(file=io.BytesIO(b"N.")) is None and quick.Unpickler(file=io.BytesIO(b"N.")).load() is None
    assert quick.loads(memoryview(b"K\5."), fix_imports=True, encoding="ASCII", errors="strict", buffers=None) == 5


def test_out_of_band_buffers():
    buffers = []
    data = pickle.dumps([pickle.PickleBuffer(bytearray(b"abc")), pickle.PickleBuffer(b"d")], 5, buffer_callback=buffers.append)
    got = quick.loads(data, buffers=buffers)
    assert bytes(got[0]) == b"abc" and bytes(got[1]) == b"d"
    first, second = quick.loads(data, buffers=iter([bytearray(b"x"), bytearray(b"y")]))
    assert first == b"x" and isinstance(first, bytearray)
    assert isinstance(second, memoryview) and second.readonly
    for buffers, error in (([], pickle.UnpicklingError), ([1, 2], TypeError)):
        with pytest.raises(error):
            quick.loads(data, buffers=buffers)


def test_extension_codes():
    copyreg.add_extension("unpickle_samples", "Plain", 240)
    copyreg.add_extension("unpickle_samples", "Data", 70000)
    try:
        for _ in range(2):
            assert quick.loads(b"\x82\xf0.") is Plain and quick.loads(b"\x83\xf0\0.") is Plain
            assert quick.loads(b"\x84\x70\x11\1\0.") is Data
        assert copyreg._extension_cache[240] is Plain
    finally:
        copyreg.remove_extension("unpickle_samples", "Plain", 240)
        copyreg.remove_extension("unpickle_samples", "Data", 70000)
    for code in (b"\x82\xf0.", b"\x84\xff\xff\xff\xff.", b"\x84\0\0\0\0."):
        with pytest.raises((ValueError, pickle.UnpicklingError)):
            quick.loads(code)


# ---------------------------------------------------------------- states


class Stubborn:
    """Whatever is set, is set otherwise."""

    __slots__ = ("__dict__", "log")

    def __setattr__(self, name, value):
        object.__setattr__(self, "log", [*getattr(self, "log", []), (name, value)])


class Deceiver:
    def __getattr__(self, name):
        if name == "__setstate__":
            return lambda state: self.__dict__.update(seen=state)
        raise AttributeError(name)


class OwnDict:
    seen = {}

    @property
    def __dict__(self):
        return OwnDict.seen


class Descriptors:
    @property
    def a(self):
        return "property"

    def b(self):
        return "method"


class SomeSlots(Slotted):
    __slots__ = ("c",)


class Changing:
    pass


def state_of(value):
    return getattr(value, "log", None), vars(value) if hasattr(value, "__dict__") else None


def build(name, state, *, protocol=4, times=1):
    """A pickle that makes instances of a class of this file with that state, without looking at the class."""
    made = b"c" + __name__.encode() + b"\n" + name.encode() + b"\n)\x81" + pickle.dumps(state, protocol)[2:-1] + b"b"
    return b"\x80\4(" + made * times + b"l."


@pytest.mark.parametrize("name", ["Stubborn", "Deceiver", "OwnDict", "Descriptors", "Changing", "SomeSlots"])
@pytest.mark.parametrize(
    "state", [{}, {"a": 1}, {"a": 1, "b": 2}, {"b": 1, "a": 2}, (None, {"a": 1, "b": 2}), ({"x": 1}, {"a": 3}), None, (None, None), {1: 2}, [1], (None, {"c": 1, "zz": 2})], ids=repr
)  # fmt: skip
def test_states(name, state):
    for protocol in (2, 3):
        data = build(name, state, protocol=protocol, times=3)
        outcomes = []
        for loads in (pickle.loads, quick.loads, lambda data: quick.load(io.BytesIO(data))):
            OwnDict.seen = {}
            try:
                values = loads(data)
            except Exception as error:
                outcomes.append((type(error), str(error), OwnDict.seen))
            else:
                slots = (
                    [[getattr(value, slot, "unset") for slot in ("a", "b", "c")] for value in values]
                    if name == "SomeSlots"
                    else None
                )
                outcomes.append(([state_of(value) for value in values], slots, OwnDict.seen))
        assert outcomes[0] == outcomes[1] == outcomes[2]


def test_names_of_attributes_are_interned():
    for value in (Plain(**{"some_" + "name": 1}), SlottedData(1)):
        for load in (quick.loads, lambda data: quick.load(io.BytesIO(data))):
            for got in load(pickle.dumps([value, value.__class__(**{"a": 1}), value], 4)):
                if isinstance(got, Plain):
                    assert all(name is sys.intern(str(name)) for name in vars(got))


def test_a_class_changes_meanwhile():
    data = pickle.dumps([Plain(a=1)] * 1 + [Plain(a=2)], 4)
    assert quick.loads(data)[1].a == 2

    def setstate(self, state):
        vars(self)["other"] = state

    Plain.__setstate__ = setstate
    try:
        assert quick.loads(data)[0].other == {"a": 1}
    finally:
        del Plain.__setstate__
    assert quick.loads(data)[0].a == 1


def change_class(of):
    def setstate(self, state):
        vars(self)["later"] = state

    of.__setstate__ = setstate


def test_a_class_changes_while_it_is_loaded():
    module = __name__.encode()
    one = b"c" + module + b"\nChanging\n)\x81}(X\1\0\0\0aK\1ub"
    change = b"c" + module + b"\nchange_class\n(c" + module + b"\nChanging\ntR0"
    try:
        before, after = quick.loads(b"\x80\3(" + one + change + one + b"l.")
        assert vars(before) == {"a": 1} and vars(after) == {"later": {"a": 1}}
    finally:
        del Changing.__setstate__


def test_a_state_that_is_used_again():
    # instance, state in the memo, BUILD, and then the state once more
    module = __name__.encode()
    data = b"\x80\3(c" + module + b"\nChanging\n)\x81}q\0(X\1\0\0\0aK\1X\1\0\0\0bK\2ubh\0X\1\0\0\0cK\3sh\0l."
    expected, got = pickle.loads(data), quick.loads(data)
    assert vars(got[0]) == vars(expected[0]) == {"a": 1, "b": 2}
    assert got[1] == expected[1] == {"a": 1, "b": 2, "c": 3} and got[1] is got[2]


def test_built_twice():
    module = __name__.encode()
    start = b"\x80\3c" + module + b"\nChanging\n)\x81"
    for states in ([{"a": 1, "b": 2}, {"a": 3}], [{}, {"b": 1}], [{"a": 1}, {"a": 1}]):
        data = start + b"".join(pickle.dumps(state, 3)[2:-1] + b"b" for state in states) + b"."
        assert vars(quick.loads(data)) == vars(pickle.loads(data))


def test_keys_that_come_twice():
    for data in (
        b"}(X\1\0\0\0aK\1X\1\0\0\0aK\2X\1\0\0\0bK\3u.",
        b"(X\1\0\0\0aK\1X\1\0\0\0aK\2d.",
        b"}(K\1K\1K\1K\2u.",
        b"\x8f(K\1K\1\x90.",
        b"(K\1K\1\x91.",
    ):
        assert quick.loads(data) == pickle.loads(data)
    module = __name__.encode()
    data = b"\x80\3c" + module + b"\nChanging\n)\x81}(X\1\0\0\0aK\1X\1\0\0\0aK\2ub."
    assert vars(quick.loads(data)) == {"a": 2}


class Appends:
    def __init__(self):
        self.got = []

    def append(self, item):
        if item == "bad":
            raise ZeroDivisionError
        self.got.append(item)

    add = append

    def __setitem__(self, key, value):
        self.got.append((key, value))


class Extends(Appends):
    def extend(self, items):
        self.got.append(list(items))


def test_containers_of_other_classes():
    module = __name__.encode()
    for name, ops, got in [
        ("Appends", b"K\1a", [1]), ("Appends", b"(K\1K\2e", [1, 2]), ("Appends", b"(e", []), ("Extends", b"K\1a", [[1]]), ("Extends", b"(K\1K\2e", [[1, 2]]),
        ("Appends", b"(K\1K\2u", [(1, 2)]), ("Appends", b"K\1K\2s", [(1, 2)]), ("Appends", b"(K\1K\2\x90", [1, 2]), ("Appends", b"(\x90", []),
    ]:  # fmt: skip
        data = b"(i" + module + b"\n" + name.encode() + b"\n"
        made = b"c" + module + b"\n" + name.encode() + b"\n(tR" + ops + b"."
        assert data and pickle.loads(made).got == quick.loads(made).got == got
    for ops in (b"(K\1X\3\0\0\0bade", b"(X\3\0\0\0bad\x90"):
        with pytest.raises(ZeroDivisionError):
            quick.loads(b"c" + module + b"\nAppends\n(tR" + ops + b".")
    for bad in (b"Na.", b"NNa.", b"N(Ne.", b"N(NNu.", b"NNNs.", b"N(N\x90."):
        with pytest.raises((AttributeError, TypeError, pickle.UnpicklingError)) as caught:
            quick.loads(bad)
        with pytest.raises(caught.type):
            pickle.loads(bad)


class OldStyle:
    def __init__(self, *args):
        self.args = args


class OldStyleWithArgs(OldStyle):
    def __getinitargs__(self):
        return ()


def test_instances_of_python_2():
    module = __name__.encode()
    for name, args in (("OldStyle", None), ("OldStyleWithArgs", ())):
        for data in (b"(i" + module + b"\n" + name.encode() + b"\n.", b"(c" + module + b"\n" + name.encode() + b"\no."):
            got = quick.loads(data)
            assert type(got).__name__ == name and vars(got) == vars(pickle.loads(data)) == (
                {} if args is None else {"args": args}
            )
        for data in (b"(K\1i" + module + b"\n" + name.encode() + b"\n.", b"(c" + module + b"\n" + name.encode() + b"\nK\1o."):
            assert quick.loads(data).args == (1,)


def test_new():
    for bad in (
        b"N)\x81.",
        b"cbuiltins\nint\nN\x81.",
        b"cbuiltins\nint\n)N\x92.",
        b"cbuiltins\nint\nN}\x92.",
        b"N)}\x92.",
        b"cbuiltins\nint\n(K\1K\2K\3t\x81.",
    ):
        with pytest.raises(Exception) as expected:  # noqa: PT011 whatever the standard library says
            pickle.loads(bad)
        with pytest.raises(expected.type) as caught:
            quick.loads(bad)
        assert str(caught.value) == str(expected.value)
    abstract = b"\x80\2ccollections.abc\nSized\n)\x81."
    with pytest.raises(TypeError, match="abstract"):
        quick.loads(abstract)


def test_sharing_and_circles():
    value = []
    value.append(value)
    got = quick.loads(pickle.dumps(value))
    assert got[0] is got
    plain = Plain()
    plain.me = plain
    plain.state = {"a": plain}
    got = quick.loads(pickle.dumps(plain))
    assert got.me is got and got.state["a"] is got
    twice = ("a" * 50, [1])
    got = quick.loads(pickle.dumps([twice, twice, twice[1]]))
    assert got[0] is got[1] and got[2] is got[0][1]


def test_memo_numbers_far_apart():
    assert quick.loads(b"K\1p0\n0K\2p99999999999\n0g0\ng99999999999\n\x86.") == (1, 2)
    assert quick.loads(b"K\1r\xff\xff\xff\x7f0K\2r\xff\xff\xff\x7fj\xff\xff\xff\x7f\x86.") == (2, 2)
    assert quick.loads(b"(" + b"".join(b"K\1r%c%c\0\0" % (n % 256, n // 256) for n in range(5000, 0, -1)) + b"l.") == [1] * 5000
    assert quick.loads(b"\x80\4K\7q\5\x94h\5h\1\x87.") == pickle.loads(b"\x80\4K\7q\5\x94h\5h\1\x87.")
    with pytest.raises(pickle.UnpicklingError):
        quick.loads(b"Nr\xff\xff\xff\x7fh\1.")


def test_types_of_results_are_tracked_alike():
    import gc

    for value in ([(1, 2), {"a": 1}, {"a": []}, {"a": 1, "b": 2}] * 3, {"a": {"b": 1, "c": []}}):
        data = pickle.dumps(value)
        got = quick.loads(data)
        for item in got if isinstance(got, list) else got.values():
            if isinstance(item, dict) and any(isinstance(inner, list) for inner in item.values()):
                assert gc.is_tracked(item)


def test_dicts_can_be_changed_afterwards():
    for count in (1, 2, 5, 6, 29, 30, 31, 40):
        keys = {f"k{i}": i for i in range(count)}
        for got in quick.loads(pickle.dumps([dict(keys) for _ in range(5)])):
            assert got == keys and list(got) == list(keys)
            got["new"] = 1
            del got["k0"]
            assert got.pop("new") == 1 and len(got) == count - 1 and dict(got) == got
    for got in quick.loads(pickle.dumps([Plain(a=1, b=2) for _ in range(5)])):
        got.c = 3
        del got.a
        got.a = 5
        assert vars(got) == {"b": 2, "c": 3, "a": 5} and list(vars(got)) == ["b", "c", "a"]


def test_the_collector_is_left_as_it_was():
    import gc

    data = pickle.dumps([Plain(a=[i]) for i in range(1000)])
    for load in (quick.loads, lambda data: quick.load(io.BytesIO(data))):
        for bad in (data, data[:-5]):
            try:
                load(bad)
            except (EOFError, pickle.UnpicklingError):
                pass
            assert gc.isenabled()
        gc.disable()
        try:
            load(data)
            assert not gc.isenabled()
        finally:
            gc.enable()
    seen = quick.loads(b"\x80\2cgc\nisenabled\n(tR.")
    assert seen is True


@pytest.mark.parametrize(
    "make",
    [lambda i: [i, str(i), [i]], lambda i: {"a": i, "b": [i]}, lambda i: Plain(a=i, b=[i])],
    ids=["lists", "dicts", "instances"],
)
def test_the_collector_has_its_turn(make):
    value = [make(i) for i in range(12_000)]
    data, passes = pickle.dumps(value, 5), []
    gc.collect()

    def note(phase, info):
        passes.append(phase == "start")

    gc.callbacks.append(note)
    try:
        got = quick.loads(data)
    finally:
        gc.callbacks.remove(note)
    assert got == value
    assert sys.version_info >= (3, 12) or sum(passes) >= 2


def test_the_name_of_a_module_may_be_anything_python_imports():
    module = types.ModuleType("made up \xe9")
    module.thing = 5
    sys.modules[module.__name__] = module
    try:
        name = module.__name__.encode()
        assert quick.loads(b"c" + name + b"\nthing\n.") == 5
        assert quick.loads(b"\x80\4\x8c" + bytes([len(name)]) + name + b"\x8c\5thing\x93.") == 5
    finally:
        del sys.modules[module.__name__]


def test_samples_are_what_they_should_be():
    assert len(OBJECTS) > 20 and len(SLOTTED) > 5
