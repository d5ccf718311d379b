# SPDX-License-Identifier: Apache-2.0
"""Makes core/base/float64_table.h: the powers of ten to 128 bits.

    python tools/make_float64_table.py            write the file
    python tools/make_float64_table.py --check    only say whether it is up to date

Both first prove, in exact arithmetic and for every exponent of a double, what core/base/float64.c relies on.
"""

import sys
from fractions import Fraction
from pathlib import Path

MIN, MAX = -342, 324  # reading needs -342..308, writing -292..324
OUTPUT = Path(__file__).resolve().parent.parent / "core" / "base" / "float64_table.h"

HEAD = """\
/* SPDX-License-Identifier: Apache-2.0 */
/* float64_table: made by tools/make_float64_table.py, do not edit. See qr_float64_powers in float64.h. */
"""


def floor_log2(x: Fraction) -> int:
    """floor(log2(x)) for x > 0."""
    guess = x.numerator.bit_length() - x.denominator.bit_length()
    return guess if Fraction(2) ** guess <= x else guess - 1


def floor_log10(x: Fraction) -> int:
    """floor(log10(x)) for x > 0."""
    guess = floor_log2(x) * 30103 // 100000 - 1
    while Fraction(10) ** (guess + 1) <= x:
        guess += 1
    return guess


def power(exponent: int) -> int:
    """10**exponent scaled by a power of two into [2**127, 2**128), rounded up."""
    value = Fraction(10) ** exponent
    value *= Fraction(2) ** (127 - floor_log2(value))
    return -(-value.numerator // value.denominator)


def least_fraction(x: Fraction, most: int) -> Fraction:
    """The least distance other than 0 of m * x to an integer, over 1 <= m <= most.

    The denominators of the convergents of x are the best such m; when x itself is one of them,
    every distance is a multiple of 1 / denominator.
    """
    before, last, rest = 0, 1, x - x.numerator // x.denominator
    while rest and (step := rest.denominator // rest.numerator) * last + before <= most:
        before, last = last, step * last + before
        rest = 1 / rest - step
    if not rest:
        return Fraction(1, x.denominator)
    product = last * x
    product -= product.numerator // product.denominator
    return min(product, 1 - product)


def prove() -> None:
    """Check the logarithms and the precision that float64.c takes for granted."""
    for k in range(MIN, MAX + 1):
        assert (k * 1741647) >> 19 == floor_log2(Fraction(10) ** k)
        if 0 <= k <= 55:
            assert power(k) == Fraction(10) ** k * Fraction(2) ** (127 - floor_log2(Fraction(10) ** k))
    for q in range(-1074, 972):
        unit = Fraction(2) ** q
        regular, irregular = (q * 315653) >> 20, (q * 631305 - 261663) >> 21
        assert regular == floor_log10(unit) and irregular == floor_log10(unit * Fraction(3, 4))
        for k in {regular, irregular}:
            h = q + ((-k * 1741647) >> 19) + 1
            assert MIN <= -k <= MAX and 1 <= h <= 4
            # m * 2**q * 10**-k is an integer, or further than 2**-66 from one; rounding the power up adds
            # less than 2**-69 (m has at most 55 bits, shifted by h <= 4, and the power is off by less than 2**-128).
            assert least_fraction(unit / Fraction(10) ** k, 2**55) > Fraction(1, 2**66)


def table() -> str:
    entries = ["{0x%016X, 0x%016X}," % divmod(power(k), 2**64) for k in range(MIN, MAX + 1)]
    lines = ["    " + " ".join(entries[i : i + 2]) for i in range(0, len(entries), 2)]
    opening = "const uint64_t qr_float64_powers[QR_FLOAT64_POWER_MAX - QR_FLOAT64_POWER_MIN + 1][2] = {"
    text = "\n".join([opening, *lines, "};\n"])
    return HEAD + text


def main() -> int:
    prove()
    text = table()
    if "--check" in sys.argv[1:]:
        if not OUTPUT.exists() or OUTPUT.read_text() != text:
            print(f"{OUTPUT.name} is out of date: run tools/make_float64_table.py")
            return 1
        return 0
    OUTPUT.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
