# SPDX-License-Identifier: Apache-2.0
"""Adapters of a call, of a field, their precedence over each other, and the context."""

import dataclasses
import datetime as dt
import decimal
import enum
import gc
import weakref
from fractions import Fraction
from typing import Annotated, Any, NewType

import pytest
from conftest import check_error, leaves_nothing
from in_threads import together

import quire
from quire import Adapter, Adapters, Record, field

UTC = dt.UTC
MOMENT = dt.datetime(2024, 2, 29, 12, tzinfo=UTC)
TIMESTAMP = Adapter(wire=float, encode=dt.datetime.timestamp, decode=lambda s: dt.datetime.fromtimestamp(s, UTC))
UNIX = Adapters().add(dt.datetime, TIMESTAMP)


def tagged(tag, cls=str):
    """An adapter that says by what it writes that it was used."""
    return Adapter(wire=str, encode=lambda value: f"{tag}:{value}", decode=lambda text: cls(text.removeprefix(f"{tag}:")))


class Word:
    def __init__(self, text):
        self.text = text

    def __eq__(self, other):
        return type(other) is type(self) and other.text == self.text

    def __hash__(self):
        return hash(self.text)

    def __str__(self):
        return self.text


class Known(Word):
    __quire__ = tagged("class", lambda text: Known(text))


def word(tag):
    return tagged(tag, Word)


class Event(Record):
    at: dt.datetime
    log: list[dt.datetime | int]
    by: dict[dt.datetime, int] | None = None


# Over what is built in


def test_built_ins_can_be_replaced(fmt):
    event = Event(MOMENT, [MOMENT, 5])
    seconds = MOMENT.timestamp()
    for encode in (
        lambda e: fmt.encode(e, adapters=UNIX),
        fmt.Encoder(Event, adapters=UNIX).encode,
        fmt.Encoder(adapters=UNIX).encode,
    ):
        assert fmt.loads(encode(event)) == {"at": seconds, "log": [seconds, 5], "by": None}
    assert fmt.decode(fmt.encode(event, adapters=UNIX), Event, adapters=UNIX) == event
    assert fmt.Decoder(Event, adapters=UNIX).decode(fmt.encode(event, adapters=UNIX)) == event
    assert fmt.decode(fmt.encode(event), Event) == event
    assert fmt.refuses(fmt.encode(event), Event, adapters=UNIX).path == "$.at"


def test_objects():
    event = Event(MOMENT, [MOMENT, 5], {MOMENT: 1})
    plain = quire.to_builtins(event, adapters=UNIX)
    assert plain == {"at": MOMENT.timestamp(), "log": [MOMENT.timestamp(), 5], "by": {MOMENT.timestamp(): 1}}
    assert quire.convert(plain, Event, adapters=UNIX) == event
    assert quire.to_builtins([Fraction(1, 2), b"x"], adapters=Adapters().add(bytes, tagged("b"))) == ["1/2", "b:b'x'"]


@pytest.mark.parametrize(
    ("type_", "value"),
    [
        (decimal.Decimal, decimal.Decimal("1.5")),
        (bytes, b"abc"),
        (bytearray, bytearray(b"abc")),
        (set, {1}),
        (frozenset, frozenset([1])),
        (Fraction, Fraction(1, 2)),
        (dt.timedelta, dt.timedelta(1)),
    ],
)
def test_every_class_that_may_be_replaced(fmt, type_, value):
    adapters = Adapters().add(type_, Adapter(wire=int, encode=lambda _: 77, decode=lambda _: value))
    assert fmt.loads(fmt.encode([value, value], adapters=adapters)) == [77, 77]
    assert fmt.decode(fmt.dumps([77]), list[type_], adapters=adapters) == [value]
    assert quire.to_builtins([value], adapters=adapters) == [77]
    assert fmt.decode(fmt.encode([value]), list[type_]) == [value]


def test_records_enums_and_dataclasses(fmt):
    class Level(enum.Enum):
        LOW = 1

    class Inner(Record):
        n: int

    @dataclasses.dataclass
    class Data:
        inner: Inner
        level: Level

    adapters = Adapters()
    adapters.add(Level, Adapter(wire=str, encode=lambda level: level.name, decode=lambda name: Level[name]))
    adapters.add(Inner, Adapter(wire=int, encode=lambda inner: inner.n, decode=lambda n: Inner(n)))
    value = [Data(Inner(5), Level.LOW), Inner(6), Level.LOW]
    assert fmt.loads(fmt.encode(value, adapters=adapters)) == [{"inner": 5, "level": "LOW"}, 6, "LOW"]
    assert fmt.loads(fmt.encode(value)) == [{"inner": {"n": 5}, "level": 1}, {"n": 6}, 1]
    assert fmt.decode(fmt.encode(value[0], adapters=adapters), Data, adapters=adapters) == value[0]
    assert fmt.loads(fmt.encode(Data(Inner(5), Level.LOW))) == {"inner": {"n": 5}, "level": 1}


def test_new_types(fmt):
    UserId = NewType("UserId", int)

    class User(Record):
        id: UserId

    adapters = Adapters().add(UserId, tagged("user", int))
    assert fmt.loads(fmt.Encoder(User, adapters=adapters).encode(User(7))) == {"id": "user:7"}
    assert fmt.loads(fmt.encode(User(7), adapters=adapters)) == {"id": "user:7"}
    assert fmt.decode(fmt.dumps({"id": "user:7"}), User, adapters=adapters) == User(7)


def test_a_class_of_somebody_else(fmt):
    class Foreign:
        pass

    class Holder(Record):
        it: Foreign

    adapters = Adapters().add(Foreign, Adapter(wire=None, encode=lambda _: None, decode=lambda _: Foreign()))
    assert fmt.loads(fmt.encode(Holder(Foreign()), adapters=adapters)) == {"it": None}
    assert type(fmt.decode(fmt.dumps({"it": None}), Holder, adapters=adapters).it) is Foreign
    with pytest.raises(quire.SchemaError):
        fmt.encode(Holder(Foreign()))


# Precedence: field > call > class > built-in


@pytest.mark.parametrize(
    ("annotation", "called", "expected"),
    [
        (Known, None, "class"),
        (Known, "call", "call"),
        (Annotated[Known, tagged("field", Known)], None, "field"),
        (Annotated[Known, tagged("field", Known)], "call", "field"),
        (Annotated[Word, word("field")], None, "field"),
        (Annotated[Word, word("field")], "call", "field"),
        (Word, "call", "call"),
        (Annotated[Fraction, tagged("field", Fraction)], "call", "field"),
        (Fraction, "call", "call"),
    ],
)
def test_precedence(fmt, annotation, called, expected):
    cls = annotation.__origin__ if hasattr(annotation, "__metadata__") else annotation
    adapters = Adapters().add(cls, tagged(called, cls)) if called else None

    class Holder(Record):
        plain: annotation
        items: list[annotation]
        values: dict[str, annotation]
        keys: dict[annotation, int]
        optional: annotation | None

    value = cls("3")
    holder = Holder(value, [value], {"a": value}, {value: 1}, value)
    text = f"{expected}:3"
    wire = {"plain": text, "items": [text], "values": {"a": text}, "keys": {text: 1}, "optional": text}
    for encode in (lambda h: fmt.encode(h, adapters=adapters), fmt.Encoder(Holder, adapters=adapters).encode):
        assert fmt.loads(encode(holder)) == wire
    assert quire.to_builtins(holder, adapters=adapters) == wire
    assert fmt.decode(fmt.dumps(wire), Holder, adapters=adapters) == holder
    assert quire.convert(wire, Holder, adapters=adapters) == holder
    union = fmt.Encoder(annotation | int, adapters=adapters)
    assert fmt.loads(union.encode(value)) == text and fmt.decode(fmt.dumps(text), annotation | int, adapters=adapters) == value


def test_an_adapter_of_field(fmt):
    class Holder(Record):
        plain: Word = field(adapter=word("field"))
        many: list[Word] = field(
            adapter=Adapter(wire=str, encode=lambda w: ",".join(map(str, w)), decode=lambda s: [*map(Word, s.split(","))])
        )
        annotated: Annotated[Word, field(name="other", adapter=word("two"))] = Word("x")

    @dataclasses.dataclass
    class Data:
        it: Annotated[Word, field(adapter=word("data"))]

    holder = Holder(Word("a"), [Word("b"), Word("c")])
    assert fmt.loads(fmt.encode(holder)) == {"plain": "field:a", "other": "two:x", "many": "b,c"}
    assert fmt.decode(fmt.encode(holder), Holder) == holder
    assert quire.convert(quire.to_builtins(holder), Holder) == holder
    assert fmt.decode(fmt.encode(Data(Word("a"))), Data) == Data(Word("a"))
    assert "adapter=Adapter(" in repr(Holder.__record_specs__["plain"]) and field(adapter=None).checks == {}
    with pytest.raises(quire.SchemaError, match="two adapters"):

        class Twice(Record):
            it: Annotated[Word, word("one")] = field(adapter=word("two"))

        fmt.decode(b"", Twice)


def test_adapters_that_are_no_adapters(fmt):
    class Wrong(Record):
        x: int = field(adapter=5)

    with pytest.raises(quire.SchemaError, match="adapter"):
        fmt.decode(b"", Wrong)
    for attempt in (
        lambda: fmt.encode(1, adapters=5),
        lambda: fmt.decode(b"1", int, adapters=5),
        lambda: fmt.Encoder(int, adapters=5),
        lambda: fmt.Decoder(int, adapters=5),
        lambda: quire.convert(1, int, adapters=5),
        lambda: quire.to_builtins(1, adapters=5),
    ):
        with pytest.raises(TypeError, match=r"adapters must be a quire\.Adapters"):
            attempt()


def test_unknown_keywords(fmt):
    for attempt in (
        lambda: fmt.encode(1, adopters=1),
        lambda: fmt.Encoder(int, strict=1),
        lambda: quire.to_builtins(1, strict=1),
        lambda: fmt.decode(b"1", int, x=1),
    ):
        with pytest.raises(TypeError, match="unexpected keyword"):
            attempt()
    with pytest.raises(TypeError):
        fmt.encode(1, 2)
    with pytest.raises(TypeError):
        quire.to_builtins(1, 2)


# Subclasses


def test_subclasses_only_when_asked(fmt):
    class Base:
        pass

    class Sub(Base):
        pass

    class SubSub(Sub):
        pass

    def one(name):
        return Adapter(wire=str, encode=lambda _: name, decode=lambda _: Base())

    exact = Adapters().add(Base, one("base"))
    with pytest.raises(quire.EncodeError):
        fmt.encode(Sub(), adapters=exact)
    wide = Adapters().add(Base, one("base"), subclasses=True).add(Sub, one("sub"), subclasses=True)
    assert fmt.loads(fmt.encode([Base(), Sub(), SubSub()], adapters=wide)) == ["base", "sub", "sub"]
    assert fmt.loads(fmt.encode([Base(), Sub(), SubSub()], adapters=wide)) == ["base", "sub", "sub"]


# The set itself


def test_the_set(fmt):
    adapters = Adapters()
    assert repr(adapters) == "<Adapters, empty>" and adapters.find(dt.datetime) is None
    assert adapters.add(dt.datetime, TIMESTAMP) is adapters and adapters.find(dt.datetime) is TIMESTAMP
    assert (len(adapters), repr(adapters)) == (1, "<Adapters for datetime>")
    more = Adapters(adapters, UNIX).add(Word, word("call"))
    assert len(more) == 2 and len(adapters) == 1
    fmt.encode(1, adapters=more)
    with pytest.raises(RuntimeError, match="in use and cannot change"):
        more.add(Fraction, tagged("x"))
    Adapters(more).add(Fraction, tagged("x"))


@pytest.mark.parametrize("type_", [object, type(None), bool, int, float, str, list, tuple, dict])
def test_types_that_are_always_written_by_themselves(type_):
    with pytest.raises(TypeError, match="always written by itself"):
        Adapters().add(type_, TIMESTAMP)


def test_what_cannot_be_added():
    with pytest.raises(TypeError, match="expected an Adapter"):
        Adapters().add(Word, 5)
    with pytest.raises(TypeError, match="expected a class or a NewType"):
        Adapters().add(list[int], TIMESTAMP)
    with pytest.raises(TypeError, match="expected Adapters to begin with"):
        Adapters(5)


def test_sets_do_not_see_each_other(fmt):
    one, two = Adapters().add(Word, word("one")), Adapters().add(Word, word("two"))
    for _ in range(3):
        assert fmt.loads(fmt.encode(Word("a"), adapters=one)) == "one:a"
        assert fmt.loads(fmt.encode(Word("a"), adapters=two)) == "two:a"
        with pytest.raises(quire.EncodeError):
            fmt.encode(Word("a"))


def test_streams_use_them(fmt):
    encoder, decoder = fmt.Encoder(dt.datetime, adapters=UNIX), fmt.Decoder(dt.datetime, adapters=UNIX)
    buffer = bytearray(64)
    end = encoder.encode_into(MOMENT, buffer)
    assert decoder.decode_from(bytes(buffer[:end])) == (MOMENT, end)
    assert list(decoder.decode_lines(encoder.encode_lines([MOMENT, MOMENT]))) == [MOMENT, MOMENT]
    anything = fmt.Encoder(adapters=UNIX)
    assert anything.encode_lines([MOMENT]) == encoder.encode_lines([MOMENT])


# Context


def test_context(fmt):
    scaled = Annotated[float, Adapter(wire=int, encode=round, decode=lambda n, scale: n * (scale or 1), context=True)]

    class Sizes(Record):
        values: list[scaled]
        by: dict[str, scaled | None]

    data = fmt.dumps({"values": [1, 2], "by": {"a": 3, "b": None}})
    assert fmt.decode(data, Sizes, context=10) == Sizes([10, 20], {"a": 30, "b": None})
    assert fmt.decode(data, Sizes) == Sizes([1, 2], {"a": 3, "b": None})
    assert fmt.Decoder(Sizes, context=2).decode(data) == Sizes([2, 4], {"a": 6, "b": None})
    assert quire.convert({"values": [1], "by": {}}, Sizes, context=5).values == [5]
    assert fmt.decode(fmt.dumps([1]), list[scaled], context=[7]) == [[7]]


def test_a_decoder_keeps_its_context(fmt):
    class Thing:
        pass

    seen = []
    asking = Annotated[int, Adapter(wire=int, encode=int, decode=lambda n, context: seen.append(context), context=True)]
    thing = Thing()
    gone = weakref.ref(thing)
    decoder = fmt.Decoder(asking, context=thing)
    del thing
    decoder.decode(fmt.dumps(1))
    assert seen == [gone()] and seen[0] is not None
    seen.clear()
    del decoder
    gc.collect()
    assert gone() is None


# Life


def test_sets_and_their_classes_are_collected(fmt):
    def make():
        class Gone:
            pass

        class Holder(Record):
            it: Gone

        adapters = Adapters().add(Gone, Adapter(wire=int, encode=lambda _: 1, decode=lambda _: Gone()))
        fmt.decode(fmt.encode(Holder(Gone()), adapters=adapters), Holder, adapters=adapters)
        fmt.Encoder(Holder, adapters=adapters).encode(Holder(Gone()))
        return weakref.ref(Gone), weakref.ref(adapters)

    gone = make()
    gc.collect()
    assert [reference() for reference in gone] == [None, None]


def test_nothing_leaks(fmt):
    event = Event(MOMENT, [MOMENT, 5])
    encoder, decoder = fmt.Encoder(Event, adapters=UNIX), fmt.Decoder(Event, adapters=UNIX, context=1)

    def work():
        decoder.decode(encoder.encode(event))
        fmt.decode(fmt.encode([event], adapters=UNIX), list[Event], adapters=UNIX, context=[])
        quire.convert(quire.to_builtins(event, adapters=UNIX), Event, adapters=UNIX)
        for attempt in (lambda: fmt.decode(fmt.encode(event), Event, adapters=UNIX), lambda: fmt.encode(Word(""), adapters=UNIX)):
            with pytest.raises(quire.QuireError) as caught:
                attempt()
            check_error(caught.value)
        field(adapter=TIMESTAMP, ge=1, min_length=None)
        with pytest.raises(TypeError):
            fmt.encode(1, adapters=5)

    leaves_nothing(work, times=5)


def test_threads_with_different_sets(fmt):
    def work(i):
        tag = f"t{i}"
        for _ in range(20):
            adapters = Adapters().add(Word, word(tag))
            data = fmt.encode({"a": [Word("x")]}, adapters=adapters)
            assert fmt.loads(data) == {"a": [f"{tag}:x"]}
            assert fmt.decode(data, dict[str, list[Word]], adapters=adapters) == {"a": [Word("x")]}
            assert fmt.loads(fmt.encode(Event(MOMENT, []), adapters=UNIX))["at"] == MOMENT.timestamp()
            assert fmt.decode(fmt.encode(Event(MOMENT, [])), Event).at == MOMENT

    together(work)


def test_any_is_written_by_the_call(fmt):
    class Box(Record):
        it: Any

    assert fmt.loads(fmt.encode(Box(MOMENT), adapters=UNIX)) == {"it": MOMENT.timestamp()}
    assert fmt.loads(fmt.Encoder(Box, adapters=UNIX).encode(Box([MOMENT]))) == {"it": [MOMENT.timestamp()]}
