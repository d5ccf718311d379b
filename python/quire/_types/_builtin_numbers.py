# SPDX-License-Identifier: Apache-2.0
"""Built-in adapters of numbers."""

from __future__ import annotations

from quire.adapters import Adapter

__all__ = ["fraction"]


def fraction(cls, _arguments):
    """Fraction as "3/4" or "3": what str() gives, in lowest terms."""
    from fractions import Fraction

    if cls is not Fraction:
        return None

    def decode(text):
        numerator, slash, denominator = text.partition("/")
        if not _is_integer(numerator) or slash and not (_is_integer(denominator) and denominator[0] != "-"):
            raise ValueError('a fraction is written as "3/4"')
        if slash and int(denominator) == 0:
            raise ValueError("the denominator is zero")
        return Fraction(int(numerator), int(denominator) if slash else 1)

    return Adapter(wire=str, encode=str, decode=decode)


def _is_integer(text):
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit()
