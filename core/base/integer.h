/* SPDX-License-Identifier: Apache-2.0 */
/* integer: 64-bit integers as decimal text, both ways.
 *
 * Writing never fails; the caller has QR_INTEGER_ROOM bytes at `out`, all of which may be overwritten, and gets the end
 * of the text back. Reading takes a whole text: an optional '-' and digits without leading zeros, as JSON has it. For
 * scanners that walk through a longer text there are the eight-digit steps, which look at exactly 8 bytes.
 *
 * Eight digits are handled in one 64-bit word (the first digit in the lowest byte): see Lemire, "Number parsing at a
 * gigabyte per second" (2021), for reading; writing is the same run backwards. */
#ifndef QUIRE_CORE_BASE_INTEGER_H
#define QUIRE_CORE_BASE_INTEGER_H

#include "core/base/port.h"

enum { QR_INTEGER_ROOM = 24 };

#define QR_ASCII_ZEROS 0x3030303030303030u

/* "00", "01" ... "99". */
extern const char qr_integer_pairs[200];

/* The eight decimal digits of v < 10^8, leading zeros included, one a byte: add QR_ASCII_ZEROS for text. */
QR_INLINE uint64_t qr_integer_8_digits(uint32_t v)
{
    /* Halve the number of digits in a lane three times; the multiplications divide by 10000, 100 and 10. */
    uint64_t upper = (uint64_t)v * 109951163 >> 40, lanes = upper | ((uint64_t)v - upper * 10000) << 32;
    uint64_t hundreds = (lanes * 10486 >> 20) & 0x0000007F0000007Fu;
    lanes = hundreds | (lanes - hundreds * 100) << 16;
    uint64_t tens = (lanes * 103 >> 10) & 0x000F000F000F000Fu;
    return tens | (lanes - tens * 10) << 8;
}

/* The number of 10^8 and more. */
QR_NOINLINE uint8_t *qr_integer_write_long(uint8_t *out, uint64_t v);

QR_INLINE uint8_t *qr_integer_write_unsigned(uint8_t *out, uint64_t v)
{
    if (v < 100) {
        qr_store16(out, qr_load16(qr_integer_pairs + 2 * v));
        if (v >= 10)
            return out + 2;
        out[0] = (uint8_t)('0' + v);
        return out + 1;
    }
    if (QR_UNLIKELY(v >= 100000000))
        return qr_integer_write_long(out, v);
    uint64_t digits = qr_integer_8_digits((uint32_t)v);
    int zeros = __builtin_ctzll(digits) & 56;
    qr_store64(out, (digits | QR_ASCII_ZEROS) >> zeros);
    return out + 8 - (zeros >> 3);
}

QR_INLINE uint8_t *qr_integer_write(uint8_t *out, int64_t v)
{
    uint64_t magnitude = (uint64_t)v;
    out[0] = '-';
    out += v < 0;
    return qr_integer_write_unsigned(out, v < 0 ? 0 - magnitude : magnitude);
}

/* Whether the 8 bytes at p are all digits. */
QR_INLINE int qr_integer_is_8_digits(const uint8_t *p)
{
    /* A byte above '9' overflows the first sum, one below '0' borrows in the second; the lowest such byte is exact. */
    uint64_t v = qr_load64(p);
    return (((v + 0x4646464646464646u) | (v - QR_ASCII_ZEROS)) & 0x8080808080808080u) == 0;
}

/* How many of 8 bytes, from the first, are digits. */
QR_INLINE unsigned qr_integer_count_digits(const uint8_t *p)
{
    uint64_t v = qr_load64(p), other = ((v + 0x4646464646464646u) | (v - QR_ASCII_ZEROS)) & 0x8080808080808080u;
    return other ? (unsigned)__builtin_ctzll(other) >> 3 : 8;
}

/* The value of the first n (1 to 8) of 8 bytes, which are digits: the others are pushed out by zeros in front. */
QR_INLINE uint32_t qr_integer_read_digits(const uint8_t *p, unsigned n)
{
    uint64_t v = (qr_load64(p) << (64 - 8 * n)) & 0x0F0F0F0F0F0F0F0Fu;
    v = (v * (1 + (10 << 8)) >> 8) & 0x00FF00FF00FF00FFu;
    v = (v * (1 + (100 << 16)) >> 16) & 0x0000FFFF0000FFFFu;
    return (uint32_t)(v * (1 + ((uint64_t)10000 << 32)) >> 32);
}

/* The value of 8 bytes that are all digits. */
QR_INLINE uint32_t qr_integer_read_8_digits(const uint8_t *p)
{
    uint64_t v = qr_load64(p) & 0x0F0F0F0F0F0F0F0Fu;
    v = (v * (1 + (10 << 8)) >> 8) & 0x00FF00FF00FF00FFu;
    v = (v * (1 + (100 << 16)) >> 16) & 0x0000FFFF0000FFFFu;
    return (uint32_t)(v * (1 + ((uint64_t)10000 << 32)) >> 32);
}

/* A whole text: 1 and *value, or 0 when it is an integer out of range, or -1 when it is no integer text ("", "-", "+1",
 * "01", "1.0", " 1"); "-0" is 0. *value is set only with 1. The unsigned one finds every negative number out of range. */
int qr_integer_read(const uint8_t *text, size_t length, int64_t *value);
int qr_integer_read_unsigned(const uint8_t *text, size_t length, uint64_t *value);

#endif
