# SPDX-License-Identifier: Apache-2.0
"""quire.Partial: every field may be missing."""

import copy
import dataclasses
import gc
import pickle
from typing import Annotated, Generic, Required, TypedDict, TypeVar

import pytest
from conftest import leaves_nothing

import quire
from quire import UNSET, Partial, Record, SchemaError, computed, field


class User(Record, rename="camel", unknown="error", tag=True):
    user_id: int = field(1)
    mail: Annotated[str, "checked"] = field(2, name="email", aliases=("address",))
    tags: list[str] = field(3, default_factory=list)
    pin: int = field(4, default=0, secret=True)
    boss: "User | None" = field(5, default=None)
    length: int = field(6, init=False)

    def __post_init__(self):
        self.length = len(self.mail)

    @computed
    def upper(self):
        return self.mail.upper()


@dataclasses.dataclass(frozen=True)
class Data:
    a: int
    b: Annotated[list[str], field(name="bee")]
    c: str = "c"

    def __post_init__(self):
        raise AssertionError


class Dict(TypedDict):
    a: Required[int]
    b: Annotated[str, field(name="bee")]


class Plain(Record, kw_only=True):
    x: Annotated[int, field(name="ex")]

    def __init__(self, x, y):
        raise AssertionError

    def twice(self):
        return self.x * 2


def test_record(fmt):
    document = {"type": "User", "address": "m", "boss": {"type": "User", "userId": 1, "email": "b"}, "upper": "X"}
    made = fmt.decode(fmt.dumps(document), Partial[User])
    assert isinstance(made, User) and type(made) is Partial[User]
    assert (made.user_id, made.mail, made.tags, made.pin, made.length) == (UNSET, "m", UNSET, UNSET, UNSET)
    assert type(made.boss) is User, "what is inside is whole"
    assert fmt.loads(fmt.encode(made)) == {
        "type": "User", "email": "m",
        "boss": {"type": "User", "userId": 1, "email": "b", "tags": [], "pin": 0, "boss": None, "length": 1, "upper": "B"},
    }  # fmt: skip
    assert fmt.encode(made) == fmt.Encoder(Partial[User]).encode(made) and fmt.decode(fmt.encode(made), Partial[User]) == made
    assert fmt.loads(fmt.encode(Partial[User]())) == {"type": "User"}
    assert fmt.refuses(fmt.dumps({"userId": "x"}), Partial[User]).code == "type_mismatch"
    assert fmt.refuses(fmt.dumps({"userID": 1}), Partial[User]).code == "unknown_field"
    assert fmt.refuses(fmt.dumps({"type": "User", "boss": {}}), Partial[User]).code == "missing_field"
    assert quire.convert({"userId": 1}, Partial[User]).user_id == 1
    quire.validate(made, Partial[User])


def test_what_it_is():
    assert Partial[User] is Partial[User] and Partial[Partial[User]] is Partial[User]
    made = Partial[User](mail="x", pin=3)
    assert repr(made) == "Partial[User](user_id=UNSET, mail='x', tags=UNSET, pin=<secret>, boss=UNSET, length=UNSET)"
    for twin in (copy.copy(made), copy.deepcopy(made), pickle.loads(pickle.dumps(made))):
        assert twin == made and type(twin) is Partial[User]
    assert made.__replace__(user_id=1).user_id == 1 and made != User(1, "x")
    with pytest.raises(TypeError, match="positional"):
        Partial[User](1)
    changes = {name: value for name in made.__record_fields__ if (value := getattr(made, name)) is not UNSET}
    assert User(1, "m").__replace__(**changes) == User(1, "x", pin=3)


def test_own_init_and_annotated_fields(fmt):
    made = fmt.decode(fmt.dumps({"ex": 3}), Partial[Plain])
    assert made.twice() == 6 and fmt.loads(fmt.encode(Partial[Plain](x=1))) == {"ex": 1}
    assert fmt.decode(fmt.dumps({}), Partial[Plain]).x is UNSET


def test_dataclass(fmt):
    made = fmt.decode(fmt.dumps({"bee": ["x"]}), Partial[Data])
    assert (made.a, made.b, made.c) == (UNSET, ["x"], UNSET) and isinstance(made, Data)
    assert fmt.loads(fmt.encode(made)) == {"bee": ["x"]} == quire.to_builtins(made)
    assert made == Partial[Data](b=["x"]) == pickle.loads(pickle.dumps(made))
    assert fmt.refuses(fmt.dumps({"a": "x"}), Partial[Data]).path == "$.a"
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.a = 1


def test_typeddict(fmt):
    assert fmt.decode(fmt.dumps({"bee": "x"}), Partial[Dict]) == {"b": "x"}
    assert fmt.decode(fmt.dumps({}), Partial[Dict]) == {}
    assert fmt.refuses(fmt.dumps({"a": "x"}), Partial[Dict]).path == "$.a"


def test_inside_of_other_types(fmt):
    class Change(Record):
        user: Partial[User]
        more: list[Partial[Data]] = field(default_factory=list)

    made = fmt.decode(fmt.dumps({"user": {"userId": 4}, "more": [{}, {"a": 1}]}), Change)
    assert made.user.user_id == 4 and [one.a for one in made.more] == [UNSET, 1]
    assert fmt.loads(fmt.encode(made)) == {"user": {"type": "User", "userId": 4}, "more": [{}, {"a": 1}]}


def test_validating_classes(fmt):
    class Strict(Record, validate="assign"):
        a: int
        b: str

    made = Partial[Strict](a=1)
    with pytest.raises(quire.ValidationError):
        made.a = "x"
    with pytest.raises(quire.ValidationError):
        Partial[Strict](b=1)
    made.a = UNSET
    assert fmt.loads(fmt.encode(made)) == {}


T = TypeVar("T")


class Box(Record, Generic[T]):
    item: T


class Mixin(Record, mixin=True):
    a: int


class Row(Record, layout="array"):
    a: int


@pytest.mark.parametrize("wrong", [int, "User", Box[int], list[int], int | str, Mixin, Row, object(), None])
def test_refused(wrong):
    with pytest.raises(SchemaError, match="Partial needs|is a mixin"):
        Partial[wrong]


def test_it_is_not_called():
    with pytest.raises(TypeError, match=r"write Partial\[SomeClass\]"):
        Partial()


def test_nothing_is_left():
    def work():
        made = quire.RecordMeta("Made", (Record,), {"__annotations__": {"a": int, "b": "list[int]"}, "b": []})
        assert quire.json.decode(b'{"a": 1}', Partial[made]).b is UNSET
        gc.collect()

    leaves_nothing(work, times=3)
