# SPDX-License-Identifier: Apache-2.0
"""quire.computed: properties that are written behind the fields and never read."""

import abc
import dataclasses
import pickle
from typing import NamedTuple, TypedDict

import attrs
import pytest
from conftest import leaves_nothing

import quire
from quire import UNSET, Record, SchemaError, computed, field


class RecordBox(Record, unknown="error"):
    width: int
    height: int = 2

    @computed
    def area(self) -> int:
        return self.width * self.height


@quire.config(unknown="error")
@dataclasses.dataclass
class DataBox:
    width: int
    height: int = 2

    @computed
    @property
    def area(self) -> int:
        return self.width * self.height


@quire.config(unknown="error")
@dataclasses.dataclass(frozen=True, slots=True)
class SlottedBox:
    width: int
    height: int = 2
    area = computed(lambda self: self.width * self.height)


@quire.config(unknown="error")
@attrs.frozen
class AttrsBox:
    width: int
    height: int = 2

    @computed()
    def area(self) -> int:
        return self.width * self.height


@pytest.mark.parametrize("cls", [RecordBox, DataBox, SlottedBox, AttrsBox])
def test_written_and_not_read(cls, fmt):
    expected = {"width": 3, "height": 2, "area": 6}
    for encode in (fmt.encode, fmt.Encoder(cls).encode):
        assert list(fmt.loads(encode(cls(3))).items()) == list(expected.items())
    assert list(quire.to_builtins(cls(3)).items()) == list(expected.items())
    assert fmt.loads(fmt.Encoder(list[cls]).encode([cls(3), cls(4)])) == [expected, {"width": 4, "height": 2, "area": 8}]
    for area in (6, "anything", [{}]):
        assert fmt.decode(fmt.dumps({"area": area, **expected}), cls) == cls(3) == quire.convert({**expected, "area": area}, cls)
    assert fmt.refuses(fmt.dumps({**expected, "arae": 1}), cls).code == "unknown_field"
    assert cls(3).area == 6
    quire.validate(cls(3), cls)
    with pytest.raises((AttributeError, TypeError)):  # a frozen dataclass with slots has a __setattr__ that stumbles
        cls(3).area = 7


class Base(Record, rename="camel", omit="null"):
    a: int = 0

    @computed
    def first_name(self):
        return None if self.a else "x"

    @computed(name="other", omit="never")
    def second(self):
        return None

    @computed
    def third(self):
        return UNSET


class Child(Base):
    b: int = 1
    second = 5

    @computed
    def first_name(self):
        return [self.b]

    @computed(name="fourth", omit="null")
    def four(self):
        return self.b or None


def test_names_omission_and_inheritance(fmt):
    assert fmt.loads(fmt.encode(Base())) == {"a": 0, "firstName": "x", "other": None} == quire.to_builtins(Base())
    assert fmt.loads(fmt.encode(Base(1))) == {"a": 1, "other": None}
    assert fmt.loads(fmt.encode(Child())) == {"a": 0, "b": 1, "firstName": [1], "fourth": 1}
    assert fmt.loads(fmt.encode(Child(b=0))) == {"a": 0, "b": 0, "firstName": [0]}
    assert pickle.loads(pickle.dumps(Child())) == Child()


def test_abstract_computed():
    class Shape(Record, abc.ABC):
        @computed
        @abc.abstractmethod
        def area(self): ...

    class Square(Shape):
        side: int

        @computed
        def area(self):
            return self.side**2

    assert quire.json.encode(Square(3)) == b'{"side":3,"area":9}'
    with pytest.raises(TypeError, match="abstract"):
        Shape()


def test_errors(fmt):
    class Bad(Record):
        a: int = 0

        @computed
        def raising(self):
            raise (ValueError if self.a else KeyError)("no")

    for encode in (fmt.encode, quire.to_builtins):
        with pytest.raises(quire.EncodeError) as caught:
            encode([Bad2()])
        assert caught.value.errors[0].path == "$[0].unsupported[0]"
        with pytest.raises(KeyError, match="no"):
            encode(Bad(0))
        with pytest.raises(quire.EncodeError, match="^no(: Bad)? at") as caught:
            encode(Bad(1))
        assert caught.value.errors[0].path == "$.raising"


class Bad2(Record):
    @computed
    def unsupported(self):
        return [object]


def test_depth(fmt):
    class Endless(Record):
        a: int = 0

        @computed
        def me(self):
            return Endless()

    with pytest.raises(quire.LimitError):
        fmt.encode(Endless())
    with pytest.raises(quire.LimitError):
        quire.to_builtins(Endless())


def refuses(cls, text):
    with pytest.raises(SchemaError, match=text):
        quire.json.decode(b"{}", cls)


def test_refused():
    class Clash(Record):
        a: int = field(aliases=("b",))

        @computed
        def b(self):
            return 1

    class Tag(Record, tag=True):
        @computed(name="type")
        def b(self):
            return 1

    class Array(Record, layout="array"):
        @computed
        def b(self):
            return 1

    class Surrogate(Record):
        @computed(name="\ud800")
        def b(self):
            return 1

    class Tuple(NamedTuple):
        a: int

        @computed
        def b(self):
            return 1

    refuses(Clash, "field a and computed property b are both named 'b'")
    refuses(Tag, "the tag field and computed property b are both named 'type'")
    refuses(Array, "the computed property b has no place in an array")
    refuses(Surrogate, "must be a str that UTF-8 can hold")
    refuses(Tuple, "the computed property b has no place in an array")
    for arguments, options in ([(3,), {}], [(), {"name": 3}], [(), {"omit": "default"}]):
        with pytest.raises(SchemaError):
            computed(*arguments, **options)
    with pytest.raises(TypeError):
        computed(len)(len)


# Unknown fields


class Keeps(Record, unknown="keep", reserved=("gone",)):
    a: int
    b: str = "b"

    @computed
    def c(self):
        return self.a + 1


def unknown(record):
    return getattr(record, "__record_unknown__", ())


def test_kept_and_written_back(fmt):
    document = {"x": [1, {"y": None}], "a": 1, "é": "ü", "b": "z", "c": 7, "gone": 3, "": {}, "long name of a field " * 9: 1.5}
    made = fmt.decode(fmt.dumps(document), Keeps)
    kept = {k: v for k, v in document.items() if k not in ("a", "b", "c", "gone")}
    assert (made.a, made.b) == (1, "z") and [name for name, _ in unknown(made)] == list(kept)
    assert all(raw.format == fmt.name for _, raw in unknown(made))
    assert fmt.loads(fmt.encode(made)) == {"a": 1, "b": "z", "c": 2, **kept}
    assert fmt.loads(fmt.Encoder(Keeps).encode(made)) == {"a": 1, "b": "z", "c": 2, **kept}
    assert fmt.decode(fmt.encode(made), Keeps) == made and fmt.encode(fmt.decode(fmt.encode(made), Keeps)) == fmt.encode(made)


def test_only_to_its_own_format(fmt):
    made = fmt.decode(fmt.dumps({"a": 1, "x": 2}), Keeps)
    for name in quire.formats():
        module = getattr(quire, name)
        written = module.decode(module.encode(made))
        assert written == ({"a": 1, "b": "b", "c": 2, "x": 2} if name == fmt.name else {"a": 1, "b": "b", "c": 2})
    assert quire.to_builtins(made) == {"a": 1, "b": "b", "c": 2}
    converted = quire.convert({"a": 1, "x": [2]}, Keeps)
    assert quire.to_builtins(converted) == {"a": 1, "b": "b", "c": 2, "x": [2]}
    assert fmt.loads(fmt.encode(converted)) == {"a": 1, "b": "b", "c": 2}


def test_they_go_with_the_record(fmt):
    import copy

    made = fmt.decode(fmt.dumps({"a": 1, "x": [2]}), Keeps)
    data = fmt.encode(made)
    for twin in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made)), made.__replace__()):
        assert fmt.encode(twin) == data and twin == made and repr(twin) == repr(made) == "Keeps(a=1, b='b')"
    assert fmt.loads(fmt.encode(made.__replace__(b="c"))) == {"a": 1, "b": "c", "c": 2, "x": [2]}
    assert made == Keeps(1), "what is unknown is no part of =="
    assert unknown(Keeps(1)) == () and fmt.loads(fmt.encode(Keeps(1))) == {"a": 1, "b": "b", "c": 2}
    with pytest.raises((TypeError, AttributeError)):
        object.__setattr__(made, "__record_unknown__", 3)
    del made.__record_unknown__
    assert fmt.loads(fmt.encode(made)) == {"a": 1, "b": "b", "c": 2}


@pytest.mark.parametrize("value", [3, (), (1, 2), ((1,),), ((1, 2),), (("x", 2),), (("x", quire.Raw(b"1")),), [("x", 1)]])
def test_what_is_put_there_by_hand(fmt, value):
    made = Keeps(1)
    made.__record_unknown__ = value
    assert fmt.loads(fmt.encode(made)) == {"a": 1, "b": "b", "c": 2}
    pickle.loads(pickle.dumps(made))


def test_inheritance(fmt):
    class Child(Keeps):
        d: int = 4

    class Strict(Keeps, unknown="error"):
        d: int = 4

    class Frozen(Record, frozen=True, unknown="keep"):
        a: int

        def __init__(self, a):
            super().__init__(a)

    assert fmt.loads(fmt.encode(fmt.decode(fmt.dumps({"a": 1, "x": 2, "d": 5}), Child))) == {
        "a": 1,
        "b": "b",
        "d": 5,
        "c": 2,
        "x": 2,
    }
    assert fmt.refuses(fmt.dumps({"a": 1, "x": 2}), Strict).code == "unknown_field"
    frozen = fmt.decode(fmt.dumps({"a": 1, "x": 2}), Frozen)
    assert hash(frozen) == hash(Frozen(1)) and fmt.loads(fmt.encode(frozen.__replace__(a=3))) == {"a": 3, "x": 2}


def test_in_unions_and_nested(fmt):
    class A(Record, tag=True, unknown="keep"):
        a: int

    class B(Record, tag=True, unknown="keep"):
        a: int
        inner: "list[A | B]" = field(default_factory=list)

    document = {"type": "B", "a": 1, "inner": [{"type": "A", "a": 2, "x": 1}], "y": [1]}
    globals().update(A=A, B=B)
    made = fmt.decode(fmt.dumps(document), A | B)
    assert fmt.loads(fmt.encode(made)) == document


def test_faults_and_limits(fmt):
    assert fmt.refuses(fmt.dumps({"x": 1, "a": "no"}), Keeps).code == "type_mismatch"
    assert fmt.refuses(fmt.dumps({"x": 1}), Keeps).code == "missing_field"
    data = fmt.dumps({"a": 1, "x": [1, 2, 3]})
    for end in range(1, len(data)):
        with pytest.raises(quire.DecodeError):
            fmt.decode(data[:end], Keeps)
    many = fmt.dumps({"a": 1, **{str(i): i for i in range(100)}})
    assert len(unknown(fmt.decode(many, Keeps))) == 100
    assert fmt.refuses(many, Keeps, quire.LimitError, limits=quire.Limits(items=50)).code == "item_limit"


def test_only_records_keep():
    @quire.config(unknown="keep")
    @dataclasses.dataclass
    class Data:
        a: int = 1

    @quire.config(unknown="keep")
    class Dict(TypedDict):
        a: int

    class Array(Record, unknown="keep", layout="array"):
        a: int = 1

    refuses(Data, 'unknown="keep" needs a Record')
    refuses(Dict, 'unknown="keep" needs a Record')
    refuses(Array, 'unknown="keep" needs names')


def test_cycles_through_unknown_fields_are_collected():
    import gc
    import weakref

    class Canary:
        pass

    cell = [Canary()]
    seen = weakref.ref(cell[0])
    made = quire.convert({"a": 1, "x": cell}, Keeps)
    assert gc.is_tracked(made)
    cell.append(made)
    del made, cell
    gc.collect()
    assert seen() is None


def test_nothing_leaks(fmt):
    data = fmt.dumps({"a": 1, "x": [2], "y": {"z": None}})

    def work():
        made = fmt.decode(data, Keeps)
        fmt.encode(made), quire.to_builtins(made), made.__reduce__(), made.__replace__(b="x")
        made.__setstate__(made.__getstate__())
        quire.to_builtins(quire.convert({"a": 1, "x": [2]}, Keeps))
        fmt.loads(fmt.encode([RecordBox(1), DataBox(2), AttrsBox(3), SlottedBox(4)]))
        for bad in (fmt.dumps({"x": 1, "a": "b"}), data[:-1]):
            with pytest.raises(quire.DecodeError):
                fmt.decode(bad, Keeps)
        with pytest.raises(quire.EncodeError):
            fmt.encode(Bad2())

    leaves_nothing(work, times=3)
