# SPDX-License-Identifier: Apache-2.0
"""datetime and time with a time zone: offsets, RFC 9557 zone names, tzinfo classes of other people."""

import datetime as dt
import io
import json
import struct
import zoneinfo

import pytest

import quire
import quire.json
import quire.msgpack

UTC = dt.UTC
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
FORMATS = pytest.mark.parametrize("form", [quire.json, quire.msgpack], ids=["json", "msgpack"])


def offset(**parts):
    return dt.timezone(dt.timedelta(**parts))


def text_of(value):
    return json.loads(quire.json.encode(value))


def read_both(text, type_):
    value = quire.json.decode(json.dumps(text), type_)
    other = quire.msgpack.decode(quire.msgpack.encode(text), type_)
    assert repr(other) == repr(value)
    return value


@pytest.mark.parametrize(
    ("text", "fold"),
    [
        ("2024-10-27T02:30:00+02:00[Europe/Berlin]", 0),
        ("2024-10-27T02:30:00+01:00[Europe/Berlin]", 1),
        ("2024-03-31T02:30:00+01:00[Europe/Berlin]", 0),  # a time that the clocks leave out
        ("2024-03-31T02:30:00+02:00[Europe/Berlin]", 1),
    ],
)
def test_the_offset_tells_the_fold(text, fold):
    value = read_both(text, dt.datetime)
    assert value.tzinfo is BERLIN and value.fold == fold
    assert value.isoformat() == text[:25]
    assert text_of(value) == text


@pytest.mark.parametrize(
    "text",
    [
        "2024-07-01T00:00:00+01:00[Europe/Berlin]",
        "2024-07-01T00:00:00Z[Europe/Berlin]",
        "2024-07-01T00:00:00+02:00:00.000001[Europe/Berlin]",
        "2024-07-01T00:00:00Z[Nowhere/At_All]",
        "2024-07-01T00:00:00Z[Europe]",
        "2024-07-01T00:00:00Z[zone.tab]",
        "2024-07-01T00:00:00Z[a-b/c]",
        f"2024-07-01T00:00:00Z[{'a' * 300}]",
        f"2024-07-01T00:00:00Z[{'a' * 100000}]",
    ],
    ids=lambda text: text[:60],
)
def test_zones_that_do_not_fit_are_refused(text):
    for form, data in ((quire.json, json.dumps(text)), (quire.msgpack, quire.msgpack.encode(text))):
        with pytest.raises(quire.ValidationError):
            form.decode(data, dt.datetime)


def test_utc_is_the_one_utc():
    assert read_both("2024-01-01T00:00:00Z", dt.datetime).tzinfo is UTC
    assert read_both("2024-01-01T00:00:00+00:00", dt.datetime).tzinfo is UTC
    assert read_both("00:00:00Z", dt.time).tzinfo is UTC


def zone_file():
    """Any zone as its file has it: version 1 of the format, one type of local time, UTC+1."""
    head = b"TZif" + b"\0" * 16 + struct.pack(">6l", 0, 0, 0, 0, 1, 4)
    return head + struct.pack(">lbb", 3600, 0, 0) + b"ONE\0"


def zone_with(key):
    return zoneinfo.ZoneInfo.from_file(io.BytesIO(zone_file()), key=key)


@FORMATS
def test_zone_without_a_key_is_an_offset(form):
    value = dt.datetime(2024, 1, 1, tzinfo=zone_with(None))
    assert form.decode(form.encode(value), dt.datetime) == value
    assert text_of(value) == "2024-01-01T00:00:00+01:00"


@pytest.mark.parametrize("length", [1, 76, 77, 78, 79, 255])
def test_long_zone_keys(length):
    key = "a" * length
    assert text_of(dt.datetime(2024, 1, 1, tzinfo=zone_with(key))) == f"2024-01-01T00:00:00+01:00[{key}]"


@pytest.mark.parametrize("key", ["", "x y", "a]b", "..", "a/../b", "/a", "é", "\ud800", 5, "a" * 256, "a b" * 70])
@FORMATS
def test_zone_keys_that_cannot_be_read_back(form, key):
    with pytest.raises(ValueError, match="time zone key"):
        form.encode(dt.datetime(2024, 1, 1, tzinfo=zone_with(key)))


class OwnZone(dt.tzinfo):
    def __init__(self, result):
        self.result = result

    def utcoffset(self, when):
        if isinstance(self.result, BaseException):
            raise self.result
        return self.result


@FORMATS
def test_other_time_zones_are_written_as_their_offset(form):
    value = dt.datetime(2024, 1, 1, tzinfo=OwnZone(dt.timedelta(hours=-1)))
    back = form.decode(form.encode(value), dt.datetime)
    assert back == value and back.tzinfo == offset(hours=-1)
    assert text_of(dt.time(1, tzinfo=OwnZone(dt.timedelta()))) == "01:00:00Z"


@pytest.mark.parametrize(
    "value", [dt.datetime(2024, 1, 1, tzinfo=OwnZone(None)), dt.time(1, tzinfo=BERLIN)], ids=["datetime", "time"]
)
@FORMATS
def test_no_offset_no_text(form, value):
    with pytest.raises(ValueError, match="no UTC offset"):
        form.encode(value)


@FORMATS
def test_what_a_time_zone_raises_arrives(form):
    with pytest.raises(ZeroDivisionError):
        form.encode([dt.datetime(2024, 1, 1, tzinfo=OwnZone(ZeroDivisionError()))])
    with pytest.raises((TypeError, ValueError)):
        form.encode(dt.datetime(2024, 1, 1, tzinfo=OwnZone(5)))
    with pytest.raises(ValueError):
        form.encode(dt.datetime(2024, 1, 1, tzinfo=OwnZone(dt.timedelta(days=3))))
