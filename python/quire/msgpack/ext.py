# SPDX-License-Identifier: Apache-2.0
"""`ExtType` and `Timestamp` as the package `msgpack` has them: what the drop-in half of `quire.msgpack` unpacks extensions to.

The timestamp extension is type -1 of the MessagePack specification (github.com/msgpack/msgpack, spec.md): 32 bits of seconds,
or 30 of nanoseconds and 34 of seconds, or 32 of nanoseconds and 64 of seconds.
"""

from collections import namedtuple

from quire._core import _msgpack_types

_BILLION = 1_000_000_000


def _epoch():
    from datetime import UTC, datetime

    return datetime(1970, 1, 1, tzinfo=UTC)


class ExtType(namedtuple("ExtType", "code data")):
    """An extension: its code, 0 to 127, and its bytes. Raises TypeError or ValueError for anything else."""

    def __new__(cls, code, data):
        if not isinstance(code, int):
            raise TypeError("code must be int")
        if not isinstance(data, bytes):
            raise TypeError("data must be bytes")
        if not 0 <= code <= 127:
            raise ValueError("code must be 0~127")
        return super().__new__(cls, code, data)


class Timestamp:
    """A point in time: seconds since 1970-01-01T00:00:00Z, which may be negative, and the nanoseconds to add to them.

    Raises TypeError for what is no int, and ValueError for nanoseconds that are less than none or a second or more. Not to be
    changed once made.
    """

    __slots__ = ["nanoseconds", "seconds"]

    def __init__(self, seconds, nanoseconds=0):
        if not isinstance(seconds, int):
            raise TypeError("seconds must be an integer")
        if not isinstance(nanoseconds, int):
            raise TypeError("nanoseconds must be an integer")
        if not 0 <= nanoseconds < _BILLION:
            raise ValueError("nanoseconds must be a non-negative integer less than 999999999.")
        self.seconds = seconds
        self.nanoseconds = nanoseconds

    def __repr__(self):
        return f"Timestamp(seconds={self.seconds}, nanoseconds={self.nanoseconds})"

    def __eq__(self, other):
        return type(other) is type(self) and (self.seconds, self.nanoseconds) == (other.seconds, other.nanoseconds)

    def __hash__(self):
        return hash((self.seconds, self.nanoseconds))

    @staticmethod
    def from_bytes(b):
        """From the payload of an extension of type -1: 4, 8 or 12 bytes, else ValueError."""
        import struct

        if len(b) == 4:
            return Timestamp(*struct.unpack("!I", b))
        if len(b) == 8:
            (both,) = struct.unpack("!Q", b)
            return Timestamp(both & (1 << 34) - 1, both >> 34)
        if len(b) == 12:
            nanoseconds, seconds = struct.unpack("!Iq", b)
            return Timestamp(seconds, nanoseconds)
        raise ValueError("Timestamp type can only be created from 32, 64, or 96-bit byte objects")

    def to_bytes(self):
        """The payload, in the shortest of its three forms. Raises struct.error when the seconds need more than 64 bits."""
        import struct

        if self.seconds >> 34:
            return struct.pack("!Iq", self.nanoseconds, self.seconds)
        if self.nanoseconds or self.seconds >> 32:
            return struct.pack("!Q", self.nanoseconds << 34 | self.seconds)
        return struct.pack("!I", self.seconds)

    @staticmethod
    def from_unix(unix_sec):
        """From seconds since the epoch, an int or a float."""
        return Timestamp(int(unix_sec // 1), int(unix_sec % 1 * _BILLION))

    def to_unix(self):
        """Seconds since the epoch as a float: exact to the microsecond at best."""
        return self.seconds + self.nanoseconds / 1e9

    @staticmethod
    def from_unix_nano(unix_ns):
        """From nanoseconds since the epoch."""
        return Timestamp(*divmod(unix_ns, _BILLION))

    def to_unix_nano(self):
        """Nanoseconds since the epoch."""
        return self.seconds * _BILLION + self.nanoseconds

    def to_datetime(self):
        """As a datetime in UTC, without what is finer than a microsecond. Raises OverflowError beyond the years 1 to 9999."""
        from datetime import timedelta

        return _epoch() + timedelta(seconds=self.seconds, microseconds=self.nanoseconds // 1000)

    @staticmethod
    def from_datetime(dt):
        """From a datetime; one without a tzinfo is taken for local time."""
        delta = (dt if dt.tzinfo is not None else dt.astimezone()) - _epoch()
        return Timestamp(delta.days * 86400 + delta.seconds, delta.microseconds * 1000)


_msgpack_types(ExtType, Timestamp)
