# SPDX-License-Identifier: Apache-2.0
"""datetime, date, time, timedelta, Decimal and UUID in every format; the references are their own modules."""

import copy
import datetime as dt
import decimal
import gc
import json
import re
import struct
import subprocess
import sys
import uuid
import zoneinfo
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import quire
import quire.json
import quire.msgpack

UTC = dt.UTC
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
EPOCH = dt.datetime(1970, 1, 1, tzinfo=UTC)
FORMATS = pytest.mark.parametrize("form", [quire.json, quire.msgpack], ids=["json", "msgpack"])
BOTH = (quire.json, quire.msgpack)


def offset(**parts):
    return dt.timezone(dt.timedelta(**parts))


def text_of(value):
    """The text that a scalar is written as in JSON."""
    written = json.loads(quire.json.encode(value))
    assert type(written) is str
    return written


def read(text, type_):
    return quire.json.decode(json.dumps(text), type_)


def read_both(text, type_):
    """The same text in both formats gives the same value."""
    value = read(text, type_)
    other = quire.msgpack.decode(quire.msgpack.encode(text), type_)
    assert type(other) is type(value) and repr(other) == repr(value)
    return value


def refusal(text, type_):
    with pytest.raises(quire.ValidationError) as caught:
        read(text, type_)
    with pytest.raises(quire.ValidationError) as other:
        quire.msgpack.decode(quire.msgpack.encode(text), type_)
    codes = [caught.value.errors[0].code, other.value.errors[0].code]
    assert codes[0] == codes[1]
    return codes[0]


def canonical(text):
    """isoformat() with an offset of zero as Z."""
    return re.sub(r"\+00:00$", "Z", text)


# What the values are drawn from

offsets = st.timedeltas(dt.timedelta(hours=-24, microseconds=1), dt.timedelta(hours=24, microseconds=-1)).map(dt.timezone)
minutes = st.integers(-14 * 60, 14 * 60).map(lambda n: offset(minutes=n))
fixed = st.none() | st.just(UTC) | minutes | offsets
zones = st.sampled_from(
    "Europe/Berlin Europe/Dublin America/St_Johns America/Argentina/Buenos_Aires Australia/Lord_Howe Asia/Kathmandu "
    "Africa/Monrovia Pacific/Apia Antarctica/Troll Etc/GMT+12 UTC".split()
).map(zoneinfo.ZoneInfo)
datetimes = st.datetimes(timezones=fixed)
zoned = st.builds(lambda value, zone, fold: value.replace(tzinfo=zone, fold=fold), st.datetimes(), zones, st.integers(0, 1))
times = st.times(timezones=fixed)
durations = st.timedeltas()
decimals = st.decimals() | st.builds(
    lambda sign, digits, exponent: Decimal((sign, digits, exponent)),
    st.integers(0, 1),
    st.lists(st.integers(0, 9), min_size=1, max_size=60).map(tuple),
    st.integers(-5000, 5000) | st.sampled_from(["F", "n", "N"]),
)


def same(a, b):
    """Equal is not enough: also of the same type, offset, zone, sign and number of digits."""
    if type(a) is not type(b):
        return False
    if isinstance(a, Decimal):
        return a.as_tuple() == b.as_tuple()
    if isinstance(a, dt.datetime | dt.time):
        keys = [getattr(value.tzinfo, "key", None) for value in (a, b)]
        return a.replace(tzinfo=None) == b.replace(tzinfo=None) and a.utcoffset() == b.utcoffset() and keys[0] == keys[1]
    return a == b


def check_round_trip(value, type_):
    for form in BOTH:
        back = form.decode(form.encode(value), type_)
        assert same(back, value), (form.__name__, value, back)


# Round trips


@given(datetimes)
def test_datetime_comes_back(value):
    check_round_trip(value, dt.datetime)
    assert text_of(value) == canonical(value.isoformat())


@given(zoned)
def test_datetime_of_a_zone_comes_back(value):
    check_round_trip(value, dt.datetime)
    assert text_of(value) == f"{canonical(value.isoformat())}[{value.tzinfo.key}]"


@given(st.dates())
def test_date_comes_back(value):
    check_round_trip(value, dt.date)
    assert text_of(value) == value.isoformat()


@given(times)
def test_time_comes_back(value):
    check_round_trip(value, dt.time)
    assert text_of(value) == canonical(value.isoformat())


@given(durations)
def test_timedelta_comes_back(value):
    check_round_trip(value, dt.timedelta)
    assert duration_of(text_of(value)) == value


@given(decimals)
def test_decimal_comes_back(value):
    check_round_trip(value, Decimal)
    assert text_of(value) == str(value)


@given(st.uuids() | st.integers(0, 2**128 - 1).map(lambda n: uuid.UUID(int=n)))
def test_uuid_comes_back(value):
    check_round_trip(value, uuid.UUID)
    assert text_of(value) == str(value)


EXTREMES = [
    dt.datetime.min,
    dt.datetime.max,
    dt.datetime.min.replace(tzinfo=UTC),
    dt.datetime.max.replace(tzinfo=UTC),
    dt.datetime.min.replace(tzinfo=offset(hours=23, minutes=59)),
    dt.datetime.max.replace(tzinfo=offset(hours=-23, minutes=-59)),
    dt.datetime.min.replace(tzinfo=BERLIN),
    dt.datetime.max.replace(tzinfo=BERLIN),
    dt.datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    dt.date.min,
    dt.date.max,
    dt.date(2024, 2, 29),
    dt.time.min,
    dt.time.max,
    dt.timedelta.min,
    dt.timedelta.max,
    dt.timedelta.resolution,
    -dt.timedelta.resolution,
    uuid.UUID(int=0),
    uuid.UUID(int=2**128 - 1),
    Decimal("-0"),
    Decimal("0E-1000"),
    Decimal("1E+999999999999999999"),
    Decimal("9" * 5000),
    Decimal("-sNaN123"),
    Decimal("-Infinity"),
]


@pytest.mark.parametrize("value", EXTREMES, ids=lambda value: f"{type(value).__name__}-{str(value)[:40]}")
def test_extremes_come_back(value):
    check_round_trip(value, type(value))


# Text


def duration_of(text):
    """ISO 8601, as quire writes it."""
    found = re.fullmatch(r"(-?)P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,6}))?S)?)?", text)
    assert found and not text.endswith(("P", "T")), text
    sign, days, hours, minutes, seconds, fraction = found.groups()
    parts = [int(part or 0) for part in (days, hours, minutes, seconds)]
    micro = int((fraction or "").ljust(6, "0"))
    total = (((parts[0] * 24 + parts[1]) * 60 + parts[2]) * 60 + parts[3]) * 10**6 + micro
    return dt.timedelta(microseconds=-total if sign else total)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (dt.datetime(2024, 2, 29, 1, 2, 3), "2024-02-29T01:02:03"),
        (dt.datetime(2024, 2, 29, 1, 2, 3, 40, UTC), "2024-02-29T01:02:03.000040Z"),
        (dt.datetime(1, 1, 1, tzinfo=offset(hours=-3, minutes=-30)), "0001-01-01T00:00:00-03:30"),
        (dt.datetime(2024, 1, 1, tzinfo=offset(seconds=-1)), "2024-01-01T00:00:00-00:00:01"),
        (dt.datetime(2024, 1, 1, tzinfo=offset(microseconds=-1)), "2024-01-01T00:00:00-00:00:00.000001"),
        (dt.datetime(2024, 7, 1, tzinfo=BERLIN), "2024-07-01T00:00:00+02:00[Europe/Berlin]"),
        (dt.datetime(2024, 7, 1, tzinfo=zoneinfo.ZoneInfo("UTC")), "2024-07-01T00:00:00Z[UTC]"),
        (dt.datetime(1850, 7, 1, tzinfo=BERLIN), "1850-07-01T00:00:00+00:53:28[Europe/Berlin]"),
        (dt.date(999, 1, 2), "0999-01-02"),
        (dt.time(1, 2, 3), "01:02:03"),
        (dt.time(1, 2, 3, 450000, UTC), "01:02:03.450000Z"),
        (dt.time(1, 2, tzinfo=offset(hours=1)), "01:02:00+01:00"),
        (dt.timedelta(), "PT0S"),
        (dt.timedelta(1, 2, 3), "P1DT2.000003S"),
        (dt.timedelta(hours=25, minutes=1), "P1DT1H1M"),
        (dt.timedelta(seconds=-1.5), "-PT1.5S"),
        (dt.timedelta(days=-2), "-P2D"),
        (Decimal("1.50"), "1.50"),
        (Decimal("1e5"), "1E+5"),
        (Decimal("nan"), "NaN"),
        (uuid.UUID("{12345678-9ABC-DEF0-1234-56789ABCDEF0}"), "12345678-9abc-def0-1234-56789abcdef0"),
    ],
)
def test_text(value, text):
    assert text_of(value) == text
    assert same(read_both(text, type(value)), value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2024-02-29 01:02:03", dt.datetime(2024, 2, 29, 1, 2, 3)),
        ("2024-02-29t01:02:03z", dt.datetime(2024, 2, 29, 1, 2, 3, tzinfo=UTC)),
        ("2024-02-29T01:02:03.5-00:00", dt.datetime(2024, 2, 29, 1, 2, 3, 500000, UTC)),
        ("2024-02-29T01:02:03.123456000Z", dt.datetime(2024, 2, 29, 1, 2, 3, 123456, UTC)),
        ("2024-07-01T00:00:00+02:00[!Europe/Berlin]", dt.datetime(2024, 7, 1, tzinfo=BERLIN)),
        ("01:02:03.4+23:59", dt.time(1, 2, 3, 400000, offset(hours=23, minutes=59))),
        ("P2W", dt.timedelta(14)),
        ("PT90M", dt.timedelta(minutes=90)),
        ("-PT0.000001S", -dt.timedelta.resolution),
        ("P0D", dt.timedelta()),
        ("+.5", Decimal("0.5")),
        ("5.", Decimal("5")),
        ("1e400", Decimal("1e400")),
        ("-inFinity", Decimal("-Infinity")),
        ("123456789ABCDEF0123456789abcdef0", uuid.UUID("12345678-9abc-def0-1234-56789abcdef0")),
        ("12345678-9ABC-DEF0-1234-56789ABCDEF0", uuid.UUID("12345678-9abc-def0-1234-56789abcdef0")),
    ],
)
def test_other_forms_are_read(text, value):
    assert same(read_both(text, type(value)), value)


def test_escapes_in_the_text():
    assert quire.json.decode(rb'"2024\u002d01-02"', dt.date) == dt.date(2024, 1, 2)
    assert quire.json.decode(rb'"\u0031.5"', Decimal) == Decimal("1.5")


WRONG = {
    dt.datetime: [
        "",
        "2024-02-30T00:00:00",
        "2023-02-29T00:00:00",
        "2024-13-01T00:00:00",
        "2024-00-01T00:00:00",
        "0000-01-01T00:00:00",
        "2024-01-01",
        "2024-01-01T00:00",
        "2024-01-01T24:00:00",
        "2024-01-01T00:60:00",
        "2024-01-01T00:00:60",
        "2024-01-01T00:00:00.",
        "2024-01-01T00:00:00,5",
        "2024-01-01T00:00:00+24:00",
        "2024-01-01T00:00:00+0100",
        "2024-01-01T00:00:00+01",
        "2024-01-01T00:00:00Z ",
        " 2024-01-01T00:00:00Z",
        "2024-01-01T00:00:00Z[",
        "2024-01-01T00:00:00Z[]",
        "2024-01-01T00:00:00[Europe/Berlin]",
        "2024-01-01T00:00:00Z[../../etc/passwd]",
        "2024-01-01T00:00:00Z[/etc/passwd]",
        "+002024-01-01T00:00:00",
        "20240101T000000",
        "２024-01-01T00:00:00",
    ],
    dt.date: ["", "2024-1-1", "2024-02-30", "20240101", "2024-01-01T00:00:00", "2024-W01-1", "0000-01-01", "10000-01-01"],
    dt.time: ["", "1:02:03", "01:02", "24:00:00", "00:00:60", "00:00:00.", "00:00:00+24:00", "T00:00:00"],
    dt.timedelta: " P PT -P P1 1D P1.5D PT1.S P1Y P1M P1DT PT1S1M P1W1D P1000000000D 5".split(" "),
    Decimal: ["", "1_000", " 1", "1 ", "1e", "--1", "0x10", "nan()", "inf1", "1.2.3", "١", "1e99999999999999999999"],
    uuid.UUID: [
        "",
        "12345678",
        "12345678-9abc-def0-1234-56789abcdef",
        "12345678-9abc-def0-1234-56789abcdefg",
        "{12345678-9abc-def0-1234-56789abcdef0}",
        "urn:uuid:12345678-9abc-def0-1234-56789abcdef0",
        "1234-56789abc-def0-1234-56789abcdef0",
    ],
}


@pytest.mark.parametrize(("type_", "text"), [(type_, text) for type_, texts in WRONG.items() for text in texts])
def test_wrong_text_is_refused(type_, text):
    assert refusal(text, type_) == "invalid_format"


@pytest.mark.parametrize(
    ("type_", "text"),
    [
        (dt.datetime, "2024-01-01T00:00:00.1234567Z"),
        (dt.time, "00:00:00.000000001"),
        (dt.timedelta, "PT0.0000001S"),
    ],
)
def test_what_is_finer_than_a_microsecond_is_refused(type_, text):
    assert refusal(text, type_) == "inexact"


@pytest.mark.parametrize("type_", WRONG)
@pytest.mark.parametrize("value", [None, True, 1.5, [], {}])
@FORMATS
def test_other_types_are_refused(form, type_, value):
    if (form, type_, value) == (quire.json, Decimal, 1.5):
        return
    with pytest.raises(quire.ValidationError) as caught:
        form.decode(form.encode(value), type_)
    assert caught.value.errors[0].code == "type_mismatch"


# MessagePack


def timestamp_of(value):
    """The timestamp extension as the specification has it."""
    microseconds = (value - EPOCH) // dt.timedelta.resolution
    seconds, nanoseconds = microseconds // 10**6, microseconds % 10**6 * 1000
    if 0 <= seconds < 2**32 and nanoseconds == 0:
        return b"\xd6\xff" + struct.pack(">I", seconds)
    if 0 <= seconds < 2**34:
        return b"\xd7\xff" + struct.pack(">Q", nanoseconds << 34 | seconds)
    return b"\xc7\x0c\xff" + struct.pack(">Iq", nanoseconds, seconds)


@given(st.datetimes(timezones=st.just(UTC)))
def test_utc_is_a_timestamp(value):
    written = quire.msgpack.encode(value)
    assert written == timestamp_of(value)
    untyped = quire.msgpack.decode(written)
    assert same(untyped, value) and untyped.tzinfo is UTC


@pytest.mark.parametrize("value", [dt.datetime(2024, 1, 1), dt.datetime(2024, 1, 1, tzinfo=offset(hours=1)), dt.date(2024, 1, 1)])
def test_the_rest_is_text(value):
    assert quire.msgpack.decode(quire.msgpack.encode(value)) == text_of(value)


@pytest.mark.parametrize(
    "data",
    [
        b"\xd6\xff\x00\x00\x00\x01",
        b"\xd7\xff\x00\x00\x00\x00\x00\x00\x00\x01",
        b"\xc7\x0c\xff\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01",
        b"\xc8\x00\x04\xff\x00\x00\x00\x01",
        b"\xc9\x00\x00\x00\x04\xff\x00\x00\x00\x01",
    ],
)
def test_every_form_of_a_timestamp_is_read(data):
    assert quire.msgpack.decode(data, dt.datetime) == quire.msgpack.decode(data) == EPOCH + dt.timedelta(seconds=1)


@pytest.mark.parametrize("payload", [struct.pack(">Iq", 1, 0), struct.pack(">Q", 1 << 34), struct.pack(">Iq", 0, 2**40)])
def test_timestamps_that_datetime_cannot_hold(payload):
    data = (b"\xd7\xff" if len(payload) == 8 else b"\xc7\x0c\xff") + payload
    with pytest.raises(quire.ValidationError):
        quire.msgpack.decode(data, dt.datetime)
    untyped = quire.msgpack.decode(data)
    assert untyped == quire.msgpack.Ext(-1, payload)
    assert quire.msgpack.encode(untyped) == data


@pytest.mark.parametrize("payload", [struct.pack(">Iq", 10**9, 0), struct.pack(">Q", 10**9 << 34), b"\0" * 5, b""])
def test_malformed_timestamps(payload):
    data = bytes([0xC7, len(payload), 0xFF]) + payload
    for type_ in (dt.datetime, Any):
        with pytest.raises(quire.MalformedError) as caught:
            quire.msgpack.decode(data, type_)
        assert caught.value.errors[0].code == "invalid_timestamp"


@given(st.uuids())
def test_uuid_from_its_bytes(value):
    assert quire.msgpack.decode(b"\xc4\x10" + value.bytes, uuid.UUID) == value


def test_uuid_from_another_number_of_bytes():
    with pytest.raises(quire.ValidationError):
        quire.msgpack.decode(b"\xc4\x0f" + b"\0" * 15, uuid.UUID)


# Decimal


@pytest.mark.parametrize("text", ["0.1000", "-0.0", "1e5", "1E-7", "123456789012345678901234567890.5", "10", "-7", "1" * 200])
def test_a_json_number_is_a_decimal_to_the_last_digit(text):
    assert quire.json.decode(text, Decimal).as_tuple() == Decimal(text).as_tuple()


@given(st.integers(-(2**63), 2**64 - 1))
def test_an_integer_is_a_decimal(number):
    for form in BOTH:
        assert same(form.decode(form.encode(number), Decimal), Decimal(number))


@FORMATS
def test_the_context_does_not_matter(form):
    with decimal.localcontext() as context:
        context.prec = 3
        context.Emax = 5
        context.traps[decimal.InvalidOperation] = False
        assert str(form.decode(form.encode("1.23456789e9"), Decimal)) == "1.23456789E+9"
        with pytest.raises(quire.ValidationError):
            form.decode(form.encode("1e99999999999999999999"), Decimal)
        assert not context.flags[decimal.InvalidOperation]


# UUID


def test_a_uuid_is_whole():
    value = uuid.uuid4()
    back = read_both(str(value), uuid.UUID)
    assert back == value and hash(back) == hash(value) and repr(back) == repr(value)
    assert back.is_safe is uuid.SafeUUID.unknown and back.bytes == value.bytes
    assert copy.deepcopy(back) == value
    with pytest.raises(TypeError):
        back.int = 5


@pytest.mark.parametrize("number", [-1, 2**128, "x", None])
@FORMATS
def test_a_broken_uuid_is_refused(form, number):
    value = uuid.uuid4()
    object.__setattr__(value, "int", number)
    with pytest.raises((TypeError, ValueError)):
        form.encode(value)


# Where they stand


class Everything(quire.Record):
    moment: dt.datetime
    day: dt.date
    clock: dt.time
    span: dt.timedelta
    amount: Decimal
    id: uuid.UUID
    days: list[dt.date]
    spans: dict[uuid.UUID, dt.timedelta]
    maybe: dt.datetime | None = None
    either: uuid.UUID | str = ""


EVERYTHING = Everything(
    dt.datetime(2024, 1, 2, tzinfo=UTC),
    dt.date(2024, 1, 2),
    dt.time(1, 2),
    dt.timedelta(1),
    Decimal("1.10"),
    uuid.UUID(int=7),
    [dt.date(2024, 1, 2)],
    {uuid.UUID(int=8): dt.timedelta(2)},
    dt.datetime(2024, 1, 2, tzinfo=BERLIN),
    uuid.UUID(int=9),
)


@FORMATS
def test_in_a_record(form):
    back = form.decode(form.encode(EVERYTHING), Everything)
    assert back == EVERYTHING
    assert back.maybe.tzinfo is BERLIN and type(back.either) is uuid.UUID
    assert back.amount.as_tuple() == Decimal("1.10").as_tuple()


@pytest.mark.parametrize(
    "key",
    [dt.datetime(2024, 1, 2, 3), dt.date(2024, 1, 2), dt.time(1), dt.timedelta(1), Decimal("1.5"), uuid.UUID(int=5)],
    ids=lambda key: type(key).__name__,
)
@FORMATS
def test_as_a_key(form, key):
    assert form.decode(form.encode({key: 1}), dict[type(key), int]) == {key: 1}
    assert json.loads(quire.json.encode({key: 1})) == {text_of(key): 1}


SUBCLASSES = [
    type("Moment", (dt.datetime,), {})(2024, 1, 2, tzinfo=UTC),
    type("Day", (dt.date,), {})(2024, 1, 2),
    type("Clock", (dt.time,), {})(1, 2),
    type("Span", (dt.timedelta,), {})(1),
    type("Amount", (Decimal,), {"__str__": lambda self: "1.50 EUR"})("1.50"),
    type("Id", (uuid.UUID,), {})(int=5),
]


@pytest.mark.parametrize("value", SUBCLASSES, ids=lambda value: type(value).__name__)
@FORMATS
def test_subclasses_are_written_as_what_they_are(form, value):
    base = type(value).__mro__[1]
    back = form.decode(form.encode(value), base)
    assert type(back) is base and back == value


def test_nothing_is_lost():
    """Neither objects nor, after many refusals, memory."""
    documents = [(form, form.encode(EVERYTHING)) for form in BOTH]
    wrong = [json.dumps(texts[-1]) for texts in WRONG.values()] + ['"2024-07-01T00:00:00+01:00[Europe/Berlin]"']

    def work(times):
        for _ in range(times):
            for form, data in documents:
                form.encode(form.decode(data, Everything))
            for type_, text in zip([*WRONG, dt.datetime], wrong):
                with pytest.raises(quire.ValidationError):
                    quire.json.decode(text, type_)

    work(30)
    gc.collect()
    before = sys.getallocatedblocks()
    work(300)
    gc.collect()
    assert sys.getallocatedblocks() - before < 300


# Imports, interpreters


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_modules_are_imported_when_they_are_needed():
    run(
        """if True:
        import sys
        import quire.json
        names = {"datetime", "decimal", "uuid", "zoneinfo"} - set(sys.modules)
        quire.json.decode(quire.json.encode([1, "2024-01-01", None, {}]))
        try:
            quire.json.encode(object())
        except TypeError:
            pass
        assert not names & {"decimal", "uuid", "zoneinfo", "datetime"} & set(sys.modules)
        """
    )


def test_broken_modules_are_no_scalars():
    run(
        """if True:
        import sys, types
        import quire.json
        for name in ("datetime", "decimal", "uuid"):
            sys.modules[name] = types.ModuleType(name)
        sys.modules["decimal"].Decimal = 5
        class Other: pass
        try:
            quire.json.encode(Other())
        except TypeError:
            pass
        else:
            raise SystemExit("no error")
        """
    )


@pytest.mark.skipif(sys.version_info < (3, 13), reason="before 3.13 datetime itself refuses such interpreters")
def test_in_another_interpreter():
    run(
        f"""if True:
        import _interpreters, sys
        code = '''if True:
            import sys
            sys.path[:] = {sys.path!r}
            import quire.json, datetime, decimal, uuid
            for type_, text in [(datetime.datetime, "2024-07-01T00:00:00+02:00[Europe/Berlin]"), (datetime.timedelta, "PT5S"),
                                (decimal.Decimal, "1.50"), (uuid.UUID, "12345678-9abc-def0-1234-56789abcdef0")]:
                data = '"%s"' % text
                assert quire.json.encode(quire.json.decode(data, type_)) == data.encode()
        '''
        exec(code)
        for _ in range(3):
            other = _interpreters.create()
            failed = _interpreters.exec(other, code)
            assert failed is None, failed
            _interpreters.destroy(other)
        exec(code)
        """
    )
