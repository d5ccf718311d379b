/* SPDX-License-Identifier: Apache-2.0 */
/* float64: doubles as decimal text, both ways, exactly.
 *
 * Writing gives the shortest text that reads back as the same double (and of those the nearest to it), laid out as
 * Python's repr() does. Reading is correctly rounded, half to even, subnormals included. A scanner gathers up to 19
 * significant digits and the exponent while it walks over a number and asks qr_float64_from_decimal; in the rare case
 * that this cannot decide, or when there were more digits, it hands the text to qr_float64_read, which always can.
 * Nothing here allocates, depends on the locale or changes the floating-point environment (which must round to
 * nearest). */
#ifndef QUIRE_CORE_BASE_FLOAT64_H
#define QUIRE_CORE_BASE_FLOAT64_H

#include "core/base/port.h"

enum { QR_FLOAT64_ROOM = 32, QR_FLOAT64_POWER_MIN = -342, QR_FLOAT64_POWER_MAX = 324 };

/* 10^k for k from QR_FLOAT64_POWER_MIN, as a 128-bit number (high word, low word) with the top bit set, rounded up:
 * 10^k = p * 2^(floor(log2(10^k)) - 127) for a p in (entry - 1, entry]; exact for 0 <= k <= 55. */
extern const uint64_t qr_float64_powers[QR_FLOAT64_POWER_MAX - QR_FLOAT64_POWER_MIN + 1][2];
/* 10^0 to 10^22: those that a double holds exactly. */
extern const double qr_float64_exact_powers[23];

/* A finite value; returns the end of the text. QR_FLOAT64_ROOM bytes at `out` may be overwritten (also for values that
 * are not finite, whose text is meaningless). */
uint8_t *qr_float64_write(uint8_t *out, double value);

/* The part of qr_float64_from_decimal that is not inline. */
int qr_float64_from_large(uint64_t digits, int64_t exponent10, double *value);

/* *value = digits * 10^exponent10, correctly rounded: 1, or 0 when this cannot tell (a tie between two doubles or all
 * but one, or a value that overflows); *value is then unchanged. Any arguments are accepted. */
QR_INLINE int qr_float64_from_decimal(uint64_t digits, int64_t exponent10, double *value)
{
    /* Clinger, "How to read floating point numbers accurately" (1990): one rounding of two exact operands is exact. */
    if (digits <= (uint64_t)1 << 53 && (uint64_t)exponent10 + 22 <= 44) {
        double exact = (double)(int64_t)digits;
        *value = exponent10 < 0 ? exact / qr_float64_exact_powers[-exponent10] : exact * qr_float64_exact_powers[exponent10];
        return 1;
    }
    return qr_float64_from_large(digits, exponent10, value);
}

/* The whole of a JSON number, of any length: 1; 0 when it is too large for a double (*value is then the infinity of its
 * sign); -1 when the text is no JSON number (*value is unchanged). A number too small becomes 0 or -0. */
int qr_float64_read(const uint8_t *text, size_t length, double *value);

#endif
