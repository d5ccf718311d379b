# SPDX-License-Identifier: Apache-2.0
"""Every type of the table in every format and in every kind of class: what is written comes back exactly, what is wrong is refused."""

import collections
import collections.abc as abc
import typing
from typing import Annotated

import annotated_types
import pytest
from conftest import FORMATS, leaves_nothing
from exact import same
from type_table import CASES, holders

import quire
from quire import convert, to_builtins, validate

VALUES = [pytest.param(case.type, value, id=f"{name}-{i}") for name, case in CASES.items() for i, value in enumerate(case.values)]
BAD = [pytest.param(case.type, *bad, id=f"{name}-{i}") for name, case in CASES.items() for i, bad in enumerate(case.bad)]


@pytest.mark.parametrize(("type_", "value"), VALUES)
def test_a_value_comes_back_exactly(fmt, type_, value):
    untyped, typed = fmt.encode(value), fmt.Encoder(type_).encode(value)
    assert same(fmt.decode(typed, type_), value)
    assert same(fmt.decode(untyped, type_), value)


@pytest.mark.parametrize(("type_", "value"), VALUES)
def test_objects_are_converted_and_checked(type_, value):
    assert validate(value, type_) is None
    assert same(convert(value, type_), value)
    assert same(convert(to_builtins(value), type_), value)


@pytest.mark.parametrize("name", CASES)
def test_in_every_kind_of_class(name):
    case = CASES[name]
    for kind, cls in holders(case.type).items():
        for value, other in zip(case.values, case.values[1:] + case.values[:1]):
            whole = cls(one=value, many=[other, value], maybe=None), cls(one=other, many=[], maybe=value)
            validate(whole[0], cls)
            for fmt in FORMATS:
                for held in whole:
                    read = fmt.decode(fmt.encode(held), cls)
                    assert same(read, held), (kind, fmt, read)
                    assert same(fmt.decode(fmt.Encoder(cls).encode(held), cls), held), (kind, fmt)
            for held in whole:
                assert same(convert(to_builtins(held), cls), held), kind


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if case.key])
def test_as_the_key_of_a_dict(fmt, name):
    case = CASES[name]
    for cls in (dict, collections.OrderedDict, collections.defaultdict):
        type_ = cls[case.type, int]
        pairs = {value: i for i, value in enumerate(case.values)}
        held = cls(int, pairs) if cls is collections.defaultdict else cls(pairs)
        assert same(fmt.decode(fmt.encode(held), type_), held)
        assert same(fmt.decode(fmt.Encoder(type_).encode(held), type_), held)
        assert same(convert(held, type_), held) and validate(held, type_) is None
        assert same(convert(to_builtins(held), type_), held)
    for wrong in ([], {"a": []}):
        fmt.refuses(fmt.encode(wrong), dict[case.type, int], quire.ValidationError)


@pytest.mark.parametrize(("type_", "held", "code", "path"), BAD)
def test_bad_documents_are_refused(fmt, type_, held, code, path):
    found = fmt.refuses(fmt.encode(held), type_, quire.ValidationError)
    assert (found.code, found.path) == (code, path)
    with pytest.raises(quire.ValidationError) as caught:
        convert(held, type_)
    assert (caught.value.errors[0].code, caught.value.errors[0].path) == (code, path)
    found = fmt.refuses(fmt.encode({"a": [held]}), dict[str, list[type_]], quire.ValidationError)
    assert (found.code, found.path) == (code, path.replace("$", "$.a[0]", 1))


# What is abstract takes more than it makes; what is not takes its own class and subclasses only


TAKEN = [
    (abc.Sequence[int], [(1, 2), collections.deque([1])], list),
    (abc.MutableSequence[int], [collections.deque([1])], list),
    (abc.Collection[int], [(1, 2), {1}, frozenset({1}), collections.deque([1])], list),
    (abc.Iterable[int], [(1, 2), {1}, frozenset({1}), collections.deque([1])], list),
    (abc.Set[int], [frozenset({1})], set),
    (abc.Mapping[str, int], [collections.OrderedDict(a=1), collections.Counter("a")], dict),
]


@pytest.mark.parametrize(("type_", "values", "made"), TAKEN)
def test_an_abstract_collection_takes_all_of_its_kind(fmt, type_, values, made):
    for value in values:
        validate(value, type_)
        read = fmt.decode(fmt.Encoder(type_).encode(value), type_)
        assert type(read) is type(convert(value, type_)) is made
        assert list(read) == list(value)


@pytest.mark.parametrize(
    ("type_", "value", "expected", "got"),
    [
        (list[int], (1, 2), "list", "tuple"),
        (list[int], collections.deque([1]), "list", "deque"),
        (tuple[int, ...], [1], "tuple", "list"),
        (set[int], frozenset({1}), "set", "frozenset"),
        (frozenset[int], {1}, "frozenset", "set"),
        (abc.MutableSet[int], frozenset({1}), "set", "frozenset"),
        (abc.MutableSequence[int], (1,), "list", "tuple"),
        (abc.Sequence[int], {1}, "list", "set"),
        (collections.deque[int], [1], "deque", "list"),
        (dict[str, int], [1], "dict", "list"),
        (collections.OrderedDict[str, int], {}, "OrderedDict", "dict"),
        (collections.defaultdict[str, int], {}, "defaultdict", "dict"),
        (collections.Counter[str], {}, "Counter", "dict"),
    ],
)
def test_another_class_is_not_the_declared_one(fmt, type_, value, expected, got):
    for call, error in ((validate, quire.ValidationError), (lambda v, t: fmt.Encoder(t).encode(v), quire.EncodeError)):
        with pytest.raises(error) as caught:
            call(value, type_)
        found = caught.value.errors[0]
        assert (found.code, found.expected, found.got) == ("type_mismatch", expected, got)


def test_a_subclass_is_a_value():
    class Numbers(list):
        pass

    class Ordered(collections.OrderedDict):
        pass

    validate(Numbers([1]), list[int])
    validate(Ordered(a=1), collections.OrderedDict[str, int])


# A deque's maxlen belongs to its type


def test_maxlen_is_never_lost(fmt):
    plain, limited = collections.deque[int], Annotated[collections.deque[int], annotated_types.MaxLen(3)]
    for type_, value in (
        (plain, collections.deque([1], 3)),
        (limited, collections.deque([1])),
        (limited, collections.deque([1], 2)),
    ):
        for call in (validate, convert, lambda v, t: fmt.Encoder(t).encode(v)):
            with pytest.raises(quire.QuireError) as caught:
                call(value, type_)
            assert caught.value.errors[0].code == "wrong_maxlen"
    assert fmt.decode(fmt.encode([1, 2]), limited).maxlen == 3
    at_least = Annotated[collections.deque[int], annotated_types.MinLen(1)]
    assert fmt.decode(fmt.encode([1, 2]), at_least).maxlen is None
    assert fmt.refuses(fmt.encode([]), at_least).code == "too_short"


# A defaultdict's factory is the class of its values


T = typing.TypeVar("T")


class Leaf(quire.Record):
    x: int = 0


class Generic(quire.Record, typing.Generic[T]):
    table: collections.defaultdict[str, T]


@pytest.mark.parametrize(
    ("type_", "missing"),
    [
        (int, 0),
        (list[int], []),
        (abc.Sequence[int], []),
        (set[str], set()),
        (dict[str, int], {}),
        (Annotated[int, annotated_types.Ge(0)], 0),
        (typing.NewType("Count", int), 0),
        (collections.Counter[str], collections.Counter()),
        (Leaf, Leaf()),
        ("Leaf", Leaf()),
    ],
)
def test_a_defaultdict_makes_what_its_type_says(fmt, type_, missing):
    class Holder(quire.Record):
        table: collections.defaultdict[str, type_]

    read = fmt.decode(fmt.encode({"table": {}}), Holder)
    assert same(read.table["x"], missing)


def test_a_defaultdict_of_defaultdicts(fmt):
    read = fmt.decode(fmt.encode({}), collections.defaultdict[str, collections.defaultdict[int, list[int]]])
    read["a"][1].append(2)
    assert read == {"a": {1: [2]}}
    assert same(fmt.decode(fmt.encode(read), collections.defaultdict[str, collections.defaultdict[int, list[int]]])["b"][1], [])


def test_a_defaultdict_of_what_has_no_empty_value(fmt):
    for type_ in (int | None, typing.Any, int | str):
        read = fmt.decode(fmt.encode({"a": 1}), collections.defaultdict[str, type_])
        assert type(read) is collections.defaultdict and read.default_factory is None
    assert fmt.decode(fmt.encode({"table": {}}), Generic[int]).table["x"] == 0


def test_a_converted_defaultdict_keeps_its_factory():
    def factory():
        return 7

    made = convert(collections.defaultdict(factory, a=1), collections.defaultdict[str, int])
    assert made.default_factory is factory and made["b"] == 7
    assert convert({"a": 1}, collections.defaultdict[str, int]).default_factory is int


# What user code can break


def test_values_that_cannot_be_keys_or_items(fmt):
    class Loud:
        def __hash__(self):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        convert({Loud(): 1}, collections.OrderedDict[typing.Any, int])


def test_a_deque_that_changes_while_it_is_read():
    class Growing(collections.deque):
        def __iter__(self):
            return iter([1, 2, "x"])

    with pytest.raises(quire.ValidationError) as caught:
        validate(Growing([1]), collections.deque[int])
    assert caught.value.errors[0].path == "$[2]"


# Looking up a zone leaves blocks behind in the interpreter's own modules, and numpy has pools of its own.
STEADY = [name for name in CASES if name not in ("datetime", "ZoneInfo") and "numpy" not in name and "NDArray" not in name]
ARRAYS = [name for name in CASES if "numpy" in name or "NDArray" in name]


@pytest.mark.parametrize(("names", "times"), [*((STEADY[i::6], 3) for i in range(6)), (ARRAYS, 30)])
def test_nothing_is_left_behind(fmt, names, times):
    work = []
    for case in map(CASES.get, names):
        encoder, decoder = fmt.Encoder(list[case.type]), fmt.Decoder(list[case.type])
        good = [to_builtins(value) for value in case.values]
        bad = [fmt.encode([*good, held]) for held, *_ in case.bad]
        work.append((case.values, list[case.type], encoder, decoder, good, bad))

    def run():
        for values, type_, encoder, decoder, good, bad in work:
            decoder.decode(encoder.encode(decoder.decode(fmt.encode(values))))
            convert(good, type_)
            validate(values, type_)
            for text in bad:
                try:
                    decoder.decode(text)
                except quire.QuireError:
                    pass
                else:
                    raise AssertionError("nothing was raised")

    leaves_nothing(run, times=times, rounds=15)


# A tuple that is a key travels as its JSON text


@pytest.mark.parametrize("key", ["[1", "[1]", "x", '["a",2]', "[1,2,3]", ""])
def test_the_text_of_a_tuple_that_is_no_tuple(fmt, key):
    type_ = dict[tuple[int, int], int]
    for call in (lambda: fmt.decode(fmt.encode({key: 1}), type_), lambda: convert({key: 1}, type_)):
        with pytest.raises(quire.ValidationError) as caught:
            call()
        found = caught.value.errors[0]
        assert found.code == "invalid_value" and found.steps == (key,)


def test_a_tuple_that_is_a_key_is_checked(fmt):
    type_ = dict[tuple[int, int], int]
    for call in (validate, convert, lambda v, t: fmt.Encoder(t).encode(v)):
        with pytest.raises(quire.QuireError) as caught:
            call({(1, "a"): 1}, type_)
        assert caught.value.errors[0].code == "type_mismatch"
    assert fmt.loads(fmt.encode({(1, "a", None): 1})) == {'[1,"a",null]': 1}
    for bad in ({(1, object()): 1}, {(1, float("nan")): 1}, {("\ud800",): 1}):
        with pytest.raises(quire.EncodeError):
            fmt.encode(bad)
    with pytest.raises(quire.SchemaError, match="cannot be generic"):
        quire.json.Decoder(Generic[int] | dict[tuple[T, int], int])
    assert fmt.decode(fmt.encode({"[1,2]": 3}), dict) == {"[1,2]": 3}


# What stands for memory


def test_a_memoryview_looks_into_the_document(fmt):
    data = fmt.encode([b"some bytes", b""])
    first, empty = fmt.decode(data, list[memoryview])
    assert first == b"some bytes" and first.readonly and empty == b""
    if fmt.binary:
        assert first.obj is data
    for source in (bytearray(data), memoryview(data)):
        assert fmt.decode(source, list[memoryview]) == [b"some bytes", b""]
    view = memoryview(bytearray(b"ab"))
    assert convert(view, memoryview) is view
    assert convert(b"ab", memoryview) == b"ab"
