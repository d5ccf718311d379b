/* SPDX-License-Identifier: Apache-2.0 */
#include "core/base/integer.h"

#define TEN(d) d "0" d "1" d "2" d "3" d "4" d "5" d "6" d "7" d "8" d "9"
const char qr_integer_pairs[200] = TEN("0") TEN("1") TEN("2") TEN("3") TEN("4") TEN("5") TEN("6") TEN("7") TEN("8") TEN("9");
#undef TEN

uint8_t *qr_integer_write_long(uint8_t *out, uint64_t v)
{
    uint64_t upper = v / 100000000, lower = qr_integer_8_digits((uint32_t)(v - upper * 100000000)) | QR_ASCII_ZEROS;
    if (upper >= 100000000) {
        uint64_t top = upper / 100000000; /* at most 1844 */
        out = qr_integer_write_unsigned(out, top);
        qr_store64(out, qr_integer_8_digits((uint32_t)(upper - top * 100000000)) | QR_ASCII_ZEROS);
        out += 8;
    }
    else
        out = qr_integer_write_unsigned(out, upper);
    qr_store64(out, lower);
    return out + 8;
}

/* The digits of a whole text without sign: as qr_integer_read_unsigned. */
static int read_digits(const uint8_t *p, const uint8_t *end, uint64_t *value)
{
    uint64_t sum = 0;
    int fits = 1;
    if (p == end || (*p == '0' && end - p > 1))
        return -1;
    for (; end - p >= 8 && qr_integer_is_8_digits(p); p += 8)
        if (__builtin_mul_overflow(sum, (uint64_t)100000000, &sum) || __builtin_add_overflow(sum, qr_integer_read_8_digits(p), &sum))
            fits = 0;
    for (; p < end; p++) {
        unsigned digit = (unsigned)(*p - '0');
        if (digit > 9)
            return -1;
        if (__builtin_mul_overflow(sum, (uint64_t)10, &sum) || __builtin_add_overflow(sum, digit, &sum))
            fits = 0;
    }
    if (fits)
        *value = sum;
    return fits;
}

int qr_integer_read(const uint8_t *text, size_t length, int64_t *value)
{
    uint64_t magnitude;
    int negative = length > 0 && text[0] == '-', result = read_digits(text + negative, text + length, &magnitude);
    if (result != 1)
        return result;
    if (magnitude > (uint64_t)INT64_MAX + (uint64_t)negative)
        return 0;
    *value = (int64_t)(negative ? 0 - magnitude : magnitude);
    return 1;
}

int qr_integer_read_unsigned(const uint8_t *text, size_t length, uint64_t *value)
{
    uint64_t magnitude;
    int negative = length > 0 && text[0] == '-', result = read_digits(text + negative, text + length, &magnitude);
    if (result != 1 || (negative && magnitude != 0))
        return result < 0 ? -1 : 0;
    *value = magnitude;
    return 1;
}
