# SPDX-License-Identifier: Apache-2.0
"""What `field()`, class keywords and `quire.config` say of names, numbers, omission and secrecy, for every kind of class and format."""

import copy
import dataclasses
import decimal
import json
import pickle
from typing import Annotated, NamedTuple, NotRequired, TypedDict

import attrs
import pytest
from conftest import leaves_nothing

import quire
from quire import UNSET, Record, SchemaError, field


class RecordOrder(Record, unknown="error"):
    id: int
    customer: Annotated[str, field(name="customerName", aliases=("cust", "client"))]
    note: str | None = field(default=None, omit="null")


@quire.config(unknown="error")
@dataclasses.dataclass
class DataOrder:
    id: int
    customer: Annotated[str, field(name="customerName", aliases=["cust", "client"])]
    note: Annotated[str | None, field(omit="null")] = None


@quire.config(unknown="error")
@dataclasses.dataclass(slots=True, frozen=True)
class SlottedOrder:
    id: int
    customer: Annotated[str, field(name="customerName", aliases=("cust", "client"))]
    note: Annotated[str | None, field(omit="null")] = None


@quire.config(unknown="error")
@attrs.define
class AttrsOrder:
    id: int
    customer: Annotated[str, field(name="customerName", aliases=("cust", "client"))]
    note: Annotated[str | None, field(omit="null")] = None


@quire.config(unknown="error")
class DictOrder(TypedDict):
    id: int
    customer: Annotated[str, field(name="customerName", aliases=("cust", "client"))]
    note: NotRequired[Annotated[str | None, field(omit="null")]]


OBJECTS = [RecordOrder, DataOrder, SlottedOrder, AttrsOrder]


def members(value):
    return value if isinstance(value, dict) else {name: getattr(value, name) for name in ("id", "customer", "note")}


@pytest.mark.parametrize("cls", [*OBJECTS, DictOrder])
@pytest.mark.parametrize("name", ["customerName", "cust", "client"])
def test_aliases_are_read(cls, fmt, name):
    for order in ({"id": 1, name: "a"}, {name: "a", "id": 1}):
        found = fmt.decode(fmt.dumps(order), cls)
        assert (members(found)["id"], members(found)["customer"]) == (1, "a")
        assert quire.convert(order, cls) == found
    with pytest.raises(quire.ValidationError, match='missing required field "customerName"'):
        fmt.decode(fmt.dumps({"id": 1, "customer": "a"} if cls is None else {"id": 1}), cls)


@pytest.mark.parametrize("cls", OBJECTS)
def test_the_first_name_is_written(cls, fmt):
    assert fmt.loads(fmt.encode(cls(1, "a"))) == {"id": 1, "customerName": "a"}
    assert fmt.loads(fmt.Encoder(cls).encode(cls(1, "a", "n"))) == {"id": 1, "customerName": "a", "note": "n"}
    assert quire.to_builtins(cls(1, "a")) == {"id": 1, "customerName": "a"}


@pytest.mark.parametrize("cls", [*OBJECTS, DictOrder])
def test_two_names_of_one_field_are_a_duplicate(cls, fmt):
    fault = fmt.refuses(fmt.dumps({"id": 1, "cust": "a", "client": "b"}), cls, quire.ValidationError)
    assert fault.code == "duplicate_field"
    assert fmt.refuses(fmt.dumps({"id": 1, "cust": "a", "klient": "b"}), cls, quire.ValidationError).code == "unknown_field"


def test_aliases_make_no_instance():
    with pytest.raises(TypeError, match="unexpected keyword"):
        RecordOrder(1, cust="a")
    order = RecordOrder(1, "a")
    assert pickle.loads(pickle.dumps(order)) == order == copy.copy(order)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"aliases": "x"}, r"aliases is a tuple of names, not a str: write aliases=\('x',\)"),
        ({"aliases": (1,)}, "every alias must be a str, got 1"),
        ({"aliases": 3}, "not iterable"),
        ({"omit": True}, 'omit must be "never", "default" or "null", not True'),
        ({"omit": "defualt"}, 'did you mean "default"'),
        ({"serialize": None}, "serialize must be True or False"),
        ({"secret": 1}, "secret must be True or False"),
        ({"init": "no"}, "init must be True or False"),
    ],
)
def test_field_refuses(arguments, text):
    with pytest.raises(TypeError, match=text):
        field(**arguments)


def test_field_shows_itself():
    made = field(3, name="x", aliases=["a"], omit="null", serialize=False, secret=True, init=False)
    assert (made.aliases, made.omit, made.serialize, made.secret, made.init) == (("a",), "null", False, True, False)
    assert repr(made) == "field(3, name='x', aliases=('a',), omit='null', serialize=False, secret=True, init=False)"
    assert (field().aliases, field().omit, field().serialize) == ((), None, True)
    leaves_nothing(lambda: repr(field(3, aliases=["a", "b"], omit="null")))


def refuses(cls, text):
    with pytest.raises(SchemaError, match=text):
        quire.json.decode(b"{}", cls)


def test_names_that_clash():
    class Twice(Record):
        a: int = field(aliases=("a",))

    class Other(Record):
        a: int = field(aliases=("b",))
        b: int

    class Reserved(Record, reserved=("old",)):
        a: int = field(name="old")

    class ReservedNumber(Record, reserved=(2, "x")):
        a: int = field(1)
        b: int = field(2)

    refuses(Twice, "field a has the name 'a' twice: an alias is a further name")
    refuses(Other, "field a and field b are both named 'b'")
    refuses(Reserved, "field a is named 'old' in the document, which is reserved")
    refuses(ReservedNumber, "field b has the number 2, which is reserved")


def test_class_level_members_inside_annotated():
    class Secret(Record):
        a: Annotated[str, field(secret=True)]

    class Init(Record):
        a: Annotated[int, field(init=False)] = 1

    @dataclasses.dataclass
    class Data:
        a: Annotated[int, field(repr=False)]

    refuses(Secret, "secret=True inside Annotated is not seen by repr")
    refuses(Init, r"field\(init=...\) inside Annotated has no effect")
    refuses(Data, r"field\(repr=...\) inside Annotated has no effect")


# Omission


class Omits(Record, omit="default"):
    a: int = 1
    b: int = field(default=2, omit="never")
    c: int | None = field(default=3, omit="null")
    d: list[int] = field(default_factory=list)


@quire.config(omit="default")
@dataclasses.dataclass
class DataOmits:
    a: int = 1
    b: Annotated[int, field(omit="never")] = 2
    c: Annotated[int | None, field(omit="null")] = 3
    d: list[int] = dataclasses.field(default_factory=list)


@pytest.mark.parametrize("cls", [Omits, DataOmits])
def test_a_field_omits_as_it_says(cls, fmt):
    assert fmt.loads(fmt.encode(cls())) == {"b": 2, "c": 3} == quire.to_builtins(cls())
    assert fmt.loads(fmt.encode(cls(a=0, c=None, d=[1]))) == {"a": 0, "b": 2, "d": [1]}
    assert fmt.decode(fmt.encode(cls()), cls) == cls()


# config


@quire.config(rename="camel", tag="base")
@dataclasses.dataclass
class Base:
    first_name: str


@quire.config(unknown="error", tag="derived")
@dataclasses.dataclass
class Derived(Base):
    last_name: str = ""


@quire.config(rename="camel", omit="null")
class DictBase(TypedDict):
    first_name: str


@quire.config(unknown="error")
class DictDerived(DictBase):
    last_name: str  # a TypedDict is no subclass of its bases


def test_config_is_inherited(fmt):
    assert fmt.loads(fmt.encode(Derived("a", "b"))) == {"type": "derived", "firstName": "a", "lastName": "b"}
    assert fmt.decode(fmt.dumps({"type": "base", "firstName": "a", "x": 1}), Base) == Base("a")
    assert fmt.refuses(fmt.dumps({"type": "derived", "firstName": "a", "x": 1}), Derived).code == "unknown_field"
    assert fmt.refuses(fmt.dumps({"type": "base", "firstName": "a"}), Derived).code == "invalid_tag"
    assert fmt.decode(fmt.dumps({"firstName": "a"}), DictBase) == {"first_name": "a"}
    assert fmt.decode(fmt.dumps({"first_name": "a", "last_name": "b"}), DictDerived) == {"first_name": "a", "last_name": "b"}
    assert fmt.refuses(fmt.dumps({"first_name": "a", "last_name": "b", "c": 1}), DictDerived).code == "unknown_field"


def test_config_may_come_later(fmt):
    @dataclasses.dataclass
    class Late:
        a_b: int

    assert fmt.loads(fmt.encode(Late(1))) == {"a_b": 1}
    quire.config(rename="camel")(Late)
    assert fmt.loads(fmt.encode(Late(1))) == {"aB": 1}


def test_config_refuses():
    with pytest.raises(SchemaError, match="no option 'renam': did you mean rename"):
        quire.config(renam="camel")
    with pytest.raises(SchemaError, match="there are rename, unknown"):
        quire.config(something=1)
    with pytest.raises(SchemaError, match=r"RecordOrder is a Record: give it class keywords"):
        quire.config(rename="camel")(RecordOrder)
    with pytest.raises(SchemaError, match="decorates a class"):
        quire.config(rename="camel")(3)
    for options, text in [
        ({"unknown": "kept"}, "unknown must be one of"),
        ({"unknown": 3}, "unknown must be one of"),
        ({"omit": "x"}, "omit must be one of"),
        ({"reserved": "x"}, "reserved must be a tuple"),
        ({"reserved": (1.5,)}, "reserved holds numbers and names"),
        ({"rename": "camels"}, "unknown rename policy"),
        ({"tag": 1.5}, "the tag must be"),
    ]:
        refuses(quire.config(**options)(dataclasses.make_dataclass("Made", [("a", int)])), text)


# Arrays


class Row(Record, layout="array", reserved=(2, 4, "gone")):
    c: str = field(3)
    a: int = field(1)
    e: float = field(5, default=1.5)


@quire.config(layout="array", reserved=range(2, 3))
@dataclasses.dataclass
class DataRow:
    c: Annotated[str, field(3)]
    a: Annotated[int, field(1)]


def test_numbers_are_places(fmt):
    assert fmt.loads(fmt.encode(Row("c", 1))) == [1, None, "c", None, 1.5] == quire.to_builtins(Row("c", 1))
    assert fmt.loads(fmt.encode(DataRow("c", 1))) == [1, None, "c"] == quire.to_builtins(DataRow("c", 1))
    for old in (None, 7, {"x": [1]}):
        assert fmt.decode(fmt.dumps([1, old, "c"]), Row) == Row("c", 1) == quire.convert([1, old, "c"], Row)
        assert fmt.decode(fmt.dumps([1, old, "c"]), DataRow) == DataRow("c", 1)
    assert fmt.decode(fmt.encode(Row("c", 1, 2.0)), Row) == Row("c", 1, 2.0)
    quire.validate(Row("c", 1), Row)
    with pytest.raises(quire.ValidationError, match=r"at \$\.a"):
        quire.validate(Row("c", "a"), Row)
    assert fmt.Decoder(list[Row]).decode(fmt.Encoder(list[Row]).encode([Row("c", 1)])) == [Row("c", 1)]
    assert fmt.refuses(fmt.dumps([1, None]), Row).code == "missing_field"
    assert quire.convert(DataRow("c", 1), Row) == Row("c", 1)


def test_reserved_places_at_the_end(fmt):
    class Strict(Record, layout="array", unknown="error", reserved=(2, 3)):
        a: int = field(1)

    assert fmt.loads(fmt.encode(Strict(1))) == [1] == quire.to_builtins(Strict(1))
    assert fmt.decode(fmt.dumps([1, 2, 3]), Strict) == Strict(1)
    assert fmt.refuses(fmt.dumps([1, 2, 3, 4]), Strict).code == "wrong_length"


def test_an_array_without_numbers_is_in_order(fmt):
    class Plain(Record, layout="array"):
        b: int
        a: int = field(default=2, kw_only=True)

    assert fmt.loads(fmt.encode(Plain(1))) == [1, 2]


def test_array_refuses():
    class Gap(Record, layout="array"):
        a: int = field(1)
        c: int = field(3)

    class Omit(Record, layout="array", omit="default"):
        a: int = 1

    class OneWay(Record, layout="array"):
        a: int = field(serialize=False)

    class Wide(Record, layout="array", reserved=range(2, 2000)):
        a: int = field(1)
        b: int = field(2000)

    class Wrong(NamedTuple):
        a: Annotated[int, field(2)]
        b: Annotated[int, field(1)]

    class Mixed(Record):
        a: Annotated[int, field(1)]
        b: Annotated[int, field(name="x")]

    refuses(Gap, r"no field has the number 2: .*reserved=\(2,\)")
    refuses(Omit, "field a must have a place in the array")
    refuses(OneWay, "field a must have a place in the array")
    refuses(Wide, "the array would have 2000 places")
    refuses(Wrong, "field a has the number 2, but its place in the tuple is 1")
    refuses(Mixed, "field b has no number but others have: number all of them or none")
    with pytest.raises(TypeError, match="number all fields or none"):

        class Early(Record):
            a: int = field(1)
            b: int

    with pytest.raises(TypeError, match=r"field\(0\): numbers begin at 1; write field\(default=0\)"):
        field(0)


# One way, and what __init__ does not take


class Account(Record, unknown="error"):
    name: str
    password: str = field(default="", serialize=False)
    length: int = field(init=False)
    tries: int = field(default=0, init=False)

    def __post_init__(self):
        self.length = len(self.name)


@dataclasses.dataclass
class DataAccount:
    name: str
    password: Annotated[str, field(serialize=False)] = ""


def test_serialize_false_is_read_only(fmt):
    read = fmt.decode(fmt.dumps({"name": "a", "password": "p"}), Account)
    assert read.password == "p" and fmt.loads(fmt.encode(read)) == {"name": "a", "length": 1, "tries": 0} == quire.to_builtins(
        read
    )
    assert fmt.loads(fmt.Encoder(Account).encode(read)) == {"name": "a", "length": 1, "tries": 0}
    data = fmt.decode(fmt.dumps({"name": "a", "password": "p"}), DataAccount)
    assert data == DataAccount("a", "p") and fmt.loads(fmt.encode(data)) == {"name": "a"}


def test_init_false_is_no_parameter(fmt):
    account = Account("abc", "p")
    assert (account.length, account.tries) == (3, 0)
    for arguments in ({"tries": 1}, {"length": 1}):
        with pytest.raises(TypeError, match="unexpected keyword argument"):
            Account("a", **arguments)
    with pytest.raises(TypeError, match="at most 2 positional"):
        Account("a", "b", 3)
    with pytest.raises(TypeError, match="missing 1 required argument: 'name'"):
        Account()
    assert "length" not in str(Account.__signature__) and Account.__match_args__ == ("name", "password")
    account.tries = 5
    assert fmt.decode(fmt.encode(account), Account).tries == 5
    assert pickle.loads(pickle.dumps(account)) == account == copy.copy(account)
    assert account.__replace__(name="xy").length == 2 and account.__replace__(name="xy").tries == 5
    quire.validate(account, Account)


def test_left_unset_is_a_fault(fmt):
    class Lazy(Record):
        a: int = field(init=False)

    lazy = fmt.decode(fmt.dumps({}), Lazy)
    assert repr(lazy) == repr(Lazy()) == "Lazy(a=<not set>)"
    with pytest.raises(quire.EncodeError, match="a field is not set"):
        fmt.encode(lazy)
    quire.validate(lazy, Lazy)
    lazy.a = 1
    assert fmt.decode(fmt.encode(lazy), Lazy) == lazy


# Secrets


class Kind(dict):
    pass


class Login(Record):
    user: str
    password: int = field(secret=True, default=0)
    tokens: dict[str, list[int]] = field(secret=True, default_factory=dict)


@dataclasses.dataclass
class DataLogin:
    user: str
    password: Annotated[int, field(secret=True)] = 0
    tokens: Annotated[dict[str, list[int]], field(secret=True)] = dataclasses.field(default_factory=dict)


def test_secrets_are_not_shown():
    login = Login("a", 4321, {"hunter2": [1]})
    assert repr(login) == "Login(user='a', password=<secret>, tokens=<secret>)"
    assert list(login.__rich_repr__()) == [("user", "a"), ("password", "<secret>"), ("tokens", "<secret>")]
    assert login.password == 4321 and login == Login("a", 4321, {"hunter2": [1]})
    assert pickle.loads(pickle.dumps(login)) == login


def test_only_the_default_itself_is_omitted(fmt):
    """Equal is not the same: what would come back as another value is written."""
    exact = decimal.Decimal("1.5")

    class Exact(Record, omit="default"):
        zero: float = 0.0
        price: decimal.Decimal = exact
        flags: list[int | bool] = field(default_factory=lambda: [1])
        name: str = "x"

    assert fmt.decode(fmt.encode(Exact())) == {}
    assert fmt.decode(fmt.encode(Exact(0.0, decimal.Decimal("1.5"), [1], "x"))) == {}
    for changed in (Exact(zero=-0.0), Exact(price=decimal.Decimal("1.50")), Exact(flags=[True])):
        back = fmt.decode(fmt.encode(changed), Exact)
        assert repr(back) == repr(changed) != repr(Exact())


@pytest.mark.parametrize("cls", [Login, DataLogin])
@pytest.mark.parametrize(
    "document",
    [
        {"user": "a", "password": "hunter2"},
        {"user": "a", "password": 1.5, "tokens": {"hunter2": [1]}},
        {"user": "a", "tokens": {"hunter2": ["x"]}},
        {"user": "a", "tokens": {"x": ["hunter2"]}},
        {"password": 1, "tokens": {"hunter2": [1]}, "user": 3},
        {"tokens": {"hunter2": [1]}},
    ],
)
def test_no_error_shows_a_secret(cls, fmt, document):
    for act in (lambda: fmt.decode(fmt.dumps(document), cls), lambda: quire.convert(document, cls)):
        with pytest.raises(quire.ValidationError) as caught:
            act()
        assert "hunter2" not in str(caught.value) + repr(caught.value.errors) and caught.value.errors[0].value in (None, 3)
    fault = caught.value.errors[0]
    assert fault.path in ("$.password", "$.tokens", "$.user", "$")


@pytest.mark.parametrize("cls", [Login, DataLogin])
def test_no_error_of_encoding_shows_a_secret(cls, fmt):
    for login in (cls("a", {"hunter2": Kind}), cls("a", 1, {"hunter2": [Kind]})):
        for act in (fmt.encode, fmt.Encoder(cls).encode, quire.to_builtins, lambda value: quire.validate(value, cls)):
            with pytest.raises(quire.QuireError) as caught:
                act(login)
            fault = caught.value.errors[0]
            assert "hunter2" not in str(caught.value) + repr(fault) and fault.path in ("$.password", "$.tokens")
            assert caught.value.__cause__ is None


def test_user_code_in_a_secret_field(fmt):
    import enum

    class Pin(enum.Enum):
        A = "1"

        @classmethod
        def _missing_(cls, value):
            raise ValueError(f"no pin {value}")

    class Card(Record):
        pin: Pin = field(secret=True)

    with pytest.raises(quire.ValidationError) as caught:
        fmt.decode(fmt.dumps({"pin": "hunter2"}), Card)
    assert "hunter2" not in str(caught.value) and caught.value.__cause__ is None


def test_a_truncated_document_shows_no_secret():
    with pytest.raises(quire.DecodeError) as caught:
        quire.json.decode(b'{"user": "a", "tokens": {"hunter2": [1', Login)
    assert "hunter2" not in str(caught.value)
    with pytest.raises(quire.DecodeError) as caught:
        quire.json.decode(b'{"tokens": {"hunter2": [1]}, "user": "a" "password": 1}', Login)
    assert "hunter2" not in str(caught.value)


# Size


def test_more_fields_than_a_record_may_have(fmt):
    def made(count):
        return quire.RecordMeta(
            "Wide", (Record,), {"__annotations__": {f"f{i}": int for i in range(count)}, **{f"f{i}": 0 for i in range(count)}}
        )

    assert fmt.decode(fmt.encode(made(1024)(f1023=7)), made(1024)).f1023 == 7
    for act in (lambda cls: fmt.decode(b"", cls), lambda cls: fmt.encode(cls())):
        with pytest.raises(SchemaError, match="Wide: the class has 1025 fields, a record may have 1024"):
            act(made(1025))
    with pytest.raises(SchemaError, match="1025 fields"):
        fmt.decode(b"", dataclasses.make_dataclass("Data", [(f"f{i}", int) for i in range(1025)]))


def test_nothing_leaks(fmt):
    first = Annotated[int, field(1)]  # typing keeps the last hundred

    def work():
        @quire.config(layout="array", reserved=(2,))
        @dataclasses.dataclass
        class Data:
            a: first

        class Made(Record, layout="array", reserved=(2,)):
            a: int = field(1, aliases=("x",))
            b: int = field(3, default=1)
            c: int = field(4, init=False)

            def __post_init__(self):
                self.c = 1

        fmt.decode(fmt.encode(Made(1)), Made)
        fmt.decode(fmt.encode(Data(1)), Data)
        for bad in ([1, 2, "x"], []):
            with pytest.raises(quire.QuireError):
                fmt.decode(fmt.dumps(bad), Made)

    leaves_nothing(work, times=3)


def test_unset_and_omission(fmt):
    class Partly(Record):
        a: int | quire.UnsetType = UNSET
        b: int = field(default=1, omit="default")

    assert fmt.loads(fmt.encode(Partly())) == {} and json.dumps(quire.to_builtins(Partly(1, 2))) == '{"a": 1, "b": 2}'
