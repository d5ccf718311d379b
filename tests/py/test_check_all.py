# SPDX-License-Identifier: Apache-2.0
"""errors="all" where objects are checked: every fault that a check of each part alone would find, in order."""

import dataclasses
import enum
from typing import Annotated, NamedTuple, Required, TypedDict

import annotated_types as at
import attrs
import pytest
from conftest import leaves_nothing
from failing_memory import run_alone
from hypothesis import given, settings
from hypothesis import strategies as st

import quire
from quire import Adapter, Adapters, Limits, Record, convert, field, validate


class Point(Record):
    x: int
    y: int = 0
    names: list[str] = []


@dataclasses.dataclass
class Data:
    x: int
    y: int
    z: str


@attrs.define
class Attrs:
    x: int
    y: int
    z: str


@dataclasses.dataclass(slots=True)
class Slotted:
    x: int
    y: int
    z: str


class Pair(NamedTuple):
    left: int
    right: list[int]


class Movie(TypedDict, total=False):
    title: Required[str]
    year: int


@quire.config(unknown="error")
class Strict(TypedDict):
    name: str


class Color(enum.Enum):
    RED = "red"


class Login(Record):
    pin: int = field(secret=True)


Short = Annotated[list[int], at.MaxLen(2)]
Even = Annotated[int, at.Predicate(lambda n: n % 2 == 0)]


class Node(Record):
    next: "Node | int | None" = None


def faults(value, type_, **options):
    try:
        validate(value, type_, errors="all", **options)
    except quire.ValidationError as error:
        return [(fault.code, fault.path) for fault in error.errors]
    return []


def lacking(cls, *names):
    value = cls(1, 2, "z")
    for name in names:
        delattr(value, name)
    return value


CASES = [
    ([Point("a", "b", ["c", 1, 2]), Point(1), 3], list[Point], ["$[0].x", "$[0].y", "$[0].names[1]", "$[0].names[2]", "$[2]"]),
    ({"a": (1, "b"), "c": ("d", 2)}, dict[str, tuple[int, int]], ["$.a[1]", "$.c[0]"]),
    ({1: 1, "b": "b"}, dict[str, int], ["$[1]", "$.b"]),
    ([Pair("a", [1, "b"]), Pair(1, 2)], list[Pair], ["$[0].left", "$[0].right[1]", "$[1].right"]),
    ([{"year": "x"}, {"title": 1, "year": None}], list[Movie], ["$[0]", "$[0].year", "$[1].title", "$[1].year"]),
    ([[1, 2, 3], [1], [1, "b"]], list[Short], ["$[0]", "$[2][1]"]),
    ([1, 2, 3], list[Even], ["$[0]", "$[2]"]),
    ([Color.RED, "red", 1], list[Color], ["$[1]", "$[2]"]),
    ([{1, "a"}, [1]], list[set[int]], None),
    ([1, "a", 1.5, None], list[int | str], ["$[2]", "$[3]"]),
    (["a", [Point("b")]], list[list[Point | None]], ["$[0]", "$[1][0].x"]),
    (1, str, ["$"]),
    (1, int, []),
]


@pytest.mark.parametrize(("value", "type_", "paths"), CASES)
def test_all_are_found(value, type_, paths):
    found = faults(value, type_)
    assert paths is None or sorted(path for _, path in found) == sorted(paths)
    if found:
        with pytest.raises(quire.ValidationError) as caught:
            validate(value, type_)
        assert len(caught.value.errors) == 1
        assert (caught.value.errors[0].code, caught.value.errors[0].path) in found


@pytest.mark.parametrize("cls", [Data, Attrs, Slotted])
def test_missing_names_come_at_once(cls):
    value = lacking(cls, "x", "z")
    value.y = "no"
    with pytest.raises(quire.ValidationError) as caught:
        validate([value, cls(1, 2, 3)], list[cls], errors="all")
    missing, *others = caught.value.errors
    assert (missing.code, missing.path, missing.message) == ("missing_field", "$[0]", 'missing required fields "x", "z"')
    assert [(other.code, other.pointer) for other in others] == [("type_mismatch", "/0/y"), ("type_mismatch", "/1/z")]
    with pytest.raises(quire.ValidationError, match='missing required fields "x", "z"'):
        validate([lacking(cls, "x", "z")], list[cls])


def test_unknown_keys_are_named():
    with pytest.raises(quire.ValidationError) as caught:
        validate([{"name": "a", "nmae": 1, "b": 2}], list[Strict], errors="all")
    first, second = caught.value.errors
    assert (first.path, first.code, first.hint) == ("$[0].nmae", "unknown_field", 'did you mean "name"?')
    assert (second.path, second.hint) == ("$[0].b", None)


def test_no_more_than_a_hundred():
    assert len(faults(["a"] * 1000, list[int])) == 100
    assert len(faults([["a"] * 60] * 60, list[list[int]])) == 100


def test_what_a_predicate_raises_is_one_of_them():
    def picky(n):
        if n == 1:
            raise ValueError("not one")
        if n == 2:
            raise KeyError("not two")
        return True

    picky_int = Annotated[int, at.Predicate(picky)]
    assert [path for _, path in faults([1, 0, 1], list[picky_int])] == ["$[0]", "$[2]"]
    with pytest.raises(KeyError) as caught:
        validate([1, 2, 1], list[picky_int], errors="all")
    assert caught.value.__notes__ == ["at $[1]"]


def test_too_deep_ends_it():
    deep = None
    for _ in range(2000):
        deep = Node(deep)
    found = faults([Node("a"), deep, Node("b")], list[Node])
    assert found[0] == ("type_mismatch", "$[0].next")
    assert [code for code, _ in found[1:]] == ["depth_limit"]


def test_secrets_are_not_shown():
    with pytest.raises(quire.ValidationError) as caught:
        validate([Login("123"), Login("456")], list[Login], errors="all")
    assert [fault.value for fault in caught.value.errors] == [None, None]
    assert "123" not in str(caught.value)


def test_with_adapters():
    class Money:
        pass

    adapters = Adapters().add(Money, Adapter(wire=int, encode=lambda m: 1, decode=lambda n: Money()))
    validate([Money()], list[Money], adapters=adapters)
    assert faults([Money(), 1, 2], list[Money], adapters=adapters) == [("type_mismatch", "$[1]"), ("type_mismatch", "$[2]")]
    with pytest.raises(quire.SchemaError):
        validate([Money()], list[Money])
    with pytest.raises(TypeError, match="adapters"):
        validate(1, int, adapters=1)


def test_options():
    with pytest.raises(ValueError, match='"first" or "all"'):
        validate(1, int, errors="some")
    with pytest.raises(TypeError, match="it takes errors, limits and adapters"):
        validate(1, int, strict=True)
    validate("a", str, errors="first")


VALUES = st.recursive(
    st.sampled_from([1, "a", None, 1.5, Point(1), Point("x")]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=12,
)


@settings(deadline=None, max_examples=60)
@given(st.lists(VALUES, max_size=4))
def test_parts_alone_have_the_same_faults(values):
    type_ = list[list[int] | dict[str, list[Point]] | int]
    alone = [faults([values[i] if i == at else 0 for i in range(len(values))], type_) for at in range(len(values))]
    assert faults(values, type_) == sum(alone, [])


def test_nothing_is_left_behind():
    value = [Point("a", "b", ["c", 1]), lacking(Data, "x"), {"k": Pair("a", [None])}]
    leaves_nothing(lambda: faults(value, list[Point | Data | dict[str, Pair]]))


def test_limits_of_convert():
    assert convert({"a": [1]}, dict[str, list[int]], limits=Limits(items=1, depth=2)) == {"a": [1]}
    for value, type_, code, path in [
        ({"a": [1, 2]}, dict[str, list[int]], "item_limit", "$.a"),
        ([(1, 2)], list[tuple[int, int]], "item_limit", "$[0]"),
        ([{1, 2}], list[set[int]], "item_limit", "$[0]"),
        ({"a": 1, "b": 2}, dict[str, int], "item_limit", "$"),
    ]:
        with pytest.raises(quire.LimitError) as caught:
            convert(value, type_, limits=Limits(items=1))
        assert (caught.value.errors[0].code, caught.value.errors[0].path) == (code, path)
    with pytest.raises(quire.LimitError) as caught:
        convert([[[1]]], list[list[list[int]]], limits=Limits(depth=2))
    assert caught.value.errors[0].path == "$[0][0]"
    with pytest.raises(quire.ValidationError) as caught:
        convert(["a"] * 9, list[int], errors="all", limits=Limits(errors=4))
    assert len(caught.value.errors) == 4
    with pytest.raises(ValueError, match="mean nothing"):
        convert(1, int, limits=Limits(str_bytes=1))


class Unspeakable(str):
    def __str__(self):
        raise KeyboardInterrupt


@pytest.mark.parametrize("errors", ["first", "all"])
@pytest.mark.parametrize("check", [validate, convert])
def test_what_a_key_raises_passes_through(check, errors):
    value = {"a": {"b": "x"}, Unspeakable("c"): {"d": "y"}}
    for wrong in (value, dict(reversed(value.items()))):
        if errors == "all" or wrong is not value:
            with pytest.raises(KeyboardInterrupt):
                check(wrong, dict[str, dict[str, int]], errors=errors)


JOINING = """
    import quire, quire.errors
    from failing_memory import attempt

    errors = []
    for value in ("a", "b"):
        try:
            quire.validate(value, int)
        except quire.ValidationError as error:
            errors.append(error)
    firsts = [error.errors for error in errors]
    for together in (1, 1 << 20):
        for n in range(60):
            raised = attempt(lambda: quire.errors.join_errors(errors), n, n + together)
            assert raised is None or isinstance(raised, MemoryError | SystemError), raised  # 3.11 has the latter
            for error, first in zip(errors, firsts):
                error.errors = first
    assert len(quire.errors.join_errors(errors).errors) == 2
    print("done")
"""


def test_joining_without_memory():
    done = run_alone(JOINING)
    assert done.returncode == 0 and done.stdout == "done\n", done.stdout + done.stderr
