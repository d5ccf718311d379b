# SPDX-License-Identifier: Apache-2.0
"""quire.json in place of json: classes, hooks, subclasses, user code that changes what is being written, limits of the interpreter."""

import decimal
import enum
import gc
import inspect
import io
import json
import json.tool
import pickle
import subprocess
import sys
import textwrap

import pytest
from conftest import leaves_nothing
from failing_memory import run_alone
from test_json_dropin_random import outcome

import quire.json as ours
import quire.json.decoder
import quire.json.encoder
import quire.json.scanner
import quire.json.tool


def both(function):
    """The same with each module."""
    one, other = outcome(function, ours), outcome(function, json)
    assert one == other
    return one


# ---------------------------------------------------------------- names and classes


def test_exceptions_and_classes_are_those_of_the_standard_library():
    assert ours.JSONDecodeError is json.JSONDecodeError is quire.json.decoder.JSONDecodeError
    assert issubclass(ours.JSONEncoder, json.JSONEncoder) and issubclass(ours.JSONDecoder, json.JSONDecoder)
    assert ours.detect_encoding is json.detect_encoding
    with pytest.raises(json.JSONDecodeError) as caught:
        ours.loads("[1,\n2,\n\u20ac]")
    error = caught.value
    assert (error.msg, error.pos, error.lineno, error.colno, error.doc) == ("Expecting value", 7, 3, 1, "[1,\n2,\n\u20ac]")


@pytest.mark.parametrize("name", ["dumps", "dump", "loads", "load"])
def test_functions_look_like_those_of_the_standard_library(name):
    function = getattr(ours, name)
    assert (function.__name__, function.__module__) == (name, "quire.json")
    expected = inspect.signature(getattr(json, name))
    found = inspect.signature(function)
    assert {p.name: (p.default, p.kind == p.KEYWORD_ONLY) for p in found.parameters.values()} == {
        p.name: (p.default, p.kind == p.KEYWORD_ONLY) for p in expected.parameters.values()
    }
    assert pickle.loads(pickle.dumps(function)) is function


@pytest.mark.parametrize("module", [quire.json.decoder, quire.json.encoder, quire.json.scanner, quire.json.tool])
def test_submodules_have_every_name(module):
    standard = sys.modules[module.__name__.removeprefix("quire.")]
    for name in vars(standard):
        assert hasattr(module, name), name
    with pytest.raises(AttributeError):
        _ = module.nonsense


def test_module_attributes():
    assert set(json.__all__) <= set(ours.__all__) <= set(dir(ours))
    assert isinstance(ours._default_decoder, ours.JSONDecoder) and isinstance(ours._default_encoder, ours.JSONEncoder)
    with pytest.raises(AttributeError, match="nonsense"):
        _ = ours.nonsense
    from quire.json import decoder, encoder, scanner, tool

    assert [m.__name__ for m in (decoder, encoder, scanner, tool)] == [
        f"quire.json.{n}" for n in ("decoder", "encoder", "scanner", "tool")
    ]


CALLS = [
    lambda m: m.dumps(),
    lambda m: m.dumps(1, 2),
    lambda m: m.dumps(1, nonsense=2),
    lambda m: m.dumps(obj=[1]),
    lambda m: m.dumps(1, cls=dict),
    lambda m: m.dumps(1, indent=1.5),
    lambda m: m.dumps([1], separators=(1, 2)),
    lambda m: m.dumps([1], separators=",:"),
    lambda m: m.dumps([1], separators=","),
    lambda m: m.dumps([1], indent=10**30),
    lambda m: m.loads(),
    lambda m: m.loads(1),
    lambda m: m.loads(None),
    lambda m: m.loads(memoryview(b"1")),
    lambda m: m.loads("1", "2"),
    lambda m: m.loads("1", encoding="utf-8"),
    lambda m: m.loads(s="[1]"),
    lambda m: m.loads("\ufeff1"),
    lambda m: m.loads(""),
    lambda m: m.loads(b""),
    lambda m: m.loads("[1]", object_hook=3),
    lambda m: m.loads("{}", object_hook=3),
    lambda m: m.loads("1", parse_int=0),
    lambda m: m.loads("[1.5, 1]", parse_int="x"),
    lambda m: m.load(io.StringIO("[1]"), parse_int=str),
    lambda m: m.load(io.BytesIO(b"[1]")),
    lambda m: m.load(io.BytesIO(b"[1"), object_hook=dict, strict=False),
    lambda m: m.load(3),
    lambda m: m.load(),
    lambda m: m.dump([1], 3),
    lambda m: m.dump([1]),
    lambda m: m.dumps([1], cls=m.JSONEncoder, indent=1),
    lambda m: m.loads("[1]", cls=m.JSONDecoder, parse_int=str),
    lambda m: m.JSONDecoder().decode(b"1"),
    lambda m: m.JSONDecoder().decode(1),
    lambda m: m.JSONDecoder().raw_decode(b"1"),
    lambda m: m.JSONDecoder().raw_decode("[1] [2]", 3),
    lambda m: m.JSONDecoder().scan_once("[1] [2]"),
    lambda m: m.JSONDecoder().scan_once(string="[1] [2]", idx=4),
    lambda m: m.JSONDecoder(1),
    lambda m: m.JSONEncoder(1),
    lambda m: m.JSONEncoder(nonsense=1),
    lambda m: m.scanner.make_scanner(1),
    lambda m: m.JSONEncoder().encode(1, 2),
    lambda m: list(m.JSONEncoder(indent=1).iterencode([1, {"a": ()}])),
]


@pytest.mark.parametrize("call", range(len(CALLS)))
def test_calls(call):
    both(CALLS[call])


# ---------------------------------------------------------------- what is written


class Color(enum.IntEnum):
    RED = 1


class Level(float, enum.Enum):
    LOW = 0.5


class Word(enum.StrEnum):
    A = "a\xe9"


def test_enums_and_subclasses():
    both(lambda m: m.dumps([Color.RED, Level.LOW, Word.A, {Color.RED: 1, Level.LOW: 2, Word.A: 3}]))
    both(lambda m: m.dumps([Color.RED, Level.LOW, Word.A, {Color.RED: 1, Level.LOW: 2, Word.A: 3}], indent=1))


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 32, 33, 64, 100, 511, 512, 513, 5000])
@pytest.mark.parametrize("ensure_ascii", [True, False])
def test_text_of_every_length(n, ensure_ascii):
    """Each character at the start, in the middle and at the end of runs of others, in every width."""
    for odd in '"\\\n\x00\x1f\x20\x7e\x7f\x80\xff\u0100\u20ac\ud800\udfff\uffff\U00010000\U0010ffff':
        for filler in "a\xe9\u20ac\U0001f600":
            for text in (odd + filler * n, filler * n + odd, filler * (n // 2) + odd + filler * (n - n // 2)):
                assert ours.dumps(text, ensure_ascii=ensure_ascii) == json.dumps(text, ensure_ascii=ensure_ascii)
                assert ours.dumps({text: [text]}, ensure_ascii=ensure_ascii) == json.dumps(
                    {text: [text]}, ensure_ascii=ensure_ascii
                )


@pytest.mark.parametrize("n", [0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 200])
def test_strings_of_every_length_are_read(n):
    for odd in ("", "\\n", "\\u00e9", "\\ud83d\\ude00", "\\ud800", "\xe9", "\u20ac", "\U0001f600", "\t", "\\", '"', "\x7f"):
        for filler in "a\xe9\u20ac\U0001f600":
            for inner in (odd + filler * n, filler * n + odd, filler * (n // 2) + odd + filler * (n - n // 2)):
                for text in (f'"{inner}"', f'["{inner}', f'{{"{inner}":"{inner}"}}'):
                    for options in ({}, {"strict": False}, {"object_hook": dict}):
                        assert outcome(ours.loads, text, **options) == outcome(json.loads, text, **options)


def test_long_output_and_deep_indentation():
    value = [{"text": "x" * 3000, "list": list(range(500)), "wide": "\u20ac" * 700}] * 20
    for options in (
        {},
        {"ensure_ascii": False},
        {"indent": 7},
        {"indent": "\t" * 40, "ensure_ascii": False},
        {"separators": (" " * 300, ":" * 100)},
    ):
        assert ours.dumps(value, **options) == json.dumps(value, **options)
    deep = 1
    for _ in range(300):
        deep = [{"k": deep}]
    for options in ({}, {"indent": 3}, {"indent": "ab"}):
        assert ours.dumps(deep, **options) == json.dumps(deep, **options)
    assert ours.dumps([]) == "[]" and ours.dumps(1) == "1" and ours.dumps("") == '""'


def test_long_integers_obey_the_interpreter():
    number = 10**5000
    both(lambda m: m.dumps(number))
    both(lambda m: m.dumps({number: 1}))
    both(lambda m: m.loads("1" * 5000))
    both(lambda m: m.loads("[" + "1" * 700 + "]"))
    limit = sys.get_int_max_str_digits()
    try:
        sys.set_int_max_str_digits(640)
        both(lambda m: m.loads("1" * 641))
        both(lambda m: m.loads("[-" + "1" * 640 + "]"))
        both(lambda m: m.dumps(10**640))
        sys.set_int_max_str_digits(0)
        assert ours.loads("1" * 5000) == int("1" * 5000) and ours.dumps(number) == str(number)
    finally:
        sys.set_int_max_str_digits(limit)


def test_constants_are_the_same_objects():
    assert ours.loads("NaN") is json.loads("NaN") and ours.loads("[NaN]") == json.loads("[NaN]")
    assert ours.loads("[Infinity, -Infinity]") == [float("inf"), -float("inf")]
    assert ours.loads("[1e999, -1e999, 1e-999]") == [float("inf"), -float("inf"), 0.0]
    seen = []
    assert ours.loads("[NaN, Infinity, -Infinity]", parse_constant=seen.append) == [None] * 3
    assert seen == ["NaN", "Infinity", "-Infinity"]


@pytest.mark.parametrize("text", ['[{"a_key": 1, "b_\xe9": 2}, {"a_key": 3, "b_\xe9": 4}]', '[{"\\u20ac": 1}, {"\\u20ac": 2}]'])
@pytest.mark.parametrize("options", [{}, {"object_hook": dict}])
def test_keys_are_shared_within_a_document(text, options):
    first, second = ours.loads(text, **options)
    assert all(a is b for a, b in zip(first, second, strict=True))


# ---------------------------------------------------------------- circles and depth


def test_circles():
    one = []
    one.append(one)
    two = {"a": [{}]}
    two["a"][0]["b"] = two
    for value in (one, two, (one,), {"a": {"b": two}}):
        for options in ({}, {"indent": 1}, {"sort_keys": True}, {"check_circular": True}):
            both(lambda m: m.dumps(value, **options))  # noqa: B023
    shared = [1]
    assert ours.dumps([shared, shared, {"a": shared}]) == '[[1], [1], {"a": [1]}]'


@pytest.mark.parametrize("depth", [10, 63, 64, 65, 200])
def test_circles_far_down(depth):
    inner = bottom = {}
    for i in range(depth):
        inner = [inner] if i % 2 else {"k": inner}
    bottom["again"] = inner
    assert both(lambda m: m.dumps(inner))[1] == "Circular reference detected"
    del bottom["again"]
    both(lambda m: m.dumps([inner, inner]))

    class Box:
        pass

    def default(o):
        return [o] if depth % 2 else [Box()]

    if depth % 2:
        both(lambda m: m.dumps([inner, Box()], default=default))


@pytest.mark.parametrize("options", [{}, {"check_circular": False}, {"sort_keys": True}, {"indent": 1}])
def test_too_deep(options):
    inner, pairs = [], {}
    for _ in range(100_000):
        inner, pairs = [inner], {"k": pairs}
    for value in (inner, pairs):
        with pytest.raises(RecursionError):
            ours.dumps(value, **options)
    with pytest.raises(RecursionError):
        ours.dumps(1j, default=lambda o: [o], check_circular=False)


@pytest.mark.parametrize("options", [{}, {"strict": False}, {"object_hook": dict}])
def test_too_deep_to_read(options):
    for text in ("[" * 100_000, '{"a":' * 100_000, "[" * 100_000 + "]" * 100_000, '\u20ac{"a":' * 100_000):
        expected = json.JSONDecodeError if text[0] == "\u20ac" else RecursionError
        with pytest.raises(expected):
            ours.loads(text, **options)
    assert ours.loads("[" * 500 + "]" * 500) == json.loads("[" * 500 + "]" * 500)


SMALL = """
    import sys, threading
    import quire.json as ours

    sys.setrecursionlimit(1_000_000)
    lists, dicts = [], {}
    for _ in range(30_000):
        lists, dicts = [lists], {"k": dicts}
    jobs = [lambda o=o, v=v: ours.dumps(v, **o) for v in (lists, dicts) for o in ({}, {"check_circular": False}, {"sort_keys": True})]
    jobs.append(lambda: ours.dumps(1j, default=lambda o: [o], check_circular=False))
    texts = ("[" * 30_000, '{"a":' * 30_000, '["\\u20ac", {"b":' * 30_000)
    jobs += [lambda o=o, t=t: ours.loads(t, **o) for t in texts for o in ({}, {"strict": False}, {"object_hook": dict})]
    raised = []

    def run():
        for job in jobs:
            try:
                job()
            except RecursionError:
                raised.append(job)

    threading.stack_size(int(sys.argv[1]))
    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert len(raised) == len(jobs), (len(raised), len(jobs))
    print("done", flush=True)
    import os
    os._exit(0)  # such lists are too deep to be dropped on any stack of 3.11
"""


@pytest.mark.parametrize("size", [512 * 1024, 2 * 1024 * 1024])
def test_too_deep_for_a_small_stack(size):
    """Whatever the interpreter allows, the stack of the thread is not overrun."""
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(SMALL), str(size)], capture_output=True, text=True, timeout=300)
    assert (run.returncode, run.stdout.strip()) == (0, "done"), run.stderr[-3000:]


# ---------------------------------------------------------------- user code


class Odd:
    def __init__(self, act=None):
        self.act = act


def run_act(o):
    o.act()
    return "done"


CHANGES = {
    "add": lambda d, items: d.update(new=5),
    "remove": lambda d, items: d.pop("c", None),
    "replace": lambda d, items: d.update(c=7),
    "clear": lambda d, items: d.clear(),
    "grow": lambda d, items: d.update((f"k{i}", i) for i in range(100)),
    "shrink the list": lambda d, items: items.clear(),
    "grow the list": lambda d, items: items.append(1) if len(items) < 20 else None,
    "drop and add": lambda d, items: (d.clear(), d.update((f"k{i}", [i]) for i in range(10))),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("options", [{}, {"sort_keys": True}, {"indent": 1}, {"ensure_ascii": False}])
def test_user_code_changes_what_is_being_written(change, options):
    def work(module):
        items = []
        inner = {"a": ["x"], "b": Odd(), "c": ["y" * 10], "d": 1}
        inner["b"].act = lambda: CHANGES[change](inner, items)
        items.extend([{"before": [1], "inner": inner, "z": ["after"]}, "x" * 30, [2]])
        return module.dumps({"outer": items, "tail": ["t"]}, default=run_act, **options)

    both(work)


def test_what_user_code_drops_is_still_written():
    """The only references to what is being written go away under it."""

    def work(module):
        holder = [{"a": Odd(lambda: holder.clear()), "b": ["text"] * 3}]
        return module.dumps(holder, default=run_act)

    both(work)

    def items(module):
        class Dict(dict):
            def items(self):
                gc.collect()
                return [("a", Odd(lambda: None)), ["b", 2], ("c", 3)]

        return module.dumps([Dict(x=1)], default=run_act)

    assert both(items)[1] == "items must return 2-tuples"


@pytest.mark.parametrize("error", [ValueError("mine"), KeyError(1), StopIteration(3), KeyboardInterrupt()])
def test_errors_in_hooks_pass(error):
    def fail(*_):
        raise error

    class Dict(dict):
        items = fail

    class List(list):
        __iter__ = fail

    class Write:
        write = fail

    calls = [
        lambda m: m.dumps([1, {"a": 1j}], default=fail),
        lambda m: m.dumps([1, Dict(a=1)]),
        lambda m: m.dumps([1, List([1])]),
        lambda m: m.dump([1], Write()),
        lambda m: m.loads('[{"a": 1}]', object_hook=fail),
        lambda m: m.loads('[{"a": 1}]', object_pairs_hook=fail),
        lambda m: m.loads("[1]", parse_int=fail),
        lambda m: m.loads("[1.5]", parse_float=fail),
        lambda m: m.loads("[NaN]", parse_constant=fail),
    ]
    for call in calls:
        if isinstance(error, Exception):
            both(call)
        else:
            with pytest.raises(KeyboardInterrupt):
                call(ours)


def test_order_of_calls():
    def loading(module):
        seen = []

        def note(kind):
            return lambda value: seen.append((kind, repr(value))) or value

        hooks = {name: note(name) for name in ("object_hook", "parse_float", "parse_int", "parse_constant")}
        with pytest.raises(json.JSONDecodeError) as caught:
            module.loads('[1, {"a": 2.5, "b": {"c": NaN}}, [-Infinity, 3], {"d": x}]', **hooks)
        return seen, str(caught.value)

    assert loading(ours) == loading(json)

    def writing(module):
        seen = []
        value = [Odd(), {"a": Odd(), "b": (Odd(),)}]
        text = module.dumps(value, default=lambda o: seen.append(id(o)) or len(seen))
        return len(seen), text

    assert writing(ours) == writing(json)


# ---------------------------------------------------------------- subclasses


def encoders(module):
    class Default(module.JSONEncoder):
        def default(self, o):
            return str(o) if isinstance(o, decimal.Decimal) else super().default(o)

    class Encode(module.JSONEncoder):
        def encode(self, o):
            return "<" + super().encode(o) + ">"

    class IterEncode(module.JSONEncoder):
        def iterencode(self, o, _one_shot=False):
            for chunk in super().iterencode(o, _one_shot):
                yield chunk.upper()

    class Separators(module.JSONEncoder):
        item_separator = ";"
        key_separator = "="

    class Init(module.JSONEncoder):
        def __init__(self, *, extra=None, **kw):
            super().__init__(**kw)
            self.extra = extra
            self.sort_keys = True

        def default(self, o):
            return self.extra

    class Instance(module.JSONEncoder):
        def __init__(self, **kw):
            super().__init__(**kw)
            self.default = lambda o: "instance"
            self.item_separator = "|"

    class Own(module.JSONEncoder):
        def __init__(self, **kw):
            super().__init__(**kw)
            self.iterencode = lambda o, _one_shot=False: ["own"]

    return [Default, Encode, IterEncode, Separators, Init, Instance, Own]


@pytest.mark.parametrize("which", range(7))
def test_encoder_subclasses(which):
    value = {"b": [1, "\xe9", decimal.Decimal("1.50")], "a": {"x": ()}}
    for options in ({}, {"indent": 2}, {"ensure_ascii": False, "sort_keys": True}):
        both(lambda m: m.dumps(value, cls=encoders(m)[which], **options))  # noqa: B023
        both(lambda m: encoders(m)[which](**options).encode(value))  # noqa: B023
        both(lambda m: list(encoders(m)[which](**options).iterencode(value)))  # noqa: B023
        # A class made for the standard library, handed to ours.
        assert outcome(ours.dumps, value, cls=encoders(json)[which], **options) == outcome(
            json.dumps, value, cls=encoders(json)[which], **options
        )

        def dump(module):
            file = io.StringIO()
            module.dump(value, file, cls=encoders(module)[which], **options)  # noqa: B023
            return file.getvalue()

        both(dump)


class BadTruth:
    def __bool__(self):
        raise ZeroDivisionError


@pytest.mark.parametrize("name", ["skipkeys", "ensure_ascii", "check_circular", "allow_nan", "sort_keys"])
def test_flags_without_truth(name):
    both(lambda m: m.dumps([1], **{name: BadTruth()}))
    both(lambda m: m.dumps([1], **{name: []}))
    both(lambda m: m.dumps({"a": "\xe9"}, **{name: "yes"}))


def test_default_of_the_class_is_looked_up_when_needed(monkeypatch):
    with pytest.raises(TypeError, match="Object of type complex is not JSON serializable"):
        ours.dumps(1j)
    monkeypatch.setattr(json.JSONEncoder, "default", lambda self, o: "patched")
    assert ours.dumps([1j]) == json.dumps([1j]) == '["patched"]'


def decoders(module):
    class Decode(module.JSONDecoder):
        def decode(self, s, *args):
            return ("decoded", super().decode(s, *args))

    class Raw(module.JSONDecoder):
        def raw_decode(self, s, idx=0):
            value, end = super().raw_decode(s, idx)
            return ("raw", value), end

    class Init(module.JSONDecoder):
        def __init__(self, **kw):
            super().__init__(object_hook=self.hook, **kw)

        def hook(self, d):
            return sorted(d.items())

    class Parse(module.JSONDecoder):
        def __init__(self, **kw):
            super().__init__(**kw)
            self.parse_array = self.my_array
            self.scan_once = module.scanner.py_make_scanner(self)

        def my_array(self, s_and_end, scan_once):
            values, end = module.decoder.JSONArray(s_and_end, scan_once)
            return tuple(values), end

    class Once(module.JSONDecoder):
        def __init__(self, **kw):
            super().__init__(**kw)
            self.scan_once = lambda s, idx: ("once", len(s))

    class Late(module.JSONDecoder):
        def __init__(self, **kw):
            super().__init__(**kw)
            self.parse_int = self.object_hook = str  # too late: what scans was made before
            self.raw_decode = super().raw_decode

    return [Decode, Raw, Init, Parse, Once, Late]


@pytest.mark.parametrize("which", range(6))
@pytest.mark.parametrize("text", ['{"a": [1, 2.5, {"b": []}]}', " [1] ", "[1] x", "[", ""])
def test_decoder_subclasses(which, text):
    both(lambda m: m.loads(text, cls=decoders(m)[which]))
    both(lambda m: decoders(m)[which](strict=False).decode(text))
    both(lambda m: decoders(m)[which]().raw_decode(text))
    assert outcome(ours.loads, text, cls=decoders(json)[which]) == outcome(json.loads, text, cls=decoders(json)[which])


def test_subclasses_of_text():
    class Str(str):
        pass

    class Bytes(bytes):
        pass

    both(lambda m: m.loads(Str("[1]")))
    both(lambda m: m.loads(Bytes(b"[1]")))
    both(lambda m: m.loads(Str("[1")))
    both(lambda m: m.JSONDecoder().decode(Str("[1]")))
    both(lambda m: m.JSONDecoder().raw_decode(Str("[1]")))


def test_a_scanner_shows_its_hooks():
    scanner = ours.JSONDecoder(object_hook=dict, strict=False).scan_once
    standard = json.JSONDecoder(object_hook=dict, strict=False).scan_once
    for name in ("strict", "object_hook", "object_pairs_hook", "parse_float", "parse_int"):
        assert getattr(scanner, name) == getattr(standard, name)
    assert ours.scanner.make_scanner is ours.scanner.c_make_scanner is type(scanner)
    with pytest.raises(AttributeError):
        scanner.strict = True
    with pytest.raises(TypeError):
        scanner.decode(b"1")


# ---------------------------------------------------------------- files and the command line


def test_dump_writes_once_and_only_when_all_is_well():
    class File:
        def __init__(self):
            self.chunks = []

        def write(self, text):
            self.chunks.append(text)

    file = File()
    assert ours.dump({"a": [1, "\xe9"]}, file) is None
    assert file.chunks == ['{"a": [1, "\\u00e9"]}']
    # What is not plain is written as the standard library does, up to where it fails.
    one, other = File(), File()
    for module, target in ((ours, one), (json, other)):
        with pytest.raises(TypeError):
            module.dump({"a": [1, 1j]}, target)
    assert one.chunks == other.chunks != []


@pytest.mark.parametrize("arguments", [[], ["--sort-keys"], ["--compact"], ["--tab"], ["--json-lines"], ["--nonsense"]])
def test_tool(arguments):
    def run(module):
        done = subprocess.run(
            [sys.executable, "-m", module, *arguments], input='{"b": [1], "a": "\\u20ac"}', capture_output=True, text=True
        )
        return done.returncode, done.stdout, done.stderr

    assert run("quire.json.tool") == run("json.tool")


def test_tool_uses_quire():
    assert quire.json.tool.main.__globals__["json"] is ours and json.tool.main.__globals__["json"] is json


# ---------------------------------------------------------------- memory


VALUE = {"a": [1, 2.5, "\u20ac", {"b": None}], "c": [[]] * 5, "d": {"x": 10**30}}
TEXT, WIDE = json.dumps(VALUE), json.dumps(VALUE, ensure_ascii=False)
DEEP = [1]
for _ in range(100):
    DEEP = [DEEP]


# Made once: the standard library's own scanner, which each has for a moment, fills the interpreter's cache of attributes.
PLAIN, HOOKED = ours.JSONDecoder(), ours.JSONDecoder(parse_int=str)


class Made(ours.JSONEncoder):
    def default(self, o):
        return {"made": [str(o)]}


def fail(*_):
    raise ValueError


def refused(function, *args, **kwargs):
    try:
        function(*args, **kwargs)
    except (TypeError, ValueError):
        return
    raise AssertionError(args)


def write():
    ours.dumps(VALUE), ours.dumps(VALUE, ensure_ascii=False), ours.dumps(VALUE, sort_keys=True, separators=("," * 20, ":"))
    ours.dumps(VALUE, indent=1), ours.dumps(DEEP), ours.dumps("\ud800" * 3000, ensure_ascii=False), ours.dumps("x" * 5000)
    ours.dumps([1j, {"a": 1j}], cls=Made), ours.dumps({"a": 1j, "b": [1j]}, default=str), ours.dump(VALUE, io.StringIO())


def refuse_to_write():
    for bad in ({(1,): 1}, [1j], {"a": [float("nan")]}):
        refused(ours.dumps, bad, allow_nan=False)
    refused(ours.dumps, {"a": 1, "b": [1j]}, default=fail)


def read():
    ours.loads(TEXT), ours.loads(WIDE), ours.loads(WIDE.encode()), ours.loads(WIDE.encode("utf-16"))
    ours.loads(WIDE, object_hook=dict, parse_float=decimal.Decimal), ours.loads(TEXT, object_pairs_hook=list, strict=False)
    HOOKED.decode(WIDE), PLAIN.raw_decode(TEXT), ours.scanner.make_scanner(HOOKED)(WIDE, 0)


def refuse_to_read():
    for bad in (TEXT[:-1], TEXT + "x", WIDE[:-3], "[NaN, tru]", b"\xff\xfe\x00", b'["\xe9"]', '{"k\u20ac": 1, "k\u20ac": }'):
        for options in ({}, {"object_hook": dict}):
            refused(ours.loads, bad, **options)
    refused(ours.loads, '{"a": [1, {}]}', object_hook=fail)


@pytest.mark.parametrize("work", [write, refuse_to_write, read, refuse_to_read])
def test_nothing_is_left_behind(work):
    leaves_nothing(work)


MEMORY = """
    import gc, sys
    import quire.json as ours
    from failing_memory import attempt
    import quire.json.decoder, quire.json.encoder

    VALUE = {"a": [1, -2.5, True, None, "\\xe9\\u20ac", "text"], "bc": {"d": {}, "e": [[]]}, "n": 10**30, "more": [{"x": 1}] * 8}
    scan = ours.JSONDecoder().scan_once
    text, wide = ours.dumps(VALUE), ours.dumps(VALUE, ensure_ascii=False)
    long = ["x" * 5000, "\\xe9" * 5000, list(range(1000))]
    deep = 1
    for _ in range(100):
        deep = [deep]
    jobs = {
        "dumps": lambda: ours.dumps(VALUE),
        "dumps wide": lambda: ours.dumps(VALUE, ensure_ascii=False),
        "dumps long": lambda: ours.dumps(long),
        "dumps wide and long": lambda: ours.dumps(long, ensure_ascii=False),
        "dumps lone": lambda: ours.dumps(["\\ud800" * 3000], ensure_ascii=False),
        "dumps deep": lambda: ours.dumps(deep),
        "dumps sorted": lambda: ours.dumps(VALUE, sort_keys=True),
        "dumps default": lambda: ours.dumps({"a": {"b": 1j, "c": 1}}, default=str),
        "loads": lambda: ours.loads(text),
        "loads bytes": lambda: ours.loads(wide.encode()),
        "loads wide": lambda: ours.loads(wide),
        "loads hooks": lambda: ours.loads(wide, object_hook=len, parse_int=str, strict=False),
        "loads pairs": lambda: ours.loads(text, object_pairs_hook=len),
        "scan_once": lambda: scan(wide, 0),
    }
    if sys.version_info < (3, 12):  # the standard library takes over
        jobs["dumps indent"] = lambda: ours.dumps(VALUE, indent=2)

    for name, job in jobs.items():
        for _ in range(3):
            job()
        for together in (1, 1 << 30):
            left = []
            for _ in range(6):
                gc.collect()
                before = sys.getallocatedblocks()
                quiet = failures = n = 0
                while quiet < 25 and n < 2000:
                    error = attempt(job, n, n + together)
                    assert error is None or isinstance(error, MemoryError), (name, n, repr(error))
                    failures += error is not None
                    quiet = 0 if error else quiet + 1
                    n += 1
                    del error
                assert failures, name
                gc.collect()
                left.append(sys.getallocatedblocks() - before)
                if left[-1] <= 0:
                    break
            else:
                raise AssertionError((name, together, left))
    assert ours.loads(text) == VALUE and ours.dumps(VALUE) == text
    print("done")
"""


def test_memory_fails_at_any_allocation():
    run = run_alone(MEMORY)
    assert (run.returncode, run.stdout.strip()) == (0, "done"), run.stderr[-3000:]
