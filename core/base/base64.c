/* SPDX-License-Identifier: Apache-2.0 */
/* base64: RFC 4648, sections 3 and 4. */
#include "core/base/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* The value of each digit; NO has a bit that none of the values have. */
enum { NO = 0x80 };
/* clang-format off */
static const uint8_t values[256] = {
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, 62, NO, NO, NO, 63,
    52, 53, 54, 55, 56, 57, 58, 59, 60, 61, NO, NO, NO, NO, NO, NO,
    NO, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
    15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, NO, NO, NO, NO, NO,
    NO, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40,
    41, 42, 43, 44, 45, 46, 47, 48, 49, 50, 51, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
    NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO, NO,
};
/* clang-format on */

size_t qr_base64_encoded_length(size_t n)
{
    size_t groups = n / 3 + (n % 3 != 0), length;
    return qr_multiply_overflows(groups, 4, &length) ? SIZE_MAX : length;
}

QR_INLINE uint32_t digit(uint64_t bits, unsigned shift) { return (uint8_t)alphabet[bits >> shift & 0x3F]; }

uint8_t *qr_base64_write(uint8_t *to, const uint8_t *from, size_t n)
{
    for (; n >= 8; n -= 6, from += 6, to += 8) {
        uint64_t bits = qr_load64_be(from) >> 16;
        uint32_t first = digit(bits, 42) | digit(bits, 36) << 8 | digit(bits, 30) << 16 | digit(bits, 24) << 24;
        uint32_t second = digit(bits, 18) | digit(bits, 12) << 8 | digit(bits, 6) << 16 | digit(bits, 0) << 24;
        qr_store32(to, first);
        qr_store32(to + 4, second);
    }
    for (; n >= 3; n -= 3, from += 3, to += 4) {
        uint32_t bits = (uint32_t)from[0] << 16 | (uint32_t)from[1] << 8 | from[2];
        qr_store32(to, digit(bits, 18) | digit(bits, 12) << 8 | digit(bits, 6) << 16 | digit(bits, 0) << 24);
    }
    if (n) {
        uint32_t bits = (uint32_t)from[0] << 16 | (n == 2 ? (uint32_t)from[1] << 8 : 0);
        qr_store32(to, digit(bits, 18) | digit(bits, 12) << 8 | (n == 2 ? digit(bits, 6) : '=') << 16 | (uint32_t)'=' << 24);
        to += 4;
    }
    return to;
}

int qr_base64_decoded_length(const uint8_t *text, size_t n, size_t *length)
{
    *length = 0;
    if (n % 4)
        return 0;
    if (n == 0)
        return 1;
    size_t padding = text[n - 1] != '=' ? 0 : text[n - 2] != '=' ? 1 : 2;
    *length = n / 4 * 3 - padding;
    return 1;
}

int qr_base64_read(uint8_t *to, const uint8_t *text, size_t n)
{
    size_t length;
    if (!qr_base64_decoded_length(text, n, &length))
        return 0;
    uint32_t wrong = 0;
    /* Whole groups, two at a time while eight bytes fit into the room for six and what comes behind. */
    for (; length >= 8; length -= 6, text += 8, to += 6) {
        uint64_t bits = 0;
        for (unsigned i = 0; i < 8; i++) {
            wrong |= values[text[i]];
            bits = bits << 6 | values[text[i]];
        }
        qr_store64_be(to, bits << 16);
    }
    for (; length >= 3; length -= 3, text += 4, to += 3) {
        uint32_t a = values[text[0]], b = values[text[1]], c = values[text[2]], d = values[text[3]];
        uint32_t bits = a << 18 | b << 12 | c << 6 | d;
        wrong |= a | b | c | d;
        to[0] = (uint8_t)(bits >> 16);
        to[1] = (uint8_t)(bits >> 8);
        to[2] = (uint8_t)bits;
    }
    if (length) {
        uint32_t a = values[text[0]], b = values[text[1]], c = length == 2 ? values[text[2]] : 0;
        uint32_t bits = a << 18 | b << 12 | c << 6;
        wrong |= a | b | c;
        to[0] = (uint8_t)(bits >> 16);
        if (length == 2)
            to[1] = (uint8_t)(bits >> 8);
        if (bits & (length == 2 ? 0xFFu : 0xFFFFu))
            return 0;
    }
    return (wrong & NO) == 0;
}
