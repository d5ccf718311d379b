# SPDX-License-Identifier: Apache-2.0
"""Built-in adapters of numbers."""

from __future__ import annotations

from quire.adapters import Adapter

__all__ = ["complex_number", "fraction"]


def fraction(cls, _arguments):
    """Fraction as "3/4" in lowest terms, a whole one as "3/1": so none is mistaken for a Decimal in a union."""
    from fractions import Fraction

    if cls is not Fraction:
        return None

    def decode(text):
        numerator, slash, denominator = text.partition("/")
        if not (slash and _is_integer(numerator) and _is_integer(denominator) and denominator[0] != "-"):
            raise ValueError('a fraction is written as "3/4"')
        if int(denominator) == 0:
            raise ValueError("the denominator is zero")
        return Fraction(int(numerator), int(denominator))

    schema = {"type": "string", "pattern": "^-?[0-9]+/[0-9]*[1-9][0-9]*$"}
    return Adapter(wire=str, encode=lambda value: f"{value.numerator}/{value.denominator}", decode=decode, schema=schema)


def _is_integer(text):
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit()


_PART = r"(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[iI][nN][fF](?:[iI][nN][iI][tT][yY])?|[nN][aA][nN])"
_COMPLEX = rf"^(?:[+-]?{_PART}(?=[+-]))?[+-]?{_PART}?j$"


def complex_number(cls, _arguments):
    """complex as Python writes it, without the brackets: "1+2j", "-0-0j", "nan+infj"."""
    if cls is not complex:
        return None
    return Adapter(wire=str, encode=_complex_text, decode=_complex_of, schema={"type": "string", "pattern": _COMPLEX})


def _complex_text(value):
    return complex.__repr__(value).strip("()")


def _complex_of(text):
    if not text.endswith("j") or not text.isascii() or "_" in text or "(" in text or text != text.strip():
        raise ValueError('a complex number is written as "1+2j"')
    return complex(text)
