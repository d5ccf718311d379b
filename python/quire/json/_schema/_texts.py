# SPDX-License-Identifier: Apache-2.0
"""What may stand in a string, as ECMA-262 patterns: exactly what the core's readers take (core/base/timestamp.c, decimal.c,
uuid.c, base64.c), but for what no regular expression tells: the last day of February, the zones that there are, the range of a
duration.

Sources: RFC 3339 and RFC 9557 (dates, times, zones), ISO 8601-1:2019 section 5.5.2 (durations), RFC 4648 section 4 (base64),
RFC 9562 section 4 (UUID), the General Decimal Arithmetic Specification (decimals).
"""

from __future__ import annotations

__all__ = ["BASE64", "INTEGER", "NUMBER", "hint_of", "key_of_choice", "moment", "text"]

_DATE = r"(?!0000)[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_FRACTION = r"\.[0-9]{1,6}0{0,3}"  # nine digits, of which the last three say nothing
_TIME = rf"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:{_FRACTION})?"
_OFFSET = rf"(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:{_FRACTION})?)?)"
_ZONE = r"\[!?[A-Za-z._][A-Za-z0-9._+-]*(?:/[A-Za-z._][A-Za-z0-9._+-]*)*\]"
_DURATION = (
    r"-?P(?:[0-9]+W|(?=[0-9T])(?:[0-9]+D)?(?:T(?=[0-9])(?:[0-9]+H)?(?:[0-9]+M)?"
    rf"(?:[0-9]+(?:{_FRACTION})?S)?)?)"
)
_DECIMAL = (
    r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
    r"|[iI][nN][fF](?:[iI][nN][iI][tT][yY])?|[sS]?[nN][aA][nN][0-9]*)"
)
_UUID = r"(?:[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}|[0-9a-fA-F]{32})"

BASE64 = "^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/][AQgw]==|[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=)?$"
INTEGER = "^-?(?:0|[1-9][0-9]*)$"
NUMBER = r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"

# kind -> (pattern, format that hints at it, modes in which a validator that asserts the format agrees)
_TEXTS = {
    "date": (_DATE, "date", ("decode", "encode")),
    "timedelta": (_DURATION, "duration", ()),
    "uuid": (_UUID, "uuid", ("encode",)),
    "decimal": (_DECIMAL, None, ()),
}


def text(kind, mode, exact):
    """Keywords about the string that stands for a date, a timedelta, a UUID or a Decimal."""
    pattern, name, agreeing = _TEXTS[kind]
    return _keywords(pattern, name, exact, mode in agreeing)


def moment(kind, mode, exact, zone="any"):
    """The same for a datetime or a time. zone: "any", "none", "some" or "utc" (the one and no name of it)."""
    offset = {"none": "", "some": _OFFSET, "any": f"{_OFFSET}?", "utc": r"(?:[Zz]|[+-]00:00(?::00(?:\.0{1,9})?)?)"}[zone]
    if kind == "time":
        return _keywords(_TIME + offset, "time", exact, zone == "utc" and mode == "encode")
    if zone in ("any", "some"):
        offset = f"(?:{_OFFSET}(?:{_ZONE})?)" + ("?" if zone == "any" else "")
    return _keywords(f"{_DATE}[Tt ]{_TIME}{offset}", "date-time", exact, zone == "utc" and mode == "encode")


def _keywords(pattern, name, exact, agrees):
    if name is not None and not exact:
        return {"format": name}
    said = {"pattern": f"^{pattern}$"}
    return {"format": name, **said} if agrees else said


def hint_of(cls):
    """The schema that only names the format, for a class whose format differs from its grammar, or None."""
    if getattr(cls, "__module__", None) != "ipaddress" or cls.__name__ not in ("IPv4Address", "IPv6Address"):
        return None
    return {"type": "string", "format": "ip" + cls.__name__[2:4].lower()}


def key_of_choice(wire):
    """The texts that a key may be for one value of an Enum or a Literal."""
    if type(wire) is bool:
        return ["true" if wire else "false"]
    return [wire] if type(wire) is str else ["0", "-0"] if wire == 0 else [str(wire)]
