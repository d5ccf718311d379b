# SPDX-License-Identifier: Apache-2.0
"""The exceptions, what they say, and Limits: what the engine hands over and what a user sees of it."""

import copy
import pickle
import threading

import pytest

import quire
from quire.errors import Fault, make_error, nearest

KINDS = {
    "malformed": quire.MalformedError,
    "truncated": quire.TruncatedError,
    "validation": quire.ValidationError,
    "limit": quire.LimitError,
    "encode": quire.EncodeError,
    "unsafe": quire.UnsafeError,
}


def error(kind="validation", code="type_mismatch", message="wrong type", steps=(), **parts):
    order = ("expected", "got", "value", "offset", "line", "column", "choices", "cause", "excerpt")
    assert set(parts) <= set(order)
    return make_error(kind, code, message, steps, *(parts.get(name) for name in order))


def case(**parts):
    return parts


# Classes


@pytest.mark.parametrize(("kind", "cls"), KINDS.items())
def test_class_of_each_kind(kind, cls):
    made = error(kind)
    assert type(made) is cls
    assert isinstance(made, quire.QuireError) and isinstance(made, ValueError)
    assert isinstance(made, quire.DecodeError) == (kind != "encode")
    assert isinstance(made, TypeError) == (kind == "encode")


def test_out_of_memory_and_schema():
    assert type(error("memory", "out_of_memory", "out of memory")) is MemoryError
    assert issubclass(quire.SchemaError, TypeError) and not issubclass(quire.SchemaError, quire.QuireError)


def test_users_may_raise_them_too():
    made = quire.ValidationError("no good")
    assert (str(made), made.errors, made.args) == ("no good", [], ("no good",))
    assert str(quire.ValidationError()) == ""


# What they say


@pytest.mark.parametrize(
    ("parts", "text"),
    [
        (
            case(steps=("users", 1, "id"), expected="int", got="str", value="7x", offset=83, line=4, column=18),
            'expected int, got str "7x" at $.users[1].id (line 4, column 18; byte 83) [type_mismatch]',
        ),
        (case(expected="int", got="array", offset=5), "expected int, got array at $ (byte 5) [type_mismatch]"),
        (case(expected="int", got="null"), "expected int, got null at $ [type_mismatch]"),
        (case(expected="int", got="true", value=True), "expected int, got true at $ [type_mismatch]"),
        (case(expected="str", got="int", value=10**200), "expected str, got int of 665 bits at $ [type_mismatch]"),
        (
            case(expected="int", got="str", value="x" * 100),
            f'expected int, got str "{"x" * 57}..." at $ [type_mismatch]',
        ),
        (
            case(code="too_small", message="too small", expected=">= 1", value=0, steps=("a",)),
            "expected >= 1, got 0 at $.a [too_small]",
        ),
        (
            case(code="missing_field", message="missing required field", steps=("a",), choices=("id", "name")),
            'missing required fields "id", "name" at $.a [missing_field]',
        ),
        (
            case(code="missing_field", message="missing required field", choices=("id",)),
            'missing required field "id" at $ [missing_field]',
        ),
        (
            case(code="unknown_field", message="unknown field", steps=("nmae",), choices=("id", "name")),
            'unknown field at $.nmae [unknown_field]\n  hint: did you mean "name"?',
        ),
        (
            case(code="unknown_field", message="unknown field", steps=("zzzzzz",), choices=("id", "name")),
            "unknown field at $.zzzzzz [unknown_field]",
        ),
        (
            case(code="invalid_choice", message="not one of the choices", got="str", value="rde", choices=("red", "blue")),
            'not one of the choices, got "rde", expected one of "red", "blue" at $ [invalid_choice]\n  hint: did you mean "red"?',
        ),
        (
            case(code="invalid_choice", message="not one of the choices", got="int", value=9, choices=tuple(range(100))),
            "not one of the choices, got 9, expected one of "
            "0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11 and 88 more at $ [invalid_choice]",
        ),
        (
            case(code="missing_tag", message="missing tag", choices=("cat",)),
            'missing tag, expected "cat" at $ [missing_tag]',
        ),
        (
            case(kind="malformed", code="trailing_comma", message="',' before the end", line=1, column=3, offset=2),
            "',' before the end at $ (line 1, column 3; byte 2) [trailing_comma]",
        ),
        (
            case(kind="encode", code="unsupported_type", message="a value that cannot be encoded", got="complex", value=1j),
            "a value that cannot be encoded: complex at $ [unsupported_type]\n"
            "  hint: quire.Adapter says how complex is written: as its __quire__, or in adapters=",
        ),
        (
            case(kind="encode", code="out_of_range", message="an integer outside the format's range", value=2**65),
            "an integer outside the format's range: 36893488147419103232 at $ [out_of_range]\n"
            "  hint: the format holds no integer as large: an adapter can write it as text or bytes",
        ),
    ],
)
def test_text(parts, text):
    assert str(error(**parts)) == text


def test_the_cause_speaks():
    cause = ValueError("end before start")
    made = error(code="invalid_value", message="invalid value", steps=("span",), expected="object", cause=cause)
    assert str(made) == "end before start at $.span [invalid_value]"
    assert made.__cause__ is cause
    assert str(error(cause=ValueError())).startswith("ValueError at $")


def test_excerpt():
    made = error(expected="int", got="str", value="7x", line=4, column=12, excerpt=('    {"id": "7x", "name": "b"}', 12, 4))
    assert str(made).split("\n")[1:] == [
        '    4 |     {"id": "7x", "name": "b"}',
        "      |            ^^^^",
    ]


def test_more_errors_are_counted():
    made = quire.ValidationError("first", [1, 2, 3])
    assert str(made) == "first (+2 more errors: e.errors)"
    assert str(quire.ValidationError("first", [1, 2])) == "first (+1 more error: e.errors)"


def test_nothing_that_a_terminal_obeys():
    made = error(expected="int", got="str", value='\x1b[31m"\u2028\ud800é', steps=("a\nb", "\x1b"))
    text = str(made)
    assert text == 'expected int, got str "\\u001b[31m\\"\\u2028\\ud800é" at $["a\\nb"]["\\u001b"] [type_mismatch]'
    text.encode()


# Faults


def test_fault_has_the_parts():
    fault = error(steps=("a", 0), expected="int", got="str", value="x", offset=1, line=2, column=3).errors[0]
    assert (fault.code, fault.expected, fault.got, fault.value) == ("type_mismatch", "int", "str", "x")
    assert (fault.offset, fault.line, fault.column, fault.hint) == (1, 2, 3, None)
    assert (fault.path, fault.pointer, fault.steps) == ("$.a[0]", "/a/0", ("a", 0))
    assert fault.message == 'expected int, got str "x"'
    assert str(fault) == 'expected int, got str "x" at $.a[0] (line 2, column 3; byte 1) [type_mismatch]'
    assert repr(fault).startswith("Fault(path='$.a[0]', code='type_mismatch'")


@pytest.mark.parametrize(
    ("steps", "path", "pointer"),
    [
        ((), "$", ""),
        (("a", "b"), "$.a.b", "/a/b"),
        (("a b", 3), '$["a b"][3]', "/a b/3"),
        (("", '"'), '$[""]["\\""]', '//"'),
        (("a/b~c",), '$["a/b~c"]', "/a~1b~0c"),
        (((1, 2),), "$[(1, 2)]", "/(1, 2)"),
        ((None, 1.5), "$[None][1.5]", "/None/1.5"),
        (("a", Ellipsis), "$.a...", "/a"),
        (("naïve",), "$.naïve", "/naïve"),
    ],
)
def test_paths(steps, path, pointer):
    fault = Fault("c", "m", steps)
    assert (fault.path, fault.pointer) == (path, pointer)


def test_a_key_whose_repr_fails():
    class Bad:
        def __repr__(self):
            raise RuntimeError

    assert error(steps=(Bad(),)).errors[0].path == "$[<Bad>]"


@pytest.mark.parametrize("kind", KINDS)
def test_pickle_and_copy(kind):
    made = error(kind, steps=("a", 1, (1, 2)), expected="int", got="str", value="x", offset=1)
    for other in (pickle.loads(pickle.dumps(made)), copy.copy(made), copy.deepcopy(made)):
        assert type(other) is type(made)
        assert str(other) == str(made)
        assert other.errors == made.errors


def test_pickle_with_what_cannot_be_pickled():
    lock = threading.Lock()
    made = error("encode", "unsupported_type", "cannot be encoded", (lock, ...), got="lock", value=lock)
    assert made.errors[0].value is lock
    other = pickle.loads(pickle.dumps(made))
    assert other.errors[0].value.startswith("<unlocked _thread.lock")
    assert other.errors[0].steps[1] is Ellipsis
    assert other.errors[0].path.startswith('$["<unlocked')


def test_faults_compare():
    assert Fault("a", "b", (1,)) == Fault("a", "b", [1])
    assert Fault("a", "b") != Fault("a", "c")
    assert Fault("a", "b") != "a"


@pytest.mark.parametrize(
    ("name", "names", "expected"),
    [
        ("nmae", ["name", "id"], "name"),
        ("customer_name", ["customerName", "id"], "customerName"),
        ("Name", ["name"], "name"),
        ("x", ["y"], None),
        ("abc", ["xyz"], None),
        ("colour", ["color", "cooler"], "color"),
        (7, ["a"], None),
        ("a" * 1000, ["a"], None),
        ("ab", [1, "ac"], "ac"),
    ],
)
def test_nearest(name, names, expected):
    assert nearest(name, names) == expected


# Limits


def test_limits():
    limits = quire.Limits(depth=5, bytes=10, duplicate_keys="error")
    assert (limits.depth, limits.bytes, limits.items, limits.str_bytes) == (5, 10, None, None)
    assert (limits.int_digits, limits.duplicate_keys) == (4300, "error")
    default = quire.Limits.DEFAULT
    assert default == quire.Limits() and hash(default) == hash(quire.Limits()) and default != limits
    assert limits.replace(depth=6) == quire.Limits(depth=6, bytes=10, duplicate_keys="error")
    assert eval(repr(limits), {"Limits": quire.Limits}) == limits
    assert pickle.loads(pickle.dumps(limits)) == limits and copy.copy(limits) == limits


def test_limits_do_not_change():
    limits = quire.Limits()
    with pytest.raises(AttributeError, match="immutable"):
        limits.depth = 3
    with pytest.raises(AttributeError, match="immutable"):
        del limits.depth
    with pytest.raises(AttributeError):
        limits.more = 3


@pytest.mark.parametrize(
    ("given", "cls"),
    [
        ({"depth": 0}, ValueError),
        ({"depth": 10**9}, ValueError),
        ({"depth": None}, TypeError),
        ({"depth": True}, TypeError),
        ({"bytes": -1}, ValueError),
        ({"items": 1.5}, TypeError),
        ({"int_digits": "9"}, TypeError),
        ({"duplicate_keys": "first"}, ValueError),
        ({"more": 1}, TypeError),
    ],
)
def test_limits_that_cannot_be(given, cls):
    with pytest.raises(cls):
        quire.Limits(**given)


# The public face


def test_everything_named_is_there():
    for name in quire.__all__:
        assert getattr(quire, name) is not None
    assert set(quire.__all__) <= set(dir(quire))
    assert quire.formats() == ("json", "msgpack")
    with pytest.raises(AttributeError, match="nothing"):
        quire.nothing  # noqa: B018
