# SPDX-License-Identifier: Apache-2.0
"""validate="init" and "assign": the types of fields are checked where records are made and changed by Python code."""

import copy
import gc
import pickle
from typing import Annotated, Generic, TypeVar

import pytest
from conftest import check_error, leaves_nothing

import quire
from quire import UNSET, Record, SchemaError, UnsetType, field

T = TypeVar("T")


class Positive:
    gt = 0


class Checked(Record, validate="init"):
    id: Annotated[int, Positive()]
    name: str = "n"
    tags: list[str] = field(default_factory=list)
    more: "Checked | None" = None


class Strict(Record, validate="assign"):
    id: Annotated[int, Positive()]
    name: str = "n"
    tags: list[str] = field(default_factory=list)
    maybe: int | UnsetType = UNSET


class Frozen(Record, frozen=True, validate="init"):
    id: int


def fault_of(act):
    with pytest.raises(quire.ValidationError) as caught:
        act()
    return check_error(caught.value)


@pytest.mark.parametrize("cls", [Checked, Strict])
def test_init_checks(cls):
    made = cls(1, "a", ["t"])
    assert (made.id, made.name, made.tags) == (1, "a", ["t"]) and cls(2) == cls(2, "n", [])
    for arguments, path, code in [
        (("1",), "$.id", "type_mismatch"),
        ((0,), "$.id", "too_small"),
        ((1, None), "$.name", "type_mismatch"),
        ((1, "a", ["t", 2]), "$.tags[1]", "type_mismatch"),
        ((True,), "$.id", "type_mismatch"),
    ]:
        fault = fault_of(lambda arguments=arguments: cls(*arguments))
        assert (fault.path, fault.code) == (path, code)
    assert fault_of(lambda: cls(id=1, name=2)).message == "expected str, got int 2"
    with pytest.raises(TypeError, match="missing 1 required argument"):
        cls()


def test_where_else_init_runs():
    made = Checked(1)
    assert fault_of(lambda: made.__init__("x")).path == "$.id" and made == Checked(1)
    assert fault_of(lambda: made.__replace__(name=3)).path == "$.name"
    assert made.__replace__(name="b").name == "b"
    assert Checked(1, more=Checked(2)).more.id == 2
    assert fault_of(lambda: Checked(1, more=3)).path == "$.more"

    class Own(Checked):
        def __init__(self, value):
            super().__init__(value, name="own")

    assert Own(3).name == "own" and fault_of(lambda: Own("3")).path == "$.id"
    assert fault_of(lambda: Frozen("1")).path == "$.id"


def test_only_assign_checks_assignment():
    checked, strict = Checked(1), Strict(1)
    checked.id = "anything"
    assert checked.id == "anything"
    strict.id = 2
    strict.tags = ["a"]
    strict.maybe = 3
    strict.maybe = UNSET
    for name, value, path in [("id", "2", "$.id"), ("id", -1, "$.id"), ("tags", [1], "$.tags[0]"), ("maybe", None, "$.maybe")]:
        assert fault_of(lambda name=name, value=value: setattr(strict, name, value)).path == path
        assert fault_of(lambda name=name, value=value: Record.__setattr__(strict, name, value)).path == path
    assert (strict.id, strict.tags, strict.maybe) == (2, ["a"], UNSET)
    del strict.name
    strict.name = "again"
    with pytest.raises(AttributeError):
        strict.nothing = 1
    assert gc.is_tracked(strict)


def test_documents_are_checked_once(fmt):
    assert fmt.decode(fmt.encode(Checked(1, "a", ["b"])), Checked) == Checked(1, "a", ["b"])
    assert fmt.refuses(fmt.dumps({"id": 0}), Strict).code == "too_small"
    assert quire.convert({"id": 1}, Strict) == Strict(1)
    for made in (Checked(1, "a", ["b"]), Strict(1)):
        assert pickle.loads(pickle.dumps(made)) == made == copy.copy(made) == copy.deepcopy(made)


def test_post_init_sees_what_was_checked():
    class Range(Record, validate="assign"):
        low: int
        high: int
        width: int = field(init=False)

        def __post_init__(self):
            self.width = self.high - self.low

    made = Range(1, 3)
    assert made.width == 2
    assert fault_of(lambda: Range(1, "x")).path == "$.high"

    class Wrong(Record, validate="assign"):
        a: int

        def __post_init__(self):
            self.a = str(self.a)

    assert fault_of(lambda: Wrong(1)).path == "$.a"


def test_inheritance_and_decode():
    class Child(Strict):
        extra: int = 0

    class Free(Strict, validate="decode"):
        pass

    child = Child(1)
    assert fault_of(lambda: setattr(child, "extra", "x")).path == "$.extra"
    assert fault_of(lambda: Child(1, extra="x")).path == "$.extra"
    free = Free("anything")
    free.id = None
    assert free.id is None


def test_code_that_names_object_setattr():
    class Made(Record, validate="assign"):
        a: int
        b: object = None

        def put(self, value):
            object.__setattr__(self, "b", value)

    made = Made(1)
    assert fault_of(lambda: setattr(made, "a", "x")).path == "$.a"
    made.put([made])
    assert made.b == [made] and gc.is_tracked(made)
    made.a = 5
    assert made.a == 5

    class Loud(Strict):
        def __setattr__(self, name, value):
            super().__setattr__(name, value)

    loud = Loud(1)
    assert fault_of(lambda: setattr(loud, "id", "x")).path == "$.id"
    loud.id = 7
    assert loud.id == 7


def test_generic_and_recursive():
    class Box(Record, Generic[T], validate="init"):
        item: T
        boxes: "list[Box[T]]" = field(default_factory=list)

    globals()["Box"] = Box
    assert Box(1, [Box("x")]).boxes[0].item == "x"
    assert fault_of(lambda: Box(1, [2])).path == "$.boxes[0]"


def test_what_cannot_be_checked():
    class Broken(Record, validate="init"):
        a: "Missing"  # noqa: F821

    with pytest.raises(SchemaError, match="'Missing' cannot be followed"):
        Broken(1)

    class Late(Record, validate="init"):
        a: "LateType"

    globals()["LateType"] = int
    assert Late(1).a == 1
    for value in ("never", True, None):
        with pytest.raises(TypeError, match='validate must be "decode", "init" or "assign"'):
            quire.RecordMeta("Made", (Record,), {}, validate=value)


def test_secrets_stay_secret():
    class Login(Record, validate="assign"):
        pin: int = field(secret=True)

    login = Login(1)
    for act in (lambda: Login("hunter2"), lambda: setattr(login, "pin", "hunter2")):
        with pytest.raises(quire.ValidationError) as caught:
            act()
        assert "hunter2" not in str(caught.value)


def test_nothing_leaks():
    strict = Strict(1)

    def work():
        Checked(1, "a", ["b"])
        strict.tags = ["x"]
        for act in (
            lambda: Checked("x"),
            lambda: Checked(1, tags=[1]),
            lambda: setattr(strict, "id", "x"),
            lambda: strict.__replace__(id=None),
        ):
            with pytest.raises(quire.ValidationError):
                act()

    leaves_nothing(work)
